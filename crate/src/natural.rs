//! The order in which people list files: `2.png` before `10.png`, whatever the case, and a folder's files together.

use std::cmp::Ordering;

/// What stands between folders sorts before every other letter, or `a b/1.png` would come between `a/1.png` and `a/2.png`.
const SEPARATOR: char = '\u{1}';
/// A number of no digits but zeros; one that is a digit longer sorts one letter later.
const NO_DIGITS: u32 = 2;

/// A text whose order, letter by letter, is the order of the path. Paths that differ in case or in leading zeros alone have
/// the same key.
pub fn key(path: &str) -> String {
    let lower = path.to_lowercase();
    let mut key = String::with_capacity(lower.len() + 8);
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest.find(|at: char| !at.is_ascii_digit());
            let (digits, after) = rest.split_at(end.unwrap_or(rest.len()));
            let digits = digits.trim_start_matches('0');
            // Of two numbers the one with more digits is larger, so how many there are comes first.
            let length = NO_DIGITS + digits.len().min(0xd000) as u32;
            key.push('0');
            key.extend(char::from_u32(length));
            key.push_str(digits);
            rest = after;
        } else {
            key.push(if matches!(first, '/' | '\\') {
                SEPARATOR
            } else {
                first
            });
            rest = &rest[first.len_utf8()..];
        }
    }
    key
}

/// Which of two paths comes first.
pub fn compare(first: &str, second: &str) -> Ordering {
    key(first).cmp(&key(second)).then_with(|| first.cmp(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_their_value_and_case_does_not_count() {
        let sorted = [
            "a-1.png",
            "a1.png",
            "A2.png",
            "a010.png",
            "a11.png",
            "a11b.png",
            "B1.png",
            "img 9 of 10.png",
            "img 10 of 10.png",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|first, second| compare(first, second));
        assert_eq!(names, sorted);
    }

    #[test]
    fn the_files_of_a_folder_stay_together() {
        let sorted = [
            "a/1.png",
            "a/2/1.png",
            "a/10.png",
            "a b/1.png",
            "a1/1.png",
            "ä/1.png",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|first, second| compare(first, second));
        assert_eq!(names, sorted);
    }
}

//! Letters for captions on pictures, in a face of three by five pixels, so that no font has to be shipped.

/// Width of a letter and its gap, and height of a letter, in pixels at scale 1.
pub(crate) const ADVANCE: u32 = 4;
pub(crate) const HEIGHT: u32 = 5;

/// A letter as five octal digits, one a row from the top, whose bits are the pixels from left to right.
fn glyph(letter: char) -> u32 {
    match letter.to_ascii_uppercase() {
        '0' => 0o75557,
        '1' => 0o26227,
        '2' => 0o71747,
        '3' => 0o71717,
        '4' => 0o55711,
        '5' => 0o74717,
        '6' => 0o74757,
        '7' => 0o71111,
        '8' => 0o75757,
        '9' => 0o75717,
        'A' => 0o25755,
        'B' => 0o65656,
        'C' => 0o34443,
        'D' => 0o65556,
        'E' => 0o74647,
        'F' => 0o74644,
        'G' => 0o34553,
        'H' => 0o55755,
        'I' => 0o72227,
        'J' => 0o11152,
        'K' => 0o55655,
        'L' => 0o44447,
        'M' => 0o57755,
        'N' => 0o65555,
        'O' => 0o25552,
        'P' => 0o65644,
        'Q' => 0o25573,
        'R' => 0o65655,
        'S' => 0o34216,
        'T' => 0o72222,
        'U' => 0o55557,
        'V' => 0o55552,
        'W' => 0o55775,
        'X' => 0o55255,
        'Y' => 0o55222,
        'Z' => 0o71247,
        '.' => 0o00002,
        ',' => 0o00024,
        ':' => 0o02020,
        '-' => 0o00700,
        '_' => 0o00007,
        '+' => 0o02720,
        '=' => 0o07070,
        '%' => 0o51245,
        '/' => 0o11244,
        '(' => 0o24442,
        ')' => 0o21112,
        ' ' => 0,
        // A box, so that a letter without a glyph is seen to be one.
        _ => 0o77777,
    }
}

/// The pixels of a text at scale 1, from the left and from the top.
pub(crate) fn pixels(text: &str) -> impl Iterator<Item = (u32, u32)> {
    let letters = text.chars().map(glyph).zip(0..);
    letters.flat_map(|(glyph, index)| {
        let all = (0..HEIGHT).flat_map(|row| (0..3).map(move |column| (column, row)));
        all.filter(move |(column, row)| glyph >> (3 * (HEIGHT - 1 - row) + 2 - column) & 1 == 1)
            .map(move |(column, row)| (index * ADVANCE + column, row))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_that_a_caption_may_use_has_its_own_glyph() {
        let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.,-_+=%/(): ";
        let glyphs: std::collections::BTreeSet<_> = letters.chars().map(glyph).collect();
        assert_eq!(glyphs.len(), letters.len());
        assert!(!glyphs.contains(&glyph('\u{e9}')));
    }
}

//! One part of many: what a job of an array has to do.

use std::str::FromStr;

/// Every `of`-th image, beginning with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

impl Shard {
    /// All images.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// Whether the image at this place, from 0, belongs to it.
    pub fn has(self, place: usize) -> bool {
        place % self.of == self.index
    }
}

impl FromStr for Shard {
    type Err = String;

    /// `I/N`. Job arrays count from 0 or from 1; `N/N` is the same as `0/N`, so both make the N parts complete.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers =
            parts.and_then(|(index, of)| Some((index.parse::<usize>().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if of > 0 && index <= of => Ok(Self {
                index: index % of,
                of,
            }),
            _ => Err("a shard is I/N, such as 3/8, with I from 0 or 1 on".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shards_of_an_array_have_every_image_once_from_whichever_number_it_counts() {
        for first in [0, 1] {
            let shards: Vec<Shard> = (first..first + 4)
                .map(|index| format!("{index}/4").parse().expect("a shard"))
                .collect();
            for place in 0..11 {
                let owners = shards.iter().filter(|shard| shard.has(place));
                assert_eq!(owners.count(), 1, "image {place}, counted from {first}");
            }
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "3", "5/4", "1/0", "-1/4", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}

//! Numbers as the person writes them. Files have them in the C locale.

/// The signs of a locale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Between units and tenths.
    pub decimal: String,
    /// Between thousands.
    pub group: String,
}

impl Default for Numbers {
    /// As SI writes them: `1 234.5`, with a narrow space.
    fn default() -> Self {
        Self {
            decimal: ".".to_owned(),
            group: "\u{202f}".to_owned(),
        }
    }
}

impl Numbers {
    /// A number with so many decimals.
    pub fn show(&self, number: f64, decimals: usize) -> String {
        let plain = format!("{number:.decimals$}");
        let (sign, digits) = match plain.strip_prefix('-') {
            Some(digits) => ("−", digits),
            None => ("", plain.as_str()),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let mut text = sign.to_owned();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                text.push_str(&self.group);
            }
            text.push(digit);
        }
        if !part.is_empty() {
            text.push_str(&self.decimal);
            text.push_str(part);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_signs_of_the_persons_locale() {
        let german = Numbers {
            decimal: ",".to_owned(),
            group: ".".to_owned(),
        };
        assert_eq!(german.show(1_234_567.891, 1), "1.234.567,9");
        assert_eq!(german.show(-0.5, 2), "−0,50");
        assert_eq!(Numbers::default().show(999.4, 0), "999");
        assert_eq!(Numbers::default().show(12_345.0, 0), "12\u{202f}345");
    }
}

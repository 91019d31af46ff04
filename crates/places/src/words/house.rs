//! House numbers: "14", "7A", "12-2", "24 1/2".

/// A house number with what follows it on the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct House {
    /// The number.
    pub(crate) number: i64,
    /// The rest in small letters without hyphens: `a`, `2`, `1/2`, `1/2r`; mostly empty.
    pub(crate) suffix: String,
}

impl House {
    /// Reads a whole text as a house number: digits, then perhaps letters, a second number or a fraction, with or
    /// without hyphens or blanks between. `42nd` is no house number, nor is `12 mill`.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 9 || super::is_ordinal(&text) {
            return None;
        }
        let number = text[..digits].parse().ok()?;
        let suffix: String =
            text[digits..].replace('½', "1/2").replace('¼', "1/4").replace('¾', "3/4").chars().filter(|c| *c != '-' && !c.is_whitespace()).collect();
        let plain = suffix.len() <= 6 && suffix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/');
        let good = plain && (suffix.len() <= 2 || suffix.bytes().any(|b| b.is_ascii_digit()));
        good.then_some(Self { number, suffix })
    }

    /// As it is written in front of a street: `24 1/2`, `12-2`, `7A`.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let Self { number, suffix } = self;
        match suffix.bytes().next() {
            None => number.to_string(),
            Some(_) if suffix.contains('/') => format!("{number} {}", suffix.to_uppercase()),
            Some(b) if b.is_ascii_digit() => format!("{number}-{}", suffix.to_uppercase()),
            Some(_) => format!("{number}{}", suffix.to_uppercase()),
        }
    }
}

/// Whether the text is a fraction such as `1/2`.
#[must_use]
pub(crate) fn is_fraction(text: &str) -> bool {
    text.split_once('/').is_some_and(|(a, b)| [a, b].iter().all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_doors_are_read() {
        let of = |text: &str| House::parse(text).map(|h| (h.number, h.suffix.clone(), h.text()));
        for (text, number, suffix, shown) in [
            ("14", 14, "", "14"),
            ("7A", 7, "a", "7A"),
            ("7-A", 7, "a", "7A"),
            ("12-2", 12, "2", "12-2"),
            ("24 1/2", 24, "1/2", "24 1/2"),
            ("24-1/2 ", 24, "1/2", "24 1/2"),
            ("0014", 14, "", "14"),
            ("6½", 6, "1/2", "6 1/2"),
            ("0", 0, "", "0"),
            ("343-1/2-R", 343, "1/2r", "343 1/2R"),
            ("143-1B2", 143, "1b2", "143-1B2"),
        ] {
            assert_eq!(of(text), Some((number, suffix.to_owned(), shown.to_owned())), "{text}");
        }
        for text in ["", "42nd", "1st", "mill", "1234567890", "12 mill", "-3"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}

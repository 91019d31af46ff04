//! A figure with its parts, and the definition behind it.

use serde::Serialize;

/// What a measure means. When the meaning changes, the version grows, and figures of different versions are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// The measure's name.
    pub name: &'static str,
    /// The version of its meaning.
    pub version: u32,
    /// The formula in words, with what is left out.
    pub formula: &'static str,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The numerator.
    pub count: u64,
    /// The denominator.
    pub of: u64,
}

impl Share {
    /// In tenths of a percent, rounded half up; nothing where there is nothing to divide by.
    #[must_use]
    pub fn per_mille(self) -> Option<u64> {
        (self.of > 0).then(|| (self.count * 2000 + self.of) / (2 * self.of))
    }

    /// As people read it: `67.2%`, or `–` where there is nothing to divide by.
    #[must_use]
    pub fn percent(self) -> String {
        self.per_mille().map_or_else(|| "–".to_owned(), |tenths| format!("{}.{}%", tenths / 10, tenths % 10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up_to_one_digit() {
        // The published shares of Kansas City's objectives (K02): targets are missed by less than a point.
        for (count, of, shown) in [
            (741, 1000, "74.1%"),
            (672, 1000, "67.2%"),
            (1, 3, "33.3%"),
            (2, 3, "66.7%"),
            (1, 2000, "0.1%"),
            (26, 39, "66.7%"),
            (0, 5, "0.0%"),
            (5, 5, "100.0%"),
        ] {
            assert_eq!(Share { count, of }.percent(), shown);
        }
        assert_eq!(Share::default().percent(), "–");
    }
}

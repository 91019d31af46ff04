//! Tracking numbers: short, checksummed, speakable and not guessable.
//!
//! Nine symbols shown as `K7M-4QX-2RW`: eight drawn by chance and one check symbol. The alphabet has 19 symbols that
//! are not mistaken for one another on paper or on the telephone (no 0/O, 1/I/L, B/D/P/T, M is kept and N left out).
//! 19 is prime, so a weighted sum modulo 19 finds every single wrong symbol and every swap of two neighbours (the
//! weighted-modulus scheme of ISO 7064 and ISBN-10).

use std::fmt;
use std::str::FromStr;

use crate::Ids;

const ALPHABET: &[u8; 19] = b"23456789AFHJKMQRWXY";
/// Symbols of a number, the check symbol included.
const LENGTH: usize = 9;

/// A request's number as Cityhall makes it. Its text form is `K7M-4QX-2RW`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrackingNumber([u8; LENGTH]);

/// Why a text is no tracking number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATrackingNumber {
    /// Too short, too long, or a character that numbers do not use.
    #[error("a tracking number has nine letters and digits, such as K7M-4QX-2RW")]
    Shape,
    /// Right in form, but the check symbol says that something was misheard or mistyped.
    #[error("this number has a typing mistake: please check it against your message")]
    Check,
}

impl TrackingNumber {
    /// Draws a new number. Whoever stores it makes sure that it is free.
    #[must_use]
    pub fn draw(ids: &Ids) -> Self {
        let mut digits = [0_u8; LENGTH];
        for digit in &mut digits[..LENGTH - 1] {
            *digit = u8::try_from(ids.below(19)).unwrap_or(0);
        }
        digits[LENGTH - 1] = Self::check(&digits);
        Self(digits)
    }

    /// The symbol that makes the weighted sum of all nine a multiple of 19.
    fn check(digits: &[u8; LENGTH]) -> u8 {
        let sum: u32 = digits[..LENGTH - 1].iter().zip(2_u32..).map(|(digit, weight)| u32::from(*digit) * weight).sum();
        u8::try_from((19 - sum % 19) % 19).unwrap_or(0)
    }
}

impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.0.iter().enumerate() {
            if place == 3 || place == 6 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(ALPHABET[usize::from(*digit)]))?;
        }
        Ok(())
    }
}

impl FromStr for TrackingNumber {
    type Err = NotATrackingNumber;

    /// Reads what a person typed or said: case, blanks and hyphens do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = [0_u8; LENGTH];
        let mut found = 0;
        for symbol in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let symbol = u8::try_from(symbol.to_ascii_uppercase()).map_err(|_| NotATrackingNumber::Shape)?;
            let place = ALPHABET.iter().position(|a| *a == symbol).ok_or(NotATrackingNumber::Shape)?;
            *digits.get_mut(found).ok_or(NotATrackingNumber::Shape)? = u8::try_from(place).unwrap_or(0);
            found += 1;
        }
        if found != LENGTH {
            return Err(NotATrackingNumber::Shape);
        }
        if Self::check(&digits) == digits[LENGTH - 1] { Ok(Self(digits)) } else { Err(NotATrackingNumber::Check) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, Timestamp};
    use proptest::prelude::*;

    fn number(seed: u64) -> TrackingNumber {
        TrackingNumber::draw(&Ids::seeded(Clock::set_to(Timestamp::from_millis(0)), seed))
    }

    proptest! {
        #[test]
        fn reads_back_what_a_person_types(seed: u64) {
            let drawn = number(seed);
            prop_assert_eq!(drawn.to_string().parse(), Ok(drawn));
            prop_assert_eq!(drawn.to_string().to_lowercase().replace('-', " ").parse(), Ok(drawn));
        }

        #[test]
        fn finds_every_wrong_symbol_and_every_swap(seed: u64, place in 0_usize..9, other in 0_usize..19) {
            let drawn = number(seed);
            let mut wrong = drawn;
            wrong.0[place] = u8::try_from(other).unwrap();
            if wrong != drawn {
                prop_assert_eq!(wrong.to_string().parse::<TrackingNumber>(), Err(NotATrackingNumber::Check));
            }
            let mut swapped = drawn;
            swapped.0.swap(place, (place + 1) % 9);
            if swapped != drawn && place < 8 {
                prop_assert_eq!(swapped.to_string().parse::<TrackingNumber>(), Err(NotATrackingNumber::Check));
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "2345", "2345678922", "234-567-89O", "ÄÖÜ-456-789", "2007000141"] {
            assert_eq!(text.parse::<TrackingNumber>(), Err(NotATrackingNumber::Shape), "{text}");
        }
    }
}

//! How much time a target allows: `3 working days`, `4 working hours`, `48 hours`, `5 days`, `6 months`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount of working or calendar time. Its text form reads back as the same amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Amount {
    /// Minutes of open time.
    WorkingMinutes(u32),
    /// Days that have open time.
    WorkingDays(u32),
    /// Elapsed minutes.
    Minutes(u32),
    /// Days on the wall clock.
    Days(u32),
    /// Months on the wall clock.
    Months(u32),
}

/// Why a text is no amount of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    /// Not in one of the known forms.
    #[error("must be such as \"3 working days\", \"4 working hours\", \"48 hours\", \"5 days\", \"2 weeks\" or \"6 months\"")]
    Shape,
    /// More than twenty years.
    #[error("may be at most 20 years")]
    TooLong,
}

/// Twenty years: the longest promise that makes sense to keep.
const MOST_DAYS: u32 = 7305;

impl Amount {
    /// Whether it runs only while the calendar is open.
    #[must_use]
    pub fn is_working(self) -> bool {
        matches!(self, Self::WorkingMinutes(_) | Self::WorkingDays(_))
    }

    /// The amount, when it is not longer than twenty years.
    ///
    /// # Errors
    /// [`NotAnAmount::TooLong`].
    pub fn checked(self) -> Result<Self, NotAnAmount> {
        let fits = match self {
            Self::WorkingMinutes(n) | Self::Minutes(n) => n <= MOST_DAYS * 1440,
            Self::WorkingDays(n) | Self::Days(n) => n <= MOST_DAYS,
            Self::Months(n) => n <= 240,
        };
        if fits { Ok(self) } else { Err(NotAnAmount::TooLong) }
    }
}

impl FromStr for Amount {
    type Err = NotAnAmount;

    /// Reads `NUMBER [working|calendar] UNIT`; a business day is a working day. Case does not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let mut words = lower.split_whitespace();
        let number = words.next().ok_or(NotAnAmount::Shape)?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnAmount::Shape);
        }
        let number: u32 = number.parse().map_err(|_| NotAnAmount::TooLong)?;
        let word = words.next().ok_or(NotAnAmount::Shape)?;
        let (kind, unit) = match word {
            "working" | "business" => (true, words.next().ok_or(NotAnAmount::Shape)?),
            "calendar" => (false, words.next().ok_or(NotAnAmount::Shape)?),
            unit => (false, unit),
        };
        if words.next().is_some() {
            return Err(NotAnAmount::Shape);
        }
        let times = |factor: u32| number.checked_mul(factor).ok_or(NotAnAmount::TooLong);
        let amount = match (kind, unit.strip_suffix('s').unwrap_or(unit)) {
            (true, "minute") => Self::WorkingMinutes(number),
            (true, "hour") => Self::WorkingMinutes(times(60)?),
            (true, "day") => Self::WorkingDays(number),
            (false, "minute") => Self::Minutes(number),
            (false, "hour") => Self::Minutes(times(60)?),
            (false, "day") => Self::Days(number),
            (false, "week") => Self::Days(times(7)?),
            (false, "month") => Self::Months(number),
            (false, "year") => Self::Months(times(12)?),
            _ => return Err(NotAnAmount::Shape),
        };
        amount.checked()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = |n: u32, kind: &'static str| if n > 0 && n.is_multiple_of(60) { (n / 60, kind, "hour") } else { (n, kind, "minute") };
        let (number, kind, unit) = match *self {
            Self::WorkingMinutes(n) => hours(n, "working "),
            Self::Minutes(n) => hours(n, ""),
            Self::WorkingDays(n) => (n, "working ", "day"),
            Self::Days(n) => (n, "", "day"),
            Self::Months(n) => (n, "", "month"),
        };
        write!(f, "{number} {kind}{unit}{}", if number == 1 { "" } else { "s" })
    }
}

impl TryFrom<String> for Amount {
    type Error = NotAnAmount;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

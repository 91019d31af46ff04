//! A place in the log, as followers keep it and as live screens send it back (`Last-Event-ID`).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The place of one event: by its transaction's stamp, then by its id. Written as `STAMP.UUID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The transaction's stamp.
    pub stamp: i64,
    /// The event's id.
    pub id: Uuid,
}

impl Position {
    /// Before the first event: stamps begin at 1.
    pub const START: Self = Self { stamp: 0, id: Uuid::nil() };
}

/// Why a text is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no place in the event log, such as 4711.01900000-0000-7000-8000-000000000001")]
pub struct NotAPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stamp, self.id)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (stamp, id) = text.split_once('.').ok_or(NotAPosition)?;
        if stamp.is_empty() || !stamp.bytes().all(|b| b.is_ascii_digit()) || id.len() != 36 {
            return Err(NotAPosition);
        }
        Ok(Self { stamp: stamp.parse().map_err(|_| NotAPosition)?, id: Uuid::try_parse(id).map_err(|_| NotAPosition)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_what_it_writes() {
        let position = Position { stamp: 4711, id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001) };
        assert_eq!(position.to_string(), "4711.01900000-0000-7000-8000-000000000001");
        assert_eq!(position.to_string().parse(), Ok(position));
        assert_eq!(Position::START.to_string().parse(), Ok(Position::START));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            ".",
            "1",
            "1.",
            "-1.01900000-0000-7000-8000-000000000001",
            "+1.01900000-0000-7000-8000-000000000001",
            "99999999999999999999.01900000-0000-7000-8000-000000000001",
            "1.01900000000070008000000000000001",
            "1.x1900000-0000-7000-8000-000000000001",
        ] {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text}");
        }
    }

    #[test]
    fn the_stamp_counts_before_the_id() {
        let at = |stamp, id| Position { stamp, id: Uuid::from_u128(id) };
        assert!(Position::START < at(1, 0) && at(1, 9) < at(2, 1) && at(2, 1) < at(2, 2));
    }
}

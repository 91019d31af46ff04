//! One event: what happened to which subject, when, and by whom.

use std::fmt;
use std::str::FromStr;

use kernel::{JurisdictionId, Timestamp};
use uuid::Uuid;

use crate::Position;

/// An event on its way into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Where it happened.
    pub jurisdiction: JurisdictionId,
    /// From [`kernel::Ids`], so that the events of one transaction keep the order in which they were made.
    pub id: Uuid,
    /// What sort of thing the subject is, such as `request`.
    pub subject_kind: &'static str,
    /// The thing it happened to.
    pub subject: Uuid,
    /// What happened, such as `request.opened`.
    pub kind: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// When it happened in the city. For imported history that is long before it was recorded.
    pub occurred_at: Timestamp,
    /// When this program wrote it down.
    pub recorded_at: Timestamp,
    /// A JSON object.
    pub body: String,
}

/// An event as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it happened.
    pub jurisdiction: JurisdictionId,
    /// The place of its transaction in the order of reading.
    pub stamp: i64,
    /// Its own id, which orders the events of one transaction.
    pub id: Uuid,
    /// What sort of thing the subject is.
    pub subject_kind: String,
    /// The thing it happened to.
    pub subject: Uuid,
    /// What happened.
    pub kind: String,
    /// Who did it, as [`Actor`] writes itself.
    pub actor: String,
    /// When it happened in the city.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// A JSON object.
    pub body: String,
}

impl Event {
    /// The place of this event in the log: whoever has seen it asks for what comes after.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { stamp: self.stamp, id: self.id }
    }
}

/// Who did something. Never a name or an address: the log is kept for good, personal data is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// This program by itself, or its operator on the command line.
    System,
    /// An app or another system, by the id of its API key.
    ApiKey(Uuid),
    /// An import, by the name of what was imported.
    Import(String),
    /// A person who works for the city.
    Staff(Uuid),
    /// A resident.
    Resident,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::ApiKey(id) => write!(f, "api-key:{id}"),
            Self::Import(name) => write!(f, "import:{name}"),
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::Resident => f.write_str("resident"),
        }
    }
}

/// A text that names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an actor such as system, resident, api-key:ID, staff:ID or import:NAME")]
pub struct NotAnActor;

impl FromStr for Actor {
    type Err = NotAnActor;

    fn from_str(text: &str) -> Result<Self, NotAnActor> {
        let id = |id: &str| id.parse().map_err(|_| NotAnActor);
        match text.split_once(':') {
            None if text == "system" => Ok(Self::System),
            None if text == "resident" => Ok(Self::Resident),
            Some(("import", name)) => Ok(Self::Import(name.to_owned())),
            Some(("api-key", key)) => Ok(Self::ApiKey(id(key)?)),
            Some(("staff", person)) => Ok(Self::Staff(id(person)?)),
            _ => Err(NotAnActor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_are_written_plainly() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(Actor::System.to_string(), "system");
        assert_eq!(Actor::Resident.to_string(), "resident");
        assert_eq!(Actor::Import("alder-falls-2019".to_owned()).to_string(), "import:alder-falls-2019");
        assert_eq!(Actor::ApiKey(id).to_string(), "api-key:01900000-0000-7000-8000-000000000001");
        assert_eq!(Actor::Staff(id).to_string(), "staff:01900000-0000-7000-8000-000000000001");
        for actor in [Actor::System, Actor::Resident, Actor::Import("a:b".to_owned()), Actor::ApiKey(id), Actor::Staff(id)] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        assert_eq!("staff:somebody".parse::<Actor>(), Err(NotAnActor));
    }
}

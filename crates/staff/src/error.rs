//! What can go wrong in this room, and the checks that its texts share.

use db::DbError;
use kernel::{JurisdictionId, Problem, text};
use uuid::Uuid;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Fields that are not as they should be.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
    /// Another jurisdiction has this code.
    #[error("code {0:?} is taken: there is a jurisdiction with it already")]
    CodeTaken(String),
    /// No such jurisdiction is served.
    #[error("there is no jurisdiction {0}")]
    NoJurisdiction(JurisdictionId),
    /// The jurisdiction has no such key.
    #[error("there is no API key {0}")]
    NoApiKey(Uuid),
}

/// Gathers what is wrong, so that all of it is told at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(Problem::new(field, message));
    }

    /// A text of one line with at most `most` characters, that must not be empty.
    pub(crate) fn line(&mut self, field: &str, given: &str, most: usize) -> String {
        let line = self.optional_line(field, given, most);
        if line.is_empty() && given.chars().count() <= most {
            self.add(field, "must not be empty");
        }
        line
    }

    /// A text of one line with at most `most` characters, that may be empty.
    pub(crate) fn optional_line(&mut self, field: &str, given: &str, most: usize) -> String {
        let line = text::clean_line(given);
        let length = line.chars().count();
        if length > most {
            self.add(field, format!("may have at most {most} characters; it has {length}"));
            return String::new();
        }
        line
    }

    /// A code as other programs send it back: 1 to 80 of `A-Z a-z 0-9 . _ -`.
    pub(crate) fn code(&mut self, field: &str, given: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !(1..=80).contains(&given.len()) || !given.chars().all(plain) {
            self.add(field, "must be 1 to 80 letters A to Z, digits, dots, hyphens or underscores, such as alderfalls.example");
        }
        given.to_owned()
    }

    pub(crate) fn done(self) -> Result<(), StaffError> {
        if self.0.is_empty() { Ok(()) } else { Err(StaffError::Problems(self.0)) }
    }
}

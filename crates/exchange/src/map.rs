//! A map says how one city's file of requests is to be read: which column is what, which words mean which state, and what
//! the file's quirks are. It is a small TOML file; those in `maps/` are part of the program.

mod built_in;
mod expression;
mod file;

use std::collections::BTreeMap;
use std::path::Path;

use catalog::Priority;
use requests::{Channel, Outcome, Status};

use crate::dates::Format;

pub use built_in::{BUILT_IN, BuiltIn};
pub(crate) use expression::{Bound, Expression, Header};
pub(crate) use file::fold;

/// How one city's file is read.
#[derive(Clone, Debug)]
pub struct Map {
    /// What file it is for, for people.
    pub title: String,
    /// Kept with each request as the system it came from; rows of the same origin and number are the same request.
    pub origin: String,
    pub(crate) nothing: Vec<String>,
    pub(crate) mend_double_encoding: bool,
    pub(crate) columns: Columns,
    pub(crate) dates: DateRules,
    pub(crate) service: ServiceRules,
    pub(crate) status: BTreeMap<String, (Status, Option<Outcome>)>,
    pub(crate) channel: BTreeMap<String, Channel>,
    pub(crate) priority: BTreeMap<String, Priority>,
    pub(crate) department: BTreeMap<String, Option<String>>,
    pub(crate) work_group: BTreeMap<String, Option<String>>,
    pub(crate) outcomes: Vec<OutcomeRule>,
    pub(crate) place: PlaceRules,
    pub(crate) past_estimate: BTreeMap<String, bool>,
    pub(crate) duplicate: Vec<String>,
    pub(crate) areas: Vec<AreaRule>,
    pub(crate) keep: Vec<(String, Expression)>,
}

/// Which columns hold what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    pub number: Expression,
    pub requested: Expression,
    pub status: Expression,
    pub closed: Expression,
    pub updated: Expression,
    pub due: Expression,
    pub promised: Expression,
    pub channel: Expression,
    pub priority: Expression,
    pub department: Expression,
    pub work_group: Expression,
    pub address: Expression,
    pub address_id: Expression,
    pub zip: Expression,
    pub lat: Expression,
    pub lon: Expression,
    pub place_note: Expression,
    pub description: Expression,
    pub explanation: Expression,
    pub parent: Expression,
    pub duplicate: Expression,
    pub past_estimate: Expression,
}

/// How dates are written.
#[derive(Clone, Debug)]
pub(crate) struct DateRules {
    pub formats: Vec<Format>,
    /// `None`: the jurisdiction's own.
    pub zone: Option<jiff::tz::TimeZone>,
    pub marks_are_wrong: bool,
    /// Cells that stand for no date, such as `1900-01-01T00:00:00`.
    pub nothing: Vec<String>,
}

/// How a row's service is named.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceRules {
    pub name: Vec<Expression>,
    pub join: String,
    pub code: Expression,
    pub group: Expression,
    pub skip: Vec<String>,
    pub skip_numbers: bool,
    pub cut_end: Vec<String>,
    /// Name in earlier years → name today, keys in lower case.
    pub renamed: BTreeMap<String, String>,
}

/// Tells the outcome of a closed row from its words.
#[derive(Clone, Debug)]
pub(crate) struct OutcomeRule {
    pub column: Expression,
    pub is: Vec<String>,
    pub starts: Vec<String>,
    pub contains: Vec<String>,
    pub outcome: Outcome,
}

/// What is a place and what only looks like one.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlaceRules {
    /// Points to which a geocoder sends what it cannot find.
    pub nowhere: Vec<[f64; 2]>,
    /// Texts in the address column that are no address, in lower case.
    pub no_address: Vec<String>,
    pub zip_in_address: bool,
    /// Rows whose place is that of an office, not that of the matter.
    pub elsewhere: Vec<Elsewhere>,
}

/// Rows whose place says where somebody sat who wrote it down.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    pub column: Expression,
    pub is: Vec<String>,
    pub why: String,
}

/// An area that the source recorded, to compare with the boundary layer of that name.
#[derive(Clone, Debug)]
pub(crate) struct AreaRule {
    pub layer: String,
    pub column: Expression,
    /// The last word of the cell → what stands for it in front of the rest.
    pub last_word: BTreeMap<String, String>,
}

/// Why a map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// No map of the program has this name, and there is no such file.
    #[error("there is no map {name:?}: the program has {known}; or give the path of a map file")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The maps of the program.
        known: String,
    },
    /// The file cannot be read.
    #[error("map {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The map is no TOML, or says what maps do not say.
    #[error("map {name}: {problem}")]
    Text {
        /// The map.
        name: String,
        /// What is wrong, with the line or the key.
        problem: String,
    },
}

impl Map {
    /// The map of this name, or the one in the file of this path.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn load(name_or_path: &str) -> Result<Self, MapError> {
        if let Some(map) = BUILT_IN.iter().find(|map| map.name.eq_ignore_ascii_case(name_or_path)) {
            return Self::parse(map.name, map.text);
        }
        let path = Path::new(name_or_path);
        if !path.exists() {
            let known: Vec<&str> = BUILT_IN.iter().map(|map| map.name).collect();
            return Err(MapError::Unknown { name: name_or_path.to_owned(), known: known.join(", ") });
        }
        let text = std::fs::read_to_string(path).map_err(|source| MapError::File { path: name_or_path.to_owned(), source })?;
        Self::parse(name_or_path, &text)
    }

    /// Reads a map. Every key is checked: a misspelled one would silently lose a column.
    ///
    /// # Errors
    /// [`MapError::Text`].
    pub fn parse(name: &str, text: &str) -> Result<Self, MapError> {
        file::read(text).map_err(|problem| MapError::Text { name: name.to_owned(), problem })
    }
}

//! The catalog's file: TOML that a person reads and writes, with everything a city offers in it.
//!
//! Reading collects every problem instead of stopping at the first, and each names its line and the thing it concerns.

mod calendars;
mod check;
mod parse;
mod questions;
mod read;
mod routing;
mod services;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;

use kernel::Timestamp;
use serde::Serialize;
use staff::Department;

use crate::model::Service;
use crate::routing::Rule;
use crate::target::{CalendarTerms, TargetKey, Terms};

pub use check::check;
pub use parse::{parse, problems_of};
pub use write::{write, write_renamed, write_service};

/// The largest file that is read, in bytes.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Something wrong with a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileProblem {
    /// The line, counted from 1.
    pub line: usize,
    /// What it concerns, such as `service "pothole", question SIZE`; empty for the file as a whole.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { write!(f, "line {}: {}", self.line, self.message) } else { write!(f, "line {}: {}: {}", self.line, self.path, self.message) }
    }
}

/// Where in the file something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    pub line: usize,
    pub path: String,
}

impl At {
    pub fn problem(&self, message: impl Into<String>) -> FileProblem {
        FileProblem { line: self.line, path: self.path.clone(), message: message.into() }
    }
}

/// One version of something, as the file gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dated<T> {
    pub at: At,
    /// From when on; absent means from the import on, or before the first dated one.
    pub from: Option<Timestamp>,
    pub body: T,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogFile {
    pub language: String,
    /// Whether what the file does not name is to be retired.
    pub retire_missing: bool,
    pub departments: Vec<(At, Department)>,
    /// Code and version.
    pub calendars: Vec<(String, Dated<CalendarTerms>)>,
    /// With their earlier names.
    pub services: Vec<(At, Service)>,
    pub targets: Vec<(TargetKey, Dated<Terms>)>,
    /// Earlier names outside the services: name and code.
    pub renamed: Vec<(At, String, String)>,
    /// Lists of rules; each rule with its place.
    pub routing: Vec<Dated<Vec<(At, Rule)>>>,
}

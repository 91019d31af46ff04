//! Things that change from a moment on and are never forgotten: targets, calendars and routing rules.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// One version. Numbers count from 1 in the order of recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version<T> {
    /// Its number.
    pub number: i32,
    /// The moment from which it is in force.
    pub valid_from: Timestamp,
    /// What is in force.
    pub body: T,
}

/// All versions of one thing, in the order in which they come into force.
#[derive(Clone, Debug, PartialEq)]
pub struct Versions<T>(Vec<Version<T>>);

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<Version<T>> for Versions<T> {
    fn from_iter<I: IntoIterator<Item = Version<T>>>(all: I) -> Self {
        let mut all: Vec<Version<T>> = all.into_iter().collect();
        all.sort_by_key(|v| (v.valid_from, v.number));
        Self(all)
    }
}

impl<T> Versions<T> {
    /// The version in force at `at`, or `None` before the first.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> Option<&Version<T>> {
        self.0[..self.0.partition_point(|v| v.valid_from <= at)].last()
    }

    /// Like [`Self::in_force`]; before the first version the first one counts.
    #[must_use]
    pub fn in_force_or_first(&self, at: Timestamp) -> Option<&Version<T>> {
        self.in_force(at).or_else(|| self.0.first())
    }

    /// The version with this number.
    #[must_use]
    pub fn number(&self, number: i32) -> Option<&Version<T>> {
        self.0.iter().find(|v| v.number == number)
    }

    /// The one that comes into force last.
    #[must_use]
    pub fn last(&self) -> Option<&Version<T>> {
        self.0.last()
    }

    /// The one that comes into force at exactly `at`.
    #[must_use]
    pub fn from_exactly(&self, at: Timestamp) -> Option<&Version<T>> {
        self.0.iter().rev().find(|v| v.valid_from == at)
    }

    /// Every version, in the order in which they come into force.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Version<T>> {
        self.0.iter()
    }

    /// The number that a new version gets.
    #[must_use]
    pub fn next_number(&self) -> i32 {
        self.0.iter().map(|v| v.number).max().unwrap_or(0) + 1
    }

    /// Every version, in the order of its number.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Version<T>> {
        let mut all: Vec<&Version<T>> = self.0.iter().collect();
        all.sort_by_key(|v| v.number);
        all
    }

    /// The same versions with other bodies.
    pub fn map<U>(&self, body: impl Fn(&T) -> U) -> Versions<U> {
        self.0.iter().map(|v| Version { number: v.number, valid_from: v.valid_from, body: body(&v.body) }).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

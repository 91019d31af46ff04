//! Which requests a list holds. One filter serves Open311, exports and, later, pages.

use kernel::{BBox, LatLon, Timestamp};

/// A span of time, both ends included; a missing end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// From here.
    pub from: Option<Timestamp>,
    /// To here.
    pub until: Option<Timestamp>,
}

/// In which order a list comes. The id breaks ties, so that pages are stable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first, by when the resident asked.
    #[default]
    NewestFirst,
    /// Oldest first, by when the resident asked.
    OldestFirst,
    /// Latest change first.
    LastChangedFirst,
}

/// Which requests, in which order, how many. All conditions hold together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// These numbers. When set, nothing else narrows the list but what the public must not see.
    pub numbers: Option<Vec<String>>,
    /// Any of these services.
    pub services: Option<Vec<String>>,
    /// None of these services.
    pub except_services: Vec<String>,
    /// Open ones, or closed ones.
    pub open: Option<bool>,
    /// Asked for in this span.
    pub requested: Span,
    /// Changed in this span.
    pub updated: Span,
    /// This department.
    pub department: Option<String>,
    /// In this box.
    pub inside: Option<BBox>,
    /// Within so many metres of a point.
    pub near: Option<(LatLon, f64)>,
    /// Include those that the public must not see.
    pub with_private: bool,
    /// The order.
    pub order: Order,
    /// At most so many.
    pub limit: u64,
    /// Pass over so many first.
    pub offset: u64,
}

//! Measures: named, versioned definitions over requests. A figure never stands without its parts.

mod on_time;
mod repeats;
mod report;
mod share;

pub use on_time::{ON_TIME, OnTime, Standing, standing};
pub use repeats::{REPEATS, Repeats, Spot, count_repeats};
pub use report::{By, Days, Line, Question, Report, ReportError, TIME_TO_COMPLETE, report};
pub use share::{Definition, Share};

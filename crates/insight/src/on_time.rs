//! Closed within the set time: the share that every operation quotes and few define (K03).
//!
//! The denominator decides the figure, so all three in use are given side by side: closed requests alone (which hides
//! overdue open ones), closed and overdue open ones (Austin's proposal), and everything received (which counts what is
//! not due yet as late).

use kernel::Timestamp;
use serde::Serialize;

use crate::share::{Definition, Share};

/// The definition behind [`OnTime`].
pub const ON_TIME: Definition = Definition {
    name: "closed on time",
    version: 1,
    formula: "On time: closed at or before the promised date. A: on time / closed. B: on time / (closed + open and past the date). C: on time / received. \
              Left out of all three, and counted apart: requests without a promised date, and closed ones whose closing date is not recorded.",
};

/// Where one request stands against its promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Standing {
    /// Closed at or before the promised date.
    ClosedOnTime,
    /// Closed after it.
    ClosedLate,
    /// Open, and the date has passed.
    OpenOverdue,
    /// Open, and the date is still to come.
    OpenNotDue,
    /// Nothing was promised.
    NoPromise,
    /// Closed, but nobody recorded when.
    NoClosingDate,
}

/// Where a request stands at `as_of`. What happened after that moment does not count yet.
#[must_use]
pub fn standing(open: bool, closed_at: Option<Timestamp>, due_at: Option<Timestamp>, as_of: Timestamp) -> Standing {
    let Some(due) = due_at else { return Standing::NoPromise };
    match closed_at {
        Some(closed) if closed <= as_of => {
            if closed <= due {
                Standing::ClosedOnTime
            } else {
                Standing::ClosedLate
            }
        }
        None if !open => Standing::NoClosingDate,
        _ if due < as_of => Standing::OpenOverdue,
        _ => Standing::OpenNotDue,
    }
}

/// Counts of standings, and the three shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OnTime {
    /// Closed at or before the promised date.
    pub closed_on_time: u64,
    /// Closed after it.
    pub closed_late: u64,
    /// Open and past the date.
    pub open_overdue: u64,
    /// Open, the date still to come.
    pub open_not_due: u64,
    /// Without a promised date: in no share.
    pub no_promise: u64,
    /// Closed without a recorded date: in no share.
    pub no_closing_date: u64,
}

impl OnTime {
    /// Counts one more.
    pub fn add(&mut self, standing: Standing) {
        *match standing {
            Standing::ClosedOnTime => &mut self.closed_on_time,
            Standing::ClosedLate => &mut self.closed_late,
            Standing::OpenOverdue => &mut self.open_overdue,
            Standing::OpenNotDue => &mut self.open_not_due,
            Standing::NoPromise => &mut self.no_promise,
            Standing::NoClosingDate => &mut self.no_closing_date,
        } += 1;
    }

    /// A: on time ÷ closed.
    #[must_use]
    pub fn of_closed(&self) -> Share {
        Share { count: self.closed_on_time, of: self.closed_on_time + self.closed_late }
    }

    /// B: on time ÷ (closed + open and past the date).
    #[must_use]
    pub fn of_closed_and_overdue(&self) -> Share {
        Share { count: self.closed_on_time, of: self.closed_on_time + self.closed_late + self.open_overdue }
    }

    /// C: on time ÷ received.
    #[must_use]
    pub fn of_received(&self) -> Share {
        Share { count: self.closed_on_time, of: self.closed_on_time + self.closed_late + self.open_overdue + self.open_not_due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_clock_has_edges() {
        let due = Some(at(1000));
        assert_eq!(standing(false, Some(at(1000)), due, at(5000)), Standing::ClosedOnTime, "in the last moment is on time");
        assert_eq!(standing(false, Some(at(1001)), due, at(5000)), Standing::ClosedLate);
        assert_eq!(standing(true, None, due, at(1000)), Standing::OpenNotDue, "due now is not overdue");
        assert_eq!(standing(true, None, due, at(1001)), Standing::OpenOverdue);
        assert_eq!(standing(false, Some(at(900)), due, at(800)), Standing::OpenNotDue, "a report of yesterday does not know today's closing");
        assert_eq!(standing(false, Some(at(3000)), due, at(2000)), Standing::OpenOverdue);
        assert_eq!(standing(false, None, due, at(5000)), Standing::NoClosingDate);
        assert_eq!(standing(false, Some(at(1)), None, at(5000)), Standing::NoPromise);
    }

    #[test]
    fn three_denominators_give_three_figures() {
        let counted = OnTime { closed_on_time: 60, closed_late: 20, open_overdue: 10, open_not_due: 30, no_promise: 7, no_closing_date: 3 };
        assert_eq!(counted.of_closed().percent(), "75.0%");
        assert_eq!(counted.of_closed_and_overdue().percent(), "66.7%");
        assert_eq!(counted.of_received().percent(), "50.0%");
    }
}

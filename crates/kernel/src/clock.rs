//! The clock that is handed in: the system's in service, a moved one in tests and in the demo city.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::Timestamp;

/// Tells the time. Cloning shares the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn set_to(at: Timestamp) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(at.millis()))))
    }

    /// The present moment, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
            Source::System => Timestamp::from_jiff(jiff::Timestamp::now()),
            Source::Set(at) => Timestamp::from_millis(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a set clock to `at`. Does nothing to the system's clock.
    pub fn move_to(&self, at: Timestamp) {
        if let Source::Set(cell) = &self.0 {
            cell.store(at.millis(), Ordering::SeqCst);
        }
    }

    /// Moves a set clock forward by `millis`. Does nothing to the system's clock.
    pub fn advance_millis(&self, millis: i64) {
        if let Source::Set(cell) = &self.0 {
            cell.fetch_add(millis, Ordering::SeqCst);
        }
    }
}

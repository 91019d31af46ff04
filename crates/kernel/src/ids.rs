//! Identifiers. They come from here and never from a database, so that both engines and a repeated demo city agree.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Clock;

/// A government served by this installation. It is the first column of every key: outside it, a row does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JurisdictionId(pub i64);

impl fmt::Display for JurisdictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes a newtype over a UUID version 7 for one kind of thing.
#[macro_export]
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Where ids and other chance come from: the operating system in service, a seed in tests and in the demo city.
/// Cloning shares the same source.
#[derive(Clone)]
pub struct Ids(Arc<Mutex<State>>);

struct State {
    clock: Clock,
    rng: StdRng,
    last: u128,
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

impl Ids {
    /// Seeded by the operating system.
    #[must_use]
    pub fn system(clock: Clock) -> Self {
        Self::from_rng(clock, StdRng::from_os_rng())
    }

    /// The same seed and the same clock give the same ids.
    #[must_use]
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::from_rng(clock, StdRng::seed_from_u64(seed))
    }

    fn from_rng(clock: Clock, rng: StdRng) -> Self {
        Self(Arc::new(Mutex::new(State { clock, rng, last: 0 })))
    }

    /// A new UUID version 7 (RFC 9562), later than every one this source gave before.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = u64::try_from(state.clock.now().millis()).unwrap_or(0);
        let mut random = [0_u8; 10];
        state.rng.fill_bytes(&mut random);
        let fresh = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128();
        // Within one millisecond, or after the clock stepped back, go on from the last one: order is what followers rely on.
        let next = if fresh > state.last { fresh } else { state.last.wrapping_add(1 + u128::from(random[0])) };
        state.last = next;
        Uuid::from_u128(next)
    }

    /// A number from 0 up to, not including, `bound` (at least 1), each equally likely.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        let bound = bound.max(1);
        let limit = u64::MAX - u64::MAX % bound;
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let drawn = state.rng.next_u64();
            if drawn < limit {
                return drawn % bound;
            }
        }
    }

    /// `N` random bytes, for secrets.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0_u8; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rng.fill_bytes(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn ids_grow_even_when_the_clock_stands_or_steps_back() {
        let clock = Clock::set_to(Timestamp::from_millis(1_700_000_000_000));
        let ids = Ids::seeded(clock.clone(), 1);
        let mut last = ids.next();
        for step in 0..5_000 {
            if step == 2_500 {
                clock.advance_millis(-5_000);
            }
            let next = ids.next();
            assert!(next > last);
            last = next;
        }
        assert_eq!(ids.next().get_version_num(), 7);
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let at = Clock::set_to(Timestamp::from_millis(1_700_000_000_000));
        let (a, b) = (Ids::seeded(at.clone(), 7), Ids::seeded(at, 7));
        assert_eq!((a.next(), a.below(19)), (b.next(), b.below(19)));
    }
}

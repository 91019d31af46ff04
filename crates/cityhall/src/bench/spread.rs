//! Times of many like calls, as people compare them: the middle one and the 95th of a hundred.

use std::time::Duration;

/// Times, in order.
pub(super) struct Spread(Vec<Duration>);

impl Spread {
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that `percent` of a hundred calls did not exceed.
    pub(super) fn at(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(place).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |percent| self.at(percent).as_secs_f64() * 1000.0;
        write!(f, "p50 {:.2} ms, p95 {:.2} ms", ms(50), ms(95))
    }
}

/// How many a second.
pub(super) fn rate(count: usize, taken: Duration) -> f64 {
    crate::commands::lossy(count as u64) / taken.as_secs_f64().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95th_of_a_hundred() {
        let spread = Spread::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!((spread.at(50), spread.at(95)), (Duration::from_millis(50), Duration::from_millis(95)));
        assert_eq!(Spread::of(Vec::new()).at(95), Duration::ZERO);
    }
}

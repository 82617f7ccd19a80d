//! Waiting after failures: doubling, bounded, with jitter. Pure: randomness is an argument.

use std::time::Duration;

/// Where the service gets its jitter from.
pub trait Jitter: Send + Sync {
    /// Any 64 bits; they need not be secret.
    fn draw(&self) -> u64;
}

/// Jitter from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemJitter;

impl Jitter for SystemJitter {
    fn draw(&self) -> u64 {
        // Without randomness every daemon waits the same time: a nuisance, not a failure.
        getrandom::u64().unwrap_or(u64::MAX / 2)
    }
}

/// How long to wait after failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffSettings {
    /// After the first failure, at most.
    pub first: Duration,
    /// Ever, at most.
    pub longest: Duration,
}

impl Default for BackoffSettings {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(300),
        }
    }
}

/// Failures in a row and the wait that follows from them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    settings: BackoffSettings,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(settings: BackoffSettings) -> Self {
        Self {
            settings,
            failures: 0,
        }
    }

    /// The longest wait.
    pub(super) fn longest(&self) -> Duration {
        self.settings.longest
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed once more: how long to wait. Between half and all of the doubled time.
    pub(super) fn next(&mut self, jitter: u64) -> Duration {
        let doubled = self
            .settings
            .first
            .saturating_mul(1u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(self.settings.longest);
        self.failures = self.failures.saturating_add(1);
        let half = doubled / 2;
        half + half.mul_f64(jitter as f64 / u64::MAX as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_anew() {
        let mut backoff = Backoff::new(BackoffSettings {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(10),
        });
        let waits: Vec<u64> = (0..5).map(|_| backoff.next(u64::MAX).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 10, 10]);
        backoff.reset();
        assert_eq!(backoff.next(0), Duration::from_secs(1));
        for _ in 0..100 {
            assert!(backoff.next(u64::MAX) <= Duration::from_secs(10));
        }
    }
}

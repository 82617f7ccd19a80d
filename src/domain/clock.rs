//! The time as an argument: services ask a [`Clock`], the core is handed a [`jiff::Timestamp`].

use jiff::Timestamp;

/// Where a service gets the time from.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

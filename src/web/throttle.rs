//! Delays after failed sign-ins.
//!
//! Invariants: time is an argument; the tables are bounded. Delays grow with failures and end by themselves: an account is
//! never locked. Whoever signed in from an address before is not held up by failures from elsewhere.
//!
//! What is guessed against is counted under a key: the name for passwords, the account for codes.

use crate::domain::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 4;
/// Failures from everywhere together that cost nothing.
const FREE_FROM_EVERYWHERE: u32 = 20;
/// Failures of one address against all names that cost nothing: a whole office may share one.
const FREE_OF_ADDRESS: u32 = 30;
/// Longest delay for one address.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Longest delay for a name asked for from everywhere: its owner must get through.
const LONGEST_FROM_EVERYWHERE: Duration = Duration::from_secs(30);
/// Failures are forgotten so long after the last one.
const FORGET: Duration = Duration::from_secs(24 * 3600);
/// Most entries of one table.
const MAX_ENTRIES: usize = 10_000;

/// A subscriber: an IPv4 address, or a /64 of IPv6.
fn subscriber(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(u32::from(v4)),
        IpAddr::V6(v6) => (u128::from(v6) >> 64) as u64,
    }
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

#[derive(Default)]
struct Table<K>(HashMap<K, Failures>);

impl<K: std::hash::Hash + Eq + Clone> Table<K> {
    fn wait(&self, key: &K, free: u32, longest: Duration, now: Timestamp) -> Duration {
        let Some(failures) = self.0.get(key) else {
            return Duration::ZERO;
        };
        let Some(over) = failures.count.checked_sub(free).filter(|over| *over > 0) else {
            return Duration::ZERO;
        };
        let delay = Duration::from_secs(1_u64.checked_shl(over.min(20)).unwrap_or(u64::MAX)).min(longest);
        delay.saturating_sub(elapsed(failures.last, now))
    }

    fn failed(&mut self, key: K, now: Timestamp) {
        if self.0.len() >= MAX_ENTRIES && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let failures = self.0.entry(key).or_insert(Failures { count: 0, last: now });
        if elapsed(failures.last, now) >= FORGET {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// The last try was none.
    fn take_back(&mut self, key: &K) {
        if let Some(failures) = self.0.get_mut(key) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// What is forgotten goes; if that is nothing, the entry whose last failure is longest ago.
    fn make_room(&mut self, now: Timestamp) {
        self.0.retain(|_, failures| elapsed(failures.last, now) < FORGET);
        if self.0.len() >= MAX_ENTRIES {
            let oldest = self.0.iter().min_by_key(|(_, failures)| failures.last);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
    }
}

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// Failed tries.
#[derive(Default)]
pub(super) struct Throttle {
    pairs: Table<(String, u64)>,
    keys: Table<String>,
    addresses: Table<u64>,
    /// Who signed in from where; the time is that of the last sign-in.
    known: HashMap<(String, u64), Timestamp>,
}

impl Throttle {
    /// How long until the next try counts; zero for now.
    fn wait(&self, key: &str, from: IpAddr, now: Timestamp) -> Duration {
        let from = subscriber(from);
        let pair = (key.to_owned(), from);
        let own = self.pairs.wait(&pair, FREE, LONGEST, now);
        if self.known.contains_key(&pair) {
            return own;
        }
        own.max(self.addresses.wait(&from, FREE_OF_ADDRESS, LONGEST, now))
            .max(
                self.keys
                    .wait(&pair.0, FREE_FROM_EVERYWHERE, LONGEST_FROM_EVERYWHERE, now),
            )
    }

    /// A try begins: it counts as failed until [`Throttle::fitted`], so that tries side by side do not slip through.
    ///
    /// # Errors
    /// How long until a try may begin.
    pub(super) fn begin(&mut self, key: &str, from: IpAddr, now: Timestamp) -> Result<(), Duration> {
        match self.wait(key, from, now) {
            Duration::ZERO => {
                self.failed(key, from, now);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    fn failed(&mut self, key: &str, from: IpAddr, now: Timestamp) {
        let from = subscriber(from);
        self.pairs.failed((key.to_owned(), from), now);
        self.keys.failed(key.to_owned(), now);
        self.addresses.failed(from, now);
    }

    /// Notes that the try fitted.
    pub(super) fn fitted(&mut self, key: &str, from: IpAddr, now: Timestamp) {
        let pair = (key.to_owned(), subscriber(from));
        self.pairs.0.remove(&pair);
        self.keys.take_back(&pair.0);
        self.addresses.take_back(&pair.1);
        if self.known.len() >= MAX_ENTRIES {
            self.known.retain(|_, last| elapsed(*last, now) < FORGET);
        }
        if self.known.len() < MAX_ENTRIES {
            self.known.insert(pair, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).expect("time")
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn delays_grow_and_end_by_themselves() {
        let mut throttle = Throttle::default();
        for _ in 0..=FREE {
            assert_eq!(throttle.wait("a", address(1), at(0)), Duration::ZERO);
            throttle.failed("a", address(1), at(0));
        }
        let first = throttle.wait("a", address(1), at(0));
        throttle.failed("a", address(1), at(0));
        assert!(throttle.wait("a", address(1), at(0)) > first && first > Duration::ZERO);
        for _ in 0..100 {
            throttle.failed("a", address(1), at(0));
        }
        assert_eq!(throttle.wait("a", address(1), at(0)), LONGEST);
        assert_eq!(throttle.wait("a", address(1), at(901)), Duration::ZERO);
        assert_eq!(throttle.wait("b", address(2), at(0)), Duration::ZERO);
    }

    #[test]
    fn a_try_counts_before_its_answer() {
        let mut throttle = Throttle::default();
        let begun = (0..50).filter(|_| throttle.begin("a", address(1), at(0)).is_ok());
        assert_eq!(begun.count(), FREE as usize + 1);
        throttle.fitted("a", address(1), at(0));
        assert!(throttle.begin("a", address(1), at(0)).is_ok());
    }

    #[test]
    fn nobody_is_locked_out_from_elsewhere() {
        let mut throttle = Throttle::default();
        throttle.fitted("a", address(1), at(0));
        for number in 2..200 {
            throttle.failed("a", address(number), at(1));
        }
        assert_eq!(throttle.wait("a", address(1), at(1)), Duration::ZERO);
        assert_eq!(throttle.wait("a", address(201), at(1)), LONGEST_FROM_EVERYWHERE);
    }

    #[test]
    fn one_address_that_tries_many_names_waits() {
        let mut throttle = Throttle::default();
        for number in 0..40 {
            throttle.failed(&format!("name {number}"), address(1), at(0));
        }
        assert!(throttle.wait("another", address(1), at(0)) > Duration::from_secs(60));
        assert_eq!(throttle.wait("another", address(2), at(0)), Duration::ZERO);
    }

    #[test]
    fn the_tables_stay_bounded() {
        let mut throttle = Throttle::default();
        for number in 0..=MAX_ENTRIES {
            throttle.failed(&number.to_string(), address(1), at(0));
        }
        assert_eq!(throttle.keys.0.len(), MAX_ENTRIES);
    }
}

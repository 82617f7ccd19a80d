//! Bounds on failed sign-ins and on connections per peer.
//!
//! Time is an argument. The tables are bounded: when one is full and nothing in it has run out, newcomers
//! are treated as if they had used up their tries (failed sign-ins).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Failed sign-ins of one peer within [`WINDOW`].
const MAX_FAILURES_PER_PEER: u32 = 20;
/// Failed sign-ins of one user name within [`WINDOW`], from anywhere.
const MAX_FAILURES_PER_USER: u32 = 100;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Most entries of one table.
const MAX_ENTRIES: usize = 10_000;

/// A peer: an IPv4 address, or a /64 of IPv6 (one subscriber).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer(u64);

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            // ::/32 is not given to subscribers, so the two families do not meet.
            IpAddr::V4(v4) => Self(u64::from(u32::from(v4))),
            IpAddr::V6(v6) => Self((u128::from(v6) >> 64) as u64),
        }
    }
}

/// Failed sign-ins.
#[derive(Default)]
pub(super) struct Throttle {
    peers: Counters<Peer>,
    users: Counters<String>,
}

impl Throttle {
    /// Whether this peer may try to sign in as this user now.
    pub(super) fn allows(&mut self, peer: Peer, user: &str, now: Instant) -> bool {
        self.peers.count(&peer, now) < MAX_FAILURES_PER_PEER
            && self.users.count(&user.to_ascii_lowercase(), now) < MAX_FAILURES_PER_USER
    }

    /// Notes a failed sign-in.
    pub(super) fn failed(&mut self, peer: Peer, user: &str, now: Instant) {
        self.peers.add(peer, now);
        self.users.add(user.to_ascii_lowercase(), now);
    }
}

/// Counts per key within a window that starts with the first count.
struct Counters<K>(HashMap<K, (u32, Instant)>);

impl<K> Default for Counters<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Counters<K> {
    fn count(&mut self, key: &K, now: Instant) -> u32 {
        match self.0.get(key) {
            Some((count, since)) if now.duration_since(*since) < WINDOW => *count,
            Some(_) => 0,
            None => match self.is_full(now) {
                true => u32::MAX,
                false => 0,
            },
        }
    }

    fn is_full(&mut self, now: Instant) -> bool {
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
        }
        self.0.len() >= MAX_ENTRIES
    }

    fn add(&mut self, key: K, now: Instant) {
        if !self.0.contains_key(&key) && self.is_full(now) {
            return;
        }
        let entry = self.0.entry(key).or_insert((0, now));
        if now.duration_since(entry.1) >= WINDOW {
            *entry = (0, now);
        }
        entry.0 = entry.0.saturating_add(1);
    }
}

/// Open connections per peer.
#[derive(Default)]
pub(super) struct OpenConnections(HashMap<Peer, usize>);

impl OpenConnections {
    /// Counts one more, unless the peer has `at_most` already.
    pub(super) fn open(&mut self, peer: Peer, at_most: usize) -> bool {
        let count = self.0.entry(peer).or_insert(0);
        let allowed = *count < at_most;
        if allowed {
            *count += 1;
        } else if *count == 0 {
            self.0.remove(&peer);
        }
        allowed
    }

    /// Counts one less.
    pub(super) fn close(&mut self, peer: Peer) {
        if let Some(count) = self.0.get_mut(&peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::from(text.parse::<IpAddr>().expect("address"))
    }

    #[test]
    fn a_peer_is_stopped_after_its_failures_and_may_try_again_after_the_window() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..MAX_FAILURES_PER_PEER {
            assert!(throttle.allows(peer("192.0.2.1"), "a", start));
            throttle.failed(peer("192.0.2.1"), "a", start);
        }
        assert!(!throttle.allows(peer("192.0.2.1"), "b", start));
        assert!(!throttle.allows(peer("::ffff:192.0.2.1"), "b", start));
        assert!(throttle.allows(peer("192.0.2.2"), "a", start));
        assert!(throttle.allows(peer("192.0.2.1"), "b", start + WINDOW));
    }

    #[test]
    fn one_ipv6_subscriber_is_one_peer() {
        assert_eq!(peer("2001:db8:1:2::1"), peer("2001:db8:1:2:ffff::9"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
    }

    #[test]
    fn a_user_guessed_from_everywhere_is_protected() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..MAX_FAILURES_PER_USER {
            throttle.failed(Peer(u64::from(number)), "Someone", now);
        }
        assert!(!throttle.allows(peer("192.0.2.1"), "someone", now));
        assert!(throttle.allows(peer("192.0.2.1"), "somebody", now));
    }

    #[test]
    fn the_tables_stay_bounded() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..=MAX_ENTRIES as u64 {
            throttle.failed(Peer(number), &number.to_string(), now);
        }
        assert_eq!(throttle.peers.0.len(), MAX_ENTRIES);
        assert!(!throttle.allows(Peer(u64::MAX), "x", now));
        assert!(throttle.allows(Peer(u64::MAX), "x", now + WINDOW));
    }

    #[test]
    fn open_connections_are_counted_per_peer() {
        let mut open = OpenConnections::default();
        let one = peer("192.0.2.1");
        assert!(open.open(one, 2) && open.open(one, 2) && !open.open(one, 2));
        assert!(open.open(peer("192.0.2.2"), 2));
        open.close(one);
        assert!(open.open(one, 2));
    }
}

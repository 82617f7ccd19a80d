//! When a delivery is tried again.

use crate::domain::Timestamp;
use jiff::SignedDuration;

/// Waits after the first tries, in minutes.
const FIRST_WAITS: [i64; 4] = [1, 5, 15, 60];
/// Wait after every later try, in minutes.
const LATER_WAIT: i64 = 120;
/// How long a delivery is tried, in minutes, not counting the time the daemon was off (RFC 5321 section
/// 4.5.4.1 asks for days; volunteers should know within two).
const GIVE_UP_AFTER: i64 = 48 * 60;

/// When to try again after `attempts` earlier tries and one more that just failed; `None` to give up.
pub(super) fn next_try(attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let made = usize::try_from(attempts).ok()?;
    let early: i64 = FIRST_WAITS.iter().take(made).sum();
    let late = made.saturating_sub(FIRST_WAITS.len());
    let waited = i64::try_from(late)
        .ok()?
        .saturating_mul(LATER_WAIT)
        .saturating_add(early);
    if waited >= GIVE_UP_AFTER {
        return None;
    }
    let wait = FIRST_WAITS.get(made).copied().unwrap_or(LATER_WAIT);
    now.checked_add(SignedDuration::from_mins(wait)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_after_two_days() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut waits = Vec::new();
        while let Some(next) = next_try(u32::try_from(waits.len()).expect("few"), now) {
            waits.push(next.duration_since(now).as_mins());
            now = next;
        }
        assert_eq!(waits.get(..6), Some(&[1, 5, 15, 60, 120, 120][..]));
        let total: i64 = waits.iter().sum();
        assert!((48 * 60..50 * 60).contains(&total), "{total} minutes");
        assert_eq!(next_try(u32::MAX, now), None);
    }
}

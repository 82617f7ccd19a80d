//! How often somebody looks at what a mail would become.
//!
//! Security: redaction treats a name that stands in a case differently from one that does not, and guards say which side an
//! address belongs to. Whoever tried names one after the other would learn who is in a case; a bound and the audit log make
//! that slow and seen.

use crate::domain::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Looks of one account within [`WITHIN`]: several for each of the mails that somebody writes in an hour.
pub(super) const MAX_LOOKS: usize = 40;
/// A look counts for so long.
const WITHIN: Duration = Duration::from_secs(3600);

/// The looks of each account; a service has a few dozen.
#[derive(Default)]
pub(super) struct Previews(Mutex<HashMap<String, VecDeque<Timestamp>>>);

impl Previews {
    /// Counts a look.
    ///
    /// # Errors
    /// How long to wait, where there were too many.
    pub(super) fn admit(&self, account: &str, now: Timestamp) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = all.entry(account.to_owned()).or_default();
        let age = |look: &Timestamp| Duration::try_from(now.duration_since(*look)).unwrap_or_default();
        while looks.front().is_some_and(|look| age(look) >= WITHIN) {
            looks.pop_front();
        }
        match looks.front().filter(|_| looks.len() >= MAX_LOOKS) {
            Some(first) => Err(WITHIN.saturating_sub(age(first))),
            None => {
                looks.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_bounded_within_an_hour_for_each_account() {
        let previews = Previews::default();
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        for second in 0..MAX_LOOKS as i64 {
            assert_eq!(previews.admit("vera", at(second)), Ok(()));
        }
        assert_eq!(previews.admit("vera", at(600)), Err(Duration::from_secs(3000)));
        assert_eq!(previews.admit("sam", at(600)), Ok(()));
        assert_eq!(
            previews.admit("vera", at(3600)),
            Ok(()),
            "the first one is an hour old"
        );
        assert!(previews.admit("vera", at(3600)).is_err());
    }
}

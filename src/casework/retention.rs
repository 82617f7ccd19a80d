//! Terms: how long what is kept, and the run that ends it.
//!
//! Invariant: a dry run lists exactly what a run at the same moment destroys; a run goes in small transactions, so that mail
//! goes on being taken meanwhile.

use super::documents::{self, DocumentsFolder};
use crate::domain::Timestamp;
use crate::store::{Deadlines, Expired, Store, StoreError};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

/// Records that one transaction destroys.
const CHUNK: u32 = 25;
/// Most records that a dry run lists.
pub const MAX_LISTED: u32 = 10_000;

/// How long things are kept. Years are calendar years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Cases, from closing.
    pub closed_years: u16,
    /// Automatic mail (out-of-office, delivery reports), in days from its coming.
    pub automatic_days: u16,
    /// Enquiries that nobody answered, and what staff put aside, in days from its coming.
    pub enquiry_days: u16,
    /// Liaison mail, in days from its being handed in, once all its deliveries have ended.
    pub liaison_days: u16,
    /// Anonymous facts for the report, from the referral.
    pub statistics_years: u16,
    /// Accounts of people who have left, in days.
    pub left_days: u16,
}

impl Terms {
    /// Everything before these times has outlived its term.
    pub fn deadlines(&self, now: Timestamp) -> Deadlines {
        let now = TimeZone::UTC.to_datetime(now);
        // Bounded by the configuration; a date before the calendar begins destroys nothing.
        let before = |span: Span| {
            let then = now.checked_sub(span).ok();
            then.and_then(|then| TimeZone::UTC.to_timestamp(then).ok())
                .unwrap_or(Timestamp::MIN)
        };
        Deadlines {
            closed: before(i64::from(self.closed_years).years()),
            automatic: before(i64::from(self.automatic_days).days()),
            enquiries: before(i64::from(self.enquiry_days).days()),
            liaison: before(i64::from(self.liaison_days).days()),
            statistics: before(i64::from(self.statistics_years).years()),
            left: before(i64::from(self.left_days).days()),
        }
    }

    /// When a case that was closed at this time is destroyed; `None` beyond the calendar.
    pub fn case_ends(&self, closed: Timestamp) -> Option<Timestamp> {
        let closed = TimeZone::UTC.to_datetime(closed);
        let ends = closed.checked_add(i64::from(self.closed_years).years()).ok()?;
        TimeZone::UTC.to_timestamp(ends).ok()
    }
}

/// What a run destroyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Purged {
    pub cases: u64,
    pub messages: u64,
    pub liaison_mails: u64,
    pub accounts: u64,
    pub statistics: u64,
    /// Folders of destroyed cases in the documents folder.
    pub folders: u64,
    /// Such folders that could not be removed; the next run tries again.
    pub folders_left: u64,
}

impl Purged {
    fn count(&mut self, item: &Expired) {
        *match item {
            Expired::Case { .. } => &mut self.cases,
            Expired::Message { .. } => &mut self.messages,
            Expired::LiaisonMail { .. } => &mut self.liaison_mails,
            Expired::Account { .. } => &mut self.accounts,
            Expired::Statistics { .. } => &mut self.statistics,
        } += 1;
    }

    /// Nothing was destroyed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a run at this moment would destroy, at most [`MAX_LISTED`].
///
/// # Errors
/// Of the store.
pub async fn due(store: &Store, terms: &Terms, now: Timestamp) -> Result<Vec<Expired>, StoreError> {
    store.expired(&terms.deadlines(now), MAX_LISTED).await
}

/// Destroys everything that has outlived its term, then removes the folders of destroyed cases from the documents folder:
/// those of this run, and those that an earlier one left.
///
/// # Errors
/// Of the store; what was destroyed before stays destroyed, and the next run goes on.
pub async fn purge(
    store: &Store,
    terms: &Terms,
    documents: Option<&DocumentsFolder>,
    now: Timestamp,
) -> Result<Purged, StoreError> {
    let deadlines = terms.deadlines(now);
    let mut purged = Purged::default();
    loop {
        let done = store.destroy_expired(&deadlines, CHUNK, now).await?;
        if done.is_empty() {
            break;
        }
        done.iter().for_each(|item| purged.count(item));
        tokio::task::yield_now().await;
    }
    if let Some(folder) = documents {
        let cleared = documents::clear(store, folder).await?;
        purged.folders = cleared.removed;
        purged.folders_left = cleared.left;
    }
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_calendar_years_and_the_day_itself_is_kept() {
        let terms = Terms {
            closed_years: 6,
            automatic_days: 30,
            enquiry_days: 180,
            liaison_days: 90,
            statistics_years: 7,
            left_days: 365,
        };
        let now: Timestamp = "2028-02-29T10:00:00Z".parse().unwrap();
        let deadlines = terms.deadlines(now);
        assert_eq!(deadlines.closed.to_string(), "2022-02-28T10:00:00Z");
        assert_eq!(deadlines.automatic.to_string(), "2028-01-30T10:00:00Z");
    }
}

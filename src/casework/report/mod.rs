//! The monthly performance report: anonymous counts as a page and as CSV.
//!
//! Invariant: a [`Report`] holds only what may be printed. Small counts, and counts that would give one away,
//! are withheld when it is made; the exact rule, its proof and its limits are in `suppress.rs`. It is pure: facts
//! in, text out.
//!
//! # Security
//! The page has no script, no style attribute and loads nothing. [`STYLE`] is its one style element: whoever
//! serves it under a Content-Security-Policy allows its hash, or serves [`Report::body`] with the style from a
//! file. District and service names come from the configuration and are escaped in both forms.

mod chart;
mod csv;
mod districts;
mod facts;
mod markup;
mod month;
mod page;
mod suppress;
mod tally;
mod words;

pub use districts::{DistrictProblem, Districts, MAX_DISTRICTS, MAX_NAME};
pub use facts::{CaseFacts, Decision, ReferralFacts};
pub use month::{Month, MonthError};
pub use page::STYLE;
pub use suppress::{Least, LeastError};

use suppress::Count;

/// How a withheld number prints: the shorthand of public sector tables for "confidential".
const WITHHELD: &str = "[c]";

/// One month's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    month: Month,
    least: Least,
    received: Count,
    accepted: Count,
    rate: Derived,
    /// Median and 90th percentile, in minutes.
    first_look: (Derived, Derived),
    referrals: Vec<Table>,
    consent: Vec<Table>,
    decisions: Table,
    trend: Vec<TrendMonth>,
    open: Count,
    cases: Table,
    closed: Table,
    outcomes: Table,
    other_mail: Table,
}

/// Counts by row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    /// Its heading, and its name in the CSV.
    name: &'static str,
    caption: String,
    rows: Vec<(String, Count)>,
    /// `None` where the rows do not add up to anything.
    total: Option<Count>,
}

/// One month of the trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TrendMonth {
    month: Month,
    received: Count,
    accepted: Count,
}

/// A number that is worked out of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Derived {
    Shown(u64),
    /// It would rest on withheld counts.
    Withheld,
    /// There was nothing to work it out of.
    OfNothing,
}

impl Report {
    /// The report of `month`. The facts may be of any time: those of the month and of the eleven before are
    /// counted, and all cases, for what is open.
    pub fn of(
        month: Month,
        districts: &Districts,
        referrals: &[ReferralFacts],
        cases: &[CaseFacts],
        least: Least,
    ) -> Self {
        let tally = tally::Tally {
            month,
            districts,
            referrals,
            cases,
            least,
        };
        tally.report()
    }

    /// `Performance report: November 2026`.
    pub fn title(&self) -> String {
        format!("Performance report: {}", self.month.in_words())
    }

    /// A complete HTML document; `service` is the name of the service.
    pub fn html(&self, service: &str) -> String {
        page::document(self, service)
    }

    /// What the document holds below its first heading, for a page that has its own: one `div` of class
    /// `report`, headings from the second level down.
    pub fn body(&self) -> String {
        page::body(self)
    }

    /// One line for each count, lines end in CR LF, UTF-8 without a mark.
    pub fn csv(&self) -> String {
        csv::csv(self)
    }

    fn tables(&self) -> impl Iterator<Item = &Table> {
        let month = self.referrals.iter().chain(&self.consent);
        month.chain([
            &self.decisions,
            &self.cases,
            &self.closed,
            &self.outcomes,
            &self.other_mail,
        ])
    }
}

#[cfg(test)]
mod tests;

//! Blocks to a draft referral. Pure and total: missing is a check, not an error.
//!
//! `labels` (what words mean; `keywords` where no phrase fits; `learn` prints what is known of a form) -> `pairs` and
//! `tables` (layouts to facts; `pairs::shape` where only the answer tells) -> `values` (answers) -> `person`, `offence`,
//! `referrer`, `about` (facts to fields) -> `assemble` (who is who) -> `message` (which document counts, `several`
//! referrals, what the writer `wants`, what kind it is). Mails in sentences go through `prose` instead; `covering` and
//! `signature` complete who refers, `officers` what police officers write beside their names, `forwarded` finds the author of a mail that somebody passes on, `agencies` and `trust` say what the sender is.
//!
//! Invariant: every value of the result carries evidence whose quote holds it.

mod about;
mod agencies;
mod assemble;
mod classify;
mod combined;
mod covering;
mod draft;
mod forwarded;
mod keywords;
mod labels;
mod learn;
mod lines;
mod message;
mod offence;
mod officers;
mod outline;
mod pairs;
mod person;
mod prose;
mod referrer;
mod several;
mod signature;
mod tables;
mod trust;
mod values;
mod wants;

pub use agencies::AgencyBook;
pub use labels::{BookError, LabelBook};
pub use learn::{FormLine, Wording, learn};
pub use message::understand;

use jiff::civil::Date;

/// What understanding needs beside the message.
pub struct FormsContext<'a> {
    /// Labels.
    pub labels: &'a LabelBook,
    /// Agencies by domain.
    pub agencies: &'a AgencyBook,
    /// Prefixes of our own references.
    pub reference_prefixes: &'a [String],
    /// Today, for two-digit years and dates of birth.
    pub today: Date,
    /// The receiving server's authserv-id (RFC 8601); without one nobody is authenticated.
    pub authserv_id: Option<&'a str>,
    /// In-Reply-To or References name a message we know.
    pub known_thread: bool,
}

//! Blocks to a draft referral. Pure and total: missing is a check, not an error.

use crate::domain::{ParsedMessage, ReadMessage};
use jiff::civil::Date;

mod labels;

pub use labels::{BookError, LabelBook};

/// The agency file (`config/agencies.toml`), checked.
pub struct AgencyBook {}

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

/// Understands one message.
pub fn understand(message: &ReadMessage, context: &FormsContext<'_>) -> ParsedMessage {
    let _ = context;
    unimplemented!("{}", message.bodies.len())
}

impl AgencyBook {
    /// Reads an agency file.
    ///
    /// # Errors
    /// Lists every problem with its fix.
    pub fn from_toml(text: &str) -> Result<Self, BookError> {
        let _ = text;
        Ok(Self {})
    }

    /// The compiled-in agencies.
    pub fn default_book() -> Result<Self, BookError> {
        Ok(Self {})
    }
}

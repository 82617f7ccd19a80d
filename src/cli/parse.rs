//! `parse`: one file, nothing kept.

use super::output::{self, Failure, Outcome};
use super::setup::{self, Setup};
use crate::domain::{Clock, Personal, SystemClock};
use crate::forms::{self, FormsContext};
use crate::ingest::{ReadFailure, Reader};
use jiff::tz::Offset;
use std::path::Path;

/// Prints what is understood of one mail.
pub(super) async fn run(setup: Setup, file: &Path) -> Outcome {
    let raw = Personal::new(setup::mail_from(file)?);
    let books = setup.books().await?;
    let prefixes = setup.prefixes();
    let message = setup
        .reader()
        .read(&raw)
        .await
        .map_err(|failure| match failure {
            ReadFailure::Permanent(reason) => Failure::failed(reason.explanation()),
            ReadFailure::Transient => {
                Failure::failed("no reading process could be started, or the virus scanner does not answer; see `referrald check`")
            }
        })?;
    let context = FormsContext {
        labels: &books.labels,
        agencies: &books.agencies,
        reference_prefixes: &prefixes,
        today: Offset::UTC.to_datetime(SystemClock.now()).date(),
        authserv_id: setup.config.mailbox.authserv_id.as_deref(),
        known_thread: false,
    };
    let mut parsed = forms::understand(&message, &context);
    // For the staff pages; the format of this command has no place for them.
    parsed
        .checks
        .iter_mut()
        .for_each(|check| check.candidates.clear());
    output::json(&parsed)
}

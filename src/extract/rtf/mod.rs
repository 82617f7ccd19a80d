//! Rich Text Format (RTF specification 1.9.1), and what Outlook wraps in it ([MS-OXRTFEX]).
//!
//! Read as the author would see it with all changes accepted: deleted text is left out, hidden text kept
//! apart, prompts told from answers, comments left out. Footnotes and footers come after the text.
//!
//! # Security
//! A stack of our own with a bound, no recursion; time and memory grow linearly with the document.

pub(super) mod codepage;
mod decoder;
mod encapsulated;
mod fields;
mod flow;
mod rows;
mod styles;
mod tokens;
mod walker;

pub(super) use encapsulated::{Wrapped, unwrap};

use super::attachment::{Reading, TOO_LONG};
use super::budget::Budget;
use super::builder::Builder;
use super::text::Folding;
use super::{html, text};
use crate::domain::{ReadLimits, ReadStatus};
use walker::Walker;

/// What a document begins with.
const SIGNATURE: &[u8] = b"{\\rtf";
/// Bytes in which the beginning is looked for: some programs put a mark or blank lines before it.
const SIGNATURE_SEARCH_BYTES: usize = 1024;

/// Reads a document.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Reading {
    let head = &bytes[..bytes.len().min(SIGNATURE_SEARCH_BYTES)];
    let start = head.windows(SIGNATURE.len()).position(|w| w == SIGNATURE);
    let Some(bytes) = start.and_then(|at| bytes.get(at..)) else {
        return Reading::failed(
            ReadStatus::Unreadable,
            "damaged file; it cannot be read as rich text",
        );
    };
    let mut budget = Budget::new(limits);
    match unwrap(bytes) {
        Some(Wrapped::Html(html)) => Reading::of_blocks(html::blocks(&html, &mut budget), &budget),
        Some(Wrapped::Text(text)) => {
            let blocks = text::blocks(&text, Folding::Fixed, &mut budget);
            Reading::of_blocks(blocks, &budget)
        }
        None => read_rich(bytes, budget),
    }
}

fn read_rich(bytes: &[u8], mut budget: Budget) -> Reading {
    let found = Walker::new(bytes, Builder::new(&mut budget)).read();
    let mut reading = Reading::of_blocks(found.blocks, &budget);
    reading.fields = found.fields;
    match reading.status {
        ReadStatus::Empty if found.pictures > 0 => {
            reading.reason = Some("only pictures (perhaps a scan); no text in it".to_owned());
        }
        ReadStatus::Ok if found.is_broken_off => {
            reading.status = ReadStatus::Partial;
            reading.reason = Some("damaged file; its text breaks off".to_owned());
        }
        ReadStatus::Ok if found.is_cut => {
            reading.status = ReadStatus::Partial;
            reading.reason = Some(TOO_LONG.to_owned());
        }
        ReadStatus::Ok
        | ReadStatus::Partial
        | ReadStatus::Empty
        | ReadStatus::Encrypted
        | ReadStatus::Unreadable
        | ReadStatus::Unsupported
        | ReadStatus::TooLarge => {}
    }
    reading
}

#[cfg(test)]
mod tests;

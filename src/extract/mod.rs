//! Attachment bytes to blocks; one file per format.
//!
//! [`read_message`] walks a mail's parts (`message`), finds out what each attachment is (`kind`) and
//! hands it to the reader of its format. Every reader takes the same bounds and never fails as a whole:
//! what it cannot read is a [`ReadStatus`](crate::domain::ReadStatus) with a reason in plain words.
//!
//! # Security
//! The bytes are foreign and the parsers are large. Runs in the worker only.

mod attachment;
mod budget;
mod builder;
mod container;
mod csv;
mod docx;
mod history;
mod html;
mod inline;
mod kind;
mod layout;
mod message;
#[cfg(test)]
mod outline;
mod pdf;
mod text;

use crate::domain::{ReadMessage, UnreadableReason};
use crate::mail::MailLimits;

/// Most columns that a cell may say it covers.
const MAX_COLUMN_SPAN: u16 = 100;
/// Most rows that a cell may say it covers.
const MAX_ROW_SPAN: u16 = 1000;
/// Deepest tables in tables; blocks nest no deeper than this and [`MAX_QUOTE_NESTING`] together.
const MAX_TABLE_NESTING: usize = 8;
/// Deepest quotations in quotations.
const MAX_QUOTE_NESTING: usize = 4;

/// Bounds of reading one message.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// Bounds of the MIME tree.
    pub mail: MailLimits,
    /// Largest attachment read, in bytes, and largest member of a container once inflated.
    pub max_document_bytes: u64,
    /// Most pages of a PDF.
    pub max_pages: u32,
    /// Most blocks of one document.
    pub max_blocks: usize,
    /// Most characters of one document.
    pub max_chars: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            mail: MailLimits::default(),
            max_document_bytes: 32 * 1024 * 1024,
            max_pages: 60,
            max_blocks: 20_000,
            max_chars: 2_000_000,
        }
    }
}

/// Reads one message with all its attachments.
///
/// Each document of an attachment stands once: in the outermost mail's
/// [`attachments`](ReadMessage::attachments), those of attached mails included; the same rows in
/// [`nested`](ReadMessage::nested) have none.
///
/// # Errors
/// Only where nothing at all can be made of the bytes; what fails inside is a row of `attachments`.
pub fn read_message(raw: &[u8], limits: &ReadLimits) -> Result<ReadMessage, UnreadableReason> {
    message::read(raw, limits)
}

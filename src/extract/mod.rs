//! Attachment bytes to blocks; one file per format.
//!
//! # Security
//! The bytes are foreign and the parsers are large. Runs in the worker only.

use crate::domain::{ReadMessage, UnreadableReason};
use crate::mail::MailLimits;

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
/// # Errors
/// Only where nothing at all can be made of the bytes; what fails inside is a row of `attachments`.
pub fn read_message(raw: &[u8], limits: &ReadLimits) -> Result<ReadMessage, UnreadableReason> {
    let _ = limits;
    unimplemented!("{}", raw.len())
}

//! Attachment bytes to blocks; one file per format.
//!
//! [`read_message`] walks a mail's parts (`message`), finds out what each attachment is (`kind`) and
//! hands it to the reader of its format (`attachment`). Every reader takes the same bounds and never fails
//! as a whole: what it cannot read is a [`ReadStatus`] with a reason in plain
//! words. A file that holds files (`archive`, `outlook`, `smime`) becomes a tree of MIME parts (`unpack`),
//! so that what is inside is read like anything else.
//!
//! # Security
//! The bytes are foreign and the parsers are large. Runs in the worker only.

mod archive;
mod attachment;
mod budget;
mod builder;
mod compound;
mod container;
mod csv;
mod doc;
mod docx;
mod form_field;
mod history;
mod html;
mod inline;
mod json;
mod kind;
mod layout;
mod message;
mod opendocument;
#[cfg(test)]
mod outline;
mod outlook;
mod pdf;
mod picture;
mod rtf;
mod sheet;
mod smime;
mod symbols;
mod text;
mod unpack;
mod xml;

use crate::domain::{Document, ReadLimits, ReadMessage, ReadRequest, ReadStatus, UnreadableReason};

/// Most columns that a cell may say it covers.
const MAX_COLUMN_SPAN: u16 = 100;
/// Most rows that a cell may say it covers.
const MAX_ROW_SPAN: u16 = 1000;
/// Deepest tables in tables; blocks nest no deeper than this and [`MAX_QUOTE_NESTING`] together.
const MAX_TABLE_NESTING: usize = 8;
/// Deepest quotations in quotations.
const MAX_QUOTE_NESTING: usize = 4;

/// Reads one message with all its attachments.
///
/// Each document of an attachment stands once: in the outermost mail's
/// [`attachments`](ReadMessage::attachments), those of attached mails included; the same rows in
/// [`nested`](ReadMessage::nested) have none.
///
/// `opening` is told the number of each part before a reader opens it: when the reader ends the process,
/// the last number told is the part to skip next time.
///
/// # Errors
/// Only where nothing at all can be made of the bytes; what fails inside is a row of `attachments`.
pub fn read_message(
    raw: &[u8],
    request: &ReadRequest,
    opening: &mut dyn FnMut(&str),
) -> Result<ReadMessage, UnreadableReason> {
    message::read(raw, request, opening)
}

/// The document in the bytes of a file of that name, read to its end; `None` where it is none, or where any part of
/// it could not be read.
pub fn whole_document(content: &[u8], filename: &str) -> Option<Document> {
    let read = read_file(content.to_vec(), filename, &ReadRequest::default(), &mut |_| {});
    let mut attachments = read.attachments.into_iter();
    let attachment = attachments
        .next()
        .filter(|attachment| attachment.read == ReadStatus::Ok)?;
    attachment.document
}

/// Reads a single file (a document, an archive, a mail) as if it had come attached to an empty mail: it is
/// part `1`.
pub fn read_file(
    content: Vec<u8>,
    filename: &str,
    request: &ReadRequest,
    opening: &mut dyn FnMut(&str),
) -> ReadMessage {
    message::read_file(content, filename, request, opening)
}

//! One attachment: what it is, and reading it.

use super::budget::Budget;
use super::kind::{self, Kind};
use super::text::Folding;
use super::{ReadLimits, csv, docx, html, pdf, text};
use crate::domain::{Block, Document, ReadStatus};
use crate::mail::{Part, PartBody};

/// How reading an attachment went.
pub(super) enum Outcome<'p> {
    Read {
        status: ReadStatus,
        reason: Option<String>,
        document: Option<Document>,
    },
    /// A mail under another type.
    Mail(&'p [u8]),
}

/// What a format's reader found.
pub(super) struct Reading {
    pub(super) status: ReadStatus,
    pub(super) reason: Option<String>,
    pub(super) blocks: Vec<Block>,
    pub(super) fields: Vec<crate::domain::FormField>,
}

impl Reading {
    pub(super) fn failed(status: ReadStatus, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: Some(reason.into()),
            blocks: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Blocks that a reader got through to the end of, or to the end of its budget.
    pub(super) fn of_blocks(blocks: Vec<Block>, budget: &Budget) -> Self {
        let (status, reason) = if budget.is_exhausted() {
            (ReadStatus::Partial, Some(TOO_LONG.to_owned()))
        } else if blocks.is_empty() {
            (ReadStatus::Empty, Some("no text in it".to_owned()))
        } else {
            (ReadStatus::Ok, None)
        };
        Self {
            status,
            reason,
            blocks,
            fields: Vec::new(),
        }
    }
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Why only the beginning was read.
pub(super) const TOO_LONG: &str = "longer than the limit; only the beginning was read";

/// Reads a part that is not the message text.
pub(super) fn read<'p>(part: &'p Part, limits: &ReadLimits) -> Outcome<'p> {
    let empty: &[u8] = &[];
    let content = match &part.body {
        PartBody::Text(text) => text.as_bytes(),
        PartBody::Bytes(bytes) => bytes.as_slice(),
        PartBody::NotRead => {
            let reason = "more parts or nesting than the limit; not read";
            return outcome(Reading::failed(ReadStatus::TooLarge, reason), part, None);
        }
        PartBody::Multipart(_) | PartBody::Message(_) => empty,
    };
    if content.len() as u64 > limits.max_document_bytes {
        let reason = "larger than the limit; not read";
        return outcome(Reading::failed(ReadStatus::TooLarge, reason), part, None);
    }
    if content.trim_ascii().is_empty() {
        return outcome(Reading::failed(ReadStatus::Empty, "empty file"), part, None);
    }
    let kind = smime(part).unwrap_or_else(|| kind::of(&part.media_type, part.filename.as_deref(), content));
    if kind == Kind::Mail {
        return Outcome::Mail(content);
    }
    if let Some(reason) = kind.reason() {
        let status = if kind.is_locked() {
            ReadStatus::Encrypted
        } else {
            ReadStatus::Unsupported
        };
        return outcome(Reading::failed(status, reason), part, None);
    }
    let (reading, media_type) = read_kind(kind, content, limits);
    outcome(reading, part, Some(media_type))
}

/// S/MIME says by a parameter what it is (RFC 8551 section 3.2.2).
fn smime(part: &Part) -> Option<Kind> {
    if !matches!(
        part.media_type.as_str(),
        "application/pkcs7-mime" | "application/x-pkcs7-mime"
    ) {
        return None;
    }
    let content_type = part.fields.iter().find(|f| f.name == "content-type")?;
    let is_signed = content_type.value.to_ascii_lowercase().contains("signed-data");
    Some(if is_signed {
        Kind::SignedData
    } else {
        Kind::Encrypted
    })
}

fn read_kind(kind: Kind, content: &[u8], limits: &ReadLimits) -> (Reading, &'static str) {
    let mut budget = Budget::new(limits);
    let as_text = || crate::mail::decode_text(content);
    match kind {
        Kind::Docx => (docx::read(content, limits), DOCX),
        Kind::Pdf => (pdf::read(content, limits), "application/pdf"),
        Kind::Html => {
            let blocks = html::blocks(&as_text(), &mut budget);
            (Reading::of_blocks(blocks, &budget), "text/html")
        }
        Kind::Csv => {
            let blocks = csv::blocks(&as_text(), &mut budget);
            (Reading::of_blocks(blocks, &budget), "text/csv")
        }
        _ => {
            let blocks = text::blocks(&as_text(), Folding::Fixed, &mut budget);
            (Reading::of_blocks(blocks, &budget), "text/plain")
        }
    }
}

fn outcome<'p>(reading: Reading, part: &Part, media_type: Option<&str>) -> Outcome<'p> {
    let has_content = !reading.blocks.is_empty() || !reading.fields.is_empty();
    let document = has_content.then(|| Document {
        part: part.number.clone(),
        filename: part.filename.clone(),
        media_type: media_type.unwrap_or(&part.media_type).to_owned(),
        blocks: reading.blocks,
        fields: reading.fields,
    });
    Outcome::Read {
        status: reading.status,
        reason: reading.reason,
        document,
    }
}

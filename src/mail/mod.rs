//! Bytes to a message tree, with bounds and repairs.
//!
//! # Security
//! The bytes are foreign. Everything is bounded before it is allocated; nesting is counted before the
//! MIME parser sees it, because that parser's recursion would end the process. Runs in the worker.

pub mod html;

use crate::domain::Repair;

/// Bounds of taking a message apart.
#[derive(Debug, Clone, Copy)]
pub struct MailLimits {
    /// Deepest nesting of multiparts and attached mails together.
    pub max_depth: usize,
    /// Most parts, nested ones included.
    pub max_parts: usize,
    /// Most header bytes of one entity.
    pub max_header_bytes: usize,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self {
            max_depth: 12,
            max_parts: 500,
            max_header_bytes: 512 * 1024,
        }
    }
}

/// One mail, taken apart.
pub struct Mail {
    /// Header fields in order, topmost first.
    pub fields: Vec<Field>,
    /// The body.
    pub root: Part,
    /// What had to be mended.
    pub repairs: Vec<Repair>,
}

/// One header field.
pub struct Field {
    /// Name in lower case.
    pub name: String,
    /// Unfolded value with encoded words decoded (RFC 2047).
    pub value: String,
    /// The value's bytes as they stand, folded.
    pub raw: Vec<u8>,
}

/// One MIME part.
pub struct Part {
    /// `1`, `2.1`; empty for a root multipart.
    pub number: String,
    /// Lower case, `text/plain` where none or an odd one is declared.
    pub media_type: String,
    /// Declared charset, lower case.
    pub charset: Option<String>,
    /// File name (RFC 2231 pieces and encoded words decoded).
    pub filename: Option<String>,
    /// `Content-Disposition: attachment`.
    pub is_attachment: bool,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// All its header fields.
    pub fields: Vec<Field>,
    /// Its content.
    pub body: PartBody,
}

/// The content of a part.
pub enum PartBody {
    /// `text/*`, decoded to Unicode.
    Text(String),
    /// Anything else, transfer-decoded.
    Bytes(Vec<u8>),
    /// A multipart's parts.
    Multipart(Vec<Part>),
    /// An attached mail.
    Message(Box<Mail>),
    /// Beyond a bound: not read.
    NotRead,
}

/// Takes a mail apart. Total: whatever the bytes, there is a tree, and `repairs` says what was mended.
pub fn parse(raw: &[u8], limits: &MailLimits) -> Mail {
    let _ = limits;
    unimplemented!("{}", raw.len())
}

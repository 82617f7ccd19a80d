//! Bytes to a message tree, with bounds and repairs.
//!
//! The splitting is our own (RFC 2045, 2046, 2047, 2231): level by level, top-down, so that an outer
//! boundary always ends an inner part, and every level is counted before it is entered.
//! mail-parser reads only single header values (addresses, dates) and rare charsets.
//!
//! # Security
//! The bytes are foreign. Everything is bounded before it is allocated; nesting is counted before it is
//! followed, because a parser that recurses over attached mails would end the process. Runs in the worker.

mod charset;
mod header;
pub mod html;
mod transfer;
mod tree;
mod uuencode;

pub(crate) use header::{WORD_TOKEN_END, WORD_TOKEN_START, mask_words};
pub(crate) use tree::{possible_date, without_controls};

use crate::domain::{MailLimits, Repair};
use std::ops::Range;

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
    /// All its header fields (those of a mail's root part are the mail's `Content-*` fields).
    pub fields: Vec<Field>,
    /// Bytes of its content, transfer-decoded.
    pub size: u64,
    /// Its content.
    pub body: PartBody,
}

impl Part {
    /// Whether its transfer encoding is one of RFC 2045's: what is encoded in any other way was not decoded.
    pub fn is_decoded(&self) -> bool {
        let mut encodings = self
            .fields
            .iter()
            .filter(|field| field.name == "content-transfer-encoding");
        encodings.all(|field| {
            matches!(
                transfer::mechanism(&field.value).as_str(),
                "" | "7bit" | "8bit" | "binary" | "base64" | "quoted-printable"
            )
        })
    }
}

/// The content of a part.
pub enum PartBody {
    /// `text/*`, decoded to Unicode, line ends as `\n`.
    Text(String),
    /// Anything else, transfer-decoded.
    Bytes(Vec<u8>),
    /// A multipart's parts.
    Multipart(Vec<Part>),
    /// An attached mail.
    Message(Box<Mail>),
    /// Listed, its content not taken out.
    NotRead(NotRead),
}

/// Why the content of a part was not taken out of what it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRead {
    /// More parts, or deeper nesting, than the bound.
    Bounds,
    /// Larger than the bound once unpacked.
    TooLarge,
    /// Behind a password.
    Encrypted,
    /// Packed by a method that is not known here.
    Method,
    /// Its bytes do not unpack.
    Damaged,
    /// Another file of its container has the same name and took its place.
    SameName,
}

/// Takes a mail apart. Total: whatever the bytes, there is a tree, and `repairs` says what was mended.
/// Time is linear in the bytes, times the nesting that `limits` allow.
pub fn parse(raw: &[u8], limits: &MailLimits) -> Mail {
    tree::parse(raw, limits)
}

/// Text of a file that names no charset.
pub(crate) fn decode_text(bytes: &[u8]) -> String {
    charset::decode(bytes, None).text
}

impl Mail {
    /// The topmost field of that lower-case name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The ranges of the lines of `bytes`, line ends included.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let end = bytes[at..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(bytes.len(), |i| at + i + 1);
        let line = at..end;
        at = end;
        Some(line)
    })
}

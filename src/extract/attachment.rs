//! One attachment: what it is, and reading it.

use super::budget::Budget;
use super::kind::{self, Kind};
use super::text::Folding;
use super::unpack::{self, Room};
use super::{
    archive, csv, doc, docx, html, json, opendocument, outlook, pdf, picture, rtf, sheet, smime, text,
};
use crate::domain::{Block, Document, PictureKind, ReadLimits, ReadStatus};
use crate::mail::{self, Mail, Part, PartBody};

/// What an attachment turned out to be.
pub(super) enum Opened {
    /// A document, or something that is not read.
    Document {
        status: ReadStatus,
        reason: Option<String>,
        document: Option<Document>,
        /// It may be looked at instead.
        picture: Option<PictureKind>,
    },
    /// A mail under another type.
    Mail(Mail),
    /// Files, or the parts of a message.
    Parts { root: Part, texts: Texts },
}

/// What the message texts inside an attachment are to the mail it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// The mail's own text.
    Own,
    /// The mail's own text once more, perhaps richer.
    Alternative,
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
const ODT: &str = "application/vnd.oasis.opendocument.text";
/// As a message text too: what Outlook calls the body of a rich mail.
pub(super) const RTF: &str = "application/rtf";

/// Why only the beginning was read.
pub(super) const TOO_LONG: &str = "longer than the limit; only the beginning was read";

/// Reads a part that is not the message text.
pub(super) fn open(part: &Part, limits: &ReadLimits, room: &mut Room) -> Opened {
    let empty: &[u8] = &[];
    let content = match &part.body {
        PartBody::Text(text) => text.as_bytes(),
        PartBody::Bytes(bytes) => bytes.as_slice(),
        PartBody::NotRead(why) => return document(unpack::reading_of(*why), part, None),
        PartBody::Multipart(_) | PartBody::Message(_) => empty,
    };
    if content.len() as u64 > limits.max_document_bytes {
        let reason = "larger than the limit; not read";
        return document(Reading::failed(ReadStatus::TooLarge, reason), part, None);
    }
    if content.trim_ascii().is_empty() {
        return document(Reading::failed(ReadStatus::Empty, "empty file"), part, None);
    }
    let kind = smime_kind(part, content)
        .unwrap_or_else(|| kind::of(&part.media_type, part.filename.as_deref(), content));
    if let Some(reason) = kind.reason() {
        let status = if kind.is_locked() {
            ReadStatus::Encrypted
        } else {
            ReadStatus::Unsupported
        };
        let picture = picture::kind_of(kind, status, part, content);
        return document(Reading::failed(status, reason), part, None).or_look_at(picture);
    }
    let (reading, media_type) = match kind {
        Kind::Mail | Kind::OutlookMessage | Kind::WinmailDat | Kind::SignedData | Kind::Zip => {
            match open_container(kind, content, limits, room) {
                Ok(opened) => return opened,
                Err(reading) => (reading, None),
            }
        }
        Kind::Docx
        | Kind::Doc
        | Kind::Rtf
        | Kind::OpenText
        | Kind::Sheet
        | Kind::Pdf
        | Kind::Html
        | Kind::Csv
        | Kind::Json
        | Kind::Text
        | Kind::Picture
        | Kind::OldOffice
        | Kind::LockedOffice
        | Kind::OpenDocument
        | Kind::Slides
        | Kind::Archive
        | Kind::LockedArchive
        | Kind::Encrypted
        | Kind::RightsProtected
        | Kind::CompressedMessage
        | Kind::Signature
        | Kind::Calendar
        | Kind::ContactCard
        | Kind::Sound
        | Kind::Code
        | Kind::OtherForm
        | Kind::Elsewhere
        | Kind::Other => {
            let (reading, media_type) = read_kind(kind, content, limits);
            (reading, Some(media_type))
        }
    };
    let picture = picture::kind_of(kind, reading.status, part, content);
    document(reading, part, media_type).or_look_at(picture)
}

impl Opened {
    fn or_look_at(mut self, kind: Option<PictureKind>) -> Self {
        if let Self::Document { picture, .. } = &mut self {
            *picture = kind;
        }
        self
    }
}

/// Opens a file that holds files.
fn open_container(
    kind: Kind,
    content: &[u8],
    limits: &ReadLimits,
    room: &mut Room,
) -> Result<Opened, Reading> {
    let parts = |root, texts| Opened::Parts { root, texts };
    match kind {
        Kind::OutlookMessage => outlook::msg::read(content, limits, room).map(Opened::Mail),
        Kind::WinmailDat => {
            outlook::tnef::read(content, limits, room).map(|root| parts(root, Texts::Alternative))
        }
        Kind::SignedData => smime::read(content, limits, room).map(|root| parts(root, Texts::Own)),
        Kind::Zip => archive::read(content, limits, room).map(|root| parts(root, Texts::Own)),
        Kind::Docx
        | Kind::Doc
        | Kind::Rtf
        | Kind::OpenText
        | Kind::Sheet
        | Kind::Pdf
        | Kind::Html
        | Kind::Csv
        | Kind::Json
        | Kind::Text
        | Kind::Mail
        | Kind::Picture
        | Kind::OldOffice
        | Kind::LockedOffice
        | Kind::OpenDocument
        | Kind::Slides
        | Kind::Archive
        | Kind::LockedArchive
        | Kind::Encrypted
        | Kind::RightsProtected
        | Kind::CompressedMessage
        | Kind::Signature
        | Kind::Calendar
        | Kind::ContactCard
        | Kind::Sound
        | Kind::Code
        | Kind::OtherForm
        | Kind::Elsewhere
        | Kind::Other => Ok(Opened::Mail(mail::parse(content, &limits.mail))),
    }
}

/// S/MIME says what it is in its first bytes, else by a parameter (RFC 8551 section 3.2.2).
fn smime_kind(part: &Part, content: &[u8]) -> Option<Kind> {
    let is_declared = matches!(
        part.media_type.as_str(),
        "application/pkcs7-mime" | "application/x-pkcs7-mime"
    );
    if !is_declared && !kind::has_extension(part.filename.as_deref(), &["p7m"]) {
        return None;
    }
    if let Some(found) = smime::content_type(content) {
        return Some(match found {
            smime::ContentType::Signed => Kind::SignedData,
            smime::ContentType::Compressed => Kind::CompressedMessage,
            smime::ContentType::Encrypted => Kind::Encrypted,
        });
    }
    let content_type = part.fields.iter().find(|f| f.name == "content-type")?;
    let parameters = content_type.value.to_ascii_lowercase();
    if parameters.contains("signed-data") {
        Some(Kind::SignedData)
    } else {
        is_declared.then_some(Kind::Encrypted)
    }
}

fn read_kind(kind: Kind, content: &[u8], limits: &ReadLimits) -> (Reading, &'static str) {
    let mut budget = Budget::new(limits);
    let as_text = || crate::mail::decode_text(content);
    match kind {
        Kind::Docx => (docx::read(content, limits), DOCX),
        Kind::Doc => (doc::read(content, limits), "application/msword"),
        Kind::Rtf => (rtf::read(content, limits), RTF),
        Kind::OpenText => (opendocument::read(content, limits), ODT),
        Kind::Sheet => sheet::read(content, limits),
        Kind::Json => (json::read(content, limits), "application/json"),
        Kind::Pdf => (pdf::read(content, limits), "application/pdf"),
        Kind::Html => {
            let blocks = html::blocks(&as_text(), &mut budget);
            (Reading::of_blocks(blocks, &budget), "text/html")
        }
        Kind::Csv => {
            let blocks = csv::blocks(&as_text(), &mut budget);
            (Reading::of_blocks(blocks, &budget), "text/csv")
        }
        Kind::Text
        | Kind::Mail
        | Kind::OutlookMessage
        | Kind::WinmailDat
        | Kind::SignedData
        | Kind::Zip
        | Kind::Picture
        | Kind::OldOffice
        | Kind::LockedOffice
        | Kind::OpenDocument
        | Kind::Slides
        | Kind::Archive
        | Kind::LockedArchive
        | Kind::Encrypted
        | Kind::RightsProtected
        | Kind::CompressedMessage
        | Kind::Signature
        | Kind::Calendar
        | Kind::ContactCard
        | Kind::Sound
        | Kind::Code
        | Kind::OtherForm
        | Kind::Elsewhere
        | Kind::Other => {
            let blocks = text::blocks(&as_text(), Folding::Fixed, &mut budget);
            (Reading::of_blocks(blocks, &budget), "text/plain")
        }
    }
}

fn document(reading: Reading, part: &Part, media_type: Option<&str>) -> Opened {
    let has_content = !reading.blocks.is_empty() || !reading.fields.is_empty();
    let document = has_content.then(|| Document {
        part: part.number.clone(),
        filename: part.filename.clone(),
        media_type: media_type.unwrap_or(&part.media_type).to_owned(),
        blocks: reading.blocks,
        fields: reading.fields,
        recognised: false,
    });
    Opened::Document {
        status: reading.status,
        reason: reading.reason,
        document,
        picture: None,
    }
}

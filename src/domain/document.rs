//! What the worker makes of a mail: documents as blocks, each with its place.
//!
//! `extract` writes these, `forms` reads them, `sandbox` carries them over the worker's pipe.
//! None of these types implements `Debug`: they hold people's data.

use serde::{Deserialize, Serialize};

/// One mail, taken apart.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct ReadMessage {
    /// The header fields that matter.
    pub headers: MessageHeaders,
    /// The message text: the best of each alternative (usually one document).
    pub bodies: Vec<Document>,
    /// Every part that is not the message text, nested ones too, in order.
    pub attachments: Vec<Attachment>,
    /// What had to be mended to read it.
    pub repairs: Vec<Repair>,
    /// Mails attached to this one, taken apart as well; their attachments are also listed in
    /// [`ReadMessage::attachments`] of the outermost mail.
    pub nested: Vec<ReadMessage>,
    /// Pictures and scanned documents as they are, where they were asked for
    /// ([`super::ReadRequest::pictures`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Picture>,
}

/// Something to be looked at rather than read.
#[derive(Clone, Serialize, Deserialize)]
pub struct Picture {
    /// MIME part number of the attachment it is.
    pub part: String,
    /// What its bytes are.
    pub kind: PictureKind,
    /// Its bytes, in base64 (they cross the worker's pipe as JSON).
    #[serde(with = "in_base64")]
    pub bytes: Vec<u8>,
}

/// What the bytes of a [`Picture`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureKind {
    /// A picture file (PNG, JPEG, TIFF, BMP, GIF, WebP).
    Image,
    /// A PDF whose pages are pictures.
    ScannedPdf,
}

mod in_base64 {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(|_| D::Error::custom("not base64"))
    }
}

/// Header fields, decoded and unfolded; absent ones are empty.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct MessageHeaders {
    /// MIME part number of the mail these belong to: empty for the outermost, `2` for an attached one.
    pub part: String,
    /// Display name and address of the first From field.
    pub from_name: Option<String>,
    /// Lower-case address of the first From field.
    pub from_address: Option<String>,
    /// Lower-case Reply-To addresses.
    pub reply_to: Vec<String>,
    /// Lower-case To and Cc addresses.
    pub recipients: Vec<String>,
    /// Lower-case Bcc addresses, which only a mail that was not sent yet has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// Decoded subject.
    pub subject: String,
    /// The Date field in RFC 3339, if it is a possible date.
    pub date: Option<String>,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// In-Reply-To and References, without angle brackets, without repeats.
    pub references: Vec<String>,
    /// Every field as (lower-case name, decoded value), topmost first.
    pub fields: Vec<(String, String)>,
}

impl MessageHeaders {
    /// The topmost field of that name (any case).
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields_named(name).next()
    }

    /// All fields of that name (any case), topmost first.
    pub fn fields_named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_ascii_lowercase();
        self.fields
            .iter()
            .filter(move |(field, _)| *field == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A repair of broken MIME; staff see that reading was not plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Lines ended in bare CR.
    BareCr,
    /// No blank line between header and body.
    MissingBlankLine,
    /// A Content-Type without a subtype, or not one at all.
    OddContentType,
    /// A multipart without, or with an unclosed, boundary.
    Boundary,
    /// Base64 without padding or with foreign characters.
    Base64,
    /// Several From fields; the first was taken.
    DuplicateFrom,
    /// The Date field is impossible.
    ImpossibleDate,
    /// The declared charset was wrong; another was detected.
    Charset,
    /// More nesting or parts than the bound; the rest is listed, not read.
    Bounds,
}

/// How reading one attachment went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ReadStatus {
    Ok,
    Partial,
    Empty,
    Encrypted,
    Unreadable,
    Unsupported,
    TooLarge,
}

/// A part that is not the message text.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attachment {
    /// MIME part number, `2` or `2.1`.
    pub part: String,
    /// Decoded file name.
    pub filename: Option<String>,
    /// Declared media type, lower case.
    pub media_type: String,
    /// Decoded size in bytes.
    pub bytes: u64,
    /// How reading it went.
    pub read: ReadStatus,
    /// Why it was not read in full.
    pub reason: Option<String>,
    /// Its content, where it could be read.
    pub document: Option<Document>,
}

/// A sequence of blocks with its origin.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Document {
    /// MIME part number it came from.
    pub part: String,
    /// File name, for an attachment.
    pub filename: Option<String>,
    /// Media type it was read as.
    pub media_type: String,
    /// Its content in reading order.
    pub blocks: Vec<Block>,
    /// Values of interactive form fields (PDF AcroForm, Word legacy fields), in document order.
    pub fields: Vec<FormField>,
    /// Recognised from a picture (OCR): letters may be wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recognised: bool,
}

/// One piece of a document.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A heading; level 1 is the outermost, 0 is "looks like one".
    Heading {
        /// 1 to 6, or 0.
        level: u8,
        /// Its text.
        text: Vec<Inline>,
        /// Page, from 1, where known.
        page: Option<u32>,
    },
    /// A paragraph; hard line breaks inside are [`Inline::Break`].
    Paragraph {
        /// Its text.
        text: Vec<Inline>,
        /// Page, from 1, where known.
        page: Option<u32>,
    },
    /// A list item.
    ListItem {
        /// Its text.
        text: Vec<Inline>,
        /// Page, from 1, where known.
        page: Option<u32>,
    },
    /// One pair of a definition list.
    Definition {
        /// The `dt`.
        term: Vec<Inline>,
        /// The `dd`.
        value: Vec<Inline>,
    },
    /// A table.
    Table(Table),
    /// A horizontal rule or a line of dashes.
    Rule,
    /// Quoted history: what somebody wrote before (`>` lines, "From: ... Sent: ..." blocks).
    Quote(Vec<Block>),
}

/// A table; cells that span keep their span.
#[derive(Clone, Serialize, Deserialize)]
pub struct Table {
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Page, from 1, where known.
    pub page: Option<u32>,
}

/// One row.
#[derive(Clone, Serialize, Deserialize)]
pub struct Row {
    /// Cells from left to right.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cell {
    /// Its content.
    pub blocks: Vec<Block>,
    /// Columns it covers, at least 1.
    pub columns: u16,
    /// Rows it covers, at least 1.
    pub rows: u16,
    /// Marked as a header cell (`th`, repeated header row).
    pub header: bool,
}

/// A piece of a line.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// Plain text with the marks that matter.
    Text {
        /// The characters.
        text: String,
        /// Bold: often a label.
        bold: bool,
        /// Struck through: "delete as appropriate".
        struck: bool,
    },
    /// A tick box of any drawing (content control, Wingdings, `☐`, `[x]`, `<input type=checkbox>`).
    Tick {
        /// Ticked or not.
        checked: bool,
    },
    /// The answer in a content control or legacy field; a placeholder is not an answer.
    Answer {
        /// The characters.
        text: String,
        /// It is only the prompt ("Click or tap here to enter text.").
        placeholder: bool,
    },
    /// A hard line break.
    Break,
    /// Text a reader cannot see (display:none, one-pixel type): kept, never an answer.
    Hidden {
        /// The characters.
        text: String,
    },
}

/// An interactive form field.
#[derive(Clone, Serialize, Deserialize)]
pub struct FormField {
    /// Its full name in the document (`victim.name`).
    pub name: String,
    /// Its tooltip or alternative name (`TU`), if any.
    pub label: Option<String>,
    /// Its value.
    pub value: FieldValue,
    /// Page, from 1, where known.
    pub page: Option<u32>,
}

/// The value of an interactive form field.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Typed text.
    Text(String),
    /// What the chosen entries of a choice or radio group show.
    Choice(Vec<String>),
    /// A tick box.
    Tick(bool),
    /// Nothing entered.
    Blank,
}

/// The visible text of a line: text and answers joined, breaks as `\n`, placeholders and hidden
/// text left out, tick boxes as `☒` and `☐`.
pub fn inline_text(line: &[Inline]) -> String {
    let mut out = String::new();
    for piece in line {
        match piece {
            Inline::Text { text, .. } => out.push_str(text),
            Inline::Answer {
                text,
                placeholder: false,
            } => out.push_str(text),
            Inline::Tick { checked: true } => out.push('☒'),
            Inline::Tick { checked: false } => out.push('☐'),
            Inline::Break => out.push('\n'),
            Inline::Answer {
                placeholder: true, ..
            }
            | Inline::Hidden { .. } => {}
        }
    }
    out
}

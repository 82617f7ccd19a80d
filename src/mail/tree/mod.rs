//! The message tree: entities, multiparts, attached mails, and the repairs of broken ones.

mod boundary;
mod flat;

use super::header::{self, Structured, structured};
use super::transfer::{base64, mechanism, quoted_printable};
use super::uuencode::{self, Piece};
use super::{Field, Mail, NotRead, Part, PartBody, charset};
use crate::domain::{MailLimits, Repair};
use boundary::{guess_boundary, has_delimiter, split_parts};
use jiff::civil;
use mail_parser::DateTime;
use std::borrow::Cow;

/// Bytes of a body looked at for a boundary that the header does not name.
const BOUNDARY_SEARCH_BYTES: usize = 64 * 1024;
/// Longest boundary taken (RFC 2046 allows 70 characters).
const MAX_BOUNDARY: usize = 200;

pub(super) fn parse(raw: &[u8], limits: &MailLimits) -> Mail {
    let mut reader = Reader {
        limits,
        parts_left: limits.max_parts,
        repairs: Vec::new(),
    };
    match charset::from_utf16(raw) {
        Some(text) => {
            let mut mail = reader.mail(text.as_bytes(), "", 0);
            mail.repairs.insert(0, Repair::Charset);
            mail
        }
        None => reader.mail(raw, "", 0),
    }
}

struct Reader<'l> {
    limits: &'l MailLimits,
    parts_left: usize,
    /// Of the mail being read.
    repairs: Vec<Repair>,
}

/// What an entity's header says about its content.
struct Declared {
    media_type: String,
    charset: Option<String>,
    boundary: Option<String>,
    filename: Option<String>,
    is_attachment: bool,
    content_id: Option<String>,
    encoding: Encoding,
    /// A usable Content-Type was there.
    is_typed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Base64,
    QuotedPrintable,
}

impl Reader<'_> {
    fn repaired(&mut self, repair: Repair) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    fn mail(&mut self, raw: &[u8], prefix: &str, depth: usize) -> Mail {
        let outer = std::mem::take(&mut self.repairs);
        let bytes = self.mend_line_ends(raw);
        let start = leading_blank(&bytes);
        let entity = &bytes[start..];
        let fields = self.header(entity);
        let (fields, body) = (fields.0, &entity[fields.1..]);
        self.check_envelope(&fields);
        let own = fields.iter().filter(|f| f.name.starts_with("content-"));
        let own: Vec<Field> = own.map(Field::copy).collect();
        let root = self.part(own, body, Place::Root { prefix, depth });
        let repairs = std::mem::replace(&mut self.repairs, outer);
        Mail {
            fields,
            root,
            repairs,
        }
    }

    /// Bare CR or CR CR LF as line ends.
    fn mend_line_ends<'b>(&mut self, raw: &'b [u8]) -> Cow<'b, [u8]> {
        let first = raw.iter().position(|b| matches!(b, b'\r' | b'\n'));
        let Some(rest) = first.map(|at| &raw[at..]) else {
            return Cow::Borrowed(raw);
        };
        if rest.starts_with(b"\r\r\n") {
            self.repaired(Repair::BareCr);
            let mut out = Vec::with_capacity(raw.len());
            let mut at = 0;
            while let Some(&byte) = raw.get(at) {
                let doubled = byte == b'\r' && raw[at..].starts_with(b"\r\r\n");
                if !doubled {
                    out.push(byte);
                }
                at += 1;
            }
            return Cow::Owned(out);
        }
        if rest.starts_with(b"\r") && !rest.starts_with(b"\r\n") {
            self.repaired(Repair::BareCr);
            let mut out = Vec::with_capacity(raw.len());
            for (at, &byte) in raw.iter().enumerate() {
                let is_bare = byte == b'\r' && raw.get(at + 1) != Some(&b'\n');
                out.push(if is_bare { b'\n' } else { byte });
            }
            return Cow::Owned(out);
        }
        Cow::Borrowed(raw)
    }

    fn header(&mut self, entity: &[u8]) -> (Vec<Field>, usize) {
        let header = header::split(entity, self.limits.max_header_bytes);
        if header.no_blank_line {
            self.repaired(Repair::MissingBlankLine);
        }
        if header.truncated {
            self.repaired(Repair::Bounds);
        }
        (header.fields, header.body_at)
    }

    fn check_envelope(&mut self, fields: &[Field]) {
        if fields.iter().filter(|f| f.name == "from").count() > 1 {
            self.repaired(Repair::DuplicateFrom);
        }
        if let Some(date) = fields.iter().find(|f| f.name == "date")
            && possible_date(&date.value).is_none()
        {
            self.repaired(Repair::ImpossibleDate);
        }
    }

    fn part(&mut self, fields: Vec<Field>, body: &[u8], place: Place<'_>) -> Part {
        let declared = self.declared(&fields, place.default_type());
        let depth = place.depth();
        let multipart = self.multipart_content(&declared, body);
        let number = place.number(multipart.is_some());
        let mut part = part_of(number, &declared, fields, body.len());
        if let Some(multipart) = multipart {
            if !part.media_type.starts_with("multipart/") {
                part.media_type = "multipart/mixed".to_owned();
            }
            if depth < self.limits.max_depth {
                let children = Children {
                    prefix: place.children_prefix(),
                    default_type: match part.media_type.as_str() {
                        "multipart/digest" => "message/rfc822",
                        _ => TEXT,
                    },
                };
                part.body = self.multipart(&multipart, &children, depth);
            } else {
                self.repaired(Repair::Bounds);
                part.media_type = "multipart/mixed".to_owned();
                part.body = self.flat(&multipart, place.children_prefix());
            }
        } else if is_message(&part.media_type) {
            let bytes = self.transfer_decode(body, declared.encoding);
            part.size = bytes.len() as u64;
            if depth < self.limits.max_depth {
                let mail = self.mail(&bytes, &part.number, depth + 1);
                part.body = PartBody::Message(Box::new(mail));
            } else {
                self.repaired(Repair::Bounds);
            }
        } else {
            self.leaf(&mut part, &declared, body);
        }
        part
    }

    fn leaf(&mut self, part: &mut Part, declared: &Declared, body: &[u8]) {
        // A multipart of which no boundary can be found is read as text.
        if part.media_type.starts_with("multipart/") {
            self.repaired(Repair::Boundary);
            part.media_type = "text/plain".to_owned();
        }
        let bytes = self.transfer_decode(body, declared.encoding);
        part.size = bytes.len() as u64;
        let looks_binary = !declared.is_typed && part.filename.is_some() && bytes.contains(&0);
        if looks_binary {
            part.media_type = "application/octet-stream".to_owned();
        }
        if !part.media_type.starts_with("text/") {
            part.body = PartBody::Bytes(bytes.into_owned());
            return;
        }
        let pieces = match part.media_type.as_str() {
            TEXT if !part.is_attachment && part.filename.is_none() => uuencode::split(&bytes),
            _ => None,
        };
        part.body = match pieces {
            None => PartBody::Text(self.text(&bytes, part.charset.as_deref())),
            Some(pieces) => self.files_in_text(pieces, part),
        };
    }

    fn text(&mut self, bytes: &[u8], charset: Option<&str>) -> String {
        let decoded = charset::decode(bytes, charset);
        if decoded.overruled {
            self.repaired(Repair::Charset);
        }
        normal_line_ends(decoded.text)
    }

    /// A text with files written into it, as a multipart of texts and files.
    fn files_in_text(&mut self, pieces: Vec<Piece>, part: &mut Part) -> PartBody {
        let mut parts = Vec::new();
        for piece in pieces {
            let (filename, content) = match piece {
                Piece::Text(text) if text.trim_ascii().is_empty() => continue,
                Piece::Text(text) => (None, text),
                Piece::File { name, content } => {
                    let name = charset::decode(&name, None).text;
                    (Some(without_controls(&name)), content)
                }
            };
            if self.parts_left == 0 {
                self.repaired(Repair::Bounds);
                break;
            }
            self.parts_left -= 1;
            let size = content.len() as u64;
            let is_file = filename.is_some();
            let (media_type, body) = if is_file {
                ("application/octet-stream", PartBody::Bytes(content))
            } else {
                (TEXT, PartBody::Text(self.text(&content, part.charset.as_deref())))
            };
            parts.push(Part {
                number: format!("{}.{}", part.number, parts.len() + 1),
                media_type: media_type.to_owned(),
                charset: None,
                filename,
                is_attachment: is_file,
                content_id: None,
                fields: Vec::new(),
                size,
                body,
            });
        }
        part.media_type = "multipart/mixed".to_owned();
        PartBody::Multipart(parts)
    }

    fn transfer_decode<'b>(&mut self, body: &'b [u8], encoding: Encoding) -> Cow<'b, [u8]> {
        match encoding {
            Encoding::Identity => Cow::Borrowed(body),
            Encoding::QuotedPrintable => Cow::Owned(quoted_printable(body)),
            Encoding::Base64 => match base64(body) {
                Some(decoded) => {
                    if decoded.mended {
                        self.repaired(Repair::Base64);
                    }
                    Cow::Owned(decoded.bytes)
                }
                None => {
                    self.repaired(Repair::Base64);
                    Cow::Borrowed(body)
                }
            },
        }
    }

    fn declared(&mut self, fields: &[Field], default_type: &str) -> Declared {
        let field = |name: &str| fields.iter().find(|f| f.name == name);
        let content_type = field("content-type").map(|f| structured(&f.raw));
        let disposition = field("content-disposition").map(|f| structured(&f.raw));
        let media_type = content_type.as_ref().and_then(|c| media_type(&c.value));
        let parameter = |name: &str| content_type.as_ref().and_then(|c| c.parameter(name));
        if let Some(field) = &content_type {
            let is_odd = media_type.as_ref().is_none_or(|t| t.is_odd);
            if is_odd {
                self.repaired(Repair::OddContentType);
            }
            if field.folded_value && field.parameter("boundary").is_some() {
                self.repaired(Repair::Boundary);
            }
        }
        let mechanism = field("content-transfer-encoding").map(|f| mechanism(&f.value));
        let encoding = match mechanism.as_deref() {
            Some("base64") => Encoding::Base64,
            Some("quoted-printable") => Encoding::QuotedPrintable,
            Some(_) | None => Encoding::Identity,
        };
        let named = |s: &Option<Structured>, name: &str| {
            s.as_ref()
                .and_then(|s| s.parameter(name))
                .map(|name| without_controls(name).trim().to_owned())
                .filter(|name| !name.is_empty())
        };
        Declared {
            is_typed: media_type.as_ref().is_some_and(|t| !t.is_odd),
            media_type: media_type.map_or_else(|| default_type.to_owned(), |t| t.name),
            charset: parameter("charset")
                .map(|c| c.trim_matches(['"', '\'', ' ']).to_ascii_lowercase())
                .filter(|c| !c.is_empty()),
            boundary: parameter("boundary")
                .map(|b| b.trim_end().to_owned())
                .filter(|b| !b.is_empty() && b.len() <= MAX_BOUNDARY),
            filename: named(&disposition, "filename").or_else(|| named(&content_type, "name")),
            is_attachment: disposition.is_some_and(|d| d.value == "attachment"),
            content_id: field("content-id")
                .map(|f| f.value.trim_matches(['<', '>', ' ']).to_owned())
                .filter(|id| !id.is_empty()),
            encoding,
        }
    }

    /// The content of a multipart and its boundary: declared, or found in the body. `None` for other parts.
    fn multipart_content<'b>(&mut self, declared: &Declared, body: &'b [u8]) -> Option<Multipart<'b>> {
        let is_multipart = declared.media_type.starts_with("multipart/");
        if !is_multipart && declared.is_typed {
            return None;
        }
        if is_multipart
            && let Some(boundary) = &declared.boundary
            && has_delimiter(body, boundary.as_bytes())
        {
            return Some(Multipart {
                content: Cow::Borrowed(body),
                boundary: boundary.as_bytes().to_vec(),
            });
        }
        let found = guess_boundary(body).map(|boundary| Multipart {
            content: Cow::Borrowed(body),
            boundary,
        });
        // RFC 2045 forbids encoding a multipart; gateways do it.
        let found = found.or_else(|| {
            if !is_multipart || declared.encoding == Encoding::Identity {
                return None;
            }
            let content = self.transfer_decode(body, declared.encoding).into_owned();
            let boundary = match &declared.boundary {
                Some(named) if has_delimiter(&content, named.as_bytes()) => named.as_bytes().to_vec(),
                Some(_) | None => guess_boundary(&content)?,
            };
            Some(Multipart {
                content: Cow::Owned(content),
                boundary,
            })
        });
        if found.is_some() {
            self.repaired(Repair::Boundary);
        }
        found
    }

    fn multipart(&mut self, multipart: &Multipart<'_>, children: &Children<'_>, depth: usize) -> PartBody {
        let prefix = children.prefix;
        let (ranges, is_closed) = split_parts(&multipart.content, &multipart.boundary, self.parts_left + 1);
        if !is_closed {
            self.repaired(Repair::Boundary);
        }
        let mut parts = Vec::new();
        for (at, range) in ranges.into_iter().enumerate() {
            let number = if prefix.is_empty() {
                (at + 1).to_string()
            } else {
                format!("{prefix}.{}", at + 1)
            };
            if self.parts_left == 0 {
                self.repaired(Repair::Bounds);
                parts.push(not_read(number));
                break;
            }
            self.parts_left -= 1;
            let entity = &multipart.content[range];
            let (fields, body_at) = self.header(entity);
            let place = Place::Child {
                number,
                depth: depth + 1,
                default_type: children.default_type,
            };
            parts.push(self.part(fields, &entity[body_at..], place));
        }
        PartBody::Multipart(parts)
    }
}

struct Multipart<'b> {
    content: Cow<'b, [u8]>,
    boundary: Vec<u8>,
}

/// Where a part stands: the root of a mail (attached at `prefix`, or outermost) or a multipart's child.
enum Place<'p> {
    Root {
        prefix: &'p str,
        depth: usize,
    },
    Child {
        number: String,
        depth: usize,
        default_type: &'p str,
    },
}

/// What a multipart's parts have in common.
struct Children<'c> {
    prefix: &'c str,
    /// Of parts that declare none (RFC 2046 section 5.1.5).
    default_type: &'c str,
}

/// What an entity is that declares no type (RFC 2045 section 5.2).
const TEXT: &str = "text/plain";

impl Place<'_> {
    fn depth(&self) -> usize {
        match self {
            Self::Root { depth, .. } | Self::Child { depth, .. } => *depth,
        }
    }

    /// As IMAP numbers them (RFC 3501 section 6.4.5): a mail's only part is 1, its multipart has no number.
    fn number(&self, is_multipart: bool) -> String {
        match self {
            Self::Root { prefix, .. } if is_multipart => (*prefix).to_owned(),
            Self::Root { prefix: "", .. } => "1".to_owned(),
            Self::Root { prefix, .. } => format!("{prefix}.1"),
            Self::Child { number, .. } => number.clone(),
        }
    }

    fn default_type(&self) -> &str {
        match self {
            Self::Root { .. } => TEXT,
            Self::Child { default_type, .. } => default_type,
        }
    }

    fn children_prefix(&self) -> &str {
        match self {
            Self::Root { prefix, .. } => prefix,
            Self::Child { number, .. } => number,
        }
    }
}

fn is_message(media_type: &str) -> bool {
    matches!(media_type, "message/rfc822" | "message/global" | "message/news")
}

/// A part whose content is not known yet.
fn part_of(number: String, declared: &Declared, fields: Vec<Field>, size: usize) -> Part {
    Part {
        number,
        media_type: declared.media_type.clone(),
        charset: declared.charset.clone(),
        filename: declared.filename.clone(),
        is_attachment: declared.is_attachment,
        content_id: declared.content_id.clone(),
        fields,
        size: size as u64,
        body: PartBody::NotRead(NotRead::Bounds),
    }
}

fn not_read(number: String) -> Part {
    Part {
        number,
        media_type: "application/octet-stream".to_owned(),
        charset: None,
        filename: None,
        is_attachment: true,
        content_id: None,
        fields: Vec::new(),
        size: 0,
        body: PartBody::NotRead(NotRead::Bounds),
    }
}

impl Field {
    fn copy(&self) -> Self {
        Self {
            name: self.name.clone(),
            value: self.value.clone(),
            raw: self.raw.clone(),
        }
    }
}

struct MediaType {
    name: String,
    is_odd: bool,
}

/// A media type, completed where only its first half is there.
fn media_type(value: &str) -> Option<MediaType> {
    let is_token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let value = value.trim_matches(['"', '\'', ' ']);
    let (kind, subtype) = value.split_once('/').unwrap_or((value, ""));
    let (kind, subtype) = (kind.trim(), subtype.trim());
    if is_token(kind) && is_token(subtype) {
        let name = format!("{kind}/{subtype}");
        return Some(MediaType { name, is_odd: false });
    }
    let name = match kind {
        "multipart" => "multipart/mixed",
        "html" => "text/html",
        "message" => "message/rfc822",
        _ => "text/plain",
    };
    let name = name.to_owned();
    Some(MediaType { name, is_odd: true })
}

/// Blank lines and a byte order mark before the header.
fn leading_blank(bytes: &[u8]) -> usize {
    let bom = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let blank = bytes[bom..]
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    bom + blank
}

fn normal_line_ends(text: String) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    }
}

/// Reads a Date field; `None` for what no calendar has.
pub(crate) fn possible_date(value: &str) -> Option<DateTime> {
    let date = DateTime::parse_rfc822(value).filter(DateTime::is_valid)?;
    let (year, month, day) = (
        i16::try_from(date.year).ok()?,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
    );
    civil::Date::new(year, month, day).ok().map(|_| date)
}

/// A file name as it may be shown: without control characters, and without the directional ones that turn
/// `cod.exe` round on a screen (UAX 9 section 2).
pub(crate) fn without_controls(name: &str) -> String {
    let is_directional = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars()
        .filter(|c| !c.is_control() && !is_directional(*c))
        .collect()
}

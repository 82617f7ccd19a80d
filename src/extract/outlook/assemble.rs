//! A message's properties and attachments as a mail of MIME parts.

use super::properties::{Properties, id};
use super::{compressed, envelope, item};
use crate::domain::{ReadLimits, Repair};
use crate::extract::attachment::RTF;
use crate::extract::rtf::{self, Wrapped};
use crate::extract::unpack::{self, Room};
use crate::mail::{self, Field, Mail, Part, PartBody};

/// A message as its reader found it.
#[derive(Default)]
pub(super) struct Message {
    pub(super) properties: Properties,
    pub(super) recipients: Vec<Properties>,
    /// Its attachments, as parts.
    pub(super) attachments: Vec<Part>,
    /// More was attached than the limits allow.
    pub(super) is_cut: bool,
}

impl Message {
    /// As a mail.
    pub(super) fn mail(self, limits: &ReadLimits, room: &mut Room) -> Mail {
        let fields = envelope::fields(&self.properties, &self.recipients, &limits.mail);
        let repairs = if self.is_cut {
            vec![Repair::Bounds]
        } else {
            Vec::new()
        };
        Mail {
            fields,
            root: self.root(limits, room),
            repairs,
        }
    }

    /// As the parts of a mail.
    pub(super) fn root(self, limits: &ReadLimits, room: &mut Room) -> Part {
        let mut parts: Vec<Part> = Vec::new();
        // The MIME entity of a signed message holds the text too.
        if !self.attachments.iter().any(is_signed_entity) {
            parts.extend(body(&self.properties, limits, room));
        }
        if let Some(text) = item::text(&self.properties) {
            parts.push(unpack::part("text/plain", PartBody::Text(text)));
        }
        parts.extend(self.attachments);
        unpack::multipart("multipart/mixed", parts)
    }
}

/// The text in all forms that it is kept in, poorest first.
fn body(message: &Properties, limits: &ReadLimits, room: &mut Room) -> Option<Part> {
    let mut plain = message
        .text(id::BODY)
        .or_else(|| message.text(id::REPORT_TEXT))
        .filter(|text| !text.trim().is_empty());
    let mut html = message
        .internet_text(id::HTML)
        .filter(|html| !html.trim().is_empty());
    let mut rich = None;
    if html.is_none()
        && let Some(rtf) = message.binary(id::RTF_COMPRESSED)
        && let Some(rtf) = compressed::decompress(rtf, room.bytes().min(limits.max_document_bytes))
        && room.take_bytes(rtf.len() as u64)
    {
        match rtf::unwrap(&rtf) {
            Some(Wrapped::Html(text)) => html = Some(text),
            Some(Wrapped::Text(text)) => plain = plain.or(Some(text)),
            None => rich = Some(rtf),
        }
    }
    let mut parts: Vec<Part> = Vec::new();
    let text = |text: String| PartBody::Text(text.replace("\r\n", "\n"));
    parts.extend(plain.map(|plain| unpack::part("text/plain", text(plain))));
    parts.extend(rich.map(|rich| unpack::part(RTF, PartBody::Bytes(rich))));
    parts.extend(html.map(|html| unpack::part("text/html", text(html))));
    if parts.len() > 1 {
        return Some(unpack::multipart("multipart/alternative", parts));
    }
    parts.pop()
}

fn is_signed_entity(part: &Part) -> bool {
    match &part.body {
        PartBody::Multipart(parts) => !parts.is_empty(),
        PartBody::Text(_) | PartBody::Bytes(_) | PartBody::Message(_) | PartBody::NotRead(_) => false,
    }
}

/// An attachment with content, named and typed by its properties.
pub(super) fn file(attachment: &Properties, content: Vec<u8>, limits: &ReadLimits) -> Part {
    let tag = attachment.line(id::ATTACH_MIME_TAG).unwrap_or_default();
    let media_type = tag
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    // Outlook keeps a message that is signed in the clear as one attachment: the whole MIME entity.
    if media_type == "multipart/signed" {
        return mail::parse(&content, &limits.mail).root;
    }
    let is_type = media_type.contains('/') && !media_type.contains(char::is_whitespace);
    let media_type = if is_type {
        media_type.as_str()
    } else {
        "application/octet-stream"
    };
    let is_signed = media_type.ends_with("pkcs7-mime") && is_signed_data(&content);
    let mut part = unpack::file(file_name(attachment), media_type, content);
    part.content_id = content_id(attachment);
    if is_type {
        let value = if is_signed {
            format!("{media_type}; smime-type=signed-data")
        } else {
            tag
        };
        part.fields.push(Field {
            name: "content-type".to_owned(),
            raw: value.clone().into_bytes(),
            value,
        });
    }
    part
}

/// Whether this is a signed message in one piece and not an encrypted one: Outlook keeps the type without
/// the parameter that says so. The object identifier of signed data (RFC 5652 section 5.1) comes first.
fn is_signed_data(content: &[u8]) -> bool {
    const HEAD: usize = 32;
    const SIGNED_DATA: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let head = content.get(..content.len().min(HEAD)).unwrap_or_default();
    head.windows(SIGNED_DATA.len()).any(|bytes| bytes == SIGNED_DATA)
}

/// An attachment that is listed and not read.
pub(super) fn not_read(attachment: &Properties, size: u64) -> Part {
    unpack::file_not_read(file_name(attachment), size)
}

/// An attached message.
pub(super) fn message(attachment: &Properties, mail: Mail) -> Part {
    let mut part = unpack::part("message/rfc822", PartBody::Message(Box::new(mail)));
    part.filename = file_name(attachment);
    part.is_attachment = true;
    part
}

/// The attachment's name: the long one, the one of eight letters, or what is shown for it.
pub(super) fn file_name(attachment: &Properties) -> Option<String> {
    let path = attachment
        .line(id::ATTACH_LONG_FILENAME)
        .or_else(|| attachment.line(id::ATTACH_FILENAME))
        .or_else(|| attachment.line(id::DISPLAY_NAME))
        .or_else(|| attachment.line(id::ATTACH_LONG_PATHNAME))
        .or_else(|| attachment.line(id::ATTACH_PATHNAME))
        .or_else(|| {
            attachment
                .line(id::ATTACH_EXTENSION)
                .map(|end| format!("attachment{end}"))
        })?;
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn content_id(attachment: &Properties) -> Option<String> {
    let id = attachment.line(id::ATTACH_CONTENT_ID)?;
    let id = id.trim_matches(['<', '>', ' ']);
    (!id.is_empty()).then(|| id.to_owned())
}

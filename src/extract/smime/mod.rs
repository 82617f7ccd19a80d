//! S/MIME messages signed in one piece (RFC 8551 section 3.5.2): the signed content is taken out of its
//! CMS envelope (RFC 5652). Signatures are not checked.

mod ber;

use super::attachment::Reading;
use super::unpack::{self, Room};
use crate::domain::{ReadLimits, ReadStatus};
use crate::mail::{self, Part};
use ber::{Ber, OCTET_STRING, OID, SEQUENCE, SET};

/// What a CMS object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    Signed,
    Compressed,
    /// Enveloped, authenticated-enveloped or plainly encrypted.
    Encrypted,
}

/// `[0]`, constructed (the explicit tag of a content).
const CONTENT: u8 = 0xa0;
/// INTEGER.
const INTEGER: u8 = 0x02;

/// 1.2.840.113549.1.7: PKCS #7 content types, without the last number.
const PKCS7: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07";
/// 1.2.840.113549.1.9.16.1: S/MIME content types, without the last number.
const SMIME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01";

/// Tells a CMS object by the object identifier at its beginning; `None` for other bytes.
pub(super) fn content_type(bytes: &[u8]) -> Option<ContentType> {
    let mut ber = Ber::new(bytes);
    ber.enter(SEQUENCE)?;
    content_type_of(ber.content(OID)?)
}

fn content_type_of(oid: &[u8]) -> Option<ContentType> {
    match (oid.strip_prefix(PKCS7), oid.strip_prefix(SMIME)) {
        (Some([2]), _) => Some(ContentType::Signed),
        (Some([3 | 4 | 6]), _) | (_, Some([23])) => Some(ContentType::Encrypted),
        (_, Some([9])) => Some(ContentType::Compressed),
        (_, _) => None,
    }
}

/// Takes the signed content out: a MIME entity, or now and then a file as it is.
pub(super) fn read(bytes: &[u8], limits: &ReadLimits, room: &mut Room) -> Result<Part, Reading> {
    let content = match signed_content(bytes) {
        Some(Some(content)) => content,
        Some(None) => {
            let reason = "certificates or a signature without a message";
            return Err(Reading::failed(ReadStatus::Empty, reason));
        }
        None => {
            let reason = "damaged signed message; it cannot be opened";
            return Err(Reading::failed(ReadStatus::Unreadable, reason));
        }
    };
    if !room.take_bytes(content.len() as u64) {
        let reason = "unpacks to more than the limit; not read";
        return Err(Reading::failed(ReadStatus::TooLarge, reason));
    }
    let mail = mail::parse(&content, &limits.mail);
    let is_entity = mail
        .fields
        .iter()
        .any(|field| field.name.starts_with("content-") || field.name == "mime-version");
    if is_entity {
        return Ok(mail.root);
    }
    let file = unpack::file(None, "application/octet-stream", content);
    Ok(unpack::multipart("multipart/mixed", vec![file]))
}

/// The `eContent` of SignedData (RFC 5652 section 5.2). Outer `None` for what is not SignedData, inner
/// `None` where it holds no content.
fn signed_content(bytes: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut ber = Ber::new(bytes);
    ber.enter(SEQUENCE)?;
    if content_type_of(ber.content(OID)?)? != ContentType::Signed {
        return None;
    }
    ber.enter(CONTENT)?;
    ber.enter(SEQUENCE)?;
    ber.skip(INTEGER)?;
    ber.skip(SET)?;
    let end = ber.enter(SEQUENCE)?;
    ber.content(OID)?;
    let is_empty = end.is_some_and(|end| ber.at() >= end) || ber.peek() != Some(CONTENT);
    if is_empty {
        return Some(None);
    }
    ber.enter(CONTENT)?;
    // PKCS #7 version 1.5 lets other types stand here; they have no constructed form of a string.
    let content = match ber.peek()? {
        tag if ber::is_string(tag) => ber.octets(OCTET_STRING)?,
        _ => ber.value()?.to_vec(),
    };
    Some((!content.is_empty()).then_some(content))
}

#[cfg(test)]
mod tests;

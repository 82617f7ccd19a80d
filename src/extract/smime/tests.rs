use super::*;
use crate::mail::PartBody;

/// An element of definite length.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(u8::try_from(length).unwrap()),
        _ => {
            out.push(0x84);
            out.extend(u32::try_from(length).unwrap().to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// A constructed element of indefinite length.
fn open_ended(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

fn oid(prefix: &[u8], last: u8) -> Vec<u8> {
    der(OID, &[prefix, &[last]].concat())
}

fn signed(wrap: fn(u8, &[u8]) -> Vec<u8>, string: Option<Vec<u8>>) -> Vec<u8> {
    let content = string.map(|string| wrap(CONTENT, &string)).unwrap_or_default();
    let encapsulated = [oid(PKCS7, 1), content].concat();
    let algorithms = wrap(
        SET,
        &wrap(SEQUENCE, &der(OID, b"\x60\x86\x48\x01\x65\x03\x04\x02\x01")),
    );
    let data = [
        der(INTEGER, &[1]),
        algorithms,
        wrap(SEQUENCE, &encapsulated),
        wrap(SET, b""),
    ]
    .concat();
    wrap(
        SEQUENCE,
        &[oid(PKCS7, 2), wrap(CONTENT, &wrap(SEQUENCE, &data))].concat(),
    )
}

const ENTITY: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n\r\nZo\xc3\xab agreed.\r\n";

fn read_bytes(bytes: &[u8]) -> Result<Part, Reading> {
    let limits = ReadLimits::default();
    read(bytes, &limits, &mut Room::new(&limits))
}

#[track_caller]
fn check(bytes: &[u8]) {
    let part = read_bytes(bytes).map_err(|reading| reading.reason).unwrap();
    assert!(matches!(&part.body, PartBody::Text(text) if text == "Zoë agreed.\n"));
}

#[test]
fn the_content_is_taken_out_of_every_encoding() {
    check(&signed(der, Some(der(OCTET_STRING, ENTITY))));
    let (one, two) = ENTITY.split_at(20);
    let pieces = [der(OCTET_STRING, one), der(OCTET_STRING, two)].concat();
    check(&signed(der, Some(der(OCTET_STRING | 0x20, &pieces))));
    check(&signed(
        open_ended,
        Some(open_ended(OCTET_STRING | 0x20, &pieces)),
    ));
    let nested = open_ended(OCTET_STRING | 0x20, &open_ended(OCTET_STRING | 0x20, &pieces));
    check(&signed(open_ended, Some(nested)));
}

#[test]
fn content_that_is_no_mail_is_a_file() {
    let part = read_bytes(&signed(der, Some(der(OCTET_STRING, b"%PDF-1.7 x"))))
        .ok()
        .unwrap();
    let PartBody::Multipart(parts) = part.body else {
        panic!("not a multipart");
    };
    assert!(matches!(&parts[0].body, PartBody::Bytes(bytes) if bytes == b"%PDF-1.7 x"));
}

#[test]
fn what_holds_no_message_is_named() {
    for wrap in [der, open_ended] {
        let reading = read_bytes(&signed(wrap, None)).err().unwrap();
        assert_eq!(reading.status, ReadStatus::Empty);
    }
    assert_eq!(
        read_bytes(b"no envelope").err().unwrap().status,
        ReadStatus::Unreadable
    );
}

#[test]
fn the_object_identifier_tells_signed_from_encrypted() {
    let object = |prefix: &[u8], last| der(SEQUENCE, &oid(prefix, last));
    assert_eq!(content_type(&object(PKCS7, 2)), Some(ContentType::Signed));
    assert_eq!(content_type(&object(PKCS7, 3)), Some(ContentType::Encrypted));
    assert_eq!(content_type(&object(SMIME, 23)), Some(ContentType::Encrypted));
    assert_eq!(content_type(&object(SMIME, 9)), Some(ContentType::Compressed));
    assert_eq!(content_type(&object(PKCS7, 1)), None);
    assert_eq!(content_type(b"Dear team"), None);
}

#[test]
fn what_breaks_off_or_nests_without_end_is_bounded() {
    let whole = signed(
        open_ended,
        Some(open_ended(OCTET_STRING | 0x20, &der(OCTET_STRING, ENTITY))),
    );
    for end in 0..whole.len() {
        let _ = read_bytes(&whole[..end]);
    }
    let deep = [0x24, 0x80].repeat(100_000);
    assert!(read_bytes(&signed(open_ended, Some(deep))).is_err());
    let deep = [0x31, 0x80].repeat(100_000);
    let start = [der(INTEGER, &[1]), deep].concat();
    let bytes = der(
        SEQUENCE,
        &[oid(PKCS7, 2), der(CONTENT, &der(SEQUENCE, &start))].concat(),
    );
    assert!(read_bytes(&bytes).is_err());
}

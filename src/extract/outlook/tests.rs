mod winmail;

use super::*;
use crate::domain::ReadLimits;
use crate::domain::{ReadMessage, ReadRequest, ReadStatus};
use crate::extract::compound;
use crate::extract::outline::outline;
use crate::extract::read_file;
use crate::extract::unpack::Room;
use std::io::{Cursor, Write};

/// Writes a message as Outlook saves it: a compound file of property streams.
struct MsgBuilder {
    file: cfb::CompoundFile<Cursor<Vec<u8>>>,
}

impl MsgBuilder {
    fn new() -> Self {
        Self {
            file: cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap(),
        }
    }

    fn storage(&mut self, path: &str) -> &mut Self {
        self.file.create_storage_all(path).unwrap();
        self
    }

    fn stream(&mut self, path: &str, content: &[u8]) -> &mut Self {
        let mut stream = self.file.create_stream(path).unwrap();
        stream.write_all(content).unwrap();
        drop(stream);
        self
    }

    /// A text property in Unicode.
    fn text(&mut self, storage: &str, id: u16, text: &str) -> &mut Self {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.stream(&format!("{storage}/__substg1.0_{id:04X}001F"), &bytes)
    }

    fn binary(&mut self, storage: &str, id: u16, bytes: &[u8]) -> &mut Self {
        self.stream(&format!("{storage}/__substg1.0_{id:04X}0102"), bytes)
    }

    /// The properties of a fixed size, as (type, id, value).
    fn fixed(&mut self, storage: &str, header: usize, values: &[(u16, u16, u64)]) -> &mut Self {
        let mut bytes = vec![0; header];
        for (kind, id, value) in values {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(id.to_le_bytes());
            bytes.extend([6, 0, 0, 0]);
            bytes.extend(value.to_le_bytes());
        }
        self.stream(&format!("{storage}/__properties_version1.0"), &bytes)
    }

    fn finish(mut self) -> Vec<u8> {
        if !self.file.exists("/__properties_version1.0") {
            self.fixed("", 32, &[]);
        }
        self.file.flush().unwrap();
        self.file.into_inner().into_inner()
    }
}

/// 2026-03-04 10:30 in hundreds of nanoseconds since 1601.
const TIME: u64 = (1_772_620_200 + 11_644_473_600) * 10_000_000;

fn opened(content: Vec<u8>, filename: &str) -> ReadMessage {
    read_file(content, filename, &ReadRequest::default(), &mut |_| {})
}

fn rows(message: &ReadMessage) -> Vec<String> {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    message
        .attachments
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {:?}",
                row.part,
                name(&row.filename),
                row.bytes,
                row.read
            )
        })
        .collect()
}

#[track_caller]
fn only(message: &ReadMessage) -> &ReadMessage {
    assert_eq!(message.nested.len(), 1);
    message.nested.first().unwrap()
}

fn bodies(message: &ReadMessage) -> String {
    message.bodies.iter().map(|body| outline(&body.blocks)).collect()
}

#[test]
fn a_message_gives_fields_text_and_attachments() {
    let mut msg = MsgBuilder::new();
    msg.fixed("", 32, &[(0x40, 0x0039, TIME), (0x03, 0x3fde, 65001)])
        .text("", 0x0037, "Referral")
        .text("", 0x0042, "Al \"the\" Officer")
        .text("", 0x0064, "SMTP")
        .text("", 0x0065, "Al@police.example")
        .text("", 0x1035, "<1@police.example>")
        .text("", 0x1000, "Dear team\r\n")
        .binary("", 0x1013, "<p>Dear té<b>am</b></p>".as_bytes());
    for (number, kind, name) in [(0, 1, "to"), (1, 2, "copy"), (2, 3, "blind")] {
        let storage = format!("/__recip_version1.0_#{number:08X}");
        msg.storage(&storage)
            .fixed(&storage, 8, &[(3, 0x0c15, kind)])
            .text(&storage, 0x3001, name)
            .text(&storage, 0x3002, "EX")
            .text(&storage, 0x3003, "/o=org/cn=x@y")
            .text(&storage, 0x39fe, &format!("{name}@rj.example"));
    }
    let storage = "/__attach_version1.0_#00000000";
    msg.storage(storage)
        .fixed(storage, 8, &[(3, 0x3705, 1)])
        .text(storage, 0x3704, "LONGNA~1.TXT")
        .text(storage, 0x3707, "Long name.txt")
        .text(storage, 0x370e, "text/plain")
        .binary(storage, 0x3701, b"Name: Jo");
    let message = opened(msg.finish(), "saved.msg");
    let mail = only(&message);
    assert_eq!(mail.headers.subject, "Referral");
    assert_eq!(mail.headers.from_name.as_deref(), Some("Al \"the\" Officer"));
    assert_eq!(mail.headers.from_address.as_deref(), Some("al@police.example"));
    assert_eq!(mail.headers.recipients, ["to@rj.example", "copy@rj.example"]);
    assert_eq!(mail.headers.date.as_deref(), Some("2026-03-04T10:30:00Z"));
    assert_eq!(mail.headers.message_id.as_deref(), Some("1@police.example"));
    assert_eq!(bodies(mail), "P Dear téam +b(am)\n");
    assert_eq!(rows(&message)[1..], ["1.2 Long name.txt 8 Ok"]);
}

#[test]
fn the_header_it_travelled_with_comes_first() {
    let mut msg = MsgBuilder::new();
    let header = "Microsoft Mail Internet Headers Version 2.0\r\nFrom: Jo <jo@a.example>\r\n\
                  Date: Wed, 4 Mar 2026 09:00:00 +0000\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n";
    msg.text("", 0x007d, header)
        .text("", 0x0037, "other")
        .text("", 0x0042, "Other")
        .text("", 0x0e04, "Team")
        .text("", 0x1000, "x");
    let message = opened(msg.finish(), "saved.msg");
    let mail = only(&message);
    assert_eq!(mail.headers.subject, "café");
    assert_eq!(mail.headers.from_address.as_deref(), Some("jo@a.example"));
    assert_eq!(mail.headers.date.as_deref(), Some("2026-03-04T09:00:00Z"));
    assert_eq!(mail.headers.field("to"), Some("\"Team\" <>"));
    assert!(mail.headers.recipients.is_empty());
}

#[test]
fn text_in_a_code_page_and_rich_text() {
    let mut msg = MsgBuilder::new();
    let rtf = br"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\b Rich\b0\par}";
    let mut packed = vec![0; 4];
    packed.extend((rtf.len() as u32).to_le_bytes());
    packed.extend(b"MELA");
    packed.extend([0; 4]);
    packed.extend(rtf);
    msg.fixed("", 32, &[(3, 0x3ffd, 1251)])
        .stream("/__substg1.0_0037001E", b"\xcf\xf0\xe8\xe2\xe5\xf2\0")
        .binary("", 0x1009, &packed);
    let message = opened(msg.finish(), "saved.msg");
    let mail = only(&message);
    assert_eq!(mail.headers.subject, "Привет");
    assert_eq!(bodies(mail), "P Rich +b(Rich)\n");
}

#[test]
fn messages_in_messages_are_mails_up_to_a_depth() {
    let mut msg = MsgBuilder::new();
    let mut path = String::new();
    for depth in 0..8 {
        msg.text(&path, 0x1000, &format!("text {depth}"));
        let attachment = format!("{path}/__attach_version1.0_#00000000");
        path = format!("{attachment}/__substg1.0_3701000D");
        msg.storage(&path).fixed(&attachment, 8, &[(3, 0x3705, 5)]).text(
            &attachment,
            0x3001,
            &format!("inner {depth}"),
        );
    }
    let message = opened(msg.finish(), "saved.msg");
    let limit = ReadLimits::default().max_container_depth;
    let mut mail = &message;
    let mut depth = 0;
    while let Some(inner) = mail.nested.first() {
        assert_eq!(bodies(inner), format!("P text {depth}\n"));
        mail = inner;
        depth += 1;
    }
    assert_eq!(depth, limit);
    let last = message.attachments.last().unwrap();
    assert_eq!(last.read, ReadStatus::TooLarge);
    assert_eq!(last.filename.as_deref(), Some("inner 3"));
}

#[test]
fn objects_of_other_programs_become_files() {
    let mut msg = MsgBuilder::new();
    msg.text("", 0x1000, "see object");
    let attachment = "/__attach_version1.0_#00000000";
    let object = format!("{attachment}/__substg1.0_3701000D");
    msg.storage(&object)
        .fixed(attachment, 8, &[(3, 0x3705, 6)])
        .stream(&format!("{object}/Workbook"), b"cells")
        .storage(&format!("{object}/Inner"))
        .stream(&format!("{object}/Inner/x"), b"y");
    let attachment = "/__attach_version1.0_#00000001";
    msg.storage(&format!("{attachment}/__substg1.0_3701000D"))
        .fixed(attachment, 8, &[(3, 0x3705, 6)])
        .stream(
            &format!("{attachment}/__substg1.0_3701000D/CONTENTS"),
            b"Name: Jo",
        );
    let bytes = msg.finish();
    let limits = ReadLimits::default();
    let mail = msg::read(&bytes, &limits, &mut Room::new(&limits)).ok().unwrap();
    let crate::mail::PartBody::Multipart(parts) = mail.root.body else {
        panic!("no parts");
    };
    let [_, first, second] = parts.as_slice() else {
        panic!("{} parts", parts.len());
    };
    let crate::mail::PartBody::Bytes(content) = &first.body else {
        panic!("no content");
    };
    let copy = compound::Compound::open(content).unwrap();
    let book = copy.find(compound::ROOT, "workbook").unwrap();
    assert_eq!(copy.read(book), b"cells");
    let inner = copy.find(compound::ROOT, "Inner").unwrap();
    assert_eq!(copy.read(copy.find(inner, "x").unwrap()), b"y");
    assert_eq!(second.size, 8);
}

#[test]
fn more_attachments_than_the_limit_are_not_read() {
    let mut msg = MsgBuilder::new();
    msg.text("", 0x1000, "x");
    for number in 0..5 {
        let storage = format!("/__attach_version1.0_#{number:08X}");
        msg.storage(&storage)
            .text(&storage, 0x3707, &format!("{number}.txt"))
            .binary(&storage, 0x3701, &[b'x'; 100]);
    }
    let bytes = msg.finish();
    let read = |limits: ReadLimits| {
        let request = ReadRequest {
            limits,
            ..ReadRequest::default()
        };
        rows(&read_file(bytes.clone(), "saved.msg", &request, &mut |_| {}))
    };
    let few = ReadLimits {
        max_members: 2,
        ..ReadLimits::default()
    };
    assert_eq!(
        read(few)[1..],
        ["1.2 0.txt 100 Ok", "1.3 1.txt 100 Ok", "1.4 2.txt 100 TooLarge"]
    );
    let small = ReadLimits {
        max_unpacked_bytes: 150,
        ..ReadLimits::default()
    };
    assert_eq!(read(small)[1..3], ["1.2 0.txt 100 Ok", "1.3 1.txt 100 TooLarge"]);
}

#[test]
fn items_that_are_no_mails_give_their_fields() {
    let mut msg = MsgBuilder::new();
    msg.text("", 0x001a, "IPM.Contact")
        .text("", 0x3001, "Jo Bloggs")
        .text("", 0x3a1c, "07700 900123");
    let message = opened(msg.finish(), "card.msg");
    assert_eq!(
        bodies(only(&message)),
        "P Name: Jo Bloggs|Mobile telephone: 07700 900123\n"
    );

    let mut msg = MsgBuilder::new();
    let psetid_appointment = [2, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
    let entry = |number: u32, index: u16| {
        let [a, b, c, d] = number.to_le_bytes();
        let [low, high] = index.to_le_bytes();
        [a, b, c, d, 6, 0, low, high]
    };
    msg.storage("/__nameid_version1.0")
        .stream("/__nameid_version1.0/__substg1.0_00020102", &psetid_appointment)
        .stream(
            "/__nameid_version1.0/__substg1.0_00030102",
            &[entry(0x8208, 0), entry(0x820d, 1)].concat(),
        )
        .fixed("", 32, &[(0x40, 0x8001, TIME)])
        .text("", 0x001a, "IPM.Schedule.Meeting.Request")
        .text("", 0x0037, "First meeting")
        .text("", 0x8000, "Room 2");
    let message = opened(msg.finish(), "meeting.msg");
    assert_eq!(
        bodies(only(&message)),
        "P Subject: First meeting|Place: Room 2|Start: 2026-03-04 10:30 UTC\n"
    );
}

#[test]
fn a_message_signed_in_the_clear_gives_its_text_once() {
    let mut msg = MsgBuilder::new();
    let storage = "/__attach_version1.0_#00000000";
    let entity = b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsigned text\r\n\
                   --b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nxx\r\n--b--\r\n";
    msg.text("", 0x1000, "signed text")
        .storage(storage)
        .text(storage, 0x3707, "smime.p7m")
        .text(storage, 0x370e, "multipart/signed")
        .binary(storage, 0x3701, entity);
    let message = opened(msg.finish(), "saved.msg");
    assert_eq!(bodies(only(&message)), "P signed text\n");
    assert_eq!(rows(&message)[1..], ["1.1.2 smime.p7s 2 Unsupported"]);
}

#[test]
fn signed_in_one_piece_is_told_from_encrypted() {
    let identifier = |last: u8| {
        let mut content = vec![0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last];
        content.extend([0xa0, 0x80]);
        content
    };
    let content_type = |last: u8| {
        let mut properties = properties::Properties::default();
        let tag = properties::Value::Text("application/pkcs7-mime".to_owned());
        properties.set(properties::id::ATTACH_MIME_TAG, tag);
        let part = assemble::file(&properties, identifier(last), &ReadLimits::default());
        part.fields.first().map(|field| field.value.clone())
    };
    assert_eq!(
        content_type(2).as_deref(),
        Some("application/pkcs7-mime; smime-type=signed-data")
    );
    assert_eq!(content_type(3).as_deref(), Some("application/pkcs7-mime"));
}

#[test]
fn damaged_compound_files_end() {
    let mut msg = MsgBuilder::new();
    msg.text("", 0x1000, &"long text ".repeat(1000))
        .text("", 0x0037, "Subject");
    let whole = msg.finish();
    let limits = ReadLimits::default();
    let subject = |bytes: &[u8]| {
        let mail = msg::read(bytes, &limits, &mut Room::new(&limits)).ok()?;
        mail.field("subject").map(|field| field.value.clone())
    };
    assert_eq!(subject(&whole).as_deref(), Some("Subject"));
    // Every byte of the header and the tables set to what makes chains end, loop or point elsewhere.
    for value in [0x00, 0x02, 0xff] {
        for at in (0..120).chain((120..whole.len()).step_by(89)) {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let _ = subject(&bytes);
        }
    }
    for length in (0..whole.len()).step_by(397) {
        let _ = subject(&whole[..length]);
    }
    assert_eq!(subject(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), None);
}

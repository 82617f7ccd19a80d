use super::{TIME, bodies, only, opened, rows};
use crate::domain::{ReadLimits, ReadRequest, ReadStatus};
use crate::extract::outlook::tnef;
use crate::extract::read_message;
use crate::extract::unpack::Room;

/// Writes a `winmail.dat`.
struct TnefBuilder(Vec<u8>);

impl TnefBuilder {
    fn new() -> Self {
        Self(vec![0x78, 0x9f, 0x3e, 0x22, 1, 0])
    }

    fn attribute(mut self, level: u8, id: u32, data: &[u8]) -> Self {
        self.0.push(level);
        self.0.extend(id.to_le_bytes());
        self.0.extend((data.len() as u32).to_le_bytes());
        self.0.extend(data);
        self.0.extend([0, 0]);
        self
    }

    fn attachment(self, title: &[u8], data: &[u8], properties: &[u8]) -> Self {
        self.attribute(2, 0x0006_9002, &[0; 14])
            .attribute(2, 0x0001_8010, title)
            .attribute(2, 0x0006_800f, data)
            .attribute(2, 0x0006_9005, properties)
    }
}

/// Properties as (type, id, content); text and bytes are of a variable size.
fn block(properties: &[(u16, u16, &[u8])]) -> Vec<u8> {
    let mut out = (properties.len() as u32).to_le_bytes().to_vec();
    for (kind, id, content) in properties {
        out.extend(kind.to_le_bytes());
        out.extend(id.to_le_bytes());
        if *id >= 0x8000 {
            out.extend([2, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]);
            out.extend([0; 4]);
            out.extend(u32::from(*id).to_le_bytes());
        }
        if matches!(kind, 0x1e | 0x1f | 0x102 | 0x0d) {
            out.extend(1_u32.to_le_bytes());
            out.extend((content.len() as u32).to_le_bytes());
        }
        out.extend(*content);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn winmail_gives_the_mail_its_text_and_files() {
    let inner = TnefBuilder::new()
        .attribute(1, 0x0001_8004, b"Inner\0")
        .attribute(1, 0x0002_800c, b"inner text\0")
        .0;
    let mut object = vec![7, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
    object.extend(inner);
    let tnef = TnefBuilder::new()
        .attribute(1, 0x0006_9007, &[0xe3, 4, 0, 0, 0, 0, 0, 0])
        .attribute(1, 0x0001_8004, b"\xcf\xf0\xe8\0")
        .attribute(
            1,
            0x0006_9003,
            &block(&[
                (0x000b, 0x0e1f, &[1, 0]),
                (0x0102, 0x1013, b"<p>Rich <b>text</b></p>"),
            ]),
        )
        .attachment(
            b"LONGNA~1.TXT\0",
            b"Name: Jo",
            &block(&[
                (0x1f, 0x3707, &wide("Long name.txt\0")),
                (0x1e, 0x370e, b"text/plain\0"),
            ]),
        )
        .attachment(b"Inner\0", b"", &block(&[(0x0d, 0x3701, &object)]))
        .0;
    let mail = carrying(&tnef);
    let message = read_message(&mail, &ReadRequest::default(), &mut |_| {})
        .ok()
        .unwrap();
    assert_eq!(bodies(&message), "P Rich text +b(text)\n");
    assert_eq!(
        rows(&message),
        [
            format!("2 winmail.dat {} Ok", tnef.len()),
            "2.2 Long name.txt 8 Ok".to_owned(),
            "2.3 Inner 0 Ok".to_owned(),
        ]
    );
    assert_eq!(only(&message).headers.subject, "Inner");
    assert_eq!(bodies(only(&message)), "P inner text\n");
}

/// A mail with a plain text and this `winmail.dat`.
fn carrying(tnef: &[u8]) -> Vec<u8> {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(tnef);
    format!(
        "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nRich text\r\n--b\r\n\
         Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n"
    )
    .into_bytes()
}

#[test]
fn a_meeting_request_is_not_lost() {
    let tnef = TnefBuilder::new()
        .attribute(1, 0x0007_8008, b"IPM.Schedule.Meeting.Request\0")
        .attribute(
            1,
            0x0006_9003,
            &block(&[
                (0x1f, 0x0037, &wide("First meeting")),
                (0x1f, 0x8208, &wide("Room 2")),
                (0x40, 0x820d, &TIME.to_le_bytes()),
            ]),
        )
        .0;
    let message = opened(tnef, "winmail.dat");
    assert_eq!(
        bodies(&message),
        "P Subject: First meeting|Place: Room 2|Start: 2026-03-04 10:30 UTC\n"
    );
}

#[test]
fn damaged_streams_give_what_there_is_and_end() {
    let limits = ReadLimits::default();
    let whole = TnefBuilder::new()
        .attribute(1, 0x0002_800c, b"text\0")
        .attachment(
            b"a.txt\0",
            &[b'x'; 200],
            &block(&[(0x1e, 0x370e, b"text/plain\0")]),
        )
        .0;
    for length in 0..whole.len() {
        let found = tnef::read(&whole[..length], &limits, &mut Room::new(&limits));
        let is_text_there = length > 6 + 9;
        assert_eq!(found.is_ok(), is_text_there, "{length}");
    }
    for count in [u32::MAX, 1 << 20] {
        let mut endless = count.to_le_bytes().to_vec();
        endless.extend([0x1e, 0x10, 1, 0]);
        endless.extend(count.to_le_bytes());
        endless.extend([0; 64]);
        let tnef = TnefBuilder::new().attribute(1, 0x0006_9003, &endless).0;
        let reading = tnef::read(&tnef, &limits, &mut Room::new(&limits)).err().unwrap();
        assert_eq!(reading.status, ReadStatus::Empty);
    }
    let reading = tnef::read(b"x\x9f>\"", &limits, &mut Room::new(&limits))
        .err()
        .unwrap();
    assert_eq!(reading.status, ReadStatus::Unreadable);
}

#[test]
fn winmail_that_breaks_off_gives_what_there_is_and_says_so() {
    let whole = TnefBuilder::new()
        .attribute(1, 0x0002_800c, b"text\0")
        .attribute(2, 0x0006_9002, &[0; 14])
        .attribute(2, 0x0001_8010, b"a.txt\0")
        .attribute(2, 0x0006_800f, b"Name: Jo\nTelephone: 07700 900001\n")
        .0;
    let read = |bytes: &[u8]| {
        let message = crate::extract::read_file(
            bytes.to_vec(),
            "winmail.dat",
            &ReadRequest::default(),
            &mut |_| {},
        );
        (rows(&message), message.attachments[0].reason.clone())
    };
    assert!(read(&whole).0[0].ends_with("Ok"));
    let (rows, reason) = read(&whole[..whole.len() - 20]);
    assert!(rows[0].ends_with("Partial"), "{rows:?}");
    assert!(rows[1].contains("a.txt"), "{rows:?}");
    assert!(reason.is_some_and(|reason| reason.contains("breaks off")));
}

//! Messages made to exhaust or mislead a reader: each ends within its bounds, says so, and costs the rest
//! of the message nothing.

use super::files::{rows, zipped};
use super::{HEAD, attached, body_of, docx, read, text_of};
use referrald::domain::{ReadLimits, ReadMessage, ReadStatus, Repair};
use std::io::{Cursor, Write};

const KILOBYTE: usize = 1024;
const MEGABYTE: usize = 1024 * KILOBYTE;

fn statuses(message: &ReadMessage) -> Vec<ReadStatus> {
    message.attachments.iter().map(|row| row.read).collect()
}

#[test]
fn an_archive_ten_deep_is_opened_to_the_limit() {
    let mut bytes = zipped(&[("deepest.txt", b"text")]);
    for _ in 0..10 {
        bytes = zipped(&[("next.zip", &bytes)]);
    }
    let message = read(&attached("outer.zip", &bytes));
    let depth = ReadLimits::default().max_container_depth;
    assert_eq!(message.attachments.len(), depth + 1);
    let (last, opened) = message.attachments.split_last().unwrap();
    assert!(opened.iter().all(|row| row.read == ReadStatus::Ok));
    assert_eq!(last.read, ReadStatus::TooLarge);
    assert_eq!(
        last.reason.as_deref(),
        Some("more files inside files than the limit; not read")
    );
    assert_eq!(body_of(&message), "see file");
}

#[test]
fn a_bomb_of_archives_in_archives_runs_out_of_files() {
    let mut bytes = zipped(&[("zeros", &vec![0; MEGABYTE])]);
    for _ in 0..5 {
        let names: Vec<String> = (0..20).map(|at| format!("{at}.zip")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), bytes.as_slice())).collect();
        bytes = zipped(&members);
    }
    let message = read(&attached("bomb.zip", &bytes));
    let limits = ReadLimits::default();
    // One row says in each archive that there is more.
    let most = 1 + limits.max_members + limits.max_container_depth;
    assert!(message.attachments.len() <= most, "{}", message.attachments.len());
    assert!(statuses(&message).contains(&ReadStatus::TooLarge));
}

#[test]
fn a_file_that_unpacks_to_too_much_costs_only_itself() {
    let bytes = zipped(&[
        ("zeros.txt", &vec![b'0'; 20 * MEGABYTE]),
        ("note.txt", b"please ring"),
    ]);
    let message = read(&attached("a.zip", &bytes));
    assert_eq!(
        rows(&message),
        [
            ("2", "a.zip", ReadStatus::Ok),
            ("2.1", "zeros.txt", ReadStatus::TooLarge),
            ("2.2", "note.txt", ReadStatus::Ok),
        ]
    );
    assert_eq!(text_of(&message.attachments[2]), "please ring");
}

#[test]
fn files_of_an_archive_share_one_bound() {
    let mut random = super::Seeded(0x5eed);
    let noise: Vec<u8> = (0..20 * MEGABYTE)
        .map(|_| u8::try_from(random.below(256)).unwrap())
        .collect();
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("first.bin", options).unwrap();
    zip.write_all(&noise).unwrap();
    // The directory names the same bytes twenty times over.
    for copy in 0..20 {
        zip.shallow_copy_file("first.bin", &format!("{copy}.bin"))
            .unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let message = referrald::extract::read_file(bytes, "a.zip", &Default::default(), &mut |_| {});
    let unpacked = message
        .attachments
        .iter()
        .filter(|row| row.read == ReadStatus::Unsupported)
        .count();
    assert_eq!((unpacked, message.attachments.len()), (1, 22));
}

#[test]
fn names_in_an_archive_are_shown_without_their_paths() {
    let names = [
        "../../../etc/passwd.txt",
        "/root/.ssh/keys.txt",
        "C:\\Windows\\win.txt",
        "..\\..\\up.txt",
        "\\\\server\\share\\unc.txt",
        "a/./b/../dots.txt",
        "stream.txt:hidden.txt",
        "line\r\nbreak.txt",
        "turn\u{202e}txt.exe.txt",
        "nul\0byte.txt",
    ];
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"text".as_slice())).collect();
    let message = read(&attached("a.zip", &zipped(&members)));
    assert_eq!(message.attachments.len(), names.len() + 1);
    for row in &message.attachments {
        let name = row.filename.as_deref().unwrap_or_default();
        let is_safe = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '\\' | ':');
        assert!(
            name.chars().all(is_safe) && name != ".." && name != ".",
            "{name:?}"
        );
    }
}

#[test]
fn entities_in_any_part_of_a_document_refuse_it() {
    let laughs: String = (1..20)
        .map(|level| format!("<!ENTITY l{level} '{}'>", format!("&l{};", level - 1).repeat(10)))
        .collect();
    let laughs = format!(
        "<!DOCTYPE l [<!ENTITY l0 'ha'>{laughs}]><w:document><w:p><w:r><w:t>&l19;</w:t></w:r></w:p></w:document>"
    );
    let outer = "<w:document><w:p><w:r><w:t>text</w:t></w:r></w:p></w:document>";
    let note = zipped(&[
        ("word/document.xml", outer.as_bytes()),
        ("word/footnotes.xml", laughs.as_bytes()),
    ]);
    for bytes in [docx(&laughs), note] {
        let message = read(&attached("a.docx", &bytes));
        let row = &message.attachments[0];
        assert_eq!(row.read, ReadStatus::Unreadable);
        assert_eq!(
            row.reason.as_deref(),
            Some("the file declares entities; not read")
        );
        assert!(row.document.is_none());
    }
}

#[test]
fn pages_that_never_close_anything_are_read_to_their_end() {
    for piece in [
        "<div>",
        "<table>",
        "<table><tr><td>",
        "<ul><li>",
        "<b>",
        "<a href='",
        "<p style=\"",
        "<!--",
        "<![CDATA[",
        "<x y=z ",
        "<blockquote type=cite>",
        "<select><option>",
        "</p>",
        "</div></table>",
        "&amp",
        "&#",
        "<style>",
        "<textarea>",
        "[",
        "[x",
    ] {
        let raw = format!(
            "{HEAD}Content-Type: text/html\r\n\r\n<p>first</p>{}",
            piece.repeat(300 * KILOBYTE / piece.len())
        );
        assert!(body_of(&read(raw.as_bytes())).starts_with("first"), "{piece}");
    }
}

#[test]
fn ten_thousand_parts_are_listed_to_the_limit() {
    let part = "--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nx\r\n";
    let raw = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nthe text\r\n{}--b--\r\n",
        part.repeat(10_000)
    );
    let message = read(raw.as_bytes());
    assert_eq!(body_of(&message), "the text");
    assert_eq!(message.attachments.len(), ReadLimits::default().mail.max_parts);
    assert_eq!(
        message.attachments.last().map(|row| row.read),
        Some(ReadStatus::TooLarge)
    );
    assert_eq!(message.repairs, [Repair::Bounds]);
}

#[test]
fn headers_without_end_cost_neither_the_sender_nor_the_text() {
    for filler in [
        "X-Filler: x\r\n".repeat(100_000),
        format!("X-Filler: {}\r\n", "x".repeat(2 * MEGABYTE)),
        format!("X-Filler: x\r\n{}", " folded\r\n".repeat(200_000)),
        format!("X-Filler: {}\r\n", "=?utf-8?q?x?= ".repeat(100_000)),
        "x\r\n".repeat(30),
    ] {
        let message = read(format!("{HEAD}{filler}Content-Type: text/plain\r\n\r\nthe text").as_bytes());
        assert_eq!(message.headers.from_address.as_deref(), Some("jo@example.org"));
        assert!(body_of(&message).ends_with("the text"));
    }
}

/// An element of the encoding that CMS uses, with a length of four bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], length.as_slice(), content].concat()
}

#[test]
fn signed_messages_in_signed_messages_are_opened_to_the_limit() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut entity = b"Content-Type: text/plain\r\n\r\ndeepest".to_vec();
    for _ in 0..20 {
        let data = der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
        let content = der(0xa0, &der(0x04, &entity));
        let encapsulated = der(0x30, &[data, content].concat());
        let signed = der(0x30, &[b"\x02\x01\x01\x31\x00".to_vec(), encapsulated].concat());
        let object = [
            der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
            der(0xa0, &signed),
        ]
        .concat();
        entity = format!(
            "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            STANDARD.encode(der(0x30, &object))
        )
        .into_bytes();
    }
    let message = read(&[HEAD.as_bytes(), &entity].concat());
    assert_eq!(
        message.attachments.len(),
        ReadLimits::default().max_container_depth + 1
    );
    assert_eq!(
        message.attachments.last().map(|row| row.read),
        Some(ReadStatus::TooLarge)
    );
}

#[test]
fn texts_full_of_beginnings_of_files_stay_texts() {
    let raw = format!("{HEAD}\r\n{}end\r\n", "begin 644 a\r\nM\r\n".repeat(100_000));
    let message = read(raw.as_bytes());
    assert!(message.attachments.len() <= ReadLimits::default().mail.max_parts);
    let files = "begin 644 a\r\n#0V%T\r\nend\r\n".repeat(10_000);
    let message = read(format!("{HEAD}\r\n{files}").as_bytes());
    assert!(message.attachments.len() <= ReadLimits::default().mail.max_parts);
    assert!(body_of(&message).contains("begin 644 a"));
}

#[test]
fn a_text_under_any_depth_of_multiparts_is_found() {
    for depth in [13, 20, 1000, 20_000] {
        let level = |at: u32| format!("Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n");
        let open: String = (0..depth).map(level).collect();
        let close: String = (0..depth).rev().map(|at| format!("--b{at}--\r\n")).collect();
        let leaf = "Content-Type: text/plain\r\n\r\nthe text\r\n";
        let file = format!(
            "--b{}\r\nContent-Type: text/csv; name=a.csv\r\n\r\nName,Jo\r\n",
            depth - 1
        );
        let message = read(format!("{HEAD}{open}{leaf}{file}{close}").as_bytes());
        assert_eq!(body_of(&message), "the text", "{depth}");
        assert_eq!(text_of(&message.attachments[0]), "Name\nJo", "{depth}");
        assert_eq!(message.repairs, [Repair::Bounds]);
    }
}

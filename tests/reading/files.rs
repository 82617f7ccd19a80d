//! Files that hold files, and messages in envelopes.

use super::{HEAD, attached, body_of, docx, read, text_of};
use referrald::domain::{Attachment, ReadMessage, ReadStatus};
use std::io::{Cursor, Write};

pub(super) fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// (part, name, status) of each row.
pub(super) fn rows(message: &ReadMessage) -> Vec<(&str, &str, ReadStatus)> {
    let row = |a: &'_ Attachment| a.read;
    message
        .attachments
        .iter()
        .map(|a| (a.part.as_str(), a.filename.as_deref().unwrap_or("-"), row(a)))
        .collect()
}

const WORD: &str = "<w:document><w:p><w:r><w:t>Jo Hart</w:t></w:r></w:p></w:document>";

#[test]
fn an_archive_in_an_archive_is_read_to_its_files() {
    let inner = zipped(&[("form.docx", &docx(WORD)), ("note.txt", b"please ring")]);
    let outer = zipped(&[("forms/inner.zip", &inner), ("data.json", br#"{"Name":"Jo"}"#)]);
    let message = read(&attached("all.zip", &outer));
    assert_eq!(body_of(&message), "see file");
    assert_eq!(
        rows(&message),
        [
            ("2", "all.zip", ReadStatus::Ok),
            ("2.1", "inner.zip", ReadStatus::Ok),
            ("2.1.1", "form.docx", ReadStatus::Ok),
            ("2.1.2", "note.txt", ReadStatus::Ok),
            ("2.2", "data.json", ReadStatus::Ok),
        ]
    );
    let texts: Vec<String> = message.attachments.iter().map(text_of).collect();
    assert_eq!(texts, ["", "", "Jo Hart", "please ring", "Name=Jo"]);
}

#[test]
fn an_archive_that_holds_a_document_unpacked_is_no_document() {
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["a.docx", "b.docx"] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&docx(WORD)).unwrap();
    }
    let message = read(&attached("forms.dat", &zip.finish().unwrap().into_inner()));
    assert_eq!(
        rows(&message),
        [
            ("2", "forms.dat", ReadStatus::Ok),
            ("2.1", "a.docx", ReadStatus::Ok),
            ("2.2", "b.docx", ReadStatus::Ok),
        ]
    );
}

#[test]
fn a_message_signed_in_one_piece_is_opened() {
    for signed in [
        include_bytes!("../../fixtures/documents/mime/smime-signed-indef.eml").as_slice(),
        include_bytes!("../../fixtures/documents/mime/smime-signed-noindef.eml"),
    ] {
        let message = read(signed);
        assert_eq!(
            body_of(&message),
            "Zoë Hart has agreed to be contacted on 07700 900123."
        );
        assert_eq!(
            rows(&message),
            [
                ("1", "smime.p7m", ReadStatus::Ok),
                ("1.2", "referral.csv", ReadStatus::Ok),
            ]
        );
    }
}

#[test]
fn what_is_encrypted_is_named_whatever_its_label() {
    let encrypted = include_bytes!("../../fixtures/documents/mime/smime-encrypted.eml");
    let pgp = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n";
    let inline = format!("{HEAD}\r\n{pgp}");
    let pgp_mime = format!(
        "{HEAD}Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\n\
         Version: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n{pgp}--b--\r\n"
    );
    let protected = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nThis message is protected.\r\n--b\r\n\
         Content-Type: application/octet-stream; name=message_v2.rpmsg\r\n\r\nx\r\n--b--\r\n"
    );
    for raw in [
        encrypted.as_slice(),
        inline.as_bytes(),
        pgp_mime.as_bytes(),
        protected.as_bytes(),
    ] {
        let message = read(raw);
        assert!(!message.attachments.is_empty());
        for row in &message.attachments {
            assert_eq!(row.read, ReadStatus::Encrypted);
            assert!(row.reason.is_some());
        }
        assert!(!body_of(&message).contains("PGP"));
    }
}

#[test]
fn a_web_page_saved_as_one_file_is_read() {
    let page = b"From: <Saved by a browser>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\
        Content-Type: text/html\r\n\r\n<p>Name: Jo</p>\r\n--x\r\nContent-Type: text/css\r\n\r\np{}\r\n--x--\r\n";
    for name in ["page.mht", "form.doc"] {
        let page = if name == "form.doc" { &page[28..] } else { page };
        let message = read(&attached(name, page));
        assert_eq!(body_of(&message.nested[0]), "Name: Jo", "{name}");
        assert_eq!(
            rows(&message),
            [("2", name, ReadStatus::Ok), ("2.2", "-", ReadStatus::Unsupported)]
        );
    }
}

#[test]
fn files_written_into_a_text_are_taken_out() {
    let raw = format!("{HEAD}\r\nDear team\r\n\r\nbegin 644 form.txt\r\n#0V%T\r\n`\r\nend\r\nBest\r\n");
    let message = read(raw.as_bytes());
    assert_eq!(body_of(&message), "Dear team\nBest");
    assert_eq!(rows(&message), [("1.2", "form.txt", ReadStatus::Ok)]);
    assert_eq!(text_of(&message.attachments[0]), "Cat");
}

#[test]
fn a_text_with_a_name_is_the_body_where_there_is_no_other() {
    let named = |other: &str| {
        format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n{other}--b\r\nContent-Type: text/plain; name=body.txt\r\n\r\n\
             hello\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nfile\r\n--b--\r\n"
        )
    };
    let message = read(named("").as_bytes());
    assert_eq!(
        (body_of(&message).as_str(), message.attachments.len()),
        ("hello", 1)
    );
    let message = read(named("--b\r\n\r\nfirst\r\n").as_bytes());
    assert_eq!(
        (body_of(&message).as_str(), message.attachments.len()),
        ("first", 2)
    );
    let attachment = format!(
        "{HEAD}Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nfile"
    );
    assert_eq!(body_of(&read(attachment.as_bytes())), "");
}

#[test]
fn parts_of_a_digest_are_mails() {
    let raw = format!(
        "{HEAD}Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nFrom: a@example.org\r\nSubject: one\r\n\r\ntext one\r\n\
         --b\r\n\r\nSubject: two\r\n\r\ntext two\r\n--b--\r\n"
    );
    let nested = read(raw.as_bytes()).nested;
    let told: Vec<(&str, String)> = nested
        .iter()
        .map(|mail| (mail.headers.subject.as_str(), body_of(mail)))
        .collect();
    assert_eq!(
        told,
        [("one", "text one".to_owned()), ("two", "text two".to_owned())]
    );
}

#[test]
fn a_mail_saved_in_utf_16_is_read() {
    let text = format!("{HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\nZoë agreed.\r\n");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    for raw in [little, marked] {
        let message = read(&raw);
        assert_eq!(body_of(&message), "Zoë agreed.");
        assert_eq!(message.headers.subject, "x");
    }
}

#[test]
fn enriched_text_is_a_body() {
    let raw = format!("{HEAD}Content-Type: text/enriched\r\n\r\n<bold>Name:</bold> Jo\r\n\r\n\r\nsecond\r\n");
    assert_eq!(body_of(&read(raw.as_bytes())), "Name: Jo\nsecond");
}

//! Reading whole messages: formats, repairs, bounds, and a mutation run over small samples.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::expect_used
)]

#[path = "reading/files.rs"]
mod files;
#[path = "reading/hostile.rs"]
mod hostile;

use referrald::domain::{
    Attachment, Block, Inline, MailLimits, ReadMessage, ReadRequest, ReadStatus, Repair, inline_text,
};
use referrald::extract::read_message;
use referrald::mail::{self, PartBody};
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

fn read(raw: &[u8]) -> ReadMessage {
    read_message(raw, &ReadRequest::default(), &mut |_| {}).unwrap_or_else(|_| panic!("not a mail"))
}

fn lines(blocks: &[Block], out: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                out.push(inline_text(text));
            }
            Block::Definition { term, value } => {
                out.push(format!("{}={}", inline_text(term), inline_text(value)));
            }
            Block::Table(table) => {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    lines(&cell.blocks, out);
                }
            }
            Block::Rule => out.push("---".to_owned()),
            Block::Quote(inner) => {
                let mut quoted = Vec::new();
                lines(inner, &mut quoted);
                out.extend(quoted.into_iter().map(|line| format!("> {line}")));
            }
        }
    }
}

fn body_of(message: &ReadMessage) -> String {
    let mut out = Vec::new();
    for document in &message.bodies {
        lines(&document.blocks, &mut out);
    }
    out.join("\n")
}

fn text_of(attachment: &Attachment) -> String {
    let mut out = Vec::new();
    if let Some(document) = &attachment.document {
        lines(&document.blocks, &mut out);
    }
    out.join("\n")
}

const HEAD: &str = "From: Jo Hart <jo@example.org>\r\nTo: rj@example.org\r\nSubject: x\r\n\
                    Date: Tue, 3 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n";

#[track_caller]
fn check_body(raw: &[u8], body: &str, repairs: &[Repair]) {
    let message = read(raw);
    assert_eq!(body_of(&message), body);
    assert_eq!(message.repairs, repairs);
}

#[test]
fn headers_are_decoded_and_addresses_are_lower_case() {
    let message = read(
        b"From: =?utf-8?B?Wm/D?= =?utf-8?B?qyBIYXJ0?= <Zoe@Example.ORG>\r\nTo: A <a@example.org>,\r\n b@example.org\r\n\
          Cc: a@example.org\r\nSubject: =?iso-8859-1?q?caf=E9?=\r\nDate: Tue, 3 Mar 2026 10:00:00 +0100\r\n\
          Message-ID: <1@x>\r\nReferences: <2@x>\r\n <3@x>\r\nIn-Reply-To: <3@x>\r\n\r\nhi",
    );
    let headers = &message.headers;
    assert_eq!(headers.from_name.as_deref(), Some("Zoë Hart"));
    assert_eq!(headers.from_address.as_deref(), Some("zoe@example.org"));
    assert_eq!(headers.recipients, ["a@example.org", "b@example.org"]);
    assert_eq!(headers.subject, "café");
    assert_eq!(headers.date.as_deref(), Some("2026-03-03T10:00:00+01:00"));
    assert_eq!(headers.message_id.as_deref(), Some("1@x"));
    assert_eq!(headers.references, ["3@x", "2@x"]);
}

#[test]
fn bare_carriage_returns_end_lines() {
    for line_end in ["\r", "\r\r\n"] {
        let raw = format!("{HEAD}\r\none\r\n\r\ntwo").replace("\r\n", line_end);
        check_body(raw.as_bytes(), "one\ntwo", &[Repair::BareCr]);
    }
}

#[test]
fn a_missing_blank_line_does_not_lose_the_text() {
    let raw = format!("{HEAD}Dear team, please ring.\r\n\r\nJo");
    check_body(
        raw.as_bytes(),
        "Dear team, please ring.\nJo",
        &[Repair::MissingBlankLine],
    );
}

#[test]
fn an_odd_content_type_is_text() {
    for kind in ["text", "plain", "\"\"", "/", "text/"] {
        let raw = format!("{HEAD}Content-Type: {kind}\r\n\r\nhello");
        check_body(raw.as_bytes(), "hello", &[Repair::OddContentType]);
    }
    let raw = format!("{HEAD}Content-Type: html\r\n\r\n<p>hello</p>");
    check_body(raw.as_bytes(), "hello", &[Repair::OddContentType]);
}

const PARTS: &str = "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: text/plain\r\n\
                     Content-Disposition: attachment; filename=a.txt\r\n\r\nfile\r\n";

#[test]
fn broken_boundaries_lose_no_part() {
    for (content_type, end, repairs) in [
        ("multipart/mixed; boundary=b", "--b--\r\n", [].as_slice()),
        ("multipart/mixed; boundary=b", "", &[Repair::Boundary]),
        (
            "multipart/mixed;\r\n boundary=\r\n \"b\"",
            "--b--\r\n",
            &[Repair::Boundary],
        ),
        ("multipart/mixed", "--b--\r\n", &[Repair::Boundary]),
        (
            "multipart/mixed; boundary=other",
            "--b--\r\n",
            &[Repair::Boundary],
        ),
    ] {
        let message = read(format!("{HEAD}Content-Type: {content_type}\r\n\r\n{PARTS}{end}").as_bytes());
        assert_eq!(body_of(&message), "hello", "{content_type}");
        assert_eq!(text_of(&message.attachments[0]), "file", "{content_type}");
        assert_eq!(message.repairs, repairs, "{content_type}");
    }
    let none = read(format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\njust text").as_bytes());
    assert_eq!(body_of(&none), "just text");
}

#[test]
fn base64_is_mended_or_told_from_plain_text() {
    let with = |text: &str| format!("{HEAD}Content-Transfer-Encoding: base64\r\n\r\n{text}");
    check_body(
        with("SGVsbG8g\r\nSmFuZQ").as_bytes(),
        "Hello Jane",
        &[Repair::Base64],
    );
    let plain = with("Dear team,\r\nplease ring me.");
    check_body(plain.as_bytes(), "Dear team,\nplease ring me.", &[Repair::Base64]);
}

#[test]
fn the_first_of_two_senders_is_taken_and_impossible_dates_are_not() {
    let message =
        read(b"From: a@example.org\nFrom: b@example.org\nDate: Tue, 31 Feb 2026 10:00:00 +0000\n\nhi");
    assert_eq!(message.headers.from_address.as_deref(), Some("a@example.org"));
    assert_eq!(message.headers.date, None);
    assert_eq!(message.repairs, [Repair::DuplicateFrom, Repair::ImpossibleDate]);
}

#[test]
fn charsets_are_detected_where_the_declaration_is_wrong_or_missing() {
    let with = |label: &str, text: &[u8]| {
        let mut raw = format!("{HEAD}Content-Type: text/plain{label}\r\n\r\n").into_bytes();
        raw.extend_from_slice(text);
        raw
    };
    let wrong = [Repair::Charset];
    check_body(
        &with("; charset=gb2312", "Zoë – née".as_bytes()),
        "Zoë – née",
        &wrong,
    );
    check_body(
        &with("", b"na\xefve caf\xe9, it\x92s here"),
        "naïve café, it’s here",
        &wrong,
    );
    check_body(&with("; charset=windows-1252", b"caf\xe9 \x80"), "café €", &[]);
    check_body(&with("; charset=utf-7", b"Zo+AOs- here"), "Zoë here", &[]);
    check_body(&with("; charset=utf-16le", b"H\0i\0"), "Hi", &[]);
}

#[test]
fn one_alternative_is_the_message() {
    let alternative = |plain: &str, html: &str| {
        format!(
            "{HEAD}Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n\
             --b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
        )
    };
    assert_eq!(
        body_of(&read(alternative("plain", "<p>rich</p>").as_bytes())),
        "rich"
    );
    assert_eq!(
        body_of(&read(alternative("plain", "<p>&nbsp;</p>").as_bytes())),
        "plain"
    );
    let long = "plain words that only stand here ".repeat(20);
    assert!(
        body_of(&read(alternative(&long, "<p>see the text part</p>").as_bytes())).starts_with("plain words")
    );
}

#[test]
fn an_attached_mail_is_nested_and_its_files_are_listed_outside_too() {
    let inner = "From: in@example.org\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ninner text\r\n\
                 --c\r\nContent-Type: text/csv; name=\"=?utf-8?q?caf=C3=A9?=.csv\"\r\n\r\na,b\r\n--c--\r\n";
    let raw = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee attached\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    let message = read(raw.as_bytes());
    assert_eq!(body_of(&message), "see attached");
    let rows = message.attachments.iter();
    let rows: Vec<_> = rows.map(|a| (a.part.as_str(), a.filename.as_deref())).collect();
    assert_eq!(rows, [("2", None), ("2.2", Some("café.csv"))]);
    assert_eq!(text_of(&message.attachments[1]), "a\nb");
    let nested = &message.nested[0];
    assert_eq!(
        (nested.headers.part.as_str(), nested.headers.subject.as_str()),
        ("2", "inner")
    );
    assert_eq!(body_of(nested), "inner text");
    assert!(nested.attachments[0].document.is_none());
}

#[test]
fn what_is_not_read_says_why() {
    for (kind, content, status) in [
        ("image/png", "..", ReadStatus::Unsupported),
        (
            "application/pkcs7-mime; smime-type=enveloped-data",
            "..",
            ReadStatus::Encrypted,
        ),
        (
            "application/octet-stream",
            "%PDF-1.4 broken",
            ReadStatus::Unreadable,
        ),
        ("application/octet-stream", "plain words", ReadStatus::Ok),
        ("application/octet-stream", "", ReadStatus::Empty),
    ] {
        let disposition = "attachment; filename*0=na; filename*1=me";
        let raw =
            format!("{HEAD}Content-Type: {kind}\r\nContent-Disposition: {disposition}\r\n\r\n{content}");
        let row = &read(raw.as_bytes()).attachments[0];
        assert_eq!(
            (row.read, row.filename.as_deref()),
            (status, Some("name")),
            "{kind}"
        );
        assert_eq!(row.reason.is_none(), status == ReadStatus::Ok, "{kind}");
    }
}

#[test]
fn ticks_and_history_are_told_in_text_and_html() {
    let plain = format!("{HEAD}\r\nAgreed [x] yes [ ] no\r\n\r\nOn Monday, A wrote:\r\n> old\r\n");
    assert_eq!(
        body_of(&read(plain.as_bytes())),
        "Agreed ☒ yes ☐ no\n> On Monday, A wrote:\n> old"
    );
    let html = format!(
        "{HEAD}Content-Type: text/html\r\n\r\n<p>Agreed &#x2611; yes</p><hr><p><b>From:</b> A<br><b>Sent:</b> Monday<br>\
         <b>To:</b> B<br><b>Subject:</b> C</p><p>old</p>"
    );
    let found = body_of(&read(html.as_bytes()));
    assert!(found.starts_with("Agreed ☒ yes\n> ---\n> From: A"), "{found}");
}

fn within(seconds: u64, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    assert!(
        start.elapsed() < Duration::from_secs(seconds),
        "took {:?}",
        start.elapsed()
    );
}

#[test]
fn twenty_thousand_levels_are_bounded() {
    let mails = "Content-Type: message/rfc822\r\n\r\n".repeat(20_000);
    within(10, || {
        let message = read(mails.as_bytes());
        assert!(message.attachments.iter().any(|a| a.read == ReadStatus::TooLarge));
    });
    let level =
        |depth: u32| format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n");
    let multiparts: String = (0..20_000).map(level).collect();
    within(10, || {
        assert!(read(multiparts.as_bytes()).repairs.contains(&Repair::Bounds))
    });
}

#[test]
fn a_hundred_thousand_parts_are_bounded() {
    let parts = "--b\r\n\r\nx\r\n".repeat(100_000);
    let raw = format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
    within(10, || {
        let mail = mail::parse(raw.as_bytes(), &MailLimits::default());
        let PartBody::Multipart(parts) = mail.root.body else {
            panic!("not a multipart");
        };
        assert_eq!(parts.len(), MailLimits::default().max_parts + 1);
        assert!(matches!(
            parts.last().map(|p| &p.body),
            Some(PartBody::NotRead(_))
        ));
        assert_eq!(mail.repairs, [Repair::Bounds]);
    });
}

#[test]
fn large_headers_are_bounded_and_cost_linear_time() {
    for pattern in [
        "=?a?q?",
        "=?utf-8?q?a?= ",
        "a@b.c, ",
        "((",
        "; a*1*=x",
        "\"\\",
        "<<",
    ] {
        let long = pattern.repeat(200_000 / pattern.len());
        for name in [
            "Subject",
            "From",
            "Content-Type: text/plain; x",
            "References",
            "Date",
        ] {
            let raw = format!("{name}: {long}\r\n\r\nbody");
            within(10, || {
                read(raw.as_bytes());
            });
        }
    }
    let message = read(format!("X: {}\r\nSubject: late\r\n\r\nbody", "x".repeat(600_000)).as_bytes());
    assert_eq!(
        (message.headers.subject.as_str(), body_of(&message).as_str()),
        ("", "body")
    );
    assert_eq!(message.repairs, [Repair::Bounds]);
}

fn docx(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("word/document.xml", options).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn attached(name: &str, content: &[u8]) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee file\r\n--b\r\n\
         Content-Type: application/octet-stream; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        STANDARD.encode(content)
    )
    .into_bytes()
}

const FORM: &str = "<w:document><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Name</w:t></w:r></w:p></w:tc><w:tc><w:p><w:sdt>\
     <w:sdtContent><w:r><w:t>Jo Hart</w:t></w:r></w:sdtContent></w:sdt></w:p></w:tc></w:tr></w:tbl></w:document>";

#[test]
fn a_word_form_is_read_from_an_octet_stream() {
    let message = read(&attached("form.docx", &docx(FORM)));
    let row = &message.attachments[0];
    assert_eq!((row.read, row.part.as_str()), (ReadStatus::Ok, "2"));
    assert_eq!(text_of(row), "Name\nJo Hart");
    let Some(Block::Table(table)) = row.document.as_ref().map(|d| &d.blocks[0]) else {
        panic!("not a table");
    };
    let Some(Block::Paragraph { text, .. }) = table.rows[0].cells[1].blocks.first() else {
        panic!("no answer");
    };
    assert!(matches!(
        &text[0],
        Inline::Answer {
            placeholder: false,
            ..
        }
    ));
}

#[test]
fn a_zip_bomb_and_entities_are_refused() {
    let bomb = docx(&" ".repeat(100 * 1024 * 1024));
    within(60, || {
        assert_eq!(
            read(&attached("a.docx", &bomb)).attachments[0].read,
            ReadStatus::TooLarge
        )
    });
    let entities =
        docx("<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/hostname'>]><w:document>&a;</w:document>");
    assert_eq!(
        read(&attached("a.docx", &entities)).attachments[0].read,
        ReadStatus::Unreadable
    );
}

/// A small generator (xorshift) so that a failing run can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Seeded) {
    let at = random.below(bytes.len());
    match random.below(4) {
        0 => bytes.truncate(at),
        1 => {
            let piece = bytes[at..bytes.len().min(at + 40)].to_vec();
            bytes.extend(piece);
        }
        2 if !bytes.is_empty() => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(random.below(256)).unwrap();
            }
        }
    }
}

/// Flips, cuts and doublings of small samples: whatever comes, there is an answer.
#[test]
fn mutated_messages_never_panic() {
    let html = "<table><tr><td>Name</td><td>Jo</td></tr></table><ul><li>a<li>b</ul><dl><dt>c<dd>d</dl>\
                <p style='display:none'>x</p><input type=checkbox checked><blockquote type=cite>q</blockquote>";
    let pieces = "From: =?utf-8?B?Wm/D?= <a@example.org>\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\
                  Content-Type: text/plain; charset=utf-7; format=flowed\n\n+AOs- \n> q\n--b\n\
                  Content-Disposition: attachment; filename*0*=utf-8''a%20; filename*1=b.csv\n\
                  Content-Transfer-Encoding: quoted-printable\n\na,=22b=22=\n;c\n--b\nContent-Type: message/rfc822\n\n\
                  Date: 31 Feb 2026\nContent-Type: text\n\n[x] -----\n--b--\n";
    let samples = [
        format!("{HEAD}Content-Type: text/html\r\n\r\n{html}").into_bytes(),
        pieces.as_bytes().to_vec(),
        attached("form.docx", &docx(FORM)),
        format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n{PARTS}--b--\r\n").into_bytes(),
        docx(FORM),
    ];
    let mut random = Seeded(0x5eed_2026);
    let deadline = Instant::now() + Duration::from_secs(12);
    let mut runs = 0;
    while runs < 20_000 && Instant::now() < deadline {
        let sample = random.below(samples.len());
        let mut bytes = samples[sample].clone();
        for _ in 0..=random.below(8) {
            mutate(&mut bytes, &mut random);
        }
        let raw = if sample == 4 {
            attached("form.docx", &bytes)
        } else {
            bytes
        };
        let _ = read_message(&raw, &ReadRequest::default(), &mut |_| {});
        runs += 1;
    }
    assert!(runs > 200, "only {runs} runs in the time allowed");
}

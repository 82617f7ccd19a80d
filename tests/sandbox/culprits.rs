//! One attachment that ends its reader costs that attachment, with its name and a reason; the rest of the
//! message is read.

use super::{PROGRAM, false_worker, settings, starts};
use referrald::domain::{
    Document, Inline, Personal, ReadLimits, ReadMessage, ReadStatus, SkippedPart, UnreadableReason,
    inline_text,
};
use referrald::ingest::{ReadFailure, Reader, SelectiveReader};
use referrald::sandbox::{ReadingPool, WorkerSettings};
use std::process::Command;
use std::time::Duration;

/// A mail with a text (part 1) and that many text files (from part 2 on). In debug builds a line
/// `X-Referrald-Probe: PART PROBE` has the reader do something bad when it opens that part.
fn mail(probes: &[(usize, &str)], files: usize) -> Personal<Vec<u8>> {
    let texts: Vec<String> = (2..files + 2)
        .map(|part| format!("Text of part {part}."))
        .collect();
    mail_of(probes, &texts)
}

fn mail_of(probes: &[(usize, &str)], texts: &[String]) -> Personal<Vec<u8>> {
    let mut mail = String::from("From: officer@example.org\r\nSubject: Referral\r\nMIME-Version: 1.0\r\n");
    for (part, probe) in probes {
        mail.push_str(&format!("X-Referrald-Probe: {part} \"{probe}\"\r\n"));
    }
    mail.push_str("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    mail.push_str("--b\r\nContent-Type: text/plain\r\n\r\nText of part 1.\r\n");
    for (at, text) in texts.iter().enumerate() {
        let part = at + 2;
        mail.push_str(&format!(
            "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"file {part}.txt\"\r\n\r\n{text}\r\n"
        ));
    }
    mail.push_str("--b--\r\n");
    Personal::new(mail.into_bytes())
}

fn pool(settings: WorkerSettings) -> ReadingPool {
    ReadingPool::new(settings, ReadLimits::default())
}

fn text_of(document: &Document) -> String {
    let json = serde_json::to_value(&document.blocks).unwrap();
    let mut out = String::new();
    let mut waiting = vec![&json];
    while let Some(value) = waiting.pop() {
        match value {
            serde_json::Value::String(text) => out.push_str(text),
            serde_json::Value::Array(items) => waiting.extend(items.iter().rev()),
            serde_json::Value::Object(items) => waiting.extend(items.values()),
            _ => {}
        }
    }
    out
}

/// The body is there, and these attachments are as a healthy reader leaves them.
fn assert_read(message: &ReadMessage, parts: &[usize]) {
    assert_eq!(message.headers.subject, "Referral");
    assert_eq!(
        message.bodies.iter().map(text_of).collect::<String>(),
        "Text of part 1."
    );
    for part in parts {
        let row = message
            .attachments
            .iter()
            .find(|row| row.part == part.to_string())
            .unwrap();
        assert_eq!(row.read, ReadStatus::Ok, "part {part}");
        assert_eq!(
            text_of(row.document.as_ref().unwrap()),
            format!("Text of part {part}.")
        );
    }
}

fn assert_left_out(message: &ReadMessage, part: usize, status: ReadStatus, reason: &str) {
    let row = message
        .attachments
        .iter()
        .find(|row| row.part == part.to_string())
        .unwrap();
    assert_eq!(row.read, status, "part {part}");
    assert_eq!(row.filename.as_deref(), Some(format!("file {part}.txt").as_str()));
    let given = row.reason.as_deref().unwrap_or_default();
    assert!(given.contains(reason), "part {part}: {given}");
    assert!(row.document.is_none());
}

#[tokio::test]
async fn an_attachment_that_ends_its_reader_leaves_the_others_and_the_text() {
    for (probe, status, reason) in [
        ("Panic", ReadStatus::Unreadable, "the reader stopped on it"),
        ("EatStack", ReadStatus::Unreadable, "the reader stopped on it"),
        (
            "OpenUdpSocket",
            ReadStatus::Unreadable,
            "the reader stopped on it",
        ),
        ("EatMemory", ReadStatus::TooLarge, "more memory than allowed"),
    ] {
        let read = pool(settings()).read(&mail(&[(3, probe)], 3)).await.unwrap();
        assert_read(&read, &[2, 4]);
        assert_left_out(&read, 3, status, reason);
        assert_eq!(read.attachments.len(), 3);
    }
}

#[tokio::test]
async fn an_attachment_that_hangs_is_ended_after_the_time_of_one_part() {
    let settings = WorkerSettings {
        part_limit: Duration::from_secs(2),
        time_limit: Duration::from_secs(600),
        ..settings()
    };
    for probe in ["LoopForever", "SleepForever"] {
        let read = pool(settings.clone())
            .read(&mail(&[(2, probe)], 3))
            .await
            .unwrap();
        assert_read(&read, &[3, 4]);
        assert_left_out(&read, 2, ReadStatus::Unreadable, "took too long");
    }
}

#[tokio::test]
async fn two_bad_attachments_of_different_kinds_are_both_named() {
    let read = pool(settings())
        .read(&mail(&[(2, "Panic"), (4, "EatMemory")], 3))
        .await
        .unwrap();
    assert_read(&read, &[3]);
    assert_left_out(&read, 2, ReadStatus::Unreadable, "the reader stopped on it");
    assert_left_out(&read, 4, ReadStatus::TooLarge, "more memory than allowed");
}

#[tokio::test]
async fn a_text_that_ends_its_reader_is_listed_and_the_attachments_are_read() {
    let read = pool(settings()).read(&mail(&[(1, "Panic")], 1)).await.unwrap();
    assert!(read.bodies.is_empty());
    let rows: Vec<_> = read
        .attachments
        .iter()
        .map(|row| (row.part.as_str(), row.read))
        .collect();
    assert_eq!(rows, [("1", ReadStatus::Unreadable), ("2", ReadStatus::Ok)]);
}

#[tokio::test]
async fn after_five_bad_attachments_the_rest_is_listed_without_being_opened() {
    let probes: Vec<(usize, &str)> = (3..10).map(|part| (part, "Panic")).collect();
    let read = pool(settings()).read(&mail(&probes, 10)).await.unwrap();
    assert_read(&read, &[2]);
    for part in 3..8 {
        assert_left_out(&read, part, ReadStatus::Unreadable, "the reader stopped on it");
    }
    for part in 8..12 {
        assert_left_out(
            &read,
            part,
            ReadStatus::Unreadable,
            "not opened, because reading several files",
        );
    }
}

#[tokio::test]
async fn a_failure_with_no_part_told_is_the_messages_own() {
    let folder = tempfile::tempdir().unwrap();
    let failed = pool(false_worker(folder.path(), 6, "exit 1"))
        .read(&mail(&[], 1))
        .await;
    assert_eq!(
        failed.err(),
        Some(ReadFailure::Permanent(UnreadableReason::WorkerCrashed))
    );
    assert_eq!(starts(folder.path()), 2);
}

#[tokio::test]
async fn a_worker_that_puts_the_blame_elsewhere_is_given_up() {
    for (tells, attempts) in [
        // Always part 5, which it was told to leave alone.
        (r"printf '\022\000\000\000\0015'", 3),
        // Another one each time, later and later.
        (r#"printf '\022\000\000\000\001'; printf "$STARTS""#, 7),
        // Not a part number.
        (r"printf '\022\000\000\000\001x'", 2),
        // A number longer than any.
        (r"printf '\022\000\001\000\000'", 2),
        // A part of a mail, which nobody asked for.
        (r"printf '\023\000\000\000\005\000\000\000\0011'", 2),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let settings = false_worker(folder.path(), 6, &format!("{tells}; exit 1"));
        let failed = pool(settings).read(&mail(&[], 1)).await;
        assert_eq!(
            failed.err(),
            Some(ReadFailure::Permanent(UnreadableReason::WorkerCrashed)),
            "{tells}"
        );
        assert_eq!(starts(folder.path()), attempts, "{tells}");
    }
}

#[tokio::test]
async fn an_answer_over_the_bound_loses_its_largest_texts_and_not_the_message() {
    let settings = WorkerSettings {
        max_answer_bytes: 30_000,
        ..settings()
    };
    let texts = [
        "Text of part 2.".to_owned(),
        "x".repeat(50_000),
        "Text of part 4.".to_owned(),
    ];
    let read = pool(settings).read(&mail_of(&[], &texts)).await.unwrap();
    assert_read(&read, &[2, 4]);
    assert_left_out(&read, 3, ReadStatus::TooLarge, "larger than the limit");
}

#[tokio::test]
async fn the_bounds_of_the_settings_reach_the_reader() {
    let limits = ReadLimits {
        max_document_bytes: 20,
        ..ReadLimits::default()
    };
    let texts = [
        "Text of part 2.".to_owned(),
        "Text of part 3, which is longer.".to_owned(),
    ];
    let pool = ReadingPool::new(settings(), limits);
    let read = pool.read(&mail_of(&[], &texts)).await.unwrap();
    assert_read(&read, &[2]);
    assert_left_out(&read, 3, ReadStatus::TooLarge, "larger than the limit");
}

#[test]
fn what_was_left_out_reaches_staff_with_its_name_and_reason() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), mail(&[(3, "Panic")], 2).expose_personal()).unwrap();
    let run = Command::new(PROGRAM)
        .arg("parse")
        .arg(file.path())
        .env_clear()
        .output()
        .unwrap();
    let parsed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let row = &parsed["attachments"][1];
    assert_eq!(
        (&row["filename"], &row["read"]),
        (&"file 3.txt".into(), &"unreadable".into())
    );
    assert_eq!(
        row["reason"],
        "the reader stopped on it (damaged or hostile file)"
    );
    assert_eq!(parsed["attachments"][0]["read"], "ok");
}

#[tokio::test]
async fn parts_named_beforehand_are_not_opened() {
    let skipped = |part: &str| SkippedPart {
        part: part.to_owned(),
        read: ReadStatus::Unreadable,
        reason: "for a reason".to_owned(),
    };
    // Opening them would be noticed.
    let mail = mail(&[(2, "Panic"), (4, "Panic"), (5, "Panic")], 4);
    let pool = pool(settings());
    let read = pool
        .read_without(&mail, vec![skipped("2")], Some(skipped("4")))
        .await
        .unwrap();
    assert_read(&read, &[3]);
    for part in [2, 4, 5] {
        assert_left_out(&read, part, ReadStatus::Unreadable, "for a reason");
    }
}

#[tokio::test]
async fn a_mails_parts_are_handed_out_as_they_are() {
    let contents = pool(settings()).contents(&mail(&[], 2)).await.unwrap();
    let contents: Vec<_> = contents
        .iter()
        .map(|content| {
            (
                content.part.as_str(),
                content.bytes.as_ref().unwrap().expose_personal().as_slice(),
            )
        })
        .collect();
    assert_eq!(
        contents,
        [
            ("1", b"Text of part 1.".as_slice()),
            ("2", b"Text of part 2."),
            ("3", b"Text of part 3."),
        ]
    );
}

#[tokio::test]
async fn a_single_file_is_read_behind_the_fence() {
    let file = Personal::new(b"<html><h1>Referral form</h1></html>".to_vec());
    let settings = WorkerSettings {
        program: PROGRAM.into(),
        ..settings()
    };
    let read = pool(settings).read_file(&file, "form.html").await.unwrap();
    let [row] = read.attachments.as_slice() else {
        panic!("{} attachments", read.attachments.len());
    };
    assert_eq!(
        (row.part.as_str(), row.filename.as_deref()),
        ("1", Some("form.html"))
    );
    let heading = row.document.as_ref().and_then(|document| document.blocks.first());
    let Some(referrald::domain::Block::Heading { text, .. }) = heading else {
        panic!("no heading");
    };
    assert_eq!(inline_text(text), "Referral form");
    assert!(matches!(text.as_slice(), [Inline::Text { .. }]));
}

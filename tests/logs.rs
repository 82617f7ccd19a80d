//! Promise 6: no line of the log, at any level, and no byte of the database shows who a mail is about.
//!
//! Every command runs over every fixture at trace level; what it logs is searched for every name, number,
//! address and date of the fixtures' people.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

#[path = "logs/daemon.rs"]
mod daemon;
#[path = "logs/identities.rs"]
mod identities;
#[path = "support/postfix.rs"]
#[allow(dead_code)]
mod postfix;
mod support;

use identities::{Identities, files_named};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_referrald");

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What one run of the program wrote.
struct Run {
    output: String,
    log: String,
    succeeded: bool,
}

fn referrald<A: AsRef<OsStr>>(arguments: &[A], input: &[u8]) -> Run {
    let mut child = Command::new(PROGRAM)
        .args(["--log", "trace"])
        .args(arguments)
        .env_remove("REFERRALD_CONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that does not read its input closes the pipe early.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
        succeeded: output.status.success(),
    }
}

/// Fails with every line that shows somebody.
fn assert_shows_nobody(log: &str) {
    let identities = Identities::of_fixtures(&fixtures());
    assert!(identities.len() > 100, "the fixtures were not found");
    let found = identities.found_in_log(log);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_search_itself_finds_people_in_every_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let person = r#"{"parties": [{"name": "Odette Marlowe-Finch", "phones": ["+441632960118"],
        "emails": ["odette.mf@example.org"], "postcode": "CM9 6ZX", "role": "victim"}]}"#;
    std::fs::write(folder.path().join("truth.json"), person).unwrap();
    let identities = Identities::of_fixtures(folder.path());
    for line in [
        "from Odette Marlowe-Finch",
        "name=\"Odette\"",
        "value: Some(\"Finch\")",
        "ODETTE odette marlowe-finch",
        "01632 960118",
        "tel (01632) 960-118",
        "RCPT TO:<odette.mf@example.org>",
        "CM96ZX",
        "cm9 6zx",
    ] {
        assert_eq!(identities.found_in_log(line).len(), 1, "{line}");
    }
    assert!(
        identities
            .found_in_log("2026-11-25T13:00:01Z INFO victim=1 Finches=2 bytes=1632")
            .is_empty()
    );
}

#[test]
fn parsing_every_inbound_fixture_logs_nobody() {
    let mut log = String::new();
    for mail in files_named(&fixtures().join("inbound"), ".eml") {
        log += &referrald(&[OsStr::new("parse"), mail.as_os_str()], b"").log;
    }
    assert!(
        log.contains("referrald"),
        "nothing was logged: the log is not at trace level"
    );
    assert_shows_nobody(&log);
}

#[test]
fn redacting_and_searching_every_outbound_fixture_logs_nobody() {
    let mut log = String::new();
    for mail in files_named(&fixtures().join("outbound"), ".eml") {
        let case = mail.with_file_name("case.json");
        let expect = std::fs::read_to_string(mail.with_file_name("expect.json")).unwrap();
        let expect: serde_json::Value = serde_json::from_str(&expect).unwrap();
        let to: Vec<&str> = expect["to"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|to| to.as_str())
            .collect();
        let to = to.join(",");
        let mut redact: Vec<&OsStr> = ["redact", "--json", "--to", &to].map(OsStr::new).to_vec();
        let mut detect: Vec<&OsStr> = ["detect", "--jsonl"].map(OsStr::new).to_vec();
        if case.exists() {
            redact.extend([OsStr::new("--case"), case.as_os_str()]);
            detect.extend([OsStr::new("--case"), case.as_os_str()]);
        }
        redact.push(mail.as_os_str());
        log += &referrald(&redact, b"").log;
        let text = String::from_utf8_lossy(&std::fs::read(&mail).unwrap()).into_owned();
        let line = serde_json::json!({"doc_id": "1", "text": text}).to_string();
        log += &referrald(&detect, line.as_bytes()).log;
    }
    assert_shows_nobody(&log);
}

//! The unit files hold what the documentation promises. Needs systemd's tools (Debian package `systemd`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Largest exposure that `systemd-analyze security` may find; 0 is best, 10 worst.
const MOST_EXPOSURE: f64 = 1.5;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// What a tool says of a file, and whether it was content.
fn ask(program: &str, arguments: &[&str], name: &str) -> (bool, String) {
    let run = Command::new(program).args(arguments).arg(file(name)).output();
    let output = run.unwrap_or_else(|error| panic!("{program}: {error}; install Debian's systemd"));
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn the_unit_is_exposed_no_more_than_promised() {
    let (_, report) = ask(
        "systemd-analyze",
        &["security", "--offline=true", "--no-pager"],
        "referrald.service",
    );
    let (_, verdict) = report
        .split_once("Overall exposure level for referrald.service: ")
        .expect(&report);
    let exposure: f64 = verdict.split_whitespace().next().unwrap().parse().unwrap();
    assert!(exposure <= MOST_EXPOSURE, "{report}");
}

#[test]
fn the_unit_has_no_line_that_systemd_does_not_understand() {
    let (_, report) = ask("systemd-analyze", &["verify", "--no-pager"], "referrald.service");
    let ours = report.lines().filter(|line| line.contains("referrald.service"));
    // The program is not installed where this test runs.
    let complaints: Vec<_> = ours.filter(|line| !line.contains("is not executable")).collect();
    assert_eq!(complaints, Vec::<&str>::new());
}

#[test]
fn the_package_has_the_program_s_version() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changelog = std::fs::read_to_string(folder.join("packaging/debian/changelog")).unwrap();
    let version = format!("referrald ({}-1) ", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&version), "{changelog}");
}

#[test]
fn the_user_can_be_made_from_its_description() {
    let (content, report) = ask("systemd-sysusers", &["--dry-run"], "referrald.sysusers");
    assert!(content, "{report}");
}

#[test]
fn the_unit_lets_workers_fence_themselves_and_outlives_them() {
    let unit = text("referrald.service");
    for line in [
        "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
        "OOMPolicy=continue",
    ] {
        assert!(unit.lines().any(|have| have == line), "{line}");
    }
}

#[test]
fn the_unit_leaves_room_for_text_recognition_and_the_scanner() {
    let unit = text("referrald.service");
    let values = |key: &'static str| unit.lines().filter_map(move |line| line.strip_prefix(key));
    // tesseract is executed, and clamd listens on a socket file.
    assert_eq!(values("NoExecPaths=").count(), 0);
    assert!(values("RestrictAddressFamilies=").any(|families| families.contains("AF_UNIX")));
    assert!(values("SystemCallFilter=").all(|calls| !calls.starts_with('~') || !calls.contains("@process")));
}

#[test]
fn every_folder_the_unit_names_is_made_beforehand() {
    let made = text("referrald.tmpfiles");
    let made: Vec<_> = made
        .lines()
        .filter_map(|line| line.strip_prefix("d ")?.split(' ').next())
        .collect();
    let unit = text("referrald.service");
    for line in unit
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix("LoadCredential="))
    {
        let (name, path) = line.split_once(':').unwrap();
        assert!(
            made.iter().any(|folder| format!("{folder}/{name}") == path),
            "{line}"
        );
    }
}

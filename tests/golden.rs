//! Fixture messages: what is understood of inbound mail, and what leaves of outbound mail.
//!
//! `fixtures/inbound/NAME/` holds `message.eml`, `expected.json` (the whole output; `BLESS=1 cargo test
//! --test golden` rewrites it) and `truth.json` (what a careful reader would state; written by hand).
//! `fixtures/outbound/NAME/` holds `message.eml`, `expect.json` and, where a case is known, `case.json`. `FIXTURE=part-of-a-name`
//! runs only those. A new fixture is a new folder; nothing here names one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used
)]

#[path = "golden/decode.rs"]
mod decode;
#[path = "golden/diff.rs"]
mod diff;
#[path = "golden/inbound.rs"]
mod inbound;
#[path = "golden/outbound.rs"]
mod outbound;
#[path = "golden/truth.rs"]
mod truth;

use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Least share of the values in all fixtures that must be right, in per cent.
const LEAST_RIGHT: usize = 94;

/// Runs `check` on every fixture of a box and reports all failures together.
fn for_each_fixture(which: &str, least: usize, check: fn(&Path) -> Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(which);
    let only = std::env::var("FIXTURE").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("fixtures are there")
        .map(|entry| entry.expect("fixtures can be listed").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= least, "{} fixtures are too few", folders.len());
    let mut failures = Vec::new();
    for folder in folders {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !name.contains(&only) {
            continue;
        }
        let problems = catch_unwind(AssertUnwindSafe(|| check(&folder)))
            .unwrap_or_else(|_| vec!["it panics (see above)".to_owned()]);
        failures.extend(
            problems
                .iter()
                .map(|problem| format!("{which}/{name}: {problem}")),
        );
    }
    assert!(
        failures.is_empty(),
        "{} problems\n\n{}\n",
        failures.len(),
        failures.join("\n")
    );
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_inbound_fixture_is_understood_exactly_as_recorded() {
    for_each_fixture("inbound", 32, inbound::matches_the_recording);
}

#[test]
fn nothing_understood_of_an_inbound_fixture_is_silently_wrong() {
    for_each_fixture("inbound", 200, inbound::agrees_with_the_truth);
    let tally = *inbound::TALLY.lock().expect("no check of a fixture panicked");
    let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / tally.all().max(1) as f64);
    println!(
        "{} values: right {}, missing {}, wrong with a check {}, silently wrong {} ({})",
        tally.all(),
        share(tally.right),
        share(tally.missing),
        share(tally.flagged),
        share(tally.silent),
        tally.silent
    );
    let is_whole = std::env::var("FIXTURE").is_err();
    assert!(
        !is_whole || tally.right * 100 >= tally.all() * LEAST_RIGHT,
        "{}",
        share(tally.right)
    );
}

#[test]
fn every_value_of_an_inbound_fixture_shows_where_it_was_read() {
    for_each_fixture("inbound", 32, inbound::carries_evidence);
}

#[test]
fn nothing_known_leaves_in_an_outbound_fixture_and_useful_text_stays() {
    for_each_fixture("outbound", 10, outbound::leaves_as_expected);
}

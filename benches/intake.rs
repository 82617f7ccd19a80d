//! A mailbox of mixed fixtures through the whole daemon: `cargo bench --bench intake [-- MESSAGES]`.
//!
//! A private Dovecot holds the mailbox; the daemon fetches over TLS, stores sealed, moves, and reads every
//! mail in fenced workers. Printed: seconds until every mail is moved and until every mail is read, and the
//! peak resident memory (`VmHWM` of /proc) of the daemon and of the largest worker seen.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

#[path = "../tests/demo/daemon.rs"]
#[allow(dead_code)]
mod daemon;
#[path = "../tests/support/postfix.rs"]
#[allow(dead_code)]
mod postfix;
#[path = "../tests/support/mod.rs"]
mod support;

use daemon::Daemon;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use support::dovecot::Dovecot;

const MAILBOX: &str = "referrals@restorative.example";
const PASSWORD: &str = "mailbox-password-of-this-run";
const DEFAULT_MESSAGES: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(1800);

fn main() {
    let asked = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let messages = asked.unwrap_or(DEFAULT_MESSAGES);
    let folder = tempfile::Builder::new()
        .prefix("referrald-bench-")
        .tempdir()
        .expect("temporary folder");
    let dovecot = Dovecot::start(&[(MAILBOX, PASSWORD)]);
    let fixtures = fixtures();
    let mut bytes = 0;
    for (number, fixture) in fixtures.iter().cycle().take(messages).enumerate() {
        // Each copy is a mail of its own.
        let mail = [format!("X-Copy: {number}\r\n").as_bytes(), fixture].concat();
        bytes += mail.len();
        dovecot.deliver(MAILBOX, &mail);
    }
    println!(
        "{messages} mails of {} fixtures, {:.1} MB",
        fixtures.len(),
        bytes as f64 / 1e6
    );

    let mut daemon = Daemon::configure(folder.path(), &dovecot, [1, 1], PASSWORD);
    let begin = Instant::now();
    daemon.start();
    let pid = daemon.pid();
    let mut moved = None;
    let mut worker_peak = 0;
    let read = loop {
        worker_peak = worker_peak.max(largest_child(pid));
        if moved.is_none() && dovecot.count(MAILBOX, "INBOX") == 0 {
            moved = Some(begin.elapsed());
        }
        if moved.is_some() {
            let listed = daemon.messages();
            if listed.len() == messages && listed.iter().all(|message| message.state != "held") {
                break begin.elapsed();
            }
        }
        assert!(begin.elapsed() < PATIENCE, "took longer than {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(2));
    };
    let moved = moved.expect("moved");
    let rate = |time: Duration| messages as f64 / time.as_secs_f64();
    println!(
        "stored and moved: {:.1} s ({:.0} mails/s)",
        moved.as_secs_f64(),
        rate(moved)
    );
    println!(
        "read as well:     {:.1} s ({:.0} mails/s)",
        read.as_secs_f64(),
        rate(read)
    );
    println!(
        "peak memory: daemon {:.1} MB, largest worker {:.1} MB",
        peak(pid) as f64 / 1024.0,
        worker_peak as f64 / 1024.0
    );
    daemon.stop();
}

/// Every inbound fixture's bytes.
fn fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inbound");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("fixtures")
        .flatten()
        .map(|entry| entry.path().join("message.eml"))
        .collect();
    paths.sort();
    let mails: Vec<_> = paths.iter().filter_map(|path| fs::read(path).ok()).collect();
    assert!(!mails.is_empty());
    mails
}

/// `VmHWM` in KiB; 0 for a process that is gone.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1))
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// The peak of the largest child alive now.
fn largest_child(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|text| {
            text.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    children
        .into_iter()
        .filter(|pid| is_worker(*pid))
        .map(peak)
        .max()
        .unwrap_or(0)
}

/// A child that has become a worker; until then it counts the daemon's own memory.
fn is_worker(pid: u32) -> bool {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments.split(|byte| *byte == 0).nth(1) == Some(b"worker".as_slice())
}

//! The real daemon, killed (SIGKILL) at every step and at random moments, against a real Dovecot with
//! mail arriving meanwhile: every mail becomes exactly one message, is moved exactly once, and is read.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

use referrald::domain::MessageState;
use referrald::ingest::Step;
use referrald::store::{Actor, DatabasePlace, Deadlines, MasterKeys, Store, Viewer};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::dovecot::Dovecot;
use tempfile::TempDir;

const USER: &str = "referrals";
const PASSWORD: &str = "crash-test";
const PROCESSED: &str = "Referrald/Processed";
/// Kills altogether, at the least.
const KILLS: usize = 200;
/// Mails that arrive while the daemon is killed at random.
const MAILS: usize = 400;
/// How long the daemon may take to reach a step, and at the end to finish everything.
const PATIENCE: Duration = Duration::from_secs(60);
const SIGKILL: i32 = 9;

/// A seeded generator (splitmix64), so that a failing run can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

struct Bench {
    server: Dovecot,
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let server = Dovecot::start(&[(USER, PASSWORD)]);
        let dir = tempfile::tempdir().expect("temporary folder");
        let at = dir.path();
        let made = daemon().arg("init").arg(at).output().expect("init");
        assert!(made.status.success(), "{made:?}");
        let secret = |name: &str, text: &str| {
            fs::write(at.join(name), text).expect("file");
            fs::set_permissions(at.join(name), fs::Permissions::from_mode(0o600)).expect("mode");
        };
        secret("mailbox.password", PASSWORD);
        secret("ca.pem", &server.certificate.ca_pem);
        secret(
            "referrald.toml",
            &format!(
                "[service]\nname = \"Crash test\"\ndomain = \"restorative.example\"\n\
                 [keeping]\ndatabase = \"{database}\"\nmaster_key_file = \"master.key\"\n\
                 [mailbox]\nhost = \"localhost\"\nport = {port}\nca_file = \"ca.pem\"\nuser = \"{USER}\"\n\
                 password_file = \"mailbox.password\"\npoll_seconds = 1\nsweep_seconds = 10\n\
                 settle_seconds = 0\nbatch_messages = 7\n\
                 [reading]\nworkers = 1\nunprotected = \"allow\"\n[log]\nlevel = \"info\"\n",
                database = at.join("referrald.db").display(),
                port = server.imaps_port,
            ),
        );
        Self { server, dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn start(&self, kill_at: Option<String>) -> Running {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join("log"))
            .expect("log");
        let mut command = daemon();
        command
            .arg("--config")
            .arg(self.path().join("referrald.toml"))
            .arg("run")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log);
        if let Some(step) = kill_at {
            command.env("REFERRALD_KILL_AT", step);
        }
        Running(command.spawn().expect("the daemon starts"))
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    async fn store(&self) -> Store {
        let key = fs::read(self.path().join("master.key")).expect("key");
        let keys = MasterKeys::parse(&key).expect("a key file");
        Store::open(&DatabasePlace::Sqlite(self.path().join("referrald.db")), keys)
            .await
            .expect("the database")
    }

    fn deliver(&self, number: usize) {
        self.server.deliver(USER, &mail(number));
    }
}

struct Running(Child);

impl Running {
    /// Waits for the end; `None` when it does not come in time.
    fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if let Some(status) = self.0.try_wait().expect("status") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    fn kill(&mut self) {
        self.0.kill().expect("SIGKILL");
        self.0.wait().expect("status");
    }

    fn terminate(&mut self) {
        let pid = i32::try_from(self.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("pid"), rustix::process::Signal::TERM).expect("SIGTERM");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn daemon() -> Command {
    Command::new(env!("CARGO_BIN_EXE_referrald"))
}

fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: agency@police.example\r\nTo: referrals@restorative.example\r\nMessage-ID: <{number}@police.example>\r\n\
         Subject: Referral {number}\r\n\r\nPlease see referral {number}.\r\n"
    )
    .into_bytes()
}

fn number_of(mail: &[u8]) -> usize {
    let text = String::from_utf8_lossy(mail);
    let rest = text.split_once("Message-ID: <").map_or("", |(_, rest)| rest);
    rest.split('@').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Sends one more mail and runs the daemon until nothing is open, then checks every promise for all
/// mails, of which `sent` came before.
async fn finish_and_check(bench: &Bench, sent: usize) {
    let last = sent + 1;
    bench.deliver(last);
    let mut running = bench.start(None);
    let store = bench.store().await;
    let until = Instant::now() + PATIENCE;
    loop {
        let ledger = store.ledger_summary("referrals").await.expect("ledger");
        let held = store.held_messages(1).await.expect("held").len();
        let receipts = store.move_receipts("referrals").await.expect("receipts").len();
        if ledger.seen + ledger.stored == 0
            && held + receipts == 0
            && bench.server.count(USER, "INBOX") == 0
            && ledger.arrived >= last as u64
        {
            break;
        }
        assert!(
            Instant::now() < until,
            "not finished: {ledger:?}, {held} held, {receipts} receipts, {} in the inbox\n{}\n{}",
            bench.server.count(USER, "INBOX"),
            bench.log(),
            bench.server.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.terminate();
    let status = running.ends_within(PATIENCE).expect("stops when asked to");
    assert_eq!(status.code(), Some(0), "an orderly stop\n{}", bench.log());

    let wanted: BTreeMap<usize, usize> = (1..=last).map(|number| (number, 1)).collect();
    let mut kept = BTreeMap::new();
    for message in store.messages().await.expect("messages") {
        if message.state != MessageState::Rejected {
            assert_ne!(message.state, MessageState::Held);
            let raw = store.raw_message(message.id).await.expect("raw bytes");
            *kept.entry(number_of(raw.expose_personal())).or_insert(0) += 1;
        }
    }
    assert_eq!(kept, wanted, "every mail is exactly one message");
    let moved = bench.server.tally(USER, PROCESSED, number_of);
    assert_eq!(
        moved,
        wanted,
        "every mail was moved exactly once\n{}",
        bench.log()
    );
    let ledger = store.ledger_summary("referrals").await.expect("ledger");
    assert_eq!(
        (ledger.arrived, ledger.moved),
        (last as u64, last as u64),
        "arrived = accounted for"
    );
    store.verify_audit().await.expect("the audit chain holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_nothing_is_lost_or_doubled() {
    let bench = Bench::new();
    let mut sent = 0;
    for step in Step::ALL.iter().filter(|step| **step != Step::CopyDeleted) {
        // One life connects once.
        let times = if *step == Step::Connected { 1 } else { 3 };
        for time in 1..=times {
            for _ in 0..4 {
                sent += 1;
                bench.deliver(sent);
            }
            let mut running = bench.start(Some(format!("{step}:{time}")));
            let until = Instant::now() + PATIENCE;
            let status = loop {
                if let Some(status) = running.ends_within(Duration::from_millis(300)) {
                    break status;
                }
                assert!(
                    Instant::now() < until,
                    "{step}:{time} is never reached\n{}",
                    bench.log()
                );
                // Some steps come again only with further mail.
                sent += 1;
                bench.deliver(sent);
            };
            assert_eq!(status.signal(), Some(SIGKILL), "{step}:{time}\n{}", bench.log());
        }
    }
    finish_and_check(&bench, sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_deleting_a_rejected_mail_it_is_gone_in_the_end() {
    let bench = Bench::new();
    bench.deliver(1);
    finish_and_check(&bench, 1).await;
    {
        let store = bench.store().await;
        for message in store.messages().await.expect("messages") {
            let raw = store.raw_message(message.id).await.expect("raw bytes");
            if number_of(raw.expose_personal()) == 2 {
                let now = referrald::domain::Timestamp::now();
                let actor = Actor("tests".to_owned());
                store.reject(message.id, &actor, now).await.expect("rejected");
            }
        }
    }
    let status = bench
        .start(Some(Step::CopyDeleted.to_string()))
        .ends_within(PATIENCE);
    assert_eq!(
        status.and_then(|status| status.signal()),
        Some(SIGKILL),
        "{}",
        bench.log()
    );
    deletions_are_carried_out(&bench).await;
    let left = bench.server.tally(USER, PROCESSED, number_of);
    assert_eq!(left, BTreeMap::from([(1, 1)]));
}

/// Runs the daemon until nothing is due to be deleted on the server.
async fn deletions_are_carried_out(bench: &Bench) {
    let mut running = bench.start(None);
    let store = bench.store().await;
    let until = Instant::now() + PATIENCE;
    while !store
        .due_server_deletions("referrals")
        .await
        .expect("due")
        .is_empty()
    {
        assert!(
            Instant::now() < until,
            "the deletion is never finished\n{}",
            bench.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.terminate();
    assert!(running.ends_within(PATIENCE).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_outlived_its_term_goes_from_the_mailbox_too() {
    let bench = Bench::new();
    for number in 1..=3 {
        bench.deliver(number);
    }
    finish_and_check(&bench, 3).await;
    {
        let store = bench.store().await;
        let now = referrald::domain::Timestamp::now();
        let staff = Viewer::Staff(Actor("tests".to_owned()));
        let mut aside = 0;
        for message in store.messages().await.expect("messages") {
            let raw = store.raw_message(message.id).await.expect("raw bytes");
            if number_of(raw.expose_personal()).is_multiple_of(2) {
                store.set_aside(&staff, message.id, now).await.expect("set aside");
                aside += 1;
            }
        }
        assert_eq!(aside, 2);
        let never = referrald::domain::Timestamp::UNIX_EPOCH;
        let deadlines = Deadlines {
            closed: never,
            automatic: never,
            enquiries: referrald::domain::Timestamp::now(),
            liaison: never,
            statistics: never,
            left: never,
        };
        let gone = store
            .destroy_expired(&deadlines, 10, now)
            .await
            .expect("destroyed");
        assert_eq!(gone.len(), 2);
    }
    deletions_are_carried_out(&bench).await;
    let left = bench.server.tally(USER, PROCESSED, number_of);
    assert_eq!(left, BTreeMap::from([(1, 1), (3, 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_nothing_is_lost_or_doubled() {
    let seed = std::env::var("REFERRALD_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| {
            u64::from(std::process::id()) ^ referrald::domain::Timestamp::now().as_second() as u64
        });
    println!("seed: REFERRALD_SEED={seed}");
    let mut dice = Dice(seed);
    let bench = Arc::new(Bench::new());
    // How long a life must be to get to work on this machine.
    bench.deliver(1);
    let start = Instant::now();
    let mut first = bench.start(None);
    let until = start + PATIENCE;
    while bench.server.count(USER, PROCESSED) == 0 {
        assert!(
            Instant::now() < until,
            "the first mail is never moved\n{}",
            bench.log()
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let warm = u64::try_from(start.elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .clamp(50, 2000);
    first.kill();

    let sent = Arc::new(AtomicUsize::new(1));
    let enough = Arc::new(AtomicBool::new(false));
    let arriving = {
        let (bench, sent, enough) = (Arc::clone(&bench), Arc::clone(&sent), Arc::clone(&enough));
        let mut dice = Dice(seed ^ 1);
        std::thread::spawn(move || {
            while !enough.load(Ordering::Relaxed) && sent.load(Ordering::Relaxed) < MAILS {
                bench.deliver(sent.fetch_add(1, Ordering::Relaxed) + 1);
                std::thread::sleep(Duration::from_millis(
                    dice.roll(2 * warm * KILLS as u64 / MAILS as u64 + 2),
                ));
            }
        })
    };
    let mut kills = 1;
    let mut early = 0;
    while kills < KILLS {
        let mut running = bench.start(None);
        let life = warm / 4 + dice.roll(warm * 3 / 2);
        if let Some(status) = running.ends_within(Duration::from_millis(life)) {
            panic!("the daemon ended by itself: {status:?}\n{}", bench.log());
        }
        early += usize::from(life < warm / 2);
        running.kill();
        kills += 1;
    }
    enough.store(true, Ordering::Relaxed);
    arriving.join().expect("deliveries");
    println!(
        "{kills} kills ({early} of them early), {} mails, {warm} ms to the first move",
        sent.load(Ordering::Relaxed)
    );
    finish_and_check(&bench, sent.load(Ordering::Relaxed)).await;
}

//! The whole service in this process: real Dovecot, real store, a reader that does as it is told.

use crate::mailbox::{PASSWORD, USER, settings as imap_settings};
use crate::support::dovecot::Dovecot;
use crate::support::proxy::{Act, Proxy};
use referrald::domain::{
    Clock, DeliveryAction, MailRoute, MessageState, Personal, ReadMessage, ReadRequest, SystemClock,
    UnreadableReason,
};
use referrald::extract::read_message;
use referrald::forms::{AgencyBook, LabelBook};
use referrald::imap::{ImapConnector, ImapSettings};
use referrald::ingest::{
    BackoffSettings, Ingest, IngestParts, IngestSettings, IngestStatus, NoProbe, Outbox, OutboxParts,
    OutboxSettings, ReadFailure, Reader, SystemJitter, Understanding,
};
use referrald::presence::Presence;
use referrald::store::{
    AccountRole, Actor, DatabasePlace, DeliveryOutcome, LedgerSummary, MasterKeys, OsEntropy,
    PlannedDelivery, Store, SubmissionAccount, SubmittedMail,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const MAILBOX: &str = "referrals";
pub(crate) const PROCESSED: &str = "Processed";
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Reads as the mail's subject tells: `crash` is the mail's fault, `busy` is ours three times.
#[derive(Default)]
struct TestReader {
    busy: AtomicUsize,
}

impl Reader for TestReader {
    async fn read(&self, raw: &Personal<Vec<u8>>) -> Result<ReadMessage, ReadFailure> {
        let text = String::from_utf8_lossy(raw.expose_personal()).into_owned();
        if text.contains("Subject: crash") {
            return Err(ReadFailure::Permanent(UnreadableReason::WorkerCrashed));
        }
        if text.contains("Subject: busy") && self.busy.fetch_add(1, Ordering::Relaxed) < 3 {
            return Err(ReadFailure::Transient);
        }
        if text.contains("multipart/report") || text.contains("Subject: outbox") {
            let request = ReadRequest::default();
            return read_message(text.as_bytes(), &request, &mut |_| {}).map_err(ReadFailure::Permanent);
        }
        Ok(ReadMessage::default())
    }
}

pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) status: watch::Receiver<IngestStatus>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _dir: TempDir,
}

pub(crate) async fn start(server: &Dovecot, port: u16, change: impl FnOnce(&mut IngestSettings)) -> Service {
    start_as(imap_settings(server, port), change).await
}

/// With this account.
pub(crate) async fn start_as(account: ImapSettings, change: impl FnOnce(&mut IngestSettings)) -> Service {
    let dir = tempfile::tempdir().unwrap();
    let key = MasterKeys::generate(&OsEntropy).unwrap();
    let keys = MasterKeys::parse(key.as_bytes()).unwrap();
    let store = Store::open(&DatabasePlace::Sqlite(dir.path().join("store.db")), keys)
        .await
        .unwrap();
    let mut settings = IngestSettings {
        mailbox: MAILBOX.to_owned(),
        processed: PROCESSED.to_owned(),
        poll_interval: Duration::from_millis(100),
        sweep_interval: Duration::from_millis(300),
        max_message_bytes: 3 * 1024 * 1024,
        batch_messages: 20,
        fetch_tries: 3,
        settle: Duration::from_millis(50),
        backoff: BackoffSettings {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(50),
        },
        ..IngestSettings::default()
    };
    change(&mut settings);
    let (service, status) = Ingest::new(IngestParts {
        presence: presence(&store).await,
        connector: ImapConnector { settings: account },
        reader: TestReader::default(),
        understanding: Understanding {
            labels: LabelBook::default_book().unwrap(),
            agencies: AgencyBook::default_book().unwrap(),
            reference_prefixes: vec!["RJ".to_owned()],
            authserv_id: None,
        },
        settings,
        clock: Arc::new(SystemClock),
        jitter: Arc::new(SystemJitter),
        probe: Arc::new(NoProbe),
    });
    let stop = CancellationToken::new();
    let task = {
        let stop = stop.clone();
        tokio::spawn(async move { service.run(stop).await })
    };
    Service {
        store,
        status,
        stop,
        task,
        _dir: dir,
    }
}

/// Nobody renews: the term outlasts every test.
async fn presence(store: &Store) -> Arc<Presence> {
    let term = Duration::from_secs(3600);
    let presence = Presence::new(store, "tests", term).unwrap();
    presence.sign_on().await.unwrap();
    Arc::new(presence)
}

impl Service {
    pub(crate) async fn ledger(&self) -> LedgerSummary {
        self.store.ledger_summary(MAILBOX).await.unwrap()
    }

    /// Waits until every UID has an end state and nothing waits to be read, and `done` is so.
    pub(crate) async fn settled(
        &self,
        what: &str,
        server: &Dovecot,
        done: impl Fn(&LedgerSummary) -> bool,
    ) -> LedgerSummary {
        let until = Instant::now() + PATIENCE;
        loop {
            let ledger = self.ledger().await;
            let receipts = self.store.move_receipts(MAILBOX).await.unwrap().len();
            let held = self.store.held_messages(1).await.unwrap().len();
            if ledger.seen + ledger.stored == 0 && receipts + held == 0 && done(&ledger) {
                return ledger;
            }
            assert!(
                Instant::now() < until,
                "{what}: {ledger:?}, {receipts} receipts, {held} held, {:?}\n{}",
                *self.status.borrow(),
                server.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task)
            .await
            .expect("stops in time")
            .expect("ends well");
    }
}

pub(crate) fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: agency@example.org\r\nMessage-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\nText {number}.\r\n"
    )
    .into_bytes()
}

/// The number in a mail's Message-ID, by a plain search.
pub(crate) fn number_of(mail: &[u8]) -> usize {
    let text = String::from_utf8_lossy(mail);
    let rest = text.split_once("Message-ID: <").map_or("", |(_, rest)| rest);
    rest.split('@').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

pub(crate) fn each_once(numbers: impl IntoIterator<Item = usize>) -> BTreeMap<usize, usize> {
    numbers.into_iter().map(|number| (number, 1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_arrives_is_committed_moved_and_read() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    (1..=3).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, server.imaps_port, |_| {}).await;
    service.settled("first mails", &server, |l| l.moved == 3).await;
    (4..=5).for_each(|n| server.deliver(USER, &mail(n)));
    service.settled("later mails", &server, |l| l.moved == 5).await;
    assert_eq!(server.count(USER, "INBOX"), 0);
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once(1..=5));
    let messages = service.store.messages().await.unwrap();
    assert_eq!(messages.len(), 5);
    for message in messages {
        let raw = service.store.raw_message(message.id).await.unwrap();
        let number = number_of(raw.expose_personal());
        assert_eq!(*raw.expose_personal(), mail(number), "byte for byte");
    }
    assert!(service.status.borrow().last_success.is_some());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_mail_is_noticed_long_before_the_next_poll() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let service = start(&server, server.imaps_port, |settings| {
        settings.poll_interval = Duration::from_secs(300);
    })
    .await;
    let mut status = service.status.clone();
    status
        .wait_for(|status| status.last_success.is_some())
        .await
        .unwrap();
    server.deliver(USER, &mail(1));
    service.settled("IDLE", &server, |l| l.moved == 1).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_small_mails_become_a_thousand_messages() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    (1..=1000).for_each(|n| server.deliver(USER, &mail(n)));
    let start_time = Instant::now();
    let service = start(&server, server.imaps_port, |settings| {
        settings.batch_messages = 50
    })
    .await;
    service
        .settled("a thousand mails", &server, |l| l.moved == 1000)
        .await;
    println!("1000 mails in {:?}", start_time.elapsed());
    assert_eq!(service.store.messages().await.unwrap().len(), 1000);
    assert_eq!(server.count(USER, "INBOX"), 0);
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once(1..=1000));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_uidvalidity_recognises_known_mail() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("UID MOVE", Act::Answer("NO not now"), 1_000_000);
    (1..=30).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, proxy.port, |_| {}).await;
    let until = Instant::now() + PATIENCE;
    while service.ledger().await.stored < 30 {
        assert!(
            Instant::now() < until,
            "committed without a move: {:?}",
            service.ledger().await
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (31..=40).for_each(|n| server.deliver(USER, &mail(n)));
    proxy.on("AUTHENTICATE", Act::HangUp, 1_000_000);
    proxy.hang_up_all();
    while server.has_session(USER) {
        assert!(Instant::now() < until, "the server keeps its session");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.reset_uidvalidity(USER, 7_000);
    proxy.clear();
    let ledger = service
        .settled("after the reset", &server, |l| l.moved >= 40)
        .await;
    assert!(ledger.superseded >= 30, "{ledger:?}");
    assert_eq!(service.store.messages().await.unwrap().len(), 40);
    assert_eq!(server.count(USER, "INBOX"), 0);
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once(1..=40));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_somebody_takes_away_meanwhile_is_accounted_for() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    (1..=200).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, server.imaps_port, |settings| {
        settings.batch_messages = 10
    })
    .await;
    let mut deleted = 0;
    for round in 0..40 {
        deleted += server.take_away(USER, 1, None);
        server.take_away(USER, 1, Some("Elsewhere"));
        if round < 10 {
            server.deliver(USER, &mail(201 + round));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ledger = service
        .settled("nothing left open", &server, |_| server.count(USER, "INBOX") == 0)
        .await;
    assert_eq!(ledger.arrived, ledger.moved + ledger.gone, "{ledger:?}");
    let messages = service.store.messages().await.unwrap().len();
    let kept = server.count(USER, PROCESSED) + server.count(USER, "Elsewhere");
    assert_eq!(kept + deleted, 210);
    assert!(messages >= server.count(USER, PROCESSED) && messages <= 210);
    assert!(
        server
            .tally(USER, PROCESSED, number_of)
            .values()
            .all(|times| *times == 1)
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_anywhere_loses_and_doubles_nothing() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    // Signing in takes some hundred bytes; the offsets cover everything after it, unevenly.
    proxy.cut_after((0..120).map(|n| 40 + n * 61));
    let service = start(&server, proxy.port, |settings| settings.batch_messages = 7).await;
    let mut sent = 0;
    let until = Instant::now() + PATIENCE;
    while proxy.cuts_left() > 0 {
        assert!(Instant::now() < until, "{} cuts left", proxy.cuts_left());
        if server.count(USER, "INBOX") < 20 {
            sent += 1;
            server.deliver(USER, &mail(sent));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let expected = sent as u64;
    service
        .settled("after the cuts", &server, |l| l.moved == expected)
        .await;
    assert_eq!(server.count(USER, "INBOX"), 0);
    assert_eq!(service.store.messages().await.unwrap().len(), sent);
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once(1..=sent));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_every_command_are_waited_out() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    for command in [
        "AUTHENTICATE",
        "CAPABILITY",
        "STATUS",
        "SELECT",
        "UID SEARCH",
        "RFC822.SIZE",
        "BODY.PEEK",
        "UID MOVE",
        "IDLE",
    ] {
        for status in ["NO later", "BAD what", "NO [UNAVAILABLE] wait"] {
            proxy.on(command, Act::Answer(status), 1);
        }
        proxy.on(command, Act::HangUp, 1);
    }
    (1..=12).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, proxy.port, |settings| {
        settings.batch_messages = 5;
        settings.fetch_tries = 10;
    })
    .await;
    let mut sent = 12;
    let until = Instant::now() + PATIENCE;
    // An IDLE that was refused is asked for again on the next connection only.
    while proxy.rules_left() > 3 {
        assert!(Instant::now() < until, "{} refusals left", proxy.rules_left());
        if server.count(USER, "INBOX") < 5 {
            sent += 1;
            server.deliver(USER, &mail(sent));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let expected = sent as u64;
    service
        .settled("after refusals", &server, |l| l.moved == expected)
        .await;
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once(1..=sent));
    assert_eq!(service.store.messages().await.unwrap().len(), sent);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_becomes_a_review_item_and_holds_up_nothing() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("UID FETCH 2 (UID BODY", Act::HangUp, 1_000_000);
    proxy.on("UID FETCH 4 (UID BODY", Act::Answer("NO broken"), 1_000_000);
    (1..=6).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, proxy.port, |_| {}).await;
    let ledger = service
        .settled("around the poison", &server, |l| {
            l.moved == 4 && l.cannot_fetch == 2
        })
        .await;
    assert_eq!(ledger.arrived, 6);
    server.deliver(USER, &mail(7));
    service
        .settled("after the poison", &server, |l| l.moved == 5)
        .await;
    assert_eq!(server.count(USER, "INBOX"), 2, "left in the mailbox");
    let messages = service.store.messages().await.unwrap();
    let unfetched = messages
        .iter()
        .filter(|m| m.unreadable == Some(UnreadableReason::CannotFetch))
        .count();
    assert_eq!((messages.len(), unfetched), (7, 2));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sixty_megabyte_mail_stays_and_the_others_pass() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    server.deliver(USER, &mail(1));
    let big = [mail(2), b"0123456789abcde\n".repeat(60 * 65536)].concat();
    server.deliver(USER, &big);
    server.deliver(USER, &mail(3));
    let service = start(&server, server.imaps_port, |_| {}).await;
    service
        .settled("around the large mail", &server, |l| {
            l.moved == 2 && l.too_large == 1
        })
        .await;
    assert_eq!(server.count(USER, "INBOX"), 1);
    let messages = service.store.messages().await.unwrap();
    assert_eq!(messages.len(), 3);
    assert!(
        messages
            .iter()
            .any(|m| m.unreadable == Some(UnreadableReason::TooLarge))
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_twice_are_one_message() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    server.deliver(USER, &mail(1));
    server.deliver(USER, &mail(1));
    let service = start(&server, server.imaps_port, |_| {}).await;
    service.settled("both", &server, |l| l.moved == 2).await;
    server.deliver(USER, &mail(1));
    service.settled("again", &server, |l| l.moved == 3).await;
    assert_eq!(service.store.messages().await.unwrap().len(), 1);
    assert_eq!(server.count(USER, "INBOX"), 0);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_answer_was_lost_is_proved_and_its_copies_are_found() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("UID MOVE", Act::HangUpAfter, 2);
    (1..=8).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, proxy.port, |settings| settings.batch_messages = 4).await;
    service.settled("moves", &server, |l| l.moved == 8).await;
    assert_eq!(proxy.rules_left(), 0);
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once(1..=8));
    assert_eq!(service.store.messages().await.unwrap().len(), 8);
    // The copies are known: rejecting takes them off the server without a search.
    reject_all(&service, &server).await;
    service.stop().await;
}

async fn reject_all(service: &Service, server: &Dovecot) {
    let actor = Actor("tests".to_owned());
    for message in service.store.messages().await.unwrap() {
        service
            .store
            .reject(message.id, &actor, referrald::domain::Timestamp::now())
            .await
            .unwrap();
    }
    let until = Instant::now() + PATIENCE;
    while server.count(USER, PROCESSED) + server.count(USER, "INBOX") > 0
        || !service
            .store
            .due_server_deletions(MAILBOX)
            .await
            .unwrap()
            .is_empty()
    {
        assert!(
            Instant::now() < until,
            "copies left: {}",
            server.count(USER, PROCESSED)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_message_leaves_the_server_and_nothing_else_does() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    (1..=4).for_each(|n| server.deliver(USER, &mail(n)));
    let service = start(&server, server.imaps_port, |_| {}).await;
    service.settled("arrived", &server, |l| l.moved == 4).await;
    let actor = Actor("tests".to_owned());
    let messages = service.store.messages().await.unwrap();
    let raw = service.store.raw_message(messages[0].id).await.unwrap();
    let rejected = number_of(raw.expose_personal());
    service
        .store
        .reject(messages[0].id, &actor, referrald::domain::Timestamp::now())
        .await
        .unwrap();
    let until = Instant::now() + PATIENCE;
    while server.count(USER, PROCESSED) == 4 {
        assert!(Instant::now() < until, "the copy is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let left = each_once((1..=4).filter(|n| *n != rejected));
    assert_eq!(server.tally(USER, PROCESSED, number_of), left);
    // The same mail once more is recognised, and goes too.
    server.deliver(USER, &mail(rejected));
    service.settled("once more", &server, |l| l.moved == 5).await;
    let until = Instant::now() + PATIENCE;
    while server.tally(USER, PROCESSED, number_of) != left {
        assert!(Instant::now() < until, "a copy of a destroyed message stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(service.store.messages().await.unwrap().len(), 4);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_reading_are_told_apart_and_hold_up_nothing() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    server.deliver(
        USER,
        b"Message-ID: <1@example.org>\r\nSubject: crash\r\n\r\nx\r\n",
    );
    server.deliver(USER, b"Message-ID: <2@example.org>\r\nSubject: busy\r\n\r\nx\r\n");
    server.deliver(USER, &mail(3));
    let service = start(&server, server.imaps_port, |settings| settings.readers = 1).await;
    service.settled("read", &server, |l| l.moved == 3).await;
    let messages = service.store.messages().await.unwrap();
    let state = |wanted: MessageState| messages.iter().filter(|m| m.state == wanted).count();
    assert_eq!(
        (state(MessageState::Read), state(MessageState::Unreadable)),
        (2, 1)
    );
    service.stop().await;
}

/// Waits until the folder holds so many mails.
async fn filled(server: &Dovecot, folder: &str, count: usize) {
    let until = Instant::now() + PATIENCE;
    while server.count(USER, folder) != count {
        assert!(
            Instant::now() < until,
            "{folder} holds {}",
            server.count(USER, folder)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn outbox(server: &Dovecot, port: u16, store: &Store) -> Outbox<ImapConnector, TestReader> {
    let parts = OutboxParts {
        presence: presence(store).await,
        connector: ImapConnector {
            settings: imap_settings(server, port),
        },
        reader: TestReader::default(),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(SystemJitter),
    };
    let settings = OutboxSettings {
        mailbox: MAILBOX.to_owned(),
        // Where the test server delivers.
        outbox: "INBOX".to_owned(),
        sent: "Sent".to_owned(),
        refused: "Not sent".to_owned(),
        poll_interval: Duration::from_secs(1),
        max_message_bytes: 10_000,
        backoff: BackoffSettings {
            first: Duration::from_millis(10),
            longest: Duration::from_millis(100),
        },
    };
    Outbox::new(parts, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_in_the_outbox_is_stored_once_and_moved_whatever_happens_to_the_connection() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let dir = tempfile::tempdir().unwrap();
    let key = MasterKeys::generate(&OsEntropy).unwrap();
    let keys = MasterKeys::parse(key.as_bytes()).unwrap();
    let store = Store::open(&DatabasePlace::Sqlite(dir.path().join("store.db")), keys)
        .await
        .unwrap();
    let account = SubmissionAccount {
        user: "team".to_owned(),
        address: Personal::new("referrals@restorative.example".to_owned()),
        password_hash: "x".to_owned(),
        role: AccountRole::Staff,
    };
    store.put_account(&account, SystemClock.now()).await.unwrap();
    let laid = |from: &str, to: &str, text: &str| {
        let mail =
            format!("From: Team <{from}>\r\n{to}Subject: outbox\r\nMIME-Version: 1.0\r\n\r\n{text}\r\n");
        server.deliver(USER, mail.as_bytes());
    };
    let (own, to) = (
        "Referrals@restorative.example",
        "To: a@agency.example\r\nBcc: b@agency.example\r\n",
    );
    laid(own, to, "hello");
    laid("stranger@restorative.example", to, "who am I");
    laid(own, "", "to nobody");
    laid(own, to, &"long\r\n".repeat(3_000));
    // The first moves are not answered: the mail is stored, and still lies there.
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("UID MOVE", Act::HangUp, 2);
    let (service, stop) = (
        outbox(&server, proxy.port, &store).await,
        CancellationToken::new(),
    );
    let until = stop.clone();
    let task = tokio::spawn(async move { service.run(&until).await });
    filled(&server, "Sent", 1).await;
    filled(&server, "Not sent", 3).await;
    filled(&server, "INBOX", 0).await;
    stop.cancel();
    task.await.unwrap();
    let waiting = store.unplanned_outbound(10).await.unwrap();
    assert_eq!(
        waiting.len(),
        1,
        "stored once, although it was seen several times"
    );
    let mail = store.outbound_mail(waiting[0]).await.unwrap();
    let to: Vec<&str> = mail
        .recipients
        .iter()
        .map(|to| to.expose_personal().as_str())
        .collect();
    assert_eq!(to, ["a@agency.example", "b@agency.example"]);
    assert_eq!(mail.account, "team");
    assert_eq!(mail.sender.expose_personal(), "referrals@restorative.example");
}

/// As Postfix writes one, about a mail that left under this Message-ID.
fn delivery_report(message_id: &str, recipient: &str) -> Vec<u8> {
    let lines = [
        "From: MAILER-DAEMON@relay.example (Mail Delivery System)",
        "To: referrals@restorative.example",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B",
        "",
        "--B",
        "Content-Type: text/plain",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "--B",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; relay.example",
        "",
        &format!("Final-Recipient: rfc822; {recipient}"),
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
        "",
        "--B",
        "Content-Type: message/rfc822",
        "",
        &format!("Message-ID: <{message_id}>"),
        "Subject: RJ-2026-00001",
        "",
        "hello",
        "--B--",
        "",
    ];
    lines.join("\r\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_report_is_filed_and_the_delivery_has_failed() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let service = start(&server, server.imaps_port, |_| {}).await;
    let (store, now) = (&service.store, SystemClock.now());
    let text = |text: &str| Personal::new(text.to_owned());
    let mail = SubmittedMail {
        account: "sam".to_owned(),
        sender: text("sam@restorative.example"),
        recipients: vec![text("gone@agency.example")],
        raw: Personal::new(b"Subject: x\r\n\r\nx\r\n".to_vec()),
    };
    let id = store.accept_outbound(&mail, now).await.unwrap();
    let delivery = PlannedDelivery {
        recipient: text("gone@agency.example"),
        route: MailRoute::Ordinary,
        action: DeliveryAction::Redact,
        reasons: Vec::new(),
        message: Some(Personal::new(b"x".to_vec())),
        if_released: None,
        message_id: Some("0123456789abcdef@restorative.example".to_owned()),
    };
    store.save_plan(id, &[delivery], now).await.unwrap();
    let due = store.due_deliveries(SystemClock.now(), 1).await.unwrap();
    let sent = DeliveryOutcome::Sent { code: 250 };
    store.record_delivery(due[0].id, sent, now).await.unwrap();
    let report = delivery_report("0123456789abcdef@restorative.example", "gone@agency.example");
    server.deliver(USER, &report);
    let foreign = delivery_report("somebody-elses@restorative.example", "gone@agency.example");
    server.deliver(USER, &foreign);
    service.settled("the reports", &server, |l| l.moved == 2).await;
    let until = Instant::now() + PATIENCE;
    loop {
        let messages = store.messages().await.unwrap();
        let states: Vec<_> = messages.iter().map(|message| message.state).collect();
        if states.contains(&MessageState::Filed) && states.contains(&MessageState::Read) {
            break;
        }
        assert!(Instant::now() < until, "{states:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let outbound = store.outbound().await.unwrap();
    let ends: Vec<_> = outbound[0]
        .deliveries
        .iter()
        .map(|d| (d.state.as_str(), d.last_code))
        .collect();
    assert_eq!(ends, [("failed", Some(550))]);
    service.stop().await;
}

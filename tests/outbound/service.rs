//! The outbound service on a real store: what is planned, held, sent, tried again and given up.

use crate::client::{ADDRESS, USER, quick_hash};
use crate::postfix::{Act, ScriptedServer, Step};
use jiff::SignedDuration;
use referrald::domain::*;
use referrald::extract::whole_document;
use referrald::outbound::*;
use referrald::redact::{self, DraftGroup, DraftPlan, DraftRequest, RedactionSettings};
use referrald::smtp::{RelaySettings, RelayTls, Relays};
use referrald::store::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const CJSM: &str = "liaison@force.pnn.police.uk.cjsm.net";
pub(crate) const OPEN: &str = "officer@agency.example";
pub(crate) const MAIL: &str = "From: Volunteer@liaison.example.org\r\nTo: liaison@force.pnn.police.uk.cjsm.net\r\n\
     Bcc: officer@agency.example\r\nSubject: RJ-2026-00001 meeting\r\nMessage-ID: <1@liaison.example.org>\r\n\r\n\
     hello, the sparrow can come on tuesday at ten. Ring 01632 960123.\r\n.\r\n\r\n";

/// A store in a temporary folder.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    keys: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let keys = MasterKeys::generate(&OsEntropy).expect("keys").to_string();
        let folder = tempfile::tempdir().expect("temporary folder");
        Self { folder, keys }
    }

    pub(crate) async fn open(&self) -> Store {
        let keys = MasterKeys::parse(self.keys.as_bytes()).expect("keys");
        let path = self.folder.path().join("referrald.db");
        let store = Store::open(&DatabasePlace::Sqlite(path), keys)
            .await
            .expect("store");
        let account = SubmissionAccount {
            user: USER.to_owned(),
            address: Personal::new(ADDRESS.to_owned()),
            password_hash: quick_hash(crate::client::PASSWORD),
            role: AccountRole::Volunteer,
        };
        store.put_account(&account, start()).await.expect("account");
        store
    }
}

impl Home {
    /// Somebody else writes, and does not come to an end.
    pub(crate) async fn lock(&self) -> sqlx::SqliteConnection {
        use sqlx::{ConnectOptions, Executor};
        let path = self.folder.path().join("referrald.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await.expect("opens");
        connection.execute("BEGIN IMMEDIATE").await.expect("locks");
        connection
    }
}

fn start() -> Timestamp {
    "2026-11-02T09:00:00Z".parse().expect("time")
}

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(start())))
    }

    pub(crate) fn pass(&self, duration: SignedDuration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(duration).expect("time");
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What the worker does.
#[derive(Clone)]
pub(crate) enum TestDrafter {
    /// Redacts, without the process around it.
    Redacts,
    /// Dies on the mail.
    Dies,
    /// Never answers.
    Hangs,
    /// Says that everybody may have everything as it is.
    LetsEverythingPass,
    /// Says that the original is the redacted copy.
    RedactsNothing,
    /// Forgets the recipients.
    ForgetsEverybody,
}

impl Drafter for TestDrafter {
    async fn draft(&self, request: &DraftRequest) -> Result<DraftPlan, DraftFailure> {
        let forged = |action, message| {
            let group = DraftGroup {
                if_released: None,
                recipients: request.recipients.clone(),
                route: MailRoute::Ordinary,
                action,
                reasons: Vec::new(),
                changes: Vec::new(),
                message,
                originals: Vec::new(),
            };
            Ok(DraftPlan { groups: vec![group] })
        };
        match self {
            Self::Redacts => Ok(redact::draft(request, whole_document)),
            Self::Dies => Err(DraftFailure),
            Self::Hangs => std::future::pending().await,
            Self::LetsEverythingPass => forged(DeliveryAction::Pass, Some(request.raw.clone())),
            Self::RedactsNothing => forged(DeliveryAction::Redact, Some(request.raw.clone())),
            Self::ForgetsEverybody => Ok(DraftPlan { groups: Vec::new() }),
        }
    }
}

pub(crate) type TestOutbound = Outbound<TestDrafter, Relays, TestClock, SystemNonces>;

/// The service, its relays and its store.
struct Bench {
    home: Arc<Home>,
    store: Store,
    clock: TestClock,
    cjsm: ScriptedServer,
    ordinary: ScriptedServer,
    service: Arc<TestOutbound>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn relay(port: u16) -> RelaySettings {
    RelaySettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: RelayTls::None,
        credentials: None,
        ca_pem: None,
        proxy: None,
        hello_name: "liaison.example.org".to_owned(),
        timeout: Duration::from_secs(10),
    }
}

pub(crate) fn settings() -> OutboundSettings {
    OutboundSettings {
        sending_limit: Duration::from_secs(600),
        redaction: RedactionSettings {
            cjsm_route: true,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".to_owned()],
            own_domain: "liaison.example.org".to_owned(),
            max_bytes: 10_000_000,
            own_addresses: vec!["@liaison.example.org".to_owned()],
            name_model: true,
            attachments: OtherAttachments::Hold,
        },
        draft_timeout: Duration::from_secs(20),
        poll_interval: Duration::from_secs(3600),
        guards: GuardSettings {
            allocation: AllocationGuard::Off,
            first_mail: FirstMailGuard::Off,
        },
        notices_from: "no-reply@liaison.example.org".to_owned(),
        bounces_to: None,
    }
}

impl Bench {
    async fn new(drafter: TestDrafter) -> Self {
        Self::with(drafter, |_| {}).await
    }

    async fn with(drafter: TestDrafter, change: impl FnOnce(&mut OutboundSettings)) -> Self {
        let (cjsm, ordinary) = (ScriptedServer::start(), ScriptedServer::start());
        Self::on(
            Arc::new(Home::new()),
            TestClock::new(),
            [cjsm, ordinary],
            drafter,
            change,
        )
        .await
    }

    async fn on(
        home: Arc<Home>,
        clock: TestClock,
        [cjsm, ordinary]: [ScriptedServer; 2],
        drafter: TestDrafter,
        change: impl FnOnce(&mut OutboundSettings),
    ) -> Self {
        let store = home.open().await;
        let relays = Relays::new(Some(relay(cjsm.port)), Some(relay(ordinary.port))).expect("relays");
        let mut settings = settings();
        change(&mut settings);
        let parts = OutboundParts {
            store: store.clone(),
            drafter,
            relay: relays,
            clock: clock.clone(),
            nonces: SystemNonces,
        };
        let service = Arc::new(Outbound::new(parts, settings));
        let stop = CancellationToken::new();
        let (running, until) = (Arc::clone(&service), stop.clone());
        let task = tokio::spawn(async move { running.run(&until).await });
        Self {
            home,
            store,
            clock,
            cjsm,
            ordinary,
            service,
            stop,
            task: Some(task),
        }
    }

    /// The same store, clock and relays, and a new service: what is there after a restart.
    async fn restarted(mut self, drafter: TestDrafter, change: impl FnOnce(&mut OutboundSettings)) -> Self {
        self.stop().await;
        let relays = [self.cjsm.clone(), self.ordinary.clone()];
        Self::on(
            Arc::clone(&self.home),
            self.clock.clone(),
            relays,
            drafter,
            change,
        )
        .await
    }

    async fn stop(&mut self) {
        self.stop.cancel();
        let Some(task) = self.task.take() else { return };
        let ended = tokio::time::timeout(PATIENCE, task).await;
        assert!(ended.is_ok_and(|joined| joined.is_ok()), "the service ends");
    }

    async fn submit(&self, recipients: &[&str]) -> OutboundId {
        let mail = SubmittedMail {
            account: USER.to_owned(),
            sender: Personal::new(ADDRESS.to_owned()),
            recipients: recipients
                .iter()
                .map(|r| Personal::new((*r).to_owned()))
                .collect(),
            raw: Personal::new(MAIL.as_bytes().to_vec()),
        };
        self.service.accept(mail).await.expect("is stored")
    }

    async fn summary(&self, id: OutboundId) -> OutboundSummary {
        let all = self.store.outbound().await.expect("outbound");
        all.into_iter()
            .find(|mail| mail.id == id)
            .expect("the mail is kept")
    }

    /// Waits until every delivery of the mail is as asked.
    async fn wait_until(
        &self,
        id: OutboundId,
        what: &str,
        is: impl Fn(&DeliverySummary) -> bool,
    ) -> OutboundSummary {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mail = self.summary(id).await;
            if !mail.deliveries.is_empty() && mail.deliveries.iter().all(&is) {
                return mail;
            }
            assert!(Instant::now() < deadline, "{what} in vain: {mail:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn wait_for_state(&self, id: OutboundId, state: &str) -> OutboundSummary {
        self.wait_until(id, state, |delivery| delivery.state == state)
            .await
    }

    fn pass(&self, duration: SignedDuration) {
        self.clock.pass(duration);
        self.service.wake();
    }

    /// Nobody so much as connected to the CJSM relay, and all that the other one has are notices to the volunteer.
    fn nothing_left(&self) {
        assert_eq!(self.cjsm.connections(), 0);
        for mail in self.ordinary.arrived().iter() {
            assert_eq!(mail.to, [ADDRESS], "only its sender hears of the mail");
        }
    }

    /// The notice that the volunteer got.
    async fn notice(&self) -> String {
        let notice = self.ordinary.wait_for_mail_to(ADDRESS).await;
        String::from_utf8_lossy(&notice.raw).replace("=\r\n", "")
    }

    async fn add_case_about(&self, known_as: &str) {
        add_case_about(&self.store, self.clock.now(), known_as).await;
    }
}

/// Staff accept a referral about somebody.
pub(crate) async fn add_case_about(store: &Store, now: Timestamp, known_as: &str) {
    let folder = FolderKey {
        mailbox: "main".to_owned(),
        folder: "INBOX".to_owned(),
        uidvalidity: 1,
    };
    store.adopt_uidvalidity(&folder, now).await.expect("folder");
    let seen = SeenUid {
        uid: 1,
        size: None,
        internal_date: None,
    };
    store.note_seen(&folder, &[seen], now).await.expect("seen");
    let mail = FetchedMail {
        uid: 1,
        raw: Personal::new(b"From: a@example.org\r\n\r\nx\r\n".to_vec()),
        internal_date: None,
    };
    let committed = store
        .commit_batch(&folder, vec![mail], now)
        .await
        .expect("commits");
    let message = committed.first().expect("one").message;
    let mut party = Party::new(Role::Victim);
    party.name = Some("Sparrow Quillfeather".to_owned());
    party.known_as = Some(known_as.to_owned());
    let parsed = ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: Vec::new(),
        attachments: Vec::new(),
        referral: Some(Referral {
            parties: vec![party],
            ..Referral::default()
        }),
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
    };
    store
        .save_parsed(message, &parsed, &Source::default(), &[], now)
        .await
        .expect("draft");
    let actor = Actor("tester".to_owned());
    store.accept(message, "RJ", &actor, now).await.expect("case");
}

#[tokio::test]
async fn one_mail_takes_two_ways() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    let id = bench.submit(&[CJSM, OPEN]).await;
    let mail = bench.wait_for_state(id, "sent").await;
    assert_eq!(mail.state, OutboundState::Done);
    assert!(
        mail.deliveries
            .iter()
            .all(|d| d.last_code == Some(250) && d.attempts == 1),
        "{mail:?}"
    );
    let secure = &bench.cjsm.arrived()[..];
    assert_eq!(secure.len(), 1);
    assert_eq!(secure[0].to, [CJSM]);
    let without_bcc = MAIL.replace("Bcc: officer@agency.example\r\n", "");
    assert_eq!(secure[0].raw, without_bcc.as_bytes());
    let open = &bench.ordinary.arrived()[..];
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].to, [OPEN]);
    let text = String::from_utf8_lossy(&open[0].raw).into_owned();
    assert!(
        !text.contains("01632") && !text.to_ascii_lowercase().contains("bcc:"),
        "{text}"
    );
}

#[tokio::test]
async fn what_a_relay_cannot_take_now_is_tried_again_when_it_is_due() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.cjsm.say(Step::Rcpt, "451 4.7.1 greylisted");
    let id = bench.submit(&[CJSM, OPEN]).await;
    let tried = |delivery: &DeliverySummary| delivery.attempts == 1;
    let mail = bench.wait_until(id, "both tried", tried).await;
    let states: Vec<_> = mail
        .deliveries
        .iter()
        .map(|d| (d.route, d.state.as_str(), d.last_code))
        .collect();
    assert!(
        states.contains(&(MailRoute::Cjsm, "waiting", Some(451))),
        "{states:?}"
    );
    assert!(
        states.contains(&(MailRoute::Ordinary, "sent", Some(250))),
        "{states:?}"
    );
    assert_eq!(mail.state, OutboundState::Planned);
    bench.cjsm.behave();
    let connections = bench.cjsm.connections();
    bench.pass(SignedDuration::from_secs(59));
    // Another mail's delivery shows that the loop came round, and left the first one alone.
    let other = bench.submit(&[OPEN]).await;
    bench.wait_for_state(other, "sent").await;
    assert_eq!(bench.cjsm.connections(), connections);
    bench.pass(SignedDuration::from_secs(2));
    let mail = bench.wait_for_state(id, "sent").await;
    assert_eq!(mail.state, OutboundState::Done);
    assert_eq!(bench.cjsm.arrived().len(), 1);
    assert_eq!(bench.ordinary.arrived().len(), 2);
}

#[tokio::test]
async fn a_refusal_is_final_and_keeps_its_code() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.cjsm.say(Step::Rcpt, "550 5.1.1 nobody here");
    bench.ordinary.say(Step::End, "552 5.3.4 too big");
    let id = bench.submit(&[CJSM, OPEN]).await;
    let mail = bench.wait_for_state(id, "failed").await;
    assert_eq!(mail.state, OutboundState::Done);
    let codes: Vec<_> = mail.deliveries.iter().map(|d| (d.route, d.last_code)).collect();
    assert!(codes.contains(&(MailRoute::Cjsm, Some(550))), "{codes:?}");
    assert!(codes.contains(&(MailRoute::Ordinary, Some(552))), "{codes:?}");
}

#[tokio::test]
async fn a_relay_that_is_down_holds_up_only_its_own_mail_and_for_no_longer_than_it_is_down() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.cjsm.at(Step::Greeting, Act::HangUp);
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(bench.submit(&[CJSM, OPEN]).await);
    }
    for id in &ids {
        bench
            .wait_until(*id, "tried", |delivery| delivery.attempts == 1)
            .await;
    }
    assert_eq!(bench.ordinary.arrived().len(), 6);
    assert_eq!(bench.cjsm.connections(), 1, "it is left alone for a while");
    bench.cjsm.behave();
    bench.pass(SignedDuration::from_mins(1));
    for id in ids {
        bench.wait_for_state(id, "sent").await;
    }
    assert_eq!(bench.cjsm.arrived().len(), 6);
}

#[tokio::test]
async fn after_two_days_a_delivery_is_given_up() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.cjsm.say(Step::Mail, "450 4.2.1 later");
    let id = bench.submit(&[CJSM]).await;
    let mut hours = 0;
    for attempts in 1.. {
        let mail = bench
            .wait_until(id, "tried", |d| d.attempts >= attempts || d.state == "failed")
            .await;
        if mail.deliveries[0].state == "failed" {
            assert_eq!(mail.deliveries[0].last_code, Some(450));
            break;
        }
        bench.pass(SignedDuration::from_hours(2));
        hours += 2;
    }
    assert!((48..=60).contains(&hours), "{hours}");
    assert!(bench.cjsm.arrived().is_empty());
}

#[tokio::test]
async fn whatever_goes_wrong_in_redaction_holds_the_mail_for_everybody_it_could_hurt() {
    for (drafter, recipients) in [
        (TestDrafter::Dies, &[CJSM, OPEN][..]),
        (TestDrafter::Hangs, &[CJSM, OPEN]),
        (TestDrafter::ForgetsEverybody, &[CJSM, OPEN]),
        (TestDrafter::LetsEverythingPass, &[OPEN]),
        (TestDrafter::LetsEverythingPass, &["liaison@evilcjsm.net"]),
        (
            TestDrafter::LetsEverythingPass,
            &[CJSM, "liaison@cjsm.net.example"],
        ),
    ] {
        let bench = Bench::with(drafter, |settings| {
            settings.draft_timeout = Duration::from_millis(200)
        })
        .await;
        let id = bench.submit(recipients).await;
        let mail = bench.wait_for_state(id, "held").await;
        assert_eq!(mail.deliveries.len(), recipients.len());
        assert!(
            mail.deliveries
                .iter()
                .all(|d| d.reasons.contains(&HoldReason::RedactionFailed)),
            "{mail:?}"
        );
        bench.pass(SignedDuration::from_hours(100));
        bench.nothing_left();
    }
}

#[tokio::test]
async fn a_worker_that_redacts_nothing_is_found_out_by_the_second_pass() {
    let bench = Bench::new(TestDrafter::RedactsNothing).await;
    bench.add_case_about("sparrow").await;
    let id = bench.submit(&[OPEN]).await;
    let mail = bench.wait_for_state(id, "held").await;
    let reasons = &mail.deliveries[0].reasons;
    assert!(
        reasons.contains(&HoldReason::SecondPassFoundIdentifier)
            || reasons.contains(&HoldReason::SecondPassFailed),
        "{reasons:?}"
    );
    bench.nothing_left();
}

#[tokio::test]
async fn somebody_who_becomes_known_after_planning_is_found_before_sending() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.ordinary.at(Step::Greeting, Act::HangUp);
    let id = bench.submit(&[OPEN]).await;
    bench
        .wait_until(id, "tried", |delivery| {
            delivery.attempts == 1 && delivery.state == "waiting"
        })
        .await;
    bench.add_case_about("sparrow").await;
    bench.ordinary.behave();
    bench.pass(SignedDuration::from_mins(2));
    let mail = bench.wait_for_state(id, "held").await;
    assert!(
        mail.deliveries[0]
            .reasons
            .contains(&HoldReason::SecondPassFoundIdentifier),
        "{mail:?}"
    );
    bench.notice().await;
    bench.nothing_left();
}

#[tokio::test]
async fn a_relay_taken_out_of_the_configuration_after_planning_means_held() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.cjsm.say(Step::Mail, "451 later");
    bench.ordinary.say(Step::Mail, "451 later");
    let id = bench.submit(&[CJSM, OPEN]).await;
    bench
        .wait_until(id, "tried", |delivery| delivery.attempts == 1)
        .await;
    let bench = bench
        .restarted(TestDrafter::Redacts, |settings| {
            settings.redaction.cjsm_route = false;
            settings.redaction.ordinary_route = false;
        })
        .await;
    bench.cjsm.behave();
    bench.ordinary.behave();
    bench.pass(SignedDuration::from_mins(2));
    let mail = bench.wait_for_state(id, "held").await;
    let reasons: Vec<_> = mail.deliveries.iter().flat_map(|d| d.reasons.clone()).collect();
    assert!(reasons.contains(&HoldReason::NoCjsmRelay) && reasons.contains(&HoldReason::NoOrdinaryRelay));
    assert!(bench.cjsm.arrived().is_empty() && bench.ordinary.arrived().is_empty());
}

#[tokio::test]
async fn without_a_cjsm_relay_a_cjsm_recipient_gets_the_redacted_copy() {
    let bench = Bench::with(TestDrafter::Redacts, |settings| {
        settings.redaction.cjsm_route = false
    })
    .await;
    let id = bench.submit(&[CJSM]).await;
    bench.wait_for_state(id, "sent").await;
    assert_eq!(bench.cjsm.connections(), 0);
    let text = String::from_utf8_lossy(&bench.ordinary.arrived()[0].raw).into_owned();
    assert!(!text.contains("01632"), "{text}");
}

#[tokio::test]
async fn a_stop_while_a_mail_is_being_redacted_is_no_reason_to_hold_it() {
    let mut bench = Bench::new(TestDrafter::Hangs).await;
    let id = bench.submit(&[CJSM]).await;
    bench.stop().await;
    assert_eq!(bench.summary(id).await.state, OutboundState::Accepted);
    let bench = bench.restarted(TestDrafter::Redacts, |_| {}).await;
    bench.wait_for_state(id, "sent").await;
    assert_eq!(bench.cjsm.arrived().len(), 1);
}

#[tokio::test]
async fn a_mail_of_a_removed_account_is_not_taken() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.store.remove_account(USER, start()).await.expect("removes");
    let mail = SubmittedMail {
        account: USER.to_owned(),
        sender: Personal::new(ADDRESS.to_owned()),
        recipients: vec![Personal::new(CJSM.to_owned())],
        raw: Personal::new(MAIL.as_bytes().to_vec()),
    };
    assert_eq!(
        bench.service.accept(mail).await.err(),
        Some(AcceptFailure::Refused)
    );
    assert!(bench.store.outbound().await.expect("outbound").is_empty());
}

#[tokio::test]
async fn the_first_mail_to_a_stranger_waits_its_sender_is_told_and_staff_release_it() {
    let strangers = |settings: &mut OutboundSettings| {
        settings.guards.first_mail = FirstMailGuard::Strangers {
            familiar_domains: vec!["force.pnn.police.uk".to_owned()],
        };
    };
    let bench = Bench::with(TestDrafter::Redacts, strangers).await;
    let id = bench.submit(&[CJSM, OPEN]).await;
    let settled = |delivery: &DeliverySummary| delivery.state != "waiting";
    let mail = bench.wait_until(id, "one sent, one held", settled).await;
    let states: Vec<_> = mail
        .deliveries
        .iter()
        .map(|d| (d.route, d.state.as_str(), d.if_released))
        .collect();
    assert!(states.contains(&(MailRoute::Cjsm, "sent", None)), "{states:?}");
    assert!(
        states.contains(&(MailRoute::Ordinary, "held", Some(Release::Redact))),
        "{states:?}"
    );
    let notice = bench.notice().await;
    for told in [
        "To recipient 2 it is held",
        "nobody has written to this address before",
        &id.to_string(),
        "Auto-Submitted: auto-generated",
        "From: no-reply@liaison.example.org",
    ] {
        assert!(notice.contains(told), "no {told:?} in {notice}");
    }
    for personal in [OPEN, CJSM, "sparrow", "RJ-2026-00001"] {
        assert!(!notice.contains(personal), "{personal} in {notice}");
    }

    let actor = Actor("staff".to_owned());
    let opened = bench.store.open_outbound(id, &actor, bench.clock.now()).await;
    let held = opened
        .expect("opened")
        .deliveries
        .into_iter()
        .filter_map(|delivery| delivery.message)
        .next_back()
        .expect("a copy");
    assert!(!String::from_utf8_lossy(held.expose_personal()).contains("01632"));
    let released = bench.store.release_outbound(id, &actor, bench.clock.now()).await;
    assert_eq!(released.expect("released"), 1);
    bench.service.wake();
    bench.wait_for_state(id, "sent").await;
    let open = bench.ordinary.wait_for_mail_to(OPEN).await;
    assert!(
        !String::from_utf8_lossy(&open.raw).contains("01632"),
        "the redacted copy"
    );
    let again = bench.submit(&[OPEN]).await;
    bench.wait_for_state(again, "sent").await;
}

#[tokio::test]
async fn a_volunteer_writes_about_allocated_files_only() {
    let allocated = |settings: &mut OutboundSettings| {
        settings.guards.allocation = AllocationGuard::AllocatedFiles;
    };
    let bench = Bench::with(TestDrafter::Redacts, allocated).await;
    bench.add_case_about("Sparrow").await;
    let id = bench.submit(&[CJSM, OPEN]).await;
    let mail = bench.wait_for_state(id, "held").await;
    for delivery in &mail.deliveries {
        assert_eq!(delivery.reasons, [HoldReason::FileNotAllocated]);
    }
    let released: Vec<_> = mail.deliveries.iter().map(|d| d.if_released).collect();
    assert!(released.contains(&Some(Release::Pass)) && released.contains(&Some(Release::Redact)));
    bench.nothing_left();
    let case = bench.store.cases().await.expect("cases").pop().expect("one").id;
    let (actor, now) = (Actor("staff".to_owned()), bench.clock.now());
    bench
        .store
        .allocate(case, Side::Victim, USER, &actor, now)
        .await
        .expect("allocated");
    let id = bench.submit(&[CJSM, OPEN]).await;
    bench.wait_for_state(id, "sent").await;
}

#[tokio::test]
async fn what_was_refused_or_given_back_is_told_once() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    bench.cjsm.say(Step::Rcpt, "550 5.1.1 nobody here");
    let id = bench.submit(&[CJSM]).await;
    bench.wait_for_state(id, "failed").await;
    let notice = bench.notice().await;
    assert!(
        notice.contains("It could not be delivered (the mail server answered 550)"),
        "{notice}"
    );
    bench.pass(SignedDuration::from_hours(1));
    // Another mail's delivery shows that the loops came round.
    let other = bench.submit(&[OPEN]).await;
    bench.wait_for_state(other, "sent").await;
    let mails = bench.store.outbound().await.expect("outbound");
    let notices: Vec<_> = mails
        .iter()
        .filter(|mail| mail.notice_about == Some(id))
        .collect();
    assert_eq!(notices.len(), 1);
    let to_volunteer = bench
        .ordinary
        .arrived()
        .iter()
        .filter(|mail| mail.to == [ADDRESS])
        .count();
    assert_eq!(to_volunteer, 1);
}

#[tokio::test]
async fn reports_about_redacted_mail_come_back_to_the_mailbox_where_that_is_configured() {
    let mailbox = "referrals@liaison.example.org";
    let change = |settings: &mut OutboundSettings| settings.bounces_to = Some(mailbox.to_owned());
    let bench = Bench::with(TestDrafter::Redacts, change).await;
    let id = bench.submit(&[CJSM, OPEN]).await;
    bench.wait_for_state(id, "sent").await;
    assert_eq!(bench.ordinary.wait_for_mail_to(OPEN).await.from, mailbox);
    assert_eq!(bench.cjsm.wait_for_mail_to(CJSM).await.from, ADDRESS);
}

#[tokio::test]
async fn a_copy_of_ours_that_comes_back_is_held_instead_of_going_round() {
    let bench = Bench::new(TestDrafter::Redacts).await;
    let id = bench.submit(&[OPEN]).await;
    bench.wait_for_state(id, "sent").await;
    let copy = bench.ordinary.wait_for_mail_to(OPEN).await;
    let mail = SubmittedMail {
        account: USER.to_owned(),
        sender: Personal::new(ADDRESS.to_owned()),
        recipients: vec![Personal::new(OPEN.to_owned())],
        raw: Personal::new(copy.as_handed_to_relay().to_vec()),
    };
    let again = bench.service.accept(mail).await.expect("is stored");
    let held = bench.wait_for_state(again, "held").await;
    assert_eq!(held.deliveries[0].reasons, [HoldReason::MailLoop]);
    assert_eq!(held.deliveries[0].if_released, None);
}

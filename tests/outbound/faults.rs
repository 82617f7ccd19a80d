//! What goes wrong between the daemon and its relays, at every reply: no mail is lost, none is sent again to a
//! relay that said 250, and nothing unredacted reaches the ordinary relay, whatever it answers.

use crate::client::{ADDRESS, USER};
use crate::postfix::{Act, ScriptedServer, Step};
use crate::service::{
    CJSM, Home, OPEN, TestClock, TestDrafter, TestOutbound, add_case_about, relay, settings,
};
use jiff::SignedDuration;
use referrald::domain::{Clock, MailRoute, OutboundId, Personal};
use referrald::outbound::{Outbound, OutboundParts, SubmissionSink, SubmittedMail, SystemNonces};
use referrald::smtp::{RelayCredentials, RelayProof, RelaySettings, RelayTls, Relays};
use referrald::store::{DeliverySummary, Store};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);
/// For one delivery, where a relay says nothing.
const IMPATIENCE: Duration = Duration::from_secs(1);

const MAIL: &str = "From: Volunteer@liaison.example.org\r\nTo: liaison@force.pnn.police.uk.cjsm.net\r\n\
     Subject: RJ-2026-00001\r\nMessage-ID: <@N@@liaison.example.org>\r\n\r\n\
     Sparrow Quillfeather can come on Tuesday at ten. Ring 07700 900123.\r\n";

/// What is to become of a delivery after its first try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It waits for its next try; the code that is kept.
    Waits(Option<u16>),
    /// It is given back, with the code.
    Fails(u16),
}

/// The service between two scripted relays.
struct Rig {
    store: Store,
    home: Arc<Home>,
    clock: TestClock,
    relays: [ScriptedServer; 2],
    service: Arc<TestOutbound>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    mails: usize,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Rig {
    async fn new(change: impl Fn(&mut RelaySettings)) -> Self {
        let home = Arc::new(Home::new());
        let (store, clock) = (home.open().await, TestClock::new());
        add_case_about(&store, clock.now(), "Sparrow").await;
        let relays = [ScriptedServer::start(), ScriptedServer::start()];
        Self::on(home, store, clock, relays, change)
    }

    fn on(
        home: Arc<Home>,
        store: Store,
        clock: TestClock,
        relays: [ScriptedServer; 2],
        change: impl Fn(&mut RelaySettings),
    ) -> Self {
        let [cjsm, ordinary] = relays.each_ref().map(|server| {
            let mut settings = relay(server.port);
            change(&mut settings);
            settings
        });
        let parts = OutboundParts {
            store: store.clone(),
            drafter: TestDrafter::Redacts,
            relay: Relays::new(Some(cjsm), Some(ordinary)).expect("relays"),
            clock: clock.clone(),
            nonces: SystemNonces,
        };
        let service = Arc::new(Outbound::new(parts, settings()));
        let stop = CancellationToken::new();
        let (running, until) = (Arc::clone(&service), stop.clone());
        let task = tokio::spawn(async move { running.run(&until).await });
        Self {
            store,
            home,
            clock,
            relays,
            service,
            stop,
            task: Some(task),
            mails: 0,
        }
    }

    /// The daemon stops and starts again with other settings.
    async fn restarted(mut self, change: impl Fn(&mut RelaySettings)) -> Self {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.await.expect("the service ends");
        }
        let (home, clock, relays) = (Arc::clone(&self.home), self.clock.clone(), self.relays.clone());
        let store = home.open().await;
        Self::on(home, store, clock, relays, change)
    }

    async fn submit(&mut self) -> OutboundId {
        self.mails += 1;
        let mail = SubmittedMail {
            account: USER.to_owned(),
            sender: Personal::new(ADDRESS.to_owned()),
            recipients: [CJSM, OPEN].map(|to| Personal::new(to.to_owned())).to_vec(),
            raw: Personal::new(MAIL.replace("@N@", &self.mails.to_string()).into_bytes()),
        };
        self.service.accept(mail).await.expect("is stored")
    }

    async fn wait_until(
        &self,
        id: OutboundId,
        what: &str,
        is: impl Fn(&DeliverySummary) -> bool,
    ) -> Vec<DeliverySummary> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mails = self.store.outbound().await.expect("outbound");
            let mail = mails
                .into_iter()
                .find(|mail| mail.id == id)
                .expect("the mail is kept");
            if mail.deliveries.len() == 2 && mail.deliveries.iter().all(&is) {
                return mail.deliveries;
            }
            assert!(Instant::now() < deadline, "{what}: waited in vain: {mail:?}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn do_at(&self, step: Step, act: &Act) {
        for relay in &self.relays {
            relay.at(step, act.clone());
        }
    }

    fn pass(&self, duration: SignedDuration) {
        self.clock.pass(duration);
        self.service.wake();
    }

    /// How many mails arrived, notices to the sender aside.
    fn arrived(&self) -> [usize; 2] {
        let is_notice = |to: &[String]| to == [ADDRESS];
        self.relays
            .each_ref()
            .map(|relay| relay.arrived().iter().filter(|mail| !is_notice(&mail.to)).count())
    }

    /// Waits until the sender was told of everything: a notice under way would meet the next fault.
    async fn told(&self, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let due = self.store.due_notices(1).await.expect("notices");
            let mails = self.store.outbound().await.expect("outbound");
            let notices = mails.iter().filter(|mail| mail.notice_about.is_some());
            let mut under_way = notices
                .flat_map(|mail| &mail.deliveries)
                .filter(|d| d.state == "waiting");
            if due.is_empty() && under_way.next().is_none() {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: the notice does not leave");
            self.service.wake();
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// A mail meets the fault, has that fate, and if it waits it arrives once when the relay works again.
    async fn check(&mut self, step: Step, act: &Act, fate: Fate) {
        let what = format!("{step:?} {act:?}");
        let before = self.arrived();
        self.do_at(step, act);
        let id = self.submit().await;
        let tried = |delivery: &DeliverySummary| delivery.attempts >= 1 || delivery.state == "failed";
        let deliveries = self.wait_until(id, &what, tried).await;
        let (state, code) = match fate {
            Fate::Waits(code) => ("waiting", code),
            Fate::Fails(code) => ("failed", Some(code)),
        };
        for delivery in &deliveries {
            assert_eq!(
                (delivery.state.as_str(), delivery.last_code),
                (state, code),
                "{what}"
            );
        }
        assert_eq!(self.arrived(), before, "{what}: nobody took it");
        for relay in &self.relays {
            relay.behave();
        }
        self.pass(SignedDuration::from_mins(2));
        let expected = match fate {
            Fate::Waits(_) => {
                self.wait_until(id, &what, |delivery| delivery.state == "sent")
                    .await;
                before.map(|count| count + 1)
            }
            Fate::Fails(_) => {
                self.told(&what).await;
                before
            }
        };
        assert_eq!(self.arrived(), expected, "{what}: once");
    }

    /// After all of it and a long time more: everything once, and nothing unredacted ever reached the open side.
    async fn nothing_came_twice_or_unredacted(&mut self) {
        let before = self.arrived();
        self.pass(SignedDuration::from_hours(200));
        let last = self.submit().await;
        self.wait_until(last, "the last mail", |delivery| delivery.state == "sent")
            .await;
        assert_eq!(self.arrived(), before.map(|count| count + 1));
        let [cjsm, ordinary] = &self.relays;
        for raw in ordinary.seen() {
            let text = String::from_utf8_lossy(&raw).into_owned();
            for never in ["Sparrow", "Quillfeather", "900123"] {
                assert!(!text.contains(never), "{text}");
            }
            let is_notice = text.contains("From: no-reply@");
            assert!(is_notice || text.contains("S.Q."), "{text}");
        }
        for mail in cjsm.arrived() {
            assert!(String::from_utf8_lossy(&mail.raw).contains("Sparrow Quillfeather"));
        }
        let said = ordinary.commands().join("\n");
        assert!(!said.contains("Sparrow") && !said.contains("cjsm"), "{said}");
    }
}

/// Every fault and what it means: first at a step about the connection, then at one about the mail.
fn faults() -> Vec<(Act, Fate, Fate)> {
    use Fate::{Fails, Waits};
    let say = |text: &str| Act::Say(text.to_owned());
    vec![
        (say("451 4.3.0 not now"), Waits(Some(451)), Waits(Some(451))),
        (say("421 4.3.2 stopping"), Waits(Some(421)), Waits(Some(421))),
        (
            Act::SayAndHangUp("421 4.3.2 stopping".to_owned()),
            Waits(Some(421)),
            Waits(Some(421)),
        ),
        (say("554 5.7.1 never"), Waits(Some(554)), Fails(554)),
        (
            Act::SayAndHangUp("554 5.7.1 never".to_owned()),
            Waits(Some(554)),
            Fails(554),
        ),
        (say("nonsense"), Waits(None), Waits(None)),
        (say("\u{0}\u{1}\u{ff}\u{fe}"), Waits(None), Waits(None)),
        (say("999 no such code"), Waits(None), Waits(None)),
        (say("25"), Waits(None), Waits(None)),
        (say("220-250-ok"), Waits(None), Waits(None)),
        (Act::HangUp, Waits(None), Waits(None)),
    ]
}

/// A kept connection would have no greeting and no sign-in: the relays close theirs after each mail.
fn forget_connections(rig: &Rig) {
    rig.do_at(Step::Noop, &Act::HangUp);
    for relay in &rig.relays {
        relay.keep(Step::Noop);
    }
}

fn sign_in(settings: &mut RelaySettings) {
    settings.credentials = Some(RelayCredentials {
        user: "daemon".to_owned(),
        proof: RelayProof::Password(SecretString::from("secret")),
    });
}

async fn check_all(rig: &mut Rig, about_the_relay: &[Step], about_the_mail: &[Step]) {
    for (act, at_the_relay, at_the_mail) in faults() {
        for step in about_the_relay {
            rig.check(*step, &act, at_the_relay).await;
        }
        for step in about_the_mail {
            rig.check(*step, &act, at_the_mail).await;
        }
    }
}

#[tokio::test]
async fn whatever_a_relay_does_before_the_mail_no_mail_is_lost_or_sent_twice() {
    let mut rig = Rig::new(|_| {}).await;
    forget_connections(&rig);
    check_all(&mut rig, &[Step::Greeting, Step::Hello], &[]).await;
    rig.nothing_came_twice_or_unredacted().await;
}

#[tokio::test]
async fn whatever_a_relay_does_with_the_envelope_no_mail_is_lost_or_sent_twice() {
    let mut rig = Rig::new(|_| {}).await;
    check_all(&mut rig, &[], &[Step::Mail, Step::Rcpt]).await;
    rig.nothing_came_twice_or_unredacted().await;
}

#[tokio::test]
async fn whatever_a_relay_does_with_the_mail_itself_no_mail_is_lost_or_sent_twice() {
    let mut rig = Rig::new(|_| {}).await;
    check_all(&mut rig, &[], &[Step::Data, Step::End]).await;
    rig.nothing_came_twice_or_unredacted().await;
}

#[tokio::test]
async fn whatever_a_relay_does_while_the_daemon_signs_in_no_mail_is_lost_or_sent_twice() {
    let mut rig = Rig::new(sign_in).await;
    forget_connections(&rig);
    check_all(&mut rig, &[Step::Auth], &[]).await;
    rig.nothing_came_twice_or_unredacted().await;
}

#[tokio::test]
async fn a_relay_that_says_nothing_until_the_time_out_gets_the_mail_later_and_once() {
    let mut rig = Rig::new(|settings| {
        settings.timeout = IMPATIENCE;
        sign_in(settings);
    })
    .await;
    forget_connections(&rig);
    for step in [
        Step::Greeting,
        Step::Hello,
        Step::Auth,
        Step::Mail,
        Step::Rcpt,
        Step::Data,
        Step::End,
    ] {
        rig.check(step, &Act::Silence, Fate::Waits(None)).await;
    }
    rig.nothing_came_twice_or_unredacted().await;
}

#[tokio::test]
async fn a_relay_that_fails_at_starttls_hears_nothing_and_the_mail_waits() {
    let mut rig = Rig::new(|settings| {
        settings.tls = RelayTls::StartTls;
        settings.timeout = IMPATIENCE;
    })
    .await;
    let hello = Act::Say("250-scripted\r\n250-STARTTLS\r\n250 8BITMIME".to_owned());
    let mut waiting = Vec::new();
    let silence = (Act::Silence, Fate::Waits(None), Fate::Waits(None));
    for (act, fate, _) in faults().into_iter().chain([silence]) {
        rig.do_at(Step::Hello, &hello);
        rig.do_at(Step::StartTls, &act);
        let id = rig.submit().await;
        let deliveries = rig
            .wait_until(id, "tried", |delivery| delivery.attempts >= 1)
            .await;
        for delivery in &deliveries {
            let found = (delivery.state.as_str(), Fate::Waits(delivery.last_code));
            assert_eq!(found, ("waiting", fate), "{act:?}");
        }
        waiting.push(id);
        // Past the time for which a relay that did not answer is left alone, and before the next try.
        rig.clock.pass(SignedDuration::from_secs(31));
    }
    // The last one promises TLS and talks on in the clear.
    rig.do_at(
        Step::StartTls,
        &Act::Say("220 2.0.0 go on\r\n250 ok\r\n250 ok".to_owned()),
    );
    let id = rig.submit().await;
    rig.wait_until(id, "tried", |delivery| delivery.attempts >= 1)
        .await;
    waiting.push(id);
    for relay in &rig.relays {
        assert!(relay.seen().is_empty());
        let said = relay.commands();
        assert!(
            said.iter()
                .all(|line| !line.starts_with("MAIL") && !line.starts_with("AUTH")),
            "{said:?}"
        );
        relay.behave();
    }
    // Once staff have mended the configuration, all of it leaves, once.
    let mut rig = rig.restarted(|_| {}).await;
    rig.pass(SignedDuration::from_hours(3));
    for id in &waiting {
        rig.wait_until(*id, "sent", |delivery| delivery.state == "sent")
            .await;
    }
    assert_eq!(rig.arrived(), [waiting.len(); 2]);
    rig.nothing_came_twice_or_unredacted().await;
}

/// RFC 5321 section 4.5.4.1 and the README: twice rather than never, and recognisable as the same mail.
#[tokio::test]
async fn an_answer_that_is_lost_means_the_same_mail_again() {
    let mut rig = Rig::new(|_| {}).await;
    rig.do_at(Step::End, &Act::TakeAndHangUp);
    let id = rig.submit().await;
    rig.wait_until(id, "tried", |delivery| {
        delivery.attempts >= 1 && delivery.state == "waiting"
    })
    .await;
    for relay in &rig.relays {
        relay.behave();
    }
    rig.pass(SignedDuration::from_mins(2));
    rig.wait_until(id, "sent", |delivery| delivery.state == "sent")
        .await;
    assert_eq!(rig.arrived(), [2, 2]);
    for relay in &rig.relays {
        let raws: Vec<_> = relay.arrived().into_iter().map(|mail| mail.raw).collect();
        assert_eq!(raws[0], raws[1], "to the byte, Message-ID included");
    }
    rig.nothing_came_twice_or_unredacted().await;
}

/// A relay that took the mail may do what it likes afterwards.
#[tokio::test]
async fn a_relay_that_said_250_never_gets_the_mail_again() {
    let mut rig = Rig::new(|_| {}).await;
    for act in [
        Act::SayAndHangUp("250 2.0.0 taken".to_owned()),
        Act::Say("250-2.0.0 taken\r\n250 2.0.0 really".to_owned()),
        Act::Say("250 2.0.0 taken\r\n421 4.3.2 stopping".to_owned()),
        Act::Say("250 2.0.0 taken\r\n554 5.7.1 or not".to_owned()),
    ] {
        let before = rig.arrived();
        rig.do_at(Step::End, &act);
        let id = rig.submit().await;
        let deliveries = rig
            .wait_until(id, "sent", |delivery| delivery.state == "sent")
            .await;
        assert!(
            deliveries.iter().all(|delivery| delivery.last_code == Some(250)),
            "{act:?}"
        );
        let routes: Vec<_> = deliveries.iter().map(|delivery| delivery.route).collect();
        assert!(routes.contains(&MailRoute::Cjsm) && routes.contains(&MailRoute::Ordinary));
        for relay in &rig.relays {
            relay.behave();
        }
        rig.pass(SignedDuration::from_hours(3));
        assert_eq!(rig.arrived(), before.map(|count| count + 1), "{act:?}");
    }
    rig.nothing_came_twice_or_unredacted().await;
}

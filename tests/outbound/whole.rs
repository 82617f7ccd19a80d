//! The whole way: a mail program, the submission server, the store, redaction, and two real Postfix relays.

use crate::client::{Certificate, Client, PASSWORD, USER, auth_plain, serve};
use crate::postfix::{Postfix, PostfixTls, ScriptedServer};
use crate::service::{
    CJSM, Home, OPEN, TestClock, TestDrafter, TestOutbound, add_case_about, relay, settings,
};
use referrald::domain::{Clock, OutboundState};
use referrald::outbound::{Outbound, OutboundParts, SystemNonces};
use referrald::smtp::{RelayTls, Relays};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

const SENDER: &str = "MAIL FROM:<volunteer@liaison.example.org> BODY=8BITMIME";
const MAIL: &str = "From: Volunteer@liaison.example.org\r\nTo: liaison@force.pnn.police.uk.cjsm.net\r\nCc: officer@agency.example\r\n\
     Bcc: hidden@agency.example\r\nSubject: RJ-2026-00001\r\nMessage-ID: <1@liaison.example.org>\r\n\
     MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
     Sparrow Quillfeather can come on Tuesday at ten \u{2013} caf\u{e9} first.\r\n..\r\nRing 01632 960123.\r\n\r\n";

async fn hand_in(client: &mut Client, recipients: &[&str]) -> String {
    client.says(SENDER, "250").await;
    for recipient in recipients {
        client.says(&format!("RCPT TO:<{recipient}>"), "250").await;
    }
    client.says("DATA", "354").await;
    client.send(MAIL.replace("\r\n.", "\r\n..") + ".\r\n").await;
    client.reply().await
}

/// Everything that is logged by this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    /// From now on, at every level, until the guard is dropped. The second subscriber sees nothing; it is there
    /// because with one alone `tracing` asks only the thread that comes to an event first, which may be another test's.
    fn start() -> (Self, (tracing::Dispatch, tracing::subscriber::DefaultGuard)) {
        let second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let logged = Self::default();
        let writer = logged.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        (logged, (second, tracing::subscriber::set_default(subscriber)))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test]
async fn a_mail_to_both_kinds_of_recipients_leaves_by_the_right_relay_in_the_right_form() {
    let (logged, _until_the_end) = Logged::start();
    let (secure_box, open_box) = (ScriptedServer::start(), ScriptedServer::start());
    let certificate = Certificate::new();
    let tls = PostfixTls {
        certificate_pem: &certificate.certificate_pem,
        key_pem: &certificate.key_pem,
    };
    let secure_relay = Postfix::start("cjsm", secure_box.port, Some(tls));
    let open_relay = Postfix::start("ordinary", open_box.port, None);
    let mut to_cjsm = relay(secure_relay.port);
    to_cjsm.tls = RelayTls::StartTls;
    to_cjsm.ca_pem = Some(certificate.certificate_pem.clone().into_bytes());
    let home = Home::new();
    let (store, clock) = (home.open().await, TestClock::new());
    add_case_about(&store, clock.now(), "Sparrow").await;
    let parts = OutboundParts {
        store: store.clone(),
        drafter: TestDrafter::Redacts,
        relay: Relays::new(Some(to_cjsm), Some(relay(open_relay.port))).expect("relays"),
        clock,
        nonces: SystemNonces,
    };
    let service: Arc<TestOutbound> = Arc::new(Outbound::new(parts, settings()));
    let stop = CancellationToken::new();
    let (running, until) = (Arc::clone(&service), stop.clone());
    let task = tokio::spawn(async move { running.run(&until).await });
    let server = serve(service, |_| {}).await;

    let mut client = Client::signed_in(&server).await;
    let taken = hand_in(&mut client, &[CJSM, OPEN]).await;
    assert!(taken.starts_with("250 2.0.0 stored as "), "{taken}");
    assert_eq!(
        store.outbound().await.expect("outbound").len(),
        1,
        "stored before the 250"
    );

    let secure = secure_box.wait_for_mail_to(CJSM).await;
    let open = open_box.wait_for_mail_to(OPEN).await;
    let without_bcc = MAIL.replace("Bcc: hidden@agency.example\r\n", "");
    assert_eq!(
        String::from_utf8_lossy(secure.as_handed_to_relay()),
        without_bcc,
        "byte for byte as handed in"
    );
    let text = String::from_utf8_lossy(open.as_handed_to_relay()).into_owned();
    for gone in ["Sparrow", "Quillfeather", "01632", "960123", "hidden@", "Bcc"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    for kept in ["S.Q.", "Tuesday", "RJ-2026-00001", "[phone]"] {
        assert!(text.contains(kept), "no {kept} in {text}");
    }
    assert_eq!(
        (&secure.to[..], &open.to[..]),
        (&[CJSM.to_owned()][..], &[OPEN.to_owned()][..])
    );
    assert_eq!((secure_box.arrived().len(), open_box.arrived().len()), (1, 1));

    stop.cancel();
    task.await.expect("the service ends");
    let mails = store.outbound().await.expect("outbound");
    assert_eq!(mails[0].state, OutboundState::Done);

    let logged = logged.text();
    assert!(
        logged.contains("mail taken") && logged.contains("delivery tried"),
        "{logged}"
    );
    let personal = [
        "quillfeather",
        "sparrow",
        "01632",
        "officer@",
        "liaison@",
        "volunteer@",
        "hidden@",
        "caf\u{e9}",
    ];
    let secret = [PASSWORD.to_owned(), auth_plain(USER, PASSWORD)];
    for never in personal.iter().map(|text| (*text).to_owned()).chain(secret) {
        assert!(
            !logged.to_lowercase().contains(&never.to_lowercase()),
            "{never} in {logged}"
        );
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_means_451_and_nothing_is_lost_or_doubled() {
    let home = Home::new();
    let store = home.open().await;
    let parts = OutboundParts {
        store: store.clone(),
        drafter: TestDrafter::Redacts,
        relay: Relays::new(None, None).expect("relays"),
        clock: TestClock::new(),
        nonces: SystemNonces,
    };
    let service: Arc<TestOutbound> = Arc::new(Outbound::new(parts, settings()));
    let server = serve(service, |_| {}).await;
    let mut client = Client::signed_in(&server).await;
    let lock = home.lock().await;
    let refused = hand_in(&mut client, &[CJSM]).await;
    assert!(refused.starts_with("451 4.3.0"), "{refused}");
    drop(lock);
    assert!(store.outbound().await.expect("outbound").is_empty());
    let taken = hand_in(&mut client, &[CJSM]).await;
    assert!(taken.starts_with("250 2.0.0"), "{taken}");
    assert_eq!(store.outbound().await.expect("outbound").len(), 1);
}

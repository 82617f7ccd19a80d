//! The IMAP adapter by itself.

use crate::support::dovecot::{Dovecot, deliver_over_lmtp, free_ports};
use crate::support::proxy::{Act, Proxy};
use referrald::dial::{ClientIdentity, Trust};
use referrald::imap::{Auth, ImapSettings, ImapTimeouts, TlsMode, connect};
use referrald::ingest::{FetchOutcome, Mailbox, MailboxError};
use std::time::{Duration, Instant};

pub(crate) const USER: &str = "referrals";
pub(crate) const PASSWORD: &str = "a \"quoted\\ pass{5}";

pub(crate) fn settings(server: &Dovecot, port: u16) -> ImapSettings {
    ImapSettings {
        host: "localhost".to_owned(),
        port,
        tls: TlsMode::Implicit,
        trust: trust(server, None),
        proxy: None,
        auth: Auth::Password {
            user: USER.to_owned(),
            password: PASSWORD.into(),
        },
        timeouts: ImapTimeouts {
            connect: Duration::from_secs(10),
            command: Duration::from_secs(10),
        },
        max_literal_bytes: 4 * 1024 * 1024,
    }
}

/// The server's authority, and a certificate of ours.
pub(crate) fn trust(server: &Dovecot, identity: Option<(String, String)>) -> Trust {
    Trust {
        ca_pem: Some(server.certificate.ca_pem.clone().into_bytes()),
        identity: identity.map(|(certificate_pem, key_pem)| ClientIdentity {
            certificate_pem: certificate_pem.into_bytes(),
            key_pem: key_pem.into(),
        }),
    }
}

fn mail(number: usize) -> Vec<u8> {
    format!("From: a@example.org\r\nSubject: {number}\r\n\r\nText {number} {{12}}\r\n").into_bytes()
}

fn with_password(mut settings: ImapSettings, password: &str) -> ImapSettings {
    settings.auth = Auth::Password {
        user: USER.to_owned(),
        password: password.into(),
    };
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_found_fetched_moved_and_deleted_by_uid() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    for number in 1..=3 {
        server.deliver(USER, &mail(number));
    }
    let mut mailbox = connect(&settings(&server, server.imaps_port)).await.unwrap();
    mailbox
        .ensure_folder("Referrald/Erledigt & größer")
        .await
        .unwrap();
    mailbox
        .ensure_folder("Referrald/Erledigt & größer")
        .await
        .unwrap();
    let selected = mailbox.select("INBOX").await.unwrap();
    assert_eq!(selected.exists, 3);
    let uids = mailbox.uids_from(1).await.unwrap();
    assert_eq!(uids, [1, 2, 3]);
    assert_eq!(mailbox.uids_from(3).await.unwrap(), [3]);
    assert!(mailbox.uids_from(4).await.unwrap().is_empty());
    let metas = mailbox.meta(&[1, 2, 3, 9]).await.unwrap();
    assert_eq!(metas.len(), 3);
    assert!(metas.iter().all(|meta| meta.internal_date.is_some()));
    let mut asked = metas.clone();
    asked.push(referrald::ingest::UidMeta {
        uid: 9,
        size: 1,
        internal_date: None,
    });
    let fetched = mailbox.fetch(&asked).await.unwrap();
    for (uid, outcome) in &fetched {
        match outcome {
            FetchOutcome::Bytes(bytes) => assert_eq!(*bytes.expose_personal(), mail(*uid as usize)),
            FetchOutcome::Gone => assert_eq!(*uid, 9),
            FetchOutcome::NotYet => panic!("UID {uid} is there"),
        }
    }
    let moved = mailbox
        .move_uids(&[1, 3], "Referrald/Erledigt & größer")
        .await
        .unwrap();
    let from: Vec<u32> = moved.moved.iter().map(|(uid, _)| *uid).collect();
    assert_eq!(from, [1, 3]);
    mailbox.delete_uids(&[2]).await.unwrap();
    assert!(mailbox.uids_from(1).await.unwrap().is_empty());
    let target = mailbox.select("Referrald/Erledigt & größer").await.unwrap();
    assert_eq!(target.exists, 2);
    assert!(
        moved
            .moved
            .iter()
            .all(|(_, copy)| copy.uidvalidity == target.uidvalidity)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_of_failure_has_its_own_error() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let good = settings(&server, server.imaps_port);
    let error = |settings: ImapSettings| async move { connect(&settings).await.err().expect("an error") };
    assert_eq!(
        error(with_password(good.clone(), "wrong")).await,
        MailboxError::SignInRefused
    );
    assert_eq!(
        error(with_password(good.clone(), "wröng\r\nA1 LOGOUT")).await,
        MailboxError::SignInRefused
    );
    let [nobody] = free_ports();
    let unreachable = ImapSettings {
        port: nobody,
        ..good.clone()
    };
    assert_eq!(error(unreachable).await, MailboxError::Unreachable);
    let untrusted = ImapSettings {
        trust: Trust::default(),
        ..good.clone()
    };
    assert_eq!(error(untrusted).await, MailboxError::Tls);
    let other_name = ImapSettings {
        host: "127.0.0.2".to_owned(),
        ..good.clone()
    };
    assert!(matches!(
        error(other_name).await,
        MailboxError::Tls | MailboxError::Unreachable
    ));
    let not_tls = ImapSettings {
        port: server.imap_port,
        ..good.clone()
    };
    assert_eq!(error(not_tls).await, MailboxError::Tls);
    let mut mailbox = connect(&good).await.unwrap();
    assert_eq!(
        mailbox.select("Nowhere").await,
        Err(MailboxError::NoSuchFolder("Nowhere".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn starttls_and_login_work_where_plain_is_not_offered() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let starttls = ImapSettings {
        tls: TlsMode::StartTls,
        ..settings(&server, server.imap_port)
    };
    assert_eq!(
        connect(&starttls)
            .await
            .unwrap()
            .select("INBOX")
            .await
            .unwrap()
            .exists,
        0
    );

    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on(
        "CAPABILITY",
        Act::Prelude("* CAPABILITY IMAP4rev1 UIDPLUS", "OK done"),
        4,
    );
    let mut mailbox = connect(&settings(&server, proxy.port)).await.unwrap();
    // Without MOVE: copy, mark, and expunge of just these.
    server.deliver(USER, &mail(1));
    server.deliver(USER, &mail(2));
    mailbox.ensure_folder("Processed").await.unwrap();
    mailbox.select("INBOX").await.unwrap();
    assert_eq!(mailbox.move_uids(&[2], "Processed").await.unwrap().moved.len(), 1);
    assert_eq!(mailbox.uids_from(1).await.unwrap(), [1]);
    // Without IDLE waiting is just waiting.
    mailbox.wait_for_news(Duration::from_millis(50)).await.unwrap();
    // Without LITERAL+ a password that cannot be quoted goes as a literal, after the server's leave.
    let odd = with_password(settings(&server, proxy.port), "wröng");
    assert_eq!(connect(&odd).await.err(), Some(MailboxError::SignInRefused));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bad_and_a_lost_connection_are_told_apart() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    server.deliver(USER, &mail(1));
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("UID SEARCH", Act::Answer("NO later"), 1);
    proxy.on("RFC822.SIZE", Act::Answer("BAD what"), 1);
    proxy.on("BODY.PEEK", Act::HangUp, 1);
    let mut mailbox = connect(&settings(&server, proxy.port)).await.unwrap();
    mailbox.select("INBOX").await.unwrap();
    assert!(matches!(mailbox.uids_from(1).await, Err(MailboxError::No(_))));
    assert_eq!(mailbox.uids_from(1).await.unwrap(), [1]);
    assert!(matches!(mailbox.meta(&[1]).await, Err(MailboxError::Bad(_))));
    let metas = mailbox.meta(&[1]).await.unwrap();
    assert!(matches!(mailbox.fetch(&metas).await, Err(MailboxError::Lost(_))));
    assert!(matches!(mailbox.meta(&[1]).await, Err(MailboxError::Lost(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_given_up_after_the_time_limit() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("SELECT", Act::Swallow, 1);
    let mut impatient = settings(&server, proxy.port);
    impatient.timeouts.command = Duration::from_millis(300);
    let mut mailbox = connect(&impatient).await.unwrap();
    let start = Instant::now();
    assert_eq!(mailbox.select("INBOX").await, Err(MailboxError::Lost("SELECT")));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_literal_over_the_bound_ends_the_connection_before_it_is_held() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let big = [b"Subject: big\r\n\r\n".to_vec(), vec![b'x'; 200_000]].concat();
    server.deliver(USER, &big);
    let mut small = settings(&server, server.imaps_port);
    small.max_literal_bytes = 100_000;
    let mut mailbox = connect(&small).await.unwrap();
    mailbox.select("INBOX").await.unwrap();
    let metas = mailbox.meta(&[1]).await.unwrap();
    assert!(matches!(mailbox.fetch(&metas).await, Err(MailboxError::Lost(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_notices_new_mail_at_once_and_ends_in_time() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let mut mailbox = connect(&settings(&server, server.imaps_port)).await.unwrap();
    mailbox.select("INBOX").await.unwrap();
    mailbox.uids_from(1).await.unwrap();
    let start = Instant::now();
    mailbox.wait_for_news(Duration::from_millis(200)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(200));
    for number in 1..=2 {
        let start = Instant::now();
        let (waited, ()) = tokio::join!(mailbox.wait_for_news(Duration::from_secs(60)), async {
            deliver_over_lmtp(server.lmtp_port, "a@example.org", USER, &mail(number));
        });
        waited.unwrap();
        assert!(start.elapsed() < Duration::from_secs(20), "IDLE did not notice");
        assert_eq!(mailbox.uids_from(1).await.unwrap().len(), number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_idle_becomes_polling() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("IDLE", Act::Answer("NO not here"), 5);
    let mut mailbox = connect(&settings(&server, proxy.port)).await.unwrap();
    mailbox.select("INBOX").await.unwrap();
    for _ in 0..2 {
        mailbox.wait_for_news(Duration::from_millis(50)).await.unwrap();
    }
    assert_eq!(proxy.rules_left(), 4, "IDLE is not asked for again");
    assert!(mailbox.uids_from(1).await.unwrap().is_empty());
}

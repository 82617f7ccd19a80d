//! The odd answers of Exchange Online, as others have recorded them, put in front of a real Dovecot: understood, waited for,
//! and no mail is lost.

use crate::mailbox::{PASSWORD, USER, settings as imap_settings};
use crate::service::{PATIENCE, PROCESSED, Service, each_once, mail, number_of, start, start_as};
use crate::support::dovecot::Dovecot;
use crate::support::proxy::{Act, Proxy};
use crate::support::tokens::{Act as TokenAct, TokenEndpoint};
use crate::tokens::{dovecot as token_dovecot, token_settings, with_tokens};
use referrald::imap::connect;
use referrald::ingest::{Mailbox, MailboxError};
use referrald::oauth::TokenSource;
use std::time::{Duration, Instant};

const THROTTLED: &str =
    "BAD Request is throttled. Suggested Backoff Time: 400 milliseconds\r\n* BYE Connection closed. 14";
const NOT_CONNECTED: &str = "BAD User is authenticated but not connected.";
const ASKED: Duration = Duration::from_millis(400);

/// Waits until the service says this of its last look.
async fn told(service: &Service, part: &str) {
    let mut status = service.status.clone();
    let said = status.wait_for(|status| {
        status
            .last_error
            .as_deref()
            .is_some_and(|error| error.contains(part))
    });
    let said = tokio::time::timeout(PATIENCE, said).await;
    assert!(
        said.is_ok(),
        "{part:?} was not told: {:?}",
        *service.status.borrow()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_waited_for_as_told_and_burns_no_attempt() {
    const TIMES: usize = 5;
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    server.deliver(USER, &mail(1));
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    // A lost connection makes the mail a suspect, whose tries are counted; then more refusals than it has tries (3).
    proxy.on("BODY.PEEK", Act::HangUp, 1);
    proxy.on("BODY.PEEK", Act::Answer(THROTTLED), TIMES);
    proxy.on("UID MOVE", Act::Answer(THROTTLED), 2);
    let begun = Instant::now();
    let service = start(&server, proxy.port, |_| {}).await;
    told(&service, "asks for a pause").await;
    let ledger = service
        .settled("the throttled mail", &server, |l| l.moved == 1)
        .await;
    assert_eq!((ledger.cannot_fetch, proxy.rules_left()), (0, 0), "{ledger:?}");
    let asked_pauses = u32::try_from(TIMES).unwrap() + 2;
    assert!(begun.elapsed() >= ASKED * asked_pauses, "{:?}", begun.elapsed());
    assert_eq!(server.tally(USER, PROCESSED, number_of), each_once([1]));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_not_opened_is_told_with_what_to_do() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    server.deliver(USER, &mail(1));
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on("STATUS", Act::Answer(NOT_CONNECTED), 2);
    proxy.on("SELECT", Act::Answer(NOT_CONNECTED), 2);
    let service = start(&server, proxy.port, |_| {}).await;
    told(&service, "Add-MailboxPermission").await;
    service.settled("the mail", &server, |l| l.moved == 1).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_now_is_neither_a_missing_folder_nor_a_wrong_password() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    let settings = imap_settings(&server, proxy.port);
    for refusal in [
        "NO [UNAVAILABLE] Temporary failure",
        "NO [INUSE] Mailbox is in use",
        "NO [LIMIT] Too many connections",
        "BAD Server Unavailable. 15",
    ] {
        proxy.on("AUTHENTICATE", Act::Answer(refusal), 1);
        let refused = connect(&settings).await.err();
        assert_eq!(refused, Some(MailboxError::NotNow("the sign-in")), "{refusal}");
        for command in ["SELECT", "STATUS", "IDLE"] {
            let mut mailbox = connect(&settings).await.unwrap();
            if command == "IDLE" {
                mailbox.select("INBOX").await.unwrap();
                mailbox.uids_from(1).await.unwrap();
            }
            proxy.on(command, Act::Answer(refusal), 1);
            let answer = match command {
                "SELECT" => mailbox.select("INBOX").await.map(|_| ()),
                "STATUS" => mailbox.ensure_folder("Processed").await,
                _ => mailbox.wait_for_news(Duration::from_secs(60)).await,
            };
            assert_eq!(answer, Err(MailboxError::NotNow(command)), "{refusal}");
        }
    }
    assert_eq!(proxy.rules_left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_fails_on_each_time_keeps_no_other_from_coming() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    (1..=3).for_each(|n| server.deliver(USER, &mail(n)));
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on(
        "UID FETCH 2 ",
        Act::Answer("NO [SERVERBUG] Internal error"),
        usize::MAX,
    );
    proxy.on(
        "UID FETCH 1:3 ",
        Act::Answer("NO [SERVERBUG] Internal error"),
        usize::MAX,
    );
    let service = start(&server, proxy.port, |_| {}).await;
    service
        .settled("the others", &server, |l| l.moved == 2 && l.cannot_fetch == 1)
        .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_ends_is_begun_anew() {
    let server = Dovecot::start(&[(USER, PASSWORD)]);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    proxy.on(
        "IDLE",
        Act::Prelude("* BYE Session invalidated - AccessTokenExpired", "OK never"),
        1,
    );
    proxy.on(
        "UID SEARCH",
        Act::Prelude("* BYE Connection closed. 14", "OK never"),
        1,
    );
    let service = start(&server, proxy.port, |_| {}).await;
    told(&service, "cannot serve").await;
    (1..=2).for_each(|n| server.deliver(USER, &mail(n)));
    service.settled("later mails", &server, |l| l.moved == 2).await;
    assert!(proxy.connections() >= 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_service_stays_up_and_mail_comes_later() {
    let server = token_dovecot();
    server.deliver(USER, &mail(1));
    let endpoint = TokenEndpoint::start(USER);
    endpoint.next([
        TokenAct::Say(500, "", ""),
        TokenAct::Say(429, "Retry-After: 1\r\n", ""),
        TokenAct::Say(200, "", "no token"),
    ]);
    let tokens = TokenSource::new(token_settings(&endpoint));
    let account = with_tokens(imap_settings(&server, server.imaps_port), &tokens);
    let service = start_as(account, |_| {}).await;
    for part in ["HTTP 500", "HTTP 429", "holds no access token"] {
        told(&service, part).await;
    }
    service.settled("the mail", &server, |l| l.moved == 1).await;
    assert_eq!(
        endpoint.asked().len(),
        4,
        "the endpoint was left alone in between"
    );
    service.stop().await;
}

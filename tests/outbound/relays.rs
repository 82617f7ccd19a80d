//! The relays: what each reply of a relay becomes, and what goes over the wire.

use crate::client::Certificate;
use crate::postfix::{Act, Postfix, PostfixTls, ScriptedServer, Step};
use referrald::domain::{CjsmAddress, EmailAddress};
use referrald::outbound::{Relay, RelayAnswer};
use referrald::redact::VerbatimMessage;
use referrald::smtp::{ProbeFailure, RelayCredentials, RelayProof, RelaySettings, RelayTls, Relays};
use secrecy::SecretString;
use std::time::Duration;

pub(crate) const MAIL: &[u8] =
    b"From: v@liaison.example.org\r\nTo: x@force.cjsm.net\r\n\r\n.dot\r\n..\r\n\r\nend\r\n";

pub(crate) fn settings(port: u16, tls: RelayTls) -> RelaySettings {
    RelaySettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls,
        credentials: None,
        ca_pem: None,
        proxy: None,
        hello_name: "liaison.example.org".to_owned(),
        timeout: Duration::from_secs(10),
    }
}

pub(crate) fn cjsm(settings: RelaySettings) -> Relays {
    Relays::new(Some(settings), None).expect("settings fit")
}

pub(crate) async fn send(relays: &Relays, raw: &[u8]) -> RelayAnswer {
    let sender = EmailAddress::parse("v@liaison.example.org").unwrap();
    let to = CjsmAddress::parse("x@force.cjsm.net").unwrap();
    relays
        .send_plain(&sender, &to, &VerbatimMessage::without_bcc(raw))
        .await
}

#[tokio::test]
async fn a_relay_gets_exactly_the_bytes_and_one_recipient() {
    let server = ScriptedServer::start();
    let relays = cjsm(settings(server.port, RelayTls::None));
    for raw in [
        MAIL,
        b"A: b\r\n\r\n\r\n\r\n",
        b"A: b\r\n\r\nno line end",
        "A: b\r\n\r\n\u{e9}\r\n".as_bytes(),
    ] {
        assert_eq!(send(&relays, raw).await, RelayAnswer::Accepted(250));
    }
    let arrived = server.arrived();
    assert_eq!(arrived[0].raw, MAIL);
    assert_eq!(arrived[0].from, "v@liaison.example.org");
    assert_eq!(arrived[0].to, ["x@force.cjsm.net"]);
    assert_eq!(arrived[1].raw, b"A: b\r\n\r\n\r\n\r\n");
    assert_eq!(arrived[2].raw, b"A: b\r\n\r\nno line end\r\n");
    assert_eq!(arrived[3].raw, "A: b\r\n\r\n\u{e9}\r\n".as_bytes());
    assert_eq!(server.connections(), 1, "the connection is used again");
}

#[tokio::test]
async fn bcc_never_leaves() {
    let server = ScriptedServer::start();
    let relays = cjsm(settings(server.port, RelayTls::None));
    let raw = b"From: v@liaison.example.org\r\nBcc: hidden@example.org,\r\n other@example.org\r\nSubject: s\r\n\r\nb\r\n";
    assert_eq!(send(&relays, raw).await, RelayAnswer::Accepted(250));
    assert_eq!(
        server.arrived()[0].raw,
        b"From: v@liaison.example.org\r\nSubject: s\r\n\r\nb\r\n"
    );
}

#[tokio::test]
async fn every_refusal_at_every_reply_is_kept_as_it_was_given() {
    use RelayAnswer::{Later, Refused};
    let server = ScriptedServer::start();
    let relays = cjsm(settings(server.port, RelayTls::None));
    let about_the_mail = [Step::Mail, Step::Rcpt, Step::Data, Step::End];
    for step in [Step::Greeting, Step::Hello].into_iter().chain(about_the_mail) {
        for code in [
            421, 450, 451, 452, 454, 500, 501, 503, 530, 535, 550, 552, 553, 554,
        ] {
            server.behave();
            server.say(step, &format!("{code}-5.7.1 first\r\n{code} 5.7.1 last"));
            let expected = match (code, about_the_mail.contains(&step)) {
                (400..=499 | 530 | 535, _) | (_, false) => Later(Some(code)),
                (_, true) => Refused(Some(code)),
            };
            assert_eq!(send(&relays, MAIL).await, expected, "{step:?} {code}");
        }
    }
    server.behave();
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn a_relay_that_is_out_of_step_is_not_believed() {
    let server = ScriptedServer::start();
    let relays = cjsm(settings(server.port, RelayTls::None));
    for (step, reply) in [
        (Step::Mail, "354 go on"),
        (Step::Rcpt, "354 go on"),
        (Step::Data, "250 ok"),
        (Step::End, "354 go on"),
        (Step::End, "220 hello"),
        (Step::End, "nonsense"),
        (Step::Mail, "250-never\r\n550 mixed"),
    ] {
        server.behave();
        server.say(step, reply);
        assert_eq!(
            send(&relays, MAIL).await,
            RelayAnswer::Later(None),
            "{step:?} {reply}"
        );
    }
}

#[tokio::test]
async fn a_relay_that_is_down_hangs_up_or_says_nothing_is_tried_later() {
    let down = cjsm(settings(crate::postfix::free_port(), RelayTls::None));
    assert_eq!(send(&down, MAIL).await, RelayAnswer::Later(None));
    let server = ScriptedServer::start();
    let mut impatient = settings(server.port, RelayTls::None);
    impatient.timeout = Duration::from_millis(300);
    let relays = cjsm(impatient);
    for step in [
        Step::Greeting,
        Step::Hello,
        Step::Mail,
        Step::Rcpt,
        Step::Data,
        Step::End,
    ] {
        for act in [Act::HangUp, Act::Silence] {
            server.behave();
            server.at(step, act.clone());
            assert_eq!(
                send(&relays, MAIL).await,
                RelayAnswer::Later(None),
                "{step:?} {act:?}"
            );
        }
    }
    // What was cut off half-way is not in the next mail.
    server.behave();
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].raw, MAIL);
}

#[tokio::test]
async fn a_connection_that_the_relay_closed_meanwhile_is_replaced() {
    let server = ScriptedServer::start();
    let relays = cjsm(settings(server.port, RelayTls::None));
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    server.at(Step::Noop, Act::HangUp);
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn without_tls_nothing_is_said_to_a_relay_that_must_have_it() {
    let server = ScriptedServer::start();
    let mut secret = settings(server.port, RelayTls::StartTls);
    secret.credentials = Some(RelayCredentials {
        user: "u".to_owned(),
        proof: RelayProof::Password(SecretString::from("p")),
    });
    let relays = cjsm(secret.clone());
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Later(None), "not offered");
    server.say(Step::Hello, "250-scripted\r\n250 STARTTLS");
    assert_eq!(
        send(&relays, MAIL).await,
        RelayAnswer::Later(Some(454)),
        "refused"
    );
    // A reply smuggled in before TLS begins.
    server.say(
        Step::StartTls,
        "220 ready\r\n250-scripted\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok",
    );
    assert_eq!(
        send(&relays, MAIL).await,
        RelayAnswer::Later(None),
        "no handshake"
    );
    secret.tls = RelayTls::Implicit;
    assert_eq!(
        send(&cjsm(secret), MAIL).await,
        RelayAnswer::Later(None),
        "no TLS from the start"
    );
    let said = server.commands().join("\n");
    assert!(!said.contains("AUTH") && !said.contains("MAIL"), "{said}");
    assert!(server.arrived().is_empty());
}

#[tokio::test]
async fn a_wrong_password_of_ours_is_no_refusal_of_the_mail() {
    let server = ScriptedServer::start();
    let mut settings = settings(server.port, RelayTls::None);
    settings.credentials = Some(RelayCredentials {
        user: "daemon".to_owned(),
        proof: RelayProof::Password(SecretString::from("secret")),
    });
    let relays = cjsm(settings);
    server.say(Step::Auth, "535 5.7.8 no");
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Later(Some(535)));
    assert_eq!(
        relays.probe().await,
        [Some(Err(ProbeFailure::Refused(535))), None]
    );
    server.say(Step::Auth, "250 not what belongs here");
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Later(None));
    server.behave();
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    assert_eq!(relays.probe().await, [Some(Ok(())), None]);
}

#[tokio::test]
async fn eight_bit_mail_is_not_offered_to_a_relay_that_would_change_it() {
    let server = ScriptedServer::start();
    server.say(Step::Hello, "250 scripted");
    let relays = cjsm(settings(server.port, RelayTls::None));
    assert_eq!(
        send(&relays, "A: b\r\n\r\n\u{e9}\r\n".as_bytes()).await,
        RelayAnswer::Refused(None)
    );
    assert_eq!(send(&relays, b"A: b\n\nbare\n").await, RelayAnswer::Refused(None));
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
}

#[tokio::test]
async fn a_real_postfix_takes_mail_over_starttls_and_only_with_the_right_certificate() {
    let sink = ScriptedServer::start();
    let certificate = Certificate::new();
    let tls = PostfixTls {
        certificate_pem: &certificate.certificate_pem,
        key_pem: &certificate.key_pem,
    };
    let postfix = Postfix::start("cjsm", sink.port, Some(tls));
    let mut right = settings(postfix.port, RelayTls::StartTls);
    right.ca_pem = Some(certificate.certificate_pem.clone().into_bytes());
    let mut wrong = right.clone();
    wrong.ca_pem = Some(Certificate::new().certificate_pem.into_bytes());
    assert_eq!(send(&cjsm(wrong), MAIL).await, RelayAnswer::Later(None));
    let plain = settings(postfix.port, RelayTls::None);
    assert_eq!(send(&cjsm(plain), MAIL).await, RelayAnswer::Later(Some(530)));
    assert_eq!(
        send(&cjsm(right), MAIL).await,
        RelayAnswer::Accepted(250),
        "{}",
        postfix.log()
    );
    let arrived = sink.wait_for_mail_to("x@force.cjsm.net").await;
    assert_eq!(arrived.as_handed_to_relay(), MAIL);
    assert_eq!(sink.arrived().len(), 1);
}

//! The submission server, rule by rule, and two mail programs that nobody here wrote.

use crate::client::{
    ADDRESS, Certificate, Client, MemorySink, PASSWORD, Running, USER, auth_plain, encode, serve, settings,
};
use referrald::outbound::AcceptFailure;
use referrald::smtp::{SubmissionError, SubmissionServer};
use secrecy::SecretString;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const SENDER: &str = "MAIL FROM:<Volunteer@liaison.example.org>";

async fn server() -> Running<MemorySink> {
    serve(Arc::new(MemorySink::default()), |_| {}).await
}

async fn hand_in(client: &mut Client, data: &[u8]) -> String {
    client.says(SENDER, "250").await;
    client.says("RCPT TO:<a@force.cjsm.net>", "250").await;
    client.says("DATA", "354").await;
    client.send(data).await;
    client.reply().await
}

fn raws(server: &Running<MemorySink>) -> Vec<Vec<u8>> {
    let mails = server.sink.mails().into_iter();
    mails.map(|mail| mail.raw.into_personal()).collect()
}

#[tokio::test]
async fn without_tls_there_is_neither_auth_nor_mail() {
    let server = server().await;
    let mut client = Client::plain(server.starttls).await;
    let offered = client.say("EHLO client.example.org").await;
    assert!(offered.contains("STARTTLS\r\n"), "{offered}");
    assert!(!offered.contains("AUTH"), "{offered}");
    client.says(&auth_plain(USER, PASSWORD), "538 5.7.11").await;
    client.says("AUTH LOGIN", "538 5.7.11").await;
    client.says(SENDER, "530 5.7.0").await;
    client.says("RCPT TO:<a@force.cjsm.net>", "530 5.7.0").await;
    client.says("DATA", "530 5.7.0").await;
    client.says("NOOP", "250").await;
    client.says("QUIT", "221 2.0.0").await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn starttls_begins_anew() {
    let server = server().await;
    let mut client = Client::plain(server.starttls).await;
    client
        .says("EHLO client.example.org", "250-submit.example.org")
        .await;
    client.says("STARTTLS", "220 2.0.0").await;
    let mut client = client.start_tls(&server.certificate).await.expect("TLS");
    client.says(&auth_plain(USER, PASSWORD), "503 5.5.1").await;
    let offered = client.say("EHLO client.example.org").await;
    for keyword in [
        "PIPELINING",
        "SIZE 26214400",
        "8BITMIME",
        "ENHANCEDSTATUSCODES",
        "AUTH PLAIN LOGIN",
    ] {
        assert!(offered.contains(keyword), "{offered}");
    }
    assert!(
        !offered.contains("STARTTLS") && !offered.contains("SMTPUTF8"),
        "{offered}"
    );
    client.says("STARTTLS", "503").await;
    client.says(&auth_plain(USER, PASSWORD), "235 2.7.0").await;
    assert!(
        hand_in(&mut client, b"A: b\r\n\r\nc\r\n.\r\n")
            .await
            .starts_with("250 2.0.0")
    );
    assert_eq!(raws(&server), [b"A: b\r\n\r\nc\r\n"]);
}

#[tokio::test]
async fn commands_sent_along_with_starttls_are_never_carried_out() {
    let server = server().await;
    let mut client = Client::plain(server.starttls).await;
    client.says("EHLO client.example.org", "250").await;
    client.send("STARTTLS\r\nEHLO evil.example.org\r\nNOOP\r\n").await;
    assert!(client.reply().await.starts_with("554 5.5.1"));
    assert!(client.is_closed().await);

    // After the 220, in the clear: taken for a TLS handshake, which it is not.
    let mut client = Client::plain(server.starttls).await;
    client.says("STARTTLS", "220").await;
    client.send("EHLO evil.example.org\r\nNOOP\r\n").await;
    assert!(client.start_tls(&server.certificate).await.is_err());
}

#[tokio::test]
async fn both_mechanisms_sign_in_with_and_without_an_initial_response() {
    let server = server().await;
    let plain = encode(&format!("\0{USER}\0{PASSWORD}"));
    let named = encode(&format!("{USER}\0{USER}\0{PASSWORD}"));
    let dialogues: [&[(&str, &str)]; 5] = [
        (&[(&format!("AUTH PLAIN {plain}"), "235 2.7.0")]),
        (&[("auth plain", "334 \r\n"), (&plain, "235")]),
        (&[(&format!("AUTH PLAIN {named}"), "235")]),
        (&[
            ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
            (&encode(USER), "334 UGFzc3dvcmQ6"),
            (&encode(PASSWORD), "235"),
        ]),
        (&[
            (&format!("AUTH LOGIN {}", encode(USER)), "334 UGFzc3dvcmQ6"),
            (&encode(PASSWORD), "235"),
        ]),
    ];
    for dialogue in dialogues {
        let mut client = Client::tls(&server).await;
        client.says("EHLO client.example.org", "250").await;
        for (line, reply) in dialogue {
            client.says(line, reply).await;
        }
        client.says(&auth_plain(USER, PASSWORD), "503 5.5.1").await;
        client.says(SENDER, "250 2.1.0").await;
    }
}

#[tokio::test]
async fn sign_in_data_that_are_none_are_refused_and_nothing_is_open() {
    let server = server().await;
    let only_two = encode(&format!("{USER}\0{PASSWORD}"));
    let four = encode(&format!("\0{USER}\0{PASSWORD}\0"));
    let other = encode(&format!("somebody\0{USER}\0{PASSWORD}"));
    let dialogues: [&[(&str, &str)]; 12] = [
        (&[("AUTH", "501")]),
        (&[("AUTH CRAM-MD5", "504")]),
        (&[("AUTH PLAIN =", "501 5.5.2")]),
        (&[("AUTH PLAIN %%%", "501 5.5.2")]),
        (&[("AUTH PLAIN", "334"), ("", "501 5.5.2")]),
        (&[("AUTH PLAIN", "334"), ("*", "501 5.7.0")]),
        (&[(&format!("AUTH PLAIN {only_two}"), "501")]),
        (&[(&format!("AUTH PLAIN {four}"), "501")]),
        (&[(&format!("AUTH PLAIN {other}"), "501")]),
        (&[("AUTH LOGIN", "334"), ("", "334"), ("", "501")]),
        (&[("AUTH LOGIN", "334"), (&encode(USER), "334"), ("*", "501 5.7.0")]),
        (&[("AUTH LOGIN =", "334"), (&encode(PASSWORD), "501")]),
    ];
    for dialogue in dialogues {
        let mut client = Client::tls(&server).await;
        client.says("EHLO client.example.org", "250").await;
        for (line, reply) in dialogue {
            client.says(line, reply).await;
        }
        client.says(SENDER, "530 5.7.0").await;
        client.says(&auth_plain(USER, PASSWORD), "235").await;
    }
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_get_the_same_answer_and_three_end_the_connection() {
    let server = server().await;
    let mut client = Client::tls(&server).await;
    client.says("EHLO client.example.org", "250").await;
    let wrong = client.say(&auth_plain(USER, "not the password")).await;
    assert!(wrong.starts_with("535 5.7.8"));
    assert_eq!(client.say(&auth_plain("nobody", PASSWORD)).await, wrong);
    client.says(SENDER, "530").await;
    assert_eq!(client.say(&auth_plain(USER, "")).await.get(..3), Some("501"));
    assert_eq!(client.say(&auth_plain(USER, "again")).await, wrong);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn guessing_passwords_is_stopped_even_with_the_right_one() {
    let server = server().await;
    let mut failures = 0;
    while failures < 20 {
        let mut client = Client::tls(&server).await;
        client.says("EHLO client.example.org", "250").await;
        for _ in 0..3.min(20 - failures) {
            client.says(&auth_plain(USER, "a guess"), "535").await;
            failures += 1;
        }
    }
    let mut client = Client::tls(&server).await;
    client.says("EHLO client.example.org", "250").await;
    client.says(&auth_plain(USER, PASSWORD), "454 4.7.0").await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn accounts_that_cannot_be_looked_up_are_no_wrong_password() {
    let server = server().await;
    *server.sink.unavailable.lock().unwrap() = true;
    let mut client = Client::tls(&server).await;
    client.says("EHLO client.example.org", "250").await;
    for _ in 0..5 {
        client.says(&auth_plain(USER, PASSWORD), "454 4.7.0").await;
    }
    *server.sink.unavailable.lock().unwrap() = false;
    client.says(&auth_plain(USER, PASSWORD), "235").await;
}

#[tokio::test]
async fn the_sender_is_the_address_of_the_account() {
    let server = server().await;
    let mut client = Client::tls(&server).await;
    client.says("EHLO client.example.org", "250").await;
    client.says(SENDER, "530 5.7.0").await;
    client.says(&auth_plain(USER, PASSWORD), "235").await;
    for (line, reply) in [
        ("MAIL FROM:<other@liaison.example.org>", "550 5.7.1"),
        ("MAIL FROM:<Volunteer@liaison.example.org.evil.org>", "550 5.7.1"),
        ("MAIL FROM:<>", "550 5.7.1"),
        ("MAIL FROM:<postmaster>", "550 5.7.1"),
        ("MAIL FROM:<\"Volunteer\"@liaison.example.org>", "553 5.1.7"),
        (
            "MAIL FROM:<@relay.example:Volunteer@liaison.example.org>",
            "553 5.1.7",
        ),
        ("MAIL FROM:<volunt\u{e9}er@liaison.example.org>", "553 5.6.7"),
        ("MAIL FROM:<Volunteer@liaison.example.org> SMTPUTF8", "555 5.5.4"),
        ("MAIL FROM:<Volunteer@liaison.example.org> RET=FULL", "555 5.5.4"),
        (
            "MAIL FROM:<Volunteer@liaison.example.org> BODY=BINARYMIME",
            "555 5.5.4",
        ),
        (
            "MAIL FROM:<Volunteer@liaison.example.org> REQUIRETLS",
            "555 5.5.4",
        ),
        ("MAIL FROM:<Volunteer@liaison.example.org> SECRET=1", "555 5.5.4"),
        (
            "MAIL FROM:<Volunteer@liaison.example.org> SIZE=26214401",
            "552 5.3.4",
        ),
        ("MAIL Volunteer@liaison.example.org", "501 5.5.4"),
        (
            "MAIL FROM:<volunteer@LIAISON.example.org> SIZE=100 BODY=8BITMIME AUTH=<>",
            "250 2.1.0",
        ),
        (SENDER, "503 5.5.1"),
    ] {
        client.says(line, reply).await;
    }
}

#[tokio::test]
async fn recipients_that_cannot_be_read_with_certainty_are_refused_at_once() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    client.says("RCPT TO:<a@force.cjsm.net>", "503 5.5.1").await;
    client.says(SENDER, "250").await;
    client.says("DATA", "503 5.5.1").await;
    for (line, reply) in [
        ("RCPT TO:<\"a@force.cjsm.net\"@evil.example>", "553 5.1.3"),
        ("RCPT TO:<\"a\"@force.cjsm.net>", "553 5.1.3"),
        ("RCPT TO:<@evil.example:a@force.cjsm.net>", "553 5.1.3"),
        ("RCPT TO:< a@force.cjsm.net>", "553 5.1.3"),
        ("RCPT TO:<a@[127.0.0.1]>", "553 5.1.3"),
        ("RCPT TO:<a@force\u{ff0e}cjsm.net>", "553 5.6.7"),
        ("RCPT TO:<a@force.cj\u{455}m.net>", "553 5.6.7"),
        ("RCPT TO:<postmaster>", "553 5.1.3"),
        ("RCPT TO:<>", "553 5.1.3"),
        ("RCPT TO:<a@cjsm>", "554 5.1.2"),
        ("RCPT TO:<a@force.cjsm.net> NOTIFY=NEVER", "555 5.5.4"),
        ("RCPT TO:<a@force.cjsm.net", "501 5.5.4"),
        ("RCPT TO:<A@Force.CJSM.net>", "250 2.1.5"),
    ] {
        client.says(line, reply).await;
    }
}

#[tokio::test]
async fn what_is_stored_is_who_sent_what_to_whom() {
    let server = serve(Arc::new(MemorySink::default()), |settings| {
        settings.max_recipients = 2
    })
    .await;
    let mut client = Client::signed_in(&server).await;
    client
        .says("MAIL FROM:<volunteer@liaison.example.org>", "250")
        .await;
    client.says("RCPT TO:<a@force.cjsm.net>", "250").await;
    client.says("RCPT TO:<a@force.cjsm.net>", "250").await;
    client.says("RCPT TO:<b@agency.example>", "250").await;
    client.says("RCPT TO:<c@agency.example>", "452 4.5.3").await;
    client.says("DATA", "354").await;
    client.send(b"A: b\r\n\r\nc\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250 2.0.0"));
    let mails = server.sink.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].account, USER);
    assert!(mails[0].sender.expose_personal().eq_ignore_ascii_case(ADDRESS));
    let recipients: Vec<_> = mails[0]
        .recipients
        .iter()
        .map(|r| r.expose_personal().clone())
        .collect();
    assert_eq!(recipients, ["a@force.cjsm.net", "b@agency.example"]);
    // One mail's envelope is not the next one's.
    client.says("DATA", "503").await;
}

#[tokio::test]
async fn the_small_commands_do_what_they_should() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    client.says("NOOP anything", "250 2.0.0").await;
    client.says("VRFY volunteer", "252 2.5.0").await;
    client.says("EXPN list", "502 5.5.1").await;
    client.says("HELP", "214 2.0.0").await;
    client.says("ETRN example.org", "502 5.5.1").await;
    client.says("GET / HTTP/1.1", "500 5.5.1").await;
    client.says("", "500 5.5.1").await;
    client.says(SENDER, "250").await;
    client.says("RCPT TO:<a@force.cjsm.net>", "250").await;
    client.says("RSET", "250 2.0.0").await;
    client.says("DATA", "503").await;
    client.says(SENDER, "250").await;
    client.says("EHLO again.example.org", "250").await;
    client.says("RCPT TO:<a@force.cjsm.net>", "503").await;
    client
        .says("HELO client.example.org", "250 submit.example.org")
        .await;
    client.says("QUIT", "221 2.0.0").await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn bdat_is_not_offered_and_what_follows_it_is_not_read_as_commands() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    client.send(format!("BDAT 6 LAST\r\nRSET\r\n{SENDER}\r\n")).await;
    assert!(client.reply().await.starts_with("502"));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn somebody_who_only_makes_errors_is_sent_away() {
    let server = server().await;
    let mut client = Client::tls(&server).await;
    for _ in 0..20 {
        client.says("NONSENSE", "500").await;
    }
    assert!(client.reply().await.starts_with("421 4.7.0"));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_whole_session_in_one_packet_is_carried_out_in_order() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    let one = format!("{SENDER}\r\nRCPT TO:<a@force.cjsm.net>\r\nRCPT TO:<b@agency.example>\r\nDATA\r\n");
    let two = "A: b\r\n\r\nfirst\r\n.\r\n";
    client
        .send(format!("{one}{two}{one}A: b\r\n\r\nsecond\r\n.\r\nQUIT\r\n"))
        .await;
    for code in [
        "250", "250", "250", "354", "250", "250", "250", "250", "354", "250", "221",
    ] {
        let reply = client.reply().await;
        assert!(reply.starts_with(code), "{reply} is not {code}");
    }
    assert!(client.is_closed().await);
    assert_eq!(
        raws(&server),
        [&b"A: b\r\n\r\nfirst\r\n"[..], b"A: b\r\n\r\nsecond\r\n"]
    );
}

#[tokio::test]
async fn dots_eight_bit_letters_and_blank_lines_come_through_unchanged() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    let reply = hand_in(&mut client, b"A: b\r\n\r\n..\r\n..x\r\n\xe9\xff\r\n\r\n\r\n.\r\n").await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(raws(&server), [b"A: b\r\n\r\n.\r\n.x\r\n\xe9\xff\r\n\r\n\r\n"]);
}

#[tokio::test]
async fn smuggled_mails_are_refused_and_the_connection_is_closed() {
    let server = server().await;
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r\r\n"] {
        let mut client = Client::signed_in(&server).await;
        let smuggled =
            format!("A: b\r\n\r\nc{end}{SENDER}\r\nRCPT TO:<b@agency.example>\r\nDATA\r\nx\r\n.\r\n");
        let reply = hand_in(&mut client, smuggled.as_bytes()).await;
        assert!(reply.starts_with("554 5.6.0"), "{end:?} got {reply}");
        assert!(client.is_closed().await, "{end:?}");
    }
    assert!(raws(&server).is_empty());
}

#[tokio::test]
async fn commands_end_in_crlf_and_are_bounded() {
    let server = server().await;
    for line in ["NOOP\n", "NOOP\r\r\n", "NO\rOP\r\n"] {
        let mut client = Client::tls(&server).await;
        client.send(line).await;
        assert!(client.reply().await.starts_with("500 5.5.2"), "{line:?}");
        assert!(client.is_closed().await);
    }
    for line in ["x".repeat(2049) + "\r\n", "x".repeat(100_000)] {
        let mut client = Client::tls(&server).await;
        client.send(&line).await;
        assert!(client.reply().await.starts_with("500 5.5.6"));
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn mails_that_are_too_large_or_unfit_are_refused_and_the_next_one_is_taken() {
    let server = serve(Arc::new(MemorySink::default()), |settings| {
        settings.max_message_bytes = 5000
    })
    .await;
    let mut client = Client::signed_in(&server).await;
    let large = "x".repeat(98) + "\r\n";
    let reply = hand_in(&mut client, format!("{}.\r\n", large.repeat(51)).as_bytes()).await;
    assert!(reply.starts_with("552 5.3.4"), "{reply}");
    let reply = hand_in(&mut client, format!("{}\r\n.\r\n", "x".repeat(999)).as_bytes()).await;
    assert!(reply.starts_with("554 5.6.0"), "{reply}");
    let reply = hand_in(&mut client, b"A: \0\r\n\r\n.\r\n").await;
    assert!(reply.starts_with("554 5.6.0"), "{reply}");
    let reply = hand_in(&mut client, b".\r\n").await;
    assert!(reply.starts_with("554 5.6.0"), "{reply}");
    assert!(raws(&server).is_empty());
    let reply = hand_in(&mut client, format!("{}.\r\n", large.repeat(50)).as_bytes()).await;
    assert!(reply.starts_with("250 2.0.0"), "{reply}");
}

#[tokio::test]
async fn there_is_no_250_unless_the_mail_is_stored() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    for (failure, expected) in [
        (AcceptFailure::Later, "451 4.3.0"),
        (AcceptFailure::TooLarge, "552 5.3.4"),
        (AcceptFailure::Refused, "550 5.7.1"),
    ] {
        server.sink.fail_with(Some(failure));
        let reply = hand_in(&mut client, b"A: b\r\n\r\nc\r\n.\r\n").await;
        assert!(reply.starts_with(expected), "{reply}");
        assert!(raws(&server).is_empty());
    }
    server.sink.fail_with(None);
    let reply = hand_in(&mut client, b"A: b\r\n\r\nc\r\n.\r\n").await;
    assert!(reply.starts_with("250 2.0.0 stored as "), "{reply}");
    assert_eq!(raws(&server).len(), 1);
}

#[tokio::test]
async fn a_mail_that_breaks_off_is_not_stored() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    client.says(SENDER, "250").await;
    client.says("RCPT TO:<a@force.cjsm.net>", "250").await;
    client.says("DATA", "354").await;
    client.send("A: b\r\n\r\nhalf a mail\r\n").await;
    drop(client);
    let mut other = Client::signed_in(&server).await;
    let reply = hand_in(&mut other, b"A: b\r\n\r\nwhole\r\n.\r\n").await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(raws(&server), [b"A: b\r\n\r\nwhole\r\n"]);
}

#[tokio::test]
async fn somebody_who_does_not_sign_in_soon_is_sent_away_however_busy() {
    let server = serve(Arc::new(MemorySink::default()), |settings| {
        settings.login_timeout = Duration::from_millis(400);
    })
    .await;
    let mut idle = Client::plain(server.starttls).await;
    let mut busy = Client::plain(server.starttls).await;
    assert!(idle.reply().await.starts_with("421 4.4.2"));
    assert!(idle.is_closed().await);
    let mut last = String::from("250");
    while last.starts_with("250") {
        busy.send("NOOP\r\n").await;
        last = busy.reply().await;
    }
    assert!(last.starts_with("421 4.4.2"), "{last}");
    let mut silent = Client::over(Box::new(
        tokio::net::TcpStream::connect(server.implicit)
            .await
            .expect("connects"),
    ));
    assert!(silent.is_closed().await, "no handshake, no connection");
}

#[tokio::test]
async fn connections_are_bounded_and_come_free_again() {
    let server = serve(Arc::new(MemorySink::default()), |settings| {
        settings.max_connections_per_peer = 2
    })
    .await;
    let one = Client::plain(server.starttls).await;
    let _two = Client::plain(server.starttls).await;
    let refused = tokio::net::TcpStream::connect(server.starttls)
        .await
        .expect("connects");
    assert!(
        Client::over(Box::new(refused))
            .reply()
            .await
            .starts_with("421 4.7.0")
    );
    drop(one);
    loop {
        let again = tokio::net::TcpStream::connect(server.starttls)
            .await
            .expect("connects");
        let greeting = Client::over(Box::new(again)).reply().await;
        if greeting.starts_with("220") {
            break;
        }
        assert!(greeting.starts_with("421"), "{greeting}");
    }
}

#[tokio::test]
async fn stopping_tells_idle_clients_and_ends() {
    let mut server = server().await;
    let mut client = Client::signed_in(&server).await;
    let mut sending = Client::signed_in(&server).await;
    sending.says(SENDER, "250").await;
    sending.says("RCPT TO:<a@force.cjsm.net>", "250").await;
    sending.says("DATA", "354").await;
    sending.send("A: b\r\n").await;
    server.stop.cancel();
    assert!(client.reply().await.starts_with("421 4.3.2"));
    assert!(sending.reply().await.starts_with("421 4.3.2"));
    let ended = tokio::time::timeout(Duration::from_secs(10), &mut server.task).await;
    assert!(ended.is_ok_and(|joined| joined.is_ok()));
    assert!(tokio::net::TcpStream::connect(server.starttls).await.is_err());
    assert!(raws(&server).is_empty());
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_with_a_reason() {
    async fn refused(change: impl FnOnce(&mut referrald::smtp::SubmissionSettings)) -> SubmissionError {
        let mut settings = settings(&Certificate::new());
        change(&mut settings);
        let sink = Arc::new(MemorySink::default());
        let bound = SubmissionServer::bind(settings, sink).await;
        bound.err().expect("is refused")
    }
    let other = Certificate::new();
    let none = refused(|settings| {
        settings.implicit_tls_addr = None;
        settings.starttls_addr = None;
        settings.trusted_relay = None;
    })
    .await;
    assert!(matches!(none, SubmissionError::NoAddress));
    let certificate = refused(|settings| settings.certificate_pem = b"x".to_vec()).await;
    assert!(matches!(certificate, SubmissionError::Certificate));
    let key = refused(|settings| settings.key_pem = SecretString::from("x")).await;
    assert!(matches!(key, SubmissionError::Key));
    let mixed = refused(|settings| settings.key_pem = SecretString::from(other.key_pem.as_str())).await;
    assert!(matches!(mixed, SubmissionError::CertificateAndKey));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = taken.local_addr().expect("address");
    let in_use = refused(|settings| settings.starttls_addr = Some(address)).await;
    assert!(matches!(in_use, SubmissionError::CannotListen { .. }));
}

const PROGRAM_MAIL: &str = "From: Volunteer@liaison.example.org\r\nTo: a@force.cjsm.net\r\nSubject: Meeting\r\n\r\n\
     .a line with a dot\r\nend\r\n";

fn mail_file() -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("temporary file");
    file.write_all(PROGRAM_MAIL.replace("\r\n", "\n").as_bytes())
        .expect("writes");
    file
}

async fn run(mut command: Command) -> std::process::Output {
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("runs");
    output.expect("the program is installed")
}

fn said(output: &std::process::Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes))
        .concat()
}

#[tokio::test]
async fn swaks_hands_in_a_mail_over_starttls_and_over_tls_from_the_start() {
    let server = server().await;
    let file = mail_file();
    for (port, tls, mechanism) in [
        (server.starttls.port(), "--tls", "PLAIN"),
        (server.starttls.port(), "--tls", "LOGIN"),
        (server.implicit.port(), "--tlsc", "PLAIN"),
    ] {
        let mut swaks = Command::new("swaks");
        swaks
            .args(["--server", "127.0.0.1", "--port", &port.to_string(), tls])
            .args([
                "--auth",
                mechanism,
                "--auth-user",
                USER,
                "--auth-password",
                PASSWORD,
            ])
            .args(["--from", ADDRESS, "--to", "a@force.cjsm.net,b@agency.example"])
            .arg("--data")
            .arg(format!("@{}", file.path().display()));
        let output = run(swaks).await;
        assert!(output.status.success(), "{}", said(&output));
    }
    let mails = server.sink.mails();
    assert_eq!(mails.len(), 3);
    for mail in mails {
        assert_eq!(mail.recipients.len(), 2);
        let raw = String::from_utf8(mail.raw.into_personal()).expect("ASCII");
        assert_eq!(raw.trim_end(), PROGRAM_MAIL.trim_end());
    }
}

#[tokio::test]
async fn python_hands_in_a_mail_and_checks_the_certificate() {
    const PROGRAM: &str = r#"
import smtplib, ssl, sys
ca, starttls, implicit, user, password, sender, path = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
mail = open(path).read()
with smtplib.SMTP("localhost", int(starttls), timeout=20) as smtp:
    smtp.starttls(context=context)
    smtp.login(user, password)
    assert smtp.sendmail(sender, ["a@force.cjsm.net", "b@agency.example"], mail) == {}
with smtplib.SMTP_SSL("localhost", int(implicit), timeout=20, context=context) as smtp:
    try:
        smtp.login(user, "not the password")
        raise SystemExit("signed in with a wrong password")
    except smtplib.SMTPAuthenticationError as refused:
        assert refused.smtp_code == 535, refused
with smtplib.SMTP_SSL("localhost", int(implicit), timeout=20, context=context) as smtp:
    smtp.login(user, password)
    assert smtp.sendmail(sender, ["a@force.cjsm.net"], mail) == {}
"#;
    let server = server().await;
    let file = mail_file();
    let mut ca = tempfile::NamedTempFile::new().expect("temporary file");
    ca.write_all(server.certificate.certificate_pem.as_bytes())
        .expect("writes");
    let mut python = Command::new("python3");
    python
        .args(["-c", PROGRAM])
        .arg(ca.path())
        .args([
            server.starttls.port().to_string(),
            server.implicit.port().to_string(),
        ])
        .args([USER, PASSWORD, ADDRESS])
        .arg(file.path());
    let output = run(python).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(raws(&server), [PROGRAM_MAIL.as_bytes(); 2]);
}

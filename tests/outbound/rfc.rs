//! What the standards ask of a submission server: command by command, each with its section.
//!
//! What is deliberately stricter than RFC 5321: quoted local parts, source routes, address literals and
//! `postmaster` without a domain are refused (nobody could class such a recipient with certainty), and after a
//! bare line end or `BDAT` the connection is closed.

use crate::client::{ADDRESS, Client, MemorySink, PASSWORD, Running, USER, auth_plain, encode, serve};
use referrald::smtp::SubmissionSettings;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Where a dialogue begins.
#[derive(Debug, Clone, Copy)]
enum Start {
    /// After the greeting, without TLS.
    Plain,
    /// After the greeting, in TLS.
    Tls,
    /// In TLS, after EHLO.
    Hello,
    /// In TLS, after EHLO and AUTH.
    SignedIn,
    /// A trusted relay on this machine, after the greeting.
    Relay,
}
use Start::{Hello, Plain, Relay, SignedIn, Tls};

/// Lines of the client, each with how the reply must begin.
type Dialogue<'a> = &'a [(&'a str, &'a str)];

const MAIL: &str = "MAIL FROM:<volunteer@liaison.example.org>";
const RCPT: &str = "RCPT TO:<a@force.cjsm.net>";

async fn server() -> Running<MemorySink> {
    serve(Arc::new(MemorySink::default()), |_| {}).await
}

async fn begin(server: &Running<MemorySink>, start: Start) -> Client {
    match start {
        Plain => Client::plain(server.starttls).await,
        Relay => Client::plain(server.trusted_relay).await,
        Tls => Client::tls(server).await,
        Hello => {
            let mut client = Client::tls(server).await;
            client.says("EHLO client.example.org", "250").await;
            client
        }
        SignedIn => Client::signed_in(server).await,
    }
}

/// How every reply must look: lines of at most 512 bytes (RFC 5321 section 4.5.3.1.5) with the same code
/// (4.2.1), and an enhanced code of the same class in every line (RFC 2034 section 4), except for the replies
/// to a greeting and those that ask for more.
fn well_formed(line: &str, reply: &str) -> Result<(), String> {
    let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
    let class = reply.get(..1).unwrap_or_default();
    let code = reply.get(..3).unwrap_or_default();
    let has_enhanced = !(class == "3" || (code == "250" && matches!(verb.as_str(), "EHLO" | "HELO")));
    for part in reply.split_inclusive("\r\n") {
        let sound = part.len() <= 512
            && part.is_ascii()
            && part.starts_with(code)
            && matches!(part.get(3..4), Some(" " | "-"))
            && code.bytes().all(|b| b.is_ascii_digit());
        let enhanced = part
            .get(4..)
            .and_then(|text| text.split(' ').next())
            .unwrap_or_default();
        let numbers: Vec<_> = enhanced.split('.').map(str::parse::<u16>).collect();
        let fits = matches!(numbers.as_slice(), [Ok(first), Ok(_), Ok(_)] if first.to_string() == class);
        if !sound || has_enhanced != fits {
            return Err(format!("{line:?} got {part:?}"));
        }
    }
    Ok(())
}

async fn converse(
    server: &Running<MemorySink>,
    section: &str,
    start: Start,
    dialogue: Dialogue<'_>,
) -> Vec<String> {
    let mut client = begin(server, start).await;
    let mut faults = Vec::new();
    for (line, expected) in dialogue {
        let reply = client.say(line).await;
        if !reply.starts_with(expected) {
            faults.push(format!(
                "{section} ({start:?}): {line:?} got {reply:?}, not {expected:?}"
            ));
        }
        if let Err(fault) = well_formed(line, &reply) {
            faults.push(format!("{section} ({start:?}): {fault}"));
        }
    }
    faults
}

async fn check(cases: &[(&str, Start, Dialogue<'_>)]) {
    let server = server().await;
    let mut faults = Vec::new();
    for (section, start, dialogue) in cases {
        faults.extend(converse(&server, section, *start, dialogue).await);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn rfc_5321_order_of_commands() {
    check(&[
        ("3.3 MAIL comes after EHLO", Relay, &[(MAIL, "503 5.5.1")]),
        ("3.3 RCPT comes after MAIL", SignedIn, &[(RCPT, "503 5.5.1")]),
        (
            "3.3 DATA comes after RCPT",
            SignedIn,
            &[
                ("DATA", "503 5.5.1"),
                (MAIL, "250"),
                ("DATA", "503 5.5.1"),
                (RCPT, "250 2.1.5"),
            ],
        ),
        (
            "4.1.4 no MAIL within a mail",
            SignedIn,
            &[(MAIL, "250 2.1.0"), (MAIL, "503 5.5.1"), (RCPT, "250")],
        ),
        (
            "4.1.4 these commands need no EHLO",
            Tls,
            &[
                ("NOOP", "250 2.0.0"),
                ("HELP", "214 2.0.0"),
                ("EXPN list", "502 5.5.1"),
                ("VRFY sam", "252 2.5.0"),
                ("RSET", "250 2.0.0"),
            ],
        ),
        (
            "4.1.4 EHLO begins anew",
            SignedIn,
            &[
                (MAIL, "250"),
                (RCPT, "250"),
                ("EHLO again.example.org", "250-submit.example.org"),
                ("DATA", "503"),
                (RCPT, "503"),
                (MAIL, "250"),
            ],
        ),
        (
            "4.1.4 an EHLO that is refused changes nothing",
            SignedIn,
            &[
                (MAIL, "250"),
                ("EHLO", "501 5.5.4"),
                (RCPT, "250 2.1.5"),
                ("DATA", "354"),
            ],
        ),
        (
            "4.1.1.5 RSET ends the mail and not the session",
            SignedIn,
            &[
                (MAIL, "250"),
                (RCPT, "250"),
                ("RSET", "250 2.0.0"),
                ("DATA", "503"),
                (MAIL, "250 2.1.0"),
            ],
        ),
        (
            "4.1.1.9 NOOP changes nothing",
            SignedIn,
            &[
                (MAIL, "250"),
                ("NOOP", "250"),
                (RCPT, "250"),
                ("NOOP x y", "250"),
                ("DATA", "354"),
            ],
        ),
        (
            "3.3 a recipient that is refused leaves the mail as it is",
            SignedIn,
            &[
                (MAIL, "250"),
                ("RCPT TO:<x>", "553"),
                (RCPT, "250"),
                ("RCPT TO:<y>", "553"),
                ("DATA", "354"),
            ],
        ),
        ("4.1.1.10 QUIT at any time", Plain, &[("QUIT", "221 2.0.0")]),
        (
            "4.1.1.10 QUIT within a mail",
            SignedIn,
            &[(MAIL, "250"), (RCPT, "250"), ("QUIT", "221 2.0.0")],
        ),
    ])
    .await;
}

#[tokio::test]
async fn rfc_5321_how_commands_are_written() {
    let longest_local = format!("RCPT TO:<{}@agency.example>", "x".repeat(64));
    let longer_local = format!("RCPT TO:<{}@agency.example>", "x".repeat(65));
    let label = "x".repeat(61);
    let longest_path = format!("RCPT TO:<{}@{label}.{label}.{label}.example>", "x".repeat(60));
    let longer_path = format!("RCPT TO:<{}@{label}.{label}.{label}.example>", "x".repeat(61));
    let long_line = format!("NOOP {}", "x".repeat(505));
    let mail_in_capitals = MAIL.to_ascii_uppercase();
    check(&[
        (
            "2.4 verbs in any case",
            SignedIn,
            &[
                ("nOoP", "250"),
                (&mail_in_capitals, "250 2.1.0"),
                ("rcpt to:<a@force.cjsm.net>", "250 2.1.5"),
                ("data", "354"),
            ],
        ),
        (
            "4.1.1 blanks before the line end are borne with",
            SignedIn,
            &[
                ("NOOP  ", "250"),
                (&format!("{MAIL} "), "250"),
                (&format!("{RCPT}  "), "250"),
                ("RSET ", "250"),
                ("DATA \t", "503"),
            ],
        ),
        (
            "4.1.1 nothing follows DATA, RSET and QUIT",
            SignedIn,
            &[
                (MAIL, "250"),
                (RCPT, "250"),
                ("RSET now", "501 5.5.4"),
                ("DATA now", "501 5.5.4"),
                ("QUIT now", "501 5.5.4"),
                ("DATA", "354"),
            ],
        ),
        (
            "4.1.1.1 EHLO and HELO have an argument",
            Tls,
            &[
                ("EHLO", "501 5.5.4"),
                ("HELO", "501 5.5.4"),
                ("EHLO ", "501 5.5.4"),
            ],
        ),
        (
            "4.1.1.1 whoever the client says it is",
            Tls,
            &[
                ("EHLO [127.0.0.1]", "250"),
                ("EHLO [IPv6:::1]", "250"),
                ("EHLO localhost", "250"),
                ("EHLO my_computer", "250"),
            ],
        ),
        (
            "4.1.1.1 HELO has one line",
            Tls,
            &[("HELO client.example.org", "250 submit.example.org\r\n")],
        ),
        (
            "4.1.1.2 and 4.1.1.3 paths stand in brackets",
            SignedIn,
            &[
                ("MAIL FROM:volunteer@liaison.example.org", "501 5.5.4"),
                ("MAIL", "501 5.5.4"),
                ("MAIL FROM", "501"),
                (MAIL, "250"),
                ("RCPT TO:a@force.cjsm.net", "501 5.5.4"),
                ("RCPT", "501 5.5.4"),
            ],
        ),
        (
            "4.1.1.6 VRFY has an argument",
            SignedIn,
            &[("VRFY", "501 5.5.4"), ("VRFY sam@agency.example", "252 2.5.0")],
        ),
        (
            "4.1.1.8 HELP with and without",
            SignedIn,
            &[("HELP", "214 2.0.0"), ("HELP MAIL", "214 2.0.0")],
        ),
        (
            "4.1.1.11 parameters that nobody offered",
            SignedIn,
            &[
                (&format!("{MAIL} SECRET=1"), "555 5.5.4"),
                (&format!("{MAIL} RET=HDRS"), "555 5.5.4"),
                (MAIL, "250"),
                ("RCPT TO:<a@force.cjsm.net> SECRET", "555 5.5.4"),
                ("RCPT TO:<a@force.cjsm.net> NOTIFY=NEVER", "555 5.5.4"),
            ],
        ),
        (
            "4.2.4 and 4.3.2 unknown and not offered",
            SignedIn,
            &[
                ("XCLIENT NAME=x", "500 5.5.1"),
                ("TURN", "500 5.5.1"),
                ("SEND FROM:<a@b.example>", "500 5.5.1"),
                ("EXPN list", "502 5.5.1"),
                ("ETRN agency.example", "502 5.5.1"),
                ("LHLO client.example.org", "502 5.5.1"),
            ],
        ),
        (
            "4.5.3.1.1 local parts",
            SignedIn,
            &[
                (MAIL, "250"),
                (&longest_local, "250 2.1.5"),
                (&longer_local, "553 5.1.3"),
            ],
        ),
        (
            "4.5.3.1.3 paths",
            SignedIn,
            &[
                (MAIL, "250"),
                (&longest_path, "250 2.1.5"),
                (&longer_path, "553 5.1.3"),
            ],
        ),
        (
            "4.5.3.1.4 command lines of 512 bytes",
            SignedIn,
            &[(&long_line, "250 2.0.0")],
        ),
        (
            "7.3 nobody learns which addresses there are",
            SignedIn,
            &[("VRFY volunteer", "252"), ("VRFY nobody", "252")],
        ),
    ])
    .await;
}

#[tokio::test]
async fn rfc_6409_submission() {
    check(&[
        (
            "4.3 who does not sign in sends nothing",
            Hello,
            &[(MAIL, "530 5.7.0"), (RCPT, "530 5.7.0"), ("DATA", "530 5.7.0")],
        ),
        (
            "4.2 domains are written out in full",
            SignedIn,
            &[
                ("MAIL FROM:<volunteer@liaison>", "554 5.1.8"),
                (MAIL, "250"),
                ("RCPT TO:<officer@agency>", "554 5.1.2"),
                ("RCPT TO:<officer>", "553 5.1.3"),
            ],
        ),
        (
            "5.1 and 6.1 only the account's own address",
            SignedIn,
            &[
                ("MAIL FROM:<other@liaison.example.org>", "550 5.7.1"),
                ("MAIL FROM:<>", "550 5.7.1"),
                ("MAIL FROM:<a..b@liaison.example.org>", "553 5.1.7"),
            ],
        ),
        (
            "3.2 what cannot be read is refused at once",
            SignedIn,
            &[
                (MAIL, "250"),
                ("RCPT TO:<a@[192.0.2.1]>", "553 5.1.3"),
                ("RCPT TO:<a b@agency.example>", "553 5.1.3"),
                ("RCPT TO:<@agency.example>", "553 5.1.3"),
                ("RCPT TO:<a@-.example>", "553 5.1.3"),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn rfc_4954_signing_in() {
    let right = auth_plain(USER, PASSWORD);
    let label = "x".repeat(61);
    let long = format!("{MAIL} AUTH={}@{label}.{label}.{label}", "+3D".repeat(64));
    check(&[
        (
            "4 not without TLS",
            Plain,
            &[
                ("EHLO client.example.org", "250"),
                (&right, "538 5.7.11"),
                ("AUTH LOGIN", "538 5.7.11"),
            ],
        ),
        ("4 not before EHLO", Tls, &[(&right, "503 5.5.1")]),
        ("4 once", SignedIn, &[(&right, "503 5.5.1")]),
        (
            "4 not within a mail",
            SignedIn,
            &[(MAIL, "250"), (&right, "503 5.5.1"), (RCPT, "250")],
        ),
        (
            "4 an unknown mechanism",
            Hello,
            &[
                ("AUTH SCRAM-SHA-256", "504 5.5.4"),
                ("AUTH NONSENSE", "504 5.5.4"),
                ("AUTH", "501"),
            ],
        ),
        (
            "4 what is not base64",
            Hello,
            &[
                ("AUTH PLAIN !", "501 5.5.2"),
                ("AUTH PLAIN", "334 \r\n"),
                ("not base64", "501 5.5.2"),
            ],
        ),
        (
            "4 the client may give up",
            Hello,
            &[
                ("AUTH PLAIN", "334 "),
                ("*", "501 5.7.0"),
                ("AUTH LOGIN", "334 "),
                ("*", "501 5.7.0"),
                (MAIL, "530 5.7.0"),
            ],
        ),
        (
            "4 an empty first response is =",
            Hello,
            &[("AUTH LOGIN =", "334 "), (&encode(PASSWORD), "501 5.5.2")],
        ),
        (
            "4.2 and 6 a wrong password",
            Hello,
            &[
                (&auth_plain(USER, "not the password"), "535 5.7.8"),
                (&right, "235 2.7.0"),
            ],
        ),
        (
            "5 AUTH= is taken",
            SignedIn,
            &[
                (&format!("{MAIL} AUTH=<>"), "250 2.1.0"),
                ("RSET", "250"),
                (&format!("{MAIL} AUTH=e+3Dmc2@example.com"), "250"),
                ("RSET", "250"),
                (&long, "250"),
            ],
        ),
        (
            "6 what needs an account says so",
            Hello,
            &[
                ("NOOP", "250"),
                ("RSET", "250"),
                ("HELO client.example.org", "250"),
                (MAIL, "530 5.7.0"),
                (RCPT, "530 5.7.0"),
                ("DATA", "530 5.7.0"),
                ("QUIT", "221"),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn rfc_3207_and_8314_tls() {
    check(&[
        (
            "3207 4 STARTTLS has no argument",
            Plain,
            &[
                ("EHLO client.example.org", "250"),
                ("STARTTLS now", "501 5.5.4"),
                ("STARTTLS ", "220 2.0.0"),
            ],
        ),
        (
            "3207 4 everything else waits for TLS",
            Plain,
            &[
                ("EHLO client.example.org", "250"),
                ("NOOP", "250"),
                (MAIL, "530 5.7.0"),
                (RCPT, "530 5.7.0"),
                ("DATA", "530 5.7.0"),
                ("RSET", "530 5.7.0"),
                ("VRFY sam", "530 5.7.0"),
                ("EXPN list", "530 5.7.0"),
                ("HELP", "530 5.7.0"),
                ("HELO client.example.org", "530 5.7.0"),
                ("QUIT", "221 2.0.0"),
            ],
        ),
        ("3207 4 not twice", SignedIn, &[("STARTTLS", "503 5.5.1")]),
        (
            "8314 3.3 no STARTTLS within TLS",
            Tls,
            &[("STARTTLS", "503 5.5.1")],
        ),
    ])
    .await;
    let server = server().await;
    for (start, keyword, other) in [
        (Plain, "STARTTLS", "AUTH"),
        (Tls, "AUTH PLAIN LOGIN", "STARTTLS"),
        (Relay, "STARTTLS", "AUTH"),
    ] {
        let offered = begin(&server, start).await.say("EHLO client.example.org").await;
        assert!(
            offered.contains(keyword) && !offered.contains(other),
            "{start:?}: {offered}"
        );
    }
}

#[tokio::test]
async fn rfc_1870_size_6152_8bitmime_and_6531_smtputf8() {
    let with = |parameters: &str| format!("{MAIL} {parameters}");
    check(&[
        (
            "1870 6.1 as large as may be",
            SignedIn,
            &[(&with("SIZE=26214400"), "250 2.1.0")],
        ),
        (
            "1870 6.1 larger",
            SignedIn,
            &[
                (&with("SIZE=26214401"), "552 5.3.4"),
                (&with("SIZE=99999999999999999999"), "552 5.3.4"),
                (MAIL, "250"),
            ],
        ),
        (
            "1870 3 and 6 not a number",
            SignedIn,
            &[
                (&with("SIZE=large"), "501 5.5.4"),
                (&with("SIZE="), "501 5.5.4"),
                (&with("SIZE=-1"), "501 5.5.4"),
                (&with("SIZE=0"), "250"),
            ],
        ),
        (
            "6152 2 both bodies",
            SignedIn,
            &[
                (&with("BODY=7BIT"), "250"),
                ("RSET", "250"),
                (&with("body=8bitmime SIZE=10"), "250"),
            ],
        ),
        (
            "6152 2 no other body",
            SignedIn,
            &[
                (&with("BODY=BINARYMIME"), "555 5.5.4"),
                (&with("BODY=9BIT"), "501 5.5.4"),
                (&with("BODY="), "501 5.5.4"),
            ],
        ),
        (
            "6531 3.4 SMTPUTF8 is not offered",
            SignedIn,
            &[
                (&with("SMTPUTF8"), "555 5.5.4"),
                (MAIL, "250"),
                ("RCPT TO:<\u{e9}@agency.example>", "553 5.6.7"),
                ("RCPT TO:<a@\u{e9}.example>", "553 5.6.7"),
            ],
        ),
        (
            "6531 3.5 a sender beyond ASCII",
            SignedIn,
            &[
                ("MAIL FROM:<\u{e9}@liaison.example.org>", "553 5.6.7"),
                ("MAIL FROM:<\u{e9}@liaison.example.org> SMTPUTF8", "553 5.6.7"),
            ],
        ),
    ])
    .await;
    let server = server().await;
    let mut client = begin(&server, Tls).await;
    let offered = client.say("EHLO client.example.org").await;
    for keyword in ["PIPELINING", "SIZE 26214400", "8BITMIME", "ENHANCEDSTATUSCODES"] {
        assert!(
            offered.lines().any(|line| line.get(4..) == Some(keyword)),
            "{offered}"
        );
    }
    assert!(
        !offered.contains("SMTPUTF8") && !offered.contains("CHUNKING"),
        "{offered}"
    );
}

/// RFC 5321 sections 3.1 and 4.2: the first word after the code is the server's name.
#[tokio::test]
async fn the_greeting_and_the_answer_to_ehlo_name_the_server() {
    let server = server().await;
    let stream = tokio::net::TcpStream::connect(server.starttls)
        .await
        .expect("connects");
    let mut client = Client::over(Box::new(stream));
    assert!(client.reply().await.starts_with("220 submit.example.org ESMTP"));
    assert!(
        client
            .say("EHLO client.example.org")
            .await
            .starts_with("250-submit.example.org\r\n")
    );
}

/// RFC 5321 sections 4.5.3.1.8 and 4.5.3.1.10: a hundred are taken; one too many is told, and the rest goes on.
#[tokio::test]
async fn a_hundred_recipients_are_taken_and_local_parts_kept_as_written() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    client.says(MAIL, "250").await;
    client
        .says("RCPT TO:<Mixed.Case@Agency.example>", "250 2.1.5")
        .await;
    for number in 1..100 {
        client
            .says(&format!("RCPT TO:<officer{number}@agency.example>"), "250 2.1.5")
            .await;
    }
    client
        .says("RCPT TO:<one-more@agency.example>", "452 4.5.3")
        .await;
    client.says("DATA", "354").await;
    client.send("A: b\r\n\r\nc\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250 2.0.0"));
    let mails = server.sink.mails();
    assert_eq!(mails[0].recipients.len(), 100);
    // RFC 5321 section 2.4: only the domain may be changed.
    assert_eq!(
        mails[0].recipients[0].expose_personal(),
        "Mixed.Case@agency.example"
    );
}

/// RFC 2920 section 3.2: replies in order, and nothing that came after a refused command is lost.
#[tokio::test]
async fn a_group_of_commands_is_answered_in_order_even_where_some_are_refused() {
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    let group = format!(
        "{MAIL}\r\nRCPT TO:<x>\r\nRCPT TO:<y@agency>\r\nDATA\r\nRSET\r\n{MAIL}\r\n{RCPT}\r\nNOOP\r\nDATA\r\n"
    );
    client.send(group).await;
    for expected in [
        "250 2.1.0",
        "553 5.1.3",
        "554 5.1.2",
        "503 5.5.1",
        "250 2.0.0",
        "250 2.1.0",
        "250 2.1.5",
        "250 2.0.0",
        "354",
    ] {
        let reply = client.reply().await;
        assert!(reply.starts_with(expected), "{reply} is not {expected}");
    }
    client.send("A: b\r\n\r\nc\r\n.\r\nQUIT\r\n").await;
    assert!(client.reply().await.starts_with("250 2.0.0"));
    assert!(client.reply().await.starts_with("221 2.0.0"));
    assert_eq!(server.sink.mails().len(), 1);
}

/// RFC 5321 section 4.1.1.4: whatever becomes of the mail, its envelope is gone afterwards.
#[tokio::test]
async fn after_a_mail_that_was_not_taken_the_next_one_begins_anew() {
    use referrald::outbound::AcceptFailure;
    let server = server().await;
    let mut client = Client::signed_in(&server).await;
    for (failure, data, expected) in [
        (Some(AcceptFailure::Later), "A: b\r\n\r\nc\r\n.\r\n", "451 4.3.0"),
        (None, ".\r\n", "554 5.6.0"),
        (None, "A: b\r\n\r\nc\r\n.\r\n", "250 2.0.0"),
    ] {
        server.sink.fail_with(failure);
        client.says(MAIL, "250 2.1.0").await;
        client.says(RCPT, "250 2.1.5").await;
        client.says("DATA", "354").await;
        client.send(data).await;
        let reply = client.reply().await;
        assert!(reply.starts_with(expected), "{reply}");
        client.says(RCPT, "503 5.5.1").await;
    }
    assert!(
        server.sink.mails()[0]
            .sender
            .expose_personal()
            .eq_ignore_ascii_case(ADDRESS)
    );
}

/// RFC 5321 sections 4.5.3.1.8 and 4.5.3.2.7: what the defaults must at least be.
#[test]
fn the_bounds_are_not_below_what_a_client_may_count_on() {
    let settings = SubmissionSettings::new(String::new(), Vec::new(), SecretString::from(""));
    assert!(settings.max_recipients >= 100);
    assert!(settings.idle_timeout >= Duration::from_secs(300));
    assert!(settings.max_message_bytes >= 64 * 1024);
}

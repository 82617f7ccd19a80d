//! The whole path on one machine: mail from agencies through Postfix into a private Dovecot, the daemon,
//! cases, and one liaison mail to a CJSM and an open recipient. `--check` does it unattended and asserts.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

#[allow(dead_code)]
mod daemon;
#[path = "../support/postfix.rs"]
#[allow(dead_code)]
mod postfix;
#[path = "../support/mod.rs"]
mod support;

use daemon::Daemon;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};
use postfix::{Postfix, wait_for};
use std::fs;
use std::path::{Path, PathBuf};
use support::dovecot::Dovecot;

/// The restricted mailbox.
const MAILBOX: &str = "referrals@restorative.example";
/// The volunteer's account, and its password for this run only.
const VOLUNTEER: &str = "sam.volunteer@restorative.example";
const PASSWORD: &str = "correct-horse-battery-staple";
/// Who gets the liaison mail.
const CJSM_OFFICER: &str = "liaison@wendmere.police.example.cjsm.net";
const OPEN_OFFICER: &str = "housing@wendmere-homes.example.org";
/// What agencies and the website send (the liaison mail names people of the first): fixture, and what it must be understood as.
const ARRIVING: [(&str, &str); 8] = [
    ("docx-two-column-table", "referral"),
    ("docx-side-by-side-columns", "referral"),
    ("pdf-acroform", "referral"),
    ("html-table-form", "referral"),
    ("cf7-self-referral", "self_referral"),
    ("cf7-enquiry", "enquiry"),
    ("out-of-office", "automatic"),
    ("docx-blank-template", "unrecognised"),
];
/// What must not reach the open recipient, and what must.
const CUT_DOWN: [&str; 5] = [
    "Odette",
    "Marlowe",
    "07700 900311",
    "CM9 6ZX",
    "odette.mf@example.org",
];
const STAYS: [&str; 3] = ["O.M", "Tuesday 9 June at 2pm", "RJ-"];

fn main() {
    let unattended = std::env::args().any(|argument| argument == "--check");
    let folder = tempfile::Builder::new()
        .prefix("referrald-demo-")
        .tempdir()
        .expect("temporary folder");

    step("Starting a private Dovecot (IMAP over TLS) and two Postfix relays on loopback");
    let password = "mailbox-password-of-this-run";
    let dovecot = Dovecot::start(&[(MAILBOX, password)]);
    let cjsm = Postfix::start("cjsm", dovecot.lmtp_port, None);
    let ordinary = Postfix::start("ordinary", dovecot.lmtp_port, None);

    step("Making a configuration and a master key, adding the volunteer's account, starting the daemon");
    let mut daemon = Daemon::configure(folder.path(), &dovecot, [cjsm.port, ordinary.port], password);
    daemon.command_with_input(&["users", "add", "sam", "--address", VOLUNTEER], PASSWORD);
    daemon.start();
    println!("{}", daemon.command(&["check"]));

    step(&format!(
        "Sending {} mails as agencies and the website do",
        ARRIVING.len()
    ));
    for (fixture, _) in ARRIVING {
        send(
            ordinary.port,
            "agency@wendmere.police.example",
            &[MAILBOX],
            &fixture_mail(fixture),
        );
    }
    wait_for("all mails to be read", || {
        let states = daemon.messages();
        (states.len() == ARRIVING.len() && states.iter().all(|m| m.state != "held")).then_some(())
    });
    let listed = daemon.command(&["cases", "list"]);
    println!("{listed}");

    step("Accepting the referrals: each becomes a case with a file per side");
    let mut accepted = 0;
    for message in daemon.messages() {
        if matches!(message.kind.as_str(), "referral" | "self_referral") {
            println!("{}", daemon.command(&["cases", "accept", &message.id]));
            accepted += 1;
        }
    }
    println!("{}", daemon.command(&["cases", "list"]));

    let reference = daemon.first_reference();
    step("Allocating the victim's file of the first case to the volunteer: about others they may not write");
    let allocate = ["cases", "allocate", &reference, "--side", "victim", "--to", "sam"];
    println!("{}", daemon.command(&allocate));

    step(&format!(
        "Submitting one liaison mail as a volunteer's mail program does, to\n  {CJSM_OFFICER}\n  {OPEN_OFFICER}"
    ));
    let mail = liaison_mail(&reference);
    submit(&daemon, &dovecot, &mail);
    step("Nobody has written to these addresses before: staff look at what waits, and release it");
    let held = wait_for("the mail to be held", || {
        let listed = daemon.command(&["outbound", "list"]);
        let id = listed.lines().find(|line| line.ends_with("by sam"))?;
        listed
            .contains("held")
            .then(|| id.split_whitespace().next().map(str::to_owned))?
    });
    println!("{}", daemon.command(&["outbound", "show", &held, "--text"]));
    println!("{}", daemon.command(&["outbound", "release", &held]));
    let plain = arrived(&dovecot, CJSM_OFFICER);
    let cut = arrived(&dovecot, OPEN_OFFICER);
    println!("{}", daemon.command(&["outbound", "list"]));
    println!("--- as it arrived at {CJSM_OFFICER}\n{plain}\n--- as it arrived at {OPEN_OFFICER}\n{cut}");

    if unattended {
        check_kinds(&daemon);
        assert_eq!(
            accepted,
            ARRIVING
                .iter()
                .filter(|(_, kind)| kind.ends_with("referral"))
                .count()
        );
        assert!(
            plain.contains("Odette Marlowe-Finch") && plain.contains("cjsm.relay.example"),
            "the CJSM copy is whole"
        );
        assert!(
            cut.contains("ordinary.relay.example"),
            "the open copy took the ordinary relay"
        );
        for text in CUT_DOWN {
            assert!(!cut.contains(text), "{text:?} reached the open recipient");
        }
        for text in STAYS {
            assert!(cut.contains(text), "{text:?} is missing in the open copy");
        }
        assert_eq!(dovecot.count(MAILBOX, "INBOX"), 0, "the inbox is empty");
        assert_eq!(dovecot.count(MAILBOX, "Referrald/Processed"), ARRIVING.len());
        println!("{}", daemon.command(&["audit", "verify"]));
        daemon.stop();
        println!("\nThe demonstration held.");
        return;
    }
    daemon.explain();
    daemon.wait_for_interrupt();
}

fn step(text: &str) {
    println!("\n==> {text}");
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inbound")
}

fn fixture_mail(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(name).join("message.eml")).expect("fixture")
}

/// Each fixture that arrived was understood as what it is.
fn check_kinds(daemon: &Daemon) {
    let mut wanted: Vec<_> = ARRIVING.iter().map(|(_, kind)| (*kind).to_owned()).collect();
    let mut found: Vec<_> = daemon
        .messages()
        .into_iter()
        .map(|message| message.kind)
        .collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted, "kinds of the messages");
}

fn send(port: u16, from: &str, to: &[&str], mail: &[u8]) {
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port).build();
    transport
        .send_raw(&envelope(from, to), mail)
        .expect("the relay takes the mail");
}

fn envelope(from: &str, to: &[&str]) -> Envelope {
    let to = to
        .iter()
        .map(|address| address.parse().expect("address"))
        .collect();
    Envelope::new(Some(from.parse().expect("address")), to).expect("envelope")
}

/// Implicit TLS and AUTH, as a mail program is set up.
fn submit(daemon: &Daemon, dovecot: &Dovecot, mail: &str) {
    let authority = Certificate::from_pem(dovecot.certificate.ca_pem.as_bytes()).expect("certificate");
    let tls = TlsParameters::builder("127.0.0.1".to_owned())
        .add_root_certificate(authority)
        .build_rustls()
        .expect("TLS");
    let transport = SmtpTransport::builder_dangerous("127.0.0.1")
        .port(daemon.submission_port)
        .tls(Tls::Wrapper(tls))
        .credentials(Credentials::new("sam".to_owned(), PASSWORD.to_owned()))
        .build();
    let envelope = envelope(VOLUNTEER, &[CJSM_OFFICER, OPEN_OFFICER]);
    let answer = transport
        .send_raw(&envelope, mail.as_bytes())
        .expect("the submission server takes the mail");
    println!("The submission server answered {}", answer.code());
}

fn liaison_mail(reference: &str) -> String {
    let lines = [
        "From: Sam Wells <sam.volunteer@restorative.example>",
        "To: Liaison <liaison@wendmere.police.example.cjsm.net>, Housing <housing@wendmere-homes.example.org>",
        &format!("Subject: {reference}: visit to Odette Marlowe-Finch"),
        "Date: Mon, 1 Jun 2026 10:00:00 +0100",
        "Message-ID: <visit-1@restorative.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Dear both,",
        "",
        &format!("I will see Mrs Marlowe-Finch about {reference} on Tuesday 9 June at 2pm at her home,"),
        "9 Cobbler's Row, Wendmere, CM9 6ZX. Odette asked to be rung on 07700 900311 or written",
        "to at odette.mf@example.org beforehand.",
        "",
        "Regards",
        "Sam",
        "",
    ];
    lines.join("\r\n")
}

/// The mail as it lies in the recipient's mailbox.
fn arrived(dovecot: &Dovecot, recipient: &str) -> String {
    let mail = wait_for(&format!("the copy of {recipient}"), || {
        dovecot.mails(recipient, "INBOX").pop()
    });
    String::from_utf8_lossy(&mail).into_owned()
}

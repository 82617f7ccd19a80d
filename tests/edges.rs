//! The edges, tried with the real program: bad configuration, missing and wrong keys, wrong password,
//! unreachable server, full disk. Each gives one clear message and loses nothing.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[path = "support/postfix.rs"]
#[allow(dead_code)]
mod postfix;
#[path = "edges/program.rs"]
mod program;
mod support;
#[path = "edges/tokens.rs"]
mod tokens;

use postfix::{ScriptedServer, Step};
use program::Program;
use std::fs;
use std::io::{BufRead as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use support::dovecot::Dovecot;
use support::tls::TestCertificate;

const MAILBOX: &str = "referrals@restorative.example";
const PASSWORD: &str = "the-right-one-of-this-run";
const CONFIG_ERROR: i32 = 78;

fn mail(number: usize, bytes: usize) -> Vec<u8> {
    let body = "A line of text that means nothing.\r\n".repeat(bytes / 36 + 1);
    format!(
        "From: agency@example.org\r\nTo: {MAILBOX}\r\nSubject: number {number}\r\n\
         Message-ID: <edge-{number}@example.org>\r\n\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn without_a_configuration_it_says_how_to_make_one() {
    let program = Program::empty();
    let run = program.run(&["run"]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(
        run.stderr.contains("referrald.toml is not there"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("referrald init"), "{}", run.stderr);
}

#[test]
fn every_configuration_problem_is_listed_with_file_key_and_fix() {
    let program = Program::initialised();
    program.write(
        "referrald.toml",
        "[service]\nname = \"x\"\ndomain = \"-\"\n[mailbox]\nhots = \"y\"\n",
    );
    let run = program.run(&["check"]);
    assert_eq!(run.code, CONFIG_ERROR);
    for part in [
        "service.domain: write a mail domain",
        "mailbox.hots: there is no such key; did you mean `host`?",
        "mailbox.user: is missing",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in {}", run.stderr);
    }
}

#[test]
fn init_overwrites_nothing() {
    let program = Program::initialised();
    let key = fs::read(program.file("master.key")).unwrap();
    let run = program.run(&["init", &program.folder().to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("kept"), "{}", run.stdout);
    assert_eq!(fs::read(program.file("master.key")).unwrap(), key);
}

#[test]
fn a_missing_key_an_open_key_and_a_foreign_key_are_told_apart() {
    let program = Program::configured("127.0.0.1", 1, None);
    assert_eq!(program.run(&["cases", "list"]).code, 0);

    let key = program.file("master.key");
    let kept = fs::read(&key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let run = program.run(&["cases", "list"]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);

    fs::remove_file(&key).unwrap();
    let run = program.run(&["cases", "list"]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(run.stderr.contains("master.key is not there"), "{}", run.stderr);

    assert_eq!(
        program.run(&["init", &program.folder().to_string_lossy()]).code,
        0
    );
    let run = program.run(&["cases", "list"]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(
        run.stderr.contains("does not fit this database"),
        "{}",
        run.stderr
    );

    program.write_secret("master.key", std::str::from_utf8(&kept).unwrap());
    assert_eq!(
        program.run(&["cases", "list"]).code,
        0,
        "the right key opens it again"
    );
}

#[test]
fn a_backup_comes_back_into_a_new_database_and_says_what_it_needs() {
    let program = Program::configured("127.0.0.1", 1, None);
    program.write_secret("password", "correct-horse-battery\n");
    let password = program.file("password");
    let add = |user: &str| {
        let address = format!("{user}@restorative.example");
        let file = password.to_string_lossy().into_owned();
        let run = program.run(&[
            "users",
            "add",
            user,
            "--address",
            &address,
            "--password-file",
            &file,
        ]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    };
    add("sam");
    add("alex");
    let backup = program.file("one.backup").to_string_lossy().into_owned();
    let run = program.run(&["backup", &backup]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("2 accounts"), "{}", run.stdout);
    let run = program.run(&["backup", &backup]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("one.backup: the file is there already"),
        "{}",
        run.stderr
    );
    assert_eq!(program.run(&["users", "remove", "alex"]).code, 0);

    let run = program.run(&["restore", &backup]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("the database is not empty"), "{}", run.stderr);
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    fs::create_dir(program.file("new")).unwrap();
    program.write("referrald.toml", &text.replace("/data/", "/new/"));
    let run = program.run(&["restore", &backup]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("name it with --destruction-log FILE"),
        "{}",
        run.stderr
    );
    let log = program.file("data/destroyed.log").to_string_lossy().into_owned();
    let run = program.run(&["restore", &backup, "--destruction-log", &log]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout
            .contains("destroyed again, as the destruction log says: 1"),
        "{}",
        run.stdout
    );
    let run = program.run(&["users", "list"]);
    assert_eq!(run.stdout, "sam\tsam@restorative.example\tvolunteer\n");
    assert_eq!(program.run(&["audit", "verify"]).code, 0);
}

#[test]
fn a_password_from_a_breach_is_refused_by_every_command() {
    use sha1::{Digest, Sha1};
    let program = Program::configured("127.0.0.1", 1, None);
    let known = "correct-horse-battery";
    let hash = Sha1::digest(known.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    program.write("pwned.txt", &format!("{hash}:233\r\n"));
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let text = text + "[web]\nbreached_passwords_file = \"pwned.txt\"\n";
    program.write("referrald.toml", &text);
    let add = |command: &[&str], password: &str| {
        program.write_secret("password", &format!("{password}\n"));
        program.run_with_input(command, "password")
    };
    let user = ["users", "add", "sam", "--address", "sam@restorative.example"];
    let staff = ["staff", "add", "r.case", "--role", "staff"];
    for command in [&user[..], &staff[..]] {
        let run = add(command, known);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("known from a breach"), "{}", run.stderr);
        let run = add(command, "violet kettle moon");
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    program.write("pwned.txt", "something else\n");
    let run = add(&staff, "violet kettle moon");
    assert!(run.stderr.contains("no password can be set"), "{}", run.stderr);
    let run = program.run(&["check"]);
    assert!(
        run.stderr.contains("not the text file of Pwned Passwords")
            || run.stdout.contains("not the text file of Pwned Passwords"),
        "{}{}",
        run.stdout,
        run.stderr
    );
}

#[test]
fn blocks_shows_how_a_mail_and_a_document_are_read() {
    let program = Program::initialised();
    let inbound = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inbound");
    let mail = inbound.join("docx-content-controls/message.eml");
    let run = program.run(&["blocks", &mail.to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let read: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(!read["headers"]["subject"].as_str().unwrap().is_empty());
    assert_eq!(read["attachments"][0]["read"], "ok");
    assert!(
        run.stdout.contains("\"placeholder\": true"),
        "prompts are told apart"
    );

    program.write("people.csv", "Name,Agreed\nJo \u{1b}[2JWend,yes\n");
    let file = program.file("people.csv");
    let run = program.run(&["blocks", &file.to_string_lossy()]);
    let read: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(read["attachments"][0]["part"], "1");
    assert_eq!(read["attachments"][0]["filename"], "people.csv");
    let run = program.run(&["blocks", "--text", &file.to_string_lossy()]);
    assert!(
        run.stdout.contains("== file 1: people.csv (text/csv"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("| Name | Agreed |"), "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'), "a terminal is told nothing");
}

#[test]
fn blocks_says_what_to_do_about_a_file_it_cannot_read() {
    let program = Program::configured("127.0.0.1", 1, None);
    let config = fs::read_to_string(program.file("referrald.toml")).unwrap();
    program.write("referrald.toml", &format!("{config}max_message_mb = 1\n"));
    fs::File::create(program.file("large.pdf"))
        .unwrap()
        .set_len(1024 * 1024 + 1)
        .unwrap();
    for (name, says) in [
        ("absent.docx", "absent.docx is not there"),
        ("data", "is a folder; name one file"),
        (
            "large.pdf",
            "larger than max_message_mb allows (1 MB); raise it in [mailbox]",
        ),
    ] {
        let run = program.run(&["blocks", &program.file(name).to_string_lossy()]);
        assert_eq!(run.code, 1, "{name}");
        assert!(run.stderr.contains(says), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    program.write("broken.pdf", "%PDF-1.7 and nothing more");
    let run = program.run(&["blocks", &program.file("broken.pdf").to_string_lossy()]);
    assert_eq!(
        run.code, 0,
        "what a document is and why it is not read is an answer: {}",
        run.stderr
    );
    assert!(run.stdout.contains("\"reason\": \""), "{}", run.stdout);
}

#[test]
fn an_unreachable_server_is_named_by_check() {
    let program = Program::configured("127.0.0.1", 1, None);
    let run = program.run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout
            .contains("PROBLEM  mailbox: the mail server cannot be reached"),
        "{}",
        run.stdout
    );
}

#[test]
fn packages_get_a_manual_page_for_every_command_and_completion() {
    let program = Program::empty();
    let folder = program.file("man").to_string_lossy().into_owned();
    let run = program.run(&["manual", &folder]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let page = |name: &str| fs::read_to_string(program.file("man").join(name)).unwrap_or_default();
    assert!(
        page("referrald.1").contains("referrald\\-run(1)"),
        "{}",
        page("referrald.1")
    );
    assert!(page("referrald-cases-accept.1").contains(".TH referrald-cases-accept 1"));
    for shell in ["bash", "zsh", "fish"] {
        let run = program.run(&["completion", shell]);
        assert!(run.code == 0 && run.stdout.contains("import-cases"), "{shell}");
    }
}

#[test]
fn an_alarm_reaches_the_service_s_it_through_the_relay_or_says_why_not() {
    let program = Program::configured("127.0.0.1", 1, None);
    let run = program.run(&["try-alarm"]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(run.stderr.contains("add a section [alarms]"), "{}", run.stderr);
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let alarms = "[alarms]\nto = \"it@restorative.example\"\n";
    program.write("referrald.toml", &format!("{text}{alarms}"));
    let run = program.run(&["try-alarm"]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(
        run.stderr.contains("configure [relays.ordinary]"),
        "{}",
        run.stderr
    );
    let relay = ScriptedServer::start();
    let relays = format!(
        "[relays.ordinary]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        relay.port
    );
    program.write("referrald.toml", &format!("{text}{relays}{alarms}"));
    let run = program.run(&["try-alarm"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let arrived = relay.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].to, ["it@restorative.example"]);
    assert_eq!(arrived[0].from, "no-reply@restorative.example");
    let mail = String::from_utf8(arrived[0].raw.clone()).unwrap();
    assert!(
        mail.contains("Subject: referrald: a trial of the alarms"),
        "{mail}"
    );
    assert!(mail.contains("Auto-Submitted: auto-generated"), "{mail}");
    relay.say(Step::Rcpt, "550 5.1.1 nobody here");
    let run = program.run(&["try-alarm"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("it answered 550"), "{}", run.stderr);
}

#[test]
fn the_daemon_tells_the_service_s_it_that_the_disk_fills_up() {
    let program = Program::configured("127.0.0.1", 1, None);
    let relay = ScriptedServer::start();
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let text = format!(
        "{text}[relays.ordinary]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         [alarms]\nto = \"it@restorative.example\"\ndisk_free_percent = 100\n",
        relay.port
    );
    program.write("referrald.toml", &text);
    let daemon = program.start();
    let mail = program.wait_for("an alarm", || relay.arrived().pop());
    let mail = String::from_utf8(mail.raw).unwrap();
    assert!(mail.contains("Subject: referrald: the disk has "), "{mail}");
    assert!(mail.replace("=\r\n", "").contains("Make room"), "{mail}");
    daemon.stop();
}

#[test]
fn check_says_where_mail_is_taken_and_who_could_pose_as_the_relay() {
    let program = Program::configured("127.0.0.1", 1, None);
    let certificate = TestCertificate::make();
    program.write("submission.crt", &certificate.certificate_pem);
    program.write_secret("submission.key", &certificate.key_pem);
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let section = "[submission]\nhostname = \"submit.restorative.example\"\n";
    let with = |lines: &str| {
        program.write("referrald.toml", &format!("{text}{section}{lines}"));
        program.run(&["check"])
    };
    let run = with(
        "starttls_listen = \"127.0.0.1:8587\"\ntrusted_relay_listen = \"0.0.0.0:8025\"\n\
         trusted_relays = [\"127.0.0.1\", \"10.0.0.0/8\"]\n",
    );
    for part in [
        "ok       submission: certificate and key can be read; listens on 127.0.0.1:8587 (STARTTLS)",
        "ok       trusted relay: listens on 0.0.0.0:8025 for 127.0.0.1, 10.0.0.0/8",
        "WARNING  trusted relay: 0.0.0.0:8025 can be reached from other machines",
        "WARNING  trusted relay: every machine in 10.0.0.0/8 can send as any volunteer",
        "WARNING  trusted relay: there is no account",
    ] {
        assert!(run.stdout.contains(part), "no {part:?} in {}", run.stdout);
    }
    let run = with("trusted_relay_listen = \"127.0.0.1:8025\"\ntrusted_relays = [\"0.0.0.0/0\"]\n");
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(
        run.stderr
            .contains("submission.trusted_relays: \"0.0.0.0/0\": that is every machine there is"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_missing_for_text_recognition_and_scanning_is_named_by_check() {
    let program = Program::configured("127.0.0.1", 1, None);
    let run = program.run(&["check"]);
    for part in [
        "ok       text recognition: not enabled",
        "ok       virus scanner: not configured",
    ] {
        assert!(run.stdout.contains(part), "no {part:?} in {}", run.stdout);
    }
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let socket = program.file("clamd.ctl");
    let scanner = format!("[scanner]\nclamd = \"{}\"\n", socket.display());
    program.write(
        "referrald.toml",
        &format!("{text}[ocr]\nenabled = true\nlanguages = \"tlh\"\n{scanner}"),
    );
    let run = program.run(&["check"]);
    assert_eq!(run.code, 1);
    for part in [
        "PROBLEM  text recognition: /usr/bin/tesseract: a language is not installed",
        "PROBLEM  virus scanner: clamd cannot be reached",
    ] {
        assert!(run.stdout.contains(part), "no {part:?} in {}", run.stdout);
    }
    program.write(
        "referrald.toml",
        &format!("{text}[ocr]\nenabled = true\n{scanner}"),
    );
    let run = program.run(&["check"]);
    assert!(
        run.stdout
            .contains("ok       text recognition: fenced; recognises eng"),
        "{}",
        run.stdout
    );
    program.write(
        "mail.eml",
        "From: a@example.org\r\nSubject: Hello\r\n\r\nHello.\r\n",
    );
    let run = program.run(&["parse", &program.file("mail.eml").to_string_lossy()]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (1, ""),
        "nothing is read unscanned"
    );
    assert!(
        run.stderr.contains("virus scanner does not answer"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_wrong_password_is_named_and_the_mail_waits_until_it_is_mended() {
    let dovecot = Dovecot::start(&[(MAILBOX, PASSWORD)]);
    dovecot.deliver(MAILBOX, &mail(1, 100));
    let program = Program::configured("127.0.0.1", dovecot.imaps_port, Some(&dovecot.certificate.ca_pem));

    program.write_secret("mailbox.password", "not-the-right-one\n");
    let run = program.run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("refused the sign-in"), "{}", run.stdout);
    let daemon = program.start();
    program.wait_for("the daemon to say so", || {
        program.log().contains("refused the sign-in").then_some(())
    });
    daemon.stop();
    assert_eq!(dovecot.count(MAILBOX, "INBOX"), 1, "the mail is where it was");

    program.write_secret("mailbox.password", &format!("{PASSWORD}\n"));
    let daemon = program.start();
    program.wait_for("the mail to be taken", || {
        (dovecot.count(MAILBOX, "INBOX") == 0).then_some(())
    });
    daemon.stop();
    assert!(!program.log().contains(PASSWORD) && !program.log().contains("not-the-right-one"));
    assert!(
        program
            .run(&["cases", "list"])
            .stdout
            .contains("Arrived 1 = moved 1")
    );
}

#[test]
fn several_services_run_in_one_daemon_and_one_that_cannot_start_stops_no_other() {
    const OTHER: &str = "north";
    let dovecot = Dovecot::start(&[(MAILBOX, PASSWORD), (OTHER, PASSWORD)]);
    dovecot.deliver(MAILBOX, &mail(1, 100));
    dovecot.deliver(OTHER, &mail(2, 100));
    dovecot.deliver(OTHER, &mail(3, 100));
    let program = Program::configured("127.0.0.1", dovecot.imaps_port, Some(&dovecot.certificate.ca_pem));
    program.write_secret("mailbox.password", PASSWORD);
    let south = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let north = south
        .replace(&format!("user = \"{MAILBOX}\""), &format!("user = \"{OTHER}\""))
        .replace("data/referrald.db", "data/north.db")
        .replace("[keeping]", "reference_prefix = \"NO\"\n[keeping]");
    fs::create_dir(program.file("services")).unwrap();
    program.write("services/readme.txt", "not a configuration");
    let services = program.file("services").to_string_lossy().into_owned();
    let run = program.run(&["run", "--services", &services]);
    assert_eq!(run.code, CONFIG_ERROR);
    assert!(run.stderr.contains("holds no configuration"), "{}", run.stderr);

    program.write("services/broken.toml", "[service]\nname = 5\n");
    let run = program.run(&["run", "--services", &services]);
    assert_eq!(run.code, CONFIG_ERROR, "none can run");
    assert!(
        run.stderr.contains("service.name: must be text in quotes"),
        "{}",
        run.stderr
    );

    // Files that a configuration names lie beside it.
    for name in ["mailbox.password", "master.key", "ca.pem"] {
        let content = fs::read_to_string(program.file(name)).unwrap();
        program.write_secret(&format!("services/{name}"), &content);
    }
    program.write("services/south.toml", &south);
    program.write("services/north.toml", &north);
    let daemon = program.start_with(&["run", "--services", &services]);
    program.wait_for("the mail of both to be taken", || {
        (dovecot.count(MAILBOX, "INBOX") == 0 && dovecot.count(OTHER, "INBOX") == 0).then_some(())
    });
    daemon.stop();
    let log = program.log();
    let said = |service: &str, words: &str| {
        let service = format!("service{{name=\"{service}\"}}");
        log.lines()
            .any(|line| line.contains(&service) && line.contains(words))
    };
    assert!(
        said("broken", "this service does not run; it is tried again"),
        "{log}"
    );
    assert!(
        said("north", "referrald is running") && said("south", "referrald is running"),
        "{log}"
    );
    assert!(log.contains("started running=2 services=3"), "{log}");
    for (file, arrived) in [("services/south.toml", 1), ("services/north.toml", 2)] {
        let listed = program.run_as(file, &["cases", "list"]).stdout;
        assert!(
            listed.contains(&format!("Arrived {arrived} = moved {arrived}")),
            "{file}: {listed}"
        );
    }
}

#[test]
fn a_new_configuration_is_taken_up_without_losing_a_connection_and_a_wrong_one_is_not() {
    let dovecot = Dovecot::start(&[(MAILBOX, PASSWORD)]);
    let program = Program::configured("127.0.0.1", dovecot.imaps_port, Some(&dovecot.certificate.ca_pem));
    program.write_secret("mailbox.password", PASSWORD);
    let certificate = TestCertificate::make();
    program.write("submission.crt", &certificate.certificate_pem);
    program.write_secret("submission.key", &certificate.key_pem);
    let plain = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let port = free_port();
    let named = |host: &str| {
        let section =
            format!("[submission]\nhostname = \"{host}\"\nstarttls_listen = \"127.0.0.1:{port}\"\n");
        program.write("referrald.toml", &format!("{plain}{section}"));
    };
    named("old.restorative.example");
    let daemon = program.start();
    program.wait_for("the daemon", || {
        program.log().contains("referrald is running").then_some(())
    });
    let mut before = Conversation::open(port);
    assert!(
        before.greeting.contains("old.restorative.example"),
        "{}",
        before.greeting
    );

    program.write("referrald.toml", &format!("{plain}[submission]\nhostname = 5\n"));
    daemon.hang_up();
    program.wait_for("the wrong one to be named", || {
        program.log().contains("the old one stays in force").then_some(())
    });
    assert!(
        program.log().contains("submission.hostname: must be text"),
        "{}",
        program.log()
    );
    assert!(
        Conversation::open(port)
            .greeting
            .contains("old.restorative.example")
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let section = format!(
        "[submission]\nhostname = \"a.example\"\nstarttls_listen = \"{}\"\n",
        taken.local_addr().unwrap()
    );
    program.write("referrald.toml", &format!("{plain}{section}"));
    daemon.hang_up();
    program.wait_for("what does not start to be named", || {
        program.log().contains("going on with the old one").then_some(())
    });
    assert!(program.log().contains("cannot listen on"), "{}", program.log());
    assert!(
        Conversation::open(port)
            .greeting
            .contains("old.restorative.example")
    );

    named("new.restorative.example");
    daemon.hang_up();
    let greeting = program.wait_for("the new one", || {
        let greeting = Conversation::open(port).greeting;
        greeting.contains("new.restorative.example").then_some(greeting)
    });
    assert!(greeting.starts_with("220 "), "{greeting}");
    assert!(before.ask("NOOP").starts_with("250 "), "who spoke before goes on");
    assert!(before.ask("QUIT").starts_with("221 "));
    dovecot.deliver(MAILBOX, &mail(1, 100));
    program.wait_for("mail to be taken again", || {
        (dovecot.count(MAILBOX, "INBOX") == 0).then_some(())
    });
    daemon.stop();
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A client of the submission server.
struct Conversation {
    stream: std::io::BufReader<std::net::TcpStream>,
    greeting: String,
}

impl Conversation {
    fn open(port: u16) -> Self {
        let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(30)))
            .unwrap();
        let mut new = Self {
            stream: std::io::BufReader::new(stream),
            greeting: String::new(),
        };
        new.greeting = new.line();
        new
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line
    }

    fn ask(&mut self, command: &str) -> String {
        self.stream
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())
            .unwrap();
        self.line()
    }
}

#[test]
fn a_full_disk_is_named_and_every_mail_is_taken_once_there_is_room() {
    const MAILS: usize = 12;
    let dovecot = Dovecot::start(&[(MAILBOX, PASSWORD)]);
    let program = Program::configured("127.0.0.1", dovecot.imaps_port, Some(&dovecot.certificate.ca_pem));
    program.write_secret("mailbox.password", PASSWORD);
    let disk = SmallDisk::mount(&program.file("data"), "3m");
    for number in 0..MAILS {
        dovecot.deliver(MAILBOX, &mail(number, 500_000));
    }
    let daemon = program.start();
    program.wait_for("the daemon to say so", || {
        program.log().contains("the disk is full").then_some(())
    });
    assert!(
        dovecot.count(MAILBOX, "INBOX") > 0,
        "what is not stored stays in the mailbox"
    );
    disk.resize("100m");
    program.wait_for("all mails to be taken", || {
        (dovecot.count(MAILBOX, "INBOX") == 0).then_some(())
    });
    daemon.stop();
    let listed = program.run(&["cases", "list"]).stdout;
    assert!(
        listed.contains(&format!("Arrived {MAILS} = moved {MAILS}")),
        "{listed}"
    );
}

/// A file system of a few megabytes; unmounted when dropped. Needs root, as Postfix does.
struct SmallDisk(String);

impl SmallDisk {
    fn mount(folder: &std::path::Path, size: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let at = folder.to_string_lossy().into_owned();
        run(
            "mount",
            &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", &at],
        );
        Self(at)
    }

    fn resize(&self, size: &str) {
        run("mount", &["-o", &format!("remount,size={size}"), &self.0]);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {}", arguments.join(" "));
}

//! The daemon itself between a real Dovecot and two relays: every fixture in, liaison mail out, then the
//! log and the files it leaves are searched.

use crate::identities::{Identities, files_named};
use crate::postfix::{ScriptedServer, free_port};
use crate::support::dovecot::Dovecot;
use crate::support::tls::TestCertificate;
use crate::{PROGRAM, Run, assert_shows_nobody, fixtures, referrald};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MAILBOX_USER: &str = "referrals";
const MAILBOX_PASSWORD: &str = "mailbox password 1";
const VOLUNTEER: &str = "volunteer1";
const VOLUNTEER_PASSWORD: &str = "a long enough password";
const VOLUNTEER_ADDRESS: &str = "volunteer1@liaison.example.org";

/// Unoptimised builds take a second for a redaction, and this test hands in all fixtures at once.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks until there is an answer.
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A configured daemon with the servers around it.
struct Daemon {
    folder: tempfile::TempDir,
    dovecot: Dovecot,
    certificate: TestCertificate,
    submission_port: u16,
    process: Child,
    _relays: [ScriptedServer; 2],
}

impl Daemon {
    fn start(mails: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dovecot = Dovecot::start(&[(MAILBOX_USER, MAILBOX_PASSWORD)]);
        for mail in mails {
            dovecot.deliver(MAILBOX_USER, &std::fs::read(mail).unwrap());
        }
        let relays = [ScriptedServer::start(), ScriptedServer::start()];
        let certificate = TestCertificate::make();
        let submission_port = free_port();
        let place = folder.path();
        let made = referrald(&["init".as_ref(), place.as_os_str()], b"");
        assert!(made.succeeded, "{}", made.log);
        secret(&place.join("mailbox.password"), MAILBOX_PASSWORD);
        secret(&place.join("submission.key"), &certificate.key_pem);
        std::fs::write(place.join("submission.crt"), &certificate.certificate_pem).unwrap();
        std::fs::write(place.join("mailbox-ca.pem"), &dovecot.certificate.ca_pem).unwrap();
        let config = format!(
            "[service]\nname = \"Test\"\ndomain = \"liaison.example.org\"\n\
             [keeping]\ndatabase = \"{}/kept.db\"\n\
             [mailbox]\nhost = \"localhost\"\nport = {}\nca_file = \"mailbox-ca.pem\"\nuser = \"{MAILBOX_USER}\"\n\
             poll_seconds = 1\n\
             [relays.cjsm]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             [relays.ordinary]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             [submission]\nhostname = \"localhost\"\nimplicit_tls_listen = \"127.0.0.1:{submission_port}\"\n\
             starttls_listen = \"127.0.0.1:{}\"\ncertificate_file = \"submission.crt\"\nkey_file = \"submission.key\"\n\
             [log]\nlevel = \"trace\"\n",
            place.display(),
            dovecot.imaps_port,
            relays[0].port,
            relays[1].port,
            free_port(),
        );
        std::fs::write(place.join("referrald.toml"), config).unwrap();
        let process = Command::new(PROGRAM)
            .arg("--config")
            .arg(place.join("referrald.toml"))
            .args(["--log", "trace", "run"])
            .stdin(Stdio::null())
            .stdout(File::create(place.join("output")).unwrap())
            .stderr(File::create(place.join("log")).unwrap())
            .spawn()
            .unwrap();
        Self {
            folder,
            dovecot,
            certificate,
            submission_port,
            process,
            _relays: relays,
        }
    }

    fn place(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command beside the daemon; adds what it logs to `log`.
    fn command(&self, arguments: &[&str], input: &[u8], log: &mut String) -> Run {
        let config = self.place().join("referrald.toml");
        let mut all = vec!["--config", config.to_str().unwrap()];
        all.extend(arguments);
        let run = referrald(&all, input);
        log.push_str(&run.log);
        run
    }

    /// What the daemon wrote so far.
    fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.place().join(name)).unwrap();
        read("output") + &read("log")
    }

    /// Asks it to stop and waits for it.
    fn stop(&mut self) {
        let process = Pid::from_child(&self.process);
        kill_process(process, Signal::TERM).unwrap();
        let status = wait_for("the daemon to stop", || self.process.try_wait().unwrap());
        assert!(status.success(), "{}", self.log());
    }

    fn submission(&self) -> AsyncSmtpTransport<Tokio1Executor> {
        let trusted = Certificate::from_pem(self.certificate.ca_pem.as_bytes()).unwrap();
        let tls = TlsParameters::builder("localhost".to_owned())
            .add_root_certificate(trusted)
            .build()
            .unwrap();
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.submission_port)
            .tls(Tls::Wrapper(tls))
            .credentials(Credentials::new(
                VOLUNTEER.to_owned(),
                VOLUNTEER_PASSWORD.to_owned(),
            ))
            .build()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A test that failed leaves it running.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The first word of the lines of `cases list` that have this state.
fn in_state(list: &str, state: &str) -> Vec<String> {
    let rows = list
        .lines()
        .filter(|line| line.split_whitespace().any(|word| word == state));
    rows.filter_map(|row| row.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_takes_in_every_fixture_and_sends_mail_and_shows_nobody() {
    let inbound = files_named(&fixtures().join("inbound"), ".eml");
    let mut daemon = Daemon::start(&inbound);
    let mut log = String::new();

    // Everything is read; one message becomes a case, one is rejected, one is looked at.
    let read = wait_for("every mail to be read", || {
        let list = daemon.command(&["cases", "list"], b"", &mut String::new()).output;
        let arrived = in_state(&list, "read").len() + in_state(&list, "unreadable").len();
        (arrived > inbound.len() / 2 && in_state(&list, "held").is_empty()).then_some(list)
    });
    assert!(daemon.dovecot.count(MAILBOX_USER, "INBOX") <= inbound.len());
    let mut referrals = in_state(&read, "referral").into_iter();
    let (accepted, rejected, shown) = (
        referrals.next().unwrap(),
        referrals.next().unwrap(),
        referrals.next().unwrap(),
    );
    for command in [
        ["cases", "accept", &accepted],
        ["cases", "reject", &rejected],
        ["cases", "show", &shown],
    ] {
        let run = daemon.command(&command, b"", &mut log);
        assert!(run.succeeded, "{command:?}: {}", run.log);
    }
    // A command that fails must not quote either.
    assert!(
        !daemon
            .command(&["cases", "show", &rejected], b"", &mut log)
            .succeeded
    );

    // Liaison mail about the case that is known now.
    let add = ["users", "add", VOLUNTEER, "--address", VOLUNTEER_ADDRESS];
    let added = daemon.command(&add, format!("{VOLUNTEER_PASSWORD}\n").as_bytes(), &mut log);
    assert!(added.succeeded, "{}", added.log);
    let submission = daemon.submission();
    let outbound = files_named(&fixtures().join("outbound"), ".eml");
    let mut taken = 0;
    for mail in &outbound {
        let to = ["liaison@agency.example.cjsm.net", "officer@agency.example"].map(|to| to.parse().unwrap());
        let envelope = Envelope::new(Some(VOLUNTEER_ADDRESS.parse().unwrap()), to.to_vec()).unwrap();
        // One that the server refuses is logged as well, which is all that matters here.
        taken += usize::from(
            submission
                .send_raw(&envelope, &std::fs::read(mail).unwrap())
                .await
                .is_ok(),
        );
    }
    assert!(taken > 0, "no mail was taken");
    wait_for("every mail to be sent or held", || {
        let list = daemon
            .command(&["outbound", "list"], b"", &mut String::new())
            .output;
        let unfinished = [in_state(&list, "accepted"), in_state(&list, "waiting")].concat();
        let handed_in = format!("by {VOLUNTEER}");
        (list.matches(&handed_in).count() == taken && unfinished.is_empty()).then_some(())
    });
    assert!(daemon.command(&["audit", "verify"], b"", &mut log).succeeded);
    daemon.stop();

    log.push_str(&daemon.log());
    assert!(
        log.lines().count() > inbound.len(),
        "nothing was logged: the log is not at trace level"
    );
    assert_shows_nobody(&log);
    let identities = Identities::of_fixtures(&fixtures());
    for file in files_named(daemon.place(), "") {
        let found = identities.found_in_bytes(&std::fs::read(&file).unwrap());
        assert!(found.is_empty(), "{} holds {found:?} in plain", file.display());
    }
}

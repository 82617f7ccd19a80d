//! One mailbox, one PostgreSQL database, a scripted relay, and real daemons that share them.

use crate::postfix::{ScriptedServer, free_port};
use crate::postgres::Database;
use crate::support::dovecot::Dovecot;
use referrald::store::{DatabasePlace, MasterKeys, PostgresPlace, Store};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const USER: &str = "referrals";
const PASSWORD: &str = "daemons-test";
pub(crate) const PROCESSED: &str = "Referrald/Processed";
/// Who submits.
const VOLUNTEER: &str = "sam@restorative.example";
/// The shortest that the configuration takes.
pub(crate) const LEASE: Duration = Duration::from_secs(5);
/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    pub(crate) server: Dovecot,
    pub(crate) relay: ScriptedServer,
    database: Database,
    dir: TempDir,
}

/// One daemon's configuration.
pub(crate) struct Place {
    pub(crate) config: PathBuf,
    log: PathBuf,
    submission: u16,
    figures: u16,
}

/// What happens to a daemon when it comes to a step (`step:n` for the n-th time).
pub(crate) enum AtStep<'a> {
    Nothing,
    Kill(&'a str),
    Pause(&'a str),
}

pub(crate) struct Running(Child);

impl Bench {
    pub(crate) fn new() -> Self {
        let server = Dovecot::start(&[(USER, PASSWORD)]);
        let dir = tempfile::tempdir().expect("temporary folder");
        let made = program().arg("init").arg(dir.path()).output().expect("init");
        assert!(made.status.success(), "{made:?}");
        let bench = Self {
            relay: ScriptedServer::start(),
            database: Database::new(),
            server,
            dir,
        };
        bench.secret("mailbox.password", PASSWORD);
        bench.secret("ca.pem", &bench.server.certificate.ca_pem);
        bench.secret("submission.crt", &bench.server.certificate.certificate_pem);
        bench.secret("submission.key", &bench.server.certificate.key_pem);
        bench.secret("account.password", "a long enough password");
        let place = bench.place("first");
        let password = bench.dir.path().join("account.password");
        let added = program()
            .arg("--config")
            .arg(&place.config)
            .args(["users", "add", "sam", "--address", VOLUNTEER, "--password-file"])
            .arg(password)
            .output()
            .expect("users add");
        assert!(added.status.success(), "{added:?}");
        bench
    }

    fn secret(&self, name: &str, text: &str) {
        let file = self.dir.path().join(name);
        fs::write(&file, text).expect("file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
    }

    /// A configuration for a daemon of this name.
    pub(crate) fn place(&self, instance: &str) -> Place {
        self.place_called(instance, instance)
    }

    /// A configuration of its own for a daemon of this name.
    pub(crate) fn place_called(&self, file: &str, instance: &str) -> Place {
        let (submission, figures) = (free_port(), free_port());
        let config = format!(
            "[service]\nname = \"Daemons test\"\ndomain = \"restorative.example\"\n\
             [keeping]\ndatabase = \"{database}\"\ndestruction_log = \"{log}\"\ninstance = \"{instance}\"\nlease_seconds = {lease}\n\
             [mailbox]\nhost = \"localhost\"\nport = {imaps}\nca_file = \"ca.pem\"\nuser = \"{USER}\"\n\
             poll_seconds = 1\nsweep_seconds = 10\nsettle_seconds = 0\nbatch_messages = 7\n\
             [reading]\nworkers = 1\nunprotected = \"allow\"\n[redaction]\nname_model = false\n\
             [outbound]\nallocated_only = false\nhold_first_mail = false\n\
             [relays.cjsm]\nhost = \"127.0.0.1\"\nport = {relay}\ntls = \"none\"\n\
             [submission]\nhostname = \"localhost\"\ntrusted_relay_listen = \"127.0.0.1:{submission}\"\n\
             trusted_relays = [\"127.0.0.1\"]\n[metrics]\nlisten = \"127.0.0.1:{figures}\"\n[log]\nlevel = \"info\"\n",
            database = self.database.address(),
            log = self.dir.path().join(format!("{file}.destroyed")).display(),
            lease = LEASE.as_secs(),
            imaps = self.server.imaps_port,
            relay = self.relay.port,
        );
        self.secret(&format!("{file}.toml"), &config);
        Place {
            config: self.dir.path().join(format!("{file}.toml")),
            log: self.dir.path().join(format!("{file}.log")),
            submission,
            figures,
        }
    }

    pub(crate) async fn store(&self) -> Store {
        let key = fs::read(self.dir.path().join("master.key")).expect("key");
        let keys = MasterKeys::parse(&key).expect("a key file");
        let place = PostgresPlace::parse(&self.database.address()).expect("an address");
        let log = self.dir.path().join("test.destroyed");
        Store::open_logging(&DatabasePlace::Postgres(place), &log, keys)
            .await
            .expect("the database")
    }

    pub(crate) fn deliver(&self, numbers: std::ops::RangeInclusive<usize>) {
        for number in numbers {
            self.server.deliver(USER, &mail(number));
        }
    }
}

impl Place {
    /// What the monitoring listener answers: the status line, and everything behind it.
    pub(crate) fn ask(&self, path: &str) -> (String, String) {
        use std::io::{Read as _, Write as _};
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.figures)) else {
            return (String::new(), String::new());
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (line, rest) = answer.split_once("\r\n").expect("a status line");
        (line.to_owned(), rest.to_owned())
    }

    pub(crate) fn start(&self, at_step: AtStep<'_>) -> Running {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("log");
        let mut command = program();
        command
            .arg("--config")
            .arg(&self.config)
            .arg("run")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log);
        match at_step {
            AtStep::Nothing => {}
            AtStep::Kill(step) => {
                command.env("REFERRALD_KILL_AT", step);
            }
            AtStep::Pause(step) => {
                command.env("REFERRALD_PAUSE_AT", step);
            }
        }
        Running(command.spawn().expect("the daemon starts"))
    }

    /// What a command prints.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let output = program()
            .arg("--config")
            .arg(&self.config)
            .args(arguments)
            .output()
            .expect("the command runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Hands in one mail to this daemon, as a relay in front does.
    pub(crate) fn submit(&self, recipient: &str) {
        let stream = TcpStream::connect(("127.0.0.1", self.submission)).expect("the daemon listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("time-out");
        let mut answers = BufReader::new(stream.try_clone().expect("stream"));
        let mut stream = stream;
        let mut expect = |code: &str| loop {
            let mut line = String::new();
            answers.read_line(&mut line).expect("answer");
            assert!(line.starts_with(code), "wanted {code}: {line:?}");
            if line.as_bytes().get(3) == Some(&b' ') {
                return;
            }
        };
        expect("220");
        let text = format!(
            "From: {VOLUNTEER}\r\nTo: {recipient}\r\nMessage-ID: <{recipient}>\r\nSubject: A meeting\r\n\r\nOn Tuesday.\r\n."
        );
        for (line, code) in [
            ("EHLO front.example".to_owned(), "250"),
            (format!("MAIL FROM:<{VOLUNTEER}>"), "250"),
            (format!("RCPT TO:<{recipient}>"), "250"),
            ("DATA".to_owned(), "354"),
            (text, "250"),
        ] {
            stream.write_all(format!("{line}\r\n").as_bytes()).expect("line");
            expect(code);
        }
    }
}

impl Running {
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("a signal");
    }

    /// Whether it stands still after SIGSTOP (state `T` in proc(5)).
    pub(crate) fn is_paused(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let state = stat
            .rsplit_once(") ")
            .map_or("", |(_, rest)| rest.get(..1).unwrap_or(""));
        state == "T"
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("status")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_referrald"))
}

/// Waits for a condition; `what` and `more` say what was waited for in vain.
pub(crate) async fn until(
    what: &str,
    more: impl Fn() -> String,
    mut is: impl AsyncFnMut() -> bool,
) -> Duration {
    let start = Instant::now();
    while !is().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}\n{}", more());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: agency@police.example\r\nTo: referrals@restorative.example\r\nMessage-ID: <{number}@police.example>\r\n\
         Subject: Referral {number}\r\n\r\nPlease see referral {number}.\r\n"
    )
    .into_bytes()
}

pub(crate) fn number_of(mail: &[u8]) -> usize {
    let text = String::from_utf8_lossy(mail);
    let rest = text.split_once("Message-ID: <").map_or("", |(_, rest)| rest);
    rest.split('@').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// The last lines of a log.
pub(crate) fn tail(place: &Place) -> String {
    let log = place.log();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

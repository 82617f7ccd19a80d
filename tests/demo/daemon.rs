//! The daemon of the demonstration: its configuration, its process, and its commands.

use super::postfix::wait_for;
use super::support::dovecot::{Dovecot, free_ports};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) struct Daemon {
    program: PathBuf,
    config: PathBuf,
    pub(crate) submission_port: u16,
    process: Option<Child>,
}

/// A row of `cases list`.
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) kind: String,
}

impl Daemon {
    /// `referrald init`, then the configuration that this run needs.
    pub(crate) fn configure(folder: &Path, dovecot: &Dovecot, relays: [u16; 2], password: &str) -> Self {
        let own = std::env::current_exe().expect("own path");
        let program = own
            .parent()
            .and_then(Path::parent)
            .expect("target folder")
            .join("referrald");
        let [submission_port] = free_ports();
        let daemon = Self {
            program,
            config: folder.join("referrald.toml"),
            submission_port,
            process: None,
        };
        daemon.command(&["init", &folder.to_string_lossy()]);
        let secret = |name: &str, content: &str| {
            let file = folder.join(name);
            fs::write(&file, content).expect("file");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode");
        };
        secret("mailbox.password", password);
        secret("submission.key", &dovecot.certificate.key_pem);
        fs::write(
            folder.join("submission.crt"),
            &dovecot.certificate.certificate_pem,
        )
        .expect("file");
        fs::write(folder.join("ca.pem"), &dovecot.certificate.ca_pem).expect("file");
        let [cjsm, ordinary] = relays;
        let text = format!(
            r#"
[service]
name = "Demonstration service"
domain = "restorative.example"
own_addresses = ["@restorative.example"]

[keeping]
database = "{folder}/referrald.db"

[mailbox]
host = "127.0.0.1"
port = {imaps}
ca_file = "ca.pem"
user = "{mailbox}"
poll_seconds = 5

[relays.cjsm]
host = "127.0.0.1"
port = {cjsm}
tls = "none"

[relays.ordinary]
host = "127.0.0.1"
port = {ordinary}
tls = "none"

[submission]
hostname = "127.0.0.1"
implicit_tls_listen = "127.0.0.1:{submission_port}"
"#,
            folder = folder.display(),
            imaps = dovecot.imaps_port,
            mailbox = super::MAILBOX,
        );
        fs::write(&daemon.config, text).expect("configuration");
        daemon
    }

    /// Starts `referrald run` and waits until the submission server answers.
    pub(crate) fn start(&mut self) {
        let log = fs::File::create(self.log_file()).expect("log");
        let child = self
            .base(&["run"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.process = Some(child.expect("referrald starts"));
        let port = self.submission_port;
        wait_for("the submission server", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    /// The daemon's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    fn log_file(&self) -> PathBuf {
        self.config.with_file_name("referrald.log")
    }

    fn base(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).args(arguments);
        command
    }

    /// Runs one command to its end and gives what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        self.command_with_input(arguments, "")
    }

    pub(crate) fn command_with_input(&self, arguments: &[&str], input: &str) -> String {
        let mut child = self
            .base(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("referrald starts");
        let mut stdin = child.stdin.take().expect("stdin");
        // A command that asks for nothing may have closed it already.
        let _closed = stdin.write_all(input.as_bytes());
        drop(stdin);
        let mut printed = String::new();
        child
            .stdout
            .take()
            .expect("stdout")
            .read_to_string(&mut printed)
            .expect("text");
        let status = child.wait().expect("ends");
        assert!(
            status.success(),
            "referrald {} failed:\n{printed}",
            arguments.join(" ")
        );
        printed.trim_end().to_owned()
    }

    /// The messages of `cases list`.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let listed = self.command(&["cases", "list"]);
        let rows = listed.lines().skip(1).take_while(|line| !line.is_empty());
        rows.map(|row| {
            let words: Vec<_> = row.split_whitespace().collect();
            Message {
                id: words[0].to_owned(),
                state: words[3].to_owned(),
                kind: words[4].to_owned(),
            }
        })
        .collect()
    }

    /// The reference of the case that was opened first.
    pub(crate) fn first_reference(&self) -> String {
        let listed = self.command(&["cases", "list"]);
        let mut references: Vec<_> = listed
            .split_whitespace()
            .filter(|word| word.starts_with("RJ-"))
            .map(str::to_owned)
            .collect();
        references.sort();
        references.into_iter().next().expect("a case")
    }

    pub(crate) fn explain(&self) {
        let base = format!("{} --config {}", self.program.display(), self.config.display());
        println!(
            "\nEverything keeps running. Look around from another terminal:\n  \
             {base} cases list\n  {base} cases show RJ-...\n  {base} outbound list\n  {base} audit verify\n  \
             tail -f {}\nCtrl-C stops everything and removes it.",
            self.log_file().display(),
        );
    }

    /// Ctrl-C reaches the daemon too (same terminal): when it has stopped, so has the demonstration.
    pub(crate) fn wait_for_interrupt(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("runtime");
        runtime.block_on(tokio::signal::ctrl_c()).expect("signal");
        println!("\nStopping.");
        self.stop();
    }

    /// Asks the daemon to stop and waits for it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let pid = i32::try_from(process.id())
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            let term = rustix::process::Signal::TERM;
            let _already_gone = pid.map(|pid| rustix::process::kill_process(pid, term));
            process.wait().expect("the daemon ends");
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

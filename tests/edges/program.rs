//! The program under test in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

fn until<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() > deadline {
            return answer;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

pub struct Program {
    folder: TempDir,
}

/// How one command ended.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A running daemon.
pub struct Daemon(Child);

impl Program {
    /// A folder without anything.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("referrald-edges-")
            .tempdir()
            .unwrap();
        Self { folder }
    }

    /// After `referrald init`.
    pub fn initialised() -> Self {
        let program = Self::empty();
        let run = program.run(&["init", &program.folder().to_string_lossy()]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        program
    }

    /// With a configuration for this mailbox server; the database lies in `data/`.
    pub fn configured(host: &str, port: u16, ca_pem: Option<&str>) -> Self {
        let program = Self::initialised();
        fs::create_dir(program.file("data")).unwrap();
        program.write_secret("mailbox.password", "x\n");
        let ca = ca_pem.map_or("", |pem| {
            program.write("ca.pem", pem);
            "ca_file = \"ca.pem\"\n"
        });
        let text = format!(
            "[service]\nname = \"Test\"\ndomain = \"restorative.example\"\n\
             [keeping]\ndatabase = \"{}\"\n\
             [mailbox]\nhost = \"{host}\"\nport = {port}\n{ca}user = \"{}\"\npoll_seconds = 1\n",
            program.file("data/referrald.db").display(),
            super::MAILBOX,
        );
        program.write("referrald.toml", &text);
        program
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.file(name), content).unwrap();
    }

    pub fn write_secret(&self, name: &str, content: &str) {
        self.write(name, content);
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_as("referrald.toml", arguments)
    }

    fn command_as(&self, configuration: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_referrald"));
        command
            .arg("--config")
            .arg(self.file(configuration))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_as("referrald.toml", arguments)
    }

    /// With another configuration.
    pub fn run_as(&self, configuration: &str, arguments: &[&str]) -> Run {
        Self::ended(&mut self.command_as(configuration, arguments))
    }

    /// The same with a file of the folder as standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let input = fs::File::open(self.file(input)).unwrap();
        Self::ended(self.command(arguments).stdin(input))
    }

    fn ended(command: &mut Command) -> Run {
        let output = command.output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts the daemon; its log grows over restarts.
    pub fn start(&self) -> Daemon {
        self.start_with(&["run"])
    }

    pub fn start_with(&self, arguments: &[&str]) -> Daemon {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.file("log"))
            .unwrap();
        Daemon(
            self.command(arguments)
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap(),
        )
    }

    /// Asks again until there is an answer; shows the daemon's log when there is none in time.
    pub fn wait_for<T>(&self, what: &str, ask: impl FnMut() -> Option<T>) -> T {
        until(PATIENCE, ask).unwrap_or_else(|| panic!("waited too long for {what}; the log:\n{}", self.log()))
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }
}

impl Daemon {
    /// SIGHUP: load the configuration anew.
    pub fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    /// SIGTERM, and a clean end.
    pub fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = until(PATIENCE, || self.0.try_wait().unwrap()).expect("the daemon ends in time");
        assert!(status.success(), "the daemon ended with {status}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

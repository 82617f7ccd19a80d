//! A private PostgreSQL cluster on a Unix socket in a temporary folder; nothing listens on a port.
//!
//! One cluster serves every test of a process that runs at the same time, each with a database of its own; it stops with
//! the last of them. Started by root, it belongs to the package's user `postgres`, since PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running cluster.
pub struct Cluster {
    dir: TempDir,
    server: Child,
    databases: AtomicU32,
}

/// One database of its own.
#[derive(Clone)]
pub struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

impl Database {
    /// An empty database; starts the cluster if no test of this process has one.
    pub fn new() -> Self {
        static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let cluster = {
            let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match running.upgrade() {
                Some(cluster) => cluster,
                None => {
                    let cluster = Arc::new(Cluster::start());
                    *running = Arc::downgrade(&cluster);
                    cluster
                }
            }
        };
        let number = cluster.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        cluster.statement("postgres", &format!("CREATE DATABASE {name}"));
        Self { cluster, name }
    }

    /// As the configuration writes it.
    pub fn address(&self) -> String {
        format!(
            "postgresql://referrald@localhost/{}?host={}",
            self.name,
            self.cluster.dir.path().display()
        )
    }

    /// Runs statements as the owner of the database.
    pub fn statement(&self, sql: &str) {
        self.cluster.statement(&self.name, sql);
    }

    /// The cluster's folder: data files, write-ahead log, everything.
    pub fn folder(&self) -> PathBuf {
        self.cluster.dir.path().join("data")
    }

    /// Where `pg_dump` and the others are to connect.
    pub fn socket(&self) -> &Path {
        self.cluster.dir.path()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Cluster {
    fn start() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("pg")
            .tempdir()
            .expect("temporary folder");
        if let Some((user, group)) = server_user() {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("mode");
            chown(dir.path(), Some(user), Some(group)).expect("owner");
        }
        let data = dir.path().join("data");
        let made = command("initdb")
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=referrald",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .expect("initdb starts");
        assert!(made.success(), "initdb");
        let socket = dir.path().display().to_string();
        let server = command("postgres")
            .arg("-D")
            .arg(&data)
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
            ])
            .args(["-c", "shared_buffers=32MB", "-c", "log_min_messages=fatal"])
            .arg("-c")
            .arg(format!("unix_socket_directories={socket}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres starts");
        let cluster = Self {
            dir,
            server,
            databases: AtomicU32::new(0),
        };
        cluster.wait_until_ready();
        cluster
    }

    fn wait_until_ready(&self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let ready = command("pg_isready")
                .args(["-q", "-h"])
                .arg(self.dir.path())
                .status()
                .expect("pg_isready starts");
            if ready.success() {
                return;
            }
            assert!(Instant::now() < until, "the cluster does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn statement(&self, database: &str, sql: &str) {
        let done = command("psql")
            .args([
                "-q",
                "-X",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "referrald",
                "-d",
                database,
                "-h",
            ])
            .arg(self.dir.path())
            .args(["-c", sql])
            .status()
            .expect("psql starts");
        assert!(done.success(), "{sql}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGQUIT: at once. Nothing of it is kept.
        let pid = rustix::process::Pid::from_child(&self.server);
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let _ended = self.server.wait();
    }
}

/// A program of the newest installed PostgreSQL, as the user it is to run as.
fn command(program: &str) -> Command {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is installed (.ci/packages installs it)")
        .map(|entry| entry.expect("a folder").path())
        .collect();
    versions.sort();
    let newest = versions.last().expect("a version");
    let mut command = Command::new(newest.join("bin").join(program));
    command.current_dir("/").env_remove("PGPASSWORD");
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command
}

/// User and group `postgres`, where the tests run as root.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("users");
    let line = users
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .expect("the package's user");
    let mut fields = line
        .split(':')
        .skip(2)
        .map(|field| field.parse().expect("a number"));
    Some((fields.next()?, fields.next()?))
}

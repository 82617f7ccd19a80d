//! A private Dovecot: IMAPS, IMAP (for the proxy and STARTTLS) and LMTP on free loopback ports, maildirs
//! in a temporary folder.
//!
//! Started by root, mail belongs to the package's user `dovecot`; else to the current user.

use super::tls::TestCertificate;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(20);

const CONFIG: &str = "\
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = @INTERNAL@
default_internal_group = @GROUP@
default_login_user = @LOGIN@
first_valid_uid = 1
ssl = yes
ssl_cert = <@DIR@/certificate.pem
ssl_key = <@DIR@/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
mail_max_userip_connections = 1000
mail_fsync = never
mail_location = maildir:@DIR@/mail/%u
submission_host =
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u @DIR@/users
}
userdb {
  driver = static
  args = uid=@UID@ gid=@GID@ home=@DIR@/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
}
service imap-login {
  chroot =
  process_min_avail = 2
  service_count = 0
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service lmtp {
  inet_listener lmtp {
    port = @LMTP@
  }
}
";

/// Beside [`CONFIG`], for access tokens.
const TOKENS: &str = "\
auth_mechanisms = xoauth2 oauthbearer
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @DIR@/oauth2.conf
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = @AUTH@
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
";

/// Its settings for tokens.
const TOKEN_RULES: &str = "\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=@DIR@/keys/
username_attribute = sub
issuers = https://issuer.example
client_id = @AUDIENCE@
";

/// Beside [`CONFIG`], for client certificates.
const CLIENT_CERTIFICATES: &str = "\
ssl_ca = <@DIR@/clients.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_require_client_cert = yes
";

/// A running Dovecot.
pub struct Dovecot {
    dir: TempDir,
    master: Child,
    owner: Option<(u32, u32)>,
    delivered: AtomicU64,
    pub certificate: TestCertificate,
    pub imaps_port: u16,
    pub imap_port: u16,
    pub lmtp_port: u16,
    /// Where Postfix may ask about sign-ins.
    pub auth_port: u16,
}

impl Dovecot {
    /// Starts a server with these accounts (user name, password). LMTP takes mail for any user name.
    pub fn start(accounts: &[(&str, &str)]) -> Self {
        Self::start_with(accounts, "", &[])
    }

    /// Takes access tokens only, which it validates by itself with this public key (PEM). They must be for `audience`.
    pub fn with_tokens(public_pem: &str, client_id: &str, audience: &str) -> Self {
        let rules = TOKEN_RULES.replace("@AUDIENCE@", audience);
        let key = format!("keys/{client_id}/RS256/one");
        Self::start_with(&[], TOKENS, &[("oauth2.conf", &rules), (&key, public_pem)])
    }

    /// Demands a client certificate of this authority (PEM) beside the password.
    pub fn with_client_certificates(accounts: &[(&str, &str)], ca_pem: &str) -> Self {
        Self::start_with(accounts, CLIENT_CERTIFICATES, &[("clients.pem", ca_pem)])
    }

    fn start_with(accounts: &[(&str, &str)], more: &str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("referrald-dovecot-")
            .tempdir()
            .expect("temporary folder");
        let at = dir.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).expect("permissions");
        let certificate = TestCertificate::make();
        fs::write(at.join("certificate.pem"), &certificate.certificate_pem).expect("certificate");
        fs::write(at.join("key.pem"), &certificate.key_pem).expect("key");
        let users: String = accounts
            .iter()
            .map(|(user, password)| format!("{user}:{password}::::::\n"))
            .collect();
        fs::write(at.join("users"), users).expect("users");
        for folder in ["run", "state", "mail"] {
            fs::create_dir(at.join(folder)).expect("folder");
        }
        let (owner, ids) = identities();
        if let Some((uid, gid)) = owner {
            chown(at.join("mail"), Some(uid), Some(gid)).expect("owner");
        }
        let [imap_port, imaps_port, lmtp_port, auth_port] = free_ports();
        for (name, content) in files {
            let file = at.join(name);
            fs::create_dir_all(file.parent().expect("folder")).expect("folder");
            fs::write(file, content.replace("@DIR@", &at.to_string_lossy())).expect("file");
        }
        let mut config = format!("{CONFIG}{more}");
        for (key, value) in ids {
            config = config.replace(key, &value);
        }
        for (key, port) in [
            ("@IMAP@", imap_port),
            ("@IMAPS@", imaps_port),
            ("@LMTP@", lmtp_port),
            ("@AUTH@", auth_port),
        ] {
            config = config.replace(key, &port.to_string());
        }
        config = config.replace("@DIR@", &at.to_string_lossy());
        fs::write(at.join("dovecot.conf"), config).expect("configuration");
        let master = Command::new("dovecot")
            .arg("-F")
            .arg("-c")
            .arg(at.join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(at.join("stderr")).expect("stderr"))
            .spawn()
            .expect("dovecot is installed (apt-get install dovecot-imapd dovecot-lmtpd)");
        let server = Self {
            dir,
            master,
            owner,
            delivered: AtomicU64::new(0),
            certificate,
            imaps_port,
            imap_port,
            lmtp_port,
            auth_port,
        };
        for port in [imaps_port, imap_port, lmtp_port] {
            server.wait_for(port);
        }
        server
    }

    /// What Dovecot logged.
    pub fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.dir.path().join(name)).unwrap_or_default();
        read("stderr") + &read("dovecot.log")
    }

    /// Puts a mail into a user's inbox as a delivery agent does, byte for byte.
    pub fn deliver(&self, user: &str, mail: &[u8]) {
        let inbox = self.mail_dir(user);
        for folder in ["", "tmp", "new", "cur"] {
            let folder = inbox.join(folder);
            if !folder.is_dir() {
                fs::create_dir_all(&folder).expect("maildir");
                self.give(&folder);
            }
        }
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let name = format!("1700000000.M{number}P{}.tests", std::process::id());
        let draft = inbox.join("tmp").join(&name);
        fs::write(&draft, mail).expect("mail");
        self.give(&draft);
        fs::rename(&draft, inbox.join("new").join(&name)).expect("delivery");
    }

    /// How many messages a folder holds.
    pub fn count(&self, user: &str, folder: &str) -> usize {
        self.files(user, folder).len()
    }

    /// The raw bytes of a folder's messages, as stored.
    pub fn mails(&self, user: &str, folder: &str) -> Vec<Vec<u8>> {
        self.files(user, folder)
            .iter()
            .filter_map(|file| fs::read(file).ok())
            .collect()
    }

    /// How often each content occurs in a folder, by a function of the bytes.
    pub fn tally<K: Ord>(&self, user: &str, folder: &str, key: impl Fn(&[u8]) -> K) -> BTreeMap<K, usize> {
        let mut tally = BTreeMap::new();
        for mail in self.mails(user, folder) {
            *tally.entry(key(&mail)).or_insert(0) += 1;
        }
        tally
    }

    /// Takes the first message of the inbox away, as somebody with a mail program would; to `folder` or
    /// for good.
    pub fn take_away(&self, user: &str, at_most: usize, folder: Option<&str>) -> usize {
        let mut taken = 0;
        for file in self.files(user, "INBOX").into_iter().take(at_most) {
            let done = match folder {
                None => fs::remove_file(&file),
                Some(folder) => {
                    let target = self.folder_dir(user, folder);
                    for part in ["", "tmp", "new", "cur"] {
                        let part = target.join(part);
                        fs::create_dir_all(&part).expect("folder");
                        self.give(&part);
                    }
                    let name = file.file_name().expect("name").to_owned();
                    fs::rename(&file, target.join("new").join(name))
                }
            };
            taken += usize::from(done.is_ok());
        }
        taken
    }

    /// Forgets all UIDs of the inbox: the next SELECT shows this UIDVALIDITY, and UIDs start at 1. No
    /// connection may have the inbox selected.
    pub fn reset_uidvalidity(&self, user: &str, uidvalidity: u32) {
        let inbox = self.mail_dir(user);
        for entry in fs::read_dir(&inbox).expect("maildir").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                fs::remove_file(entry.path()).expect("index file");
            }
        }
        let list = inbox.join("dovecot-uidlist");
        fs::write(&list, format!("3 V{uidvalidity} N1\n")).expect("UID list");
        self.give(&list);
    }

    /// Whether the server works on a user's mail for anybody.
    pub fn has_session(&self, user: &str) -> bool {
        let output = Command::new("doveadm")
            .arg("-c")
            .arg(self.dir.path().join("dovecot.conf"))
            .args(["who", "-1", user])
            .output()
            .expect("doveadm");
        String::from_utf8_lossy(&output.stdout).contains("imap")
    }

    /// The folder of a user's mail on disk.
    pub fn mail_dir(&self, user: &str) -> PathBuf {
        self.dir.path().join("mail").join(user)
    }

    fn folder_dir(&self, user: &str, folder: &str) -> PathBuf {
        match folder {
            "INBOX" => self.mail_dir(user),
            other => self.mail_dir(user).join(format!(".{}", other.replace('/', "."))),
        }
    }

    fn files(&self, user: &str, folder: &str) -> Vec<PathBuf> {
        let at = self.folder_dir(user, folder);
        let mut files: Vec<PathBuf> = ["new", "cur"]
            .iter()
            .filter_map(|part| fs::read_dir(at.join(part)).ok())
            .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
            .collect();
        files.sort();
        files
    }

    fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid), Some(gid)).expect("owner");
        }
    }

    fn wait_for(&self, port: u16) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "dovecot does not listen:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.master.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let until = Instant::now() + PATIENCE;
        while let Ok(None) = self.master.try_wait() {
            if Instant::now() > until {
                let _ = self.master.kill();
                let _ = self.master.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

type Ids = [(&'static str, String); 5];

/// Who owns the mail (where that is not us), and the users in the configuration.
fn identities() -> (Option<(u32, u32)>, Ids) {
    let me = rustix::process::geteuid().as_raw();
    if me == 0 {
        let (uid, gid) = (number_of("-u", "dovecot"), number_of("-g", "dovecot"));
        let ids = [
            ("@INTERNAL@", "dovecot".to_owned()),
            ("@GROUP@", "dovecot".to_owned()),
            ("@LOGIN@", "dovenull".to_owned()),
            ("@UID@", uid.to_string()),
            ("@GID@", gid.to_string()),
        ];
        return (Some((uid, gid)), ids);
    }
    let name = text_of(&["-un"]);
    let ids = [
        ("@INTERNAL@", name.clone()),
        ("@GROUP@", text_of(&["-gn"])),
        ("@LOGIN@", name),
        ("@UID@", me.to_string()),
        ("@GID@", rustix::process::getegid().as_raw().to_string()),
    ];
    (None, ids)
}

fn number_of(flag: &str, user: &str) -> u32 {
    text_of(&[flag, user]).parse().expect("a number")
}

fn text_of(arguments: &[&str]) -> String {
    let output = Command::new("id").args(arguments).output().expect("id");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// Ports that are free now.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("port"));
    held.each_ref()
        .map(|listener| listener.local_addr().expect("address").port())
}

/// Delivers over LMTP, as a relay would.
pub fn deliver_over_lmtp(port: u16, from: &str, to: &str, mail: &[u8]) {
    use std::io::{BufRead, BufReader};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("LMTP");
    stream.set_read_timeout(Some(PATIENCE)).expect("time-out");
    let mut answers = BufReader::new(stream.try_clone().expect("stream"));
    let mut expect = |code: &str| loop {
        let mut line = String::new();
        answers.read_line(&mut line).expect("answer");
        assert!(line.starts_with(code), "LMTP answered {line:?}");
        if line.as_bytes().get(3) == Some(&b' ') {
            return;
        }
    };
    expect("220");
    for (command, code) in [
        ("LHLO tests.example".to_owned(), "250"),
        (format!("MAIL FROM:<{from}>"), "250"),
        (format!("RCPT TO:<{to}>"), "250"),
        ("DATA".to_owned(), "354"),
    ] {
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .expect("command");
        expect(code);
    }
    for line in mail.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            stream.write_all(b".").expect("stuffing");
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        stream
            .write_all(bare.strip_suffix(b"\r").unwrap_or(bare))
            .expect("line");
        stream.write_all(b"\r\n").expect("line");
    }
    stream.write_all(b".\r\n").expect("end");
    expect("250");
}

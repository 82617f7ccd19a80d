//! Private Postfix relays, and a small scripted server that stands behind them (LMTP) or in their place
//! (SMTP).
//!
//! Each Postfix has its own configuration, queue and data folders below a temporary one, listens on a free
//! port of 127.0.0.1, catches every domain and hands everything to one LMTP port, or over STARTTLS to one
//! SMTP server. It is stopped when the value is dropped. Postfix can only be started by root.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

const MASTER_CF: &str = "\
127.0.0.1:@PORT@ inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
";

const MAIN_CF: &str = "\
compatibility_level = 3.6
config_directory = @DIR@/config
queue_directory = @DIR@/queue
data_directory = @DIR@/data
multi_instance_name = postfix-@NAME@
maillog_file = @DIR@/postfix.log
maillog_file_prefixes = @DIR@
myhostname = @NAME@.relay.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
mydestination =
local_recipient_maps =
local_transport = error:no local mail
alias_maps =
alias_database =
local_header_rewrite_clients =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
relay_domains =
message_size_limit = 60000000
mailbox_size_limit = 0
disable_mime_output_conversion = yes
";

const TO_LMTP: &str = "\
default_transport = lmtp:inet:127.0.0.1:@NEXT@
relay_transport = lmtp:inet:127.0.0.1:@NEXT@
";

/// What `config/referrald.toml` asks of a trusted relay: who sends has signed in, and uses an address of their own.
/// The next server's certificate is checked, for the name `localhost`.
const TO_SMTP: &str = "\
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:@AUTH@
smtpd_sender_login_maps = inline:{ @OWNERS@ }
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
relayhost = [127.0.0.1]:@NEXT@
smtp_tls_security_level = secure
smtp_tls_CAfile = @DIR@/ca.pem
smtp_tls_secure_cert_match = localhost
smtp_tls_loglevel = 1
";

/// Beside [`TO_LMTP`]: who sends has signed in, and Dovecot knows who that is.
const SIGN_IN: &str = "\
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:@AUTH@
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
";

/// Certificate and key of a Postfix that demands TLS.
pub(crate) struct PostfixTls<'a> {
    pub(crate) certificate_pem: &'a str,
    pub(crate) key_pem: &'a str,
}

/// Who signs in to a Postfix in front.
pub(crate) struct Login<'a> {
    pub(crate) name: &'a str,
    /// The response of SASL PLAIN (RFC 4616) in base64.
    pub(crate) plain: String,
    /// In lower case.
    pub(crate) addresses: &'a [&'a str],
}

/// Stands in for Dovecot's authentication service (protocol version 1): one user, PLAIN. Gives its port; it ends
/// with the test process.
fn answer_sign_ins(user: &Login<'_>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("address").port();
    let (right, ok) = (format!("\tresp={}", user.plain), format!("user={}", user.name));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (right, ok) = (right.clone(), ok.clone());
            std::thread::spawn(move || answer_one(stream, &right, &ok));
        }
    });
    port
}

/// One connection of Postfix's to the authentication service.
fn answer_one(mut stream: TcpStream, right: &str, ok: &str) -> std::io::Result<()> {
    stream.write_all(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t01\nDONE\n")?;
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?;
        let Some(request) = line.strip_prefix("AUTH\t") else {
            continue;
        };
        let id = request.split('\t').next().unwrap_or_default();
        let answer = match request.ends_with(right) {
            true => format!("OK\t{id}\t{ok}\n"),
            false => format!("FAIL\t{id}\n"),
        };
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// A running Postfix.
pub(crate) struct Postfix {
    dir: TempDir,
    pub(crate) port: u16,
}

impl Postfix {
    /// Starts a relay that hands every mail to 127.0.0.1:`lmtp_port`. With `tls` it takes mail only after
    /// `STARTTLS`.
    pub(crate) fn start(name: &str, lmtp_port: u16, tls: Option<PostfixTls<'_>>) -> Self {
        let mut more = TO_LMTP.to_owned();
        let mut files = Vec::new();
        if let Some(tls) = tls {
            files.push(("tls.pem", format!("{}\n{}", tls.key_pem, tls.certificate_pem)));
            more += "smtpd_tls_chain_files = @DIR@/tls.pem\nsmtpd_tls_security_level = encrypt\n";
        }
        Self::launch(name, lmtp_port, &more, &files)
    }

    /// Starts a relay that demands `STARTTLS` and a sign-in, about which it asks the Dovecot on 127.0.0.1:`auth_port`.
    pub(crate) fn with_sign_in(name: &str, lmtp_port: u16, tls: &PostfixTls<'_>, auth_port: u16) -> Self {
        let pem = format!("{}\n{}", tls.key_pem, tls.certificate_pem);
        let more = format!(
            "{TO_LMTP}smtpd_tls_chain_files = @DIR@/tls.pem\nsmtpd_tls_security_level = encrypt\n{}",
            SIGN_IN.replace("@AUTH@", &auth_port.to_string())
        );
        Self::launch(name, lmtp_port, &more, &[("tls.pem", pem)])
    }

    /// Starts a server that hands every mail to the SMTP server on 127.0.0.1:`smtp_port`, over `STARTTLS` with
    /// a certificate of this authority. The one `user` signs in with PLAIN and owns these addresses.
    pub(crate) fn in_front_of(smtp_port: u16, ca_pem: &str, user: &Login<'_>) -> Self {
        let owners: String = user
            .addresses
            .iter()
            .map(|address| format!("{{ {address} = {} }} ", user.name))
            .collect();
        let more = TO_SMTP
            .replace("@OWNERS@", &owners)
            .replace("@AUTH@", &answer_sign_ins(user).to_string());
        Self::launch("front", smtp_port, &more, &[("ca.pem", ca_pem.to_owned())])
    }

    fn launch(name: &str, next_port: u16, more: &str, files: &[(&str, String)]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("referrald-postfix-")
            .tempdir()
            .expect("temporary folder");
        let port = free_port();
        let at = dir.path();
        make_folder(at);
        for folder in ["config", "queue", "data"] {
            std::fs::create_dir(at.join(folder)).expect("folder");
            make_folder(&at.join(folder));
        }
        run(Command::new("chown").arg("postfix").arg(at.join("data")));
        let fill = |text: &str| {
            text.replace("@DIR@", &at.to_string_lossy())
                .replace("@NAME@", name)
                .replace("@PORT@", &port.to_string())
                .replace("@NEXT@", &next_port.to_string())
        };
        for (file, content) in files {
            std::fs::write(at.join(file), content).expect("certificate");
        }
        let main_cf = fill(&format!("{MAIN_CF}{more}"));
        std::fs::write(at.join("config/main.cf"), main_cf).expect("main.cf");
        std::fs::write(at.join("config/master.cf"), fill(MASTER_CF)).expect("master.cf");
        let postfix = Self { dir, port };
        let started = postfix
            .command("start")
            .output()
            .expect("postfix is missing: apt-get install postfix");
        assert!(
            started.status.success(),
            "postfix must be started by root: {started:?}\n{}",
            postfix.log()
        );
        wait_for("postfix to listen", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        postfix
    }

    /// What Postfix logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("postfix.log")).unwrap_or_default()
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new("postfix");
        command.arg("-c").arg(self.dir.path().join("config")).arg(verb);
        command
    }
}

impl Drop for Postfix {
    /// The master takes its processes with it. Not by `postfix stop`: that logs first, and waits for a log nobody reads.
    fn drop(&mut self) {
        let file = self.dir.path().join("queue/pid/master.pid");
        let number = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(pid) = number
            .trim()
            .parse()
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
}

fn make_folder(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

fn run(command: &mut Command) {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// A port that nobody uses now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("address").port()
}

/// Asks until there is an answer.
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A point of an SMTP or LMTP dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Greeting,
    Hello,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    End,
    Noop,
}

/// What the scripted server does at a step.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Says this (without CRLF).
    Say(String),
    /// Says this (without CRLF) and closes the connection.
    SayAndHangUp(String),
    /// Closes the connection.
    HangUp,
    /// Takes the mail and closes the connection without a word: its answer is lost.
    TakeAndHangUp,
    /// Says nothing until the peer goes away.
    Silence,
}

/// A mail that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) raw: Vec<u8>,
}

impl Arrived {
    /// The bytes without the `Received` fields that relays put on top.
    pub(crate) fn as_handed_to_relay(&self) -> &[u8] {
        let mut rest = self.raw.as_slice();
        while rest.starts_with(b"Received:") {
            let mut end = 0;
            loop {
                let line = rest[end..]
                    .windows(2)
                    .position(|pair| pair == b"\r\n")
                    .expect("line end");
                end += line + 2;
                if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                    break;
                }
            }
            rest = &rest[end..];
        }
        rest
    }
}

#[derive(Default)]
struct Scripted {
    script: HashMap<Step, Act>,
    kept: HashSet<Step>,
    arrived: Vec<Arrived>,
    seen: Vec<Vec<u8>>,
    commands: Vec<String>,
    connections: usize,
}

/// A server that takes any mail (SMTP or LMTP), unless the script says otherwise.
#[derive(Clone)]
pub(crate) struct ScriptedServer {
    pub(crate) port: u16,
    state: Arc<Mutex<Scripted>>,
}

impl ScriptedServer {
    /// Starts it on a free port. It ends with the test process.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("address").port();
        let state = Arc::new(Mutex::new(Scripted::default()));
        let server = Self {
            port,
            state: Arc::clone(&state),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                state.lock().unwrap().connections += 1;
                std::thread::spawn(move || {
                    let _ = dialogue(stream, &state);
                });
            }
        });
        server
    }

    /// From now on, does this at that step.
    pub(crate) fn at(&self, step: Step, act: Act) {
        self.state.lock().unwrap().script.insert(step, act);
    }

    /// From now on, answers that step with this line.
    pub(crate) fn say(&self, step: Step, reply: &str) {
        self.at(step, Act::Say(reply.to_owned()));
    }

    /// What this step does now outlives [`Self::behave`].
    pub(crate) fn keep(&self, step: Step) {
        self.state.lock().unwrap().kept.insert(step);
    }

    /// Takes everything again.
    pub(crate) fn behave(&self) {
        let mut state = self.state.lock().unwrap();
        let Scripted { script, kept, .. } = &mut *state;
        script.retain(|step, _| kept.contains(step));
    }

    /// Everything that arrived.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().unwrap().arrived.clone()
    }

    /// Every mail that was sent to its end, taken or not.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().seen.clone()
    }

    /// Every command line that came (not the mails).
    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Waits for a mail to this recipient.
    pub(crate) async fn wait_for_mail_to(&self, recipient: &str) -> Arrived {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self
                .arrived()
                .into_iter()
                .find(|mail| mail.to.iter().any(|to| to == recipient));
            if let Some(found) = found {
                return found;
            }
            assert!(Instant::now() < deadline, "no mail to {recipient} arrived");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// One connection. `None`: it is over.
fn dialogue(stream: TcpStream, state: &Mutex<Scripted>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut peer = Peer { stream, state };
    peer.answer(Step::Greeting, "220 scripted ESMTP")?;
    let (mut from, mut to, mut lmtp) = (String::new(), Vec::new(), false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        state.lock().unwrap().commands.push(line.clone());
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "LHLO" => {
                lmtp = verb == "LHLO";
                peer.answer(
                    Step::Hello,
                    "250-scripted\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE",
                )?
            }
            "STAR" => peer.answer(Step::StartTls, "454 no TLS here")?,
            "AUTH" => peer.answer(Step::Auth, "235 signed in")?,
            "MAIL" => {
                from = path(&line);
                to.clear();
                peer.answer(Step::Mail, "250 ok")?
            }
            "RCPT" => {
                to.push(path(&line));
                peer.answer(Step::Rcpt, "250 ok")?
            }
            "DATA" => {
                if !peer.answer(Step::Data, "354 go on")?.starts_with('3') {
                    continue;
                }
                let raw = read_mail(&mut reader)?;
                state.lock().unwrap().seen.push(raw.clone());
                // Kept before the reply: whoever has the reply may look at once.
                if peer.would_take() {
                    let (from, to) = (from.clone(), to.clone());
                    state.lock().unwrap().arrived.push(Arrived { from, to, raw });
                }
                let replies = if lmtp { to.len() } else { 1 };
                let mut said = String::new();
                for _ in 0..replies {
                    said = peer.answer(Step::End, "250 taken")?;
                }
                said
            }
            "QUIT" => {
                let _ = peer.stream.write_all(b"221 bye\r\n");
                return None;
            }
            _ => peer.answer(Step::Noop, "250 ok")?,
        };
    }
}

struct Peer<'a> {
    stream: TcpStream,
    state: &'a Mutex<Scripted>,
}

impl Peer<'_> {
    fn would_take(&self) -> bool {
        match self.state.lock().unwrap().script.get(&Step::End) {
            None => true,
            Some(Act::Say(reply) | Act::SayAndHangUp(reply)) => {
                reply.starts_with("250 ") || reply.starts_with("250-")
            }
            Some(Act::TakeAndHangUp) => true,
            Some(Act::HangUp | Act::Silence) => false,
        }
    }

    /// Does what the script says; gives what was said.
    fn answer(&mut self, step: Step, usual: &str) -> Option<String> {
        let act = self.state.lock().unwrap().script.get(&step).cloned();
        let reply = match act {
            None => usual.to_owned(),
            Some(Act::Say(reply)) => reply,
            Some(Act::SayAndHangUp(reply)) => {
                let _ = self.stream.write_all(format!("{reply}\r\n").as_bytes());
                return None;
            }
            Some(Act::HangUp | Act::TakeAndHangUp) => return None,
            Some(Act::Silence) => {
                let mut rest = self.stream.try_clone().ok()?;
                let _ = std::io::copy(&mut rest, &mut std::io::sink());
                return None;
            }
        };
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
        Some(reply)
    }
}

fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(path, _)| path.to_owned()).unwrap_or_default()
}

fn read_mail(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        match line.as_slice() {
            b".\r\n" => return Some(mail),
            [b'.', rest @ ..] => mail.extend_from_slice(rest),
            line => mail.extend_from_slice(line),
        }
    }
}

//! Mail programs that nobody here wrote, each on the whole way: swaks and Python's smtplib sign in, and a real
//! Postfix stands in front as a trusted relay. Every mail names somebody of a case, and goes to a CJSM and an open
//! recipient.

use crate::client::{ADDRESS, Certificate, PASSWORD, Running, USER, encode, serve};
use crate::postfix::{Arrived, Login, Postfix, PostfixTls, ScriptedServer, wait_for};
use crate::service::{
    CJSM, Home, OPEN, TestClock, TestDrafter, TestOutbound, add_case_about, relay, settings,
};
use crate::tls::TestCertificate;
use referrald::domain::Clock;
use referrald::outbound::{Outbound, OutboundParts, SystemNonces};
use referrald::smtp::{RelaySettings, RelayTls, Relays};
use referrald::store::Store;
use secrecy::SecretString;
use std::io::{ErrorKind, Write};
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

const MAIL: &str = "From: Volunteer@liaison.example.org\r\nTo: liaison@force.pnn.police.uk.cjsm.net\r\n\
     Cc: officer@agency.example\r\nBcc: hidden@agency.example\r\nSubject: RJ-2026-00001\r\n\
     Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@liaison.example.org>\r\n\
     MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
     Sparrow Quillfeather can come on Tuesday at ten \u{2013} caf\u{e9} first.\r\n.\r\n..two dots\r\n\
     Ring 07700 900123.\r\n";

/// The daemon between its submission server and two relays.
struct Way {
    server: Running<TestOutbound>,
    certificate: TestCertificate,
    store: Store,
    stop: CancellationToken,
    _home: Home,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Way {
    async fn between(to_cjsm: RelaySettings, to_open: RelaySettings) -> Self {
        let home = Home::new();
        let (store, clock) = (home.open().await, TestClock::new());
        add_case_about(&store, clock.now(), "Sparrow").await;
        let parts = OutboundParts {
            store: store.clone(),
            drafter: TestDrafter::Redacts,
            relay: Relays::new(Some(to_cjsm), Some(to_open)).expect("relays"),
            clock,
            nonces: SystemNonces,
        };
        let service: Arc<TestOutbound> = Arc::new(Outbound::new(parts, settings()));
        let stop = CancellationToken::new();
        let (running, until) = (Arc::clone(&service), stop.clone());
        tokio::spawn(async move { running.run(&until).await });
        let certificate = TestCertificate::make();
        let server = serve(service, |settings| {
            settings.certificate_pem = certificate.certificate_pem.clone().into_bytes();
            settings.key_pem = SecretString::from(certificate.key_pem.as_str());
        })
        .await;
        Self {
            server,
            certificate,
            store,
            stop,
            _home: home,
        }
    }
}

/// Where the two relays put what they got.
struct Boxes {
    cjsm: ScriptedServer,
    open: ScriptedServer,
}

impl Boxes {
    fn new() -> Self {
        Self {
            cjsm: ScriptedServer::start(),
            open: ScriptedServer::start(),
        }
    }

    /// Waits for one more mail in each box, the `count`th, and checks both.
    async fn check(&self, count: usize) {
        let cjsm = nth_mail(&self.cjsm, count).await;
        let open = nth_mail(&self.open, count).await;
        assert_eq!(
            (&cjsm.to[..], &open.to[..]),
            (&[CJSM.to_owned()][..], &[OPEN.to_owned()][..])
        );
        assert!(cjsm.from.eq_ignore_ascii_case(ADDRESS) && open.from.eq_ignore_ascii_case(ADDRESS));
        let handed_in = MAIL.replace("Bcc: hidden@agency.example\r\n", "");
        let got = String::from_utf8(cjsm.as_handed_to_relay().to_vec()).expect("UTF-8");
        assert_eq!(
            got.trim_end(),
            handed_in.trim_end(),
            "byte for byte, but for blank lines at the end"
        );
        let text = String::from_utf8_lossy(&open.raw).into_owned();
        for gone in ["Sparrow", "Quillfeather", "900123", "hidden@", "Bcc"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        for kept in ["S.Q.", "Tuesday", "RJ-2026-00001", "[phone]"] {
            assert!(text.contains(kept), "no {kept} in {text}");
        }
        assert_eq!(
            (self.cjsm.arrived().len(), self.open.arrived().len()),
            (count, count)
        );
    }
}

async fn nth_mail(server: &ScriptedServer, count: usize) -> Arrived {
    let server = server.clone();
    let waiting = move || wait_for("a mail", || server.arrived().get(count - 1).cloned());
    tokio::task::spawn_blocking(waiting).await.expect("arrives")
}

/// Runs a program to its end; one that is not there fails the test and says what to install.
async fn run(package: &str, mut command: Command) -> Output {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("runs");
    match output {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("{program} is missing: apt-get install {package}")
        }
        Err(error) => panic!("{program} does not start: {error}"),
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes))
        .concat()
}

fn file_with(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("temporary file");
    file.write_all(content.as_bytes()).expect("writes");
    file
}

/// A swaks command that sends [`MAIL`] from this address.
fn swaks(port: u16, from: &str, mail: &NamedTempFile) -> Command {
    let mut command = Command::new("swaks");
    command
        .args(["--server", "127.0.0.1", "--port", &port.to_string()])
        .args(["--helo", "client.example.org", "--timeout", "20"])
        .args(["--from", from, "--to", &format!("{CJSM},{OPEN}")])
        .arg("--data")
        .arg(format!("@{}", mail.path().display()));
    command
}

#[tokio::test]
async fn swaks_with_auth_login_over_starttls_and_auth_plain_over_implicit_tls() {
    let boxes = Boxes::new();
    let way = Way::between(relay(boxes.cjsm.port), relay(boxes.open.port)).await;
    // swaks reads lines and sends CRLF.
    let mail = file_with(&MAIL.replace("\r\n", "\n"));
    let ways = [
        (way.server.starttls.port(), "--tls", "LOGIN"),
        (way.server.implicit.port(), "--tlsc", "PLAIN"),
    ];
    for (number, (port, tls, mechanism)) in ways.into_iter().enumerate() {
        let mut command = swaks(port, ADDRESS, &mail);
        command
            .args([tls, "--auth", mechanism])
            .args(["--auth-user", USER, "--auth-password", PASSWORD]);
        let output = run("swaks", command).await;
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("235 2.7.0"), "{}", said(&output));
        boxes.check(number + 1).await;
    }
    assert_eq!(way.store.outbound().await.expect("outbound").len(), 2);
}

/// Certificate checked, 8-bit body, one of three recipients refused, command by command and pipelined.
const PYTHON: &str = r#"
import smtplib, ssl, sys
ca, starttls, implicit, user, password, sender, path, cjsm, refused, opened = sys.argv[1:]
name, mail, to = "client.example.org", open(path, "rb").read(), [cjsm, refused, opened]
context = ssl.create_default_context(cafile=ca)
try:
    smtplib.SMTP_SSL("localhost", int(implicit), name, timeout=20, context=ssl.create_default_context())
    raise SystemExit("an authority that nobody knows was trusted")
except ssl.SSLCertVerificationError:
    pass
with smtplib.SMTP("localhost", int(starttls), name, timeout=20) as smtp:
    smtp.starttls(context=context)
    smtp.login(user, password)
    left = smtp.sendmail(sender, to, mail, mail_options=["BODY=8BITMIME"])
    assert {who: code for who, (code, text) in left.items()} == {refused: 554}, left
with smtplib.SMTP_SSL("localhost", int(implicit), name, timeout=20, context=context) as smtp:
    smtp.login(user, password)
    assert smtp.has_extn("pipelining") and smtp.has_extn("8bitmime"), smtp.esmtp_features
    group = ["MAIL FROM:<%s> BODY=8BITMIME SIZE=%d" % (sender, len(mail))]
    group += ["RCPT TO:<%s>" % who for who in to] + ["DATA"]
    smtp.send("\r\n".join(group) + "\r\n")
    codes = [smtp.getreply()[0] for command in group]
    assert codes == [250, 250, 554, 250, 354], codes
    smtp.send(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    code, text = smtp.getreply()
    assert code == 250, text
"#;

#[tokio::test]
async fn python_over_starttls_and_implicit_tls_with_a_refused_recipient_and_pipelining() {
    let boxes = Boxes::new();
    let way = Way::between(relay(boxes.cjsm.port), relay(boxes.open.port)).await;
    let (mail, ca) = (file_with(MAIL), file_with(&way.certificate.ca_pem));
    let ports = [way.server.starttls.port(), way.server.implicit.port()].map(|port| port.to_string());
    let mut command = Command::new("python3");
    command
        .args(["-c", PYTHON])
        .arg(ca.path())
        .args(ports)
        .args([USER, PASSWORD, ADDRESS])
        .arg(mail.path())
        .args([CJSM, "officer@agency", OPEN]);
    let output = run("python3", command).await;
    assert!(output.status.success(), "{}", said(&output));
    boxes.check(2).await;
    for mail in boxes.cjsm.arrived() {
        assert_eq!(
            mail.raw,
            MAIL.replace("Bcc: hidden@agency.example\r\n", "").as_bytes()
        );
    }
}

#[tokio::test]
async fn a_postfix_in_front_hands_in_over_starttls_and_two_more_take_what_leaves() {
    let boxes = Boxes::new();
    let relay_certificate = Certificate::new();
    let tls = PostfixTls {
        certificate_pem: &relay_certificate.certificate_pem,
        key_pem: &relay_certificate.key_pem,
    };
    let secure_relay = Postfix::start("cjsm", boxes.cjsm.port, Some(tls));
    let open_relay = Postfix::start("ordinary", boxes.open.port, None);
    let mut to_cjsm = relay(secure_relay.port);
    to_cjsm.tls = RelayTls::StartTls;
    to_cjsm.ca_pem = Some(relay_certificate.certificate_pem.into_bytes());
    let way = Way::between(to_cjsm, relay(open_relay.port)).await;
    let login = Login {
        name: USER,
        plain: encode(&format!("\0{USER}\0{PASSWORD}")),
        addresses: &["volunteer@liaison.example.org", "second@liaison.example.org"],
    };
    let front = Postfix::in_front_of(way.server.trusted_relay.port(), &way.certificate.ca_pem, &login);
    let mail = file_with(&MAIL.replace("\r\n", "\n"));
    let signed_in = |from: &str| {
        let mut command = swaks(front.port, from, &mail);
        command
            .args(["--auth", "PLAIN", "--auth-user", USER])
            .args(["--auth-password", PASSWORD]);
        command
    };

    let output = run("swaks", signed_in(ADDRESS)).await;
    assert!(output.status.success(), "{}\n{}", said(&output), front.log());
    boxes.check(1).await;
    let mails = way.store.outbound().await.expect("outbound");
    assert_eq!((mails.len(), mails[0].account.as_str()), (1, USER));
    let logged = front.log();
    assert!(
        logged.contains("Verified TLS connection established to 127.0.0.1"),
        "{logged}"
    );

    // Who does not sign in, or uses an address of somebody else, does not get as far as the daemon.
    let output = run("swaks", swaks(front.port, ADDRESS, &mail)).await;
    assert!(said(&output).contains("553 5.7.1"), "{}", said(&output));
    let output = run("swaks", signed_in("other@liaison.example.org")).await;
    assert!(said(&output).contains("553 5.7.1"), "{}", said(&output));

    // A sender without an account: given back to the relay, and so is the bounce that it makes of that.
    let output = run("swaks", signed_in("second@liaison.example.org")).await;
    assert!(output.status.success(), "{}", said(&output));
    let bounced = move || {
        wait_for("the refusals in Postfix's log", || {
            let logged = front.log();
            let refused = [
                "550 5.7.1 the sender is not the address",
                "550 5.7.1 mail without a sender",
            ];
            refused.iter().all(|reply| logged.contains(reply)).then_some(())
        });
    };
    tokio::task::spawn_blocking(bounced).await.expect("is refused");
    assert_eq!(way.store.outbound().await.expect("outbound").len(), 1);
    assert_eq!((boxes.cjsm.arrived().len(), boxes.open.arrived().len()), (1, 1));
}

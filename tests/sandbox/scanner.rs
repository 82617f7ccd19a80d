//! The virus scanner: a real clamd with a signature of our own, and sockets that answer oddly.

use super::settings;
use base64::{Engine, engine::general_purpose::STANDARD};
use referrald::domain::{Personal, ReadLimits, ReadMessage, ReadStatus};
use referrald::ingest::{ReadFailure, Reader};
use referrald::sandbox::ReadingPool;
use referrald::scanner::{Clamd, ClamdAddress, ScanFailure, Scanned, Verdict};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What the signature of these tests matches; harmless everywhere else.
const MARKER: &str = "REFERRALD-INVENTED-VIRUS-0d7f3c51";
const SIGNATURE: &str = "Referrald.Invented.Virus";
/// Debian's clamd; not every user's search path leads there.
const CLAMD: &str = "/usr/sbin/clamd";
/// Largest stream that the clamd of these tests takes, in bytes.
const STREAM_MAX: usize = 1 << 20;

/// A clamd of this test's own in a temporary folder; ends with it.
struct OwnClamd {
    child: Child,
    folder: tempfile::TempDir,
}

impl OwnClamd {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let database = folder.path().join("database");
        std::fs::create_dir(&database).unwrap();
        let hex: String = MARKER.bytes().map(|byte| format!("{byte:02x}")).collect();
        // Any file type (0), anywhere (*).
        std::fs::write(database.join("own.ndb"), format!("{SIGNATURE}:0:*:{hex}\n")).unwrap();
        let settings = format!(
            "Foreground yes\nLocalSocket {at}/clamd.ctl\nDatabaseDirectory {at}/database\nTemporaryDirectory {at}\n\
             StreamMaxLength {STREAM_MAX}\nConcurrentDatabaseReload no\nMaxThreads 4\n"
        );
        std::fs::write(folder.path().join("clamd.conf"), settings).unwrap();
        let child = Command::new(CLAMD)
            .arg(format!("--config-file={at}/clamd.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{CLAMD}: {error}; install Debian's clamav-daemon"));
        let mut clamd = Self { child, folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while clamd.scanner().check().await.is_err() {
            assert!(Instant::now() < deadline, "clamd does not answer");
            assert!(clamd.child.try_wait().unwrap().is_none(), "clamd has ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        clamd
    }

    fn scanner(&self) -> Clamd {
        at(&self.folder.path().join("clamd.ctl"))
    }
}

impl Drop for OwnClamd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn at(socket: &Path) -> Clamd {
    Clamd {
        address: ClamdAddress::Unix(socket.to_owned()),
        time_limit: Duration::from_secs(30),
        max_stream_bytes: 100 << 20,
    }
}

fn reader(scanner: Clamd) -> Scanned<ReadingPool> {
    Scanned::new(ReadingPool::new(settings(), ReadLimits::default()), Some(scanner))
}

/// A mail with a text (part 1) and these files (from part 2 on) in base64.
fn mail(text: &str, files: &[&str]) -> Personal<Vec<u8>> {
    let mut mail = format!(
        "From: officer@example.org\r\nTo: referrals@example.org\r\nSubject: Referral\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
    );
    for (at, file) in files.iter().enumerate() {
        let (part, content) = (at + 2, STANDARD.encode(file));
        mail.push_str(&format!(
            "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"file {part}.txt\"\r\n\r\n{content}\r\n"
        ));
    }
    mail.push_str("--b--\r\n");
    Personal::new(mail.into_bytes())
}

/// Part, status, reason and whether there is a document, of each row.
fn rows(read: &ReadMessage) -> Vec<(&str, ReadStatus, Option<&str>, bool)> {
    read.attachments
        .iter()
        .map(|row| {
            let name = row.part.as_str();
            (name, row.read, row.reason.as_deref(), row.document.is_some())
        })
        .collect()
}

#[tokio::test]
async fn infected_attachments_are_named_and_the_rest_is_read() {
    let clamd = OwnClamd::start().await;
    let reader = reader(clamd.scanner());
    let clean = reader.read(&mail("Hello.", &["One.", "Two."])).await.unwrap();
    assert_eq!(
        rows(&clean),
        [
            ("2", ReadStatus::Ok, None, true),
            ("3", ReadStatus::Ok, None, true)
        ]
    );
    let infected = format!("A text with {MARKER} in it.");
    let read = reader
        .read(&mail("Hello.", &["One.", &infected, "Three.", &infected]))
        .await
        .unwrap();
    let reason = format!("infected: {SIGNATURE}.UNOFFICIAL");
    let left_out = |part| (part, ReadStatus::Unreadable, Some(reason.as_str()), false);
    assert_eq!(
        rows(&read),
        [
            ("2", ReadStatus::Ok, None, true),
            left_out("3"),
            ("4", ReadStatus::Ok, None, true),
            left_out("5"),
        ]
    );
    assert_eq!(read.attachments[1].filename.as_deref(), Some("file 3.txt"));
    assert_eq!(
        (read.headers.subject.as_str(), read.bodies.len()),
        ("Referral", 1)
    );
}

#[tokio::test]
async fn what_clamd_does_not_see_in_a_broken_mail_is_found_in_its_parts() {
    let clamd = OwnClamd::start().await;
    let mail = mail("Hello.", &["One.", MARKER]).into_personal();
    // Lines that end in bare CR: our reader mends that.
    let mail: Vec<u8> = mail.into_iter().filter(|byte| *byte != b'\n').collect();
    assert_eq!(clamd.scanner().scan(&mail).await, Ok(Verdict::Clean));
    let read = reader(clamd.scanner()).read(&Personal::new(mail)).await.unwrap();
    assert_eq!(read.bodies.len(), 1);
    let marks: Vec<_> = rows(&read)
        .into_iter()
        .map(|(part, read, ..)| (part, read))
        .collect();
    assert_eq!(marks, [("2", ReadStatus::Ok), ("3", ReadStatus::Unreadable)]);
}

#[tokio::test]
async fn an_infected_text_is_left_out_and_the_attachments_are_read() {
    let clamd = OwnClamd::start().await;
    let read = reader(clamd.scanner())
        .read(&mail(MARKER, &["One."]))
        .await
        .unwrap();
    assert!(read.bodies.is_empty());
    let marks: Vec<_> = rows(&read)
        .into_iter()
        .map(|(part, read, ..)| (part, read))
        .collect();
    assert_eq!(marks, [("1", ReadStatus::Unreadable), ("2", ReadStatus::Ok)]);
}

#[tokio::test]
async fn where_it_cannot_be_told_what_is_infected_nothing_is_opened() {
    let clamd = OwnClamd::start().await;
    // Between the parts, where no part holds it.
    let mail = mail("Hello.", &["One."]).into_personal();
    let mail = String::from_utf8(mail).unwrap();
    let mail = mail.replace("\r\n\r\n--b\r\n", &format!("\r\n\r\n{MARKER}\r\n--b\r\n"));
    let read = reader(clamd.scanner())
        .read(&Personal::new(mail.into_bytes()))
        .await
        .unwrap();
    assert_eq!(
        (read.headers.subject.as_str(), read.bodies.len()),
        ("Referral", 0)
    );
    let reason = format!("infected: {SIGNATURE}.UNOFFICIAL");
    let left_out = |part| (part, ReadStatus::Unreadable, Some(reason.as_str()), false);
    assert_eq!(rows(&read), [left_out("1"), left_out("2")]);
}

#[tokio::test]
async fn a_mail_that_is_too_large_to_be_scanned_is_listed_and_not_opened() {
    let clamd = OwnClamd::start().await;
    let large = mail("Hello.", &[&"x".repeat(STREAM_MAX)]);
    // By our own bound, and by clamd's.
    let ours = Clamd {
        max_stream_bytes: 1000,
        ..clamd.scanner()
    };
    for scanner in [ours, clamd.scanner()] {
        assert_eq!(scanner.scan(large.expose_personal()).await, Ok(Verdict::TooLarge));
        let pool = referrald::sandbox::WorkerSettings {
            max_request_bytes: 8 << 20,
            ..settings()
        };
        let pool = ReadingPool::new(pool, ReadLimits::default());
        let read = Scanned::new(pool, Some(scanner)).read(&large).await.unwrap();
        assert!(read.bodies.is_empty());
        let reason = Some("not opened: the mail is too large to be scanned for viruses");
        let left_out = |part| (part, ReadStatus::TooLarge, reason, false);
        assert_eq!(rows(&read), [left_out("1"), left_out("2")]);
    }
}

#[tokio::test]
async fn the_check_tells_whether_clamd_lives() {
    let clamd = OwnClamd::start().await;
    let version = clamd.scanner().check().await.unwrap();
    assert!(version.starts_with("ClamAV "), "{version}");
    assert_eq!(
        clamd.scanner().scan(b"").await,
        Ok(Verdict::Clean),
        "an empty part"
    );
    let nobody = at(&clamd.folder.path().join("nobody.ctl"));
    assert_eq!(nobody.check().await, Err(ScanFailure::Unreachable));
}

/// Answers every connection with `answer` once it has read the command, then hangs up.
fn false_clamd(folder: &Path, answer: &'static [u8]) -> PathBuf {
    let socket = folder.join("clamd.ctl");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        while let Ok((mut connection, _)) = listener.accept() {
            let mut command = [0; 10];
            // Whoever has hung up hears nothing.
            let _ = connection.read_exact(&mut command);
            let _ = connection.write_all(answer);
        }
    });
    socket
}

#[tokio::test]
async fn without_a_verdict_the_mail_waits() {
    for (answer, failure) in [
        (b"".as_slice(), ScanFailure::Broken),
        (b"stream: OK", ScanFailure::Broken),
        (b"stream: O", ScanFailure::Broken),
        (b"stream: OK\0stream: OK\0", ScanFailure::Broken),
        (b"220 mail.example.org ESMTP\r\n", ScanFailure::Broken),
        (b"\xff\xfe\0", ScanFailure::Broken),
        (b"stream: Can't allocate memory ERROR\0", ScanFailure::Refused),
        (b"COMMAND READ TIMED OUT. ERROR\0", ScanFailure::Refused),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let scanner = at(&false_clamd(folder.path(), answer));
        assert_eq!(scanner.scan(b"mail").await, Err(failure), "{answer:?}");
        let read = reader(scanner).read(&mail("Hello.", &[])).await;
        assert_eq!(read.err(), Some(ReadFailure::Transient), "{answer:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let read = reader(at(&folder.path().join("nobody")))
        .read(&mail("Hello.", &[]))
        .await;
    assert_eq!(read.err(), Some(ReadFailure::Transient));
}

#[tokio::test]
async fn an_answer_without_end_is_not_taken() {
    const LONG: &[u8] = &[b'x'; 1 << 20];
    let folder = tempfile::tempdir().unwrap();
    let scanner = at(&false_clamd(folder.path(), LONG));
    assert_eq!(scanner.scan(b"mail").await, Err(ScanFailure::Broken));
}

#[tokio::test]
async fn a_scanner_that_says_nothing_is_left_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("clamd.ctl");
    // Connections are taken by the kernel; nobody answers.
    let listener = UnixListener::bind(&socket).unwrap();
    let scanner = Clamd {
        time_limit: Duration::from_millis(200),
        ..at(&socket)
    };
    assert_eq!(scanner.scan(b"mail").await, Err(ScanFailure::TimedOut));
    let read = reader(scanner).read(&mail("Hello.", &[])).await;
    assert_eq!(read.err(), Some(ReadFailure::Transient));
    drop(listener);
}

#[tokio::test]
async fn clamd_is_asked_over_tcp_too() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut sent = vec![0; 10 + 4 + 4 + 4];
        connection.read_exact(&mut sent).unwrap();
        connection.write_all(b"stream: Some Virus; rm FOUND\0").unwrap();
        sent
    });
    let scanner = Clamd {
        address: ClamdAddress::Tcp(address),
        ..at(Path::new("unused"))
    };
    let Ok(Verdict::Infected(name)) = scanner.scan(b"mail").await else {
        panic!("not infected");
    };
    assert_eq!(name.to_string(), "Some_Virus__rm");
    assert_eq!(server.join().unwrap(), b"zINSTREAM\0\0\0\0\x04mail\0\0\0\0");
}

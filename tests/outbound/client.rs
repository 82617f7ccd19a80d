//! A submission client that says exactly what a test wants, and the server it talks to.

use argon2::password_hash::{PasswordHasher, SaltString};
use base64::{Engine, engine::general_purpose::STANDARD};
use referrald::domain::{EmailAddress, OutboundId, Personal};
use referrald::outbound::{AcceptFailure, SinkUnavailable, SubmissionAccount, SubmissionSink, SubmittedMail};
use referrald::smtp::{SubmissionServer, SubmissionSettings, TrustedRelaySettings};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const USER: &str = "volunteer";
pub(crate) const PASSWORD: &str = "a long enough password";
pub(crate) const ADDRESS: &str = "Volunteer@liaison.example.org";
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate for localhost and 127.0.0.1, made for the run.
pub(crate) struct Certificate {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("certificate");
        Self {
            certificate_pem: made.cert.pem(),
            key_pem: made.signing_key.serialize_pem(),
        }
    }
}

/// A hash that is quick to check: the real parameters are tested where they are set.
pub(crate) fn quick_hash(password: &str) -> String {
    let params = argon2::Params::new(8, 1, 1, None).expect("parameters");
    let salt = SaltString::encode_b64(&[7; 16]).expect("salt");
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password(password.as_bytes(), &salt)
        .expect("hash")
        .to_string()
}

/// Keeps mails in memory, or fails as told.
#[derive(Default)]
pub(crate) struct MemorySink {
    pub(crate) mails: Mutex<Vec<SubmittedMail>>,
    pub(crate) failure: Mutex<Option<AcceptFailure>>,
    pub(crate) unavailable: Mutex<bool>,
}

impl MemorySink {
    pub(crate) fn fail_with(&self, failure: Option<AcceptFailure>) {
        *self.failure.lock().unwrap() = failure;
    }

    pub(crate) fn mails(&self) -> Vec<SubmittedMail> {
        self.mails.lock().unwrap().clone()
    }
}

impl MemorySink {
    fn account_if(&self, is_it: bool) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        if *self.unavailable.lock().unwrap() {
            return Err(SinkUnavailable);
        }
        Ok(is_it.then(|| SubmissionAccount {
            user: USER.to_owned(),
            address: Personal::new(ADDRESS.to_owned()),
            password_hash: quick_hash(PASSWORD),
            role: referrald::store::AccountRole::Volunteer,
        }))
    }
}

impl SubmissionSink for MemorySink {
    async fn account(&self, user: &str) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        self.account_if(user == USER)
    }

    async fn account_of_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        self.account_if(address.expose_address().eq_ignore_ascii_case(ADDRESS))
    }

    async fn accept(&self, mail: SubmittedMail) -> Result<OutboundId, AcceptFailure> {
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure);
        }
        self.mails.lock().unwrap().push(mail);
        Ok(OutboundId(uuid::Uuid::from_u128(1)))
    }
}

/// A running server.
pub(crate) struct Running<K> {
    pub(crate) sink: Arc<K>,
    pub(crate) certificate: Certificate,
    pub(crate) implicit: SocketAddr,
    pub(crate) starttls: SocketAddr,
    pub(crate) trusted_relay: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl<K> Drop for Running<K> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Settings as usual, on free ports.
pub(crate) fn settings(certificate: &Certificate) -> SubmissionSettings {
    let mut settings = SubmissionSettings::new(
        "submit.example.org".to_owned(),
        certificate.certificate_pem.clone().into_bytes(),
        SecretString::from(certificate.key_pem.as_str()),
    );
    let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
    settings.implicit_tls_addr = Some(free);
    settings.starttls_addr = Some(free);
    settings.trusted_relay = Some(TrustedRelaySettings {
        addr: free,
        peers: vec!["127.0.0.1".parse().unwrap()],
    });
    settings
}

pub(crate) async fn serve<K: SubmissionSink + 'static>(
    sink: Arc<K>,
    change: impl FnOnce(&mut SubmissionSettings),
) -> Running<K> {
    let certificate = Certificate::new();
    let mut settings = settings(&certificate);
    change(&mut settings);
    let server = SubmissionServer::bind(settings, Arc::clone(&sink))
        .await
        .expect("binds");
    let (implicit, starttls, trusted_relay) = (
        server.implicit_tls_addr().unwrap(),
        server.starttls_addr().unwrap(),
        server.trusted_relay_addr().unwrap(),
    );
    let stop = CancellationToken::new();
    let task = tokio::spawn(server.run(stop.clone()));
    Running {
        sink,
        certificate,
        implicit,
        starttls,
        trusted_relay,
        stop,
        task,
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One connection.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    received: Vec<u8>,
}

impl Client {
    /// Without TLS, past the greeting.
    pub(crate) async fn plain(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("connects");
        let mut client = Self::over(Box::new(stream));
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    /// With TLS from the start, past the greeting.
    pub(crate) async fn tls<K>(server: &Running<K>) -> Self {
        let stream = TcpStream::connect(server.implicit).await.expect("connects");
        let mut client = Self::over(Box::new(
            handshake(stream, &server.certificate).await.expect("TLS"),
        ));
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    /// With TLS, past EHLO and AUTH.
    pub(crate) async fn signed_in<K>(server: &Running<K>) -> Self {
        let mut client = Self::tls(server).await;
        client.says("EHLO client.example.org", "250").await;
        client.says(&auth_plain(USER, PASSWORD), "235").await;
        client
    }

    pub(crate) fn over(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Goes on over TLS after a 220 to `STARTTLS`.
    pub(crate) async fn start_tls(self, certificate: &Certificate) -> std::io::Result<Self> {
        Ok(Self::over(Box::new(handshake(self.stream, certificate).await?)))
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("sends");
        self.stream.flush().await.expect("sends");
    }

    /// The next reply, all its lines; empty when the server closed the connection.
    pub(crate) async fn reply(&mut self) -> String {
        let reading = async {
            let mut whole = String::new();
            loop {
                let Some(line) = self.line().await else {
                    return whole;
                };
                let last = line.as_bytes().get(3) != Some(&b'-');
                whole += &line;
                if last {
                    return whole;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the server answers in time")
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                assert!(line.ends_with(b"\r\n"), "replies end in CRLF");
                return Some(String::from_utf8(line).expect("ASCII"));
            }
            match self.stream.read_buf(&mut self.received).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return None,
            }
        }
    }

    /// Sends a line and gives the reply.
    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Sends a line; the reply must begin like this.
    #[track_caller]
    pub(crate) fn says<'a>(&'a mut self, line: &'a str, reply: &'a str) -> impl Future<Output = ()> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let got = self.say(line).await;
            assert!(
                got.starts_with(reply),
                "{line:?} got {got:?}, not {reply:?} ({at})"
            );
        }
    }

    /// The server closes the connection without another word.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.reply().await.is_empty()
    }
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    certificate: &Certificate,
) -> std::io::Result<tokio_rustls::client::TlsStream<S>> {
    let mut roots = rustls::RootCertStore::empty();
    let trusted =
        CertificateDer::from_pem_slice(certificate.certificate_pem.as_bytes()).expect("certificate");
    roots.add(trusted).expect("trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("name");
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

pub(crate) fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

pub(crate) fn auth_plain(user: &str, password: &str) -> String {
    format!("AUTH PLAIN {}", encode(&format!("\0{user}\0{password}")))
}

//! Connecting and signing in.

use super::session::{Capabilities, Delimiter, ImapMailbox};
use super::syntax::quoted;
use super::wire::{Answer, Tagged, Wire, outcome};
use crate::ingest::{Connector, MailboxError};
use async_imap::imap_proto::{Response, ResponseCode, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

/// Largest literal before a folder is selected, in bytes.
const MAX_GREETING_LITERAL: u64 = 64 * 1024;

/// How TLS starts. There is no mode without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// From the first byte (port 993, RFC 8314).
    Implicit,
    /// STARTTLS (port 143, RFC 3501 section 6.2.1).
    StartTls,
}

/// How to sign in.
#[derive(Clone)]
pub enum Auth {
    /// User name and password: AUTHENTICATE PLAIN, else LOGIN.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: SecretString,
    },
}

/// Bounds on waiting.
#[derive(Debug, Clone, Copy)]
pub struct ImapTimeouts {
    /// TCP, TLS and signing in, together.
    pub connect: Duration,
    /// One command; fetching gets more, by the announced size.
    pub command: Duration,
}

impl Default for ImapTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_secs(60),
        }
    }
}

/// One account on a mail server.
#[derive(Clone)]
pub struct ImapSettings {
    /// Host name or address; the certificate must be for it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How TLS starts.
    pub tls: TlsMode,
    /// Further trusted certificates (PEM), beside the operating system's.
    pub ca_pem: Option<Vec<u8>>,
    /// How to sign in.
    pub auth: Auth,
    /// Bounds on waiting.
    pub timeouts: ImapTimeouts,
    /// Largest literal taken, in bytes. Keep it above the size limit of messages: servers may announce
    /// sizes that are a little off.
    pub max_literal_bytes: u64,
}

/// The connector port: one fresh connection each time.
pub struct ImapConnector {
    /// The account.
    pub settings: ImapSettings,
}

impl Connector for ImapConnector {
    type Mailbox = ImapMailbox<TlsStream<TcpStream>>;

    async fn connect(&self) -> Result<Self::Mailbox, MailboxError> {
        connect(&self.settings).await
    }
}

/// Connects over TLS, signs in and asks for the capabilities.
///
/// # Errors
/// [`MailboxError`] tells whose fault it is; nothing of what the server said is in it.
pub async fn connect(settings: &ImapSettings) -> Result<ImapMailbox<TlsStream<TcpStream>>, MailboxError> {
    let deadline = Instant::now() + settings.timeouts.connect;
    let tcp = timeout_at(
        deadline,
        TcpStream::connect((settings.host.as_str(), settings.port)),
    )
    .await
    .ok()
    .and_then(Result::ok)
    .ok_or(MailboxError::Unreachable)?;
    // Commands are small and each waits for its answer.
    let _ = tcp.set_nodelay(true);
    let mut wire = match settings.tls {
        TlsMode::Implicit => {
            let mut wire = Wire::new(
                handshake(settings, tcp, deadline).await?,
                settings.max_literal_bytes,
            );
            greeting(&mut wire, deadline).await?;
            wire
        }
        TlsMode::StartTls => {
            let mut plain = Wire::new(tcp, MAX_GREETING_LITERAL);
            greeting(&mut plain, deadline).await?;
            match plain.command("STARTTLS", "STARTTLS", deadline, |_| {}).await? {
                Answer::Ok => {}
                Answer::No | Answer::Bad => return Err(MailboxError::MissingCapability("STARTTLS")),
            }
            let tls = handshake(settings, plain.into_inner(), deadline).await?;
            Wire::new(tls, settings.max_literal_bytes)
        }
    };
    let before = capabilities(&mut wire, deadline).await?;
    match &settings.auth {
        Auth::Password { user, password } => sign_in(&mut wire, &before, user, password, deadline).await?,
    }
    let after = capabilities(&mut wire, deadline).await?;
    let delimiter = Delimiter::ask(&mut wire, deadline).await?;
    ImapMailbox::new(wire, after, delimiter, settings.timeouts)
}

async fn handshake(
    settings: &ImapSettings,
    tcp: TcpStream,
    deadline: Instant,
) -> Result<TlsStream<TcpStream>, MailboxError> {
    let config = client_config(settings.ca_pem.as_deref())?;
    let name = ServerName::try_from(settings.host.clone()).map_err(|_| MailboxError::Tls)?;
    let connector = TlsConnector::from(Arc::new(config));
    match timeout_at(deadline, connector.connect(name, tcp)).await {
        Ok(Ok(tls)) => Ok(tls),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => Err(MailboxError::Tls),
        Ok(Err(_)) | Err(_) => Err(MailboxError::Lost("the TLS handshake")),
    }
}

fn client_config(ca_pem: Option<&[u8]>) -> Result<rustls::ClientConfig, MailboxError> {
    let mut roots = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| MailboxError::Tls)?;
            roots.add(certificate).map_err(|_| MailboxError::Tls)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| MailboxError::Tls)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn greeting<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    deadline: Instant,
) -> Result<(), MailboxError> {
    const DOING: &str = "the greeting";
    let welcome = wire
        .read(DOING, deadline, |response| {
            // PREAUTH would make us somebody we did not sign in as.
            matches!(
                response,
                Response::Data {
                    status: Status::Ok,
                    ..
                }
            )
        })
        .await?;
    if welcome {
        Ok(())
    } else {
        Err(MailboxError::Lost(DOING))
    }
}

async fn capabilities<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    deadline: Instant,
) -> Result<Capabilities, MailboxError> {
    let mut found = Capabilities::default();
    wire.command("CAPABILITY", "CAPABILITY", deadline, |response| {
        if let Response::Capabilities(list) = response {
            found = Capabilities::read(list);
        }
    })
    .await?
    .demand_ok("CAPABILITY")?;
    Ok(found)
}

const SIGN_IN: &str = "the sign-in";

async fn sign_in<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    capabilities: &Capabilities,
    user: &str,
    password: &SecretString,
    deadline: Instant,
) -> Result<(), MailboxError> {
    let tag = wire.next_tag();
    if capabilities.auth_plain {
        authenticate_plain(wire, &tag, capabilities, user, password, deadline).await?;
    } else if capabilities.login_disabled {
        return Err(MailboxError::MissingCapability(
            "a sign-in with password (AUTH=PLAIN or LOGIN)",
        ));
    } else {
        login(wire, &tag, capabilities, user, password, deadline).await?;
    }
    let mut for_now = false;
    let answer = wire
        .finish(&tag, SIGN_IN, deadline, &mut |response| {
            for_now |= is_for_now(response)
        })
        .await?;
    match answer {
        Answer::Ok => Ok(()),
        Answer::No if for_now => Err(MailboxError::No(SIGN_IN)),
        Answer::No => Err(MailboxError::SignInRefused),
        Answer::Bad => Err(MailboxError::Bad(SIGN_IN)),
    }
}

/// Response codes that say "not your password, try later" (RFC 5530).
fn is_for_now(response: &Response<'_>) -> bool {
    outcome(response)
        .and_then(|outcome| outcome.information.as_deref())
        .is_some_and(|text| {
            ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"]
                .iter()
                .any(|code| {
                    text.get(..code.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(code))
                })
        })
}

async fn authenticate_plain<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    tag: &str,
    capabilities: &Capabilities,
    user: &str,
    password: &SecretString,
    deadline: Instant,
) -> Result<(), MailboxError> {
    let plain = Zeroizing::new(format!("\0{user}\0{}", password.expose_secret()));
    let encoded = Zeroizing::new(STANDARD.encode(plain.as_bytes()));
    if capabilities.sasl_ir {
        let line = Zeroizing::new(format!("{tag} AUTHENTICATE PLAIN {}\r\n", *encoded));
        return wire.write(line.as_bytes(), SIGN_IN, deadline).await;
    }
    wire.write(
        format!("{tag} AUTHENTICATE PLAIN\r\n").as_bytes(),
        SIGN_IN,
        deadline,
    )
    .await?;
    continuation(wire, deadline).await?;
    let line = Zeroizing::new(format!("{}\r\n", *encoded));
    wire.write(line.as_bytes(), SIGN_IN, deadline).await
}

/// LOGIN with each argument quoted, or as a literal where it cannot be.
async fn login<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    tag: &str,
    capabilities: &Capabilities,
    user: &str,
    password: &SecretString,
    deadline: Instant,
) -> Result<(), MailboxError> {
    let mut line = Zeroizing::new(format!("{tag} LOGIN"));
    for argument in [user, password.expose_secret()] {
        line.push(' ');
        match quoted(argument).map(Zeroizing::new) {
            Some(text) => line.push_str(&text),
            None if capabilities.literal_plus => {
                line.push_str(&format!("{{{}+}}\r\n", argument.len()));
                line.push_str(argument);
            }
            None => {
                line.push_str(&format!("{{{}}}\r\n", argument.len()));
                wire.write(line.as_bytes(), SIGN_IN, deadline).await?;
                continuation(wire, deadline).await?;
                line = Zeroizing::new(argument.to_owned());
            }
        }
    }
    line.push_str("\r\n");
    wire.write(line.as_bytes(), SIGN_IN, deadline).await
}

async fn continuation<S: AsyncRead + AsyncWrite + Unpin + Send>(
    wire: &mut Wire<S>,
    deadline: Instant,
) -> Result<(), MailboxError> {
    loop {
        let (goes_on, tagged) = wire
            .read(SIGN_IN, deadline, |response| {
                (matches!(response, Response::Continue(_)), Tagged::of(response))
            })
            .await?;
        match tagged.map(|tagged| tagged.answer) {
            None if goes_on => return Ok(()),
            None => {}
            Some(Answer::No) => return Err(MailboxError::SignInRefused),
            Some(Answer::Ok | Answer::Bad) => return Err(MailboxError::Bad(SIGN_IN)),
        }
    }
}

/// Whether a status response carries `READ-ONLY`.
pub(super) fn is_read_only(response: &Response<'_>) -> bool {
    outcome(response).is_some_and(|outcome| matches!(outcome.code, Some(ResponseCode::ReadOnly)))
}

//! Connecting and signing in.

use super::session::{Capabilities, Delimiter, ImapMailbox};
use super::sign_in::{Proof, Server, sign_in};
use super::wire::{Answer, Wire, outcome};
use crate::dial::{self, DialError, Proxy, Trust};
use crate::ingest::{Connector, MailboxError};
use crate::oauth::{AccessToken, Freshness, TokenSource};
use async_imap::imap_proto::{Response, ResponseCode, Status};
use secrecy::SecretString;
use std::future::Future;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

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
    /// An access token: AUTHENTICATE XOAUTH2, else OAUTHBEARER (RFC 7628).
    OAuth2 {
        /// User name: the mailbox's address.
        user: String,
        /// Where tokens come from.
        tokens: TokenSource,
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
    /// Whom to trust, and our own certificate for servers that ask for one.
    pub trust: Trust,
    /// The way there.
    pub proxy: Option<Proxy>,
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

/// Connects over TLS, signs in and asks for the capabilities. A token that was kept and is refused is fetched anew once.
///
/// # Errors
/// [`MailboxError`] tells whose fault it is; nothing of what the server said is in it.
pub async fn connect(settings: &ImapSettings) -> Result<ImapMailbox<TlsStream<TcpStream>>, MailboxError> {
    let (user, tokens) = match &settings.auth {
        Auth::Password { user, password } => {
            return connect_as(settings, &Proof::Password { user, password }).await;
        }
        Auth::OAuth2 { user, tokens } => (user, tokens),
    };
    // Before the deadline of the connection begins: the endpoint has its own.
    let token = token_of(tokens).await?;
    let connected = with_token(settings, user, tokens, &token).await;
    match (&connected, token.freshness) {
        (Err(MailboxError::TokenRefused(_)), Freshness::Kept) => {}
        (Ok(_) | Err(_), _) => return connected,
    }
    let token = token_of(tokens).await?;
    with_token(settings, user, tokens, &token).await
}

/// A refused token is of no more use to anybody.
async fn with_token(
    settings: &ImapSettings,
    user: &str,
    tokens: &TokenSource,
    token: &AccessToken,
) -> Result<ImapMailbox<TlsStream<TcpStream>>, MailboxError> {
    let connected = connect_as(settings, &Proof::Token { user, token }).await;
    if let Err(MailboxError::TokenRefused(_)) = connected {
        tokens.discard(token).await;
    }
    connected
}

async fn token_of(tokens: &TokenSource) -> Result<AccessToken, MailboxError> {
    tokens.get().await.map_err(|unavailable| MailboxError::NoToken {
        reason: unavailable.error.to_string(),
        wait: unavailable.wait,
    })
}

async fn connect_as(
    settings: &ImapSettings,
    proof: &Proof<'_>,
) -> Result<ImapMailbox<TlsStream<TcpStream>>, MailboxError> {
    let deadline = Instant::now() + settings.timeouts.connect;
    let dialling = dial::tcp(&settings.host, settings.port, settings.proxy.as_ref());
    let tcp = by(deadline, MailboxError::Unreachable, dialling).await?;
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
    let server = Server {
        host: &settings.host,
        port: settings.port,
        capabilities: &before,
    };
    sign_in(&mut wire, &server, proof, deadline).await?;
    let after = capabilities(&mut wire, deadline).await?;
    let delimiter = Delimiter::ask(&mut wire, deadline).await?;
    ImapMailbox::new(wire, after, delimiter, settings.timeouts)
}

fn dial_error(error: DialError) -> MailboxError {
    match error {
        DialError::Unreachable => MailboxError::Unreachable,
        DialError::Certificate | DialError::Name => MailboxError::Tls,
        DialError::Lost => MailboxError::Lost("the TLS handshake"),
        DialError::ProxyUnreachable
        | DialError::ProxyRefused(_)
        | DialError::Identity
        | DialError::IdentityRefused => MailboxError::NoWay(error.to_string()),
    }
}

/// Does something of dialling before the deadline.
async fn by<T>(
    deadline: Instant,
    late: MailboxError,
    work: impl Future<Output = Result<T, DialError>>,
) -> Result<T, MailboxError> {
    timeout_at(deadline, work)
        .await
        .map_err(|_| late)?
        .map_err(dial_error)
}

async fn handshake(
    settings: &ImapSettings,
    tcp: TcpStream,
    deadline: Instant,
) -> Result<TlsStream<TcpStream>, MailboxError> {
    let late = MailboxError::Lost("the TLS handshake");
    by(
        deadline,
        late,
        dial::handshake(&settings.trust, &settings.host, tcp),
    )
    .await
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

/// Whether a status response carries `READ-ONLY`.
pub(super) fn is_read_only(response: &Response<'_>) -> bool {
    outcome(response).is_some_and(|outcome| matches!(outcome.code, Some(ResponseCode::ReadOnly)))
}

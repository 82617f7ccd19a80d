//! Listening, TLS and the bounds on connections of the submission server.
//!
//! # Security
//!
//! Anybody who can reach the port is a peer. Connections are counted overall and per peer before a byte is
//! read; everything up to a successful AUTH has one deadline. On the address for trusted relays a peer that is
//! not in the list is sent away before a byte is read; those that are have no bound per peer and a bound of
//! their own overall, so that nobody on the other addresses can keep them out.

use super::replies;
use super::session::{Caller, Door, End, Protection, RelayPath, Session};
use super::settings::SubmissionSettings;
use super::throttle::{OpenConnections, Peer, Throttle};
use super::wire::Wire;
use crate::outbound::SubmissionSink;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use secrecy::ExposeSecret;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

/// Password checks at the same time: each takes 19 MiB and a core.
const MAX_HASHING: usize = 2;
/// How long open conversations may take to end when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// Pause after `accept` failed (out of file handles).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// For saying goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the submission server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionError {
    /// No address is set.
    #[error("the submission server has no address to listen on: set one, or leave the server out")]
    NoAddress,
    /// The address is taken or not ours.
    #[error("cannot listen on {address} ({kind}): choose another address or stop what uses it")]
    CannotListen {
        /// The configured address.
        address: SocketAddr,
        /// What the operating system said.
        kind: std::io::ErrorKind,
    },
    /// No certificate in the PEM.
    #[error("the submission server's certificate file holds no PEM certificate")]
    Certificate,
    /// No private key in the PEM.
    #[error("the submission server's key file holds no PEM private key")]
    Key,
    /// Certificate and key do not belong together, or rustls takes neither.
    #[error("the submission server's certificate and key do not fit together")]
    CertificateAndKey,
}

/// What all conversations share.
pub(super) struct Shared<K> {
    pub(super) settings: SubmissionSettings,
    pub(super) sink: K,
    pub(super) hashing: Semaphore,
    throttle: Mutex<Throttle>,
    open: Mutex<OpenConnections>,
    tls: TlsAcceptor,
}

impl<K> Shared<K> {
    pub(super) fn lock_throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer is a trusted relay, by its address.
    fn trusts(&self, peer: IpAddr) -> bool {
        let relay = self.settings.trusted_relay.as_ref();
        relay.is_some_and(|relay| relay.peers.iter().any(|network| network.contains(peer)))
    }

    fn lock_open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The submission server, listening.
pub struct SubmissionServer<K> {
    shared: Arc<Shared<K>>,
    implicit_tls: Option<TcpListener>,
    starttls: Option<TcpListener>,
    trusted_relay: Option<TcpListener>,
}

/// The addresses that are listened on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listening {
    ImplicitTls,
    StartTls,
    TrustedRelay,
}

impl Listening {
    fn protection(self) -> Protection {
        match self {
            Self::ImplicitTls => Protection::Tls,
            Self::StartTls | Self::TrustedRelay => Protection::Plain,
        }
    }

    fn door(self, peer: IpAddr) -> Door {
        match self {
            Self::ImplicitTls | Self::StartTls => Door::Account,
            Self::TrustedRelay => Door::Relay(RelayPath::from(peer)),
        }
    }
}

impl<K: SubmissionSink + 'static> SubmissionServer<K> {
    /// Checks certificate and key, and starts listening. Connections are taken by [`Self::run`].
    ///
    /// # Errors
    /// [`SubmissionError`]: no address, address taken, certificate or key unusable.
    pub async fn bind(settings: SubmissionSettings, sink: K) -> Result<Self, SubmissionError> {
        Self::bind_with(settings, sink, TcpListener::bind).await
    }

    /// The same on sockets that `listen` gives.
    ///
    /// # Errors
    /// As [`Self::bind`].
    pub async fn bind_with<F: Future<Output = std::io::Result<TcpListener>>>(
        settings: SubmissionSettings,
        sink: K,
        listen: impl Fn(SocketAddr) -> F,
    ) -> Result<Self, SubmissionError> {
        let relay_addr = settings.trusted_relay.as_ref().map(|relay| relay.addr);
        if (settings.implicit_tls_addr, settings.starttls_addr, relay_addr) == (None, None, None) {
            return Err(SubmissionError::NoAddress);
        }
        let tls = TlsAcceptor::from(Arc::new(tls_config(&settings)?));
        let implicit_tls = listen_on(&listen, settings.implicit_tls_addr).await?;
        let starttls = listen_on(&listen, settings.starttls_addr).await?;
        let trusted_relay = listen_on(&listen, relay_addr).await?;
        let shared = Shared {
            settings,
            sink,
            hashing: Semaphore::new(MAX_HASHING),
            throttle: Mutex::default(),
            open: Mutex::default(),
            tls,
        };
        Ok(Self {
            shared: Arc::new(shared),
            implicit_tls,
            starttls,
            trusted_relay,
        })
    }

    /// The address with TLS from the start: the real port where 0 was configured.
    pub fn implicit_tls_addr(&self) -> Option<SocketAddr> {
        self.implicit_tls.as_ref().and_then(|l| l.local_addr().ok())
    }

    /// The address with `STARTTLS`.
    pub fn starttls_addr(&self) -> Option<SocketAddr> {
        self.starttls.as_ref().and_then(|l| l.local_addr().ok())
    }

    /// The address for trusted relays.
    pub fn trusted_relay_addr(&self) -> Option<SocketAddr> {
        self.trusted_relay.as_ref().and_then(|l| l.local_addr().ok())
    }

    /// Takes connections until `stop`; then ends the open conversations, each after its command.
    pub async fn run(self, stop: CancellationToken) {
        self.take_connections(&stop, &stop).await.ended().await;
    }

    /// Takes connections until `stop`; the conversations that are open then go on until they end or `end` asks them to.
    pub async fn take_connections(
        self,
        stop: &CancellationToken,
        end: &CancellationToken,
    ) -> OpenConversations {
        let max_connections = self.shared.settings.max_connections;
        let connections = Arc::new(Semaphore::new(max_connections));
        let relay_connections = Arc::new(Semaphore::new(max_connections));
        let tracker = TaskTracker::new();
        loop {
            // In no order: a flood on one address does not starve the others.
            let (accepted, listening) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(self.implicit_tls.as_ref()) => (accepted, Listening::ImplicitTls),
                accepted = accept(self.starttls.as_ref()) => (accepted, Listening::StartTls),
                accepted = accept(self.trusted_relay.as_ref()) => (accepted, Listening::TrustedRelay),
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (shared, end) = (Arc::clone(&self.shared), end.clone());
            if listening == Listening::TrustedRelay && !shared.trusts(address.ip()) {
                tracing::warn!("a peer that is not in trusted_relays was sent away");
                tracker.spawn(turn_away(stream, listening, replies::NOT_A_RELAY));
                continue;
            }
            let permit = match listening {
                Listening::ImplicitTls | Listening::StartTls => &connections,
                Listening::TrustedRelay => &relay_connections,
            };
            let permit = Arc::clone(permit).try_acquire_owned();
            let serving = async move {
                match permit {
                    Ok(_permit) => serve(&shared, stream, address, listening, &end).await,
                    Err(_) => turn_away(stream, listening, replies::TOO_MANY_CONNECTIONS).await,
                }
            };
            tracker.spawn(serving.in_current_span());
        }
        tracker.close();
        OpenConversations(tracker)
    }
}

/// The conversations that were open when no more were taken.
#[must_use = "dropping it leaves them to themselves"]
pub struct OpenConversations(TaskTracker);

impl OpenConversations {
    /// Waits for their end, 10 seconds at most. Those that are told to end do so after their command.
    pub async fn ended(self) {
        let Self(tracker) = self;
        if timeout(STOP_GRACE, tracker.wait()).await.is_err() {
            tracing::warn!(open = tracker.len(), "connections were cut off");
        }
    }
}

fn tls_config(settings: &SubmissionSettings) -> Result<ServerConfig, SubmissionError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&settings.certificate_pem)
        .collect::<Result<_, _>>()
        .map_err(|_| SubmissionError::Certificate)?;
    if chain.is_empty() {
        return Err(SubmissionError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(settings.key_pem.expose_secret().as_bytes())
        .map_err(|_| SubmissionError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SubmissionError::CertificateAndKey)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| SubmissionError::CertificateAndKey)
}

async fn listen_on<F: Future<Output = std::io::Result<TcpListener>>>(
    listen: impl Fn(SocketAddr) -> F,
    address: Option<SocketAddr>,
) -> Result<Option<TcpListener>, SubmissionError> {
    let Some(address) = address else {
        return Ok(None);
    };
    match listen(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) => Err(SubmissionError::CannotListen {
            address,
            kind: error.kind(),
        }),
    }
}

/// The next connection; never, where there is no listener.
async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn turn_away(stream: TcpStream, listening: Listening, reply: &'static str) {
    let deadline = Instant::now() + CLOSE_TIMEOUT;
    let mut wire = Wire::new(stream);
    // Inside TLS the reply would cost a handshake: closing must do.
    if listening.protection() == Protection::Plain {
        let _ = wire.send(reply, deadline).await;
    }
    wire.close(deadline).await;
}

async fn serve<K: SubmissionSink>(
    shared: &Shared<K>,
    stream: TcpStream,
    address: SocketAddr,
    listening: Listening,
    stop: &CancellationToken,
) {
    let caller = Caller {
        peer: Peer::from(address.ip()),
        door: listening.door(address.ip()),
    };
    let Ok(_open) = OpenGuard::open(shared, caller) else {
        return turn_away(stream, listening, replies::TOO_MANY_CONNECTIONS).await;
    };
    let _ = stream.set_nodelay(true);
    let deadline = Instant::now() + shared.settings.login_timeout;
    match listening.protection() {
        Protection::Tls => converse_in_tls(shared, stream, caller, deadline, Greeting::Due, stop).await,
        Protection::Plain => {
            let mut session = Session::new(stream, shared, caller, Protection::Plain, deadline);
            if session.greet().await.is_err() {
                return;
            }
            match session.converse(stop).await {
                End::Close(wire) => wire.close(Instant::now() + CLOSE_TIMEOUT).await,
                End::StartTls(wire) => {
                    let stream = wire.into_stream();
                    converse_in_tls(shared, stream, caller, deadline, Greeting::Given, stop).await;
                }
            }
        }
    }
}

/// Whether the greeting was sent before TLS began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    Due,
    Given,
}

async fn converse_in_tls<K: SubmissionSink>(
    shared: &Shared<K>,
    stream: TcpStream,
    caller: Caller,
    deadline: Instant,
    greeting: Greeting,
    stop: &CancellationToken,
) {
    let handshake = tokio::select! {
        () = stop.cancelled() => return,
        handshake = timeout_at(deadline, shared.tls.accept(stream)) => handshake,
    };
    let Ok(Ok(stream)) = handshake else {
        tracing::debug!("no TLS with a peer");
        return;
    };
    // Everything learnt before TLS is forgotten: this is a new session (RFC 3207 section 4.2).
    let mut session = Session::new(stream, shared, caller, Protection::Tls, deadline);
    if greeting == Greeting::Due && session.greet().await.is_err() {
        return;
    }
    let (End::Close(wire) | End::StartTls(wire)) = session.converse(stop).await;
    wire.close(Instant::now() + CLOSE_TIMEOUT).await;
}

/// Counts a connection until it ends, however it ends.
struct OpenGuard<'a, K> {
    shared: &'a Shared<K>,
    peer: Peer,
}

/// The peer has as many connections as it may have.
struct TooMany;

impl<'a, K> OpenGuard<'a, K> {
    /// `None` for a trusted relay: all the volunteers' mail may come from one.
    fn open(shared: &'a Shared<K>, caller: Caller) -> Result<Option<Self>, TooMany> {
        let peer = caller.peer;
        let at_most = match caller.door {
            Door::Relay(_) => return Ok(None),
            Door::Account => shared.settings.max_connections_per_peer,
        };
        match shared.lock_open().open(peer, at_most) {
            true => Ok(Some(Self { shared, peer })),
            false => Err(TooMany),
        }
    }
}

impl<K> Drop for OpenGuard<'_, K> {
    fn drop(&mut self) {
        self.shared.lock_open().close(self.peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EmailAddress, OutboundId, Personal};
    use crate::outbound::{AcceptFailure, SinkUnavailable, SubmissionAccount, SubmittedMail};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Knows one sender and stores nothing.
    struct OneSender;

    impl SubmissionSink for OneSender {
        async fn account(&self, _: &str) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
            Ok(None)
        }

        async fn account_of_address(
            &self,
            address: &EmailAddress,
        ) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
            Ok(Some(SubmissionAccount {
                user: "volunteer".to_owned(),
                address: Personal::new(address.expose_address().to_owned()),
                password_hash: String::new(),
                role: Default::default(),
            }))
        }

        async fn accept(&self, _: SubmittedMail) -> Result<OutboundId, AcceptFailure> {
            Err(AcceptFailure::Later)
        }
    }

    fn shared() -> Shared<OneSender> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("certificate");
        let mut settings = SubmissionSettings::new(
            "submit.example.org".to_owned(),
            made.cert.pem().into_bytes(),
            made.signing_key.serialize_pem().into(),
        );
        settings.idle_timeout = Duration::from_secs(10);
        Shared {
            tls: TlsAcceptor::from(Arc::new(tls_config(&settings).expect("fits"))),
            settings,
            sink: OneSender,
            hashing: Semaphore::new(1),
            throttle: Mutex::default(),
            open: Mutex::default(),
        }
    }

    /// What a relay hears that seems to connect from `address` and says these lines.
    async fn heard_from(address: &str, lines: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let to = listener.local_addr().expect("address");
        let mut client = TcpStream::connect(to).await.expect("connects");
        let (stream, _) = listener.accept().await.expect("accepts");
        let (shared, stop) = (shared(), CancellationToken::new());
        let peer = SocketAddr::new(address.parse().expect("address"), 40_000);
        let serving = serve(&shared, stream, peer, Listening::TrustedRelay, &stop);
        let talking = async {
            client.write_all(lines.as_bytes()).await.expect("writes");
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.expect("reads");
            heard
        };
        tokio::join!(serving, talking).1
    }

    #[tokio::test]
    async fn a_trusted_relay_elsewhere_must_use_tls_and_one_on_this_machine_need_not() {
        let lines = "EHLO relay.example.org\r\nMAIL FROM:<volunteer@example.org>\r\nRCPT TO:<a@force.cjsm.net>\r\n\
                     DATA\r\nAUTH PLAIN\r\nQUIT\r\n";
        for elsewhere in ["192.0.2.5", "::ffff:192.0.2.5", "2001:db8::5"] {
            let heard = heard_from(elsewhere, lines).await;
            assert!(heard.contains("250 STARTTLS\r\n"), "{heard}");
            assert_eq!(
                heard.matches("530 5.7.0 switch TLS on first").count(),
                3,
                "{heard}"
            );
            assert!(
                heard.contains("502 5.5.1") && !heard.contains("250 2."),
                "{heard}"
            );
        }
        let lines = lines.replace("DATA\r\n", "");
        for here in ["127.0.0.1", "::1", "::ffff:127.0.0.2"] {
            let heard = heard_from(here, &lines).await;
            assert!(
                heard.contains("250 2.1.0") && heard.contains("250 2.1.5"),
                "{heard}"
            );
            assert!(heard.contains("502 5.5.1") && !heard.contains("530"), "{heard}");
        }
    }
}

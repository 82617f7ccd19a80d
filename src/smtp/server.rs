//! Listening, TLS and the bounds on connections of the submission server.
//!
//! # Security
//!
//! Anybody who can reach the port is a peer. Connections are counted overall and per peer before a byte is
//! read; everything up to a successful AUTH has one deadline.

use super::replies;
use super::session::{End, Protection, Session};
use super::settings::SubmissionSettings;
use super::throttle::{OpenConnections, Peer, Throttle};
use super::wire::Wire;
use crate::outbound::SubmissionSink;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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
    /// Neither address is set.
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

    fn lock_open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The submission server, listening.
pub struct SubmissionServer<K> {
    shared: Arc<Shared<K>>,
    implicit_tls: Option<TcpListener>,
    starttls: Option<TcpListener>,
}

impl<K: SubmissionSink + 'static> SubmissionServer<K> {
    /// Checks certificate and key, and starts listening. Connections are taken by [`Self::run`].
    ///
    /// # Errors
    /// [`SubmissionError`]: no address, address taken, certificate or key unusable.
    pub async fn bind(settings: SubmissionSettings, sink: K) -> Result<Self, SubmissionError> {
        if settings.implicit_tls_addr.is_none() && settings.starttls_addr.is_none() {
            return Err(SubmissionError::NoAddress);
        }
        let tls = TlsAcceptor::from(Arc::new(tls_config(&settings)?));
        let implicit_tls = listen(settings.implicit_tls_addr).await?;
        let starttls = listen(settings.starttls_addr).await?;
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

    /// Takes connections until `stop`; then ends the open conversations, each after its command.
    pub async fn run(self, stop: CancellationToken) {
        let connections = Arc::new(Semaphore::new(self.shared.settings.max_connections));
        let tracker = TaskTracker::new();
        loop {
            let (accepted, protection) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accept(self.implicit_tls.as_ref()) => (accepted, Protection::Tls),
                accepted = accept(self.starttls.as_ref()) => (accepted, Protection::Plain),
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (shared, stop) = (Arc::clone(&self.shared), stop.clone());
            let permit = Arc::clone(&connections).try_acquire_owned();
            tracker.spawn(async move {
                match permit {
                    Ok(_permit) => serve(&shared, stream, address, protection, &stop).await,
                    Err(_) => turn_away(stream, protection).await,
                }
            });
        }
        tracker.close();
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

async fn listen(address: Option<SocketAddr>) -> Result<Option<TcpListener>, SubmissionError> {
    let Some(address) = address else {
        return Ok(None);
    };
    match TcpListener::bind(address).await {
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

async fn turn_away(stream: TcpStream, protection: Protection) {
    let deadline = Instant::now() + CLOSE_TIMEOUT;
    let mut wire = Wire::new(stream);
    // Inside TLS the reply would cost a handshake: closing must do.
    if protection == Protection::Plain {
        let _ = wire.send(replies::TOO_MANY_CONNECTIONS, deadline).await;
    }
    wire.close(deadline).await;
}

async fn serve<K: SubmissionSink>(
    shared: &Shared<K>,
    stream: TcpStream,
    address: SocketAddr,
    protection: Protection,
    stop: &CancellationToken,
) {
    let peer = Peer::from(address.ip());
    if !shared
        .lock_open()
        .open(peer, shared.settings.max_connections_per_peer)
    {
        return turn_away(stream, protection).await;
    }
    let _open = OpenGuard { shared, peer };
    let _ = stream.set_nodelay(true);
    let deadline = Instant::now() + shared.settings.login_timeout;
    match protection {
        Protection::Tls => converse_in_tls(shared, stream, peer, deadline, Greeting::Due, stop).await,
        Protection::Plain => {
            let mut session = Session::new(stream, shared, peer, Protection::Plain, deadline);
            if session.greet().await.is_err() {
                return;
            }
            match session.converse(stop).await {
                End::Close(wire) => wire.close(Instant::now() + CLOSE_TIMEOUT).await,
                End::StartTls(wire) => {
                    let stream = wire.into_stream();
                    converse_in_tls(shared, stream, peer, deadline, Greeting::Given, stop).await;
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
    peer: Peer,
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
    let mut session = Session::new(stream, shared, peer, Protection::Tls, deadline);
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

impl<K> Drop for OpenGuard<'_, K> {
    fn drop(&mut self) {
        self.shared.lock_open().close(self.peer);
    }
}

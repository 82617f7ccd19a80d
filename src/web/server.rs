//! Listening, TLS and the bounds on connections of the staff pages.
//!
//! # Security
//!
//! Anybody who can reach the port is a peer. Connections are counted before a byte is read; TLS, headers and the whole request
//! have a deadline each, and headers a size.

use super::guard::{self, Peer};
use super::request::App;
use super::routes;
use super::settings::{WebParts, WebSettings, WebTls};
use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// Connections at the same time; the next one waits unaccepted.
const MAX_CONNECTIONS: usize = 256;
/// For the TLS handshake, and again for the headers of each request.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Largest header of a request, in bytes, and most fields.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 64;
/// A connection ends after so long, idle or not.
const CONNECTION_TIME: Duration = Duration::from_secs(10 * 60);
/// How long open requests may take to end when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// Pause after `accept` failed (out of file handles).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Why the staff pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address is taken or not ours.
    #[error(
        "the staff pages cannot listen on {address} ({kind}): choose another address or stop what uses it"
    )]
    CannotListen {
        /// The configured address.
        address: SocketAddr,
        /// What the operating system said.
        kind: std::io::ErrorKind,
    },
    /// No TLS beyond this machine.
    #[error("without TLS the staff pages are served on a loopback address only")]
    NotLoopback,
    /// rustls does not take the files.
    #[error("the certificate and key of the staff pages are no PEM files, or do not fit together")]
    Tls,
    /// The public origin is not one.
    #[error("public_origin is not an origin such as https://referrals.restorative.example")]
    Origin,
}

/// The pages without a network, for tests.
///
/// # Errors
/// [`WebError::Origin`].
pub fn router(settings: WebSettings, parts: WebParts) -> Result<Router, WebError> {
    let origin = settings.public_origin.clone();
    let hosts = guard::hosts(&settings);
    let app = Arc::new(App::new(settings, parts));
    guard::around(routes::router(Arc::clone(&app)), app, hosts, origin.as_deref()).ok_or(WebError::Origin)
}

/// The staff pages, listening.
pub struct WebServer {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
}

impl WebServer {
    /// Takes the address; serves nothing until [`WebServer::run`].
    ///
    /// # Errors
    /// [`WebError`].
    pub async fn bind(settings: WebSettings, parts: WebParts) -> Result<Self, WebError> {
        Self::bind_with(settings, parts, TcpListener::bind).await
    }

    /// The same on a socket that `listen` gives.
    ///
    /// # Errors
    /// As [`Self::bind`].
    pub async fn bind_with<F: Future<Output = std::io::Result<TcpListener>>>(
        mut settings: WebSettings,
        parts: WebParts,
        listen: impl Fn(SocketAddr) -> F,
    ) -> Result<Self, WebError> {
        let address = settings.listen;
        if settings.tls.is_none() && !address.ip().is_loopback() {
            return Err(WebError::NotLoopback);
        }
        let tls = settings.tls.as_ref().map(acceptor).transpose()?;
        let listener = listen(address).await.map_err(|error| WebError::CannotListen {
            address,
            kind: error.kind(),
        })?;
        // Where the operating system chose the port, it is part of our name.
        settings.listen = listener.local_addr().unwrap_or(address);
        let router = router(settings, parts)?;
        Ok(Self {
            listener,
            tls,
            router,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`; requests under way are answered first.
    pub async fn run(self, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let graceful = GracefulShutdown::new();
        loop {
            let slot = tokio::select! {
                () = stop.cancelled() => break,
                slot = Arc::clone(&slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { break };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let watcher = graceful.watcher();
            let (tls, router) = (self.tls.clone(), self.router.clone());
            let serving = async move {
                serve(stream, tls, with_peer(router, peer), watcher).await;
                drop(slot);
            };
            tokio::spawn(serving.in_current_span());
        }
        if timeout(STOP_GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests to the staff pages did not end in time");
        }
    }
}

fn with_peer(router: Router, peer: SocketAddr) -> Router {
    router.layer(axum::Extension(Peer(peer.ip())))
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    match tls {
        None => speak(stream, router, watcher).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = timeout(HEADER_TIME, acceptor.accept(stream)).await {
                speak(stream, router, watcher).await;
            }
        }
    }
}

async fn speak<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADER_FIELDS);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A peer that breaks off or takes too long is nobody to tell.
    let _ended = timeout(CONNECTION_TIME, watcher.watch(connection)).await;
}

fn acceptor(tls: &WebTls) -> Result<TlsAcceptor, WebError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&tls.certificate_pem)
        .collect::<Result<_, _>>()
        .map_err(|_| WebError::Tls)?;
    let key =
        PrivateKeyDer::from_pem_slice(tls.key_pem.expose_secret().as_bytes()).map_err(|_| WebError::Tls)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| WebError::Tls)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| WebError::Tls)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

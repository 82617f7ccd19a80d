//! Connections out: TCP, through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6) where one is configured, and TLS on top.
//!
//! Invariants: nothing but the proxy's own dialogue leaves without TLS; the certificate of the far end is always checked,
//! for the name that was asked for; nothing is read from the stream that belongs to the protocol above.
//!
//! # Security
//! The proxy sees the host's name and encrypted bytes. Its answer is bounded, and only its code is kept. Its password goes
//! to it in the clear, as HTTP has it: the proxy belongs into the same network.

mod proxy;
mod tls;

pub use proxy::Proxy;
pub use tls::{ClientIdentity, Trust, handshake, names_client_certificate};

use tokio::net::TcpStream;

/// Why there is no connection. Carries nothing that a peer said but a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Nothing answers there.
    #[error("cannot be reached: check its name and port, and the network")]
    Unreachable,
    /// The proxy does not answer.
    #[error("cannot be reached, because the proxy does not answer: check [proxy] address")]
    ProxyUnreachable,
    /// The proxy said no, or nothing that can be understood.
    #[error("cannot be reached, because the proxy refused (code {0}): {advice}", advice = proxy_advice(*.0))]
    ProxyRefused(u16),
    /// The host's name is none.
    #[error("has no name that a certificate could be for: check its host")]
    Name,
    /// The certificate of the far end, or our trust in it.
    #[error("is not trusted: check its certificate, its host name and ca_file")]
    Certificate,
    /// Our own certificate and key.
    #[error(
        "gets no certificate from us: the client certificate and its key do not fit together, or are no PEM"
    )]
    Identity,
    /// The far end wants a certificate of ours, or another one.
    #[error(
        "refused our client certificate, or asks for one: check client_certificate_file and client_key_file, and that \
         the server knows their authority"
    )]
    IdentityRefused,
    /// The connection ended in the handshake.
    #[error("closed the connection during the TLS handshake")]
    Lost,
}

fn proxy_advice(code: u16) -> &'static str {
    match code {
        407 => "it asks for a user and a password: check [proxy] user and password_file",
        403 | 405 => "it must allow connections to this host and port",
        502..=504 => "it cannot reach the host itself",
        _ => "check that it is an HTTP proxy that allows CONNECT",
    }
}

/// A TCP connection to `host`, whose name the proxy looks up where there is one. It has no deadline of its own.
///
/// # Errors
/// [`DialError`]: who does not answer, or refuses.
pub async fn tcp(host: &str, port: u16, proxy: Option<&Proxy>) -> Result<TcpStream, DialError> {
    let stream = match proxy {
        None => TcpStream::connect((host, port))
            .await
            .map_err(|_| DialError::Unreachable)?,
        Some(proxy) => proxy.connect(host, port).await?,
    };
    // Commands are small and each waits for its answer.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

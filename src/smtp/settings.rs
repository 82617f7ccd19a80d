//! What the server and the relays are told by the configuration.

use crate::dial::Proxy;
use crate::domain::Network;
use crate::oauth::TokenSource;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::time::Duration;

/// The submission server. At least one of the three addresses must be given.
#[derive(Debug, Clone)]
pub struct SubmissionSettings {
    /// Where TLS starts with the connection (RFC 8314, port 465).
    pub implicit_tls_addr: Option<SocketAddr>,
    /// Where TLS starts with `STARTTLS` (RFC 3207, port 587).
    pub starttls_addr: Option<SocketAddr>,
    /// Where relays that have authenticated the sender hand in mail.
    pub trusted_relay: Option<TrustedRelaySettings>,
    /// The name in the greeting.
    pub hostname: String,
    /// The certificate chain, PEM.
    pub certificate_pem: Vec<u8>,
    /// The certificate's private key, PEM.
    pub key_pem: SecretString,
    /// Largest mail taken, in bytes, after dot-unstuffing; announced by `SIZE`.
    pub max_message_bytes: usize,
    /// Most recipients of one mail.
    pub max_recipients: usize,
    /// Most connections at the same time; those of trusted relays are counted apart.
    pub max_connections: usize,
    /// Most connections of one address (one /64 of IPv6) at the same time; trusted relays have no such bound.
    pub max_connections_per_peer: usize,
    /// From the connection to a successful AUTH (a trusted relay: to TLS, where it needs that).
    pub login_timeout: Duration,
    /// Between two commands, and between two pieces of a mail (RFC 5321 section 4.5.3.2 asks for 5 minutes).
    pub idle_timeout: Duration,
    /// The whole of one mail.
    pub message_timeout: Duration,
}

impl SubmissionSettings {
    /// Settings with the usual bounds and no address.
    pub fn new(hostname: String, certificate_pem: Vec<u8>, key_pem: SecretString) -> Self {
        Self {
            implicit_tls_addr: None,
            starttls_addr: None,
            trusted_relay: None,
            hostname,
            certificate_pem,
            key_pem,
            max_message_bytes: 25 * 1024 * 1024,
            max_recipients: 100,
            max_connections: 100,
            max_connections_per_peer: 20,
            login_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(300),
            message_timeout: Duration::from_secs(1800),
        }
    }
}

/// The way in for relays in front of the daemon (Postfix, a connector of an Exchange server).
#[derive(Debug, Clone)]
pub struct TrustedRelaySettings {
    /// Where they connect to.
    pub addr: SocketAddr,
    /// Who is taken for one. What any of these machines says about a mail's sender is believed.
    pub peers: Vec<Network>,
}

/// One relay.
#[derive(Debug, Clone)]
pub struct RelaySettings {
    /// Name or address of the relay; its certificate must be for this name.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: RelayTls,
    /// For AUTH.
    pub credentials: Option<RelayCredentials>,
    /// Certificates to trust instead of the operating system's, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// The way there; it needs `STARTTLS`.
    pub proxy: Option<Proxy>,
    /// The name we give in EHLO.
    pub hello_name: String,
    /// For the whole of one delivery: connecting, TLS, and the relay's last answer.
    pub timeout: Duration,
}

/// How the connection to a relay is protected. There is no "if available".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayTls {
    /// Not at all: only to a relay on this machine.
    None,
    /// `STARTTLS`, or no delivery.
    StartTls,
    /// TLS from the start.
    Implicit,
}

/// Who we are to a relay.
#[derive(Debug, Clone)]
pub struct RelayCredentials {
    /// User name.
    pub user: String,
    /// What proves it.
    pub proof: RelayProof,
}

/// What proves to a relay who we are.
#[derive(Debug, Clone)]
pub enum RelayProof {
    /// A password: AUTH PLAIN or LOGIN.
    Password(SecretString),
    /// An access token, asked for with each connection: AUTH XOAUTH2, else OAUTHBEARER (RFC 7628).
    Tokens(TokenSource),
}

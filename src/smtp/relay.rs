//! The way out: SMTP to the CJSM relay and to the ordinary relay.
//!
//! Invariants: one envelope per recipient; every reply is checked for the code that belongs to its step, so
//! a relay out of step is never believed; a connection goes back for reuse only after a delivery whose
//! every reply was read. A connection given up half-way (time-out) is closed, never reused: what was left
//! unsaid would otherwise become part of the next mail.
//!
//! # Security
//!
//! A relay is configured by the administrator, but its bytes come over a network: replies are bounded by
//! `lettre`, have one deadline, and only their code is kept. TLS is required unless the relay is on this
//! machine; certificates are always checked.

use super::settings::{RelayCredentials, RelayProof, RelaySettings, RelayTls};
use super::sign_in::{token_of, with_password, with_token};
use crate::dial;
use crate::domain::{CjsmAddress, EmailAddress, OpenAddress};
use crate::oauth::Freshness;
use crate::outbound::{Relay, RelayAnswer};
use crate::redact::{RedactedMessage, VerbatimMessage};
use lettre::Address;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// Idle connections older than this are not reused: relays close them about then.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Why the relays cannot be used as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelaysError {
    /// `RelayTls::None` and a host elsewhere.
    #[error("a relay without TLS must be on this machine (127.0.0.1, ::1 or localhost): set its tls")]
    PlainNeedsLoopback,
    /// The PEM of trusted certificates.
    #[error("the relay's ca file holds no PEM certificate that can be used")]
    CaCertificate,
    /// A proxy, and TLS from the start.
    #[error("a relay behind the proxy must be reached with tls = \"starttls\"")]
    ProxyNeedsStartTls,
    /// TLS cannot be set up.
    #[error("TLS for the relay cannot be set up: check its host name and the system's certificates")]
    Tls,
}

/// Why a relay does not work, for `check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeFailure {
    /// It refused with this code.
    Refused(u16),
    /// It cannot be reached, or is out of step.
    Unreachable,
    /// The proxy or the token endpoint; the text is our own.
    NoWay(String),
}

/// The configured relays. At least the outbound service finds a hold where one is missing.
pub struct Relays {
    cjsm: Option<Hop>,
    ordinary: Option<Hop>,
}

impl Relays {
    /// Checks the settings; connects to nothing.
    ///
    /// # Errors
    /// [`RelaysError`]: settings that cannot work or would send mail in the clear.
    pub fn new(cjsm: Option<RelaySettings>, ordinary: Option<RelaySettings>) -> Result<Self, RelaysError> {
        Ok(Self {
            cjsm: cjsm.map(Hop::new).transpose()?,
            ordinary: ordinary.map(Hop::new).transpose()?,
        })
    }

    /// Connects to each configured relay, signs in, and says NOOP: for `check`. First CJSM, then ordinary;
    /// `None` where a relay is not configured.
    pub async fn probe(&self) -> [Option<Result<(), ProbeFailure>>; 2] {
        let mut found = [None, None];
        for (slot, hop) in found.iter_mut().zip([&self.cjsm, &self.ordinary]) {
            if let Some(hop) = hop {
                *slot = Some(hop.probe().await);
            }
        }
        found
    }
}

impl Relay for Relays {
    async fn send_redacted(
        &self,
        sender: &EmailAddress,
        to: &OpenAddress,
        message: &RedactedMessage,
    ) -> RelayAnswer {
        match &self.ordinary {
            Some(hop) => hop.send(sender, to.address(), message.as_bytes()).await,
            None => RelayAnswer::Later(None),
        }
    }

    async fn send_plain(
        &self,
        sender: &EmailAddress,
        to: &CjsmAddress,
        message: &VerbatimMessage,
    ) -> RelayAnswer {
        match &self.cjsm {
            Some(hop) => hop.send(sender, to.address(), message.expose_bytes()).await,
            None => RelayAnswer::Later(None),
        }
    }
}

/// One relay and a connection to it that may be used again.
struct Hop {
    settings: RelaySettings,
    tls: Option<TlsParameters>,
    idle: Mutex<Option<(AsyncSmtpConnection, Instant)>>,
}

/// A delivery that did not succeed.
pub(super) enum Failure {
    /// The relay is not usable now: connection, TLS, sign-in, a reply that does not fit.
    Relay(Option<u16>),
    /// The relay's reply to this mail.
    Mail(u16),
    /// The mail cannot be offered to this relay.
    Unfit,
    /// There is no way to the relay: the proxy or the token endpoint. The text is our own.
    NoWay(String),
}

impl From<Failure> for RelayAnswer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Relay(code) => Self::Later(code),
            Failure::Mail(code @ (530 | 534 | 535 | 538)) => Self::Later(Some(code)),
            Failure::Mail(code @ 500..=599) => Self::Refused(Some(code)),
            Failure::Mail(code) => Self::Later(Some(code)),
            Failure::Unfit => Self::Refused(None),
            Failure::NoWay(_) => Self::Later(None),
        }
    }
}

impl Hop {
    fn new(settings: RelaySettings) -> Result<Self, RelaysError> {
        let tls = match settings.tls {
            RelayTls::None if loopback(&settings.host).is_none() => {
                return Err(RelaysError::PlainNeedsLoopback);
            }
            RelayTls::None => None,
            RelayTls::Implicit if settings.proxy.is_some() => return Err(RelaysError::ProxyNeedsStartTls),
            RelayTls::StartTls | RelayTls::Implicit => Some(tls_parameters(&settings)?),
        };
        Ok(Self {
            settings,
            tls,
            idle: Mutex::new(None),
        })
    }

    async fn send(&self, sender: &EmailAddress, to: &EmailAddress, message: &[u8]) -> RelayAnswer {
        match timeout(self.settings.timeout, self.deliver(sender, to, message)).await {
            Ok(Ok(code)) => RelayAnswer::Accepted(code),
            Ok(Err(failure)) => failure.into(),
            Err(_) => RelayAnswer::Later(None),
        }
    }

    /// Dropping this future at any point drops the connection.
    async fn deliver(
        &self,
        sender: &EmailAddress,
        to: &EmailAddress,
        message: &[u8],
    ) -> Result<u16, Failure> {
        let body = offerable(message)?;
        let mut connection = self.connection().await?;
        let code = hand_over(&mut connection, sender, to, body).await?;
        *self.idle.lock().await = Some((connection, Instant::now()));
        Ok(code)
    }

    async fn probe(&self) -> Result<(), ProbeFailure> {
        let probing = async { self.connect().await };
        match timeout(self.settings.timeout, probing).await {
            Ok(Ok(mut connection)) => {
                connection.abort().await;
                Ok(())
            }
            Ok(Err(Failure::Relay(Some(code)) | Failure::Mail(code))) => Err(ProbeFailure::Refused(code)),
            Ok(Err(Failure::NoWay(why))) => Err(ProbeFailure::NoWay(why)),
            Ok(Err(Failure::Relay(None) | Failure::Unfit)) | Err(_) => Err(ProbeFailure::Unreachable),
        }
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        let idle = self.idle.lock().await.take();
        if let Some((mut connection, since)) = idle
            && since.elapsed() < MAX_IDLE
            && expect(connection.command(Noop).await, 250).is_ok()
        {
            return Ok(connection);
        }
        self.connect().await
    }

    /// Connects and signs in. A token that was kept and is refused is fetched anew once.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let Some(RelayCredentials { user, proof }) = &self.settings.credentials else {
            return self.open().await;
        };
        let tokens = match proof {
            RelayProof::Password(password) => {
                let mut connection = self.open().await?;
                with_password(&mut connection, user, password).await?;
                return Ok(connection);
            }
            RelayProof::Tokens(tokens) => tokens,
        };
        let relay = (self.settings.host.as_str(), self.settings.port);
        loop {
            let token = token_of(tokens).await?;
            let mut connection = self.open().await?;
            match with_token(&mut connection, relay, user, &token).await {
                Ok(()) => return Ok(connection),
                Err(Failure::Relay(Some(code @ 500..=599))) => {
                    tokens.discard(&token).await;
                    if token.freshness == Freshness::New {
                        return Err(Failure::Relay(Some(code)));
                    }
                }
                Err(other) => return Err(other),
            }
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Failure> {
        let (settings, hello) = (&self.settings, ClientId::Domain(self.settings.hello_name.clone()));
        let wrapper = match settings.tls {
            RelayTls::Implicit => self.tls.clone(),
            RelayTls::None | RelayTls::StartTls => None,
        };
        let limit = Some(settings.timeout);
        let connecting = match (settings.tls, loopback(&settings.host)) {
            (RelayTls::None, Some(address)) => {
                let address = SocketAddr::new(address, settings.port);
                AsyncSmtpConnection::connect_tokio1(address, limit, &hello, wrapper, None).await
            }
            (RelayTls::None, None) => return Err(Failure::Relay(None)),
            (RelayTls::StartTls, _) if settings.proxy.is_some() => {
                let tcp = dial::tcp(&settings.host, settings.port, settings.proxy.as_ref()).await;
                let tcp = tcp.map_err(|error| Failure::NoWay(error.to_string()))?;
                AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &hello).await
            }
            (RelayTls::StartTls | RelayTls::Implicit, _) => {
                let address = (settings.host.as_str(), settings.port);
                AsyncSmtpConnection::connect_tokio1(address, limit, &hello, wrapper, None).await
            }
        };
        let mut connection = connecting.map_err(relay_failure)?;
        if let (RelayTls::StartTls, Some(tls)) = (settings.tls, &self.tls) {
            connection
                .starttls(tls.clone(), &hello)
                .await
                .map_err(relay_failure)?;
        }
        if settings.tls != RelayTls::None && !connection.is_encrypted() {
            return Err(Failure::Relay(None));
        }
        Ok(connection)
    }
}

/// 127.0.0.1 for `localhost`: names are not looked up for a connection without TLS.
fn loopback(host: &str) -> Option<IpAddr> {
    match host {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        "::1" | "[::1]" => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        host => host.parse().ok().filter(IpAddr::is_loopback),
    }
}

fn tls_parameters(settings: &RelaySettings) -> Result<TlsParameters, RelaysError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca_pem {
        let holds_one = pem.windows(10).any(|window| window == b"-----BEGIN");
        let certificate = Certificate::from_pem(pem).map_err(|_| RelaysError::CaCertificate)?;
        if !holds_one {
            return Err(RelaysError::CaCertificate);
        }
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    builder.build().map_err(|_| RelaysError::Tls)
}

/// MAIL, RCPT, DATA and the mail.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    sender: &EmailAddress,
    to: &EmailAddress,
    body: &[u8],
) -> Result<u16, Failure> {
    let mut parameters = Vec::new();
    if !body.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            return Err(Failure::Unfit);
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let mail = Mail::new(Some(smtp_address(sender)?), parameters);
    expect(connection.command(mail).await, 250)?;
    let rcpt = Rcpt::new(smtp_address(to)?, Vec::new());
    let answer = connection.command(rcpt).await;
    expect_any(answer, &[250, 251])?;
    expect(connection.command(Data).await, 354)?;
    expect_any(connection.message(body).await, &[250, 251, 252])
}

fn smtp_address(address: &EmailAddress) -> Result<Address, Failure> {
    Address::new(address.expose_local_part(), address.domain()).map_err(|_| Failure::Unfit)
}

pub(super) fn expect(
    answer: Result<Response, lettre::transport::smtp::Error>,
    code: u16,
) -> Result<u16, Failure> {
    expect_any(answer, &[code])
}

/// The reply code, if it is one of `codes`; another positive one means that the relay is out of step.
fn expect_any(
    answer: Result<Response, lettre::transport::smtp::Error>,
    codes: &[u16],
) -> Result<u16, Failure> {
    match answer {
        Ok(response) => {
            let code = u16::from(response.code());
            codes.contains(&code).then_some(code).ok_or(Failure::Relay(None))
        }
        Err(error) => Err(match error.status().map(u16::from) {
            Some(code) => Failure::Mail(code),
            None => Failure::Relay(None),
        }),
    }
}

fn relay_failure(error: lettre::transport::smtp::Error) -> Failure {
    Failure::Relay(error.status().map(u16::from))
}

/// The mail as `lettre` wants it: it always adds a CRLF before the final dot, so the mail's own last CRLF
/// is left out for the relay to get exactly these bytes. A bare CR or LF could end the mail early at a
/// careless relay (SMTP smuggling): such a mail is not offered at all.
fn offerable(message: &[u8]) -> Result<&[u8], Failure> {
    let mut rest = message;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        match rest.get(at..at + 2) {
            Some(b"\r\n") => rest = rest.get(at + 2..).unwrap_or_default(),
            _ => return Err(Failure::Unfit),
        }
    }
    Ok(message.strip_suffix(b"\r\n").unwrap_or(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, tls: RelayTls) -> RelaySettings {
        RelaySettings {
            host: host.to_owned(),
            port: 25,
            tls,
            credentials: None,
            ca_pem: None,
            proxy: None,
            hello_name: "liaison.example.org".to_owned(),
            timeout: Duration::from_secs(5),
        }
    }

    #[test]
    fn a_relay_without_tls_must_be_on_this_machine() {
        for host in ["127.0.0.1", "127.1.2.3", "::1", "localhost"] {
            assert!(Hop::new(settings(host, RelayTls::None)).is_ok(), "{host}");
        }
        for host in [
            "192.0.2.1",
            "relay.example.org",
            "localhost.example.org",
            "0.0.0.0",
        ] {
            let refused = Hop::new(settings(host, RelayTls::None)).err();
            assert_eq!(refused, Some(RelaysError::PlainNeedsLoopback), "{host}");
        }
    }

    #[test]
    fn a_ca_file_without_certificates_is_refused() {
        let mut settings = settings("relay.example.org", RelayTls::Implicit);
        settings.ca_pem = Some(b"nothing here".to_vec());
        assert_eq!(Hop::new(settings).err(), Some(RelaysError::CaCertificate));
    }

    #[test]
    fn the_last_line_end_is_left_to_lettre_and_bare_ones_are_not_offered() {
        assert!(matches!(offerable(b"a: b\r\n\r\nc\r\n"), Ok(b"a: b\r\n\r\nc")));
        assert!(matches!(offerable(b"c"), Ok(b"c")));
        for unfit in [
            &b"a\nb\r\n"[..],
            b"a\rb\r\n",
            b"a\r\n.\n\r\n",
            b"a\r",
            b"a\n",
            b"\0",
        ] {
            assert!(matches!(offerable(unfit), Err(Failure::Unfit)), "{unfit:?}");
        }
    }

    #[test]
    fn replies_about_ourselves_are_not_held_against_the_mail() {
        assert_eq!(
            RelayAnswer::from(Failure::Mail(535)),
            RelayAnswer::Later(Some(535))
        );
        assert_eq!(
            RelayAnswer::from(Failure::Mail(450)),
            RelayAnswer::Later(Some(450))
        );
        assert_eq!(
            RelayAnswer::from(Failure::Mail(550)),
            RelayAnswer::Refused(Some(550))
        );
        assert_eq!(
            RelayAnswer::from(Failure::Relay(Some(554))),
            RelayAnswer::Later(Some(554))
        );
    }
}

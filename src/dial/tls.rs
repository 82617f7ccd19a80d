//! TLS as a client: whom to trust, and who we are.

use super::DialError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, ClientConfig};
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate of ours with its key, for servers that ask for one (mutual TLS).
#[derive(Debug, Clone)]
pub struct ClientIdentity {
    /// The certificate, with its chain, PEM.
    pub certificate_pem: Vec<u8>,
    /// The private key, PEM.
    pub key_pem: SecretString,
}

/// Whom to trust and who we are.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Further trusted certificates (PEM), beside the operating system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Our own certificate.
    pub identity: Option<ClientIdentity>,
}

impl Trust {
    fn client_config(&self) -> Result<ClientConfig, DialError> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in self
            .ca_pem
            .iter()
            .flat_map(|pem| CertificateDer::pem_slice_iter(pem))
        {
            let certificate = certificate.map_err(|_| DialError::Certificate)?;
            roots.add(certificate).map_err(|_| DialError::Certificate)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| DialError::Certificate)?
            .with_root_certificates(roots);
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(identity) => {
                let chain: Result<Vec<_>, _> =
                    CertificateDer::pem_slice_iter(&identity.certificate_pem).collect();
                let chain = chain.ok().filter(|chain| !chain.is_empty());
                let key = PrivateKeyDer::from_pem_slice(identity.key_pem.expose_secret().as_bytes());
                let (Some(chain), Ok(key)) = (chain, key) else {
                    return Err(DialError::Identity);
                };
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| DialError::Identity)
            }
        }
    }
}

/// TLS on a connection to `host`; its certificate must be for that name. It has no deadline of its own.
///
/// # Errors
/// [`DialError`]: whose certificate is wrong, or that the connection ended.
pub async fn handshake(trust: &Trust, host: &str, tcp: TcpStream) -> Result<TlsStream<TcpStream>, DialError> {
    let config = trust.client_config()?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::Name)?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    connecting.await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData if names_client_certificate(&error) => DialError::IdentityRefused,
        io::ErrorKind::InvalidData => DialError::Certificate,
        _other_kind => DialError::Lost,
    })
}

/// Whether a failure on a TLS connection is the far end's alert about our certificate. With TLS 1.3 it comes with the first
/// bytes read, after the handshake (RFC 8446 section 4.4.2.4).
pub fn names_client_certificate(error: &io::Error) -> bool {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        tls,
        Some(rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::DecryptError
                | AlertDescription::AccessDenied
        ))
    )
}

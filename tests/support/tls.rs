//! Certificates made for one run: an authority and a server certificate for `localhost` and `127.0.0.1`.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct TestCertificate {
    /// What clients trust.
    pub ca_pem: String,
    authority: CertifiedIssuer<'static, KeyPair>,
    pub certificate_pem: String,
    pub key_pem: String,
}

impl TestCertificate {
    pub fn make() -> Self {
        // Of two authorities with one name, a server would take the one for the other.
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, format!("referrald test authority {number}"));
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("key")).expect("authority");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().expect("key");
        let certificate = CertificateParams::new(names)
            .expect("names")
            .signed_by(&key, &authority)
            .expect("certificate");
        Self {
            ca_pem: authority.pem(),
            authority,
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    /// A client's certificate and key of the same authority, for this name.
    pub fn client(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("key");
        let mut client = CertificateParams::new(Vec::new()).expect("parameters");
        client.distinguished_name.push(DnType::CommonName, name);
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = client.signed_by(&key, &self.authority).expect("certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// A server with this certificate, which demands a client certificate of an authority (PEM) where one is given.
    pub fn server_config(&self, clients: Option<&str>) -> rustls::ServerConfig {
        let pem = |text: &str| CertificateDer::from_pem_slice(text.as_bytes()).expect("certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(pem(authority)).expect("authority");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("verifier"))
            }
        };
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("key");
        builder
            .with_single_cert(vec![pem(&self.certificate_pem)], key)
            .expect("certificate fits key")
    }
}

//! Certificates made for one run: an authority and a server certificate for `localhost` and `127.0.0.1`.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

pub struct TestCertificate {
    /// What clients trust.
    pub ca_pem: String,
    pub certificate_pem: String,
    pub key_pem: String,
}

impl TestCertificate {
    pub fn make() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "referrald test authority");
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
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }
}

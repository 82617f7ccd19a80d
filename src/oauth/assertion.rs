//! A signed assertion in place of a secret (RFC 7523), as Microsoft's identity platform asks for it
//! (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>): PS256, `x5t#S256`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// How long an assertion is valid, in seconds.
const LIFE_SECONDS: i64 = 300;

/// Why no assertion can be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// The certificate.
    #[error("certificate_file holds no PEM certificate")]
    Certificate,
    /// The key.
    #[error(
        "key_file holds no RSA private key (PEM, without a password): Microsoft's identity platform takes RSA only"
    )]
    Key,
    /// Signing, or drawing a number.
    #[error("the assertion cannot be signed with the key of key_file")]
    Signing,
}

/// What signs assertions. It does not print.
#[derive(Clone)]
pub struct Assertion {
    thumbprint: String,
    key: Arc<dyn SigningKey>,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion")
    }
}

impl Assertion {
    /// From a certificate and its RSA key, both PEM.
    ///
    /// # Errors
    /// [`AssertionError`]: which file is of no use.
    pub fn new(certificate_pem: &[u8], key_pem: &SecretString) -> Result<Self, AssertionError> {
        let certificate =
            CertificateDer::from_pem_slice(certificate_pem).map_err(|_| AssertionError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.expose_secret().as_bytes())
            .map_err(|_| AssertionError::Key)?;
        let key = any_supported_type(&key).map_err(|_| AssertionError::Key)?;
        // The scheme of TLS is that of RFC 7518 section 3.5: MGF1 with SHA-256, a salt of 32 bytes.
        key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256])
            .ok_or(AssertionError::Key)?;
        Ok(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)),
            key,
        })
    }

    /// The assertion that `client_id` is at the endpoint at `audience`, from `now` (seconds since 1970).
    ///
    /// # Errors
    /// [`AssertionError::Signing`].
    pub(super) fn sign(
        &self,
        client_id: &str,
        audience: &str,
        now: i64,
    ) -> Result<Zeroizing<String>, AssertionError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| AssertionError::Signing)?;
        let header = serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = serde_json::json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": URL_SAFE_NO_PAD.encode(id),
            "iat": now, "nbf": now, "exp": now + LIFE_SECONDS,
        });
        let mut token = Zeroizing::new(format!("{}.{}", encoded(&header), encoded(&claims)));
        let signer = self
            .key
            .choose_scheme(&[SignatureScheme::RSA_PSS_SHA256])
            .ok_or(AssertionError::Signing)?;
        let signature = signer
            .sign(token.as_bytes())
            .map_err(|_| AssertionError::Signing)?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }
}

fn encoded(json: &serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

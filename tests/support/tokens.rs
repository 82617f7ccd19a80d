//! A token endpoint (RFC 6749) on loopback, with TLS: it issues signed tokens of short life, checks secrets, assertions and
//! refresh tokens as a strict service does, and misbehaves on demand.

use super::tls::TestCertificate;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub const CLIENT_ID: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";
pub const SECRET: &str = "Ab8~right-secret/of+this=run";
pub const AUDIENCE: &str = "https://outlook.office365.com";
pub const FIRST_REFRESH: &str = "0.refresh-token-of-the-sign-in";

/// An RSA key with a self-signed certificate, made by openssl once per test run and name.
pub struct RsaKey {
    pub key_pem: String,
    pub certificate_pem: String,
    pub public_pem: String,
    /// PKCS #1.
    pub public_der: Vec<u8>,
}

impl RsaKey {
    pub fn issuer() -> &'static Self {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    pub fn client() -> &'static Self {
        static KEY: OnceLock<RsaKey> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    pub fn generate() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl")
                .args(arguments)
                .current_dir(folder.path())
                .output()
                .expect("openssl is installed");
            assert!(output.status.success(), "{output:?}");
            output.stdout
        };
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key",
            "-out",
            "certificate",
            "-subj",
            "/CN=referrald",
            "-days",
            "2",
        ]);
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("file");
        Self {
            key_pem: text("key"),
            certificate_pem: text("certificate"),
            public_pem: String::from_utf8(openssl(&["rsa", "-in", "key", "-pubout"])).expect("PEM"),
            public_der: openssl(&["rsa", "-in", "key", "-RSAPublicKey_out", "-outform", "DER"]),
        }
    }

    /// A JWT over these claims (RS256).
    pub fn sign(&self, claims: &Value) -> String {
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("key");
        let key = rustls::crypto::ring::sign::any_supported_type(&key).expect("key");
        let signer = key
            .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
            .expect("RSA");
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": "one"});
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = signer.sign(signed.as_bytes()).expect("signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the endpoint does in place of answering.
#[derive(Clone, Debug)]
pub enum Act {
    /// This status, these header lines (each with CRLF), this body.
    Say(u16, &'static str, &'static str),
    /// Nothing until the peer goes away.
    Silence,
    /// A body of so many bytes.
    Bytes(usize),
    /// Bytes that are no HTTP.
    NoHttp,
}

struct State {
    acts: VecDeque<Act>,
    life: Duration,
    subject: String,
    audience: &'static str,
    /// What the client is known by; none for a public client.
    secret: Option<&'static str>,
    refresh: String,
    rotates: bool,
    forms: Vec<HashMap<String, String>>,
    asked: Vec<Instant>,
    issued: Vec<String>,
    token_url: String,
}

pub struct TokenEndpoint {
    pub port: u16,
    pub ca_pem: String,
    state: Arc<Mutex<State>>,
}

impl TokenEndpoint {
    /// Issues tokens for the mailbox `subject`, valid for an hour. It ends with the test process.
    pub fn start(subject: &str) -> Self {
        let certificate = TestCertificate::make();
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let port = listener.local_addr().expect("address").port();
        let state = Arc::new(Mutex::new(State {
            acts: VecDeque::new(),
            life: Duration::from_secs(3600),
            subject: subject.to_owned(),
            audience: AUDIENCE,
            secret: Some(SECRET),
            refresh: FIRST_REFRESH.to_owned(),
            rotates: true,
            forms: Vec::new(),
            asked: Vec::new(),
            issued: Vec::new(),
            token_url: format!("https://localhost:{port}/tenant/oauth2/v2.0/token"),
        }));
        let config = Arc::new(certificate.server_config(None));
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, config) = (Arc::clone(&served), Arc::clone(&config));
                std::thread::spawn(move || serve(stream, config, &state));
            }
        });
        Self {
            port,
            ca_pem: certificate.ca_pem,
            state,
        }
    }

    pub fn url(&self) -> String {
        self.with(|state| state.token_url.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("state"))
    }

    /// The next requests meet these.
    pub fn next(&self, acts: impl IntoIterator<Item = Act>) {
        self.with(|state| state.acts.extend(acts));
    }

    pub fn acts_left(&self) -> usize {
        self.with(|state| state.acts.len())
    }

    pub fn set_life(&self, life: Duration) {
        self.with(|state| state.life = life);
    }

    pub fn set_audience(&self, audience: &'static str) {
        self.with(|state| state.audience = audience);
    }

    /// For a public client with a refresh token.
    pub fn ask_no_secret(&self) {
        self.with(|state| state.secret = None);
    }

    /// The fields of every request.
    pub fn forms(&self) -> Vec<HashMap<String, String>> {
        self.with(|state| state.forms.clone())
    }

    pub fn asked(&self) -> Vec<Instant> {
        self.with(|state| state.asked.clone())
    }

    pub fn issued(&self) -> Vec<String> {
        self.with(|state| state.issued.clone())
    }

    /// The refresh token that is valid now.
    pub fn refresh_token(&self) -> String {
        self.with(|state| state.refresh.clone())
    }
}

fn serve(stream: TcpStream, config: Arc<rustls::ServerConfig>, state: &Mutex<State>) -> Option<()> {
    let connection = rustls::ServerConnection::new(config).ok()?;
    let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).ok()?;
    let is_post = line.starts_with("POST /tenant/oauth2/v2.0/token HTTP/1.1\r\n");
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        if line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let form: HashMap<String, String> = serde_urlencoded::from_bytes(&body).ok()?;
    let act = {
        let mut state = state.lock().expect("state");
        state.forms.push(form.clone());
        state.asked.push(Instant::now());
        state.acts.pop_front()
    };
    let say = |status: u16, headers: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} So\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let answer = match act {
        None if is_post => {
            let (status, body) = state.lock().expect("state").answer(&form);
            say(status, "", &body.to_string())
        }
        None => say(404, "", ""),
        Some(Act::Say(status, headers, body)) => say(status, headers, body),
        Some(Act::Bytes(bytes)) => say(200, "", &"x".repeat(bytes)),
        Some(Act::NoHttp) => "* OK IMAP4rev1 ready\r\n".to_owned(),
        Some(Act::Silence) => {
            let _gone = stream.read(&mut [0; 1]);
            return None;
        }
    };
    let mut stream = stream.into_inner();
    stream.write_all(answer.as_bytes()).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

impl State {
    fn answer(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("client_id") != CLIENT_ID {
            return refusal("unauthorized_client", 700_016);
        }
        if let Some(secret) = self.secret {
            let is_proved = match form.get("client_assertion") {
                Some(assertion) => self.is_signed(assertion, field("client_assertion_type")),
                None => field("client_secret") == secret,
            };
            if !is_proved {
                return refusal("invalid_client", 7_000_215);
            }
        }
        let mut answer = json!({"token_type": "Bearer", "expires_in": self.life.as_secs()});
        match field("grant_type") {
            "client_credentials" if self.secret.is_some() => {}
            "refresh_token" if field("refresh_token") == self.refresh => {
                if self.rotates {
                    self.refresh = format!(
                        "{}.{}",
                        self.forms.len(),
                        self.refresh.split('.').next_back().unwrap_or("")
                    );
                    answer["refresh_token"] = json!(self.refresh);
                }
            }
            "refresh_token" => return refusal("invalid_grant", 700_082),
            _ => return refusal("unsupported_grant_type", 70_003),
        }
        let now = seconds();
        let token = RsaKey::issuer().sign(&json!({
            "iss": "https://issuer.example", "aud": self.audience, "sub": self.subject, "azp": CLIENT_ID,
            "iat": now, "nbf": now, "exp": now + self.life.as_secs(), "jti": self.issued.len(),
        }));
        self.issued.push(token.clone());
        answer["access_token"] = json!(token);
        (200, answer)
    }

    /// RFC 7523 section 3, and what Microsoft's identity platform asks for.
    fn is_signed(&self, assertion: &str, kind: &str) -> bool {
        let parts: Vec<&str> = assertion.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return false;
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        let read = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap_or_default();
        let (stated, claims) = (read(header), read(claims));
        let client = RsaKey::client();
        let certificate =
            CertificateDer::from_pem_slice(client.certificate_pem.as_bytes()).expect("certificate");
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let (_, pss) = algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == SignatureScheme::RSA_PSS_SHA256)
            .expect("PSS");
        let signed = format!("{header}.{}", parts[1]);
        let now = seconds();
        kind == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            && stated == json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint})
            && claims["aud"] == self.token_url.as_str()
            && claims["iss"] == CLIENT_ID
            && claims["sub"] == CLIENT_ID
            && claims["jti"].as_str().is_some_and(|id| id.len() >= 20)
            && claims["nbf"].as_u64().is_some_and(|from| from <= now)
            && claims["exp"]
                .as_u64()
                .is_some_and(|until| until > now && until <= now + 600)
            && pss[0]
                .verify_signature(&client.public_der, signed.as_bytes(), &decode(signature))
                .is_ok()
    }
}

fn refusal(word: &str, number: u32) -> (u16, Value) {
    let status = if word == "invalid_client" { 401 } else { 400 };
    let description = format!("AADSTS{number}: Words that nobody is to see in a log. Trace ID: 1");
    (
        status,
        json!({"error": word, "error_description": description, "error_codes": [number]}),
    )
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

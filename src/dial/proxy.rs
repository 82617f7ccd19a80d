//! The CONNECT dialogue with an HTTP proxy.

use super::DialError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

/// Largest head of the proxy's answer, in bytes.
const MAX_HEAD: usize = 8 * 1024;

/// An HTTP proxy that opens connections for us.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, for Basic authentication (RFC 7617).
    pub login: Option<(String, SecretString)>,
}

impl Proxy {
    /// Has the proxy connect to `host`.
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let request = self.request(host, port)?;
        let mut stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|_| DialError::ProxyUnreachable)?;
        stream
            .write_all(request.as_bytes())
            .await
            .map_err(|_| DialError::ProxyUnreachable)?;
        match status(&mut stream).await {
            Some(200..=299) => Ok(stream),
            Some(code) => Err(DialError::ProxyRefused(code)),
            None => Err(DialError::ProxyRefused(0)),
        }
    }

    fn request(&self, host: &str, port: u16) -> Result<Zeroizing<String>, DialError> {
        // A name that passes this holds neither spaces nor line ends.
        let name = ServerName::try_from(host).map_err(|_| DialError::Name)?;
        let authority = match name {
            ServerName::IpAddress(rustls::pki_types::IpAddr::V6(_)) => format!("[{host}]:{port}"),
            _name_or_ipv4 => format!("{host}:{port}"),
        };
        let mut request = Zeroizing::new(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"));
        if let Some((user, password)) = &self.login {
            let login = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
            let encoded = Zeroizing::new(STANDARD.encode(login.as_bytes()));
            request.push_str(&format!("Proxy-Authorization: Basic {}\r\n", *encoded));
        }
        request.push_str("\r\n");
        Ok(request)
    }
}

/// The code of the answer; `None` where it is none, or too long. Byte by byte: what follows the head is the far end's.
async fn status(stream: &mut (impl AsyncRead + Unpin)) -> Option<u16> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next().filter(|code| code.len() == 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> Proxy {
        Proxy {
            host: "proxy.example".to_owned(),
            port: 3128,
            login: Some(("referrald".to_owned(), "open sesame".into())),
        }
    }

    #[test]
    fn the_request_names_the_host_and_carries_the_login() {
        let request = proxy().request("imap.example.org", 993).unwrap();
        assert_eq!(
            *request,
            "CONNECT imap.example.org:993 HTTP/1.1\r\nHost: imap.example.org:993\r\n\
             Proxy-Authorization: Basic cmVmZXJyYWxkOm9wZW4gc2VzYW1l\r\n\r\n"
        );
        let bare = Proxy {
            login: None,
            ..proxy()
        };
        assert!(
            bare.request("2001:db8::1", 993)
                .unwrap()
                .starts_with("CONNECT [2001:db8::1]:993 ")
        );
        for odd in ["a b", "a\r\nX: y", "", "a/b"] {
            assert_eq!(bare.request(odd, 1).err(), Some(DialError::Name), "{odd:?}");
        }
    }

    #[tokio::test]
    async fn only_the_head_is_read_and_it_is_bounded() {
        let mut answer = &b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n* OK ready"[..];
        assert_eq!(status(&mut answer).await, Some(200));
        assert_eq!(answer, b"* OK ready");
        assert_eq!(status(&mut &b"HTTP/1.0 407 No\r\n\r\n"[..]).await, Some(407));
        for odd in [
            &b"* OK IMAP\r\n\r\n"[..],
            b"HTTP/1.1 20\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"",
        ] {
            assert_eq!(status(&mut &odd[..]).await, None);
        }
        let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; MAX_HEAD * 2]].concat();
        let mut rest = endless.as_slice();
        assert_eq!(status(&mut rest).await, None);
        assert_eq!(endless.len() - rest.len(), MAX_HEAD);
    }
}

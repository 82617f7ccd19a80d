//! One request to a token endpoint: HTTP/1.1 over TLS, bounded and without redirects.

use super::advice::TokenError;
use crate::dial::{self, Proxy, Trust};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{HeaderMap, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use zeroize::Zeroizing;

/// Largest answer taken, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Largest head of an answer, in bytes.
const MAX_HEAD: usize = 32 * 1024;

/// The address of a token endpoint: `https://HOST[:PORT]/PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUrl {
    text: String,
    host: String,
    port: u16,
    path: String,
}

impl TokenUrl {
    /// `None` for anything but a plain https address.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let is_plain = uri.scheme_str() == Some("https") && !authority.as_str().contains('@');
        let host = authority.host().trim_matches(['[', ']']);
        (is_plain && !host.is_empty()).then(|| Self {
            text: text.to_owned(),
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(443),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// As it was written; the audience of assertions.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port {
            443 => host,
            port => format!("{host}:{port}"),
        }
    }
}

/// An answer of the endpoint.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
    /// How long the endpoint asks to be left alone, and at which time it said so.
    pub(super) retry_after: Option<Duration>,
}

/// Posts a form. It has no deadline of its own.
pub(super) async fn post(
    url: &TokenUrl,
    proxy: Option<&Proxy>,
    trust: &Trust,
    form: &str,
    now: i64,
) -> Result<Reply, TokenError> {
    let tcp = dial::tcp(&url.host, url.port, proxy).await?;
    let tls = dial::handshake(trust, &url.host, tcp).await?;
    let request = Request::post(url.path.as_str())
        .header(HOST, url.authority())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .body(Full::new(Bytes::copy_from_slice(form.as_bytes())))
        .map_err(|_| TokenError::NoHttp)?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(tls))
        .await
        .map_err(|_| TokenError::NoHttp)?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|_| TokenError::NoHttp)?;
        read(response, now).await
    };
    tokio::pin!(exchange);
    // The connection does the reading and writing; the exchange ends before it does.
    tokio::select! {
        reply = &mut exchange => reply,
        _closed = connection => exchange.await,
    }
}

async fn read(response: Response<Incoming>, now: i64) -> Result<Reply, TokenError> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), now);
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => TokenError::TooLarge,
        false => TokenError::NoHttp,
    })?;
    Ok(Reply {
        status,
        body: Zeroizing::new(body.to_bytes().to_vec()),
        retry_after,
    })
}

/// Retry-After in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse() {
        Ok(seconds) => seconds,
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?;
            u64::try_from(date.timestamp().as_second().saturating_sub(now)).ok()?
        }
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_are_endpoints() {
        let url = TokenUrl::parse("https://login.example/t/oauth2/v2.0/token").unwrap();
        assert_eq!(
            (url.host(), url.port, url.path.as_str()),
            ("login.example", 443, "/t/oauth2/v2.0/token")
        );
        assert_eq!(url.authority(), "login.example");
        let url = TokenUrl::parse("https://[::1]:8443/token?x=1").unwrap();
        assert_eq!(
            (url.authority().as_str(), url.path.as_str()),
            ("[::1]:8443", "/token?x=1")
        );
        for other in [
            "http://login.example/token",
            "https://user:password@login.example/token",
            "login.example/token",
            "https:///token",
            "",
        ] {
            assert_eq!(TokenUrl::parse(other), None, "{other}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, 784_111_770)
        };
        assert_eq!(after("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            after("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(7))
        );
        assert_eq!(after("Sun, 06 Nov 1994 08:49:00 GMT"), None);
        assert_eq!(after("-5"), None);
        assert_eq!(after("soon"), None);
    }
}

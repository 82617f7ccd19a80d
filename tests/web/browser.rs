//! A browser in small: keeps its cookie, sends forms with the token of the page.

use crate::markup;
use crate::world::HOST;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt;

#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookie: Option<(String, String)>,
    pub(crate) host: String,
    pub(crate) more: Vec<(&'static str, String)>,
}

pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn place(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn token(&self) -> String {
        markup::attribute(&self.body, "name", "token", "value").expect("a form")
    }
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self {
            router,
            cookie: None,
            host: HOST.into(),
            more: vec![("sec-fetch-site", "same-origin".into())],
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Got {
        self.ask("GET", path, Body::empty()).await
    }

    /// Sends fields as they are.
    pub(crate) async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.ask("POST", path, Body::from(body)).await
    }

    /// Sends fields with the token that this browser's forms carry.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let token = match &self.cookie {
            Some((_, value)) => form_token(value),
            None => String::new(),
        };
        let fields = [&[("token", token.as_str())], fields].concat();
        self.send(path, &fields).await
    }

    /// Sends a document with the token that this browser's forms carry.
    pub(crate) async fn upload(&mut self, path: &str, name: &str, bytes: &[u8]) -> Got {
        let token = match &self.cookie {
            Some((_, value)) => form_token(value),
            None => String::new(),
        };
        let mut body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--cut\r\n\
             Content-Disposition: form-data; name=\"document\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--cut--\r\n");
        self.ask_as("POST", path, "multipart/form-data; boundary=cut", body.into())
            .await
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: Body) -> Got {
        self.ask_as(method, path, "application/x-www-form-urlencoded", body)
            .await
    }

    /// Sends a body of this type.
    pub(crate) async fn ask_as(&mut self, method: &str, path: &str, media_type: &str, body: Body) -> Got {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, media_type);
        for (name, value) in &self.more {
            request = request.header(*name, value);
        }
        if let Some((name, value)) = &self.cookie {
            request = request.header(header::COOKIE, format!("{name}={value}"));
        }
        let request = request.body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        if let Some(cookie) = head.headers.get(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookie = Some((name.to_owned(), value.to_owned()));
        }
        let body = to_bytes(body, 10_000_000).await.unwrap();
        Got {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

/// What our own forms would carry: made from the cookie as the pages do.
pub(crate) fn form_token(cookie: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use sha2::{Digest, Sha256};
    let bytes = URL_SAFE_NO_PAD.decode(cookie).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(b"referrald/form/1");
    hash.update(&bytes);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

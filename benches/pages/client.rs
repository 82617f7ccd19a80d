//! A browser that asks over loopback and keeps its connections open.

use crate::Page;
use crate::browser::{Browser, form_token};
use crate::fill::Filled;
use crate::markup;
use crate::served::Served;
use crate::world::Who;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

pub(crate) struct Client {
    address: String,
    browser: Browser,
    idle: Mutex<Vec<TcpStream>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Of the body.
    pub(crate) bytes: usize,
    /// Since it was due.
    pub(crate) time: Duration,
}

impl Client {
    pub(crate) async fn new(served: &Served, who: Who) -> Self {
        Self {
            address: served.origin.trim_start_matches("http://").to_owned(),
            browser: served.world.browser(who).await,
            idle: Mutex::default(),
        }
    }

    /// The bytes of one request for the page.
    pub(crate) fn request(&self, page: &Page, filled: &Filled, number: u32) -> Vec<u8> {
        let path = filled.path(page.path, number);
        if page.form.is_empty() {
            return self.head("GET", &path, "").into_bytes();
        }
        let cookie = self.browser.cookie.as_ref().map_or("", |(_, value)| value);
        let mut fields = vec![("token", form_token(cookie))];
        fields.extend(
            page.form
                .iter()
                .map(|(name, value)| (*name, filled.path(value, number))),
        );
        let body = serde_urlencoded::to_string(fields).unwrap();
        let more = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        (self.head("POST", &path, &more) + &body).into_bytes()
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        let cookie = self.browser.cookie.as_ref();
        let cookie = cookie.map_or(String::new(), |(name, value)| {
            format!("Cookie: {name}={value}\r\n")
        });
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nAccept-Encoding: gzip, deflate, br\r\n{cookie}{more}\r\n",
            self.address
        )
    }

    /// Asks on a connection that is free, or on a new one.
    pub(crate) async fn ask(&self, request: &[u8], due: Instant) -> Answer {
        let free = self.idle.lock().unwrap().pop();
        let mut stream = match free {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await.unwrap(),
        };
        stream.set_nodelay(true).unwrap();
        stream.write_all(request).await.unwrap();
        let (status, body) = read(&mut stream).await;
        let time = due.elapsed();
        self.idle.lock().unwrap().push(stream);
        Answer {
            status,
            bytes: body.len(),
            time,
        }
    }

    /// Bytes of everything that a browser loads for the page besides its HTML.
    pub(crate) async fn style(&self, page: &Page, filled: &Filled) -> usize {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(&self.request(page, filled, 0)).await.unwrap();
        let (_, html) = read(&mut stream).await;
        let mut files = markup::addresses(&String::from_utf8(html).unwrap());
        files.retain(|address| address.starts_with("/assets/"));
        let mut bytes = 0;
        for file in files {
            stream
                .write_all(self.head("GET", &file, "").as_bytes())
                .await
                .unwrap();
            bytes += read(&mut stream).await.1.len();
        }
        bytes
    }
}

/// Status and body of an answer with a length.
async fn read(stream: &mut TcpStream) -> (u16, Vec<u8>) {
    let mut bytes = Vec::new();
    let end = loop {
        let found = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(at) = found {
            break at + 4;
        }
        assert_ne!(
            stream.read_buf(&mut bytes).await.unwrap(),
            0,
            "the server hung up"
        );
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let value = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().to_owned())
    };
    let length: usize = value("content-length:").map_or(0, |length| length.parse().unwrap());
    assert_eq!(value("transfer-encoding:"), None);
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = bytes.split_off(end);
    while body.len() < length {
        assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0, "the server hung up");
    }
    (status, body)
}

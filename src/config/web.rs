//! `[web]`: the staff pages.

use super::fields::Fields;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[web]`
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Where the pages are served; a loopback address where there is no TLS.
    pub listen: SocketAddr,
    /// `https://HOST[:PORT]` as browsers see it.
    pub public_origin: Option<String>,
    /// Certificate and key files (PEM); without them there is no TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// A session ends after so long without a request.
    pub idle: Duration,
    /// A session ends after so long in any case.
    pub absolute: Duration,
    /// A file of passwords known from breaches, which are not taken.
    pub breached_passwords: Option<PathBuf>,
}

pub(super) fn web(mut f: Fields) -> WebConfig {
    let listen = f.optional_address("listen");
    let public_origin = f.optional_text("public_origin");
    let (certificate, key) = (f.optional_path("certificate_file"), f.optional_path("key_file"));
    f.demand(
        certificate.is_some() == key.is_some(),
        "certificate_file",
        "give both certificate_file and key_file, or neither",
    );
    let tls = certificate.zip(key);
    let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    f.demand(
        listen.ip().is_loopback() || (tls.is_some() && public_origin.is_some()),
        "listen",
        "without TLS the pages are served on this machine only, such as \"127.0.0.1:8080\"; elsewhere give \
         certificate_file, key_file and public_origin",
    );
    f.demand(
        public_origin.as_deref().is_none_or(is_origin),
        "public_origin",
        "write what browsers show, without a path: \"https://referrals.restorative.example\"",
    );
    WebConfig {
        listen,
        public_origin,
        tls,
        idle: Duration::from_secs(60 * f.number("idle_minutes", 15, 1..=120)),
        absolute: Duration::from_secs(3600 * f.number("absolute_hours", 8, 1..=24)),
        breached_passwords: f.optional_path("breached_passwords_file"),
    }
}

/// `https://host` or `https://host:port`, lower case, and nothing behind it.
fn is_origin(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("https://") else {
        return false;
    };
    let (host, port) = authority
        .split_once(':')
        .map_or((authority, None), |(h, p)| (h, Some(p)));
    let host_fits = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    host_fits && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 443 && port != 0))
}

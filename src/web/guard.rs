//! What surrounds every route: headers of every answer, the host asked for, forms from other sites, the time.
//!
//! Security: these layers see every request first and every answer last, also those of unknown paths.

use super::problem::Problem;
use super::request::App;
use super::settings::{Behind, WebSettings};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tower_http::csrf::CsrfLayer;

/// Largest form, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;
/// For one request, its body included.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// For a request that brings a document: 10 MB from a home line.
const UPLOAD_TIME: Duration = Duration::from_secs(240);
/// What a page may load and do: our style sheets and pictures, forms to ourselves, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Who is connected to us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The values of Host that are ours.
pub(super) fn hosts(settings: &WebSettings) -> Vec<String> {
    match &settings.public_origin {
        Some(origin) => vec![origin.trim_start_matches("https://").to_owned()],
        None => {
            let port = settings.listen.port();
            vec![settings.listen.to_string(), format!("localhost:{port}")]
        }
    }
}

/// `None` where the origin is none.
pub(super) fn around(
    router: Router,
    app: Arc<App>,
    hosts: Vec<String>,
    origin: Option<&str>,
) -> Option<Router> {
    let refuse = || Problem::OtherSite.into_response();
    let csrf = match origin {
        Some(origin) => CsrfLayer::new().add_trusted_origin(origin).ok()?,
        None => CsrfLayer::new(),
    };
    let hosts: Arc<[String]> = hosts.into();
    Some(
        router
            .layer(csrf.with_rejection_response(move |_| refuse()))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(middleware::from_fn_with_state(hosts, ours_only))
            .layer(middleware::from_fn(in_time))
            .layer(middleware::from_fn_with_state(app, headers)),
    )
}

/// A name that somebody else made point here (DNS rebinding) is not ours.
async fn ours_only(State(hosts): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let is_ours = host.is_some_and(|host| hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host)));
    match is_ours {
        true => next.run(request).await,
        false => Problem::OtherHost.into_response(),
    }
}

/// A body is read only for whoever is signed in: nobody else makes use of the longer time.
async fn in_time(request: Request, next: Next) -> Response {
    let is_upload = request.method() == Method::POST && request.uri().path().ends_with("/documents");
    let time = match is_upload {
        true => UPLOAD_TIME,
        false => REQUEST_TIME,
    };
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::TooSlow.into_response(),
    }
}

async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if app.settings.is_secure() {
        let hsts = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    // Whatever does not say otherwise (a style sheet) may be personal.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Who asks: the peer, or what our own proxy says of its peer. Of several values the last is the proxy's own.
pub(super) fn asker(peer: Option<Peer>, behind: Behind, headers: &HeaderMap) -> IpAddr {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    match behind {
        Behind::Nothing => peer,
        Behind::Proxy => headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|last| last.trim().parse().ok())
            .unwrap_or(peer),
    }
}

//! The pages over a real connection, with and without TLS.

use crate::tls::TestCertificate;
use crate::world::{World, settings};
use referrald::domain::SystemClock;
use referrald::web::{WebError, WebParts, WebServer, WebTls};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

fn parts(world: &World) -> WebParts {
    WebParts {
        store: world.store.clone(),
        clock: Arc::new(SystemClock),
        readable: |_| String::new(),
        documents: None,
        subjects: std::sync::Arc::new(crate::world::Bundles),
    }
}

async fn serve(
    world: &World,
    tls: Option<WebTls>,
) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let mut settings = settings();
    settings.listen = "127.0.0.1:0".parse().unwrap();
    settings.tls = tls;
    let server = WebServer::bind(settings, parts(world)).await.unwrap();
    let address = server.address().unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(server.run(stop.clone()));
    (address, stop, running)
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _broken_off = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(address: SocketAddr) -> String {
    format!("GET /sign-in HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn pages_are_served_and_the_server_stops() {
    let world = World::new().await;
    let (address, stop, running) = serve(&world, None).await;
    let answer = talk(TcpStream::connect(address).await.unwrap(), &request(address)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("<h1"));
    // An open connection without a request does not hold up the stop.
    let _idle = TcpStream::connect(address).await.unwrap();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(12), running)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn pages_over_tls() {
    let world = World::new().await;
    let made = TestCertificate::make();
    let tls = WebTls {
        certificate_pem: made.certificate_pem.clone().into_bytes(),
        key_pem: made.key_pem.clone().into(),
    };
    let (address, _stop, _running) = serve(&world, Some(tls)).await;
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(made.ca_pem.as_bytes()).unwrap())
        .unwrap();
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let answer = talk(stream, &request(address)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.contains("strict-transport-security") && answer.contains("set-cookie: __Host-referrald="));
    // Plain text on the TLS port gets no page.
    let plain = talk(TcpStream::connect(address).await.unwrap(), &request(address)).await;
    assert!(!plain.contains("<h1"));
}

#[tokio::test]
async fn headers_have_a_bound_in_size_and_time() {
    let world = World::new().await;
    let (address, _stop, _running) = serve(&world, None).await;
    let large = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nX: {}\r\n\r\n",
        "x".repeat(40_000)
    );
    let answer = talk(TcpStream::connect(address).await.unwrap(), &large).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let begun = std::time::Instant::now();
    let slow = talk(
        TcpStream::connect(address).await.unwrap(),
        "GET / HTTP/1.1\r\nHost:",
    )
    .await;
    assert!(!slow.contains("200 OK") && begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn without_tls_nothing_is_served_to_other_machines() {
    let world = World::new().await;
    let mut settings = settings();
    settings.listen = "0.0.0.0:0".parse().unwrap();
    let refused = WebServer::bind(settings, parts(&world)).await;
    assert!(matches!(refused.map(|_| ()), Err(WebError::NotLoopback)));
}

//! A TLS proxy in front of an IMAP server that misbehaves on demand.

use super::tls::TestCertificate;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What happens to a command line that contains a text.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answered by the proxy with this status line (after the tag); the server never sees it.
    Answer(&'static str),
    /// Answered by the proxy with an untagged line and this status line.
    Prelude(&'static str, &'static str),
    /// Nobody sees it, nobody answers.
    Swallow,
    /// The connection is dropped before the server sees it.
    HangUp,
    /// The server sees it, the client hears nothing more.
    HangUpAfter,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub contains: String,
    pub act: Act,
    pub times: usize,
}

#[derive(Default)]
struct Faults {
    rules: Vec<Rule>,
    /// For each coming connection: bytes of the server that get through.
    cuts: VecDeque<Option<u64>>,
}

pub struct Proxy {
    pub port: u16,
    faults: Arc<Mutex<Faults>>,
    connections: Arc<AtomicUsize>,
    hang_up: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens with TLS and forwards to the plain IMAP port.
    pub async fn start(certificate: &TestCertificate, imap_port: u16) -> Self {
        let chain = vec![
            CertificateDer::from_pem_slice(certificate.certificate_pem.as_bytes()).expect("certificate"),
        ];
        let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes()).expect("key");
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .expect("certificate fits key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let port = listener.local_addr().expect("address").port();
        let faults = Arc::new(Mutex::new(Faults::default()));
        let connections = Arc::new(AtomicUsize::new(0));
        let hang_up = watch::Sender::new(0);
        let task = {
            let hang_up = hang_up.clone();
            let (faults, connections) = (Arc::clone(&faults), Arc::clone(&connections));
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    connections.fetch_add(1, Ordering::Relaxed);
                    let cut = faults.lock().expect("faults").cuts.pop_front().flatten();
                    let (acceptor, faults) = (acceptor.clone(), Arc::clone(&faults));
                    let mut hung_up = hang_up.subscribe();
                    tokio::spawn(async move {
                        let Ok(client) = acceptor.accept(client).await else {
                            return;
                        };
                        let Ok(server) = TcpStream::connect(("127.0.0.1", imap_port)).await else {
                            return;
                        };
                        tokio::select! {
                            () = relay(client, server, cut, &faults) => {}
                            _ = hung_up.changed() => {}
                        }
                    });
                }
            })
        };
        Self {
            port,
            faults,
            connections,
            hang_up,
            task,
        }
    }

    /// The next `times` commands that contain `contains` meet `act`.
    pub fn on(&self, contains: &str, act: Act, times: usize) {
        self.faults.lock().expect("faults").rules.push(Rule {
            contains: contains.to_owned(),
            act,
            times,
        });
    }

    /// The coming connections are cut after so many bytes from the server.
    pub fn cut_after(&self, bytes: impl IntoIterator<Item = u64>) {
        self.faults
            .lock()
            .expect("faults")
            .cuts
            .extend(bytes.into_iter().map(Some));
    }

    /// Cuts that no connection has met yet.
    pub fn cuts_left(&self) -> usize {
        self.faults.lock().expect("faults").cuts.len()
    }

    /// Times of all rules that are left.
    pub fn rules_left(&self) -> usize {
        self.faults
            .lock()
            .expect("faults")
            .rules
            .iter()
            .map(|rule| rule.times)
            .sum()
    }

    /// Forgets all rules.
    pub fn clear(&self) {
        self.faults.lock().expect("faults").rules.clear();
    }

    /// Drops every connection there is.
    pub fn hang_up_all(&self) {
        self.hang_up.send_modify(|times| *times += 1);
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn act_on(line: &[u8], faults: &Mutex<Faults>) -> Option<Act> {
    let line = String::from_utf8_lossy(line);
    let mut faults = faults.lock().expect("faults");
    let rule = faults
        .rules
        .iter_mut()
        .find(|rule| rule.times > 0 && line.contains(&rule.contains))?;
    rule.times -= 1;
    Some(rule.act.clone())
}

async fn relay<C: AsyncRead + AsyncWrite>(
    client: C,
    server: TcpStream,
    cut: Option<u64>,
    faults: &Mutex<Faults>,
) {
    let (client_in, client_out) = tokio::io::split(client);
    let (mut server_in, mut server_out) = server.into_split();
    let client_out = tokio::sync::Mutex::new(client_out);
    let deaf = std::sync::atomic::AtomicBool::new(false);
    let upward = async {
        let mut lines = BufReader::new(client_in);
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match act_on(&line, faults) {
                None => {
                    if server_out.write_all(&line).await.is_err() {
                        return;
                    }
                }
                Some(Act::HangUp) => return,
                Some(Act::HangUpAfter) => {
                    deaf.store(true, Ordering::Relaxed);
                    let _ = server_out.write_all(&line).await;
                    // Long enough for the server to carry it out; the client sees the end then.
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    return;
                }
                Some(Act::Swallow) => {}
                Some(act @ (Act::Answer(_) | Act::Prelude(..))) => {
                    let tag = String::from_utf8_lossy(line.split(|b| *b == b' ').next().unwrap_or_default());
                    let answer = match act {
                        Act::Prelude(before, status) => format!("{before}\r\n{tag} {status}\r\n"),
                        Act::Answer(status) => format!("{tag} {status}\r\n"),
                        other => unreachable!("{other:?}"),
                    };
                    let mut out = client_out.lock().await;
                    if out.write_all(answer.as_bytes()).await.is_err() || out.flush().await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    let downward = async {
        let mut left = cut;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let Ok(count @ 1..) = server_in.read(&mut buffer).await else {
                return;
            };
            if deaf.load(Ordering::Relaxed) {
                continue;
            }
            let allowed = left.map_or(count, |left| count.min(usize::try_from(left).unwrap_or(count)));
            let mut out = client_out.lock().await;
            if out.write_all(&buffer[..allowed]).await.is_err() || out.flush().await.is_err() {
                return;
            }
            if let Some(left) = &mut left {
                *left -= allowed as u64;
                if *left == 0 {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = upward => {}
        () = downward => {}
    }
}

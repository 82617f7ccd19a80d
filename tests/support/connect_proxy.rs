//! An HTTP proxy that opens connections (CONNECT), with or without a password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct State {
    asked: Vec<String>,
    login: Option<String>,
}

pub struct ConnectProxy {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl ConnectProxy {
    /// It ends with the test process.
    pub fn start(login: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let port = listener.local_addr().expect("address").port();
        let state = Arc::new(Mutex::new(State {
            asked: Vec::new(),
            login: login.map(|(user, password)| STANDARD.encode(format!("{user}:{password}"))),
        }));
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&served);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { port, state }
    }

    /// Host and port of every request.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().expect("state").asked.clone()
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(client.try_clone().ok()?).lines();
    let request = lines.next()?.ok()?;
    let authority = request.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let mut login = None;
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("Proxy-Authorization: Basic ") {
            login = Some(given.to_owned());
        }
    }
    let wanted = {
        let mut state = state.lock().expect("state");
        state.asked.push(authority.clone());
        state.login.clone()
    };
    if wanted.is_some() && wanted != login {
        let no =
            b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
        return client.write_all(no).ok();
    }
    let Ok(mut server) = TcpStream::connect(&authority) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").ok();
    };
    client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .ok()?;
    let (mut up, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ended = std::io::copy(&mut up, &mut to_server);
        let _closed = to_server.shutdown(Shutdown::Write);
    });
    let _ended = std::io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Both).ok()
}

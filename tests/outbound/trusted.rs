//! The submission server's address for trusted relays.

use crate::client::{Client, MemorySink, PASSWORD, Running, USER, auth_plain, serve};
use referrald::domain::Network;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

const SENDER: &str = "MAIL FROM:<volunteer@liaison.example.org>";
const RECIPIENT: &str = "RCPT TO:<a@force.cjsm.net>";

async fn server(peers: &[&str]) -> Running<MemorySink> {
    let peers: Vec<Network> = peers.iter().map(|text| text.parse().expect("network")).collect();
    serve(Arc::new(MemorySink::default()), move |settings| {
        if let Some(relay) = &mut settings.trusted_relay {
            relay.peers = peers;
        }
    })
    .await
}

/// A connection from another address of this machine.
async fn connect_from(from: &str, to: SocketAddr) -> Client {
    let socket = TcpSocket::new_v4().expect("socket");
    socket
        .bind(format!("{from}:0").parse().expect("address"))
        .expect("binds");
    Client::over(Box::new(socket.connect(to).await.expect("connects")))
}

async fn hand_in(client: &mut Client, data: &str) -> String {
    client.says(SENDER, "250 2.1.0").await;
    client.says(RECIPIENT, "250 2.1.5").await;
    client.says("DATA", "354").await;
    client.send(data).await;
    client.reply().await
}

#[tokio::test]
async fn a_relay_on_this_machine_hands_in_mail_with_and_without_tls() {
    let server = server(&["127.0.0.1"]).await;
    let mut client = Client::plain(server.trusted_relay).await;
    let offered = client.say("EHLO relay.example.org").await;
    assert!(
        offered.contains("250 STARTTLS") && !offered.contains("AUTH"),
        "{offered}"
    );
    let taken = hand_in(&mut client, "A: b\r\n\r\n..c\r\n.\r\n").await;
    assert!(taken.starts_with("250 2.0.0 stored as "), "{taken}");
    client.says("STARTTLS", "220 2.0.0").await;
    let mut client = client.start_tls(&server.certificate).await.expect("TLS");
    client.says(SENDER, "503 5.5.1").await;
    let offered = client.say("EHLO relay.example.org").await;
    assert!(
        !offered.contains("STARTTLS") && !offered.contains("AUTH"),
        "{offered}"
    );
    let taken = hand_in(&mut client, "A: b\r\n\r\nover TLS\r\n.\r\n").await;
    assert!(taken.starts_with("250 2.0.0"), "{taken}");
    let mails = server.sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].account, USER, "the mail is the volunteer's");
    assert_eq!(mails[0].sender.expose_personal(), "volunteer@liaison.example.org");
    assert_eq!(mails[0].raw.expose_personal(), b"A: b\r\n\r\n.c\r\n");
}

#[tokio::test]
async fn peers_that_are_not_listed_are_sent_away_before_anything_is_read() {
    for (peers, from, is_taken) in [
        (&["127.0.0.1"][..], "127.0.0.1", true),
        (&["127.0.0.1"], "127.0.0.2", false),
        (&["192.0.2.0/28", "::1"], "127.0.0.1", false),
        (&["192.0.2.1", "127.0.0.0/30"], "127.0.0.3", true),
        (&["127.0.0.0/30"], "127.0.0.4", false),
    ] {
        let server = server(peers).await;
        let mut client = connect_from(from, server.trusted_relay).await;
        let greeting = client.reply().await;
        match is_taken {
            true => assert!(greeting.starts_with("220 "), "{from} {greeting}"),
            false => {
                assert!(greeting.starts_with("554 5.7.1 "), "{from} {greeting}");
                assert!(client.is_closed().await, "{from}");
            }
        }
        // The list is about that address only.
        let mut volunteer = Client::signed_in(&server).await;
        volunteer.says(SENDER, "250").await;
    }
}

#[tokio::test]
async fn the_sender_must_be_an_account_and_nobody_signs_in() {
    let server = server(&["127.0.0.1"]).await;
    let mut client = Client::plain(server.trusted_relay).await;
    client.says(SENDER, "503 5.5.1").await;
    client.says("EHLO relay.example.org", "250").await;
    for (line, reply) in [
        (auth_plain(USER, PASSWORD).as_str(), "502 5.5.1"),
        (
            "MAIL FROM:<>",
            "550 5.7.1 mail without a sender (a bounce) is not taken here",
        ),
        (
            "MAIL FROM:<other@liaison.example.org>",
            "550 5.7.1 the sender is not the address of one volunteer's account",
        ),
        (
            "MAIL FROM:<volunteer@liaison.example.org.evil.example>",
            "550 5.7.1",
        ),
        ("MAIL FROM:<volunteer+x@liaison.example.org>", "550 5.7.1"),
        ("MAIL FROM:<\"volunteer\"@liaison.example.org>", "553 5.1.7"),
        (
            "MAIL FROM:<@relay.example:volunteer@liaison.example.org>",
            "553 5.1.7",
        ),
        ("MAIL FROM:<postmaster>", "550 5.7.1"),
        (RECIPIENT, "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        (
            "MAIL FROM:<volunteer@liaison.example.org> SIZE=26214401",
            "552 5.3.4",
        ),
        ("MAIL FROM:<volunteer@liaison.example.org> SMTPUTF8", "555 5.5.4"),
        (
            "MAIL FROM:<Volunteer@LIAISON.example.org> SIZE=100 BODY=8BITMIME",
            "250 2.1.0",
        ),
        ("RCPT TO:<\"a@force.cjsm.net\"@evil.example>", "553 5.1.3"),
        (SENDER, "503 5.5.1"),
    ] {
        client.says(line, reply).await;
    }
    assert!(server.sink.mails().is_empty());
}

#[tokio::test]
async fn what_holds_for_an_account_holds_for_a_relay() {
    let server = server(&["127.0.0.1"]).await;
    let greeted = async || {
        let mut client = Client::plain(server.trusted_relay).await;
        client.says("EHLO relay.example.org", "250").await;
        client
    };
    let mut client = greeted().await;
    server
        .sink
        .fail_with(Some(referrald::outbound::AcceptFailure::Later));
    let refused = hand_in(&mut client, "A: b\r\n\r\nc\r\n.\r\n").await;
    assert!(refused.starts_with("451 4.3.0"), "{refused}");
    server.sink.fail_with(None);
    *server.sink.unavailable.lock().unwrap() = true;
    client.says(SENDER, "451 4.3.0").await;
    *server.sink.unavailable.lock().unwrap() = false;
    let smuggled = hand_in(&mut client, &format!("A: b\r\n\r\nc\n.\r\n{SENDER}\r\n.\r\n")).await;
    assert!(smuggled.starts_with("554 5.6.0"), "{smuggled}");
    assert!(client.is_closed().await);
    let mut client = greeted().await;
    client.send("NOOP\n").await;
    assert!(client.reply().await.starts_with("500 5.5.2"));
    let mut client = greeted().await;
    client.send("STARTTLS\r\nNOOP\r\n").await;
    assert!(client.reply().await.starts_with("554 5.5.1"));
    let mut client = greeted().await;
    for _ in 0..20 {
        client.says("NONSENSE", "500").await;
    }
    assert!(client.reply().await.starts_with("421 4.7.0"));
    assert!(server.sink.mails().is_empty());
}

#[tokio::test]
async fn a_relay_is_not_kept_out_by_its_own_or_the_volunteers_connections() {
    let server = serve(Arc::new(MemorySink::default()), |settings| {
        settings.max_connections_per_peer = 1;
        settings.max_connections = 3;
        settings.login_timeout = Duration::from_secs(2);
    })
    .await;
    let mut volunteer = Client::plain(server.starttls).await;
    let mut waiting = Client::over(Box::new(
        TcpStream::connect(server.starttls).await.expect("connects"),
    ));
    assert!(waiting.reply().await.starts_with("421 4.7.0"));
    let mut relays = Vec::new();
    for _ in 0..3 {
        relays.push(Client::plain(server.trusted_relay).await);
    }
    // No sign-in is waited for: its deadline passes over the idle volunteer only.
    assert!(volunteer.reply().await.starts_with("421 4.4.2"));
    for client in &mut relays {
        client.says("EHLO relay.example.org", "250").await;
        let taken = hand_in(client, "A: b\r\n\r\nc\r\n.\r\n").await;
        assert!(taken.starts_with("250 2.0.0"), "{taken}");
    }
}

//! Relays that are signed in to with an access token: a real Postfix that asks a real Dovecot, and a scripted one.

use crate::connect_proxy::ConnectProxy;
use crate::dovecot::Dovecot;
use crate::postfix::{Act, Postfix, PostfixTls, ScriptedServer, Step, wait_for};
use crate::relays::{MAIL, cjsm, send, settings};
use crate::tls::TestCertificate;
use crate::tokens_endpoint::{AUDIENCE, Act as TokenAct, CLIENT_ID, RsaKey, SECRET, TokenEndpoint};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use referrald::dial::{Proxy, Trust};
use referrald::oauth::{ClientProof, Grant, TokenSettings, TokenSource, TokenUrl};
use referrald::outbound::RelayAnswer;
use referrald::smtp::{
    ProbeFailure, RelayCredentials, RelayProof, RelaySettings, RelayTls, Relays, RelaysError,
};
use std::time::{Duration, Instant};

const USER: &str = "referrals@restorative.example";

fn tokens(endpoint: &TokenEndpoint) -> TokenSource {
    TokenSource::new(TokenSettings {
        url: TokenUrl::parse(&endpoint.url()).unwrap(),
        client_id: CLIENT_ID.to_owned(),
        scope: None,
        grant: Grant::ClientCredentials,
        proof: ClientProof::Secret(SECRET.into()),
        trust: Trust {
            ca_pem: Some(endpoint.ca_pem.clone().into_bytes()),
            identity: None,
        },
        proxy: None,
        time_limit: Duration::from_secs(5),
    })
}

fn with_tokens(settings: RelaySettings, tokens: &TokenSource) -> RelaySettings {
    RelaySettings {
        credentials: Some(RelayCredentials {
            user: USER.to_owned(),
            proof: RelayProof::Tokens(tokens.clone()),
        }),
        ..settings
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_postfix_takes_mail_with_a_token_and_not_without() {
    let dovecot = Dovecot::with_tokens(&RsaKey::issuer().public_pem, CLIENT_ID, AUDIENCE);
    let endpoint = TokenEndpoint::start(USER);
    let sink = ScriptedServer::start();
    let certificate = TestCertificate::make();
    let tls = PostfixTls {
        certificate_pem: &certificate.certificate_pem,
        key_pem: &certificate.key_pem,
    };
    let postfix = Postfix::with_sign_in("tokens", sink.port, &tls, dovecot.auth_port);
    let open = RelaySettings {
        host: "localhost".to_owned(),
        ca_pem: Some(certificate.ca_pem.clone().into_bytes()),
        ..settings(postfix.port, RelayTls::StartTls)
    };
    assert_eq!(
        send(&cjsm(open.clone()), MAIL).await,
        RelayAnswer::Refused(Some(554))
    );
    let relays = cjsm(with_tokens(open.clone(), &tokens(&endpoint)));
    assert_eq!(
        send(&relays, MAIL).await,
        RelayAnswer::Accepted(250),
        "{}",
        postfix.log()
    );
    assert_eq!(relays.probe().await, [Some(Ok(())), None], "{}", postfix.log());
    let arrived = sink.wait_for_mail_to("x@force.cjsm.net").await;
    assert_eq!(arrived.as_handed_to_relay(), MAIL);

    // Through the proxy, which sees STARTTLS and what is encrypted.
    let proxy = ConnectProxy::start(None);
    let proxied = RelaySettings {
        proxy: Some(Proxy {
            host: "127.0.0.1".to_owned(),
            port: proxy.port,
            login: None,
        }),
        ..with_tokens(open, &tokens(&endpoint))
    };
    assert_eq!(
        send(&cjsm(proxied.clone()), MAIL).await,
        RelayAnswer::Accepted(250)
    );
    assert_eq!(proxy.asked(), [format!("localhost:{}", postfix.port)]);
    let implicit = RelaySettings {
        tls: RelayTls::Implicit,
        ..proxied
    };
    assert_eq!(
        Relays::new(Some(implicit), None).err(),
        Some(RelaysError::ProxyNeedsStartTls)
    );

    endpoint.set_audience("https://graph.example");
    let foreign = tokens(&endpoint);
    let relays = cjsm(with_tokens(
        RelaySettings {
            host: "localhost".to_owned(),
            ca_pem: Some(certificate.ca_pem.into_bytes()),
            ..settings(postfix.port, RelayTls::StartTls)
        },
        &foreign,
    ));
    assert_eq!(
        send(&relays, MAIL).await,
        RelayAnswer::Later(Some(535)),
        "no refusal of the mail"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_presents_a_valid_token_and_a_kept_one_that_is_refused_is_fetched_anew() {
    let server = ScriptedServer::start();
    let endpoint = TokenEndpoint::start(USER);
    let kept = tokens(&endpoint);
    let relays = cjsm(with_tokens(settings(server.port, RelayTls::None), &kept));
    server.say(Step::Hello, "250-scripted\r\n250 AUTH XOAUTH2");
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    let first = |command: &str| {
        let (_, message) = command.rsplit_once(' ').unwrap();
        String::from_utf8(STANDARD.decode(message).unwrap()).unwrap()
    };
    let sign_ins = || {
        let commands = server.commands();
        commands
            .into_iter()
            .filter(|line| line.starts_with("AUTH "))
            .collect::<Vec<_>>()
    };
    assert!(sign_ins()[0].starts_with("AUTH XOAUTH2 "));
    assert_eq!(
        first(&sign_ins()[0]),
        format!("user={USER}\x01auth=Bearer {}\x01\x01", endpoint.issued()[0])
    );

    // The server ends the session and refuses the kept token: a challenge, an empty line, the refusal.
    server.at(Step::Noop, Act::HangUp);
    server.say(
        Step::Auth,
        "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n535 5.7.3 Authentication unsuccessful",
    );
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Later(Some(535)));
    assert_eq!(endpoint.issued().len(), 2, "fetched anew once");
    assert_eq!(sign_ins().len(), 3);
    assert!(first(&sign_ins()[2]).contains(&endpoint.issued()[1]));
    // The client reads the refusal without waiting for the server to have read its empty line.
    wait_for("both challenges to be answered with an empty line", || {
        let commands = server.commands();
        (commands.iter().filter(|line| line.is_empty()).count() == 2).then_some(())
    });
    server.behave();
    server.say(Step::Hello, "250-scripted\r\n250 AUTH OAUTHBEARER");
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Accepted(250));
    assert!(first(&sign_ins()[3]).starts_with(&format!("n,a={USER},\x01host=127.0.0.1\x01port=")));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_said_and_the_mail_waits() {
    let server = ScriptedServer::start();
    let endpoint = TokenEndpoint::start(USER);
    endpoint.next([TokenAct::Say(503, "Retry-After: 1\r\n", "")]);
    let relays = cjsm(with_tokens(
        settings(server.port, RelayTls::None),
        &tokens(&endpoint),
    ));
    assert_eq!(send(&relays, MAIL).await, RelayAnswer::Later(None));
    let [probed, _] = relays.probe().await;
    assert!(
        matches!(&probed, Some(Err(ProbeFailure::NoWay(why))) if why.contains("HTTP 503")),
        "{probed:?}"
    );
    assert_eq!(server.connections(), 0);
    let until = Instant::now() + Duration::from_secs(20);
    while send(&relays, MAIL).await != RelayAnswer::Accepted(250) {
        assert!(Instant::now() < until, "the mail leaves once there is a token");
        tokio::task::yield_now().await;
    }
    assert_eq!(
        endpoint.asked().len(),
        2,
        "the endpoint was left alone in between"
    );
}

//! Access tokens against a real Dovecot that validates them by itself, and a token endpoint on loopback.

use crate::mailbox::{USER, settings as password_settings, trust};
use crate::support::connect_proxy::ConnectProxy;
use crate::support::dovecot::Dovecot;
use crate::support::proxy::{Act as ImapAct, Proxy};
use crate::support::tokens::{AUDIENCE, Act, CLIENT_ID, FIRST_REFRESH, RsaKey, SECRET, TokenEndpoint};
use referrald::dial::{self, Trust};
use referrald::imap::{Auth, ImapSettings, connect};
use referrald::ingest::{Mailbox, MailboxError, TokenFault};
use referrald::oauth::{
    Assertion, ClientProof, ErrorWord, Freshness, Grant, RefreshToken, Refusal, TokenError, TokenSettings,
    TokenSource, TokenUrl,
};
use std::time::{Duration, Instant};

pub(crate) fn dovecot() -> Dovecot {
    Dovecot::with_tokens(&RsaKey::issuer().public_pem, CLIENT_ID, AUDIENCE)
}

pub(crate) fn token_settings(endpoint: &TokenEndpoint) -> TokenSettings {
    TokenSettings {
        url: TokenUrl::parse(&endpoint.url()).unwrap(),
        client_id: CLIENT_ID.to_owned(),
        scope: Some(format!("{AUDIENCE}/.default")),
        grant: Grant::ClientCredentials,
        proof: ClientProof::Secret(SECRET.into()),
        trust: Trust {
            ca_pem: Some(endpoint.ca_pem.clone().into_bytes()),
            identity: None,
        },
        proxy: None,
        time_limit: Duration::from_secs(5),
    }
}

pub(crate) fn with_tokens(settings: ImapSettings, tokens: &TokenSource) -> ImapSettings {
    ImapSettings {
        auth: Auth::OAuth2 {
            user: USER.to_owned(),
            tokens: tokens.clone(),
        },
        ..settings
    }
}

fn source(endpoint: &TokenEndpoint) -> TokenSource {
    TokenSource::new(token_settings(endpoint))
}

async fn mails_in_inbox(settings: &ImapSettings) -> Result<u32, MailboxError> {
    Ok(connect(settings).await?.select("INBOX").await?.exists)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_and_a_signed_assertion_open_the_mailbox() {
    let server = dovecot();
    server.deliver(USER, b"Subject: one\r\n\r\nText\r\n");
    let endpoint = TokenEndpoint::start(USER);
    let by_secret = source(&endpoint);
    let settings = with_tokens(password_settings(&server, server.imaps_port), &by_secret);
    for _ in 0..3 {
        assert_eq!(mails_in_inbox(&settings).await, Ok(1), "{}", server.log());
    }
    assert_eq!(endpoint.issued().len(), 1, "a valid token is used again");

    let client = RsaKey::client();
    let assertion = Assertion::new(client.certificate_pem.as_bytes(), &client.key_pem.clone().into());
    let by_certificate = TokenSource::new(TokenSettings {
        proof: ClientProof::Assertion(assertion.unwrap()),
        ..token_settings(&endpoint)
    });
    let settings = with_tokens(settings, &by_certificate);
    assert_eq!(mails_in_inbox(&settings).await, Ok(1), "{}", server.log());
    let forms = endpoint.forms();
    assert_eq!(forms[0]["client_secret"], SECRET);
    assert_eq!(forms[0]["scope"], "https://outlook.office365.com/.default");
    assert!(forms[1].contains_key("client_assertion") && !forms[1].contains_key("client_secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_signed_with_another_key_is_refused_and_one_without_rsa_is_not_made() {
    let endpoint = TokenEndpoint::start(USER);
    let (client, other) = (RsaKey::client(), RsaKey::issuer());
    let wrong = Assertion::new(client.certificate_pem.as_bytes(), &other.key_pem.clone().into()).unwrap();
    let tokens = TokenSource::new(TokenSettings {
        proof: ClientProof::Assertion(wrong),
        ..token_settings(&endpoint)
    });
    assert!(matches!(
        tokens.get().await.unwrap_err().error,
        TokenError::Refused(Refusal {
            word: ErrorWord::InvalidClient,
            ..
        })
    ));
    let server = crate::support::tls::TestCertificate::make();
    let elliptic = Assertion::new(server.certificate_pem.as_bytes(), &server.key_pem.clone().into());
    assert!(elliptic.unwrap_err().to_string().contains("takes RSA only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sasl_ir_and_with_oauthbearer_alone_the_token_goes_too() {
    let server = dovecot();
    let endpoint = TokenEndpoint::start(USER);
    let tokens = source(&endpoint);
    let proxy = Proxy::start(&server.certificate, server.imap_port).await;
    let settings = with_tokens(password_settings(&server, proxy.port), &tokens);
    let offers = |offered| ImapAct::Prelude(offered, "OK done");
    for offered in [
        "* CAPABILITY IMAP4rev1 UIDPLUS AUTH=XOAUTH2",
        "* CAPABILITY IMAP4rev1 UIDPLUS AUTH=OAUTHBEARER",
        "* CAPABILITY IMAP4rev1 UIDPLUS AUTH=OAUTHBEARER SASL-IR",
    ] {
        proxy.on("CAPABILITY", offers(offered), 1);
        assert_eq!(
            mails_in_inbox(&settings).await,
            Ok(0),
            "{offered}\n{}",
            server.log()
        );
    }
    proxy.on(
        "CAPABILITY",
        offers("* CAPABILITY IMAP4rev1 UIDPLUS AUTH=PLAIN"),
        1,
    );
    let refused = mails_in_inbox(&settings).await.unwrap_err().to_string();
    assert!(refused.contains("AUTH=XOAUTH2"), "{refused}");
    let log = server.log();
    assert!(
        log.contains("method=XOAUTH2") && log.contains("method=OAUTHBEARER"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_token_that_is_refused_is_fetched_anew_once() {
    let server = dovecot();
    let endpoint = TokenEndpoint::start(USER);
    let tokens = source(&endpoint);
    let settings = with_tokens(password_settings(&server, server.imaps_port), &tokens);
    // What the service issued for another audience is worth nothing here.
    endpoint.set_audience("https://graph.example");
    for asked in 1..=2 {
        let refused = mails_in_inbox(&settings).await;
        assert_eq!(refused, Err(MailboxError::TokenRefused(TokenFault::Invalid)));
        assert_eq!(
            endpoint.issued().len(),
            asked,
            "a fresh token is not asked for twice"
        );
    }
    let kept = tokens.get().await.unwrap();
    assert_eq!(kept.freshness, Freshness::New);
    endpoint.set_audience(AUDIENCE);
    assert_eq!(
        mails_in_inbox(&settings).await,
        Ok(0),
        "the kept one was refused, the new one not"
    );
    assert_eq!(endpoint.issued().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_outlives_a_restart() {
    let server = dovecot();
    let endpoint = TokenEndpoint::start(USER);
    endpoint.ask_no_secret();
    let folder = tempfile::tempdir().unwrap();
    let refresh = RefreshToken {
        given: FIRST_REFRESH.into(),
        state_file: folder.path().join("refresh.token"),
    };
    let source = || {
        TokenSource::new(TokenSettings {
            grant: Grant::RefreshToken(refresh.clone()),
            proof: ClientProof::None,
            ..token_settings(&endpoint)
        })
    };
    for round in 1..=3 {
        // Each round is a new process as far as memory goes; the endpoint takes only the newest refresh token.
        let settings = with_tokens(password_settings(&server, server.imaps_port), &source());
        assert_eq!(
            mails_in_inbox(&settings).await,
            Ok(0),
            "round {round}\n{}",
            server.log()
        );
        let kept = std::fs::read_to_string(&refresh.state_file).unwrap();
        assert!(kept.trim_end().ends_with(&endpoint.refresh_token()), "{kept}");
    }
    let used: Vec<String> = endpoint
        .forms()
        .iter()
        .map(|form| form["refresh_token"].clone())
        .collect();
    assert_eq!(used[0], FIRST_REFRESH);
    assert!(used[1] != used[0] && used[2] != used[1], "{used:?}");
    std::fs::remove_file(&refresh.state_file).unwrap();
    let spent = source().get().await.unwrap_err();
    assert!(spent.to_string().contains("sign in anew"), "{spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_cannot_be_written_is_used_from_memory_and_written_later() {
    let endpoint = TokenEndpoint::start(USER);
    let folder = tempfile::tempdir().unwrap();
    let state_file = folder.path().join("refresh.token");
    let tokens = TokenSource::new(TokenSettings {
        grant: Grant::RefreshToken(RefreshToken {
            given: FIRST_REFRESH.into(),
            state_file: state_file.clone(),
        }),
        ..token_settings(&endpoint)
    });
    // Nothing can be written where a folder stands.
    let in_the_way = folder.path().join("refresh.token.new");
    std::fs::create_dir(&in_the_way).unwrap();
    for _ in 0..3 {
        let token = tokens.get().await.expect("each successor is taken once");
        tokens.discard(&token).await;
    }
    assert!(!state_file.exists());
    std::fs::remove_dir(&in_the_way).unwrap();
    tokens.get().await.unwrap();
    let kept = std::fs::read_to_string(&state_file).unwrap();
    assert!(kept.trim_end().ends_with(&endpoint.refresh_token()), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends_and_used_on_while_renewal_fails() {
    let endpoint = TokenEndpoint::start(USER);
    endpoint.set_life(Duration::from_secs(6));
    let tokens = source(&endpoint);
    let first = tokens.get().await.unwrap();
    let fetched = Instant::now();
    assert_eq!(first.freshness, Freshness::New);
    endpoint.next([Act::Say(503, "Retry-After: 1\r\n", "")]);
    let stop = tokio_util::sync::CancellationToken::new();
    let keeping = {
        let (tokens, stop) = (tokens.clone(), stop.clone());
        tokio::spawn(async move { tokens.keep(&stop).await })
    };
    let mut met_failure = false;
    while endpoint.issued().len() < 2 {
        let token = tokens
            .get()
            .await
            .expect("there is a valid token at every moment");
        let has_failed = endpoint.acts_left() == 0 && endpoint.issued().len() == 1;
        met_failure |= has_failed && token.expose_secret() == first.expose_secret();
        assert!(fetched.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        met_failure,
        "the first token was handed out after its renewal failed"
    );
    let asked = endpoint.asked();
    assert!(
        asked[1] - asked[0] >= Duration::from_millis(4400),
        "not renewed at once"
    );
    assert!(
        asked[1] - asked[0] < Duration::from_secs(6),
        "renewed ahead of time"
    );
    stop.cancel();
    keeping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_endpoint_does_is_told_and_waited_for() {
    let endpoint = TokenEndpoint::start(USER);
    let mut impatient = token_settings(&endpoint);
    impatient.time_limit = Duration::from_millis(700);
    for (act, error) in [
        (Act::Say(500, "", "oops"), TokenError::Unwell(500)),
        (Act::Say(429, "Retry-After: 2\r\n", "{}"), TokenError::Unwell(429)),
        (
            Act::Say(200, "", "<html>Sign in</html>"),
            TokenError::NoToken(200),
        ),
        (
            Act::Say(302, "Location: https://localhost/elsewhere\r\n", ""),
            TokenError::NoToken(302),
        ),
        (Act::Silence, TokenError::TimedOut),
        (Act::Bytes(10_000_000), TokenError::TooLarge),
        (Act::NoHttp, TokenError::NoHttp),
    ] {
        let tokens = TokenSource::new(impatient.clone());
        endpoint.next([act.clone()]);
        let before = endpoint.asked().len();
        let failed = tokens.get().await.unwrap_err();
        assert_eq!(failed.error, error, "{act:?}");
        let again = tokens.get().await.unwrap_err();
        assert_eq!(again.error, error, "what was found is told again");
        assert_eq!(
            endpoint.asked().len(),
            before + 1,
            "the endpoint is left alone: {act:?}"
        );
        let asked_for = match error {
            TokenError::Unwell(429) => Duration::from_secs(2),
            _ => Duration::from_secs(1),
        };
        assert!(
            again.wait <= asked_for && failed.wait > asked_for / 2,
            "{failed:?}"
        );
        tokio::time::sleep(again.wait).await;
        assert_eq!(tokens.get().await.unwrap().freshness, Freshness::New, "{act:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_with_another_certificate_gets_no_secret() {
    let endpoint = TokenEndpoint::start(USER);
    let mut settings = token_settings(&endpoint);
    settings.trust = Trust::default();
    let refused = TokenSource::new(settings).get().await.unwrap_err();
    assert_eq!(refused.error, TokenError::Dial(dial::DialError::Certificate));
    assert!(endpoint.forms().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_ask_for_one_token() {
    let endpoint = TokenEndpoint::start(USER);
    let tokens = source(&endpoint);
    let all = (0..20).map(|_| {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.get().await.unwrap().expose_secret().to_owned() })
    });
    let mut seen: Vec<String> = futures::future::join_all(all)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    seen.dedup();
    assert_eq!(seen, endpoint.issued());
}

#[tokio::test(flavor = "multi_thread")]
async fn mailbox_and_endpoint_are_reached_through_the_proxy_with_its_password() {
    let server = dovecot();
    let endpoint = TokenEndpoint::start(USER);
    let proxy = ConnectProxy::start(Some(("referrald", "proxy password")));
    let through = |password: &str| dial::Proxy {
        host: "127.0.0.1".to_owned(),
        port: proxy.port,
        login: Some(("referrald".to_owned(), password.into())),
    };
    let settings = |password: &str| {
        let tokens = TokenSource::new(TokenSettings {
            proxy: Some(through(password)),
            ..token_settings(&endpoint)
        });
        let direct = with_tokens(password_settings(&server, server.imaps_port), &tokens);
        ImapSettings {
            proxy: Some(through(password)),
            ..direct
        }
    };
    assert_eq!(
        mails_in_inbox(&settings("proxy password")).await,
        Ok(0),
        "{}",
        server.log()
    );
    let asked = proxy.asked();
    assert_eq!(
        asked,
        [
            format!("localhost:{}", endpoint.port),
            format!("localhost:{}", server.imaps_port)
        ]
    );
    // STARTTLS: the greeting behind the proxy's answer is not swallowed.
    let starttls = ImapSettings {
        tls: referrald::imap::TlsMode::StartTls,
        port: server.imap_port,
        ..settings("proxy password")
    };
    assert_eq!(mails_in_inbox(&starttls).await, Ok(0), "{}", server.log());

    let wrong = mails_in_inbox(&settings("wrong")).await.unwrap_err().to_string();
    assert!(
        wrong.contains("token endpoint") && wrong.contains("check [proxy] user"),
        "{wrong}"
    );
    let without = ImapSettings {
        proxy: Some(through("wrong")),
        ..password_settings(&server, server.imaps_port)
    };
    let refused = mails_in_inbox(&without).await.unwrap_err();
    assert!(
        matches!(&refused, MailboxError::NoWay(why) if why.contains("code 407")),
        "{refused}"
    );
    let down = ImapSettings {
        proxy: Some(dial::Proxy {
            port: crate::support::dovecot::free_ports::<1>()[0],
            ..through("x")
        }),
        ..without
    };
    let refused = mails_in_inbox(&down).await.unwrap_err();
    assert!(
        refused.to_string().contains("the proxy does not answer"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_client_certificate_gets_ours() {
    use crate::mailbox::PASSWORD;
    let authority = crate::support::tls::TestCertificate::make();
    let server = Dovecot::with_client_certificates(&[(USER, PASSWORD)], &authority.ca_pem);
    let with = |identity| ImapSettings {
        trust: trust(&server, identity),
        ..password_settings(&server, server.imaps_port)
    };
    let ours = with(Some(authority.client("referrald")));
    assert_eq!(mails_in_inbox(&ours).await, Ok(0), "{}", server.log());
    let stranger = crate::support::tls::TestCertificate::make().client("stranger");
    for (identity, what) in [(None, "none"), (Some(stranger), "another authority's")] {
        let refused = mails_in_inbox(&with(identity)).await.unwrap_err();
        assert!(
            matches!(&refused, MailboxError::NoWay(why) if why.contains("client_certificate_file")),
            "{what}: {refused}\n{}",
            server.log()
        );
    }
    let (certificate, _) = authority.client("referrald");
    let (_, other_key) = authority.client("referrald");
    let mixed = mails_in_inbox(&with(Some((certificate, other_key))))
        .await
        .unwrap_err();
    assert!(mixed.to_string().contains("do not fit together"), "{mixed}");
}

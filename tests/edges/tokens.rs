//! Access tokens, the proxy and client certificates with the real program: a whole intake with each way to sign in, and what
//! `check` and the log say where something is wrong.

use crate::program::Program;
use crate::support::connect_proxy::ConnectProxy;
use crate::support::dovecot::Dovecot;
use crate::support::tls::TestCertificate;
use crate::support::tokens::{AUDIENCE, Act, CLIENT_ID, FIRST_REFRESH, RsaKey, SECRET, TokenEndpoint};
use crate::{CONFIG_ERROR, MAILBOX, PASSWORD, mail};
use std::fs;
use std::time::Duration;

fn dovecot() -> Dovecot {
    Dovecot::with_tokens(&RsaKey::issuer().public_pem, CLIENT_ID, AUDIENCE)
}

/// A program whose mailbox is opened with tokens of this endpoint.
fn program(dovecot: &Dovecot, endpoint: &TokenEndpoint, lines: &str) -> Program {
    let program = Program::configured("localhost", dovecot.imaps_port, Some(&dovecot.certificate.ca_pem));
    program.write("token-ca.pem", &endpoint.ca_pem);
    program.write_secret("oauth2.secret", &format!("{SECRET}\n"));
    program.write_secret("refresh.given", &format!("{FIRST_REFRESH}\n"));
    let client = RsaKey::client();
    program.write("app.crt", &client.certificate_pem);
    program.write_secret("app.key", &client.key_pem);
    add(
        &program,
        &format!(
            "[mailbox.oauth2]\ntoken_url = \"{}\"\nca_file = \"token-ca.pem\"\nclient_id = \"{CLIENT_ID}\"\n{lines}\
             [log]\nlevel = \"trace\"\n",
            endpoint.url()
        ),
    );
    program
}

fn add(program: &Program, lines: &str) {
    let text = fs::read_to_string(program.file("referrald.toml")).unwrap();
    program.write("referrald.toml", &format!("{text}{lines}"));
}

fn wait_until_taken(program: &Program, dovecot: &Dovecot) {
    program.wait_for("the mail to be taken", || {
        (dovecot.count(MAILBOX, "INBOX") == 0).then_some(())
    });
}

/// No secret and no token stands in the log, or is printed.
fn demand_silence(texts: &[&str], endpoint: &TokenEndpoint) {
    let mut secrets = endpoint.issued();
    secrets.extend([SECRET, FIRST_REFRESH, "Words that nobody is to see"].map(str::to_owned));
    secrets.push(endpoint.refresh_token());
    secrets.extend(
        endpoint
            .forms()
            .iter()
            .filter_map(|form| form.get("client_assertion").cloned()),
    );
    for (text, secret) in texts
        .iter()
        .flat_map(|text| secrets.iter().map(move |secret| (text, secret)))
    {
        assert!(!text.contains(secret.as_str()), "{secret} in {text}");
    }
}

#[test]
fn the_whole_intake_works_with_each_way_to_get_a_token() {
    let dovecot = dovecot();
    let endpoint = TokenEndpoint::start(MAILBOX);
    for (number, lines) in [
        "client_secret_file = \"oauth2.secret\"\n",
        "certificate_file = \"app.crt\"\nkey_file = \"app.key\"\n",
        "grant = \"refresh_token\"\nrefresh_token_file = \"refresh.given\"\nrefresh_token_state = \"data/refresh.token\"\n\
         client_secret_file = \"oauth2.secret\"\n",
    ]
    .into_iter()
    .enumerate()
    {
        let program = program(&dovecot, &endpoint, lines);
        dovecot.deliver(MAILBOX, &mail(number, 100));
        // It uses the refresh token up, and leaves its successor for the daemon.
        let run = program.run(&["check"]);
        assert!(run.stdout.contains("ok       mailbox: signed in; 1 mails"), "{}", run.stdout);
        let daemon = program.start();
        wait_until_taken(&program, &dovecot);
        daemon.stop();
        let listed = program.run(&["cases", "list"]).stdout;
        assert!(listed.contains("Arrived 1 = moved 1"), "{lines}: {listed}");
        assert!(program.log().contains("access token renewed"), "{}", program.log());
        demand_silence(&[&run.stdout, &run.stderr, &program.log()], &endpoint);
    }
}

#[test]
fn tokens_that_end_while_the_daemon_runs_are_renewed_ahead() {
    let dovecot = dovecot();
    let endpoint = TokenEndpoint::start(MAILBOX);
    endpoint.set_life(Duration::from_secs(4));
    let program = program(&dovecot, &endpoint, "client_secret_file = \"oauth2.secret\"\n");
    dovecot.deliver(MAILBOX, &mail(1, 100));
    let daemon = program.start();
    wait_until_taken(&program, &dovecot);
    let issued = endpoint.issued().len();
    program.wait_for("two more tokens", || {
        (endpoint.issued().len() >= issued + 2).then_some(())
    });
    let asked = endpoint.asked();
    let pauses = asked.windows(2).map(|pair| pair[1] - pair[0]);
    for pause in pauses {
        assert!(
            pause >= Duration::from_millis(2500) && pause < Duration::from_secs(4),
            "{pause:?}"
        );
    }
    let signed_in = dovecot.log().matches("imap-login: Info: Login:").count();
    assert_eq!(signed_in, 1, "a session that goes on needs no new one");
    daemon.stop();
}

#[test]
fn a_failing_endpoint_is_named_and_mail_comes_later() {
    let dovecot = dovecot();
    let endpoint = TokenEndpoint::start(MAILBOX);
    let program = program(&dovecot, &endpoint, "client_secret_file = \"oauth2.secret\"\n");
    dovecot.deliver(MAILBOX, &mail(1, 100));
    endpoint.next([
        Act::Say(500, "", "<html>trouble</html>"),
        Act::Say(429, "Retry-After: 1\r\n", "{}"),
        Act::Bytes(1_000_000),
        Act::NoHttp,
    ]);
    let daemon = program.start();
    wait_until_taken(&program, &dovecot);
    daemon.stop();
    let log = program.log();
    for part in ["HTTP 500", "HTTP 429", "is too large", "is no HTTP"] {
        assert!(log.contains(part), "no {part:?} in {log}");
    }
    assert!(!log.contains("trouble"), "{log}");
}

#[test]
fn check_says_what_is_wrong_with_a_token_and_what_to_do() {
    let dovecot = dovecot();
    let endpoint = TokenEndpoint::start(MAILBOX);
    let program = program(&dovecot, &endpoint, "client_secret_file = \"oauth2.secret\"\n");
    let refusals = [
        (
            7_000_215,
            "client_secret_file must hold the secret's value, not its id",
        ),
        (7_000_222, "the client secret has expired: make a new one"),
        (90_002, "there is no such tenant: check tenant"),
        (700_016, "check client_id (the Application ID)"),
        (65_001, "grant admin consent"),
    ];
    for (number, says) in refusals {
        let body = format!(
            r#"{{"error":"invalid_client","error_description":"AADSTS{number}: Words that nobody is to see in a log"}}"#
        );
        endpoint.next([Act::Say(400, "", body.leak())]);
        let run = program.run(&["check"]);
        assert_eq!(run.code, 1);
        assert!(
            run.stdout.contains("PROBLEM  mailbox: there is no access token")
                && run.stdout.contains(says)
                && run.stdout.contains(&format!("(AADSTS{number})")),
            "{number}: {}",
            run.stdout
        );
        demand_silence(&[&run.stdout, &run.stderr], &endpoint);
    }
    endpoint.set_audience("https://graph.example");
    let run = program.run(&["check"]);
    assert!(
        run.stdout
            .contains("refused the access token as invalid (expired, or for another service)"),
        "{}",
        run.stdout
    );

    program.write("oauth2.secret", SECRET);
    fs::set_permissions(
        program.file("oauth2.secret"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let run = program.run(&["check"]);
    assert!(
        run.stdout.contains("oauth2.secret can be read by other users"),
        "{}",
        run.stdout
    );
}

#[test]
fn contradictions_in_the_settings_are_listed_with_their_fix() {
    let program = Program::configured("127.0.0.1", 1, None);
    add(
        &program,
        "password_file = \"x\"\nclient_key_file = \"k\"\n[mailbox.oauth2]\ntoken_url = \"http://login.example/token\"\n\
         refresh_token_file = \"r\"\n[proxy]\naddress = \"http://proxy.example:3128/\"\nuser = \"u\"\nfor = [\"all\"]\n\
         [relays.ordinary]\nhost = \"smtp.example\"\n[relays.ordinary.oauth2]\ntenant = \"a b\"\nclient_id = \"c\"\n\
         certificate_file = \"c\"\n",
    );
    let run = program.run(&["check"]);
    assert_eq!(run.code, CONFIG_ERROR);
    for part in [
        "mailbox.password_file: give password_file or [mailbox.oauth2], not both",
        "mailbox.client_certificate_file: give both",
        "mailbox.oauth2.token_url: must begin with https://",
        "mailbox.oauth2.client_id: is missing",
        "mailbox.oauth2.refresh_token_file: is for grant = \"refresh_token\" only",
        "mailbox.oauth2.client_secret_file: give client_secret_file, or certificate_file and key_file",
        "proxy.address: must be a name and a port",
        "proxy.user: give both user and password_file",
        "proxy.for: list what goes through the proxy",
        "relays.ordinary.user: give user with password_file or an oauth2 section",
        "relays.ordinary.oauth2.tenant: write the Directory (tenant) ID",
        "relays.ordinary.oauth2.certificate_file: give both certificate_file and key_file",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in {}", run.stderr);
    }
}

#[test]
fn proxy_and_client_certificate_are_used_and_their_faults_named() {
    let authority = TestCertificate::make();
    let dovecot = Dovecot::with_client_certificates(&[(MAILBOX, PASSWORD)], &authority.ca_pem);
    dovecot.deliver(MAILBOX, &mail(1, 100));
    let proxy = ConnectProxy::start(Some(("referrald", "of-the-proxy")));
    let program = Program::configured("localhost", dovecot.imaps_port, Some(&dovecot.certificate.ca_pem));
    program.write_secret("mailbox.password", PASSWORD);
    program.write_secret("proxy.password", "not-of-the-proxy");
    let without = fs::read_to_string(program.file("referrald.toml")).unwrap();
    let section = format!(
        "[proxy]\naddress = \"127.0.0.1:{}\"\nuser = \"referrald\"\npassword_file = \"proxy.password\"\n",
        proxy.port
    );
    let check = |part: &str| {
        let run = program.run(&["check"]);
        assert!(run.stdout.contains(part), "no {part:?} in {}", run.stdout);
    };
    check("PROBLEM  mailbox: the mail server refused our client certificate, or asks for one");
    let (certificate, key) = authority.client("referrald");
    program.write("client.crt", &certificate);
    program.write_secret("client.key", &key);
    let identity = "client_certificate_file = \"client.crt\"\nclient_key_file = \"client.key\"\n";
    program.write("referrald.toml", &format!("{without}{identity}{section}"));
    check(
        "because the proxy refused (code 407): it asks for a user and a password: check [proxy] user and password_file",
    );
    program.write_secret("proxy.password", "of-the-proxy\n");
    check("ok       mailbox: signed in; 1 mails");
    let daemon = program.start();
    wait_until_taken(&program, &dovecot);
    daemon.stop();
    let through = format!("localhost:{}", dovecot.imaps_port);
    assert!(proxy.asked().iter().all(|asked| *asked == through));
    let log = program.log();
    assert!(!log.contains("of-the-proxy") && !log.contains(PASSWORD), "{log}");
}

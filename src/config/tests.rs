use super::*;
use crate::domain::ReadLimits;

const SMALLEST: &str = r#"
    [service]
    name = "Test service"
    domain = "restorative.example"
    [mailbox]
    host = "imap.example.org"
    user = "referrals"
"#;

const OAUTH2: &str =
    "[mailbox.oauth2]\ntenant = \"t.example\"\nclient_id = \"c\"\nclient_secret_file = \"s\"";

#[test]
fn the_smallest_configuration_has_safe_defaults() {
    let config = Config::from_toml(SMALLEST).unwrap();
    assert_eq!(config.mailbox.tls, MailboxTls::Implicit);
    assert_eq!(config.reading.unprotected, UnprotectedChoice::Refuse);
    assert_eq!(config.reading.limits, ReadLimits::default());
    assert!(!config.ocr.enabled && config.scanner.is_none());
    assert!(config.relay_cjsm.is_none() && config.relay_ordinary.is_none() && config.submission.is_none());
}

#[test]
fn the_documented_file_is_valid_and_names_every_key() {
    Config::from_toml(REFERENCE_TOML).unwrap();
    for key in fields::keys_read_by(|| {
        let all = format!(
            "{SMALLEST}\n{OAUTH2}\n[proxy]\naddress=\"a:1\"\n[scanner]\nclamd=\"/a\"\n[relays.cjsm]\nhost=\"a\"\n\
             [relays.ordinary]\nhost=\"a\"\n\
             [submission]\nhostname=\"a\"\nstarttls_listen=\"127.0.0.1:1\"\n[web]"
        );
        Config::from_toml(&all).unwrap();
    }) {
        let documented = REFERENCE_TOML.lines().any(|line| {
            line.trim_start_matches(['#', ' '])
                .split('=')
                .next()
                .is_some_and(|k| k.trim() == key)
        });
        assert!(documented, "config/referrald.toml does not document `{key}`");
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_fix() {
    let text = r#"
        [service]
        name = "x"
        domain = "not a domain"
        colour = "blue"
        [mailbox]
        host = 7
        port = 99999
        poll_seconds = 0
        tls = "ssl"
        [relays.ordinary]
        host = "mail.example.org"
        tls = "none"
        [kepping]
        database = "x"
    "#;
    let ConfigErrors(problems) = Config::from_toml(text).unwrap_err();
    let all = problems.join("\n");
    for part in [
        "service.domain: write a mail domain",
        "service.colour: there is no such key",
        "mailbox.host: must be text in quotes",
        "mailbox.port: must be a whole number from 1 to 65535",
        "mailbox.poll_seconds: must be a whole number from 1 to 3600",
        "mailbox.tls: must be one of \"implicit\", \"starttls\"",
        "mailbox.user: is missing",
        "relays.ordinary.tls: \"none\" is allowed for a relay on 127.0.0.1 only",
        "kepping: there is no such section; did you mean `keeping`?",
    ] {
        assert!(all.contains(part), "no {part:?} in:\n{all}");
    }
}

#[test]
fn a_scanner_listens_on_this_machine() {
    let clamd = |address: &str| {
        Config::from_toml(&format!("{SMALLEST}\n[scanner]\nclamd = \"{address}\""))
            .map(|c| c.scanner.unwrap().clamd)
    };
    let unix = ClamdAddress::Unix("/run/clamav/clamd.ctl".into());
    assert_eq!(clamd("/run/clamav/clamd.ctl"), Ok(unix));
    let tcp = ClamdAddress::Tcp("[::1]:3310".parse().unwrap());
    assert_eq!(clamd("[::1]:3310"), Ok(tcp));
    for elsewhere in ["192.0.2.1:3310", "localhost:3310", "clamd.ctl", ""] {
        let ConfigErrors(problems) = clamd(elsewhere).unwrap_err();
        assert!(problems[0].starts_with("scanner.clamd: "), "{problems:?}");
    }
}

fn with_submission(lines: &str) -> Result<SubmissionConfig, Vec<String>> {
    Config::from_toml(&format!("{SMALLEST}\n[submission]\nhostname = \"a\"\n{lines}"))
        .map(|config| config.submission.unwrap())
        .map_err(|ConfigErrors(problems)| problems)
}

#[test]
fn trusted_relays_come_with_an_address_for_them() {
    let both =
        "trusted_relay_listen = \"127.0.0.1:8025\"\ntrusted_relays = [\"127.0.0.1\", \"192.0.2.0/28\"]";
    let relay = with_submission(both).unwrap().trusted_relay.unwrap();
    assert_eq!(relay.listen, "127.0.0.1:8025".parse().unwrap());
    assert_eq!(
        relay.relays,
        ["127.0.0.1".parse().unwrap(), "192.0.2.0/28".parse().unwrap()]
    );
    let account = "starttls_listen = \"127.0.0.1:8587\"";
    assert!(with_submission(account).unwrap().trusted_relay.is_none());
    for (lines, problem) in [
        (
            "trusted_relay_listen = \"127.0.0.1:8025\"",
            "submission.trusted_relays: list the addresses of the relays",
        ),
        (
            "trusted_relay_listen = \"127.0.0.1:8025\"\ntrusted_relays = []",
            "submission.trusted_relays: list the addresses of the relays",
        ),
        (
            "starttls_listen = \"127.0.0.1:1\"\ntrusted_relays = [\"127.0.0.1\"]",
            "submission.trusted_relay_listen: give the address",
        ),
        (
            "",
            "submission.implicit_tls_listen: give implicit_tls_listen or starttls_listen",
        ),
        (
            "trusted_relay_listen = \"127.0.0.1:1\"\ntrusted_relays = [\"0.0.0.0/0\"]",
            "submission.trusted_relays: \"0.0.0.0/0\": that is every machine there is",
        ),
        (
            "trusted_relay_listen = \"127.0.0.1:1\"\ntrusted_relays = [\"::1\", \"::/0\"]",
            "submission.trusted_relays: \"::/0\": that is every machine there is",
        ),
        (
            "trusted_relay_listen = \"127.0.0.1:1\"\ntrusted_relays = [\"192.0.2.7/28\"]",
            "submission.trusted_relays: \"192.0.2.7/28\": an address within a network was given; write 192.0.2.0/28",
        ),
        (
            "trusted_relay_listen = \"127.0.0.1:1\"\ntrusted_relays = \"127.0.0.1\"",
            "submission.trusted_relays: must be a list of texts",
        ),
    ] {
        let problems = with_submission(lines).unwrap_err();
        assert!(problems[0].starts_with(problem), "{problems:?}");
    }
}

#[test]
fn languages_cannot_be_options_or_paths() {
    for wrong in ["--help", "../eng", "eng+", "eng cym"] {
        let text = format!("{SMALLEST}\n[ocr]\nenabled = true\nlanguages = \"{wrong}\"");
        let ConfigErrors(problems) = Config::from_toml(&text).unwrap_err();
        assert!(problems[0].starts_with("ocr.languages: "), "{problems:?}");
    }
}

#[test]
fn broken_toml_names_its_line() {
    let ConfigErrors(problems) = Config::from_toml("[service]\nname = \n").unwrap_err();
    assert!(problems[0].starts_with("line 2: not valid TOML"), "{problems:?}");
}

#[test]
fn figures_alarms_and_staff_pages_have_their_bounds() {
    let metrics = |keys: &str| Config::from_toml(&format!("{SMALLEST}\n[metrics]\n{keys}"));
    let defaults = metrics("").unwrap().metrics.unwrap();
    assert_eq!((defaults.listen.port(), defaults.stale.as_secs()), (9464, 900));
    assert!(metrics("listen = \"[::1]:9000\"").is_ok());
    for wrong in ["listen = \"0.0.0.0:9464\"", "stale_minutes = 0"] {
        assert!(metrics(wrong).is_err(), "{wrong}");
    }
    let alarms = |keys: &str| Config::from_toml(&format!("{SMALLEST}\n[alarms]\n{keys}"));
    let defaults = alarms("to = \"it@a.example\"").unwrap().alarms.unwrap();
    assert_eq!(
        (defaults.silent.as_secs(), defaults.held.as_secs()),
        (1800, 86_400)
    );
    for wrong in ["", "to = \"it\"", "to = \"it@a.example\"\nheld_hours = 0"] {
        assert!(alarms(wrong).is_err(), "{wrong}");
    }
    let web = |keys: &str| Config::from_toml(&format!("{SMALLEST}\n[web]\n{keys}"));
    let defaults = web("").unwrap().web.unwrap();
    assert_eq!(defaults.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        (defaults.idle.as_secs(), defaults.absolute.as_secs()),
        (900, 28_800)
    );
    let tls = "certificate_file = \"a\"\nkey_file = \"b\"\npublic_origin = \"https://a.example:8443\"";
    assert!(web(&format!("listen = \"0.0.0.0:8443\"\n{tls}")).is_ok());
    assert!(web("public_origin = \"https://a.example\"").is_ok());
    for wrong in [
        "listen = \"0.0.0.0:8080\"",
        "listen = \"192.0.2.1:8080\"\npublic_origin = \"https://a.example\"",
        "certificate_file = \"a\"",
        "public_origin = \"http://a.example\"",
        "public_origin = \"https://a.example/\"",
        "public_origin = \"https://a.example\\r\\nX: y\"",
        "idle_minutes = 0",
    ] {
        assert!(web(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_tenant_is_enough_for_exchange_online() {
    let oauth2 = |lines: &str| {
        let config = Config::from_toml(&format!(
            "{SMALLEST}\n[mailbox.oauth2]\nclient_id = \"c\"\n{lines}"
        ))
        .unwrap();
        match config.mailbox.sign_in {
            SignInConfig::OAuth2(oauth2) => oauth2,
            SignInConfig::Password(file) => panic!("a password in {file:?}"),
        }
    };
    let app = oauth2("tenant = \"t.example\"\nclient_secret_file = \"s\"");
    assert_eq!(
        app.token_url,
        "https://login.microsoftonline.com/t.example/oauth2/v2.0/token"
    );
    assert_eq!(
        app.scope.as_deref(),
        Some("https://outlook.office365.com/.default")
    );
    let user = oauth2("tenant = \"t.example\"\ngrant = \"refresh_token\"\nrefresh_token_file = \"r\"");
    assert!(user.scope.unwrap().contains("offline_access"));
    assert_eq!(user.proof, ProofConfig::None, "a public client has no secret");
    let other =
        oauth2("token_url = \"https://login.example/token\"\ncertificate_file = \"c\"\nkey_file = \"k\"");
    assert_eq!(other.scope, None);
}

#[test]
fn a_password_is_the_default_and_the_proxy_leaves_relays_alone() {
    let config =
        Config::from_toml(&format!("{SMALLEST}\n[proxy]\naddress = \"[2001:db8::1]:3128\"")).unwrap();
    assert_eq!(
        config.mailbox.sign_in,
        SignInConfig::Password("mailbox.password".into())
    );
    let proxy = config.proxy.unwrap();
    assert_eq!((proxy.host.as_str(), proxy.port), ("2001:db8::1", 3128));
    assert_eq!(proxy.uses, [Proxied::Mailbox, Proxied::Tokens]);
}

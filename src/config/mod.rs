//! TOML to a checked configuration; every problem is reported at once, with its fix.
//!
//! Invariant: no secret is ever in here, only the names of files that hold one. Every key that this module
//! reads is documented in `config/referrald.toml` (a test compares them).

mod fields;

use crate::domain::{EmailAddress, MailLimits, ReadLimits};
use fields::{Fields, Problems};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The documented configuration that `referrald init` writes.
pub const REFERENCE_TOML: &str = include_str!("../../config/referrald.toml");

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who we are.
    pub service: ServiceConfig,
    /// Where everything is kept.
    pub keeping: KeepingConfig,
    /// The restricted mailbox.
    pub mailbox: MailboxConfig,
    /// The worker processes.
    pub reading: ReadingConfig,
    /// Text recognition in pictures.
    pub ocr: OcrConfig,
    /// The virus scanner; without one nothing is scanned.
    pub scanner: Option<ScannerConfig>,
    /// The relay to CJSM; without one CJSM addresses are treated as open.
    pub relay_cjsm: Option<RelayConfig>,
    /// The relay for everybody else; without one their mail is held.
    pub relay_ordinary: Option<RelayConfig>,
    /// The submission server for volunteers; none listens without it.
    pub submission: Option<SubmissionConfig>,
    /// Log output.
    pub log: LogConfig,
}

/// `[service]`
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// The service's name, as staff know it.
    pub name: String,
    /// Prefix of case references: `RJ` gives `RJ-2026-00012`.
    pub reference_prefix: String,
    /// Mail domain of the service.
    pub domain: String,
    /// Addresses and `@domains` of staff and volunteers: they stay readable in redacted mail.
    pub own_addresses: Vec<String>,
    /// Replacement for the compiled-in label file.
    pub labels_file: Option<PathBuf>,
    /// Replacement for the compiled-in agency file.
    pub agencies_file: Option<PathBuf>,
}

/// `[keeping]`
#[derive(Debug, Clone)]
pub struct KeepingConfig {
    /// SQLite database file.
    pub database: PathBuf,
    /// Master key file.
    pub master_key_file: PathBuf,
}

/// How the connection to a relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsChoice {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, required.
    StartTls,
    /// None: a relay on a loopback address only.
    None,
}

/// How the connection to the mailbox is protected; there is no "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxTls {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, required.
    StartTls,
}

/// `[mailbox]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct MailboxConfig {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub tls: MailboxTls,
    pub ca_file: Option<PathBuf>,
    pub user: String,
    pub password_file: PathBuf,
    pub inbox: String,
    pub processed: String,
    pub poll: Duration,
    pub sweep: Duration,
    pub settle: Duration,
    pub max_message_bytes: u64,
    pub batch_messages: usize,
    pub authserv_id: Option<String>,
}

/// What to do where a worker cannot be fenced in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnprotectedChoice {
    /// Do not read mail (the mail is kept and waits).
    Refuse,
    /// Read it all the same.
    Allow,
}

/// `[reading]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ReadingConfig {
    pub workers: usize,
    pub time_limit: Duration,
    pub part_limit: Duration,
    pub memory_bytes: u64,
    pub limits: ReadLimits,
    pub unprotected: UnprotectedChoice,
}

/// `[ocr]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct OcrConfig {
    pub enabled: bool,
    /// Languages as tesseract names them, joined by `+`.
    pub languages: String,
    pub max_pages: u32,
    pub page_limit: Duration,
    pub memory_bytes: u64,
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A socket file.
    Unix(PathBuf),
    /// A loopback address: mail is not encrypted on its way there.
    Tcp(SocketAddr),
}

/// `[scanner]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ScannerConfig {
    pub clamd: ClamdAddress,
    pub time_limit: Duration,
    pub max_stream_bytes: u64,
}

/// `[relays.cjsm]` and `[relays.ordinary]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct RelayConfig {
    pub host: String,
    pub port: u16,
    pub tls: TlsChoice,
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
}

/// `[submission]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SubmissionConfig {
    pub hostname: String,
    pub implicit_tls_listen: Option<SocketAddr>,
    pub starttls_listen: Option<SocketAddr>,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    pub max_message_bytes: u64,
    pub max_recipients: usize,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// `[log]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct LogConfig {
    pub level: tracing::Level,
    pub format: LogFormat,
}

/// Everything that is wrong with a configuration file, each with its fix.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// Reads and checks a configuration file's text.
    ///
    /// # Errors
    /// All problems at once: syntax, unknown keys, missing keys, values out of bounds.
    pub fn from_toml(text: &str) -> Result<Self, ConfigErrors> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            ConfigErrors(vec![format!("line {line}: not valid TOML: {}", error.message())])
        })?;
        let problems = Problems::default();
        let mut root = Fields::root(table, &problems);
        let service = service(root.section("service"));
        let keeping = keeping(root.section("keeping"));
        let mailbox = mailbox(root.section("mailbox"));
        let reading = reading(root.section("reading"));
        let ocr = ocr(root.section("ocr"));
        let scanner = root.optional_section("scanner").map(scanner);
        let mut relays = root.section("relays");
        let relay_cjsm = relays.optional_section("cjsm").map(relay);
        let relay_ordinary = relays.optional_section("ordinary").map(relay);
        drop(relays);
        let submission = root.optional_section("submission").map(submission);
        let log = log(root.section("log"));
        drop(root);
        problems.into_result(Self {
            service,
            keeping,
            mailbox,
            reading,
            ocr,
            scanner,
            relay_cjsm,
            relay_ordinary,
            submission,
            log,
        })
    }
}

const KILOBYTE: u64 = 1024;
const MEGABYTE: u64 = 1024 * 1024;

fn service(mut f: Fields) -> ServiceConfig {
    let config = ServiceConfig {
        name: f.text("name", "the name of your service"),
        reference_prefix: f.text_or("reference_prefix", "RJ"),
        domain: f.text("domain", "the mail domain of your service"),
        own_addresses: f.texts("own_addresses"),
        labels_file: f.optional_path("labels_file"),
        agencies_file: f.optional_path("agencies_file"),
    };
    let prefix = &config.reference_prefix;
    f.demand(
        (1..=8).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase()),
        "reference_prefix",
        "use 1 to 8 capital letters, such as \"RJ\"",
    );
    f.demand(
        EmailAddress::parse(&format!("x@{}", config.domain)).is_some(),
        "domain",
        "write a mail domain, such as \"restorative.example\"",
    );
    let sound = config.own_addresses.iter().all(|own| {
        let address = if own.starts_with('@') {
            format!("x{own}")
        } else {
            own.clone()
        };
        EmailAddress::parse(&address).is_some()
    });
    f.demand(
        sound,
        "own_addresses",
        "write addresses or whole domains, such as \"@restorative.example\"",
    );
    config
}

fn keeping(mut f: Fields) -> KeepingConfig {
    KeepingConfig {
        database: f.path_or("database", "/var/lib/referrald/referrald.db"),
        master_key_file: f.path_or("master_key_file", "master.key"),
    }
}

fn mailbox(mut f: Fields) -> MailboxConfig {
    let tls = f.choice(
        "tls",
        MailboxTls::Implicit,
        &[
            ("implicit", MailboxTls::Implicit),
            ("starttls", MailboxTls::StartTls),
        ],
    );
    let config = MailboxConfig {
        name: f.text_or("name", "referrals"),
        host: f.text(
            "host",
            "the name of the IMAP server, such as \"outlook.office365.com\"",
        ),
        port: f.port("port", 993),
        tls,
        ca_file: f.optional_path("ca_file"),
        user: f.text("user", "the mailbox's user name"),
        password_file: f.path_or("password_file", "mailbox.password"),
        inbox: f.text_or("inbox", "INBOX"),
        processed: f.text_or("processed", "Referrald/Processed"),
        poll: f.seconds("poll_seconds", 60, 1..=3600),
        sweep: f.seconds("sweep_seconds", 3600, 10..=86_400),
        settle: f.seconds("settle_seconds", 2, 0..=60),
        max_message_bytes: f.number("max_message_mb", 50, 1..=200) * MEGABYTE,
        batch_messages: to_usize(f.number("batch_messages", 50, 1..=500)),
        authserv_id: f.optional_text("authserv_id"),
    };
    f.demand(
        config.inbox != config.processed,
        "processed",
        "name a folder other than the inbox: mail is moved there once it is stored",
    );
    config
}

fn reading(mut f: Fields) -> ReadingConfig {
    ReadingConfig {
        workers: to_usize(f.number("workers", 2, 1..=32)),
        time_limit: f.seconds("time_limit_seconds", 30, 1..=600),
        part_limit: f.seconds("part_seconds", 10, 1..=600),
        memory_bytes: f.number("memory_mb", 512, 128..=4096) * MEGABYTE,
        limits: read_limits(&mut f),
        unprotected: f.choice(
            "unprotected",
            UnprotectedChoice::Refuse,
            &[
                ("refuse", UnprotectedChoice::Refuse),
                ("allow", UnprotectedChoice::Allow),
            ],
        ),
    }
}

fn read_limits(f: &mut Fields) -> ReadLimits {
    let safe = ReadLimits::default();
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let header_kb = wide(safe.mail.max_header_bytes) / KILOBYTE;
    let pages = f.number("max_pages", safe.max_pages.into(), 1..=1000);
    ReadLimits {
        mail: MailLimits {
            max_depth: to_usize(f.number("max_depth", wide(safe.mail.max_depth), 1..=20)),
            max_parts: to_usize(f.number("max_parts", wide(safe.mail.max_parts), 1..=2000)),
            max_header_bytes: to_usize(f.number("max_header_kb", header_kb, 16..=4096) * KILOBYTE),
        },
        max_document_bytes: f.number("max_document_mb", safe.max_document_bytes / MEGABYTE, 1..=200)
            * MEGABYTE,
        max_unpacked_bytes: f.number("max_unpacked_mb", safe.max_unpacked_bytes / MEGABYTE, 1..=1024)
            * MEGABYTE,
        max_container_depth: to_usize(f.number("max_container_depth", wide(safe.max_container_depth), 0..=8)),
        max_members: to_usize(f.number("max_members", wide(safe.max_members), 0..=2000)),
        max_pages: u32::try_from(pages).unwrap_or(u32::MAX),
        max_blocks: to_usize(f.number("max_blocks", wide(safe.max_blocks), 100..=200_000)),
        max_chars: to_usize(f.number("max_characters", wide(safe.max_chars), 1000..=20_000_000)),
    }
}

fn ocr(mut f: Fields) -> OcrConfig {
    let pages = f.number("max_pages", 10, 1..=200);
    let config = OcrConfig {
        enabled: f.flag("enabled", false),
        languages: f.text_or("languages", "eng"),
        max_pages: u32::try_from(pages).unwrap_or(u32::MAX),
        page_limit: f.seconds("time_limit_seconds", 30, 1..=600),
        memory_bytes: f.number("memory_mb", 1024, 256..=4096) * MEGABYTE,
    };
    let is_language = |language: &str| {
        !language.is_empty() && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    f.demand(
        config.languages.split('+').all(is_language),
        "languages",
        "write tesseract's names of languages joined by +, such as \"eng+cym\"",
    );
    config
}

fn scanner(mut f: Fields) -> ScannerConfig {
    let clamd = f.text(
        "clamd",
        "where clamd listens, such as \"/run/clamav/clamd.ctl\" or \"127.0.0.1:3310\"",
    );
    let tcp = clamd.parse::<SocketAddr>();
    let is_local = clamd.starts_with('/') || tcp.as_ref().is_ok_and(|address| address.ip().is_loopback());
    f.demand(
        clamd.is_empty() || is_local,
        "clamd",
        "must be a socket file such as \"/run/clamav/clamd.ctl\", or a loopback address and port such as \
         \"127.0.0.1:3310\": mail goes there as it is",
    );
    ScannerConfig {
        clamd: tcp.map_or_else(|_| ClamdAddress::Unix(PathBuf::from(&clamd)), ClamdAddress::Tcp),
        time_limit: f.seconds("time_limit_seconds", 60, 1..=600),
        max_stream_bytes: f.number("max_stream_mb", 100, 1..=1024) * MEGABYTE,
    }
}

fn relay(mut f: Fields) -> RelayConfig {
    let config = RelayConfig {
        host: f.text("host", "the name of the relay"),
        port: f.port("port", 587),
        tls: f.choice(
            "tls",
            TlsChoice::StartTls,
            &[
                ("starttls", TlsChoice::StartTls),
                ("implicit", TlsChoice::Implicit),
                ("none", TlsChoice::None),
            ],
        ),
        ca_file: f.optional_path("ca_file"),
        user: f.optional_text("user"),
        password_file: f.optional_path("password_file"),
    };
    let loopback = config
        .host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|ip| ip.is_loopback());
    f.demand(
        config.tls != TlsChoice::None || loopback,
        "tls",
        "\"none\" is allowed for a relay on 127.0.0.1 only; use \"starttls\" or \"implicit\"",
    );
    f.demand(
        config.user.is_some() == config.password_file.is_some(),
        "user",
        "give both user and password_file, or neither",
    );
    config
}

fn submission(mut f: Fields) -> SubmissionConfig {
    let config = SubmissionConfig {
        hostname: f.text("hostname", "the name that volunteers' mail programs connect to"),
        implicit_tls_listen: f.optional_address("implicit_tls_listen"),
        starttls_listen: f.optional_address("starttls_listen"),
        certificate_file: f.path_or("certificate_file", "submission.crt"),
        key_file: f.path_or("key_file", "submission.key"),
        max_message_bytes: f.number("max_message_mb", 35, 1..=200) * MEGABYTE,
        max_recipients: to_usize(f.number("max_recipients", 50, 1..=500)),
    };
    f.demand(
        config.implicit_tls_listen.is_some() || config.starttls_listen.is_some(),
        "implicit_tls_listen",
        "give implicit_tls_listen or starttls_listen, such as \"0.0.0.0:8465\"",
    );
    config
}

fn log(mut f: Fields) -> LogConfig {
    use tracing::Level;
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    LogConfig {
        level: f.choice("level", Level::INFO, &levels),
        format: f.choice(
            "format",
            LogFormat::Text,
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        ),
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        [service]
        name = "Test service"
        domain = "restorative.example"
        [mailbox]
        host = "imap.example.org"
        user = "referrals"
    "#;

    #[test]
    fn the_smallest_configuration_has_safe_defaults() {
        let config = Config::from_toml(SMALLEST).unwrap();
        assert_eq!(config.mailbox.tls, MailboxTls::Implicit);
        assert_eq!(config.reading.unprotected, UnprotectedChoice::Refuse);
        assert_eq!(config.reading.limits, ReadLimits::default());
        assert!(!config.ocr.enabled && config.scanner.is_none());
        assert!(
            config.relay_cjsm.is_none() && config.relay_ordinary.is_none() && config.submission.is_none()
        );
    }

    #[test]
    fn the_documented_file_is_valid_and_names_every_key() {
        Config::from_toml(REFERENCE_TOML).unwrap();
        for key in fields::keys_read_by(|| {
            let all = format!(
                "{SMALLEST}\n[scanner]\nclamd=\"/a\"\n[relays.cjsm]\nhost=\"a\"\n[relays.ordinary]\nhost=\"a\"\n\
                 [submission]\nhostname=\"a\"\nstarttls_listen=\"127.0.0.1:1\""
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
}

//! TOML to a checked configuration; every problem is reported at once, with its fix.
//!
//! Invariant: no secret is ever in here, only the names of files that hold one. Every key that this module
//! reads is documented in `config/referrald.toml` (a test compares them).

mod alarms;
mod fields;
mod metrics;
mod reading;
mod shown;
mod sign_in;
mod web;

use crate::domain::{EmailAddress, Network, OtherAttachments, ShownSetting};
pub use alarms::AlarmsConfig;
use fields::{Fields, Problems};
pub use metrics::MetricsConfig;
pub use reading::{ClamdAddress, OcrConfig, ReadingConfig, ScannerConfig, UnprotectedChoice};
pub use sign_in::{
    GrantConfig, IdentityConfig, OAuth2Config, ProofConfig, Proxied, ProxyConfig, SignInConfig,
};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
pub use web::WebConfig;

/// The documented configuration that `referrald init` writes.
pub const REFERENCE_TOML: &str = include_str!("../../config/referrald.toml");

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who we are.
    pub service: ServiceConfig,
    /// Where everything is kept.
    pub keeping: KeepingConfig,
    /// How long.
    pub retention: RetentionConfig,
    /// The monthly report.
    pub report: ReportConfig,
    /// The restricted mailbox.
    pub mailbox: MailboxConfig,
    /// The HTTP proxy; without one connections are direct.
    pub proxy: Option<ProxyConfig>,
    /// The worker processes.
    pub reading: ReadingConfig,
    /// Text recognition in pictures.
    pub ocr: OcrConfig,
    /// The virus scanner; without one nothing is scanned.
    pub scanner: Option<ScannerConfig>,
    /// How outbound mail is cut down.
    pub redaction: RedactionConfig,
    /// Guards of outbound mail.
    pub outbound: OutboundConfig,
    /// The relay to CJSM; without one CJSM addresses are treated as open.
    pub relay_cjsm: Option<RelayConfig>,
    /// The relay for everybody else; without one their mail is held.
    pub relay_ordinary: Option<RelayConfig>,
    /// The submission server for volunteers; none listens without it.
    pub submission: Option<SubmissionConfig>,
    /// The staff pages; none are served without it.
    pub web: Option<WebConfig>,
    /// Health and figures, if they are served.
    pub metrics: Option<MetricsConfig>,
    /// Mail to the service's IT; none without it.
    pub alarms: Option<AlarmsConfig>,
    /// Log output.
    pub log: LogConfig,
    /// What administrators see of it.
    pub shown: Vec<ShownSetting>,
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
    /// Folder of taught forms.
    pub forms_dir: Option<PathBuf>,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DatabaseConfig {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A server: `postgresql://USER@HOST/DATABASE`, checked where it is used.
    Postgres {
        /// The address, without a password.
        address: String,
        /// File with the user's password; none where the server knows the user otherwise.
        password_file: Option<PathBuf>,
    },
}

/// `[keeping]`
#[derive(Debug, Clone)]
pub struct KeepingConfig {
    /// SQLite database file, or PostgreSQL server.
    pub database: DatabaseConfig,
    /// Master key file.
    pub master_key_file: PathBuf,
    /// What was destroyed, for restoring backups; none for the default of the database.
    pub destruction_log: Option<PathBuf>,
    /// The daemon's name among several on one database; one is made up without it.
    pub instance: Option<String>,
    /// How long a daemon that is not heard of keeps what it works on.
    pub lease: Duration,
    /// Folder for copies of documents; without one none are written.
    pub documents_dir: Option<PathBuf>,
}

/// `[retention]`: how long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct RetentionConfig {
    /// Cases, in years from closing.
    pub closed_years: u16,
    /// Automatic mail, in days.
    pub automatic_days: u16,
    /// Enquiries, and what staff put aside, in days.
    pub enquiry_days: u16,
    /// Liaison mail, in days.
    pub liaison_days: u16,
    /// Anonymous facts for the report, in years.
    pub statistics_years: u16,
    /// Accounts of people who have left, in days.
    pub left_days: u16,
}

/// `[report]`
#[derive(Debug, Clone)]
pub struct ReportConfig {
    /// Smallest count that is printed.
    pub least: u32,
    /// Names of districts with their outward codes.
    pub districts: Vec<(String, Vec<String>)>,
}

/// `[redaction]`
#[derive(Debug, Clone)]
pub struct RedactionConfig {
    /// Whether the built-in name model is asked about words that only a context can tell.
    pub name_model: bool,
    /// Attachments that can be read but are not written anew.
    pub other_attachments: OtherAttachments,
}

/// `[outbound]`
#[derive(Debug, Clone)]
pub struct OutboundConfig {
    /// Volunteers may write only about case files allocated to them.
    pub allocated_only: bool,
    /// The first mail to an address that is no partner agency's waits for staff.
    pub hold_first_mail: bool,
    /// From whom notices to senders come.
    pub notices_from: String,
    /// Envelope sender of redacted mail.
    pub bounces_to: Option<String>,
    /// Folder of the restricted mailbox that liaison mail is laid into; none is watched without it.
    pub outbox: Option<String>,
    /// Where mail from the Outbox is moved to once it is stored.
    pub outbox_sent: String,
    /// Where mail from the Outbox is moved to that cannot be sent.
    pub outbox_refused: String,
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
    pub client_identity: Option<IdentityConfig>,
    pub user: String,
    pub sign_in: SignInConfig,
    pub inbox: String,
    pub processed: String,
    pub poll: Duration,
    pub sweep: Duration,
    pub settle: Duration,
    pub max_message_bytes: u64,
    pub batch_messages: usize,
    pub authserv_id: Option<String>,
}

/// `[relays.cjsm]` and `[relays.ordinary]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct RelayConfig {
    pub host: String,
    pub port: u16,
    pub tls: TlsChoice,
    pub ca_file: Option<PathBuf>,
    /// User and how to sign in; none where the relay knows us otherwise.
    pub sign_in: Option<(String, SignInConfig)>,
}

/// `[submission]`
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SubmissionConfig {
    pub hostname: String,
    pub implicit_tls_listen: Option<SocketAddr>,
    pub starttls_listen: Option<SocketAddr>,
    pub trusted_relay: Option<TrustedRelayConfig>,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    pub max_message_bytes: u64,
    pub max_recipients: usize,
}

/// `trusted_relay_listen` and `trusted_relays` of `[submission]`: never one without the other.
#[derive(Debug, Clone)]
pub struct TrustedRelayConfig {
    /// Where mail of relays that have authenticated its sender is taken.
    pub listen: SocketAddr,
    /// Who is taken for such a relay; never empty.
    pub relays: Vec<Network>,
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
        let shown = shown::shown(&table);
        let problems = Problems::default();
        let mut root = Fields::root(table, &problems);
        let service = service(root.section("service"));
        let keeping = keeping(root.section("keeping"));
        let retention = retention(root.section("retention"));
        let report = report(root.section("report"));
        let mailbox = mailbox(root.section("mailbox"));
        let proxy = root.optional_section("proxy").map(sign_in::proxy);
        let reading = reading::reading(root.section("reading"));
        let ocr = reading::ocr(root.section("ocr"));
        let scanner = root.optional_section("scanner").map(reading::scanner);
        let redaction = redaction(root.section("redaction"));
        let outbound = outbound(root.section("outbound"), &service.domain);
        let mut relays = root.section("relays");
        let relay_cjsm = relays.optional_section("cjsm").map(relay);
        let relay_ordinary = relays.optional_section("ordinary").map(relay);
        drop(relays);
        let submission = root.optional_section("submission").map(submission);
        let web = root.optional_section("web").map(web::web);
        let metrics = root.optional_section("metrics").map(metrics::metrics);
        let alarms = root.optional_section("alarms").map(alarms::alarms);
        let log = log(root.section("log"));
        drop(root);
        problems.into_result(Self {
            service,
            keeping,
            retention,
            report,
            mailbox,
            proxy,
            reading,
            ocr,
            scanner,
            redaction,
            outbound,
            relay_cjsm,
            relay_ordinary,
            submission,
            web,
            metrics,
            alarms,
            log,
            shown,
        })
    }
}

const MEGABYTE: u64 = 1024 * 1024;
/// Longest name of a daemon, in characters.
const MAX_INSTANCE: usize = 100;

fn service(mut f: Fields) -> ServiceConfig {
    let config = ServiceConfig {
        name: f.text("name", "the name of your service"),
        reference_prefix: f.text_or("reference_prefix", "RJ"),
        domain: f.text("domain", "the mail domain of your service"),
        own_addresses: f.texts("own_addresses"),
        labels_file: f.optional_path("labels_file"),
        agencies_file: f.optional_path("agencies_file"),
        forms_dir: f.optional_path("forms_dir"),
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
    let database = f.text_or("database", "/var/lib/referrald/referrald.db");
    let password_file = f.optional_path("database_password_file");
    let is_server = database.starts_with("postgresql://") || database.starts_with("postgres://");
    f.demand(
        is_server || password_file.is_none(),
        "database_password_file",
        "a SQLite file has no password: leave this out, or name a PostgreSQL server in \"database\"",
    );
    let instance = f.optional_text("instance");
    f.demand(
        instance
            .as_ref()
            .is_none_or(|name| name.chars().count() <= MAX_INSTANCE && !name.chars().any(char::is_control)),
        "instance",
        "write a short name on one line (100 characters at the most), another one for each daemon",
    );
    KeepingConfig {
        database: match is_server {
            true => DatabaseConfig::Postgres {
                address: database,
                password_file,
            },
            false => DatabaseConfig::Sqlite(database.into()),
        },
        master_key_file: f.path_or("master_key_file", "master.key"),
        destruction_log: f.optional_path("destruction_log"),
        instance,
        lease: f.seconds("lease_seconds", 60, 5..=600),
        documents_dir: f.optional_path("documents_dir"),
    }
}

fn retention(mut f: Fields) -> RetentionConfig {
    let mut term = |key, default, bounds| {
        let value = f.number(key, default, bounds);
        u16::try_from(value).unwrap_or(u16::MAX)
    };
    RetentionConfig {
        closed_years: term("closed_years", 6, 0..=100),
        automatic_days: term("automatic_days", 30, 1..=3650),
        enquiry_days: term("enquiry_days", 180, 1..=3650),
        liaison_days: term("liaison_days", 90, 1..=3650),
        statistics_years: term("statistics_years", 7, 1..=100),
        left_days: term("left_days", 365, 0..=3650),
    }
}

fn report(mut f: Fields) -> ReportConfig {
    let least = f.number("least", 5, 3..=100);
    ReportConfig {
        least: u32::try_from(least).unwrap_or(u32::MAX),
        districts: f.text_lists("districts"),
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
    let oauth2 = f.optional_section("oauth2").map(sign_in::oauth2);
    let password_file = f.optional_path("password_file");
    f.demand(
        oauth2.is_none() || password_file.is_none(),
        "password_file",
        "give password_file or [mailbox.oauth2], not both",
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
        client_identity: sign_in::identity(&mut f, "client_certificate_file", "client_key_file"),
        user: f.text("user", "the mailbox's user name"),
        sign_in: match oauth2 {
            Some(oauth2) => SignInConfig::OAuth2(oauth2),
            None => SignInConfig::Password(password_file.unwrap_or_else(|| "mailbox.password".into())),
        },
        inbox: f.text_or("inbox", "INBOX"),
        processed: f.text_or("processed", "Referrald/Processed"),
        poll: f.seconds("poll_seconds", 60, 1..=3600),
        sweep: f.seconds("sweep_seconds", 3600, 10..=86_400),
        settle: f.seconds("settle_seconds", 2, 0..=60),
        max_message_bytes: f.number("max_message_mb", 50, 1..=200) * MEGABYTE,
        batch_messages: to_usize(f.number("batch_messages", 50, 1..=500)),
        authserv_id: f.optional_text("authserv_id"),
    };
    sign_in::demand_user(&f, &config.user);
    f.demand(
        config.inbox != config.processed,
        "processed",
        "name a folder other than the inbox: mail is moved there once it is stored",
    );
    config
}

fn redaction(mut f: Fields) -> RedactionConfig {
    RedactionConfig {
        name_model: f.flag("name_model", true),
        other_attachments: f.choice(
            "other_attachments",
            OtherAttachments::Hold,
            &[("hold", OtherAttachments::Hold), ("text", OtherAttachments::Text)],
        ),
    }
}

fn outbound(mut f: Fields, domain: &str) -> OutboundConfig {
    let config = OutboundConfig {
        allocated_only: f.flag("allocated_only", true),
        hold_first_mail: f.flag("hold_first_mail", true),
        notices_from: f.text_or("notices_from", &format!("no-reply@{domain}")),
        bounces_to: f.optional_text("bounces_to"),
        outbox: f.optional_text("outbox"),
        outbox_sent: f.text_or("outbox_sent", "Referrald/Sent"),
        outbox_refused: f.text_or("outbox_refused", "Referrald/Not sent"),
    };
    let folders = [
        config.outbox.as_deref(),
        Some(config.outbox_sent.as_str()),
        Some(config.outbox_refused.as_str()),
    ];
    let distinct: std::collections::HashSet<&str> = folders.into_iter().flatten().collect();
    f.demand(
        distinct.len() == folders.into_iter().flatten().count(),
        "outbox",
        "outbox, outbox_sent and outbox_refused must be three folders",
    );
    f.demand(
        config
            .bounces_to
            .as_deref()
            .is_none_or(|address| EmailAddress::parse(address).is_some()),
        "bounces_to",
        "write the restricted mailbox's address, such as \"referrals@restorative.example\"",
    );
    f.demand(
        EmailAddress::parse(&config.notices_from).is_some(),
        "notices_from",
        "write one plain address, such as \"no-reply@restorative.example\"",
    );
    config
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
        sign_in: relay_sign_in(&mut f),
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
    config
}

fn relay_sign_in(f: &mut Fields) -> Option<(String, SignInConfig)> {
    let user = f.optional_text("user");
    let password = f.optional_path("password_file").map(SignInConfig::Password);
    let oauth2 = f
        .optional_section("oauth2")
        .map(sign_in::oauth2)
        .map(SignInConfig::OAuth2);
    f.demand(
        password.is_none() || oauth2.is_none(),
        "password_file",
        "give password_file or an oauth2 section, not both",
    );
    let how = oauth2.or(password);
    f.demand(
        user.is_some() == how.is_some(),
        "user",
        "give user with password_file or an oauth2 section, or none of them",
    );
    sign_in::demand_user(f, user.as_deref().unwrap_or_default());
    user.zip(how)
}

fn submission(mut f: Fields) -> SubmissionConfig {
    let trusted_relay = trusted_relay(&mut f);
    let config = SubmissionConfig {
        hostname: f.text("hostname", "the name that volunteers' mail programs connect to"),
        implicit_tls_listen: f.optional_address("implicit_tls_listen"),
        starttls_listen: f.optional_address("starttls_listen"),
        trusted_relay,
        certificate_file: f.path_or("certificate_file", "submission.crt"),
        key_file: f.path_or("key_file", "submission.key"),
        max_message_bytes: f.number("max_message_mb", 35, 1..=200) * MEGABYTE,
        max_recipients: to_usize(f.number("max_recipients", 100, 1..=500)),
    };
    f.demand(
        config.implicit_tls_listen.is_some()
            || config.starttls_listen.is_some()
            || config.trusted_relay.is_some(),
        "implicit_tls_listen",
        "give implicit_tls_listen or starttls_listen, such as \"0.0.0.0:8465\", or the two trusted_relay keys",
    );
    config
}

fn trusted_relay(f: &mut Fields) -> Option<TrustedRelayConfig> {
    let listen = f.optional_address("trusted_relay_listen");
    let given = f.texts("trusted_relays");
    let mut relays = Vec::with_capacity(given.len());
    for text in &given {
        match text.parse() {
            Ok(network) => relays.push(network),
            Err(error) => f.demand(false, "trusted_relays", &format!("\"{text}\": {error}")),
        }
    }
    f.demand(
        listen.is_none() || !given.is_empty(),
        "trusted_relays",
        "list the addresses of the relays that may connect to trusted_relay_listen, such as [\"127.0.0.1\"], or \
         take trusted_relay_listen away",
    );
    f.demand(
        listen.is_some() || given.is_empty(),
        "trusted_relay_listen",
        "give the address that the trusted_relays connect to, such as \"127.0.0.1:8025\", or take trusted_relays away",
    );
    listen.map(|listen| TrustedRelayConfig { listen, relays })
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
mod tests;

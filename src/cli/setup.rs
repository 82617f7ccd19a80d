//! From the configuration file to the parts of the daemon.

use super::DEFAULT_CONFIG;
use super::files::Files;
use super::output::Failure;
use crate::casework::{DocumentsFolder, Terms};
use crate::config::{
    self, Config, DatabaseConfig, LogFormat, MailboxTls, OAuth2Config, Proxied, RelayConfig, SignInConfig,
    TlsChoice, UnprotectedChoice,
};
use crate::dial::Trust;
use crate::domain::KnownCase;
use crate::forms::{AgencyBook, LabelBook};
use crate::imap::{Auth, ImapSettings, ImapTimeouts, TlsMode};
use crate::ingest::{BackoffSettings, IngestSettings, OutboxSettings, Understanding};
use crate::oauth::TokenSource;
use crate::observe;
use crate::outbound::{AllocationGuard, FirstMailGuard, GuardSettings};
use crate::redact::RedactionSettings;
use crate::sandbox::{DraftingPool, OcrSettings, Protection, ReadingPool, WorkerSettings};
use crate::scanner::{Clamd, ClamdAddress, Scanned};
use crate::smtp::{
    RelayCredentials, RelayProof, RelaySettings, RelayTls, Relays, SubmissionSettings, TrustedRelaySettings,
};
use crate::store::{DatabasePlace, KeySource, MasterKeys, PostgresPlace, SessionTerms, Store, StoreError};
use crate::web::{BreachedPasswords, WebSettings, WebTls};
use secrecy::SecretString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Service name and domain that stand in where a command runs without a configuration.
const NO_CONFIG: &str = r#"
    service = { name = "referrald", domain = "referrald.invalid" }
    mailbox = { host = "mailbox.invalid", user = "nobody" }
"#;

/// For the whole of one delivery to a relay.
const RELAY_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest outbound mail where no submission server is configured, in bytes.
const DEFAULT_OUTBOUND_BYTES: u64 = 35 * 1024 * 1024;

/// Where the configuration is, and how loud to be.
#[derive(Debug, Clone)]
pub(super) struct Place {
    given: Option<PathBuf>,
    log: Option<tracing::Level>,
}

impl Place {
    pub(super) fn new(given: Option<PathBuf>, log: Option<tracing::Level>) -> Self {
        Self { given, log }
    }

    /// Another configuration, as loud.
    pub(super) fn at(&self, file: PathBuf) -> Self {
        Self {
            given: Some(file),
            log: self.log,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.given
            .clone()
            .unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG))
    }

    /// Reads the configuration; it must be there.
    pub(super) fn load(self) -> Result<Setup, Failure> {
        let path = self.path();
        let files = Files::beside(&path);
        let text = files
            .text(Path::new(path.file_name().unwrap_or_default()))
            .map_err(|failure| {
                Failure::configuration(format!(
                    "{failure}\nmake one with `referrald init FOLDER`, or name yours with --config FILE"
                ))
            })?;
        let config = Config::from_toml(&text).map_err(|errors| {
            let file = path.display();
            Failure::configuration(
                errors
                    .0
                    .iter()
                    .map(|error| format!("{file}: {error}"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            )
        })?;
        self.with(config, files, Some(path))
    }

    /// Reads the configuration, or takes the defaults where none was named and none is installed.
    pub(super) fn load_or_defaults(self) -> Result<Setup, Failure> {
        if self.given.is_some() || Path::new(DEFAULT_CONFIG).exists() {
            return self.load();
        }
        let config = Config::from_toml(NO_CONFIG)?;
        self.with(config, Files::beside(Path::new(DEFAULT_CONFIG)), None)
    }

    fn with(self, config: Config, files: Files, path: Option<PathBuf>) -> Result<Setup, Failure> {
        let format = match config.log.format {
            LogFormat::Text => observe::Format::Text,
            LogFormat::Json => observe::Format::Json,
        };
        observe::start(self.log.unwrap_or(config.log.level), format);
        Ok(Setup {
            config,
            files,
            path,
            tokens: Mutex::default(),
        })
    }
}

/// Labels and agencies.
pub(super) struct Books {
    pub(super) labels: LabelBook,
    pub(super) agencies: AgencyBook,
}

/// A loaded configuration with the files it names.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) files: Files,
    /// The configuration file; without one only dry runs work.
    path: Option<PathBuf>,
    /// One source for all sections that say the same.
    pub(super) tokens: Mutex<Vec<(OAuth2Config, TokenSource)>>,
}

impl Setup {
    /// The same configuration once more; what it names is read anew.
    pub(super) fn again(&self) -> Self {
        Self {
            config: self.config.clone(),
            files: self.files.clone(),
            path: self.path.clone(),
            tokens: Mutex::default(),
        }
    }

    /// There is a configuration file; without one only dry runs work.
    pub(super) fn is_configured(&self) -> bool {
        self.path.is_some()
    }

    /// The configuration file, where there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// This daemon's name among several: the configured one, or one that survives restarts and that no other daemon of
    /// this host has.
    pub(super) fn instance(&self) -> String {
        self.config.keeping.instance.clone().unwrap_or_else(|| {
            let system = rustix::system::uname();
            let path = self.path().unwrap_or(Path::new(DEFAULT_CONFIG));
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
            format!("{}:{}", system.nodename().to_string_lossy(), path.display())
        })
    }

    pub(super) fn master_keys(&self) -> Result<MasterKeys, Failure> {
        let file = &self.config.keeping.master_key_file;
        let bytes = self.files.secret(file)?;
        MasterKeys::parse(&bytes).map_err(|error| {
            Failure::configuration(format!("{}: {error}", self.files.locate(file).display()))
        })
    }

    pub(super) async fn store(&self) -> Result<Store, Failure> {
        let keys = self.master_keys()?;
        let place = self.database_place()?;
        let log = self.destruction_log(&place);
        let opened = Store::open_logging(&place, &log, keys).await;
        let opened = opened.inspect(|store| store.watch_keys(self.key_source()));
        opened.map_err(|error| {
            if let StoreError::DestructionLog(_) = &error {
                return Failure::from(error).about(&log);
            }
            let failure = Failure::from(error);
            match &self.config.keeping.database {
                DatabaseConfig::Sqlite(path) => failure.about(path),
                DatabaseConfig::Postgres { .. } => failure,
            }
        })
    }

    /// Reads the key file anew, for a daemon that runs while the key is rotated.
    fn key_source(&self) -> KeySource {
        let (files, file) = (self.files.clone(), self.config.keeping.master_key_file.clone());
        Box::new(move || MasterKeys::parse(&files.secret(&file).ok()?).ok())
    }

    /// How long things are kept.
    pub(super) fn terms(&self) -> Terms {
        let config = self.config.retention;
        Terms {
            closed_years: config.closed_years,
            automatic_days: config.automatic_days,
            enquiry_days: config.enquiry_days,
            liaison_days: config.liaison_days,
            statistics_years: config.statistics_years,
            left_days: config.left_days,
        }
    }

    /// Where copies of documents go, where that is configured.
    pub(super) fn documents_folder(&self) -> Option<DocumentsFolder> {
        let folder = self.config.keeping.documents_dir.as_ref()?;
        Some(DocumentsFolder::new(self.files.locate(folder)))
    }

    pub(super) fn destruction_log(&self, place: &DatabasePlace) -> PathBuf {
        let configured = self.config.keeping.destruction_log.clone();
        configured.unwrap_or_else(|| place.destruction_log())
    }

    pub(super) fn database_place(&self) -> Result<DatabasePlace, Failure> {
        match &self.config.keeping.database {
            DatabaseConfig::Sqlite(path) => Ok(DatabasePlace::Sqlite(path.clone())),
            DatabaseConfig::Postgres {
                address,
                password_file,
            } => {
                let place = PostgresPlace::parse(address)
                    .map_err(|error| Failure::configuration(format!("[keeping] database: {error}")))?;
                Ok(DatabasePlace::Postgres(match password_file {
                    Some(file) => place.with_password(&self.files.password(file)?),
                    None => place,
                }))
            }
        }
    }

    /// Labels with the taught forms, and agencies.
    pub(super) async fn books(&self) -> Result<Books, Failure> {
        let mut books = self.supplied_books()?;
        if let Some(folder) = &self.config.service.forms_dir {
            super::learn::teach(self, &self.files.locate(folder), &mut books.labels).await?;
        }
        Ok(books)
    }

    fn supplied_books(&self) -> Result<Books, Failure> {
        let service = &self.config.service;
        let labels = match &service.labels_file {
            None => LabelBook::default_book().map_err(Failure::configuration)?,
            Some(file) => LabelBook::from_toml(&self.files.text(file)?)
                .map_err(|error| Failure::configuration(error).about(&self.files.locate(file)))?,
        };
        let agencies = self.agencies()?;
        Ok(Books { labels, agencies })
    }

    fn agencies(&self) -> Result<AgencyBook, Failure> {
        match &self.config.service.agencies_file {
            None => AgencyBook::default_book().map_err(Failure::configuration),
            Some(file) => AgencyBook::from_toml(&self.files.text(file)?)
                .map_err(|error| Failure::configuration(error).about(&self.files.locate(file))),
        }
    }

    pub(super) fn prefixes(&self) -> Vec<String> {
        vec![self.config.service.reference_prefix.clone()]
    }

    pub(super) fn redaction_settings(&self) -> RedactionSettings {
        let max_bytes = self
            .config
            .submission
            .as_ref()
            .map_or(DEFAULT_OUTBOUND_BYTES, |s| s.max_message_bytes);
        RedactionSettings {
            cjsm_route: self.config.relay_cjsm.is_some(),
            ordinary_route: self.config.relay_ordinary.is_some(),
            reference_prefixes: self.prefixes(),
            own_domain: self.config.service.domain.clone(),
            max_bytes,
            own_addresses: self.config.service.own_addresses.clone(),
            name_model: self.config.redaction.name_model,
            attachments: self.config.redaction.other_attachments,
        }
    }

    /// Guards that depend on what is kept.
    pub(super) fn guard_settings(&self) -> Result<GuardSettings, Failure> {
        let config = &self.config.outbound;
        let allocation = match config.allocated_only {
            true => AllocationGuard::AllocatedFiles,
            false => AllocationGuard::Off,
        };
        let first_mail = match config.hold_first_mail {
            false => FirstMailGuard::Off,
            true => FirstMailGuard::Strangers {
                familiar_domains: self.agencies()?.partner_domains().map(str::to_owned).collect(),
            },
        };
        Ok(GuardSettings {
            allocation,
            first_mail,
        })
    }

    fn worker_settings(&self, defaults: WorkerSettings) -> WorkerSettings {
        let reading = &self.config.reading;
        WorkerSettings {
            workers: NonZeroUsize::new(reading.workers).unwrap_or(defaults.workers),
            time_limit: reading.time_limit,
            part_limit: reading.part_limit,
            memory_bytes: reading.memory_bytes,
            protection: self.protection(),
            ..defaults
        }
    }

    /// Workers that take inbound mail apart.
    pub(super) fn reading_pool(&self) -> ReadingPool {
        let defaults = WorkerSettings::for_reading(self.config.mailbox.max_message_bytes);
        let pool = ReadingPool::new(self.worker_settings(defaults), self.config.reading.limits);
        match self.ocr_settings() {
            Some(settings) => pool.with_ocr(settings),
            None => pool,
        }
    }

    /// The workers behind the virus scanner, where there is one.
    pub(super) fn reader(&self) -> Scanned<ReadingPool> {
        Scanned::new(self.reading_pool(), self.scanner())
    }

    /// The virus scanner, where there is one.
    pub(super) fn scanner(&self) -> Option<Clamd> {
        self.config.scanner.as_ref().map(|scanner| Clamd {
            address: match &scanner.clamd {
                config::ClamdAddress::Unix(path) => ClamdAddress::Unix(path.clone()),
                config::ClamdAddress::Tcp(address) => ClamdAddress::Tcp(*address),
            },
            time_limit: scanner.time_limit,
            max_stream_bytes: scanner.max_stream_bytes,
        })
    }

    /// Text recognition, where it is enabled.
    pub(super) fn ocr_settings(&self) -> Option<OcrSettings> {
        let ocr = &self.config.ocr;
        let settings = OcrSettings {
            languages: ocr.languages.clone(),
            max_pages: ocr.max_pages,
            page_limit: ocr.page_limit,
            memory_bytes: ocr.memory_bytes,
            protection: self.protection(),
            ..OcrSettings::new()
        };
        ocr.enabled.then_some(settings)
    }

    fn protection(&self) -> Protection {
        match self.config.reading.unprotected {
            UnprotectedChoice::Refuse => Protection::Required,
            UnprotectedChoice::Allow => Protection::AllowUnprotected,
        }
    }

    /// Workers that redact outbound mail.
    pub(super) fn drafting_pool(&self) -> DraftingPool {
        let defaults = WorkerSettings::for_drafting(self.redaction_settings().max_bytes);
        DraftingPool::new(self.worker_settings(defaults))
    }

    pub(super) fn imap_settings(&self) -> Result<ImapSettings, Failure> {
        let mailbox = &self.config.mailbox;
        Ok(ImapSettings {
            host: mailbox.host.clone(),
            port: mailbox.port,
            tls: match mailbox.tls {
                MailboxTls::Implicit => TlsMode::Implicit,
                MailboxTls::StartTls => TlsMode::StartTls,
            },
            trust: Trust {
                ca_pem: self.optional_pem(mailbox.ca_file.as_deref())?,
                identity: self.identity(mailbox.client_identity.as_ref())?,
            },
            proxy: self.proxy(Proxied::Mailbox)?,
            auth: match &mailbox.sign_in {
                SignInConfig::Password(file) => Auth::Password {
                    user: mailbox.user.clone(),
                    password: self.files.password(file)?,
                },
                SignInConfig::OAuth2(config) => Auth::OAuth2 {
                    user: mailbox.user.clone(),
                    tokens: self.token_source(config)?,
                },
            },
            timeouts: ImapTimeouts::default(),
            // Exchange announces estimated sizes: a quarter of slack.
            max_literal_bytes: mailbox.max_message_bytes.saturating_mul(5).div_ceil(4),
        })
    }

    pub(super) fn ingest_settings(&self) -> IngestSettings {
        let mailbox = &self.config.mailbox;
        IngestSettings {
            mailbox: mailbox.name.clone(),
            inbox: mailbox.inbox.clone(),
            processed: mailbox.processed.clone(),
            poll_interval: mailbox.poll,
            sweep_interval: mailbox.sweep,
            settle: mailbox.settle,
            max_message_bytes: mailbox.max_message_bytes,
            batch_messages: mailbox.batch_messages,
            readers: self.config.reading.workers,
            ..IngestSettings::default()
        }
    }

    /// The Outbox folder, where one is configured.
    pub(super) fn outbox_settings(&self) -> Option<OutboxSettings> {
        let config = &self.config.outbound;
        Some(OutboxSettings {
            mailbox: self.config.mailbox.name.clone(),
            outbox: config.outbox.clone()?,
            sent: config.outbox_sent.clone(),
            refused: config.outbox_refused.clone(),
            poll_interval: self.config.mailbox.poll,
            max_message_bytes: self.redaction_settings().max_bytes,
            backoff: BackoffSettings::default(),
        })
    }

    pub(super) async fn understanding(&self) -> Result<Understanding, Failure> {
        let Books { labels, agencies } = self.books().await?;
        Ok(Understanding {
            labels,
            agencies,
            reference_prefixes: self.prefixes(),
            authserv_id: self.config.mailbox.authserv_id.clone(),
        })
    }

    pub(super) fn relays(&self) -> Result<Relays, Failure> {
        let cjsm = self.relay(self.config.relay_cjsm.as_ref())?;
        let ordinary = self.relay(self.config.relay_ordinary.as_ref())?;
        Relays::new(cjsm, ordinary).map_err(Failure::configuration)
    }

    fn relay(&self, config: Option<&RelayConfig>) -> Result<Option<RelaySettings>, Failure> {
        let Some(config) = config else { return Ok(None) };
        let credentials = match &config.sign_in {
            None => None,
            Some((user, how)) => Some(RelayCredentials {
                user: user.clone(),
                proof: match how {
                    SignInConfig::Password(file) => RelayProof::Password(self.files.password(file)?),
                    SignInConfig::OAuth2(config) => RelayProof::Tokens(self.token_source(config)?),
                },
            }),
        };
        Ok(Some(RelaySettings {
            host: config.host.clone(),
            port: config.port,
            tls: match config.tls {
                TlsChoice::Implicit => RelayTls::Implicit,
                TlsChoice::StartTls => RelayTls::StartTls,
                TlsChoice::None => RelayTls::None,
            },
            credentials,
            ca_pem: self.optional_pem(config.ca_file.as_deref())?,
            proxy: match config.tls {
                // On this machine.
                TlsChoice::None => None,
                TlsChoice::Implicit | TlsChoice::StartTls => self.proxy(Proxied::Relays)?,
            },
            hello_name: self.config.service.domain.clone(),
            timeout: RELAY_TIMEOUT,
        }))
    }

    pub(super) fn submission_settings(&self) -> Result<Option<SubmissionSettings>, Failure> {
        let Some(config) = &self.config.submission else {
            return Ok(None);
        };
        let certificate = self.files.plain(&config.certificate_file)?.to_vec();
        let key = self.files.password(&config.key_file)?;
        Ok(Some(SubmissionSettings {
            implicit_tls_addr: config.implicit_tls_listen,
            starttls_addr: config.starttls_listen,
            trusted_relay: config.trusted_relay.as_ref().map(|relay| TrustedRelaySettings {
                addr: relay.listen,
                peers: relay.relays.clone(),
            }),
            max_message_bytes: usize::try_from(config.max_message_bytes).unwrap_or(usize::MAX),
            max_recipients: config.max_recipients,
            ..SubmissionSettings::new(config.hostname.clone(), certificate, key)
        }))
    }

    /// The staff pages, where they are configured.
    /// The file of passwords that are not taken, where one is configured.
    pub(super) fn breached_passwords(&self) -> Option<BreachedPasswords> {
        let file = self.config.web.as_ref()?.breached_passwords.as_ref()?;
        Some(BreachedPasswords::new(&self.files.locate(file)))
    }

    /// A new password of an account: none that is known from a breach.
    pub(super) fn demand_unknown(&self, password: &SecretString) -> Result<(), Failure> {
        match self.breached_passwords() {
            Some(breached) => breached.demand_unknown(password).map_err(Failure::failed),
            None => Ok(()),
        }
    }

    pub(super) fn web_settings(&self) -> Result<Option<WebSettings>, Failure> {
        let Some(config) = &self.config.web else {
            return Ok(None);
        };
        let tls = match &config.tls {
            None => None,
            Some((certificate, key)) => Some(WebTls {
                certificate_pem: self.files.plain(certificate)?.to_vec(),
                key_pem: self.files.password(key)?,
            }),
        };
        let (districts, least) = super::report::settings(self)?;
        Ok(Some(WebSettings {
            listen: config.listen,
            tls,
            public_origin: config.public_origin.clone(),
            sessions: SessionTerms {
                idle: config.idle,
                absolute: config.absolute,
            },
            service: self.config.service.name.clone(),
            reference_prefix: self.config.service.reference_prefix.clone(),
            mailbox: self.config.mailbox.name.clone(),
            closed_years: self.config.retention.closed_years,
            districts,
            least,
            breached: self.breached_passwords(),
            shown: self.config.shown.clone(),
        }))
    }

    pub(super) fn optional_pem(&self, file: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
        file.map(|file| self.files.plain(file).map(|pem| pem.to_vec()))
            .transpose()
    }
}

/// The people of case files given on the command line.
pub(super) fn cases_from(files: &[PathBuf]) -> Result<Vec<KnownCase>, Failure> {
    files
        .iter()
        .map(|file| {
            let text = std::fs::read(file).map_err(|error| {
                Failure::failed(format!("{} cannot be read ({})", file.display(), error.kind()))
            })?;
            let referral = serde_json::from_slice(&text).map_err(|error| {
                Failure::failed(format!(
                    "{} is not a `referral` object (line {}); take one from `referrald parse`",
                    file.display(),
                    error.line()
                ))
            })?;
            Ok(KnownCase {
                silenced: Vec::new(),
                reference: None,
                closed: false,
                referral,
            })
        })
        .collect()
}

/// Reads a mail file.
pub(super) fn mail_from(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file)
        .map_err(|error| Failure::failed(format!("{} cannot be read ({})", file.display(), error.kind())))
}

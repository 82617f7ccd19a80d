//! From the configuration file to the parts of the daemon.

use super::files::Files;
use super::output::Failure;
use super::DEFAULT_CONFIG;
use crate::config::{Config, LogFormat, UnprotectedChoice};
use crate::domain::KnownCase;
use crate::forms::{AgencyBook, LabelBook};
use crate::redact::RedactionSettings;
use crate::sandbox::{Pool, Unprotected, WorkerSettings};
use crate::store::{MasterKeys, Store};
use crate::{extract, observe};
use std::path::{Path, PathBuf};

/// Service name and domain that stand in where a command runs without a configuration.
const NO_CONFIG: &str = r#"
    service = { name = "referrald", domain = "referrald.invalid" }
    mailbox = { host = "mailbox.invalid", user = "nobody" }
"#;

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

    pub(super) fn path(&self) -> PathBuf {
        self.given.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG))
    }

    /// Reads the configuration; it must be there.
    pub(super) fn load(self) -> Result<Setup, Failure> {
        let path = self.path();
        let files = Files::beside(&path);
        let text = files.text(Path::new(path.file_name().unwrap_or_default())).map_err(|failure| {
            Failure::configuration(format!(
                "{}\nmake one with `referrald init FOLDER`, or name yours with --config FILE",
                failure.text()
            ))
        })?;
        let config = Config::from_toml(&text).map_err(|errors| {
            let file = path.display();
            Failure::configuration(
                errors.0.iter().map(|error| format!("{file}: {error}")).collect::<Vec<_>>().join("\n"),
            )
        })?;
        self.with(config, files, true)
    }

    /// Reads the configuration, or takes the defaults where none was named and none is installed.
    pub(super) fn load_or_defaults(self) -> Result<Setup, Failure> {
        if self.given.is_some() || Path::new(DEFAULT_CONFIG).exists() {
            return self.load();
        }
        let config = Config::from_toml(NO_CONFIG)?;
        self.with(config, Files::beside(Path::new(DEFAULT_CONFIG)), false)
    }

    fn with(self, config: Config, files: Files, configured: bool) -> Result<Setup, Failure> {
        let format = match config.log.format {
            LogFormat::Text => observe::Format::Text,
            LogFormat::Json => observe::Format::Json,
        };
        observe::start(self.log.unwrap_or(config.log.level), format);
        Ok(Setup { config, files, configured })
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
    configured: bool,
}

impl Setup {
    /// There is a configuration file; without one only dry runs work.
    pub(super) fn is_configured(&self) -> bool {
        self.configured
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
        let path = &self.config.keeping.database;
        Store::open(path, keys).await.map_err(|error| {
            let failure = Failure::from(error);
            failure.about(path)
        })
    }

    pub(super) fn books(&self) -> Result<Books, Failure> {
        let service = &self.config.service;
        let labels = match &service.labels_file {
            None => LabelBook::default_book(),
            Some(file) => LabelBook::from_toml(&self.files.text(file)?)
                .map_err(|error| Failure::configuration(error).about(&self.files.locate(file)))?,
        };
        let agencies = match &service.agencies_file {
            None => AgencyBook::default_book(),
            Some(file) => AgencyBook::from_toml(&self.files.text(file)?)
                .map_err(|error| Failure::configuration(error).about(&self.files.locate(file)))?,
        };
        Ok(Books { labels, agencies })
    }

    pub(super) fn prefixes(&self) -> Vec<String> {
        vec![self.config.service.reference_prefix.clone()]
    }

    pub(super) fn redaction_settings(&self) -> RedactionSettings {
        let max_bytes = self.config.submission.as_ref().map_or(35 * 1024 * 1024, |s| s.max_message_bytes);
        RedactionSettings {
            cjsm_route: self.config.relay_cjsm.is_some(),
            ordinary_route: self.config.relay_ordinary.is_some(),
            reference_prefixes: self.prefixes(),
            own_domain: self.config.service.domain.clone(),
            max_bytes,
            own_addresses: self.config.service.own_addresses.clone(),
        }
    }

    /// A pool of fenced workers.
    pub(super) fn pool(&self) -> Result<Pool, Failure> {
        let program = std::env::current_exe()
            .map_err(|_| Failure::failed("the program's own file cannot be found; start it by its full path"))?;
        let reading = &self.config.reading;
        Ok(Pool::new(WorkerSettings {
            program,
            workers: reading.workers,
            time_limit: reading.time_limit,
            memory_bytes: reading.memory_bytes,
            unprotected: match reading.unprotected {
                UnprotectedChoice::Refuse => Unprotected::Refuse,
                UnprotectedChoice::Allow => Unprotected::Allow,
            },
        }))
    }
}

/// The bounds that the worker reads with.
pub(super) fn read_limits() -> extract::ReadLimits {
    extract::ReadLimits::default()
}

/// The people of case files given on the command line.
pub(super) fn cases_from(files: &[PathBuf]) -> Result<Vec<KnownCase>, Failure> {
    files
        .iter()
        .map(|file| {
            let text = std::fs::read(file)
                .map_err(|error| Failure::failed(format!("{} cannot be read ({})", file.display(), error.kind())))?;
            let referral = serde_json::from_slice(&text).map_err(|error| {
                Failure::failed(format!(
                    "{} is not a `referral` object (line {}); take one from `referrald parse`",
                    file.display(),
                    error.line()
                ))
            })?;
            Ok(KnownCase { reference: None, closed: false, referral })
        })
        .collect()
}

/// Reads a mail file.
pub(super) fn mail_from(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file)
        .map_err(|error| Failure::failed(format!("{} cannot be read ({})", file.display(), error.kind())))
}

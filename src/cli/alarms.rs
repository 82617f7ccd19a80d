//! Alarms: what is watched, and the way to the service's IT.

use super::figures::StoreFigures;
use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::casework::{self, Terms};
use crate::config::AlarmsConfig;
use crate::domain::{Clock, EmailAddress, OpenAddress, Recipient, SystemClock};
use crate::ingest::IngestStatus;
use crate::observe::{AlarmCourier, AlarmParts, AlarmSettings, Alarms, Letter, ReadMachine};
use crate::outbound::{NonceSource, Relay, RelayAnswer, SystemNonces};
use crate::presence::Presence;
use crate::redact::{self, RedactedMessage, RedactionSettings, ServiceMail, VerbatimMessage};
use crate::smtp::Relays;
use crate::store::{DatabasePlace, Store};
use jiff::SignedDuration;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// What outlived its term longer ago than this, two daily runs have not destroyed.
const OVERDUE: SignedDuration = SignedDuration::from_hours(48);

/// The alarms, where `[alarms]` asks for them.
pub(super) fn alarms(
    setup: &Setup,
    presence: &Presence,
    status: watch::Receiver<IngestStatus>,
) -> Result<Option<Alarms>, Failure> {
    let Some(config) = &setup.config.alarms else {
        return Ok(None);
    };
    let parts = AlarmParts {
        figures: Arc::new(StoreFigures::new(setup, presence)),
        machine: Box::new(Machine {
            kept_in: kept_in(setup)?,
            store: presence.store().clone(),
            terms: setup.terms(),
        }),
        status,
        courier: Box::new(PastTheDatabase::new(setup, config)?),
        clock: Arc::new(SystemClock),
        started: SystemClock.now(),
        instance: setup.instance(),
    };
    let settings = AlarmSettings {
        silent: config.silent,
        held: config.held,
        disk_free_percent: config.disk_free_percent,
        repeat: config.repeat,
    };
    Ok(Some(Alarms::new(parts, settings)))
}

/// Whether there is a way to the address, without taking it.
///
/// # Errors
/// What to configure.
pub(super) fn is_possible(setup: &Setup, config: &AlarmsConfig) -> Outcome {
    PastTheDatabase::new(setup, config).map(|_| ())
}

/// `referrald try-alarm`.
pub(super) async fn try_one(setup: Setup) -> Outcome {
    let Some(config) = &setup.config.alarms else {
        return Err(Failure::configuration(
            "no alarms are configured: add a section [alarms] with to = \"the address of whoever looks after the daemon\"",
        ));
    };
    let courier = PastTheDatabase::new(&setup, config)?;
    match courier.offer(&Letter::trial(&setup.instance())).await {
        Ok(()) => {
            output::line(format!(
                "a relay has taken a mail to {}; look whether it arrives",
                config.to
            ));
            Ok(())
        }
        Err(why) => Err(Failure::failed(format!(
            "no relay takes a mail to {}: {why}",
            config.to
        ))),
    }
}

/// The folder whose disk must not fill up.
fn kept_in(setup: &Setup) -> Result<PathBuf, Failure> {
    let place = setup.database_place()?;
    let file = match &place {
        DatabasePlace::Sqlite(path) => path.clone(),
        DatabasePlace::Postgres(_) => setup.destruction_log(&place),
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(folder.unwrap_or(Path::new(".")).to_owned())
}

struct Machine {
    kept_in: PathBuf,
    store: Store,
    terms: Terms,
}

impl ReadMachine for Machine {
    fn disk_free_percent(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.kept_in).ok()?;
        disk.f_bavail.saturating_mul(100).checked_div(disk.f_blocks)
    }

    fn overdue(&self) -> Pin<Box<dyn Future<Output = Option<u64>> + Send + '_>> {
        Box::pin(async {
            let before = SystemClock.now().checked_sub(OVERDUE).ok()?;
            let due = casework::due(&self.store, &self.terms, before).await.ok()?;
            u64::try_from(due.len()).ok()
        })
    }
}

/// Sends at once and keeps nothing: the database may be what is broken.
struct PastTheDatabase {
    relays: Relays,
    redaction: RedactionSettings,
    from: String,
    to: String,
}

impl PastTheDatabase {
    fn new(setup: &Setup, config: &AlarmsConfig) -> Result<Self, Failure> {
        let redaction = setup.redaction_settings();
        let is_cjsm = matches!(Recipient::parse(&config.to), Some(Recipient::Cjsm(_)));
        let is_reached = redaction.ordinary_route || redaction.cjsm_route && is_cjsm;
        if !is_reached {
            return Err(Failure::configuration(
                "alarms need a relay to their address: configure [relays.ordinary]",
            ));
        }
        Ok(Self {
            relays: setup.relays()?,
            redaction,
            from: setup.config.outbound.notices_from.clone(),
            to: config.to.clone(),
        })
    }

    /// The error says in words what is wrong.
    async fn offer(&self, letter: &Letter) -> Result<(), String> {
        let unfit = || "the addresses in [alarms] and [outbound] cannot be used".to_owned();
        let nonce = SystemNonces
            .nonce()
            .ok_or("the operating system gave no random bytes")?;
        let (_, bytes) = redact::service_mail(&ServiceMail {
            from: &self.from,
            to: &self.to,
            subject: &letter.subject,
            text: &letter.text,
            date: SystemClock.now(),
            nonce,
            own_domain: &self.redaction.own_domain,
        });
        let sender = EmailAddress::parse(&self.from).ok_or_else(unfit)?;
        let answer = match Recipient::parse(&self.to).ok_or_else(unfit)? {
            Recipient::Cjsm(to) if self.redaction.cjsm_route => {
                let message = VerbatimMessage::without_bcc(&bytes);
                self.relays.send_plain(&sender, &to, &message).await
            }
            Recipient::Cjsm(to) => self.send_open(&sender, &to.into(), bytes).await?,
            Recipient::Open(to) => self.send_open(&sender, &to, bytes).await?,
        };
        match answer {
            RelayAnswer::Accepted(_) => Ok(()),
            RelayAnswer::Later(None) => Err("it does not answer; `referrald check` tries it".to_owned()),
            RelayAnswer::Later(Some(code)) | RelayAnswer::Refused(Some(code)) => {
                Err(format!("it answered {code}"))
            }
            RelayAnswer::Refused(None) => Err("the mail cannot be offered to it".to_owned()),
        }
    }

    async fn send_open(
        &self,
        sender: &EmailAddress,
        to: &OpenAddress,
        bytes: Vec<u8>,
    ) -> Result<RelayAnswer, String> {
        let message = RedactedMessage::verify(bytes, &[], &[], &self.redaction);
        let message = message.map_err(|reason| reason.explanation().to_owned())?;
        Ok(self.relays.send_redacted(sender, to, &message).await)
    }
}

impl AlarmCourier for PastTheDatabase {
    fn send<'a>(
        &'a self,
        letter: &'a Letter,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(self.offer(letter))
    }
}

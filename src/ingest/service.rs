//! Supervision: one task looks at the mailbox, one reads what was committed; both go on after any error.
//!
//! Invariant: of several daemons one looks at the mailbox. Should two do so for a moment (one stood still and does not know
//! yet), nothing is lost or taken twice: every change in the ledger demands the lease in its own transaction, the server is
//! asked to move or delete only right after the lease was looked at, and what it did for the earlier holder is proved by
//! the folder, as after a crash.

use super::backoff::{Backoff, Jitter};
use super::look::{Look, Memory, Next};
use super::reading::read_held;
use super::{
    Connector, IngestSettings, IngestStatus, Mailbox, MailboxError, Reader, Step, StepProbe, Understanding,
};
use crate::domain::{Clock, Timestamp};
use crate::presence::Presence;
use crate::store::{Duty, LeaseName, Store, StoreError};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// How long a look at the mailbox may go on after the stop was asked for. Being cut off is harmless.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What the service is made of.
pub struct IngestParts<C, R> {
    /// This daemon among others, and the store.
    pub presence: Arc<Presence>,
    /// Opens connections to the mailbox.
    pub connector: C,
    /// Takes mails apart.
    pub reader: R,
    /// Labels, agencies, our own references.
    pub understanding: Understanding,
    /// Settings.
    pub settings: IngestSettings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter of back-off.
    pub jitter: Arc<dyn Jitter>,
    /// Told at each step.
    pub probe: Arc<dyn StepProbe>,
}

/// The inbound service of one mailbox.
pub struct Ingest<C, R> {
    presence: Arc<Presence>,
    lease: LeaseName,
    /// For looking at the mailbox: every change demands the lease.
    pub(super) leased: Store,
    /// For reading what was committed, which any daemon may do.
    pub(super) store: Store,
    pub(super) connector: C,
    pub(super) reader: R,
    pub(super) understanding: Arc<Understanding>,
    pub(super) settings: IngestSettings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) jitter: Arc<dyn Jitter>,
    pub(super) probe: Arc<dyn StepProbe>,
    pub(super) status: watch::Sender<IngestStatus>,
    pub(super) committed: Notify,
}

/// Why a look at the mailbox ended early. Carries no content.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the mail server's answer could not be taken apart")]
    Panicked,
}

impl LookError {
    /// How long to wait after it.
    pub(super) fn wait(&self, backoff: &mut Backoff, jitter: u64) -> Duration {
        match self {
            // Trying a wrong password often locks accounts.
            Self::Mailbox(MailboxError::SignInRefused | MailboxError::TokenRefused(_)) => backoff.longest(),
            Self::Mailbox(error) => backoff.next(jitter).max(error.asked_wait().unwrap_or_default()),
            Self::Store(_) | Self::Panicked => backoff.next(jitter),
        }
    }
}

impl<C: Connector, R: Reader> Ingest<C, R> {
    /// Puts the service together; the receiver tells how it is doing.
    pub fn new(parts: IngestParts<C, R>) -> (Self, watch::Receiver<IngestStatus>) {
        let (status, receiver) = watch::channel(IngestStatus::default());
        let lease = LeaseName {
            mailbox: parts.settings.mailbox.clone(),
            duty: Duty::Inbox,
        };
        let service = Self {
            leased: parts.presence.store().under_lease(&lease),
            store: parts.presence.store().clone(),
            presence: parts.presence,
            lease,
            connector: parts.connector,
            reader: parts.reader,
            understanding: Arc::new(parts.understanding),
            settings: parts.settings,
            clock: parts.clock,
            jitter: parts.jitter,
            probe: parts.probe,
            status,
            committed: Notify::new(),
        };
        (service, receiver)
    }

    /// Runs until `stop`. No error ends it: it waits and goes on. The mailbox is looked at only under its lease.
    pub async fn run(&self, stop: CancellationToken) {
        let watching = self
            .presence
            .hold(&self.lease, &stop, || self.watch_mailbox(&stop));
        tokio::join!(watching, read_held(self, &stop));
    }

    /// To be asked right before the mailbox is changed: this daemon may have stood still since the store last agreed.
    pub(super) fn demand_lease(&self) -> Result<(), LookError> {
        match self.presence.is_current() {
            true => Ok(()),
            false => Err(StoreError::NotOurs.into()),
        }
    }

    async fn watch_mailbox(&self, stop: &CancellationToken) {
        let mut memory = Memory::default();
        let mut backoff = Backoff::new(self.settings.backoff);
        while !stop.is_cancelled() {
            // The response parser has been seen to panic on odd answers.
            let session = AssertUnwindSafe(self.session(&mut memory, &mut backoff, stop)).catch_unwind();
            let ended = tokio::select! {
                ended = session => ended.unwrap_or(Err(LookError::Panicked)),
                () = cancelled_for(stop, STOP_GRACE) => return,
            };
            let Err(error) = ended else { return };
            let wait = error.wait(&mut backoff, self.jitter.draw());
            tracing::warn!(
                mailbox = %self.settings.mailbox,
                error = %error,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "looking at the mailbox failed; trying again"
            );
            self.status.send_modify(|status| {
                status.failures = status.failures.saturating_add(1);
                status.last_error = Some(error.to_string());
            });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One connection, look after look. `Ok` when stopped.
    async fn session(
        &self,
        memory: &mut Memory,
        backoff: &mut Backoff,
        stop: &CancellationToken,
    ) -> Result<(), LookError> {
        let mut mailbox = self.connector.connect().await?;
        self.probe.at(Step::Connected);
        mailbox.ensure_folder(&self.settings.processed).await?;
        if !self
            .leased
            .move_receipts(&self.settings.mailbox)
            .await?
            .is_empty()
        {
            tokio::time::sleep(self.settings.settle).await;
        }
        loop {
            let next = Look::new(self, &mut mailbox, memory, stop).run().await?;
            backoff.reset();
            self.status.send_modify(|status| {
                status.last_success = Some(self.clock.now());
                status.failures = 0;
                status.last_error = None;
            });
            let interval = self.settings.poll_interval;
            let waiting = async {
                match next {
                    Next::Wait => mailbox.wait_for_news(interval).await,
                    Next::Again => Ok(()),
                    Next::Pause => {
                        tokio::time::sleep(interval).await;
                        Ok(())
                    }
                }
            };
            tokio::select! {
                waited = waiting => waited?,
                () = stop.cancelled() => return Ok(()),
            }
            if stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

async fn cancelled_for(stop: &CancellationToken, grace: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(grace).await;
}

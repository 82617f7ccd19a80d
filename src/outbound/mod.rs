//! The outbound service: a submitted mail to one delivery per recipient.
//!
//! Invariants:
//!
//! - Any doubt, error, time-out or missing route means *held*, never sent.
//! - A mail is taken over ([`SubmissionSink::accept`]) only once it is stored; what is stored is planned and
//!   delivered after any crash. A crash between a relay's answer and its record sends a mail again, with the
//!   same Message-ID: twice rather than never.
//! - Of several daemons on one database each plans and delivers what it has claimed. Right before a mail is handed to a
//!   relay its delivery is noted as being sent, for longer than that can take; until then no other daemon tries it, even if
//!   this one is killed. Then it is sent again, as after a crash of a single daemon; a daemon that starts again under its
//!   own name need not wait. Stored mail, notices and outcomes are guarded in their own transactions.
//! - What goes to an open recipient passed the second pass twice: when it was planned, and right before it
//!   is sent, against the people known at that moment.
//!
//! Three loops run side by side, so that a slow redaction holds up no delivery: `plan` splits and redacts,
//! `deliver` sends, `notify` tells senders what was held, given back or failed. They are woken by new work and look by
//! themselves at an interval.

mod deliver;
mod desk;
mod familiar;
mod notify;
mod plan;
mod ports;
mod retry;

pub use desk::{Answering, Desk, MAX_RECIPIENTS, MAX_SUBJECT, MAX_TEXT, NotTaken, WrittenMail};
pub use ports::{
    AcceptFailure, DraftFailure, Drafter, NonceSource, RawMail, Relay, RelayAnswer, SinkUnavailable,
    SubmissionAccount, SubmissionSink, SubmittedMail, SystemNonces,
};

use crate::domain::{Clock, EmailAddress, OutboundId};
use crate::redact::RedactionSettings;
use crate::store::{Store, StoreError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What the service is told by the configuration.
#[derive(Debug, Clone)]
pub struct OutboundSettings {
    /// What redaction may do, and which relays there are.
    pub redaction: RedactionSettings,
    /// For one redaction, worker included; longer means held.
    pub draft_timeout: Duration,
    /// How often the loops look for work by themselves (retries that are due).
    pub poll_interval: Duration,
    /// The longest that a mail may be on its way to a relay, the relay's own patience included, until its outcome is
    /// recorded; only then may another daemon try it.
    pub sending_limit: Duration,
    /// The guards that depend on what is kept.
    pub guards: GuardSettings,
    /// From whom notices to senders come.
    pub notices_from: String,
    /// Envelope sender of redacted mail, where reports of other servers are to come to the restricted mailbox; without one
    /// they go to the volunteer.
    pub bounces_to: Option<String>,
}

/// Guards that depend on what is kept.
#[derive(Debug, Clone)]
pub struct GuardSettings {
    /// What volunteers may write about.
    pub allocation: AllocationGuard,
    /// Whose first mail is held.
    pub first_mail: FirstMailGuard,
}

/// What volunteers may write about; staff accounts may write about every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllocationGuard {
    /// Case files allocated to them.
    AllocatedFiles,
    /// Every case.
    Off,
}

/// Whose first mail is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstMailGuard {
    /// Everybody's but these domains' (with and without `.cjsm.net`), our own addresses', and people and referrers of
    /// cases'.
    Strangers {
        /// Domains of partner agencies, lower case.
        familiar_domains: Vec<String>,
    },
    /// Nobody's.
    Off,
}

/// Where the service gets everything from.
pub struct OutboundParts<D, R, C, N> {
    /// What is kept.
    pub store: Store,
    /// The worker.
    pub drafter: D,
    /// The relays.
    pub relay: R,
    /// The time.
    pub clock: C,
    /// Randomness for Message-IDs.
    pub nonces: N,
}

/// The outbound service.
pub struct Outbound<D, R, C, N> {
    parts: OutboundParts<D, R, C, N>,
    settings: OutboundSettings,
    to_plan: Notify,
    to_deliver: Notify,
    to_notify: Notify,
}

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Outbound<D, R, C, N> {
    /// A service that does nothing until [`Self::run`].
    pub fn new(parts: OutboundParts<D, R, C, N>, settings: OutboundSettings) -> Self {
        Self {
            parts,
            settings,
            to_plan: Notify::new(),
            to_deliver: Notify::new(),
            to_notify: Notify::new(),
        }
    }

    /// Plans, delivers and notifies until `stop`. A delivery under way is finished and recorded first, which takes at
    /// most the relay's time-out.
    pub async fn run(&self, stop: &CancellationToken) {
        tokio::join!(
            self.plan_until(stop),
            self.deliver_until(stop),
            self.notify_until(stop)
        );
    }

    /// All loops look for work now.
    pub fn wake(&self) {
        self.to_notify.notify_one();
        self.to_plan.notify_one();
        self.to_deliver.notify_one();
    }

    /// Waits for work, the interval or the stop.
    async fn pause(&self, work: &Notify, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = work.notified() => {}
            () = tokio::time::sleep(self.settings.poll_interval) => {}
        }
    }
}

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> SubmissionSink for Outbound<D, R, C, N> {
    async fn account(&self, user: &str) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        self.parts.store.account(user).await.map_err(|error| {
            tracing::error!(%error, "an account could not be looked up");
            SinkUnavailable
        })
    }

    async fn account_of_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        let found = self.parts.store.account_of_address(address).await;
        found.map_err(|error| {
            tracing::error!(%error, "the account of a sender could not be looked up");
            SinkUnavailable
        })
    }

    async fn accept(&self, mail: SubmittedMail) -> Result<OutboundId, AcceptFailure> {
        match self.parts.store.account(&mail.account).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(AcceptFailure::Refused),
            Err(error) => return Err(not_stored(&error)),
        }
        let now = self.parts.clock.now();
        let stored = self.parts.store.accept_outbound(&mail, now).await;
        let id = stored.map_err(|error| not_stored(&error))?;
        self.to_plan.notify_one();
        Ok(id)
    }
}

/// Whatever the reason, the sender keeps the mail and may try again.
fn not_stored(error: &StoreError) -> AcceptFailure {
    tracing::error!(%error, "a submitted mail could not be stored; its sender was told to try again");
    AcceptFailure::Later
}

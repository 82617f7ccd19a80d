//! Several daemons on one database: who is signed on, who works on which mailbox, and whose a piece of work is.
//!
//! Rules, all on the database's own clock (a SQLite file's is its machine's):
//!
//! - A daemon *signs on* under its instance name and renews that before its term has passed. What it has taken, a *lease*
//!   of a mailbox or a *claim* of a message, a mail or a delivery, counts as long as it is signed on.
//! - Who signs on takes the place of the earlier run with its name at once, whether that ended or not: what the earlier run
//!   had is free, and it is told so when it renews.
//! - A delivery that may be on its way to a relay stays its daemon's until that time has passed as well, unless the same
//!   instance signs on again.
//!
//! Invariant: a change through [`Store::under_lease`] or [`Store::under_claim`] is made only while that is ours; it is
//! checked in the transaction that makes the change.
//!
//! A [`Store`] that is no daemon's may claim, as tests do; its claims bind nobody.

use super::{Store, StoreError};
use crate::domain::{DeliveryId, MessageId, OutboundId, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What one daemon at a time does in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Takes in what arrives, and deletes there what was rejected.
    Inbox,
    /// Takes liaison mail out of the Outbox folder.
    Outbox,
}

impl Duty {
    /// The word that names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Outbox => "outbox",
        }
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a lease is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseName {
    /// The mailbox's configured name.
    pub mailbox: String,
    /// What is done there.
    pub duty: Duty,
}

/// The answer to asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// It is ours, now or still.
    Ours,
    /// Another daemon has it.
    Held {
        /// Its instance name.
        instance: String,
        /// Since when it has the lease.
        since: Timestamp,
        /// How long it counts if that daemon does nothing any more.
        left: Duration,
    },
    /// A later run with our instance name has signed on.
    Superseded,
}

/// The answer to renewing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Signed on for another term.
    Current,
    /// A later run with our instance name has signed on.
    Superseded,
}

/// A lease that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// What it is for.
    pub name: LeaseName,
    /// The daemon's instance name.
    pub instance: String,
    /// Since when.
    pub since: Timestamp,
}

/// The earlier run whose place was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierRun {
    /// When it signed on.
    pub since: Timestamp,
    /// How long it would have counted: zero where its term had passed.
    pub left: Duration,
}

/// One piece of claimed work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// A held message that is being read.
    Message(MessageId),
    /// An accepted mail that is being planned.
    Mail(OutboundId),
}

/// What a write demands.
#[derive(Debug, Clone)]
pub(super) enum Fence {
    Lease(LeaseName),
    Claim(Claim),
}

/// Signing on, and leases.
impl Store {
    /// A handle that takes and claims for one run of the daemon with this name, once it has signed on. `term` is how long
    /// the daemon counts without renewing.
    pub fn for_daemon(&self, instance: &str, term: Duration) -> Result<Self, StoreError> {
        let database = Arc::new(self.database.for_daemon(instance, term)?);
        Ok(Self { database })
    }

    /// Signs on. The earlier run with this name, if it did not sign off, is out.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where this handle is no daemon's.
    pub async fn sign_on(&self) -> Result<Option<EarlierRun>, StoreError> {
        self.database.sign_on().await
    }

    /// Signed on for another term from now.
    pub async fn renew(&self) -> Result<Standing, StoreError> {
        self.database.renew().await
    }

    /// What this run has taken is free.
    pub async fn sign_off(&self) -> Result<(), StoreError> {
        self.database.sign_off().await
    }

    /// Takes a lease that nobody has, or whose daemon does not count any more; renews as well.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where this handle is no daemon's.
    pub async fn take_lease(&self, name: &LeaseName) -> Result<LeaseAnswer, StoreError> {
        self.database.take_lease(name).await
    }

    /// Whether a lease is ours and counts.
    pub async fn holds_lease(&self, name: &LeaseName) -> Result<bool, StoreError> {
        self.database.holds_lease(name).await
    }

    /// Gives a lease up; it does nothing where the lease is not ours.
    pub async fn give_up_lease(&self, name: &LeaseName) -> Result<(), StoreError> {
        self.database.give_up_lease(name).await
    }

    /// The leases that count, by mailbox and duty.
    pub async fn leases(&self) -> Result<Vec<HeldLease>, StoreError> {
        self.database.leases().await
    }

    /// A handle whose changes demand that the lease is ours, or fail with [`StoreError::NotOurs`].
    #[must_use]
    pub fn under_lease(&self, name: &LeaseName) -> Self {
        let database = Arc::new(self.database.under(Fence::Lease(name.clone())));
        Self { database }
    }

    /// A handle whose changes demand that the claim is ours, or fail with [`StoreError::NotOurs`].
    #[must_use]
    pub fn under_claim(&self, claim: Claim) -> Self {
        let database = Arc::new(self.database.under(Fence::Claim(claim)));
        Self { database }
    }
}

/// Claims.
impl Store {
    /// Messages in state `held` that no other daemon reads, oldest first; they are claimed. Ours come again.
    pub async fn claim_held(&self, at_most: u32) -> Result<Vec<MessageId>, StoreError> {
        self.database.claim_held(at_most).await
    }

    /// Mails in state `accepted` that no other daemon plans, oldest first; they are claimed. Ours come again.
    pub async fn claim_unplanned(&self, at_most: u32) -> Result<Vec<OutboundId>, StoreError> {
        self.database.claim_unplanned(at_most).await
    }

    /// A claimed delivery is about to be handed to a relay, which takes at most `lasting`: until then no other daemon tries
    /// it, even if this one is never heard of again.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`]: it must not be sent.
    pub async fn begin_delivery(&self, id: DeliveryId, lasting: Duration) -> Result<(), StoreError> {
        self.database.begin_delivery(id, lasting).await
    }
}

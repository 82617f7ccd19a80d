//! What the outbound service needs from outside (a drafter, which is the worker, the relays and
//! randomness), and what it offers to the submission server.

use crate::domain::{CjsmAddress, EmailAddress, OpenAddress, OutboundId, Personal};
use crate::redact::{DraftPlan, DraftRequest, RedactedMessage, VerbatimMessage};
pub use crate::store::{SubmissionAccount, SubmittedMail};
use std::future::Future;
use std::sync::Arc;

/// Redacts away from secrets (the worker process). What it gives is a proposal: the second pass decides.
pub trait Drafter: Send + Sync {
    /// Splits and redacts one message.
    fn draft(&self, request: &DraftRequest) -> impl Future<Output = Result<DraftPlan, DraftFailure>> + Send;
}

/// Why no draft came back: always a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftFailure;

/// What a relay answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayAnswer {
    /// 2xx: the relay has it. The code is kept.
    Accepted(u16),
    /// 4xx, no connection, or a time-out: try again later.
    Later(Option<u16>),
    /// 5xx about this mail or recipient: it will never be taken. No code where the mail cannot even be
    /// offered (8-bit bytes or a bare line end, and a relay that does not take them).
    Refused(Option<u16>),
}

/// The way out. An open recipient gets a [`RedactedMessage`], which only the second pass makes; there
/// is no method that takes anything else:
///
/// ```compile_fail
/// # use referrald::{domain::*, outbound::Relay, redact::*};
/// async fn leak(relay: &impl Relay, sender: &EmailAddress, to: &OpenAddress, plain: &VerbatimMessage) {
///     relay.send_redacted(sender, to, plain).await;
/// }
/// ```
///
/// and an unredacted one goes to a [`CjsmAddress`] only:
///
/// ```compile_fail
/// # use referrald::{domain::*, outbound::Relay, redact::*};
/// async fn leak(relay: &impl Relay, sender: &EmailAddress, to: &OpenAddress, plain: &VerbatimMessage) {
///     relay.send_plain(sender, to, plain).await;
/// }
/// ```
///
/// while the right pairs fit:
///
/// ```
/// # use referrald::{domain::*, outbound::Relay, redact::*};
/// async fn send(
///     relay: &impl Relay,
///     sender: &EmailAddress,
///     (open, redacted): (&OpenAddress, &RedactedMessage),
///     (cjsm, plain): (&CjsmAddress, &VerbatimMessage),
/// ) {
///     relay.send_redacted(sender, open, redacted).await;
///     relay.send_plain(sender, cjsm, plain).await;
/// }
/// ```
pub trait Relay: Send + Sync {
    /// Sends a redacted message to one open recipient through the ordinary relay.
    fn send_redacted(
        &self,
        sender: &EmailAddress,
        to: &OpenAddress,
        message: &RedactedMessage,
    ) -> impl Future<Output = RelayAnswer> + Send;
    /// Sends a message as handed in to one CJSM recipient through the CJSM relay.
    fn send_plain(
        &self,
        sender: &EmailAddress,
        to: &CjsmAddress,
        message: &VerbatimMessage,
    ) -> impl Future<Output = RelayAnswer> + Send;
}

/// The bytes as they came, for storing.
pub type RawMail = Personal<Vec<u8>>;

/// Where a submitted mail goes, and who may submit one.
pub trait SubmissionSink: Send + Sync {
    /// The account of a user name; `None` where there is none.
    fn account(
        &self,
        user: &str,
    ) -> impl Future<Output = Result<Option<SubmissionAccount>, SinkUnavailable>> + Send;
    /// The one account that sends from this address, letter case aside. `None` where there is none, or more
    /// than one: then nobody could tell whose mail it is.
    fn account_of_address(
        &self,
        address: &EmailAddress,
    ) -> impl Future<Output = Result<Option<SubmissionAccount>, SinkUnavailable>> + Send;
    /// Stores a mail. Only when this gives an id may the sender have the 250.
    fn accept(&self, mail: SubmittedMail) -> impl Future<Output = Result<OutboundId, AcceptFailure>> + Send;
}

impl<K: SubmissionSink> SubmissionSink for Arc<K> {
    async fn account(&self, user: &str) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        K::account(self, user).await
    }

    async fn account_of_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<SubmissionAccount>, SinkUnavailable> {
        K::account_of_address(self, address).await
    }

    async fn accept(&self, mail: SubmittedMail) -> Result<OutboundId, AcceptFailure> {
        K::accept(self, mail).await
    }
}

/// The accounts cannot be looked up now; the sender may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkUnavailable;

/// Why a submitted mail was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptFailure {
    /// Not now (disk, database): the sender may try again.
    Later,
    /// Larger than may be stored: it would be the same again.
    TooLarge,
    /// The account is not there any more.
    Refused,
}

/// Where nonces of new Message-IDs come from.
pub trait NonceSource: Send + Sync {
    /// 16 random bytes; `None` where the operating system gives none now.
    fn nonce(&self) -> Option<[u8; 16]>;
}

/// Nonces from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNonces;

impl NonceSource for SystemNonces {
    fn nonce(&self) -> Option<[u8; 16]> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).ok().map(|()| nonce)
    }
}

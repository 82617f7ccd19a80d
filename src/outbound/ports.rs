//! What the outbound service needs from outside: a drafter (the worker) and the relays.

use crate::domain::{CjsmAddress, EmailAddress, OpenAddress, Personal};
use crate::redact::{DraftPlan, DraftRequest, RedactedMessage, VerbatimMessage};
use std::future::Future;

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
    /// 5xx: it will never be taken.
    Refused(u16),
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

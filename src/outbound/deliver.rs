//! From a planned delivery to the relay's answer.
//!
//! # Security
//!
//! A plan may be days old when its turn comes. So nothing of it is believed here: the recipient is classed
//! again, the routes are those configured now, and redacted bytes pass the second pass again against the
//! people known now.

use super::retry::next_try;
use super::{Drafter, NonceSource, Outbound, Relay, RelayAnswer};
use crate::domain::{
    CjsmAddress, Clock, DeliveryAction, DeliveryId, EmailAddress, HoldReason, KnownCase, MailRoute,
    OpenAddress, Personal, Recipient, Timestamp,
};
use crate::redact::{RedactedMessage, RedactionSettings, VerbatimMessage};
use crate::store::{DeliveryOutcome, DueDelivery, StoreError};
use jiff::SignedDuration;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Deliveries claimed at once: each brings its whole mail into memory.
const BATCH: u32 = 4;
/// How long a relay that could not be reached is left alone, in seconds.
const LEFT_ALONE: i64 = 30;
/// Waits between tries to record an outcome, in milliseconds.
const RECORD_WAITS: [u64; 6] = [100, 300, 1_000, 2_000, 5_000, 10_000];

/// A delivery that may leave, with the proof in its types.
enum Cleared {
    Redacted {
        sender: EmailAddress,
        to: OpenAddress,
        message: RedactedMessage,
    },
    Verbatim {
        sender: EmailAddress,
        to: CjsmAddress,
        message: VerbatimMessage,
    },
}

/// What became of one try.
enum Tried {
    /// The relay's answer, or none from a relay that is left alone.
    Answer(RelayAnswer),
    /// Another daemon has the delivery.
    NotOurs,
}

/// How one relay's turn ended.
struct LaneReport {
    /// Deliveries whose outcome could not be recorded.
    unrecorded: Vec<DeliveryId>,
    /// An error means: try again after a pause.
    end: Result<(), StoreError>,
}

/// What is known of the two relays between batches.
#[derive(Default)]
struct Lanes {
    cjsm: Lane,
    ordinary: Lane,
}

/// One relay: until when it is left alone, because it could not be reached.
#[derive(Default)]
struct Lane {
    left_alone_until: Option<Timestamp>,
}

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Outbound<D, R, C, N> {
    /// Delivers what is due until `stop`.
    pub(super) async fn deliver_until(&self, stop: &CancellationToken) {
        // Outcomes that could not be recorded: tried again, such a mail would leave a second time.
        let mut unrecorded = HashSet::new();
        let mut lanes = Lanes::default();
        while !stop.is_cancelled() {
            if let Err(error) = self.deliver_due(&mut lanes, &mut unrecorded, stop).await {
                tracing::warn!(%error, "deliveries wait");
            }
            self.pause(&self.to_deliver, stop).await;
        }
    }

    /// Delivers until nothing is due. An error means: try again after a pause.
    async fn deliver_due(
        &self,
        lanes: &mut Lanes,
        unrecorded: &mut HashSet<DeliveryId>,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        loop {
            let at_most = BATCH.saturating_add(u32::try_from(unrecorded.len()).unwrap_or(u32::MAX));
            let now = self.parts.clock.now();
            let mut due = self.parts.store.due_deliveries(now, at_most).await?;
            due.retain(|delivery| !unrecorded.contains(&delivery.id));
            if due.is_empty() || stop.is_cancelled() {
                return Ok(());
            }
            let (cjsm, ordinary): (Vec<_>, Vec<_>) = due
                .into_iter()
                .partition(|delivery| delivery.route == MailRoute::Cjsm);
            // Side by side: a relay that is down does not hold up the other one's mail.
            let (cjsm, ordinary) = tokio::join!(
                self.send_all(&mut lanes.cjsm, cjsm, stop),
                self.send_all(&mut lanes.ordinary, ordinary, stop),
            );
            for lane in [&cjsm, &ordinary] {
                unrecorded.extend(&lane.unrecorded);
            }
            cjsm.end.and(ordinary.end)?;
        }
    }

    /// One relay's deliveries, one after another.
    async fn send_all(&self, lane: &mut Lane, due: Vec<DueDelivery>, stop: &CancellationToken) -> LaneReport {
        let mut unrecorded = Vec::new();
        for delivery in due {
            if stop.is_cancelled() {
                break;
            }
            let (id, mail, attempts) = (delivery.id, delivery.mail, delivery.attempts);
            let outcome = match self.clear(delivery).await {
                Err(error) => {
                    let end = Err(error);
                    return LaneReport { unrecorded, end };
                }
                Ok(Err(reason)) => DeliveryOutcome::Held { reason },
                Ok(Ok(cleared)) => match self.send_unless_left_alone(lane, id, &cleared).await {
                    Ok(Tried::Answer(answer)) => self.outcome(answer, attempts),
                    Ok(Tried::NotOurs) => continue,
                    Err(error) => {
                        let end = Err(error);
                        return LaneReport { unrecorded, end };
                    }
                },
            };
            tracing::info!(delivery = %id, outbound = %mail, attempts, ?outcome, "delivery tried");
            if !self.is_recorded(id, outcome).await {
                unrecorded.push(id);
            }
            self.to_notify.notify_one();
        }
        let end = Ok(());
        LaneReport { unrecorded, end }
    }

    /// Records an outcome. `false` where that failed and the delivery must not be tried again here.
    async fn is_recorded(&self, id: DeliveryId, outcome: DeliveryOutcome) -> bool {
        match self.record(id, outcome).await {
            Ok(()) => true,
            Err(StoreError::NotOurs) => {
                tracing::warn!(delivery = %id, "another daemon has taken the delivery over; this outcome is not recorded");
                true
            }
            Err(error) => {
                tracing::error!(delivery = %id, %error, "an outcome could not be recorded; it is not tried again here before a restart");
                false
            }
        }
    }

    /// Whether this delivery may leave now. The inner error is a hold.
    async fn clear(&self, mut delivery: DueDelivery) -> Result<Result<Cleared, HoldReason>, StoreError> {
        let cases = self.parts.store.known_cases().await?;
        let settings = self.settings.redaction.clone();
        if let (DeliveryAction::Redact, Some(bounces_to)) = (delivery.action, &self.settings.bounces_to) {
            delivery.sender = Personal::new(bounces_to.clone());
        }
        // The second pass computes for a while, and a panic in it is a hold like any other failure.
        let cleared = tokio::task::spawn_blocking(move || clear(delivery, &cases, &settings)).await;
        Ok(cleared.unwrap_or(Err(HoldReason::SecondPassFailed)))
    }

    /// Waiting for a time-out once per mail would help nobody.
    async fn send_unless_left_alone(
        &self,
        lane: &mut Lane,
        id: DeliveryId,
        cleared: &Cleared,
    ) -> Result<Tried, StoreError> {
        let now = self.parts.clock.now();
        if lane.left_alone_until.is_some_and(|until| now < until) {
            return Ok(Tried::Answer(RelayAnswer::Later(None)));
        }
        let lasting = self.settings.sending_limit;
        let asked = Instant::now();
        match self.parts.store.begin_delivery(id, lasting).await {
            Ok(()) => {}
            Err(StoreError::NotOurs) => return Ok(Tried::NotOurs),
            Err(error) => return Err(error),
        }
        // The process may have stood still before it saw the answer.
        if asked.elapsed() > lasting / 2 {
            return Ok(Tried::NotOurs);
        }
        let answer = self.send(cleared).await;
        lane.left_alone_until = match answer {
            RelayAnswer::Later(None) => now.checked_add(SignedDuration::from_secs(LEFT_ALONE)).ok(),
            RelayAnswer::Later(Some(_)) | RelayAnswer::Accepted(_) | RelayAnswer::Refused(_) => None,
        };
        Ok(Tried::Answer(answer))
    }

    async fn send(&self, cleared: &Cleared) -> RelayAnswer {
        match cleared {
            Cleared::Redacted { sender, to, message } => {
                self.parts.relay.send_redacted(sender, to, message).await
            }
            Cleared::Verbatim { sender, to, message } => {
                self.parts.relay.send_plain(sender, to, message).await
            }
        }
    }

    fn outcome(&self, answer: RelayAnswer, attempts: u32) -> DeliveryOutcome {
        match answer {
            RelayAnswer::Accepted(code) => DeliveryOutcome::Sent { code },
            RelayAnswer::Refused(code) => DeliveryOutcome::Failed { code },
            RelayAnswer::Later(code) => match next_try(attempts, self.parts.clock.now()) {
                Some(at) => DeliveryOutcome::Retry { code, at },
                None => DeliveryOutcome::Failed { code },
            },
        }
    }

    /// Records an outcome; a store that is busy or full is asked again for some seconds.
    async fn record(&self, id: DeliveryId, outcome: DeliveryOutcome) -> Result<(), StoreError> {
        let mut waits = RECORD_WAITS.iter();
        loop {
            let now = self.parts.clock.now();
            match self.parts.store.record_delivery(id, outcome, now).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_transient() => match waits.next() {
                    Some(wait) => tokio::time::sleep(Duration::from_millis(*wait)).await,
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
    }
}

/// The last word on one delivery before it leaves.
fn clear(
    delivery: DueDelivery,
    cases: &[KnownCase],
    settings: &RedactionSettings,
) -> Result<Cleared, HoldReason> {
    let unreadable = HoldReason::AddressNotUnderstood;
    let sender = EmailAddress::parse(delivery.sender.expose_personal()).ok_or(unreadable)?;
    let recipient = Recipient::parse(delivery.recipient.expose_personal()).ok_or(unreadable)?;
    match (delivery.action, recipient) {
        (DeliveryAction::Pass, Recipient::Cjsm(to)) => {
            if !settings.cjsm_route {
                return Err(HoldReason::NoCjsmRelay);
            }
            let message = VerbatimMessage::without_bcc(delivery.message.expose_personal());
            Ok(Cleared::Verbatim { sender, to, message })
        }
        (DeliveryAction::Redact, recipient) => {
            if !settings.ordinary_route {
                return Err(HoldReason::NoOrdinaryRelay);
            }
            let to = match recipient {
                Recipient::Open(to) => to,
                Recipient::Cjsm(to) => OpenAddress::from(to),
            };
            let message = RedactedMessage::verify(delivery.message.into_personal(), cases, &[], settings)?;
            Ok(Cleared::Redacted { sender, to, message })
        }
        (DeliveryAction::Pass, Recipient::Open(_)) | (DeliveryAction::Hold, _) => {
            Err(HoldReason::RedactionFailed)
        }
    }
}

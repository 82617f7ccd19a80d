//! From a stored mail to one planned delivery per recipient.
//!
//! The worker proposes, [`redact::finish`] decides. Whatever goes wrong on the way, the plan that is saved
//! says *hold* for every recipient.

use super::{Drafter, NonceSource, Outbound, Relay, SubmittedMail};
use crate::domain::{Clock, DeliveryAction, HoldReason, MailRoute, OutboundId, Personal, Recipient};
use crate::redact::{self, DraftRequest, Finished, FinishedDelivery};
use crate::store::{PlannedDelivery, StoreError};
use std::collections::HashSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Mails looked up at once.
const BATCH: u32 = 20;

/// Why a mail was not planned.
enum NotPlanned {
    /// The daemon is stopping: the mail is planned after the next start.
    Stopping,
    /// The operating system gives no randomness now.
    NoNonce,
    /// The store's reason.
    Store(StoreError),
}

impl From<StoreError> for NotPlanned {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Outbound<D, R, C, N> {
    /// Plans what is stored until `stop`.
    pub(super) async fn plan_until(&self, stop: &CancellationToken) {
        // Mails whose record does not open: left for a person, not in the way of the next ones.
        let mut broken = HashSet::new();
        while !stop.is_cancelled() {
            if let Err(error) = self.plan_waiting(&mut broken, stop).await {
                tracing::warn!(%error, "planning waits");
            }
            self.pause(&self.to_plan, stop).await;
        }
    }

    /// Plans until nothing waits. An error means: try again after a pause.
    async fn plan_waiting(
        &self,
        broken: &mut HashSet<OutboundId>,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        loop {
            let at_most = BATCH.saturating_add(u32::try_from(broken.len()).unwrap_or(u32::MAX));
            let mut waiting = self.parts.store.unplanned_outbound(at_most).await?;
            waiting.retain(|id| !broken.contains(id));
            if waiting.is_empty() {
                return Ok(());
            }
            for id in waiting {
                match self.plan_one(id, stop).await {
                    Ok(()) => self.to_deliver.notify_one(),
                    Err(NotPlanned::Stopping | NotPlanned::NoNonce) => return Ok(()),
                    Err(NotPlanned::Store(error)) if error.is_transient() => return Err(error),
                    Err(NotPlanned::Store(error)) => {
                        tracing::error!(outbound = %id, %error, "a mail cannot be planned; nothing of it is sent");
                        broken.insert(id);
                    }
                }
            }
        }
    }

    async fn plan_one(&self, id: OutboundId, stop: &CancellationToken) -> Result<(), NotPlanned> {
        let mail = self.parts.store.outbound_mail(id).await?;
        let cases = self.parts.store.known_cases().await?;
        let nonce = self.parts.nonces.nonce().ok_or(NotPlanned::NoNonce)?;
        let SubmittedMail { recipients, raw, .. } = mail;
        let request = DraftRequest {
            raw: raw.into_personal(),
            recipients: recipients.into_iter().map(Personal::into_personal).collect(),
            cases,
            settings: self.settings.redaction.clone(),
            nonce,
        };
        let deliveries = self.draft_and_finish(request, stop).await?;
        let held = deliveries
            .iter()
            .filter(|delivery| delivery.action == DeliveryAction::Hold)
            .count();
        let now = self.parts.clock.now();
        self.parts.store.save_plan(id, &deliveries, now).await?;
        tracing::info!(outbound = %id, deliveries = deliveries.len(), held, "mail planned");
        Ok(())
    }

    async fn draft_and_finish(
        &self,
        request: DraftRequest,
        stop: &CancellationToken,
    ) -> Result<Vec<PlannedDelivery>, NotPlanned> {
        let recipients = request.recipients.clone();
        let drafting = timeout(self.settings.draft_timeout, self.parts.drafter.draft(&request));
        let drafted = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(NotPlanned::Stopping),
            drafted = drafting => drafted,
        };
        let finished = match drafted {
            Ok(Ok(plan)) => {
                // The second pass computes for a while, and a panic in it is a hold like any other failure.
                tokio::task::spawn_blocking(move || redact::finish(plan, &request)).await
            }
            // A worker that was stopped with the daemon says nothing about the mail.
            Ok(Err(_)) | Err(_) if stop.is_cancelled() => return Err(NotPlanned::Stopping),
            Ok(Err(_)) | Err(_) => return Ok(self.all_held(recipients)),
        };
        match finished {
            Ok(finished) if covers(&finished, &recipients) => {
                Ok(finished.into_iter().flat_map(planned).collect())
            }
            Ok(_) | Err(_) => Ok(self.all_held(recipients)),
        }
    }

    fn all_held(&self, recipients: Vec<String>) -> Vec<PlannedDelivery> {
        let route = |recipient: &str| match Recipient::parse(recipient) {
            Some(Recipient::Cjsm(_)) if self.settings.redaction.cjsm_route => MailRoute::Cjsm,
            Some(Recipient::Cjsm(_) | Recipient::Open(_)) | None => MailRoute::Ordinary,
        };
        recipients
            .into_iter()
            .map(|recipient| PlannedDelivery {
                route: route(&recipient),
                recipient: Personal::new(recipient),
                action: DeliveryAction::Hold,
                reasons: vec![HoldReason::RedactionFailed],
                message: None,
            })
            .collect()
    }
}

/// Every recipient is in the plan exactly once, and nobody else is.
fn covers(finished: &[FinishedDelivery], recipients: &[String]) -> bool {
    let asked: HashSet<&String> = recipients.iter().collect();
    let mut planned = HashSet::new();
    let all_asked_once = finished
        .iter()
        .flat_map(|delivery| &delivery.recipients)
        .all(|recipient| asked.contains(recipient) && planned.insert(recipient));
    all_asked_once && planned.len() == asked.len()
}

/// One envelope per recipient.
fn planned(delivery: FinishedDelivery) -> Vec<PlannedDelivery> {
    let FinishedDelivery {
        recipients,
        route,
        action,
        reasons,
        message,
        ..
    } = delivery;
    let bytes = match &message {
        Finished::Redacted(message) => Some(message.as_bytes()),
        Finished::Verbatim(message) => Some(message.expose_bytes()),
        Finished::None => None,
    };
    recipients
        .into_iter()
        .map(|recipient| PlannedDelivery {
            recipient: Personal::new(recipient),
            route,
            action,
            reasons: reasons.clone(),
            message: bytes.map(|bytes| Personal::new(bytes.to_vec())),
        })
        .collect()
}

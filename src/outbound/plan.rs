//! From a stored mail to one planned delivery per recipient.
//!
//! The worker proposes, [`redact::finish`] decides. Whatever goes wrong on the way, the plan that is saved
//! says *hold* for every recipient.

use super::{Drafter, NonceSource, Outbound, Relay, SubmittedMail};
use crate::domain::{Clock, DeliveryAction, HoldReason, MailRoute, OutboundId, Personal, Recipient};
use crate::redact::{self, DraftRequest, Finished, FinishedDelivery};
use crate::store::{Claim, PlannedDelivery, StoreError};
use std::collections::HashSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Mails claimed at once; the rest is left to other daemons.
const BATCH: u32 = 4;

/// Why a mail was not planned.
pub(super) enum NotPlanned {
    /// The daemon is stopping: the mail is planned after the next start.
    Stopping,
    /// The operating system gives no randomness now.
    NoNonce,
    /// This daemon stood still, and another one plans it or has done so.
    NotOurs,
    /// The store's reason.
    Store(StoreError),
}

impl From<StoreError> for NotPlanned {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotOurs => Self::NotOurs,
            other => Self::Store(other),
        }
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
            let mut waiting = self.parts.store.claim_unplanned(at_most).await?;
            waiting.retain(|id| !broken.contains(id));
            if waiting.is_empty() {
                return Ok(());
            }
            for id in waiting {
                match self.plan_one(id, stop).await {
                    Ok(()) => {
                        self.to_deliver.notify_one();
                        self.to_notify.notify_one();
                    }
                    Err(NotPlanned::NotOurs) => {}
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
        let deliveries = self.plan_of(mail, stop).await?;
        self.save_plan(id, &deliveries).await?;
        let held = deliveries
            .iter()
            .filter(|delivery| delivery.action == DeliveryAction::Hold);
        let is_loop = |delivery: &PlannedDelivery| delivery.reasons.contains(&HoldReason::MailLoop);
        if deliveries.iter().any(is_loop) {
            tracing::error!(outbound = %id, "a copy that we sent was handed in again: the mail server in front sends our mail back");
        }
        tracing::info!(outbound = %id, deliveries = deliveries.len(), held = held.count(), "mail planned");
        Ok(())
    }

    /// What becomes of a mail; nothing is kept.
    pub(super) async fn plan_of(
        &self,
        mail: SubmittedMail,
        stop: &CancellationToken,
    ) -> Result<Vec<PlannedDelivery>, NotPlanned> {
        let cases = self.parts.store.known_cases().await?;
        let nonce = self.parts.nonces.nonce().ok_or(NotPlanned::NoNonce)?;
        let SubmittedMail {
            account,
            recipients,
            raw,
            ..
        } = mail;
        let recipients: Vec<String> = recipients.into_iter().map(Personal::into_personal).collect();
        if self.is_our_copy(raw.expose_personal()).await? {
            return Ok(self.all_held(recipients, HoldReason::MailLoop));
        }
        let remit = self.remit(&account).await?;
        let strangers = self.strangers(&recipients, &cases).await?;
        let request = DraftRequest {
            raw: raw.into_personal(),
            recipients,
            cases,
            settings: self.settings.redaction.clone(),
            nonce,
            remit,
            strangers,
        };
        self.draft_and_finish(request, stop).await
    }

    async fn save_plan(&self, id: OutboundId, deliveries: &[PlannedDelivery]) -> Result<(), StoreError> {
        let claimed = self.parts.store.under_claim(Claim::Mail(id));
        claimed.save_plan(id, deliveries, self.parts.clock.now()).await
    }

    /// Whether a mail has the Message-ID of a copy that left here.
    async fn is_our_copy(&self, raw: &[u8]) -> Result<bool, StoreError> {
        let end = format!("@{}", self.settings.redaction.own_domain);
        let ours = message_id(raw).filter(|id| {
            id.strip_suffix(end.as_str())
                .is_some_and(|left| left.len() == 32 && left.bytes().all(|b| b.is_ascii_hexdigit()))
        });
        match ours {
            Some(id) => self.parts.store.knows_thread(&[id]).await,
            None => Ok(false),
        }
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
            Ok(Err(_)) | Err(_) => return Ok(self.all_held(recipients, HoldReason::RedactionFailed)),
        };
        match finished {
            Ok(finished) if covers(&finished, &recipients) => {
                Ok(finished.into_iter().flat_map(planned).collect())
            }
            Ok(_) | Err(_) => Ok(self.all_held(recipients, HoldReason::RedactionFailed)),
        }
    }

    fn all_held(&self, recipients: Vec<String>, reason: HoldReason) -> Vec<PlannedDelivery> {
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
                reasons: vec![reason],
                message: None,
                if_released: None,
                message_id: None,
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
        if_released,
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
            if_released,
            message_id: bytes.and_then(message_id),
        })
        .collect()
}

/// The Message-ID in the top header, without angle brackets: the daemon takes no mail apart, it only looks for this field.
fn message_id(bytes: &[u8]) -> Option<String> {
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty());
    let mut found: Option<String> = None;
    for line in lines {
        let line = String::from_utf8_lossy(line);
        let folded = line.starts_with([' ', '\t']);
        match &mut found {
            Some(value) if folded => value.push_str(&line),
            Some(_) => break,
            None => {
                let (name, value) = line.split_once(':').unwrap_or_default();
                found = name
                    .trim_end()
                    .eq_ignore_ascii_case("message-id")
                    .then(|| value.to_owned());
            }
        }
    }
    let value = found?;
    let id = value.trim().strip_prefix('<')?.strip_suffix('>')?;
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_found_in_the_top_header_only() {
        let found = |text: &str| message_id(text.replace('\n', "\r\n").as_bytes());
        assert_eq!(
            found("From: a\nMessage-Id:\n <1@x>\nTo: b\n\nx"),
            Some("1@x".to_owned())
        );
        assert_eq!(found("From: a\n\nMessage-ID: <1@x>\n"), None);
        assert_eq!(found("Message-ID: none\n\n"), None);
        assert_eq!(message_id(b"Message-ID: <>"), None);
    }
}

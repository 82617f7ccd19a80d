//! Telling senders what was held, given back or failed.
//!
//! A notice says which of the recipients (by their place), why, and what to do. It names nobody: it passes the second pass
//! like any other mail, and goes to the account's own address. Exactly one notice is queued for each piece of news, in the
//! transaction that notes it as told.

use super::{Drafter, NonceSource, Outbound, Relay};
use crate::domain::{Clock, DeliveryAction, HoldReason, MailRoute, Personal, Recipient, Timestamp};
use crate::redact::{self, ServiceMail, VerbatimMessage};
use crate::store::{DeliveryNews, DueNotice, PlannedDelivery, StoreError};
use std::fmt::Write as _;
use tokio_util::sync::CancellationToken;

/// Notices looked up at once.
const BATCH: u32 = 20;

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Outbound<D, R, C, N> {
    /// Tells senders until `stop`.
    pub(super) async fn notify_until(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.notify_due(stop).await {
                tracing::warn!(%error, "notices wait");
            }
            self.pause(&self.to_notify, stop).await;
        }
    }

    /// Tells until nothing is due. An error means: try again after a pause.
    async fn notify_due(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        loop {
            let due = self.parts.store.due_notices(BATCH).await?;
            if due.is_empty() || stop.is_cancelled() {
                return Ok(());
            }
            for notice in due {
                let Some(nonce) = self.parts.nonces.nonce() else {
                    return Ok(());
                };
                let now = self.parts.clock.now();
                let delivery = self.notice(&notice, nonce, now);
                if delivery.is_none() {
                    tracing::warn!(outbound = %notice.mail, "its sender cannot be told: no relay is configured for their address");
                }
                let sender = Personal::new(self.settings.notices_from.clone());
                let queued = delivery.as_ref().map(|delivery| (&sender, delivery));
                match self.parts.store.queue_notice(&notice, queued, now).await {
                    Ok(()) => {}
                    // Another daemon told it, or it is no news any more.
                    Err(StoreError::NotOurs) => continue,
                    Err(error) => return Err(error),
                }
                tracing::info!(outbound = %notice.mail, news = notice.news.len(), "notice to the sender queued");
                self.to_deliver.notify_one();
            }
        }
    }

    /// The notice as a delivery; `None` where there is no way to its recipient.
    fn notice(&self, due: &DueNotice, nonce: [u8; 16], now: Timestamp) -> Option<PlannedDelivery> {
        let settings = &self.settings.redaction;
        let recipient = Recipient::parse(due.sender.expose_personal())?;
        let (message_id, message) = redact::service_mail(&ServiceMail {
            from: &self.settings.notices_from,
            to: due.sender.expose_personal(),
            subject: &subject(due),
            text: &text(due),
            date: now,
            nonce,
            own_domain: &settings.own_domain,
        });
        let (route, action) = match (recipient, settings.ordinary_route, settings.cjsm_route) {
            (_, true, _) => (MailRoute::Ordinary, DeliveryAction::Redact),
            (Recipient::Cjsm(_), false, true) => (MailRoute::Cjsm, DeliveryAction::Pass),
            (Recipient::Cjsm(_) | Recipient::Open(_), false, _) => return None,
        };
        Some(PlannedDelivery {
            recipient: due.sender.clone(),
            route,
            action,
            reasons: Vec::new(),
            message: Some(Personal::new(
                VerbatimMessage::without_bcc(&message).expose_bytes().to_vec(),
            )),
            if_released: None,
            message_id: Some(message_id),
        })
    }
}

fn subject(due: &DueNotice) -> String {
    let any = |state: &str| due.news.iter().any(|news| news.state == state);
    let what = match (any("failed"), any("held"), any("returned")) {
        (true, _, _) => "could not be delivered",
        (false, true, _) => "waits for a member of staff",
        (false, false, true) => "was given back",
        (false, false, false) => "was released and sent",
    };
    format!("Your mail of {} {what}", written(due.received))
}

fn written(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn text(due: &DueNotice) -> String {
    let mut text = format!(
        "Your mail that was handed in on {} (number {}) has {}.\n\n",
        written(due.received),
        due.mail,
        match due.recipients {
            1 => "one recipient".to_owned(),
            many =>
                format!("{many} recipients, counted here in the order in which your mail program named them"),
        }
    );
    for news in &due.news {
        let _ = writeln!(text, "{}", line(news, due.recipients));
        for reason in news.reasons.iter().filter(|reason| stops(**reason)) {
            let _ = writeln!(text, "  - {}", reason.explanation());
        }
    }
    text.push_str(
        "\nWhat is held has not left. A member of staff looks at it and releases it or gives it back; you need not send it again.\n\
         What was given back or could not be delivered is not tried again: change it if needed and send it anew.\n\n\
         This notice was made by a program. It names nobody on purpose.\n",
    );
    text
}

fn line(news: &DeliveryNews, recipients: usize) -> String {
    let whom = match recipients {
        1 => "It".to_owned(),
        _ => format!("To recipient {} it", news.place),
    };
    let code = news
        .last_code
        .map_or_else(String::new, |code| format!(" (the mail server answered {code})"));
    match news.state.as_str() {
        "held" => format!("{whom} is held and has not left:"),
        "returned" => format!("{whom} was given back by a member of staff and did not leave."),
        "sent" => format!("{whom} was released by a member of staff and sent."),
        _ => format!("{whom} could not be delivered{code}."),
    }
}

/// Whether a reason says why mail does not leave; the others say why it was cut down.
fn stops(reason: HoldReason) -> bool {
    !matches!(reason, HoldReason::NotACjsmDomain | HoldReason::NoCjsmRelay)
}

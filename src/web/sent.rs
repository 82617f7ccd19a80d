//! What became of one's own mail: sent, held, given back, and why.
//!
//! Invariant: somebody sees mail of their own account alone, and of it what they wrote: the addresses.

use super::frame::{Frame, Pages, show};
use super::request::{Answer, Asked};
use super::words;
use super::write::{self, NO_ACCOUNT};
use crate::domain::{DeliveryAction, OutboundState};
use crate::store::{DeliverySummary, OwnDelivery, OwnMail};
use askama::Template;

/// Mails on one page.
const PER_PAGE: u32 = 25;

#[derive(Template)]
#[template(path = "sent.html")]
struct Page {
    frame: Frame,
    /// Why there is nothing to show.
    barred: Option<&'static str>,
    mails: Vec<Mail>,
    total: u64,
    pages: Pages,
}

struct Mail {
    received: String,
    shares: Vec<Share>,
}

/// One recipient.
struct Share {
    recipient: String,
    outcome: &'static str,
    reasons: Vec<&'static str>,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let frame = asked.frame("Your mail");
    let Some(writer) = write::writer(&asked).await? else {
        return show(&Page {
            frame,
            barred: Some(NO_ACCOUNT),
            mails: Vec::new(),
            total: 0,
            pages: Pages::new(1, 0, PER_PAGE),
        });
    };
    let number = asked.page_number();
    let part = (number.saturating_sub(1).saturating_mul(PER_PAGE), PER_PAGE);
    let (store, actor) = (asked.store(), asked.actor()?);
    let (mails, total) = store.own_mails(&writer.account, &actor, part, asked.now).await?;
    show(&Page {
        frame,
        barred: None,
        mails: mails.iter().map(mail).collect(),
        total,
        pages: Pages::new(number, total, PER_PAGE),
    })
}

fn mail(mail: &OwnMail) -> Mail {
    Mail {
        received: words::moment(mail.received),
        shares: mail
            .deliveries
            .iter()
            .map(|delivery| share(mail.state, delivery))
            .collect(),
    }
}

fn share(state: OutboundState, own: &OwnDelivery) -> Share {
    Share {
        recipient: own.recipient.expose_personal().clone(),
        outcome: match &own.delivery {
            Some(delivery) => outcome(delivery),
            None => match state {
                OutboundState::Returned => RETURNED,
                OutboundState::Accepted | OutboundState::Planned | OutboundState::Done => {
                    "Taken over. What leaves is being worked out."
                }
            },
        },
        reasons: match &own.delivery {
            Some(delivery) if delivery.state != "sent" => delivery
                .reasons
                .iter()
                .map(|reason| reason.explanation())
                .collect(),
            Some(_) | None => Vec::new(),
        },
    }
}

const RETURNED: &str =
    "Given back: staff did not let it leave. Write it anew without what stopped it, or ask them.";

fn outcome(delivery: &DeliverySummary) -> &'static str {
    match (delivery.state.as_str(), delivery.action) {
        ("sent", DeliveryAction::Pass) => "Sent over CJSM, as you wrote it.",
        ("sent", DeliveryAction::Redact | DeliveryAction::Hold) => {
            "Sent. People stood in it with their initials, without addresses and numbers."
        }
        ("waiting", _) if delivery.attempts > 0 => {
            "On its way. The mail server is asked again until it takes it."
        }
        ("waiting", _) => "On its way.",
        ("held", _) => "Held: staff look at it before it leaves.",
        ("returned", _) => RETURNED,
        ("failed", _) => "Could not be delivered. Check the address, then write it anew.",
        (_, _) => "Ask staff what became of it.",
    }
}

//! Held mail: why, what would leave, release or return.

use super::done::Done;
use super::frame::{Frame, Pages, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_on};
use super::words;
use crate::domain::{OutboundId, Personal, Release};
use crate::store::{DeliverySummary, OutboundSummary};
use askama::Template;

/// Mails on one page.
const PER_PAGE: u32 = 50;
/// Longest text of a copy that is shown, in characters.
const MAX_SHOWN: usize = 50_000;

#[derive(Template)]
#[template(path = "outbound.html")]
struct ListPage {
    frame: Frame,
    mails: Vec<MailRow>,
    total: u64,
    pages: Pages,
}

#[derive(Template)]
#[template(path = "mail.html")]
pub(super) struct MailPage {
    pub(super) frame: Frame,
    pub(super) mail: MailRow,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) is_held: bool,
    pub(super) can_release: bool,
}

/// One mail.
pub(super) struct MailRow {
    pub(super) id: String,
    pub(super) received: String,
    pub(super) account: String,
    pub(super) held: usize,
    pub(super) recipients: usize,
}

/// One recipient's share.
pub(super) struct Delivery {
    pub(super) number: usize,
    pub(super) state: String,
    pub(super) reasons: Vec<&'static str>,
    pub(super) release: &'static str,
    /// The cut-down text, where that is what would leave.
    pub(super) copy: Option<String>,
}

fn mail_row(mail: &OutboundSummary) -> MailRow {
    MailRow {
        id: mail.id.to_string(),
        received: words::moment(mail.received),
        account: mail.account.clone(),
        held: mail.deliveries.iter().filter(|each| each.state == HELD).count(),
        recipients: mail.deliveries.len(),
    }
}

pub(super) fn mail_rows(mails: &[OutboundSummary]) -> Vec<MailRow> {
    mails.iter().map(mail_row).collect()
}

/// The state of a held delivery.
const HELD: &str = "held";

pub(super) async fn list(asked: Asked) -> Answer {
    let total = asked.store().totals().await?.held_mails;
    let pages = Pages::new(asked.page_number(), total, PER_PAGE);
    let after = pages.number.saturating_sub(1).saturating_mul(PER_PAGE);
    let mails = asked.store().held_outbound(after, PER_PAGE).await?;
    show(&ListPage {
        mails: mail_rows(&mails),
        total,
        pages,
        frame: asked.frame("Held mail"),
    })
}

fn mail_of(asked: &Asked) -> Result<OutboundId, Problem> {
    asked.piece("mail").parse().map_err(|_| Problem::NotFound)
}

pub(super) async fn page(asked: Asked) -> Answer {
    let id = mail_of(&asked)?;
    let mail = asked.store().outbound_summary(id).await?;
    let copies = asked
        .store()
        .delivery_copies(id, &asked.actor()?, asked.now)
        .await?;
    let readable = asked.app.parts.readable;
    let deliveries = mail
        .deliveries
        .iter()
        .enumerate()
        .map(|(index, delivery)| lay_out(index, delivery, copies.get(index), readable));
    let held = |delivery: &&DeliverySummary| delivery.state == HELD;
    show(&MailPage {
        deliveries: deliveries.collect(),
        is_held: mail.deliveries.iter().any(|delivery| held(&delivery)),
        can_release: mail
            .deliveries
            .iter()
            .filter(held)
            .any(|delivery| delivery.if_released.is_some()),
        mail: mail_row(&mail),
        frame: asked.frame("Held mail"),
    })
}

fn lay_out(
    index: usize,
    delivery: &DeliverySummary,
    copy: Option<&Option<Personal<Vec<u8>>>>,
    readable: fn(&[u8]) -> String,
) -> Delivery {
    // Only what the second pass made is taken apart here; a mail as it was handed in is foreign bytes.
    let copy = match delivery.if_released {
        Some(Release::Redact) => copy.and_then(Option::as_ref),
        Some(Release::Pass) | None => None,
    };
    Delivery {
        number: index.saturating_add(1),
        state: words::plain(&delivery.state),
        reasons: delivery
            .reasons
            .iter()
            .map(|reason| reason.explanation())
            .collect(),
        release: match (delivery.state == HELD, delivery.if_released) {
            (true, Some(Release::Redact)) => "If you release it, the text below leaves.",
            (true, Some(Release::Pass)) => "If you release it, it leaves over CJSM as it was handed in.",
            (true, None) => "It cannot be released. Return it, and ask the sender to write it anew.",
            (false, _) => "",
        },
        copy: copy.map(|bytes| {
            readable(bytes.expose_personal())
                .chars()
                .take(MAX_SHOWN)
                .collect()
        }),
    }
}

pub(super) async fn release(asked: Asked) -> Answer {
    let id = mail_of(&asked)?;
    asked
        .store()
        .release_outbound(id, &asked.actor()?, asked.now)
        .await?;
    go_on("/outbound", Done::Released)
}

pub(super) async fn give_back(asked: Asked) -> Answer {
    let id = mail_of(&asked)?;
    asked
        .store()
        .return_outbound(id, &asked.actor()?, asked.now)
        .await?;
    go_on("/outbound", Done::Returned)
}

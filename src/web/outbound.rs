//! Held mail: why, what would leave, release or return.

use super::compare::{Compared, compare};
use super::copy;
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
    /// The mail as it was handed in, where no copy stands beside it.
    pub(super) original: String,
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
    pub(super) recipient: String,
    pub(super) copy: Option<Compared>,
    /// Why there is nothing to compare.
    pub(super) no_copy: &'static str,
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
    let opened = asked
        .store()
        .open_outbound(id, &asked.actor()?, asked.now)
        .await?;
    let original = match opened.original {
        Some(original) => read(&asked, original).await,
        None => None,
    };
    let mut deliveries = Vec::with_capacity(mail.deliveries.len());
    for (delivery, opened) in mail.deliveries.iter().zip(opened.deliveries) {
        let mut section = lay_out(deliveries.len(), delivery, &opened.recipient);
        // As it was handed in it goes to CJSM only, and is on the left already.
        if let (Some(Release::Redact), Some(message)) = (delivery.if_released, opened.message) {
            let copy = read(&asked, message).await;
            section.copy = side_by_side(original.as_deref(), copy.as_deref());
            if section.copy.is_none() {
                section.no_copy = "The copy cannot be shown now. Try again in a minute.";
            }
        }
        deliveries.push(section);
    }
    let held = |delivery: &&DeliverySummary| delivery.state == HELD;
    show(&MailPage {
        deliveries,
        original: original.unwrap_or_default(),
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

/// Read in the worker, both copies alike: what differs is what redaction did.
pub(super) async fn read(asked: &Asked, raw: Personal<Vec<u8>>) -> Option<String> {
    let mail = asked.app.parts.source.read(raw).await?;
    Some(copy::text_of(&mail))
}

/// An original that cannot be read leaves the right side alone.
pub(super) fn side_by_side(original: Option<&str>, copy: Option<&str>) -> Option<Compared> {
    copy.map(|copy| compare(original.unwrap_or_default(), copy))
}

fn lay_out(index: usize, delivery: &DeliverySummary, recipient: &Personal<String>) -> Delivery {
    Delivery {
        number: index.saturating_add(1),
        state: words::plain(&delivery.state),
        reasons: delivery
            .reasons
            .iter()
            .map(|reason| reason.explanation())
            .collect(),
        release: match (delivery.state == HELD, delivery.if_released) {
            (true, Some(Release::Redact)) => "If you release it, the text on the right leaves.",
            (true, Some(Release::Pass)) => "If you release it, it leaves over CJSM as it was handed in.",
            (true, None) => "It cannot be released. Return it, and ask the sender to write it anew.",
            (false, _) => "",
        },
        recipient: recipient.expose_personal().clone(),
        copy: None,
        no_copy: "",
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

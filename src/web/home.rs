//! Home: what needs me.

use super::frame::{Frame, Pages, show};
use super::outbound::{MailRow, mail_rows};
use super::request::{Answer, Asked};
use super::words;
use crate::domain::{Kind, MessageState};
use crate::store::{LedgerSummary, MessageSummary, StaffRole};
use askama::Template;

/// Messages on one page.
const PER_PAGE: u32 = 50;
/// Held mails that home shows; the rest is on their own page.
const HELD_SHOWN: u32 = 10;

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) urgent: Vec<Row>,
    pub(super) waiting: Vec<Row>,
    pub(super) to_review: u64,
    pub(super) pages: Pages,
    pub(super) held: Vec<MailRow>,
    pub(super) held_mails: u64,
    pub(super) ledger: Ledger,
}

#[derive(Template)]
#[template(path = "home_other.html")]
struct OtherPage {
    frame: Frame,
    is_volunteer: bool,
    ledger: Ledger,
}

/// One message.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) received: String,
    pub(super) age: String,
    pub(super) what: &'static str,
    pub(super) state: &'static str,
    pub(super) checks: u32,
}

/// Arrived = accounted for.
pub(super) struct Ledger {
    pub(super) arrived: u64,
    pub(super) accounted: u64,
    pub(super) waiting: u64,
    pub(super) left: u64,
}

impl Ledger {
    fn of(ledger: &LedgerSummary) -> Self {
        let waiting = ledger.seen.saturating_add(ledger.stored);
        let left = ledger.too_large.saturating_add(ledger.cannot_fetch);
        let ended = [ledger.moved, left, ledger.gone, ledger.superseded];
        Self {
            arrived: ledger.arrived,
            accounted: ended.iter().fold(waiting, |sum, part| sum.saturating_add(*part)),
            waiting,
            left,
        }
    }
}

pub(super) async fn page(asked: Asked) -> Answer {
    let ledger = asked.store().ledger_summary(&asked.app.settings.mailbox).await?;
    let ledger = Ledger::of(&ledger);
    let is_volunteer = match asked.session()?.account.role {
        StaffRole::Staff => return staff_page(&asked, ledger).await,
        StaffRole::Volunteer { .. } => true,
        StaffRole::Administrator => false,
    };
    show(&OtherPage {
        frame: asked.frame("Home"),
        is_volunteer,
        ledger,
    })
}

async fn staff_page(asked: &Asked, ledger: Ledger) -> Answer {
    let store = asked.store();
    let totals = store.totals().await?;
    let pages = Pages::new(asked.page_number(), totals.to_review, PER_PAGE);
    let after = pages.number.saturating_sub(1).saturating_mul(PER_PAGE);
    let queue = store.review_queue(after, PER_PAGE).await?;
    let (urgent, waiting): (Vec<_>, Vec<_>) = queue.iter().partition(|message| is_urgent(message));
    let row = |message: &&MessageSummary| Row {
        id: message.id.to_string(),
        received: words::moment(message.received),
        age: words::age(message.received, asked.now),
        what: words::kind(message.kind),
        state: match message.state {
            MessageState::Held => "Being read",
            MessageState::Unreadable => "Could not be read",
            MessageState::Read
            | MessageState::Filed
            | MessageState::SetAside
            | MessageState::Accepted
            | MessageState::Rejected => "",
        },
        checks: message.checks,
    };
    let held = store.held_outbound(0, HELD_SHOWN).await?;
    show(&Page {
        urgent: urgent.iter().map(row).collect(),
        waiting: waiting.iter().map(row).collect(),
        to_review: totals.to_review,
        pages,
        held: mail_rows(&held),
        held_mails: totals.held_mails,
        ledger,
        frame: asked.frame("Home"),
    })
}

/// Somebody uses a right that the law gives them: it cannot wait.
fn is_urgent(message: &MessageSummary) -> bool {
    match message.kind {
        Some(Kind::ConsentWithdrawal | Kind::SubjectAccess) => true,
        Some(
            Kind::Referral
            | Kind::SelfReferral
            | Kind::Enquiry
            | Kind::Correspondence
            | Kind::Automatic
            | Kind::Unrecognised,
        )
        | None => false,
    }
}

//! Home: what needs me.

use super::frame::{Frame, Pages, show};
use super::mailbox::Ledger;
use super::outbound::{MailRow, mail_rows};
use super::request::{Answer, Asked};
use super::words;
use crate::domain::{Kind, MessageState};
use crate::store::{MessageSummary, StaffRole};
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
    pub(super) failed: u64,
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

pub(super) async fn page(asked: Asked) -> Answer {
    let (ledger, _) = Ledger::now(&asked).await?;
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
        failed: totals.unreadable,
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

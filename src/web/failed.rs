//! Mail that could not be read: why, its bytes to save, another try, setting it aside.
//!
//! Security: the bytes are anybody's. They are handed out as a file to save, never as a page, and nothing of them is in its name.

use super::done::Done;
use super::frame::{Frame, Pages, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_on};
use super::words;
use crate::domain::{MessageId, UnreadableReason};
use crate::store::MessageSummary;
use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;

/// Messages on one page.
const PER_PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "failed.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    total: u64,
    pages: Pages,
}

struct Row {
    id: String,
    received: String,
    reason: &'static str,
    /// Its bytes are here, not only in the mailbox.
    is_here: bool,
}

pub(super) async fn list(asked: Asked) -> Answer {
    let total = asked.store().totals().await?.unreadable;
    let pages = Pages::new(asked.page_number(), total, PER_PAGE);
    let after = pages.number.saturating_sub(1).saturating_mul(PER_PAGE);
    let messages = asked.store().unreadable_messages(after, PER_PAGE).await?;
    show(&Page {
        rows: messages.iter().map(row).collect(),
        total,
        pages,
        frame: asked.frame("Failed mail"),
    })
}

fn row(message: &MessageSummary) -> Row {
    Row {
        id: message.id.to_string(),
        received: words::moment(message.received),
        reason: message.unreadable.map_or("", UnreadableReason::explanation),
        is_here: match message.unreadable {
            Some(UnreadableReason::TooLarge | UnreadableReason::CannotFetch) => false,
            Some(
                UnreadableReason::WorkerCrashed
                | UnreadableReason::WorkerTimeout
                | UnreadableReason::WorkerMemory
                | UnreadableReason::Malformed,
            )
            | None => true,
        },
    }
}

fn message_of(asked: &Asked) -> Result<MessageId, Problem> {
    asked.piece("failed").parse().map_err(|_| Problem::NotFound)
}

pub(super) async fn save(asked: Asked) -> Answer {
    let id = message_of(&asked)?;
    let raw = asked
        .store()
        .open_unreadable(id, &asked.actor()?, asked.now)
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"message.eml\"",
        ),
    ];
    Ok((headers, raw.into_personal()).into_response())
}

pub(super) async fn read_again(asked: Asked) -> Answer {
    let id = message_of(&asked)?;
    asked.store().read_again(id, &asked.actor()?, asked.now).await?;
    go_on("/failed", Done::ReadAgain)
}

pub(super) async fn set_aside(asked: Asked) -> Answer {
    let id = message_of(&asked)?;
    asked.store().set_aside(&asked.viewer()?, id, asked.now).await?;
    go_on("/failed", Done::SetAside)
}

//! The last rows of the audit log.

use super::frame::{Frame, show};
use super::request::{Answer, Asked};
use super::words;
use askama::Template;

/// Rows shown.
const SHOWN: u32 = 200;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    number: u64,
    at: String,
    actor: String,
    action: String,
    record: String,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let rows = asked.store().last_audit_rows(SHOWN).await?;
    let rows = rows.into_iter().map(|row| Row {
        number: row.seq,
        at: words::moment(row.at),
        actor: row.actor,
        action: words::plain(&row.action.replace('.', ": ")),
        record: row.record,
    });
    show(&Page {
        rows: rows.collect(),
        frame: asked.frame("Audit log"),
    })
}

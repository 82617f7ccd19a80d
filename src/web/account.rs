//! One's own account: where one is signed in.

use super::done::Done;
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_on};
use super::words;
use askama::Template;

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    sessions: Vec<Session>,
}

struct Session {
    id: String,
    started: String,
    seen: String,
    is_this: bool,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let session = asked.session()?;
    let terms = asked.app.settings.sessions;
    let all = asked
        .store()
        .sessions_of(session.account.id, terms, asked.now)
        .await?;
    let sessions = all.iter().map(|each| Session {
        id: each.id.to_string(),
        started: words::moment(each.started),
        seen: words::moment(each.seen),
        is_this: each.id == session.info.id,
    });
    show(&Page {
        sessions: sessions.collect(),
        frame: asked.frame("Your account"),
    })
}

pub(super) async fn end_session(asked: Asked) -> Answer {
    let id = asked
        .form
        .text("session")
        .parse()
        .map_err(|_| Problem::NotFound)?;
    let account = &asked.session()?.account;
    match asked.store().end_session(account, id, asked.now).await? {
        true => go_on("/account", Done::SessionEnded),
        false => Err(Problem::NotFound),
    }
}

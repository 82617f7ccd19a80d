//! One's own account: where one is signed in.

use super::done::Done;
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_on};
use super::sign_in;
use super::words;
use crate::domain::password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    sessions: Vec<Session>,
    shortest: usize,
    longest: usize,
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
        shortest: MIN_PASSWORD_CHARS,
        longest: MAX_PASSWORD_BYTES,
        frame: asked.frame("Your account"),
    })
}

/// A new password; other sessions end.
pub(super) async fn change_password(asked: Asked) -> Answer {
    let session = asked.session()?;
    let given = |name| SecretString::from(asked.form.given(name));
    let new = given("new");
    if new.expose_secret() != asked.form.given("again") {
        return Err(Problem::Refused(
            "the two new passwords differ: nothing was changed".to_owned(),
        ));
    }
    let account = &session.account;
    if !sign_in::is_own_password(&asked, account, given("current")).await? {
        return Err(Problem::Refused(
            "the password that you have now is another one: nothing was changed".to_owned(),
        ));
    }
    let hash = sign_in::hash_new(&asked, new).await?;
    asked.store().change_password(session, &hash, asked.now).await?;
    go_on("/account", Done::PasswordChanged)
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

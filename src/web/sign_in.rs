//! Signing in and out: password, then a code; the second step is set up at the first sign-in.
//!
//! Security: an unknown name and a wrong password take the same work and get the same answer. Every step gives the browser a
//! new token. Passwords, codes and tokens are in no log line.

use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, draw_token, go_to};
use super::throttle::Throttle;
use super::totp::{self, Qr};
use crate::domain::password::{MAX_PASSWORD_BYTES, hash_password, verify_password};
use crate::store::{Enrolment, OpenSession, SecondProof, SessionToken, StaffAccount};
use askama::Template;
use axum::http::header;
use secrecy::SecretString;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// Password checks at the same time: each takes 19 MiB and a core.
const MAX_HASHING: usize = 2;
/// Longest name that is looked up, in characters.
const MAX_NAME: usize = 64;
/// Wrong codes after which the password is asked for again.
const MAX_CODES: u32 = 5;

/// What signing in shares between requests.
pub(super) struct SignIn {
    throttle: Mutex<Throttle>,
    hashing: Semaphore,
    wrong_codes: Mutex<std::collections::HashMap<crate::domain::SessionId, u32>>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            throttle: Mutex::default(),
            hashing: Semaphore::new(MAX_HASHING),
            wrong_codes: Mutex::default(),
        }
    }
}

impl SignIn {
    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct PasswordPage {
    frame: Frame,
    failed: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    failed: bool,
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage {
    frame: Frame,
    failed: bool,
    qr: Qr,
    letters: String,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    frame: Frame,
    codes: Vec<String>,
}

pub(super) async fn password_page(asked: Asked) -> Answer {
    show(&PasswordPage {
        frame: asked.frame("Sign in"),
        failed: false,
    })
}

pub(super) async fn check_password(asked: Asked) -> Answer {
    let name: String = asked.form.text("name").chars().take(MAX_NAME).collect();
    let key = password_key(&name);
    begin(&asked, &key)?;
    let account = asked.store().staff(&name).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let password = asked.form.given("password");
    let is_bounded = password.len() <= MAX_PASSWORD_BYTES;
    let password = SecretString::from(match is_bounded {
        true => password,
        false => "",
    });
    let fits = check(&asked, password, hash).await?;
    let Some(account) = account.as_ref().filter(|_| fits) else {
        asked
            .store()
            .note_failed_sign_in(account.map(|account| account.id), asked.now)
            .await?;
        tracing::warn!("a sign-in to the staff pages failed");
        return show(&PasswordPage {
            frame: asked.frame("Sign in"),
            failed: true,
        });
    };
    asked.app.sign_in.throttle().fitted(&key, asked.from, asked.now);
    // Whoever was signed in here is not any more.
    if let Some(session) = &asked.session {
        asked
            .store()
            .end_session(&session.account, session.info.id, asked.now)
            .await?;
    }
    let token = draw_token()?;
    asked.store().begin_session(account.id, &token, asked.now).await?;
    with_token(&asked, &token, go_to("/sign-in/code")?)
}

/// On a thread of its own: it takes tens of milliseconds of one core.
async fn check(asked: &Asked, password: SecretString, hash: Option<String>) -> Result<bool, Problem> {
    let slot = asked.app.sign_in.hashing.acquire().await;
    let _slot = slot.map_err(|_| Problem::Failed)?;
    tokio::task::spawn_blocking(move || verify_password(&password, hash.as_deref()))
        .await
        .map_err(|_| Problem::Failed)
}

/// Whether somebody who is signed in knows the account's password; tries count like those of signing in.
pub(super) async fn is_own_password(
    asked: &Asked,
    account: &StaffAccount,
    password: SecretString,
) -> Result<bool, Problem> {
    let key = password_key(&account.name);
    begin(asked, &key)?;
    let fits = check(asked, password, Some(account.password_hash.clone())).await?;
    match fits {
        true => asked.app.sign_in.throttle().fitted(&key, asked.from, asked.now),
        false => {
            let store = asked.store();
            store.note_failed_sign_in(Some(account.id), asked.now).await?;
        }
    }
    Ok(fits)
}

/// The hash of a new password that may be taken.
pub(super) async fn hash_new(asked: &Asked, password: SecretString) -> Result<String, Problem> {
    let slot = asked.app.sign_in.hashing.acquire().await;
    let _slot = slot.map_err(|_| Problem::Failed)?;
    let breached = asked.app.settings.breached.clone();
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| Problem::Failed)?;
    let hashed = tokio::task::spawn_blocking(move || {
        if let Some(breached) = breached {
            breached
                .demand_unknown(&password)
                .map_err(|why| why.to_string())?;
        }
        hash_password(&password, salt).map_err(|why| why.to_string())
    });
    hashed
        .await
        .map_err(|_| Problem::Failed)?
        .map_err(Problem::Refused)
}

/// What tries of a password are counted under.
fn password_key(name: &str) -> String {
    format!("password {}", name.to_lowercase())
}

fn begin(asked: &Asked, key: &str) -> Result<(), Problem> {
    let begun = asked.app.sign_in.throttle().begin(key, asked.from, asked.now);
    begun.map_err(|wait| Problem::Wait(wait.as_secs().saturating_add(1)))
}

fn with_token(asked: &Asked, token: &SessionToken, mut response: axum::response::Response) -> Answer {
    let cookie = asked.app.set_cookie(token)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

pub(super) async fn code_page(asked: Asked) -> Answer {
    match asked.session()?.account.second_step {
        None => go_to("/sign-in/set-up"),
        Some(_) => show(&CodePage {
            frame: asked.frame("Enter your code"),
            failed: false,
        }),
    }
}

pub(super) async fn check_code(asked: Asked) -> Answer {
    let session = asked.session()?;
    let secret = session
        .account
        .second_step
        .as_ref()
        .ok_or(Problem::SecondStepFirst)?;
    let key = code_key(session);
    begin(&asked, &key)?;
    match totp::step_of(secret, asked.form.text("code"), asked.now) {
        None => wrong_code(&asked).await,
        Some(step) => complete(&asked, &key, SecondProof::Step(step)).await,
    }
}

pub(super) async fn check_recovery_code(asked: Asked) -> Answer {
    let session = asked.session()?;
    if session.account.second_step.is_none() {
        return Err(Problem::SecondStepFirst);
    }
    let key = code_key(session);
    begin(&asked, &key)?;
    let code = totp::typed(asked.form.text("recovery"));
    complete(&asked, &key, SecondProof::Recovery(code)).await
}

fn code_key(session: &OpenSession) -> String {
    format!("code {}", session.account.id)
}

async fn complete(asked: &Asked, key: &str, proof: SecondProof) -> Answer {
    let session = asked.session()?;
    let token = draw_token()?;
    let done = asked
        .store()
        .complete_session(session, &proof, &token, asked.now)
        .await?;
    if !done {
        return wrong_code(asked).await;
    }
    asked.app.sign_in.throttle().fitted(key, asked.from, asked.now);
    with_token(asked, &token, go_to("/")?)
}

/// After a few wrong codes the password has to be given again.
async fn wrong_code(asked: &Asked) -> Answer {
    let session = asked.session()?;
    asked
        .store()
        .note_failed_sign_in(Some(session.account.id), asked.now)
        .await?;
    tracing::warn!("a code for the staff pages did not fit");
    if asked.app.sign_in.count_wrong(session.info.id) >= MAX_CODES {
        asked
            .store()
            .end_session(&session.account, session.info.id, asked.now)
            .await?;
        return go_to("/sign-in");
    }
    show(&CodePage {
        frame: asked.frame("Enter your code"),
        failed: true,
    })
}

impl SignIn {
    /// Most sessions that are counted; when there are more, the counts begin anew (the throttle goes on).
    const MAX_COUNTED: usize = 1000;

    fn count_wrong(&self, session: crate::domain::SessionId) -> u32 {
        let mut counts = self.wrong_codes.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= Self::MAX_COUNTED && !counts.contains_key(&session) {
            counts.clear();
        }
        let count = counts.entry(session).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }
}

pub(super) async fn set_up_page(asked: Asked) -> Answer {
    show_set_up(&asked, Tried::NotYet).await
}

/// Whether a code was given that did not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    NotYet,
    InVain,
}

async fn show_set_up(asked: &Asked, tried: Tried) -> Answer {
    let account = &asked.session()?.account;
    if account.second_step.is_some() {
        return go_to("/sign-in/code");
    }
    let secret = asked.store().pending_secret(account.id, asked.now).await?;
    show(&SetUpPage {
        frame: asked.frame("Set up your second step"),
        failed: tried == Tried::InVain,
        qr: totp::qr(&secret, &asked.app.settings.service, &account.name)?,
        letters: totp::in_letters(&secret),
    })
}

pub(super) async fn set_up(asked: Asked) -> Answer {
    let session = asked.session()?;
    if session.account.second_step.is_some() {
        return Err(Problem::SecondStepFirst);
    }
    let secret = asked
        .store()
        .pending_secret(session.account.id, asked.now)
        .await?;
    let Some(step) = totp::step_of(&secret, asked.form.text("code"), asked.now) else {
        return show_set_up(&asked, Tried::InVain).await;
    };
    let enrolment = Enrolment {
        step,
        recovery: totp::draw_recovery_codes()?,
    };
    let token = draw_token()?;
    let done = asked
        .store()
        .set_up_second_step(session, &enrolment, &token, asked.now)
        .await?;
    if !done {
        return go_to("/sign-in/code");
    }
    let codes = enrolment.recovery.iter().map(|code| totp::shown(code)).collect();
    let page = RecoveryPage {
        frame: Frame::new(
            ("Keep your recovery codes", asked.route),
            &asked.app.settings.service,
            Some(&session.account),
            super::request::form_token(&token),
        ),
        codes,
    };
    with_token(&asked, &token, show(&page)?)
}

pub(super) async fn sign_out(asked: Asked) -> Answer {
    let session = asked.session()?;
    asked
        .store()
        .end_session(&session.account, session.info.id, asked.now)
        .await?;
    with_token(&asked, &draw_token()?, go_to("/sign-in")?)
}

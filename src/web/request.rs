//! One request as handlers get it: who asks, what for, and the form, whose token was checked.
//!
//! Security: the browser's token is 32 random bytes in a cookie that scripts and other sites do not get. Before sign-in it
//! stands for nobody; it is replaced at every step of signing in. Forms carry a value made from it, which another site cannot
//! know.

use super::done::Done;
use super::frame::Frame;
use super::once::Once;
use super::previews::Previews;
use super::problem::Problem;
use super::report::Reports;
use super::settings::{WebParts, WebSettings};
use super::sign_in::SignIn;
use crate::casework::Casework;
use crate::domain::Timestamp;
use crate::store::{Actor, OpenSession, SessionToken, StaffRole, Store, Viewer};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Name of the field in every form.
pub(super) const TOKEN_FIELD: &str = "token";

/// What all requests share.
pub(super) struct App {
    pub(super) settings: WebSettings,
    pub(super) parts: WebParts,
    pub(super) sign_in: SignIn,
    pub(super) once: Once,
    pub(super) previews: Previews,
    pub(super) reports: Reports,
}

impl App {
    pub(super) fn new(settings: WebSettings, parts: WebParts) -> Self {
        Self {
            settings,
            parts,
            sign_in: SignIn::default(),
            once: Once::default(),
            previews: Previews::default(),
            reports: Reports::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.parts.store
    }

    /// A cookie that only TLS may carry has a name that browsers hold us to.
    pub(super) fn cookie_name(&self) -> &'static str {
        match self.settings.is_secure() {
            true => "__Host-referrald",
            false => "referrald",
        }
    }

    /// Hands a token to the browser.
    pub(super) fn set_cookie(&self, token: &SessionToken) -> Result<HeaderValue, Problem> {
        let secure = match self.settings.is_secure() {
            true => "; Secure",
            false => "",
        };
        let value = URL_SAFE_NO_PAD.encode(token.0.as_slice());
        let cookie = format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}",
            self.cookie_name()
        );
        let mut cookie = HeaderValue::from_str(&cookie).map_err(|_| Problem::Failed)?;
        cookie.set_sensitive(true);
        Ok(cookie)
    }

    /// The token that the browser shows, if it has the form of one.
    pub(super) fn shown_token(&self, headers: &HeaderMap) -> Option<SessionToken> {
        let name = self.cookie_name();
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        // Two of them: somebody set one from elsewhere.
        if found.next().is_some() {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(value).ok()?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().ok()?;
        Some(SessionToken(Zeroizing::new(bytes)))
    }
}

/// A new token.
pub(super) fn draw_token() -> Result<SessionToken, Problem> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| Problem::Failed)?;
    Ok(SessionToken(bytes))
}

/// What forms of this browser carry.
pub(super) fn form_token(token: &SessionToken) -> String {
    let mut hash = Sha256::new();
    hash.update(b"referrald/form/1");
    hash.update(token.0.as_slice());
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Fields of a form, as they came.
#[derive(Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// The value without white space around it; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.given(name).trim()
    }

    /// The value as it came; empty where it is missing.
    pub(super) fn given(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(key, _)| key == name);
        field.map_or("", |(_, value)| value)
    }

    /// Whether the form is one of our own, made for this browser.
    pub(super) fn is_ours(&self, token: &SessionToken) -> bool {
        let ours = form_token(token);
        bool::from(self.given(TOKEN_FIELD).as_bytes().ct_eq(ours.as_bytes()))
    }
}

/// A request.
pub(super) struct Asked {
    pub(super) app: Arc<App>,
    /// What the browser shows, or a new one that it gets with the answer.
    pub(super) token: SessionToken,
    pub(super) session: Option<OpenSession>,
    pub(super) from: IpAddr,
    pub(super) now: Timestamp,
    /// Path of the route table.
    pub(super) route: &'static str,
    pub(super) path: Vec<(String, String)>,
    pub(super) query: Option<String>,
    pub(super) form: Fields,
    /// A document that came with the form.
    pub(super) upload: Option<Upload>,
}

/// A document as a browser sends it.
pub(super) struct Upload {
    /// File name as it was on the sender's machine; empty where nothing was chosen.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// How handlers end.
pub(super) type Answer = Result<Response, Problem>;

impl Asked {
    /// The session; every route but those for anybody has one.
    pub(super) fn session(&self) -> Result<&OpenSession, Problem> {
        self.session.as_ref().ok_or(Problem::SignInFirst)
    }

    pub(super) fn store(&self) -> &Store {
        self.app.store()
    }

    pub(super) fn actor(&self) -> Result<Actor, Problem> {
        Ok(Actor(self.session()?.account.name.clone()))
    }

    /// Casework as a member of staff.
    pub(super) fn casework(&self) -> Result<Casework, Problem> {
        match self.session()?.account.role {
            StaffRole::Staff => Ok(Casework::new(self.store().clone(), self.actor()?)
                .with_documents(self.app.parts.documents.clone())),
            StaffRole::Volunteer { .. } | StaffRole::Administrator => Err(Problem::Forbidden),
        }
    }

    /// By what right somebody looks at files.
    pub(super) fn viewer(&self) -> Result<Viewer, Problem> {
        match &self.session()?.account.role {
            StaffRole::Staff => Ok(Viewer::Staff(self.actor()?)),
            StaffRole::Volunteer { user } => Ok(Viewer::Volunteer { user: user.clone() }),
            StaffRole::Administrator => Err(Problem::Forbidden),
        }
    }

    /// A piece of the path.
    pub(super) fn piece(&self, name: &str) -> &str {
        let piece = self.path.iter().find(|(key, _)| key == name);
        piece.map_or("", |(_, value)| value)
    }

    /// `?page=` from 1; anything else is the first page.
    pub(super) fn page_number(&self) -> u32 {
        let query = self.query.as_deref().unwrap_or_default();
        let number = query.split('&').find_map(|pair| pair.strip_prefix("page="));
        bounded_page(number.unwrap_or_default())
    }

    /// `?edit=`: the group of fields that is to be corrected; empty for none.
    pub(super) fn group_to_edit(&self) -> String {
        let query = self.query.as_deref().unwrap_or_default();
        let key = query.split('&').find_map(|pair| pair.strip_prefix("edit="));
        key.unwrap_or_default().to_owned()
    }

    /// What surrounds a page.
    pub(super) fn frame(&self, title: &'static str) -> Frame {
        let account = self
            .session
            .as_ref()
            .filter(|session| session.info.stage == crate::store::SignInStage::Complete)
            .map(|session| &session.account);
        let done = self.query.as_deref().and_then(Done::of_query);
        Frame::new(
            (title, self.route),
            &self.app.settings.service,
            account,
            form_token(&self.token),
        )
        .after(done)
    }
}

/// A number of a page, from 1 to 100,000.
pub(super) fn bounded_page(text: &str) -> u32 {
    text.parse::<u32>().unwrap_or(1).clamp(1, 100_000)
}

/// To one of our own pages, which says what was done.
pub(super) fn go_on(path: &str, done: Done) -> Answer {
    go_to(&format!("{path}?done={}", done.word()))
}

/// To one of our own pages, by a path that we made.
pub(super) fn go_to(path: &str) -> Answer {
    let place = HeaderValue::from_str(path).map_err(|_| Problem::NotFound)?;
    Ok((axum::http::StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}

//! What surrounds every page, and turning a page into an answer.
//!
//! Invariant: a title is a fixed text of ours, never a value.

use super::done::Done;
use super::problem::Problem;
use super::request::Answer;
use crate::store::{StaffAccount, StaffRole};
use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;

/// Title, menu, form token.
pub(super) struct Frame {
    pub(super) title: &'static str,
    /// What was done before this page was shown.
    pub(super) done: Option<&'static str>,
    pub(super) service: String,
    pub(super) menu: Vec<MenuItem>,
    pub(super) user: Option<String>,
    pub(super) token: String,
}

/// One place to go to.
#[derive(Clone, Copy)]
pub(super) struct MenuItem {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    /// `page` where it leads to the page that is shown, `true` where that stands below it.
    pub(super) current: Option<&'static str>,
}

impl MenuItem {
    const fn new(path: &'static str, text: &'static str) -> Self {
        Self {
            path,
            text,
            current: None,
        }
    }

    /// Seen from the page of this route.
    fn seen_from(self, route: &str) -> Self {
        let below = match self.path {
            "/" => route.starts_with("/review/"),
            path => route.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')),
        };
        let current = match (route == self.path, below) {
            (true, _) => Some("page"),
            (false, true) => Some("true"),
            (false, false) => None,
        };
        Self { current, ..self }
    }
}

const HOME: MenuItem = MenuItem::new("/", "Home");
const CASES: MenuItem = MenuItem::new("/cases", "Cases");
const OUTBOUND: MenuItem = MenuItem::new("/outbound", "Held mail");
const WRITE: MenuItem = MenuItem::new("/write", "Write");
const SENT: MenuItem = MenuItem::new("/sent", "Your mail");
const FAILED: MenuItem = MenuItem::new("/failed", "Failed mail");
const MAILBOX: MenuItem = MenuItem::new("/mailbox", "Mailbox");
const SETTINGS: MenuItem = MenuItem::new("/settings", "Settings");
const REPORT: MenuItem = MenuItem::new("/report", "Report");
const AUDIT: MenuItem = MenuItem::new("/audit", "Audit log");
const STAFF: MenuItem = MenuItem::new("/staff", "Accounts");

impl Frame {
    /// A frame for the page of this route.
    pub(super) fn new(
        (title, route): (&'static str, &str),
        service: &str,
        account: Option<&StaffAccount>,
        token: String,
    ) -> Self {
        let menu: Vec<_> = match account.map(|account| &account.role) {
            None => Vec::new(),
            Some(StaffRole::Staff) => vec![HOME, CASES, WRITE, OUTBOUND, FAILED, MAILBOX, REPORT, AUDIT],
            Some(StaffRole::Volunteer { .. }) => vec![HOME, CASES, WRITE, SENT],
            Some(StaffRole::Administrator) => vec![HOME, STAFF, MAILBOX, SETTINGS, REPORT, AUDIT],
        };
        Self {
            title,
            done: None,
            service: service.to_owned(),
            menu: menu.into_iter().map(|item| item.seen_from(route)).collect(),
            user: account.map(|account| account.name.clone()),
            token,
        }
    }

    /// The same, saying what was done before.
    pub(super) fn after(self, done: Option<Done>) -> Self {
        Self {
            done: done.map(Done::text),
            ..self
        }
    }
}

/// Where in a list a page stands.
pub(super) struct Pages {
    pub(super) number: u32,
    pub(super) last: u32,
}

impl Pages {
    /// `number` from 1.
    pub(super) fn new(number: u32, total: u64, per_page: u32) -> Self {
        let last = total.div_ceil(u64::from(per_page)).max(1);
        Self {
            number,
            last: u32::try_from(last).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn before(&self) -> Option<u32> {
        (self.number > 1).then(|| self.number.saturating_sub(1).min(self.last))
    }

    pub(super) fn next(&self) -> Option<u32> {
        (self.number < self.last).then(|| self.number.saturating_add(1))
    }
}

/// Characters that turn the direction of the text around them, and would let a value dress up as something else.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// A page as HTML.
pub(super) fn html(page: &impl Template) -> Result<String, Problem> {
    let text = page.render().map_err(|_| Problem::Failed)?;
    Ok(match text.contains(turns_text) {
        true => text.replace(turns_text, "\u{fffd}"),
        false => text,
    })
}

/// A page as an answer.
pub(super) fn show(page: &impl Template) -> Answer {
    let html = html(page)?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

//! What surrounds every page, and turning a page into an answer.
//!
//! Invariant: a title is a fixed text of ours, never a value.

use super::problem::Problem;
use super::request::Answer;
use crate::store::{StaffAccount, StaffRole};
use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;

/// Title, menu, form token.
pub(super) struct Frame {
    pub(super) title: &'static str,
    pub(super) service: String,
    pub(super) menu: Vec<MenuItem>,
    pub(super) user: Option<String>,
    pub(super) token: String,
}

/// One place to go to.
pub(super) struct MenuItem {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

const HOME: MenuItem = MenuItem {
    path: "/",
    text: "Home",
};
const CASES: MenuItem = MenuItem {
    path: "/cases",
    text: "Cases",
};
const OUTBOUND: MenuItem = MenuItem {
    path: "/outbound",
    text: "Held mail",
};
const REPORT: MenuItem = MenuItem {
    path: "/report",
    text: "Report",
};
const AUDIT: MenuItem = MenuItem {
    path: "/audit",
    text: "Audit log",
};
const STAFF: MenuItem = MenuItem {
    path: "/staff",
    text: "Accounts",
};

impl Frame {
    pub(super) fn new(
        title: &'static str,
        service: &str,
        account: Option<&StaffAccount>,
        token: String,
    ) -> Self {
        let menu = match account.map(|account| &account.role) {
            None => Vec::new(),
            Some(StaffRole::Staff) => vec![HOME, CASES, OUTBOUND, REPORT, AUDIT],
            Some(StaffRole::Volunteer { .. }) => vec![HOME, CASES],
            Some(StaffRole::Administrator) => vec![HOME, STAFF, REPORT, AUDIT],
        };
        Self {
            title,
            service: service.to_owned(),
            menu,
            user: account.map(|account| account.name.clone()),
            token,
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

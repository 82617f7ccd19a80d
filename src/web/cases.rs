//! Cases: the list, page by page, and finding one by what is known of somebody.
//!
//! Invariant: what is looked for comes in a form's body and goes back in a form's field, never in a URL.

use super::frame::{Frame, Pages, show};
use super::problem::Problem;
use super::request::{Answer, Asked, bounded_page, go_to};
use super::words;
use crate::domain::{CaseReference, Personal};
use crate::store::{CaseSummary, Lookup, MessageSummary, Viewer};
use askama::Template;

/// Rows on one page.
const PER_PAGE: u32 = 50;
/// Longest value looked for, in characters.
const MAX_VALUE: usize = 200;

/// By what: the word in the form, and the label.
const BY: &[(&str, &str)] = &[
    ("case", "Our reference"),
    ("name", "Full name"),
    ("phone", "Telephone number"),
    ("postcode", "Postcode"),
    ("email", "E-mail address"),
    ("birth", "Date of birth, such as 1991-04-17"),
    ("number", "Number of an agency (crime number, URN ...)"),
];

#[derive(Template)]
#[template(path = "cases.html")]
pub(super) struct ListPage {
    pub(super) frame: Frame,
    pub(super) by: &'static [(&'static str, &'static str)],
    pub(super) rows: Vec<Row>,
    pub(super) total: u64,
    pub(super) pages: Pages,
}

#[derive(Template)]
#[template(path = "found.html")]
pub(super) struct FoundPage {
    pub(super) frame: Frame,
    pub(super) by: &'static [(&'static str, &'static str)],
    pub(super) chosen: String,
    pub(super) value: String,
    pub(super) rows: Vec<Row>,
    pub(super) messages: Vec<FoundMessage>,
    pub(super) total: usize,
    pub(super) pages: Pages,
}

#[derive(Template)]
#[template(path = "own_files.html")]
struct OwnFilesPage {
    frame: Frame,
    files: Vec<OwnFile>,
}

struct OwnFile {
    reference: String,
    side: String,
}

/// One case.
pub(super) struct Row {
    pub(super) reference: String,
    pub(super) state: &'static str,
    pub(super) opened: String,
    pub(super) files: String,
}

/// One message in whose draft the value stands.
pub(super) struct FoundMessage {
    pub(super) id: String,
    pub(super) what: &'static str,
    pub(super) received: String,
}

fn row(case: &CaseSummary) -> Row {
    let sides: Vec<String> = case.sides.iter().map(ToString::to_string).collect();
    Row {
        reference: case.reference.as_str().to_owned(),
        state: words::case_state(case.state),
        opened: words::day(case.opened),
        files: sides.join(", "),
    }
}

pub(super) async fn list(asked: Asked) -> Answer {
    match asked.viewer()? {
        Viewer::Staff(_) => {}
        Viewer::Volunteer { user } => return own_files(&asked, &user).await,
    }
    let total = asked.store().totals().await?.cases;
    let pages = Pages::new(asked.page_number(), total, PER_PAGE);
    let after = pages.number.saturating_sub(1).saturating_mul(PER_PAGE);
    let cases = asked.store().cases_page(after, PER_PAGE).await?;
    show(&ListPage {
        by: BY,
        rows: cases.iter().map(row).collect(),
        total,
        pages,
        frame: asked.frame("Cases"),
    })
}

async fn own_files(asked: &Asked, user: &str) -> Answer {
    let files = asked.store().allocated_files(user).await?;
    let files = files.into_iter().map(|file| OwnFile {
        side: words::side(file.side),
        reference: file.reference,
    });
    show(&OwnFilesPage {
        files: files.collect(),
        frame: asked.frame("Your files"),
    })
}

pub(super) async fn search(asked: Asked) -> Answer {
    let by = asked.form.text("by");
    let value: String = asked.form.text("value").chars().take(MAX_VALUE).collect();
    if by == "case" {
        return by_reference(&asked, &value).await;
    }
    let lookup = lookup(by, &value).ok_or(Problem::BadForm)?;
    let casework = asked.casework()?;
    let (cases, messages) = match value.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => (
            casework.find_cases(&lookup).await?,
            casework.find_messages(&lookup).await?,
        ),
    };
    let number = bounded_page(asked.form.text("page"));
    show(&found(
        asked.frame("Search results"),
        (by, value),
        &cases,
        &messages,
        number,
    ))
}

pub(super) fn found(
    frame: Frame,
    (by, value): (&str, String),
    cases: &[CaseSummary],
    messages: &[MessageSummary],
    number: u32,
) -> FoundPage {
    let pages = Pages::new(number, cases.len() as u64, PER_PAGE);
    let after = pages.number.saturating_sub(1).saturating_mul(PER_PAGE);
    let (after, at_most) = (after as usize, PER_PAGE as usize);
    let messages = messages.iter().take(at_most).map(|message| FoundMessage {
        id: message.id.to_string(),
        what: words::kind(message.kind),
        received: words::moment(message.received),
    });
    FoundPage {
        frame,
        by: BY,
        chosen: by.to_owned(),
        value,
        rows: cases.iter().skip(after).take(at_most).map(row).collect(),
        messages: messages.collect(),
        total: cases.len(),
        pages,
    }
}

/// Our own reference is no personal data: it leads to the case.
async fn by_reference(asked: &Asked, value: &str) -> Answer {
    let reference = CaseReference::parse(value);
    let Some(reference) = reference.filter(|whole| whole.as_str().eq_ignore_ascii_case(value)) else {
        return Err(Problem::Refused(
            "write our reference as RJ-2026-00012".to_owned(),
        ));
    };
    let case = asked.casework()?.find_case(reference.as_str()).await?;
    go_to(&format!("/cases/{}", case.reference))
}

fn lookup(by: &str, value: &str) -> Option<Lookup> {
    let value = Personal::new(value.to_owned());
    match by {
        "name" => Some(Lookup::Name(value)),
        "phone" => Some(Lookup::Phone(value)),
        "postcode" => Some(Lookup::Postcode(value)),
        "email" => Some(Lookup::Email(value)),
        "birth" => Some(Lookup::Birth(value)),
        "number" => Some(Lookup::Reference(value)),
        _ => None,
    }
}

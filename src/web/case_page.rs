//! One case: each side's file in a section of its own, and for staff what belongs to the case as a whole.
//!
//! Invariant: everything of a file comes from the store by the right of whoever asks; a volunteer learns nothing of other files,
//! not even that there are any.

use super::change::{self, ChangeForm, ChangeWidget, Refused};
use super::draft::{self, Group};
use super::entries::{self, Entry};
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_to};
use super::words;
use crate::domain::{
    CaseReference, CaseState, FileChange, Kind, PARSED_SCHEMA, ParsedMessage, Party, PartyProgress, Personal,
    Referral, Side, Timestamp, Trust,
};
use crate::store::{AccountRole, CaseName, CaseSummary, Closing, OpenedCase, OpenedFile, Viewer};
use askama::Template;
use jiff::ToSpan;
use jiff::tz::TimeZone;

#[derive(Template)]
#[template(path = "case.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) reference: String,
    pub(super) state: &'static str,
    pub(super) is_open: bool,
    pub(super) is_destroyed: bool,
    pub(super) opened: String,
    pub(super) closed: Option<String>,
    pub(super) due: Option<String>,
    pub(super) files: Vec<FileSection>,
    pub(super) whole: Option<Whole>,
    pub(super) reasons: Vec<(&'static str, &'static str)>,
    pub(super) outcomes: Vec<(&'static str, &'static str)>,
}

/// One side's file.
pub(super) struct FileSection {
    pub(super) title: String,
    pub(super) side: String,
    pub(super) groups: Vec<Group>,
    pub(super) progress: Vec<Progress>,
    pub(super) entries: Vec<Entry>,
    pub(super) allocated: Vec<String>,
    pub(super) may_allocate: Vec<String>,
    /// What staff can record on the file as a whole.
    pub(super) forms: Vec<ChangeForm>,
}

/// How far somebody has come.
pub(super) struct Progress {
    /// Number on the file, from 1.
    pub(super) number: usize,
    /// Number, and name or role.
    pub(super) person: String,
    pub(super) form: String,
    pub(super) route: &'static str,
    pub(super) remarks: String,
}

/// What belongs to the case as a whole.
pub(super) struct Whole {
    pub(super) groups: Vec<Group>,
    pub(super) entries: Vec<Entry>,
}

pub(super) async fn case_of(asked: &Asked) -> Result<CaseSummary, Problem> {
    let piece = asked.piece("case");
    let reference = CaseReference::parse(piece).filter(|reference| reference.as_str() == piece);
    let reference = reference.ok_or(Problem::NotFound)?;
    Ok(asked.store().case_named(&CaseName::Reference(reference)).await?)
}

pub(super) async fn page(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    show(&lay_out(&asked, &case, None).await?)
}

/// The page of a case; with the side and the form that could not be done, where there is one.
pub(super) async fn lay_out(
    asked: &Asked,
    case: &CaseSummary,
    refused: Option<(Side, &Refused<'_>)>,
) -> Result<Page, Problem> {
    let viewer = asked.viewer()?;
    let is_staff = matches!(viewer, Viewer::Staff(_));
    if case.state == CaseState::Destroyed {
        return match is_staff {
            true => Ok(page_of(asked, case, Vec::new(), None)),
            false => Err(Problem::NotFound),
        };
    }
    let files = asked.store().open_files(&viewer, case.id, asked.now).await?;
    let mut sections: Vec<FileSection> = files.iter().map(section).collect();
    let mut whole = None;
    if is_staff {
        let core = asked.store().open_case_core(&viewer, case.id, asked.now).await?;
        whole = Some(whole_of(&core));
        allocations(asked, case, &files, &mut sections).await?;
        for (file, section) in files.iter().zip(&mut sections) {
            let refused = refused.filter(|(side, _)| *side == file.side);
            let people: Vec<String> = section.progress.iter().map(|each| each.person.clone()).collect();
            section.forms = change::of_file(&people, refused.map(|(_, refused)| refused));
        }
    }
    Ok(page_of(asked, case, sections, whole))
}

fn page_of(asked: &Asked, case: &CaseSummary, files: Vec<FileSection>, whole: Option<Whole>) -> Page {
    let closed = case.closed.map(|at| {
        let reason = case.close_reason.map_or("", words::close_reason);
        let outcome = case
            .outcome
            .map_or_else(String::new, |outcome| format!(". {}", words::outcome(outcome)));
        format!("{}: {reason}{outcome}", words::day(at))
    });
    let due = case.closed.filter(|_| case.state == CaseState::Closed);
    Page {
        frame: asked.frame("Case"),
        reference: case.reference.as_str().to_owned(),
        state: words::case_state(case.state),
        is_open: case.state == CaseState::Open,
        is_destroyed: case.state == CaseState::Destroyed,
        opened: words::day(case.opened),
        closed,
        due: due.and_then(|closed| due_day(closed, asked.app.settings.closed_years)),
        files,
        whole,
        reasons: words::CLOSE_REASONS
            .map(|reason| (reason.as_str(), words::close_reason(reason)))
            .to_vec(),
        outcomes: words::OUTCOMES
            .map(|outcome| (outcome.as_str(), words::outcome(outcome)))
            .to_vec(),
    }
}

/// The day from which on the daily run destroys the case.
fn due_day(closed: Timestamp, years: u16) -> Option<String> {
    let day = TimeZone::UTC.to_datetime(closed).date();
    let due = day.checked_add(i64::from(years).years()).ok()?;
    Some(words::date(due))
}

fn section(file: &OpenedFile) -> FileSection {
    let state = file.state.expose_personal();
    FileSection {
        title: words::side(file.side),
        side: words::side_in_path(file.side),
        groups: groups(&state.referral),
        progress: state
            .progress
            .iter()
            .zip(&state.referral.parties)
            .enumerate()
            .map(|(index, (each, party))| progress(index, each, party))
            .collect(),
        entries: entries::lay_out(&file.entries),
        allocated: Vec::new(),
        may_allocate: Vec::new(),
        forms: Vec::new(),
    }
}

pub(super) fn progress(index: usize, progress: &PartyProgress, party: &Party) -> Progress {
    let mut remarks = Vec::new();
    if progress.professional_tried {
        remarks.push("A professional was asked to reach them".to_owned());
    }
    if let Some(on) = progress.withdrawn_on {
        remarks.push(format!("Withdrew {}", words::date(on)));
    }
    if progress.restricted {
        remarks.push("Data are restricted".to_owned());
    }
    if let Some(on) = progress.erased_on {
        remarks.push(format!("Data erased {}", words::date(on)));
    }
    Progress {
        number: index.saturating_add(1),
        person: format!(
            "{}. {}",
            index.saturating_add(1),
            party.name.as_deref().unwrap_or_else(|| words::role(party.role))
        ),
        form: words::form(progress.form),
        route: progress.route.map_or("Not decided", words::route),
        remarks: remarks.join(". "),
    }
}

/// What a referral holds, laid out like a draft without doubts.
pub(super) fn groups(referral: &Referral) -> Vec<Group> {
    let parsed = ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: Vec::new(),
        attachments: Vec::new(),
        referral: Some(referral.clone()),
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
    };
    let mut groups = draft::lay_out(&parsed).groups;
    groups.retain(|group| !group.rows.is_empty());
    groups
}

fn whole_of(core: &OpenedCase) -> Whole {
    Whole {
        groups: groups(core.referral.expose_personal()),
        entries: entries::lay_out(&core.entries),
    }
}

async fn allocations(
    asked: &Asked,
    case: &CaseSummary,
    files: &[OpenedFile],
    sections: &mut [FileSection],
) -> Result<(), Problem> {
    let allocations = asked.store().allocations(case.id).await?;
    let accounts = asked.store().accounts().await?;
    for (file, section) in files.iter().zip(sections) {
        let to = allocations.iter().filter(|row| row.side == file.side);
        section.allocated = to.map(|row| row.user.clone()).collect();
        let free = accounts
            .iter()
            .filter(|account| account.role == AccountRole::Volunteer)
            .filter(|account| !section.allocated.contains(&account.user));
        section.may_allocate = free.map(|account| account.user.clone()).collect();
    }
    Ok(())
}

pub(super) fn side_of(text: &str) -> Result<Side, Problem> {
    words::side_of_path(text).ok_or(Problem::NotFound)
}

pub(super) fn back_to(case: &CaseSummary) -> Answer {
    go_to(&format!("/cases/{}", case.reference))
}

pub(super) async fn note(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.form.text("side"))?;
    let change = FileChange::Note {
        text: asked.form.text("text").to_owned(),
    };
    asked
        .store()
        .change_file(&asked.viewer()?, case.id, side, &change, asked.now)
        .await?;
    back_to(&case)
}

pub(super) async fn allocate(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.form.text("side"))?;
    let user = asked.form.text("user");
    asked
        .casework()?
        .allocate(case.reference.as_str(), side, user, asked.now)
        .await?;
    back_to(&case)
}

pub(super) async fn take_back(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.form.text("side"))?;
    let user = asked.form.text("user");
    asked
        .casework()?
        .take_back(case.reference.as_str(), side, user, asked.now)
        .await?;
    back_to(&case)
}

pub(super) async fn close(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let reason = asked
        .form
        .text("reason")
        .parse()
        .map_err(|_| Problem::Refused("choose why the case is closed".to_owned()))?;
    let outcome = match asked.form.text("outcome") {
        "" => None,
        outcome => Some(outcome.parse().map_err(|_| Problem::BadForm)?),
    };
    let note = asked.form.text("note");
    let closing = Closing {
        reason,
        outcome,
        note: (!note.is_empty()).then(|| Personal::new(note.to_owned())),
    };
    asked
        .casework()?
        .close(case.reference.as_str(), &closing, asked.now)
        .await?;
    back_to(&case)
}

pub(super) async fn reopen(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    asked
        .casework()?
        .reopen(case.reference.as_str(), asked.form.text("why"), asked.now)
        .await?;
    back_to(&case)
}

//! One person on one side's file: what is recorded of them, and what can be recorded.
//!
//! Invariant: the file comes from the store by the right of whoever asks.

use super::case_page::{self, case_of, side_of};
use super::change::{self, ChangeForm, ChangeWidget, Refused};
use super::draft::Group;
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked};
use super::words;
use crate::domain::{CaseReference, PartyProgress, Side};
use crate::store::{CaseSummary, OpenedFile, StoreError, Viewer};
use askama::Template;

#[derive(Template)]
#[template(path = "person.html")]
pub(super) struct Page {
    frame: Frame,
    reference: String,
    side: String,
    number: usize,
    heading: String,
    groups: Vec<Group>,
    progress: case_page::Progress,
    forms: Vec<ChangeForm>,
    is_staff: bool,
    /// Their data were erased: only their place is left.
    is_erased: bool,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "erase.html")]
struct ErasePage {
    frame: Frame,
    reference: String,
    side: String,
    number: usize,
    is_central: bool,
}

/// Where a person's page is.
pub(super) fn path(reference: &CaseReference, side: Side, number: usize) -> String {
    format!(
        "/cases/{reference}/files/{}/people/{number}",
        words::side_in_path(side)
    )
}

/// The file of this side, if whoever asks has a right to it.
async fn file_of(asked: &Asked, case: &CaseSummary, side: Side) -> Result<OpenedFile, Problem> {
    let files = asked
        .store()
        .open_files(&asked.viewer()?, case.id, asked.now)
        .await;
    let files = match files {
        Ok(files) => files,
        // Destroyed: nobody is on it any more.
        Err(StoreError::WrongState(_)) => return Err(Problem::NotFound),
        Err(error) => return Err(error.into()),
    };
    let mut files = files.into_iter();
    files.find(|file| file.side == side).ok_or(Problem::NotFound)
}

fn number_of(asked: &Asked) -> Result<usize, Problem> {
    let number = asked.piece("person").parse().map_err(|_| Problem::NotFound)?;
    match number {
        0 => Err(Problem::NotFound),
        number => Ok(number),
    }
}

pub(super) async fn page(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.piece("side"))?;
    show(&lay_out(&asked, &case, side, number_of(&asked)?, None).await?)
}

pub(super) async fn lay_out(
    asked: &Asked,
    case: &CaseSummary,
    side: Side,
    number: usize,
    refused: Option<&Refused<'_>>,
) -> Result<Page, Problem> {
    let file = file_of(asked, case, side).await?;
    let state = file.state.expose_personal();
    let index = number.checked_sub(1).ok_or(Problem::NotFound)?;
    let party = state.referral.parties.get(index).ok_or(Problem::NotFound)?;
    let progress = state.progress.get(index).cloned().unwrap_or_default();
    let viewer = asked.viewer()?;
    let mut groups = case_page::groups(&state.referral);
    groups.retain(|group| group.key == format!("referral-parties-{index}"));
    let forms = match progress.erased_on {
        None => change::of_person(&viewer, number, &progress, refused),
        Some(_) => Vec::new(),
    };
    let has_form = forms.iter().any(|form| form.error.is_some());
    Ok(Page {
        reference: case.reference.as_str().to_owned(),
        side: words::side_in_path(side),
        number,
        heading: words::role(party.role).to_owned(),
        groups,
        is_erased: is_erased(&progress),
        progress: case_page::progress(index, &progress, party),
        forms,
        is_staff: matches!(viewer, Viewer::Staff(_)),
        error: refused.filter(|_| !has_form).map(|refused| refused.why.clone()),
        frame: asked.frame("A person on a file"),
    })
}

fn is_erased(progress: &PartyProgress) -> bool {
    progress.erased_on.is_some()
}

pub(super) async fn erase_page(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.piece("side"))?;
    let number = number_of(&asked)?;
    let file = file_of(&asked, &case, side).await?;
    let index = number.checked_sub(1).ok_or(Problem::NotFound)?;
    let parties = &file.state.expose_personal().referral.parties;
    let party = parties.get(index).ok_or(Problem::NotFound)?;
    show(&ErasePage {
        reference: case.reference.as_str().to_owned(),
        side: words::side_in_path(side),
        number,
        is_central: words::is_central(party.role),
        frame: asked.frame("Erase somebody's data"),
    })
}

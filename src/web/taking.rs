//! What staff take out: exports of a case, and what is kept of one person for them. Each is audited.

use super::case_page::{case_of, side_of};
use super::problem::Problem;
use super::request::{Answer, Asked};
use super::saved;
use crate::casework::{CaseworkError, ExportedFile, Sides};
use crate::domain::Personal;
use crate::store::StoreError;
use serde::Serialize;

/// In the place of a side: what belongs to no side.
const WHOLE: &str = "whole";

pub(super) async fn export(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let reference = case.reference.as_str();
    let casework = asked.casework()?;
    let form = asked.piece("form");
    if asked.piece("side") == WHOLE {
        if form != "json" {
            return Err(Problem::NotFound);
        }
        let core = casework.export_whole_case(reference, asked.now).await?;
        return saved::json(&format!("{reference}-whole-case.json"), json(&core)?);
    }
    let side = side_of(asked.piece("side"))?;
    let is_csv = match form {
        "csv" => true,
        "json" => false,
        _ => return Err(Problem::NotFound),
    };
    let files = casework
        .export_files(reference, Sides::One(side), asked.now)
        .await;
    let files = files.map_err(no_such_file)?;
    let file: &ExportedFile = files.first().ok_or(Problem::NotFound)?;
    match is_csv {
        true => saved::csv(&format!("{}.csv", file.file_stem()), file.csv()?),
        false => saved::json(&format!("{}.json", file.file_stem()), json(file)?),
    }
}

/// A side that the case does not have is not there.
fn no_such_file(error: CaseworkError) -> Problem {
    match error {
        CaseworkError::Store(StoreError::WrongState(_)) => Problem::NotFound,
        error => error.into(),
    }
}

fn json(value: &impl Serialize) -> Result<String, Problem> {
    let text = serde_json::to_string_pretty(value).map_err(|_| Problem::Failed)?;
    Ok(text + "\n")
}

pub(super) async fn subject_access(asked: Asked) -> Answer {
    let case = case_of(&asked).await?;
    let side = side_of(asked.piece("side"))?;
    let number: usize = asked.piece("person").parse().map_err(|_| Problem::NotFound)?;
    let actor = asked.actor()?;
    let subjects = &asked.app.parts.subjects;
    let bundle = subjects.bundle(actor, &case.reference, side, number).await;
    let bundle = bundle.map_err(no_such_file)?;
    let name = format!(
        "{}-{}-{number}.zip",
        case.reference,
        super::words::side_in_path(side)
    );
    saved::bytes(&name, Personal::into_personal(bundle))
}

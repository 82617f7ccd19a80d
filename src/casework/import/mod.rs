//! A case list that the service kept before: its open cases are known to threading and redaction from the first day.
//!
//! Invariant: nothing is imported unless every row is sound; all problems are told at once, by row, without content. Each case
//! keeps the rows it was made of like a mail, so that destruction and subject access find them.

mod problem;
mod rows;

pub use problem::{ImportProblem, RowProblem};
pub use rows::IMPORT_COLUMNS;

use super::{Casework, CaseworkError};
use crate::domain::{CaseReference, Personal, Timestamp};
use crate::store::{CaseName, ImportedCase, Lookup, StoreError};
use jiff::tz::TimeZone;
use rows::ListedCase;

/// Longest list, in bytes.
const MAX_LIST: usize = 32 * 1024 * 1024;

/// Whether an import is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportRun {
    /// Everything is checked, nothing is kept.
    Dry,
    /// It is.
    Real,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// People in the list.
    pub people: usize,
    /// Cases that are new, by their first row (the header is row 1), with the reference they got; a dry run knows only
    /// references that are kept.
    pub new: Vec<(u64, Option<CaseReference>)>,
    /// Cases that were imported before.
    pub known: usize,
}

pub(super) fn listed(problems: &[ImportProblem]) -> String {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    format!("{}\nnothing was imported", lines.join("\n"))
}

impl Casework {
    /// Imports a case list as CSV with the columns of [`IMPORT_COLUMNS`].
    ///
    /// # Errors
    /// [`CaseworkError::Import`] with every problem; of the store. Then nothing is imported.
    pub async fn import(
        &self,
        list: &Personal<Vec<u8>>,
        prefix: &str,
        run: ImportRun,
        now: Timestamp,
    ) -> Result<ImportReport, CaseworkError> {
        if list.expose_personal().len() > MAX_LIST {
            return Err(CaseworkError::Import(vec![ImportProblem::of_list(
                RowProblem::ListTooLong,
            )]));
        }
        let today = TimeZone::UTC.to_datetime(now).date();
        let (cases, problems) = rows::read(list.expose_personal(), prefix, today);
        let mut report = ImportReport {
            people: cases.iter().map(|case| case.new.referral.parties.len()).sum(),
            ..ImportReport::default()
        };
        let (fresh, known) = self.check_against_kept(cases, problems).await?;
        report.known = known;
        let firsts: Vec<u64> = fresh.iter().map(|case| case.row).collect();
        let new: Vec<_> = fresh.into_iter().map(|case| case.new).collect();
        let kept = match run {
            ImportRun::Dry => new.iter().map(|case| case.reference.clone()).collect(),
            ImportRun::Real => {
                let done = self.store.import_cases(&new, prefix, &self.actor, now).await?;
                let reference = |case: ImportedCase| match case {
                    ImportedCase::New(reference) => Some(reference),
                    ImportedCase::Known => None,
                };
                done.into_iter().map(reference).collect::<Vec<_>>()
            }
        };
        report.new = firsts.into_iter().zip(kept).collect();
        Ok(report)
    }

    /// The cases that are not kept yet, and how many are.
    async fn check_against_kept(
        &self,
        cases: Vec<ListedCase>,
        mut problems: Vec<ImportProblem>,
    ) -> Result<(Vec<ListedCase>, usize), CaseworkError> {
        let (mut fresh, mut known) = (Vec::new(), 0);
        for case in cases.into_iter().filter(|case| case.is_sound) {
            if self.store.message_with_raw(&case.new.raw).await?.is_some() {
                known += 1;
            } else if let Some(problem) = self.conflict(&case).await? {
                problems.push(problem);
            } else {
                fresh.push(case);
            }
        }
        problems.sort_by_key(|problem| problem.row);
        match problems.is_empty() {
            true => Ok((fresh, known)),
            false => Err(CaseworkError::Import(problems)),
        }
    }

    /// A list that was changed after its import would make its cases twice.
    async fn conflict(&self, case: &ListedCase) -> Result<Option<ImportProblem>, CaseworkError> {
        if let Some(reference) = &case.new.reference {
            match self
                .store
                .case_named(&CaseName::Reference(reference.clone()))
                .await
            {
                Ok(_) => return Ok(Some(case.problem(RowProblem::ReferenceTaken))),
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(number) = &case.agency_reference {
            let lookup = Lookup::Reference(number.clone());
            if !self.store.find_cases(&lookup).await?.is_empty() {
                return Ok(Some(case.problem(RowProblem::ReferenceOfAnother)));
            }
        }
        Ok(None)
    }
}

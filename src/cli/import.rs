//! `import-cases`: a list of cases that were kept elsewhere before.

use super::cases::actor;
use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::casework::{Casework, ImportRun};
use crate::domain::{Clock, Personal, SystemClock};
use std::path::PathBuf;

/// `referrald import-cases`.
#[derive(clap::Args)]
pub(super) struct ImportArguments {
    /// The list: CSV in UTF-8 with a header row (docs/EXPORTS.md has its columns)
    file: PathBuf,
    /// Check every row and say what would be imported; nothing is kept
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(setup: Setup, arguments: &ImportArguments) -> Outcome {
    let list = std::fs::read(&arguments.file).map_err(|error| {
        Failure::failed(format!(
            "{} cannot be read ({})",
            arguments.file.display(),
            error.kind()
        ))
    })?;
    let run = match arguments.dry_run {
        true => ImportRun::Dry,
        false => ImportRun::Real,
    };
    let casework = Casework::new(setup.store().await?, actor());
    let prefix = &setup.config.service.reference_prefix;
    let report = casework
        .import(&Personal::new(list), prefix, run, SystemClock.now())
        .await?;
    for (row, reference) in &report.new {
        let reference = reference
            .as_ref()
            .map_or("a new reference", |reference| reference.as_str());
        output::line(format!("row {row}: {reference}"));
    }
    let (new, known) = (report.new.len(), report.known);
    output::line(match run {
        ImportRun::Dry => {
            format!("{new} cases would be imported, {known} were imported before; nothing was kept")
        }
        ImportRun::Real => format!(
            "{new} cases imported, {known} were imported before; destroy the list when it is no longer needed"
        ),
    });
    Ok(())
}

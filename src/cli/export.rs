//! `export`: accepted cases as files for another system, and documents to the documents folder.
//!
//! # Security
//! What is written is people's data in clear, for staff. Each side goes to a file of its own.

use super::cases::actor;
use super::output::{self, Failure, Outcome};
use super::private;
use super::setup::Setup;
use crate::casework::{Casework, CaseworkError, ExportedFile, Sides};
use crate::domain::{Clock, Side, SystemClock, Timestamp};
use crate::store::CaseSummary;
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// What `export` does.
#[derive(clap::Subcommand)]
pub(super) enum ExportCommand {
    /// One case
    Case(CaseArguments),
    /// Every case that was opened on a day or later, a file per case and side
    Cases {
        /// The day, such as 2026-03-14
        #[arg(long)]
        since: Date,
        /// How to write it
        #[arg(long, value_enum)]
        r#as: Form,
        /// Folder to write to
        #[arg(long)]
        to: PathBuf,
    },
    /// Copy the documents of a case's files to the documents folder (documents_dir in the configuration)
    Documents {
        /// Case id or reference
        case: String,
    },
}

/// `export case`.
#[derive(Args)]
pub(super) struct CaseArguments {
    /// Case id or reference
    case: String,
    /// How to write it
    #[arg(long, value_enum)]
    r#as: Form,
    /// Whose file: victim, offender, "party 1", or all
    #[arg(long, value_parser = sides)]
    side: Sides,
    /// Folder to write to, a file per side; without it one side is printed
    #[arg(long)]
    to: Option<PathBuf>,
    /// Also write what belongs to no side (summary, risks, witnesses), as JSON, to a file of its own; for staff
    #[arg(long, requires = "to")]
    whole_case: bool,
}

/// How an export is written.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Form {
    /// As one object
    Json,
    /// A row per person
    Csv,
}

impl Form {
    fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

fn sides(text: &str) -> Result<Sides, String> {
    match text {
        "all" => Ok(Sides::All),
        text => {
            let side = text.parse().map(Sides::One);
            side.map_err(|_| "write victim, offender, \"party 1\" or all".to_owned())
        }
    }
}

pub(super) async fn run(setup: Setup, command: ExportCommand) -> Outcome {
    let store = setup.store().await?;
    let casework = Casework::new(store, actor()).with_documents(setup.documents_folder());
    let now = SystemClock.now();
    match command {
        ExportCommand::Case(arguments) => case(&casework, &arguments, now).await,
        ExportCommand::Cases { since, r#as, to } => {
            private::demand_folder(&to)?;
            let cases = casework.cases_since(since).await?;
            let mut paths = Vec::new();
            for case in &cases {
                paths.extend(targets(case, Sides::All, r#as, &to));
            }
            private::demand_absent(&paths)?;
            let mut written = 0;
            for case in &cases {
                let files = casework
                    .export_files(case.reference.as_str(), Sides::All, now)
                    .await?;
                written += write(&files, r#as, &to)?;
            }
            output::line(format!(
                "{} cases, {written} files written; {KEEP_SAFE}",
                cases.len()
            ));
            Ok(())
        }
        ExportCommand::Documents { case } => {
            let done = casework.export_documents(&case, now).await?;
            output::line(format!(
                "{} documents written, {} were there already",
                done.written, done.there
            ));
            if done.left_out > 0 {
                output::line(format!(
                    "{} left out: somebody on their file is restricted",
                    done.left_out
                ));
            }
            Ok(())
        }
    }
}

const KEEP_SAFE: &str = "destroy the files when they are no longer needed";

async fn case(casework: &Casework, arguments: &CaseArguments, now: Timestamp) -> Outcome {
    let case = casework.find_case(&arguments.case).await?;
    let reference = case.reference.as_str();
    let Some(folder) = &arguments.to else {
        return match arguments.side {
            Sides::All => Err(Failure::failed(
                "each side goes to a file of its own: name a folder with --to, or one side",
            )),
            Sides::One(_) => {
                let files = casework.export_files(reference, arguments.side, now).await?;
                files
                    .iter()
                    .try_for_each(|file| output::text(&text_of(file, arguments.r#as)?))
            }
        };
    };
    private::demand_folder(folder)?;
    let whole = folder.join(format!("{reference}-whole-case.json"));
    let mut paths = targets(&case, arguments.side, arguments.r#as, folder);
    if arguments.whole_case {
        paths.push(whole.clone());
    }
    private::demand_absent(&paths)?;
    let files = casework.export_files(reference, arguments.side, now).await?;
    let mut written = write(&files, arguments.r#as, folder)?;
    if arguments.whole_case {
        let core = casework.export_whole_case(reference, now).await?;
        private::write(&whole, json(&core)?.as_bytes())?;
        written += 1;
    }
    output::line(format!("{written} files written; {KEEP_SAFE}"));
    Ok(())
}

/// The files that an export of a case would write.
fn targets(case: &CaseSummary, sides: Sides, form: Form, folder: &Path) -> Vec<PathBuf> {
    let sides: Vec<Side> = match sides {
        Sides::All => case.sides.clone(),
        Sides::One(side) => vec![side],
    };
    let name = |side| {
        let stem = ExportedFile::stem_of(&case.reference, side);
        folder.join(format!("{stem}.{}", form.ending()))
    };
    sides.into_iter().map(name).collect()
}

fn write(files: &[ExportedFile], form: Form, folder: &Path) -> Result<usize, Failure> {
    for file in files {
        let path = folder.join(format!("{}.{}", file.file_stem(), form.ending()));
        private::write(&path, text_of(file, form)?.as_bytes())?;
    }
    Ok(files.len())
}

fn text_of(file: &ExportedFile, form: Form) -> Result<String, Failure> {
    match form {
        Form::Json => json(file),
        Form::Csv => Ok(file.csv()?),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|_| CaseworkError::Table)?;
    Ok(text + "\n")
}

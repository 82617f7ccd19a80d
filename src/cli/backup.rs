//! `backup` and `restore`.

use super::cases::actor;
use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Clock, SystemClock};
use crate::store::{
    BackupError, MissingLog, RestoreError, RestoreOptions, RestoreTarget, Store, StoreError, Unfinished,
};
use std::path::{Path, PathBuf};

/// What `restore` takes.
#[derive(clap::Args)]
pub(super) struct RestoreArguments {
    /// The backup
    file: PathBuf,
    /// A destruction log beside the configured one: of another machine, or of the place the service moves away from
    #[arg(long, value_name = "FILE")]
    destruction_log: Vec<PathBuf>,
    /// Restore although the destruction log is lost: what was destroyed since the backup comes back
    #[arg(long)]
    without_destruction_log: bool,
    /// What to do with records whose destruction had begun when the database was lost
    #[arg(long, value_name = "CHOICE")]
    unfinished: Option<UnfinishedChoice>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum UnfinishedChoice {
    /// Destroy them, as somebody had ordered
    Destroy,
    /// Keep them
    Keep,
}

pub(super) async fn backup(setup: Setup, file: &Path) -> Outcome {
    let store = setup.store().await?;
    let made = store.backup(file, &actor(), SystemClock.now()).await;
    let summary = made.map_err(|error| match error {
        BackupError::Store(error) => Failure::from(error),
        BackupError::Exists
        | BackupError::PartialExists
        | BackupError::CannotWrite(_)
        | BackupError::NotListed { .. }
        | BackupError::Incomplete => Failure::failed(error).about(file),
    })?;
    counts(&summary.rows);
    output::line(format!(
        "backup {} is in {}; without the master key nobody can read it: keep the two apart",
        summary.name,
        file.display()
    ));
    Ok(())
}

pub(super) async fn restore(setup: Setup, arguments: RestoreArguments) -> Outcome {
    let options = RestoreOptions {
        destruction_logs: arguments.destruction_log,
        missing_log: match arguments.without_destruction_log {
            true => MissingLog::Accept,
            false => MissingLog::Refuse,
        },
        unfinished: match arguments.unfinished {
            None => Unfinished::Refuse,
            Some(UnfinishedChoice::Destroy) => Unfinished::Destroy,
            Some(UnfinishedChoice::Keep) => Unfinished::Keep,
        },
    };
    let place = setup.database_place()?;
    let into = RestoreTarget {
        destruction_log: &setup.destruction_log(&place),
        keys: setup.master_keys()?,
        place: &place,
    };
    let file = &arguments.file;
    let restored = Store::restore(into, file, &options, &actor(), SystemClock.now()).await;
    let summary = restored.map_err(|error| refused(error, file))?;
    counts(&summary.rows);
    output::line(format!(
        "destroyed again, as the destruction log says: {}",
        summary.destroyed_again
    ));
    output::line(format!(
        "people who were erased or restricted, withdrew or refused contact since, and are so again: {}",
        summary.limited_again
    ));
    if summary.kept > 0 {
        output::line(format!(
            "kept, although their destruction had begun: {}",
            summary.kept
        ));
    }
    output::line(format!(
        "backup {} is restored. Next:\n\
         1. Move the mail that arrived since from the processed folder back into the inbox: what is known is recognised.\n\
         2. Mail that waited to be sent when the backup was made is sent (again): see `referrald outbound list`.\n\
         3. Run `referrald check`, then start the daemon.",
        summary.name
    ));
    Ok(())
}

fn refused(error: RestoreError, file: &Path) -> Failure {
    match error {
        RestoreError::Store(error @ StoreError::WrongKey) => Failure::failed(error),
        RestoreError::Store(error) => error.into(),
        RestoreError::NotEmpty
        | RestoreError::NoLog
        | RestoreError::NotOurLog(_)
        | RestoreError::CannotReadLog { .. }
        | RestoreError::LogChanged { .. }
        | RestoreError::Unfinished(_) => Failure::failed(error),
        RestoreError::CannotRead(_)
        | RestoreError::Stream(_)
        | RestoreError::NewerSchema(_)
        | RestoreError::OtherTables => Failure::failed(error).about(file),
    }
}

/// How many rows, never what is in them.
fn counts(rows: &[(&'static str, u64)]) {
    for (table, count) in rows {
        output::line(format!("{count:>10} {table}"));
    }
}

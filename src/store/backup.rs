//! Backups: one encrypted file that restores into either database.
//!
//! Invariants: a file has its name only once it is whole, on the disk and audited; an existing file is never written over;
//! a restore changes nothing unless it can do everything.
//!
//! # Security
//!
//! The file is sealed as a whole under a key that hangs on the master key, and what is in it is sealed by its records'
//! keys besides: without the key file it says nothing, not even how many records there are. With the key file it opens what
//! was there when it was made, destroyed records too: keep the two apart, and backups no longer than they are needed. What
//! was destroyed since stays destroyed when a backup is restored by this program and the destruction log is there.

use super::destruction_log::sync_folder;
use super::{Actor, DatabasePlace, MasterKeys, Store, StoreError, sql};
use crate::domain::Timestamp;
use crate::vault::StreamError;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// Its name in the audit log.
    pub name: String,
    /// Rows per table.
    pub rows: Vec<(&'static str, u64)>,
}

/// Why a backup was not made. Carries no content.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there.
    #[error("the file is there already: name another one (a backup is never written over)")]
    Exists,
    /// The file beside it is there.
    #[error(
        "FILE.partial is there already: another backup is being made, or one was cut off; in that case remove it"
    )]
    PartialExists,
    /// By the operating system.
    #[error("the file cannot be written ({0}): choose another folder, or free some space")]
    CannotWrite(ErrorKind),
    /// A table or column that a backup would leave out.
    #[error(
        "the database holds {table}.{column}, which a backup would leave out: take it away if it is not referrald's, or report this"
    )]
    NotListed {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A table or column is missing.
    #[error("the database lacks a table or column: it was changed from outside; run `referrald check`")]
    Incomplete,
    /// By the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for BackupError {
    fn from(error: std::io::Error) -> Self {
        Self::CannotWrite(error.kind())
    }
}

/// How a backup is restored.
#[derive(Debug, Clone, Default)]
pub struct RestoreOptions {
    /// Destruction logs beside the configured one: of other machines, or of the place that the service moves away from.
    pub destruction_logs: Vec<PathBuf>,
    /// What to do where there is none.
    pub missing_log: MissingLog,
    /// What to do with destructions of which no log says whether they happened.
    pub unfinished: Unfinished,
}

/// What to do where no destruction log of this database is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingLog {
    /// Restore nothing.
    #[default]
    Refuse,
    /// Restore all the same; what was destroyed since the backup comes back.
    Accept,
}

/// What to do with a record that was about to be destroyed when the process ended, and whose database is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unfinished {
    /// Restore nothing and say which: a person decides.
    #[default]
    Refuse,
    /// Destroy them, as somebody had ordered.
    Destroy,
    /// Keep them.
    Keep,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreSummary {
    /// The backup's name in the audit log.
    pub name: String,
    /// Rows per table of the backup.
    pub rows: Vec<(&'static str, u64)>,
    /// Records that were destroyed once more, as the destruction log says.
    pub destroyed_again: u64,
    /// Records whose destruction had begun and that were kept.
    pub kept: u64,
    /// People who were erased, restricted, withdrew or refused contact after the backup was made, and are so again.
    pub limited_again: u64,
}

/// Why nothing was restored; the database is as it was. Carries no content.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// By the operating system.
    #[error("the backup cannot be read ({0})")]
    CannotRead(ErrorKind),
    /// The stream does not open.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// It was made by a later version.
    #[error("the backup was made by a newer version (schema {0}); install that version")]
    NewerSchema(u32),
    /// What is sealed in it are not the tables of its version.
    #[error("the backup does not hold what this version expects: restore it with the version that made it")]
    OtherTables,
    /// The database is in use.
    #[error(
        "the database is not empty: restore into a new one (name it in [keeping] database), or move the present one away first"
    )]
    NotEmpty,
    /// No log.
    #[error(
        "there is no destruction log of this database: name it with --destruction-log FILE. If it is lost, --without-destruction-log restores all the same, and records that were destroyed since the backup come back"
    )]
    NoLog,
    /// A named log is another database's.
    #[error("{0} is no destruction log of the database that this backup is of")]
    NotOurLog(PathBuf),
    /// A log cannot be read.
    #[error("the destruction log{} cannot be read ({kind})", shown(path))]
    CannotReadLog {
        /// Where it is; none for the configured one.
        path: Option<PathBuf>,
        /// By the operating system.
        kind: ErrorKind,
    },
    /// A log was changed.
    #[error(
        "line {line} of the destruction log{} was changed: use a copy of the file",
        shown(path)
    )]
    LogChanged {
        /// Where it is; none for the configured one.
        path: Option<PathBuf>,
        /// From 1.
        line: u64,
    },
    /// Nobody knows whether these were destroyed.
    #[error(
        "somebody ordered these to be destroyed, and the log does not say whether it was done before the database was lost:\n  {}\nask who ordered it, then restore with --unfinished destroy or --unfinished keep",
        .0.join("\n  ")
    )]
    Unfinished(Vec<String>),
    /// By the database.
    #[error(transparent)]
    Store(StoreError),
}

fn shown(path: &Option<PathBuf>) -> String {
    path.as_ref()
        .map_or_else(String::new, |path| format!(" {}", path.display()))
}

impl Store {
    /// Writes one snapshot of everything into a new file, while others go on writing. The file is written beside its name
    /// as `FILE.partial` (mode 0600), flushed, audited and renamed. Blocks its thread while it writes.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no file.
    pub async fn backup(
        &self,
        file: &Path,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<BackupSummary, BackupError> {
        if file.exists() {
            return Err(BackupError::Exists);
        }
        let mut partial = file.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => BackupError::PartialExists,
                kind => BackupError::CannotWrite(kind),
            })?;
        let written = self.write_backup(made, actor, now).await.and_then(|summary| {
            if file.exists() {
                return Err(BackupError::Exists);
            }
            std::fs::rename(&partial, file)?;
            sync_folder(file)?;
            Ok(summary)
        });
        if written.is_err() {
            // Where even that fails, the next try says what to do.
            let _left = std::fs::remove_file(&partial);
        }
        written
    }

    async fn write_backup(
        &self,
        file: File,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<BackupSummary, BackupError> {
        let mut sink = BufWriter::new(file);
        let taken = self.database.take_backup(&mut sink).await?;
        sink.flush()?;
        sink.get_ref().sync_all()?;
        self.database.note_backup(&taken.name, actor, now).await?;
        Ok(BackupSummary {
            name: taken.name,
            rows: taken.rows,
        })
    }

    /// Restores a backup into a database that holds nothing yet, whichever of the two kinds it was made from, and
    /// destroys again what the destruction logs say. No daemon may use the database meanwhile. Blocks its thread while it
    /// reads.
    ///
    /// # Errors
    /// [`RestoreError`]; then the database is as it was.
    pub async fn restore(
        into: RestoreTarget<'_>,
        file: &Path,
        options: &RestoreOptions,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<RestoreSummary, RestoreError> {
        let source = File::open(file).map_err(|error| RestoreError::CannotRead(error.kind()))?;
        sql::restore(into, source, options, actor, now).await
    }
}

/// The database that a backup is restored into.
pub struct RestoreTarget<'a> {
    /// Where it is.
    pub place: &'a DatabasePlace,
    /// Its destruction log.
    pub destruction_log: &'a Path,
    /// The master keys, of the time when the backup was made and newer ones.
    pub keys: MasterKeys,
}

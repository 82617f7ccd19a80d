//! SQLite: one connection writes, always in a `BEGIN IMMEDIATE` transaction; another process may use the same file.
//!
//! # Security
//!
//! The file is made for its owner only. `secure_delete` overwrites what is deleted, and after a destruction
//! the write-ahead log is emptied, so that no old page keeps a wrapped key.

use crate::store::StoreError;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row, Transaction};
use std::path::Path;
use std::time::Duration;

/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call waits for the connection of its own process.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// Connections that only read.
const READERS: u32 = 3;
/// The write-ahead log is cut back to this after a checkpoint, in bytes.
const WAL_LIMIT: &str = "16777216";

/// This machine's clock, in microseconds since 1970: whoever uses the file has the same.
pub(super) const CLOCK: &str = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

/// Numbered, append-only: a released migration is never edited.
pub(in crate::store::sql) const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/sqlite/0001_initial.sql")),
    (2, include_str!("../migrations/sqlite/0002_liaison.sql")),
    (3, include_str!("../migrations/sqlite/0003_leases.sql")),
    (4, include_str!("../migrations/sqlite/0004_casework.sql")),
    (5, include_str!("../migrations/sqlite/0005_staff.sql")),
    (6, include_str!("../migrations/sqlite/0006_own_mail.sql")),
];

/// The connections of one file.
pub(in crate::store::sql) struct Pools {
    pub(in crate::store::sql) writer: SqlitePool,
    pub(in crate::store::sql) readers: SqlitePool,
}

pub(super) async fn open(path: &Path) -> Result<Pools, StoreError> {
    open_with(path, connect_options(path)).await
}

pub(in crate::store::sql) async fn open_with(
    path: &Path,
    options: SqliteConnectOptions,
) -> Result<Pools, StoreError> {
    make_private_file(path)?;
    let writer = pool_options()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await
        .map_err(open_failed)?;
    let readers = pool_options()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools { writer, readers })
}

impl Pools {
    pub(super) async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.readers.begin().await?)
    }

    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Moves the write-ahead log into the database and cuts it to nothing; `false` where a reader is in the way.
    pub(super) async fn empty_log(&self) -> bool {
        let answer = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await;
        answer
            .and_then(|row| row.try_get::<i64, _>(0))
            .is_ok_and(|busy| busy == 0)
    }
}

fn pool_options() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| {
            Box::pin(async move {
                // On a full disk or a failed write SQLite rolls back by itself; the library then counts a
                // transaction that is not there, and could never begin another. Such a connection is replaced.
                // The ping lets a rollback that is still queued run first.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

pub(in crate::store::sql) fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        .pragma("journal_size_limit", WAL_LIMIT)
        .disable_statement_logging()
}

/// Makes the file, readable by its owner only, if it is not there; the log beside it inherits the mode.
fn make_private_file(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => Err(StoreError::DiskFull),
        Err(_) => Err(StoreError::CannotOpen),
    }
}

/// Table, column, type and whether it must be filled, of everything in the database.
pub(super) const COLUMNS: &str = "SELECT m.name AS home, p.name AS name, p.type AS kind,
        CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN 1 ELSE 0 END AS filled
    FROM sqlite_schema m JOIN pragma_table_info(m.name) p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, p.cid";

/// The schema's version; 0 for a database without tables.
pub(super) async fn version(tx: &mut Transaction<'static, Sqlite>) -> Result<i64, StoreError> {
    let present: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut **tx)
        .await?;
    if present == 0 {
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut **tx)
            .await?;
        if tables > 0 {
            return Err(StoreError::Corrupt("the file is a database of something else"));
        }
    }
    Ok(present)
}

/// Brings the schema up to a version; a newer one stays.
pub(super) async fn migrate(tx: &mut Transaction<'static, Sqlite>, up_to: i64) -> Result<(), StoreError> {
    let present = version(tx).await?;
    if present > super::newest_version() {
        return Err(StoreError::Corrupt(
            "it was made by a newer version; install that version",
        ));
    }
    let missing = |number: i64| number > present && number <= up_to;
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| missing(*number)) {
        sqlx::raw_sql(*sql).execute(&mut **tx).await?;
        note_version(tx, *number).await?;
    }
    Ok(())
}

async fn note_version(tx: &mut Transaction<'static, Sqlite>, number: i64) -> Result<(), StoreError> {
    // A pragma takes no parameters; the number is ours.
    let note = format!("PRAGMA user_version = {number}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(note))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Drops every table. The names come from the database's own schema.
pub(super) async fn drop_tables(
    tx: &mut Transaction<'static, Sqlite>,
    tables: &[String],
) -> Result<(), StoreError> {
    for table in tables {
        let drop = format!("DROP TABLE \"{table}\"");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
            .execute(&mut **tx)
            .await?;
    }
    note_version(tx, 0).await
}

/// At the start a file that cannot be opened is a mistake of the set-up; later on it is a failure of the
/// moment (a full disk, a limit), which passes.
fn open_failed(error: sqlx::Error) -> StoreError {
    match error.as_database_error().and_then(primary_code) {
        Some(code::CANNOT_OPEN) => StoreError::CannotOpen,
        _ => error.into(),
    }
}

/// Primary result codes (`sqlite3.h`) that have a meaning of their own here.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NO_MEMORY: i32 = 7;
    pub(super) const READ_ONLY: i32 = 8;
    pub(super) const IO_ERROR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANNOT_OPEN: i32 = 14;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOT_A_DATABASE: i32 = 26;
}

/// The low byte of an extended result code is the primary one.
pub(super) fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

pub(super) fn of_code(primary: i32) -> StoreError {
    match primary {
        code::FULL => StoreError::DiskFull,
        code::BUSY | code::LOCKED => StoreError::Transient("locked by another process"),
        code::IO_ERROR => StoreError::Transient("input or output failed"),
        code::NO_MEMORY => StoreError::Transient("out of memory"),
        code::READ_ONLY => StoreError::Transient("the file or its folder is read-only"),
        code::CANNOT_OPEN => StoreError::Transient("the file cannot be opened"),
        code::CORRUPT => StoreError::Corrupt("the file is damaged; restore a backup"),
        code::NOT_A_DATABASE => StoreError::Corrupt("the file is not a database"),
        code::CONSTRAINT => StoreError::Corrupt("a change breaks a rule of the database"),
        _ => StoreError::Corrupt("a statement failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_errors_become_codes_without_their_text() {
        let cases = [
            (13, "full", true),
            (5, "locked", true),
            (6, "locked", true),
            (10, "input or output", true),
            (14, "cannot be opened", true),
            (11, "damaged", false),
            (26, "not a database", false),
            (19, "rule", false),
            (9999 & 0xff, "statement", false),
        ];
        for (code, word, transient) in cases {
            let error = of_code(code);
            assert!(error.to_string().contains(word), "{code}: {error}");
            assert_eq!(error.is_transient(), transient, "{code}");
        }
        let quoting = sqlx::Error::Protocol("Marguerite".into());
        assert!(!format!("{:?} {}", StoreError::from(quoting), "").contains("Marguerite"));
    }
}

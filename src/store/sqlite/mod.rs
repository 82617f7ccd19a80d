//! The SQLite backend: connections, transactions, migrations, errors.
//!
//! Invariants: one connection writes, always in a `BEGIN IMMEDIATE` transaction; a change is durable when
//! its commit returns (WAL with synchronous FULL); another process may use the same file.
//!
//! # Security
//!
//! The file is made for its owner only. `secure_delete` overwrites what is deleted, and after a destruction
//! the write-ahead log is emptied, so that no old page keeps a wrapped key. Errors of the database library
//! may quote values: only their codes come out of here.

mod accounts;
mod allocations;
mod audit;
mod cases;
mod held;
mod ledger;
mod messages;
mod moves;
mod notices;
mod outbound;
mod records;
mod reports;
mod rotation;
#[cfg(test)]
mod tests;

use super::sealing::Keys;
use super::{MasterKeys, StoreError};
use audit::Head;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteQueryResult, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row, Transaction};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call waits for the connection of its own process.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// Connections that only read.
const READERS: u32 = 3;
/// The write-ahead log is cut back to this after a checkpoint, in bytes.
const WAL_LIMIT: &str = "16777216";

/// Numbered, append-only: a released migration is never edited.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_initial.sql")),
    (2, include_str!("migrations/0002_liaison.sql")),
];

/// An open database.
pub(super) struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
    keys: Arc<Keys>,
    /// Something was destroyed and the write-ahead log not emptied yet.
    wal_to_empty: AtomicBool,
}

/// A write transaction. Dropped without [`Write::commit`], it changes nothing.
pub(super) struct Write<'a> {
    tx: Transaction<'static, Sqlite>,
    db: &'a Database,
    /// Loaded with the first audit row of this transaction.
    head: Option<Head>,
}

impl Database {
    pub(super) async fn open(path: &Path, master: MasterKeys) -> Result<Self, StoreError> {
        Self::open_with(path, master, connect_options(path)).await
    }

    async fn open_with(
        path: &Path,
        master: MasterKeys,
        options: SqliteConnectOptions,
    ) -> Result<Self, StoreError> {
        make_private_file(path)?;
        let writer = pool_options()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone())
            .await
            .map_err(open_failed)?;
        migrate(&writer).await?;
        let keys = Arc::new(load_keys(&writer, master).await?);
        let readers = pool_options()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(open_failed)?;
        // A process that was killed between a destruction and emptying the log left this to us.
        let database = Self {
            writer,
            readers,
            keys,
            wal_to_empty: AtomicBool::new(true),
        };
        database.empty_wal().await;
        Ok(database)
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// A snapshot for several reads that must agree.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.readers.begin().await?)
    }

    async fn write(&self) -> Result<Write<'_>, StoreError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Write {
            tx,
            db: self,
            head: None,
        })
    }

    /// Moves the write-ahead log into the database and cuts it to nothing. A reader that is in the way
    /// leaves the work to the next write.
    async fn empty_wal(&self) {
        if !self.wal_to_empty.swap(false, Ordering::AcqRel) {
            return;
        }
        let answer = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await;
        let emptied = answer
            .and_then(|row| row.try_get::<i64, _>(0))
            .is_ok_and(|busy| busy == 0);
        if !emptied {
            self.wal_to_empty.store(true, Ordering::Release);
        }
    }
}

impl Write<'_> {
    fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    fn keys(&self) -> &Keys {
        &self.db.keys
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        if let Some(head) = self.head.take() {
            head.store(&mut self.tx, &self.db.keys).await?;
        }
        self.tx.commit().await?;
        self.db.empty_wal().await;
        Ok(())
    }

    /// Commits a destruction: what is deleted leaves the write-ahead log too.
    async fn commit_destruction(self) -> Result<(), StoreError> {
        self.db.wal_to_empty.store(true, Ordering::Release);
        self.commit().await
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

fn connect_options(path: &Path) -> SqliteConnectOptions {
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

async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let newest = MIGRATIONS.last().map_or(0, |(number, _)| *number);
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let present: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *tx)
        .await?;
    if present > newest {
        return Err(StoreError::Corrupt(
            "it was made by a newer version; install that version",
        ));
    }
    if present == 0 {
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut *tx)
            .await?;
        if tables > 0 {
            return Err(StoreError::Corrupt("the file is a database of something else"));
        }
    }
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > present) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await?;
        // A pragma takes no parameters; the number is ours.
        let note = format!("PRAGMA user_version = {number}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(note)).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

/// Opens the database's own key, or makes it for a new database.
async fn load_keys(writer: &SqlitePool, master: MasterKeys) -> Result<Keys, StoreError> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let row = sqlx::query("SELECT generation, wrapped FROM data_key WHERE one = 1")
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = row {
        return Keys::unwrap(master, records::wrapped_key(&row)?);
    }
    let (keys, wrapped) = Keys::create(master)?;
    let done = sqlx::query("INSERT INTO data_key (one, generation, wrapped) VALUES (1, ?, ?)")
        .bind(i64::from(wrapped.generation))
        .bind(wrapped.bytes)
        .execute(&mut *tx)
        .await?;
    one_row(&done)?;
    Head::empty().store(&mut tx, &keys).await?;
    tx.commit().await?;
    Ok(keys)
}

/// An affected-rows check: anything but one row means the database is not what this code believes.
fn one_row(done: &SqliteQueryResult) -> Result<(), StoreError> {
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Corrupt("a change did not meet exactly one row")),
    }
}

/// Like [`one_row`], where no row means that the record is not there.
fn found(done: &SqliteQueryResult) -> Result<(), StoreError> {
    match done.rows_affected() {
        0 => Err(StoreError::NotFound),
        _ => one_row(done),
    }
}

fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

fn uuid_of(bytes: &[u8]) -> Result<Uuid, StoreError> {
    Uuid::from_slice(bytes).map_err(|_| StoreError::Corrupt("an id is not a UUID"))
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt("a keyed hash has another length"))
}

/// A stored number that must fit its type.
fn number<T: TryFrom<i64>>(value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Corrupt("a number is out of range"))
}

fn word<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    T::from_str(text).map_err(|_| StoreError::Corrupt("a word is not one this version knows"))
}

fn instant(microseconds: i64) -> Result<jiff::Timestamp, StoreError> {
    jiff::Timestamp::from_microsecond(microseconds).map_err(|_| StoreError::Corrupt("a time is out of range"))
}

/// At the start a file that cannot be opened is a mistake of the set-up; later on it is a failure of the
/// moment (a full disk, a limit), which passes.
fn open_failed(error: sqlx::Error) -> StoreError {
    match primary_code(&error) {
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

impl From<sqlx::Error> for StoreError {
    /// Keeps the result code only: the error's text may quote values.
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(_) => of_code(primary_code(&error).unwrap_or(0)),
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolTimedOut => Self::Transient("its own connection stayed busy"),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Transient("the connection is closed")
            }
            sqlx::Error::Io(_) => Self::Transient("input or output failed"),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt("a column holds another type")
            }
            // Foreign enum, non-exhaustive: the rest are mistakes of ours in a statement.
            _ => Self::Corrupt("a statement does not fit the database"),
        }
    }
}

/// The low byte of an extended result code is the primary one.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn of_code(primary: i32) -> StoreError {
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

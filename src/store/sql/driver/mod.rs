//! The one place that knows two databases: pools, transactions, statements and rows of either.
//!
//! Every statement of the store is written once, in the SQL that both understand: `$1` parameters, 64-bit integers, text
//! and bytes, `ON CONFLICT`, `RETURNING`, `IS DISTINCT FROM`. What differs (opening, beginning a transaction, migrations,
//! waiting for a lock, error codes) is in [`sqlite`] and [`postgres`].
//!
//! Invariants: a write transaction is alone: on SQLite by `BEGIN IMMEDIATE`, on PostgreSQL by the lock on the audit log's
//! head, so that what holds for one database holds for the other. A change is durable when its commit returns.
//!
//! # Security
//!
//! Errors of the database libraries may quote values: only their codes come out of here.

mod postgres;
pub(super) mod sqlite;

pub use postgres::{PostgresPlace, PostgresPlaceError};

use crate::store::{DatabasePlace, StoreError, StoreProbe, StoreStep};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

/// A place in the source.
pub(super) type Place = &'static Location<'static>;

/// An open database.
pub(super) struct Pools {
    pub(super) server: Server,
    probe: Arc<dyn StoreProbe>,
}

/// Connections of either database.
pub(super) enum Server {
    /// One writer, several readers.
    Sqlite(sqlite::Pools),
    /// One pool.
    Postgres(sqlx::postgres::PgPool),
}

/// A transaction. Dropped without [`Connection::commit`], it changes nothing.
pub(super) struct Connection {
    tx: Transaction,
    probe: Arc<dyn StoreProbe>,
}

enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Pools {
    pub(super) fn new(server: Server, probe: Arc<dyn StoreProbe>) -> Self {
        Self { server, probe }
    }

    pub(super) async fn open(place: &DatabasePlace, probe: Arc<dyn StoreProbe>) -> Result<Self, StoreError> {
        let server = match place {
            DatabasePlace::Sqlite(path) => Server::Sqlite(sqlite::open(path).await?),
            DatabasePlace::Postgres(place) => Server::Postgres(postgres::open(place).await?),
        };
        Ok(Self::new(server, probe))
    }

    /// A snapshot for reads that must agree; it cannot write.
    pub(super) async fn read(&self) -> Result<Connection, StoreError> {
        Ok(self.connection(match &self.server {
            Server::Sqlite(pools) => Transaction::Sqlite(pools.read().await?),
            Server::Postgres(pool) => Transaction::Postgres(postgres::read(pool).await?),
        }))
    }

    /// The one write transaction.
    pub(super) async fn write(&self) -> Result<Connection, StoreError> {
        Ok(self.connection(match &self.server {
            Server::Sqlite(pools) => Transaction::Sqlite(pools.write().await?),
            Server::Postgres(pool) => Transaction::Postgres(postgres::write(pool).await?),
        }))
    }

    /// A transaction for claiming work, beside a write transaction where the database can do that. It must write nothing
    /// but claims and leases.
    pub(super) async fn claim(&self) -> Result<Connection, StoreError> {
        Ok(self.connection(match &self.server {
            Server::Sqlite(pools) => Transaction::Sqlite(pools.write().await?),
            Server::Postgres(pool) => Transaction::Postgres(postgres::begin(pool).await?),
        }))
    }

    /// A transaction in which nobody else opens this database or migrates it.
    pub(super) async fn set_up(&self) -> Result<Connection, StoreError> {
        Ok(self.connection(match &self.server {
            Server::Sqlite(pools) => Transaction::Sqlite(pools.write().await?),
            Server::Postgres(pool) => Transaction::Postgres(postgres::set_up(pool).await?),
        }))
    }

    fn connection(&self, tx: Transaction) -> Connection {
        let probe = Arc::clone(&self.probe);
        Connection { tx, probe }
    }

    /// Before a line of the destruction log is written.
    pub(super) fn reaches_destruction_log(&self) -> Result<(), StoreError> {
        self.probe.at(StoreStep::DestructionLog)
    }

    /// Whether a process that was killed may have left deleted rows in the files.
    pub(super) async fn may_hold_old_pages(&self) -> bool {
        match &self.server {
            Server::Sqlite(_) => true,
            Server::Postgres(pool) => postgres::has_dead_keys(pool).await,
        }
    }

    /// Takes what was deleted out of the files as far as the database can; `false` where it must be tried again.
    pub(super) async fn scrub(&self) -> bool {
        match &self.server {
            Server::Sqlite(pools) => pools.empty_log().await,
            Server::Postgres(pool) => postgres::scrub(pool).await,
        }
    }
}

impl Connection {
    #[track_caller]
    pub(super) fn commit(self) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.commit_for(Location::caller())
    }

    /// Commits what was done at a place in the source.
    pub(super) async fn commit_for(self, place: Place) -> Result<(), StoreError> {
        self.probe.at(StoreStep::Commit(place))?;
        match self.tx {
            Transaction::Sqlite(tx) => tx.commit().await?,
            Transaction::Postgres(tx) => tx.commit().await?,
        }
        self.probe.at(StoreStep::Committed(place))
    }

    /// The schema's version; 0 for a database without tables.
    pub(super) async fn version(&mut self) -> Result<i64, StoreError> {
        match &mut self.tx {
            Transaction::Sqlite(tx) => sqlite::version(tx).await,
            Transaction::Postgres(tx) => postgres::version(tx).await,
        }
    }

    /// Brings the schema up to a version, in a transaction of [`Pools::set_up`]; a newer one stays.
    pub(super) async fn migrate(&mut self, up_to: i64) -> Result<(), StoreError> {
        match &mut self.tx {
            Transaction::Sqlite(tx) => sqlite::migrate(tx, up_to).await,
            Transaction::Postgres(tx) => postgres::migrate(tx, up_to).await,
        }
    }

    /// Every column that there is, table by table.
    pub(super) async fn columns(&mut self) -> Result<Vec<LiveColumn>, StoreError> {
        let sql = match &mut self.tx {
            Transaction::Sqlite(_) => sqlite::COLUMNS,
            Transaction::Postgres(_) => postgres::COLUMNS,
        };
        let rows = query(sql).fetch_all(self).await?;
        rows.iter()
            .map(|row| {
                Ok(LiveColumn {
                    table: row.try_get("home")?,
                    name: row.try_get("name")?,
                    kind: row.try_get("kind")?,
                    filled: row.try_get("filled")?,
                })
            })
            .collect()
    }

    /// Drops these tables and forgets the schema's version.
    pub(super) async fn drop_tables(&mut self, tables: &[String]) -> Result<(), StoreError> {
        match &mut self.tx {
            Transaction::Sqlite(tx) => sqlite::drop_tables(tx, tables).await,
            Transaction::Postgres(tx) => postgres::drop_tables(tx, tables).await,
        }
    }

    /// What an `INSERT` that brings its own `number` has before `VALUES`.
    pub(super) fn own_numbers(&self) -> &'static str {
        match &self.tx {
            Transaction::Sqlite(_) => "",
            Transaction::Postgres(_) => " OVERRIDING SYSTEM VALUE",
        }
    }

    /// After rows came in with their own numbers: the next one of the table follows the highest.
    pub(super) async fn follow_numbers(&mut self, table: &'static str) -> Result<(), StoreError> {
        match &mut self.tx {
            // SQLite takes the highest number there is.
            Transaction::Sqlite(_) => Ok(()),
            Transaction::Postgres(tx) => postgres::follow_numbers(tx, table).await,
        }
    }

    /// What a claiming `SELECT` ends with: rows that somebody else is claiming are passed over.
    pub(super) fn skip_claimed(&self) -> &'static str {
        match &self.tx {
            // There is one writer.
            Transaction::Sqlite(_) => "",
            Transaction::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// What a `SELECT` ends with whose row must stay as it is until this transaction ends.
    pub(super) fn keep_row(&self) -> &'static str {
        match &self.tx {
            // There is one writer.
            Transaction::Sqlite(_) => "",
            Transaction::Postgres(_) => " FOR SHARE",
        }
    }

    /// The database's own clock as an expression: microseconds since 1970.
    pub(super) fn clock(&self) -> &'static str {
        match &self.tx {
            Transaction::Sqlite(_) => sqlite::CLOCK,
            Transaction::Postgres(_) => postgres::CLOCK,
        }
    }
}

/// A column as the database tells it; `kind` is the database's own word for the type.
pub(super) struct LiveColumn {
    pub(super) table: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) filled: i64,
}

/// The newest version of the schema; the databases' migrations are twins.
pub(super) fn newest_version() -> i64 {
    sqlite::MIGRATIONS.last().map_or(0, |(number, _)| *number)
}

/// A parameter.
#[derive(Clone)]
pub(super) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_of {
    ($($type:ty => $variant:ident($convert:expr)),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

value_of! {
    i64 => Int(i64::from),
    i32 => Int(i64::from),
    String => Text(String::from),
    &str => Text(str::to_owned),
    Vec<u8> => Bytes(Vec::from),
}

/// A statement with its parameters.
pub(super) struct Query {
    sql: Cow<'static, str>,
    values: Vec<Value>,
}

/// A statement that gives one column.
pub(super) struct ScalarQuery<T> {
    query: Query,
    column: PhantomData<T>,
}

pub(super) fn query(sql: impl Into<Cow<'static, str>>) -> Query {
    Query {
        sql: sql.into(),
        values: Vec::new(),
    }
}

pub(super) fn query_scalar<T>(sql: impl Into<Cow<'static, str>>) -> ScalarQuery<T> {
    ScalarQuery {
        query: query(sql),
        column: PhantomData,
    }
}

impl Query {
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Gives how many rows were affected.
    pub(super) async fn execute(self, connection: &mut Connection) -> Result<u64, StoreError> {
        connection.probe.at(StoreStep::Statement)?;
        match &mut connection.tx {
            Transaction::Sqlite(tx) => {
                let arguments = sqlite_arguments(self.values)?;
                let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(self.sql), arguments);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
            Transaction::Postgres(tx) => {
                let arguments = postgres_arguments(self.values)?;
                let query = sqlx::query_with::<Postgres, _>(AssertSqlSafe(self.sql), arguments);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    pub(super) async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<Row>, StoreError> {
        connection.probe.at(StoreStep::Statement)?;
        match &mut connection.tx {
            Transaction::Sqlite(tx) => {
                let arguments = sqlite_arguments(self.values)?;
                let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(self.sql), arguments);
                let rows = query.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Transaction::Postgres(tx) => {
                let arguments = postgres_arguments(self.values)?;
                let query = sqlx::query_with::<Postgres, _>(AssertSqlSafe(self.sql), arguments);
                let rows = query.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub(super) async fn fetch_optional(self, connection: &mut Connection) -> Result<Option<Row>, StoreError> {
        // Every such statement gives at most one row.
        Ok(self.fetch_all(connection).await?.into_iter().next())
    }

    /// # Errors
    /// [`StoreError::NotFound`] where there is no row.
    pub(super) async fn fetch_one(self, connection: &mut Connection) -> Result<Row, StoreError> {
        self.fetch_optional(connection).await?.ok_or(StoreError::NotFound)
    }
}

impl<T: Owned> ScalarQuery<T> {
    pub(super) fn bind(self, value: impl Into<Value>) -> Self {
        Self {
            query: self.query.bind(value),
            column: PhantomData,
        }
    }

    pub(super) async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<T>, StoreError> {
        let rows = self.query.fetch_all(connection).await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    pub(super) async fn fetch_optional(self, connection: &mut Connection) -> Result<Option<T>, StoreError> {
        let row = self.query.fetch_optional(connection).await?;
        row.map(|row| row.try_get(0)).transpose()
    }

    /// # Errors
    /// [`StoreError::NotFound`] where there is no row.
    pub(super) async fn fetch_one(self, connection: &mut Connection) -> Result<T, StoreError> {
        self.query.fetch_one(connection).await?.try_get(0)
    }
}

/// A row of either database.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A column's type that both databases have.
pub(super) trait Column<'r>:
    sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>
{
}

impl<'r, T> Column<'r> for T where
    T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>
{
}

/// A column's type that borrows nothing of its row.
pub(super) trait Owned: for<'r> Column<'r> {}
impl<T: for<'r> Column<'r>> Owned for T {}

/// A column's name or place.
pub(super) trait ColumnName: sqlx::ColumnIndex<SqliteRow> + sqlx::ColumnIndex<PgRow> {}
impl<I: sqlx::ColumnIndex<SqliteRow> + sqlx::ColumnIndex<PgRow>> ColumnName for I {}

impl Row {
    pub(super) fn try_get<'r, T: Column<'r>>(&'r self, column: impl ColumnName) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => sqlx::Row::try_get(row, column)?,
            Self::Postgres(row) => sqlx::Row::try_get(row, column)?,
        })
    }
}

fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        };
        added.map_err(|_| UNFIT)?;
    }
    Ok(arguments)
}

fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        };
        added.map_err(|_| UNFIT)?;
    }
    Ok(arguments)
}

const UNFIT: StoreError = StoreError::Corrupt("a value does not fit a statement");

impl From<sqlx::Error> for StoreError {
    /// Keeps the result code only: the error's text may quote values.
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
            {
                Some(error) => postgres::of_code(error.code()),
                None => sqlite::of_code(sqlite::primary_code(error.as_ref()).unwrap_or(0)),
            },
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolTimedOut => Self::Transient("its own connection stayed busy"),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Transient("the connection is closed")
            }
            sqlx::Error::Io(_) => Self::Transient("input or output failed"),
            sqlx::Error::Tls(_) => Self::Transient("the encrypted connection failed"),
            sqlx::Error::Protocol(_) => Self::Transient("the connection broke off"),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt("a column holds another type")
            }
            // Foreign enum, non-exhaustive: the rest are mistakes of ours in a statement.
            _ => Self::Corrupt("a statement does not fit the database"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_in_order_and_twins() {
        let numbers = |list: &[(i64, &str)]| list.iter().map(|(number, _)| *number).collect::<Vec<_>>();
        let sqlite = numbers(sqlite::MIGRATIONS);
        assert_eq!(sqlite, numbers(postgres::MIGRATIONS));
        assert_eq!(sqlite, (1..=newest_version()).collect::<Vec<_>>());
    }
}

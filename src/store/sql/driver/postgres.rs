//! PostgreSQL: one pool; a write transaction holds the lock on the audit log's head, across daemons.
//!
//! # Security
//!
//! The connection is encrypted and the server's certificate checked, unless the server is on this machine; the
//! configuration refuses anything else. After a destruction the table of wrapped keys is written anew, so that its old
//! file is gone; the server's write-ahead log and its archives keep old pages until they are recycled, which only rotating
//! the master key ends at once.

use crate::store::StoreError;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode, Postgres};
use sqlx::{ConnectOptions, Transaction};
use std::str::FromStr;
use std::time::Duration;

/// How long a call waits for a connection of its own process.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// Connections of one daemon.
const CONNECTIONS: u32 = 8;
/// The lock under which a database is made or migrated: the letters of "referral".
const SET_UP_LOCK: i64 = 0x7265_6665_7272_616c;
/// How often, and how long between, readers from before a destruction are waited for.
const SNAPSHOT_TRIES: u32 = 20;
const SNAPSHOT_WAIT: Duration = Duration::from_millis(25);
/// Settings that the promises need, whatever the server's defaults are. A daemon that stands still within a transaction
/// must not keep the others from writing for long.
const SETTINGS: [(&str, &str); 4] = [
    ("synchronous_commit", "on"),
    ("lock_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("client_min_messages", "warning"),
];

/// The server's clock, in microseconds since 1970.
pub(super) const CLOCK: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";

/// Numbered, append-only, twins of the SQLite ones: a released migration is never edited.
pub(super) const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/postgres/0001_initial.sql")),
    (2, include_str!("../migrations/postgres/0002_liaison.sql")),
    (3, include_str!("../migrations/postgres/0003_leases.sql")),
    (4, include_str!("../migrations/postgres/0004_casework.sql")),
    (5, include_str!("../migrations/postgres/0005_staff.sql")),
    (6, include_str!("../migrations/postgres/0006_own_mail.sql")),
];

/// Where a PostgreSQL database is.
#[derive(Clone)]
pub struct PostgresPlace {
    options: Box<PgConnectOptions>,
}

/// Why an address of a PostgreSQL database is refused. Carries no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostgresPlaceError {
    /// It cannot be read.
    #[error(
        "it is not an address such as \"postgresql://referrald@db.example.org/referrald?sslmode=verify-full\""
    )]
    NotAnAddress,
    /// It has a password in it.
    #[error("it must not hold a password: put that into a file and name it in database_password_file")]
    HasPassword,
    /// It names a server elsewhere without demanding a checked certificate.
    #[error(
        "a server on another machine needs sslmode=verify-full, so that nobody else can answer in its place"
    )]
    NotVerified,
}

impl PostgresPlace {
    /// Reads an address (`postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE`); a socket's folder
    /// is `host=/run/postgresql` among the parameters.
    ///
    /// # Errors
    /// [`PostgresPlaceError`].
    pub fn parse(address: &str) -> Result<Self, PostgresPlaceError> {
        if !(address.starts_with("postgresql://") || address.starts_with("postgres://")) {
            return Err(PostgresPlaceError::NotAnAddress);
        }
        let options = PgConnectOptions::from_str(address).map_err(|_| PostgresPlaceError::NotAnAddress)?;
        let authority = address.split("://").nth(1).unwrap_or_default();
        let authority = authority.split(['/', '?']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        if user.contains(':') || address.contains("password=") {
            return Err(PostgresPlaceError::HasPassword);
        }
        let here = options.get_socket().is_some()
            || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host())
            || options.get_host().starts_with('/');
        let verified = match options.get_ssl_mode() {
            PgSslMode::VerifyFull => true,
            PgSslMode::Disable
            | PgSslMode::Allow
            | PgSslMode::Prefer
            | PgSslMode::Require
            | PgSslMode::VerifyCa => false,
        };
        if !here && !verified {
            return Err(PostgresPlaceError::NotVerified);
        }
        Ok(Self {
            options: Box::new(options),
        })
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(self, password: &SecretString) -> Self {
        Self {
            options: Box::new(self.options.password(password.expose_secret())),
        }
    }
}

pub(super) async fn open(place: &PostgresPlace) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::clone(&place.options)
        .application_name("referrald")
        .options(SETTINGS)
        .disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(|error| match &error {
            sqlx::Error::Database(_)
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Configuration(_) => StoreError::CannotConnect,
            // Foreign enum, non-exhaustive.
            _ => error.into(),
        })
}

pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?)
}

pub(super) async fn read(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?)
}

/// Each statement after the lock sees everything that was committed before it.
pub(super) async fn write(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query("SELECT count FROM audit_head WHERE one = 1 FOR UPDATE")
        .fetch_optional(&mut *tx)
        .await?;
    Ok(tx)
}

pub(super) async fn set_up(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(SET_UP_LOCK)
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}

/// Table, column, type and whether it must be filled, of everything in the schema but its version.
pub(super) const COLUMNS: &str = "SELECT c.relname::text AS home, a.attname::text AS name,
        format_type(a.atttypid, a.atttypmod) AS kind,
        CAST(CASE WHEN a.attnotnull THEN 1 ELSE 0 END AS BIGINT) AS filled
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'schema_version'
    ORDER BY c.relname, a.attnum";

/// The schema's version; 0 for a database without tables.
pub(super) async fn version(tx: &mut Transaction<'static, Postgres>) -> Result<i64, StoreError> {
    let (version_table, tables): (bool, i64) = sqlx::query_as(
        "SELECT to_regclass('schema_version') IS NOT NULL,
            (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema())",
    )
    .fetch_one(&mut **tx)
    .await?;
    if !version_table {
        return match tables {
            0 => Ok(0),
            _ => Err(StoreError::Corrupt("it is a database of something else")),
        };
    }
    Ok(
        sqlx::query_scalar("SELECT version FROM schema_version WHERE one = 1")
            .fetch_one(&mut **tx)
            .await?,
    )
}

/// Brings the schema up to a version; a newer one stays.
pub(super) async fn migrate(tx: &mut Transaction<'static, Postgres>, up_to: i64) -> Result<(), StoreError> {
    let present = version(tx).await?;
    if present > super::newest_version() {
        return Err(StoreError::Corrupt(
            "it was made by a newer version; install that version",
        ));
    }
    if present == 0 {
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS schema_version (one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL);
             INSERT INTO schema_version (one, version) VALUES (1, 0) ON CONFLICT DO NOTHING",
        )
        .execute(&mut **tx)
        .await?;
    }
    let missing = |number: i64| number > present && number <= up_to;
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| missing(*number)) {
        sqlx::raw_sql(*sql).execute(&mut **tx).await?;
        sqlx::query("UPDATE schema_version SET version = $1 WHERE one = 1")
            .bind(number)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Drops every table, and every function that a migration makes. The names come from the database's own schema.
pub(super) async fn drop_tables(
    tx: &mut Transaction<'static, Postgres>,
    tables: &[String],
) -> Result<(), StoreError> {
    for table in tables {
        let drop = format!("DROP TABLE \"{table}\" CASCADE");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
            .execute(&mut **tx)
            .await?;
    }
    sqlx::raw_sql("DROP TABLE schema_version; DROP FUNCTION IF EXISTS audit_refuses()")
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The next number that a table gives follows the highest in it.
pub(super) async fn follow_numbers(
    tx: &mut Transaction<'static, Postgres>,
    table: &'static str,
) -> Result<(), StoreError> {
    let follow = format!(
        "SELECT setval(pg_get_serial_sequence('{table}', 'number'), coalesce(max(number), 0) + 1, false) FROM {table}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(follow))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether rows of wrapped keys were deleted since the table was written anew.
pub(super) async fn has_dead_keys(pool: &PgPool) -> bool {
    let dead: Result<Option<i64>, _> =
        sqlx::query_scalar("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'record_keys'")
            .fetch_optional(pool)
            .await;
    dead.is_ok_and(|dead| dead.is_some_and(|rows| rows > 0))
}

/// Writes the table of wrapped keys anew: a deleted row would stay in its page until another takes the place. A row that
/// an older transaction may still see would be kept, so those are waited for; `false` where one does not end in time.
pub(super) async fn scrub(pool: &PgPool) -> bool {
    scrub_now(pool).await.unwrap_or(false)
}

async fn scrub_now(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let now: String = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
        .fetch_one(pool)
        .await?;
    for _ in 0..SNAPSHOT_TRIES {
        let gone: bool = sqlx::query_scalar(
            "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AND NOT EXISTS (
                 SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                     AND age(backend_xmin) >= age($1::xid8::xid))",
        )
        .bind(&now)
        .fetch_one(pool)
        .await?;
        if gone {
            sqlx::query("VACUUM FULL record_keys").execute(pool).await?;
            return Ok(true);
        }
        tokio::time::sleep(SNAPSHOT_WAIT).await;
    }
    Ok(false)
}

/// By SQLSTATE class and code (PostgreSQL documentation, appendix A).
pub(super) fn of_code(code: &str) -> StoreError {
    match (code.get(..2).unwrap_or_default(), code) {
        (_, "53100") => StoreError::DiskFull,
        (_, "53200") => StoreError::Transient("the server is out of memory"),
        (_, "53300") => StoreError::Transient("the server has too many connections"),
        ("08" | "57", _) => StoreError::Transient("the connection to the server broke off"),
        ("40", _) | (_, "55P03") => StoreError::Transient("locked by another process"),
        (_, "25006") => StoreError::Transient("the server is read-only"),
        (_, "25P03") => StoreError::Transient("a transaction took too long"),
        ("58", _) => StoreError::Transient("input or output failed"),
        ("28", _) | (_, "3D000") => StoreError::CannotConnect,
        (_, "42501") => StoreError::Corrupt("the database user may not do this; it must own the database"),
        ("XX", _) => StoreError::Corrupt("the database is damaged; restore a backup"),
        ("23" | "P0", _) => StoreError::Corrupt("a change breaks a rule of the database"),
        _ => StoreError::Corrupt("a statement failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_elsewhere_must_demand_a_checked_certificate_and_none_holds_a_password() {
        let refused = |address: &str| PostgresPlace::parse(address).err();
        assert_eq!(refused("postgresql://referrald@localhost/referrald"), None);
        assert_eq!(
            refused("postgresql://referrald@localhost/referrald?host=/run/postgresql"),
            None
        );
        assert_eq!(
            refused("postgresql://referrald@db.example.org/referrald?sslmode=verify-full"),
            None
        );
        for mode in ["", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=disable"] {
            assert_eq!(
                refused(&format!("postgresql://referrald@db.example.org/referrald{mode}")),
                Some(PostgresPlaceError::NotVerified),
                "{mode}"
            );
        }
        for address in [
            "postgresql://referrald:secret@localhost/referrald",
            "postgresql://localhost/referrald?password=secret",
        ] {
            assert_eq!(refused(address), Some(PostgresPlaceError::HasPassword));
        }
        for address in ["/var/lib/referrald.db", "mysql://a@b/c", "postgresql://[broken"] {
            assert_eq!(
                refused(address),
                Some(PostgresPlaceError::NotAnAddress),
                "{address}"
            );
        }
    }

    #[test]
    fn server_errors_become_codes_without_their_text() {
        for (code, word, transient) in [
            ("53100", "full", true),
            ("08006", "broke off", true),
            ("57P01", "broke off", true),
            ("40P01", "locked", true),
            ("55P03", "locked", true),
            ("25006", "read-only", true),
            ("28P01", "cannot be reached", false),
            ("XX001", "damaged", false),
            ("23505", "rule", false),
            ("42P01", "statement", false),
            ("", "statement", false),
        ] {
            let error = of_code(code);
            assert!(error.to_string().contains(word), "{code}: {error}");
            assert_eq!(error.is_transient(), transient, "{code}");
        }
    }
}

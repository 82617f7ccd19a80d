//! What needs a connection with a limit of its own, and the mapping of the library's errors.

use super::driver::Server;
use super::driver::sqlite::{MIGRATIONS, connect_options, open_with};
use super::*;
use crate::domain::{Personal, Timestamp};
use crate::store::sealing::OsEntropy;
use crate::store::{FetchedMail, FolderKey, NoStoreProbe, SeenUid};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _};
use std::path::Path;
use std::time::Duration;

fn keys(text: &str) -> MasterKeys {
    MasterKeys::parse(text.as_bytes()).unwrap()
}

async fn open(path: &Path, text: &str, options: SqliteConnectOptions) -> Database {
    let server = Server::Sqlite(open_with(path, options).await.unwrap());
    let pools = Pools::new(server, Arc::new(NoStoreProbe));
    Database::open_with(pools, &path.with_extension("log"), keys(text))
        .await
        .unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn inbox() -> FolderKey {
    FolderKey {
        mailbox: "referrals".into(),
        folder: "INBOX".into(),
        uidvalidity: 1,
    }
}

fn mail(uid: u32, bytes: usize) -> FetchedMail {
    let mut raw = vec![b'x'; bytes];
    raw.extend_from_slice(&uid.to_be_bytes());
    FetchedMail {
        uid,
        raw: Personal::new(raw),
        internal_date: None,
    }
}

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_goes_on_once_there_is_space() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("full.db");
    let text = MasterKeys::generate(&OsEntropy).unwrap();
    let pages = |limit: &'static str| connect_options(&path).pragma("max_page_count", limit);
    let database = open(&path, &text, pages("400")).await;
    let uids: Vec<SeenUid> = (1..=100)
        .map(|uid| SeenUid {
            uid,
            size: None,
            internal_date: None,
        })
        .collect();
    database.note_seen(&inbox(), &uids, now()).await.unwrap();
    let mut stored = Vec::new();
    let mut full = 0;
    for uid in 1..=100 {
        match database
            .commit_batch(&inbox(), vec![mail(uid, 20_000)], now())
            .await
        {
            Ok(mut committed) => stored.append(&mut committed),
            Err(StoreError::DiskFull) => full += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(full > 0 && !stored.is_empty());
    // Two mails that do not fit together: neither is taken.
    let batch = vec![mail(99, 20), mail(100, 900_000)];
    assert!(matches!(
        database.commit_batch(&inbox(), batch, now()).await,
        Err(StoreError::DiskFull)
    ));
    let rows = database.open_rows(&inbox()).await.unwrap();
    assert_eq!(rows.len(), 100);
    assert_eq!(
        rows.iter().filter(|row| row.stored.is_some()).count(),
        stored.len()
    );
    for mail in &stored {
        assert_eq!(
            database
                .raw_message(mail.message)
                .await
                .unwrap()
                .expose_personal()
                .len(),
            20_004
        );
    }
    assert_eq!(database.verify_audit().await.unwrap(), stored.len() as u64);
    drop(database);
    let database = open(&path, &text, pages("100000")).await;
    for row in rows.iter().filter(|row| row.stored.is_none()) {
        database
            .commit_batch(&inbox(), vec![mail(row.uid, 20_000)], now())
            .await
            .unwrap();
    }
    assert_eq!(database.verify_audit().await.unwrap(), 100);
}

#[tokio::test]
async fn a_database_that_somebody_else_locks_is_a_transient_failure() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("locked.db");
    let text = MasterKeys::generate(&OsEntropy).unwrap();
    let hasty = connect_options(&path).busy_timeout(Duration::from_millis(20));
    let database = open(&path, &text, hasty).await;
    let mut other = connect_options(&path).connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let refused = database.commit_batch(&inbox(), vec![mail(1, 10)], now()).await;
    assert!(matches!(refused, Err(StoreError::Transient(_))));
    assert!(
        database.ledger_summary("referrals").await.is_ok(),
        "reading goes on"
    );
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    database
        .commit_batch(&inbox(), vec![mail(1, 10)], now())
        .await
        .unwrap();
}

#[tokio::test]
async fn every_connection_has_the_settings_that_the_promises_need() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("settings.db");
    let text = MasterKeys::generate(&OsEntropy).unwrap();
    let database = open(&path, &text, connect_options(&path)).await;
    let Server::Sqlite(pools) = &database.open.pools.server else {
        panic!("a file")
    };
    for pool in [&pools.writer, &pools.readers] {
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(journal, "wal");
        for (pragma, expected) in [
            ("PRAGMA synchronous", 2),
            ("PRAGMA foreign_keys", 1),
            ("PRAGMA secure_delete", 1),
        ] {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(pool).await.unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
    }
    let refused = sqlx::raw_sql("DELETE FROM ledger").execute(&pools.readers).await;
    assert!(refused.is_err(), "readers cannot write");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_changes_nothing_and_blocks_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("dropped.db");
    let text = MasterKeys::generate(&OsEntropy).unwrap();
    let database = open(&path, &text, connect_options(&path)).await;
    let mut write = database.write().await.unwrap();
    write.audit("somebody", "message.opened", 1, now()).await.unwrap();
    drop(write);
    assert_eq!(database.verify_audit().await.unwrap(), 0);
    database
        .commit_batch(&inbox(), vec![mail(1, 10)], now())
        .await
        .unwrap();
    assert_eq!(database.verify_audit().await.unwrap(), 1);
}

#[test]
fn calls_can_be_spawned() {
    fn send<T: Send>(_: impl FnOnce(&'static crate::store::Store) -> T) {}
    fn listed<'a>() -> &'a [SeenUid] {
        &[]
    }
    send(|store| store.commit_batch(Box::leak(Box::new(inbox())), Vec::new(), now()));
    send(|store| store.note_seen(Box::leak(Box::new(inbox())), listed(), now()));
    send(|store| store.known_cases());
    send(|store| store.outbound());
    send(|store| store.verify_audit());
}

#[tokio::test]
async fn a_database_of_version_one_is_upgraded_and_tells_no_old_news() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("one.db");
    let text = MasterKeys::generate(&OsEntropy).unwrap();
    let old = connect_options(&path).create_if_missing(true);
    let mut connection = old.connect().await.unwrap();
    let (number, first) = MIGRATIONS[0];
    assert_eq!(number, 1);
    let rows = "INSERT INTO outbound (id, received, state) VALUES (zeroblob(16), 1, 'planned');
        INSERT INTO deliveries (id, mail, state, route, action, reasons, due) VALUES
            (zeroblob(16), zeroblob(16), 'held', 'ordinary', 'hold', '[]', 1),
            (randomblob(16), zeroblob(16), 'waiting', 'ordinary', 'redact', '[]', 1);
        PRAGMA user_version = 1";
    for sql in [first, rows] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    let database = open(&path, &text, connect_options(&path)).await;
    let Server::Sqlite(pools) = &database.open.pools.server else {
        panic!("a file")
    };
    let told: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as("SELECT state, told, if_released FROM deliveries ORDER BY number")
            .fetch_all(&pools.readers)
            .await
            .unwrap();
    let old_news = ("held".to_owned(), Some("held".to_owned()), None);
    assert_eq!(told, [old_news, ("waiting".to_owned(), None, None)]);
    assert!(database.due_notices(10).await.unwrap().is_empty());
}

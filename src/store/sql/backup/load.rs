//! Restoring a backup into a database that holds nothing yet.

use super::super::driver::{Connection, Pools, Query, newest_version, query, query_scalar};
use super::super::{Database, Keys, Write, audit, number, one_row, records};
use super::items::{Item, ItemReader, header};
use super::tables::{Table, tables};
use crate::domain::Timestamp;
use crate::store::backup::{RestoreError, RestoreOptions, RestoreSummary, RestoreTarget};
use crate::store::{Actor, MasterKeys, NoStoreProbe, StoreError};
use crate::vault::{StreamError, StreamOpener, stream_name};
use std::io::Read;
use std::sync::Arc;

/// Restores a backup. Where it fails, the database is as it was.
pub(in crate::store) async fn restore(
    into: RestoreTarget<'_>,
    mut source: impl Read + Send,
    options: &RestoreOptions,
    actor: &Actor,
    now: Timestamp,
) -> Result<RestoreSummary, RestoreError> {
    let header = header(&mut source)?;
    let opener = StreamOpener::begin(&into.keys, &header)?;
    let version = i64::from(opener.version());
    if version < 1 || version > newest_version() {
        return Err(RestoreError::NewerSchema(opener.version()));
    }
    let pools = Pools::open(into.place, Arc::new(NoStoreProbe)).await?;
    let mut tx = pools.set_up().await?;
    make_room(&mut tx).await?;
    tx.migrate(version).await?;
    let rows = load(&mut tx, ItemReader::new(source, opener), version).await?;
    tx.migrate(newest_version()).await?;
    let keys = open_keys(&mut tx, into.keys).await?;
    audit::verify(&mut tx, &keys).await?;

    let database = Database::new(pools, into.destruction_log, keys)?;
    let logs = database.destruction_logs(options)?;
    let mut write = Write::within(&database, tx);
    let name = stream_name(&header);
    write.audit(&actor.0, "backup.restored", &name, now).await?;
    let replayed = write.replay(&logs, options.unfinished, actor, now).await?;
    database.adopt_logs(logs, now).await?;
    write.commit_destruction().await?;
    // What was kept although its destruction had begun is written down as kept.
    database.open_log().await?;
    Ok(RestoreSummary {
        name,
        rows,
        destroyed_again: replayed.destroyed,
        kept: replayed.kept,
        limited_again: replayed.limited,
    })
}

/// Only where nothing is lost by it: the empty tables of a new database go, for those of the backup's version.
async fn make_room(tx: &mut Connection) -> Result<(), RestoreError> {
    if tx.version().await? == 0 {
        return Ok(());
    }
    let mut live: Vec<String> = tx
        .columns()
        .await?
        .into_iter()
        .map(|column| column.table)
        .collect();
    live.dedup();
    for table in &live {
        // A new database has its own key and the head of an empty audit log.
        let nothing = match table.as_str() {
            "data_key" => continue,
            "audit_head" => " WHERE count > 0",
            _ => "",
        };
        let present = format!("SELECT count(*) FROM (SELECT 1 FROM {table}{nothing} LIMIT 1) AS present");
        let rows: i64 = query_scalar(present).fetch_one(tx).await?;
        if rows > 0 {
            return Err(RestoreError::NotEmpty);
        }
    }
    Ok(tx.drop_tables(&live).await?)
}

/// Gives how many rows each table got. The whole stream has been read when this returns.
async fn load(
    tx: &mut Connection,
    mut items: ItemReader<impl Read>,
    version: i64,
) -> Result<Vec<(&'static str, u64)>, RestoreError> {
    let mut loaded = Vec::new();
    for table in tables(version) {
        let expected: Vec<String> = table.columns(version).iter().map(|c| c.name.to_owned()).collect();
        match items.item()? {
            Item::Table { name, columns } if name == table.name && columns == expected => {}
            Item::Table { .. } | Item::Row | Item::EndOfTable { .. } | Item::End => {
                return Err(RestoreError::OtherTables);
            }
        }
        loaded.push((table.name, load_table(tx, &mut items, table, version).await?));
        if table.is_numbered() {
            tx.follow_numbers(table.name).await?;
        }
    }
    match items.item()? {
        Item::End => items.demand_end()?,
        Item::Table { .. } | Item::Row | Item::EndOfTable { .. } => return Err(RestoreError::OtherTables),
    }
    Ok(loaded)
}

async fn load_table(
    tx: &mut Connection,
    items: &mut ItemReader<impl Read>,
    table: &Table,
    version: i64,
) -> Result<u64, RestoreError> {
    let columns = table.columns(version);
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let places: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}){} VALUES ({})",
        table.name,
        names.join(", "),
        tx.own_numbers(),
        places.join(", ")
    );
    let mut count = 0;
    loop {
        match items.item()? {
            Item::Row => {
                let mut values = Vec::with_capacity(columns.len());
                for column in &columns {
                    values.push(items.value(column.kind, column.fill)?);
                }
                let insert = values.into_iter().fold(query(sql.clone()), Query::bind);
                one_row(insert.execute(tx).await?)?;
                count += 1;
            }
            Item::EndOfTable { rows } if rows == count => return Ok(count),
            Item::EndOfTable { .. } | Item::Table { .. } | Item::End => {
                return Err(RestoreError::OtherTables);
            }
        }
    }
}

/// The database's own key, and a look whether every record's key can be opened: a key file from which an older generation
/// was taken out does not open what was wrapped before.
async fn open_keys(tx: &mut Connection, master: MasterKeys) -> Result<Keys, RestoreError> {
    let row = query("SELECT generation, wrapped FROM data_key WHERE one = 1")
        .fetch_optional(tx)
        .await?
        .ok_or(RestoreError::OtherTables)?;
    let keys = Keys::unwrap(master, records::wrapped_key(&row)?)?;
    let generations: Vec<i64> = query_scalar("SELECT DISTINCT generation FROM record_keys")
        .fetch_all(tx)
        .await?;
    for generation in generations {
        let generation: u32 = number(generation)?;
        if !keys.has_generation(generation) {
            return Err(StreamError::NoSuchGeneration(generation).into());
        }
    }
    Ok(keys)
}

impl From<std::io::Error> for RestoreError {
    fn from(error: std::io::Error) -> Self {
        Self::CannotRead(error.kind())
    }
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

//! Taking a backup: one snapshot, table by table, page by page.

use super::super::driver::{Connection, Query, Row, Value, newest_version, query};
use super::super::{Database, Keys, Write};
use super::items::ItemWriter;
use super::tables::{Column, Kind, Table, demand_listed, tables};
use crate::domain::Timestamp;
use crate::store::backup::BackupError;
use crate::store::{Actor, StoreError};
use crate::vault::stream_name;

/// What was written.
pub(in crate::store) struct Taken {
    pub(in crate::store) name: String,
    pub(in crate::store) rows: Vec<(&'static str, u64)>,
}

impl Database {
    /// Writes one snapshot; work goes on meanwhile. Writing blocks the thread for as long as `sink` does.
    pub(in crate::store) async fn take_backup(
        &self,
        sink: &mut (dyn std::io::Write + Send),
    ) -> Result<Taken, BackupError> {
        let mut tx = self.read().await?;
        if tx.version().await? != newest_version() {
            return Err(StoreError::Corrupt("it was made by a newer version; install that version").into());
        }
        write_snapshot(&mut tx, self.keys(), sink).await
    }

    /// Nobody takes everything away unseen.
    pub(in crate::store) async fn note_backup(
        &self,
        name: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write: Write<'_> = self.write().await?;
        write.audit(&actor.0, "backup.made", name, now).await?;
        write.commit().await
    }
}

/// Everything that a transaction sees, in the version of the schema that it has.
pub(super) async fn write_snapshot(
    tx: &mut Connection,
    keys: &Keys,
    sink: &mut (dyn std::io::Write + Send),
) -> Result<Taken, BackupError> {
    let version = tx.version().await?;
    demand_listed(tx, version).await?;
    let stored = u32::try_from(version).map_err(|_| StoreError::Corrupt("its version is no number"))?;
    let (sealer, header) = keys.begin_stream(stored)?;
    let mut out = ItemWriter::begin(sink, sealer, &header)?;
    let mut rows = Vec::new();
    for table in tables(version) {
        let columns = table.columns(version);
        out.table(table.name, columns.iter().map(|column| column.name))?;
        let count = copy(tx, table, &columns, &mut out).await?;
        out.end_of_table(count)?;
        rows.push((table.name, count));
    }
    out.end()?;
    Ok(Taken {
        name: stream_name(&header),
        rows,
    })
}

async fn copy(
    tx: &mut Connection,
    table: &Table,
    columns: &[&Column],
    out: &mut ItemWriter<'_>,
) -> Result<u64, BackupError> {
    let mut count = 0;
    let mut after = None;
    loop {
        let rows = page(table, columns, after).fetch_all(tx).await?;
        for row in &rows {
            out.row()?;
            for (at, column) in columns.iter().enumerate() {
                out.value(row, at, column.kind)?;
            }
            count += 1;
        }
        after = match rows.last() {
            Some(last) => Some(key_of(table, columns, last)?),
            None => return Ok(count),
        };
    }
}

/// The rows that follow a key.
fn page(table: &Table, columns: &[&Column], after: Option<Vec<Value>>) -> Query {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let key = table.key.join(", ");
    let places: Vec<String> = (1..=table.key.len()).map(|at| format!("${at}")).collect();
    let follows = match after {
        None => String::new(),
        Some(_) => format!(" WHERE ({key}) > ({})", places.join(", ")),
    };
    let limit = after.as_ref().map_or(1, |key| key.len() + 1);
    let sql = format!(
        "SELECT {} FROM {}{follows} ORDER BY {key} LIMIT ${limit}",
        names.join(", "),
        table.name
    );
    let bound = after.into_iter().flatten().fold(query(sql), Query::bind);
    bound.bind(table.page)
}

fn key_of(table: &Table, columns: &[&Column], row: &Row) -> Result<Vec<Value>, StoreError> {
    let of_key = |name: &&str| columns.iter().find(|column| column.name == *name);
    let columns = table.key.iter().filter_map(of_key);
    columns
        .map(|column| {
            Ok(match column.kind {
                Kind::Int => Value::Int(Some(row.try_get(column.name)?)),
                Kind::Text => Value::Text(Some(row.try_get(column.name)?)),
                Kind::Bytes => Value::Bytes(Some(row.try_get(column.name)?)),
            })
        })
        .collect()
}

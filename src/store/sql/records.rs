//! Record keys and sealed parts: the only place where content goes in or comes out.

use super::driver::{Connection, Row, query, query_scalar};
use super::{Write, blob, found, hash_of, number, one_row, uuid_of};
use crate::store::StoreError;
use crate::store::destruction_log::{Destroyed, Held};
use crate::store::sealing::{Keys, Record};
use crate::vault::{KeyedHash, RecordKind, RecordName, WrappedKey};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A row's `generation` and `wrapped`.
pub(super) fn wrapped_key(row: &Row) -> Result<WrappedKey, StoreError> {
    Ok(WrappedKey {
        generation: number(row.try_get("generation")?)?,
        bytes: row.try_get("wrapped")?,
    })
}

/// Opens a record's key; `NotFound` where there is none or it was destroyed.
pub(super) async fn open_record(
    connection: &mut Connection,
    keys: &Keys,
    name: RecordName,
) -> Result<Record, StoreError> {
    let row = query("SELECT generation, wrapped FROM record_keys WHERE kind = $1 AND id = $2")
        .bind(name.kind.as_str())
        .bind(blob(name.id))
        .fetch_optional(connection)
        .await?
        .ok_or(StoreError::NotFound)?;
    keys.record(name, &wrapped_key(&row)?)
}

async fn sealed_part(
    connection: &mut Connection,
    name: RecordName,
    part: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let bytes = query_scalar("SELECT bytes FROM sealed WHERE kind = $1 AND id = $2 AND part = $3")
        .bind(name.kind.as_str())
        .bind(blob(name.id))
        .bind(part.to_owned())
        .fetch_optional(connection)
        .await?;
    Ok(bytes)
}

/// One part of a record, opened.
pub(super) async fn part(
    connection: &mut Connection,
    record: &Record,
    part: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match sealed_part(connection, record.name, part).await? {
        Some(sealed) => record.open(part, &sealed).map(Some),
        None => Ok(None),
    }
}

/// One part of a record, opened and read as JSON.
pub(super) async fn json_part<T: serde::de::DeserializeOwned>(
    connection: &mut Connection,
    record: &Record,
    part: &str,
) -> Result<Option<T>, StoreError> {
    match sealed_part(connection, record.name, part).await? {
        Some(sealed) => record.open_json(part, &sealed).map(Some),
        None => Ok(None),
    }
}

/// A record with some of its parts, still sealed.
pub(super) struct SealedParts {
    record: Record,
    parts: Vec<(String, Vec<u8>)>,
}

impl SealedParts {
    /// One part, opened and read as JSON; `None` where it is not there.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, part: &str) -> Result<Option<T>, StoreError> {
        let found = self.parts.iter().find(|(name, _)| name == part);
        found
            .map(|(_, bytes)| self.record.open_json(part, bytes))
            .transpose()
    }
}

/// Two parts of many records of one kind in a single statement; `ids` is a statement that gives their ids.
pub(super) async fn sealed_parts(
    connection: &mut Connection,
    keys: &Keys,
    kind: RecordKind,
    parts: [&'static str; 2],
    ids: &str,
) -> Result<HashMap<Uuid, SealedParts>, StoreError> {
    let [one, other] = parts;
    let rows = query(format!(
        "SELECT record_keys.id, generation, wrapped, part, bytes FROM record_keys
         LEFT JOIN sealed ON sealed.kind = record_keys.kind AND sealed.id = record_keys.id AND part IN ($2, $3)
         WHERE record_keys.kind = $1 AND record_keys.id IN ({ids})"
    ))
    .bind(kind.as_str())
    .bind(one)
    .bind(other)
    .fetch_all(connection)
    .await?;
    let mut records: HashMap<Uuid, SealedParts> = HashMap::new();
    for row in &rows {
        let id = uuid_of(row.try_get("id")?)?;
        let part: Option<String> = row.try_get("part")?;
        let bytes: Option<Vec<u8>> = row.try_get("bytes")?;
        let sealed = match records.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(SealedParts {
                record: keys.record(RecordName::new(kind, id), &wrapped_key(row)?)?,
                parts: Vec::new(),
            }),
        };
        sealed.parts.extend(part.zip(bytes));
    }
    Ok(records)
}

impl Write<'_> {
    /// Nothing may be wrapped under a generation that somebody may retire: where the key was rotated, the newer one is taken
    /// up first, or nothing is written.
    async fn demand_newest_generation(&mut self) -> Result<(), StoreError> {
        let used: i64 = query_scalar("SELECT generation FROM data_key WHERE one = 1")
            .fetch_one(self.connection())
            .await?;
        let keys = self.keys();
        let is_behind = |keys: &Keys| i64::from(keys.newest_generation()) < used;
        match is_behind(keys) && (!keys.take_up() || is_behind(keys)) {
            true => Err(StoreError::WrongKey),
            false => Ok(()),
        }
    }

    /// Draws a key for a new record and stores it wrapped.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] where the master key was rotated and the newer generation cannot be read.
    pub(super) async fn create_record(&mut self, name: RecordName) -> Result<Record, StoreError> {
        self.demand_newest_generation().await?;
        let (record, wrapped) = self.keys().new_record(name)?;
        let done = query("INSERT INTO record_keys (kind, id, generation, wrapped) VALUES ($1, $2, $3, $4)")
            .bind(name.kind.as_str())
            .bind(blob(name.id))
            .bind(i64::from(wrapped.generation))
            .bind(wrapped.bytes)
            .execute(self.connection())
            .await?;
        one_row(done)?;
        Ok(record)
    }

    pub(super) async fn open_record(&mut self, name: RecordName) -> Result<Record, StoreError> {
        let keys = std::sync::Arc::clone(&self.db.open.keys);
        open_record(self.connection(), &keys, name).await
    }

    /// Draws a new key for a record and seals its parts anew. What they were before, and anything of it that the database
    /// still has somewhere, cannot be opened any more: commit it as a destruction.
    pub(super) async fn renew_record(&mut self, name: RecordName) -> Result<Record, StoreError> {
        self.demand_newest_generation().await?;
        let old = self.open_record(name).await?;
        let (record, wrapped) = self.keys().new_record(name)?;
        let done = query("UPDATE record_keys SET generation = $1, wrapped = $2 WHERE kind = $3 AND id = $4")
            .bind(i64::from(wrapped.generation))
            .bind(wrapped.bytes)
            .bind(name.kind.as_str())
            .bind(blob(name.id))
            .execute(self.connection())
            .await?;
        one_row(done)?;
        let parts: Vec<String> = query_scalar("SELECT part FROM sealed WHERE kind = $1 AND id = $2")
            .bind(name.kind.as_str())
            .bind(blob(name.id))
            .fetch_all(self.connection())
            .await?;
        for name in parts {
            if let Some(content) = part(self.connection(), &old, &name).await? {
                let sealed = record.seal(&name, &content)?;
                self.put_part(&record, &name, sealed).await?;
            }
        }
        Ok(record)
    }

    /// Stores a sealed part; an earlier one of that name is replaced.
    pub(super) async fn put_part(
        &mut self,
        record: &Record,
        part: &str,
        sealed: Vec<u8>,
    ) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO sealed (kind, id, part, bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, id, part) DO UPDATE SET bytes = excluded.bytes",
        )
        .bind(record.name.kind.as_str())
        .bind(blob(record.name.id))
        .bind(part.to_owned())
        .bind(sealed)
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    /// Deletes the wrapped key; the sealed parts go with it. The commit writes it into the destruction log, also where
    /// there was no key ([`StoreError::NotFound`]) and the caller goes on.
    pub(super) async fn destroy_record(&mut self, name: RecordName) -> Result<(), StoreError> {
        let raw_hash = self.raw_hash(name).await?;
        let done = query("DELETE FROM record_keys WHERE kind = $1 AND id = $2")
            .bind(name.kind.as_str())
            .bind(blob(name.id))
            .execute(self.connection())
            .await?;
        self.destroyed.push(Destroyed {
            name,
            held: match done {
                0 => Held::Nothing,
                _ => Held::Key,
            },
            raw_hash,
        });
        found(done)
    }

    /// By which a destroyed mail is known again.
    async fn raw_hash(&mut self, name: RecordName) -> Result<Option<KeyedHash>, StoreError> {
        match name.kind {
            RecordKind::Message => {}
            RecordKind::CaseCore
            | RecordKind::CaseFile
            | RecordKind::Outbound
            | RecordKind::Account
            | RecordKind::Facts
            | RecordKind::Staff
            | RecordKind::Data => return Ok(None),
        }
        let row = query("SELECT raw_hash FROM messages WHERE id = $1")
            .bind(blob(name.id))
            .fetch_optional(self.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let hash: Option<&[u8]> = row.try_get("raw_hash")?;
        hash.map(hash_of).transpose()
    }
}

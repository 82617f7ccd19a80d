//! The append-only, hash-chained audit log.
//!
//! Each row's HMAC covers the row before it, its number, time, actor, action and record. The head (number
//! of rows and last HMAC) has an HMAC of its own, so rows cut off the end are missed too. Nobody without
//! the database's key can make a row or a head. What it cannot show is a whole older copy of the database
//! put back; compare with the head noted elsewhere for that.

use super::driver::{Connection, query, query_scalar};
use super::{Database, Write, hash_of, instant, number, one_row};
use crate::domain::Timestamp;
use crate::store::sealing::Keys;
use crate::store::{AuditRow, StoreError};
use crate::vault::KeyedHash;
use std::fmt::Display;

pub(super) use crate::store::DAEMON;

/// Longest actor name that is kept, in characters.
const MAX_ACTOR: usize = 64;
/// Rows read at a time.
const PAGE: i64 = 1000;

/// Where the chain stands.
pub(super) struct Head {
    count: u64,
    last: KeyedHash,
}

/// One row before it is chained.
struct Entry<'a> {
    at: i64,
    actor: &'a str,
    action: &'a str,
    record: &'a str,
}

impl Head {
    pub(super) fn empty() -> Self {
        Self {
            count: 0,
            last: [0; 32],
        }
    }

    fn mac(&self, keys: &Keys) -> KeyedHash {
        keys.audit()
            .over(&[b"head", &self.count.to_be_bytes(), &self.last])
    }

    /// Loads the head; a forged one is refused, or the next row would sign it.
    async fn load(connection: &mut Connection, keys: &Keys) -> Result<Self, StoreError> {
        let row = query("SELECT count, last, mac FROM audit_head WHERE one = 1")
            .fetch_optional(connection)
            .await?
            .ok_or(StoreError::AuditBroken(0))?;
        let count: i64 = row.try_get("count")?;
        let head = Self {
            count: number(count)?,
            last: hash_of(row.try_get("last")?)?,
        };
        let mac: Vec<u8> = row.try_get("mac")?;
        if bool::from(subtle::ConstantTimeEq::ct_eq(
            mac.as_slice(),
            head.mac(keys).as_slice(),
        )) {
            Ok(head)
        } else {
            Err(StoreError::AuditBroken(head.count))
        }
    }

    pub(super) async fn store(&self, connection: &mut Connection, keys: &Keys) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO audit_head (one, count, last, mac) VALUES (1, $1, $2, $3)
             ON CONFLICT (one) DO UPDATE SET count = excluded.count, last = excluded.last, mac = excluded.mac",
        )
        .bind(stored(self.count)?)
        .bind(self.last.to_vec())
        .bind(self.mac(keys).to_vec())
        .execute(connection)
        .await?;
        one_row(done)
    }

    fn follow(&self, keys: &Keys, entry: &Entry<'_>) -> Self {
        let count = self.count.saturating_add(1);
        let last = keys.audit().over(&[
            b"row",
            &self.last,
            &count.to_be_bytes(),
            &entry.at.to_be_bytes(),
            entry.actor.as_bytes(),
            entry.action.as_bytes(),
            entry.record.as_bytes(),
        ]);
        Self { count, last }
    }
}

impl Write<'_> {
    /// Adds a row to the log, in this transaction. `action` is a fixed word, `record` an id; neither names
    /// a participant.
    pub(super) async fn audit(
        &mut self,
        actor: &str,
        action: &'static str,
        record: impl Display,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let keys = std::sync::Arc::clone(&self.db.open.keys);
        let head = match self.head.take() {
            Some(head) => head,
            None => Head::load(self.connection(), &keys).await?,
        };
        let actor: String = actor
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_ACTOR)
            .collect();
        let record = record.to_string();
        let entry = Entry {
            at: now.as_microsecond(),
            actor: &actor,
            action,
            record: &record,
        };
        let next = head.follow(&keys, &entry);
        let done =
            query("INSERT INTO audit (seq, at, actor, action, record, mac) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(stored(next.count)?)
                .bind(entry.at)
                .bind(actor.clone())
                .bind(action)
                .bind(record.clone())
                .bind(next.last.to_vec())
                .execute(self.connection())
                .await
                // A row beyond the head stands where this one belongs.
                .map_err(|error| match error {
                    StoreError::Corrupt(_) => StoreError::AuditBroken(next.count),
                    other => other,
                })?;
        one_row(done)?;
        self.head = Some(next);
        self.last_audit = Some(now);
        Ok(())
    }
}

fn stored(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|_| StoreError::Corrupt("the audit log is full"))
}

impl Database {
    pub(in crate::store) async fn audit_rows(
        &self,
        after: u64,
        at_most: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows = query(
            "SELECT seq, at, actor, action, record, mac FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(stored(after)?)
        .bind(i64::from(at_most))
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    seq: number(row.try_get("seq")?)?,
                    at: instant(row.try_get("at")?)?,
                    actor: row.try_get("actor")?,
                    action: row.try_get("action")?,
                    record: row.try_get("record")?,
                    mac: hash_of(row.try_get("mac")?)?,
                })
            })
            .collect()
    }

    pub(in crate::store) async fn verify_audit(&self) -> Result<u64, StoreError> {
        verify(&mut self.read().await?, self.keys()).await
    }
}

/// Walks the whole chain; gives the number of rows.
pub(super) async fn verify(tx: &mut Connection, keys: &Keys) -> Result<u64, StoreError> {
    let claimed = Head::load(tx, keys).await?;
    let mut head = Head::empty();
    loop {
        let rows = query(
            "SELECT seq, at, actor, action, record, mac FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(stored(head.count)?)
        .bind(PAGE)
        .fetch_all(tx)
        .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let entry = Entry {
                at: row.try_get("at")?,
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                record: row.try_get("record")?,
            };
            let next = head.follow(keys, &entry);
            let (seq, mac): (i64, &[u8]) = (row.try_get("seq")?, row.try_get("mac")?);
            if seq != stored(next.count)? || mac != next.last {
                return Err(StoreError::AuditBroken(next.count));
            }
            head = next;
        }
    }
    let below: i64 = query_scalar("SELECT count(*) FROM audit WHERE seq < 1")
        .fetch_one(tx)
        .await?;
    if below > 0 {
        return Err(StoreError::AuditBroken(0));
    }
    if head.count != claimed.count || head.last != claimed.last {
        return Err(StoreError::AuditBroken(
            head.count.min(claimed.count).saturating_add(1),
        ));
    }
    Ok(head.count)
}

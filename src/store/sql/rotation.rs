//! Rotating the master key: every record key is wrapped anew; content and hashes stay as they are.

use super::audit::DAEMON;
use super::driver::{query, query_scalar};
use super::{Database, blob, number, one_row, records, uuid_of};
use crate::domain::Timestamp;
use crate::store::StoreError;
use crate::vault::{RecordKind, RecordName};

/// Keys wrapped per transaction, so that mail goes on being taken meanwhile.
const CHUNK: i64 = 500;

impl Database {
    pub(in crate::store) async fn key_generations(&self) -> Result<Vec<(u32, u64)>, StoreError> {
        let rows = query(
            "SELECT generation, count(*) AS keys FROM (SELECT generation FROM record_keys
                 UNION ALL SELECT generation FROM data_key) AS wrapped
             GROUP BY generation ORDER BY generation DESC",
        )
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter()
            .map(|row| Ok((number(row.try_get("generation")?)?, number(row.try_get("keys")?)?)))
            .collect()
    }

    pub(in crate::store) async fn rewrap_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut total = self.rewrap_data_key(now).await?;
        loop {
            let done = self.rewrap_chunk().await?;
            if done == 0 {
                break;
            }
            total = total.saturating_add(done);
        }
        // Old wrapped keys must not stay readable in the log.
        let mut write = self.write().await?;
        write.audit(DAEMON, "keys.rewrapped", total, now).await?;
        write.commit_destruction().await?;
        Ok(total)
    }

    async fn rewrap_data_key(&self, now: Timestamp) -> Result<u64, StoreError> {
        let generation = self.keys().newest_generation();
        let mut write = self.write().await?;
        let present: i64 = query_scalar("SELECT generation FROM data_key WHERE one = 1")
            .fetch_one(write.connection())
            .await?;
        if present == i64::from(generation) {
            return Ok(0);
        }
        let wrapped = self.keys().rewrap_data()?;
        let done = query("UPDATE data_key SET generation = $1, wrapped = $2 WHERE one = 1")
            .bind(i64::from(wrapped.generation))
            .bind(wrapped.bytes)
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(DAEMON, "keys.generation", generation, now).await?;
        write.commit().await?;
        Ok(1)
    }

    async fn rewrap_chunk(&self) -> Result<u64, StoreError> {
        let mut write = self.write().await?;
        let rows =
            query("SELECT kind, id, generation, wrapped FROM record_keys WHERE generation <> $1 LIMIT $2")
                .bind(i64::from(self.keys().newest_generation()))
                .bind(CHUNK)
                .fetch_all(write.connection())
                .await?;
        let mut changed = 0;
        for row in &rows {
            let kind = RecordKind::parse(row.try_get("kind")?)
                .ok_or(StoreError::Corrupt("a record has an unknown kind"))?;
            let name = RecordName::new(kind, uuid_of(row.try_get("id")?)?);
            let wrapped = self.keys().rewrap(name, &records::wrapped_key(row)?)?;
            let done =
                query("UPDATE record_keys SET generation = $1, wrapped = $2 WHERE kind = $3 AND id = $4")
                    .bind(i64::from(wrapped.generation))
                    .bind(wrapped.bytes)
                    .bind(kind.as_str())
                    .bind(blob(name.id))
                    .execute(write.connection())
                    .await?;
            one_row(done)?;
            changed += 1;
        }
        write.commit().await?;
        Ok(changed)
    }
}

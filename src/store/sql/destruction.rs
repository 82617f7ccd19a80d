//! Destructions and their log: written before the commit, confirmed after it, settled where a crash came between.
//!
//! Invariant: a destruction that was committed stands in the log. A destruction that stands there without its end
//! ([`Step::Done`] or [`Step::Undone`]) is settled from the database as soon as nobody else writes: when it is opened, and
//! before the next write of this process.

use super::driver::{Connection, Place, query_scalar};
use super::{Database, Write, blob};
use crate::domain::Timestamp;
use crate::store::StoreError;
use crate::store::destruction_log::{Destroyed, Held, Limited, Step};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Database {
    /// Begins the log where this database has none, and settles what an ended process left open.
    pub(super) async fn open_log(&self) -> Result<(), StoreError> {
        let lines = self.open.log.read().map_err(StoreError::from)?;
        if !lines.is_ours {
            self.append(Step::Begun, Vec::new(), Timestamp::now()).await?;
        }
        if lines.open.is_empty() {
            return Ok(());
        }
        // With the lock of a write no transaction is on its way: every open one has ended, either way.
        let mut write = Write::within(self, self.open.pools.write().await?);
        self.settle(&mut write).await
    }

    /// A failure is no reason to stop other work: the next write tries again.
    pub(super) async fn settle_if_needed(&self, write: &mut Write<'_>) {
        if self.open.to_settle.swap(false, Ordering::AcqRel) && self.settle(write).await.is_err() {
            self.open.to_settle.store(true, Ordering::Release);
        }
    }

    async fn settle(&self, write: &mut Write<'_>) -> Result<(), StoreError> {
        let open = self.open.log.read().map_err(StoreError::from)?.open;
        let (mut done, mut undone) = (Vec::new(), Vec::new());
        for destroyed in open {
            match is_gone(write.connection(), &destroyed).await? {
                true => done.push(destroyed),
                false => undone.push(destroyed),
            }
        }
        let now = Timestamp::now();
        self.append(Step::Done, done, now).await?;
        self.append(Step::Undone, undone, now).await
    }

    pub(super) async fn append(
        &self,
        step: Step,
        records: Vec<Destroyed>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.open.pools.reaches_destruction_log()?;
        let log = Arc::clone(&self.open.log);
        // Flushing takes as long as the disk does.
        tokio::task::spawn_blocking(move || log.append(step, &records, at))
            .await
            .map_err(|_| StoreError::Transient("the process is ending"))?
    }

    /// What somebody asked for is in the log before the database records it.
    pub(super) async fn append_limits(
        &self,
        people: Vec<Limited>,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.open.pools.reaches_destruction_log()?;
        let log = Arc::clone(&self.open.log);
        let at = at.unwrap_or_else(Timestamp::now);
        tokio::task::spawn_blocking(move || log.append_limits(&people, at))
            .await
            .map_err(|_| StoreError::Transient("the process is ending"))?
    }

    /// Commits a transaction that destroys records. Where it fails, or the process ends in between, the log says that it
    /// was to happen, not that it did.
    pub(super) async fn commit_logged(
        &self,
        tx: Connection,
        place: Place,
        destroyed: Vec<Destroyed>,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let at = at.unwrap_or_else(Timestamp::now);
        self.open.to_scrub.store(true, Ordering::Release);
        self.open.to_settle.store(true, Ordering::Release);
        let committed = match self.append(Step::Intent, destroyed.clone(), at).await {
            Ok(()) => tx.commit_for(place).await,
            Err(error) => Err(error),
        };
        if committed.is_err() {
            self.open.to_settle.store(true, Ordering::Release);
            return committed;
        }
        // It happened, whatever becomes of this line.
        if self.append(Step::Done, destroyed, at).await.is_ok() {
            self.open.to_settle.store(false, Ordering::Release);
        }
        Ok(())
    }
}

/// Ids are never used again, so a key that is gone was destroyed. What had none has a tombstone.
async fn is_gone(connection: &mut Connection, destroyed: &Destroyed) -> Result<bool, StoreError> {
    let name = destroyed.name;
    let keys: i64 = query_scalar("SELECT count(*) FROM record_keys WHERE kind = $1 AND id = $2")
        .bind(name.kind.as_str())
        .bind(blob(name.id))
        .fetch_one(connection)
        .await?;
    let tombstones: i64 = query_scalar("SELECT count(*) FROM tombstones WHERE id = $1")
        .bind(blob(name.id))
        .fetch_one(connection)
        .await?;
    Ok(match destroyed.held {
        Held::Key => keys == 0,
        Held::Nothing => keys == 0 && tombstones > 0,
    })
}

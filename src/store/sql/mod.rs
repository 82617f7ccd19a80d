//! The tables: one set of statements for both databases.
//!
//! Invariants: every change is one write transaction with its audit rows, and is durable when its commit returns;
//! affected rows are checked. What differs between the databases is in [`driver`] and in `migrations/`.

mod accounts;
mod allocations;
mod audit;
mod case_files;
mod cases;
pub(super) mod driver;
mod endings;
mod held;
mod ledger;
mod lookup;
mod messages;
mod moves;
mod notices;
mod outbound;
mod pages;
mod records;
mod reports;
mod retention;
mod rotation;
mod sessions;
mod staff;
#[cfg(test)]
mod tests;

use super::sealing::Keys;
use super::{DatabasePlace, MasterKeys, StoreError};
use audit::Head;
use driver::{Connection, Pools, query};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// An open database.
pub(super) struct Database {
    pools: Pools,
    keys: Arc<Keys>,
    /// Something was destroyed, and the files still hold its old pages.
    to_scrub: AtomicBool,
}

/// A write transaction. Dropped without [`Write::commit`], it changes nothing.
pub(super) struct Write<'a> {
    tx: Connection,
    db: &'a Database,
    /// Loaded with the first audit row of this transaction.
    head: Option<Head>,
}

impl Database {
    pub(super) async fn open(place: &DatabasePlace, master: MasterKeys) -> Result<Self, StoreError> {
        Self::open_with(Pools::open(place).await?, master).await
    }

    /// A wrong master key leaves the database as it is.
    async fn open_with(pools: Pools, master: MasterKeys) -> Result<Self, StoreError> {
        let mut tx = pools.set_up().await?;
        pools.migrate(&mut tx).await?;
        let keys = Arc::new(load_keys(&mut tx, master).await?);
        tx.commit().await?;
        // A process that was killed between a destruction and the scrubbing after it left this to us.
        let old_pages = pools.may_hold_old_pages().await;
        let database = Self {
            pools,
            keys,
            to_scrub: AtomicBool::new(old_pages),
        };
        database.scrub().await;
        Ok(database)
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A snapshot for reads that must agree.
    async fn read(&self) -> Result<Connection, StoreError> {
        self.pools.read().await
    }

    async fn write(&self) -> Result<Write<'_>, StoreError> {
        let tx = self.pools.write().await?;
        Ok(Write {
            tx,
            db: self,
            head: None,
        })
    }

    /// Takes old pages out of the files. Where somebody is in the way, the next write tries again.
    async fn scrub(&self) {
        if self.to_scrub.swap(false, Ordering::AcqRel) && !self.pools.scrub().await {
            self.to_scrub.store(true, Ordering::Release);
        }
    }
}

impl Write<'_> {
    fn connection(&mut self) -> &mut Connection {
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
        self.db.scrub().await;
        Ok(())
    }

    /// Commits a destruction: what is deleted leaves the files too.
    async fn commit_destruction(self) -> Result<(), StoreError> {
        self.db.to_scrub.store(true, Ordering::Release);
        self.commit().await
    }
}

/// Opens the database's own key, or makes it for a new database.
async fn load_keys(tx: &mut Connection, master: MasterKeys) -> Result<Keys, StoreError> {
    let row = query("SELECT generation, wrapped FROM data_key WHERE one = 1")
        .fetch_optional(tx)
        .await?;
    if let Some(row) = row {
        return Keys::unwrap(master, records::wrapped_key(&row)?);
    }
    let (keys, wrapped) = Keys::create(master)?;
    let done = query("INSERT INTO data_key (one, generation, wrapped) VALUES (1, $1, $2)")
        .bind(i64::from(wrapped.generation))
        .bind(wrapped.bytes)
        .execute(tx)
        .await?;
    one_row(done)?;
    Head::empty().store(tx, &keys).await?;
    Ok(keys)
}

/// An affected-rows check: anything but one row means the database is not what this code believes.
fn one_row(affected: u64) -> Result<(), StoreError> {
    match affected {
        1 => Ok(()),
        _ => Err(StoreError::Corrupt("a change did not meet exactly one row")),
    }
}

/// Like [`one_row`], where no row means that the record is not there.
fn found(affected: u64) -> Result<(), StoreError> {
    match affected {
        0 => Err(StoreError::NotFound),
        _ => one_row(affected),
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

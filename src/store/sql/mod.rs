//! The tables: one set of statements for both databases.
//!
//! Invariants: every change is one write transaction with its audit rows, and is durable when its commit returns;
//! affected rows are checked. What differs between the databases is in [`driver`] and in `migrations/`.

mod accounts;
mod allocations;
mod audit;
mod backup;
mod case_files;
mod cases;
mod claims;
mod corrections;
mod daemons;
mod destruction;
pub(super) mod driver;
mod endings;
mod exports;
mod failed;
mod files;
mod held;
mod imports;
mod known;
mod ledger;
mod lookup;
mod messages;
mod moves;
mod notices;
mod outbound;
mod own_mail;
mod pages;
mod records;
mod reports;
mod retention;
mod rotation;
mod sessions;
mod staff;
#[cfg(test)]
mod tests;

use super::daemons::Fence;
use super::destruction_log::{Destroyed, DestructionLog, Limited};
use super::sealing::Keys;
use super::{DatabasePlace, MasterKeys, StoreError, StoreProbe};
use crate::domain::Timestamp;
use audit::Head;
pub(super) use backup::restore;
use daemons::Holder;
use driver::{Connection, Place, Pools, query};
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;
use uuid::Uuid;

/// How long a write waits for the others of its own process.
const TURN_TIMEOUT: Duration = Duration::from_secs(60);

/// An open database, as one holder of leases and claims uses it.
pub(super) struct Database {
    open: Arc<Open>,
    me: Holder,
    /// What must be ours for every write.
    fence: Option<Fence>,
}

/// What every handle of an open database shares.
struct Open {
    pools: Pools,
    keys: Arc<Keys>,
    /// Something was destroyed, and the files still hold its old pages.
    to_scrub: AtomicBool,
    log: Arc<DestructionLog>,
    /// The destruction log may hold a destruction of which it does not say whether it happened.
    to_settle: AtomicBool,
    /// Write transactions of this process go one after another. On a server each of several would wait there by itself, and
    /// get its turn even while the process stands still.
    turn: Arc<Mutex<()>>,
}

/// A write transaction. Dropped without [`Write::commit`], it changes nothing.
pub(super) struct Write<'a> {
    tx: Connection,
    db: &'a Database,
    /// Loaded with the first audit row of this transaction.
    head: Option<Head>,
    /// When the last of them was written.
    last_audit: Option<Timestamp>,
    /// What this transaction destroys.
    destroyed: Vec<Destroyed>,
    /// Whom this transaction limits otherwise than before.
    limited: Vec<Limited>,
    /// None where nobody else can write: while a database is opened or restored.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Database {
    pub(super) async fn open(
        place: &DatabasePlace,
        log: &Path,
        master: MasterKeys,
        probe: Arc<dyn StoreProbe>,
    ) -> Result<Self, StoreError> {
        Self::open_with(Pools::open(place, probe).await?, log, master).await
    }

    /// A wrong master key leaves the database as it is.
    async fn open_with(pools: Pools, log: &Path, master: MasterKeys) -> Result<Self, StoreError> {
        let mut tx = pools.set_up().await?;
        tx.migrate(driver::newest_version()).await?;
        let keys = load_keys(&mut tx, master).await?;
        tx.commit().await?;
        // A process that was killed between a destruction and the scrubbing after it left this to us.
        let old_pages = pools.may_hold_old_pages().await;
        let database = Self::new(pools, log, keys)?;
        database.open.to_scrub.store(old_pages, Ordering::Release);
        database.open_log().await?;
        database.scrub().await;
        Ok(database)
    }

    fn new(pools: Pools, log: &Path, keys: Keys) -> Result<Self, StoreError> {
        let log = Arc::new(DestructionLog::new(log, &keys));
        let open = Open {
            pools,
            keys: Arc::new(keys),
            to_scrub: AtomicBool::new(false),
            log,
            to_settle: AtomicBool::new(false),
            turn: Arc::default(),
        };
        Ok(Self {
            open: Arc::new(open),
            me: Holder::nobody()?,
            fence: None,
        })
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.open.keys
    }

    /// The same database; every write through it demands that this is ours, in its own transaction.
    pub(super) fn under(&self, fence: Fence) -> Self {
        Self {
            open: Arc::clone(&self.open),
            me: self.me.clone(),
            fence: Some(fence),
        }
    }

    /// A snapshot for reads that must agree.
    async fn read(&self) -> Result<Connection, StoreError> {
        self.open.pools.read().await
    }

    /// # Errors
    /// [`StoreError::NotOurs`] where what this handle works under is not ours, or not any more.
    async fn write(&self) -> Result<Write<'_>, StoreError> {
        let turn = timeout(TURN_TIMEOUT, Arc::clone(&self.open.turn).lock_owned())
            .await
            .map_err(|_| StoreError::Transient("its own connection stayed busy"))?;
        let mut tx = self.open.pools.write().await?;
        if let Some(fence) = &self.fence {
            self.demand_ours(&mut tx, fence).await?;
        }
        let mut write = Write::within(self, tx);
        write.turn = Some(turn);
        self.settle_if_needed(&mut write).await;
        Ok(write)
    }

    /// Takes old pages out of the files. Where somebody is in the way, the next write tries again.
    async fn scrub(&self) {
        let open = &self.open;
        if open.to_scrub.swap(false, Ordering::AcqRel) && !open.pools.scrub().await {
            open.to_scrub.store(true, Ordering::Release);
        }
    }
}

impl<'a> Write<'a> {
    fn within(db: &'a Database, tx: Connection) -> Self {
        Self {
            tx,
            db,
            head: None,
            last_audit: None,
            destroyed: Vec::new(),
            limited: Vec::new(),
            turn: None,
        }
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.tx
    }

    fn keys(&self) -> &Keys {
        self.db.keys()
    }

    /// What was destroyed is in the destruction log before the commit and once more after it.
    #[track_caller]
    fn commit(self) -> impl Future<Output = Result<(), StoreError>> + Send + use<'a> {
        self.commit_for(Location::caller())
    }

    async fn commit_for(mut self, place: Place) -> Result<(), StoreError> {
        if let Some(head) = self.head.take() {
            head.store(&mut self.tx, self.db.keys()).await?;
        }
        let Self {
            tx,
            db,
            turn,
            destroyed,
            limited,
            last_audit,
            ..
        } = self;
        if !limited.is_empty() {
            db.append_limits(limited, last_audit).await?;
        }
        match destroyed.is_empty() {
            true => tx.commit_for(place).await?,
            false => db.commit_logged(tx, place, destroyed, last_audit).await?,
        }
        drop(turn);
        db.scrub().await;
        Ok(())
    }

    /// Commits a destruction: what is deleted leaves the files too.
    #[track_caller]
    fn commit_destruction(self) -> impl Future<Output = Result<(), StoreError>> + Send + use<'a> {
        self.db.open.to_scrub.store(true, Ordering::Release);
        self.commit_for(Location::caller())
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

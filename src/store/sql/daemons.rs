//! Daemons that are signed on, and their leases. Nothing here waits for a write transaction.

use super::driver::{Connection, Query, query};
use super::{Database, blob, instant};
use crate::store::daemons::Fence;
use crate::store::sealing::OsEntropy;
use crate::store::{Claim, Duty, EarlierRun, HeldLease, LeaseAnswer, LeaseName, Standing, StoreError};
use crate::vault::Entropy;
use std::sync::Arc;
use std::time::Duration;

/// In whose name a handle takes leases and claims.
#[derive(Clone)]
pub(super) struct Holder {
    /// Drawn for each run, so that a run is told from an earlier one with the same name.
    incarnation: [u8; 16],
    daemon: Option<Daemon>,
}

#[derive(Clone)]
struct Daemon {
    instance: String,
    /// How long it counts without renewing.
    term: Duration,
}

impl Holder {
    pub(super) fn nobody() -> Result<Self, StoreError> {
        let mut incarnation = [0; 16];
        OsEntropy.fill(&mut incarnation)?;
        Ok(Self {
            incarnation,
            daemon: None,
        })
    }

    pub(super) fn incarnation(&self) -> Vec<u8> {
        self.incarnation.to_vec()
    }

    pub(super) fn is_daemon(&self) -> bool {
        self.daemon.is_some()
    }

    fn daemon(&self) -> Result<&Daemon, StoreError> {
        let nobody = StoreError::WrongState("only a daemon signs on and takes leases");
        self.daemon.as_ref().ok_or(nobody)
    }
}

/// SQL: the daemon with this incarnation counts.
pub(super) fn counts(incarnation: &str, tx: &Connection) -> String {
    let clock = tx.clock();
    format!(
        "EXISTS (SELECT 1 FROM daemons WHERE daemons.incarnation = {incarnation} AND daemons.alive_until > {clock})"
    )
}

pub(super) fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(u64::try_from(microseconds).unwrap_or(0))
}

impl Database {
    pub(in crate::store) fn for_daemon(&self, instance: &str, term: Duration) -> Result<Self, StoreError> {
        let daemon = Daemon {
            instance: instance.to_owned(),
            term,
        };
        Ok(Self {
            open: Arc::clone(&self.open),
            me: Holder {
                daemon: Some(daemon),
                ..Holder::nobody()?
            },
            fence: None,
        })
    }

    pub(in crate::store) async fn sign_on(&self) -> Result<Option<EarlierRun>, StoreError> {
        let Daemon { instance, term } = self.me.daemon()?;
        let mut tx = self.open.pools.claim().await?;
        let clock = tx.clock();
        let earlier = query(format!(
            "SELECT incarnation, since, alive_until - {clock} AS remaining FROM daemons WHERE instance = $1"
        ))
        .bind(instance.as_str())
        .fetch_optional(&mut tx)
        .await?;
        query(format!(
            "INSERT INTO daemons (instance, incarnation, since, alive_until) VALUES ($1, $2, {clock}, {clock} + $3)
             ON CONFLICT (instance) DO UPDATE SET incarnation = excluded.incarnation, since = excluded.since,
                 alive_until = excluded.alive_until"
        ))
        .bind(instance.as_str())
        .bind(self.me.incarnation())
        .bind(microseconds(*term))
        .execute(&mut tx)
        .await?;
        let earlier = match earlier {
            None => None,
            Some(row) => {
                free(&mut tx, row.try_get("incarnation")?).await?;
                Some(EarlierRun {
                    since: instant(row.try_get("since")?)?,
                    left: duration(row.try_get("remaining")?),
                })
            }
        };
        tx.commit().await?;
        Ok(earlier)
    }

    pub(in crate::store) async fn renew(&self) -> Result<Standing, StoreError> {
        let mut tx = self.open.pools.claim().await?;
        let standing = renewed(&mut tx, &self.me).await?;
        tx.commit().await?;
        Ok(standing)
    }

    pub(in crate::store) async fn sign_off(&self) -> Result<(), StoreError> {
        let mut tx = self.open.pools.claim().await?;
        for sql in [
            "DELETE FROM daemons WHERE incarnation = $1",
            "DELETE FROM leases WHERE incarnation = $1",
        ] {
            query(sql).bind(self.me.incarnation()).execute(&mut tx).await?;
        }
        tx.commit().await
    }

    pub(in crate::store) async fn take_lease(&self, name: &LeaseName) -> Result<LeaseAnswer, StoreError> {
        let mut tx = self.open.pools.claim().await?;
        match renewed(&mut tx, &self.me).await? {
            Standing::Current => {}
            Standing::Superseded => return Ok(LeaseAnswer::Superseded),
        }
        let (clock, counts) = (tx.clock(), counts("leases.incarnation", &tx));
        query(format!(
            "INSERT INTO leases (mailbox, duty, incarnation, since) VALUES ($1, $2, $3, {clock})
             ON CONFLICT (mailbox, duty) DO UPDATE SET incarnation = excluded.incarnation, since = excluded.since
             WHERE leases.incarnation <> excluded.incarnation AND NOT {counts}"
        ))
        .bind(name.mailbox.as_str())
        .bind(name.duty.as_str())
        .bind(self.me.incarnation())
        .execute(&mut tx)
        .await?;
        let row = query(format!(
            "SELECT leases.incarnation, leases.since, daemons.instance, daemons.alive_until - {clock} AS remaining
             FROM leases LEFT JOIN daemons ON daemons.incarnation = leases.incarnation
             WHERE mailbox = $1 AND duty = $2"
        ))
        .bind(name.mailbox.as_str())
        .bind(name.duty.as_str())
        .fetch_one(&mut tx)
        .await?;
        tx.commit().await?;
        let holder: &[u8] = row.try_get("incarnation")?;
        if holder == self.me.incarnation {
            return Ok(LeaseAnswer::Ours);
        }
        let left: Option<i64> = row.try_get("remaining")?;
        let instance: Option<String> = row.try_get("instance")?;
        Ok(LeaseAnswer::Held {
            instance: instance.unwrap_or_default(),
            since: instant(row.try_get("since")?)?,
            left: duration(left.unwrap_or(0)),
        })
    }

    pub(in crate::store) async fn holds_lease(&self, name: &LeaseName) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let ours = self.ours(&Fence::Lease(name.clone()), &tx, "");
        Ok(ours.fetch_optional(&mut tx).await?.is_some())
    }

    pub(in crate::store) async fn give_up_lease(&self, name: &LeaseName) -> Result<(), StoreError> {
        let mut tx = self.open.pools.claim().await?;
        query("DELETE FROM leases WHERE mailbox = $1 AND duty = $2 AND incarnation = $3")
            .bind(name.mailbox.as_str())
            .bind(name.duty.as_str())
            .bind(self.me.incarnation())
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    pub(in crate::store) async fn leases(&self) -> Result<Vec<HeldLease>, StoreError> {
        let mut tx = self.read().await?;
        let clock = tx.clock();
        let rows = query(format!(
            "SELECT mailbox, duty, instance, leases.since AS since FROM leases
             JOIN daemons ON daemons.incarnation = leases.incarnation
             WHERE alive_until > {clock} ORDER BY mailbox, duty"
        ))
        .fetch_all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let duty = match row.try_get("duty")? {
                    "inbox" => Duty::Inbox,
                    "outbox" => Duty::Outbox,
                    _ => return Err(StoreError::Corrupt("a lease has an unknown duty")),
                };
                let mailbox = row.try_get("mailbox")?;
                Ok(HeldLease {
                    name: LeaseName { mailbox, duty },
                    instance: row.try_get("instance")?,
                    since: instant(row.try_get("since")?)?,
                })
            })
            .collect()
    }

    /// For a transaction that writes: nobody takes it over before that ends.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`].
    pub(super) async fn demand_ours(&self, tx: &mut Connection, fence: &Fence) -> Result<(), StoreError> {
        let ours = self.ours(fence, tx, tx.keep_row());
        match ours.fetch_optional(tx).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::NotOurs),
        }
    }

    /// Gives a row where it is ours; `lock` ends the statement.
    fn ours(&self, fence: &Fence, tx: &Connection, lock: &str) -> Query {
        match fence {
            Fence::Lease(name) => {
                let counts = counts("leases.incarnation", tx);
                query(format!(
                    "SELECT since FROM leases WHERE incarnation = $1 AND mailbox = $2 AND duty = $3 AND {counts}{lock}"
                ))
                .bind(self.me.incarnation())
                .bind(name.mailbox.as_str())
                .bind(name.duty.as_str())
            }
            Fence::Claim(claim) => {
                let (table, id) = match claim {
                    Claim::Message(id) => ("messages", id.0),
                    Claim::Mail(id) => ("outbound", id.0),
                };
                query(format!(
                    "SELECT number FROM {table} WHERE claimed_by = $1 AND id = $2{lock}"
                ))
                .bind(self.me.incarnation())
                .bind(blob(id))
            }
        }
    }
}

async fn renewed(tx: &mut Connection, me: &Holder) -> Result<Standing, StoreError> {
    let term = me.daemon()?.term;
    let clock = tx.clock();
    let done = query(format!(
        "UPDATE daemons SET alive_until = {clock} + $1 WHERE incarnation = $2"
    ))
    .bind(microseconds(term))
    .bind(me.incarnation())
    .execute(tx)
    .await?;
    Ok(match done {
        0 => Standing::Superseded,
        _ => Standing::Current,
    })
}

/// What a run had is free at once, even what it may have been sending: its successor knows no more than after a crash.
async fn free(tx: &mut Connection, incarnation: Vec<u8>) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM leases WHERE incarnation = $1",
        "UPDATE deliveries SET claimed_by = NULL, sending_until = NULL WHERE claimed_by = $1",
    ] {
        query(sql).bind(incarnation.clone()).execute(tx).await?;
    }
    Ok(())
}

//! Claimed work: rows that one daemon at a time reads, plans or delivers.
//!
//! Invariant: a row is claimed only while no other daemon that counts has it, and, if it is a delivery, no mail of it can
//! be on its way.

use super::daemons::{counts, microseconds};
use super::driver::{Connection, query};
use super::{Database, Write, blob, one_row, uuid_of};
use crate::domain::{DeliveryId, MessageId, OutboundId, Timestamp};
use crate::store::{DeliveryOutcome, StoreError};
use std::time::Duration;

/// What is claimed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    Held,
    Unplanned,
    /// Due at this time, by the caller's clock.
    Due(Timestamp),
}

/// A row that may be claimed.
struct Candidate {
    id: Vec<u8>,
    is_ours: bool,
}

impl Work {
    fn table(self) -> &'static str {
        match self {
            Self::Held => "messages",
            Self::Unplanned => "outbound",
            Self::Due(_) => "deliveries",
        }
    }

    /// Rows that are ours or anybody's, in their order; `lock` ends the statement.
    async fn candidates(
        self,
        tx: &mut Connection,
        me: Vec<u8>,
        at_most: u32,
        lock: &str,
    ) -> Result<Vec<Candidate>, StoreError> {
        let (table, clock, counts) = (self.table(), tx.clock(), counts("claimed_by", tx));
        let (wanted, order) = match self {
            Self::Held => ("state = 'held'".to_owned(), "number"),
            Self::Unplanned => ("state = 'accepted'".to_owned(), "number"),
            Self::Due(_) => (
                format!(
                    "state = 'waiting' AND due <= $3
                     AND (claimed_by = $1 OR sending_until IS NULL OR sending_until <= {clock})"
                ),
                "due, number",
            ),
        };
        let select = query(format!(
            "SELECT id, CAST(CASE WHEN claimed_by = $1 THEN 1 ELSE 0 END AS BIGINT) AS ours FROM {table}
             WHERE {wanted} AND (claimed_by IS NULL OR claimed_by = $1 OR NOT {counts})
             ORDER BY {order} LIMIT $2{lock}"
        ))
        .bind(me)
        .bind(i64::from(at_most));
        let select = match self {
            Self::Held | Self::Unplanned => select,
            Self::Due(now) => select.bind(now.as_microsecond()),
        };
        let rows = select.fetch_all(tx).await?;
        rows.iter()
            .map(|row| {
                Ok(Candidate {
                    id: row.try_get("id")?,
                    is_ours: row.try_get::<i64>("ours")? == 1,
                })
            })
            .collect()
    }
}

impl Database {
    pub(in crate::store) async fn claim_held(&self, at_most: u32) -> Result<Vec<MessageId>, StoreError> {
        let ids = self.claim(Work::Held, at_most).await?;
        ids.iter().map(|id| uuid_of(id).map(MessageId)).collect()
    }

    pub(in crate::store) async fn claim_unplanned(
        &self,
        at_most: u32,
    ) -> Result<Vec<OutboundId>, StoreError> {
        let ids = self.claim(Work::Unplanned, at_most).await?;
        ids.iter().map(|id| uuid_of(id).map(OutboundId)).collect()
    }

    pub(in crate::store) async fn begin_delivery(
        &self,
        id: DeliveryId,
        lasting: Duration,
    ) -> Result<(), StoreError> {
        let mut tx = self.open.pools.claim().await?;
        let (clock, counts) = (tx.clock(), counts("$2", &tx));
        let done = match self.me.is_daemon() {
            true => {
                query(format!(
                    "UPDATE deliveries SET sending_until = {clock} + $3
                     WHERE id = $1 AND claimed_by = $2 AND state = 'waiting' AND {counts}"
                ))
                .bind(blob(id.0))
                .bind(self.me.incarnation())
                .bind(microseconds(lasting))
                .execute(&mut tx)
                .await?
            }
            false => {
                query(
                    "UPDATE deliveries SET sending_until = NULL
                     WHERE id = $1 AND claimed_by = $2 AND state = 'waiting'",
                )
                .bind(blob(id.0))
                .bind(self.me.incarnation())
                .execute(&mut tx)
                .await?
            }
        };
        if done == 0 {
            return Err(StoreError::NotOurs);
        }
        one_row(done)?;
        tx.commit().await
    }

    /// Claims rows and gives their ids, ours of before included. Where there is nothing to claim, nothing is written.
    pub(super) async fn claim(&self, work: Work, at_most: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        let me = self.me.incarnation();
        let mut tx = self.read().await?;
        self.demand_counting(&mut tx).await?;
        let found = work.candidates(&mut tx, me.clone(), at_most, "").await?;
        drop(tx);
        if found.iter().all(|row| row.is_ours) {
            return Ok(found.into_iter().map(|row| row.id).collect());
        }
        let mut tx = self.open.pools.claim().await?;
        self.demand_counting(&mut tx).await?;
        let lock = tx.skip_claimed();
        let found = work.candidates(&mut tx, me.clone(), at_most, lock).await?;
        let sql = match work {
            Work::Held => "UPDATE messages SET claimed_by = $1 WHERE id = $2",
            Work::Unplanned => "UPDATE outbound SET claimed_by = $1 WHERE id = $2",
            Work::Due(_) => "UPDATE deliveries SET claimed_by = $1, sending_until = NULL WHERE id = $2",
        };
        for row in found.iter().filter(|row| !row.is_ours) {
            let done = query(sql)
                .bind(me.clone())
                .bind(row.id.clone())
                .execute(&mut tx)
                .await?;
            one_row(done)?;
        }
        tx.commit().await?;
        Ok(found.into_iter().map(|row| row.id).collect())
    }

    /// A daemon whose term has passed gets no work before it has renewed: its claims do not count.
    async fn demand_counting(&self, tx: &mut Connection) -> Result<(), StoreError> {
        if !self.me.is_daemon() {
            return Ok(());
        }
        let clock = tx.clock();
        let row = query(format!(
            "SELECT since FROM daemons WHERE incarnation = $1 AND alive_until > {clock}"
        ))
        .bind(self.me.incarnation())
        .fetch_optional(tx)
        .await?;
        row.map(|_| ()).ok_or(StoreError::NotOurs)
    }
}

impl Write<'_> {
    /// What a try came to is recorded by the daemon that has the delivery. That a relay took the mail is true whoever
    /// says so, and keeps the other daemon from sending it again.
    pub(super) async fn demand_may_record(
        &mut self,
        id: DeliveryId,
        outcome: DeliveryOutcome,
    ) -> Result<(), StoreError> {
        match outcome {
            DeliveryOutcome::Sent { .. } => return Ok(()),
            DeliveryOutcome::Retry { .. } | DeliveryOutcome::Failed { .. } | DeliveryOutcome::Held { .. } => {
            }
        }
        let (clock, counts) = (self.tx.clock(), counts("claimed_by", &self.tx));
        let me = self.db.me.incarnation();
        let row = query(format!(
            "SELECT number FROM deliveries
             WHERE id = $1 AND claimed_by <> $2 AND (sending_until > {clock} OR {counts})"
        ))
        .bind(blob(id.0))
        .bind(me)
        .fetch_optional(self.connection())
        .await?;
        match row {
            None => Ok(()),
            Some(_) => Err(StoreError::NotOurs),
        }
    }
}

//! What somebody handed in, and what became of it, for themself; and the looks at what a mail would become.
//!
//! Invariant: mail is found by the account that it was handed in with, and nothing of it but recipients comes out.

use super::driver::{Connection, query, query_scalar};
use super::outbound::{delivery_summary, envelope_of, name, recipient_part};
use super::records::{json_part, open_record};
use super::{Database, blob, instant, number, uuid_of, word};
use crate::domain::{OutboundId, OutboundState, Personal, Timestamp};
use crate::store::{Actor, OwnDelivery, OwnMail, StoreError};
use crate::vault::IndexedAs;

impl Database {
    pub(in crate::store) async fn own_mails(
        &self,
        user: &str,
        actor: &Actor,
        (after, at_most): (u32, u32),
        now: Timestamp,
    ) -> Result<(Vec<OwnMail>, u64), StoreError> {
        let hash = self.keys().hash(IndexedAs::AccountUser, user.as_bytes()).to_vec();
        let mut write = self.write().await?;
        let account = write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        let total: i64 = query_scalar("SELECT count(*) FROM outbound WHERE account_hash = $1")
            .bind(hash.clone())
            .fetch_one(write.connection())
            .await?;
        let rows = query(
            "SELECT id, received, state FROM outbound WHERE account_hash = $1
             ORDER BY number DESC LIMIT $2 OFFSET $3",
        )
        .bind(hash)
        .bind(i64::from(at_most))
        .bind(i64::from(after))
        .fetch_all(write.connection())
        .await?;
        let mut mails = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = OutboundId(uuid_of(row.try_get("id")?)?);
            mails.push(OwnMail {
                received: instant(row.try_get("received")?)?,
                state: word::<OutboundState>(row.try_get("state")?)?,
                deliveries: self.own_deliveries(write.connection(), id).await?,
            });
        }
        write.audit(&actor.0, "outbound.own_listed", account, now).await?;
        write.commit().await?;
        Ok((mails, number(total)?))
    }

    /// One entry for each recipient, whether it is planned yet or not.
    async fn own_deliveries(
        &self,
        connection: &mut Connection,
        id: OutboundId,
    ) -> Result<Vec<OwnDelivery>, StoreError> {
        let record = match open_record(connection, self.keys(), name(id)).await {
            // The list stays readable; staff see the mail as damaged.
            Err(StoreError::Tampered) => return Ok(Vec::new()),
            record => record?,
        };
        let rows = query(
            "SELECT id, mail, state, route, action, reasons, attempts, last_code, if_released FROM deliveries
             WHERE mail = $1 ORDER BY number",
        )
        .bind(blob(id.0))
        .fetch_all(connection)
        .await?;
        if rows.is_empty() {
            let envelope = envelope_of(connection, &record).await?;
            let waiting = |recipient| OwnDelivery {
                recipient: Personal::new(recipient),
                delivery: None,
            };
            return Ok(envelope.recipients.into_iter().map(waiting).collect());
        }
        let mut deliveries = Vec::with_capacity(rows.len());
        for row in &rows {
            let delivery = delivery_summary(row)?;
            let recipient = json_part(connection, &record, &recipient_part(delivery.id)).await?;
            deliveries.push(OwnDelivery {
                recipient: Personal::new(recipient.ok_or(StoreError::Tampered)?),
                delivery: Some(delivery),
            });
        }
        Ok(deliveries)
    }

    pub(in crate::store) async fn note_preview(
        &self,
        user: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let account = write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        write.audit(&actor.0, "outbound.previewed", account, now).await?;
        write.commit().await
    }
}

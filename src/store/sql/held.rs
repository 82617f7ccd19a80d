//! Held mail: what staff see of it, letting it go, and giving it back.

use super::driver::{Connection, query, query_scalar};
use super::outbound::{RAW, message_part, name, recipient_part};
use super::records::{json_part, part};
use super::{Database, blob, uuid_of};
use crate::domain::{DeliveryId, OutboundId, Personal, Timestamp};
use crate::store::{Actor, OpenedDelivery, OpenedOutbound, StoreError};
use zeroize::Zeroizing;

impl Database {
    pub(in crate::store) async fn release_outbound(
        &self,
        id: OutboundId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut write = self.write().await?;
        write.outbound_state(id).await?;
        let done = query(
            "UPDATE deliveries SET state = 'waiting', action = if_released, due = $1
             WHERE mail = $2 AND state = 'held' AND if_released IS NOT NULL",
        )
        .bind(now.as_microsecond())
        .bind(blob(id.0))
        .execute(write.connection())
        .await?;
        if done == 0 {
            return Err(StoreError::WrongState(
                "nothing of this mail can be released: `outbound show` says what holds it; return it, or have it sent anew",
            ));
        }
        write.audit(&actor.0, "outbound.released", id, now).await?;
        write.commit().await?;
        Ok(done)
    }

    pub(in crate::store) async fn open_outbound(
        &self,
        id: OutboundId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<OpenedOutbound, StoreError> {
        let mut write = self.write().await?;
        let record = write.open_record(name(id)).await?;
        let original = part(write.connection(), &record, RAW).await?;
        let mut deliveries = Vec::new();
        for delivery in delivery_ids(write.connection(), id).await? {
            let recipient = json_part(write.connection(), &record, &recipient_part(delivery)).await?;
            let message = part(write.connection(), &record, &message_part(delivery)).await?;
            deliveries.push(OpenedDelivery {
                recipient: Personal::new(recipient.ok_or(StoreError::Tampered)?),
                message: message.map(given),
            });
        }
        write.audit(&actor.0, "outbound.opened", id, now).await?;
        write.commit().await?;
        Ok(OpenedOutbound {
            original: original.map(given),
            deliveries,
        })
    }

    pub(in crate::store) async fn return_outbound(
        &self,
        id: OutboundId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.outbound_state(id).await?;
        let done =
            query("UPDATE deliveries SET state = 'returned', ended = $1 WHERE mail = $2 AND state = 'held'")
                .bind(now.as_microsecond())
                .bind(blob(id.0))
                .execute(write.connection())
                .await?;
        if done == 0 {
            return Err(StoreError::WrongState(
                "nothing of this mail is held, so there is nothing to return",
            ));
        }
        write.audit(&actor.0, "outbound.returned", id, now).await?;
        write.end_if_finished(id, &actor.0, now).await?;
        write.commit().await
    }
}

/// Out of the store's hands: the caller lets go of it.
fn given(mut bytes: Zeroizing<Vec<u8>>) -> Personal<Vec<u8>> {
    Personal::new(std::mem::take(&mut *bytes))
}

async fn delivery_ids(connection: &mut Connection, mail: OutboundId) -> Result<Vec<DeliveryId>, StoreError> {
    let ids: Vec<Vec<u8>> = query_scalar("SELECT id FROM deliveries WHERE mail = $1 ORDER BY number")
        .bind(blob(mail.0))
        .fetch_all(connection)
        .await?;
    ids.iter().map(|id| uuid_of(id).map(DeliveryId)).collect()
}

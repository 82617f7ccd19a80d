//! Delivery reports: sent mail that another server could not deliver.

use super::audit::DAEMON;
use super::driver::query;
use super::outbound::{name, recipient_part};
use super::records::json_part;
use super::{Database, Write, blob, one_row, uuid_of};
use crate::domain::{DeliveryId, MessageId, OutboundId, Timestamp};
use crate::store::index::thread_value;
use crate::store::{DeliveryReport, StoreError};
use crate::vault::IndexedAs;

/// Most Message-IDs of one report that are looked up.
const MAX_IDS: usize = 20;

impl Database {
    pub(in crate::store) async fn apply_report(
        &self,
        report: &DeliveryReport,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let mut ours = false;
        for message_id in report.message_ids.iter().take(MAX_IDS) {
            for (delivery, mail) in write.deliveries_under(message_id).await? {
                ours |= write.report_on(delivery, mail, report, now).await?;
            }
        }
        write.commit().await?;
        Ok(ours)
    }

    pub(in crate::store) async fn file_message(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let done = query("UPDATE messages SET state = 'filed' WHERE id = $1 AND state = 'read'")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(DAEMON, "message.filed", id, now).await?;
        write.commit().await
    }
}

impl Write<'_> {
    async fn deliveries_under(
        &mut self,
        message_id: &str,
    ) -> Result<Vec<(DeliveryId, OutboundId)>, StoreError> {
        let Some(value) = thread_value(message_id) else {
            return Ok(Vec::new());
        };
        let hash = self.keys().hash(IndexedAs::Thread, value.as_bytes());
        let rows = query(
            "SELECT deliveries.id, mail FROM delivery_threads
             JOIN deliveries ON deliveries.id = delivery_threads.delivery WHERE hash = $1",
        )
        .bind(hash.to_vec())
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let delivery = DeliveryId(uuid_of(row.try_get("id")?)?);
                Ok((delivery, OutboundId(uuid_of(row.try_get("mail")?)?)))
            })
            .collect()
    }

    /// Whether the report is about this delivery; a sent one has failed then.
    async fn report_on(
        &mut self,
        id: DeliveryId,
        mail: OutboundId,
        report: &DeliveryReport,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let record = match self.open_record(name(mail)).await {
            // Its term is over: the report is about a mail of ours, and changes nothing.
            Err(StoreError::NotFound) => return Ok(true),
            record => record?,
        };
        let recipient: String = json_part(self.connection(), &record, &recipient_part(id))
            .await?
            .ok_or(StoreError::Tampered)?;
        let mut reported = report.recipients.iter();
        let Some(reported) = reported.find(|reported| reported.address.eq_ignore_ascii_case(&recipient))
        else {
            return Ok(false);
        };
        let done = query(
            "UPDATE deliveries SET state = 'failed', last_code = coalesce($1, last_code), ended = $2
             WHERE id = $3 AND state = 'sent'",
        )
        .bind(reported.code.map(i64::from))
        .bind(now.as_microsecond())
        .bind(blob(id.0))
        .execute(self.connection())
        .await?;
        if done == 1 {
            self.audit(DAEMON, "delivery.reported_failed", id, now).await?;
        }
        Ok(true)
    }
}

//! What senders are to be told of their deliveries, and the notices that tell it: mails of our own, kept like others.

use super::audit::DAEMON;
use super::driver::{Connection, query};
use super::outbound::{Envelope, envelope_of, name, reasons_of, recipient_part};
use super::records::{json_part, open_record};
use super::{Database, blob, instant, number, one_row, uuid_of};
use crate::domain::{DeliveryId, OutboundId, Personal, Timestamp};
use crate::store::sealing::{Record, new_id};
use crate::store::{DeliveryNews, DueNotice, PlannedDelivery, StoreError};

/// Deliveries with news: held, given back, failed for good; sent only where a release followed the news of a hold. A
/// notice is no news itself.
const NEWS: &str = "deliveries.told IS DISTINCT FROM deliveries.state AND outbound.notice_about IS NULL
    AND (deliveries.state IN ('held', 'failed', 'returned')
         OR (deliveries.state = 'sent' AND deliveries.told = 'held'))";

impl Database {
    pub(in crate::store) async fn due_notices(&self, at_most: u32) -> Result<Vec<DueNotice>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT outbound.id, received FROM outbound JOIN deliveries ON deliveries.mail = outbound.id
             WHERE {NEWS} GROUP BY outbound.number ORDER BY outbound.number LIMIT $1"
        );
        let rows = query(sql).bind(i64::from(at_most)).fetch_all(&mut tx).await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            let mail = OutboundId(uuid_of(row.try_get("id")?)?);
            let received = instant(row.try_get("received")?)?;
            let record = match open_record(&mut tx, self.keys(), name(mail)).await {
                // Whom to tell does not open either; `outbound list` shows the mail as damaged, or destroyed.
                Err(StoreError::Tampered | StoreError::NotFound) => continue,
                record => record?,
            };
            let envelope = envelope_of(&mut tx, &record).await?;
            let news = news_of(&mut tx, mail, &record, &envelope).await?;
            due.push(DueNotice {
                mail,
                account: envelope.account,
                sender: Personal::new(envelope.sender),
                received,
                recipients: envelope.recipients.len(),
                news,
            });
        }
        Ok(due)
    }

    pub(in crate::store) async fn queue_notice(
        &self,
        about: &DueNotice,
        notice: Option<(&Personal<String>, &PlannedDelivery)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        for news in &about.news {
            let done = query(
                "UPDATE deliveries SET told = state WHERE id = $1 AND state = $2 AND told IS DISTINCT FROM state",
            )
            .bind(blob(news.id.0))
            .bind(news.state.as_str())
            .execute(write.connection())
            .await?;
            // Another daemon told it, or there is later news: who asks again sees which.
            if done == 0 {
                return Err(StoreError::NotOurs);
            }
            one_row(done)?;
        }
        if let Some((sender, delivery)) = notice {
            let id = OutboundId(new_id(now)?);
            let record = write.create_record(name(id)).await?;
            let envelope = Envelope {
                account: about.account.clone(),
                sender: sender.expose_personal().clone(),
                recipients: vec![delivery.recipient.expose_personal().clone()],
            };
            write.put_envelope(&record, &envelope).await?;
            let done = query(
                "INSERT INTO outbound (id, received, state, notice_about) VALUES ($1, $2, 'planned', $3)",
            )
            .bind(blob(id.0))
            .bind(now.as_microsecond())
            .bind(blob(about.mail.0))
            .execute(write.connection())
            .await?;
            one_row(done)?;
            write.insert_delivery(id, &record, delivery, now).await?;
            write.audit(DAEMON, "outbound.notice", id, now).await?;
        }
        write.commit().await
    }
}

async fn news_of(
    connection: &mut Connection,
    mail: OutboundId,
    record: &Record,
    envelope: &Envelope,
) -> Result<Vec<DeliveryNews>, StoreError> {
    let sql = format!(
        "SELECT deliveries.id, deliveries.state, reasons, last_code FROM deliveries
         JOIN outbound ON outbound.id = deliveries.mail WHERE mail = $1 AND {NEWS} ORDER BY deliveries.number"
    );
    let rows = query(sql).bind(blob(mail.0)).fetch_all(&mut *connection).await?;
    let mut news = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = DeliveryId(uuid_of(row.try_get("id")?)?);
        let recipient: String = json_part(connection, record, &recipient_part(id))
            .await?
            .ok_or(StoreError::Tampered)?;
        let place = envelope.recipients.iter().position(|other| *other == recipient);
        let code: Option<i64> = row.try_get("last_code")?;
        news.push(DeliveryNews {
            id,
            place: place.map_or(0, |place| place + 1),
            state: row.try_get("state")?,
            reasons: reasons_of(row.try_get("reasons")?)?,
            last_code: code.map(number).transpose()?,
        });
    }
    Ok(news)
}

//! Outbound mail: stored before the sender's 250, one sealed delivery per recipient, every outcome kept.

use super::audit::DAEMON;
use super::claims::Work;
use super::driver::{Connection, Row, query, query_scalar};
use super::records::{json_part, open_record, part};
use super::{Database, Write, blob, found, instant, number, one_row, uuid_of, word};
use crate::domain::{
    DeliveryAction, DeliveryId, HoldReason, MailRoute, OutboundId, OutboundState, Personal, Release,
    Timestamp,
};
use crate::store::sealing::{Keys, Record, new_id};
use crate::store::{
    DeliveryOutcome, DeliverySummary, DueDelivery, OutboundSummary, PlannedDelivery, StoreError,
    SubmittedMail,
};
use crate::vault::{IndexedAs, KeyedHash, RecordKind, RecordName};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// The [`Envelope`].
const ENVELOPE: &str = "envelope";
/// DATA as submitted.
pub(super) const RAW: &str = "raw";

/// Stands for the account of a mail that does not open.
const DAMAGED: &str = "(does not open)";

/// Stands for the account of a mail whose term is over.
const DESTROYED: &str = "(destroyed)";

/// Who sent it to whom, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) account: String,
    pub(super) sender: String,
    pub(super) recipients: Vec<String>,
}

pub(super) fn name(id: OutboundId) -> RecordName {
    RecordName::new(RecordKind::Outbound, id.0)
}

/// A delivery's parts are sealed with its mail's key and bound to the delivery by their name.
pub(super) fn recipient_part(id: DeliveryId) -> String {
    format!("recipient/{id}")
}

pub(super) fn message_part(id: DeliveryId) -> String {
    format!("message/{id}")
}

impl Database {
    pub(in crate::store) async fn accept_outbound(
        &self,
        mail: &SubmittedMail,
        now: Timestamp,
    ) -> Result<OutboundId, StoreError> {
        let mut write = self.write().await?;
        let id = write.insert_mail(mail, now).await?;
        write.commit().await?;
        Ok(id)
    }

    pub(in crate::store) async fn accept_outbound_once(
        &self,
        mail: &SubmittedMail,
        now: Timestamp,
    ) -> Result<OutboundId, StoreError> {
        let mut write = self.write().await?;
        let hash = self
            .keys()
            .hash(IndexedAs::Raw, mail.raw.expose_personal())
            .to_vec();
        let known: Option<Vec<u8>> = query_scalar("SELECT id FROM outbound WHERE outbox_hash = $1")
            .bind(hash.clone())
            .fetch_optional(write.connection())
            .await?;
        if let Some(known) = known {
            return uuid_of(&known).map(OutboundId);
        }
        let id = write.insert_mail(mail, now).await?;
        let done = query("UPDATE outbound SET outbox_hash = $1 WHERE id = $2")
            .bind(hash)
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.commit().await?;
        Ok(id)
    }

    pub(in crate::store) async fn unplanned_outbound(
        &self,
        at_most: u32,
    ) -> Result<Vec<OutboundId>, StoreError> {
        let ids: Vec<Vec<u8>> =
            query_scalar("SELECT id FROM outbound WHERE state = 'accepted' ORDER BY number LIMIT $1")
                .bind(i64::from(at_most))
                .fetch_all(&mut self.read().await?)
                .await?;
        ids.iter().map(|id| Ok(OutboundId(uuid_of(id)?))).collect()
    }

    pub(in crate::store) async fn outbound_mail(&self, id: OutboundId) -> Result<SubmittedMail, StoreError> {
        let mut tx = self.read().await?;
        let record = open_record(&mut tx, self.keys(), name(id)).await?;
        let envelope = envelope_of(&mut tx, &record).await?;
        let mut raw = part(&mut tx, &record, RAW).await?.ok_or(StoreError::Tampered)?;
        Ok(SubmittedMail {
            account: envelope.account,
            sender: Personal::new(envelope.sender),
            recipients: envelope.recipients.into_iter().map(Personal::new).collect(),
            raw: Personal::new(std::mem::take(&mut *raw)),
        })
    }

    pub(in crate::store) async fn save_plan(
        &self,
        id: OutboundId,
        deliveries: &[PlannedDelivery],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        if write.outbound_state(id).await? != OutboundState::Accepted {
            return Err(StoreError::WrongState("this mail is planned already"));
        }
        let record = write.open_record(name(id)).await?;
        let envelope = envelope_of(write.connection(), &record).await?;
        demand_complete(&envelope, deliveries)?;
        for delivery in deliveries {
            write.insert_delivery(id, &record, delivery, now).await?;
        }
        write.set_outbound(id, OutboundState::Planned).await?;
        write.audit(DAEMON, "outbound.planned", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn due_deliveries(
        &self,
        now: Timestamp,
        at_most: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let claimed = self.claim(Work::Due(now), at_most).await?;
        let mut tx = self.read().await?;
        let mut due = Vec::with_capacity(claimed.len());
        let mut damaged = Vec::new();
        for id in claimed {
            let row = query(
                "SELECT id, mail, route, action, attempts FROM deliveries WHERE id = $1 AND state = 'waiting'",
            )
            .bind(id)
            .fetch_optional(&mut tx)
            .await?;
            let Some(row) = row else { continue };
            let mail = OutboundId(uuid_of(row.try_get("mail")?)?);
            let opened = match open_record(&mut tx, self.keys(), name(mail)).await {
                Ok(record) => due_delivery(&mut tx, &row, mail, &record).await,
                Err(error) => Err(error),
            };
            match opened {
                Ok(delivery) => due.push(delivery),
                // One damaged record must not stand in the way of the others.
                Err(StoreError::Tampered) => damaged.push(DeliveryId(uuid_of(row.try_get("id")?)?)),
                Err(error) => return Err(error),
            }
        }
        drop(tx);
        for id in damaged {
            let reason = HoldReason::StoredCopyDamaged;
            self.record_delivery(id, DeliveryOutcome::Held { reason }, now)
                .await?;
        }
        Ok(due)
    }

    pub(in crate::store) async fn record_delivery(
        &self,
        id: DeliveryId,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let mail = write.waiting_delivery(id).await?;
        write.demand_may_record(id, outcome).await?;
        write.store_outcome(id, outcome, now).await?;
        let action = match outcome {
            DeliveryOutcome::Sent { .. } => {
                write.remember_correspondent(mail, id, now).await?;
                "delivery.sent"
            }
            DeliveryOutcome::Retry { .. } => "delivery.retry",
            DeliveryOutcome::Failed { .. } => "delivery.failed",
            DeliveryOutcome::Held { .. } => "delivery.held",
        };
        write.audit(DAEMON, action, id, now).await?;
        write.end_if_finished(mail, DAEMON, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn outbound(&self) -> Result<Vec<OutboundSummary>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT id, mail, state, route, action, reasons, attempts, last_code, if_released FROM deliveries
             ORDER BY number",
        )
        .fetch_all(&mut tx)
        .await?;
        let mut deliveries: HashMap<OutboundId, Vec<DeliverySummary>> = HashMap::new();
        for row in &rows {
            let mail = OutboundId(uuid_of(row.try_get("mail")?)?);
            deliveries.entry(mail).or_default().push(delivery_summary(row)?);
        }
        let rows = query("SELECT id, received, state, notice_about FROM outbound ORDER BY number DESC")
            .fetch_all(&mut tx)
            .await?;
        let mut mails = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut mail = self.mail_summary(&mut tx, row).await?;
            mail.deliveries = deliveries.remove(&mail.id).unwrap_or_default();
            mails.push(mail);
        }
        Ok(mails)
    }

    /// A mail without its deliveries.
    pub(super) async fn mail_summary(
        &self,
        tx: &mut Connection,
        row: &Row,
    ) -> Result<OutboundSummary, StoreError> {
        let id = OutboundId(uuid_of(row.try_get("id")?)?);
        let opened = match open_record(tx, self.keys(), name(id)).await {
            Ok(record) => envelope_of(tx, &record).await,
            Err(error) => Err(error),
        };
        let account = match opened {
            Ok(envelope) => envelope.account,
            Err(StoreError::NotFound) => DESTROYED.to_owned(),
            // The list stays readable; its deliveries say why nothing leaves.
            Err(StoreError::Tampered) => DAMAGED.to_owned(),
            Err(error) => return Err(error),
        };
        let about: Option<&[u8]> = row.try_get("notice_about")?;
        Ok(OutboundSummary {
            id,
            notice_about: about.map(uuid_of).transpose()?.map(OutboundId),
            received: instant(row.try_get("received")?)?,
            account,
            state: word(row.try_get("state")?)?,
            deliveries: Vec::new(),
        })
    }
}

impl Database {
    pub(in crate::store) async fn corresponded(&self, addresses: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut tx = self.read().await?;
        let mut known = Vec::with_capacity(addresses.len());
        for address in addresses {
            let hash = correspondent(self.keys(), address);
            let found: i64 = query_scalar("SELECT count(*) FROM correspondents WHERE hash = $1")
                .bind(hash.to_vec())
                .fetch_one(&mut tx)
                .await?;
            known.push(found > 0);
        }
        Ok(known)
    }
}

pub(super) async fn envelope_of(
    connection: &mut Connection,
    record: &Record,
) -> Result<Envelope, StoreError> {
    json_part(connection, record, ENVELOPE)
        .await?
        .ok_or(StoreError::Tampered)
}

/// No recipient may drop out between submission and plan, and none may come in.
fn demand_complete(envelope: &Envelope, deliveries: &[PlannedDelivery]) -> Result<(), StoreError> {
    let planned: HashSet<&str> = deliveries
        .iter()
        .map(|d| d.recipient.expose_personal().as_str())
        .collect();
    let wanted: HashSet<&str> = envelope.recipients.iter().map(String::as_str).collect();
    if planned != wanted {
        return Err(StoreError::WrongState(
            "a plan must name exactly the recipients of its mail",
        ));
    }
    for delivery in deliveries {
        let sound = match delivery.action {
            DeliveryAction::Pass => delivery.message.is_some() && delivery.route == MailRoute::Cjsm,
            DeliveryAction::Redact => delivery.message.is_some(),
            DeliveryAction::Hold => match delivery.if_released {
                None => delivery.message.is_none(),
                Some(Release::Pass) => delivery.message.is_some() && delivery.route == MailRoute::Cjsm,
                Some(Release::Redact) => delivery.message.is_some(),
            },
        };
        if !sound {
            return Err(StoreError::WrongState(
                "a delivery that leaves needs its message, one that cannot has none, and only CJSM takes one unredacted",
            ));
        }
    }
    Ok(())
}

async fn due_delivery(
    connection: &mut Connection,
    row: &Row,
    mail: OutboundId,
    record: &Record,
) -> Result<DueDelivery, StoreError> {
    let id = DeliveryId(uuid_of(row.try_get("id")?)?);
    let recipient = json_part(connection, record, &recipient_part(id))
        .await?
        .ok_or(StoreError::Tampered)?;
    let mut message = part(connection, record, &message_part(id))
        .await?
        .ok_or(StoreError::Tampered)?;
    Ok(DueDelivery {
        id,
        mail,
        sender: Personal::new(envelope_of(connection, record).await?.sender),
        recipient: Personal::new(recipient),
        route: route_of(row.try_get("route")?)?,
        action: action_of(row.try_get("action")?)?,
        message: Personal::new(std::mem::take(&mut *message)),
        attempts: number(row.try_get("attempts")?)?,
    })
}

pub(super) fn delivery_summary(row: &Row) -> Result<DeliverySummary, StoreError> {
    let code: Option<i64> = row.try_get("last_code")?;
    Ok(DeliverySummary {
        id: DeliveryId(uuid_of(row.try_get("id")?)?),
        state: row.try_get("state")?,
        route: route_of(row.try_get("route")?)?,
        action: action_of(row.try_get("action")?)?,
        reasons: reasons_of(row.try_get("reasons")?)?,
        attempts: number(row.try_get("attempts")?)?,
        last_code: code.map(number).transpose()?,
        if_released: release_of(row.try_get("if_released")?)?,
    })
}

impl Write<'_> {
    pub(super) async fn put_envelope(
        &mut self,
        record: &Record,
        envelope: &Envelope,
    ) -> Result<(), StoreError> {
        let sealed = record.seal_json(ENVELOPE, envelope)?;
        self.put_part(record, ENVELOPE, sealed).await
    }

    pub(super) async fn insert_delivery(
        &mut self,
        mail: OutboundId,
        record: &Record,
        delivery: &PlannedDelivery,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = DeliveryId(new_id(now)?);
        let state = match delivery.action {
            DeliveryAction::Pass | DeliveryAction::Redact => "waiting",
            DeliveryAction::Hold => "held",
        };
        let done = query(
            "INSERT INTO deliveries (id, mail, state, route, action, reasons, due, if_released)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(blob(id.0))
        .bind(blob(mail.0))
        .bind(state)
        .bind(route_word(delivery.route))
        .bind(action_word(delivery.action))
        .bind(reasons_text(&delivery.reasons)?)
        .bind(now.as_microsecond())
        .bind(delivery.if_released.map(release_word))
        .execute(self.connection())
        .await?;
        one_row(done)?;
        self.insert_thread(id, delivery.message_id.as_deref()).await?;
        let part = recipient_part(id);
        let sealed = record.seal_json(&part, delivery.recipient.expose_personal())?;
        self.put_part(record, &part, sealed).await?;
        if let Some(message) = &delivery.message {
            let part = message_part(id);
            let sealed = record.seal(&part, message.expose_personal())?;
            self.put_part(record, &part, sealed).await?;
        }
        Ok(())
    }

    async fn insert_mail(&mut self, mail: &SubmittedMail, now: Timestamp) -> Result<OutboundId, StoreError> {
        if mail.recipients.is_empty() {
            return Err(StoreError::WrongState(
                "a mail without recipients cannot be taken",
            ));
        }
        let id = OutboundId(new_id(now)?);
        let record = self.create_record(name(id)).await?;
        let recipients = mail.recipients.iter().map(|r| r.expose_personal().clone());
        let envelope = Envelope {
            account: mail.account.clone(),
            sender: mail.sender.expose_personal().clone(),
            recipients: recipients.collect(),
        };
        self.put_envelope(&record, &envelope).await?;
        let sealed = record.seal(RAW, mail.raw.expose_personal())?;
        self.put_part(&record, RAW, sealed).await?;
        let account = self.keys().hash(IndexedAs::AccountUser, mail.account.as_bytes());
        let done =
            query("INSERT INTO outbound (id, received, state, account_hash) VALUES ($1, $2, 'accepted', $3)")
                .bind(blob(id.0))
                .bind(now.as_microsecond())
                .bind(account.to_vec())
                .execute(self.connection())
                .await?;
        one_row(done)?;
        self.audit(DAEMON, "outbound.accepted", id, now).await?;
        Ok(id)
    }

    async fn insert_thread(&mut self, id: DeliveryId, message_id: Option<&str>) -> Result<(), StoreError> {
        let Some(message_id) = message_id else {
            return Ok(());
        };
        let hash = self.keys().hash(IndexedAs::Thread, message_id.as_bytes());
        let done = query("INSERT INTO delivery_threads (hash, delivery) VALUES ($1, $2)")
            .bind(hash.to_vec())
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)
    }

    /// The relay took mail for this recipient: the next one is not the first.
    async fn remember_correspondent(
        &mut self,
        mail: OutboundId,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = self.open_record(name(mail)).await?;
        let recipient: String = json_part(self.connection(), &record, &recipient_part(id))
            .await?
            .ok_or(StoreError::Tampered)?;
        let hash = correspondent(self.keys(), &recipient);
        query("INSERT INTO correspondents (hash, since) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(hash.to_vec())
            .bind(now.as_microsecond())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    pub(super) async fn outbound_state(&mut self, id: OutboundId) -> Result<OutboundState, StoreError> {
        let state: String = query_scalar("SELECT state FROM outbound WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(self.connection())
            .await?;
        word(&state)
    }

    async fn set_outbound(&mut self, id: OutboundId, state: OutboundState) -> Result<(), StoreError> {
        let done = query("UPDATE outbound SET state = $1 WHERE id = $2")
            .bind(state.as_str())
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        found(done)
    }

    /// The mail of a delivery that waits.
    async fn waiting_delivery(&mut self, id: DeliveryId) -> Result<OutboundId, StoreError> {
        let row = query("SELECT mail, state FROM deliveries WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(self.connection())
            .await?;
        if row.try_get::<&str>("state")? != "waiting" {
            return Err(StoreError::WrongState(
                "this delivery has ended; its outcome stands",
            ));
        }
        Ok(OutboundId(uuid_of(row.try_get("mail")?)?))
    }

    async fn store_outcome(
        &mut self,
        id: DeliveryId,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, tried, code, due) = match outcome {
            DeliveryOutcome::Sent { code } => ("sent", 1, Some(code), None),
            DeliveryOutcome::Retry { code, at } => ("waiting", 1, code, Some(at)),
            DeliveryOutcome::Failed { code } => ("failed", 1, code, None),
            DeliveryOutcome::Held { .. } => ("held", 0, None, None),
        };
        let ended = matches!(
            outcome,
            DeliveryOutcome::Sent { .. } | DeliveryOutcome::Failed { .. }
        );
        let done = query(
            "UPDATE deliveries SET state = $1, attempts = attempts + $2, last_code = coalesce($3, last_code),
                 due = coalesce($4, due), ended = $5, claimed_by = NULL, sending_until = NULL WHERE id = $6",
        )
        .bind(state)
        .bind(tried)
        .bind(code.map(i64::from))
        .bind(due.map(|at| at.as_microsecond()))
        .bind(ended.then(|| now.as_microsecond()))
        .bind(blob(id.0))
        .execute(self.connection())
        .await?;
        one_row(done)?;
        match outcome {
            DeliveryOutcome::Held { reason } => self.add_reason(id, reason).await,
            DeliveryOutcome::Sent { .. } | DeliveryOutcome::Retry { .. } | DeliveryOutcome::Failed { .. } => {
                Ok(())
            }
        }
    }

    async fn add_reason(&mut self, id: DeliveryId, reason: HoldReason) -> Result<(), StoreError> {
        let text: String = query_scalar("SELECT reasons FROM deliveries WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(self.connection())
            .await?;
        let mut reasons = reasons_of(&text)?;
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        let done = query("UPDATE deliveries SET reasons = $1 WHERE id = $2")
            .bind(reasons_text(&reasons)?)
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)
    }

    /// A mail ends with its last delivery: as returned when nothing of it went out.
    pub(super) async fn end_if_finished(
        &mut self,
        mail: OutboundId,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = query(
            "SELECT count(*) FILTER (WHERE state IN ('waiting', 'held')) AS open,
                 count(*) FILTER (WHERE state IN ('sent', 'failed')) AS tried
             FROM deliveries WHERE mail = $1",
        )
        .bind(blob(mail.0))
        .fetch_one(self.connection())
        .await?;
        let (open, tried): (i64, i64) = (row.try_get("open")?, row.try_get("tried")?);
        if open > 0 {
            return Ok(());
        }
        if tried == 0 {
            return self.set_outbound(mail, OutboundState::Returned).await;
        }
        self.set_outbound(mail, OutboundState::Done).await?;
        self.audit(actor, "outbound.done", mail, now).await
    }
}

/// Mail domains are the same in either case, and so are local parts wherever they matter here.
fn correspondent(keys: &Keys, address: &str) -> KeyedHash {
    keys.hash(IndexedAs::Correspondent, address.to_lowercase().as_bytes())
}

fn release_word(release: Release) -> &'static str {
    match release {
        Release::Pass => "pass",
        Release::Redact => "redact",
    }
}

fn release_of(text: Option<&str>) -> Result<Option<Release>, StoreError> {
    match text {
        None => Ok(None),
        Some("pass") => Ok(Some(Release::Pass)),
        Some("redact") => Ok(Some(Release::Redact)),
        Some(_) => Err(StoreError::Corrupt("a delivery has an unknown release")),
    }
}

fn route_word(route: MailRoute) -> &'static str {
    match route {
        MailRoute::Cjsm => "cjsm",
        MailRoute::Ordinary => "ordinary",
    }
}

pub(super) fn route_of(text: &str) -> Result<MailRoute, StoreError> {
    match text {
        "cjsm" => Ok(MailRoute::Cjsm),
        "ordinary" => Ok(MailRoute::Ordinary),
        _ => Err(StoreError::Corrupt("a delivery has an unknown route")),
    }
}

fn action_word(action: DeliveryAction) -> &'static str {
    match action {
        DeliveryAction::Pass => "pass",
        DeliveryAction::Redact => "redact",
        DeliveryAction::Hold => "hold",
    }
}

fn action_of(text: &str) -> Result<DeliveryAction, StoreError> {
    match text {
        "pass" => Ok(DeliveryAction::Pass),
        "redact" => Ok(DeliveryAction::Redact),
        "hold" => Ok(DeliveryAction::Hold),
        _ => Err(StoreError::Corrupt("a delivery has an unknown action")),
    }
}

fn reasons_text(reasons: &[HoldReason]) -> Result<String, StoreError> {
    serde_json::to_string(reasons).map_err(|_| StoreError::Corrupt("reasons cannot be written"))
}

pub(super) fn reasons_of(text: &str) -> Result<Vec<HoldReason>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("reasons cannot be read"))
}

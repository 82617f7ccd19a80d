//! Lists of the staff pages, page by page.

use super::cases::{SUMMARY, with_sides};
use super::driver::{Connection, query, query_scalar};
use super::outbound::delivery_summary;
use super::{Database, blob, hash_of, instant, number};
use crate::domain::{OutboundId, Timestamp};
use crate::store::{AuditRow, CaseSummary, OutboundSummary, StoreError, Totals};

/// Columns of a mail.
const MAIL: &str = "SELECT id, received, state, notice_about FROM outbound";

/// A page of the cases, newest first.
const PAGE: &str = "ORDER BY number DESC LIMIT $1 OFFSET $2";

impl Database {
    pub(in crate::store) async fn cases_page(
        &self,
        after: u32,
        at_most: u32,
    ) -> Result<Vec<CaseSummary>, StoreError> {
        let mut tx = self.read().await?;
        let bound = |sql: String| query(sql).bind(i64::from(at_most)).bind(i64::from(after));
        let rows = bound(format!("{SUMMARY} {PAGE}")).fetch_all(&mut tx).await?;
        let files = bound(format!(
            "SELECT case_id, side, position FROM case_files
             WHERE case_id IN (SELECT id FROM cases {PAGE}) ORDER BY number"
        ))
        .fetch_all(&mut tx)
        .await?;
        with_sides(&rows, &files)
    }

    pub(in crate::store) async fn totals(&self) -> Result<Totals, StoreError> {
        let mut tx = self.read().await?;
        Ok(Totals {
            cases: count(&mut tx, "SELECT count(*) FROM cases").await?,
            to_review: count(
                &mut tx,
                "SELECT count(*) FROM messages
                 WHERE state IN ('held', 'read', 'unreadable') AND destroyed IS NULL",
            )
            .await?,
            unreadable: count(
                &mut tx,
                "SELECT count(*) FROM messages WHERE state = 'unreadable' AND destroyed IS NULL",
            )
            .await?,
            held_mails: count(
                &mut tx,
                "SELECT count(DISTINCT mail) FROM deliveries WHERE state = 'held'",
            )
            .await?,
            oldest_to_review: oldest(
                &mut tx,
                "SELECT min(received) FROM messages
                 WHERE state IN ('held', 'read', 'unreadable') AND destroyed IS NULL",
            )
            .await?,
            oldest_held: oldest(
                &mut tx,
                "SELECT min(received) FROM outbound
                 WHERE id IN (SELECT mail FROM deliveries WHERE state = 'held')",
            )
            .await?,
            waiting_deliveries: count(&mut tx, "SELECT count(*) FROM deliveries WHERE state = 'waiting'")
                .await?,
        })
    }

    pub(in crate::store) async fn held_outbound(
        &self,
        after: u32,
        at_most: u32,
    ) -> Result<Vec<OutboundSummary>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(format!(
            "{MAIL} WHERE id IN (SELECT mail FROM deliveries WHERE state = 'held')
             ORDER BY number LIMIT $1 OFFSET $2"
        ))
        .bind(i64::from(at_most))
        .bind(i64::from(after))
        .fetch_all(&mut tx)
        .await?;
        let mut mails = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut mail = self.mail_summary(&mut tx, row).await?;
            add_deliveries(&mut tx, &mut mail).await?;
            mails.push(mail);
        }
        Ok(mails)
    }

    pub(in crate::store) async fn outbound_summary(
        &self,
        id: OutboundId,
    ) -> Result<OutboundSummary, StoreError> {
        let mut tx = self.read().await?;
        let row = query(format!("{MAIL} WHERE id = $1"))
            .bind(blob(id.0))
            .fetch_optional(&mut tx)
            .await?
            .ok_or(StoreError::NotFound)?;
        let mut mail = self.mail_summary(&mut tx, &row).await?;
        add_deliveries(&mut tx, &mut mail).await?;
        Ok(mail)
    }

    pub(in crate::store) async fn last_audit_rows(&self, at_most: u32) -> Result<Vec<AuditRow>, StoreError> {
        let rows = query("SELECT seq, at, actor, action, record, mac FROM audit ORDER BY seq DESC LIMIT $1")
            .bind(i64::from(at_most))
            .fetch_all(&mut self.read().await?)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    seq: number(row.try_get("seq")?)?,
                    at: instant(row.try_get("at")?)?,
                    actor: row.try_get("actor")?,
                    action: row.try_get("action")?,
                    record: row.try_get("record")?,
                    mac: hash_of(row.try_get("mac")?)?,
                })
            })
            .collect()
    }
}

async fn oldest(tx: &mut Connection, sql: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let oldest: Option<i64> = query_scalar(sql).fetch_one(tx).await?;
    oldest.map(instant).transpose()
}

async fn count(tx: &mut Connection, sql: &'static str) -> Result<u64, StoreError> {
    let count: i64 = query_scalar(sql).fetch_one(tx).await?;
    number(count)
}

async fn add_deliveries(tx: &mut Connection, mail: &mut OutboundSummary) -> Result<(), StoreError> {
    let rows = query(
        "SELECT id, mail, state, route, action, reasons, attempts, last_code, if_released FROM deliveries
         WHERE mail = $1 ORDER BY number",
    )
    .bind(blob(mail.id.0))
    .fetch_all(tx)
    .await?;
    mail.deliveries = rows.iter().map(delivery_summary).collect::<Result<_, _>>()?;
    Ok(())
}

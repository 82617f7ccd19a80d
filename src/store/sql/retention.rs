//! What has outlived its term, and its destruction in small transactions, so that mail goes on being taken meanwhile.

use super::audit::DAEMON;
use super::driver::{Connection, Row, query};
use super::messages::kind_of;
use super::outbound::name as outbound_name;
use super::{Database, Write, blob, instant, one_row, uuid_of};
use crate::domain::{CaseId, MessageId, OutboundId, SubmissionAccountId, Timestamp};
use crate::store::{Deadlines, DestroyRule, Expired, StoreError, Tombstone};
use crate::vault::{RecordKind, RecordName};

/// Closed cases, oldest closing first.
const CASES: &str = "SELECT id, reference, closed FROM cases WHERE state = 'closed' AND closed < $1
     ORDER BY closed, number LIMIT $2";
/// Mail that is in no case. What nobody has decided about goes only where it refers nobody.
const MESSAGES: &str =
    "SELECT id, kind, received FROM messages WHERE destroyed IS NULL
     AND NOT EXISTS (SELECT 1 FROM filed WHERE filed.message = messages.id) AND ((kind = 'automatic' AND state IN ('read', 'filed', 'set_aside') AND received < $1)
         OR (state = 'set_aside' AND received < $2)
         OR (kind = 'enquiry' AND state = 'read' AND received < $2))
     ORDER BY number LIMIT $3";
/// Liaison mail that has ended, with every delivery told.
const LIAISON: &str =
    "SELECT id, received FROM outbound WHERE destroyed IS NULL AND state IN ('done', 'returned')
     AND received < $1 ORDER BY number LIMIT $2";

/// Accounts of people who have left.
const LEFT: &str = "SELECT id, left_on FROM accounts WHERE left_on < $1 ORDER BY left_on LIMIT $2";
/// Anonymous facts.
const STATISTICS: &str = "SELECT messages.id, received FROM messages
     JOIN record_keys ON record_keys.kind = 'facts' AND record_keys.id = messages.id
     WHERE received < $1 ORDER BY number LIMIT $2";

impl Database {
    pub(in crate::store) async fn expired(
        &self,
        deadlines: &Deadlines,
        at_most: u32,
    ) -> Result<Vec<Expired>, StoreError> {
        expired(&mut self.read().await?, deadlines, at_most).await
    }

    pub(in crate::store) async fn destroy_expired(
        &self,
        deadlines: &Deadlines,
        at_most: u32,
        now: Timestamp,
    ) -> Result<Vec<Expired>, StoreError> {
        let mut write = self.write().await?;
        // Looked for within the transaction: a case that was opened again meanwhile stays.
        let due = expired(write.connection(), deadlines, at_most).await?;
        if due.is_empty() {
            return Ok(due);
        }
        for item in &due {
            match item {
                Expired::Case { id, .. } => write.destroy(DAEMON, *id, DestroyRule::Term, now).await?,
                Expired::Message { id, .. } => {
                    let message = write.message(*id).await?;
                    write
                        .destroy_message(&message, DAEMON, DestroyRule::Term, now)
                        .await?;
                }
                Expired::LiaisonMail { id, .. } => write.destroy_liaison_mail(*id, now).await?,
                Expired::Account { id, .. } => write.remove_account(*id, now).await?,
                Expired::Statistics { id, .. } => {
                    write
                        .destroy_record(RecordName::new(RecordKind::Facts, id.0))
                        .await?;
                    write.audit(DAEMON, "facts.destroyed", id, now).await?;
                }
            }
        }
        write.commit_destruction().await?;
        Ok(due)
    }

    pub(in crate::store) async fn tombstones(&self) -> Result<Vec<Tombstone>, StoreError> {
        let rows = query(format!("{TOMBSTONE} ORDER BY at, id"))
            .fetch_all(&mut self.read().await?)
            .await?;
        rows.iter().map(tombstone).collect()
    }

    pub(in crate::store) async fn tombstones_of_case(
        &self,
        id: CaseId,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let rows = query(format!(
            "{TOMBSTONE} WHERE id = $1 OR id IN (SELECT message FROM cases WHERE id = $1)
                 OR id IN (SELECT message FROM filed WHERE case_id = $1) ORDER BY at, id"
        ))
        .bind(blob(id.0))
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter().map(tombstone).collect()
    }
}

impl Write<'_> {
    async fn destroy_liaison_mail(&mut self, id: OutboundId, now: Timestamp) -> Result<(), StoreError> {
        self.destroy_record(outbound_name(id)).await?;
        let row =
            query("UPDATE outbound SET destroyed = $1, account_hash = NULL WHERE id = $2 RETURNING received")
                .bind(now.as_microsecond())
                .bind(blob(id.0))
                .fetch_one(self.connection())
                .await?;
        let done = query(
            "INSERT INTO tombstones (id, kind, received, reason, actor, at) VALUES ($1, 'outbound', $2, $3, $4, $5)",
        )
        .bind(blob(id.0))
        .bind(row.try_get::<i64>("received")?)
        .bind(DestroyRule::Term.as_str())
        .bind(DAEMON)
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)?;
        self.audit(DAEMON, "outbound.destroyed", id, now).await
    }
}

const TOMBSTONE: &str = "SELECT id, kind, received, reason, actor, at, server_copy_gone, reference,
     (SELECT count(*) FROM server_deletions WHERE message = tombstones.id) AS copies_left FROM tombstones";

fn tombstone(row: &Row) -> Result<Tombstone, StoreError> {
    let gone: Option<i64> = row.try_get("server_copy_gone")?;
    let reference: Option<String> = row.try_get("reference")?;
    Ok(Tombstone {
        id: uuid_of(row.try_get("id")?)?,
        kind: row.try_get("kind")?,
        received: instant(row.try_get("received")?)?,
        reason: row.try_get("reason")?,
        actor: row.try_get("actor")?,
        at: instant(row.try_get("at")?)?,
        server_copy_gone: gone.map(instant).transpose()?,
        copies_left: super::number(row.try_get("copies_left")?)?,
        reference: reference.map(super::cases::reference_of).transpose()?,
    })
}

async fn expired(
    connection: &mut Connection,
    deadlines: &Deadlines,
    at_most: u32,
) -> Result<Vec<Expired>, StoreError> {
    let mut due = Vec::new();
    let left = |due: &Vec<Expired>| i64::from(at_most).saturating_sub(due.len() as i64);
    let cases = query(CASES)
        .bind(deadlines.closed.as_microsecond())
        .bind(left(&due))
        .fetch_all(connection)
        .await?;
    for row in &cases {
        due.push(Expired::Case {
            id: CaseId(uuid_of(row.try_get("id")?)?),
            reference: super::cases::reference_of(row.try_get("reference")?)?,
            since: instant(row.try_get("closed")?)?,
        });
    }
    let messages = query(MESSAGES)
        .bind(deadlines.automatic.as_microsecond())
        .bind(deadlines.enquiries.as_microsecond())
        .bind(left(&due))
        .fetch_all(connection)
        .await?;
    for row in &messages {
        let kind: Option<&str> = row.try_get("kind")?;
        due.push(Expired::Message {
            id: MessageId(uuid_of(row.try_get("id")?)?),
            kind: kind.map(kind_of).transpose()?,
            since: instant(row.try_get("received")?)?,
        });
    }
    let liaison = query(LIAISON)
        .bind(deadlines.liaison.as_microsecond())
        .bind(left(&due))
        .fetch_all(connection)
        .await?;
    for row in &liaison {
        due.push(Expired::LiaisonMail {
            id: OutboundId(uuid_of(row.try_get("id")?)?),
            since: instant(row.try_get("received")?)?,
        });
    }
    let left_accounts = query(LEFT)
        .bind(deadlines.left.as_microsecond())
        .bind(left(&due))
        .fetch_all(connection)
        .await?;
    for row in &left_accounts {
        due.push(Expired::Account {
            id: SubmissionAccountId(uuid_of(row.try_get("id")?)?),
            since: instant(row.try_get("left_on")?)?,
        });
    }
    let statistics = query(STATISTICS)
        .bind(deadlines.statistics.as_microsecond())
        .bind(left(&due))
        .fetch_all(connection)
        .await?;
    for row in &statistics {
        due.push(Expired::Statistics {
            id: MessageId(uuid_of(row.try_get("id")?)?),
            since: instant(row.try_get("received")?)?,
        });
    }
    Ok(due)
}

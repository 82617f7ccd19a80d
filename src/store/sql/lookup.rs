//! Finding cases and messages by what is known of people, and the review queue, page by page.

use super::cases::{SUMMARY, with_sides};
use super::driver::query;
use super::messages::summary;
use super::{Database, blob, uuid_of};
use crate::domain::MessageId;
use crate::store::index::lookup_values;
use crate::store::{CaseSummary, Lookup, MessageSummary, StoreError};

/// Most cases or messages that one look-up gives.
const MAX_FOUND: i64 = 200;
/// Cases on one of whose files a value stands, the oldest first where there are more.
const CASES_WITH: &str =
    "SELECT DISTINCT case_id FROM case_index JOIN case_files ON case_files.id = case_index.file
    WHERE kind = $1 AND hash = $2 ORDER BY case_id LIMIT $3";

impl Database {
    pub(in crate::store) async fn find_cases(&self, lookup: &Lookup) -> Result<Vec<CaseSummary>, StoreError> {
        let mut tx = self.read().await?;
        let mut found: Vec<CaseSummary> = Vec::new();
        for (kind, value) in lookup_values(lookup) {
            let hash = self.keys().hash(kind, value.as_bytes());
            let bound = |sql: String| {
                let query = query(sql).bind(kind.as_str()).bind(hash.to_vec());
                query.bind(MAX_FOUND)
            };
            let rows = bound(format!("{SUMMARY} WHERE id IN ({CASES_WITH}) ORDER BY number"))
                .fetch_all(&mut tx)
                .await?;
            let files = bound(format!(
                "SELECT case_id, side, position FROM case_files WHERE case_id IN ({CASES_WITH}) ORDER BY number"
            ))
            .fetch_all(&mut tx)
            .await?;
            for case in with_sides(&rows, &files)? {
                if found.iter().all(|other| other.id != case.id) {
                    found.push(case);
                }
            }
        }
        Ok(found)
    }

    pub(in crate::store) async fn find_messages(
        &self,
        lookup: &Lookup,
    ) -> Result<Vec<MessageSummary>, StoreError> {
        let mut tx = self.read().await?;
        let mut found: Vec<MessageSummary> = Vec::new();
        for (kind, value) in lookup_values(lookup) {
            let rows = query(
                "SELECT id, received, state, messages.kind, checks, unreadable FROM blind_index
                 JOIN messages ON messages.id = blind_index.message
                 WHERE blind_index.kind = $1 AND hash = $2 ORDER BY number LIMIT $3",
            )
            .bind(kind.as_str())
            .bind(self.keys().hash(kind, value.as_bytes()).to_vec())
            .bind(MAX_FOUND)
            .fetch_all(&mut tx)
            .await?;
            for row in &rows {
                let message = summary(row)?;
                if found.iter().all(|other| other.id != message.id) {
                    found.push(message);
                }
            }
        }
        Ok(found)
    }

    pub(in crate::store) async fn review_queue(
        &self,
        after: u32,
        at_most: u32,
    ) -> Result<Vec<MessageSummary>, StoreError> {
        let rows = query(
            "SELECT id, received, state, kind, checks, unreadable FROM messages
             WHERE state IN ('held', 'read', 'unreadable') AND destroyed IS NULL
             ORDER BY CASE WHEN kind IN ('consent_withdrawal', 'subject_access') THEN 0 ELSE 1 END, number
             LIMIT $1 OFFSET $2",
        )
        .bind(i64::from(at_most))
        .bind(i64::from(after))
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter().map(summary).collect()
    }

    pub(in crate::store) async fn next_to_review(
        &self,
        after: MessageId,
    ) -> Result<Option<MessageId>, StoreError> {
        const WAITING: &str = "SELECT id, number,
                 CASE WHEN kind IN ('consent_withdrawal', 'subject_access') THEN 0 ELSE 1 END AS turn
             FROM messages WHERE state IN ('held', 'read', 'unreadable') AND destroyed IS NULL";
        let row = query(format!(
            "SELECT waiting.id FROM ({WAITING}) AS waiting LEFT JOIN ({WAITING}) AS this ON this.id = $1
             WHERE this.id IS NULL OR waiting.turn > this.turn
                 OR (waiting.turn = this.turn AND waiting.number > this.number)
             ORDER BY waiting.turn, waiting.number LIMIT 1"
        ))
        .bind(blob(after.0))
        .fetch_optional(&mut self.read().await?)
        .await?;
        row.map(|row| Ok(MessageId(uuid_of(row.try_get("id")?)?)))
            .transpose()
    }

    pub(in crate::store) async fn message_ids_ending(
        &self,
        ending: &str,
    ) -> Result<Vec<MessageId>, StoreError> {
        let rows = query("SELECT id FROM messages")
            .fetch_all(&mut self.read().await?)
            .await?;
        let mut found = Vec::new();
        for row in &rows {
            let id = MessageId(uuid_of(row.try_get("id")?)?);
            if id.to_string().ends_with(ending) {
                found.push(id);
            }
        }
        Ok(found)
    }
}

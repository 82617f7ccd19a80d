//! How cases end: closing, opening again, destroying.
//!
//! Invariant: destroying takes the keys of the case and of every mail that belongs to it and to no other case, in one
//! transaction; what remains identifies nobody. The copies on the mail server follow, each with its proof.

use super::case_files::demand_staff;
use super::cases::{core_name, file_name, file_rows, reference_of};
use super::driver::{query, query_scalar};
use super::messages::{StoredMessage, demand_undecided, name as message_name};
use super::{Database, Write, blob, instant, one_row, uuid_of};
use crate::domain::{CaseId, CaseReference, CaseState, MessageId, MessageState, Offence, Timestamp};
use crate::store::{Closing, DestroyRule, EntryContent, StoreError, Viewer};

impl Database {
    pub(in crate::store) async fn close_case(
        &self,
        viewer: &Viewer,
        id: CaseId,
        closing: &Closing,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        write.close(viewer, id, closing, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn reopen_case(
        &self,
        viewer: &Viewer,
        id: CaseId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        if write.demand_content(id).await? != CaseState::Closed {
            return Err(StoreError::WrongState("the case is open already"));
        }
        let done = query(
            "UPDATE cases SET state = 'open', closed = NULL, close_reason = NULL, outcome = NULL WHERE id = $1",
        )
        .bind(blob(id.0))
        .execute(write.connection())
        .await?;
        one_row(done)?;
        write.note_on_case(viewer, id, "reopened", Some(why), now).await?;
        write.audit(&viewer.actor().0, "case.reopened", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn destroy_case(
        &self,
        viewer: &Viewer,
        id: CaseId,
        rule: DestroyRule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        write.destroy(&viewer.actor().0, id, rule, now).await?;
        write.commit_destruction().await
    }

    pub(in crate::store) async fn file_with_case(
        &self,
        viewer: &Viewer,
        message: MessageId,
        case: CaseId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        demand_undecided(write.message(message).await?.state)?;
        write.demand_content(case).await?;
        write.decide(message, MessageState::Filed, now).await?;
        let done = query("INSERT INTO filed (message, case_id) VALUES ($1, $2)")
            .bind(blob(message.0))
            .bind(blob(case.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write
            .audit(&viewer.actor().0, "message.filed", message, now)
            .await?;
        write.commit().await
    }

    pub(in crate::store) async fn set_aside(
        &self,
        viewer: &Viewer,
        message: MessageId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        demand_undecided(write.message(message).await?.state)?;
        write.decide(message, MessageState::SetAside, now).await?;
        write
            .audit(&viewer.actor().0, "message.set_aside", message, now)
            .await?;
        write.commit().await
    }
}

impl Write<'_> {
    pub(super) async fn close(
        &mut self,
        viewer: &Viewer,
        id: CaseId,
        closing: &Closing,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use crate::domain::CloseReason;
        match (closing.reason, closing.outcome) {
            (CloseReason::Completed, None) => {
                return Err(StoreError::WrongState("say what came of a completed case"));
            }
            (CloseReason::Completed, Some(_)) | (_, None) => {}
            (_, Some(_)) => {
                return Err(StoreError::WrongState("only a completed case has an outcome"));
            }
        }
        if self.demand_content(id).await? != CaseState::Open {
            return Err(StoreError::WrongState("the case is closed already"));
        }
        let done = query(
            "UPDATE cases SET state = 'closed', closed = $1, close_reason = $2, outcome = $3 WHERE id = $4",
        )
        .bind(now.as_microsecond())
        .bind(closing.reason.as_str())
        .bind(closing.outcome.map(|outcome| outcome.as_str()))
        .bind(blob(id.0))
        .execute(self.connection())
        .await?;
        one_row(done)?;
        let note = closing.note.as_ref().map(|note| note.expose_personal().as_str());
        self.note_on_case(viewer, id, "closed", note, now).await?;
        self.audit(&viewer.actor().0, "case.closed", id, now).await
    }

    pub(super) async fn note_on_case(
        &mut self,
        viewer: &Viewer,
        id: CaseId,
        kind: &'static str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = self.open_record(core_name(id)).await?;
        let content = EntryContent {
            actor: viewer.actor().0,
            change: None,
            before: None,
            document: None,
            note: note.map(str::to_owned),
        };
        self.insert_entry(&record, id, None, kind, &content, now).await?;
        Ok(())
    }

    pub(super) async fn destroy(
        &mut self,
        actor: &str,
        id: CaseId,
        rule: DestroyRule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.demand_content(id).await?;
        let row = query("SELECT reference, opened FROM cases WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(self.connection())
            .await?;
        let reference = reference_of(row.try_get("reference")?)?;
        let opened = instant(row.try_get("opened")?)?;
        for (file, _) in file_rows(self.connection(), id).await? {
            self.destroy_record(file_name(file)).await?;
            for sql in [
                "DELETE FROM case_index WHERE file = $1",
                "DELETE FROM allocations WHERE file = $1",
            ] {
                query(sql).bind(blob(file.0)).execute(self.connection()).await?;
            }
        }
        self.destroy_record(core_name(id)).await?;
        query("DELETE FROM case_entries WHERE case_id = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        let done = query("UPDATE cases SET state = 'destroyed', destroyed = $1 WHERE id = $2")
            .bind(now.as_microsecond())
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)?;
        self.destroy_messages_of(actor, id, rule, now).await?;
        self.leave_case_tombstone(id, &reference, opened, (rule, actor), now)
            .await?;
        self.audit(actor, "case.destroyed", id, now).await
    }

    async fn leave_case_tombstone(
        &mut self,
        id: CaseId,
        reference: &CaseReference,
        opened: Timestamp,
        (rule, actor): (DestroyRule, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO tombstones (id, kind, received, reason, actor, at, reference)
             VALUES ($1, 'case', $2, $3, $4, $5, $6)",
        )
        .bind(blob(id.0))
        .bind(opened.as_microsecond())
        .bind(rule.as_str())
        .bind(actor.to_owned())
        .bind(now.as_microsecond())
        .bind(reference.as_str().to_owned())
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    /// The mail that a case was made of, once no other case needs it, and what was filed with it.
    async fn destroy_messages_of(
        &mut self,
        actor: &str,
        case: CaseId,
        rule: DestroyRule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for id in self.messages_of(case).await? {
            let message = self.message(id).await?;
            self.destroy_message(&message, actor, rule, now).await?;
        }
        Ok(())
    }

    /// Messages with content that belong to this case and to no other that is not destroyed.
    async fn messages_of(&mut self, case: CaseId) -> Result<Vec<MessageId>, StoreError> {
        let ids: Vec<Vec<u8>> = query_scalar(
            "SELECT id FROM messages WHERE destroyed IS NULL AND (id IN (SELECT message FROM filed WHERE case_id = $1)
                 OR id = (SELECT message FROM cases WHERE id = $1)
                     AND NOT EXISTS (SELECT 1 FROM cases other WHERE other.message = messages.id
                         AND other.id <> $1 AND other.state <> 'destroyed'))
             ORDER BY number",
        )
        .bind(blob(case.0))
        .fetch_all(self.connection())
        .await?;
        ids.iter().map(|id| uuid_of(id).map(MessageId)).collect()
    }

    /// Destroys what a message says; the decision about it stands.
    pub(super) async fn destroy_message(
        &mut self,
        message: &StoredMessage,
        actor: &str,
        rule: DestroyRule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.wipe_message(message.id, now).await?;
        let done = query(
            "INSERT INTO tombstones (id, kind, received, reason, actor, at) VALUES ($1, 'message', $2, $3, $4, $5)",
        )
        .bind(blob(message.id.0))
        .bind(message.received.as_microsecond())
        .bind(rule.as_str())
        .bind(actor.to_owned())
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)?;
        self.audit(actor, "message.destroyed", message.id, now).await
    }

    /// Key, hashes and server copies of a message.
    pub(super) async fn wipe_message(&mut self, id: MessageId, now: Timestamp) -> Result<(), StoreError> {
        match self.destroy_record(message_name(id)).await {
            // Bytes that were never fetched have no key.
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
        self.forget_hashes(id).await?;
        let done = query("UPDATE messages SET destroyed = $1, checks = 0 WHERE id = $2")
            .bind(now.as_microsecond())
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)?;
        self.queue_all_deletions(id, now).await
    }

    /// Texts of a case as a whole that may speak of anybody.
    pub(super) async fn erase_free_texts(&mut self, case: CaseId) -> Result<(), StoreError> {
        let record = self.renew_record(core_name(case)).await?;
        let mut core = self.core(&record).await?;
        core.offence = Offence {
            summary: None,
            location: None,
            ..core.offence
        };
        core.risks = None;
        core.wishes = None;
        self.seal_core(&record, &core).await
    }

    /// The mails that a case was read from, for an erasure: they name the person. Another case of the same mail keeps it.
    pub(super) async fn destroy_source_messages(
        &mut self,
        actor: &str,
        case: CaseId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.destroy_messages_of(actor, case, DestroyRule::Order, now)
            .await
    }
}

//! What casework asks of the store: drafts, cases, files, look-ups, terms, the audit log.

use super::{
    Actor, AuditRow, CaseName, CaseSummary, Closing, Deadlines, DestroyRule, Expired, Lookup, MessageFacts,
    MessageSummary, MonitoringAnswer, NewDocument, OpenedCase, OpenedFile, OpenedMessage, SimilarMessage,
    Store, StoreError, Tombstone, Viewer,
};
use crate::domain::{
    CaseId, CaseReference, CloseReason, DraftChange, EntryId, FileChange, KnownCase, MessageId,
    ParsedMessage, PartyCorrection, Side, Timestamp,
};

impl Store {
    /// All messages, newest first, without content.
    pub async fn messages(&self) -> Result<Vec<MessageSummary>, StoreError> {
        self.database.messages().await
    }

    /// The sealed draft of a message, opened; `None` where it was not read.
    pub async fn parsed(&self, id: MessageId) -> Result<Option<ParsedMessage>, StoreError> {
        self.database.parsed(id).await
    }

    /// One message without its content.
    pub async fn message(&self, id: MessageId) -> Result<MessageSummary, StoreError> {
        self.database.message(id).await
    }

    /// The sealed draft of a message, opened for a person; the read is audited.
    pub async fn open_draft(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<ParsedMessage>, StoreError> {
        self.database.open_draft(id, actor, now).await
    }

    /// A message with all that was made of it, opened for a person; the read is audited.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where its content is destroyed.
    pub async fn open_message(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<OpenedMessage, StoreError> {
        self.database.open_message(id, actor, now).await
    }

    /// How the draft that a case was made of was corrected where it tells of this person of a side's file, in order; `number`
    /// from 1. None where the case was imported, or the person was added later.
    ///
    /// # Errors
    /// [`StoreError::StaffOnly`], [`StoreError::NotFound`].
    pub async fn party_corrections(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        number: usize,
    ) -> Result<Vec<PartyCorrection>, StoreError> {
        self.database.party_corrections(viewer, case, side, number).await
    }

    /// One transaction: these changes of a draft on which nobody has decided, with what stood there before; what it is found
    /// by follows. `seen` is how many earlier changes their author saw.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with what to do instead: nothing was changed then. [`StoreError::WrongState`].
    pub async fn correct_draft(
        &self,
        id: MessageId,
        seen: usize,
        changes: &[DraftChange],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.correct_draft(id, seen, changes, actor, now).await
    }

    /// Messages that have something of [`super::Shared`] in common with this one, and what: suggestions, oldest first.
    pub async fn similar_messages(&self, id: MessageId) -> Result<Vec<SimilarMessage>, StoreError> {
        self.database.similar_messages(id).await
    }

    /// One transaction: a case with a reference of `prefix` and the year of `now`, one sealed file per
    /// side, message `accepted`, audit.
    pub async fn accept(
        &self,
        id: MessageId,
        prefix: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(CaseId, CaseReference), StoreError> {
        self.database.accept(id, prefix, actor, now).await
    }

    /// The message that waits for a decision after this one, in the order of [`Store::review_queue`]; the first one where
    /// this one is not waiting, `None` after the last.
    pub async fn next_to_review(&self, after: MessageId) -> Result<Option<MessageId>, StoreError> {
        self.database.next_to_review(after).await
    }

    /// One transaction: wrapped key, raw, draft, blind index entries gone; tombstone left; deletion of
    /// the server copy queued; audit.
    pub async fn reject(&self, id: MessageId, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.database.reject(id, actor, now).await
    }

    /// All cases, newest first, without content.
    pub async fn cases(&self) -> Result<Vec<CaseSummary>, StoreError> {
        self.database.cases().await
    }

    /// Cases that the report on this span may count, `to` left out, without their sides: opened before its end, and neither
    /// closed nor destroyed before it began; and those that were destroyed since then.
    pub async fn cases_counted(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CaseSummary>, StoreError> {
        self.database.cases_counted(from, to).await
    }

    /// The case of this name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn case_named(&self, name: &CaseName) -> Result<CaseSummary, StoreError> {
        self.database.case_named(name).await
    }

    /// Every file of a case that this viewer has a right to, opened; each look is audited.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub async fn open_files(
        &self,
        viewer: &Viewer,
        case: CaseId,
        now: Timestamp,
    ) -> Result<Vec<OpenedFile>, StoreError> {
        self.database.open_files(viewer, case, now).await
    }

    /// One transaction: a file changes as [`CaseFileState::apply`](crate::domain::CaseFileState::apply) says, with a sealed
    /// entry of what was changed; gives the reason where the case was closed by it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with what to do instead; [`StoreError::NotFound`] where this viewer has no right to the
    /// file; [`StoreError::StaffOnly`].
    pub async fn change_file(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        change: &FileChange,
        now: Timestamp,
    ) -> Result<Option<CloseReason>, StoreError> {
        self.database.change_file(viewer, case, side, change, now).await
    }

    /// Keeps a document on a file, at most [`super::MAX_DOCUMENT`] bytes.
    ///
    /// # Errors
    /// As [`Store::change_file`].
    pub async fn add_document(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        document: &NewDocument,
        now: Timestamp,
    ) -> Result<EntryId, StoreError> {
        self.database
            .add_document(viewer, case, side, document, now)
            .await
    }

    /// A document of a file, opened; the look is audited.
    ///
    /// # Errors
    /// As [`Store::change_file`].
    pub async fn document(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        id: EntryId,
        now: Timestamp,
    ) -> Result<NewDocument, StoreError> {
        self.database.document(viewer, case, side, id, now).await
    }

    /// What belongs to a case as a whole (summary, place, risks, wishes, referrer, people on no side), for
    /// staff only; the look is audited.
    ///
    /// # Errors
    /// [`StoreError::StaffOnly`].
    pub async fn open_case_core(
        &self,
        viewer: &Viewer,
        id: CaseId,
        now: Timestamp,
    ) -> Result<OpenedCase, StoreError> {
        self.database.open_case_core(viewer, id, now).await
    }

    /// Staff close an open case.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] for a case that is not open, a completed one without an outcome, another with one.
    pub async fn close_case(
        &self,
        viewer: &Viewer,
        id: CaseId,
        closing: &Closing,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.close_case(viewer, id, closing, now).await
    }

    /// Staff open a closed case again.
    ///
    /// # Errors
    /// [`StoreError::WrongState`].
    pub async fn reopen_case(
        &self,
        viewer: &Viewer,
        id: CaseId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.reopen_case(viewer, id, why, now).await
    }

    /// One transaction: the keys of a case, its files and its mails go, with everything they are found by; the copies on
    /// the mail server are queued for deletion; a tombstone stays.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where it is destroyed already.
    pub async fn destroy_case(
        &self,
        viewer: &Viewer,
        id: CaseId,
        rule: DestroyRule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.destroy_case(viewer, id, rule, now).await
    }

    /// Staff file a message with a case: it is kept and destroyed with it.
    ///
    /// # Errors
    /// [`StoreError::WrongState`].
    pub async fn file_with_case(
        &self,
        viewer: &Viewer,
        message: MessageId,
        case: CaseId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.file_with_case(viewer, message, case, now).await
    }

    /// Staff put a message aside: it is destroyed after its term.
    ///
    /// # Errors
    /// [`StoreError::WrongState`].
    pub async fn set_aside(
        &self,
        viewer: &Viewer,
        message: MessageId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.set_aside(viewer, message, now).await
    }

    /// Cases on one of whose files this stands, at most 200.
    pub async fn find_cases(&self, lookup: &Lookup) -> Result<Vec<CaseSummary>, StoreError> {
        self.database.find_cases(lookup).await
    }

    /// Messages in whose draft this stands, at most 200 for each kind of number.
    pub async fn find_messages(&self, lookup: &Lookup) -> Result<Vec<MessageSummary>, StoreError> {
        self.database.find_messages(lookup).await
    }

    /// Messages that wait for a decision: withdrawals of consent and requests for data first, then the oldest.
    pub async fn review_queue(&self, after: u32, at_most: u32) -> Result<Vec<MessageSummary>, StoreError> {
        self.database.review_queue(after, at_most).await
    }

    /// Messages whose printed id ends so.
    pub async fn message_ids_ending(&self, ending: &str) -> Result<Vec<MessageId>, StoreError> {
        self.database.message_ids_ending(ending).await
    }

    /// What the report may know of messages that came in this span, `to` left out.
    pub async fn message_facts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<MessageFacts>, StoreError> {
        self.database.message_facts(from, to).await
    }

    /// Notes when an account's holder was given the privacy notice.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn note_privacy_notice(
        &self,
        user: &str,
        on: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.note_privacy_notice(user, on, now).await
    }

    /// The holder of an account has left: it cannot sign in, nothing is allocated to it, and its term runs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn account_left(&self, user: &str, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.database.account_left(user, actor, now).await
    }

    /// Equality monitoring: one more person of a year gave this answer. Kept as a count, apart from any name.
    pub async fn count_monitoring(&self, answer: &MonitoringAnswer) -> Result<(), StoreError> {
        self.database.count_monitoring(answer).await
    }

    /// The counts of equality monitoring.
    pub async fn monitoring(&self) -> Result<Vec<(MonitoringAnswer, u64)>, StoreError> {
        self.database.monitoring().await
    }

    /// What has outlived its term, oldest first.
    pub async fn expired(&self, deadlines: &Deadlines, at_most: u32) -> Result<Vec<Expired>, StoreError> {
        self.database.expired(deadlines, at_most).await
    }

    /// One transaction: at most so many of [`Store::expired`] are destroyed, and given back.
    pub async fn destroy_expired(
        &self,
        deadlines: &Deadlines,
        at_most: u32,
        now: Timestamp,
    ) -> Result<Vec<Expired>, StoreError> {
        self.database.destroy_expired(deadlines, at_most, now).await
    }

    /// What remains of everything that was destroyed, oldest destruction first.
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, StoreError> {
        self.database.tombstones().await
    }

    /// What remains of a case and its mails.
    pub async fn tombstones_of_case(&self, id: CaseId) -> Result<Vec<Tombstone>, StoreError> {
        self.database.tombstones_of_case(id).await
    }

    /// The people of all cases that are not destroyed, for redaction.
    pub async fn known_cases(&self) -> Result<Vec<KnownCase>, StoreError> {
        self.database.known_cases().await
    }

    /// Rows of the audit log after this one, in order.
    pub async fn audit_rows(&self, after: u64, at_most: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.database.audit_rows(after, at_most).await
    }

    /// Walks the audit chain. `Ok(rows)` when nothing was changed, left out or cut off.
    pub async fn verify_audit(&self) -> Result<u64, StoreError> {
        self.database.verify_audit().await
    }
}

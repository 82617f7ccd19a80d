//! Everything that is kept, sealed; one interface in domain types.
//!
//! Invariants: personal data enters a row only sealed by [`crate::vault`]; every change writes its audit
//! row in the same transaction; affected rows are checked. SQL stands only below this module.

mod backup;
mod case_types;
mod daemons;
mod destruction_log;
mod exchange;
mod index;
mod probe;
mod sealing;
mod sides;
mod sql;
mod staff_types;
mod types;

pub use backup::{
    BackupError, BackupSummary, MissingLog, RestoreError, RestoreOptions, RestoreSummary, RestoreTarget,
    Unfinished,
};
pub use case_types::*;
pub use daemons::{Claim, Duty, EarlierRun, HeldLease, LeaseAnswer, LeaseName, Standing};
pub use exchange::*;
pub use probe::{NoStoreProbe, StoreProbe, StoreStep};
pub use sealing::{KeySource, OsEntropy};
pub use sql::driver::{PostgresPlace, PostgresPlaceError};
pub use staff_types::*;
pub use types::*;

use crate::domain::{
    AllocatedFile, CaseId, CaseReference, CloseReason, DeliveryId, DraftChange, EmailAddress, EntryId,
    FileChange, KnownCase, MessageId, OutboundId, ParsedMessage, Personal, SessionId, Side, Source, StaffId,
    Timestamp, UnreadableReason,
};
use std::path::Path;
use std::sync::Arc;

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Arc<sql::Database>,
}

/// Inbound: ledger, messages, moves.
impl Store {
    /// Opens (and migrates) the database. The key check row tells a wrong master key at once.
    /// The destruction log is where [`DatabasePlace::destruction_log`] says.
    pub async fn open(place: &DatabasePlace, keys: MasterKeys) -> Result<Self, StoreError> {
        Self::open_logging(place, &place.destruction_log(), keys).await
    }

    /// The same with another destruction log.
    ///
    /// # Errors
    /// [`StoreError::DestructionLog`] where it cannot be read or written.
    pub async fn open_logging(
        place: &DatabasePlace,
        destruction_log: &Path,
        keys: MasterKeys,
    ) -> Result<Self, StoreError> {
        Self::open_probed(place, destruction_log, keys, Arc::new(NoStoreProbe)).await
    }

    /// The same, telling a probe of every write.
    pub async fn open_probed(
        place: &DatabasePlace,
        destruction_log: &Path,
        keys: MasterKeys,
        probe: Arc<dyn StoreProbe>,
    ) -> Result<Self, StoreError> {
        let database = Arc::new(sql::Database::open(place, destruction_log, keys, probe).await?);
        Ok(Self { database })
    }

    /// What is known of a folder: its UIDVALIDITY and the highest UID with a ledger row.
    pub async fn folder(&self, mailbox: &str, folder: &str) -> Result<Option<FolderState>, StoreError> {
        self.database.folder(mailbox, folder).await
    }

    /// Records a new UIDVALIDITY. Open ledger rows of the earlier one end as `superseded`; their mails
    /// are recognised again by their keyed raw hash.
    pub async fn adopt_uidvalidity(&self, folder: &FolderKey, now: Timestamp) -> Result<(), StoreError> {
        self.database.adopt_uidvalidity(folder, now).await
    }

    /// Gives every UID a ledger row (state `seen`); rows that exist stay as they are.
    pub async fn note_seen(
        &self,
        folder: &FolderKey,
        uids: &[SeenUid],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.note_seen(folder, uids, now).await
    }

    /// Ledger rows without an end state: `seen` ones and `stored` ones (committed, not moved), ascending.
    pub async fn open_rows(&self, folder: &FolderKey) -> Result<Vec<LedgerRow>, StoreError> {
        self.database.open_rows(folder).await
    }

    /// One transaction: ledger rows become `stored`, raw bytes are sealed, keyed hashes written. A mail
    /// whose keyed hash is known gives the known message (`already_known`), not a second one.
    pub async fn commit_batch(
        &self,
        folder: &FolderKey,
        mails: Vec<FetchedMail>,
        now: Timestamp,
    ) -> Result<Vec<CommittedMail>, StoreError> {
        self.database.commit_batch(folder, mails, now).await
    }

    /// One transaction: a mail that came from a file gets the folder's next number, and is stored; there is nothing to move.
    pub async fn commit_file(
        &self,
        folder: &FolderKey,
        raw: Personal<Vec<u8>>,
        now: Timestamp,
    ) -> Result<CommittedMail, StoreError> {
        self.database.commit_file(folder, raw, now).await
    }

    /// Counts a failed fetch of one UID; gives the new count.
    pub async fn count_attempt(&self, folder: &FolderKey, uid: u32) -> Result<u32, StoreError> {
        self.database.count_attempt(folder, uid).await
    }

    /// Ends a ledger row that will never be stored. `TooLarge` and `CannotFetch` also make a review item
    /// (a message without raw bytes, state `unreadable`).
    pub async fn end_unstored(
        &self,
        folder: &FolderKey,
        uid: u32,
        end: UnstoredEnd,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.end_unstored(folder, uid, end, now).await
    }

    /// Writes move receipts before the server is asked to move.
    pub async fn write_move_receipts(
        &self,
        receipts: &[MoveReceipt],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write_move_receipts(receipts, now).await
    }

    /// Receipts that nothing has proved yet.
    pub async fn move_receipts(&self, mailbox: &str) -> Result<Vec<MoveReceipt>, StoreError> {
        self.database.move_receipts(mailbox).await
    }

    /// The move is proved: the ledger row ends as `moved`, the receipt goes, the server copy is known
    /// (`None` where only the absence from the source folder proves it).
    pub async fn finish_move(
        &self,
        folder: &FolderKey,
        uid: u32,
        copy: Option<ServerCopy>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.finish_move(folder, uid, copy, now).await
    }

    /// The move was not carried out; the row is `stored` again and the receipt goes.
    pub async fn cancel_move(&self, folder: &FolderKey, uid: u32) -> Result<(), StoreError> {
        self.database.cancel_move(folder, uid).await
    }

    /// The message with exactly these bytes, by keyed hash.
    pub async fn message_with_raw(&self, raw: &Personal<Vec<u8>>) -> Result<Option<MessageId>, StoreError> {
        self.database.message_with_raw(raw).await
    }

    /// Arrived and accounted for, for staff and for `check`.
    pub async fn ledger_summary(&self, mailbox: &str) -> Result<LedgerSummary, StoreError> {
        self.database.ledger_summary(mailbox).await
    }

    /// Messages in state `held`, oldest first, whoever reads them.
    pub async fn held_messages(&self, at_most: u32) -> Result<Vec<MessageId>, StoreError> {
        self.database.held_messages(at_most).await
    }

    /// The sealed raw bytes, opened.
    pub async fn raw_message(&self, id: MessageId) -> Result<Personal<Vec<u8>>, StoreError> {
        self.database.raw_message(id).await
    }

    /// Whether any of these Message-IDs belongs to a message or case we know (keyed look-up).
    pub async fn knows_thread(&self, message_ids: &[String]) -> Result<bool, StoreError> {
        self.database.knows_thread(message_ids).await
    }

    /// Seals the draft, and what it was read from as staff see it; the message becomes `read`. `thread` are its own
    /// Message-ID and references.
    pub async fn save_parsed(
        &self,
        id: MessageId,
        parsed: &ParsedMessage,
        source: &Source,
        thread: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.save_parsed(id, parsed, source, thread, now).await
    }

    /// One transaction: deliveries that left under one of the report's Message-IDs, to one of its recipients, become
    /// `failed`. `false` where it is about no mail of ours: then nothing changes. Doing it again changes nothing.
    pub async fn apply_report(&self, report: &DeliveryReport, now: Timestamp) -> Result<bool, StoreError> {
        self.database.apply_report(report, now).await
    }

    /// A message that was read is `filed`: nobody has to decide about it.
    pub async fn file_message(&self, id: MessageId, now: Timestamp) -> Result<(), StoreError> {
        self.database.file_message(id, now).await
    }

    /// The message becomes a review item.
    pub async fn save_unreadable(
        &self,
        id: MessageId,
        reason: UnreadableReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.save_unreadable(id, reason, now).await
    }

    /// Server copies whose deletion is due (rejected messages).
    pub async fn due_server_deletions(&self, mailbox: &str) -> Result<Vec<ServerDeletion>, StoreError> {
        self.database.due_server_deletions(mailbox).await
    }

    /// A server copy is proved gone.
    pub async fn finish_server_deletion(&self, id: MessageId, now: Timestamp) -> Result<(), StoreError> {
        self.database.finish_server_deletion(id, now).await
    }
}

/// Casework.
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

    /// Messages that have something of [`Shared`] in common with this one, and what: suggestions, oldest first.
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

    /// Keeps a document on a file, at most [`MAX_DOCUMENT`] bytes.
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

/// Keys.
impl Store {
    /// Says where a newer generation of the master key is looked for: where a record needs one, and by
    /// [`Store::take_up_keys`].
    pub fn watch_keys(&self, source: KeySource) {
        self.database.keys().watch(source);
    }

    /// Takes up a newer generation of the master key, if its file has one: from then on it wraps new keys.
    pub fn take_up_keys(&self) -> bool {
        self.database.keys().take_up()
    }

    /// How many record keys each generation of the master key wraps, the newest first.
    pub async fn key_generations(&self) -> Result<Vec<(u32, u64)>, StoreError> {
        self.database.key_generations().await
    }

    /// Wraps every record key under the newest master key; gives how many were changed. After that, older
    /// generations may leave the key file.
    pub async fn rewrap_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.database.rewrap_keys(now).await
    }
}

/// Outbound.
impl Store {
    /// Adds or replaces a submission account; `password_hash` is a PHC string (argon2id).
    pub async fn put_account(&self, account: &SubmissionAccount, now: Timestamp) -> Result<(), StoreError> {
        self.database.put_account(account, now).await
    }

    /// Removes a submission account; `false` where there was none.
    pub async fn remove_account(&self, user: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.database.remove_account(user, now).await
    }

    /// One submission account.
    pub async fn account(&self, user: &str) -> Result<Option<SubmissionAccount>, StoreError> {
        self.database.account(user).await
    }

    /// The one submission account that sends from this address, letter case aside; `None` where there is none, or
    /// more than one.
    pub async fn account_of_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<SubmissionAccount>, StoreError> {
        self.database.account_of_address(address).await
    }

    /// All submission accounts.
    pub async fn accounts(&self) -> Result<Vec<SubmissionAccount>, StoreError> {
        self.database.accounts().await
    }

    /// Stores a submitted mail, sealed. When this returns, the 250 may be given.
    pub async fn accept_outbound(
        &self,
        mail: &SubmittedMail,
        now: Timestamp,
    ) -> Result<OutboundId, StoreError> {
        self.database.accept_outbound(mail, now).await
    }

    /// The same for a mail that was laid into the Outbox folder: the same bytes are stored once, also after a crash between
    /// this and moving the mail.
    pub async fn accept_outbound_once(
        &self,
        mail: &SubmittedMail,
        now: Timestamp,
    ) -> Result<OutboundId, StoreError> {
        self.database.accept_outbound_once(mail, now).await
    }

    /// Mails in state `accepted`, oldest first, whoever plans them.
    pub async fn unplanned_outbound(&self, at_most: u32) -> Result<Vec<OutboundId>, StoreError> {
        self.database.unplanned_outbound(at_most).await
    }

    /// A stored mail, opened.
    pub async fn outbound_mail(&self, id: OutboundId) -> Result<SubmittedMail, StoreError> {
        self.database.outbound_mail(id).await
    }

    /// One transaction: one sealed delivery row per recipient; the mail becomes `planned`.
    pub async fn save_plan(
        &self,
        id: OutboundId,
        deliveries: &[PlannedDelivery],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.save_plan(id, deliveries, now).await
    }

    /// Deliveries to be tried now that no other daemon has; they are claimed. Ours come again until their outcome is
    /// recorded.
    pub async fn due_deliveries(&self, now: Timestamp, at_most: u32) -> Result<Vec<DueDelivery>, StoreError> {
        self.database.due_deliveries(now, at_most).await
    }

    /// Records the relay's answer. The mail becomes `done` when its last delivery ends.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`] where another daemon has the delivery; that a relay took the mail is recorded all the same.
    /// [`StoreError::WrongState`] where the delivery has ended.
    pub async fn record_delivery(
        &self,
        id: DeliveryId,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.record_delivery(id, outcome, now).await
    }

    /// All outbound mails, newest first, without content.
    pub async fn outbound(&self) -> Result<Vec<OutboundSummary>, StoreError> {
        self.database.outbound().await
    }

    /// Staff release what guards hold: those deliveries wait to be sent as [`PlannedDelivery::if_released`] says. Gives how
    /// many; the rest of the mail stays as it is.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where nothing of the mail can be released.
    pub async fn release_outbound(
        &self,
        id: OutboundId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.database.release_outbound(id, actor, now).await
    }

    /// A mail as it was handed in, and what leaves, or would leave if staff released it, for each delivery in their order;
    /// opened for a person, the look is audited.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn open_outbound(
        &self,
        id: OutboundId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<OpenedOutbound, StoreError> {
        self.database.open_outbound(id, actor, now).await
    }

    /// Which of these addresses a relay took mail for before, in their order.
    pub async fn corresponded(&self, addresses: &[String]) -> Result<Vec<bool>, StoreError> {
        self.database.corresponded(addresses).await
    }

    /// Mails whose senders are to be told something, oldest first.
    pub async fn due_notices(&self, at_most: u32) -> Result<Vec<DueNotice>, StoreError> {
        self.database.due_notices(at_most).await
    }

    /// One transaction: the notice is a mail of its own with one delivery, and its news counts as told. Without a notice
    /// (there is no way to send one) it only counts as told.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`] where another daemon told it, or there is later news.
    pub async fn queue_notice(
        &self,
        about: &DueNotice,
        notice: Option<(&Personal<String>, &PlannedDelivery)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.queue_notice(about, notice, now).await
    }

    /// An account may write about one side's file of a case.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown account, [`StoreError::WrongState`] where the case has no such file.
    pub async fn allocate(
        &self,
        case: CaseId,
        side: Side,
        user: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.allocate(case, side, user, actor, now).await
    }

    /// An account may no longer write about a file; `false` where it could not before.
    ///
    /// # Errors
    /// As [`Store::allocate`].
    pub async fn take_back(
        &self,
        case: CaseId,
        side: Side,
        user: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.take_back(case, side, user, actor, now).await
    }

    /// The files an account may write about.
    pub async fn allocated_files(&self, user: &str) -> Result<Vec<AllocatedFile>, StoreError> {
        self.database.allocated_files(user).await
    }

    /// Who may write about which file of a case.
    pub async fn allocations(&self, case: CaseId) -> Result<Vec<Allocation>, StoreError> {
        self.database.allocations(case).await
    }

    /// Staff return what is held: the mail's held deliveries end as `returned`.
    pub async fn return_outbound(
        &self,
        id: OutboundId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.return_outbound(id, actor, now).await
    }
}

/// Accounts and sessions of the staff pages.
impl Store {
    /// Makes an account, or gives an existing one a new role and password; its sessions end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where a volunteer's submission account is not there.
    pub async fn put_staff(
        &self,
        account: &NewStaff,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<StaffId, StoreError> {
        self.database.put_staff(account, actor, now).await
    }

    /// Removes an account with its sessions; `false` where there was none.
    pub async fn remove_staff(&self, name: &str, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
        self.database.remove_staff(name, actor, now).await
    }

    /// Takes the second step away: it is set up anew at the next sign-in. `false` where there is no such account.
    pub async fn reset_second_step(
        &self,
        name: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.reset_second_step(name, actor, now).await
    }

    /// One account, by its name in any letter case.
    pub async fn staff(&self, name: &str) -> Result<Option<StaffAccount>, StoreError> {
        self.database.staff(name).await
    }

    /// All accounts.
    pub async fn staff_accounts(&self) -> Result<Vec<StaffAccount>, StoreError> {
        self.database.staff_accounts().await
    }

    /// A sign-in failed; `None` for a name that nobody has.
    pub async fn note_failed_sign_in(&self, id: Option<StaffId>, now: Timestamp) -> Result<(), StoreError> {
        self.database.note_failed_sign_in(id, now).await
    }

    /// The password fitted: a session that may do nothing but the second step.
    pub async fn begin_session(
        &self,
        id: StaffId,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.begin_session(id, token, now).await
    }

    /// The secret of a second step that is being set up; the same one until it is.
    pub async fn pending_secret(&self, id: StaffId, now: Timestamp) -> Result<Personal<Vec<u8>>, StoreError> {
        self.database.pending_secret(id, now).await
    }

    /// One transaction: the pending secret becomes the second step, with these recovery codes; the session goes on, complete
    /// and under a new token. `false` where it is set up already, or the session is over.
    pub async fn set_up_second_step(
        &self,
        session: &OpenSession,
        enrolment: &Enrolment,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database
            .set_up_second_step(session, enrolment, token, now)
            .await
    }

    /// One transaction: the proof is used up, and the session goes on, complete and under a new token. `false` where the proof
    /// was used before or never fitted.
    pub async fn complete_session(
        &self,
        session: &OpenSession,
        proof: &SecondProof,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.complete_session(session, proof, token, now).await
    }

    /// The session of a token with its account; `None` where there is none, or it is over.
    pub async fn session(
        &self,
        token: &SessionToken,
        terms: SessionTerms,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StoreError> {
        self.database.session(token, terms, now).await
    }

    /// Sessions of an account that are not over, oldest first.
    pub async fn sessions_of(
        &self,
        id: StaffId,
        terms: SessionTerms,
        now: Timestamp,
    ) -> Result<Vec<SessionInfo>, StoreError> {
        self.database.sessions_of(id, terms, now).await
    }

    /// Ends a session of this account; `false` where it has none of that id.
    pub async fn end_session(
        &self,
        account: &StaffAccount,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.end_session(account, session, now).await
    }
}

/// Lists of the staff pages, page by page.
impl Store {
    /// Cases, newest first.
    pub async fn cases_page(&self, after: u32, at_most: u32) -> Result<Vec<CaseSummary>, StoreError> {
        self.database.cases_page(after, at_most).await
    }

    /// How many cases there are, messages that wait for a decision, and mails of which something is held.
    pub async fn totals(&self) -> Result<Totals, StoreError> {
        self.database.totals().await
    }

    /// Outbound mails of which something is held, oldest first, without content.
    pub async fn held_outbound(&self, after: u32, at_most: u32) -> Result<Vec<OutboundSummary>, StoreError> {
        self.database.held_outbound(after, at_most).await
    }

    /// Messages that could not be read, oldest first.
    pub async fn unreadable_messages(
        &self,
        after: u32,
        at_most: u32,
    ) -> Result<Vec<MessageSummary>, StoreError> {
        self.database.unreadable_messages(after, at_most).await
    }

    /// The bytes of a message that could not be read, for a person; the look is audited.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is no such message, [`StoreError::WrongState`] where its bytes were never fetched.
    pub async fn open_unreadable(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Personal<Vec<u8>>, StoreError> {
        self.database.open_unreadable(id, actor, now).await
    }

    /// A message that could not be read waits for the worker again.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where it is no such message, or its bytes were never fetched.
    pub async fn read_again(&self, id: MessageId, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.database.read_again(id, actor, now).await
    }

    /// One outbound mail without content.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn outbound_summary(&self, id: OutboundId) -> Result<OutboundSummary, StoreError> {
        self.database.outbound_summary(id).await
    }

    /// The last rows of the audit log, newest first.
    pub async fn last_audit_rows(&self, at_most: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.database.last_audit_rows(at_most).await
    }
}

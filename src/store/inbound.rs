//! What intake asks of the store: ledger, messages, moves.

use super::{
    CommittedMail, DeliveryReport, FetchedMail, FolderKey, FolderState, LedgerRow, LedgerSummary,
    MoveReceipt, SeenUid, ServerCopy, ServerDeletion, Store, StoreError, UnstoredEnd,
};
use crate::domain::{MessageId, ParsedMessage, Personal, Source, Timestamp, UnreadableReason};

impl Store {
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

    /// Takes the last counted attempt back: it failed for a reason that has nothing to do with the message.
    pub async fn uncount_attempt(&self, folder: &FolderKey, uid: u32) -> Result<(), StoreError> {
        self.database.uncount_attempt(folder, uid).await
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

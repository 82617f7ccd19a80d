//! What outbound asks of the store: accounts, mails, deliveries, notices, allocations.

use super::{
    Actor, Allocation, DeliveryOutcome, DueDelivery, DueNotice, OpenedOutbound, OutboundSummary, OwnMail,
    PlannedDelivery, Store, StoreError, SubmissionAccount, SubmittedMail,
};
use crate::domain::{AllocatedFile, CaseId, DeliveryId, EmailAddress, OutboundId, Personal, Side, Timestamp};

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

    /// A page of what was handed in with this account and is still kept, newest first, with what became of it, and how much
    /// there is in all; audited. Mail from before version 6 of the database is not found.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such account.
    pub async fn own_mails(
        &self,
        user: &str,
        actor: &Actor,
        (after, at_most): (u32, u32),
        now: Timestamp,
    ) -> Result<(Vec<OwnMail>, u64), StoreError> {
        self.database.own_mails(user, actor, (after, at_most), now).await
    }

    /// Notes that somebody looked at what a mail from this account would become: redaction tells apart whom it knows, so a look
    /// is like a look into a file.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such account.
    pub async fn note_preview(&self, user: &str, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.database.note_preview(user, actor, now).await
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

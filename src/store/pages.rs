//! Lists of the staff pages.

use super::{Actor, AuditRow, CaseSummary, MessageSummary, OutboundSummary, Store, StoreError, Totals};
use crate::domain::{MessageId, OutboundId, Personal, Timestamp};

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

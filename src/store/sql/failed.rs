//! Messages that could not be read: the list, their bytes for a person, and another try.

use super::driver::query;
use super::messages::{RAW, name, summary};
use super::records::part;
use super::{Database, blob, one_row};
use crate::domain::{MessageId, MessageState, Personal, Timestamp};
use crate::store::{Actor, MessageSummary, StoreError};

/// Why there are no bytes.
const NEVER_FETCHED: StoreError =
    StoreError::WrongState("this mail was left in the mailbox: open it there with the mail program");

impl Database {
    pub(in crate::store) async fn unreadable_messages(
        &self,
        after: u32,
        at_most: u32,
    ) -> Result<Vec<MessageSummary>, StoreError> {
        let rows = query(
            "SELECT id, received, state, kind, checks, unreadable FROM messages
             WHERE state = 'unreadable' AND destroyed IS NULL ORDER BY number LIMIT $1 OFFSET $2",
        )
        .bind(i64::from(at_most))
        .bind(i64::from(after))
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter().map(summary).collect()
    }

    pub(in crate::store) async fn open_unreadable(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Personal<Vec<u8>>, StoreError> {
        let mut write = self.write().await?;
        if write.message(id).await?.state != MessageState::Unreadable {
            return Err(StoreError::NotFound);
        }
        let record = match write.open_record(name(id)).await {
            Err(StoreError::NotFound) => return Err(NEVER_FETCHED),
            record => record?,
        };
        let raw = part(write.connection(), &record, RAW).await?;
        let mut raw = raw.ok_or(NEVER_FETCHED)?;
        write.note_first_look(id, now).await?;
        write.audit(&actor.0, "message.saved", id, now).await?;
        write.commit().await?;
        Ok(Personal::new(std::mem::take(&mut *raw)))
    }

    pub(in crate::store) async fn read_again(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        if write.message(id).await?.state != MessageState::Unreadable {
            return Err(StoreError::WrongState(
                "this message is not one that could not be read",
            ));
        }
        match write.open_record(name(id)).await {
            Err(StoreError::NotFound) => return Err(NEVER_FETCHED),
            record => record?,
        };
        let done = query("UPDATE messages SET state = 'held', unreadable = NULL WHERE id = $1")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(&actor.0, "message.read_again", id, now).await?;
        write.commit().await
    }
}

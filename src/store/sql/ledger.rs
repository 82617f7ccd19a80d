//! The ledger: one row with an end state for every UID the server ever showed.

use super::audit::DAEMON;
use super::driver::{query, query_scalar};
use super::messages::StoredMessage;
use super::{Database, Write, blob, instant, number, one_row, uuid_of};
use crate::domain::{MessageId, MessageState, Timestamp, UnreadableReason};
use crate::store::{
    CommittedMail, FetchedMail, FolderKey, FolderState, LedgerRow, LedgerSummary, SeenUid, ServerCopy,
    StoreError, UnstoredEnd,
};
use crate::vault::IndexedAs;

const NOT_ADOPTED: StoreError =
    StoreError::WrongState("the folder has another UIDVALIDITY now; select it again and adopt it");

impl Database {
    pub(in crate::store) async fn folder(
        &self,
        mailbox: &str,
        folder: &str,
    ) -> Result<Option<FolderState>, StoreError> {
        let row = query(
            "SELECT uidvalidity, coalesce((SELECT max(l.uid) FROM ledger l WHERE l.mailbox = f.mailbox
                 AND l.folder = f.folder AND l.uidvalidity = f.uidvalidity), 0) AS highest
             FROM folders f WHERE mailbox = $1 AND folder = $2",
        )
        .bind(mailbox.to_owned())
        .bind(folder.to_owned())
        .fetch_optional(&mut self.read().await?)
        .await?;
        row.map(|row| {
            Ok(FolderState {
                uidvalidity: number(row.try_get("uidvalidity")?)?,
                highest_uid: number(row.try_get("highest")?)?,
            })
        })
        .transpose()
    }

    pub(in crate::store) async fn adopt_uidvalidity(
        &self,
        folder: &FolderKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.adopt(folder, now).await?;
        // What the server was asked to move under the old numbers is found again by its keyed hash.
        query("DELETE FROM move_receipts WHERE mailbox = $1 AND folder = $2 AND uidvalidity <> $3")
            .bind(folder.mailbox.clone())
            .bind(folder.folder.clone())
            .bind(i64::from(folder.uidvalidity))
            .execute(write.connection())
            .await?;
        write.forget_old_copies(folder).await?;
        let done = query(
            "UPDATE ledger SET state = 'superseded', ended = $1
             WHERE mailbox = $2 AND folder = $3 AND uidvalidity <> $4 AND state IN ('seen', 'stored')",
        )
        .bind(now.as_microsecond())
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .execute(write.connection())
        .await?;
        if done > 0 {
            write
                .audit(DAEMON, "folder.renumbered", folder.uidvalidity, now)
                .await?;
        }
        write.commit().await
    }

    pub(in crate::store) async fn note_seen(
        &self,
        folder: &FolderKey,
        uids: &[SeenUid],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if uids.is_empty() {
            return Ok(());
        }
        let mut write = self.write().await?;
        write.demand_adopted(folder, now).await?;
        for seen in uids {
            write.note_one(folder, seen, now).await?;
        }
        write.commit().await
    }

    pub(in crate::store) async fn open_rows(&self, folder: &FolderKey) -> Result<Vec<LedgerRow>, StoreError> {
        let rows = query(
            "SELECT uid, attempts, CASE state WHEN 'stored' THEN message END AS stored FROM ledger
             WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND state IN ('seen', 'stored') ORDER BY uid",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let stored: Option<&[u8]> = row.try_get("stored")?;
                Ok(LedgerRow {
                    uid: number(row.try_get("uid")?)?,
                    attempts: number(row.try_get("attempts")?)?,
                    stored: stored.map(uuid_of).transpose()?.map(MessageId),
                })
            })
            .collect()
    }

    pub(in crate::store) async fn commit_batch(
        &self,
        folder: &FolderKey,
        mails: Vec<FetchedMail>,
        now: Timestamp,
    ) -> Result<Vec<CommittedMail>, StoreError> {
        if mails.is_empty() {
            return Ok(Vec::new());
        }
        let mut write = self.write().await?;
        write.demand_adopted(folder, now).await?;
        let mut committed = Vec::with_capacity(mails.len());
        for mail in mails {
            committed.push(write.commit_one(folder, mail, now).await?);
        }
        write.commit().await?;
        Ok(committed)
    }

    pub(in crate::store) async fn count_attempt(
        &self,
        folder: &FolderKey,
        uid: u32,
    ) -> Result<u32, StoreError> {
        let mut write = self.write().await?;
        let attempts: i64 = query_scalar(
            "UPDATE ledger SET attempts = attempts + 1
             WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4 RETURNING attempts",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(uid))
        .fetch_one(write.connection())
        .await?;
        write.commit().await?;
        number(attempts)
    }

    pub(in crate::store) async fn uncount_attempt(
        &self,
        folder: &FolderKey,
        uid: u32,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        query(
            "UPDATE ledger SET attempts = attempts - 1
             WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4 AND attempts > 0",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(uid))
        .execute(write.connection())
        .await?;
        write.commit().await
    }

    pub(in crate::store) async fn end_unstored(
        &self,
        folder: &FolderKey,
        uid: u32,
        end: UnstoredEnd,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let row = write.ledger_row(folder, uid).await?.ok_or(StoreError::NotFound)?;
        let (state, reason) = match end {
            UnstoredEnd::Gone => ("gone", None),
            UnstoredEnd::TooLarge => ("too_large", Some(UnreadableReason::TooLarge)),
            UnstoredEnd::CannotFetch => ("cannot_fetch", Some(UnreadableReason::CannotFetch)),
        };
        if row.state == state {
            return Ok(());
        }
        if row.state != "seen" {
            return Err(StoreError::WrongState(
                "only a ledger row that was not stored can end without its bytes",
            ));
        }
        let message = match reason {
            Some(reason) => Some(write.review_item(folder, uid, &row, reason, now).await?),
            None => None,
        };
        write.set_ledger(folder, uid, state, message, Some(now)).await?;
        write.commit().await
    }

    pub(in crate::store) async fn ledger_summary(&self, mailbox: &str) -> Result<LedgerSummary, StoreError> {
        let rows = query("SELECT state, count(*) AS rows, min(seen) AS oldest FROM ledger WHERE mailbox = $1 GROUP BY state")
            .bind(mailbox.to_owned())
            .fetch_all(&mut self.read().await?)
            .await?;
        let mut summary = LedgerSummary::default();
        for row in &rows {
            let count: u64 = number(row.try_get("rows")?)?;
            let field = match row.try_get("state")? {
                "seen" => {
                    summary.oldest_seen = Some(instant(row.try_get("oldest")?)?);
                    &mut summary.seen
                }
                "stored" => &mut summary.stored,
                "moved" => &mut summary.moved,
                "gone" => &mut summary.gone,
                "too_large" => &mut summary.too_large,
                "cannot_fetch" => &mut summary.cannot_fetch,
                "superseded" => &mut summary.superseded,
                _ => return Err(StoreError::Corrupt("a ledger row has an unknown state")),
            };
            *field = count;
            summary.arrived = summary.arrived.saturating_add(count);
        }
        Ok(summary)
    }
}

/// A ledger row as it stands.
pub(super) struct Ledgered {
    pub(super) state: String,
    pub(super) message: Option<MessageId>,
    size: Option<i64>,
    internal_date: Option<i64>,
}

impl Write<'_> {
    async fn adopt(&mut self, folder: &FolderKey, now: Timestamp) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO folders (mailbox, folder, uidvalidity, adopted) VALUES ($1, $2, $3, $4)
             ON CONFLICT (mailbox, folder) DO UPDATE
             SET uidvalidity = excluded.uidvalidity, adopted = excluded.adopted",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    /// Rows are written under the adopted UIDVALIDITY only; a folder that is new here is adopted.
    pub(super) async fn demand_adopted(
        &mut self,
        folder: &FolderKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let adopted: Option<i64> =
            query_scalar("SELECT uidvalidity FROM folders WHERE mailbox = $1 AND folder = $2")
                .bind(folder.mailbox.clone())
                .bind(folder.folder.clone())
                .fetch_optional(self.connection())
                .await?;
        match adopted {
            None => self.adopt(folder, now).await,
            Some(adopted) if adopted == i64::from(folder.uidvalidity) => Ok(()),
            Some(_) => Err(NOT_ADOPTED),
        }
    }

    async fn note_one(
        &mut self,
        folder: &FolderKey,
        seen: &SeenUid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // A later look may know the size and date that the first one did not ask for.
        query(
            "INSERT INTO ledger (mailbox, folder, uidvalidity, uid, state, size, internal_date, seen)
             VALUES ($1, $2, $3, $4, 'seen', $5, $6, $7)
             ON CONFLICT (mailbox, folder, uidvalidity, uid) DO UPDATE
             SET size = coalesce(ledger.size, excluded.size),
                 internal_date = coalesce(ledger.internal_date, excluded.internal_date)
             WHERE (ledger.size IS NULL AND excluded.size IS NOT NULL)
                OR (ledger.internal_date IS NULL AND excluded.internal_date IS NOT NULL)",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(seen.uid))
        .bind(seen.size.map(|size| i64::try_from(size).unwrap_or(i64::MAX)))
        .bind(seen.internal_date)
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    pub(super) async fn ledger_row(
        &mut self,
        folder: &FolderKey,
        uid: u32,
    ) -> Result<Option<Ledgered>, StoreError> {
        let row = query(
            "SELECT state, message, size, internal_date FROM ledger
             WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(uid))
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| {
            let message: Option<&[u8]> = row.try_get("message")?;
            Ok(Ledgered {
                state: row.try_get("state")?,
                message: message.map(uuid_of).transpose()?.map(MessageId),
                size: row.try_get("size")?,
                internal_date: row.try_get("internal_date")?,
            })
        })
        .transpose()
    }

    pub(super) async fn set_ledger(
        &mut self,
        folder: &FolderKey,
        uid: u32,
        state: &'static str,
        message: Option<MessageId>,
        ended: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let done = query(
            "UPDATE ledger SET state = $1, message = $2, ended = $3
             WHERE mailbox = $4 AND folder = $5 AND uidvalidity = $6 AND uid = $7",
        )
        .bind(state)
        .bind(message.map(|id| blob(id.0)))
        .bind(ended.map(|at| at.as_microsecond()))
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(uid))
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    /// Stores one fetched mail, or finds that it is stored: the same UID again, or the same bytes.
    pub(super) async fn commit_one(
        &mut self,
        folder: &FolderKey,
        mail: FetchedMail,
        now: Timestamp,
    ) -> Result<CommittedMail, StoreError> {
        let raw = mail.raw.expose_personal();
        let row = self.ledger_row(folder, mail.uid).await?;
        if let Some(Ledgered {
            state,
            message: Some(message),
            ..
        }) = &row
            && matches!(state.as_str(), "stored" | "moved")
        {
            return Ok(CommittedMail {
                uid: mail.uid,
                message: *message,
                already_known: true,
            });
        }
        if row.is_none() {
            let size = u64::try_from(raw.len()).ok();
            let seen = SeenUid {
                uid: mail.uid,
                size,
                internal_date: mail.internal_date,
            };
            self.note_one(folder, &seen, now).await?;
        }
        let hash = self.keys().hash(IndexedAs::Raw, raw);
        let known = self.message_by_hash(&hash).await?;
        let already_known = known.is_some();
        let message = match known {
            Some(StoredMessage { id, .. }) => id,
            None => {
                self.insert_message(MessageState::Held, None, Some((&hash, raw)), now)
                    .await?
            }
        };
        self.set_ledger(folder, mail.uid, "stored", Some(message), None)
            .await?;
        let action = if already_known {
            "message.seen_again"
        } else {
            "message.stored"
        };
        self.audit(DAEMON, action, message, now).await?;
        Ok(CommittedMail {
            uid: mail.uid,
            message,
            already_known,
        })
    }

    /// The message that stands for a mail whose bytes were never fetched. After a change of UIDVALIDITY
    /// the same mail is recognised by its size and date.
    async fn review_item(
        &mut self,
        folder: &FolderKey,
        uid: u32,
        row: &Ledgered,
        reason: UnreadableReason,
        now: Timestamp,
    ) -> Result<MessageId, StoreError> {
        let known: Option<Vec<u8>> = query_scalar(
            "SELECT l.message FROM ledger l
             WHERE l.mailbox = $1 AND l.folder = $2 AND l.size = $3 AND l.internal_date = $4 AND l.uidvalidity <> $5
               AND l.state IN ('too_large', 'cannot_fetch')
               AND NOT EXISTS (SELECT 1 FROM ledger n WHERE n.message = l.message AND n.uidvalidity = $6)
             ORDER BY l.uidvalidity, l.uid LIMIT 1",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(row.size)
        .bind(row.internal_date)
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(folder.uidvalidity))
        .fetch_optional(self.connection())
        .await?;
        let id = match known {
            Some(bytes) => MessageId(uuid_of(&bytes)?),
            None => {
                let id = self
                    .insert_message(MessageState::Unreadable, Some(reason), None, now)
                    .await?;
                self.audit(DAEMON, "message.unreadable", id, now).await?;
                id
            }
        };
        // It stays where it is: that is the copy to delete if staff reject it.
        let copy = ServerCopy {
            folder: folder.folder.clone(),
            uidvalidity: folder.uidvalidity,
            uid,
        };
        self.note_server_copy(&folder.mailbox, id, Some(&copy), now)
            .await?;
        Ok(id)
    }
}

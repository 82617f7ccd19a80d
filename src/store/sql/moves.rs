//! Moves in the mailbox and deletions there.

use super::audit::DAEMON;
use super::driver::{Row, query};
use super::{Database, Write, blob, hash_of, number, one_row, uuid_of};
use crate::domain::{MessageId, Timestamp};
use crate::store::{FROM_FILES, FolderKey, MoveReceipt, ServerCopy, ServerDeletion, StoreError};

impl Database {
    pub(in crate::store) async fn write_move_receipts(
        &self,
        receipts: &[MoveReceipt],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if receipts.is_empty() {
            return Ok(());
        }
        let mut write = self.write().await?;
        for receipt in receipts {
            write.write_receipt(receipt, now).await?;
        }
        write.commit().await
    }

    pub(in crate::store) async fn move_receipts(
        &self,
        mailbox: &str,
    ) -> Result<Vec<MoveReceipt>, StoreError> {
        let rows = query(
            "SELECT mailbox, folder, uidvalidity, uid, message, target FROM move_receipts
             WHERE mailbox = $1 ORDER BY folder, uidvalidity, uid",
        )
        .bind(mailbox.to_owned())
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(MoveReceipt {
                    from: FolderKey {
                        mailbox: row.try_get("mailbox")?,
                        folder: row.try_get("folder")?,
                        uidvalidity: number(row.try_get("uidvalidity")?)?,
                    },
                    uid: number(row.try_get("uid")?)?,
                    message: MessageId(uuid_of(row.try_get("message")?)?),
                    target: row.try_get("target")?,
                })
            })
            .collect()
    }

    pub(in crate::store) async fn finish_move(
        &self,
        folder: &FolderKey,
        uid: u32,
        copy: Option<ServerCopy>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let row = write.ledger_row(folder, uid).await?.ok_or(StoreError::NotFound)?;
        let message = match (row.state.as_str(), row.message) {
            ("stored", Some(message)) => message,
            // Proved before; nothing to add.
            ("moved", Some(_)) => return Ok(()),
            _ => return Err(StoreError::WrongState("only a stored mail can have been moved")),
        };
        write
            .end_as_moved(folder, (uid, message), copy.as_ref(), now)
            .await?;
        write.commit().await
    }

    pub(in crate::store) async fn cancel_move(&self, folder: &FolderKey, uid: u32) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.delete_receipt(folder, uid).await?;
        write.commit().await
    }

    pub(in crate::store) async fn due_server_deletions(
        &self,
        mailbox: &str,
    ) -> Result<Vec<ServerDeletion>, StoreError> {
        // One at a time per message: finishing names the message only.
        let rows = query(
            "SELECT d.message, d.copy_folder, d.copy_uidvalidity, d.copy_uid, m.raw_hash
             FROM server_deletions d JOIN messages m ON m.id = d.message
             WHERE d.mailbox = $1 AND NOT EXISTS (SELECT 1 FROM server_deletions e
                 WHERE e.mailbox = d.mailbox AND e.message = d.message AND e.number < d.number)
             ORDER BY d.number",
        )
        .bind(mailbox.to_owned())
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter().map(deletion).collect()
    }

    pub(in crate::store) async fn finish_server_deletion(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let first = query(
            "SELECT number, mailbox, copy_folder, copy_uidvalidity, copy_uid FROM server_deletions
             WHERE message = $1 ORDER BY number LIMIT 1",
        )
        .bind(blob(id.0))
        .fetch_optional(write.connection())
        .await?
        .ok_or(StoreError::NotFound)?;
        query(
            "DELETE FROM server_copies WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4",
        )
        .bind(first.try_get::<String>("mailbox")?)
        .bind(first.try_get::<Option<String>>("copy_folder")?)
        .bind(first.try_get::<Option<i64>>("copy_uidvalidity")?)
        .bind(first.try_get::<Option<i64>>("copy_uid")?)
        .execute(write.connection())
        .await?;
        let done = query("DELETE FROM server_deletions WHERE number = $1")
            .bind(first.try_get::<i64>("number")?)
            .execute(write.connection())
            .await?;
        one_row(done)?;
        query(
            "UPDATE tombstones SET server_copy_gone = $1 WHERE id = $2
             AND NOT EXISTS (SELECT 1 FROM server_deletions WHERE message = tombstones.id)",
        )
        .bind(now.as_microsecond())
        .bind(blob(id.0))
        .execute(write.connection())
        .await?;
        write
            .audit(DAEMON, "message.server_copy_deleted", id, now)
            .await?;
        write.commit().await
    }
}

fn deletion(row: &Row) -> Result<ServerDeletion, StoreError> {
    let place: (Option<String>, Option<i64>, Option<i64>) = (
        row.try_get("copy_folder")?,
        row.try_get("copy_uidvalidity")?,
        row.try_get("copy_uid")?,
    );
    let copy = match place {
        (Some(folder), Some(uidvalidity), Some(uid)) => Some(ServerCopy {
            folder,
            uidvalidity: number(uidvalidity)?,
            uid: number(uid)?,
        }),
        _ => None,
    };
    let raw_hash: Option<&[u8]> = row.try_get("raw_hash")?;
    Ok(ServerDeletion {
        message: MessageId(uuid_of(row.try_get("message")?)?),
        copy,
        raw_hash: raw_hash
            .map(hash_of)
            .transpose()?
            .unwrap_or(ServerDeletion::NEVER_FETCHED),
    })
}

impl Write<'_> {
    /// A stored mail is where it belongs: its ledger row ends.
    pub(super) async fn end_as_moved(
        &mut self,
        folder: &FolderKey,
        (uid, message): (u32, MessageId),
        copy: Option<&ServerCopy>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.set_ledger(folder, uid, "moved", Some(message), Some(now))
            .await?;
        self.delete_receipt(folder, uid).await?;
        self.note_server_copy(&folder.mailbox, message, copy, now).await?;
        self.audit(DAEMON, "message.moved", message, now).await
    }

    async fn write_receipt(&mut self, receipt: &MoveReceipt, now: Timestamp) -> Result<(), StoreError> {
        let row = self
            .ledger_row(&receipt.from, receipt.uid)
            .await?
            .ok_or(StoreError::NotFound)?;
        if row.state != "stored" || row.message != Some(receipt.message) {
            return Err(StoreError::WrongState("only a stored mail may be moved"));
        }
        let done = query(
            "INSERT INTO move_receipts (mailbox, folder, uidvalidity, uid, message, target, written)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (mailbox, folder, uidvalidity, uid) DO UPDATE
             SET message = excluded.message, target = excluded.target, written = excluded.written",
        )
        .bind(receipt.from.mailbox.clone())
        .bind(receipt.from.folder.clone())
        .bind(i64::from(receipt.from.uidvalidity))
        .bind(i64::from(receipt.uid))
        .bind(blob(receipt.message.0))
        .bind(receipt.target.clone())
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    async fn delete_receipt(&mut self, folder: &FolderKey, uid: u32) -> Result<(), StoreError> {
        query(
            "DELETE FROM move_receipts WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .bind(i64::from(uid))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The folder has a new UIDVALIDITY: copies known under the old one must be looked for by keyed hash.
    /// Where there is none, the new scan meets the mail again and notes its new place.
    pub(super) async fn forget_old_copies(&mut self, folder: &FolderKey) -> Result<(), StoreError> {
        const OLD_COPIES: [&str; 3] = [
            "DELETE FROM server_copies WHERE mailbox = $1 AND folder = $2 AND uidvalidity <> $3",
            "DELETE FROM server_deletions WHERE mailbox = $1 AND copy_folder = $2 AND copy_uidvalidity <> $3
                AND message IN (SELECT id FROM messages WHERE raw_hash IS NULL)",
            "UPDATE server_deletions SET copy_folder = NULL, copy_uidvalidity = NULL, copy_uid = NULL
                WHERE mailbox = $1 AND copy_folder = $2 AND copy_uidvalidity <> $3",
        ];
        for sql in OLD_COPIES {
            query(sql)
                .bind(folder.mailbox.clone())
                .bind(folder.folder.clone())
                .bind(i64::from(folder.uidvalidity))
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Notes where the server keeps a copy. Of a message that was destroyed meanwhile, it must go too.
    pub(super) async fn note_server_copy(
        &mut self,
        mailbox: &str,
        message: MessageId,
        copy: Option<&ServerCopy>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(copy) = copy {
            query(
                "INSERT INTO server_copies (mailbox, folder, uidvalidity, uid, message) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (mailbox, folder, uidvalidity, uid) DO UPDATE SET message = excluded.message",
            )
            .bind(mailbox.to_owned())
            .bind(copy.folder.clone())
            .bind(i64::from(copy.uidvalidity))
            .bind(i64::from(copy.uid))
            .bind(blob(message.0))
            .execute(self.connection())
            .await?;
        }
        if mailbox != FROM_FILES && self.message(message).await?.is_destroyed {
            self.queue_deletion(mailbox, message, copy, now).await?;
        }
        Ok(())
    }

    async fn queue_deletion(
        &mut self,
        mailbox: &str,
        message: MessageId,
        copy: Option<&ServerCopy>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO server_deletions (mailbox, message, copy_folder, copy_uidvalidity, copy_uid, queued)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(mailbox.to_owned())
        .bind(blob(message.0))
        .bind(copy.map(|c| c.folder.clone()))
        .bind(copy.map(|c| i64::from(c.uidvalidity)))
        .bind(copy.map(|c| i64::from(c.uid)))
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)?;
        query("UPDATE tombstones SET server_copy_gone = NULL WHERE id = $1")
            .bind(blob(message.0))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Queues the deletion of every copy a message has; in a mailbox that showed it but where no copy is
    /// known, one that must be looked for.
    pub(super) async fn queue_all_deletions(
        &mut self,
        message: MessageId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO server_deletions (mailbox, message, copy_folder, copy_uidvalidity, copy_uid, queued)
             SELECT mailbox, message, folder, uidvalidity, uid, $1 FROM server_copies WHERE message = $2
             UNION ALL
             SELECT DISTINCT l.mailbox, l.message, CAST(NULL AS TEXT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), $1
             FROM ledger l WHERE l.message = $2 AND l.mailbox <> $3
                 AND NOT EXISTS (SELECT 1 FROM server_copies c
                     WHERE c.message = l.message AND c.mailbox = l.mailbox)",
        )
        .bind(now.as_microsecond())
        .bind(blob(message.0))
        .bind(FROM_FILES)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

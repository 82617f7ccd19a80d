//! Mail from files: the same ledger, and numbers that are given here.

use super::driver::query_scalar;
use super::{Database, number};
use crate::domain::{Personal, Timestamp};
use crate::store::{CommittedMail, FetchedMail, FolderKey, StoreError};

impl Database {
    /// Several commands may take files in at the same time: a number is given in the transaction that uses it.
    pub(in crate::store) async fn commit_file(
        &self,
        folder: &FolderKey,
        raw: Personal<Vec<u8>>,
        now: Timestamp,
    ) -> Result<CommittedMail, StoreError> {
        let mut write = self.write().await?;
        write.demand_adopted(folder, now).await?;
        let last: i64 = query_scalar(
            "SELECT coalesce(max(uid), 0) FROM ledger WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3",
        )
        .bind(folder.mailbox.clone())
        .bind(folder.folder.clone())
        .bind(i64::from(folder.uidvalidity))
        .fetch_one(write.connection())
        .await?;
        let mail = FetchedMail {
            uid: number(last.saturating_add(1))?,
            raw,
            internal_date: None,
        };
        let committed = write.commit_one(folder, mail, now).await?;
        let row = (committed.uid, committed.message);
        write.end_as_moved(folder, row, None, now).await?;
        write.commit().await?;
        Ok(committed)
    }
}

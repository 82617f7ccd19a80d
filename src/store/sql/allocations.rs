//! Which case files an account may write about.

use super::cases::{side_columns, side_of};
use super::driver::{query, query_scalar};
use super::{Database, blob};
use crate::domain::{AllocatedFile, CaseFileId, CaseId, Side, Timestamp};
use crate::store::{Actor, Allocation, StoreError};

impl Database {
    pub(in crate::store) async fn allocate(
        &self,
        case: CaseId,
        side: Side,
        user: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let account = write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        let file = write.file_of(case, side).await?;
        query("INSERT INTO allocations (file, account, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(blob(file.0))
            .bind(blob(account.0))
            .bind(now.as_microsecond())
            .execute(write.connection())
            .await?;
        write.audit(&actor.0, "case_file.allocated", file, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn take_back(
        &self,
        case: CaseId,
        side: Side,
        user: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let account = write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        let file = write.file_of(case, side).await?;
        let done = query("DELETE FROM allocations WHERE file = $1 AND account = $2")
            .bind(blob(file.0))
            .bind(blob(account.0))
            .execute(write.connection())
            .await?;
        if done == 0 {
            return Ok(false);
        }
        write.audit(&actor.0, "case_file.taken_back", file, now).await?;
        write.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn allocated_files(
        &self,
        user: &str,
    ) -> Result<Vec<AllocatedFile>, StoreError> {
        let mut tx = self.read().await?;
        let Some(account) = self.account_id(&mut tx, user).await? else {
            return Ok(Vec::new());
        };
        let rows = query(
            "SELECT reference, side, position FROM allocations
             JOIN case_files ON case_files.id = allocations.file
             JOIN cases ON cases.id = case_files.case_id
             WHERE account = $1 AND cases.state <> 'destroyed' ORDER BY case_files.number",
        )
        .bind(blob(account.0))
        .fetch_all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AllocatedFile {
                    reference: row.try_get("reference")?,
                    side: side_of(row.try_get("side")?, row.try_get("position")?)?,
                })
            })
            .collect()
    }

    pub(in crate::store) async fn allocations(&self, case: CaseId) -> Result<Vec<Allocation>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT account, side, position FROM allocations
             JOIN case_files ON case_files.id = allocations.file
             WHERE case_id = $1 ORDER BY case_files.number, since",
        )
        .bind(blob(case.0))
        .fetch_all(&mut tx)
        .await?;
        let mut allocations = Vec::with_capacity(rows.len());
        for row in &rows {
            let user = self.user_of(&mut tx, row.try_get("account")?).await?;
            let side = side_of(row.try_get("side")?, row.try_get("position")?)?;
            allocations.push(Allocation { side, user });
        }
        Ok(allocations)
    }
}

impl super::Write<'_> {
    async fn file_of(&mut self, case: CaseId, side: Side) -> Result<CaseFileId, StoreError> {
        let (side, position) = side_columns(side);
        let id: Option<Vec<u8>> =
            query_scalar("SELECT id FROM case_files WHERE case_id = $1 AND side = $2 AND position = $3")
                .bind(blob(case.0))
                .bind(side)
                .bind(position)
                .fetch_optional(self.connection())
                .await?;
        let id = id.ok_or(StoreError::WrongState("the case has no file of this side"))?;
        super::uuid_of(&id).map(CaseFileId)
    }
}

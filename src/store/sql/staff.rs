//! Accounts for the staff pages. Everything but the keyed hash of the name is sealed.

use super::driver::{Connection, query, query_scalar};
use super::records::{json_part, open_record, part};
use super::{Database, Write, blob, one_row, uuid_of};
use crate::domain::{Personal, StaffId, Timestamp};
use crate::store::sealing::{OsEntropy, Record, new_id};
use crate::store::{Actor, DAEMON, NewStaff, OpenSession, StaffAccount, StaffRole, StoreError};
use crate::vault::{Entropy, IndexedAs, RecordKind, RecordName};
use serde::{Deserialize, Serialize};

/// Bytes of an authenticator's secret (RFC 4226 recommends 160 bits).
const SECRET_BYTES: usize = 20;
/// The [`Content`].
const CONTENT: &str = "account";
/// The secret of the second step.
pub(super) const SECOND_STEP: &str = "second_step";
/// The secret of a second step that is being set up.
pub(super) const PENDING: &str = "pending_second_step";

#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    role: StaffRole,
    password_hash: String,
}

pub(super) fn name(id: StaffId) -> RecordName {
    RecordName::new(RecordKind::Staff, id.0)
}

impl Database {
    pub(in crate::store) async fn put_staff(
        &self,
        account: &NewStaff,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<StaffId, StoreError> {
        let mut write = self.write().await?;
        if let StaffRole::Volunteer { user } = &account.role {
            write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        }
        let hash = self.name_hash(&account.name);
        let (id, record) = match staff_by_hash(write.connection(), &hash).await? {
            Some(id) => {
                write.end_sessions(id).await?;
                (id, write.open_record(name(id)).await?)
            }
            None => {
                let id = StaffId(new_id(now)?);
                (id, write.create_record(name(id)).await?)
            }
        };
        let done = query(
            "INSERT INTO staff (id, name_hash, changed) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET changed = excluded.changed",
        )
        .bind(blob(id.0))
        .bind(hash.to_vec())
        .bind(now.as_microsecond())
        .execute(write.connection())
        .await?;
        one_row(done)?;
        let content = Content {
            name: account.name.clone(),
            role: account.role.clone(),
            password_hash: account.password_hash.clone(),
        };
        let sealed = record.seal_json(CONTENT, &content)?;
        write.put_part(&record, CONTENT, sealed).await?;
        write.audit(&actor.0, "staff.set", id, now).await?;
        write.commit().await?;
        Ok(id)
    }

    pub(in crate::store) async fn change_password(
        &self,
        session: &OpenSession,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let account = &session.account;
        let mut write = self.write().await?;
        let record = write.open_record(name(account.id)).await?;
        let content = Content {
            name: account.name.clone(),
            role: account.role.clone(),
            password_hash: password_hash.to_owned(),
        };
        let sealed = record.seal_json(CONTENT, &content)?;
        write.put_part(&record, CONTENT, sealed).await?;
        query("DELETE FROM staff_sessions WHERE staff = $1 AND id <> $2")
            .bind(blob(account.id.0))
            .bind(blob(session.info.id.0))
            .execute(write.connection())
            .await?;
        write
            .audit(&account.name, "staff.password_changed", account.id, now)
            .await?;
        write.commit().await
    }

    pub(in crate::store) async fn remove_staff(
        &self,
        staff: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let Some(id) = write.staff_id(staff).await? else {
            return Ok(false);
        };
        write.end_sessions(id).await?;
        write.forget_recovery(id).await?;
        write.destroy_record(name(id)).await?;
        let done = query("DELETE FROM staff WHERE id = $1")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(&actor.0, "staff.removed", id, now).await?;
        write.commit_destruction().await?;
        Ok(true)
    }

    pub(in crate::store) async fn reset_second_step(
        &self,
        staff: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let Some(id) = write.staff_id(staff).await? else {
            return Ok(false);
        };
        write.end_sessions(id).await?;
        write.forget_recovery(id).await?;
        write.drop_part(id, SECOND_STEP).await?;
        write.drop_part(id, PENDING).await?;
        write.audit(&actor.0, "staff.second_step_reset", id, now).await?;
        write.commit_destruction().await?;
        Ok(true)
    }

    pub(in crate::store) async fn staff(&self, staff: &str) -> Result<Option<StaffAccount>, StoreError> {
        let mut tx = self.read().await?;
        match staff_by_hash(&mut tx, &self.name_hash(staff)).await? {
            Some(id) => self.open_staff(&mut tx, id).await.map(Some),
            None => Ok(None),
        }
    }

    pub(in crate::store) async fn staff_accounts(&self) -> Result<Vec<StaffAccount>, StoreError> {
        let mut tx = self.read().await?;
        let ids: Vec<Vec<u8>> = query_scalar("SELECT id FROM staff ORDER BY id")
            .fetch_all(&mut tx)
            .await?;
        let mut accounts = Vec::with_capacity(ids.len());
        for id in ids {
            accounts.push(self.open_staff(&mut tx, StaffId(uuid_of(&id)?)).await?);
        }
        Ok(accounts)
    }

    /// Known and unknown names take the same work.
    pub(in crate::store) async fn note_failed_sign_in(
        &self,
        id: Option<StaffId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = id.map_or_else(|| "no account".to_owned(), |id| id.to_string());
        let mut write = self.write().await?;
        write.audit(DAEMON, "staff.sign_in_failed", record, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn pending_secret(
        &self,
        id: StaffId,
        now: Timestamp,
    ) -> Result<Personal<Vec<u8>>, StoreError> {
        let mut write = self.write().await?;
        let record = write.open_record(name(id)).await?;
        if let Some(mut pending) = part(write.connection(), &record, PENDING).await? {
            return Ok(Personal::new(std::mem::take(&mut *pending)));
        }
        let mut secret = vec![0; SECRET_BYTES];
        OsEntropy.fill(&mut secret)?;
        let sealed = record.seal(PENDING, &secret)?;
        write.put_part(&record, PENDING, sealed).await?;
        write.audit(DAEMON, "staff.second_step_begun", id, now).await?;
        write.commit().await?;
        Ok(Personal::new(secret))
    }

    pub(super) async fn open_staff(
        &self,
        connection: &mut Connection,
        id: StaffId,
    ) -> Result<StaffAccount, StoreError> {
        let record = open_record(connection, self.keys(), name(id)).await?;
        let content: Content = json_part(connection, &record, CONTENT)
            .await?
            .ok_or(StoreError::Tampered)?;
        let secret = part(connection, &record, SECOND_STEP).await?;
        Ok(StaffAccount {
            id,
            name: content.name,
            role: content.role,
            password_hash: content.password_hash,
            second_step: secret.map(|mut secret| Personal::new(std::mem::take(&mut *secret))),
        })
    }

    fn name_hash(&self, name: &str) -> [u8; 32] {
        self.keys()
            .hash(IndexedAs::StaffName, name.trim().to_lowercase().as_bytes())
    }
}

impl Write<'_> {
    async fn staff_id(&mut self, name: &str) -> Result<Option<StaffId>, StoreError> {
        let hash = self.db.name_hash(name);
        staff_by_hash(self.connection(), &hash).await
    }

    async fn end_sessions(&mut self, id: StaffId) -> Result<(), StoreError> {
        query("DELETE FROM staff_sessions WHERE staff = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn forget_recovery(&mut self, id: StaffId) -> Result<(), StoreError> {
        query("DELETE FROM staff_recovery WHERE staff = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Deletes a sealed part, if it is there.
    pub(super) async fn drop_part(&mut self, id: StaffId, part: &str) -> Result<(), StoreError> {
        query("DELETE FROM sealed WHERE kind = $1 AND id = $2 AND part = $3")
            .bind(RecordKind::Staff.as_str())
            .bind(blob(id.0))
            .bind(part.to_owned())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    pub(super) async fn staff_part(
        &mut self,
        record: &Record,
        name: &str,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, StoreError> {
        part(self.connection(), record, name).await
    }
}

async fn staff_by_hash(connection: &mut Connection, hash: &[u8; 32]) -> Result<Option<StaffId>, StoreError> {
    let id: Option<Vec<u8>> = query_scalar("SELECT id FROM staff WHERE name_hash = $1")
        .bind(hash.to_vec())
        .fetch_optional(connection)
        .await?;
    Ok(id.as_deref().map(uuid_of).transpose()?.map(StaffId))
}

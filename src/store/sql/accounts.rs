//! Submission accounts. User name, address and password hash are sealed; the look-up is by keyed hash.

use super::audit::DAEMON;
use super::driver::{Connection, query, query_scalar};
use super::records::{json_part, open_record};
use super::{Database, Write, blob, one_row, uuid_of};
use crate::domain::{EmailAddress, Personal, SubmissionAccountId, Timestamp};
use crate::store::sealing::new_id;
use crate::store::{AccountRole, StoreError, SubmissionAccount};
use crate::vault::{IndexedAs, RecordKind, RecordName};
use serde::{Deserialize, Serialize};

/// The [`Content`].
const CONTENT: &str = "account";

#[derive(Serialize, Deserialize)]
struct Content {
    user: String,
    address: String,
    password_hash: String,
    #[serde(default)]
    role: AccountRole,
}

fn name(id: SubmissionAccountId) -> RecordName {
    RecordName::new(RecordKind::Account, id.0)
}

impl Database {
    pub(in crate::store) async fn put_account(
        &self,
        account: &SubmissionAccount,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let (id, record) = match write.account_id(&account.user).await? {
            Some(id) => (id, write.open_record(name(id)).await?),
            None => {
                let id = SubmissionAccountId(new_id(now)?);
                (id, write.create_record(name(id)).await?)
            }
        };
        let hash = self.keys().hash(IndexedAs::AccountUser, account.user.as_bytes());
        let done = query(
            "INSERT INTO accounts (id, user_hash, changed) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET changed = excluded.changed",
        )
        .bind(blob(id.0))
        .bind(hash.to_vec())
        .bind(now.as_microsecond())
        .execute(write.connection())
        .await?;
        one_row(done)?;
        let content = Content {
            user: account.user.clone(),
            address: account.address.expose_personal().clone(),
            password_hash: account.password_hash.clone(),
            role: account.role,
        };
        let sealed = record.seal_json(CONTENT, &content)?;
        write.put_part(&record, CONTENT, sealed).await?;
        write.audit(DAEMON, "account.set", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn remove_account(
        &self,
        user: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let Some(id) = write.account_id(user).await? else {
            return Ok(false);
        };
        query("DELETE FROM allocations WHERE account = $1")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        write.destroy_record(name(id)).await?;
        let done = query("DELETE FROM accounts WHERE id = $1")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(DAEMON, "account.removed", id, now).await?;
        write.commit_destruction().await?;
        Ok(true)
    }

    pub(in crate::store) async fn account(
        &self,
        user: &str,
    ) -> Result<Option<SubmissionAccount>, StoreError> {
        let mut tx = self.read().await?;
        match self.account_id(&mut tx, user).await? {
            Some(id) => self.open_account(&mut tx, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens every account: a service has a few dozen, and no index has to tell which addresses there are.
    pub(in crate::store) async fn account_of_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<SubmissionAccount>, StoreError> {
        let mut fitting = self.accounts().await?.into_iter().filter(|account| {
            let own = account.address.expose_personal();
            own.eq_ignore_ascii_case(address.expose_address())
        });
        let found = fitting.next();
        Ok(found.filter(|_| fitting.next().is_none()))
    }

    pub(in crate::store) async fn accounts(&self) -> Result<Vec<SubmissionAccount>, StoreError> {
        let mut tx = self.read().await?;
        let ids: Vec<Vec<u8>> = query_scalar("SELECT id FROM accounts ORDER BY id")
            .fetch_all(&mut tx)
            .await?;
        let mut accounts = Vec::with_capacity(ids.len());
        for id in ids {
            accounts.push(
                self.open_account(&mut tx, SubmissionAccountId(uuid_of(&id)?))
                    .await?,
            );
        }
        Ok(accounts)
    }

    /// The account of a user name.
    pub(super) async fn account_id(
        &self,
        connection: &mut Connection,
        user: &str,
    ) -> Result<Option<SubmissionAccountId>, StoreError> {
        let hash = self.keys().hash(IndexedAs::AccountUser, user.as_bytes());
        account_by_hash(connection, &hash).await
    }

    /// The user name of an account row.
    pub(super) async fn user_of(&self, connection: &mut Connection, id: &[u8]) -> Result<String, StoreError> {
        let account = self
            .open_account(connection, SubmissionAccountId(uuid_of(id)?))
            .await?;
        Ok(account.user)
    }

    async fn open_account(
        &self,
        connection: &mut Connection,
        id: SubmissionAccountId,
    ) -> Result<SubmissionAccount, StoreError> {
        let record = open_record(connection, self.keys(), name(id)).await?;
        let content: Content = json_part(connection, &record, CONTENT)
            .await?
            .ok_or(StoreError::Tampered)?;
        Ok(SubmissionAccount {
            user: content.user,
            address: Personal::new(content.address),
            password_hash: content.password_hash,
            role: content.role,
        })
    }
}

impl Write<'_> {
    pub(super) async fn account_id(&mut self, user: &str) -> Result<Option<SubmissionAccountId>, StoreError> {
        let hash = self.keys().hash(IndexedAs::AccountUser, user.as_bytes());
        account_by_hash(self.connection(), &hash).await
    }
}

async fn account_by_hash(
    connection: &mut Connection,
    hash: &[u8; 32],
) -> Result<Option<SubmissionAccountId>, StoreError> {
    let id: Option<Vec<u8>> = query_scalar("SELECT id FROM accounts WHERE user_hash = $1")
        .bind(hash.to_vec())
        .fetch_optional(connection)
        .await?;
    Ok(id.as_deref().map(uuid_of).transpose()?.map(SubmissionAccountId))
}

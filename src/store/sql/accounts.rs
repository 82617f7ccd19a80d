//! Submission accounts. User name, address and password hash are sealed; the look-up is by keyed hash.

use super::audit::DAEMON;
use super::driver::{Connection, query, query_scalar};
use super::records::{SealedParts, json_part, open_record, sealed_parts};
use super::{Database, Write, blob, number, one_row, uuid_of};
use crate::domain::{EmailAddress, Personal, SubmissionAccountId, Timestamp};
use crate::store::sealing::new_id;
use crate::store::{AccountRole, Actor, MonitoringAnswer, StoreError, SubmissionAccount};
use crate::vault::{IndexedAs, RecordKind, RecordName};
use serde::{Deserialize, Serialize};

/// Longest category or answer of equality monitoring, in characters.
const MAX_ANSWER: usize = 60;
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
        write.remove_account(id, now).await?;
        write.commit_destruction().await?;
        Ok(true)
    }

    pub(in crate::store) async fn account(
        &self,
        user: &str,
    ) -> Result<Option<SubmissionAccount>, StoreError> {
        let mut tx = self.read().await?;
        let Some(id) = self.account_id(&mut tx, user).await? else {
            return Ok(None);
        };
        let left: Option<i64> = query_scalar("SELECT left_on FROM accounts WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(&mut tx)
            .await?;
        match left {
            Some(_) => Ok(None),
            None => self.open_account(&mut tx, id).await.map(Some),
        }
    }

    pub(in crate::store) async fn note_privacy_notice(
        &self,
        user: &str,
        on: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let id = write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        let done = query("UPDATE accounts SET privacy_notice = $1 WHERE id = $2")
            .bind(on.as_microsecond())
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(DAEMON, "account.privacy_notice", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn account_left(
        &self,
        user: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let id = write.account_id(user).await?.ok_or(StoreError::NotFound)?;
        let done = query("UPDATE accounts SET left_on = coalesce(left_on, $1) WHERE id = $2")
            .bind(now.as_microsecond())
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.forget_allocations(id).await?;
        write.audit(&actor.0, "account.left", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn count_monitoring(
        &self,
        answer: &MonitoringAnswer,
    ) -> Result<(), StoreError> {
        for text in [&answer.category, &answer.answer] {
            if text.trim().is_empty() || text.chars().count() > MAX_ANSWER {
                return Err(StoreError::WrongState("write 1 to 60 characters"));
            }
        }
        let mut write = self.write().await?;
        let done = query(
            "INSERT INTO monitoring (year, category, answer, people) VALUES ($1, $2, $3, 1)
             ON CONFLICT (year, category, answer) DO UPDATE SET people = monitoring.people + 1",
        )
        .bind(i64::from(answer.year))
        .bind(answer.category.trim().to_owned())
        .bind(answer.answer.trim().to_owned())
        .execute(write.connection())
        .await?;
        one_row(done)?;
        write.commit().await
    }

    pub(in crate::store) async fn monitoring(&self) -> Result<Vec<(MonitoringAnswer, u64)>, StoreError> {
        let rows =
            query("SELECT year, category, answer, people FROM monitoring ORDER BY year, category, answer")
                .fetch_all(&mut self.read().await?)
                .await?;
        rows.iter()
            .map(|row| {
                let answer = MonitoringAnswer {
                    year: number(row.try_get("year")?)?,
                    category: row.try_get("category")?,
                    answer: row.try_get("answer")?,
                };
                Ok((answer, number(row.try_get("people")?)?))
            })
            .collect()
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
        let (ids, parts) = ("SELECT id FROM accounts", [CONTENT; 2]);
        let sealed = sealed_parts(&mut tx, self.keys(), RecordKind::Account, parts, ids).await?;
        let mut sealed: Vec<_> = sealed.into_iter().collect();
        sealed.sort_unstable_by_key(|(id, _)| *id);
        let account = |(_, sealed): &(_, SealedParts)| {
            let content: Content = sealed.json(CONTENT)?.ok_or(StoreError::Tampered)?;
            Ok(account_of(content))
        };
        sealed.iter().map(account).collect()
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
        Ok(account_of(content))
    }
}

fn account_of(content: Content) -> SubmissionAccount {
    SubmissionAccount {
        user: content.user,
        address: Personal::new(content.address),
        password_hash: content.password_hash,
        role: content.role,
    }
}

impl Write<'_> {
    pub(super) async fn remove_account(
        &mut self,
        id: SubmissionAccountId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.forget_allocations(id).await?;
        // Whoever has the name next has not written these mails.
        query(
            "UPDATE outbound SET account_hash = NULL
             WHERE account_hash = (SELECT user_hash FROM accounts WHERE id = $1)",
        )
        .bind(blob(id.0))
        .execute(self.connection())
        .await?;
        self.destroy_record(name(id)).await?;
        let done = query("DELETE FROM accounts WHERE id = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)?;
        self.audit(DAEMON, "account.removed", id, now).await
    }

    async fn forget_allocations(&mut self, id: SubmissionAccountId) -> Result<(), StoreError> {
        query("DELETE FROM allocations WHERE account = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        Ok(())
    }

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

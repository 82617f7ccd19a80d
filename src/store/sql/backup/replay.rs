//! What was destroyed after a backup was made is destroyed again when it is restored, and whoever withdrew, refused contact,
//! was erased or restricted since is so again.
//!
//! Invariant: a record that the log says was destroyed has no key when the restore commits. What each kind of record leaves
//! besides its key is tidied by a hook of its kind ([`Write::destroy_again`]).

use super::super::driver::{query, query_scalar};
use super::super::{Database, Write, blob, uuid_of};
use crate::domain::{MessageId, Timestamp};
use crate::store::backup::{MissingLog, RestoreError, RestoreOptions, Unfinished};
use crate::store::destruction_log::{Destroyed, Held, Limited, Lines, LogError, Step};
use crate::store::{Actor, StoreError};
use crate::vault::{RecordKind, RecordName};
use std::collections::HashSet;
use uuid::Uuid;

/// What the logs say together.
pub(super) struct Logs {
    own: Lines,
    done: Vec<Destroyed>,
    open: Vec<Destroyed>,
    limited: Vec<Limited>,
}

/// What came of it.
pub(super) struct Replayed {
    pub(super) destroyed: u64,
    pub(super) kept: u64,
    pub(super) limited: u64,
}

impl Database {
    /// Reads this database's log, and others that it wrote to elsewhere.
    pub(super) fn destruction_logs(&self, options: &RestoreOptions) -> Result<Logs, RestoreError> {
        let own = self.open.log.read().map_err(|error| log_error(None, error))?;
        let mut others = Vec::new();
        for path in &options.destruction_logs {
            let lines = self
                .open
                .log
                .read_from(path)
                .map_err(|error| log_error(Some(path.clone()), error))?;
            if !lines.is_ours {
                return Err(RestoreError::NotOurLog(path.clone()));
            }
            others.push(lines);
        }
        if !own.is_ours && others.is_empty() {
            match options.missing_log {
                MissingLog::Refuse => return Err(RestoreError::NoLog),
                MissingLog::Accept => {}
            }
        }
        Ok(together(own, others))
    }

    /// What other logs prove is written into this database's own, so that the next restore needs only that.
    pub(super) async fn adopt_logs(&self, logs: Logs, now: Timestamp) -> Result<(), StoreError> {
        let known: HashSet<RecordName> = logs.own.done.iter().map(|record| record.name).collect();
        let news = logs
            .done
            .into_iter()
            .filter(|record| !known.contains(&record.name));
        self.append(Step::Done, news.collect(), now).await?;
        let mut people = logs.limited;
        people.retain(|person| !logs.own.limited.contains(person));
        self.append_limits(people, Some(now)).await?;
        match logs.own.is_ours {
            true => Ok(()),
            false => self.append(Step::Begun, Vec::new(), now).await,
        }
    }
}

/// A destruction that one log proves is not open in another.
fn together(own: Lines, others: Vec<Lines>) -> Logs {
    let mut logs = Logs {
        done: own.done.clone(),
        open: own.open.clone(),
        limited: own.limited.clone(),
        own,
    };
    for lines in others {
        logs.done.extend(lines.done);
        logs.open.extend(lines.open);
        logs.limited.extend(lines.limited);
    }
    let proved: HashSet<RecordName> = logs.done.iter().map(|record| record.name).collect();
    logs.open.retain(|record| !proved.contains(&record.name));
    logs
}

fn log_error(path: Option<std::path::PathBuf>, error: LogError) -> RestoreError {
    match error {
        LogError::CannotRead(kind) => RestoreError::CannotReadLog { path, kind },
        LogError::Changed(line) => RestoreError::LogChanged { path, line },
    }
}

impl Write<'_> {
    pub(super) async fn replay(
        &mut self,
        logs: &Logs,
        unfinished: Unfinished,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Replayed, RestoreError> {
        let mut again: Vec<&Destroyed> = logs.done.iter().collect();
        let mut open = Vec::new();
        for record in &logs.open {
            if self.is_here(record).await? {
                open.push(record);
            }
        }
        let mut kept = 0;
        match unfinished {
            Unfinished::Refuse if !open.is_empty() => return Err(RestoreError::Unfinished(names(&open))),
            Unfinished::Refuse => {}
            Unfinished::Destroy => again.append(&mut open),
            Unfinished::Keep => {
                for record in open {
                    self.audit(&actor.0, "record.kept", record.name.id, now).await?;
                    kept += 1;
                }
            }
        }
        let mut destroyed = 0;
        for record in &again {
            if self.destroy_again(record, now).await? {
                self.audit(&actor.0, "record.destroyed_again", record.name.id, now)
                    .await?;
                destroyed += 1;
            }
        }
        for record in &again {
            self.forget_file(record.name).await?;
        }
        let mut limited = 0;
        for person in &logs.limited {
            limited += u64::from(self.limit_again(person, actor, now).await?);
        }
        Ok(Replayed {
            destroyed,
            kept,
            limited,
        })
    }

    async fn has_key(&mut self, name: RecordName) -> Result<bool, StoreError> {
        let keys: i64 = query_scalar("SELECT count(*) FROM record_keys WHERE kind = $1 AND id = $2")
            .bind(name.kind.as_str())
            .bind(blob(name.id))
            .fetch_one(self.connection())
            .await?;
        Ok(keys > 0)
    }

    /// The backup has what was to be destroyed.
    async fn is_here(&mut self, record: &Destroyed) -> Result<bool, StoreError> {
        match record.held {
            Held::Key => self.has_key(record.name).await,
            Held::Nothing => match self.message(MessageId(record.name.id)).await {
                Ok(message) => Ok(!message.is_destroyed),
                Err(StoreError::NotFound) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// Deletes a record's key with its content, and tidies what its kind leaves. `false` where nothing of it was left.
    async fn destroy_again(&mut self, record: &Destroyed, now: Timestamp) -> Result<bool, StoreError> {
        let name = record.name;
        if !self.is_here(record).await? {
            match name.kind {
                RecordKind::Message => self.remember_message(record, now).await?,
                RecordKind::CaseCore
                | RecordKind::CaseFile
                | RecordKind::Outbound
                | RecordKind::Account
                | RecordKind::Facts
                | RecordKind::Staff
                | RecordKind::Data => {}
            }
            return Ok(false);
        }
        match self.destroy_record(name).await {
            // A mail that was never fetched has no key.
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
        match name.kind {
            RecordKind::Message => self.reject_again(MessageId(name.id), now).await?,
            RecordKind::CaseCore => self.destroy_case_again(name.id, now).await?,
            RecordKind::CaseFile => {
                for sql in [
                    "DELETE FROM allocations WHERE file = $1",
                    "DELETE FROM case_index WHERE file = $1",
                    "DELETE FROM case_entries WHERE file = $1",
                ] {
                    self.run(sql, name.id).await?;
                }
            }
            RecordKind::Outbound => self.forget_mail(name.id).await?,
            RecordKind::Account => {
                self.run("DELETE FROM allocations WHERE account = $1", name.id)
                    .await?;
                self.run("DELETE FROM accounts WHERE id = $1", name.id).await?;
            }
            RecordKind::Staff => {
                for sql in [
                    "DELETE FROM staff_sessions WHERE staff = $1",
                    "DELETE FROM staff_recovery WHERE staff = $1",
                    "DELETE FROM staff WHERE id = $1",
                ] {
                    self.run(sql, name.id).await?;
                }
            }
            RecordKind::Facts | RecordKind::Data => {}
        }
        Ok(true)
    }

    async fn run(&mut self, sql: &'static str, id: Uuid) -> Result<(), StoreError> {
        query(sql).bind(blob(id)).execute(self.connection()).await?;
        Ok(())
    }

    async fn destroy_case_again(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        self.run("DELETE FROM case_entries WHERE case_id = $1", id)
            .await?;
        query("UPDATE cases SET state = 'destroyed', destroyed = $1 WHERE id = $2")
            .bind(now.as_microsecond())
            .bind(blob(id))
            .execute(self.connection())
            .await?;
        query(
            "INSERT INTO tombstones (id, kind, received, reason, actor, at, reference)
             SELECT id, 'case', opened, 'destroyed before a restore', 'referrald', $1, reference FROM cases
             WHERE id = $2 ON CONFLICT DO NOTHING",
        )
        .bind(now.as_microsecond())
        .bind(blob(id))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// As rejecting does it. What staff decided about it stands.
    async fn reject_again(&mut self, id: MessageId, now: Timestamp) -> Result<(), StoreError> {
        self.forget_hashes(id).await?;
        let received = self.message(id).await?.received;
        self.tombstone_again(id, received, now).await?;
        query(
            "UPDATE messages SET state = CASE WHEN state IN ('held', 'read', 'unreadable') THEN 'rejected' ELSE state END,
                 kind = NULL, checks = 0, unreadable = NULL, destroyed = $1 WHERE id = $2",
        )
        .bind(now.as_microsecond())
        .bind(blob(id.0))
        .execute(self.connection())
        .await?;
        self.queue_all_deletions(id, now).await
    }

    /// A mail that came and was destroyed after the backup: if it is met again, it is known as rejected.
    async fn remember_message(&mut self, record: &Destroyed, now: Timestamp) -> Result<(), StoreError> {
        let id = MessageId(record.name.id);
        let Some(hash) = record.raw_hash else {
            return Ok(());
        };
        // The id says when it came (RFC 9562, version 7).
        let stamp = id.0.get_timestamp().map(|stamp| stamp.to_unix());
        let seconds = stamp.and_then(|(seconds, _)| i64::try_from(seconds).ok());
        let received = seconds
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .unwrap_or(now);
        let done = query(
            "INSERT INTO messages (id, received, state, raw_hash, destroyed) VALUES ($1, $2, 'rejected', $3, $4)
             ON CONFLICT DO NOTHING",
        )
        .bind(blob(id.0))
        .bind(received.as_microsecond())
        .bind(hash.to_vec())
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        match done {
            0 => Ok(()),
            _ => self.tombstone_again(id, received, now).await,
        }
    }

    async fn tombstone_again(
        &mut self,
        id: MessageId,
        received: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO tombstones (id, kind, received, reason, actor, at)
             VALUES ($1, 'message', $2, 'destroyed before a restore', 'referrald', $3) ON CONFLICT DO NOTHING",
        )
        .bind(blob(id.0))
        .bind(received.as_microsecond())
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Lists of liaison mail open every mail, so one without a key goes as a whole, with the notices about it.
    async fn forget_mail(&mut self, id: Uuid) -> Result<(), StoreError> {
        let notices: Vec<Vec<u8>> = query_scalar("SELECT id FROM outbound WHERE notice_about = $1")
            .bind(blob(id))
            .fetch_all(self.connection())
            .await?;
        for notice in notices {
            let notice = uuid_of(&notice)?;
            match self
                .destroy_record(RecordName::new(RecordKind::Outbound, notice))
                .await
            {
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            }
            self.forget_rows(notice).await?;
        }
        self.forget_rows(id).await
    }

    async fn forget_rows(&mut self, mail: Uuid) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM delivery_threads WHERE delivery IN (SELECT id FROM deliveries WHERE mail = $1)",
            mail,
        )
        .await?;
        self.run("DELETE FROM deliveries WHERE mail = $1", mail).await?;
        self.run("DELETE FROM outbound WHERE id = $1", mail).await
    }

    /// A side that was destroyed alone leaves a case that is read without it; of a destroyed case the sides stay listed.
    async fn forget_file(&mut self, name: RecordName) -> Result<(), StoreError> {
        match name.kind {
            RecordKind::CaseFile => {
                self.run("DELETE FROM case_entries WHERE file = $1", name.id)
                    .await?;
                self.run(
                    "DELETE FROM case_files WHERE id = $1
                         AND case_id IN (SELECT id FROM cases WHERE state <> 'destroyed')",
                    name.id,
                )
                .await
            }
            RecordKind::Message
            | RecordKind::CaseCore
            | RecordKind::Outbound
            | RecordKind::Account
            | RecordKind::Facts
            | RecordKind::Staff
            | RecordKind::Data => Ok(()),
        }
    }
}

/// What staff are told: kinds and ids.
fn names(records: &[&Destroyed]) -> Vec<String> {
    let name = |record: &&Destroyed| format!("{} {}", record.name.kind.as_str(), record.name.id);
    records.iter().map(name).collect()
}

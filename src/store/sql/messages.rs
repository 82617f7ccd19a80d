//! Messages: sealed raw bytes and drafts, states, threads, the blind index.

use super::audit::DAEMON;
use super::cases::reference_of;
use super::driver::{Row, query, query_scalar};
use super::records::{self, json_part, open_record, part};
use super::{Database, Write, blob, instant, number, one_row, uuid_of, word};
use crate::domain::{
    AnonymousFacts, Kind, MessageId, MessageState, ParsedMessage, Personal, Source, Timestamp,
    UnreadableReason,
};
use crate::store::index::{index_values, thread_value};
use crate::store::sealing::new_id;
use crate::store::{Actor, MessageFacts, MessageSummary, Shared, SimilarMessage, StoreError};
use crate::vault::{IndexedAs, KeyedHash, RecordKind, RecordName};

/// The mail as it came.
pub(super) const RAW: &str = "raw";
/// The [`ParsedMessage`].
pub(super) const DRAFT: &str = "draft";
/// The [`Source`].
pub(super) const SOURCE: &str = "source";
/// The [`DraftEntry`]s, in order.
pub(super) const CORRECTIONS: &str = "corrections";
/// The [`AnonymousFacts`].
const FACTS: &str = "facts";
/// Message-IDs taken of one mail; more than that is not a thread.
const MAX_THREAD: usize = 200;

pub(super) fn name(id: MessageId) -> RecordName {
    RecordName::new(RecordKind::Message, id.0)
}

/// What a message's row says.
pub(super) struct StoredMessage {
    pub(super) id: MessageId,
    pub(super) state: MessageState,
    pub(super) received: Timestamp,
    pub(super) is_destroyed: bool,
}

impl Database {
    pub(in crate::store) async fn message_with_raw(
        &self,
        raw: &Personal<Vec<u8>>,
    ) -> Result<Option<MessageId>, StoreError> {
        let hash = self.keys().hash(IndexedAs::Raw, raw.expose_personal());
        let id: Option<Vec<u8>> = query_scalar("SELECT id FROM messages WHERE raw_hash = $1")
            .bind(hash.to_vec())
            .fetch_optional(&mut self.read().await?)
            .await?;
        Ok(id.as_deref().map(uuid_of).transpose()?.map(MessageId))
    }

    pub(in crate::store) async fn held_messages(&self, at_most: u32) -> Result<Vec<MessageId>, StoreError> {
        let ids: Vec<Vec<u8>> =
            query_scalar("SELECT id FROM messages WHERE state = 'held' ORDER BY number LIMIT $1")
                .bind(i64::from(at_most))
                .fetch_all(&mut self.read().await?)
                .await?;
        ids.iter().map(|id| Ok(MessageId(uuid_of(id)?))).collect()
    }

    pub(in crate::store) async fn raw_message(&self, id: MessageId) -> Result<Personal<Vec<u8>>, StoreError> {
        let mut tx = self.read().await?;
        let record = open_record(&mut tx, self.keys(), name(id)).await?;
        let mut raw = part(&mut tx, &record, RAW).await?.ok_or(StoreError::NotFound)?;
        Ok(Personal::new(std::mem::take(&mut *raw)))
    }

    pub(in crate::store) async fn knows_thread(&self, message_ids: &[String]) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        for id in message_ids.iter().take(MAX_THREAD) {
            let Some(value) = thread_value(id) else { continue };
            let known: i64 = query_scalar(
                "SELECT (SELECT count(*) FROM threads WHERE hash = $1)
                     + (SELECT count(*) FROM delivery_threads WHERE hash = $1)",
            )
            .bind(self.keys().hash(IndexedAs::Thread, value.as_bytes()).to_vec())
            .fetch_one(&mut tx)
            .await?;
            if known != 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(in crate::store) async fn save_parsed(
        &self,
        id: MessageId,
        parsed: &ParsedMessage,
        source: &Source,
        thread: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.demand_readable(id).await?;
        write
            .put_draft(id, parsed, thread, &AnonymousFacts::of(parsed))
            .await?;
        let record = write.open_record(name(id)).await?;
        let sealed = record.seal_json(SOURCE, source)?;
        write.put_part(&record, SOURCE, sealed).await?;
        write.audit(DAEMON, "message.read", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn save_unreadable(
        &self,
        id: MessageId,
        reason: UnreadableReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.demand_readable(id).await?;
        let done = query("UPDATE messages SET state = 'unreadable', unreadable = $1 WHERE id = $2")
            .bind(reason.as_str())
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(DAEMON, "message.unreadable", id, now).await?;
        write.commit().await
    }

    pub(in crate::store) async fn messages(&self) -> Result<Vec<MessageSummary>, StoreError> {
        let rows =
            query("SELECT id, received, state, kind, checks, unreadable FROM messages ORDER BY number DESC")
                .fetch_all(&mut self.read().await?)
                .await?;
        rows.iter().map(summary).collect()
    }

    pub(in crate::store) async fn message(&self, id: MessageId) -> Result<MessageSummary, StoreError> {
        let row = query("SELECT id, received, state, kind, checks, unreadable FROM messages WHERE id = $1")
            .bind(blob(id.0))
            .fetch_optional(&mut self.read().await?)
            .await?
            .ok_or(StoreError::NotFound)?;
        summary(&row)
    }

    pub(in crate::store) async fn parsed(&self, id: MessageId) -> Result<Option<ParsedMessage>, StoreError> {
        let mut tx = self.read().await?;
        let record = match open_record(&mut tx, self.keys(), name(id)).await {
            // Never fetched or destroyed; but an id that nobody knows is a mistake.
            Err(StoreError::NotFound) => return self.message(id).await.map(|_| None),
            record => record?,
        };
        json_part(&mut tx, &record, DRAFT).await
    }

    pub(in crate::store) async fn open_draft(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<ParsedMessage>, StoreError> {
        let mut write = self.write().await?;
        if write.message(id).await?.is_destroyed {
            return Err(StoreError::WrongState("the content of this message is destroyed"));
        }
        write.note_first_look(id, now).await?;
        write.audit(&actor.0, "message.opened", id, now).await?;
        let draft = write.draft(id).await?;
        write.commit().await?;
        Ok(draft)
    }

    pub(in crate::store) async fn reject(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let message = write.message(id).await?;
        demand_undecided(message.state)?;
        write.wipe_message(id, now).await?;
        write.leave_tombstone(&message, actor, now).await?;
        write.decide(id, MessageState::Rejected, now).await?;
        let done = query("UPDATE messages SET kind = NULL, unreadable = NULL WHERE id = $1")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(&actor.0, "message.rejected", id, now).await?;
        write.commit_destruction().await
    }

    pub(in crate::store) async fn message_facts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<MessageFacts>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT messages.id, received, state, first_opened, decided, generation, wrapped, bytes
             FROM messages
             LEFT JOIN record_keys ON record_keys.kind = $3 AND record_keys.id = messages.id
             LEFT JOIN sealed ON sealed.kind = $3 AND sealed.id = messages.id AND part = $4
             WHERE received >= $1 AND received < $2 ORDER BY number",
        )
        .bind(from.as_microsecond())
        .bind(to.as_microsecond())
        .bind(RecordKind::Facts.as_str())
        .bind(FACTS)
        .fetch_all(&mut tx)
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let facts = match self.facts_of(row)? {
                // An imported case: it came by no mail, so the report does not count it as received.
                Some(facts) if facts.is_empty() => continue,
                facts => facts.unwrap_or_default(),
            };
            let time = |column: &'static str| -> Result<Option<Timestamp>, StoreError> {
                row.try_get::<Option<i64>>(column)?.map(instant).transpose()
            };
            all.push(MessageFacts {
                received: instant(row.try_get("received")?)?,
                state: word(row.try_get("state")?)?,
                first_opened: time("first_opened")?,
                decided: time("decided")?,
                facts,
            });
        }
        Ok(all)
    }

    /// The facts of a message; `None` where it was not read yet, never readable, or is beyond its term.
    fn facts_of(&self, row: &Row) -> Result<Option<Vec<AnonymousFacts>>, StoreError> {
        let sealed: Option<&[u8]> = row.try_get("bytes")?;
        let has_key = row.try_get::<Option<i64>>("generation")?.is_some();
        let Some(sealed) = sealed.filter(|_| has_key) else {
            return Ok(None);
        };
        let name = RecordName::new(RecordKind::Facts, uuid_of(row.try_get("id")?)?);
        let record = self.keys().record(name, &records::wrapped_key(row)?)?;
        record.open_json(FACTS, sealed).map(Some)
    }

    pub(in crate::store) async fn similar_messages(
        &self,
        id: MessageId,
    ) -> Result<Vec<SimilarMessage>, StoreError> {
        let rows = query(
            "SELECT m.id, other.kind,
                    (SELECT c.reference FROM cases c WHERE c.message = m.id ORDER BY c.number LIMIT 1) AS reference
             FROM blind_index mine
             JOIN blind_index other ON other.kind = mine.kind AND other.hash = mine.hash
             JOIN messages m ON m.id = other.message
             WHERE mine.message = $1 AND other.message <> $1
                 AND mine.kind IN ('reference', 'person_number', 'name_and_birth', 'postcode_and_offence_date')
             GROUP BY m.number, other.kind
             ORDER BY m.number",
        )
        .bind(blob(id.0))
        .fetch_all(&mut self.read().await?)
        .await?;
        let mut similar: Vec<SimilarMessage> = Vec::new();
        for row in &rows {
            let Some(shared) = shared(row.try_get("kind")?) else {
                continue;
            };
            let message = MessageId(uuid_of(row.try_get("id")?)?);
            match similar.last_mut().filter(|last| last.message == message) {
                Some(last) => last.shared.push(shared),
                None => {
                    let case: Option<String> = row.try_get("reference")?;
                    similar.push(SimilarMessage {
                        message,
                        case: case.map(reference_of).transpose()?,
                        shared: vec![shared],
                    });
                }
            }
        }
        similar.iter_mut().for_each(|one| one.shared.sort_unstable());
        Ok(similar)
    }
}

/// What an equal hash of this kind says; a shared phone or e-mail alone says too little.
fn shared(kind: &str) -> Option<Shared> {
    [
        (IndexedAs::Reference, Shared::Reference),
        (IndexedAs::PersonNumber, Shared::PersonNumber),
        (IndexedAs::NameAndBirth, Shared::NameAndBirth),
        (IndexedAs::PostcodeAndOffenceDate, Shared::PostcodeAndOffenceDate),
    ]
    .into_iter()
    .find_map(|(indexed, shared)| (indexed.as_str() == kind).then_some(shared))
}

/// Staff decide once, on what was read or could not be read.
pub(super) fn demand_undecided(state: MessageState) -> Result<(), StoreError> {
    match state {
        MessageState::Read | MessageState::Unreadable | MessageState::SetAside => Ok(()),
        MessageState::Held => Err(StoreError::WrongState(
            "this message is waiting to be read; try again in a moment",
        )),
        MessageState::Filed => Err(StoreError::WrongState("this message was filed with a case")),
        MessageState::Accepted => Err(StoreError::WrongState(
            "this message was accepted; it belongs to a case",
        )),
        MessageState::Rejected => Err(StoreError::WrongState(
            "this message was rejected; its content is destroyed",
        )),
    }
}

pub(super) fn summary(row: &Row) -> Result<MessageSummary, StoreError> {
    let kind: Option<&str> = row.try_get("kind")?;
    let unreadable: Option<&str> = row.try_get("unreadable")?;
    Ok(MessageSummary {
        id: MessageId(uuid_of(row.try_get("id")?)?),
        received: instant(row.try_get("received")?)?,
        state: word(row.try_get("state")?)?,
        kind: kind.map(kind_of).transpose()?,
        checks: number(row.try_get("checks")?)?,
        unreadable: unreadable.map(word).transpose()?,
    })
}

pub(super) fn kind_of(text: &str) -> Result<Kind, StoreError> {
    serde_json::from_value(serde_json::Value::from(text))
        .map_err(|_| StoreError::Corrupt("a word is not one this version knows"))
}

impl Write<'_> {
    pub(super) async fn message(&mut self, id: MessageId) -> Result<StoredMessage, StoreError> {
        let row = query("SELECT id, state, received, destroyed FROM messages WHERE id = $1")
            .bind(blob(id.0))
            .fetch_optional(self.connection())
            .await?
            .ok_or(StoreError::NotFound)?;
        stored_message(&row)
    }

    pub(super) async fn message_by_hash(
        &mut self,
        hash: &KeyedHash,
    ) -> Result<Option<StoredMessage>, StoreError> {
        let row = query("SELECT id, state, received, destroyed FROM messages WHERE raw_hash = $1")
            .bind(hash.to_vec())
            .fetch_optional(self.connection())
            .await?;
        row.as_ref().map(stored_message).transpose()
    }

    pub(super) async fn draft(&mut self, id: MessageId) -> Result<Option<ParsedMessage>, StoreError> {
        let record = match self.open_record(name(id)).await {
            Err(StoreError::NotFound) => return Ok(None),
            record => record?,
        };
        records::json_part(self.connection(), &record, DRAFT).await
    }

    /// A new message row; with its bytes where they were fetched.
    pub(super) async fn insert_message(
        &mut self,
        state: MessageState,
        unreadable: Option<UnreadableReason>,
        raw: Option<(&KeyedHash, &[u8])>,
        now: Timestamp,
    ) -> Result<MessageId, StoreError> {
        let id = MessageId(new_id(now)?);
        let done = query(
            "INSERT INTO messages (id, received, state, unreadable, raw_hash) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(blob(id.0))
        .bind(now.as_microsecond())
        .bind(state.as_str())
        .bind(unreadable.map(UnreadableReason::as_str))
        .bind(raw.map(|(hash, _)| hash.to_vec()))
        .execute(self.connection())
        .await?;
        one_row(done)?;
        if let Some((_, bytes)) = raw {
            let record = self.create_record(name(id)).await?;
            let sealed = record.seal(RAW, bytes)?;
            self.put_part(&record, RAW, sealed).await?;
        }
        Ok(id)
    }

    /// Seals what a message says, with what it is found by; the message is `read`.
    pub(super) async fn put_draft(
        &mut self,
        id: MessageId,
        parsed: &ParsedMessage,
        thread: &[String],
        facts: &[AnonymousFacts],
    ) -> Result<(), StoreError> {
        let record = self.open_record(name(id)).await?;
        let sealed = record.seal_json(DRAFT, parsed)?;
        self.put_part(&record, DRAFT, sealed).await?;
        self.forget_hashes(id).await?;
        self.index(id, parsed, thread).await?;
        self.put_facts(id, facts).await?;
        let checks = i64::try_from(parsed.checks.len()).unwrap_or(i64::MAX);
        let done = query(
            "UPDATE messages SET state = 'read', kind = $1, checks = $2, unreadable = NULL WHERE id = $3",
        )
        .bind(parsed.kind.as_str())
        .bind(checks)
        .bind(blob(id.0))
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    pub(super) async fn put_facts(
        &mut self,
        id: MessageId,
        facts: &[AnonymousFacts],
    ) -> Result<(), StoreError> {
        let name = RecordName::new(RecordKind::Facts, id.0);
        let record = match self.open_record(name).await {
            Err(StoreError::NotFound) => self.create_record(name).await?,
            record => record?,
        };
        let sealed = record.seal_json(FACTS, &facts)?;
        self.put_part(&record, FACTS, sealed).await
    }

    async fn demand_readable(&mut self, id: MessageId) -> Result<(), StoreError> {
        match self.message(id).await?.state {
            MessageState::Held | MessageState::Read | MessageState::Unreadable => Ok(()),
            MessageState::Filed
            | MessageState::SetAside
            | MessageState::Accepted
            | MessageState::Rejected => Err(StoreError::WrongState(
                "staff decided on this message; it is not read again",
            )),
        }
    }

    pub(super) async fn forget_hashes(&mut self, id: MessageId) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM blind_index WHERE message = $1",
            "DELETE FROM threads WHERE message = $1",
        ] {
            query(sql).bind(blob(id.0)).execute(self.connection()).await?;
        }
        Ok(())
    }

    pub(super) async fn index(
        &mut self,
        id: MessageId,
        parsed: &ParsedMessage,
        thread: &[String],
    ) -> Result<(), StoreError> {
        for (kind, value) in index_values(parsed) {
            let hash = self.keys().hash(kind, value.as_bytes());
            query("INSERT INTO blind_index (kind, hash, message) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(kind.as_str())
                .bind(hash.to_vec())
                .bind(blob(id.0))
                .execute(self.connection())
                .await?;
        }
        for value in thread.iter().filter_map(|id| thread_value(id)).take(MAX_THREAD) {
            let hash = self.keys().hash(IndexedAs::Thread, value.as_bytes());
            query("INSERT INTO threads (hash, message) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(hash.to_vec())
                .bind(blob(id.0))
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Staff's decision, with its time.
    pub(super) async fn decide(
        &mut self,
        id: MessageId,
        state: MessageState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = query("UPDATE messages SET state = $1, decided = $2 WHERE id = $3")
            .bind(state.as_str())
            .bind(now.as_microsecond())
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)
    }

    async fn leave_tombstone(
        &mut self,
        message: &StoredMessage,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO tombstones (id, kind, received, reason, actor, at) VALUES ($1, 'message', $2, 'rejected', $3, $4)",
        )
        .bind(blob(message.id.0))
        .bind(message.received.as_microsecond())
        .bind(actor.0.clone())
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)
    }
}

fn stored_message(row: &Row) -> Result<StoredMessage, StoreError> {
    Ok(StoredMessage {
        id: MessageId(uuid_of(row.try_get("id")?)?),
        state: word(row.try_get("state")?)?,
        received: instant(row.try_get("received")?)?,
        is_destroyed: row.try_get::<Option<i64>>("destroyed")?.is_some(),
    })
}

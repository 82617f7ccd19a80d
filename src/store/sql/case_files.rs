//! One side's file: who may open it, what stands on it, how it changes.
//!
//! Invariant: nothing of a file is opened or changed without a [`FileRight`], which only [`Write::file_right`] gives, in
//! the same transaction. To a volunteer a file of another side, of another case or of another volunteer is not there.

use super::cases::{file_name, side_columns, side_of};
use super::driver::{Connection, Row, query};
use super::records::{json_part, part};
use super::{Database, Write, blob, found, instant, one_row, uuid_of, word};
use crate::domain::{
    CaseFileId, CaseFileState, CaseId, CaseState, CloseReason, EntryId, FileChange, PartyProgress, Personal,
    Referral, Refusal, Role, Side, Timestamp,
};
use crate::store::destruction_log::Limited;
use crate::store::index::file_values;
use crate::store::sealing::{Record, new_id};
use crate::store::{
    Actor, Closing, DocumentInfo, EntryContent, FileEntry, MAX_DOCUMENT, NewDocument, OpenedFile, StoreError,
    Viewer,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The [`Referral`] of a file.
pub(super) const REFERRAL: &str = "referral";
/// The [`PartyProgress`] of its people.
pub(super) const PROGRESS: &str = "progress";

/// The right to one file, proved in this transaction.
pub(super) struct FileRight {
    pub(super) file: CaseFileId,
    pub(super) case: CaseId,
    side: Side,
    state: CaseState,
}

impl Database {
    pub(in crate::store) async fn open_files(
        &self,
        viewer: &Viewer,
        case: CaseId,
        now: Timestamp,
    ) -> Result<Vec<OpenedFile>, StoreError> {
        let mut write = self.write().await?;
        let mut files = Vec::new();
        for right in write.file_rights(viewer, case).await? {
            files.push(write.open_file(&right).await?);
            write
                .audit(&viewer.actor().0, "case_file.opened", right.file, now)
                .await?;
        }
        write.commit().await?;
        Ok(files)
    }

    pub(in crate::store) async fn change_file(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        change: &FileChange,
        now: Timestamp,
    ) -> Result<Option<CloseReason>, StoreError> {
        if change.needs_staff() {
            demand_staff(viewer)?;
        }
        let mut write = self.write().await?;
        let right = write.file_right(viewer, case, side).await?;
        if right.state == CaseState::Closed && !change.outlives_the_case() {
            return Err(StoreError::WrongState("the case is closed: open it again first"));
        }
        let closes = write.change(viewer, &right, change, now).await?;
        match change {
            FileChange::Erased { .. } => write.commit_destruction().await?,
            FileChange::Note { .. }
            | FileChange::PartyAdded { .. }
            | FileChange::Corrected { .. }
            | FileChange::Consent { .. }
            | FileChange::FormSent { .. }
            | FileChange::FormSigned { .. }
            | FileChange::FormRefused { .. }
            | FileChange::Route { .. }
            | FileChange::SafeguardingException { .. }
            | FileChange::Withdrawn { .. }
            | FileChange::Restricted { .. }
            | FileChange::RestrictionLifted { .. }
            | FileChange::ErasureRefused { .. } => write.commit().await?,
        }
        Ok(closes)
    }

    pub(in crate::store) async fn add_document(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        document: &NewDocument,
        now: Timestamp,
    ) -> Result<EntryId, StoreError> {
        let bytes = document.bytes.expose_personal();
        if bytes.is_empty() || bytes.len() > MAX_DOCUMENT {
            return Err(StoreError::WrongState("a document has between 1 byte and 50 MB"));
        }
        let name = document
            .name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .trim();
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        if name.is_empty() || name.starts_with('.') {
            return Err(StoreError::WrongState("a document needs a file name"));
        }
        let mut write = self.write().await?;
        let right = write.file_right(viewer, case, side).await?;
        let content = EntryContent {
            actor: viewer.actor().0,
            change: None,
            before: None,
            document: Some(DocumentInfo {
                name,
                bytes: bytes.len() as u64,
            }),
            note: None,
        };
        let record = write.open_record(file_name(right.file)).await?;
        let id = write
            .add_entry(&record, &right, "document", &content, now)
            .await?;
        let part = document_part(id);
        let sealed = record.seal(&part, bytes)?;
        write.put_part(&record, &part, sealed).await?;
        write.audit(&viewer.actor().0, "document.added", id, now).await?;
        write.commit().await?;
        Ok(id)
    }

    pub(in crate::store) async fn document(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        id: EntryId,
        now: Timestamp,
    ) -> Result<NewDocument, StoreError> {
        let mut write = self.write().await?;
        let right = write.file_right(viewer, case, side).await?;
        let document = write.read_document(&right, id).await?;
        write.audit(&viewer.actor().0, "document.opened", id, now).await?;
        write.commit().await?;
        Ok(document)
    }
}

/// The person whom a file is about.
fn is_central(role: Role) -> bool {
    match role {
        Role::Victim | Role::Offender | Role::Party => true,
        Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => false,
    }
}

/// Staff, or nobody.
pub(super) fn demand_staff(viewer: &Viewer) -> Result<(), StoreError> {
    match viewer {
        Viewer::Staff(_) => Ok(()),
        Viewer::Volunteer { .. } => Err(StoreError::StaffOnly),
    }
}

impl Write<'_> {
    /// The right to one side's file, if this viewer has it.
    pub(super) async fn file_right(
        &mut self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
    ) -> Result<FileRight, StoreError> {
        let rights = self.file_rights(viewer, case).await?;
        let missing = match viewer {
            Viewer::Staff(_) => StoreError::WrongState("the case has no file of this side"),
            Viewer::Volunteer { .. } => StoreError::NotFound,
        };
        rights.into_iter().find(|right| right.side == side).ok_or(missing)
    }

    /// Every file of a case that this viewer has a right to.
    async fn file_rights(&mut self, viewer: &Viewer, case: CaseId) -> Result<Vec<FileRight>, StoreError> {
        const FILES: &str = "SELECT case_files.id, side, position, cases.state FROM case_files
             JOIN cases ON cases.id = case_files.case_id WHERE case_id = $1";
        let rows = match viewer {
            Viewer::Staff(_) => query(format!("{FILES} ORDER BY case_files.number")).bind(blob(case.0)),
            Viewer::Volunteer { user } => {
                let account = self.account_id(user).await?.ok_or(StoreError::NotFound)?;
                query(format!(
                    "{FILES} AND EXISTS (SELECT 1 FROM allocations WHERE allocations.file = case_files.id
                         AND allocations.account = $2) ORDER BY case_files.number"
                ))
                .bind(blob(case.0))
                .bind(blob(account.0))
            }
        };
        let rows = rows.fetch_all(self.connection()).await?;
        let rights: Vec<FileRight> = rows
            .iter()
            .map(|row| right_of(case, row))
            .collect::<Result<_, _>>()?;
        if rights.is_empty() {
            return Err(StoreError::NotFound);
        }
        if rights.iter().any(|right| right.state == CaseState::Destroyed) {
            return Err(DESTROYED);
        }
        Ok(rights)
    }

    pub(super) async fn open_file(&mut self, right: &FileRight) -> Result<OpenedFile, StoreError> {
        let record = self.open_record(file_name(right.file)).await?;
        let state = file_state(self.connection(), &record).await?;
        let rows = query("SELECT id, kind, at FROM case_entries WHERE file = $1 ORDER BY number")
            .bind(blob(right.file.0))
            .fetch_all(self.connection())
            .await?;
        Ok(OpenedFile {
            id: right.file,
            side: right.side,
            state: Personal::new(state),
            entries: read_entries(self.connection(), &record, &rows).await?,
        })
    }

    pub(super) async fn read_document(
        &mut self,
        right: &FileRight,
        id: EntryId,
    ) -> Result<NewDocument, StoreError> {
        let record = self.open_record(file_name(right.file)).await?;
        let content: EntryContent = json_part(self.connection(), &record, &entry_part(id))
            .await?
            .ok_or(StoreError::NotFound)?;
        let info = content.document.ok_or(StoreError::NotFound)?;
        let mut bytes = part(self.connection(), &record, &document_part(id))
            .await?
            .ok_or(StoreError::NotFound)?;
        Ok(NewDocument {
            name: info.name,
            bytes: Personal::new(std::mem::take(&mut *bytes)),
        })
    }

    /// What keeps us from people must not be forgotten when an older backup is restored.
    fn note_limits(&mut self, file: CaseFileId, before: &CaseFileState, after: &CaseFileState) {
        let before = before.limits();
        for (party, limits) in after.limits().into_iter().enumerate() {
            if before.get(party).copied().unwrap_or_default() != limits {
                self.limited.push(Limited { file, party, limits });
            }
        }
    }

    /// Limits somebody again as the destruction log says; `false` where the file is not here or they are limited so.
    pub(super) async fn limit_again(
        &mut self,
        person: &Limited,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let record = match self.open_record(file_name(person.file)).await {
            Err(StoreError::NotFound) => return Ok(false),
            record => record?,
        };
        let state = file_state(self.connection(), &record).await?;
        let row = query(
            "SELECT case_files.id, case_id, side, position, cases.state FROM case_files
             JOIN cases ON cases.id = case_files.case_id WHERE case_files.id = $1",
        )
        .bind(blob(person.file.0))
        .fetch_one(self.connection())
        .await?;
        let right = right_of(CaseId(uuid_of(row.try_get("case_id")?)?), &row)?;
        let changes = state.changes_for(person.party, person.limits, day_of(now));
        let viewer = Viewer::Staff(actor.clone());
        for change in &changes {
            self.change(&viewer, &right, change, now).await?;
        }
        Ok(!changes.is_empty())
    }

    async fn change(
        &mut self,
        viewer: &Viewer,
        right: &FileRight,
        change: &FileChange,
        now: Timestamp,
    ) -> Result<Option<CloseReason>, StoreError> {
        let name = file_name(right.file);
        let record = match matches!(change, FileChange::Erased { .. }) {
            true => self.renew_record(name).await?,
            false => self.open_record(name).await?,
        };
        let state = file_state(self.connection(), &record).await?;
        let applied = state.apply(change, day_of(now))?;
        self.note_limits(right.file, &state, &applied.state);
        self.seal_state(&record, right.file, &applied.state).await?;
        if let FileChange::Erased { party, .. } = change {
            let party = state.referral.parties.get(*party).ok_or(Refusal::NoSuchParty)?;
            self.erase_history(right, &record, change, party.role).await?;
            if is_central(party.role) {
                self.erase_free_texts(right.case).await?;
                let actor = viewer.actor().0;
                self.destroy_source_messages(&actor, right.case, now).await?;
            }
        }
        let content = EntryContent {
            actor: viewer.actor().0,
            change: Some(change.clone()),
            before: applied.before,
            document: None,
            note: None,
        };
        let id = self
            .add_entry(&record, right, change.kind(), &content, now)
            .await?;
        self.audit(&viewer.actor().0, "case_file.changed", id, now)
            .await?;
        if let Some(reason) = applied.closes {
            let closing = Closing {
                reason,
                outcome: None,
                note: None,
            };
            self.close(viewer, right.case, &closing, now).await?;
        }
        Ok(applied.closes)
    }

    /// Stores the state of a file, and what it is found by.
    pub(super) async fn seal_state(
        &mut self,
        record: &Record,
        file: CaseFileId,
        state: &CaseFileState,
    ) -> Result<(), StoreError> {
        let sealed = record.seal_json(REFERRAL, &state.referral)?;
        self.put_part(record, REFERRAL, sealed).await?;
        let sealed = record.seal_json(PROGRESS, &state.progress)?;
        self.put_part(record, PROGRESS, sealed).await?;
        query("DELETE FROM case_index WHERE file = $1")
            .bind(blob(file.0))
            .execute(self.connection())
            .await?;
        for (kind, value) in file_values(&state.referral) {
            let hash = self.keys().hash(kind, value.as_bytes());
            query("INSERT INTO case_index (kind, hash, file) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(kind.as_str())
                .bind(hash.to_vec())
                .bind(blob(file.0))
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    async fn add_entry(
        &mut self,
        record: &Record,
        right: &FileRight,
        kind: &'static str,
        content: &EntryContent,
        now: Timestamp,
    ) -> Result<EntryId, StoreError> {
        self.insert_entry(record, right.case, Some(right.file), kind, content, now)
            .await
    }

    /// `file` is `None` for what was done with the case as a whole; `record` is the file's or the case's.
    pub(super) async fn insert_entry(
        &mut self,
        record: &Record,
        case: CaseId,
        file: Option<CaseFileId>,
        kind: &'static str,
        content: &EntryContent,
        now: Timestamp,
    ) -> Result<EntryId, StoreError> {
        let id = EntryId(new_id(now)?);
        let done =
            query("INSERT INTO case_entries (id, case_id, file, kind, at) VALUES ($1, $2, $3, $4, $5)")
                .bind(blob(id.0))
                .bind(blob(case.0))
                .bind(file.map(|file| blob(file.0)))
                .bind(kind)
                .bind(now.as_microsecond())
                .execute(self.connection())
                .await?;
        one_row(done)?;
        let part = entry_part(id);
        let sealed = record.seal_json(&part, content)?;
        self.put_part(record, &part, sealed).await?;
        Ok(id)
    }

    /// What the file's history says of somebody goes: their own entries; of the person whom the file is about also notes
    /// and documents.
    async fn erase_history(
        &mut self,
        right: &FileRight,
        record: &Record,
        change: &FileChange,
        role: Role,
    ) -> Result<(), StoreError> {
        let rows = query("SELECT id, kind, at FROM case_entries WHERE file = $1 ORDER BY number")
            .bind(blob(right.file.0))
            .fetch_all(self.connection())
            .await?;
        for entry in read_entries(self.connection(), record, &rows).await? {
            let content = entry.content.as_ref().map(Personal::expose_personal);
            let about = content
                .and_then(|content| content.change.as_ref())
                .map(FileChange::party);
            let theirs = match about {
                Some(Some(party)) => Some(party) == change.party(),
                Some(None) | None => is_central(role),
            };
            if theirs {
                self.delete_part(record, &entry_part(entry.id)).await?;
                self.delete_part(record, &document_part(entry.id)).await?;
            }
        }
        Ok(())
    }

    async fn delete_part(&mut self, record: &Record, part: &str) -> Result<(), StoreError> {
        query("DELETE FROM sealed WHERE kind = $1 AND id = $2 AND part = $3")
            .bind(record.name.kind.as_str())
            .bind(blob(record.name.id))
            .bind(part.to_owned())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Notes the first time that somebody looked at a message.
    pub(super) async fn note_first_look(
        &mut self,
        id: crate::domain::MessageId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = query("UPDATE messages SET first_opened = coalesce(first_opened, $1) WHERE id = $2")
            .bind(now.as_microsecond())
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        found(done)
    }
}

pub(super) const DESTROYED: StoreError =
    StoreError::WrongState("this case was destroyed; nothing of it is left");

fn right_of(case: CaseId, row: &Row) -> Result<FileRight, StoreError> {
    Ok(FileRight {
        file: CaseFileId(uuid_of(row.try_get("id")?)?),
        case,
        side: side_of(row.try_get("side")?, row.try_get("position")?)?,
        state: word(row.try_get("state")?)?,
    })
}

/// A file's state.
pub(super) async fn file_state(
    connection: &mut Connection,
    record: &Record,
) -> Result<CaseFileState, StoreError> {
    let referral = json_part(connection, record, REFERRAL)
        .await?
        .ok_or(StoreError::Tampered)?;
    Ok(state_of(referral, json_part(connection, record, PROGRESS).await?))
}

/// A file's state from its parts; one from before there was progress has made none.
pub(super) fn state_of(referral: Referral, progress: Option<Vec<PartyProgress>>) -> CaseFileState {
    let mut state = CaseFileState::new(referral);
    if let Some(progress) = progress {
        let people = state.progress.len();
        state.progress = progress;
        state.progress.resize(people, PartyProgress::default());
    }
    state
}

pub(super) async fn read_entries(
    connection: &mut Connection,
    record: &Record,
    rows: &[Row],
) -> Result<Vec<FileEntry>, StoreError> {
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let id = EntryId(uuid_of(row.try_get("id")?)?);
        let content: Option<EntryContent> = json_part(connection, record, &entry_part(id)).await?;
        entries.push(FileEntry {
            id,
            at: instant(row.try_get("at")?)?,
            kind: row.try_get("kind")?,
            content: content.map(Personal::new),
        });
    }
    Ok(entries)
}

fn entry_part(id: EntryId) -> String {
    format!("entry/{id}")
}

fn document_part(id: EntryId) -> String {
    format!("document/{id}")
}

/// The latest day that it is in the United Kingdom, whose clocks are at most an hour ahead.
pub(super) fn day_of(now: Timestamp) -> Date {
    const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
    TimeZone::UTC
        .to_datetime(now.saturating_add(HOUR).unwrap_or(now))
        .date()
}

impl Write<'_> {
    /// A new file with its state.
    pub(super) async fn insert_file(
        &mut self,
        case: CaseId,
        side: Side,
        referral: &Referral,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let file = CaseFileId(new_id(now)?);
        let (side, position) = side_columns(side);
        let done = query("INSERT INTO case_files (id, case_id, side, position) VALUES ($1, $2, $3, $4)")
            .bind(blob(file.0))
            .bind(blob(case.0))
            .bind(side)
            .bind(position)
            .execute(self.connection())
            .await?;
        one_row(done)?;
        let record = self.create_record(file_name(file)).await?;
        self.seal_state(&record, file, &CaseFileState::new(referral.clone()))
            .await
    }
}

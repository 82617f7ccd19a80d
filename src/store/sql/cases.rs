//! Cases: accepting a message, one sealed file per side, references.

use super::driver::{Connection, query, query_scalar};
use super::messages::demand_undecided;
use super::records::{json_part, open_record};
use super::{Database, Write, blob, instant, number, one_row, uuid_of, word};
use crate::domain::{
    CaseFileId, CaseId, CaseReference, CaseState, KnownCase, MessageId, Personal, Referral, Side, Timestamp,
};
use crate::store::sealing::new_id;
use crate::store::sides::{join, split};
use crate::store::{Actor, CaseFile, CaseSummary, StoreError};
use crate::vault::{RecordKind, RecordName};
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// The one part of a case core and of a case file: a [`Referral`].
const CONTENT: &str = "referral";

fn core_name(id: CaseId) -> RecordName {
    RecordName::new(RecordKind::CaseCore, id.0)
}

fn file_name(id: CaseFileId) -> RecordName {
    RecordName::new(RecordKind::CaseFile, id.0)
}

impl Database {
    pub(in crate::store) async fn accept(
        &self,
        id: MessageId,
        prefix: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(CaseId, CaseReference), StoreError> {
        let mut write = self.write().await?;
        demand_undecided(write.message(id).await?.state)?;
        let draft = write.draft(id).await?.ok_or(StoreError::WrongState(
            "this message could not be read, so it holds nothing to accept; reject it, or take it in by hand",
        ))?;
        let mut first = None;
        for referral in draft.referral.iter().chain(&draft.more_referrals) {
            let case = write.open_case(id, referral, prefix, actor, now).await?;
            first.get_or_insert(case);
        }
        let first = first.ok_or(StoreError::WrongState(
            "this message refers nobody, so there is no case to open",
        ))?;
        let done = query("UPDATE messages SET state = 'accepted' WHERE id = $1")
            .bind(blob(id.0))
            .execute(write.connection())
            .await?;
        one_row(done)?;
        write.audit(&actor.0, "message.accepted", id, now).await?;
        write.commit().await?;
        Ok(first)
    }

    pub(in crate::store) async fn cases(&self) -> Result<Vec<CaseSummary>, StoreError> {
        let mut tx = self.read().await?;
        let files = query("SELECT case_id, side, position FROM case_files ORDER BY number")
            .fetch_all(&mut tx)
            .await?;
        let mut sides: HashMap<CaseId, Vec<Side>> = HashMap::new();
        for row in &files {
            let side = side_of(row.try_get("side")?, row.try_get("position")?)?;
            sides
                .entry(CaseId(uuid_of(row.try_get("case_id")?)?))
                .or_default()
                .push(side);
        }
        let rows = query("SELECT id, reference, state, opened FROM cases ORDER BY number DESC")
            .fetch_all(&mut tx)
            .await?;
        rows.iter()
            .map(|row| {
                let id = CaseId(uuid_of(row.try_get("id")?)?);
                Ok(CaseSummary {
                    id,
                    reference: reference_of(row.try_get("reference")?)?,
                    state: word(row.try_get("state")?)?,
                    opened: instant(row.try_get("opened")?)?,
                    sides: sides.remove(&id).unwrap_or_default(),
                })
            })
            .collect()
    }

    pub(in crate::store) async fn case_files(
        &self,
        id: CaseId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<CaseFile>, StoreError> {
        let mut write = self.write().await?;
        write.demand_content(id).await?;
        let mut files = Vec::new();
        for (file, side) in file_rows(write.connection(), id).await? {
            let record = write.open_record(file_name(file)).await?;
            let content: Referral = json_part(write.connection(), &record, CONTENT)
                .await?
                .ok_or(StoreError::Tampered)?;
            write.audit(&actor.0, "case_file.opened", file, now).await?;
            files.push(CaseFile {
                id: file,
                side,
                content: Personal::new(content),
            });
        }
        write.commit().await?;
        Ok(files)
    }

    pub(in crate::store) async fn case_core(
        &self,
        id: CaseId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Personal<Referral>, StoreError> {
        let mut write = self.write().await?;
        write.demand_content(id).await?;
        let record = write.open_record(core_name(id)).await?;
        let core = json_part(write.connection(), &record, CONTENT)
            .await?
            .ok_or(StoreError::Tampered)?;
        write.audit(&actor.0, "case_core.opened", id, now).await?;
        write.commit().await?;
        Ok(Personal::new(core))
    }

    pub(in crate::store) async fn known_cases(&self) -> Result<Vec<KnownCase>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query("SELECT id, reference, state FROM cases WHERE state <> 'destroyed' ORDER BY number")
            .fetch_all(&mut tx)
            .await?;
        let mut known = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = CaseId(uuid_of(row.try_get("id")?)?);
            let state: CaseState = word(row.try_get("state")?)?;
            let core = self.referral_of(&mut tx, core_name(id)).await?;
            let mut files = Vec::new();
            for (file, _) in file_rows(&mut tx, id).await? {
                files.push(self.referral_of(&mut tx, file_name(file)).await?);
            }
            known.push(KnownCase {
                reference: Some(row.try_get("reference")?),
                closed: state == CaseState::Closed,
                referral: join(core, files),
            });
        }
        Ok(known)
    }

    /// A key or part that is missing of a case that is not destroyed was taken away from outside.
    async fn referral_of(
        &self,
        connection: &mut Connection,
        name: RecordName,
    ) -> Result<Referral, StoreError> {
        let record = match open_record(connection, self.keys(), name).await {
            Err(StoreError::NotFound) => return Err(StoreError::Tampered),
            record => record?,
        };
        json_part(connection, &record, CONTENT)
            .await?
            .ok_or(StoreError::Tampered)
    }
}

impl Write<'_> {
    async fn open_case(
        &mut self,
        message: MessageId,
        referral: &Referral,
        prefix: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(CaseId, CaseReference), StoreError> {
        let id = CaseId(new_id(now)?);
        let reference = self.next_reference(prefix, now).await?;
        let done = query(
            "INSERT INTO cases (id, reference, state, opened, message) VALUES ($1, $2, 'open', $3, $4)",
        )
        .bind(blob(id.0))
        .bind(reference.as_str().to_owned())
        .bind(now.as_microsecond())
        .bind(blob(message.0))
        .execute(self.connection())
        .await?;
        one_row(done)?;
        let split = split(referral);
        self.seal_referral(core_name(id), &split.core).await?;
        for (side, content) in &split.files {
            let file = CaseFileId(new_id(now)?);
            let (side, position) = side_columns(*side);
            let done = query("INSERT INTO case_files (id, case_id, side, position) VALUES ($1, $2, $3, $4)")
                .bind(blob(file.0))
                .bind(blob(id.0))
                .bind(side)
                .bind(position)
                .execute(self.connection())
                .await?;
            one_row(done)?;
            self.seal_referral(file_name(file), content).await?;
        }
        self.audit(&actor.0, "case.accepted", id, now).await?;
        Ok((id, reference))
    }

    async fn seal_referral(&mut self, name: RecordName, referral: &Referral) -> Result<(), StoreError> {
        let record = self.create_record(name).await?;
        let sealed = record.seal_json(CONTENT, referral)?;
        self.put_part(&record, CONTENT, sealed).await
    }

    async fn next_reference(&mut self, prefix: &str, now: Timestamp) -> Result<CaseReference, StoreError> {
        let year = TimeZone::UTC.to_datetime(now).year();
        let last: i64 = query_scalar(
            "INSERT INTO reference_counters (prefix, year, last) VALUES ($1, $2, 1)
             ON CONFLICT (prefix, year) DO UPDATE
             SET last = reference_counters.last + 1 RETURNING last",
        )
        .bind(prefix.to_owned())
        .bind(i64::from(year))
        .fetch_one(self.connection())
        .await?;
        Ok(CaseReference::new(prefix, year, number(last)?))
    }

    async fn demand_content(&mut self, id: CaseId) -> Result<(), StoreError> {
        let state: String = query_scalar("SELECT state FROM cases WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(self.connection())
            .await?;
        match word(&state)? {
            CaseState::Open | CaseState::Closed => Ok(()),
            CaseState::Destroyed => Err(StoreError::WrongState(
                "this case was destroyed at the end of its term",
            )),
        }
    }
}

async fn file_rows(connection: &mut Connection, id: CaseId) -> Result<Vec<(CaseFileId, Side)>, StoreError> {
    let rows = query("SELECT id, side, position FROM case_files WHERE case_id = $1 ORDER BY number")
        .bind(blob(id.0))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let side = side_of(row.try_get("side")?, row.try_get("position")?)?;
            Ok((CaseFileId(uuid_of(row.try_get("id")?)?), side))
        })
        .collect()
}

pub(super) fn side_columns(side: Side) -> (&'static str, i64) {
    match side {
        Side::Victim => ("victim", 0),
        Side::Offender => ("offender", 0),
        Side::Party(position) => ("party", i64::from(position)),
    }
}

pub(super) fn side_of(side: &str, position: i64) -> Result<Side, StoreError> {
    match side {
        "victim" => Ok(Side::Victim),
        "offender" => Ok(Side::Offender),
        "party" => Ok(Side::Party(number(position)?)),
        _ => Err(StoreError::Corrupt("a case file has an unknown side")),
    }
}

pub(super) fn reference_of(text: String) -> Result<CaseReference, StoreError> {
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|_| StoreError::Corrupt("a case reference cannot be read"))
}

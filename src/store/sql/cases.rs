//! Cases: accepting a message, one sealed file per side, references.

use super::case_files::{DESTROYED, demand_staff, read_entries};
use super::driver::{Connection, Row, query, query_scalar};
use super::messages::demand_undecided;
use super::records::json_part;
use super::{Database, Write, blob, instant, number, one_row, uuid_of, word};
use crate::domain::{
    CaseFileId, CaseId, CaseReference, CaseState, MessageId, MessageState, Personal, Referral, Side,
    Timestamp,
};
use crate::store::sealing::{Record, new_id};
use crate::store::sides::split;
use crate::store::{Actor, CaseName, CaseSummary, FileEntry, OpenedCase, StoreError, Viewer};
use crate::vault::{RecordKind, RecordName};
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// The one part of a case core and of a case file: a [`Referral`].
pub(super) const CONTENT: &str = "referral";

pub(super) fn core_name(id: CaseId) -> RecordName {
    RecordName::new(RecordKind::CaseCore, id.0)
}

pub(super) fn file_name(id: CaseFileId) -> RecordName {
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
            let start = CaseStart {
                reference: write.next_reference(prefix, now).await?,
                opened: now,
            };
            let case = write.open_case(id, referral, &start, actor, now).await?;
            first.get_or_insert((case, start.reference));
        }
        let first = first.ok_or(StoreError::WrongState(
            "this message refers nobody, so there is no case to open",
        ))?;
        write.decide(id, MessageState::Accepted, now).await?;
        write.audit(&actor.0, "message.accepted", id, now).await?;
        write.commit().await?;
        Ok(first)
    }

    pub(in crate::store) async fn cases(&self) -> Result<Vec<CaseSummary>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(format!("{SUMMARY} ORDER BY number DESC"))
            .fetch_all(&mut tx)
            .await?;
        let files = query("SELECT case_id, side, position FROM case_files ORDER BY number")
            .fetch_all(&mut tx)
            .await?;
        with_sides(&rows, &files)
    }

    pub(in crate::store) async fn cases_counted(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CaseSummary>, StoreError> {
        let rows = query(format!(
            "{SUMMARY} WHERE opened < $2
                 AND (destroyed >= $1 OR (destroyed IS NULL AND (closed IS NULL OR closed >= $1)))
             ORDER BY number DESC"
        ))
        .bind(from.as_microsecond())
        .bind(to.as_microsecond())
        .fetch_all(&mut self.read().await?)
        .await?;
        rows.iter().map(summary_of).collect()
    }

    pub(in crate::store) async fn case_named(&self, name: &CaseName) -> Result<CaseSummary, StoreError> {
        let mut tx = self.read().await?;
        let row = match name {
            CaseName::Reference(reference) => {
                query(format!("{SUMMARY} WHERE reference = $1")).bind(reference.as_str().to_owned())
            }
            CaseName::Id(id) => query(format!("{SUMMARY} WHERE id = $1")).bind(blob(id.0)),
        };
        let mut case = summary_of(&row.fetch_one(&mut tx).await?)?;
        let files = file_rows(&mut tx, case.id).await?;
        case.sides = files.into_iter().map(|(_, side)| side).collect();
        Ok(case)
    }

    pub(in crate::store) async fn open_case_core(
        &self,
        viewer: &Viewer,
        id: CaseId,
        now: Timestamp,
    ) -> Result<OpenedCase, StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        write.demand_content(id).await?;
        let record = write.open_record(core_name(id)).await?;
        let referral = json_part(write.connection(), &record, CONTENT)
            .await?
            .ok_or(StoreError::Tampered)?;
        let entries = write.case_entries(id, &record).await?;
        write
            .audit(&viewer.actor().0, "case_core.opened", id, now)
            .await?;
        write.commit().await?;
        Ok(OpenedCase {
            referral: Personal::new(referral),
            entries,
        })
    }
}

/// How a case begins.
pub(super) struct CaseStart {
    pub(super) reference: CaseReference,
    pub(super) opened: Timestamp,
}

impl Write<'_> {
    pub(super) async fn open_case(
        &mut self,
        message: MessageId,
        referral: &Referral,
        start: &CaseStart,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<CaseId, StoreError> {
        let id = CaseId(new_id(now)?);
        let done = query(
            "INSERT INTO cases (id, reference, state, opened, message) VALUES ($1, $2, 'open', $3, $4)",
        )
        .bind(blob(id.0))
        .bind(start.reference.as_str().to_owned())
        .bind(start.opened.as_microsecond())
        .bind(blob(message.0))
        .execute(self.connection())
        .await?;
        one_row(done)?;
        let split = split(referral);
        let record = self.create_record(core_name(id)).await?;
        self.seal_core(&record, &split.core).await?;
        for (side, content) in &split.files {
            self.insert_file(id, *side, content, now).await?;
        }
        self.audit(&actor.0, "case.accepted", id, now).await?;
        Ok(id)
    }

    pub(super) async fn seal_core(&mut self, record: &Record, core: &Referral) -> Result<(), StoreError> {
        let sealed = record.seal_json(CONTENT, core)?;
        self.put_part(record, CONTENT, sealed).await
    }

    /// The core of a case as it stands.
    pub(super) async fn core(&mut self, record: &Record) -> Result<Referral, StoreError> {
        json_part(self.connection(), record, CONTENT)
            .await?
            .ok_or(StoreError::Tampered)
    }

    async fn case_entries(&mut self, id: CaseId, record: &Record) -> Result<Vec<FileEntry>, StoreError> {
        let sql = "SELECT id, kind, at FROM case_entries WHERE case_id = $1 AND file IS NULL ORDER BY number";
        let rows = query(sql).bind(blob(id.0)).fetch_all(self.connection()).await?;
        read_entries(self.connection(), record, &rows).await
    }

    pub(super) async fn next_reference(
        &mut self,
        prefix: &str,
        now: Timestamp,
    ) -> Result<CaseReference, StoreError> {
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

    /// The counter of references never gives this number again.
    pub(super) async fn keep_reference(
        &mut self,
        prefix: &str,
        year: i16,
        number: u32,
    ) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO reference_counters (prefix, year, last) VALUES ($1, $2, $3)
             ON CONFLICT (prefix, year) DO UPDATE SET last = CASE
                 WHEN excluded.last > reference_counters.last THEN excluded.last ELSE reference_counters.last END",
        )
        .bind(prefix.to_owned())
        .bind(i64::from(year))
        .bind(i64::from(number))
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    /// The state of a case whose content is there.
    pub(super) async fn demand_content(&mut self, id: CaseId) -> Result<CaseState, StoreError> {
        let state: String = query_scalar("SELECT state FROM cases WHERE id = $1")
            .bind(blob(id.0))
            .fetch_one(self.connection())
            .await?;
        match word(&state)? {
            CaseState::Destroyed => Err(DESTROYED),
            state @ (CaseState::Open | CaseState::Closed) => Ok(state),
        }
    }
}

/// What every list of cases shows.
pub(super) const SUMMARY: &str =
    "SELECT id, reference, state, opened, closed, close_reason, outcome, destroyed FROM cases";

/// All but the sides.
pub(super) fn summary_of(row: &Row) -> Result<CaseSummary, StoreError> {
    let time = |column: &'static str| -> Result<Option<Timestamp>, StoreError> {
        row.try_get::<Option<i64>>(column)?.map(instant).transpose()
    };
    let reason: Option<&str> = row.try_get("close_reason")?;
    let outcome: Option<&str> = row.try_get("outcome")?;
    Ok(CaseSummary {
        id: CaseId(uuid_of(row.try_get("id")?)?),
        reference: reference_of(row.try_get("reference")?)?,
        state: word(row.try_get("state")?)?,
        opened: instant(row.try_get("opened")?)?,
        closed: time("closed")?,
        close_reason: reason.map(word).transpose()?,
        outcome: outcome.map(word).transpose()?,
        destroyed: time("destroyed")?,
        sides: Vec::new(),
    })
}

/// Summaries of these cases, each with its sides, from the rows of their files.
pub(super) fn with_sides(cases: &[Row], files: &[Row]) -> Result<Vec<CaseSummary>, StoreError> {
    let mut sides: HashMap<CaseId, Vec<Side>> = HashMap::new();
    for row in files {
        let side = side_of(row.try_get("side")?, row.try_get("position")?)?;
        let case = CaseId(uuid_of(row.try_get("case_id")?)?);
        sides.entry(case).or_default().push(side);
    }
    let case = |row| {
        let mut case = summary_of(row)?;
        case.sides = sides.remove(&case.id).unwrap_or_default();
        Ok(case)
    };
    cases.iter().map(case).collect()
}

pub(super) async fn file_rows(
    connection: &mut Connection,
    id: CaseId,
) -> Result<Vec<(CaseFileId, Side)>, StoreError> {
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

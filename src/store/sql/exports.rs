//! What staff take out: files, the whole-case part, documents, and where a case's data came from and went to.
//!
//! Invariant: whatever is taken out has its audit row in the same transaction, with what it was taken for.

use super::case_files::{demand_staff, file_state};
use super::cases::{core_name, file_name, file_rows};
use super::driver::{Row, query, query_scalar};
use super::messages::kind_of;
use super::outbound::{name as outbound_name, recipient_part, route_of};
use super::records::{json_part, open_record};
use super::{Database, Write, blob, instant, uuid_of};
use crate::domain::{CaseId, DeliveryId, EntryId, MessageId, OutboundId, Personal, Side, Timestamp};
use crate::store::{
    CaseSource, LiaisonDelivery, NewDocument, OpenedFile, SourceTie, StoreError, TakenCore, Taking, Viewer,
};

impl Taking {
    /// What stands in the audit log for a file.
    fn of_file(self) -> &'static str {
        match self {
            Self::Export => "case_file.exported",
            Self::SubjectAccess => "case_file.subject_access",
        }
    }

    /// What stands in the audit log for a document.
    fn of_document(self) -> &'static str {
        match self {
            Self::Export => "document.exported",
            Self::SubjectAccess => "document.subject_access",
        }
    }
}

impl Database {
    pub(in crate::store) async fn take_files(
        &self,
        viewer: &Viewer,
        case: CaseId,
        sides: &[Side],
        taking: Taking,
        now: Timestamp,
    ) -> Result<Vec<OpenedFile>, StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        let mut files = Vec::with_capacity(sides.len());
        for side in sides {
            let right = write.file_right(viewer, case, *side).await?;
            files.push(write.open_file(&right).await?);
            write
                .audit(&viewer.actor().0, taking.of_file(), right.file, now)
                .await?;
        }
        write.commit().await?;
        Ok(files)
    }

    pub(in crate::store) async fn take_core(
        &self,
        viewer: &Viewer,
        case: CaseId,
        now: Timestamp,
    ) -> Result<TakenCore, StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        write.demand_content(case).await?;
        let mut somebody_is_left_out = false;
        for (file, _) in file_rows(write.connection(), case).await? {
            let record = write.open_record(file_name(file)).await?;
            let state = file_state(write.connection(), &record).await?;
            somebody_is_left_out |= state
                .progress
                .iter()
                .any(|progress| progress.restricted || progress.erased_on.is_some());
        }
        let record = write.open_record(core_name(case)).await?;
        let referral = write.core(&record).await?;
        write
            .audit(&viewer.actor().0, "case_core.exported", case, now)
            .await?;
        write.commit().await?;
        Ok(TakenCore {
            referral: Personal::new(referral),
            somebody_is_left_out,
        })
    }

    pub(in crate::store) async fn take_document(
        &self,
        viewer: &Viewer,
        (case, side): (CaseId, Side),
        id: EntryId,
        taking: Taking,
        now: Timestamp,
    ) -> Result<NewDocument, StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        let right = write.file_right(viewer, case, side).await?;
        let document = write.read_document(&right, id).await?;
        write
            .audit(&viewer.actor().0, taking.of_document(), id, now)
            .await?;
        write.commit().await?;
        Ok(document)
    }

    pub(in crate::store) async fn case_sources(
        &self,
        viewer: &Viewer,
        case: CaseId,
    ) -> Result<Vec<CaseSource>, StoreError> {
        demand_staff(viewer)?;
        let mut write = self.write().await?;
        let imported: i64 =
            query_scalar("SELECT count(*) FROM case_entries WHERE case_id = $1 AND kind = 'imported'")
                .bind(blob(case.0))
                .fetch_one(write.connection())
                .await?;
        let made = match imported {
            0 => SourceTie::MadeOf,
            _ => SourceTie::Imported,
        };
        let rows = query(
            "SELECT messages.id, received, kind, destroyed, filed.case_id AS filed FROM messages
             LEFT JOIN filed ON filed.message = messages.id AND filed.case_id = $1
             WHERE filed.case_id IS NOT NULL OR messages.id = (SELECT message FROM cases WHERE cases.id = $1)
             ORDER BY number",
        )
        .bind(blob(case.0))
        .fetch_all(write.connection())
        .await?;
        let mut sources = Vec::with_capacity(rows.len());
        for row in &rows {
            sources.push(write.source(row, made).await?);
        }
        // Nothing was written; dropping the transaction ends it.
        Ok(sources)
    }

    pub(in crate::store) async fn liaison_deliveries(
        &self,
        id: OutboundId,
    ) -> Result<Vec<LiaisonDelivery>, StoreError> {
        let mut tx = self.read().await?;
        let record = match open_record(&mut tx, self.keys(), outbound_name(id)).await {
            Err(StoreError::NotFound) => return Ok(Vec::new()),
            record => record?,
        };
        let rows = query("SELECT id, route, state, ended FROM deliveries WHERE mail = $1 ORDER BY number")
            .bind(blob(id.0))
            .fetch_all(&mut tx)
            .await?;
        let mut deliveries = Vec::with_capacity(rows.len());
        for row in &rows {
            let delivery = DeliveryId(uuid_of(row.try_get("id")?)?);
            let recipient: String = json_part(&mut tx, &record, &recipient_part(delivery))
                .await?
                .ok_or(StoreError::Tampered)?;
            let ended: Option<i64> = row.try_get("ended")?;
            deliveries.push(LiaisonDelivery {
                recipient: Personal::new(recipient),
                route: route_of(row.try_get("route")?)?,
                state: row.try_get("state")?,
                ended: ended.map(instant).transpose()?,
            });
        }
        Ok(deliveries)
    }
}

impl Write<'_> {
    async fn source(&mut self, row: &Row, made: SourceTie) -> Result<CaseSource, StoreError> {
        let id = MessageId(uuid_of(row.try_get("id")?)?);
        let kind: Option<&str> = row.try_get("kind")?;
        let filed: Option<&[u8]> = row.try_get("filed")?;
        let destroyed: Option<i64> = row.try_get("destroyed")?;
        let trust = self.draft(id).await?.map(|draft| draft.trust).unwrap_or_default();
        Ok(CaseSource {
            message: id,
            tie: match filed {
                Some(_) => SourceTie::FiledWith,
                None => made,
            },
            received: instant(row.try_get("received")?)?,
            kind: kind.map(kind_of).transpose()?,
            agency: trust.agency,
            agency_kind: trust.agency_kind,
            destroyed: destroyed.map(instant).transpose()?,
        })
    }
}

//! Drafts as staff open them, and their corrections.
//!
//! Invariant: a draft and the history of its changes are written in one transaction, and only while nobody has decided.

use super::case_files::demand_staff;
use super::driver::query;
use super::messages::{CORRECTIONS, DRAFT, SOURCE, demand_undecided, name};
use super::records::{json_part, open_record};
use super::{Database, Write, blob, one_row, uuid_of};
use crate::domain::{
    AnonymousFacts, CaseId, DraftChange, DraftEntry, MAX_CHANGES, MessageId, ParsedMessage, PartyCorrection,
    Refusal, Side, Timestamp, corrections_of, sides_of,
};
use crate::store::{Actor, OpenedMessage, StoreError, Viewer};

impl Database {
    pub(in crate::store) async fn open_message(
        &self,
        id: MessageId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<OpenedMessage, StoreError> {
        let mut write = self.write().await?;
        if write.message(id).await?.is_destroyed {
            return Err(StoreError::WrongState("the content of this message is destroyed"));
        }
        write.note_first_look(id, now).await?;
        write.audit(&actor.0, "message.opened", id, now).await?;
        let opened = write.opened(id).await?;
        write.commit().await?;
        Ok(opened)
    }

    pub(in crate::store) async fn correct_draft(
        &self,
        id: MessageId,
        seen: usize,
        changes: &[DraftChange],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        demand_undecided(write.message(id).await?.state)?;
        let record = write.open_record(name(id)).await?;
        let draft: Option<ParsedMessage> = json_part(write.connection(), &record, DRAFT).await?;
        let mut draft = draft.ok_or(StoreError::WrongState(
            "this message could not be read: it has no draft",
        ))?;
        let history: Option<Vec<DraftEntry>> = json_part(write.connection(), &record, CORRECTIONS).await?;
        let mut history = history.unwrap_or_default();
        if history.len() != seen {
            return Err(Refusal::ChangedMeanwhile.into());
        }
        if history.len().saturating_add(changes.len()) > MAX_CHANGES {
            return Err(Refusal::TooMany.into());
        }
        for change in changes {
            let done = draft.correct(change)?;
            history.push(DraftEntry {
                at: now,
                actor: actor.0.clone(),
                change: change.clone(),
                before: done.before,
                role: done.role,
                settled: done.settled,
            });
        }
        let sealed = record.seal_json(DRAFT, &draft)?;
        write.put_part(&record, DRAFT, sealed).await?;
        let sealed = record.seal_json(CORRECTIONS, &history)?;
        write.put_part(&record, CORRECTIONS, sealed).await?;
        write.reindex(id, &draft).await?;
        write.audit(&actor.0, "message.corrected", id, now).await?;
        write.commit().await
    }
}

impl Database {
    pub(in crate::store) async fn party_corrections(
        &self,
        viewer: &Viewer,
        case: CaseId,
        side: Side,
        number: usize,
    ) -> Result<Vec<PartyCorrection>, StoreError> {
        demand_staff(viewer)?;
        let mut tx = self.read().await?;
        let row = query(
            "SELECT message, (SELECT count(*) FROM cases AS earlier
                 WHERE earlier.message = cases.message AND earlier.number < cases.number) AS place
             FROM cases WHERE id = $1",
        )
        .bind(blob(case.0))
        .fetch_one(&mut tx)
        .await?;
        let message = MessageId(uuid_of(row.try_get("message")?)?);
        let place: usize = super::number(row.try_get("place")?)?;
        let record = match open_record(&mut tx, self.keys(), name(message)).await {
            // An imported case was made of no mail.
            Err(StoreError::NotFound) => return Ok(Vec::new()),
            record => record?,
        };
        let draft: Option<ParsedMessage> = json_part(&mut tx, &record, DRAFT).await?;
        let history: Option<Vec<DraftEntry>> = json_part(&mut tx, &record, CORRECTIONS).await?;
        let (Some(draft), Some(history)) = (draft, history) else {
            return Ok(Vec::new());
        };
        // Cases were made of the referrals in their order.
        let referral = place + usize::from(draft.referral.is_none());
        let whole = draft.referral.iter().chain(&draft.more_referrals).nth(place);
        let placed = whole.map_or_else(Vec::new, |whole| sides_of(&whole.parties));
        let mut of_side = (0..placed.len()).filter(|index| placed.get(*index) == Some(&Some(side)));
        let party = number.checked_sub(1).and_then(|number| of_side.nth(number));
        Ok(party.map_or_else(Vec::new, |party| corrections_of(&history, (referral, party))))
    }
}

impl Write<'_> {
    async fn opened(&mut self, id: MessageId) -> Result<OpenedMessage, StoreError> {
        let record = match self.open_record(name(id)).await {
            Err(StoreError::NotFound) => return Ok(OpenedMessage::default()),
            record => record?,
        };
        let connection = self.connection();
        Ok(OpenedMessage {
            history: json_part(connection, &record, CORRECTIONS)
                .await?
                .unwrap_or_default(),
            draft: json_part(connection, &record, DRAFT).await?,
            // Read before sources were kept.
            source: json_part(connection, &record, SOURCE).await?.unwrap_or_default(),
        })
    }

    /// What a corrected draft is found by and counted as; the threads that it belongs to stay.
    async fn reindex(&mut self, id: MessageId, draft: &ParsedMessage) -> Result<(), StoreError> {
        query("DELETE FROM blind_index WHERE message = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        self.index(id, draft, &[]).await?;
        self.put_facts(id, &AnonymousFacts::of(draft)).await?;
        let done = query("UPDATE messages SET checks = $1 WHERE id = $2")
            .bind(i64::try_from(draft.checks.len()).unwrap_or(i64::MAX))
            .bind(blob(id.0))
            .execute(self.connection())
            .await?;
        one_row(done)
    }
}

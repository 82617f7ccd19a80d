//! Cases of an earlier list.
//!
//! Invariant: an import is one transaction; the same bytes make one case, however often they are imported. The source of each
//! case is a message like any mail's, so that it is found, threaded and destroyed like one.

use super::cases::CaseStart;
use super::driver::query_scalar;
use super::{Database, Write};
use crate::domain::{CaseReference, Kind, MessageState, PARSED_SCHEMA, ParsedMessage, Timestamp, Trust};
use crate::store::{Actor, ImportedCase, NewCase, StoreError, Viewer};
use crate::vault::IndexedAs;

impl Database {
    pub(in crate::store) async fn import_cases(
        &self,
        cases: &[NewCase],
        prefix: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ImportedCase>, StoreError> {
        let mut write = self.write().await?;
        // Their own references first, so that no case without one gets a number that a later row has.
        for case in cases {
            if let Some(reference) = &case.reference {
                let (_, year, number) = CaseReference::parse_own(prefix, reference.as_str()).ok_or(
                    StoreError::WrongState("a reference to be kept is not of this service's pattern"),
                )?;
                write.keep_reference(prefix, year, number).await?;
            }
        }
        let mut done = Vec::with_capacity(cases.len());
        for case in cases {
            done.push(write.import_case(case, prefix, actor, now).await?);
        }
        write.commit().await?;
        Ok(done)
    }
}

impl Write<'_> {
    async fn import_case(
        &mut self,
        case: &NewCase,
        prefix: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ImportedCase, StoreError> {
        let raw = case.raw.expose_personal();
        let hash = self.keys().hash(IndexedAs::Raw, raw);
        if self.message_by_hash(&hash).await?.is_some() {
            return Ok(ImportedCase::Known);
        }
        let reference = match &case.reference {
            Some(reference) => self.free_reference(reference).await?,
            None => self.next_reference(prefix, now).await?,
        };
        let message = self
            .insert_message(MessageState::Held, None, Some((&hash, raw)), now)
            .await?;
        // No facts: the monthly report counts what came by mail.
        self.put_draft(message, &draft_of(case, &reference), &case.thread, &[])
            .await?;
        let start = CaseStart {
            reference,
            opened: case.opened.unwrap_or(now),
        };
        let id = self
            .open_case(message, &case.referral, &start, actor, now)
            .await?;
        let viewer = Viewer::Staff(actor.clone());
        self.note_on_case(&viewer, id, "imported", None, now).await?;
        self.decide(message, MessageState::Accepted, now).await?;
        self.audit(&actor.0, "message.imported", message, now).await?;
        Ok(ImportedCase::New(start.reference))
    }

    async fn free_reference(&mut self, reference: &CaseReference) -> Result<CaseReference, StoreError> {
        let taken: i64 = query_scalar("SELECT count(*) FROM cases WHERE reference = $1")
            .bind(reference.as_str().to_owned())
            .fetch_one(self.connection())
            .await?;
        match taken {
            0 => Ok(reference.clone()),
            _ => Err(StoreError::WrongState("another case has this reference")),
        }
    }
}

fn draft_of(case: &NewCase, reference: &CaseReference) -> ParsedMessage {
    ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: vec![reference.as_str().to_owned()],
        attachments: Vec::new(),
        referral: Some(case.referral.clone()),
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
    }
}

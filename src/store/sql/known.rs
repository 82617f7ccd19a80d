//! The people of every case, as redaction needs them: read in a few statements, however many cases there are.

use super::case_files::{PROGRESS, REFERRAL, state_of};
use super::cases::CONTENT;
use super::driver::query;
use super::records::sealed_parts;
use super::{Database, uuid_of, word};
use crate::domain::{CaseState, KnownCase};
use crate::store::StoreError;
use crate::store::sides::join;
use crate::vault::RecordKind;
use std::collections::HashMap;
use uuid::Uuid;

impl Database {
    pub(in crate::store) async fn known_cases(&self) -> Result<Vec<KnownCase>, StoreError> {
        const CASES: &str = "SELECT id FROM cases WHERE state <> 'destroyed'";
        const FILES: &str = "SELECT id FROM case_files WHERE case_id IN
             (SELECT id FROM cases WHERE state <> 'destroyed')";
        let mut tx = self.read().await?;
        let cases =
            query("SELECT id, reference, state FROM cases WHERE state <> 'destroyed' ORDER BY number")
                .fetch_all(&mut tx)
                .await?;
        let mut files: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        let rows = query("SELECT id, case_id FROM case_files ORDER BY number");
        for row in &rows.fetch_all(&mut tx).await? {
            let case = uuid_of(row.try_get("case_id")?)?;
            files.entry(case).or_default().push(uuid_of(row.try_get("id")?)?);
        }
        let parts = [REFERRAL, PROGRESS];
        let cores = sealed_parts(&mut tx, self.keys(), RecordKind::CaseCore, parts, CASES).await?;
        let sealed = sealed_parts(&mut tx, self.keys(), RecordKind::CaseFile, parts, FILES).await?;
        let mut known = Vec::with_capacity(cases.len());
        for row in &cases {
            let id = uuid_of(row.try_get("id")?)?;
            let state: CaseState = word(row.try_get("state")?)?;
            // What is missing of a case that is not destroyed was taken away from outside.
            let core = cores.get(&id).ok_or(StoreError::Tampered)?;
            let (mut sides, mut silenced, mut people) = (Vec::new(), Vec::new(), 0);
            for file in files.remove(&id).unwrap_or_default() {
                let file = sealed.get(&file).ok_or(StoreError::Tampered)?;
                let referral = file.json(REFERRAL)?.ok_or(StoreError::Tampered)?;
                let state = state_of(referral, file.json(PROGRESS)?);
                silenced.extend(state.silenced().into_iter().map(|party| people + party));
                people += state.referral.parties.len();
                sides.push(state.referral);
            }
            known.push(KnownCase {
                reference: Some(row.try_get("reference")?),
                closed: state == CaseState::Closed,
                referral: join(core.json(CONTENT)?.ok_or(StoreError::Tampered)?, sides),
                silenced,
            });
        }
        Ok(known)
    }
}

//! Sign-ins to the staff pages.
//!
//! Invariants: a token is kept as its keyed hash only, and is replaced when a sign-in is completed; a code or recovery code is
//! used up in the transaction that completes a session with it.

use super::driver::{Row, query};
use super::staff::{PENDING, SECOND_STEP, name};
use super::{Database, Write, blob, found, instant, one_row, uuid_of, word};
use crate::domain::{SessionId, StaffId, Timestamp};
use crate::store::sealing::new_id;
use crate::store::{
    Enrolment, OpenSession, SecondProof, SessionInfo, SessionTerms, SessionToken, SignInStage, StaffAccount,
    StoreError,
};
use crate::vault::IndexedAs;
use std::time::Duration;

/// How long somebody may take for the second step.
const SECOND_STEP_TIME: Duration = Duration::from_secs(15 * 60);
/// A request is noted if the last one that was is so long ago.
const NOTE_AFTER: Duration = Duration::from_secs(30);

impl Database {
    pub(in crate::store) async fn begin_session(
        &self,
        id: StaffId,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write
            .insert_session(id, token, SignInStage::Password, now)
            .await?;
        write.commit().await
    }

    pub(in crate::store) async fn session(
        &self,
        token: &SessionToken,
        terms: SessionTerms,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StoreError> {
        let (info, account) = {
            let mut tx = self.read().await?;
            let row = query("SELECT id, staff, stage, started, seen FROM staff_sessions WHERE hash = $1")
                .bind(self.token_hash(token).to_vec())
                .fetch_optional(&mut tx)
                .await?;
            let Some(row) = row else { return Ok(None) };
            let staff = StaffId(uuid_of(row.try_get("staff")?)?);
            (info_of(&row)?, self.open_staff(&mut tx, staff).await?)
        };
        if is_over(&info, terms, now) {
            let mut write = self.write().await?;
            write.delete_session(info.id).await?;
            write.commit().await?;
            return Ok(None);
        }
        if elapsed(info.seen, now) >= NOTE_AFTER {
            let mut write = self.write().await?;
            query("UPDATE staff_sessions SET seen = $1 WHERE id = $2")
                .bind(now.as_microsecond())
                .bind(blob(info.id.0))
                .execute(write.connection())
                .await?;
            write.commit().await?;
        }
        Ok(Some(OpenSession { info, account }))
    }

    pub(in crate::store) async fn sessions_of(
        &self,
        id: StaffId,
        terms: SessionTerms,
        now: Timestamp,
    ) -> Result<Vec<SessionInfo>, StoreError> {
        let rows =
            query("SELECT id, stage, started, seen FROM staff_sessions WHERE staff = $1 ORDER BY started")
                .bind(blob(id.0))
                .fetch_all(&mut self.read().await?)
                .await?;
        let mut sessions = rows.iter().map(info_of).collect::<Result<Vec<_>, _>>()?;
        sessions.retain(|session| !is_over(session, terms, now));
        Ok(sessions)
    }

    pub(in crate::store) async fn end_session(
        &self,
        account: &StaffAccount,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let done = query("DELETE FROM staff_sessions WHERE id = $1 AND staff = $2")
            .bind(blob(session.0))
            .bind(blob(account.id.0))
            .execute(write.connection())
            .await?;
        if done == 0 {
            return Ok(false);
        }
        write
            .audit(&account.name, "staff.signed_out", account.id, now)
            .await?;
        write.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn set_up_second_step(
        &self,
        session: &OpenSession,
        enrolment: &Enrolment,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let account = &session.account;
        let mut write = self.write().await?;
        let record = write.open_record(name(account.id)).await?;
        let is_set_up = write.staff_part(&record, SECOND_STEP).await?.is_some();
        let pending = write.staff_part(&record, PENDING).await?;
        let Some(secret) = pending.filter(|_| !is_set_up) else {
            return Ok(false);
        };
        let sealed = record.seal(SECOND_STEP, &secret)?;
        write.put_part(&record, SECOND_STEP, sealed).await?;
        write.drop_part(account.id, PENDING).await?;
        for code in &enrolment.recovery {
            let hash = self.recovery_hash(account.id, code);
            let done = query("INSERT INTO staff_recovery (hash, staff) VALUES ($1, $2)")
                .bind(hash.to_vec())
                .bind(blob(account.id.0))
                .execute(write.connection())
                .await?;
            one_row(done)?;
        }
        let proof = SecondProof::Step(enrolment.step);
        if !write.use_up(account.id, &proof).await? || !write.replace_session(session, token, now).await? {
            return Ok(false);
        }
        write
            .audit(&account.name, "staff.second_step_set", account.id, now)
            .await?;
        write
            .audit(&account.name, "staff.signed_in", account.id, now)
            .await?;
        write.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn complete_session(
        &self,
        session: &OpenSession,
        proof: &SecondProof,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let account = &session.account;
        let mut write = self.write().await?;
        if !write.use_up(account.id, proof).await? || !write.replace_session(session, token, now).await? {
            return Ok(false);
        }
        let action = match proof {
            SecondProof::Step(_) => "staff.signed_in",
            SecondProof::Recovery(_) => "staff.signed_in_by_recovery_code",
        };
        write.audit(&account.name, action, account.id, now).await?;
        write.commit().await?;
        Ok(true)
    }

    fn token_hash(&self, token: &SessionToken) -> [u8; 32] {
        self.keys().hash(IndexedAs::StaffSession, token.0.as_slice())
    }

    fn recovery_hash(&self, id: StaffId, code: &str) -> [u8; 32] {
        let value = [id.0.as_bytes(), code.as_bytes()].concat();
        self.keys().hash(IndexedAs::RecoveryCode, &value)
    }
}

impl Write<'_> {
    async fn insert_session(
        &mut self,
        id: StaffId,
        token: &SessionToken,
        stage: SignInStage,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let hash = self.db.token_hash(token);
        let done = query(
            "INSERT INTO staff_sessions (id, hash, staff, stage, started, seen) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(blob(new_id(now)?))
        .bind(hash.to_vec())
        .bind(blob(id.0))
        .bind(stage.as_str())
        .bind(now.as_microsecond())
        .bind(now.as_microsecond())
        .execute(self.connection())
        .await?;
        one_row(done)
    }

    async fn delete_session(&mut self, id: SessionId) -> Result<u64, StoreError> {
        query("DELETE FROM staff_sessions WHERE id = $1")
            .bind(blob(id.0))
            .execute(self.connection())
            .await
    }

    /// The session of the password step ends, a complete one begins. `false` where it has ended meanwhile.
    async fn replace_session(
        &mut self,
        session: &OpenSession,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match found(self.delete_session(session.info.id).await?) {
            Ok(()) => {}
            Err(StoreError::NotFound) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.insert_session(session.account.id, token, SignInStage::Complete, now)
            .await?;
        Ok(true)
    }

    /// `false` where it was used before, or never was one.
    async fn use_up(&mut self, id: StaffId, proof: &SecondProof) -> Result<bool, StoreError> {
        let done = match proof {
            SecondProof::Step(step) => {
                let step = i64::try_from(*step).map_err(|_| StoreError::Corrupt("a time is out of range"))?;
                query("UPDATE staff SET last_step = $1 WHERE id = $2 AND last_step < $1")
                    .bind(step)
                    .bind(blob(id.0))
                    .execute(self.connection())
                    .await?
            }
            SecondProof::Recovery(code) => {
                let hash = self.db.recovery_hash(id, code);
                query("DELETE FROM staff_recovery WHERE hash = $1 AND staff = $2")
                    .bind(hash.to_vec())
                    .bind(blob(id.0))
                    .execute(self.connection())
                    .await?
            }
        };
        Ok(done == 1)
    }
}

fn info_of(row: &Row) -> Result<SessionInfo, StoreError> {
    Ok(SessionInfo {
        id: SessionId(uuid_of(row.try_get("id")?)?),
        stage: word(row.try_get("stage")?)?,
        started: instant(row.try_get("started")?)?,
        seen: instant(row.try_get("seen")?)?,
    })
}

/// Zero where the clock was set back.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

fn is_over(session: &SessionInfo, terms: SessionTerms, now: Timestamp) -> bool {
    let absolute = match session.stage {
        SignInStage::Password => SECOND_STEP_TIME.min(terms.absolute),
        SignInStage::Complete => terms.absolute,
    };
    elapsed(session.seen, now) >= terms.idle || elapsed(session.started, now) >= absolute
}

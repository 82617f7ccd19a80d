//! Accounts and sessions of the staff pages.

use super::{
    Actor, Enrolment, NewStaff, OpenSession, SecondProof, SessionInfo, SessionTerms, SessionToken,
    StaffAccount, Store, StoreError,
};
use crate::domain::{Personal, SessionId, StaffId, Timestamp};

impl Store {
    /// Makes an account, or gives an existing one a new role and password; its sessions end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where a volunteer's submission account is not there.
    pub async fn put_staff(
        &self,
        account: &NewStaff,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<StaffId, StoreError> {
        self.database.put_staff(account, actor, now).await
    }

    /// Removes an account with its sessions; `false` where there was none.
    pub async fn remove_staff(&self, name: &str, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
        self.database.remove_staff(name, actor, now).await
    }

    /// Takes the second step away: it is set up anew at the next sign-in. `false` where there is no such account.
    pub async fn reset_second_step(
        &self,
        name: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.reset_second_step(name, actor, now).await
    }

    /// One account, by its name in any letter case.
    pub async fn staff(&self, name: &str) -> Result<Option<StaffAccount>, StoreError> {
        self.database.staff(name).await
    }

    /// All accounts.
    pub async fn staff_accounts(&self) -> Result<Vec<StaffAccount>, StoreError> {
        self.database.staff_accounts().await
    }

    /// A sign-in failed; `None` for a name that nobody has.
    pub async fn note_failed_sign_in(&self, id: Option<StaffId>, now: Timestamp) -> Result<(), StoreError> {
        self.database.note_failed_sign_in(id, now).await
    }

    /// The password fitted: a session that may do nothing but the second step.
    pub async fn begin_session(
        &self,
        id: StaffId,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.begin_session(id, token, now).await
    }

    /// The secret of a second step that is being set up; the same one until it is.
    pub async fn pending_secret(&self, id: StaffId, now: Timestamp) -> Result<Personal<Vec<u8>>, StoreError> {
        self.database.pending_secret(id, now).await
    }

    /// One transaction: the pending secret becomes the second step, with these recovery codes; the session goes on, complete
    /// and under a new token. `false` where it is set up already, or the session is over.
    pub async fn set_up_second_step(
        &self,
        session: &OpenSession,
        enrolment: &Enrolment,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database
            .set_up_second_step(session, enrolment, token, now)
            .await
    }

    /// One transaction: the proof is used up, and the session goes on, complete and under a new token. `false` where the proof
    /// was used before or never fitted.
    pub async fn complete_session(
        &self,
        session: &OpenSession,
        proof: &SecondProof,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.complete_session(session, proof, token, now).await
    }

    /// The session of a token with its account; `None` where there is none, or it is over.
    pub async fn session(
        &self,
        token: &SessionToken,
        terms: SessionTerms,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StoreError> {
        self.database.session(token, terms, now).await
    }

    /// Sessions of an account that are not over, oldest first.
    pub async fn sessions_of(
        &self,
        id: StaffId,
        terms: SessionTerms,
        now: Timestamp,
    ) -> Result<Vec<SessionInfo>, StoreError> {
        self.database.sessions_of(id, terms, now).await
    }

    /// Replaces the password of whoever is signed in with this session; their other sessions end. `password_hash` is a PHC
    /// string (argon2id).
    pub async fn change_password(
        &self,
        session: &OpenSession,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.change_password(session, password_hash, now).await
    }

    /// Ends a session of this account; `false` where it has none of that id.
    pub async fn end_session(
        &self,
        account: &StaffAccount,
        session: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.end_session(account, session, now).await
    }
}

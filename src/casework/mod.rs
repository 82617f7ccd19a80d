//! What staff do: list, show, accept, reject.
//!
//! Invariant: whatever shows a person's data names who looked, and the look is in the audit log.
//! The functions take identities as staff write them: a message by its id or the end of it, a case by its
//! reference or id.

mod ask;
pub mod report;

pub use ask::Draft;

use crate::domain::{
    CaseId, CaseReference, MessageId, MessageState, ParsedMessage, Personal, Referral, Side, Timestamp,
};
use crate::store::{
    Actor, Allocation, CaseFile, CaseSummary, MessageSummary, SimilarMessage, Store, StoreError,
};

/// Fewest characters of the end of an id that name a message.
pub const MIN_ID_ENDING: usize = 6;

/// Why it could not be done, in words for staff. Carries no content.
#[derive(Debug, thiserror::Error)]
pub enum CaseworkError {
    /// No message has this id.
    #[error(
        "there is no such message: give its id as `cases list` shows it, or at least the last 6 characters"
    )]
    NoSuchMessage,
    /// Several messages have an id that ends so.
    #[error("several messages have an id that ends so: give more of it")]
    AmbiguousMessage,
    /// No case has this reference.
    #[error("there is no such case: give its reference as `cases list` shows it")]
    NoSuchCase,
    /// No account has this user name.
    #[error("there is no such account: `referrald users list` shows them")]
    NoSuchAccount,
    /// The file was not allocated to this account.
    #[error("the file is not allocated to this account: `cases show` says to whom it is")]
    NotAllocated,
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One message, opened for a member of staff.
pub struct MessageView {
    /// State, kind, number of checks.
    pub summary: MessageSummary,
    /// The draft; `None` where it was not read, or is destroyed.
    pub draft: Option<Personal<ParsedMessage>>,
    /// Other messages that may be about the same people or incident, with the reason.
    pub similar: Vec<SimilarMessage>,
}

/// One case, opened for a member of staff.
pub struct CaseView {
    /// Reference, state, sides.
    pub summary: CaseSummary,
    /// What belongs to the case as a whole. Never shown on a side's file.
    pub core: Personal<Referral>,
    /// One entry per side.
    pub files: Vec<CaseFile>,
    /// Who may write about which file.
    pub allocations: Vec<Allocation>,
}

/// Casework of one member of staff.
pub struct Casework {
    store: Store,
    actor: Actor,
}

impl Casework {
    /// `actor` stands in the audit log for everything that is done through this value.
    pub fn new(store: Store, actor: Actor) -> Self {
        Self { store, actor }
    }

    /// All messages, newest first.
    ///
    /// # Errors
    /// [`CaseworkError::Store`].
    pub async fn messages(&self) -> Result<Vec<MessageSummary>, CaseworkError> {
        Ok(self.store.messages().await?)
    }

    /// The message that staff mean: its whole id, or an ending of at least [`MIN_ID_ENDING`] characters.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchMessage`], [`CaseworkError::AmbiguousMessage`].
    pub async fn find_message(&self, text: &str) -> Result<MessageSummary, CaseworkError> {
        let text = text.trim().to_ascii_lowercase();
        if text.len() < MIN_ID_ENDING {
            return Err(CaseworkError::NoSuchMessage);
        }
        let messages = self.store.messages().await?;
        let mut fitting = messages
            .into_iter()
            .filter(|message| message.id.to_string().ends_with(&text));
        let found = fitting.next().ok_or(CaseworkError::NoSuchMessage)?;
        match fitting.next() {
            Some(_) => Err(CaseworkError::AmbiguousMessage),
            None => Ok(found),
        }
    }

    /// Opens one message; audited.
    ///
    /// # Errors
    /// As [`Casework::find_message`].
    pub async fn show_message(&self, text: &str, now: Timestamp) -> Result<MessageView, CaseworkError> {
        let summary = self.find_message(text).await?;
        let (draft, similar) = match summary.state {
            // Nothing is left to open.
            MessageState::Rejected => (None, Vec::new()),
            MessageState::Held
            | MessageState::Read
            | MessageState::Unreadable
            | MessageState::Filed
            | MessageState::SetAside
            | MessageState::Accepted => (
                self.store.open_draft(summary.id, &self.actor, now).await?,
                self.store.similar_messages(summary.id).await?,
            ),
        };
        Ok(MessageView {
            summary,
            draft: draft.map(Personal::new),
            similar,
        })
    }

    /// Makes a case of a message (of each referral in it); gives the first.
    ///
    /// # Errors
    /// As [`Casework::find_message`]; [`StoreError::WrongState`] with the reason.
    pub async fn accept(
        &self,
        text: &str,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(CaseId, CaseReference), CaseworkError> {
        let message = self.find_message(text).await?;
        Ok(self.store.accept(message.id, prefix, &self.actor, now).await?)
    }

    /// What to ask the referrer of a message that waits for review, one draft per referral that lacks something; the look is
    /// audited.
    ///
    /// # Errors
    /// As [`Casework::find_message`].
    pub async fn ask(&self, text: &str, now: Timestamp) -> Result<Vec<Draft>, CaseworkError> {
        let message = self.find_message(text).await?;
        let draft = self.store.open_draft(message.id, &self.actor, now).await?;
        let referrals = draft
            .iter()
            .flat_map(|draft| draft.referral.iter().chain(&draft.more_referrals));
        Ok(referrals.filter_map(ask::draft).collect())
    }

    /// Destroys a message at once: key, rows, hashes; the copy on the mail server follows.
    ///
    /// # Errors
    /// As [`Casework::accept`].
    pub async fn reject(&self, text: &str, now: Timestamp) -> Result<MessageId, CaseworkError> {
        let message = self.find_message(text).await?;
        self.store.reject(message.id, &self.actor, now).await?;
        Ok(message.id)
    }

    /// All cases, newest first.
    ///
    /// # Errors
    /// [`CaseworkError::Store`].
    pub async fn cases(&self) -> Result<Vec<CaseSummary>, CaseworkError> {
        Ok(self.store.cases().await?)
    }

    /// Opens one case, every side; audited. `text` is its reference or id.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`].
    pub async fn show_case(&self, text: &str, now: Timestamp) -> Result<CaseView, CaseworkError> {
        let summary = self.find_case(text).await?;
        let core = self.store.case_core(summary.id, &self.actor, now).await?;
        let files = self.store.case_files(summary.id, &self.actor, now).await?;
        let allocations = self.store.allocations(summary.id).await?;
        Ok(CaseView {
            summary,
            core,
            files,
            allocations,
        })
    }

    /// The case that staff mean: its reference or id.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`].
    pub async fn find_case(&self, text: &str) -> Result<CaseSummary, CaseworkError> {
        let wanted = text.trim();
        let cases = self.store.cases().await?;
        cases
            .into_iter()
            .find(|case| {
                case.reference.as_str().eq_ignore_ascii_case(wanted)
                    || case.id.to_string().eq_ignore_ascii_case(wanted)
            })
            .ok_or(CaseworkError::NoSuchCase)
    }

    /// An account may write about one side's file of a case.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`], [`CaseworkError::NoSuchAccount`]; [`StoreError::WrongState`] where the case has no
    /// such file.
    pub async fn allocate(
        &self,
        case: &str,
        side: Side,
        user: &str,
        now: Timestamp,
    ) -> Result<(), CaseworkError> {
        let case = self.find_case(case).await?.id;
        let done = self.store.allocate(case, side, user, &self.actor, now).await;
        done.map_err(no_account)
    }

    /// An account may no longer write about it.
    ///
    /// # Errors
    /// As [`Casework::allocate`]; [`CaseworkError::NotAllocated`].
    pub async fn take_back(
        &self,
        case: &str,
        side: Side,
        user: &str,
        now: Timestamp,
    ) -> Result<(), CaseworkError> {
        let case = self.find_case(case).await?.id;
        let done = self.store.take_back(case, side, user, &self.actor, now).await;
        match done.map_err(no_account)? {
            true => Ok(()),
            false => Err(CaseworkError::NotAllocated),
        }
    }
}

/// The store names an account that it does not have as a record it does not have.
fn no_account(error: StoreError) -> CaseworkError {
    match error {
        StoreError::NotFound => CaseworkError::NoSuchAccount,
        error => error.into(),
    }
}

//! What staff do: list, show, accept, reject, export, import.
//!
//! Invariant: whatever shows a person's data names who looked, and the look is in the audit log.
//! The functions take identities as staff write them: a message by its id or the end of it, a case by its
//! reference or id.

mod ask;
pub mod cells;
mod certificate;
mod documents;
mod export;
mod import;
pub mod report;
mod retention;
mod statistics;
mod subject;

pub use ask::Draft;
pub use certificate::certificate;
pub use documents::{Cleared, DocumentsFolder, ExportedDocuments};
pub use export::{
    EXPORT_COLUMNS, EXPORT_SCHEMA, ExportedCase, ExportedFile, ExportedPerson, ExportedWhole, PersonStatus,
    Sides,
};
pub use import::{IMPORT_COLUMNS, ImportProblem, ImportReport, ImportRun, RowProblem};
pub use retention::{MAX_LISTED, Purged, Terms, due, purge};
pub use statistics::monthly_report;
pub use subject::{Concern, SubjectData};

use crate::domain::{
    CaseId, CaseReference, CloseReason, DraftChange, DraftEntry, EntryId, FileChange, MessageId,
    MessageState, ParsedMessage, Personal, Side, Source, Timestamp,
};
use crate::store::{
    Actor, Allocation, CaseName, CaseSummary, Closing, DestroyRule, Lookup, MessageSummary, NewDocument,
    OpenedCase, OpenedFile, OpenedMessage, SimilarMessage, Store, StoreError, Tombstone, Viewer,
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
    /// `[keeping] documents_dir` is not set.
    #[error("no documents folder is configured: set documents_dir under [keeping]")]
    NoDocumentsFolder,
    /// A document could not be written.
    #[error("a document could not be written to the documents folder ({0})")]
    NotWritten(std::io::ErrorKind),
    /// Copies in the documents folder are still there.
    #[error(
        "copies in the documents folder could not be removed ({0}): mend the folder's permissions; of a destroyed case the \
         daily run tries again, an erasure has to be asked for again"
    )]
    FolderLeft(std::io::ErrorKind),
    /// A table could not be written.
    #[error("the table could not be written")]
    Table,
    /// A case list has rows that cannot be imported; nothing was.
    #[error("{}", import::listed(.0))]
    Import(Vec<ImportProblem>),
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
    /// What it was read from, as staff see it; empty where nothing was kept.
    pub source: Personal<Source>,
    /// How staff changed the draft, in order.
    pub history: Vec<DraftEntry>,
    /// Other messages that may be about the same people or incident, with the reason.
    pub similar: Vec<SimilarMessage>,
}

/// One case, opened for a member of staff.
pub struct CaseView {
    /// Reference, state, sides.
    pub summary: CaseSummary,
    /// What belongs to the case as a whole. Never shown on a side's file.
    pub core: OpenedCase,
    /// One entry per side.
    pub files: Vec<OpenedFile>,
    /// Who may write about which file.
    pub allocations: Vec<Allocation>,
}

/// Casework of one member of staff.
pub struct Casework {
    store: Store,
    actor: Actor,
    documents: Option<DocumentsFolder>,
}

impl Casework {
    /// `actor` stands in the audit log for everything that is done through this value.
    pub fn new(store: Store, actor: Actor) -> Self {
        Self {
            store,
            actor,
            documents: None,
        }
    }

    /// With the documents folder, from which the copies of what is destroyed or erased are removed.
    pub fn with_documents(self, documents: Option<DocumentsFolder>) -> Self {
        Self { documents, ..self }
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
        if let Ok(id) = text.parse::<MessageId>() {
            return self.store.message(id).await.map_err(|error| match error {
                StoreError::NotFound => CaseworkError::NoSuchMessage,
                error => error.into(),
            });
        }
        if text.len() < MIN_ID_ENDING {
            return Err(CaseworkError::NoSuchMessage);
        }
        let found = self.store.message_ids_ending(&text).await?;
        match found.as_slice() {
            [] => Err(CaseworkError::NoSuchMessage),
            [id] => Ok(self.store.message(*id).await?),
            [_, _, ..] => Err(CaseworkError::AmbiguousMessage),
        }
    }

    /// Opens one message; audited.
    ///
    /// # Errors
    /// As [`Casework::find_message`].
    pub async fn show_message(&self, text: &str, now: Timestamp) -> Result<MessageView, CaseworkError> {
        let summary = self.find_message(text).await?;
        let (opened, similar) = match summary.state {
            // Nothing is left to open.
            MessageState::Rejected => (OpenedMessage::default(), Vec::new()),
            MessageState::Held
            | MessageState::Read
            | MessageState::Unreadable
            | MessageState::Filed
            | MessageState::SetAside
            | MessageState::Accepted => (
                self.store.open_message(summary.id, &self.actor, now).await?,
                self.store.similar_messages(summary.id).await?,
            ),
        };
        Ok(MessageView {
            summary,
            draft: opened.draft.map(Personal::new),
            source: Personal::new(opened.source),
            history: opened.history,
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

    /// Changes a draft on which nobody has decided; `seen` is how many earlier changes their author saw.
    ///
    /// # Errors
    /// As [`Casework::find_message`]; [`StoreError::Refused`] with what to do instead: nothing was changed then.
    pub async fn correct(
        &self,
        text: &str,
        seen: usize,
        changes: &[DraftChange],
        now: Timestamp,
    ) -> Result<(), CaseworkError> {
        let message = self.find_message(text).await?;
        let store = &self.store;
        Ok(store
            .correct_draft(message.id, seen, changes, &self.actor, now)
            .await?)
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
        let viewer = self.viewer();
        let core = self.store.open_case_core(&viewer, summary.id, now).await?;
        let files = self.store.open_files(&viewer, summary.id, now).await?;
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
        let name = match wanted.parse::<CaseId>() {
            Ok(id) => CaseName::Id(id),
            Err(_) => CaseName::Reference(CaseReference::parse(wanted).ok_or(CaseworkError::NoSuchCase)?),
        };
        self.store.case_named(&name).await.map_err(|error| match error {
            StoreError::NotFound => CaseworkError::NoSuchCase,
            error => error.into(),
        })
    }

    /// Cases on one of whose files this stands.
    ///
    /// # Errors
    /// [`CaseworkError::Store`].
    pub async fn find_cases(&self, lookup: &Lookup) -> Result<Vec<CaseSummary>, CaseworkError> {
        Ok(self.store.find_cases(lookup).await?)
    }

    /// Messages in whose draft this stands.
    ///
    /// # Errors
    /// [`CaseworkError::Store`].
    pub async fn find_messages(&self, lookup: &Lookup) -> Result<Vec<MessageSummary>, CaseworkError> {
        Ok(self.store.find_messages(lookup).await?)
    }

    /// Changes one side's file; gives the reason where the case was closed by it.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`]; [`StoreError::Refused`] with what to do instead.
    pub async fn change(
        &self,
        case: &str,
        side: Side,
        change: &FileChange,
        now: Timestamp,
    ) -> Result<Option<CloseReason>, CaseworkError> {
        let case = self.find_case(case).await?;
        if let (FileChange::Erased { .. }, Some(folder)) = (change, &self.documents) {
            // Before the erasure: a crash in between costs a copy that can be written again.
            documents::remove_folder(folder, &case.reference, Some(side))?;
        }
        let done = self
            .store
            .change_file(&self.viewer(), case.id, side, change, now)
            .await;
        Ok(done?)
    }

    /// Keeps a document on one side's file.
    ///
    /// # Errors
    /// As [`Casework::change`].
    pub async fn add_document(
        &self,
        case: &str,
        side: Side,
        document: &NewDocument,
        now: Timestamp,
    ) -> Result<EntryId, CaseworkError> {
        let case = self.find_case(case).await?.id;
        Ok(self
            .store
            .add_document(&self.viewer(), case, side, document, now)
            .await?)
    }

    /// A document of one side's file; the look is audited.
    ///
    /// # Errors
    /// As [`Casework::change`].
    pub async fn document(
        &self,
        case: &str,
        side: Side,
        id: EntryId,
        now: Timestamp,
    ) -> Result<NewDocument, CaseworkError> {
        let case = self.find_case(case).await?.id;
        Ok(self.store.document(&self.viewer(), case, side, id, now).await?)
    }

    /// Closes a case.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`]; [`StoreError::WrongState`] with the reason.
    pub async fn close(&self, case: &str, closing: &Closing, now: Timestamp) -> Result<(), CaseworkError> {
        let case = self.find_case(case).await?.id;
        Ok(self.store.close_case(&self.viewer(), case, closing, now).await?)
    }

    /// Opens a closed case again.
    ///
    /// # Errors
    /// As [`Casework::close`].
    pub async fn reopen(&self, case: &str, why: &str, now: Timestamp) -> Result<(), CaseworkError> {
        let case = self.find_case(case).await?.id;
        Ok(self.store.reopen_case(&self.viewer(), case, why, now).await?)
    }

    /// Destroys a case at once, by order, then removes its folder of documents; gives its reference.
    ///
    /// # Errors
    /// As [`Casework::close`]; [`CaseworkError::FolderLeft`] where only the folder stays.
    pub async fn destroy(&self, case: &str, now: Timestamp) -> Result<CaseReference, CaseworkError> {
        let case = self.find_case(case).await?;
        let viewer = self.viewer();
        self.store
            .destroy_case(&viewer, case.id, DestroyRule::Order, now)
            .await?;
        if let Some(folder) = &self.documents {
            documents::remove_folder(folder, &case.reference, None)?;
        }
        Ok(case.reference)
    }

    /// What remains of a destroyed case and its mails.
    ///
    /// # Errors
    /// [`CaseworkError::NoSuchCase`]; [`StoreError::WrongState`] where it is not destroyed.
    pub async fn remains(&self, case: &str) -> Result<(CaseSummary, Vec<Tombstone>), CaseworkError> {
        let case = self.find_case(case).await?;
        if case.destroyed.is_none() {
            return Err(StoreError::WrongState("the case is not destroyed").into());
        }
        let tombstones = self.store.tombstones_of_case(case.id).await?;
        Ok((case, tombstones))
    }

    /// Files a message with an existing case.
    ///
    /// # Errors
    /// As [`Casework::find_message`] and [`Casework::close`].
    pub async fn file(
        &self,
        message: &str,
        case: &str,
        now: Timestamp,
    ) -> Result<CaseReference, CaseworkError> {
        let message = self.find_message(message).await?;
        let case = self.find_case(case).await?;
        let viewer = self.viewer();
        self.store
            .file_with_case(&viewer, message.id, case.id, now)
            .await?;
        Ok(case.reference)
    }

    /// Puts a message aside that nobody has to work on.
    ///
    /// # Errors
    /// As [`Casework::find_message`]; [`StoreError::WrongState`].
    pub async fn set_aside(&self, message: &str, now: Timestamp) -> Result<(), CaseworkError> {
        let message = self.find_message(message).await?;
        Ok(self.store.set_aside(&self.viewer(), message.id, now).await?)
    }

    fn viewer(&self) -> Viewer {
        Viewer::Staff(self.actor.clone())
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

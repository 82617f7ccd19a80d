//! What leaves the store for other systems and for people themselves, and what comes in besides mail.
//!
//! Invariant: whatever is taken out is audited per file, with what it was taken for; an import is one transaction.

use super::{Actor, NewDocument, OpenedFile, Store, StoreError, Viewer};
use crate::domain::{
    AgencyKind, CaseId, CaseReference, EntryId, Kind, MailRoute, MessageId, OutboundId, Personal, Referral,
    Side, Timestamp,
};

/// What something is taken out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// For the case management system in use, or for the documents folder.
    Export,
    /// For the person themself (Article 15 UK GDPR).
    SubjectAccess,
}

/// What belongs to a case as a whole, taken out.
pub struct TakenCore {
    /// As in [`super::OpenedCase`].
    pub referral: Personal<Referral>,
    /// Somebody on a file of the case is restricted or erased: free texts may speak of them.
    pub somebody_is_left_out: bool,
}

/// How a message belongs to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceTie {
    /// The case was made of it.
    MadeOf,
    /// The case was made of rows of a list that was imported.
    Imported,
    /// Staff filed it with the case.
    FiledWith,
}

/// A message that a case was made of, or that was filed with it.
#[derive(Debug, Clone)]
pub struct CaseSource {
    /// Which.
    pub message: MessageId,
    /// How it belongs to the case.
    pub tie: SourceTie,
    /// When it came.
    pub received: Timestamp,
    /// What it is, where it was read.
    pub kind: Option<Kind>,
    /// The agency that wrote it: the sender's, as far as the mail server vouches for it.
    pub agency: Option<String>,
    /// Its kind.
    pub agency_kind: Option<AgencyKind>,
    /// When its content was destroyed.
    pub destroyed: Option<Timestamp>,
}

/// What became of one recipient's share of a liaison mail.
#[derive(Debug, Clone)]
pub struct LiaisonDelivery {
    /// The address.
    pub recipient: Personal<String>,
    /// The relay.
    pub route: MailRoute,
    /// `waiting`, `sent`, `failed`, `held`, `returned`.
    pub state: String,
    /// When that was settled.
    pub ended: Option<Timestamp>,
}

/// A case of an earlier list, to be taken in.
pub struct NewCase {
    /// What it is made of, as it came: kept like a mail.
    pub raw: Personal<Vec<u8>>,
    /// Its people and numbers.
    pub referral: Referral,
    /// Message-IDs of its mails.
    pub thread: Vec<String>,
    /// Our own reference, which the case keeps.
    pub reference: Option<CaseReference>,
    /// When it was opened; `None` for now.
    pub opened: Option<Timestamp>,
}

/// What became of a [`NewCase`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportedCase {
    /// It is a case now.
    New(CaseReference),
    /// The same rows were imported before; nothing was done.
    Known,
}

impl Store {
    /// These sides' files, opened for staff to take them out; each is audited with its purpose.
    ///
    /// # Errors
    /// As [`Store::change_file`].
    pub async fn take_files(
        &self,
        viewer: &Viewer,
        case: CaseId,
        sides: &[Side],
        taking: Taking,
        now: Timestamp,
    ) -> Result<Vec<OpenedFile>, StoreError> {
        self.database.take_files(viewer, case, sides, taking, now).await
    }

    /// What belongs to a case as a whole, for staff to take it out; audited.
    ///
    /// # Errors
    /// As [`Store::open_case_core`].
    pub async fn take_core(
        &self,
        viewer: &Viewer,
        case: CaseId,
        now: Timestamp,
    ) -> Result<TakenCore, StoreError> {
        self.database.take_core(viewer, case, now).await
    }

    /// A document of a file, for staff to take it out; audited with its purpose.
    ///
    /// # Errors
    /// As [`Store::document`].
    pub async fn take_document(
        &self,
        viewer: &Viewer,
        (case, side): (CaseId, Side),
        id: EntryId,
        taking: Taking,
        now: Timestamp,
    ) -> Result<NewDocument, StoreError> {
        self.database
            .take_document(viewer, (case, side), id, taking, now)
            .await
    }

    /// The messages that a case was made of and those filed with it, oldest first, for staff.
    ///
    /// # Errors
    /// [`StoreError::StaffOnly`].
    pub async fn case_sources(&self, viewer: &Viewer, case: CaseId) -> Result<Vec<CaseSource>, StoreError> {
        self.database.case_sources(viewer, case).await
    }

    /// To whom a liaison mail went, in the order of its deliveries; none where it was destroyed.
    ///
    /// # Errors
    /// Of the database.
    pub async fn liaison_deliveries(&self, id: OutboundId) -> Result<Vec<LiaisonDelivery>, StoreError> {
        self.database.liaison_deliveries(id).await
    }

    /// One transaction: every case with its files, its source as an accepted message, its threads. What was imported
    /// before is left as it is, also where it was destroyed since.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where a reference is none of `prefix`, or is taken: then nothing is imported.
    pub async fn import_cases(
        &self,
        cases: &[NewCase],
        prefix: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ImportedCase>, StoreError> {
        self.database.import_cases(cases, prefix, actor, now).await
    }
}

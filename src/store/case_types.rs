//! What crosses the store's interface about cases.

use crate::domain::{
    AnonymousFacts, CaseFileId, CaseFileState, CaseId, CaseOutcome, CaseReference, CloseReason, EntryId,
    FileChange, Kind, MessageId, MessageState, Personal, Referral, Side, Timestamp,
};
use crate::store::Actor;
use serde::{Deserialize, Serialize};

/// Who asks, and by what right. Every query for one side's file takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A member of staff: every file, and what belongs to a case as a whole.
    Staff(Actor),
    /// A volunteer, by the user name of their account: the files allocated to them, and nothing else. Everything else
    /// is not there for them.
    Volunteer {
        /// User name.
        user: String,
    },
}

impl Viewer {
    /// Who stands in the audit log.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Staff(actor) => actor.clone(),
            Self::Volunteer { user } => Actor(user.clone()),
        }
    }
}

/// One side's file, opened.
pub struct OpenedFile {
    /// Identity.
    pub id: CaseFileId,
    /// Which side.
    pub side: Side,
    /// What it holds.
    pub state: Personal<CaseFileState>,
    /// What was done, in order.
    pub entries: Vec<FileEntry>,
}

/// What belongs to a case as a whole, opened for staff. Never shown on a side's file.
pub struct OpenedCase {
    /// Summary, place, risks, wishes, referrer, people on no side.
    pub referral: Personal<Referral>,
    /// What was done with the case, in order.
    pub entries: Vec<FileEntry>,
}

/// What a case is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseName {
    /// Our reference.
    Reference(CaseReference),
    /// Its identity.
    Id(CaseId),
}

/// Something that was done on a file.
pub struct FileEntry {
    /// Identity.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// [`FileChange::kind`], `document`, or what was done with the case as a whole.
    pub kind: String,
    /// What it says; `None` where it was erased.
    pub content: Option<Personal<EntryContent>>,
}

/// What an entry says.
#[derive(Clone, Serialize, Deserialize)]
pub struct EntryContent {
    /// Who did it.
    pub actor: String,
    /// The change of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<FileChange>,
    /// What stood there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The document, without its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentInfo>,
    /// Why a case was closed, opened again or destroyed by order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A document of a file, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentInfo {
    /// File name.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// Longest document, in bytes.
pub const MAX_DOCUMENT: usize = 50 * 1024 * 1024;

/// A document to be kept.
pub struct NewDocument {
    /// File name, without a folder.
    pub name: String,
    /// Content.
    pub bytes: Personal<Vec<u8>>,
}

/// How a case ends.
#[derive(Debug, Clone)]
pub struct Closing {
    /// Why.
    pub reason: CloseReason,
    /// What came of it; only of a completed case, and then always.
    pub outcome: Option<CaseOutcome>,
    /// In staff's own words.
    pub note: Option<Personal<String>>,
}

/// By what rule something is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestroyRule {
    /// Its term is over.
    Term,
    /// Somebody ordered it, with a reason in the audit log's sense: staff.
    Order,
}

impl DestroyRule {
    /// The word that is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Term => "term",
            Self::Order => "order",
        }
    }
}

/// What a term is over for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expired {
    /// A closed case.
    Case {
        /// Which.
        id: CaseId,
        /// Our reference.
        reference: CaseReference,
        /// When it was closed.
        since: Timestamp,
    },
    /// A message that is in no case.
    Message {
        /// Which.
        id: MessageId,
        /// What it is, where it was read.
        kind: Option<Kind>,
        /// When it came.
        since: Timestamp,
    },
    /// A liaison mail whose deliveries have all ended.
    LiaisonMail {
        /// Which.
        id: crate::domain::OutboundId,
        /// When it was handed in.
        since: Timestamp,
    },
    /// The account of somebody who has left.
    Account {
        /// Which.
        id: crate::domain::SubmissionAccountId,
        /// When they left.
        since: Timestamp,
    },
    /// Anonymous facts of a message.
    Statistics {
        /// Which.
        id: MessageId,
        /// When it came.
        since: Timestamp,
    },
}

/// One row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    /// The record's id.
    pub record: String,
    /// HMAC over this row and the one before.
    pub mac: [u8; 32],
}

/// One answer of equality monitoring: never beside a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitoringAnswer {
    /// Calendar year.
    pub year: i16,
    /// What was asked, such as "ethnicity"; at most 60 characters.
    pub category: String,
    /// What was answered; at most 60 characters.
    pub answer: String,
}

/// What the report is made of: one message, and what may be known of it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct MessageFacts {
    pub received: Timestamp,
    pub state: MessageState,
    pub first_opened: Option<Timestamp>,
    pub decided: Option<Timestamp>,
    /// One entry per referral.
    pub facts: Vec<AnonymousFacts>,
}

/// Everything before these times has outlived its term.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Cases closed before this.
    pub closed: Timestamp,
    /// Automatic mail that came before this.
    pub automatic: Timestamp,
    /// Enquiries and what staff set aside, that came before this.
    pub enquiries: Timestamp,
    /// Liaison mail handed in before this.
    pub liaison: Timestamp,
    /// Anonymous facts of messages that came before this.
    pub statistics: Timestamp,
    /// Accounts of people who left before this.
    pub left: Timestamp,
}

/// What remains of something destroyed. Identifies nobody.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Tombstone {
    pub id: uuid::Uuid,
    /// `message`, `case`, `outbound`.
    pub kind: String,
    /// When it came.
    pub received: Timestamp,
    /// `rejected`, or a [`DestroyRule`].
    pub reason: String,
    pub actor: String,
    pub at: Timestamp,
    /// When the last copy on the mail server was proved gone.
    pub server_copy_gone: Option<Timestamp>,
    /// How many copies on the mail server are still to be deleted.
    pub copies_left: u64,
    /// Our reference, of a case.
    pub reference: Option<CaseReference>,
}

/// By what people and cases are looked up; equal values in any spelling are found, parts of values are not.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// A full name, in any order of its words.
    Name(Personal<String>),
    /// A date of birth, ISO 8601.
    Birth(Personal<String>),
    /// A phone number.
    Phone(Personal<String>),
    /// An e-mail address.
    Email(Personal<String>),
    /// A postcode.
    Postcode(Personal<String>),
    /// A number of an agency, of an incident or a person.
    Reference(Personal<String>),
}

//! What crosses the store's interface.

use super::PostgresPlace;
use crate::domain::{
    CaseId, CaseOutcome, CaseReference, CaseState, CloseReason, DeliveryAction, DeliveryId, DraftEntry,
    HoldReason, Kind, MailRoute, MessageId, MessageState, OutboundId, OutboundState, ParsedMessage, Personal,
    Refusal, Release, Side, Source, Timestamp, UnreadableReason,
};
pub use crate::vault::MasterKeys;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the database is.
#[derive(Clone)]
pub enum DatabasePlace {
    /// A SQLite file; it is made where it is missing.
    Sqlite(PathBuf),
    /// A PostgreSQL database; its tables are made where they are missing.
    Postgres(PostgresPlace),
}

impl DatabasePlace {
    /// Where the destruction log is when nothing is said: beside a SQLite file; for a PostgreSQL database in
    /// `/var/lib/referrald`, the folder of the service.
    pub fn destruction_log(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.with_file_name("destroyed.log"),
            Self::Postgres(_) => PathBuf::from("/var/lib/referrald/destroyed.log"),
        }
    }
}

/// Why the store could not do it. Carries no content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database file cannot be opened.
    #[error(
        "the database cannot be opened: check that its folder exists and belongs to the user referrald runs as"
    )]
    CannotOpen,
    /// The database server cannot be reached, or does not let us in.
    #[error(
        "the database server cannot be reached or refuses the user: check its address, the user's password and that the database exists"
    )]
    CannotConnect,
    /// The master key is not the one this database was made with.
    #[error(
        "the master key does not fit this database: restore the key file that was in use when the database was made"
    )]
    WrongKey,
    /// The disk is full.
    #[error("the disk is full: free some space; nothing was lost, referrald goes on by itself")]
    DiskFull,
    /// The database is locked or failed for now.
    #[error("the database is busy or failed ({0}); it will be tried again")]
    Transient(&'static str),
    /// A sealed value does not open: the row was changed or moved.
    #[error("a sealed record does not open: the database was changed from outside")]
    Tampered,
    /// A lease or claim that this needs is another daemon's, or nobody's, or this daemon's term has passed. Nothing was
    /// changed.
    #[error("another daemon has taken this over, or this one was late to renew")]
    NotOurs,
    /// No such record.
    #[error("there is no such record")]
    NotFound,
    /// The record is in a state that does not allow this.
    #[error("not possible in this state: {0}")]
    WrongState(&'static str),
    /// Only staff may do this.
    #[error("only staff may do this")]
    StaffOnly,
    /// The case file does not allow this change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The audit chain is broken at this row.
    #[error("the audit log was changed: row {0} does not follow from the one before")]
    AuditBroken(u64),
    /// The database holds what this version cannot read.
    #[error("the database does not fit this version of referrald ({0})")]
    Corrupt(&'static str),
    /// The destruction log cannot be used; nothing was destroyed.
    #[error("the destruction log: {0}")]
    DestructionLog(&'static str),
}

impl StoreError {
    /// Worth trying again without anybody's help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Transient(_))
    }
}

/// A folder of a mailbox under one UIDVALIDITY.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FolderKey {
    /// The mailbox's configured name.
    pub mailbox: String,
    /// The folder.
    pub folder: String,
    /// Its UIDVALIDITY.
    pub uidvalidity: u32,
}

/// What is known of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderState {
    /// The UIDVALIDITY that was adopted last.
    pub uidvalidity: u32,
    /// The highest UID that has a ledger row; 0 for none.
    pub highest_uid: u32,
}

/// A UID the server showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenUid {
    /// UID.
    pub uid: u32,
    /// RFC822.SIZE, if asked already.
    pub size: Option<u64>,
    /// INTERNALDATE, seconds since 1970.
    pub internal_date: Option<i64>,
}

/// A ledger row without an end state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerRow {
    /// UID.
    pub uid: u32,
    /// Failed fetches so far.
    pub attempts: u32,
    /// The message, once committed: then only the move is missing.
    pub stored: Option<MessageId>,
}

/// A fetched mail, to be committed.
#[derive(Debug)]
pub struct FetchedMail {
    /// UID.
    pub uid: u32,
    /// Bytes.
    pub raw: Personal<Vec<u8>>,
    /// INTERNALDATE, seconds since 1970.
    pub internal_date: Option<i64>,
}

/// A committed mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedMail {
    /// UID.
    pub uid: u32,
    /// The message.
    pub message: MessageId,
    /// The bytes were known already.
    pub already_known: bool,
}

/// How a ledger row ends without bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnstoredEnd {
    /// Somebody moved or deleted it before it could be fetched.
    Gone,
    /// Over the size limit; left in the mailbox.
    TooLarge,
    /// The server would not hand it over; left in the mailbox.
    CannotFetch,
}

/// "We are about to ask the server to move this."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveReceipt {
    /// Where it is.
    pub from: FolderKey,
    /// Its UID there.
    pub uid: u32,
    /// The message.
    pub message: MessageId,
    /// Where it is to go.
    pub target: String,
}

/// Where the server keeps a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCopy {
    /// Folder.
    pub folder: String,
    /// Its UIDVALIDITY.
    pub uidvalidity: u32,
    /// UID.
    pub uid: u32,
}

/// A server copy that must go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerDeletion {
    /// The (destroyed) message.
    pub message: MessageId,
    /// Where its copy was last known; `None`: find it by keyed hash in `search_folders`.
    pub copy: Option<ServerCopy>,
    /// Keyed hash of the raw bytes, to find and to prove it.
    pub raw_hash: [u8; 32],
}

impl ServerDeletion {
    /// `raw_hash` of a mail whose bytes were never fetched (too large, not handed over): its copy is known
    /// by folder, UIDVALIDITY and UID alone, and is never looked for elsewhere.
    pub const NEVER_FETCHED: [u8; 32] = [0; 32];
}

/// Arrived = accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct LedgerSummary {
    /// UIDs the server ever showed.
    pub arrived: u64,
    pub seen: u64,
    /// When the server first showed the oldest of those.
    pub oldest_seen: Option<Timestamp>,
    pub stored: u64,
    pub moved: u64,
    pub gone: u64,
    pub too_large: u64,
    pub cannot_fetch: u64,
    pub superseded: u64,
}

/// A message with all that was made of it.
#[derive(Default)]
pub struct OpenedMessage {
    /// The draft; `None` where it was not read, or is destroyed.
    pub draft: Option<ParsedMessage>,
    /// What it was read from; empty where nothing was kept.
    pub source: Source,
    /// How staff changed the draft, in order.
    pub history: Vec<DraftEntry>,
}

/// A message without its content.
#[derive(Debug, Clone)]
pub struct MessageSummary {
    /// Identity.
    pub id: MessageId,
    /// When its bytes were committed.
    pub received: Timestamp,
    /// State.
    pub state: MessageState,
    /// What it is, once read.
    pub kind: Option<Kind>,
    /// How many checks staff should look at.
    pub checks: u32,
    /// Why it could not be read.
    pub unreadable: Option<UnreadableReason>,
}

/// What two messages have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shared {
    /// A number of an incident: crime number, URN, an agency's own reference.
    Reference,
    /// A number of a person: PNC, CRO, CRN, prison or NHS number.
    PersonNumber,
    /// A name together with a date of birth.
    NameAndBirth,
    /// A postcode together with the date of the offence.
    PostcodeAndOffenceDate,
}

/// A message that may be about the same people or incident as another. A suggestion: staff decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarMessage {
    /// Which.
    pub message: MessageId,
    /// The case that staff made of it.
    pub case: Option<CaseReference>,
    /// Everything they have in common, in the order of [`Shared`]; never empty.
    pub shared: Vec<Shared>,
}

impl SimilarMessage {
    /// What staff may conclude, and from what.
    pub fn reason(&self) -> &'static str {
        let has = |what| self.shared.contains(&what);
        let person = has(Shared::NameAndBirth) || has(Shared::PersonNumber);
        match (
            has(Shared::Reference),
            person,
            has(Shared::PostcodeAndOffenceDate),
        ) {
            (true, true, _) => {
                "perhaps the same referral again: the same reference number and the same person"
            }
            (true, false, _) => "perhaps the same incident: the same reference number",
            (false, true, true) => {
                "perhaps the same referral again: the same person, and the same postcode and date of the offence"
            }
            (false, false, true) => "perhaps the same incident: the same postcode and date of the offence",
            (false, true, false) if has(Shared::NameAndBirth) => {
                "perhaps the same person: the same name and date of birth"
            }
            (false, _, false) => "perhaps the same person: the same number of a person",
        }
    }
}

/// A case without its content.
#[derive(Debug, Clone)]
pub struct CaseSummary {
    /// Identity.
    pub id: CaseId,
    /// Our reference.
    pub reference: CaseReference,
    /// State.
    pub state: CaseState,
    /// When it was accepted.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// Why it was closed.
    pub close_reason: Option<CloseReason>,
    /// What came of it.
    pub outcome: Option<CaseOutcome>,
    /// When it was destroyed.
    pub destroyed: Option<Timestamp>,
    /// The sides that have a file.
    pub sides: Vec<Side>,
}

/// Who did it, for the audit log: an operating-system user, a staff user, the daemon. Not a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(pub String);

/// Stands for mailbox and folder of mail that was taken in from files. Those are their owner's: nothing is deleted there.
pub const FROM_FILES: &str = "files";

/// Who stands in the audit log for what nobody asked for.
pub const DAEMON: &str = "referrald";

/// One volunteer's account on the submission server.
#[derive(Clone)]
pub struct SubmissionAccount {
    /// User name for AUTH.
    pub user: String,
    /// The sender address it may use.
    pub address: Personal<String>,
    /// PHC string (argon2id).
    pub password_hash: String,
    /// What it may write about.
    pub role: AccountRole,
}

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    /// A volunteer: writes about the case files allocated to them.
    #[default]
    Volunteer,
    /// A member of staff: writes about every case.
    Staff,
}

/// A case file and who may write about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// Whose file.
    pub side: Side,
    /// The account's user name.
    pub user: String,
}

/// A mail whose sender is to be told what became of deliveries.
#[derive(Debug, Clone)]
pub struct DueNotice {
    /// The mail.
    pub mail: OutboundId,
    /// The account's user name.
    pub account: String,
    /// MAIL FROM: who is told.
    pub sender: Personal<String>,
    /// When it was accepted.
    pub received: Timestamp,
    /// How many recipients it has.
    pub recipients: usize,
    /// What is to be told, at least one.
    pub news: Vec<DeliveryNews>,
}

/// What became of one delivery, for its sender.
#[derive(Debug, Clone)]
pub struct DeliveryNews {
    /// Identity.
    pub id: DeliveryId,
    /// Place of the recipient among the mail's, from 1.
    pub place: usize,
    /// `held`, `failed`, `returned` or, where a held one was released, `sent`.
    pub state: String,
    /// Why it was held.
    pub reasons: Vec<HoldReason>,
    /// The relay's last reply code.
    pub last_code: Option<u16>,
}

/// A mail as submitted.
#[derive(Debug, Clone)]
pub struct SubmittedMail {
    /// The account's user name.
    pub account: String,
    /// MAIL FROM.
    pub sender: Personal<String>,
    /// RCPT TO, as given.
    pub recipients: Vec<Personal<String>>,
    /// DATA.
    pub raw: Personal<Vec<u8>>,
}

/// One recipient's share of a plan.
#[derive(Debug, Clone)]
pub struct PlannedDelivery {
    /// The recipient as given.
    pub recipient: Personal<String>,
    /// The relay.
    pub route: MailRoute,
    /// What happens.
    pub action: DeliveryAction,
    /// Why.
    pub reasons: Vec<HoldReason>,
    /// What leaves; for a hold what would leave if staff released it.
    pub message: Option<Personal<Vec<u8>>>,
    /// How a held mail leaves if staff release it; `None` where they cannot.
    pub if_released: Option<Release>,
    /// The Message-ID it leaves under, without angle brackets.
    pub message_id: Option<String>,
}

/// A mail opened for a person.
#[derive(Debug, Clone)]
pub struct OpenedOutbound {
    /// As it was handed in; `None` for a notice, which is written here.
    pub original: Option<Personal<Vec<u8>>>,
    /// One per delivery, in their order.
    pub deliveries: Vec<OpenedDelivery>,
}

/// One recipient's share, opened for a person.
#[derive(Debug, Clone)]
pub struct OpenedDelivery {
    /// The recipient as given.
    pub recipient: Personal<String>,
    /// What leaves, or would leave if staff released it.
    pub message: Option<Personal<Vec<u8>>>,
}

/// A delivery to be tried.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// Identity.
    pub id: DeliveryId,
    /// Its mail.
    pub mail: OutboundId,
    /// MAIL FROM.
    pub sender: Personal<String>,
    /// RCPT TO.
    pub recipient: Personal<String>,
    /// The relay.
    pub route: MailRoute,
    /// `Pass` or `Redact`.
    pub action: DeliveryAction,
    /// What leaves.
    pub message: Personal<Vec<u8>>,
    /// Tries so far.
    pub attempts: u32,
}

/// What another mail server says of mail that we sent.
#[derive(Clone)]
pub struct DeliveryReport {
    /// Message-IDs of the mail it is about.
    pub message_ids: Vec<String>,
    /// Recipients whom it failed for good.
    pub recipients: Vec<ReportedRecipient>,
}

/// One recipient whom a mail failed.
#[derive(Clone)]
pub struct ReportedRecipient {
    /// The address.
    pub address: String,
    /// The SMTP reply code, if it is told.
    pub code: Option<u16>,
}

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The relay has it.
    Sent {
        /// SMTP reply code.
        code: u16,
    },
    /// Try again at `at`.
    Retry {
        /// SMTP reply code, if there was one.
        code: Option<u16>,
        /// When.
        at: Timestamp,
    },
    /// It will never be taken.
    Failed {
        /// SMTP reply code, if there was one.
        code: Option<u16>,
    },
    /// Stopped before sending.
    Held {
        /// Why.
        reason: HoldReason,
    },
}

/// An outbound mail without its content.
#[derive(Debug, Clone)]
pub struct OutboundSummary {
    /// Identity.
    pub id: OutboundId,
    /// When it was accepted.
    pub received: Timestamp,
    /// The account.
    pub account: String,
    /// State.
    pub state: OutboundState,
    /// One row per recipient: delivery state (`waiting`, `sent`, `failed`, `held`, `returned`), action,
    /// reasons, tries, last reply code. No addresses.
    pub deliveries: Vec<DeliverySummary>,
    /// The mail that this one, a notice of ours, is about.
    pub notice_about: Option<OutboundId>,
}

/// One recipient's share, without the address.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct DeliverySummary {
    pub id: DeliveryId,
    pub state: String,
    pub route: MailRoute,
    pub action: DeliveryAction,
    pub reasons: Vec<HoldReason>,
    pub attempts: u32,
    pub last_code: Option<u16>,
    /// How it leaves if staff release it; `None` where they cannot.
    pub if_released: Option<Release>,
}

/// A mail that somebody handed in, for themself.
pub struct OwnMail {
    /// When it was accepted.
    pub received: Timestamp,
    /// State.
    pub state: OutboundState,
    /// One entry per recipient.
    pub deliveries: Vec<OwnDelivery>,
}

/// What became of one recipient's share of an [`OwnMail`].
pub struct OwnDelivery {
    /// The address, as it was written.
    pub recipient: Personal<String>,
    /// `None` while the mail is not planned yet.
    pub delivery: Option<DeliverySummary>,
}

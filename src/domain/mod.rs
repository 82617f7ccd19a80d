//! The words of the field as types: people, referrals, cases, consent, documents, addresses.
//!
//! Invariant: nothing here does input or output, reads a clock or draws randomness, and nothing that
//! holds a person's data implements `Debug` or `Display` with its content.

mod address;
mod alarm;
mod boundary;
mod case;
mod case_file;
mod clock;
pub mod dates;
mod document;
mod draft;
mod facts;
mod given_names;
pub mod identifiers;
mod ids;
pub mod names;
mod network;
mod offence_group;
mod outcome;
pub mod password;
mod personal;
mod reading;
mod referral;
mod shown;
mod sides;
mod source;
mod streets;

pub use address::{CjsmAddress, EmailAddress, MailRoute, OpenAddress, Recipient};
pub use alarm::{Alarm, AlarmKind};
pub use boundary::{opens_word, word_starts};
pub use case::{
    AllocatedFile, CaseOutcome, CaseReference, CaseState, CaseStateError, CloseReason, MessageState,
    OutboundState, Side, UnreadableReason,
};
pub use case_file::{
    Applied, CaseFileState, ConsentPurpose, ContactRoute, ErasureException, FileChange, Form, PartyField,
    PartyLimits, PartyProgress, Refusal,
};
pub use clock::{Clock, SystemClock};
pub use document::{
    Attachment, Block, Cell, Document, FieldValue, FormField, Inline, MessageHeaders, Picture, PictureKind,
    ReadMessage, ReadStatus, Repair, Row, Table, inline_text,
};
pub use draft::{
    Corrected, DraftChange, DraftEntry, DraftField, DraftPath, DraftValues, MAX_CHANGES, PARTY_FIELDS,
    PartyCorrection, Place, REFERENCE_WORDS, REFERRAL_FIELDS, ROLE_WORDS, ValueKind, corrections_of,
};
pub use facts::AnonymousFacts;
pub use given_names::{GIVEN_NAMES, is_given_name};
pub use ids::{
    CaseFileId, CaseId, DeliveryId, EntryId, MessageId, OutboundId, SessionId, StaffId, SubmissionAccountId,
};
pub use jiff::Timestamp;
pub use network::{Network, NetworkError};
pub use offence_group::OffenceGroup;
pub use outcome::{Change, ChangeWhere, DeliveryAction, HoldReason, OtherAttachments, Release, SpanKind};
pub use personal::Personal;
pub use reading::{MailLimits, ReadLimits, ReadRequest, SkippedPart, comes_before};
pub use referral::{
    AgencyKind, AttachmentRow, CaseKind, Check, Consent, ConsentAnswer, ConsentHow, Evidence, Kind,
    KnownCase, MAX_CANDIDATES, Offence, OffenceOutcome, PARSED_SCHEMA, ParsedMessage, Party,
    PreferredContact, Reference, ReferenceKind, Referral, Referrer, Role, Service, Trust, UnmappedAnswer,
};
pub use shown::ShownSetting;
pub use sides::sides_of;
pub use source::{Excerpt, Source, SourceHead, SourcePiece};
pub use streets::{STREET_WORDS, is_street_word};

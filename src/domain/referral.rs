//! The parsed message: the object that `parse` prints, that is sealed, and that staff review.
//!
//! Field names and words are a public interface (schema `referrald.parsed/1`): change them only with
//! the schema number. None of these types implements `Debug`: they hold people's data.

use serde::{Deserialize, Serialize};

/// The schema that [`ParsedMessage::schema`] names.
pub const PARSED_SCHEMA: &str = "referrald.parsed/1";

/// What one message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An agency refers somebody.
    Referral,
    /// A person refers themself.
    SelfReferral,
    /// A question that refers nobody.
    Enquiry,
    /// Mail about a case that is already open.
    Correspondence,
    /// Somebody withdraws consent or asks for erasure.
    ConsentWithdrawal,
    /// Somebody asks for a copy of their data.
    SubjectAccess,
    /// Out-of-office, delivery report, receipt, newsletter.
    Automatic,
    /// None of these could be told; staff look at it.
    Unrecognised,
}

impl Kind {
    /// The word that is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Referral => "referral",
            Self::SelfReferral => "self_referral",
            Self::Enquiry => "enquiry",
            Self::Correspondence => "correspondence",
            Self::ConsentWithdrawal => "consent_withdrawal",
            Self::SubjectAccess => "subject_access",
            Self::Automatic => "automatic",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// One message, understood.
#[derive(Clone, Serialize, Deserialize)]
pub struct ParsedMessage {
    /// Always [`PARSED_SCHEMA`].
    pub schema: String,
    /// What the message is.
    pub kind: Kind,
    /// Who sent it, as far as the receiving server vouches for it.
    pub trust: Trust,
    /// Our own references that the message quotes.
    pub case_references: Vec<String>,
    /// One row for every part that is not the message text.
    pub attachments: Vec<AttachmentRow>,
    /// What the message says about people and an incident.
    pub referral: Option<Referral>,
    /// Further referrals in the same message.
    #[serde(default)]
    pub more_referrals: Vec<Referral>,
    /// Questions of the form that are not known, with their answers as they stand: for staff.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmapped: Vec<UnmappedAnswer>,
    /// What is doubtful, and where.
    pub checks: Vec<Check>,
    /// Where each value was read.
    pub evidence: Vec<Evidence>,
}

/// An answer to a question that is not known.
#[derive(Clone, Serialize, Deserialize)]
pub struct UnmappedAnswer {
    /// The question as it stands on the form.
    pub label: String,
    /// The answer as it stands.
    pub answer: String,
    /// MIME part number.
    pub part: String,
    /// File name, for an attachment.
    pub filename: Option<String>,
    /// Page, from 1, where known.
    pub page: Option<u32>,
}

/// Sender trust: from the receiving server's Authentication-Results only.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Trust {
    /// DMARC pass by the configured server; null where no trusted result is there.
    pub sender_authenticated: Option<bool>,
    /// The agency that owns the sender's domain.
    pub agency: Option<String>,
    /// Its kind.
    pub agency_kind: Option<AgencyKind>,
}

/// One attachment and how its reading went.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AttachmentRow {
    pub part: String,
    pub filename: Option<String>,
    pub media_type: String,
    pub bytes: u64,
    pub read: super::ReadStatus,
    pub reason: Option<String>,
}

/// What the case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CaseKind {
    Crime,
    AntisocialBehaviour,
    NeighbourDispute,
    Other,
}

/// Which service is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Service {
    RestorativeJustice,
    Mediation,
    Either,
}

/// What kind of agency refers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AgencyKind {
    Police,
    Probation,
    Prison,
    YouthJustice,
    LocalAuthority,
    Housing,
    FireAndRescue,
    VictimSupport,
    Health,
    Education,
    Voluntary,
    Legal,
    Other,
}

/// What one message says about people and an incident.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Referral {
    pub case_kind: Option<CaseKind>,
    pub service: Option<Service>,
    pub referrer: Referrer,
    pub references: Vec<Reference>,
    pub offence: Offence,
    pub parties: Vec<Party>,
    pub risks: Option<String>,
    pub wishes: Option<String>,
}

/// Who refers.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Referrer {
    pub name: Option<String>,
    pub role: Option<String>,
    pub agency: Option<String>,
    pub agency_kind: Option<AgencyKind>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub is_self_referral: Option<bool>,
}

/// What a reference number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ReferenceKind {
    CrimeNumber,
    Urn,
    PncId,
    Cro,
    Crn,
    PrisonNumber,
    NhsNumber,
    CollarNumber,
    AgencyReference,
}

/// A number by which an agency knows a person or an incident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Reference {
    pub kind: ReferenceKind,
    pub value: String,
}

/// Where the offence stands in the justice system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum OffenceOutcome {
    NoFurtherAction,
    CommunityResolution,
    ConditionalCaution,
    Caution,
    YouthCaution,
    OutOfCourtDisposal,
    Charged,
    PreSentence,
    PostSentence,
    CustodialSentence,
    CommunityOrder,
    SuspendedSentence,
    ReferralOrder,
    Acquitted,
    UnderInvestigation,
    Other,
}

/// The incident. Dates are ISO 8601; the day may be missing (`2026-03`).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Offence {
    pub kind: Option<String>,
    pub summary: Option<String>,
    pub date: Option<String>,
    pub location: Option<String>,
    pub outcome: Option<OffenceOutcome>,
    pub outcome_date: Option<String>,
}

/// The part a person has in the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Role {
    Victim,
    Offender,
    /// A neutral side of a dispute.
    Party,
    Supporter,
    AppropriateAdult,
    Witness,
    Professional,
}

/// A person (or shop, school ...) in a role.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Party {
    pub role: Role,
    /// Index into `parties`, for a supporter, parent or appropriate adult.
    #[serde(default)]
    pub supports: Option<usize>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub known_as: Option<String>,
    #[serde(default)]
    pub organisation: Option<String>,
    #[serde(default)]
    pub relationship: Option<String>,
    #[serde(default)]
    pub date_of_birth: Option<String>,
    #[serde(default)]
    pub age: Option<u16>,
    #[serde(default)]
    pub gender: Option<String>,
    #[serde(default)]
    pub ethnicity: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub postcode: Option<String>,
    #[serde(default)]
    pub phones: Vec<String>,
    #[serde(default)]
    pub emails: Vec<String>,
    #[serde(default)]
    pub preferred_contact: Option<PreferredContact>,
    #[serde(default)]
    pub safe_to_contact: Option<bool>,
    #[serde(default)]
    pub safe_to_leave_message: Option<bool>,
    #[serde(default)]
    pub best_time: Option<String>,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub interpreter_needed: Option<bool>,
    #[serde(default)]
    pub needs: Option<String>,
    #[serde(default)]
    pub consent: Consent,
}

impl Party {
    /// A party of whom only the role is known.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            supports: None,
            name: None,
            title: None,
            known_as: None,
            organisation: None,
            relationship: None,
            date_of_birth: None,
            age: None,
            gender: None,
            ethnicity: None,
            address: None,
            postcode: None,
            phones: Vec::new(),
            emails: Vec::new(),
            preferred_contact: None,
            safe_to_contact: None,
            safe_to_leave_message: None,
            best_time: None,
            language: None,
            interpreter_needed: None,
            needs: None,
            consent: Consent::default(),
        }
    }
}

/// How a person wants to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PreferredContact {
    Phone,
    Text,
    Email,
    Post,
    ViaProfessional,
}

/// The answer about being contacted. Not stated is `None`, never `Refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ConsentAnswer {
    Given,
    Refused,
    NotSought,
    Unknown,
}

/// How consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ConsentHow {
    Verbal,
    Written,
}

/// Consent of one party, per purpose. "Aware of the referral" is not consent.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Consent {
    pub contact: Option<ConsentAnswer>,
    pub given_on: Option<String>,
    pub obtained_by: Option<String>,
    pub how: Option<ConsentHow>,
    pub share_with_other_party: Option<bool>,
    pub share_with_agencies: Option<bool>,
}

/// A doubt: `path` is a JSON pointer (RFC 6901) into the parsed message.
#[derive(Clone, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Check {
    pub path: String,
    pub code: String,
    pub detail: String,
    /// What may stand there, as a correction writes it, the value that was taken among them: at most [`MAX_CANDIDATES`]. Empty
    /// where the possible values are not known; then it is left out of the JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

/// Most candidates of one check.
pub const MAX_CANDIDATES: usize = 6;
/// Longest candidate, in bytes: what is longer is compared with the source, not chosen at a glance.
const MAX_CANDIDATE: usize = 120;

impl Check {
    /// Takes up possible values, each once. One that is too long to choose leaves the check without any.
    pub fn offer(&mut self, candidates: impl IntoIterator<Item = String>) {
        for candidate in candidates {
            if candidate.len() > MAX_CANDIDATE || candidate.contains(char::is_control) {
                self.candidates.clear();
                return;
            }
            if self.candidates.len() < MAX_CANDIDATES && !self.candidates.contains(&candidate) {
                self.candidates.push(candidate);
            }
        }
    }
}

/// Where a value was read: `quote` really holds the value.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Evidence {
    pub path: String,
    pub part: String,
    pub filename: Option<String>,
    pub page: Option<u32>,
    pub quote: String,
}

/// A case whose people are known, as redaction needs it.
#[derive(Clone, Serialize, Deserialize)]
pub struct KnownCase {
    /// Our own reference, if it has one yet.
    pub reference: Option<String>,
    /// The case is closed: mail about it is held.
    pub closed: bool,
    /// People and numbers.
    pub referral: Referral,
    /// Places in its parties of people about whom nothing may go out: they withdrew, or their data are restricted.
    #[serde(default)]
    pub silenced: Vec<usize>,
}

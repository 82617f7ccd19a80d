//! What a label can ask for, and what kind of answer that has.
//!
//! Invariant: the words are the keys of `[fields]` in the label file.

use serde::Deserialize;

/// What a label asks for. The words are the keys of `[fields]` in the label file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Field {
    Name,
    NameAndAgency,
    Title,
    Given,
    Family,
    KnownAs,
    DateOfBirth,
    Age,
    DobOrAge,
    Gender,
    Ethnicity,
    Address,
    Postcode,
    Phone,
    Email,
    PhoneAndEmail,
    From,
    JobTitle,
    Occupation,
    Organisation,
    Team,
    Relationship,
    ChildOf,
    Prefers,
    SafeToContact,
    SafeToLeaveMessage,
    BestTime,
    Language,
    Interpreter,
    Needs,
    ConsentContact,
    ConsentDate,
    ConsentHow,
    ConsentHowAndWhen,
    ConsentBy,
    ConsentShareOther,
    ConsentShareAgencies,
    ConsentAware,
    CrimeNumber,
    Crn,
    Urn,
    PncId,
    Cro,
    PrisonNumber,
    NhsNumber,
    CollarNumber,
    AgencyReference,
    OfficeReference,
    OffenceKind,
    OffenceDate,
    OffenceLocation,
    Summary,
    Outcome,
    OutcomeDate,
    Risks,
    Wishes,
    Impact,
    Service,
    SelfRole,
    TheirRole,
    Signature,
    BareDate,
    ReferralDate,
    Ignored,
    /// A label of the form that no known one fits: kept with its answer for staff.
    Unmapped,
}

impl Field {
    /// The word of the label file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameAndAgency => "name_and_agency",
            Self::Title => "title",
            Self::Given => "given",
            Self::Family => "family",
            Self::KnownAs => "known_as",
            Self::DateOfBirth => "date_of_birth",
            Self::Age => "age",
            Self::DobOrAge => "dob_or_age",
            Self::Gender => "gender",
            Self::Ethnicity => "ethnicity",
            Self::Address => "address",
            Self::Postcode => "postcode",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::PhoneAndEmail => "phone_and_email",
            Self::From => "from",
            Self::JobTitle => "job_title",
            Self::Occupation => "occupation",
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::Relationship => "relationship",
            Self::ChildOf => "child_of",
            Self::Prefers => "prefers",
            Self::SafeToContact => "safe_to_contact",
            Self::SafeToLeaveMessage => "safe_to_leave_message",
            Self::BestTime => "best_time",
            Self::Language => "language",
            Self::Interpreter => "interpreter",
            Self::Needs => "needs",
            Self::ConsentContact => "consent_contact",
            Self::ConsentDate => "consent_date",
            Self::ConsentHow => "consent_how",
            Self::ConsentHowAndWhen => "consent_how_and_when",
            Self::ConsentBy => "consent_by",
            Self::ConsentShareOther => "consent_share_other",
            Self::ConsentShareAgencies => "consent_share_agencies",
            Self::ConsentAware => "consent_aware",
            Self::CrimeNumber => "crime_number",
            Self::Crn => "crn",
            Self::Urn => "urn",
            Self::PncId => "pnc_id",
            Self::Cro => "cro",
            Self::PrisonNumber => "prison_number",
            Self::NhsNumber => "nhs_number",
            Self::CollarNumber => "collar_number",
            Self::AgencyReference => "agency_reference",
            Self::OfficeReference => "office_reference",
            Self::OffenceKind => "offence_kind",
            Self::OffenceDate => "offence_date",
            Self::OffenceLocation => "offence_location",
            Self::Summary => "summary",
            Self::Outcome => "outcome",
            Self::OutcomeDate => "outcome_date",
            Self::Risks => "risks",
            Self::Wishes => "wishes",
            Self::Impact => "impact",
            Self::Service => "service",
            Self::SelfRole => "self_role",
            Self::TheirRole => "their_role",
            Self::Signature => "signature",
            Self::BareDate => "bare_date",
            Self::ReferralDate => "referral_date",
            Self::Ignored => "ignored",
            Self::Unmapped => "unmapped",
        }
    }

    /// Answers of several lines or paragraphs.
    pub fn is_free_text(self) -> bool {
        matches!(
            self,
            Self::Summary
                | Self::Risks
                | Self::Wishes
                | Self::Impact
                | Self::Needs
                | Self::Address
                | Self::OffenceKind
        )
    }

    /// Answers that are stories: they swallow what follows until the next label.
    pub fn is_story(self) -> bool {
        matches!(self, Self::Summary | Self::Risks | Self::Wishes | Self::Impact)
    }

    /// Belongs to a person.
    pub fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Title
                | Self::Given
                | Self::Family
                | Self::KnownAs
                | Self::DateOfBirth
                | Self::Age
                | Self::DobOrAge
                | Self::Gender
                | Self::Ethnicity
                | Self::Address
                | Self::Postcode
                | Self::Phone
                | Self::Email
                | Self::PhoneAndEmail
                | Self::JobTitle
                | Self::Organisation
                | Self::Relationship
                | Self::Prefers
                | Self::SafeToContact
                | Self::SafeToLeaveMessage
                | Self::BestTime
                | Self::Language
                | Self::Interpreter
                | Self::Needs
        ) || self.is_consent()
    }

    /// One of the consent answers.
    pub fn is_consent(self) -> bool {
        matches!(
            self,
            Self::ConsentContact
                | Self::ConsentDate
                | Self::ConsentHow
                | Self::ConsentHowAndWhen
                | Self::ConsentBy
                | Self::ConsentShareOther
                | Self::ConsentShareAgencies
        )
    }

    /// A piece of a name or address, asked below the question for the whole.
    pub fn is_piece(self) -> bool {
        matches!(
            self,
            Self::Title | Self::Given | Self::Family | Self::Name | Self::Address | Self::Postcode
        )
    }
}

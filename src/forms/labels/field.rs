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
}

impl Field {
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

//! The changes that a case file knows, and why one may be refused.

use super::{ConsentPurpose, ContactRoute, ErasureException, PartyField};
use crate::domain::{ConsentAnswer, ConsentHow, Party};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One change of a file. `party` counts from 0 within the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
#[allow(missing_docs)]
pub enum FileChange {
    /// Something to remember.
    Note { text: String },
    /// A supporter, appropriate adult or professional joins.
    PartyAdded { party: Box<Party> },
    /// A field is put right.
    Corrected {
        party: usize,
        field: PartyField,
        value: Option<String>,
        reason: String,
    },
    /// Somebody was asked.
    Consent {
        party: usize,
        purpose: ConsentPurpose,
        answer: ConsentAnswer,
        how: Option<ConsentHow>,
        on: Date,
        by: Option<String>,
    },
    /// The consent and confidentiality form was given to them.
    FormSent { party: usize, on: Date },
    /// They signed it.
    FormSigned { party: usize, on: Date },
    /// They would not sign: the case is closed.
    FormRefused { party: usize, on: Date },
    /// How they are reached is decided.
    Route {
        party: usize,
        route: ContactRoute,
        reason: Option<String>,
    },
    /// Something was shared without consent, to keep somebody safe.
    SafeguardingException { told: String, reason: String },
    /// They withdrew: nothing goes out to them or about them any more.
    Withdrawn { party: usize, on: Date },
    /// Their data are only stored until somebody lifts it.
    Restricted { party: usize, reason: String },
    /// The restriction ends.
    RestrictionLifted { party: usize, reason: String },
    /// Their data are erased.
    Erased { party: usize, on: Date },
    /// Their data stay although they asked for erasure.
    ErasureRefused {
        party: usize,
        exception: ErasureException,
        reason: String,
    },
}

/// Why a change is not possible, in words for whoever asked. Carries no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Refusal {
    #[error("there is no such person on this file: `cases show` numbers them")]
    NoSuchParty,
    #[error("this person's data were erased; only their place is left")]
    Erased,
    #[error("write something: the text is empty")]
    EmptyText,
    #[error("the text is longer than 20,000 characters: add it as a document")]
    TextTooLong,
    #[error(
        "only supporters, appropriate adults and professionals can be added; a further person harmed or responsible needs a referral"
    )]
    NotASupporter,
    #[error("the date lies in the future")]
    InTheFuture,
    #[error("say how the consent was given (verbal or written) and by whom it was taken")]
    ConsentWithoutDetails,
    #[error("record first that the form was sent or handed over")]
    FormNotSent,
    #[error("the form was sent later than that: check the date")]
    FormBeforeItWasSent,
    #[error("the form is signed already")]
    FormSigned,
    #[error("this person refused contact or withdrew: the only route left is \"do not contact\"")]
    RefusedContact,
    #[error("there is no consent to be contacted: record it, or ask a professional to reach them")]
    NoConsent,
    #[error(
        "contact as a public task comes after a professional was asked to reach them, and needs its reason"
    )]
    ProfessionalFirst,
    #[error("this person has withdrawn already")]
    WithdrawnAlready,
    #[error("this person's data are restricted already")]
    RestrictedAlready,
    #[error("this person's data are not restricted")]
    NotRestricted,
    #[error(
        "this person's data are restricted: lift the restriction first, or record what is needed as a note"
    )]
    Restricted,
    #[error("this is not a date: write it as 2026-03-14")]
    NotADate,
    #[error("this is not a day, month or year: write it as 2026-03-14, 2026-03 or 2026")]
    NotADay,
    #[error("this is not an age in whole years")]
    NotAnAge,
    #[error("this is not a telephone number: it has fewer than 5 digits")]
    NotAPhone,
    #[error("this is not an e-mail address: write it as name@example.org")]
    NotAnEmail,
    #[error("choose one of the values in the list")]
    NotAChoice,
    #[error("write it on one line of at most 500 characters")]
    NotOneLine,
    #[error("these are too many")]
    TooMany,
    #[error("there is no such field")]
    NoSuchField,
    #[error("somebody else changed this draft meanwhile: look at it as it stands now, then change it")]
    ChangedMeanwhile,
}

impl FileChange {
    /// The word that is stored in clear beside the sealed entry.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Note { .. } => "note",
            Self::PartyAdded { .. } => "party_added",
            Self::Corrected { .. } => "corrected",
            Self::Consent { .. } => "consent",
            Self::FormSent { .. } => "form_sent",
            Self::FormSigned { .. } => "form_signed",
            Self::FormRefused { .. } => "form_refused",
            Self::Route { .. } => "route",
            Self::SafeguardingException { .. } => "safeguarding_exception",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Restricted { .. } => "restricted",
            Self::RestrictionLifted { .. } => "restriction_lifted",
            Self::Erased { .. } => "erased",
            Self::ErasureRefused { .. } => "erasure_refused",
        }
    }

    /// Only staff may do it; a volunteer may do the rest on files allocated to them.
    pub fn needs_staff(&self) -> bool {
        match self {
            Self::Note { .. }
            | Self::Consent { .. }
            | Self::FormSent { .. }
            | Self::FormSigned { .. }
            | Self::FormRefused { .. }
            | Self::Withdrawn { .. } => false,
            Self::PartyAdded { .. }
            | Self::Corrected { .. }
            | Self::Route { .. }
            | Self::SafeguardingException { .. }
            | Self::Restricted { .. }
            | Self::RestrictionLifted { .. }
            | Self::Erased { .. }
            | Self::ErasureRefused { .. } => true,
        }
    }

    /// A right of the person, or a duty: possible in a closed case too.
    pub fn outlives_the_case(&self) -> bool {
        match self {
            Self::Note { .. }
            | Self::Corrected { .. }
            | Self::SafeguardingException { .. }
            | Self::Withdrawn { .. }
            | Self::Restricted { .. }
            | Self::RestrictionLifted { .. }
            | Self::Erased { .. }
            | Self::ErasureRefused { .. } => true,
            Self::PartyAdded { .. }
            | Self::Consent { .. }
            | Self::FormSent { .. }
            | Self::FormSigned { .. }
            | Self::FormRefused { .. }
            | Self::Route { .. } => false,
        }
    }

    /// Whom it is about.
    pub fn party(&self) -> Option<usize> {
        match self {
            Self::Note { .. } | Self::PartyAdded { .. } | Self::SafeguardingException { .. } => None,
            Self::Corrected { party, .. }
            | Self::Consent { party, .. }
            | Self::FormSent { party, .. }
            | Self::FormSigned { party, .. }
            | Self::FormRefused { party, .. }
            | Self::Route { party, .. }
            | Self::Withdrawn { party, .. }
            | Self::Restricted { party, .. }
            | Self::RestrictionLifted { party, .. }
            | Self::Erased { party, .. }
            | Self::ErasureRefused { party, .. } => Some(*party),
        }
    }

    /// The day it is dated.
    pub(super) fn date(&self) -> Option<Date> {
        match self {
            Self::Consent { on, .. }
            | Self::FormSent { on, .. }
            | Self::FormSigned { on, .. }
            | Self::FormRefused { on, .. }
            | Self::Withdrawn { on, .. }
            | Self::Erased { on, .. } => Some(*on),
            Self::Note { .. }
            | Self::PartyAdded { .. }
            | Self::Corrected { .. }
            | Self::Route { .. }
            | Self::SafeguardingException { .. }
            | Self::Restricted { .. }
            | Self::RestrictionLifted { .. }
            | Self::ErasureRefused { .. } => None,
        }
    }

    /// Texts that must say something.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Note { text } => vec![text],
            Self::Corrected { reason, .. }
            | Self::Restricted { reason, .. }
            | Self::RestrictionLifted { reason, .. }
            | Self::ErasureRefused { reason, .. } => vec![reason],
            Self::SafeguardingException { told, reason } => vec![told, reason],
            Self::PartyAdded { .. }
            | Self::Consent { .. }
            | Self::FormSent { .. }
            | Self::FormSigned { .. }
            | Self::FormRefused { .. }
            | Self::Route { .. }
            | Self::Withdrawn { .. }
            | Self::Erased { .. } => Vec::new(),
        }
    }
}

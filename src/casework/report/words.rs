//! The rows of the tables, in the words of the page.
//!
//! Invariant: every word that a function here gives stands in the list of its table, once.

use super::{Decision, ReferralFacts};
use crate::domain::OffenceGroup;
use crate::domain::{AgencyKind, CaseKind, CaseOutcome, CloseReason, ConsentAnswer, Kind, Role};

const NOT_STATED: &str = "Not stated";

/// Who referred.
pub(super) const SOURCES: [&str; 15] = [
    "Police",
    "Probation",
    "Prison",
    "Youth justice",
    "Local authority",
    "Housing",
    "Fire and rescue",
    "Victim support",
    "Health",
    "Education",
    "Voluntary organisation",
    "Legal",
    "Other agency",
    "Self-referral",
    NOT_STATED,
];

pub(super) fn source(facts: &ReferralFacts) -> &'static str {
    match facts.source {
        Some(AgencyKind::Police) => "Police",
        Some(AgencyKind::Probation) => "Probation",
        Some(AgencyKind::Prison) => "Prison",
        Some(AgencyKind::YouthJustice) => "Youth justice",
        Some(AgencyKind::LocalAuthority) => "Local authority",
        Some(AgencyKind::Housing) => "Housing",
        Some(AgencyKind::FireAndRescue) => "Fire and rescue",
        Some(AgencyKind::VictimSupport) => "Victim support",
        Some(AgencyKind::Health) => "Health",
        Some(AgencyKind::Education) => "Education",
        Some(AgencyKind::Voluntary) => "Voluntary organisation",
        Some(AgencyKind::Legal) => "Legal",
        Some(AgencyKind::Other) => "Other agency",
        None if facts.kind == Kind::SelfReferral => "Self-referral",
        None => NOT_STATED,
    }
}

/// What the case is about.
pub(super) const CASE_KINDS: [&str; 5] = [
    "Crime",
    "Anti-social behaviour",
    "Neighbour dispute",
    "Other",
    NOT_STATED,
];

pub(super) fn case_kind(kind: Option<CaseKind>) -> &'static str {
    match kind {
        Some(CaseKind::Crime) => "Crime",
        Some(CaseKind::AntisocialBehaviour) => "Anti-social behaviour",
        Some(CaseKind::NeighbourDispute) => "Neighbour dispute",
        Some(CaseKind::Other) => "Other",
        None => NOT_STATED,
    }
}

/// The offence.
pub(super) const OFFENCES: [&str; 15] = [
    "Violence",
    "Theft and burglary",
    "Robbery",
    "Criminal damage and arson",
    "Public order",
    "Harassment and stalking",
    "Hate-related",
    "Sexual",
    "Driving",
    "Drugs",
    "Fraud",
    "Anti-social behaviour",
    "Neighbour dispute",
    "Other",
    NOT_STATED,
];

pub(super) fn offence(group: Option<OffenceGroup>) -> &'static str {
    match group {
        Some(OffenceGroup::Violence) => "Violence",
        Some(OffenceGroup::TheftAndBurglary) => "Theft and burglary",
        Some(OffenceGroup::Robbery) => "Robbery",
        Some(OffenceGroup::Damage) => "Criminal damage and arson",
        Some(OffenceGroup::PublicOrder) => "Public order",
        Some(OffenceGroup::Harassment) => "Harassment and stalking",
        Some(OffenceGroup::Hate) => "Hate-related",
        Some(OffenceGroup::Sexual) => "Sexual",
        Some(OffenceGroup::Driving) => "Driving",
        Some(OffenceGroup::Drugs) => "Drugs",
        Some(OffenceGroup::Fraud) => "Fraud",
        Some(OffenceGroup::AntiSocialBehaviour) => "Anti-social behaviour",
        Some(OffenceGroup::NeighbourDispute) => "Neighbour dispute",
        Some(OffenceGroup::Other) => "Other",
        None => NOT_STATED,
    }
}

/// Roles whose consent is counted, each in a table of its own.
pub(super) const ROLES: [&str; 3] = [
    "Consent of people harmed (victims)",
    "Consent of people responsible (offenders)",
    "Consent of parties to a dispute",
];

pub(super) fn role(role: Role) -> Option<&'static str> {
    match role {
        Role::Victim => Some("Consent of people harmed (victims)"),
        Role::Offender => Some("Consent of people responsible (offenders)"),
        Role::Party => Some("Consent of parties to a dispute"),
        Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => None,
    }
}

/// Consent to be contacted.
pub(super) const ANSWERS: [&str; 5] = ["Given", "Refused", "Not sought", "Unknown", NOT_STATED];

pub(super) fn answer(answer: Option<ConsentAnswer>) -> &'static str {
    match answer {
        Some(ConsentAnswer::Given) => "Given",
        Some(ConsentAnswer::Refused) => "Refused",
        Some(ConsentAnswer::NotSought) => "Not sought",
        Some(ConsentAnswer::Unknown) => "Unknown",
        None => NOT_STATED,
    }
}

/// What was decided.
pub(super) const DECISIONS: [&str; 5] = [
    "Accepted as a case",
    "Filed with an existing case",
    "Set aside",
    "Rejected",
    "Waiting for a decision",
];

pub(super) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "Accepted as a case",
        Decision::Filed => "Filed with an existing case",
        Decision::SetAside => "Set aside",
        Decision::Rejected => "Rejected",
        Decision::Waiting => "Waiting for a decision",
    }
}

/// Mail that refers nobody.
pub(super) const OTHER_KINDS: [&str; 6] = [
    "Enquiry",
    "Correspondence about a case",
    "Consent withdrawn or erasure",
    "Copy of own data asked for",
    "Automatic mail",
    "Not recognised",
];

/// `None` for a referral.
pub(super) fn other_kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Referral | Kind::SelfReferral => None,
        Kind::Enquiry => Some("Enquiry"),
        Kind::Correspondence => Some("Correspondence about a case"),
        Kind::ConsentWithdrawal => Some("Consent withdrawn or erasure"),
        Kind::SubjectAccess => Some("Copy of own data asked for"),
        Kind::Automatic => Some("Automatic mail"),
        Kind::Unrecognised => Some("Not recognised"),
    }
}

/// What came of a completed case.
pub(super) const OUTCOMES: [&str; 7] = [
    "Meeting",
    "Messages carried between them",
    "Apology passed on",
    "Something made good",
    "Agreement",
    "No agreement",
    "Not recorded",
];

pub(super) fn outcome(outcome: Option<CaseOutcome>) -> &'static str {
    match outcome {
        Some(CaseOutcome::Meeting) => "Meeting",
        Some(CaseOutcome::Indirect) => "Messages carried between them",
        Some(CaseOutcome::Apology) => "Apology passed on",
        Some(CaseOutcome::Reparation) => "Something made good",
        Some(CaseOutcome::Agreement) => "Agreement",
        Some(CaseOutcome::NoAgreement) => "No agreement",
        None => "Not recorded",
    }
}

/// Why a case was closed.
pub(super) const CLOSE_REASONS: [&str; 6] = [
    "Completed",
    "Refused to sign",
    "Declined or withdrew",
    "No contact",
    "Not suitable",
    "Other",
];

pub(super) fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Completed => "Completed",
        CloseReason::RefusedToSign => "Refused to sign",
        CloseReason::Declined => "Declined or withdrew",
        CloseReason::NoContact => "No contact",
        CloseReason::NotSuitable => "Not suitable",
        CloseReason::Other => "Other",
    }
}

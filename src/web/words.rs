//! Words and times as people read them.

use crate::domain::{
    CaseOutcome, CaseState, CloseReason, ConsentAnswer, ConsentHow, ConsentPurpose, ContactRoute, Form, Kind,
    ReadStatus, Role, Side, Timestamp,
};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// The clock of the country whose services these are, written as a rule (POSIX), so that no list of zones has to be installed.
const CLOCK: &str = "GMT0BST,M3.5.0/1,M10.5.0";

fn here(at: Timestamp) -> DateTime {
    TimeZone::posix(CLOCK).unwrap_or(TimeZone::UTC).to_datetime(at)
}

/// `28 November 2026, 10:32`.
pub(super) fn moment(at: Timestamp) -> String {
    here(at).strftime("%-d %B %Y, %H:%M").to_string()
}

/// `28 November 2026`.
pub(super) fn day(at: Timestamp) -> String {
    here(at).strftime("%-d %B %Y").to_string()
}

/// `28 November 2026`.
pub(super) fn date(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// `3 days`, `today`.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    match now.as_second().saturating_sub(since.as_second()) / 86_400 {
        i64::MIN..=0 => "today".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// What a message is.
pub(super) fn kind(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Referral) => "Referral",
        Some(Kind::SelfReferral) => "Self-referral",
        Some(Kind::Enquiry) => "Enquiry",
        Some(Kind::Correspondence) => "About an open case",
        Some(Kind::ConsentWithdrawal) => "Withdrawal of consent",
        Some(Kind::SubjectAccess) => "Request for personal data",
        Some(Kind::Automatic) => "Automatic mail",
        Some(Kind::Unrecognised) => "Not recognised",
        None => "Not read",
    }
}

/// How reading an attachment went.
pub(super) fn read_status(read: ReadStatus) -> &'static str {
    match read {
        ReadStatus::Ok => "Read",
        ReadStatus::Partial => "Read in part",
        ReadStatus::Empty => "Empty",
        ReadStatus::Encrypted => "Encrypted: not read",
        ReadStatus::Unreadable => "Could not be read",
        ReadStatus::Unsupported => "Not a format that is read",
        ReadStatus::TooLarge => "Too large: not read",
    }
}

/// `Person harmed`.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Victim => "Person harmed (victim)",
        Role::Offender => "Person responsible (offender)",
        Role::Party => "Party to the dispute",
        Role::Supporter => "Supporter",
        Role::AppropriateAdult => "Appropriate adult",
        Role::Witness => "Witness",
        Role::Professional => "Professional",
    }
}

/// The person whom a file is about.
pub(super) fn is_central(role: Role) -> bool {
    match role {
        Role::Victim | Role::Offender | Role::Party => true,
        Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => false,
    }
}

/// Heading of a file.
pub(super) fn side(side: Side) -> String {
    match side {
        Side::Victim => "File of the person harmed".to_owned(),
        Side::Offender => "File of the person responsible".to_owned(),
        Side::Party(_) => format!("File of {side}"),
    }
}

/// As a piece of a path: `victim`, `party-1`.
pub(super) fn side_in_path(side: Side) -> String {
    side.to_string().replace(' ', "-")
}

/// The other way round.
pub(super) fn side_of_path(text: &str) -> Option<Side> {
    text.replace('-', " ").parse().ok()
}

pub(super) fn case_state(state: CaseState) -> &'static str {
    match state {
        CaseState::Open => "Open",
        CaseState::Closed => "Closed",
        CaseState::Destroyed => "Destroyed",
    }
}

/// Every reason for closing.
pub(super) const CLOSE_REASONS: [CloseReason; 6] = [
    CloseReason::Completed,
    CloseReason::RefusedToSign,
    CloseReason::Declined,
    CloseReason::NoContact,
    CloseReason::NotSuitable,
    CloseReason::Other,
];

pub(super) fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Completed => "Completed",
        CloseReason::RefusedToSign => "Somebody would not sign the form",
        CloseReason::Declined => "Somebody said no, or withdrew",
        CloseReason::NoContact => "Nobody could be reached",
        CloseReason::NotSuitable => "Not suitable",
        CloseReason::Other => "Something else",
    }
}

/// Every outcome.
pub(super) const OUTCOMES: [CaseOutcome; 6] = [
    CaseOutcome::Meeting,
    CaseOutcome::Indirect,
    CaseOutcome::Apology,
    CaseOutcome::Reparation,
    CaseOutcome::Agreement,
    CaseOutcome::NoAgreement,
];

pub(super) fn outcome(outcome: CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Meeting => "The people met",
        CaseOutcome::Indirect => "Messages were carried between them",
        CaseOutcome::Apology => "An apology was passed on",
        CaseOutcome::Reparation => "Something was made good",
        CaseOutcome::Agreement => "They agreed",
        CaseOutcome::NoAgreement => "They did not agree",
    }
}

pub(super) fn answer(answer: Option<ConsentAnswer>) -> &'static str {
    match answer {
        None => "Not stated",
        Some(ConsentAnswer::Given) => "Yes",
        Some(ConsentAnswer::Refused) => "No",
        Some(ConsentAnswer::NotSought) => "Not asked yet",
        Some(ConsentAnswer::Unknown) => "Not known",
    }
}

pub(super) fn how(how: ConsentHow) -> &'static str {
    match how {
        ConsentHow::Verbal => "Said",
        ConsentHow::Written => "Written",
    }
}

pub(super) fn purpose(purpose: ConsentPurpose) -> &'static str {
    match purpose {
        ConsentPurpose::Contact => "to be contacted",
        ConsentPurpose::ShareWithOtherSide => "to share with the other side",
        ConsentPurpose::ShareWithAgencies => "to share with agencies",
    }
}

pub(super) fn route(route: ContactRoute) -> &'static str {
    match route {
        ContactRoute::WithConsent => "Directly, with their consent",
        ContactRoute::ViaProfessional => "Through a professional whom they know",
        ContactRoute::PublicTask => "Directly, as a public task",
        ContactRoute::DoNotContact => "Do not contact",
    }
}

pub(super) fn form(form: Form) -> String {
    match form {
        Form::NotSent => "Not sent".to_owned(),
        Form::Sent(on) => format!("Sent {}", date(on)),
        Form::Signed(on) => format!("Signed {}", date(on)),
        Form::Refused(on) => format!("Refused {}", date(on)),
    }
}

/// A stored word as people read it: `no_further_action` is "No further action".
pub(super) fn plain(word: &str) -> String {
    let text = word.replace('_', " ");
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_time_is_that_of_the_country() {
        let at = |text: &str| moment(text.parse().expect("time"));
        assert_eq!(at("2026-11-28T10:32:00Z"), "28 November 2026, 10:32");
        assert_eq!(at("2026-07-01T23:30:00Z"), "2 July 2026, 00:30");
        assert_eq!(at("2026-03-29T01:00:00Z"), "29 March 2026, 02:00");
    }

    #[test]
    fn sides_survive_the_way_through_a_path() {
        for side in [Side::Victim, Side::Offender, Side::Party(0), Side::Party(11)] {
            assert_eq!(side_of_path(&side_in_path(side)), Some(side));
        }
    }
}

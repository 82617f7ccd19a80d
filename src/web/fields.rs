//! Labels and words of the fields of a draft.

use super::words;
use crate::domain::{DraftPath, Place, Referral, Role, ValueKind};

/// What a field is called.
pub(super) fn label(path: &DraftPath) -> &'static str {
    match path.place {
        Place::Reference(_) => "Number",
        Place::NewReference => "A further number",
        Place::Party(_) => "Person",
        Place::NewParty => "A further person",
        Place::Field(field) => referral_label(field.key),
        Place::PartyField(_, field) => party_label(field.key),
    }
}

fn party_label(key: &str) -> &'static str {
    match key {
        "role" => "Part in the matter",
        "supports" => "Supports",
        "name" => "Name",
        "title" => "Title",
        "known_as" => "Known as",
        "organisation" => "Organisation",
        "relationship" => "Relationship",
        "date_of_birth" => "Date of birth",
        "age" => "Age",
        "gender" => "Gender",
        "ethnicity" => "Ethnicity",
        "address" => "Address",
        "postcode" => "Postcode",
        "phones" => "Telephone",
        "emails" => "E-mail",
        "preferred_contact" => "Prefers",
        "safe_to_contact" => "Safe to contact",
        "safe_to_leave_message" => "Safe to leave a message",
        "best_time" => "Best time",
        "language" => "Language",
        "interpreter_needed" => "Interpreter needed",
        "needs" => "Needs",
        "consent/contact" => "Consent to contact",
        "consent/given_on" => "Consent given on",
        "consent/obtained_by" => "Consent taken by",
        "consent/how" => "Consent given how",
        "consent/share_with_other_party" => "Share with the other side",
        "consent/share_with_agencies" => "Share with agencies",
        _ => "Field",
    }
}

fn referral_label(key: &str) -> &'static str {
    match key {
        "case_kind" => "Kind of case",
        "service" => "Service asked for",
        "offence/kind" => "Offence",
        "offence/summary" => "What happened",
        "offence/date" => "Date",
        "offence/location" => "Place",
        "offence/outcome" => "Outcome",
        "offence/outcome_date" => "Date of outcome",
        "referrer/name" => "Name",
        "referrer/role" => "Role",
        "referrer/agency" => "Agency",
        "referrer/agency_kind" => "Kind of agency",
        "referrer/email" => "E-mail",
        "referrer/phone" => "Telephone",
        "referrer/is_self_referral" => "Refers themself",
        "risks" => "Risks",
        "wishes" => "What they hope for",
        _ => "Field",
    }
}

/// A field whose absence is shown: whether the people whom it is about agree to be contacted.
pub(super) fn is_always_shown(path: &DraftPath, referral: &Referral) -> bool {
    let Place::PartyField(index, field) = path.place else {
        return false;
    };
    let role = referral.parties.get(index).map(|party| party.role);
    field.key == "consent/contact" && matches!(role, Some(Role::Victim | Role::Offender | Role::Party))
}

/// A value as people read it.
pub(super) fn in_words(path: &DraftPath, value: &str, referral: &Referral) -> String {
    match path.kind() {
        ValueKind::Words(_) => word(path, value),
        ValueKind::YesNo => words::plain(value),
        ValueKind::Reference => match value.split_once(' ') {
            Some((kind, number)) => format!("{number} ({})", reference_kind(kind)),
            None => value.to_owned(),
        },
        ValueKind::Person => {
            let index = value.parse().ok();
            index.map_or_else(String::new, |index| person(referral, index))
        }
        ValueKind::Line
        | ValueKind::Text
        | ValueKind::Day
        | ValueKind::Age
        | ValueKind::Phones
        | ValueKind::Phone
        | ValueKind::Emails
        | ValueKind::Email
        | ValueKind::Party => value.to_owned(),
    }
}

/// What kind of number it is.
pub(super) fn reference_kind(word: &str) -> String {
    match word {
        "urn" => "URN".to_owned(),
        "pnc_id" => "PNC ID".to_owned(),
        "cro" => "CRO number".to_owned(),
        "crn" => "CRN".to_owned(),
        "nhs_number" => "NHS number".to_owned(),
        other => other.replace('_', " "),
    }
}

/// One of the words of a field.
pub(super) fn word(path: &DraftPath, value: &str) -> String {
    let key = match path.place {
        Place::PartyField(_, field) => field.key,
        Place::NewParty => "role",
        Place::Field(_) | Place::Party(_) | Place::Reference(_) | Place::NewReference => "",
    };
    match (key, value) {
        ("consent/contact", "given") => "Yes".to_owned(),
        ("consent/contact", "refused") => "No".to_owned(),
        ("consent/contact", "not_sought") => "Not asked yet".to_owned(),
        ("consent/contact", "unknown") => "Not known".to_owned(),
        ("consent/how", "verbal") => "Said".to_owned(),
        ("role", role) => {
            role_of(role).map_or_else(|| words::plain(role), |role| words::role(role).to_owned())
        }
        _ => words::plain(value),
    }
}

fn role_of(word: &str) -> Option<Role> {
    [
        ("victim", Role::Victim),
        ("offender", Role::Offender),
        ("party", Role::Party),
        ("supporter", Role::Supporter),
        ("appropriate_adult", Role::AppropriateAdult),
        ("witness", Role::Witness),
        ("professional", Role::Professional),
    ]
    .into_iter()
    .find_map(|(name, role)| (name == word).then_some(role))
}

/// Somebody of a referral: their name, or their part in it.
pub(super) fn person(referral: &Referral, index: usize) -> String {
    let Some(party) = referral.parties.get(index) else {
        return String::new();
    };
    let name = party.name.clone();
    name.unwrap_or_else(|| words::role(party.role).to_owned())
}

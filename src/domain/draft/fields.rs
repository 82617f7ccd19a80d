//! Which fields a draft has, and what may stand in them.

/// What may stand in a field. Values are written as text: a list one to a line, a yes or no as `yes` and `no`, a word as it is
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// A day, month or year, ISO 8601.
    Day,
    /// A whole number of years.
    Age,
    /// Telephone numbers.
    Phones,
    /// One telephone number.
    Phone,
    /// E-mail addresses.
    Emails,
    /// One e-mail address.
    Email,
    /// Yes or no.
    YesNo,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A person of the same referral, by their place among its parties, from 0.
    Person,
    /// A word for the kind, a space, the number.
    Reference,
    /// A whole person: the word for the role, and the name. It can be taken out, not changed.
    Party,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftField {
    /// Its place below the person, or below the referral.
    pub key: &'static str,
    /// What may stand in it.
    pub kind: ValueKind,
    /// It always has a value.
    pub is_required: bool,
}

const fn field(key: &'static str, kind: ValueKind) -> DraftField {
    DraftField {
        key,
        kind,
        is_required: false,
    }
}

/// Roles of people.
pub const ROLE_WORDS: &[&str] = &[
    "victim",
    "offender",
    "party",
    "supporter",
    "appropriate_adult",
    "witness",
    "professional",
];
/// Kinds of reference numbers.
pub const REFERENCE_WORDS: &[&str] = &[
    "crime_number",
    "urn",
    "pnc_id",
    "cro",
    "crn",
    "prison_number",
    "nhs_number",
    "collar_number",
    "agency_reference",
];

use ValueKind::{Age, Day, Email, Emails, Line, Person, Phone, Phones, Text, Words, YesNo};

/// Of a person.
pub const PARTY_FIELDS: &[DraftField] = &[
    DraftField {
        key: "role",
        kind: Words(ROLE_WORDS),
        is_required: true,
    },
    field("supports", Person),
    field("name", Line),
    field("title", Line),
    field("known_as", Line),
    field("organisation", Line),
    field("relationship", Line),
    field("date_of_birth", Day),
    field("age", Age),
    field("gender", Line),
    field("ethnicity", Line),
    field("address", Text),
    field("postcode", Line),
    field("phones", Phones),
    field("emails", Emails),
    field(
        "preferred_contact",
        Words(&["phone", "text", "email", "post", "via_professional"]),
    ),
    field("safe_to_contact", YesNo),
    field("safe_to_leave_message", YesNo),
    field("best_time", Line),
    field("language", Line),
    field("interpreter_needed", YesNo),
    field("needs", Text),
    field(
        "consent/contact",
        Words(&["given", "refused", "not_sought", "unknown"]),
    ),
    field("consent/given_on", Day),
    field("consent/obtained_by", Line),
    field("consent/how", Words(&["verbal", "written"])),
    field("consent/share_with_other_party", YesNo),
    field("consent/share_with_agencies", YesNo),
];

/// Of a referral, its people and numbers aside.
pub const REFERRAL_FIELDS: &[DraftField] = &[
    field(
        "case_kind",
        Words(&["crime", "antisocial_behaviour", "neighbour_dispute", "other"]),
    ),
    field("service", Words(&["restorative_justice", "mediation", "either"])),
    field("offence/kind", Line),
    field("offence/summary", Text),
    field("offence/date", Day),
    field("offence/location", Text),
    field(
        "offence/outcome",
        Words(&[
            "no_further_action",
            "community_resolution",
            "conditional_caution",
            "caution",
            "youth_caution",
            "out_of_court_disposal",
            "charged",
            "pre_sentence",
            "post_sentence",
            "custodial_sentence",
            "community_order",
            "suspended_sentence",
            "referral_order",
            "acquitted",
            "under_investigation",
            "other",
        ]),
    ),
    field("offence/outcome_date", Day),
    field("referrer/name", Line),
    field("referrer/role", Line),
    field("referrer/agency", Line),
    field(
        "referrer/agency_kind",
        Words(&[
            "police",
            "probation",
            "prison",
            "youth_justice",
            "local_authority",
            "housing",
            "fire_and_rescue",
            "victim_support",
            "health",
            "education",
            "voluntary",
            "legal",
            "other",
        ]),
    ),
    field("referrer/email", Email),
    field("referrer/phone", Phone),
    field("referrer/is_self_referral", YesNo),
    field("risks", Text),
    field("wishes", Text),
];

//! The bundle for one person, as its page and its JSON show it.
//!
//! Invariant: every text in it was cut, or is the person's own field, or is a literal of ours.

use super::cut::Cutter;
use super::history::{correction_text, document_name, entry_text, history};
use super::liaison::Liaison;
use crate::casework::{SubjectData, Terms};
use crate::domain::{Form, Party, Referrer, Timestamp};
use crate::store::{CaseSource, SourceTie};
use serde::Serialize;

/// Schema of the JSON.
const SCHEMA: &str = "referrald.subject-access/1";

/// Everything that is given.
#[derive(Serialize)]
pub(super) struct Bundle {
    pub(super) schema: &'static str,
    pub(super) service: String,
    pub(super) made_on: String,
    pub(super) case_reference: String,
    pub(super) part: String,
    pub(super) restricted: bool,
    pub(super) your_data: Vec<Field>,
    pub(super) incident: Vec<Field>,
    pub(super) history: Vec<Event>,
    pub(super) documents: Vec<DocumentRow>,
    pub(super) sources: Vec<Source>,
    pub(super) recipients: Vec<Recipient>,
    pub(super) recipients_not_recorded: &'static str,
    pub(super) purposes: &'static [&'static str],
    pub(super) retention: String,
    pub(super) rights: &'static [&'static str],
    pub(super) left_out: Vec<&'static str>,
    pub(super) withheld_for_review: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct Event {
    pub(super) date: String,
    pub(super) what: &'static str,
    pub(super) text: Option<String>,
}

/// A document of the file.
#[derive(Serialize)]
pub(super) struct DocumentRow {
    pub(super) date: String,
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Its file in the bundle; `None` where staff read it first.
    pub(super) file: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Source {
    pub(super) date: String,
    pub(super) what: &'static str,
    pub(super) agency: Option<String>,
    pub(super) professional: Option<String>,
}

/// A liaison mail that was sent about them.
#[derive(Serialize)]
pub(super) struct Recipient {
    pub(super) date: String,
    pub(super) class: &'static str,
    pub(super) domain: String,
}

const NOT_RECORDED: &str = "Only e-mails that left through referrald and are still kept are listed, and only those that name you in \
     full or went to an address of yours. Not recorded are telephone calls, letters, meetings, what a recipient did with a mail, \
     and e-mails in which you stand with your initials only. Mailboxes of our staff and volunteers are searched apart from this.";

const PURPOSES: &[&str] = &[
    "To offer and carry out restorative justice or mediation: to tell you about it, to ask what you want, to prepare and hold it.",
    "To keep everybody who takes part safe.",
    "To count, without names, how the service does its work.",
];

const RIGHTS: &[&str] = &[
    "to have wrong data put right (Article 16 UK GDPR)",
    "to have data erased, where the law does not demand that they are kept (Article 17)",
    "to have data only stored and not used while a question about them is settled (Article 18)",
    "to object to their use (Article 21)",
    "to withdraw a consent at any time; what was done before stays lawful",
    "to complain to us, and to the Information Commissioner (ico.org.uk), and to go to court",
];

/// Texts of the person's file that are cut before they are given.
pub(super) fn free_texts(data: &SubjectData) -> Vec<String> {
    let party = data.party.expose_personal();
    let file = data.file.expose_personal();
    let mut texts: Vec<String> = doubtful_fields(party)
        .into_iter()
        .filter_map(|(_, text)| text.cloned())
        .collect();
    texts.extend(file.offence.kind.clone());
    for (_, entry) in &data.entries {
        texts.extend(entry_text(entry));
        texts.extend(document_name(entry));
    }
    texts.extend(data.corrections.iter().map(correction_text));
    texts.retain(|text| !text.trim().is_empty());
    texts
}

/// Fields in which somebody may have written about others.
fn doubtful_fields(party: &Party) -> [(&'static str, Option<&String>); 6] {
    [
        ("Organisation", party.organisation.as_ref()),
        ("Relationship", party.relationship.as_ref()),
        ("Language", party.language.as_ref()),
        ("Needs", party.needs.as_ref()),
        ("Best time", party.best_time.as_ref()),
        ("Consent was taken by", party.consent.obtained_by.as_ref()),
    ]
}

pub(super) struct Parts<'a> {
    pub(super) service: &'a str,
    pub(super) data: &'a SubjectData,
    pub(super) cutter: &'a Cutter,
    pub(super) liaison: Liaison,
    pub(super) documents: Vec<DocumentRow>,
    pub(super) terms: &'a Terms,
    pub(super) now: Timestamp,
}

pub(super) fn bundle(parts: Parts<'_>) -> Bundle {
    let (data, cutter) = (parts.data, parts.cutter);
    let mut withheld = Vec::new();
    let your_data = your_data(data, cutter, &mut withheld);
    let incident = incident(data, cutter, &mut withheld);
    let history = history(data, cutter, &mut withheld);
    note_the_rest(data, &parts.documents, &parts.liaison, &mut withheld);
    Bundle {
        schema: SCHEMA,
        service: parts.service.to_owned(),
        made_on: day(parts.now),
        case_reference: data.case.reference.to_string(),
        part: word(&data.party.expose_personal().role),
        restricted: data.progress.restricted,
        your_data,
        incident,
        history,
        documents: parts.documents,
        sources: sources(data, cutter),
        recipients: parts.liaison.sent,
        recipients_not_recorded: NOT_RECORDED,
        purposes: PURPOSES,
        retention: retention(data, parts.terms),
        rights: RIGHTS,
        left_out: vec![
            "Everything about the other side of the case: it is other people's (Article 15(4) UK GDPR, Schedule 2 paragraph 16 \
             of the Data Protection Act 2018).",
            "Names of other people: initials or a word in square brackets stand for them.",
            "Which member of staff or volunteer made an entry.",
        ],
        withheld_for_review: withheld,
    }
}

fn your_data(data: &SubjectData, cutter: &Cutter, withheld: &mut Vec<String>) -> Vec<Field> {
    let party = data.party.expose_personal();
    let mut fields = Vec::new();
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.push(Field { name, value });
        }
    };
    add("Title", party.title.clone());
    add("Name", party.name.clone());
    add("Known as", party.known_as.clone());
    add("Date of birth", party.date_of_birth.clone());
    add("Age", party.age.map(|age| age.to_string()));
    add("Gender", party.gender.clone());
    add("Ethnicity", party.ethnicity.clone());
    add("Address", party.address.clone());
    add("Postcode", party.postcode.clone());
    add("Telephone", Some(party.phones.join("; ")));
    add("E-mail", Some(party.emails.join("; ")));
    for (name, text) in doubtful_fields(party) {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        match cutter.text(text) {
            Some(cut) => add(name, Some(cut.to_owned())),
            None => withheld.push(format!("The field \"{name}\": it may name other people.")),
        }
    }
    add(
        "How you want to be reached",
        party.preferred_contact.as_ref().map(word),
    );
    add("Safe to contact", party.safe_to_contact.map(yes_or_no));
    add(
        "Safe to leave a message",
        party.safe_to_leave_message.map(yes_or_no),
    );
    add("Interpreter needed", party.interpreter_needed.map(yes_or_no));
    consent_fields(data, &mut add);
    fields
}

fn consent_fields(data: &SubjectData, add: &mut impl FnMut(&'static str, Option<String>)) {
    let consent = &data.party.expose_personal().consent;
    let progress = &data.progress;
    add("Consent to be contacted", consent.contact.as_ref().map(word));
    add("Consent given on", consent.given_on.clone());
    add("Consent given", consent.how.as_ref().map(word));
    add(
        "Consent to share with the other side",
        consent.share_with_other_party.map(yes_or_no),
    );
    add(
        "Consent to share with agencies",
        consent.share_with_agencies.map(yes_or_no),
    );
    let form = match progress.form {
        Form::NotSent => "not sent".to_owned(),
        Form::Sent(on) => format!("sent on {on}"),
        Form::Signed(on) => format!("signed on {on}"),
        Form::Refused(on) => format!("refused on {on}"),
    };
    add("Consent and confidentiality form", Some(form));
    add("How you are reached", progress.route.as_ref().map(word));
    add("Withdrew on", progress.withdrawn_on.map(|on| on.to_string()));
}

fn incident(data: &SubjectData, cutter: &Cutter, withheld: &mut Vec<String>) -> Vec<Field> {
    let file = data.file.expose_personal();
    let mut fields = Vec::new();
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value {
            fields.push(Field { name, value });
        }
    };
    if let Some(kind) = &file.offence.kind {
        match cutter.text(kind) {
            Some(cut) => add("What it is about", Some(cut.to_owned())),
            None => withheld.push("What the incident is called: it may name other people.".to_owned()),
        }
    }
    add("Date", file.offence.date.clone());
    // Whatever is about somebody else of the file, or about the offender's standing, is not a supporter's.
    if data.is_central {
        add("Outcome", file.offence.outcome.as_ref().map(word));
        for reference in &file.references {
            match cutter.names_another(&reference.value) {
                false => add(
                    "Number",
                    Some(format!("{}: {}", word(&reference.kind), reference.value)),
                ),
                true => withheld.push("A number of the case: it may be another person's.".to_owned()),
            }
        }
    }
    fields
}

fn sources(data: &SubjectData, cutter: &Cutter) -> Vec<Source> {
    let referrer = &data.file.expose_personal().referrer;
    let made = data
        .sources
        .iter()
        .filter(|source| source.tie != SourceTie::FiledWith);
    made.map(|source| source_row(source, referrer, cutter)).collect()
}

/// Of a referrer the own name is given only where they act for an agency: then it is a professional's.
fn source_row(source: &CaseSource, referrer: &Referrer, cutter: &Cutter) -> Source {
    let allowed = |text: &Option<String>| text.clone().filter(|text| !cutter.names_another(text));
    let agency = allowed(&referrer.agency).or_else(|| allowed(&source.agency));
    let professional = agency.as_ref().and(referrer.name.as_ref()).map(|name| {
        let role = allowed(&referrer.role);
        role.map_or_else(|| name.clone(), |role| format!("{name}, {role}"))
    });
    Source {
        date: day(source.received),
        what: match source.tie {
            SourceTie::Imported => "taken over from the list of cases that we kept before",
            SourceTie::MadeOf if referrer.is_self_referral == Some(true) => {
                "a message from somebody who took part themself"
            }
            SourceTie::MadeOf | SourceTie::FiledWith => "a referral by e-mail",
        },
        agency,
        professional: professional.filter(|name| !cutter.names_another(name)),
    }
}

fn note_the_rest(
    data: &SubjectData,
    documents: &[DocumentRow],
    liaison: &Liaison,
    withheld: &mut Vec<String>,
) {
    let mut count = |many: usize, what: &str| {
        if many > 0 {
            withheld.push(format!("{many} {what}"));
        }
    };
    let filed = |source: &&CaseSource| source.tie == SourceTie::FiledWith && source.destroyed.is_none();
    count(
        data.sources.iter().filter(filed).count(),
        "messages that were filed with the case: they may be from or about other people.",
    );
    count(
        documents
            .iter()
            .filter(|document| document.file.is_none())
            .count(),
        "documents: they may name other people.",
    );
    count(
        liaison.unclear,
        "liaison e-mails that quote the case without naming you in full: they may be about other people.",
    );
    count(
        data.others_entries,
        "entries of the history about other people of this file, or erased ones.",
    );
    withheld.push(
        "What the referral tells in its own words (the incident, risks, wishes): it speaks of both sides."
            .to_owned(),
    );
    withheld.push("The referral e-mail itself, and its attachments: they speak of both sides.".to_owned());
}

fn retention(data: &SubjectData, terms: &Terms) -> String {
    let years = terms.closed_years;
    match data.ends {
        Some(ends) => format!(
            "Cases are kept for {years} years after they are closed. Yours is expected to be destroyed on {}.",
            day(ends)
        ),
        None => format!(
            "Cases are kept for {years} years after they are closed. Yours is open, so the day is not fixed yet."
        ),
    }
}

fn yes_or_no(answer: bool) -> String {
    match answer {
        true => "yes".to_owned(),
        false => "no".to_owned(),
    }
}

/// The word of a value, as it reads.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        Ok(_) | Err(_) => String::new(),
    }
}

pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

//! An export as CSV: one row per person, with columns that never change their meaning.

use super::super::{CaseworkError, cells};
use super::{ExportedFile, ExportedPerson, word};
use crate::domain::{ContactRoute, Form, Party, PartyProgress, Reference, ReferenceKind};
use jiff::civil::Date;
use serde::Serialize;

/// The columns of an export as CSV, in their order.
pub const EXPORT_COLUMNS: [&str; 46] = [
    "case_reference",
    "side",
    "person_number",
    "status",
    "role",
    "supports_person",
    "title",
    "name",
    "known_as",
    "organisation",
    "relationship",
    "date_of_birth",
    "age",
    "gender",
    "ethnicity",
    "address",
    "postcode",
    "phones",
    "emails",
    "preferred_contact",
    "safe_to_contact",
    "safe_to_leave_message",
    "best_time",
    "language",
    "interpreter_needed",
    "needs",
    "consent_contact",
    "consent_date",
    "consent_taken_by",
    "consent_how",
    "consent_share_with_other_side",
    "consent_share_with_agencies",
    "form",
    "form_date",
    "contact_route",
    "withdrawn_date",
    "crime_number",
    "other_references",
    "offence",
    "offence_date",
    "referring_agency",
    "case_state",
    "case_opened",
    "case_closed",
    "close_reason",
    "outcome",
];

impl ExportedFile {
    /// One row per person, in the order of [`EXPORT_COLUMNS`].
    pub fn rows(&self) -> Vec<Vec<String>> {
        self.people.iter().map(|person| self.row(person)).collect()
    }

    /// The rows as CSV with a header.
    ///
    /// # Errors
    /// [`CaseworkError::Table`].
    pub fn csv(&self) -> Result<String, CaseworkError> {
        cells::table(&EXPORT_COLUMNS, &self.rows()).map_err(|_| CaseworkError::Table)
    }

    fn row(&self, person: &ExportedPerson) -> Vec<String> {
        let mut row = vec![
            self.case.reference.to_string(),
            self.side.to_string(),
            person.number.to_string(),
            word(&person.status),
        ];
        if let (Some(party), Some(progress)) = (&person.person, &person.progress) {
            person_cells(&mut row, party);
            consent_cells(&mut row, party, progress);
            self.case_cells(&mut row);
        }
        row.resize(EXPORT_COLUMNS.len(), String::new());
        row
    }

    fn case_cells(&self, row: &mut Vec<String>) {
        let is_crime = |reference: &&Reference| reference.kind == ReferenceKind::CrimeNumber;
        let crime = self.references.iter().filter(is_crime);
        let other = self.references.iter().filter(|number| !is_crime(number));
        row.push(joined(crime.map(|number| number.value.clone())));
        row.push(joined(
            other.map(|number| format!("{}: {}", word(&number.kind), number.value)),
        ));
        row.extend([
            text(&self.offence.kind),
            text(&self.offence.date),
            text(&self.referrer.agency),
            self.case.state.as_str().to_owned(),
            self.case.opened.to_string(),
            self.case.closed.map(|day| day.to_string()).unwrap_or_default(),
            self.case.close_reason.unwrap_or_default().to_owned(),
            self.case.outcome.unwrap_or_default().to_owned(),
        ]);
    }
}

fn person_cells(row: &mut Vec<String>, party: &Party) {
    row.extend([
        word(&party.role),
        party
            .supports
            .map(|number| number.to_string())
            .unwrap_or_default(),
        text(&party.title),
        text(&party.name),
        text(&party.known_as),
        text(&party.organisation),
        text(&party.relationship),
        text(&party.date_of_birth),
        party.age.map(|age| age.to_string()).unwrap_or_default(),
        text(&party.gender),
        text(&party.ethnicity),
        text(&party.address),
        text(&party.postcode),
        joined(party.phones.iter().cloned()),
        joined(party.emails.iter().cloned()),
        optional_word(party.preferred_contact.as_ref()),
        yes_or_no(party.safe_to_contact),
        yes_or_no(party.safe_to_leave_message),
        text(&party.best_time),
        text(&party.language),
        yes_or_no(party.interpreter_needed),
        text(&party.needs),
    ]);
}

fn consent_cells(row: &mut Vec<String>, party: &Party, progress: &PartyProgress) {
    let (form, form_date) = match progress.form {
        Form::NotSent => ("not_sent", None),
        Form::Sent(on) => ("sent", Some(on)),
        Form::Signed(on) => ("signed", Some(on)),
        Form::Refused(on) => ("refused", Some(on)),
    };
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let consent = &party.consent;
    row.extend([
        optional_word(consent.contact.as_ref()),
        text(&consent.given_on),
        text(&consent.obtained_by),
        optional_word(consent.how.as_ref()),
        yes_or_no(consent.share_with_other_party),
        yes_or_no(consent.share_with_agencies),
        form.to_owned(),
        day(form_date),
        optional_word::<ContactRoute>(progress.route.as_ref()),
        day(progress.withdrawn_on),
    ]);
}

fn text(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

/// Several values in one cell.
fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join("; ")
}

fn yes_or_no(answer: Option<bool>) -> String {
    match answer {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => String::new(),
    }
}

fn optional_word<T: Serialize>(value: Option<&T>) -> String {
    value.map(word).unwrap_or_default()
}

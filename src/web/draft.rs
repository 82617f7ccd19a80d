//! A draft as reviewers read it: fields in groups, each with its doubts beside it and the place where it was read.
//!
//! Pure. A value that nobody gave has no row, except consent, whose absence is the point.

use super::words;
use crate::domain::{Consent, ParsedMessage, Party, Referral, Role};
use serde::Serialize;

/// Fields of one kind.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    /// Doubts about the whole of it.
    pub(super) checks: Vec<String>,
}

/// One field.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) checks: Vec<String>,
    /// Numbers of the quotes that it was read from.
    pub(super) quotes: Vec<usize>,
    /// Number of the row on the page.
    pub(super) number: usize,
}

/// Where a value was read.
pub(super) struct Quote {
    pub(super) number: usize,
    pub(super) text: String,
    pub(super) place: String,
    /// The row that it gave, where one is shown.
    pub(super) row: Option<(usize, &'static str)>,
    /// In how many places of the source its words stand; 0 where they are not in what is shown of it.
    pub(super) places: usize,
}

/// A draft, laid out.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) groups: Vec<Group>,
    pub(super) quotes: Vec<Quote>,
    /// Doubts about the message as a whole.
    pub(super) checks: Vec<String>,
}

/// Lays a draft out.
pub(super) fn lay_out(parsed: &ParsedMessage) -> Draft {
    let mut layout = Layout {
        parsed,
        draft: Draft::default(),
        used: vec![false; parsed.checks.len()],
        rows: 0,
    };
    for (number, quote) in parsed.evidence.iter().enumerate() {
        let file = quote.filename.as_deref().unwrap_or("text of the mail");
        let page = quote
            .page
            .map_or_else(String::new, |page| format!(", page {page}"));
        layout.draft.quotes.push(Quote {
            number: number + 1,
            text: quote.quote.clone(),
            place: format!("{file}{page}"),
            row: None,
            places: 0,
        });
    }
    let several = parsed.more_referrals.len() + 1;
    let referrals = parsed.referral.iter().chain(&parsed.more_referrals);
    for (index, referral) in referrals.enumerate() {
        let (path, prefix) = match index {
            0 => ("/referral".to_owned(), String::new()),
            _ => (
                format!("/more_referrals/{}", index - 1),
                format!("Referral {} of {several}: ", index + 1),
            ),
        };
        layout.referral(&path, &prefix, referral);
    }
    layout.rest();
    layout.draft
}

impl Draft {
    /// The words of this quote stand in several places of the source.
    pub(super) fn is_one_of_several(&self, number: &usize) -> bool {
        let quote = number.checked_sub(1).and_then(|at| self.quotes.get(at));
        quote.is_some_and(|quote| quote.places > 1)
    }

    /// Quotes whose words are not in what is shown of the source.
    pub(super) fn other_quotes(&self) -> Vec<&Quote> {
        self.quotes.iter().filter(|quote| quote.places == 0).collect()
    }
}

struct Layout<'a> {
    parsed: &'a ParsedMessage,
    draft: Draft,
    used: Vec<bool>,
    rows: usize,
}

impl Layout<'_> {
    fn referral(&mut self, path: &str, prefix: &str, referral: &Referral) {
        let central = [Role::Victim, Role::Offender, Role::Party];
        let of = |roles: &[Role]| -> Vec<(usize, &Party)> {
            let all = referral.parties.iter().enumerate();
            all.filter(|(_, party)| roles.contains(&party.role)).collect()
        };
        let mut people = Vec::new();
        for role in central {
            people.extend(of(&[role]));
        }
        people.extend(of(&[
            Role::Supporter,
            Role::AppropriateAdult,
            Role::Witness,
            Role::Professional,
        ]));
        for (index, party) in people {
            self.party(&format!("{path}/parties/{index}"), prefix, party);
        }
        self.offence(path, prefix, referral);
        self.referrer(path, prefix, referral);
        let mut rows = Vec::new();
        self.add(&mut rows, path, "risks", "Risks", referral.risks.clone());
        self.add(
            &mut rows,
            path,
            "wishes",
            "What they hope for",
            referral.wishes.clone(),
        );
        self.close(format!("{prefix}Risk and wishes"), rows, Vec::new());
    }

    fn party(&mut self, path: &str, prefix: &str, party: &Party) {
        let mut rows = Vec::new();
        let yes = |value: Option<bool>| value.map(|value| words::yes_no(value).to_owned());
        let fields = [
            ("name", "Name", party.name.clone()),
            ("title", "Title", party.title.clone()),
            ("known_as", "Known as", party.known_as.clone()),
            ("organisation", "Organisation", party.organisation.clone()),
            ("relationship", "Relationship", party.relationship.clone()),
            ("date_of_birth", "Date of birth", party.date_of_birth.clone()),
            ("age", "Age", party.age.map(|age| age.to_string())),
            ("gender", "Gender", party.gender.clone()),
            ("ethnicity", "Ethnicity", party.ethnicity.clone()),
            ("address", "Address", party.address.clone()),
            ("postcode", "Postcode", party.postcode.clone()),
            ("phones", "Telephone", joined(&party.phones)),
            ("emails", "E-mail", joined(&party.emails)),
            (
                "preferred_contact",
                "Prefers",
                party.preferred_contact.as_ref().and_then(word),
            ),
            ("safe_to_contact", "Safe to contact", yes(party.safe_to_contact)),
            (
                "safe_to_leave_message",
                "Safe to leave a message",
                yes(party.safe_to_leave_message),
            ),
            ("best_time", "Best time", party.best_time.clone()),
            ("language", "Language", party.language.clone()),
            (
                "interpreter_needed",
                "Interpreter needed",
                yes(party.interpreter_needed),
            ),
            ("needs", "Needs", party.needs.clone()),
        ];
        for (key, label, value) in fields {
            self.add(&mut rows, path, key, label, value);
        }
        self.consent(&mut rows, path, party);
        let checks = self.checks_at(|at| at == path || at == format!("{path}/consent"));
        self.close(format!("{prefix}{}", words::role(party.role)), rows, checks);
    }

    fn consent(&mut self, rows: &mut Vec<Row>, path: &str, party: &Party) {
        let Consent {
            contact,
            given_on,
            obtained_by,
            how,
            share_with_other_party,
            share_with_agencies,
        } = &party.consent;
        let is_asked = matches!(party.role, Role::Victim | Role::Offender | Role::Party);
        let agrees = (is_asked || contact.is_some()).then(|| words::answer(*contact).to_owned());
        let yes = |value: &Option<bool>| value.map(|value| words::yes_no(value).to_owned());
        let fields = [
            ("consent/contact", "Consent to contact", agrees),
            ("consent/given_on", "Consent given on", given_on.clone()),
            ("consent/obtained_by", "Consent taken by", obtained_by.clone()),
            (
                "consent/how",
                "Consent given how",
                how.map(|how| words::how(how).to_owned()),
            ),
            (
                "consent/share_with_other_party",
                "Share with the other side",
                yes(share_with_other_party),
            ),
            (
                "consent/share_with_agencies",
                "Share with agencies",
                yes(share_with_agencies),
            ),
        ];
        for (key, label, value) in fields {
            self.add(rows, path, key, label, value);
        }
    }

    fn offence(&mut self, path: &str, prefix: &str, referral: &Referral) {
        let offence = &referral.offence;
        let mut rows = Vec::new();
        let fields = [
            (
                "case_kind",
                "Kind of case",
                referral.case_kind.as_ref().and_then(word),
            ),
            (
                "service",
                "Service asked for",
                referral.service.as_ref().and_then(word),
            ),
            ("offence/kind", "Offence", offence.kind.clone()),
            ("offence/summary", "What happened", offence.summary.clone()),
            ("offence/date", "Date", offence.date.clone()),
            ("offence/location", "Place", offence.location.clone()),
            (
                "offence/outcome",
                "Outcome",
                offence.outcome.as_ref().and_then(word),
            ),
            (
                "offence/outcome_date",
                "Date of outcome",
                offence.outcome_date.clone(),
            ),
        ];
        for (key, label, value) in fields {
            self.add(&mut rows, path, key, label, value);
        }
        for (index, reference) in referral.references.iter().enumerate() {
            let kind = word(&reference.kind).unwrap_or_default();
            let value = format!("{} ({})", reference.value, kind.to_lowercase());
            self.add(
                &mut rows,
                path,
                &format!("references/{index}"),
                "Number",
                Some(value),
            );
        }
        let at = format!("{path}/offence");
        let checks = self.checks_at(|path| path == at);
        self.close(format!("{prefix}Offence or incident"), rows, checks);
    }

    fn referrer(&mut self, path: &str, prefix: &str, referral: &Referral) {
        let referrer = &referral.referrer;
        let mut rows = Vec::new();
        let fields = [
            ("name", "Name", referrer.name.clone()),
            ("role", "Role", referrer.role.clone()),
            ("agency", "Agency", referrer.agency.clone()),
            (
                "agency_kind",
                "Kind of agency",
                referrer.agency_kind.as_ref().and_then(word),
            ),
            ("email", "E-mail", referrer.email.clone()),
            ("phone", "Telephone", referrer.phone.clone()),
            (
                "is_self_referral",
                "Refers themself",
                referrer
                    .is_self_referral
                    .map(|value| words::yes_no(value).to_owned()),
            ),
        ];
        let path = format!("{path}/referrer");
        for (key, label, value) in fields {
            self.add(&mut rows, &path, key, label, value);
        }
        let checks = self.checks_at(|at| at == path);
        self.close(format!("{prefix}Referrer"), rows, checks);
    }

    /// Adds a row for a value, with its doubts and quotes; a doubt about a missing value has a row too.
    fn add(
        &mut self,
        rows: &mut Vec<Row>,
        path: &str,
        key: &str,
        label: &'static str,
        value: Option<String>,
    ) {
        let at = format!("{path}/{key}");
        let within = format!("{at}/");
        let is_here = |path: &str| path == at || path.starts_with(&within);
        let checks = self.checks_at(is_here);
        if value.is_none() && checks.is_empty() {
            return;
        }
        self.rows += 1;
        let number = self.rows;
        let mut quotes = Vec::new();
        for (index, evidence) in self.parsed.evidence.iter().enumerate() {
            if is_here(&evidence.path) {
                quotes.push(index + 1);
                if let Some(quote) = self.draft.quotes.get_mut(index) {
                    quote.row.get_or_insert((number, label));
                }
            }
        }
        rows.push(Row {
            label,
            value: value.unwrap_or_else(|| "Not stated".to_owned()),
            checks,
            quotes,
            number,
        });
    }

    /// Doubts at these places that no row has shown.
    fn checks_at(&mut self, is_here: impl Fn(&str) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for (check, used) in self.parsed.checks.iter().zip(&mut self.used) {
            if !*used && is_here(&check.path) {
                *used = true;
                found.push(format!("{}: {}", words::plain(&check.code), check.detail));
            }
        }
        found
    }

    fn close(&mut self, title: String, rows: Vec<Row>, checks: Vec<String>) {
        if !rows.is_empty() || !checks.is_empty() {
            self.draft.groups.push(Group { title, rows, checks });
        }
    }

    /// Doubts that belong to no field: none may be lost.
    fn rest(&mut self) {
        self.draft.checks = self.checks_at(|_| true);
    }
}

fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join("\n"))
}

/// The word that a value is stored as, as people read it.
pub(super) fn word(value: &impl Serialize) -> Option<String> {
    let value = serde_json::to_value(value).ok()?;
    value.as_str().map(words::plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Check, Evidence, Kind, PARSED_SCHEMA, Trust};

    fn parsed() -> ParsedMessage {
        let mut victim = Party::new(Role::Victim);
        victim.name = Some("A. Person".to_owned());
        ParsedMessage {
            schema: PARSED_SCHEMA.to_owned(),
            kind: Kind::Referral,
            trust: Trust::default(),
            case_references: Vec::new(),
            attachments: Vec::new(),
            referral: Some(Referral {
                parties: vec![Party::new(Role::Offender), victim],
                ..Referral::default()
            }),
            more_referrals: Vec::new(),
            unmapped: Vec::new(),
            checks: [
                "/referral/parties/1/name",
                "/referral/parties/0",
                "/somewhere/else",
            ]
            .map(|path| Check {
                path: path.to_owned(),
                code: "no_doubt_is_lost".to_owned(),
                detail: path.to_owned(),
            })
            .to_vec(),
            evidence: vec![Evidence {
                path: "/referral/parties/1/name".to_owned(),
                part: "2".to_owned(),
                filename: Some("form.docx".to_owned()),
                page: Some(3),
                quote: "A. Person".to_owned(),
            }],
        }
    }

    #[test]
    fn every_doubt_is_shown_once_and_beside_its_field() {
        let draft = lay_out(&parsed());
        assert!(draft.groups[0].title.starts_with("Person harmed"));
        let name = &draft.groups[0].rows[0];
        assert_eq!(
            (name.label, name.checks.len(), name.quotes.as_slice()),
            ("Name", 1, &[1][..])
        );
        assert_eq!(draft.groups[1].checks.len(), 1);
        assert_eq!(draft.checks, ["No doubt is lost: /somewhere/else"]);
        assert_eq!(draft.quotes[0].place, "form.docx, page 3");
        assert_eq!(draft.quotes[0].row, Some((name.number, "Name")));
    }

    #[test]
    fn consent_that_nobody_stated_is_said_to_be_so() {
        let draft = lay_out(&parsed());
        let consent = draft.groups[0]
            .rows
            .iter()
            .find(|row| row.label == "Consent to contact");
        assert_eq!(consent.map(|row| row.value.as_str()), Some("Not stated"));
    }
}

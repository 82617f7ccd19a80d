//! A draft as reviewers read it: fields in groups, each with its doubts beside it and the place where it was read.
//!
//! Pure. A value that nobody gave has no row, except consent, whose absence is the point.

use super::fields;
use super::words;
use crate::domain::{
    Check, DraftPath, DraftValues, PARTY_FIELDS, ParsedMessage, Party, REFERRAL_FIELDS, Referral, Role,
};
use serde::Serialize;

/// Fields of one kind.
pub(super) struct Group {
    /// Its name in forms and addresses: `referral-parties-0`.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    /// Doubts about the whole of it.
    pub(super) checks: Vec<CheckLine>,
    /// Every field that it has, filled in or not.
    pub(super) paths: Vec<String>,
}

/// A doubt.
pub(super) struct CheckLine {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) candidates: Vec<Candidate>,
}

/// A value that may stand there.
pub(super) struct Candidate {
    /// As the form sends it: the path, a space, the value.
    pub(super) chosen: String,
    pub(super) text: String,
}

/// One field.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) checks: Vec<CheckLine>,
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
    pub(super) checks: Vec<CheckLine>,
}

/// Lays a draft out.
pub(super) fn lay_out(parsed: &ParsedMessage) -> Draft {
    let mut layout = Layout {
        parsed,
        draft: Draft::default(),
        values: DraftValues::of(parsed),
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

/// A name, a title, and which fields of a referral belong there.
type Part = (&'static str, &'static str, fn(&str) -> bool);

const PARTS: &[Part] = &[
    ("offence", "Offence or incident", |key| {
        key == "case_kind" || key == "service" || key.starts_with("offence/")
    }),
    ("referrer", "Referrer", |key| key.starts_with("referrer/")),
    ("risks", "Risk and wishes", |key| {
        key == "risks" || key == "wishes"
    }),
];

struct Layout<'a> {
    parsed: &'a ParsedMessage,
    values: DraftValues,
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
            self.party(&format!("{path}/parties/{index}"), prefix, (referral, party));
        }
        let all = REFERRAL_FIELDS.iter();
        for (name, title, belongs) in PARTS {
            let mut group = self.open(format!("{path}/{name}"), format!("{prefix}{title}"));
            for field in all.clone().filter(|field| belongs(field.key)) {
                self.add(&mut group, &format!("{path}/{}", field.key), referral);
            }
            if *name == "offence" {
                for index in 0..referral.references.len() {
                    self.add(&mut group, &format!("{path}/references/{index}"), referral);
                }
            }
            let at = format!("{path}/{name}");
            group.checks = self.checks_at(|path| path == at);
            self.close(group);
        }
    }

    fn party(&mut self, path: &str, prefix: &str, (referral, party): (&Referral, &Party)) {
        let mut group = self.open(path.to_owned(), format!("{prefix}{}", words::role(party.role)));
        for field in PARTY_FIELDS {
            let at = format!("{path}/{}", field.key);
            match field.key {
                // The heading says it.
                "role" => group.paths.push(at),
                _ => self.add(&mut group, &at, referral),
            }
        }
        let checks = |at: &str| at == path || at == format!("{path}/consent") || at == format!("{path}/role");
        group.checks = self.checks_at(checks);
        self.close(group);
    }

    fn open(&self, path: String, title: String) -> Group {
        Group {
            key: key_of(&path),
            title,
            rows: Vec::new(),
            checks: Vec::new(),
            paths: Vec::new(),
        }
    }

    /// Adds a row for a value, with its doubts and quotes; a doubt about a missing value has a row too.
    fn add(&mut self, group: &mut Group, at: &str, referral: &Referral) {
        group.paths.push(at.to_owned());
        let Some(path) = DraftPath::parse(at) else { return };
        let value = self.values.at(&path);
        let within = format!("{at}/");
        let is_here = |path: &str| path == at || path.starts_with(&within);
        let checks = self.checks_at(is_here);
        let is_asked = fields::is_always_shown(&path, referral);
        if value.is_none() && checks.is_empty() && !is_asked {
            return;
        }
        self.rows += 1;
        let (number, label) = (self.rows, fields::label(&path));
        let mut quotes = Vec::new();
        for (index, evidence) in self.parsed.evidence.iter().enumerate() {
            if is_here(&evidence.path) {
                quotes.push(index + 1);
                if let Some(quote) = self.draft.quotes.get_mut(index) {
                    quote.row.get_or_insert((number, label));
                }
            }
        }
        let value = value.map(|value| fields::in_words(&path, &value, referral));
        group.rows.push(Row {
            label,
            value: value.unwrap_or_else(|| "Not stated".to_owned()),
            checks,
            quotes,
            number,
        });
    }

    /// Doubts at these places that no row has shown.
    fn checks_at(&mut self, is_here: impl Fn(&str) -> bool) -> Vec<CheckLine> {
        let mut found = Vec::new();
        for (check, used) in self.parsed.checks.iter().zip(&mut self.used) {
            if !*used && is_here(&check.path) {
                *used = true;
                found.push(check_line(check, self.parsed));
            }
        }
        found
    }

    fn close(&mut self, group: Group) {
        self.draft.groups.push(group);
    }

    /// Doubts that belong to no field: none may be lost.
    fn rest(&mut self) {
        self.draft.checks = self.checks_at(|_| true);
    }
}

/// The name of a group of fields, by the path that they share.
pub(super) fn key_of(path: &str) -> String {
    path.trim_start_matches('/').replace('/', "-")
}

fn check_line(check: &Check, parsed: &ParsedMessage) -> CheckLine {
    CheckLine {
        path: check.path.clone(),
        text: format!("{}: {}", words::plain(&check.code), check.detail),
        candidates: candidates(check, parsed).unwrap_or_default(),
    }
}

fn candidates(check: &Check, parsed: &ParsedMessage) -> Option<Vec<Candidate>> {
    let path = DraftPath::parse(&check.path)?;
    let referral = referral_of(parsed, path.referral)?;
    let candidate = |value: &String| Candidate {
        chosen: format!("{} {value}", check.path),
        text: fields::in_words(&path, value, referral),
    };
    Some(check.candidates.iter().map(candidate).collect())
}

/// A referral of a message, from 0.
pub(super) fn referral_of(parsed: &ParsedMessage, index: usize) -> Option<&Referral> {
    match index.checked_sub(1) {
        None => parsed.referral.as_ref(),
        Some(more) => parsed.more_referrals.get(more),
    }
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
                candidates: Vec::new(),
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
        assert_eq!((draft.groups[1].checks.len(), draft.checks.len()), (1, 1));
        assert_eq!(draft.checks[0].text, "No doubt is lost: /somewhere/else");
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

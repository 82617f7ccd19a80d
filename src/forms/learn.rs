//! What a form asks, as the labels stand on it: for whoever adds a new form to the configuration.
//!
//! Invariant: no answer is part of it.

use super::labels::{Field, LabelBook, Section, Who};
use super::lines::Quotes;
use super::pairs::{self, Fact, Subject};
use crate::domain::Document;
use jiff::civil::Date;

/// How a label was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// By a phrase of the label file or of a form that was taught.
    Known,
    /// By single words of it: its answers carry a check.
    Guessed,
    /// Not at all: its answers are kept as they stand.
    Unknown,
}

/// One label or heading of a form.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct FormLine {
    /// As it stands on the form.
    pub text: String,
    /// What it asks (a key of `[fields]`) or starts (a word of `[headings]`).
    pub meaning: Option<&'static str>,
    /// Whose it is: a role of `[[roles]]`.
    pub whose: Option<&'static str>,
    /// It starts a part of the form.
    pub is_heading: bool,
    /// How it was understood.
    pub wording: Wording,
}

/// The labels and headings of a form in their order, each once per part.
pub fn learn(document: &Document, labels: &LabelBook, today: Date) -> Vec<FormLine> {
    let read = pairs::read(document, labels, today, Quotes::Skip, pairs::Stands::InFile);
    let mut parts = read.parts.iter().peekable();
    let mut out: Vec<FormLine> = Vec::new();
    for at in 0..=read.facts.len() {
        while let Some(part) = parts.next_if(|part| part.before <= at) {
            out.push(heading(&part.text, part.section));
        }
        let line = read
            .facts
            .get(at)
            .filter(|fact| !fact.label.is_empty())
            .map(label);
        if let Some(line) = line
            && out.last() != Some(&line)
        {
            out.push(line);
        }
    }
    out
}

fn heading(text: &str, section: Section) -> FormLine {
    let (meaning, whose) = match section {
        Section::Person(person) => ("person", Some(person.who)),
        Section::Offence(person) => ("offence", person.map(|p| p.who)),
        Section::Consent(person) => ("consent", person.map(|p| p.who)),
        Section::Risk => ("risk", None),
        Section::Office => ("office", None),
        Section::Instructions => ("instructions", None),
    };
    FormLine {
        text: text.to_owned(),
        meaning: Some(meaning),
        whose: whose.map(Who::as_str),
        is_heading: true,
        wording: Wording::Known,
    }
}

fn label(fact: &Fact) -> FormLine {
    let whose = match fact.subject {
        Subject::Person { person, .. } => Some(person.who),
        Subject::Everybody(person) => person.map(|p| p.who),
        Subject::Case => None,
    };
    FormLine {
        text: fact.label.split_whitespace().collect::<Vec<_>>().join(" "),
        meaning: (fact.field != Field::Unmapped).then(|| fact.field.as_str()),
        whose: whose.map(Who::as_str),
        is_heading: false,
        wording: match (fact.field == Field::Unmapped, fact.guessed) {
            (true, _) => Wording::Unknown,
            (false, true) => Wording::Guessed,
            (false, false) => Wording::Known,
        },
    }
}

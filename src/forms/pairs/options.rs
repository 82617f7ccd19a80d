//! Boxes to tick that no label introduces: the options themselves tell what is asked.
//!
//! Invariant: a field is told by options only where they all fit it, or where one is a whole statement.

use super::{Context, Reader, Subject, starts_with_tick};
use crate::domain::{Inline, inline_text};
use crate::forms::labels::{Field, LabelMatch};
use crate::forms::lines::Line;
use crate::forms::values::{self, Answer};

/// Longest option, in words.
const MAX_OPTION_WORDS: usize = 9;
/// Fewest options that fit a kind of answer.
const FITTING: usize = 2;

/// One box with the words behind it.
struct Choice {
    checked: bool,
    pieces: Vec<Inline>,
    text: String,
}

impl Reader<'_> {
    /// Boxes before whole statements: `☒ I agree to be contacted`.
    pub(super) fn statements(&mut self, line: &Line) -> bool {
        let all = choices(&line.pieces);
        let mut asked: Vec<Field> = all
            .iter()
            .filter_map(|choice| self.book.label(&choice.text))
            .map(|label| label.field)
            .collect();
        asked.dedup();
        if all.is_empty() && self.stated_alone(line) {
            return true;
        }
        if all.len() > 1 && asked.len() == 1 {
            return false; // the options of one question
        }
        let mut any = false;
        for choice in all {
            let Some(label) = self
                .book
                .label(&choice.text)
                .filter(|l| l.field.is_consent() && l.words >= 2)
            else {
                continue;
            };
            any = true;
            self.close();
            let mut tick = vec![Inline::Tick {
                checked: choice.checked,
            }];
            tick.extend(choice.pieces);
            let subject = self.subject(&label, None);
            self.emit(label, &choice.text, subject, Answer::of(vec![tick]), line.page);
        }
        any
    }

    /// "I agree to be contacted" without a box, below the heading about consent of a website's form: such a form
    /// leaves out what was not ticked.
    fn stated_alone(&mut self, line: &Line) -> bool {
        let text = line.text();
        let starts = ["i agree", "i consent", "i am happy", "i give"];
        let lower = text.to_lowercase();
        let is_statement = self.context == Context::Consent
            && self.is_mail
            && starts.iter().any(|start| lower.starts_with(start))
            && !text.ends_with([':', '?']);
        let label = self
            .book
            .label(&text)
            .filter(|label| is_statement && label.field == Field::ConsentContact);
        let Some(label) = label else { return false };
        self.close();
        let subject = self.subject(&label, None);
        let label = LabelMatch {
            guessed: true,
            ..label
        };
        self.emit(label, &text, subject, Answer::of_text(&text), line.page);
        true
    }

    /// A row of boxes without a label: `☒ Female ☐ Male`. `false` where nobody could tell what is asked.
    pub(super) fn options(&mut self, line: &Line) -> bool {
        if !starts_with_tick(&line.pieces) {
            return false;
        }
        let pending_takes = self.pending.as_ref().is_some_and(|pending| {
            let is_open = pending.lines.is_empty() && !pending.label.field.is_story();
            is_open
                || pending
                    .lines
                    .iter()
                    .any(|line| line.iter().any(|p| matches!(p, Inline::Tick { .. })))
        });
        if pending_takes {
            return false;
        }
        let pending = self.pending.take();
        if self.emit_options(std::slice::from_ref(&line.pieces), "", line.page) {
            if let Some(pending) = pending {
                let answer = Answer::of(pending.lines);
                self.emit(
                    pending.label,
                    &pending.text,
                    pending.subject,
                    answer,
                    pending.page,
                );
                // The answer before the boxes comes first.
                let last = self.out.facts.len().saturating_sub(1);
                if let Some(before) = last.checked_sub(1) {
                    self.out.facts.swap(before, last);
                }
            }
            return true;
        }
        self.pending = pending;
        false
    }

    /// Makes a fact of boxes by what their options are. `false` where nobody could tell what is asked.
    pub(super) fn emit_options(&mut self, lines: &[Vec<Inline>], text: &str, page: Option<u32>) -> bool {
        let all: Vec<Choice> = lines.iter().flat_map(|line| choices(line)).collect();
        let Some(field) = self.field_of(&all) else {
            return false;
        };
        let label = LabelMatch {
            field,
            person: None,
            everybody: false,
            first_person: false,
            exact: true,
            words: 1,
            role_only: false,
            guessed: !text.is_empty(),
        };
        let subject = if field == Field::SelfRole {
            Subject::Case
        } else {
            self.subject(&label, None)
        };
        let quoted: Vec<&str> = all.iter().map(|choice| choice.text.as_str()).collect();
        let shown = if text.is_empty() {
            quoted.join(" / ")
        } else {
            text.to_owned()
        };
        self.emit(
            label,
            &shown.replace('/', ","),
            subject,
            Answer::of(lines.to_vec()),
            page,
        );
        true
    }

    /// What these options are the answers to.
    fn field_of(&self, all: &[Choice]) -> Option<Field> {
        let short = |choice: &&Choice| choice.text.split_whitespace().count() <= MAX_OPTION_WORDS;
        if all.is_empty() || !all.iter().all(|choice| short(&choice)) {
            return None;
        }
        let fitting = |test: &dyn Fn(&str) -> bool| all.iter().filter(|choice| test(&choice.text)).count();
        let book = self.book;
        let says = |text: &str| crate::forms::labels::spoken(text);
        if fitting(&|text| book.genders.contains_key(&says(text))) >= FITTING {
            return Some(Field::Gender);
        }
        if fitting(&|text| values::outcomes(text, book).len() == 1) >= FITTING {
            return Some(Field::Outcome);
        }
        let labels: Vec<Field> = all
            .iter()
            .filter_map(|choice| book.label(&choice.text))
            .filter(|label| label.words > 0)
            .map(|label| label.field)
            .filter(|field| is_yes_or_no(*field))
            .collect();
        if let Some(first) = labels.first()
            && labels.iter().all(|field| field == first)
        {
            return Some(*first);
        }
        if fitting(&|text| values::contacts(text, book).len() == 1) >= FITTING {
            return Some(Field::Prefers);
        }
        let first_person = |text: &str| {
            let said = format!(" {} ", says(text));
            said.contains(" i ") || said.contains(" me ") || said.contains(" im ")
        };
        (fitting(&|text| first_person(text) && book.role_in_answer(text).is_some()) > 0)
            .then_some(Field::SelfRole)
    }
}

/// Fields whose options may be whole statements: "Safe to leave a message", "Not safe to leave a message".
fn is_yes_or_no(field: Field) -> bool {
    matches!(
        field,
        Field::SafeToContact
            | Field::SafeToLeaveMessage
            | Field::Interpreter
            | Field::ConsentContact
            | Field::ConsentShareOther
            | Field::ConsentShareAgencies
    )
}

/// The boxes of a line, each with the words up to the next.
fn choices(pieces: &[Inline]) -> Vec<Choice> {
    let mut out: Vec<Choice> = Vec::new();
    for piece in pieces {
        match piece {
            Inline::Tick { checked } => out.push(Choice {
                checked: *checked,
                pieces: Vec::new(),
                text: String::new(),
            }),
            Inline::Text { .. } | Inline::Answer { .. } | Inline::Break | Inline::Hidden { .. } => {
                if let Some(last) = out.last_mut() {
                    last.pieces.push(piece.clone());
                }
            }
        }
    }
    for choice in &mut out {
        let text = inline_text(&choice.pieces);
        choice.text = text.trim_matches([' ', '/', '|', '\t', '\u{a0}', ',']).to_owned();
    }
    out
}

//! Looking a label up: the whole text must be one.
//!
//! Invariant: a role inside a label is taken out of its words before the field is looked for; two roles that
//! contradict each other make it no label.

use super::roles::{RoleAt, is_object, subject};
use super::words::{EVERYBODY, FIRST_PERSON, THIRD_PERSON, content, tokens, without_hints, without_number};
use super::{Field, LabelBook, LabelMatch, Person, Who};
use crate::forms::keywords;

/// A label longer than this is a sentence.
const MAX_LABEL_WORDS: usize = 32;
/// Longest label that stands in two languages, in words.
const MAX_BILINGUAL_WORDS: usize = 8;
/// Longest question which side somebody is on, in words.
const MAX_WHICH_WORDS: usize = 12;
/// Longest label that is told by single words.
const MAX_GUESSED_WORDS: usize = 16;
/// Most digits of such a label (`1.12`).
const MAX_LABEL_DIGITS: usize = 4;
/// Words that may stand before a label without changing it.
const LEADING: [&str; 14] = [
    "what", "which", "state", "give", "enter", "full", "provide", "current", "main", "confirm", "write",
    "tell", "person", "named",
];
/// Words that may stand behind a label without changing it ("if known").
const TRAILING: [&str; 8] = [
    "known",
    "applicable",
    "available",
    "appropriate",
    "relevant",
    "optional",
    "possible",
    "required",
];

impl LabelBook {
    /// Looks a label up: the whole text must be one.
    pub fn label(&self, text: &str) -> Option<LabelMatch> {
        self.one_label(text).or_else(|| self.in_two_languages(text))
    }

    /// "Trosedd / Offence": of two short pieces one is a known label, the other nobody knows.
    fn in_two_languages(&self, text: &str) -> Option<LabelMatch> {
        let (first, second) = text.trim().split_once(" / ")?;
        if text.split_whitespace().count() > MAX_BILINGUAL_WORDS {
            return None;
        }
        let known = |piece: &str| {
            self.one_label(piece)
                .filter(|label| label.exact && !label.role_only)
        };
        match (known(first), known(second)) {
            (Some(label), None) | (None, Some(label)) => Some(label),
            (Some(one), Some(other)) if one.field == other.field => Some(one),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn one_label(&self, text: &str) -> Option<LabelMatch> {
        let short = without_hints(text);
        let is_hinted = short.len() != text.len();
        let unconditional = without_condition(&short).and_then(|plain| {
            let words = tokens(plain);
            self.label_words(&words, Wording::Known)
        });
        let known = unconditional
            .or_else(|| self.label_words(&tokens(&short), Wording::Known))
            .or_else(|| {
                is_hinted
                    .then(|| self.label_words(&tokens(text), Wording::Known))
                    .flatten()
            });
        known.or_else(|| {
            is_short_question(text)
                .then(|| self.label_words(&tokens(text), Wording::Any))
                .flatten()
        })
    }

    fn label_words(&self, raw: &[String], wording: Wording) -> Option<LabelMatch> {
        // "D of B" begins with no number
        let is_known = self.plain.contains_key(&raw.join(" "));
        let raw = if is_known { raw } else { without_number(raw) };
        if raw.is_empty() || raw.len() > MAX_LABEL_WORDS {
            return None;
        }
        let first_person = raw.iter().any(|w| FIRST_PERSON.contains(&w.as_str()));
        let everybody = raw.iter().any(|w| EVERYBODY.contains(&w.as_str()));
        let found = self.roles_in(raw);
        let subjects: Vec<&RoleAt> = found.iter().filter(|r| !is_object(raw, r.start)).collect();
        let person = subject(&subjects);
        let whole = content(raw.iter());
        let kept = raw
            .iter()
            .enumerate()
            .filter(|(at, _)| !subjects.iter().any(|r| (r.start..r.end).contains(at)))
            .map(|(_, w)| w);
        let stripped = content(kept);
        let bare = content(
            raw.iter()
                .enumerate()
                .filter(|(at, _)| !found.iter().any(|r| (r.start..r.end).contains(at)))
                .map(|(_, w)| w),
        );
        // "Has he agreed to you sharing this?" asks about him.
        let pronoun = raw.iter().find_map(|word| match word.as_str() {
            first if FIRST_PERSON.contains(&first) => Some(Who::You),
            third if THIRD_PERSON.contains(&third) => Some(Who::Them),
            _ => None,
        });
        let pronoun = pronoun.map(|who| Person {
            who,
            number: None,
            of: None,
        });
        let make = |(field, exact, words): (Field, bool, usize)| {
            let own = match person {
                // "You may tell the other person my name": it is told to them, not of them.
                Some(Ok(person)) if field == Field::ConsentShareOther && person.who == Who::Other => pronoun,
                Some(Ok(person)) => Some(person),
                Some(Err(())) => return None,
                None => pronoun,
            };
            let is_plain = raw
                .iter()
                .any(|word| matches!(word.as_str(), "details" | "detail" | "information"));
            if field == Field::Summary && (words == 1 || is_plain) && matches!(person, Some(Ok(_))) {
                return None; // "Victim details" is a heading
            }
            let person = if matches!(field, Field::SelfRole | Field::TheirRole | Field::ChildOf) {
                None
            } else {
                own
            };
            Some(LabelMatch {
                field,
                person,
                everybody,
                first_person,
                exact,
                words,
                role_only: words == 0,
                guessed: false,
            })
        };
        if subjects.len() < 2
            && let Some(field) = self.plain.get(&raw.join(" "))
        {
            return make((*field, true, raw.len()));
        }
        // "Are you the victim or the offender?" asks which.
        let names = |who: Who| found.iter().any(|role| role.who == who);
        let is_which = names(Who::Victim) && names(Who::Offender) && raw.iter().any(|word| word == "or");
        if is_which && raw.len() <= MAX_WHICH_WORDS {
            let field = if first_person {
                Field::SelfRole
            } else {
                Field::TheirRole
            };
            return Some(LabelMatch {
                field,
                person: None,
                everybody,
                first_person,
                exact: true,
                words: raw.len(),
                role_only: false,
                guessed: false,
            });
        }
        if stripped.is_empty() && !subjects.is_empty() && !everybody {
            return make((Field::Name, true, 0));
        }
        if subjects.len() < 2
            && let Some((field, _)) = self.exact.get(&whole.join(" "))
        {
            return make((*field, true, whole.len()));
        }
        let best = [&bare, &whole, &stripped]
            .into_iter()
            .filter_map(|words| self.field_of(words))
            .max_by_key(|(_, exact, words)| (*exact, *words));
        if wording == Wording::Known {
            return best.and_then(make);
        }
        // "Harmex DOB": whose is it? A misspelt role is not taken for a word of no account.
        let is_unknown = |word: &String| !self.vocabulary.contains(word);
        if raw.len() <= 2 && raw.iter().any(is_unknown) {
            let of_agency =
                keywords::find(&self.keywords, raw).filter(|(field, _)| *field == Field::AgencyReference);
            let of_case = keywords::find(&self.keywords, raw).filter(|(field, _)| !field.is_personal());
            return best.and_then(make).or_else(|| {
                let (field, words) = of_agency.or(of_case)?;
                let found = make((field, false, words))?;
                Some(LabelMatch {
                    guessed: true,
                    ..found
                })
            });
        }
        best.and_then(make).or_else(|| {
            let (field, words) = keywords::find(&self.keywords, raw)?;
            let found = make((field, false, words))?;
            Some(LabelMatch {
                guessed: true,
                ..found
            })
        })
    }

    fn field_of(&self, words: &[&str]) -> Option<(Field, bool, usize)> {
        let mut start = 0;
        let trailing = words.iter().rev().take_while(|w| TRAILING.contains(w)).count();
        let short = words.len() - trailing;
        loop {
            let rest = words.get(start..)?;
            let exact = self
                .exact
                .get(&rest.join(" "))
                .or_else(|| self.exact.get(&words.get(start..short)?.join(" ")));
            if let Some((field, _)) = exact {
                return Some((*field, true, rest.len()));
            }
            match rest.first() {
                Some(first) if LEADING.contains(first) => start += 1,
                Some(_) | None => break,
            }
        }
        self.wild
            .iter()
            .filter(|(pattern, _)| wild_matches(pattern, words))
            .map(|(pattern, field)| (*field, false, pattern.iter().filter(|w| *w != "*").count()))
            .max_by_key(|(_, _, literal)| *literal)
    }
}

/// Whether a label may be told by single words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wording {
    Known,
    Any,
}

/// "Crime number, if you know it": the question without its condition.
fn without_condition(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let at = [
        ", if ",
        "? if ",
        " if you ",
        " if known",
        " if applicable",
        " if any",
        " - if ",
        " where known",
        " if under ",
        ", and their number",
        " and their number",
        " and their phone",
        " if aged ",
        ", where ",
    ]
    .iter()
    .filter_map(|mark| lower.find(mark))
    .min()?;
    text.get(..at).filter(|rest| !rest.trim().is_empty())
}

/// Could be a label in unknown wording: one line without numbers, addresses or sentences.
fn is_short_question(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let unnumbered = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    let inner = unnumbered.trim().trim_end_matches(['.', '?', ':']);
    !text.trim().contains('\n')
        && digits <= MAX_LABEL_DIGITS
        && !inner.contains(['@', '☐', '☒', '!'])
        && !inner.contains(". ")
        && !inner.contains(':')
        && text.split_whitespace().count() <= MAX_GUESSED_WORDS
}

/// Greedy match of literals in order; linear.
fn wild_matches(pattern: &[String], words: &[&str]) -> bool {
    let anchored_start = pattern.first().is_some_and(|w| w != "*");
    let anchored_end = pattern.last().is_some_and(|w| w != "*");
    let mut at = 0;
    let mut exact_next = anchored_start;
    for literal in pattern {
        if literal == "*" {
            exact_next = false;
            continue;
        }
        let Some(rest) = words.get(at..) else { return false };
        let found = if exact_next {
            rest.first().filter(|w| **w == literal.as_str()).map(|_| 0)
        } else {
            rest.iter().position(|w| *w == literal.as_str())
        };
        let Some(offset) = found else { return false };
        at += offset + 1;
        exact_next = true;
    }
    !anchored_end
        || at == words.len()
        || words
            .last()
            .is_some_and(|w| pattern.last().is_some_and(|p| p == w))
}

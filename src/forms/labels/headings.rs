//! What a heading starts: a person's part, the incident, consent, risk, or nothing of the sender's.
//!
//! Invariant: a plain line is a heading only where every word of it is accounted for.

use super::roles::{RoleAt, is_object, subject};
use super::words::{tokens, without_hints, without_number};
use super::{Field, LabelBook, Person, Section, Strictness, Topic, Who};

/// A heading longer than this is a sentence.
const MAX_HEADING_WORDS: usize = 14;

impl LabelBook {
    /// What a heading starts. `strict` headings are plain lines: every word must be accounted for.
    pub fn section(&self, text: &str, strictness: Strictness) -> Option<Section> {
        let all = tokens(text);
        let short = tokens(&without_hints(text));
        let raw = without_number(if short.is_empty() { &all } else { &short });
        if raw.is_empty() || raw.len() > MAX_HEADING_WORDS {
            return None;
        }
        if matches!(raw.first().map(String::as_str), Some("i" | "we")) {
            return None; // an answer: "I caused harm"
        }
        // "Name of parent or carer" asks for a name, however it is drawn.
        let asks_name = raw.first().is_some_and(|w| w == "name");
        if asks_name
            && self
                .label(text)
                .is_some_and(|label| label.exact && label.field == Field::Name)
        {
            return None;
        }
        let mut roles = self.roles_in(raw);
        let topical = self
            .topics
            .iter()
            .any(|(words, _)| position(raw, words).is_some());
        // Whose client somebody is does not tell their side, where a hint does: "Client (defendant)".
        let is_client = |role: &RoleAt| {
            raw.get(role.start..role.end)
                .is_some_and(|words| matches!(words, [one] if one == "client" || one == "clients"))
        };
        let is_open = |role: &RoleAt| matches!(role.who, Who::Other | Who::Somebody) || is_client(role);
        if roles.iter().all(is_open) && !(roles.is_empty() && topical) {
            // a hint in brackets says more: "OTHER PERSON (who caused the harm)"
            let hinted = self.roles_in(&all);
            let tells_side = |role: &&RoleAt| {
                let is_client = all.get(role.start).is_some_and(|word| word.starts_with("client"));
                matches!(role.who, Who::Victim | Who::Offender) && !is_client
            };
            if let Some(main) = hinted.iter().find(tells_side) {
                roles = vec![RoleAt {
                    start: 0,
                    end: raw.len(),
                    ..*main
                }];
            } else if roles.is_empty() {
                roles = hinted;
            }
        }
        roles.retain(|r| !is_object(raw, r.start));
        // "Who was harmed by the fire": the person, by what happened to them.
        let led = roles
            .first()
            .filter(|role| role.start == 0 && raw.get(role.end).is_some_and(|word| is_preposition(word)))
            .map(|role| role.end);
        let topic = self
            .topics
            .iter()
            .filter_map(|(words, topic)| position(raw, words).map(|at| (at, words.len(), *topic)))
            .max_by_key(|(at, length, _)| (*length, std::cmp::Reverse(*at)));
        let covered = |at: usize| {
            roles.iter().any(|r| (r.start..r.end).contains(&at))
                || topic.is_some_and(|(start, length, _)| (start..start + length).contains(&at))
        };
        let accounted = raw.iter().enumerate().all(|(at, w)| {
            covered(at)
                || led == Some(at)
                || self.filler.contains(w)
                || w.chars().all(|c| c.is_ascii_digit())
                || w.len() == 1
        });
        if strictness == Strictness::Every && !accounted {
            return None;
        }
        let person = match subject(&roles.iter().collect::<Vec<_>>()) {
            Some(Ok(person)) => Some(person),
            Some(Err(())) | None => None,
        };
        let you = Person {
            who: Who::You,
            number: None,
            of: None,
        };
        // "Do you know the person who harmed you?" asks; "Who was harmed?" starts that person's part.
        let is_question = text.trim_end().ends_with('?') && raw.first().is_none_or(|word| word != "who");
        let names_person = !matches!(
            topic,
            Some((
                _,
                _,
                Topic::Office | Topic::Consent | Topic::Risk | Topic::Offence | Topic::Instructions
            ))
        );
        if is_question && names_person && (person.is_some() || topic.is_some()) {
            return None;
        }
        match (topic.map(|(_, _, topic)| topic), person) {
            (Some(Topic::Office), _) => Some(Section::Office),
            (Some(Topic::Instructions), None) => Some(Section::Instructions),
            (Some(Topic::Consent), _) => Some(Section::Consent(person)),
            (Some(Topic::Risk), None) => Some(Section::Risk),
            (Some(Topic::Offence), None) => Some(Section::Offence(None)),
            (Some(Topic::Offence), Some(person)) if !accounted && led.is_none() => {
                Some(Section::Offence(Some(person)))
            }
            (None | Some(Topic::Instructions | Topic::Risk | Topic::Offence | Topic::You), Some(person)) => {
                Some(Section::Person(person))
            }
            (Some(Topic::You), None) => Some(Section::Person(you)),
            (None, None) => None,
        }
    }
}

fn is_preposition(word: &str) -> bool {
    matches!(word, "by" | "in" | "at" | "during" | "from" | "through")
}

fn position(haystack: &[String], needle: &[String]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

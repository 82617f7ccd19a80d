//! Whom a noun means: "the patient", "her mum", "the victim", where no name stands beside it.

use super::super::text::Token;
use super::super::words::{PERSON_NOUNS, RELATIONS, ROLE_COMPOUNDS, SHORT_ROLES};
use super::name::{Name, name_at};
use super::people::{ARTICLE_REACH, LOOK_BACK};
use super::{Cast, INTRODUCTION, MAX_PEOPLE, Person, Sex, Spoken, role_word, sex_of_letter};
use crate::domain::is_given_name;
use std::ops::Range;

/// A noun for somebody: "the patient".
pub(super) struct Noun {
    at: usize,
    word: &'static str,
    sex: Option<Sex>,
    /// "a patient", "another": somebody not spoken of before.
    is_new: bool,
}

/// The noun for a person that stands at a token with its article, or as a label.
pub(super) fn noun_at(tokens: &[Token], sentence: &Range<usize>, at: usize) -> Option<Noun> {
    let token = tokens.get(at)?;
    let (word, sex) = PERSON_NOUNS.iter().find(|(word, _)| *word == token.lower)?;
    let from = sentence.start.max(at.saturating_sub(ARTICLE_REACH));
    let before = tokens.get(from..at)?;
    let article = before.iter().rev().take_while(|t| !t.is_mark()).find(|t| {
        t.is_any(&[
            "a", "an", "the", "my", "our", "his", "her", "their", "this", "that", "another", "one",
        ])
    });
    let is_label = at == sentence.start
        && tokens
            .get(at + 1)
            .is_some_and(|t| t.is_any(&[":", "-", "–", "is", "was", "="]));
    let is_compound = tokens.get(at + 1).is_some_and(|next| {
        PERSON_NOUNS.iter().any(|(word, _)| *word == next.lower)
            || next.is_any(&[
                "liaison",
                "care",
                "support",
                "team",
                "group",
                "services",
                "transport",
                "worker",
                "workers",
                "justice",
                "club",
                "court",
                "offending",
                "caution",
                "service",
                "records",
                "notes",
                "safety",
                "rehabilitation",
            ])
    });
    let lead = before.last().filter(|_| !before.is_empty());
    let is_compound = is_compound
        || lead.is_some_and(|t| {
            t.is_any(&[
                "offender",
                "case",
                "social",
                "probation",
                "police",
                "prison",
                "liaison",
                "support",
                "key",
            ])
        });
    let is_new = article.is_some_and(|t| t.is_any(&["a", "an", "another"]));
    (!is_compound && (article.is_some() || is_label)).then_some(Noun {
        at,
        word,
        sex: sex_of_letter(*sex),
        is_new,
    })
}

impl Cast {
    /// Whom "the patient" means. `None` where a name beside it says who it is.
    pub(super) fn by_noun(
        &mut self,
        tokens: &[Token],
        sentence: &Range<usize>,
        noun: &Noun,
    ) -> Option<usize> {
        if let Some(person) = self.in_apposition(tokens, sentence, noun.at) {
            let is_writer = self.writer.contains(&person);
            if let Some(person) = self.people.get_mut(person).filter(|_| !is_writer) {
                person.nouns.push(noun.word);
            }
            return None;
        }
        if leads_to_name(tokens, noun.at) {
            return None;
        }
        let known = self.people.iter().rposition(|p| p.nouns.contains(&noun.word));
        if let Some(known) = known.filter(|_| !noun.is_new) {
            return Some(known);
        }
        if self.people.len() >= MAX_PEOPLE {
            return None;
        }
        self.people.push(Person {
            nouns: vec![noun.word],
            sex: noun.sex,
            ..Person::default()
        });
        Some(self.people.len() - 1)
    }

    /// "her mum", "Kit's dad", where no name follows: the relative known by name, else somebody nameless, so that
    /// what is told of them is not taken for the child's own.
    pub(super) fn kin(&mut self, tokens: &[Token], sentence: &Range<usize>, at: usize) -> Option<usize> {
        let token = tokens.get(at)?;
        let (word, sex) = RELATIONS.iter().find(|(word, _)| *word == token.lower)?;
        let owner = at.checked_sub(1).filter(|before| *before >= sentence.start)?;
        let is_owned = tokens
            .get(owner)
            .is_some_and(|t| t.is_any(&["his", "her", "their", "my"]) || t.lower.ends_with("'s"));
        let is_thing = tokens.get(at + 1).is_some_and(|t| t.lower == "'s");
        if !is_owned || is_thing || leads_to_name(tokens, at) {
            return None;
        }
        let of = self
            .mentions
            .last()
            .filter(|m| m.at.end == at)
            .and_then(|m| m.people.last().copied());
        let is_relative = |p: &Person| p.relation.as_ref().is_some_and(|(w, o)| w == word && *o == of);
        let known = self.people.iter().rposition(is_relative);
        let known = known.or_else(|| {
            let mut nameless = self.people.iter();
            nameless.rposition(|p| p.is_nameless() && p.nouns.contains(word))
        });
        if known.is_some() || self.people.len() >= MAX_PEOPLE {
            return known;
        }
        self.people.push(Person {
            nouns: vec![*word],
            sex: sex_of_letter(*sex),
            ..Person::default()
        });
        Some(self.people.len() - 1)
    }

    /// "Ms Lee, the driver", "Ms Lee was a customer", "the person who was her manager": whom a noun calls by
    /// another word.
    fn in_apposition(&self, tokens: &[Token], sentence: &Range<usize>, noun: usize) -> Option<usize> {
        let article = ["a", "an", "the", "one", "our", "who", "her", "his", "their", "my"];
        if let Some(last) = self
            .mentions
            .last()
            .filter(|m| m.at.start >= sentence.start && !m.is_possessive)
        {
            // "I am the owner of"
            let between = tokens.get(last.at.end..noun)?;
            if let [am, a, ..] = between
                && am.is_any(&["am", "is", "was"])
                && a.is_any(&article)
                && between.len() <= ARTICLE_REACH
                && !last.people.is_empty()
            {
                return last.people.last().copied();
            }
        }
        let mut earlier = self.mentions.iter().rev().take(ARTICLE_REACH);
        let mention = earlier.find(|m| m.kind != Spoken::Pronoun && !m.is_possessive)?;
        let between = tokens.get(mention.at.end..noun)?;
        let is_near = mention.at.start >= sentence.start && between.len() <= INTRODUCTION;
        let person = mention.people.last().copied().filter(|_| is_near)?;
        let right_behind = between.len() <= ARTICLE_REACH + 2
            && between.first().is_some_and(|t| t.is_any(&[",", "(", "-", "–"]))
            && between.get(1).is_some_and(|t| t.is_any(&article))
            && mention.is_named();
        let is_said = !between.iter().any(Token::is_mark)
            && between
                .windows(2)
                .any(|pair| matches!(pair, [is, a] if is.is_any(&["is", "was"]) && a.is_any(&article)));
        (right_behind || is_said).then_some(person)
    }

    /// The nameless person whom the words before a name say it is: "the patient is", "the owner of the car is
    /// named in the papers as", "her manager there,".
    pub(super) fn nameless_before(
        &self,
        tokens: &[Token],
        sentence: &Range<usize>,
        name: &Name,
    ) -> Option<usize> {
        let before = name.at.start.checked_sub(1).filter(|at| *at >= sentence.start)?;
        let joint = tokens.get(before)?;
        let is_nameless = |person: &usize| self.people.get(*person).is_some_and(Person::is_nameless);
        if let Some(last) = self
            .mentions
            .last()
            .filter(|m| m.at.end == before && joint.lower == "as")
        {
            // "he only knows him as Lennox"
            return last.people.last().copied().filter(is_nameless);
        }
        let is_told = joint.is_any(&["is", "was", ":", "-", "–", "called", "named", "as", "being", "("]);
        let is_apposition = joint.lower == ",";
        // the noun right before, or one that an article in this sentence made a mention of
        let noun = (sentence.start.max(name.at.start.saturating_sub(INTRODUCTION + 2))..name.at.start)
            .rev()
            .find(|at| noun_at(tokens, sentence, *at).is_some())?;
        let between = tokens.get(noun + 1..before)?;
        let names_other = self
            .mentions
            .iter()
            .rev()
            .take(LOOK_BACK)
            .any(|m| m.at.start > noun && (m.is_named() || m.kind == Spoken::Noun));
        let turns = between.iter().any(|t| {
            t.is_mark() || t.is_any(&["and", "but", "when", "because", "while", "said", "says", "told"])
        });
        let is_right_before = before == noun;
        if names_other || turns || !(is_told || is_apposition || is_right_before) {
            return None;
        }
        let word = noun_at(tokens, sentence, noun)?.word;
        let person = self.people.iter().rposition(|p| p.nouns.contains(&word))?;
        Some(person).filter(is_nameless)
    }

    /// "the victim", where no name follows: somebody who has that role, or a person without a name.
    pub(super) fn by_role(&mut self, tokens: &[Token], at: usize) -> Option<Vec<usize>> {
        let role = role_word(tokens.get(at)?)?;
        let article = at.checked_sub(1).and_then(|before| tokens.get(before));
        let has_article = article.is_some_and(|word| word.is_any(&["the", "my", "our", "this", "both"]));
        let is_short = tokens.get(at).is_some_and(|word| word.is_any(&SHORT_ROLES));
        let is_compound = tokens
            .get(at + 1)
            .is_some_and(|next| next.is_any(&ROLE_COMPOUNDS));
        let before = tokens.get(at.saturating_sub(2)..at).unwrap_or_default();
        let tells_of_somebody = matches!(before, [was, the] if was.is_any(&["was", "is", "were", "as"]) && the.lower == "the")
            && self
                .mentions
                .last()
                .is_some_and(|m| m.at.end + 2 == at && !m.people.is_empty());
        if !(has_article || is_short) || is_compound || tells_of_somebody {
            return None;
        }
        let follows_name = (at + 1..at + INTRODUCTION)
            .any(|next| name_at(tokens, next).is_some_and(|name| name.words.len() > 1 || name.is_titled));
        if follows_name {
            return None;
        }
        let known = self.people.iter().position(|p| p.by_role == Some(role));
        if let Some(known) = known {
            return Some(vec![known]);
        }
        self.people.push(Person {
            by_role: Some(role),
            ..Person::default()
        });
        Some(vec![self.people.len() - 1])
    }
}

/// The noun right before a name, by which the text may call that person again: "Our client: Mr Lee", "the tenant, Ms Lee".
pub(super) fn noun_before(tokens: &[Token], sentence: &Range<usize>, name: usize) -> Option<&'static str> {
    let before = name.checked_sub(1).filter(|at| *at >= sentence.start)?;
    let is_joint = tokens.get(before)?.is_any(&[":", ",", "-", "–"]);
    let at = if is_joint { before.checked_sub(1)? } else { before };
    (at >= sentence.start)
        .then(|| noun_at(tokens, sentence, at))
        .flatten()
        .map(|noun| noun.word)
}

/// Whether a name is told right behind a noun: "a boy called Kian Lee", "the patient, Mr Lee", "our nurse Ann Lee".
fn leads_to_name(tokens: &[Token], noun: usize) -> bool {
    let next = tokens.iter().skip(noun + 1).take(2);
    let marks = next
        .take_while(|t| t.is_any(&["called", "named", ",", "(", ":", "-", "–", "is", "was"]))
        .count();
    let at = noun + 1 + marks;
    name_at(tokens, at).is_some_and(|name| {
        let is_given = name.words.first().is_some_and(|word| is_given_name(word));
        name.is_titled
            || name.words.len() > 1
            || is_given
            || marks > 0 && tokens.get(at - 1).is_some_and(|t| t.is_any(&["called", "named"]))
    })
}

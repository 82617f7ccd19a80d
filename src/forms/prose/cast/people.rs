//! Who a name or a noun means: somebody known, or somebody new.

use super::super::text::{Prose, Token};
use super::super::words::{OFFICIALS, PERSON_NOUNS, RELATIONS, ROLE_COMPOUNDS, is_harm_suffered};
use super::name::{Name, is_described, is_introduced, own_name, words_of};
use super::nouns::noun_before;
use super::{Cast, INTRODUCTION, MAX_PEOPLE, Person, Sex, role_word, sex_of_relation};
use crate::domain::{is_given_name, names};
use crate::forms::prose::sexes;
use std::ops::Range;

/// Mentions looked back over for whose relation somebody is.
pub(super) const LOOK_BACK: usize = 8;
/// How far before a noun its article may stand: "the night shift manager".
pub(super) const ARTICLE_REACH: usize = 3;
/// Longest stretch between two names of one breath, in tokens: brackets with a birth stand there.
const JOINING: usize = 16;

impl Cast {
    /// The people a name means: known ones, or a new one if the text introduces it as a person's.
    pub(super) fn named(
        &mut self,
        prose: &Prose,
        tokens: &[Token],
        sentence: &Range<usize>,
        name: &Name,
        outsiders: &[String],
    ) -> Option<Vec<usize>> {
        let written = own_name(prose.slice(name.at.clone()));
        let written = name.of_couple.as_deref().unwrap_or(written);
        let words = match names::read(written) {
            Some(read) if name.words.len() > 1 => words_of(&read.name),
            Some(_) | None => name
                .words
                .iter()
                .map(|w| w.trim_end_matches("'s").to_owned())
                .collect(),
        };
        let is_initial = |word: &String| words.len() > 1 && word.chars().count() == 1;
        if words
            .iter()
            .all(|word| outsiders.contains(word) || is_initial(word))
        {
            return None;
        }
        if let Some(person) = self.goes_by(tokens, name) {
            if let Some(person) = self.people.get_mut(person) {
                person.alias.get_or_insert_with(|| written.to_owned());
            }
            return Some(vec![person]);
        }
        let known = self.known(&words, name.sex);
        if let [known] = known.as_slice() {
            self.take_nameless(tokens, sentence, name, *known);
        }
        if !known.is_empty() {
            return Some(known);
        }
        let relation = self.relation_before(tokens, sentence, name.at.start);
        let is_professional = is_official(tokens, sentence, name);
        let is_person =
            is_professional || relation.is_some() || self.is_person(tokens, sentence, name, &words);
        if !is_person || self.people.len() >= MAX_PEOPLE {
            return None;
        }
        let told_sex = relation.as_ref().and_then(|(word, _)| sex_of_relation(word));
        let by_name = || words.first().and_then(|word| sexes::of_given_name(word));
        let person = Person {
            name: written.to_owned(),
            told_in: name.at.start,
            words: words.clone(),
            sex: name.sex.or(told_sex).or_else(by_name),
            relation,
            is_professional,
            nouns: noun_before(tokens, sentence, name.at.start).into_iter().collect(),
            ..Person::default()
        };
        let nameless = self.nameless_before(tokens, sentence, name);
        Some(vec![self.add(person, nameless.filter(|_| !is_professional))])
    }

    /// Adds somebody: as who was nameless before, or as somebody new.
    fn add(&mut self, person: Person, nameless: Option<usize>) -> usize {
        if let Some((at, slot)) = nameless.and_then(|at| Some((at, self.people.get_mut(at)?))) {
            let (mut nouns, sex) = (std::mem::take(&mut slot.nouns), slot.sex);
            nouns.extend(
                person
                    .nouns
                    .iter()
                    .copied()
                    .filter(|noun| !slot.nouns.contains(noun)),
            );
            *slot = person;
            slot.nouns = nouns;
            slot.sex = slot.sex.or(sex);
            return at;
        }
        self.people.push(person);
        self.people.len() - 1
    }

    /// Whether words in capitals are a person's name: by a title, by what stands around them, by a given name, or
    /// because the text speaks of the person elsewhere.
    fn is_person(&self, tokens: &[Token], sentence: &Range<usize>, name: &Name, words: &[String]) -> bool {
        match (name.is_titled, words.len()) {
            (true, _) => true,
            (false, 1) => is_called(tokens, sentence, name),
            (false, _) => {
                is_introduced(tokens, sentence, &name.at)
                    || is_described(tokens, &name.at)
                    || is_plain_name(tokens, name)
                    || self.is_spoken_of(words) && !name.is_place
            }
        }
    }

    /// The text speaks of the person by the first name or surname alone.
    fn is_spoken_of(&self, words: &[String]) -> bool {
        [words.first(), words.last()]
            .into_iter()
            .flatten()
            .any(|word| self.spoken.contains(word))
    }

    /// "Mr Ormerod, who goes by Jez": whose other name this is.
    fn goes_by(&self, tokens: &[Token], name: &Name) -> Option<usize> {
        let before = tokens.get(name.at.start.saturating_sub(2)..name.at.start)?;
        let is_alias = match before {
            [goes, by] => goes.is_any(&["goes", "go"]) && by.lower == "by",
            _ => false,
        } || matches!(before, [known, as_] if known.lower == "known" && as_.lower == "as");
        let last = self
            .mentions
            .last()
            .filter(|m| m.at.end + INTRODUCTION > name.at.start)?;
        let person = last
            .people
            .last()
            .copied()
            .filter(|_| is_alias && name.words.len() == 1)?;
        let is_named = self.people.get(person).is_some_and(|p| !p.name.is_empty());
        is_named.then_some(person)
    }

    /// "The patient is Mr Lee", where Mr Lee is known: the two are one.
    fn take_nameless(&mut self, tokens: &[Token], sentence: &Range<usize>, name: &Name, known: usize) {
        if let Some(nameless) = self
            .nameless_before(tokens, sentence, name)
            .filter(|n| *n != known)
        {
            self.merge(nameless, known);
            if let Some(person) = self.people.get_mut(nameless) {
                person.nouns.clear();
                person.is_merged = true;
            }
        }
    }

    /// People whose name the words are, or a piece of it; a surname in the plural means all who bear it.
    fn known(&self, words: &[String], sex: Option<Sex>) -> Vec<usize> {
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return Vec::new();
        };
        let agrees = |person: &Person| sex.is_none() || person.sex.is_none() || person.sex == sex;
        let whole = self.people.iter().position(|p| p.words == *words);
        if let Some(whole) = whole {
            return vec![whole];
        }
        let is_part = |p: &Person| match words.len() {
            1 => {
                let is_alias = p
                    .alias
                    .as_ref()
                    .is_some_and(|alias| alias.to_lowercase() == *first);
                p.words.first() == Some(first) || p.words.last() == Some(last) || is_alias
            }
            _ => p.words.ends_with(words) || (p.words.first() == Some(first) && p.words.last() == Some(last)),
        };
        let found = self.people.iter().rposition(|p| is_part(p) && agrees(p));
        if let Some(found) = found {
            return vec![found];
        }
        let singular = last.strip_suffix('s').unwrap_or_default();
        let family = |p: &Person| {
            words.len() == 1 && p.words.len() > 1 && p.words.last().is_some_and(|w| w == singular)
        };
        (0..self.people.len())
            .filter(|at| self.people.get(*at).is_some_and(family))
            .collect()
    }

    /// "his mum", "her mother's name is" before a name: the relation and whose it is.
    fn relation_before(
        &self,
        tokens: &[Token],
        sentence: &Range<usize>,
        name: usize,
    ) -> Option<(String, Option<usize>)> {
        let from = sentence.start.max(name.saturating_sub(INTRODUCTION));
        let word = (from..name).rev().find(|at| {
            tokens
                .get(*at)
                .is_some_and(|t| RELATIONS.iter().any(|(word, _)| *word == t.base()))
        })?;
        let between = tokens.get(word + 1..name).unwrap_or_default();
        let is_labelled = between.len() <= INTRODUCTION && between.last().is_some_and(|t| t.lower == ":");
        let leads = is_labelled
            || between.iter().all(|t| {
                t.is_any(&[
                    "name", "of", "both", "boys", "girls", "children", "is", "called", "named", ",", "(",
                    ":", "-", "–", "who", "a", "and", "'s",
                ])
            });
        if !leads {
            return None;
        }
        let of = self
            .mentions
            .iter()
            .rev()
            .take(LOOK_BACK)
            .find(|m| m.at.end <= word && m.at.end + 2 > word)
            .and_then(|m| m.people.last().copied());
        // "my 14 year old son"
        let lead = tokens
            .get(word.saturating_sub(ARTICLE_REACH + 1)..word)
            .unwrap_or_default();
        let mut lead = lead.iter().rev().take_while(|t| !t.is_mark());
        let owner =
            lead.position(|t| t.is_any(&["his", "her", "their", "the", "my"]) || t.lower.ends_with("'s"));
        let is_possessed = owner.is_some();
        let of = of.or_else(|| {
            let at = word.checked_sub(owner? + 1)?;
            let mut near = self.mentions.iter().rev().take(LOOK_BACK);
            near.find(|m| m.at.start == at)
                .and_then(|m| m.people.last().copied())
        });
        let relation = tokens.get(word).map(|t| t.base().to_owned())?;
        if word == sentence.start {
            // "Dad is Clive Lee": whoever was spoken of before
            let is_known = |person: &usize| self.people.get(*person).is_some_and(|p| !p.is_nameless());
            let subject = self.subjects.last().and_then(|people| people.last().copied());
            let mut recent = self.recent.iter().copied();
            let of = subject.filter(is_known).or_else(|| recent.find(is_known));
            return Some((relation, of));
        }
        is_possessed.then_some((relation, of))
    }

    /// Notes that a name is told in one breath with the name before it: "Mr Lee (born 1951) and his wife Ann".
    pub(super) fn join(
        &mut self,
        tokens: &[Token],
        sentence: &Range<usize>,
        people: &[usize],
        at: &Range<usize>,
    ) {
        let [person] = people else { return };
        let mut earlier = self.mentions.iter().rev().take(LOOK_BACK);
        let Some(before) = earlier.find(|m| m.is_named() && m.at.start >= sentence.start) else {
            return;
        };
        let Some(first) = before.people.last().copied().filter(|first| first != person) else {
            return;
        };
        let between = tokens.get(before.at.end..at.start).unwrap_or_default();
        let and = between.iter().rposition(|t| t.is_any(&["and", "&"]));
        let Some(and) = and.filter(|_| between.len() <= JOINING && !before.is_possessive) else {
            return;
        };
        let lead = between.get(..and).unwrap_or_default();
        let is_plain = match lead {
            [] => true,
            [open, .., close] => open.lower == "(" && close.lower == ")",
            [mark] => mark.lower == ",",
        };
        let behind = between.get(and + 1..).unwrap_or_default();
        let is_kin = behind.iter().all(|t| {
            t.is_any(&["his", "her", "their", "the", "both", ","])
                || RELATIONS.iter().any(|(word, _)| *word == t.lower)
        });
        let goes_on = tokens.get(at.end).is_some_and(|t| {
            t.is_any(&[
                "is", "was", "has", "had", "said", "says", "lives", "told", "would", "can", "will",
            ]) || t.lower.ends_with("ed")
        });
        let is_wrong = goes_on && !tokens.get(at.end).is_some_and(|t| is_harm_suffered(&t.lower));
        if is_plain && is_kin && !is_wrong {
            self.joined.push((first, *person));
            self.group = vec![first, *person];
        }
    }
}

/// A given name with a surname, in no place's name.
fn is_plain_name(tokens: &[Token], name: &Name) -> bool {
    let before = name.at.start.checked_sub(1).and_then(|at| tokens.get(at));
    let is_place = before.is_some_and(|t| t.is_any(&["in", "at", "near", "outside", "of", "on"]));
    let is_given = name
        .words
        .first()
        .is_some_and(|word| is_given_name(word.trim_end_matches("'s")));
    is_given && !is_place && !name.is_place
}

/// "was called Pauline", "one of our guests, Tariku,".
fn is_called(tokens: &[Token], sentence: &Range<usize>, name: &Name) -> bool {
    let from = sentence.start.max(name.at.start.saturating_sub(2));
    match tokens.get(from..name.at.start).unwrap_or_default() {
        [.., called] if called.is_any(&["called", "named"]) => !name.is_place,
        [him, as_] if as_.lower == "as" && him.is_any(&["him", "her", "them", "known"]) => !name.is_place,
        [people, comma] if comma.lower == "," => {
            let singular = people.lower.strip_suffix('s').unwrap_or(&people.lower);
            let closes = tokens.get(name.at.end).is_some_and(|t| t.lower == ",");
            closes && PERSON_NOUNS.iter().any(|(word, _)| *word == singular)
        }
        _ => false,
    }
}

/// An officer, worker or solicitor named in passing: "his probation officer Anita Rossall", "PC Nesbit".
fn is_official(tokens: &[Token], sentence: &Range<usize>, name: &Name) -> bool {
    let from = sentence.start.max(name.at.start.saturating_sub(INTRODUCTION));
    let before = tokens.get(from..name.at.start).unwrap_or_default();
    let role = before.iter().rposition(|t| role_word(t).is_some());
    let has_role = role.is_some_and(|at| before.get(at + 1).is_none_or(|t| !t.is_any(&ROLE_COMPOUNDS)));
    if name.is_ranked {
        return !has_role;
    }
    let fillers = [
        ",",
        "(",
        "is",
        "was",
        "called",
        "named",
        "-",
        "–",
        ":",
        "there",
        "now",
        "currently",
        "here",
    ];
    let close = before.iter().rposition(|t| !t.is_any(&fillers));
    let is_manager = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| before.get(at));
        before.is_some_and(|t| t.is_any(&["offender", "case"]))
    };
    let is_post = close.is_some_and(|at| {
        before
            .get(at)
            .is_some_and(|t| t.is_any(&OFFICIALS) || t.lower == "manager" && is_manager(at))
    });
    is_post && !has_role
}

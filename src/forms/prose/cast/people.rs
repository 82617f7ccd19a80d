//! Who a name or a noun means: somebody known, or somebody new.

use super::super::text::{Prose, Token};
use super::super::words::{
    OFFICIALS, PERSON_NOUNS, RELATIONS, ROLE_COMPOUNDS, SHORT_ROLES, is_harm_suffered,
};
use super::name::{Name, is_introduced, name_at, own_name, words_of};
use super::{Cast, INTRODUCTION, MAX_PEOPLE, Person, Sex, Spoken, role_word, sex_of_letter, sex_of_relation};
use crate::domain::{is_given_name, names};
use crate::forms::prose::sexes;
use std::ops::Range;

/// Mentions looked back over for whose relation somebody is.
const LOOK_BACK: usize = 8;
/// How far before a noun its article may stand: "the night shift manager".
const ARTICLE_REACH: usize = 3;
/// Longest stretch between two names of one breath, in tokens: brackets with a birth stand there.
const JOINING: usize = 16;

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
        if words.iter().all(|word| outsiders.contains(word)) {
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
        let is_person = is_professional
            || match (name.is_titled, words.len()) {
                (true, _) => true,
                (false, 1) => relation.is_some() || is_called(tokens, sentence, name),
                (false, _) => {
                    relation.is_some()
                        || is_introduced(tokens, sentence, &name.at)
                        || is_plain_name(tokens, name)
                        || self.is_spoken_of(&words) && !name.is_place
                }
            };
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
            ..Person::default()
        };
        if let Some(nameless) = self
            .nameless_before(tokens, sentence, name)
            .filter(|_| !is_professional)
        {
            if let Some(slot) = self.people.get_mut(nameless) {
                let (nouns, sex) = (std::mem::take(&mut slot.nouns), slot.sex);
                *slot = person;
                slot.nouns = nouns;
                slot.sex = slot.sex.or(sex);
            }
            return Some(vec![nameless]);
        }
        self.people.push(person);
        Some(vec![self.people.len() - 1])
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

    /// The nameless person whom the words before a name say it is: "the patient is", "the owner of the car is
    /// named in the papers as", "her manager there,".
    fn nameless_before(&self, tokens: &[Token], sentence: &Range<usize>, name: &Name) -> Option<usize> {
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
            let of = self.recent.first().copied();
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

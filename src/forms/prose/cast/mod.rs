//! Who appears in a text, and where each of them is spoken of: by name, by pronoun, by role, by a noun.
//!
//! `name` tells which words are a person's name, `people` who a name means, `nouns` who a noun, `pronouns` who a
//! pronoun means.
//!
//! Invariant: a person comes into being only by a name, by a role word that facts hang on, or by a noun ("a
//! patient") that stays nameless until a name follows; a pronoun never makes one.

mod name;
mod nouns;
mod people;
mod pronouns;

use super::text::{Prose, Token};
use super::words::{HARMED, RELATIONS, RESPONSIBLE};
use crate::domain::Role;
use name::name_at;
use std::collections::HashSet;
use std::ops::Range;

/// Most people of one text.
const MAX_PEOPLE: usize = 40;
/// What people own together: "our house" is the writer's own, "our tenant" is not.
const HOMES: [&str; 18] = [
    "shop", "till", "business", "premises", "pub", "stock", "fence", "gate", "house", "home", "flat", "car",
    "van", "shed", "garden", "door", "window", "windows",
];
/// How far before a name the word may stand that introduces it, in tokens.
const INTRODUCTION: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sex {
    Female,
    Male,
}

/// Somebody the text speaks of.
#[derive(Default)]
pub(super) struct Person {
    /// As written, title included; empty where only a role is told.
    pub(super) name: String,
    /// The token at which the name stands first.
    pub(super) told_in: usize,
    /// The words of the name without the title, lower case.
    words: Vec<String>,
    sex: Option<Sex>,
    /// What they are to whom: "mother" of person 1.
    pub(super) relation: Option<(String, Option<usize>)>,
    /// The role that stands instead of a name.
    pub(super) by_role: Option<Role>,
    /// The nouns the text also calls them by: "the patient".
    nouns: Vec<&'static str>,
    /// What they are called: "goes by Jez".
    pub(super) alias: Option<String>,
    /// Taken for one with somebody else.
    is_merged: bool,
    /// An officer, worker or solicitor named in passing: nobody of the case.
    pub(super) is_professional: bool,
}

impl Person {
    /// Spoken of as "a patient", never named.
    pub(super) fn is_nameless(&self) -> bool {
        let is_of_nouns = !self.nouns.is_empty() || self.is_merged;
        is_of_nouns && self.name.is_empty() && self.by_role.is_none()
    }
}

/// A place where people are spoken of.
pub(super) struct Mention {
    /// Who; several for "they both" or a family's name. Nobody: the writer.
    pub(super) people: Vec<usize>,
    /// Tokens.
    pub(super) at: Range<usize>,
    pub(super) kind: Spoken,
    /// "his", "Mr Lee's": of something that belongs to them.
    pub(super) is_possessive: bool,
}

impl Mention {
    /// By name, not by pronoun.
    pub(super) fn is_named(&self) -> bool {
        self.kind == Spoken::Name
    }
}

/// How somebody is spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    Name,
    Pronoun,
    /// "the victim", "the patient".
    Noun,
}

/// Whether the writer is one of the people the text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// A professional: "I" is nobody's business.
    Outside,
    /// Somebody who writes about themself: person 0.
    Inside,
}

/// The people of a text.
#[derive(Default)]
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
    /// In the order of the text.
    pub(super) mentions: Vec<Mention>,
    /// People named in one breath: "Mr Lee and his wife Ann".
    pub(super) joined: Vec<(usize, usize)>,
    /// First names and surnames by which the text speaks of people by themselves.
    spoken: HashSet<String>,
    /// The writer, where they are one of the people.
    writer: Vec<usize>,
    /// People in the order in which they were last spoken of, the latest first.
    recent: Vec<usize>,
    /// The people named in one breath last, while nobody else was spoken of.
    group: Vec<usize>,
    /// Whom each sentence is about: its own subject, else the one in mind from before.
    subjects: Vec<Vec<usize>>,
}

impl Cast {
    /// Finds everybody. `name` is the words of the writer's name.
    pub(super) fn of(prose: &Prose, name: &[String], writer: Writer) -> Self {
        let spoken = name::spoken_names(&prose.tokens);
        let mut cast = Self {
            spoken: spoken.into_iter().map(str::to_owned).collect(),
            ..Self::default()
        };
        if writer == Writer::Inside {
            cast.writer.push(0);
            cast.people.push(Person {
                words: name.to_vec(),
                ..Person::default()
            });
        }
        let outsiders: &[String] = match writer {
            Writer::Outside => name,
            Writer::Inside => &[],
        };
        for sentence in &prose.sentences {
            let mut at = sentence.start;
            if prose.sign_off.is_some_and(|sign_off| sentence.start >= sign_off) {
                cast.mention(cast.writer.clone(), at..at, Spoken::Pronoun, false);
            }
            while at < sentence.end {
                at = cast.step(prose, sentence, at, outsiders);
            }
            let subject = cast.subject(prose, sentence);
            cast.subjects.push(subject);
        }
        cast
    }

    /// Reads what stands at a token; gives back where to go on.
    fn step(&mut self, prose: &Prose, sentence: &Range<usize>, at: usize, outsiders: &[String]) -> usize {
        let tokens = prose.words(0..sentence.end);
        if let Some(noun) = nouns::noun_at(tokens, sentence, at) {
            if let Some(person) = self.by_noun(tokens, sentence, &noun) {
                self.mention(vec![person], at..at + 1, Spoken::Noun, false);
            }
            return at + 1;
        }
        if let Some(person) = self.kin(tokens, sentence, at) {
            self.mention(vec![person], at..at + 1, Spoken::Noun, false);
            return at + 1;
        }
        if let Some(name) = name_at(tokens, at) {
            if let Some(people) = self.named(prose, tokens, sentence, &name, outsiders) {
                let owns = tokens.get(name.at.end - 1).is_some_and(is_owner);
                self.join(tokens, sentence, &people, &name.at);
                self.mention(people, name.at.clone(), Spoken::Name, owns);
            }
            return name.at.end;
        }
        let Some(token) = tokens.get(at) else {
            return at + 1;
        };
        let (people, kind) = match self.pronoun(prose, sentence, at) {
            Some(people) => (Some(people), Spoken::Pronoun),
            None => (self.by_role(tokens, at), Spoken::Noun),
        };
        if let Some(people) = people {
            let next = tokens.get(at + 1);
            self.mention(people, at..at + 1, kind, pronouns::is_possessive(token, next));
        }
        at + 1
    }

    fn mention(&mut self, people: Vec<usize>, at: Range<usize>, kind: Spoken, is_possessive: bool) {
        self.recent.retain(|person| !people.contains(person));
        self.recent.splice(0..0, people.iter().rev().copied());
        if people.iter().any(|person| !self.group.contains(person)) {
            self.group.clear();
        }
        if people.len() > 1 {
            self.group.clone_from(&people);
        }
        self.mentions.push(Mention {
            people,
            at,
            kind,
            is_possessive,
        });
    }

    /// Whom a sentence is about: who "is" named in it ("the offender is Mr Lee"), else its subject.
    fn subject(&self, prose: &Prose, sentence: &Range<usize>) -> Vec<usize> {
        let own = self.within(sentence);
        let told = own.iter().find(|m| {
            let before = m.at.start.checked_sub(1).and_then(|at| prose.tokens.get(at));
            m.is_named()
                && !m.people.is_empty()
                && m.at.start > sentence.start
                && before.is_some_and(|t| t.is_any(&["is", "was", ":", "="]))
        });
        let spoken = || own.iter().find(|m| !m.people.is_empty() && !m.is_possessive);
        let owner = || own.iter().find(|m| !m.people.is_empty());
        match told.or_else(spoken).or_else(owner) {
            Some(mention) => mention.people.clone(),
            None => self.subjects.last().cloned().unwrap_or_default(),
        }
    }

    /// "the victim" is somebody whom the text names: takes the two for one.
    pub(super) fn merge(&mut self, nameless: usize, named: usize) {
        let spoken = self.mentions.iter_mut().map(|mention| &mut mention.people);
        let lists = spoken.chain(self.subjects.iter_mut());
        for person in lists.flatten() {
            if *person == nameless {
                *person = named;
            }
        }
    }

    /// The first mention of a person.
    pub(super) fn first(&self, person: usize) -> Option<&Mention> {
        self.mentions.iter().find(|m| m.people.contains(&person))
    }

    /// Who is spoken of last before a token, within the sentence that begins at `from`.
    pub(super) fn before(&self, token: usize, from: usize) -> Option<&Mention> {
        let behind = self.mentions.partition_point(|m| m.at.end <= token);
        self.mentions.get(..behind)?.last().filter(|m| m.at.start >= from)
    }

    /// Who is spoken of first behind a token, before `to`.
    pub(super) fn behind(&self, token: usize, to: usize) -> Option<&Mention> {
        let at = self.mentions.partition_point(|m| m.at.start < token);
        self.mentions.get(at).filter(|m| m.at.start < to)
    }

    /// Whom a sentence without a mention goes on about: whom the one before it was about.
    pub(super) fn in_mind(&self, sentence: usize) -> Vec<usize> {
        let before = sentence.checked_sub(1).and_then(|at| self.subjects.get(at));
        before.cloned().unwrap_or_default()
    }

    /// The mentions that begin in a range of tokens.
    pub(super) fn within(&self, range: &Range<usize>) -> &[Mention] {
        let from = self.mentions.partition_point(|m| m.at.start < range.start);
        let to = self.mentions.partition_point(|m| m.at.start < range.end);
        self.mentions.get(from..to).unwrap_or_default()
    }
}

fn is_owner(token: &Token) -> bool {
    token.lower.ends_with("'s") || token.lower.ends_with("s'")
}

fn sex_of_relation(word: &str) -> Option<Sex> {
    RELATIONS
        .iter()
        .find(|(w, _)| *w == word)
        .and_then(|(_, sex)| sex_of_letter(*sex))
}

fn sex_of_letter(letter: char) -> Option<Sex> {
    match letter {
        'f' => Some(Sex::Female),
        'm' => Some(Sex::Male),
        _ => None,
    }
}

/// The role that a word names.
pub(super) fn role_word(token: &Token) -> Option<Role> {
    let word = token.base();
    let is_plain_word = matches!(word, "off" | "def" | "agg");
    if is_plain_word && !token.is_capital {
        return None;
    }
    match (HARMED.contains(&word), RESPONSIBLE.contains(&word)) {
        (true, _) => Some(Role::Victim),
        (false, true) => Some(Role::Offender),
        (false, false) => None,
    }
}

//! Who appears in a text, and where each of them is spoken of: by name, by pronoun, by role.
//!
//! Invariant: a person comes into being only by a name (or by a role word that facts hang on); a pronoun
//! never makes one.

use super::text::{Prose, Token};
use super::words::{HARMED, NOT_NAMES, PARTICLES, RELATIONS, RESPONSIBLE, SHORT_ROLES};
use crate::domain::{Role, names};
use std::ops::Range;

/// Most people of one text.
const MAX_PEOPLE: usize = 40;
/// What people own together: "our house" is the writer's own, "our tenant" is not.
const HOMES: [&str; 10] = [
    "house", "home", "flat", "car", "van", "shed", "garden", "door", "window", "windows",
];
/// Most words of a name.
const MAX_NAME_WORDS: usize = 5;
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
    /// The words of the name without the title, lower case.
    words: Vec<String>,
    sex: Option<Sex>,
    /// What they are to whom: "mother" of person 1.
    pub(super) relation: Option<(String, Option<usize>)>,
    /// The role that stands instead of a name.
    pub(super) by_role: Option<Role>,
}

/// A place where people are spoken of.
pub(super) struct Mention {
    /// Who; several for "they both" or a family's name. Nobody: the writer.
    pub(super) people: Vec<usize>,
    /// Tokens.
    pub(super) at: Range<usize>,
    /// By name, not by pronoun.
    pub(super) is_named: bool,
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
    /// The writer, where they are one of the people.
    writer: Vec<usize>,
}

impl Cast {
    /// Finds everybody. `name` is the words of the writer's name.
    pub(super) fn of(prose: &Prose, name: &[String], writer: Writer) -> Self {
        let mut cast = Self::default();
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
                cast.mention(cast.writer.clone(), at..at, false);
            }
            while at < sentence.end {
                at = cast.step(prose, sentence, at, outsiders);
            }
        }
        cast
    }

    /// Reads what stands at a token; gives back where to go on.
    fn step(&mut self, prose: &Prose, sentence: &Range<usize>, at: usize, outsiders: &[String]) -> usize {
        let tokens = prose.words(0..sentence.end);
        if let Some(name) = name_at(tokens, at) {
            if let Some(people) = self.named(prose, tokens, sentence, &name, outsiders) {
                self.mention(people, name.at.clone(), true);
            }
            return name.at.end;
        }
        let Some(token) = tokens.get(at) else {
            return at + 1;
        };
        let people = match token.lower.as_str() {
            "i" | "me" | "my" | "i'm" | "im" | "i've" | "ive" | "i'd" | "mine" => Some(self.writer.clone()),
            "our" if tokens.get(at + 1).is_some_and(|next| next.is_any(&HOMES)) => Some(self.writer.clone()),
            "us" | "we" | "our" | "we've" | "we're" => Some(Vec::new()),
            "he" | "him" | "his" | "he's" | "himself" => self.latest(Some(Sex::Male)),
            "she" | "her" | "hers" | "she's" | "she'd" | "she'll" | "herself" => {
                self.latest(Some(Sex::Female))
            }
            "he'd" | "he'll" => self.latest(Some(Sex::Male)),
            "both" => self.two(),
            "they" | "them" | "their" | "they're" | "they've" => self.several().or_else(|| self.latest(None)),
            _ => self.by_role(tokens, at),
        };
        if let Some(people) = people {
            self.mention(people, at..at + 1, false);
        }
        at + 1
    }

    fn mention(&mut self, people: Vec<usize>, at: Range<usize>, is_named: bool) {
        self.mentions.push(Mention { people, at, is_named });
    }

    /// The people a name means: known ones, or a new one if the text introduces it as a person's.
    fn named(
        &mut self,
        prose: &Prose,
        tokens: &[Token],
        sentence: &Range<usize>,
        name: &Name,
        outsiders: &[String],
    ) -> Option<Vec<usize>> {
        let written = own_name(prose.slice(name.at.clone()));
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
        let known = self.known(&words, name.sex);
        if !known.is_empty() {
            return Some(known);
        }
        let relation = self.relation_before(tokens, sentence, name.at.start);
        let is_person = match (name.is_titled, words.len()) {
            (true, _) => true,
            (false, 1) => relation.is_some(),
            (false, _) => relation.is_some() || is_introduced(tokens, sentence, &name.at),
        };
        if !is_person || name.is_ranked || self.people.len() >= MAX_PEOPLE {
            return None;
        }
        let told_sex = relation.as_ref().and_then(|(word, _)| sex_of_relation(word));
        self.people.push(Person {
            name: written.to_owned(),
            words,
            sex: name.sex.or(told_sex),
            relation,
            by_role: None,
        });
        Some(vec![self.people.len() - 1])
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
            1 => p.words.first() == Some(first) || p.words.last() == Some(last),
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

    /// The person a pronoun of that sex means: the one last spoken of, among those it can mean.
    fn latest(&mut self, sex: Option<Sex>) -> Option<Vec<usize>> {
        let fits = |person: &Person| sex.is_none() || person.sex.is_none() || person.sex == sex;
        let found = self
            .mentions
            .iter()
            .rev()
            .flat_map(|mention| mention.people.iter().rev())
            .copied()
            .find(|at| self.people.get(*at).is_some_and(fits))?;
        if let (Some(person), Some(sex)) = (self.people.get_mut(found), sex) {
            person.sex = Some(sex);
        }
        Some(vec![found])
    }

    /// The people last spoken of together, if nobody was spoken of since.
    fn several(&self) -> Option<Vec<usize>> {
        let last = self.mentions.iter().rev().find(|m| !m.people.is_empty())?;
        (last.people.len() > 1).then(|| last.people.clone())
    }

    /// "both": the two main people, if there are just two.
    fn two(&self) -> Option<Vec<usize>> {
        let main: Vec<usize> = (0..self.people.len())
            .filter(|at| self.people.get(*at).is_some_and(|p| p.relation.is_none()))
            .collect();
        (main.len() == 2).then_some(main)
    }

    /// "the victim", where no name follows: somebody who has that role, or a person without a name.
    fn by_role(&mut self, tokens: &[Token], at: usize) -> Option<Vec<usize>> {
        let role = role_word(tokens.get(at)?)?;
        let article = at.checked_sub(1).and_then(|before| tokens.get(before));
        let has_article = article.is_some_and(|word| word.is_any(&["the", "my", "our", "this", "both"]));
        let is_short = tokens.get(at).is_some_and(|word| word.is_any(&SHORT_ROLES));
        if !(has_article || is_short) {
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
        let leads = between.iter().all(|t| {
            t.is_any(&[
                "name", "of", "both", "boys", "girls", "children", "is", "called", "named", ",", "(", ":",
                "-", "–", "who", "a", "and", "'s",
            ])
        });
        if !leads {
            return None;
        }
        let of = self
            .mentions
            .iter()
            .rev()
            .find(|m| m.at.end <= word && m.at.end + 2 > word)
            .and_then(|m| m.people.last().copied());
        let possessed = word.checked_sub(1).and_then(|before| tokens.get(before));
        let is_possessed =
            possessed.is_some_and(|t| t.is_any(&["his", "her", "their", "the"]) || t.lower.ends_with("'s"));
        let relation = tokens.get(word).map(|t| t.base().to_owned())?;
        if word == sentence.start {
            // "Dad is Clive Lee": whoever was spoken of before
            let of = self.mentions.iter().rev().find_map(|m| m.people.last().copied());
            return Some((relation, of));
        }
        is_possessed.then_some((relation, of))
    }

    /// "the victim" is somebody whom the text names: takes the two for one.
    pub(super) fn merge(&mut self, nameless: usize, named: usize) {
        for mention in &mut self.mentions {
            for person in &mut mention.people {
                if *person == nameless {
                    *person = named;
                }
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

    /// Who a sentence without a mention goes on about: the subject of the last one that has one.
    pub(super) fn in_mind(&self, prose: &Prose, token: usize) -> Option<usize> {
        let earlier = prose.sentences.iter().rev().filter(|s| s.end <= token);
        earlier
            .filter_map(|sentence| {
                let mentions = self.within(sentence);
                let subject = mentions.iter().find(|m| !m.people.is_empty())?;
                subject.people.last().copied()
            })
            .next()
    }

    /// The mentions that begin in a range of tokens.
    pub(super) fn within(&self, range: &Range<usize>) -> &[Mention] {
        let from = self.mentions.partition_point(|m| m.at.start < range.start);
        let to = self.mentions.partition_point(|m| m.at.start < range.end);
        self.mentions.get(from..to).unwrap_or_default()
    }
}

/// A name without the `'s` of a possessive.
fn own_name(text: &str) -> &str {
    text.trim_end_matches("'s").trim_end_matches("’s")
}

fn words_of(name: &str) -> Vec<String> {
    name.split_whitespace()
        .map(|word| word.to_lowercase().replace('’', "'"))
        .collect()
}

fn sex_of_relation(word: &str) -> Option<Sex> {
    RELATIONS
        .iter()
        .find(|(w, _)| *w == word)
        .and_then(|(_, sex)| match sex {
            'f' => Some(Sex::Female),
            'm' => Some(Sex::Male),
            _ => None,
        })
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

/// A run of words that may be a name.
struct Name {
    at: Range<usize>,
    /// Lower case, without the title.
    words: Vec<String>,
    sex: Option<Sex>,
    is_titled: bool,
    is_ranked: bool,
}

/// The words in capitals at a token, with the title before them.
fn name_at(tokens: &[Token], at: usize) -> Option<Name> {
    let first = tokens.get(at)?;
    let is_titled = first.is_capital
        && names::is_title(&first.lower)
        && !first.is_any(&["master", "lord", "lady", "canon"]);
    let is_ranked = names::is_rank(&first.lower) && first.is_capital;
    let sex = match first.lower.as_str() {
        "mr" => Some(Sex::Male),
        "mrs" | "miss" | "ms" => Some(Sex::Female),
        _ => None,
    };
    let mut from = at;
    if is_titled || is_ranked {
        from += 1;
        while tokens
            .get(from)
            .is_some_and(|t| t.lower == "." || t.lower.chars().all(|c| c.is_ascii_digit()))
        {
            from += 1;
        }
    }
    let mut end = from;
    while let Some(token) = tokens.get(end).filter(|_| end - from < MAX_NAME_WORDS) {
        let is_particle = end > from && PARTICLES.contains(&token.lower.as_str());
        if !(is_name_word(token) || is_particle) {
            break;
        }
        end += 1;
        if token.lower.ends_with("'s") {
            break;
        }
    }
    while end > from
        && tokens
            .get(end - 1)
            .is_some_and(|t| PARTICLES.contains(&t.lower.as_str()) && !t.is_capital)
    {
        end -= 1;
    }
    let end = surname_first(tokens, from, end);
    let words: Vec<String> = tokens
        .get(from..end)?
        .iter()
        .filter(|t| !t.is_mark())
        .map(|t| t.lower.clone())
        .collect();
    let is_place = words.len() > 1
        && words
            .iter()
            .any(|w| NOT_NAMES.contains(&w.trim_end_matches("'s")));
    (!words.is_empty() && !is_place).then_some(Name {
        at: at..end,
        words,
        sex,
        is_titled,
        is_ranked,
    })
}

/// `TREDWELL, Maureen Ann`: a surname in capitals with the given names behind a comma.
fn surname_first(tokens: &[Token], from: usize, end: usize) -> usize {
    let is_surname = end == from + 1 && tokens.get(from).is_some_and(|t| t.is_upper);
    let comma = tokens.get(end).is_some_and(|t| t.lower == ",");
    let given = tokens
        .iter()
        .skip(end + 1)
        .take(2)
        .take_while(|t| is_name_word(t) && !t.is_upper)
        .count();
    if is_surname && comma && given > 0 {
        end + 1 + given
    } else {
        end
    }
}

fn is_name_word(token: &Token) -> bool {
    token.is_capital
        && role_word(token).is_none()
        && !token.is_mark()
        && !token
            .lower
            .chars()
            .any(|c| c.is_ascii_digit() || c == '@' || c == '/')
        && !NOT_NAMES.contains(&token.base())
}

/// Whether what stands around words in capitals says that they are a person's name.
fn is_introduced(tokens: &[Token], sentence: &Range<usize>, name: &Range<usize>) -> bool {
    let from = sentence.start.max(name.start.saturating_sub(INTRODUCTION));
    let before = tokens.get(from..name.start).unwrap_or_default();
    let names_role = before.iter().any(|t| {
        role_word(t).is_some()
            || t.is_any(&[
                "named",
                "called",
                "supervise",
                "client",
                "tenant",
                "tenants",
                "resident",
                "pupil",
                "pupils",
                "students",
                "student",
            ])
            || RELATIONS.iter().any(|(word, _)| *word == t.base())
    });
    let is_one_of = before.windows(2).any(|pair| match pair {
        [of, them] => of.lower == "of" && them.is_any(&["them", "these", "those"]),
        _ => false,
    });
    let is_place = before
        .last()
        .is_some_and(|t| t.is_any(&["in", "at", "outside", "near", "from", "to", "near"]));
    let after: Vec<&str> = tokens
        .iter()
        .skip(name.end)
        .take(3)
        .map(|t| t.lower.as_str())
        .collect();
    let tells_birth = match after.as_slice() {
        ["(" | ",", next, ..] => is_birth_word(next),
        _ => false,
    };
    let is_aged = match after.as_slice() {
        ["is", age, ..] => age.chars().all(|c| c.is_ascii_digit()),
        _ => false,
    };
    let speaks = is_aged
        || after.first().is_some_and(|word| {
            [
                "has",
                "says",
                "said",
                "lives",
                "admitted",
                "agreed",
                "agrees",
                "wants",
                "told",
                "reported",
                "consents",
                "consented",
                "would",
                "who",
                "feels",
                "can",
            ]
            .contains(word)
        });
    let is_upper = tokens.get(name.start).is_some_and(|t| t.is_upper)
        && tokens.get(name.end - 1).is_some_and(|t| !t.is_upper);
    let is_listed = before.is_empty()
        && after
            .first()
            .is_some_and(|word| [",", "(", "-", "–", ":"].contains(word));
    !is_place && (names_role || is_one_of || tells_birth || speaks || is_upper || is_listed)
        || before
            .last()
            .is_some_and(|t| t.is_any(&["between", "refer", "behalf"]))
}

fn is_birth_word(word: &str) -> bool {
    ["dob", "d.o.b", "born", "aged", "age", "date"].contains(&word)
        || word.chars().next().is_some_and(|c| c.is_ascii_digit())
}

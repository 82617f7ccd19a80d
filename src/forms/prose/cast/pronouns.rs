//! Whom a pronoun means.
//!
//! As a subject it means the subject of its own sentence or of the one before; as an object it means somebody
//! else than the subject. A wrong guess is what staff are asked to look for: everybody read from sentences
//! carries a check.

use super::super::text::{Prose, Token};
use super::super::words::is_harm_done;
use super::{Cast, HOMES, Mention, Sex, Spoken};
use std::ops::Range;

/// How far before a pronoun somebody else may stand who acts, in tokens.
const OTHERS_REACH: usize = 4;

/// Where a pronoun stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Subject,
    Object,
    Possessive,
}

impl Cast {
    /// Whom a pronoun at a token means; nobody where it is the professional who writes. `None`: no pronoun.
    pub(super) fn pronoun(
        &mut self,
        prose: &Prose,
        sentence: &Range<usize>,
        at: usize,
    ) -> Option<Vec<usize>> {
        let tokens = prose.words(0..sentence.end);
        let token = tokens.get(at)?;
        let next = tokens.get(at + 1);
        let (sex, stand) = match token.lower.as_str() {
            "i" | "me" | "my" | "i'm" | "im" | "i've" | "ive" | "i'd" | "i'll" | "mine" | "myself" => {
                return Some(self.writer.clone());
            }
            "our" if next.is_some_and(|next| next.is_any(&HOMES)) => return Some(self.writer.clone()),
            "us" | "we" | "our" | "we've" | "we're" | "we'd" | "ours" => return Some(self.writer.clone()),
            "both" => return self.two(),
            "neither" if next.is_some_and(|next| next.is_any(&["of", "has", "have", "is", "knew"])) => {
                return self.two();
            }
            "they" | "them" | "their" | "they're" | "they've" | "they'd" | "they'll" => {
                return self.several().or_else(|| {
                    let stand = stand(token, next, tokens, sentence, at);
                    self.meant(prose, sentence, at, None, stand)
                });
            }
            "he" | "he's" | "he'd" | "he'll" | "himself" => (Sex::Male, Stand::Subject),
            "she" | "she's" | "she'd" | "she'll" | "herself" => (Sex::Female, Stand::Subject),
            "him" => (Sex::Male, Stand::Object),
            "his" => (Sex::Male, Stand::Possessive),
            "her" | "hers" => (Sex::Female, stand(token, next, tokens, sentence, at)),
            _ => return None,
        };
        self.meant(prose, sentence, at, Some(sex), stand)
    }

    fn meant(
        &mut self,
        prose: &Prose,
        sentence: &Range<usize>,
        at: usize,
        sex: Option<Sex>,
        stand: Stand,
    ) -> Option<Vec<usize>> {
        let person = self.candidate(prose, sentence, at, sex, stand)?;
        if let (Some(person), Some(sex)) = (self.people.get_mut(person), sex) {
            person.sex = Some(sex);
        }
        Some(vec![person])
    }

    fn candidate(
        &self,
        prose: &Prose,
        sentence: &Range<usize>,
        at: usize,
        sex: Option<Sex>,
        stand: Stand,
    ) -> Option<usize> {
        // "they" of one person is of somebody of whom neither "he" nor "she" was said
        let is_open = |person: &usize| self.people.get(*person).is_some_and(|p| p.sex.is_none());
        let fits = |person: &usize| self.fits(*person, sex) && (sex.is_some() || is_open(person));
        let own = self.within(sentence);
        let subject = own
            .iter()
            .find(|m| !m.people.is_empty() && !m.is_possessive)
            .and_then(|m| m.people.last().copied());
        let acts = own.first().is_some_and(|m| !m.people.is_empty());
        let latest_here = || {
            let behind = own.iter().rev().take(super::INTRODUCTION);
            behind.filter_map(|m| m.people.last().copied()).find(fits)
        };
        let before = || {
            let subject = self.subjects.last().and_then(|s| s.last().copied())?;
            self.known_of_sex(prose, subject, sex)
                .or_else(|| Some(self.whose_act(prose, at, subject)))
                .filter(fits)
        };
        let latest = || self.recent.iter().copied().find(fits);
        // "the person he hurt": not that person
        let relative = own.last().filter(|m| m.at.end == at && m.kind == Spoken::Noun);
        let relative = relative.and_then(|m| m.people.last().copied());
        let subject = subject.filter(|person| Some(*person) != relative);
        let fits = |person: &usize| Some(*person) != relative && fits(person);
        match stand {
            Stand::Subject => self
                .same_word(prose, own, at)
                .filter(fits)
                .or_else(|| subject.filter(fits))
                .or_else(latest_here)
                .or_else(before)
                .or_else(latest),
            Stand::Possessive => subject
                .filter(|_| goes_on_with_subject(prose, at))
                .filter(fits)
                .or_else(latest_here)
                .or_else(before)
                .or_else(latest),
            Stand::Object => {
                if turns_to_others(prose, own, at) {
                    return subject.filter(fits).or_else(latest);
                }
                let mut recent = self.recent.iter().copied();
                recent
                    .find(|person| Some(*person) != subject.filter(|_| acts) && fits(person))
                    .or_else(latest)
            }
        }
    }

    /// Where nobody knows whether the subject of the sentence before is a "he" or a "she": who else was spoken of
    /// there, of whom it is known.
    fn known_of_sex(&self, prose: &Prose, subject: usize, sex: Option<Sex>) -> Option<usize> {
        let is_known = |person: usize| {
            self.people
                .get(person)
                .is_some_and(|p| sex.is_some() && p.sex == sex)
        };
        if sex.is_none() || is_known(subject) {
            return None;
        }
        let earlier = prose.sentences.get(self.subjects.len().checked_sub(1)?)?;
        let mut mentions = self.within(earlier).iter().rev().take(super::INTRODUCTION);
        mentions.find_map(|m| m.people.last().copied().filter(|person| is_known(*person)))
    }

    /// Whom the same pronoun meant earlier in the sentence.
    fn same_word(&self, prose: &Prose, own: &[Mention], at: usize) -> Option<usize> {
        let word = prose.tokens.get(at)?;
        let mut earlier = own.iter().rev().take(super::INTRODUCTION);
        let same = earlier.find(|m| {
            m.kind == Spoken::Pronoun
                && prose
                    .tokens
                    .get(m.at.start)
                    .is_some_and(|t| t.lower == word.lower)
        })?;
        same.people.last().copied()
    }

    /// "Dad is Mr Lee. He swore at them": a wrong is the child's, not the parent's who was named in between.
    fn whose_act(&self, prose: &Prose, pronoun: usize, subject: usize) -> usize {
        let acts = prose.tokens.get(pronoun + 1).is_some_and(|t| {
            is_harm_done(&t.lower) || t.is_any(&["admitted", "accepted", "denies", "apologised"])
        });
        let relation = self.people.get(subject).and_then(|p| p.relation.as_ref());
        match relation {
            Some((_, Some(of))) if acts => *of,
            Some(_) | None => subject,
        }
    }

    /// Whether a pronoun of that sex can mean a person. Never the writer, nor a professional of unknown sex.
    fn fits(&self, person: usize, sex: Option<Sex>) -> bool {
        let is_writer = self.writer.contains(&person);
        !is_writer
            && self.people.get(person).is_some_and(|p| {
                let is_known = p.sex.is_some() && p.sex == sex;
                (sex.is_none() || p.sex.is_none() || p.sex == sex) && (!p.is_professional || is_known)
            })
    }

    /// The people named in one breath, or last spoken of together, if nobody else was spoken of since.
    fn several(&self) -> Option<Vec<usize>> {
        (self.group.len() > 1).then(|| self.group.clone())
    }

    /// "both": those named in one breath, else the two main people, if there are just two.
    fn two(&self) -> Option<Vec<usize>> {
        let is_main = |at: &usize| {
            self.people
                .get(*at)
                .is_some_and(|p| p.relation.is_none() && !p.is_professional && !p.is_nameless())
        };
        self.several().or_else(|| {
            let main: Vec<usize> = (0..self.people.len()).filter(is_main).collect();
            let with_family = || {
                let all = (0..self.people.len()).filter(|at| self.fits(*at, None));
                all.filter(|at| self.people.get(*at).is_some_and(|p| !p.is_nameless()))
                    .collect()
            };
            let two: Vec<usize> = if main.len() == 2 { main } else { with_family() };
            (two.len() == 2).then_some(two)
        })
    }
}

/// "was tripped by Kit, and broke his wrist": a verb behind "and" has the subject of the sentence.
fn goes_on_with_subject(prose: &Prose, pronoun: usize) -> bool {
    let lead = prose.words(pronoun.saturating_sub(2)..pronoun);
    matches!(lead, [and, verb] if and.lower == "and" && !verb.is_mark() && !verb.is_any(&["for", "to", "with", "from", "also", "of", "in", "at", "on", "that", "by"]))
}

/// "happy for you to ring him": somebody else acts between the subject and the pronoun, which may mean the
/// subject again.
fn turns_to_others(prose: &Prose, own: &[Mention], at: usize) -> bool {
    let from = own.iter().find(|m| !m.people.is_empty()).map_or(at, |m| m.at.end);
    prose
        .words(from.max(at.saturating_sub(OTHERS_REACH))..at)
        .iter()
        .any(|t| {
            t.is_any(&[
                "you", "us", "we", "i", "somebody", "someone", "anyone", "anybody", "nobody", "noone",
                "no-one",
            ])
        })
}

/// Where a pronoun stands that may be an object, a possessive or (in the plural) a subject.
fn stand(token: &Token, next: Option<&Token>, tokens: &[Token], sentence: &Range<usize>, at: usize) -> Stand {
    if is_possessive(token, next) {
        return Stand::Possessive;
    }
    let before = at.checked_sub(1).filter(|before| *before >= sentence.start);
    let before = before.and_then(|before| tokens.get(before));
    let leads = before.is_none_or(|t| {
        t.is_mark()
            || t.is_any(&[
                "and", "but", "that", "as", "because", "when", "if", "while", "so", "says",
            ])
    });
    if token.is_any(&["them", "her"]) && !leads {
        Stand::Object
    } else {
        Stand::Subject
    }
}

/// "his", "their"; "her" before what is hers.
pub(super) fn is_possessive(token: &Token, next: Option<&Token>) -> bool {
    const NOT_OWNED: [&str; 44] = [
        "to",
        "on",
        "at",
        "in",
        "by",
        "about",
        "and",
        "but",
        "that",
        "with",
        "for",
        "from",
        "if",
        "when",
        "what",
        "how",
        "why",
        "who",
        "yesterday",
        "today",
        "again",
        "is",
        "was",
        "out",
        "up",
        "off",
        "or",
        "because",
        "as",
        "first",
        "before",
        "after",
        "over",
        "any",
        "a",
        "an",
        "the",
        "it",
        "this",
        "not",
        "only",
        "through",
        "into",
        "directly",
    ];
    match token.lower.as_str() {
        "his" | "their" | "my" | "our" => true,
        "her" => next.is_some_and(|next| !next.is_mark() && !next.is_any(&NOT_OWNED) && !is_number(next)),
        _ => false,
    }
}

fn is_number(token: &Token) -> bool {
    token.lower.starts_with(|c: char| c.is_ascii_digit())
}

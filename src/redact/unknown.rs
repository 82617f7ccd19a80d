//! People who are in no case: by what stands before them (titles, relations, salutations, labels), by the address behind
//! them, and by what the words are ([`Suspicion`]). What is found once, the whole message then loses.

use super::people::{Book, Person};
use super::suspects::Suspicion;
use super::view::View;
use super::words as lists;
use std::collections::HashSet;

/// Most words of one name.
const MAX_NAME_WORDS: usize = 4;
/// Most titles in a row before a name.
const MAX_TITLES: usize = 6;

/// A name by tokens of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownHit {
    /// First token, title included.
    pub(super) first: usize,
    /// First token of the name proper.
    pub(super) name: usize,
    /// Last token.
    pub(super) last: usize,
    /// A single word that is a surname (it stood after a title).
    pub(super) titled: bool,
    /// Its words are looked for in the whole message.
    pub(super) sure: bool,
}

/// What the rules need to know beside the text.
pub(super) struct Unknown<'a> {
    /// Lower-case words of the sender's and the recipients' names, which may stay.
    pub(super) professionals: &'a HashSet<String>,
    /// People of the cases.
    pub(super) known: &'a Book,
}

impl Unknown<'_> {
    /// Every hit, in order, without overlaps.
    pub(super) fn find(&self, view: &View, suspicion: &Suspicion) -> Vec<UnknownHit> {
        let officers = officers(view);
        let mut hits: Vec<UnknownHit> = Vec::new();
        let mut at = 0;
        while at < view.tokens.len() {
            let hit = if officers.contains(&at) {
                None
            } else {
                self.hit_at(view, at, suspicion)
            };
            match hit {
                Some(hit) if !self.is_professional(view, &hit) => {
                    at = hit.last + 1;
                    hits.push(hit);
                }
                Some(hit) => at = hit.last.max(at) + 1,
                None => at += 1,
            }
        }
        hits
    }

    fn is_professional(&self, view: &View, hit: &UnknownHit) -> bool {
        let mut words = (hit.name..=hit.last)
            .map(|at| view.low(at))
            .filter(|word| word.chars().count() > 1);
        let Some(first) = words.next() else { return false };
        std::iter::once(first)
            .chain(words)
            .all(|word| self.professionals.contains(word) && !self.known.has_word(word))
    }

    fn hit_at(&self, view: &View, at: usize, suspicion: &Suspicion) -> Option<UnknownHit> {
        self.after_title(view, at)
            .or_else(|| self.after_label(view, at))
            .or_else(|| self.after_relation(view, at))
            .or_else(|| self.after_salutation(view, at))
            .or_else(|| self.before_address(view, at))
            .or_else(|| self.suspected(view, at, suspicion))
    }

    /// `Mrs Halina Kowalczyk`, `mr kowalczyk`.
    fn after_title(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let is_title = |at: usize| view.classes(at).is_title();
        let last = (at..at + MAX_TITLES).find(|title| is_title(*title) && !is_title(title + 1))?;
        if (at..=last).any(|title| !is_title(title) || !is_space(view.gap_after(title))) {
            return None;
        }
        let next = last + 1;
        let lower = matches!(view.low(last), "mr" | "mrs" | "ms" | "mx");
        // "Master Agreement" is nobody's.
        if view.low(last) == "master" && !view.classes(next).is_given_name() {
            return None;
        }
        let first_good = if view.is_capital(last) || lower {
            self.is_titled_word(view, next, !view.is_capital(next))
        } else {
            false
        };
        first_good.then(|| UnknownHit {
            first: at,
            name: next,
            last: with_post_nominal(view, self.extend(view, next)),
            titled: true,
            sure: true,
        })
    }

    fn is_titled_word(&self, view: &View, at: usize, lower_case: bool) -> bool {
        let word = view.low(at);
        let classes = view.classes(at);
        let fits = match lower_case {
            true => !classes.is_plain_word() && word.chars().count() > 2,
            false => !classes.is_calendar() || classes.is_common_name(),
        };
        view.is_word(at) && fits && !matches!(word, "and" | "or")
    }

    /// `Surname: O'ROURKE`, `Name - Halina Kowalczyk`.
    fn after_label(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let label = matches!(
            view.low(at),
            "name" | "surname" | "forename" | "forenames" | "names" | "firstname" | "lastname" | "aka"
        );
        let gap = view.gap_after(at);
        if !label || !(gap.contains(':') || gap.contains('=') || view.low(at) == "aka") || gap.contains('\n')
        {
            return None;
        }
        let next = at + 1;
        let good = view.is_capital(next) && view.is_word(next) && !view.classes(next).is_institution_word();
        good.then(|| UnknownHit {
            first: next,
            name: next,
            last: with_post_nominal(view, self.extend(view, next)),
            titled: false,
            sure: true,
        })
    }

    /// `her son Tom`, `a neighbour, Mrs ...`, `his sisters Ada and Joy`.
    fn after_relation(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let word = view.low(at);
        let relation =
            view.classes(at).is_relation() || word.strip_suffix('s').is_some_and(lists::is_relation);
        let gap = view.gap_after(at);
        if !relation
            || !(is_blank(gap) || gap == ", " || gap == " (")
            || view.is_capital(at) && !view.opens_sentence(at)
        {
            return None;
        }
        let next = at + 1;
        let classes = view.classes(next);
        let acronym = view.is_all_capitals(next) && view.low(next).chars().count() <= 4;
        let good = view.is_capital(next)
            && view.is_word(next)
            && !classes.is_plain_word()
            && !classes.is_institution_word()
            && !classes.is_place()
            && !acronym;
        good.then(|| UnknownHit {
            first: next,
            name: next,
            last: with_post_nominal(view, self.extend(view, next)),
            titled: false,
            sure: true,
        })
    }

    /// `Dear Tom,` and `Hi Tom`.
    fn after_salutation(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let next = at + 1;
        let classes = view.classes(next);
        let good = lists::is_salutation(view.low(at))
            && view.opens_sentence(at)
            && is_blank(view.gap_after(at))
            && view.is_capital(next)
            && view.is_word(next)
            && !classes.is_title()
            && !classes.is_rank()
            && (!classes.is_plain_word() || classes.is_common_name())
            && (!classes.is_institution_word() || classes.is_given_name());
        good.then(|| UnknownHit {
            first: next,
            name: next,
            last: with_post_nominal(view, self.extend(view, next)),
            titled: false,
            sure: true,
        })
    }

    /// `Harriet Ashworth-Bell <...@...>`: the display name of an address.
    fn before_address(&self, view: &View, at: usize) -> Option<UnknownHit> {
        if !view.is_capital(at) || !view.is_word(at) {
            return None;
        }
        let mut last = at;
        while last < at + MAX_NAME_WORDS {
            let gap = view.gap_after(last);
            if gap.contains('<') {
                let rest = view.text.get(view.tokens.get(last)?.end..)?;
                let address = rest.get(rest.find('<')?..)?;
                let closed = address
                    .find('>')
                    .and_then(|end| address.get(1..end))
                    .unwrap_or_default();
                let named = (at..=last)
                    .all(|t| !view.classes(t).is_institution_word() && !view.classes(t).is_plain_word());
                return (closed.contains('@') && named).then_some(UnknownHit {
                    first: at,
                    name: at,
                    last,
                    titled: false,
                    sure: true,
                });
            }
            if !(is_name_gap(gap) && view.is_capital(last + 1)) {
                return None;
            }
            last += 1;
        }
        None
    }

    /// Words that the lists or the model say are a name.
    fn suspected(&self, view: &View, at: usize, suspicion: &Suspicion) -> Option<UnknownHit> {
        // "M. Holloway", "R Price": the initial goes with the name.
        let led = is_initial(view, at)
            && view.is_capital(at)
            && match view.gap_after(at) {
                ". " | "." => suspicion.is_name(at + 1) || may_follow_initial(view, at + 1, suspicion),
                " " => suspicion.is_name(at + 1) && !matches!(view.low(at), "i" | "a"),
                _ => false,
            };
        if !suspicion.is_name(at) && !led {
            return None;
        }
        let mut last = at;
        while last + 1 - at < MAX_NAME_WORDS {
            let next = last + 1;
            let after_initial = is_initial(view, last);
            let joined = match view.gap_after(last) {
                "'" if view.low(next) == "s" => false,
                " " | "-" | "'" => true,
                ". " | "." | ".-" => after_initial,
                _ => false,
            };
            let goes_on = suspicion.is_name(next)
                || after_initial && (may_follow_initial(view, next, suspicion) || is_initial(view, next))
                || is_initial(view, next) && is_middle(view, next, suspicion)
                || view.classes(next).is_particle() && suspicion.is_name(next + 1);
            if !(joined && goes_on) {
                break;
            }
            last = next;
        }
        Some(UnknownHit {
            first: at,
            name: at,
            last: with_post_nominal(view, last),
            titled: false,
            sure: last > at || suspicion.is_sure(at),
        })
    }

    /// The last token of the name that starts at `at`.
    fn extend(&self, view: &View, at: usize) -> usize {
        let mut last = at;
        while last + 1 - at < MAX_NAME_WORDS {
            let gap = view.gap_after(last);
            let is_initial = view.low(last).chars().count() == 1;
            let dot_of_initial = gap == ". " && !is_initial;
            let between_initials = is_initial && matches!(gap, "." | ".-");
            if !(is_name_gap(gap) || between_initials)
                || dot_of_initial
                || (gap.contains('\n') && view.opens_sentence(last + 1))
            {
                break;
            }
            let next = last + 1;
            let (word, classes) = (view.low(next), view.classes(next));
            let joined = gap == "-" || gap == "'" || gap.starts_with("-\n");
            let dotted = matches!(gap, "." | ".-");
            let initial =
                word.chars().count() == 1 && view.is_capital(next) && (dotted || !matches!(word, "i" | "a"));
            if joined && word == "s" {
                break;
            }
            let particle = classes.is_particle()
                && view.is_capital(next + 1)
                && is_space(view.gap_after(next))
                && word != "o";
            let blocked = classes.is_plain_word() && !joined
                || classes.is_calendar()
                || classes.is_title()
                || classes.is_person_verb() && !classes.is_common_name()
                || (classes.is_institution_word() && !classes.is_common_name() && !joined);
            let name = view.is_capital(next) && view.is_word(next) && !blocked;
            let acronym =
                view.is_all_capitals(next) && !view.is_all_capitals(last) && word.chars().count() <= 4;
            if acronym || !(name || particle || initial) {
                break;
            }
            last = next;
        }
        last
    }
}

fn is_initial(view: &View, at: usize) -> bool {
    let letter = view.low(at);
    letter.chars().count() == 1 && letter.chars().all(char::is_alphabetic)
}

/// A letter between two parts of a name: "Ella H. Snider", "tom i. holzman".
fn is_middle(view: &View, at: usize, suspicion: &Suspicion) -> bool {
    let next = at + 1;
    let dotted = matches!(view.gap_after(at), ". " | ".");
    let is_word = matches!(view.low(at), "i" | "a") && !view.is_capital(at);
    let spaced = view.gap_after(at) == " " && !is_word;
    (dotted || spaced) && (may_follow_initial(view, next, suspicion) || is_initial(view, next) && dotted)
}

/// A word that an initial can lead: with a capital if the initial has one, and no frequent word.
fn may_follow_initial(view: &View, at: usize, suspicion: &Suspicion) -> bool {
    let before = at.saturating_sub(1);
    let same_case = view.is_capital(at) == view.is_capital(before);
    same_case && !view.classes(at).is_plain_word() && suspicion.may_be_name(at)
}

/// The last token of a name with the letters behind it.
fn with_post_nominal(view: &View, last: usize) -> usize {
    let has = view.gap_after(last) == " " && is_post_nominal(view, last + 1);
    last + usize::from(has)
}

/// Letters behind a name: "Giovanna Rodrigues MD".
fn is_post_nominal(view: &View, at: usize) -> bool {
    view.is_capital(at)
        && matches!(
            view.low(at),
            "md" | "dds"
                | "phd"
                | "dvm"
                | "jr"
                | "jnr"
                | "sr"
                | "snr"
                | "esq"
                | "obe"
                | "mbe"
                | "cbe"
                | "qc"
                | "kc"
                | "ii"
                | "iii"
        )
}

/// Tokens of officers' names: a rank, perhaps a number, and what follows.
fn officers(view: &View) -> HashSet<usize> {
    let mut tokens = HashSet::new();
    for at in 0..view.tokens.len() {
        if !view.classes(at).is_rank() || !view.is_capital(at) {
            continue;
        }
        let mut next = at + 1;
        if view.low(next).starts_with(|c: char| c.is_ascii_digit()) {
            next += 1;
        }
        for step in 0..MAX_NAME_WORDS {
            let place = next + step;
            if !view.is_capital(place) || !is_space(view.gap_before(place)) && view.gap_before(place) != "-" {
                break;
            }
            tokens.insert(place);
        }
    }
    tokens
}

/// The person behind a hit.
pub(super) fn person_of(view: &View, hit: &UnknownHit) -> Person {
    let written = |at: usize| {
        view.tokens
            .get(at)
            .map(|token| view.written(token).to_owned())
            .unwrap_or_default()
    };
    let (from, to) = (hit.name, hit.last);
    if from == to {
        let word = written(from);
        return match hit.titled {
            true => Person {
                surname: Some(word),
                ..Person::default()
            },
            false => Person {
                given: Some(word),
                ..Person::default()
            },
        };
    }
    let start = view.tokens.get(from).map_or(0, |token| token.start);
    let end = view.tokens.get(to).map_or(start, |token| token.end);
    let text = view
        .text
        .get(start..end)
        .unwrap_or_default()
        .replace('\n', " ")
        .replace(". ", " ");
    match hit.titled && !text.contains(' ') {
        true => Person {
            surname: Some(text),
            ..Person::default()
        },
        false => Person::from_full_name(&text),
    }
}

fn is_blank(gap: &str) -> bool {
    is_space(gap) && !gap.contains('.')
}

fn is_space(gap: &str) -> bool {
    !gap.is_empty()
        && gap.chars().all(|c| c == ' ' || c == '.' || c == '\n')
        && !gap.contains("\n\n")
        && gap != "."
        && !gap.contains(".\n")
}

fn is_name_gap(gap: &str) -> bool {
    matches!(gap, " " | "-" | "'" | "  " | "\n" | " \n" | "-\n" | ". " | "\n ")
}

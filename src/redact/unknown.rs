//! People who are in no case: titles, given names, relations, salutations, labels, signatures.
//!
//! Thin on purpose: rules over capitalised words. What one rule finds, the whole message then loses.

use super::people::{Book, Person};
use super::view::View;
use super::words as lists;
use std::collections::HashSet;

/// Most words of one name.
const MAX_NAME_WORDS: usize = 4;

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
    pub(super) fn find(&self, view: &View) -> Vec<UnknownHit> {
        let officers = officers(view);
        let mut hits: Vec<UnknownHit> = Vec::new();
        let mut at = 0;
        while at < view.tokens.len() {
            let hit = if officers.contains(&at) {
                None
            } else {
                self.hit_at(view, at)
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
        (hit.name..=hit.last).all(|at| {
            let word = view.low(at);
            (self.professionals.contains(word) || word.chars().count() == 1) && !self.known.has_word(word)
        })
    }

    fn hit_at(&self, view: &View, at: usize) -> Option<UnknownHit> {
        self.after_title(view, at)
            .or_else(|| self.after_label(view, at))
            .or_else(|| self.after_relation(view, at))
            .or_else(|| self.after_salutation(view, at))
            .or_else(|| self.before_address(view, at))
            .or_else(|| self.given_name(view, at))
            .or_else(|| self.pair(view, at))
            .or_else(|| self.speaker(view, at))
    }

    /// `Mrs Halina Kowalczyk`, `mr kowalczyk`.
    fn after_title(&self, view: &View, at: usize) -> Option<UnknownHit> {
        if !lists::is_title(view.low(at)) || !is_space(view.gap_after(at)) {
            return None;
        }
        let next = at + 1;
        if lists::is_title(view.low(next)) {
            return self
                .after_title(view, next)
                .map(|hit| UnknownHit { first: at, ..hit });
        }
        let lower = matches!(view.low(at), "mr" | "mrs" | "ms" | "mx");
        let first_good = if view.is_capital(at) || lower {
            self.is_titled_word(view, next, !view.is_capital(next))
        } else {
            false
        };
        first_good.then(|| UnknownHit {
            first: at,
            name: next,
            last: self.extend(view, next),
            titled: true,
        })
    }

    fn is_titled_word(&self, view: &View, at: usize, lower_case: bool) -> bool {
        let word = view.low(at);
        let letters = !word.is_empty() && word.chars().all(char::is_alphabetic);
        let fits = match lower_case {
            true => !lists::is_plain_word(word) && word.chars().count() > 2,
            false => !lists::is_calendar(word) || lists::is_common_name(word),
        };
        letters && fits && !matches!(word, "and" | "or")
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
        let good =
            view.is_capital(next) && is_word(view, next) && !lists::is_institution_word(view.low(next));
        good.then(|| UnknownHit {
            first: next,
            name: next,
            last: self.extend(view, next),
            titled: false,
        })
    }

    /// `her son Tom`, `a neighbour, Mrs ...`, `his sisters Ada and Joy`.
    fn after_relation(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let word = view.low(at);
        let relation = lists::is_relation(word) || word.strip_suffix('s').is_some_and(lists::is_relation);
        let gap = view.gap_after(at);
        if !relation
            || !(is_blank(gap) || gap == ", " || gap == " (")
            || view.is_capital(at) && !view.opens_sentence(at)
        {
            return None;
        }
        let next = at + 1;
        let low = view.low(next);
        let good = view.is_capital(next)
            && is_word(view, next)
            && !lists::is_plain_word(low)
            && !lists::is_institution_word(low)
            && !lists::is_place(low)
            && !(view.is_all_capitals(next) && low.chars().count() <= 4);
        good.then(|| UnknownHit {
            first: next,
            name: next,
            last: self.extend(view, next),
            titled: false,
        })
    }

    /// `Dear Tom,` and `Hi Tom`.
    fn after_salutation(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let next = at + 1;
        let low = view.low(next);
        let good = lists::is_salutation(view.low(at))
            && view.opens_sentence(at)
            && is_blank(view.gap_after(at))
            && view.is_capital(next)
            && is_word(view, next)
            && !lists::is_title(low)
            && !lists::is_rank(low)
            && (!lists::is_plain_word(low) || lists::is_common_name(low))
            && (!lists::is_institution_word(low) || lists::is_given_name(low));
        good.then(|| UnknownHit {
            first: next,
            name: next,
            last: self.extend(view, next),
            titled: false,
        })
    }

    /// `Harriet Ashworth-Bell <...@...>`: the display name of an address.
    fn before_address(&self, view: &View, at: usize) -> Option<UnknownHit> {
        if !view.is_capital(at) || !is_word(view, at) {
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
                    .all(|t| !lists::is_institution_word(view.low(t)) && !lists::is_plain_word(view.low(t)));
                return (closed.contains('@') && named).then_some(UnknownHit {
                    first: at,
                    name: at,
                    last,
                    titled: false,
                });
            }
            if !(is_name_gap(gap) && view.is_capital(last + 1)) {
                return None;
            }
            last += 1;
        }
        None
    }

    /// A given name in use, with what follows of the name.
    fn given_name(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let word = view.low(at);
        if !lists::is_given_name(word) || !view.is_capital(at) || !is_word(view, at) {
            return None;
        }
        let last = self.extend(view, at);
        let before = at.checked_sub(1).map(|b| view.low(b)).unwrap_or_default();
        let place = view.is_capital(last + 1)
            && is_space(view.gap_after(last))
            && lists::is_institution_word(view.low(last + 1));
        let saint =
            matches!(before, "st" | "saint" | "the") && is_space(view.gap_before(at).trim_start_matches('.'));
        let numbered = before.starts_with(|c: char| c.is_ascii_digit()) && place;
        if saint || numbered || (place && last == at) {
            return None;
        }
        let doubtful = lists::is_common_name(word)
            || lists::is_plain_word(word)
            || lists::is_calendar(word)
            || lists::is_place(word);
        let good = last > at
            || !doubtful
            || (lists::is_common_name(word)
                && self.known.in_context(view, at, at)
                && !lists::is_plain_word(word));
        good.then_some(UnknownHit {
            first: at,
            name: at,
            last,
            titled: false,
        })
    }

    /// Two or three capitalised words that are nothing else.
    fn pair(&self, view: &View, at: usize) -> Option<UnknownHit> {
        if !self.is_bare_name(view, at) {
            return None;
        }
        let last = self.extend(view, at);
        if last == at || !(at..=last).all(|t| self.is_bare_name(view, t)) {
            return None;
        }
        let next_is_institution = view.is_capital(last + 1)
            && is_space(view.gap_after(last))
            && (lists::is_institution_word(view.low(last + 1)) || view.is_all_capitals(last + 1));
        let before_is_capital = at > 0
            && view.is_capital(at - 1)
            && is_space(view.gap_before(at))
            && !view.opens_sentence(at - 1);
        let gap = view.gap_after(last);
        let alone =
            view.gap_before(at).contains('\n') && (gap.contains('\n') || last + 1 >= view.tokens.len());
        let opening = view.opens_sentence(at)
            && !alone
            && !(lists::is_person_verb(view.low(last + 1))
                || gap.starts_with(['\'', '(', ',', ':'])
                || gap.starts_with(" ("));
        let good = !next_is_institution && !before_is_capital && !opening;
        good.then_some(UnknownHit {
            first: at,
            name: at,
            last,
            titled: false,
        })
    }

    /// One capitalised word that speaks: "Achterberg said".
    fn speaker(&self, view: &View, at: usize) -> Option<UnknownHit> {
        let speaks = matches!(
            view.low(at + 1),
            "said"
                | "says"
                | "told"
                | "tells"
                | "asked"
                | "rang"
                | "replied"
                | "admitted"
                | "apologised"
                | "wrote"
                | "texted"
        );
        let good =
            speaks && view.gap_after(at) == " " && self.is_bare_name(view, at) && !view.is_all_capitals(at);
        good.then_some(UnknownHit {
            first: at,
            name: at,
            last: at,
            titled: true,
        })
    }

    fn is_bare_name(&self, view: &View, at: usize) -> bool {
        let word = view.low(at);
        view.is_capital(at)
            && is_word(view, at)
            && word.chars().count() > 2
            && !view.is_all_capitals(at)
            && !lists::is_plain_word(word)
            && !lists::is_institution_word(word)
            && !lists::is_place(word)
            && !lists::is_title(word)
            && !lists::is_relation(word)
            && !lists::is_person_verb(word)
            && !lists::is_salutation(word)
            && !(lists::is_common_name(word) && !lists::is_given_name(word))
            && !is_adjective_of_people(word)
    }

    /// The last token of the name that starts at `at`.
    fn extend(&self, view: &View, at: usize) -> usize {
        let mut last = at;
        while last + 1 - at < MAX_NAME_WORDS {
            let gap = view.gap_after(last);
            let dot_of_initial = gap == ". " && view.low(last).chars().count() > 1;
            if !is_name_gap(gap) || dot_of_initial || (gap.contains('\n') && view.opens_sentence(last + 1)) {
                break;
            }
            let next = last + 1;
            let word = view.low(next);
            let joined = gap == "-" || gap == "'" || gap.starts_with("-\n");
            let initial = word.chars().count() == 1 && view.is_capital(next) && !matches!(word, "i" | "a");
            if joined && word == "s" {
                break;
            }
            let particle = lists::is_particle(word)
                && view.is_capital(next + 1)
                && is_space(view.gap_after(next))
                && word != "o";
            let blocked = lists::is_plain_word(word) && !joined
                || lists::is_calendar(word)
                || lists::is_title(word)
                || lists::is_person_verb(word) && !lists::is_common_name(word)
                || (lists::is_institution_word(word) && !lists::is_common_name(word) && !joined);
            let name = view.is_capital(next) && is_word(view, next) && !blocked;
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

/// Tokens of officers' names: a rank, perhaps a number, and what follows.
fn officers(view: &View) -> HashSet<usize> {
    let mut tokens = HashSet::new();
    for at in 0..view.tokens.len() {
        if !lists::is_rank(view.low(at)) || !view.is_capital(at) {
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

fn is_word(view: &View, at: usize) -> bool {
    let word = view.low(at);
    !word.is_empty() && word.chars().all(char::is_alphabetic)
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

fn is_adjective_of_people(word: &str) -> bool {
    ["ish", "ian", "ese"].iter().any(|end| word.ends_with(end)) && !lists::is_given_name(word)
}

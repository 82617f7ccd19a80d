//! People by name: every usual spelling of each, found in one pass.
//!
//! One automaton runs over the squash (lower-case letters and digits) of a [`View`], so a name is found
//! whatever stands between its letters; what counts is decided at word boundaries afterwards.

use super::view::{View, squash, words};
use super::words as lists;
use aho_corasick::AhoCorasick;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Shortest name that is found inside a longer word.
const MIN_INSIDE: usize = 5;
/// Shortest name whose presence anywhere in a longer word counts, whatever the rest is.
const MIN_ANYWHERE: usize = 7;
/// Shortest name for which one slip of a letter is forgiven.
const MIN_SLIP: usize = 6;
/// Shortest user name that is searched for.
const MIN_USER_NAME: usize = 4;
/// Most tokens that are joined into one name: a row of names stays a row.
const MAX_NAME_TOKENS: usize = 6;
/// Most people in one book: what is beyond is not searched by variants, only by full name.
const MAX_SLIP_PEOPLE: usize = 20_000;

/// One person and how they are written.
#[derive(Clone, Default)]
pub(super) struct Person {
    /// Given name as written.
    pub(super) given: Option<String>,
    /// Middle names as written.
    pub(super) middle: Vec<String>,
    /// Surname as written, particles and halves included.
    pub(super) surname: Option<String>,
    /// Other given names in use.
    pub(super) known_as: Vec<String>,
    /// User names, such as the local part of an e-mail address.
    pub(super) user_names: Vec<String>,
    /// `miss`, as recorded: lower case.
    pub(super) title: Option<String>,
    /// `Some(true)` for a woman, `Some(false)` for a man, as far as known.
    pub(super) female: Option<bool>,
}

impl Person {
    /// Splits a full name: `Given Middle Surname`, `SURNAME, Given`, particles kept with the surname.
    pub(super) fn from_full_name(name: &str) -> Self {
        let name = match name.split_once(',') {
            Some((surname, given)) if !given.trim().is_empty() => {
                format!("{} {}", given.trim(), surname.trim())
            }
            Some(_) | None => name.to_owned(),
        };
        let (name, aside) = lists::without_asides(&name);
        let mut pieces: Vec<&str> = name.split_whitespace().collect();
        let leads = |word: &&str| lists::is_title(&squash(word)) || lists::is_rank(&squash(word));
        while pieces.len() > 1 && pieces.first().is_some_and(leads) {
            pieces.remove(0);
        }
        while pieces.len() > 1 && pieces.last().is_some_and(|p| lists::is_suffix(&squash(p))) {
            pieces.pop();
        }
        let mut person = Self {
            known_as: aside,
            ..Self::default()
        };
        let Some((first, rest)) = pieces.split_first() else {
            return person;
        };
        person.given = Some((*first).to_owned());
        if !rest.is_empty() {
            let mut from = rest.len() - 1;
            while from > 0
                && rest
                    .get(from - 1)
                    .is_some_and(|word| lists::is_particle(&squash(word)))
            {
                from -= 1;
            }
            person.middle = rest.iter().take(from).map(|word| (*word).to_owned()).collect();
            person.surname = Some(rest.get(from..).unwrap_or_default().join(" "));
        }
        person
    }

    /// First letters: of the given name and of the surname.
    pub(super) fn initials(&self) -> String {
        [self.given.as_deref(), self.surname_head()]
            .into_iter()
            .flatten()
            .filter_map(initial)
            .collect()
    }

    /// The surname from its first word that is no particle.
    fn surname_head(&self) -> Option<&str> {
        let surname = self.surname.as_deref()?;
        let head = surname
            .split_whitespace()
            .find(|word| !lists::is_particle(&squash(word)));
        Some(head.unwrap_or(surname))
    }
}

/// The first letter, capital, with a full stop.
pub(super) fn initial(name: &str) -> Option<String> {
    let letter = name.chars().find(|c| c.is_alphabetic())?;
    Some(letter.to_uppercase().chain(['.']).collect())
}

/// Which part of a name a spelling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// Two parts or more, nothing shortened.
    Full,
    /// An initial and the surname, in either order.
    InitialAndSurname,
    /// The surname or a half of it.
    Surname,
    /// The given name, a nickname or a middle name.
    Given,
    /// A user name.
    UserName,
}

/// A person, or one of several, at a place of a [`View`].
#[derive(Clone)]
pub(super) struct NameHit {
    /// First token.
    pub(super) first: usize,
    /// Last token.
    pub(super) last: usize,
    /// First byte of the view.
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// What was written.
    pub(super) piece: Piece,
    /// Everybody it may be, by index into the book, ascending.
    pub(super) people: Vec<usize>,
}

struct Spelling {
    text: String,
    piece: Piece,
    people: Vec<usize>,
    /// Ordinary words only: counts in a name's context.
    common: bool,
    /// How many words it is made of.
    words: usize,
}

/// How freely a book's people may be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nicknames, user names, slips: for people of known cases.
    Wide,
    /// Only what was written: for people met in the message itself.
    Narrow,
}

/// People and their spellings, ready to be found.
pub(super) struct Book {
    people: Vec<Person>,
    spellings: Vec<Spelling>,
    automaton: Option<AhoCorasick>,
    /// Names by each of their one-letter-shorter forms.
    slips: HashMap<String, Vec<usize>>,
    words: HashSet<String>,
}

impl Book {
    /// Builds the automaton. `None` inside where nothing is to be found.
    pub(super) fn new(people: Vec<Person>, reach: Reach) -> Self {
        let mut table: BTreeMap<(String, Piece), (Vec<usize>, bool, usize)> = BTreeMap::new();
        for (index, person) in people.iter().enumerate() {
            for (text, piece, common, words) in spellings_of(person, reach) {
                let row = table
                    .entry((text, piece))
                    .or_insert_with(|| (Vec::new(), common, words));
                if row.0.last() != Some(&index) {
                    row.0.push(index);
                }
                row.1 &= common;
            }
        }
        let spellings: Vec<Spelling> = table
            .into_iter()
            .map(|((text, piece), (people, common, words))| Spelling {
                text,
                piece,
                people,
                common,
                words,
            })
            .collect();
        let automaton = AhoCorasick::new(spellings.iter().map(|spelling| spelling.text.as_str())).ok();
        let single = |s: &Spelling| matches!(s.piece, Piece::Given | Piece::Surname) && s.words == 1;
        let words = spellings
            .iter()
            .filter(|s| single(s))
            .map(|s| s.text.clone())
            .collect();
        let mut slips: HashMap<String, Vec<usize>> = HashMap::new();
        if reach == Reach::Wide && people.len() <= MAX_SLIP_PEOPLE {
            for (index, spelling) in spellings.iter().enumerate() {
                if single(spelling) && !spelling.common && spelling.text.chars().count() >= MIN_SLIP {
                    for shorter in shorter_forms(&spelling.text) {
                        slips.entry(shorter).or_default().push(index);
                    }
                }
            }
        }
        Self {
            people,
            spellings,
            automaton,
            slips,
            words,
        }
    }

    /// The people, in the order they were given.
    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    /// Whether a lower-case word is a part of somebody's name.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Whether no spelling failed to be compiled; a book that is not sound finds nobody.
    pub(super) fn is_sound(&self) -> bool {
        self.automaton.is_some()
    }

    /// Everybody in a text: overlaps joined, titles taken in.
    pub(super) fn find(&self, view: &View) -> Vec<NameHit> {
        let mut hits = Vec::new();
        if let Some(automaton) = self.automaton.as_ref().filter(|_| !self.spellings.is_empty()) {
            let mut from = 0;
            for found in automaton.find_overlapping_iter(&view.squash) {
                let spelling = self.spellings.get(found.pattern().as_usize());
                let tokens = view.tokens_at(found.start(), found.end(), &mut from);
                let Some((spelling, (first, last))) = spelling.zip(tokens) else {
                    continue;
                };
                let is_good = self.accepts(view, spelling, (found.start(), found.end()), first, last);
                hits.extend(is_good.then(|| self.hit(view, spelling, first, last)));
            }
        }
        if !self.slips.is_empty() {
            self.find_slips(view, &mut hits);
        }
        join(view, hits)
    }

    /// Whether letters of the squash, found in these tokens, are the name.
    fn accepts(
        &self,
        view: &View,
        spelling: &Spelling,
        (start, end): (usize, usize),
        first: usize,
        last: usize,
    ) -> bool {
        let Some((head, tail)) = view.tokens.get(first).zip(view.tokens.get(last)) else {
            return false;
        };
        let at_start = head.squash == start;
        let at_end = tail.squash_end == end;
        let whole = at_start && at_end;
        let good = match spelling.piece {
            Piece::Full => {
                whole && context_of_full(view, spelling, first)
                    || first == last
                    || (spelling.text.len() >= 9 && !spelling.common)
            }
            Piece::InitialAndSurname => match first == last {
                true => whole || inside(view, self, spelling, first, start, end),
                false => whole && initial_is_meant(view, spelling, first, last),
            },
            Piece::Surname | Piece::Given if first == last && whole => {
                !is_contraction(view, first) && (!spelling.common || self.in_context(view, first, first))
            }
            Piece::Surname | Piece::Given if first == last => {
                (at_start
                    && (is_possessive(spelling, view.low_of(head)) || is_marks_phone(view, spelling, first)))
                    || inside(view, self, spelling, first, start, end)
            }
            Piece::Surname | Piece::Given => {
                whole
                    && spelling.text.len() >= MIN_INSIDE
                    && (spelling.words > 1 || !spelling.common && split_is_odd(view, first, last))
                    && (!spelling.common || self.in_context(view, first, last))
            }
            Piece::UserName => {
                let rest = head.squash + spelling.text.len()..tail.squash_end;
                let numbered = at_start
                    && view
                        .squash
                        .get(rest)
                        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
                whole || first == last && (spelling.text.len() >= MIN_INSIDE || numbered)
            }
        };
        let crosses = (first..last).any(|at| view.gap_after(at).contains('<'));
        good && !crosses
    }

    fn hit(&self, view: &View, spelling: &Spelling, first: usize, last: usize) -> NameHit {
        let start = view.tokens.get(first).map_or(0, |token| token.start);
        let end = view.tokens.get(last).map_or(start, |token| token.end);
        let people = spelling.people.clone();
        NameHit {
            first,
            last,
            start,
            end,
            piece: spelling.piece,
            people,
        }
    }

    /// One letter wrong, missing, too many, or two swapped, in a longer name.
    fn find_slips(&self, view: &View, hits: &mut Vec<NameHit>) {
        for (index, token) in view.tokens.iter().enumerate() {
            let (low, classes) = (view.low_of(token), view.classes(index));
            let length = low.chars().count();
            let plain = classes.is_plain_word() || classes.is_common_name();
            if length + 1 < MIN_SLIP || plain || classes.is_place() || self.words.contains(low) {
                continue;
            }
            let titled = index > 0 && view.classes(index - 1).is_title();
            let near = self.words.contains(view.low(index + 1))
                || (index > 0 && self.words.contains(view.low(index - 1)));
            let meant = view.is_capital(index) && !view.opens_sentence(index);
            let long = length >= MIN_ANYWHERE && view.is_capital(index);
            if !(titled || near || meant || long) || classes.is_given_name() && !titled && !near {
                continue;
            }
            let mut forms = shorter_forms(low);
            forms.push(low.to_owned());
            let mut tried: HashSet<usize> = HashSet::new();
            for spelling in forms.iter().filter_map(|form| self.slips.get(form)).flatten() {
                let Some(spelling) = tried
                    .insert(*spelling)
                    .then(|| self.spellings.get(*spelling))
                    .flatten()
                else {
                    continue;
                };
                let same_head = spelling.text.chars().next() == low.chars().next();
                if (same_head || titled) && one_slip(&spelling.text, low) {
                    hits.push(self.hit(view, spelling, index, index));
                }
            }
        }
    }

    /// Whether an ordinary word stands where a name would stand.
    pub(super) fn in_context(&self, view: &View, first: usize, last: usize) -> bool {
        if is_contraction(view, last) {
            return false;
        }
        if !view.is_capital(first) {
            let title = first.checked_sub(1).map(|at| view.low(at)).unwrap_or_default();
            return matches!(title, "mr" | "mrs" | "ms" | "mx") || is_lower_name_use(view, first, last);
        }
        let word = view.low(first);
        let before = first.checked_sub(1).map(|at| view.low(at)).unwrap_or_default();
        let (gap_before, gap_after) = (view.gap_before(first), view.gap_after(last));
        let joined =
            |gap: &str| !gap.is_empty() && gap.chars().all(|c| c.is_whitespace() || c == '-' || c == '.');
        let next = last + 1;
        if joined(gap_before)
            && (lists::is_title(before) || lists::is_salutation(before) || lists::is_rank(before))
        {
            return true;
        }
        let names = |at: usize| self.words.contains(view.low(at)) && view.is_capital(at);
        let close = |gap: &str| {
            !gap.is_empty()
                && gap
                    .chars()
                    .all(|c| c == ' ' || c == '-' || c == '\n' || c == '\'')
        };
        if (close(gap_before) && first > 0 && names(first - 1)) || (close(gap_after) && names(next)) {
            return true;
        }
        if is_date_use(view, first, last) || is_thing_use(view, first, last, names) {
            return false;
        }
        let alone = gap_before.contains('\n') && (gap_after.contains('\n') || next >= view.tokens.len());
        let alone = alone || first == 0 && gap_after.contains('\n');
        let beside = |gap: &str| {
            let sign = gap.trim_matches(' ');
            gap.len() > sign.len()
                && matches!(sign, "-" | "\u{2013}" | "\u{2014}" | "&" | "/" | "(" | "+" | "|")
        };
        let acts = matches!(gap_after, " " | "\n") && lists::is_act(view.low(next))
            || view.low(next) == "aged"
            || gap_after.is_empty() && next >= view.tokens.len() && first == 0;
        if alone || acts || beside(gap_after) {
            return true;
        }
        if view.is_all_capitals(first) && around_is_capitals(view, first) {
            return false;
        }
        let owns = view.classes(next + 1).is_relation() || !lists::is_calendar(word);
        let possessive = gap_after == "'" && view.low(next) == "s" && owns;
        if !view.opens_sentence(first) {
            return !view.classes(next).is_institution_word() || !view.is_capital(next) || possessive;
        }
        let after = match gap_after.trim() {
            "" | "'" => view.low(next),
            _ => "",
        };
        possessive
            || (lists::is_person_verb(after) && lists::is_given_name(word))
            || (gap_after == " " && after == "and" && view.is_capital(next + 1))
            || (gap_after.starts_with([',', ':', ')'])
                && lists::is_given_name(word)
                && !lists::is_calendar(word))
    }
}

/// "in May", "3 April 2026", "May 5th".
fn is_date_use(view: &View, first: usize, last: usize) -> bool {
    if !view.classes(first).is_calendar() {
        return false;
    }
    let number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let before = first.checked_sub(1).map(|at| view.low(at)).unwrap_or_default();
    let leading = matches!(
        before,
        "in" | "on"
            | "by"
            | "until"
            | "till"
            | "since"
            | "early"
            | "late"
            | "mid"
            | "of"
            | "from"
            | "to"
            | "this"
            | "next"
            | "last"
            | "end"
            | "during"
            | "before"
            | "after"
            | "and"
            | "or"
            | "st"
            | "nd"
            | "rd"
            | "th"
            | "between"
            | "for"
    );
    number(before) || number(view.low(last + 1)) || leading || lists::is_calendar(before)
}

/// `mark said no`, `i rang hope today`: lower case, where hardly anything but a name can stand.
fn is_lower_name_use(view: &View, first: usize, last: usize) -> bool {
    let before = first.checked_sub(1).map(|at| view.low(at)).unwrap_or_default();
    let (gap_before, gap_after) = (view.gap_before(first), view.gap_after(last));
    let opens = first == 0
        || gap_before.contains(['\n', '.', ',', ';', ':', '-', '!', '?'])
        || matches!(
            before,
            "and" | "but" | "because" | "when" | "if" | "as" | "so" | "then"
        );
    let next = view.low(last + 1);
    let speaks = gap_after == " "
        && matches!(
            next,
            "said"
                | "says"
                | "rang"
                | "told"
                | "texted"
                | "replied"
                | "apologised"
                | "admitted"
                | "phoned"
                | "emailed"
        );
    let called = matches!(before, "rang" | "texted" | "emailed" | "phoned") && gap_before == " ";
    let ends = !gap_after.starts_with(' ') && gap_after != "-" && gap_after != "'"
        || matches!(
            next,
            "today" | "yesterday" | "again" | "and" | "on" | "about" | "this"
        );
    let relation = gap_after == "'" && view.low(last + 1) == "s" && view.classes(last + 2).is_relation();
    (opens && speaks) || (called && ends && !view.classes(first).is_calendar()) || relation
}

/// "The Village Hall", "the Price", "this Court": the ordinary word, capitalised.
fn is_thing_use(view: &View, first: usize, last: usize, is_name: impl Fn(usize) -> bool) -> bool {
    let Some(before) = first.checked_sub(1) else {
        return false;
    };
    let word = view.low(first);
    if view.gap_before(first) != " " || view.low(last + 1) == "family" {
        return false;
    }
    let determiner = matches!(
        view.low(before),
        "the" | "a" | "an" | "this" | "that" | "our" | "your" | "my" | "their" | "its" | "no" | "every"
    );
    let place = lists::is_institution_word(word)
        && view.is_capital(before)
        && !view.opens_sentence(before)
        && !view.classes(before).is_given_name()
        && !view.classes(before).is_plain_word()
        && !is_name(before);
    (determiner && !lists::is_given_name(word)) || place
}

fn around_is_capitals(view: &View, index: usize) -> bool {
    view.is_all_capitals(index + 1) || index.checked_sub(1).is_some_and(|at| view.is_all_capitals(at))
}

/// `Don't` is not Don.
fn is_contraction(view: &View, index: usize) -> bool {
    view.gap_after(index) == "'" && view.low(index + 1) == "t"
}

/// `Kyles phone`: a possessive whose apostrophe was forgotten.
fn is_possessive(spelling: &Spelling, word: &str) -> bool {
    !spelling.common
        && word.strip_suffix('s') == Some(spelling.text.as_str())
        && lists::may_be_possessive(word)
}

/// `Marks phone`, `Graces mum`: the same of a name that is a word, before something that people have.
fn is_marks_phone(view: &View, spelling: &Spelling, index: usize) -> bool {
    let next = view.low(index + 1);
    let had = lists::is_relation(next)
        || matches!(
            next,
            "phone" | "mobile" | "house" | "flat" | "address" | "solicitor" | "number" | "bike"
        );
    view.is_capital(index)
        && view.low(index).strip_suffix('s') == Some(spelling.text.as_str())
        && view.gap_after(index) == " "
        && had
}

/// A full name of ordinary words needs one capital unless it stands in the usual order.
fn context_of_full(view: &View, spelling: &Spelling, first: usize) -> bool {
    !spelling.common || view.is_capital(first)
}

/// "A Price" and "I hope" are no initials.
fn initial_is_meant(view: &View, spelling: &Spelling, first: usize, last: usize) -> bool {
    let single = if view.low(first).chars().count() == 1 {
        first
    } else {
        last
    };
    let surname = if single == first { last } else { first };
    let small_word = matches!(view.low(single), "a" | "i");
    let dotted = view.gap_after(first).contains('.');
    match (spelling.common, small_word) {
        (true, true) => dotted && view.is_capital(surname) && single == first,
        (true, false) => view.is_capital(surname) && view.is_capital(single),
        (false, true) => view.is_capital(single),
        (false, false) => true,
    }
}

/// Whether a name inside a longer word is the name and not part of another word (`Allen` in "challenge").
fn inside(view: &View, book: &Book, spelling: &Spelling, index: usize, start: usize, end: usize) -> bool {
    let Some(token) = view.tokens.get(index) else {
        return false;
    };
    if spelling.text.len() < MIN_INSIDE || spelling.common {
        return false;
    }
    let low = view.low_of(token);
    if spelling.text.len() >= MIN_ANYWHERE || low.chars().any(|c| c.is_ascii_digit()) {
        return true;
    }
    let rest = |text: &str| {
        text.is_empty()
            || text.chars().count() == 1
            || matches!(text, "es" | "jnr" | "snr" | "family")
            || lists::is_title(text)
            || book.words.contains(text)
            || lists::is_given_name(text)
    };
    let (from, to) = (start - token.squash, end - token.squash);
    let outside = (
        low.get(..from).unwrap_or_default(),
        low.get(to..).unwrap_or_default(),
    );
    let written = view.written(token);
    let hump = written.chars().skip(1).any(char::is_uppercase) && written.chars().any(char::is_lowercase);
    (rest(outside.0) && rest(outside.1)) || hump
}

/// Whether a name cut in two leaves pieces that are no words of their own ("Sutt on", not "just in").
fn split_is_odd(view: &View, first: usize, last: usize) -> bool {
    const MAX_PIECES: usize = 4;
    if last - first >= MAX_PIECES {
        return false;
    }
    let hyphenated = view.gap_after(first).starts_with('-') && view.gap_after(first).contains('\n');
    hyphenated
        || (first..=last).any(|at| {
            let word = view.low(at);
            word.chars().count() > 1
                && !lists::is_plain_word(word)
                && !lists::is_common_name(word)
                && !lists::is_given_name(word)
        })
}

/// Joins hits that overlap or belong to one name, and takes titles in.
fn join(view: &View, mut hits: Vec<NameHit>) -> Vec<NameHit> {
    hits.sort_by_key(|hit| (hit.first, usize::MAX - hit.last, hit.piece));
    let mut joined: Vec<NameHit> = Vec::new();
    for hit in hits {
        match joined.last_mut() {
            Some(open) if hit.first <= open.last => {
                if hit.last > open.last {
                    (open.last, open.end) = (hit.last, hit.end);
                    narrow(open, &hit);
                } else if hit.piece == open.piece || hit.last - hit.first == open.last - open.first {
                    widen_or_narrow(open, &hit);
                }
            }
            Some(open)
                if hit.first == open.last + 1
                    && hit.last - open.first < MAX_NAME_TOKENS
                    && is_name_gap(view.gap_after(open.last))
                    && shares(open, &hit) =>
            {
                (open.last, open.end) = (hit.last, hit.end);
                narrow(open, &hit);
                open.piece = Piece::Full;
            }
            Some(_) | None => joined.push(hit),
        }
    }
    for hit in &mut joined {
        take_title(view, hit);
    }
    joined
}

fn is_name_gap(gap: &str) -> bool {
    gap.chars()
        .all(|c| c.is_whitespace() || c == '-' || c == '\'' || c == '.')
        && !gap.contains("\n\n")
        && !gap.contains(". ")
}

fn shares(a: &NameHit, b: &NameHit) -> bool {
    a.people.iter().any(|person| b.people.contains(person))
}

fn narrow(open: &mut NameHit, hit: &NameHit) {
    let both: Vec<usize> = open
        .people
        .iter()
        .copied()
        .filter(|person| hit.people.contains(person))
        .collect();
    if !both.is_empty() {
        open.people = both;
    }
}

fn widen_or_narrow(open: &mut NameHit, hit: &NameHit) {
    if hit.piece < open.piece {
        (open.piece, open.people) = (hit.piece, hit.people.clone());
        return;
    }
    if hit.piece == open.piece {
        for person in &hit.people {
            if !open.people.contains(person) {
                open.people.push(*person);
            }
        }
        open.people.sort_unstable();
    }
}

/// "Mrs Holloway" goes as a whole.
fn take_title(view: &View, hit: &mut NameHit) {
    while let Some(before) = hit.first.checked_sub(1) {
        let gap = view.gap_after(before);
        let near =
            gap.chars().all(|c| c.is_whitespace() || c == '.') && !gap.contains("\n\n") && !gap.is_empty();
        if !near || !view.classes(before).is_title() {
            break;
        }
        hit.first = before;
        hit.start = view.tokens.get(before).map_or(hit.start, |token| token.start);
    }
}

type Written = (String, Piece, bool, usize);

/// Every spelling of a person, squashed, without repeats of the same kind.
fn spellings_of(person: &Person, reach: Reach) -> Vec<Written> {
    let mut all: Vec<Written> = Vec::new();
    let written: Vec<String> = person
        .given
        .iter()
        .chain(&person.known_as)
        .chain(&person.middle)
        .chain(&person.surname)
        .flat_map(|name| words(name))
        .collect();
    let mut add = |parts: &[&str], piece: Piece| {
        // A nickname that nobody told ("drew" of an Andrew) counts only where it stands like a name.
        let is_nickname = matches!(parts, [one] if words(one).iter().all(|word| !written.contains(word)));
        let text: String = parts.iter().map(|part| squash(part)).collect();
        let pieces: Vec<String> = parts.iter().flat_map(|part| words(part)).collect();
        let common = pieces
            .iter()
            .all(|w| w.chars().count() == 1 || is_ordinary(w) && (is_nickname || !lists::is_name_first(w)));
        let enough = if piece == Piece::UserName {
            MIN_USER_NAME
        } else {
            2
        };
        if text.chars().count() >= enough {
            all.push((text, piece, common, pieces.len()));
        }
    };
    let mut givens: Vec<String> = person.given.iter().chain(&person.known_as).cloned().collect();
    if reach == Reach::Wide {
        let more: Vec<String> = givens
            .iter()
            .flat_map(|g| lists::nicknames(&squash(g)))
            .map(str::to_owned)
            .collect();
        for name in more {
            if !givens.contains(&name) {
                givens.push(name);
            }
        }
    }
    for given in &givens {
        add(&[given], Piece::Given);
        // Mary-Jane: each half on its own as well.
        let halves = words(given);
        if halves.len() > 1 {
            for half in halves.iter().filter(|half| half.chars().count() > 2) {
                add(&[half], Piece::Given);
            }
        }
    }
    for middle in person
        .middle
        .iter()
        .filter(|middle| squash(middle).chars().count() > 2)
    {
        add(&[middle], Piece::Given);
    }
    let Some(surname) = &person.surname else {
        user_names(person, &mut add);
        return all;
    };
    add(&[surname], Piece::Surname);
    let mut surnames = vec![surname.clone()];
    let halves: Vec<String> = words(surname)
        .into_iter()
        .filter(|half| !lists::is_particle(half))
        .collect();
    for half in halves
        .iter()
        .filter(|half| half.chars().count() > 1 && halves.len() > 1 || squash(surname) != **half)
    {
        add(&[half], Piece::Surname);
        surnames.push(half.clone());
    }
    let middles = person.middle.join(" ");
    for given in &givens {
        let letter: String = squash(given).chars().take(1).collect();
        for surname in &surnames {
            add(&[given, surname], Piece::Full);
            add(&[surname, given], Piece::Full);
            add(&[given, &middles, surname], Piece::Full);
            add(&[surname, given, &middles], Piece::Full);
            add(&[&letter, surname], Piece::InitialAndSurname);
            add(&[surname, &letter], Piece::InitialAndSurname);
            for middle in &person.middle {
                let second: String = squash(middle).chars().take(1).collect();
                add(&[given, &second, surname], Piece::Full);
                add(&[&letter, &second, surname], Piece::InitialAndSurname);
                add(&[middle, surname], Piece::Full);
            }
        }
    }
    user_names(person, &mut add);
    all
}

/// A word that is in use beside being a name.
fn is_ordinary(word: &str) -> bool {
    lists::is_common_name(word) || lists::is_plain_word(word)
}

fn user_names(person: &Person, add: &mut impl FnMut(&[&str], Piece)) {
    const NOT_A_PERSON: [&str; 8] = [
        "info",
        "mail",
        "email",
        "contact",
        "admin",
        "office",
        "enquiries",
        "hello",
    ];
    for name in &person.user_names {
        let whole = squash(name);
        let stem = whole.trim_end_matches(|c: char| c.is_ascii_digit());
        for name in [whole.as_str(), stem] {
            let ordinary =
                lists::is_plain_word(name) || lists::is_common_name(name) || NOT_A_PERSON.contains(&name);
            if !ordinary && name.chars().any(char::is_alphabetic) {
                add(&[name], Piece::UserName);
            }
        }
    }
}

fn shorter_forms(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let without = |gone: usize| {
        chars
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != gone)
            .map(|(_, c)| c)
            .collect()
    };
    let mut forms: Vec<String> = (0..chars.len()).map(without).collect();
    forms.push(word.to_owned());
    forms
}

/// Whether two different words are one substitution, insertion, deletion or swap of neighbours apart.
fn one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let tail = tail.min(a.len() - head).min(b.len() - head);
    let (left, right) = (a.get(head..a.len() - tail), b.get(head..b.len() - tail));
    match (left.unwrap_or_default(), right.unwrap_or_default()) {
        ([], []) => false,
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([x, y], [p, q]) => x == q && y == p,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(names: &[&str]) -> Book {
        Book::new(
            names.iter().map(|name| Person::from_full_name(name)).collect(),
            Reach::Wide,
        )
    }

    fn found(book: &Book, text: &str) -> Vec<String> {
        let view = View::new(text);
        book.find(&view)
            .iter()
            .map(|hit| view.text[hit.start..hit.end].to_owned())
            .collect()
    }

    #[test]
    fn every_usual_spelling_is_found() {
        let book = book(&[
            "Margaret Holloway",
            "Callum O'Rourke",
            "Harriet Ashworth-Bell",
            "Zoë Brennan",
        ]);
        for (text, name) in [
            ("saw Mrs Holloway today", "Mrs Holloway"),
            ("MARGARET HOLLOWAY", "MARGARET HOLLOWAY"),
            ("Holloway, Margaret", "Holloway, Margaret"),
            ("Maggie's dog", "Maggie"),
            ("M. Holloway", "M. Holloway"),
            ("for mholloway now", "mholloway"),
            ("Margaret\n> Holloway", "Margaret\n Holloway"),
            ("Mrs Holoway", "Mrs Holoway"),
            ("to Margret and", "Margret"),
            ("MargaretHolloway.pdf", "MargaretHolloway"),
            ("Mr O\u{2019}Rourke", "Mr O'Rourke"),
            ("rourke", "rourke"),
            ("HARRIET ASHWORTH-\nBELL is", "HARRIET ASHWORTH-\nBELL"),
            ("Zoe Brennan", "Zoe Brennan"),
        ] {
            assert_eq!(found(&book, text), [name], "{text}");
        }
    }

    #[test]
    fn names_that_are_words_are_found_where_a_name_stands() {
        let people = book(&[
            "Jack Qwortz",
            "Rose Hall",
            "Grace Price",
            "Kyle Day",
            "Sgt Priya Nair",
        ]);
        for (text, name) in [
            ("Jack stole it.", "Jack"),
            ("x\n\n- Jack (victim)", "Jack"),
            ("spoke to jack today", "jack"),
            ("JACK PLEADED GUILTY", "JACK"),
            ("Thanks.\n\nPrice has paid.", "Price"),
            ("Thanks.\n\nHall - yes", "Hall"),
            ("Thanks.\n\nDay & Tom came", "Day"),
            ("Thanks.\nRose\nyes", "Rose"),
            ("Kyles phone is off", "Kyles"),
            ("ask jacks mum", "jacks"),
            ("Priya Nair rang", "Priya Nair"),
            ("ok. price said no", "price"),
            ("i rang grace today", "grace"),
            ("The Graces mum", "Graces"),
        ] {
            assert_eq!(found(&people, text), [name], "{text}");
        }
        for text in [
            "The Village Hall is booked",
            "Price list attached.",
            "a bad day at work",
        ] {
            assert_eq!(found(&people, text), Vec::<String>::new(), "{text}");
        }
        let tom = Person::from_full_name("Cllr Tom (Tommo) O'Neill Jnr");
        assert_eq!(tom.initials(), "T.O.");
        assert_eq!(tom.known_as, ["Tommo"]);
    }

    #[test]
    fn ordinary_words_stay() {
        let book = book(&[
            "Mark Hope",
            "Grace Price",
            "Justin Allen",
            "Will May",
            "Don Parker",
            "Rose Frost",
        ]);
        for text in [
            "half the price of the repair, with good grace",
            "I hope you are well. Will you come on 30 May at 5pm?",
            "£200 in May and £200 in June",
            "just in time for the challenge",
            "rose to leave; mark the door",
            "Don't start without me",
            "the car was parked",
            "We hope to see you. May I call?",
        ] {
            assert_eq!(found(&book, text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(found(&book, "Mr Hope and Ms Price"), ["Mr Hope", "Ms Price"]);
        assert_eq!(found(&book, "Grace said she hopes"), ["Grace"]);
        assert_eq!(found(&book, "Mark Hope may pay"), ["Mark Hope"]);
        assert_eq!(found(&book, "he told Grace that"), ["Grace"]);
        assert_eq!(found(&book, "Dear Rose,"), ["Rose"]);
    }
}

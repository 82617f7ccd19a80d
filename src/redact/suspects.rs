//! Words that may be names because of what they are: decided by the word lists where those are enough, else by the
//! name model.
//!
//! A word that no English dictionary has and that is written with a capital is a name unless the model is certain that it
//! is none (a closed world). A word that is both ("Grace", "Price"), or that somebody wrote without a capital, is a name
//! where the model says so. How probable is probable enough depends on the kind of word: [`Kind::threshold`].
//!
//! Invariant: without the model nothing that it would have decided passes in silence: [`Suspicion::undecided`].

use super::lexicon::Classes;
use super::ner::{NameModel, Score, ScoredPiece};
use super::view::View;
use std::collections::{HashMap, HashSet};

/// Longest stretch of text that the model is given at once, in bytes: it was found to see names best in short ones.
const MAX_STRETCH: usize = 240;
/// A sentence shorter than this goes with the next one, in bytes.
const MIN_SENTENCE: usize = 40;
/// Longest acronym, in letters: a word in capitals that is no more than this and no name is one.
const MAX_ACRONYM: usize = 4;
/// How far ahead the word for an institution may stand, in words.
const MAX_INSTITUTION: usize = 5;
/// From this probability of a place on, a word is a place rather than a stranger's name.
const PLACE: f32 = 0.5;
/// From this probability on a single word is a name wherever it stands in the message.
const SURE: f32 = 0.3;
/// What a word beside a name needs to be a part of it.
const BESIDE_NAME: f32 = 0.005;
/// The same in small letters.
const SMALL_BESIDE_NAME: f32 = 0.1;
/// From this probability of a street or building on, words are an address.
const STREET: f32 = 0.5;
/// Longest house number, in bytes: "118a".
const MAX_HOUSE_NUMBER: usize = 5;
/// What a word that is hardly ever a name needs of somebody who writes without capitals.
const SMALL_WORD: f32 = 0.6;
/// What one of two words in small letters needs, the first a name and the second in no dictionary.
const SMALL_PAIR: f32 = 0.01;
/// What a name that is a word needs in a row of names.
const LISTED: f32 = 0.02;

/// What a word is, by how it is written and which lists have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Not looked at: small words, numbers, words in small letters that are English and no names.
    Plain,
    /// A capital, in no dictionary, in the list of names.
    NamedStranger,
    /// A capital, in no list.
    Stranger,
    /// A capital, an English word and a name.
    NameOrWord,
    /// A capital, an English word and no name.
    Word,
    /// Small letters, in no dictionary, in the list of names.
    SmallName,
    /// Small letters, "the prossers".
    Family,
    /// Small letters, in no list.
    SmallStranger,
    /// Small letters, an English word and a name, of somebody who writes with capitals elsewhere.
    SmallNameOrWord,
    /// The same of somebody who writes without capitals.
    UsualSmallName,
    /// A place, a month, a weekday, an acronym.
    Elsewhere,
    /// A capital, in the name of an institution.
    OfInstitution,
}

impl Kind {
    /// The probability from which on such a word is a person's. Measured on real e-mail, court cases and templates.
    fn threshold(self) -> f32 {
        match self {
            Self::Plain => f32::INFINITY,
            Self::NamedStranger => 0.0,
            Self::Stranger => 0.002,
            Self::NameOrWord => 0.2,
            Self::Word => 0.5,
            Self::Family => 0.0,
            Self::SmallName => 0.05,
            Self::SmallStranger => 0.3,
            Self::SmallNameOrWord => 0.6,
            Self::UsualSmallName => 0.15,
            Self::Elsewhere => 0.6,
            Self::OfInstitution => 0.99,
        }
    }

    /// The same where the model is fairly sure of a place.
    fn threshold_beside_place(self) -> f32 {
        match self {
            Self::Plain | Self::Word | Self::Elsewhere | Self::OfInstitution | Self::SmallStranger => {
                self.threshold()
            }
            Self::NamedStranger | Self::Family => 0.05,
            Self::Stranger => 0.1,
            Self::NameOrWord | Self::SmallName | Self::SmallNameOrWord | Self::UsualSmallName => {
                self.threshold().max(0.2)
            }
        }
    }

    /// Whether the model has to be asked for such a word alone; about the others it is heard where it is asked anyway.
    fn needs_model(self) -> bool {
        match self {
            Self::Plain | Self::Word | Self::Elsewhere | Self::OfInstitution | Self::SmallNameOrWord => false,
            Self::NamedStranger
            | Self::Stranger
            | Self::NameOrWord
            | Self::UsualSmallName
            | Self::Family
            | Self::SmallName
            | Self::SmallStranger => true,
        }
    }
}

/// What the words of one text were found to be.
pub(super) struct Suspicion {
    /// For each token whether it is a part of somebody's name.
    names: Vec<bool>,
    kinds: Vec<Kind>,
    scores: Vec<Score>,
    /// The model was needed and is not there, or failed.
    pub(super) undecided: bool,
}

impl Suspicion {
    /// Looks at every word of a message's texts.
    pub(super) fn of_all(views: &[View], model: Option<&'static NameModel>) -> Vec<Self> {
        let kinds: Vec<Vec<Kind>> = views.iter().map(kinds_of).collect();
        let read = views.iter().zip(&kinds);
        let asked: Vec<Vec<(usize, usize)>> = read.map(|(view, kinds)| stretches(view, kinds)).collect();
        let answers = model.and_then(|model| Answers::of(model, views, &asked));
        let read = views.iter().zip(kinds).zip(asked);
        read.map(|((view, kinds), asked)| {
            let scores = answers.as_ref().and_then(|answers| answers.scores(view, &asked));
            Self::of(view, kinds, scores, !asked.is_empty())
        })
        .collect()
    }

    fn of(view: &View, kinds: Vec<Kind>, scores: Option<Vec<Score>>, is_asked: bool) -> Self {
        let is_word_first =
            |at: usize| view.classes(at).is_common_name() && !view.classes(at).is_name_first();
        let undecided = scores.is_none() && is_asked;
        let scores = scores.unwrap_or_else(|| vec![Score::default(); view.tokens.len()]);
        let is_name = |(at, kind): (usize, &Kind)| match (undecided, scores.get(at)) {
            (true, _) => matches!(kind, Kind::NamedStranger | Kind::Stranger),
            // "with good grace": who writes with capitals and means the person writes "Grace".
            (false, Some(_)) if *kind == Kind::SmallNameOrWord && is_word_first(at) => false,
            (false, Some(score)) if *kind == Kind::UsualSmallName && is_word_first(at) => {
                score.person >= SMALL_WORD
            }
            (false, Some(score)) if score.place >= PLACE => score.person >= kind.threshold_beside_place(),
            (false, Some(score)) => score.person >= kind.threshold(),
            (false, None) => false,
        };
        let mut suspicion = Self {
            names: kinds.iter().enumerate().map(is_name).collect(),
            kinds,
            scores,
            undecided,
        };
        suspicion.take_small_pairs(view);
        suspicion.take_listed(view);
        suspicion.take_neighbours(view);
        suspicion
    }

    /// Whether a token is a part of somebody's name.
    pub(super) fn is_name(&self, at: usize) -> bool {
        self.names.get(at).copied().unwrap_or_default()
    }

    fn person(&self, at: usize) -> f32 {
        self.scores.get(at).map_or(0.0, |score| score.person)
    }

    /// Whether a word is sure enough to be looked for in the whole message.
    pub(super) fn is_sure(&self, at: usize) -> bool {
        self.person(at) >= SURE || self.undecided
    }

    /// Whether the model takes a token for a place and not for a person.
    pub(super) fn is_place(&self, at: usize) -> bool {
        self.scores
            .get(at)
            .is_some_and(|score| score.place >= PLACE && score.person < SURE)
    }

    /// Addresses that the model sees, in bytes of the view: a house number with words in capitals behind it, or words that no
    /// dictionary has.
    pub(super) fn addresses(&self, view: &View) -> Vec<(usize, usize)> {
        let is_street = |at: usize| {
            self.scores
                .get(at)
                .is_some_and(|score| score.street >= STREET && score.person < SURE)
                // "Thursday 4 June": the model takes a day for a house.
                && !view.classes(at).is_calendar()
        };
        let is_number = |at: usize| {
            view.low(at).starts_with(|c: char| c.is_ascii_digit()) && view.low(at).len() <= MAX_HOUSE_NUMBER
        };
        let mut found = Vec::new();
        let mut at = 0;
        while at < view.tokens.len() {
            let mut last = at;
            // "RJ-2026-00131 Mossfield": the end of a number is no house.
            let ends_number = is_number(at) && view.gap_before(at).ends_with(['-', '/', '.']);
            if !is_street(at) || ends_number {
                at += 1;
                continue;
            }
            while is_street(last + 1) && matches!(view.gap_after(last), " " | ", " | "'" | "-") {
                last += 1;
            }
            let has_capital = (at..=last).any(|word| view.is_capital(word) && !is_number(word));
            let is_unknown = (at..=last)
                .any(|word| matches!(self.kinds.get(word), Some(Kind::Stranger | Kind::NamedStranger)));
            if has_capital && (is_number(at) && last > at || is_unknown) {
                let range = view.tokens.get(at).zip(view.tokens.get(last));
                found.extend(range.map(|(first, last)| (first.start, last.end)));
            }
            at = last + 1;
        }
        found
    }

    /// Whether a token could be a surname: no place, month, acronym or number, and with small letters no word that is no
    /// name.
    pub(super) fn may_be_name(&self, at: usize) -> bool {
        match self.kinds.get(at) {
            Some(
                Kind::NamedStranger
                | Kind::Stranger
                | Kind::NameOrWord
                | Kind::Word
                | Kind::SmallName
                | Kind::SmallStranger
                | Kind::SmallNameOrWord
                | Kind::UsualSmallName
                | Kind::Family,
            ) => true,
            Some(Kind::Plain | Kind::Elsewhere | Kind::OfInstitution) | None => false,
        }
    }

    /// "eric g. samoylova", "frank freud": a given name in small letters, then perhaps a letter, then no English word.
    fn take_small_pairs(&mut self, view: &View) {
        let is_name = |at: usize| {
            matches!(
                self.kinds.get(at),
                Some(Kind::SmallName | Kind::SmallNameOrWord | Kind::UsualSmallName)
            )
        };
        let is_stranger =
            |at: usize| matches!(self.kinds.get(at), Some(Kind::SmallName | Kind::SmallStranger));
        let likely = |at: usize| self.person(at) >= SMALL_PAIR;
        let letter = |at: usize| view.low(at).chars().count() == 1 && !matches!(view.low(at), "a" | "i");
        let mut found = Vec::new();
        for at in 0..self.names.len() {
            let next = at + 1;
            let spaced = view.gap_after(at) == " ";
            let pair = spaced && is_stranger(next) && (likely(at) || likely(next));
            let with_letter = spaced
                && letter(next)
                && matches!(view.gap_after(next), " " | ". ")
                && (is_stranger(next + 1) || is_name(next + 1));
            if is_name(at) && (pair || with_letter) {
                found.extend([at, if pair { next } else { next + 1 }]);
            }
        }
        found.into_iter().for_each(|at| self.set(at));
    }

    /// "Monjeau, Graves and Reed": a name that is a word, in a row with another name.
    fn take_listed(&mut self, view: &View) {
        let links = |at: usize| {
            let gap = view.gap_after(at);
            matches!(gap, ", " | " & " | "/" | " / ") || gap == " " && matches!(view.low(at), "and" | "or")
        };
        for at in 0..self.names.len() {
            let is_word = matches!(self.kinds.get(at), Some(Kind::NameOrWord));
            let likely = self.person(at) >= LISTED;
            let before = at.checked_sub(1).is_some_and(|one| {
                links(one)
                    && (self.is_name(one)
                        || one
                            .checked_sub(1)
                            .is_some_and(|two| view.gap_after(two) == " " && self.is_name(two)))
            });
            if is_word && likely && before {
                self.set(at);
            }
        }
    }

    /// "Kelly Cloud": a word in capitals beside a name is a part of it, if the model does not rule it out.
    fn take_neighbours(&mut self, view: &View) {
        let (kinds, scores) = (self.kinds.clone(), self.scores.clone());
        let small = |at: usize| {
            matches!(
                kinds.get(at),
                Some(Kind::SmallName | Kind::SmallStranger | Kind::SmallNameOrWord | Kind::UsualSmallName)
            )
        };
        let capital = |at: usize| {
            matches!(
                kinds.get(at),
                Some(Kind::Word | Kind::NameOrWord | Kind::Stranger | Kind::NamedStranger)
            )
        };
        let may = |at: usize| {
            let person = scores.get(at).map_or(0.0, |score| score.person);
            capital(at) && person >= BESIDE_NAME || small(at) && person >= SMALL_BESIDE_NAME
        };
        for at in 1..self.names.len() {
            let joined = is_joined(view, at - 1);
            if self.is_name(at - 1) && !self.is_name(at) && joined && may(at) {
                self.set(at);
            }
        }
        for at in (1..self.names.len()).rev() {
            let joined = is_joined(view, at - 1);
            let is_word = matches!(kinds.get(at - 1), Some(Kind::Word));
            let fits = may(at - 1) && !is_word;
            if self.is_name(at) && !self.is_name(at - 1) && joined && fits {
                self.set(at - 1);
            }
        }
    }

    fn set(&mut self, at: usize) {
        if let Some(name) = self.names.get_mut(at) {
            *name = true;
        }
    }
}

fn kind(view: &View, at: usize) -> Kind {
    let word = view.low(at);
    if !view.is_word(at) || word.chars().count() < 2 {
        return Kind::Plain;
    }
    // "Co-ordinator" is one word, whatever stands between its halves.
    let halves = |first: usize| {
        view.gap_after(first) == "-"
            && Classes::of(&format!("{}{}", view.low(first), view.low(first + 1))).is_english()
    };
    if halves(at) || at.checked_sub(1).is_some_and(halves) {
        return Kind::Plain;
    }
    let classes = view.classes(at);
    let is_name = classes.is_name() && !classes.is_plain_word() || classes.is_given_name();
    let is_acronym = view.is_all_capitals(at) && word.chars().count() <= MAX_ACRONYM && !is_name;
    let is_place = classes.is_place() && !classes.is_given_name();
    if is_place || classes.is_calendar() || is_acronym {
        return Kind::Elsewhere;
    }
    if leads_institution(view, at) || names_prison(view, at) {
        return Kind::OfInstitution;
    }
    match (view.is_capital(at), classes.is_english(), is_name) {
        (true, false, true) => Kind::NamedStranger,
        (true, false, false) => Kind::Stranger,
        (true, true, true) => Kind::NameOrWord,
        (true, true, false) if opens_sentence(view, at) => Kind::Plain,
        (true, true, false) => Kind::Word,
        (false, false, true) => Kind::SmallName,
        // "the prossers": a family.
        (false, false, false)
            if word
                .strip_suffix('s')
                .is_some_and(|name| Classes::of(name).is_name())
                && at > 0
                && view.low(at - 1) == "the" =>
        {
            Kind::Family
        }
        (false, false, false) => Kind::SmallStranger,
        (false, true, true) if classes.is_given_name() && !classes.is_common_name() => Kind::SmallName,
        (false, true, true) => Kind::SmallNameOrWord,
        (false, true, false) => Kind::Plain,
    }
}

/// Whether a word has its capital because a sentence begins; "Y. Hos" begins none.
fn opens_sentence(view: &View, at: usize) -> bool {
    let behind_initial = at
        .checked_sub(1)
        .is_some_and(|before| view.low(before).chars().count() == 1 && view.gap_after(before) == ". ");
    view.opens_sentence(at) && !behind_initial
}

/// Whether a token and the next one stand as the parts of one name do.
fn is_joined(view: &View, at: usize) -> bool {
    match view.gap_after(at) {
        " " | "-" | "'" => true,
        ". " => view.low(at).chars().count() == 1,
        _ => false,
    }
}

/// Whether somebody writes without capitals: "i am going, max is in".
fn is_without_capitals(view: &View) -> bool {
    (0..view.tokens.len()).any(|at| view.low(at) == "i" && !view.is_capital(at) && view.gap_after(at) == " ")
}

/// "Mid Anglia Restorative & Mediation Service", "Holloway Primary School": words in capitals that run into the word for
/// an institution are its name.
fn leads_institution(view: &View, at: usize) -> bool {
    // "Essex Police", although some are called Essex.
    let names_agency = view.gap_after(at) == " "
        && view.is_capital(at + 1)
        && matches!(
            view.low(at + 1),
            "police" | "constabulary" | "probation" | "council"
        );
    if !view.is_capital(at) || view.classes(at).is_given_name() && !names_agency {
        return false;
    }
    let led_by_name = at.checked_sub(1).is_some_and(|before| {
        matches!(view.gap_after(before), " " | ". ")
            && (view.classes(before).is_title() || view.classes(before).is_given_name())
    });
    if led_by_name {
        return false;
    }
    let mut next = at;
    for _ in 0..MAX_INSTITUTION {
        let joined = matches!(view.gap_after(next), " " | " & " | "-");
        next += 1;
        let linked = matches!(view.low(next), "and" | "of" | "the" | "for");
        if !joined || !(view.is_capital(next) || linked) {
            return false;
        }
        if view.classes(next).is_institution_word() && view.is_capital(next) {
            return !view.classes(next).is_name();
        }
    }
    false
}

/// "HMP Stonewell", "HMP/YOI Fernleigh".
fn names_prison(view: &View, at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| {
        view.gap_before(at) == " " && matches!(view.low(before), "hmp" | "hmyoi" | "yoi" | "hmpyoi")
    })
}

/// What each word of a text is.
fn kinds_of(view: &View) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = (0..view.tokens.len()).map(|at| kind(view, at)).collect();
    if is_without_capitals(view) {
        let words = kinds.iter_mut().filter(|kind| **kind == Kind::SmallNameOrWord);
        words.for_each(|kind| *kind = Kind::UsualSmallName);
    }
    kinds
}

/// The stretches of a text that hold something to ask, in bytes: whole sentences, as many as fit into [`MAX_STRETCH`].
fn stretches(view: &View, kinds: &[Kind]) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for (start, end) in sentences(&view.text) {
        match all.last_mut() {
            Some(last) if end - last.0 <= MAX_STRETCH => last.1 = end,
            Some(_) | None => all.push((start, end)),
        }
    }
    let mut token = 0;
    all.retain(|(_, end)| {
        let mut needs = false;
        while view.tokens.get(token).is_some_and(|found| found.start < *end) {
            needs |= kinds.get(token).is_some_and(|kind| kind.needs_model());
            token += 1;
        }
        needs
    });
    all
}

/// Lines, long ones cut at the ends of sentences, else between words.
fn sentences(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut space = 0;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let ends = c == '\n'
            || c.is_whitespace() && matches!(last, '.' | '!' | '?' | ';') && at - from >= MIN_SENTENCE;
        if c.is_whitespace() {
            space = after;
        }
        let full = after - from >= MAX_STRETCH;
        let cut = match (ends, full) {
            (true, _) => after,
            (false, true) if space > from => space,
            (false, true) => after,
            (false, false) => {
                last = c;
                continue;
            }
        };
        out.push((from, cut));
        from = cut;
        last = c;
    }
    if from < text.len() {
        out.push((from, text.len()));
    }
    out
}

/// What the model says of each stretch. The same one in several places (quoted history) is asked about once.
struct Answers<'v>(HashMap<&'v str, Vec<ScoredPiece>>);

impl<'v> Answers<'v> {
    /// `None` where the model fails.
    fn of(model: &'static NameModel, views: &'v [View], asked: &[Vec<(usize, usize)>]) -> Option<Self> {
        let mut seen = HashSet::new();
        let all = views.iter().zip(asked).flat_map(|(view, asked)| {
            asked
                .iter()
                .filter_map(|(start, end)| view.text.get(*start..*end))
        });
        let distinct: Vec<&str> = all.filter(|stretch| seen.insert(*stretch)).collect();
        let scored = model.score_all(&distinct)?;
        Some(Self(distinct.into_iter().zip(scored).collect()))
    }

    /// The most that any piece of a token scores.
    fn scores(&self, view: &View, asked: &[(usize, usize)]) -> Option<Vec<Score>> {
        let mut scores = vec![Score::default(); view.tokens.len()];
        for (start, end) in asked {
            let mut token = view.tokens.partition_point(|token| token.end <= *start);
            for piece in self.0.get(view.text.get(*start..*end)?)? {
                let (from, to) = (start + piece.at.start, start + piece.at.end);
                while view.tokens.get(token).is_some_and(|found| found.end <= from) {
                    token += 1;
                }
                let mut inside = token;
                while view.tokens.get(inside).is_some_and(|found| found.start < to) {
                    if let Some(score) = scores.get_mut(inside) {
                        score.person = score.person.max(piece.score.person);
                        score.place = score.place.max(piece.score.place);
                        score.street = score.street.max(piece.score.street);
                    }
                    inside += 1;
                }
            }
        }
        Some(scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(view: &View, model: Option<&'static NameModel>) -> Suspicion {
        let all = Suspicion::of_all(std::slice::from_ref(view), model);
        all.into_iter().next().expect("one view was given")
    }

    fn named(text: &str, model: Option<&'static NameModel>) -> Vec<String> {
        let view = View::new(text);
        let suspicion = alone(&view, model);
        let names = (0..view.tokens.len()).filter(|at| suspicion.is_name(*at));
        names.map(|at| view.low(at).to_owned()).collect()
    }

    #[test]
    fn the_model_tells_names_that_are_words_from_words() {
        let model = NameModel::shared();
        assert!(model.is_some());
        assert_eq!(
            named("I spoke to Rose Hart about the fence.", model),
            ["rose", "hart"]
        );
        assert_eq!(
            named("The Rose Garden Project starts in May.", model),
            Vec::<String>::new()
        );
        assert_eq!(named("yesterday i saw krzysztof again", model), ["krzysztof"]);
    }

    #[test]
    fn without_the_model_strangers_go_and_doubt_is_told() {
        let view = View::new("We met Oyelaran at the Centre.");
        let suspicion = alone(&view, None);
        assert!(suspicion.undecided && suspicion.is_name(2));
        let plain = alone(&View::new("The office is open at 10."), None);
        assert!(!plain.undecided);
    }

    #[test]
    fn sentences_cover_the_text_without_gaps_and_stay_short() {
        let text = format!(
            "One. Two is here and goes on for some more words. {}\nLast",
            "word ".repeat(200)
        );
        let cut = sentences(&text);
        assert!(cut.iter().all(|(from, to)| to - from <= MAX_STRETCH));
        assert_eq!(
            cut.iter().map(|(from, to)| &text[*from..*to]).collect::<String>(),
            text
        );
    }
}

//! Which words in capitals are a person's name.

use super::super::text::Token;
use super::super::words::{NOT_NAMES, PARTICLES, PERSON_NOUNS, PLACES, RELATIONS, SURNAMES, is_harm_done};
use super::{INTRODUCTION, Sex, role_word};
use crate::domain::{is_given_name, names};
use std::collections::HashSet;
use std::ops::Range;

/// Most words of a name.
const MAX_NAME_WORDS: usize = 5;

/// A run of words that may be a name.
pub(super) struct Name {
    pub(super) at: Range<usize>,
    /// Lower case, without the title.
    pub(super) words: Vec<String>,
    pub(super) sex: Option<Sex>,
    pub(super) is_titled: bool,
    pub(super) is_ranked: bool,
    /// "Mr Eric Walsh" of "Mr and Mrs Eric Walsh".
    pub(super) of_couple: Option<String>,
    /// A word for a place stands behind it: "Victoria Park".
    pub(super) is_place: bool,
}

/// A name without the `'s` of a possessive.
pub(super) fn own_name(text: &str) -> &str {
    text.trim_end_matches("'s").trim_end_matches("’s")
}

pub(super) fn words_of(name: &str) -> Vec<String> {
    name.split_whitespace()
        .map(|word| word.to_lowercase().replace('’', "'"))
        .collect()
}

/// The words in capitals at a token, with the title before them.
pub(super) fn name_at(tokens: &[Token], at: usize) -> Option<Name> {
    let first = tokens.get(at)?;
    if let Some(couple) = couple_at(tokens, at) {
        return Some(couple);
    }
    if let Some(name) = small_name_at(tokens, at) {
        return Some(name);
    }
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
    let end = end_of_words(tokens, from, is_titled);
    let end = surname_first(tokens, from, end);
    let words: Vec<String> = tokens
        .get(from..end)?
        .iter()
        .filter(|t| !t.is_mark())
        .map(|t| t.lower.clone())
        .collect();
    let ends_as_place = |t: &Token| t.is_capital && PLACES.contains(&t.base());
    let is_place = !is_titled
        && (tokens.get(end).is_some_and(ends_as_place)
            || end
                .checked_sub(1)
                .and_then(|last| tokens.get(last))
                .is_some_and(ends_as_place));
    (!words.is_empty()).then_some(Name {
        at: at..end,
        words,
        sex,
        is_titled,
        is_ranked,
        is_place,
        of_couple: None,
    })
}

/// Where the words in capitals that begin at a token end, small particles within them included.
fn end_of_words(tokens: &[Token], from: usize, is_titled: bool) -> usize {
    let mut end = from;
    while let Some(token) = tokens.get(end).filter(|_| end - from < MAX_NAME_WORDS) {
        let is_particle = end > from && PARTICLES.contains(&token.lower.as_str());
        let is_month = end == from && is_titled && is_named_month(tokens, end);
        // "Then Mr Lee": his name begins at the title.
        if end > from && token.is_capital && token.is_any(&["mr", "mrs", "ms", "miss"]) {
            return from;
        }
        if !(is_name_word(token) || is_particle || is_month || is_surname(tokens, from..end, is_titled)) {
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
    end
}

/// "Mr and Mrs Eric Walsh": the husband, whose name it is; his wife's is not told.
fn couple_at(tokens: &[Token], at: usize) -> Option<Name> {
    let [mr, and, mrs] = tokens.get(at..at + 3)? else {
        return None;
    };
    let is_couple = mr.lower == "mr" && mr.is_capital && and.is_any(&["and", "&"]) && mrs.lower == "mrs";
    if !is_couple {
        return None;
    }
    let wife = name_at(tokens, at + 2)?;
    let words: Vec<&str> = wife
        .words
        .iter()
        .map(|word| word.trim_end_matches("'s"))
        .collect();
    let shown: Vec<String> = words.iter().map(|word| capital(word)).collect();
    Some(Name {
        at: at..wife.at.end,
        of_couple: Some(format!("Mr {}", shown.join(" "))),
        sex: Some(Sex::Male),
        ..wife
    })
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// "mr albie foskett" of somebody who writes no capitals: a title, a given name, and a surname that is no word of
/// the sentence.
fn small_name_at(tokens: &[Token], at: usize) -> Option<Name> {
    const GOES_ON: [&str; 24] = [
        "at", "and", "who", "of", "from", "is", "was", "has", "had", "in", "on", "to", "but", "next", "said",
        "says", "he", "she", "they", "with", "for", "the", "came", "up",
    ];
    let title = tokens.get(at).filter(|t| !t.is_capital)?;
    let sex = match title.lower.as_str() {
        "mr" => Sex::Male,
        "mrs" | "miss" | "ms" => Sex::Female,
        _ => return None,
    };
    let from = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|t| t.lower == "."));
    let is_word =
        |token: &&Token| !token.is_mark() && token.lower.chars().all(|c| c.is_alphabetic() || c == '-');
    let first = tokens.get(from).filter(is_word).filter(|t| !t.is_any(&GOES_ON))?;
    let surname = tokens
        .get(from + 1)
        .filter(is_word)
        .filter(|t| !t.is_any(&GOES_ON));
    let has_surname = surname.is_some() && is_given_name(&first.lower);
    let end = from + 1 + usize::from(has_surname);
    let words = tokens.get(from..end)?.iter().map(|t| t.lower.clone()).collect();
    Some(Name {
        at: at..end,
        words,
        sex: Some(sex),
        is_titled: true,
        is_ranked: false,
        is_place: false,
        of_couple: None,
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

/// "Mrs June Rudd": a month that is a given name.
fn is_named_month(tokens: &[Token], at: usize) -> bool {
    let month = tokens
        .get(at)
        .is_some_and(|t| t.is_capital && t.is_any(&["april", "may", "june", "august"]));
    month && tokens.get(at + 1).is_some_and(is_name_word)
}

/// "Mr Green", "Jason Hill": a word for a place that is a surname too.
fn is_surname(tokens: &[Token], name: Range<usize>, is_titled: bool) -> bool {
    let word = tokens
        .get(name.end)
        .is_some_and(|t| t.is_capital && SURNAMES.contains(&t.base()));
    let ends = tokens.get(name.end + 1).is_none_or(|t| !t.is_capital);
    let given = tokens.get(name.start).is_some_and(|t| is_given_name(&t.lower));
    word && ends && (is_titled || !name.is_empty() && given)
}

fn is_name_word(token: &Token) -> bool {
    token.is_capital
        && !is_short_pronoun(&token.lower)
        && !PERSON_NOUNS.iter().any(|(word, _)| *word == token.base())
        && !RELATIONS.iter().any(|(word, _)| *word == token.base())
        && role_word(token).is_none()
        && !token.is_mark()
        && !token
            .lower
            .chars()
            .any(|c| c.is_ascii_digit() || c == '@' || c == '/')
        && !NOT_NAMES.contains(&token.base())
}

/// "Terrence Lee, prison number A1234BC", "Ann Lee (born 3 May 1980": only people have these.
pub(super) fn is_described(tokens: &[Token], name: &Range<usize>) -> bool {
    let behind = tokens.get(name.end..).unwrap_or_default();
    match behind {
        [mark, what, next, ..] if mark.is_any(&[",", "(", "-", "–"]) => {
            what.is_any(&["dob", "d.o.b", "born", "aged", "crn", "nomis", "noms", "pnc"])
                || matches!(
                    (what.lower.as_str(), next.lower.as_str()),
                    ("prison", "number" | "no") | ("date", "of")
                )
        }
        _ => false,
    }
}

/// Whether what stands around words in capitals says that they are a person's name.
pub(super) fn is_introduced(tokens: &[Token], sentence: &Range<usize>, name: &Range<usize>) -> bool {
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
    let speaks = is_aged || after.first().is_some_and(|word| is_persons_verb(word));
    let is_upper = tokens.get(name.start).is_some_and(|t| t.is_upper)
        && tokens.get(name.end - 1).is_some_and(|t| !t.is_upper);
    let is_listed = before.is_empty()
        && after
            .first()
            .is_some_and(|word| [",", "(", "-", "–", ":"].contains(word));
    let is_label = matches!(before, [label] | [.., label, _] if label.is_any(&["name", "names"]));
    !is_place && (is_label || names_role || is_one_of || tells_birth || speaks || is_upper || is_listed)
        || before
            .last()
            .is_some_and(|t| t.is_any(&["between", "refer", "behalf"]))
}

fn is_birth_word(word: &str) -> bool {
    ["dob", "d.o.b", "born", "aged", "age", "date"].contains(&word)
        || word.chars().next().is_some_and(|c| c.is_ascii_digit())
}

/// What only people do: "says", "agreed", "threw".
fn is_persons_verb(word: &str) -> bool {
    const VERBS: [&str; 34] = [
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
        "rang",
        "went",
        "came",
        "knows",
        "asked",
        "denies",
        "denied",
        "lost",
        "took",
        "thinks",
        "understands",
        "works",
        "attends",
        "pulled",
        "found",
        "saw",
        "felt",
        "apologised",
    ];
    VERBS.contains(&word) || is_harm_done(word)
}

/// The first names and surnames by which the text speaks of people by themselves: "Haris is 13", "Marley has",
/// "Marley's mother".
pub(super) fn spoken_names(tokens: &[Token]) -> HashSet<&str> {
    let told = |(at, token): (usize, &'_ Token)| {
        let stands_alone = at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_none_or(|before| !before.is_capital || before.is_mark());
        let next = tokens.get(at + 1)?;
        let owns = token.lower.ends_with("'s") && RELATIONS.iter().any(|(word, _)| *word == next.lower);
        let age = tokens
            .get(at + 2)
            .is_some_and(|t| t.lower.chars().all(|c| c.is_ascii_digit()));
        let acts = is_persons_verb(&next.lower) && !["who", "can", "found"].contains(&next.lower.as_str());
        let is_told = owns || acts || next.lower == "is" && age;
        (stands_alone && is_told && is_name_word(token)).then_some(at)
    };
    let spoken = tokens.iter().enumerate().filter_map(told);
    spoken.filter_map(|at| tokens.get(at)).map(Token::base).collect()
}

/// "She'd", "I'm", "They'll".
fn is_short_pronoun(word: &str) -> bool {
    word.split_once('\'').is_some_and(|(head, _)| {
        [
            "i", "he", "she", "they", "we", "you", "it", "that", "there", "who", "don", "can", "won",
        ]
        .contains(&head)
    })
}

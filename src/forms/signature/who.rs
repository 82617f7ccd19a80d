//! Whose signature it is: the writer's name in its spellings, or somebody who signs from a shared mailbox.

use super::{MAX_PIECE_WORDS, ends_a_sentence, is_disclaimer, is_machine, pieces};
use crate::domain::{MessageHeaders, names};
use crate::forms::labels::tokens;

/// Words of names that teams and places send under.
const NO_PERSON: [&str; 22] = [
    "team",
    "unit",
    "service",
    "services",
    "website",
    "web",
    "form",
    "forms",
    "reception",
    "surgery",
    "office",
    "mailbox",
    "notifications",
    "reply",
    "noreply",
    "admin",
    "enquiries",
    "referrals",
    "hub",
    "group",
    "trust",
    "council",
];

/// Lines at the end among which somebody may sign whose name the mail does not bear.
const LAST_LINES: usize = 14;

/// A line of a signature has no more words than this.
const MAX_POST_WORDS: usize = 14;

/// The writer's name from the From field, without title, rank and what stands in brackets: `"Redgate, Fiona"`,
/// `Obi Marcus 76120`, `HALLETT, Tom (EASTMERE TRUST)`.
pub(in crate::forms) fn display_words(headers: &MessageHeaders) -> Vec<String> {
    let name = headers.from_name.as_deref().unwrap_or_default();
    let bare = name
        .split(['(', '[', '{'])
        .next()
        .filter(|bare| !bare.trim().is_empty());
    let words = tokens(bare.unwrap_or(name));
    let is_titled = |word: &str| names::is_rank(word) || names::is_title(word);
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let is_rest_of_rank = word == "con" && before.is_some_and(|before| before == "det");
        let is_name = word.chars().all(char::is_alphabetic) && word.chars().count() > 1;
        if is_name && !is_titled(word) && !is_rest_of_rank {
            out.push(word.clone());
        }
    }
    out
}

/// The line on which a signature begins: the writer's whole name, their rank or initial with the surname, else
/// the name of somebody who signs with their post from a shared mailbox.
pub(in crate::forms) fn begins_at(lines: &[String], words: &[String]) -> Option<usize> {
    let is_of_place = words.iter().any(|word| NO_PERSON.contains(&word.as_str()));
    let named = || {
        let own = |line: &String| holds_name(line, words) && !crate::forms::prose::is_header(line);
        lines.iter().position(own)
    };
    Some(())
        .filter(|()| !is_of_place)
        .and_then(|()| named())
        .or_else(|| lines.iter().rposition(|line| holds_short_name(line, words)))
        .or_else(|| stranger_at(lines))
}

/// "DC Sung", "G Fenwick", "PC 2914 Hester / OIC": the surname behind a rank or initial.
pub(in crate::forms) fn holds_short_name(line: &str, words: &[String]) -> bool {
    let said = tokens(line);
    let mut told = said.iter().skip_while(|w| {
        names::is_rank(w)
            || names::is_title(w)
            || w.chars().all(|c| c.is_ascii_digit())
            || w.chars().count() == 1
    });
    let lead = said.first();
    let is_initial = |w: &String| w.chars().count() == 1 && w.chars().all(char::is_alphabetic);
    let is_led = lead.is_some_and(|w| names::is_rank(w) || names::is_title(w) || is_initial(w));
    let is_short = said.len() <= MAX_PIECE_WORDS && !ends_a_sentence(line);
    is_led && is_short && told.by_ref().take(2).any(|surname| words.contains(surname))
}

/// "PC 3318 Ann Lee" of a mail sent as "PC 3318 Lee": the given name stands in the signature.
pub(super) fn adds_given_name(piece: &str, words: &[String]) -> bool {
    let said = tokens(piece);
    let is_name = |w: &&String| {
        !names::is_rank(w)
            && !names::is_title(w)
            && w.chars().count() > 1
            && w.chars().all(char::is_alphabetic)
    };
    words.len() == 1 && holds_short_name(piece, words) && said.iter().filter(is_name).count() == 2
}

/// Somebody who signs from a mailbox that does not bear their name: a name, with a post beside or below it, and no
/// more sentences behind.
pub(in crate::forms) fn stranger_at(lines: &[String]) -> Option<usize> {
    let told: Vec<usize> = (0..lines.len())
        .filter(|at| lines.get(*at).is_some_and(|line| !line.trim().is_empty()))
        .collect();
    let last = told.get(told.len().saturating_sub(LAST_LINES)..)?;
    let line = |at: &usize| lines.get(*at).map(String::as_str).unwrap_or_default();
    let sentence = last.iter().rposition(|at| {
        let text = line(at);
        text.ends_with(['.', '?', '!'])
            && text.split_whitespace().count() > MAX_PIECE_WORDS
            && !is_disclaimer(text)
            || crate::forms::prose::is_sign_off(text)
    });
    let block = last.get(sentence.map_or(0, |at| at + 1)..)?;
    let found = block.iter().enumerate().find(|(offset, at)| {
        let mut pieces = pieces(line(at)).into_iter();
        let named = pieces.next().is_some_and(|head| is_plain_name(&head));
        let below = block.get(offset + 1).map(line).unwrap_or_default();
        named && (pieces.any(|piece| is_post(&piece)) || is_post(below))
    });
    found.map(|(_, at)| *at).filter(|at| *at > 0)
}

/// Two or three words in capitals of which the first is a given name.
pub(super) fn is_plain_name(text: &str) -> bool {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !names::is_title(word))
        .collect();
    let is_word = |word: &&str| {
        word.chars().next().is_some_and(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    let given = words
        .first()
        .is_some_and(|word| crate::domain::is_given_name(&word.to_lowercase()));
    (2..=3).contains(&words.len()) && words.iter().all(is_word) && given
}

/// A short line or piece that names a post: "Practice Manager", "Head of Year 9".
pub(in crate::forms) fn is_post(text: &str) -> bool {
    const POSTS: [&str; 40] = [
        "officer",
        "manager",
        "worker",
        "coordinator",
        "co-ordinator",
        "practitioner",
        "constable",
        "sergeant",
        "teacher",
        "headteacher",
        "head",
        "nurse",
        "doctor",
        "vicar",
        "rector",
        "chaplain",
        "solicitor",
        "advisor",
        "adviser",
        "warden",
        "supervisor",
        "lead",
        "pcso",
        "dc",
        "pc",
        "sgt",
        "director",
        "caseworker",
        "assistant",
        "secretary",
        "governor",
        "leader",
        "advocate",
        "priest",
        "minister",
        "matron",
        "principal",
        "ranger",
        "mentor",
        "facilitator",
    ];
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .map(str::to_lowercase)
        .collect();
    words.len() <= MAX_POST_WORDS
        && !text.ends_with('.')
        && words.iter().any(|word| POSTS.contains(&word.as_str()))
}

/// A signature line without the words of the name that the mail was sent under.
pub(super) fn is_strangers(line: &str, words: &[String]) -> bool {
    !holds_name(line, words) && !holds_short_name(line, words)
}

/// A display name of two words or more that no program, team or place sends under.
pub(in crate::forms) fn is_of_a_person(name: &str, address: &str) -> bool {
    let words: Vec<String> = tokens(name);
    let named = words
        .iter()
        .filter(|w| w.chars().all(|c| c.is_alphabetic() || c == '-'))
        .count();
    named >= 2 && !is_machine(address) && !words.iter().any(|word| NO_PERSON.contains(&word.as_str()))
}

/// Whether a line is the writer's name, perhaps with more behind a separator.
pub(in crate::forms) fn holds_name(line: &str, words: &[String]) -> bool {
    let head = pieces(line).into_iter().next().unwrap_or_default();
    let said = tokens(&strip_pronouns(&head));
    let told: Vec<&String> = said
        .iter()
        .filter(|w| !names::is_rank(w) && !names::is_title(w) && !w.chars().all(|c| c.is_ascii_digit()))
        .collect();
    words.len() >= 2 && words.iter().all(|w| told.contains(&w)) && told.len() <= words.len() + 2
}

pub(super) fn strip_pronouns(text: &str) -> String {
    match text.split_once('(') {
        Some((before, _)) => before.to_owned(),
        None => text.to_owned(),
    }
}

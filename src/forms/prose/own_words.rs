//! People who write about themselves: "I was burgled", "I am the one who did it", "my neighbour".
//!
//! Invariant: the writer becomes a party only where a sentence says what was done to them or by them, or
//! that they live beside somebody they are at odds with, and where they ask for something.

use super::cast::Writer;
use super::text::{Ending, Prose, Token, is_sign_off};
use super::{Source, incident, listing, matter};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{ConsentAnswer, Party, Referral, Role, is_given_name, names};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place};
use crate::forms::signature::holds_name;
use crate::forms::wants::Wants;
use std::ops::Range;

/// Lines at the end among which the writer's name is looked for.
const MAX_LINES_BELOW: usize = 8;
/// How far before "ring me" a "not" counts, in tokens.
const REFUSAL_REACH: usize = 4;

/// Most lines of an address below a name.
const MAX_ADDRESS_LINES: usize = 5;
/// Longest line of such an address, in bytes.
const MAX_ADDRESS_LINE: usize = 45;
/// Longest name below a mail, in words.
const MAX_NAME_WORDS: usize = 4;

/// Shortest name without capitals, both words together, in bytes.
const MIN_NAME_LENGTH: usize = 6;
/// Longest label of a website's form, in words.
const MAX_LABEL_WORDS: usize = 6;
/// Labelled lines that make a mail a website's.
const LABELLED_LINES: usize = 2;

/// What people ask of the service.
const ASKS: [&str; 35] = [
    "happy to be contacted",
    "have it out",
    "tell him",
    "tell her",
    "tell them",
    "face to face",
    "to his face",
    "to her face",
    "write to",
    "hear her",
    "hear his",
    "call me",
    "ring me",
    "text me",
    "contact me",
    "write to me",
    "email me",
    "e-mail me",
    "speak to me",
    "talk to me",
    "get in touch",
    "say sorry",
    "apologise",
    "to meet",
    "mediation",
    "mediate",
    "mediashun",
    "restorative",
    "ask him",
    "ask her",
    "ask them",
    "hear from",
    "explain",
    "to tell her",
    "to tell him",
];

/// Reads a mail by somebody about themself. `None` where it is not.
pub(super) fn read(
    source: &Source<'_>,
    wants: Wants,
    context: &FormsContext<'_>,
) -> Option<(Referral, Notes)> {
    let said = format!("{} {}", source.message.headers.subject, source.text);
    let said = said.to_lowercase().replace('’', "'");
    if source.is_of_agency || !(wants.refers || ASKS.iter().any(|ask| said.contains(ask))) {
        return None;
    }
    if is_machine_made(&source.lines) {
        return None;
    }
    let prose = Prose::of(&source.lines, &source.writer, Ending::Kept);
    let mut referral = Referral::default();
    let mut notes = Notes::default();
    let called = name_of(source, &prose);
    let words: Vec<String> = match &called {
        Some(called) => called.read.name.split(' ').map(str::to_lowercase).collect(),
        None => source.writer.clone(),
    };
    let mut parts = (&mut referral, &mut notes);
    let parties = listing::people(&prose, source, (Writer::Inside, &words), &mut parts, context);
    let own = match parties.first().copied().flatten() {
        Some(own) => own,
        None if source.is_professional => return None,
        None => neighbour(source, &said, &mut referral)?,
    };
    let mut own_notes = Notes::default();
    if let (Some(called), Some(party)) = (called, referral.parties.get_mut(own)) {
        name(called, party, &mut own_notes);
    }
    email(source, own, &said, &mut referral, &mut own_notes);
    address(source, own, &mut referral, &mut own_notes);
    if let Some(party) = referral.parties.get_mut(own) {
        asks_to_be_reached(&prose, &source.place, party, &mut own_notes);
    }
    notes.append(&format!("/parties/{own}"), own_notes);
    let found = identifiers::find(&source.text);
    let parts = (&mut referral, &mut notes);
    incident::numbers(&found, &source.text, None, parts, &source.place);
    incident::fill(&prose, &mut referral, &mut notes, &source.place, context, None);
    referral.referrer.is_self_referral = Some(true);
    matter(&prose, source, &mut referral, &mut notes);
    Some((referral, notes))
}

/// Somebody at odds with the people next door: a side of a dispute, though no sentence says what was done.
fn neighbour(source: &Source<'_>, said: &str, referral: &mut Referral) -> Option<usize> {
    const NEXT_DOOR: [&str; 6] = [
        "neighbour",
        "nieghbour",
        "next door",
        "nextdoor",
        "flat above",
        "flat below",
    ];
    let is_close = NEXT_DOOR.iter().any(|words| said.contains(words));
    if !is_close || source.lines.is_empty() {
        return None;
    }
    referral.parties.push(Party::new(Role::Party));
    Some(referral.parties.len() - 1)
}

/// A website's mail: lines of a label and its answer.
fn is_machine_made(lines: &[String]) -> bool {
    let labelled = lines.iter().filter(|line| {
        let label = line.split_once(':').map_or("", |(label, _)| label);
        (1..=MAX_LABEL_WORDS).contains(&label.split_whitespace().count())
    });
    labelled.count() >= LABELLED_LINES
}

/// The writer's name, and where it stands.
struct Called {
    read: names::PersonName,
    quote: String,
    place: Place,
}

/// "My name is ...", else the name under the mail, else the sender's.
fn name_of(source: &Source<'_>, prose: &Prose) -> Option<Called> {
    let header = Place {
        part: source.message.headers.part.clone(),
        ..Place::default()
    };
    let introduced = introduced(prose).map(|(name, quote)| (name, quote, source.place.clone()));
    let signed = || {
        let line = source.lines.iter().rev().find(|line| {
            let words = line.split_whitespace().count();
            (2..=MAX_NAME_WORDS).contains(&words) && holds_name(line, &source.writer)
        });
        let line = line.or_else(|| below(source))?;
        Some((line.clone(), line.clone(), source.place.clone()))
    };
    let from = || {
        let name = source.message.headers.from_name.clone()?;
        (name.split_whitespace().count() > 1 && !name.contains('@')).then(|| (name.clone(), name, header))
    };
    let (written, quote, place) = introduced.or_else(signed).or_else(from)?;
    let read = names::read(written.split('(').next().unwrap_or_default())?;
    Some(Called { read, quote, place })
}

/// The last lines: one that is a name and shares a word with the sender's name or address.
fn below<'s>(source: &'s Source<'_>) -> Option<&'s String> {
    let address = source.message.headers.from_address.as_deref().unwrap_or_default();
    let told = |line: &&String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_name = words.iter().all(|word| {
            word.chars().next().is_some_and(char::is_uppercase)
                && word
                    .chars()
                    .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))
        });
        (2..=MAX_NAME_WORDS).contains(&words.len())
            && is_name
            && words.iter().map(|word| word.to_lowercase()).any(|word| {
                word.chars().count() > 2 && (source.writer.contains(&word) || address.contains(&word))
            })
    };
    source.lines.iter().rev().take(MAX_LINES_BELOW).find(told)
}

fn name(called: Called, party: &mut Party, notes: &mut Notes) {
    party.name = Some(called.read.name);
    notes.read("/name", &called.place, &called.quote);
    if called.read.title.is_some() {
        party.title = called.read.title;
        notes.read("/title", &called.place, &called.quote);
    }
}

/// "Please ring me", "you can text me", "I can be reached on": who asks to be reached agrees to it.
fn asks_to_be_reached(prose: &Prose, place: &Place, party: &mut Party, notes: &mut Notes) {
    if party.consent.contact.is_some() {
        return;
    }
    let asks = |words: &[Token]| {
        let reach = [
            "ring", "call", "text", "contact", "write", "phone", "email", "e-mail", "speak",
        ];
        let me = words.windows(3).position(|w| {
            matches!(w, [verb, me, _] if verb.is_any(&reach) && me.is_any(&["me", "us"]))
                || matches!(w, [verb, to, me] if verb.is_any(&reach) && to.lower == "to" && me.lower == "me")
        });
        let reached = words.windows(2).position(
            |w| matches!(w, [be, reached] if be.lower == "be" && reached.is_any(&["reached", "contacted"])),
        );
        let own = words.iter().any(|t| t.is_any(&["i", "me", "we", "us", "my"]));
        let at = me.or(reached.filter(|_| own));
        at.is_some_and(|at| {
            let before = words
                .get(at.saturating_sub(REFUSAL_REACH)..at)
                .unwrap_or_default();
            !before.iter().any(|t| {
                t.is_any(&[
                    "not", "never", "dont", "if", "to", "will", "did", "would", "about",
                ]) && !(t.lower == "to" && before.iter().any(|t| t.is_any(&["welcome", "happy", "like"])))
                    || t.lower.ends_with("n't")
            })
        })
    };
    let found = prose
        .sentences
        .iter()
        .position(|range| asks(prose.words(range.clone())));
    let numbered = || {
        let own = |range: &Range<usize>| {
            let words = prose.words(range.clone());
            words.windows(2).any(|w| {
                matches!(w, [my, number] if my.lower == "my" && number.is_any(&["number", "numbers", "mobile", "phone", "tel", "num", "mob"]))
            })
        };
        prose
            .sentences
            .iter()
            .position(own)
            .filter(|_| !party.phones.is_empty())
    };
    if let Some(at) = found.or_else(numbered) {
        party.consent.contact = Some(ConsentAnswer::Given);
        notes.read("/consent/contact", place, &prose.quote(at));
        notes.doubt(
            "/consent/contact",
            "read_from_sentences",
            "the writer asks to be reached; nothing else is said of consent",
        );
    }
}

/// "My name is Ann Lee", "I'm Ann Lee and": the name and its sentence.
fn introduced(prose: &Prose) -> Option<(String, String)> {
    let tokens = &prose.tokens;
    (0..tokens.len()).find_map(|at| {
        let word = |offset: usize| tokens.get(at + offset).map(|t| t.lower.as_str());
        let lead = match (word(0), word(1), word(2)) {
            (Some("my"), Some("name"), Some("is" | "'s")) => 3,
            (Some("my"), Some("names" | "name's"), _) => 2,
            (Some("this"), Some("is"), _) => 2,
            (Some("i"), Some("am"), _) => 2,
            (Some("i'm" | "im"), _, _) => 1,
            _ => return None,
        };
        let from = at + lead;
        let is_particle = |at: usize| {
            tokens
                .get(at)
                .is_some_and(|t| super::words::PARTICLES.contains(&t.lower.as_str()))
        };
        let mut end = from;
        if let Some(small) = small_name(tokens, from) {
            end = small;
        }
        while tokens.get(end).is_some_and(|t| t.is_capital && !t.is_mark())
            || (end > from && is_particle(end))
        {
            end += 1;
        }
        if end - from < 2 || end - from > MAX_NAME_WORDS {
            return None;
        }
        let byte = tokens.get(from)?.start;
        let quote = prose.quote(prose.sentence_at(byte)?);
        Some((prose.slice(from..end).to_owned(), quote))
    })
}

/// "im sasha moffat", without capitals: a given name and a word that does not go on with the sentence.
fn small_name(tokens: &[Token], from: usize) -> Option<usize> {
    const GOES_ON: [&str; 24] = [
        "and", "from", "at", "i", "im", "i'm", "the", "in", "on", "here", "writing", "who", "but", "my", "a",
        "to", "of", "was", "is", "not", "for", "with", "so", "this",
    ];
    let first = tokens
        .get(from)
        .filter(|t| !t.is_capital && is_given_name(&t.lower))?;
    let second = tokens.get(from + 1)?;
    let is_word = second.lower.chars().all(|c| c.is_alphabetic() || c == '-');
    let is_surname =
        is_word && !second.is_any(&GOES_ON) && first.lower.len() + second.lower.len() > MIN_NAME_LENGTH;
    is_surname.then_some(from + 2)
}

/// The address the mail came from, unless the writer does not want it used.
fn email(source: &Source<'_>, own: usize, said: &str, referral: &mut Referral, notes: &mut Notes) {
    const UNWANTED: [&str; 6] = [
        "not reply to",
        "don't reply to",
        "dont reply to",
        "not email",
        "don't email",
        "not my email",
    ];
    let is_unwanted = UNWANTED.iter().any(|words| said.contains(words));
    let (Some(address), Some(party)) = (
        &source.message.headers.from_address,
        referral.parties.get_mut(own),
    ) else {
        return;
    };
    if !is_unwanted && party.emails.is_empty() {
        party.emails.push(address.clone());
        let header = Place {
            part: source.message.headers.part.clone(),
            ..Place::default()
        };
        notes.read("/emails/0", &header, address);
    }
}

/// The lines of an address below the text, up to its postcode.
fn address(source: &Source<'_>, own: usize, referral: &mut Referral, notes: &mut Notes) {
    let Some(party) = referral
        .parties
        .get_mut(own)
        .filter(|party| party.address.is_none())
    else {
        return;
    };
    for (at, line) in source.lines.iter().enumerate() {
        let found = identifiers::find(line);
        let Some(postcode) = found.iter().find(|f| f.kind == IdentifierKind::Postcode) else {
            continue;
        };
        let before = line.get(..postcode.start).unwrap_or_default();
        let is_own_line = line
            .get(postcode.end..)
            .is_some_and(|rest| rest.trim().is_empty());
        if !is_own_line || line.len() > MAX_ADDRESS_LINE {
            continue;
        }
        let mut lines: Vec<&str> = source
            .lines
            .get(at.saturating_sub(MAX_ADDRESS_LINES)..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .map(|line| line.trim())
            .take_while(|line| is_address_line(line, &source.writer))
            .collect();
        lines.reverse();
        lines.push(before);
        let address: Vec<&str> = lines
            .iter()
            .map(|line| line.trim_matches([',', ' ']))
            .filter(|line| !line.is_empty())
            .collect();
        if address.is_empty() {
            continue;
        }
        let mut quote = lines.join("\n");
        quote.push_str(line.get(postcode.start..).unwrap_or_default());
        party.address = Some(address.join(", "));
        party.postcode = Some(postcode.normal.clone());
        notes.read("/address", &source.place, &quote);
        notes.read("/postcode", &source.place, &quote);
        return;
    }
}

fn is_address_line(line: &str, writer: &[String]) -> bool {
    !line.is_empty()
        && line.len() <= MAX_ADDRESS_LINE
        && !line.ends_with(['.', '?', '!', ':'])
        && !is_sign_off(line)
        && !holds_name(line, writer)
        && !writer
            .iter()
            .any(|word| line.to_lowercase().ends_with(word.as_str()))
}

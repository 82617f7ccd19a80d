//! People who write about themselves: "I was burgled", "I am the one who did it", "my neighbour".
//!
//! Invariant: the writer becomes a party only where a sentence says what was done to them or by them, or
//! that they live beside somebody they are at odds with, and where they ask for something.

use super::cast::Writer;
use super::text::{Ending, Prose, is_sign_off};
use super::{Source, incident, listing, matter, numbers};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Party, Referral, Role, names};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place};
use crate::forms::signature::holds_name;
use crate::forms::wants::Wants;

/// Most lines of an address below a name.
const MAX_ADDRESS_LINES: usize = 5;
/// Longest line of such an address, in bytes.
const MAX_ADDRESS_LINE: usize = 45;
/// Longest name below a mail, in words.
const MAX_NAME_WORDS: usize = 4;

/// Longest label of a website's form, in words.
const MAX_LABEL_WORDS: usize = 6;
/// Labelled lines that make a mail a website's.
const LABELLED_LINES: usize = 2;

/// What people ask of the service.
const ASKS: [&str; 26] = [
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
    if source.is_professional || !(wants.refers || ASKS.iter().any(|ask| said.contains(ask))) {
        return None;
    }
    if is_machine_made(&source.lines) {
        return None;
    }
    let prose = Prose::of(&source.lines, &source.writer, Ending::Kept);
    let mut referral = Referral::default();
    let mut notes = Notes::default();
    let parties = listing::people(&prose, source, Writer::Inside, &mut referral, &mut notes, context);
    let own = match parties.first().copied().flatten() {
        Some(own) => own,
        None => neighbour(source, &said, &mut referral)?,
    };
    let mut own_notes = Notes::default();
    name(source, &prose, own, &mut referral, &mut own_notes);
    email(source, own, &said, &mut referral, &mut own_notes);
    address(source, own, &mut referral, &mut own_notes);
    notes.append(&format!("/parties/{own}"), own_notes);
    numbers(
        &identifiers::find(&source.text),
        source,
        &mut referral,
        &mut notes,
    );
    incident::fill(&prose, &mut referral, &mut notes, &source.place, context);
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

/// "My name is ...", else the name under the mail, else the sender's.
fn name(source: &Source<'_>, prose: &Prose, own: usize, referral: &mut Referral, notes: &mut Notes) {
    let header = Place {
        part: source.message.headers.part.clone(),
        ..Place::default()
    };
    let introduced = introduced(prose).map(|(name, quote)| (name, quote, &source.place));
    let signed = || {
        let line = source.lines.iter().rev().find(|line| {
            let words = line.split_whitespace().count();
            (2..=MAX_NAME_WORDS).contains(&words) && holds_name(line, &source.writer)
        })?;
        Some((line.clone(), line.clone(), &source.place))
    };
    let from = || {
        let name = source.message.headers.from_name.clone()?;
        (name.split_whitespace().count() > 1 && !name.contains('@')).then(|| (name.clone(), name, &header))
    };
    let Some((written, quote, place)) = introduced.or_else(signed).or_else(from) else {
        return;
    };
    let (Some(read), Some(party)) = (names::read(&written), referral.parties.get_mut(own)) else {
        return;
    };
    party.name = Some(read.name);
    notes.read("/name", place, &quote);
    if read.title.is_some() {
        party.title = read.title;
        notes.read("/title", place, &quote);
    }
}

/// "My name is Ann Lee", "I'm Ann Lee and": the name and its sentence.
fn introduced(prose: &Prose) -> Option<(String, String)> {
    let tokens = &prose.tokens;
    (0..tokens.len()).find_map(|at| {
        let word = |offset: usize| tokens.get(at + offset).map(|t| t.lower.as_str());
        let lead = match (word(0), word(1), word(2)) {
            (Some("my"), Some("name"), Some("is" | "'s")) => 3,
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

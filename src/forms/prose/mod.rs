//! Referrals written as sentences.
//!
//! `text` cuts the writer's words into sentences, `cast` finds who appears and where each is spoken of,
//! `roles` takes from the sentences who did harm and who was harmed, `facts` and `consent` hang what is told
//! on the person last spoken of, `incident` reads what happened, `days` the days of a text; `own_words` reads people who write about
//! themselves. The words all this turns on are in `words`.
//!
//! Invariant: nobody gets a role that a sentence does not give them, and everybody read from sentences
//! carries a check: staff confirm them.

mod cast;
mod consent;
mod days;
mod facts;
mod incident;
mod listing;
mod own_words;
mod roles;
mod sexes;
mod text;
mod words;

use super::FormsContext;
use super::about::{self, Topics};
use super::covering::{cover, is_professional, through_writer};
use super::draft::{Notes, Place};
use super::labels::spoken;
use super::message::{text_place, writers_text};
use super::signature::{display_words, is_post};
use super::wants::Wants;
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{
    AgencyKind, CaseKind, OffenceOutcome, Party, ReadMessage, ReferenceKind, Referral, Role, names,
};
use cast::Writer;
use text::{Ending, Prose, Token};
pub(super) use text::{answers_in_sentences, is_header, is_sign_off};

/// A word for a relative: "mother".
pub(super) fn is_relation(word: &str) -> bool {
    words::RELATIONS.iter().any(|(known, _)| *known == word)
}

/// Lines at the beginning that may say what the matter is.
const FIRST_LINES: usize = 12;

/// Words of "I am the Deputy Headteacher at Ashmere".
const MAX_OWN_POST: usize = 7;
/// Tokens of "ring me on 01632" and "my number is 01632".
const MY_NUMBER: usize = 4;
/// Lines below a sign-off that may be a signature.
const SIGNATURE_LINES: usize = 8;
/// Lines at the end that may be one where there is no sign-off.
const LAST_LINES: usize = 4;

/// Reads a mail that refers somebody in sentences. `None` where it does not.
pub(super) fn read(
    message: &ReadMessage,
    wants: Wants,
    context: &FormsContext<'_>,
) -> Option<(Referral, Notes)> {
    if wants.refers_nobody || wants.writes_about_us {
        return None;
    }
    // "On 14 October" is told on the day of the mail, whenever it is read.
    let context = &FormsContext {
        today: days::sent_on(&message.headers, context.today),
        ..*context
    };
    let source = Source::of(message, context);
    if let Some(own) = own_words::read(&source, wants, context) {
        return Some(own);
    }
    let prose = Prose::of(&source.lines, &source.writer, Ending::Cut);
    let mut referral = Referral::default();
    let mut notes = Notes::default();
    let mut parts = (&mut referral, &mut notes);
    listing::people(
        &prose,
        &source,
        (Writer::Outside, &source.writer),
        &mut parts,
        context,
    );
    let found = identifiers::find(&source.text);
    if !refers(&source, wants, &found, &referral, &notes) {
        return None;
    }
    let (text, agency) = (&source.text, source.agency);
    incident::numbers(&found, text, agency, (&mut referral, &mut notes), &source.place);
    incident::fill(&prose, &mut referral, &mut notes, &source.place, context, agency);
    referral.referrer.is_self_referral = Some(false);
    cover(&mut referral, &mut notes, message, &source.lines, context);
    through_writer(&mut referral, &mut notes, &source.lines, &source.place);
    own_phone(&prose, &found, &source.place, &mut referral, &mut notes);
    matter(&prose, &source, &mut referral, &mut notes);
    Some((referral, notes))
}

/// "Please ring me on 01632 960481" of a professional whose signature tells no number.
fn own_phone(
    prose: &Prose,
    found: &[identifiers::Found],
    place: &Place,
    referral: &mut Referral,
    notes: &mut Notes,
) {
    if referral.referrer.phone.is_some() {
        return;
    }
    for (at, range) in prose.sentences.iter().enumerate() {
        let words = prose.words(range.clone());
        let me = words.windows(MY_NUMBER).find(|w| {
            matches!(w, [verb, me, on, _] if verb.is_any(&["ring", "call", "phone", "contact", "reach"])
                && me.lower == "me" && on.is_any(&["on", "at", ":"]))
                || matches!(w, [my, number, is, _] if my.lower == "my"
                    && number.is_any(&["number", "mobile", "line", "phone"]) && is.lower == "is")
        });
        let Some([_, _, _, number]) = me else { continue };
        let quote = prose.quote(at);
        let phones = identifiers::find(&quote);
        let phone = phones.iter().find(|f| f.kind == IdentifierKind::Phone);
        let told = phone.filter(|_| {
            number
                .lower
                .starts_with(|c: char| c.is_ascii_digit() || c == '(' || c == '+')
        });
        if let Some(phone) = told.filter(|phone| found.iter().any(|f| f.normal == phone.normal)) {
            referral.referrer.phone = Some(phone.normal.clone());
            notes.read("/referrer/phone", place, &quote);
            notes.doubt(
                "/referrer/phone",
                "read_from_sentences",
                "the number that the writer asks to be rung on",
            );
            return;
        }
    }
}

/// The writer's words, and what is known of who writes.
struct Source<'m> {
    message: &'m ReadMessage,
    lines: Vec<String>,
    text: String,
    /// The words of the writer's name.
    writer: Vec<String>,
    place: Place,
    topics: Topics,
    /// The writer signs as, or writes from the domain of, somebody who refers others.
    is_professional: bool,
    /// They have a rank or an agency: a post alone may be in the shop that was robbed.
    is_of_agency: bool,
    /// What kind of agency the writer signs for or writes from.
    agency: Option<AgencyKind>,
}

impl<'m> Source<'m> {
    fn of(message: &'m ReadMessage, context: &FormsContext<'_>) -> Self {
        let lines = writers_text(message);
        let place = text_place(message);
        let mut signed = Referral::default();
        cover(&mut signed, &mut Notes::default(), message, &lines, context);
        let of_agency = message
            .headers
            .from_address
            .as_deref()
            .and_then(|address| address.rsplit_once('@'))
            .is_some_and(|(_, domain)| context.agencies.of_domain(domain).is_some());
        let mut topics = Topics::default();
        topics.read(&message.headers.subject);
        lines.iter().take(FIRST_LINES).for_each(|line| topics.read(line));
        Self {
            text: lines.join(" \n"),
            writer: display_words(&message.headers),
            is_professional: of_agency
                || has_rank(message)
                || is_professional(&signed)
                || says_post(&lines)
                || signs_with_post(&lines, &display_words(&message.headers)),
            is_of_agency: of_agency || has_rank(message) || signed.referrer.agency_kind.is_some(),
            agency: signed.referrer.agency_kind,
            message,
            lines,
            place,
            topics,
        }
    }
}

/// The sender's name has a rank before it.
fn has_rank(message: &ReadMessage) -> bool {
    let name = message.headers.from_name.as_deref().unwrap_or_default();
    name.split_whitespace().any(names::is_rank)
}

/// "I am the Deputy Headteacher at Ashmere Academy".
fn says_post(lines: &[String]) -> bool {
    lines.iter().take(FIRST_LINES).any(|line| {
        let said = spoken(line);
        let words: Vec<&str> = said.split(' ').collect();
        words.windows(MAX_OWN_POST).any(|w| {
            matches!(w, ["i", "am" | "write", "the" | "a" | "an" | "as", ..])
                && w.iter().any(|word| is_post(word))
                && w.iter().any(|word| ["at", "for", "of", "with"].contains(word))
        })
    })
}

/// A line below the sign-off names a post: "Practice Manager, Mill Surgery".
fn signs_with_post(lines: &[String], writer: &[String]) -> bool {
    let below = text::told(lines, writer)
        .into_iter()
        .filter(|line| line.is_below)
        .map(|line| line.text);
    let below: Vec<&str> = below.take(SIGNATURE_LINES).collect();
    let last = lines.iter().rev().take(LAST_LINES).map(String::as_str);
    let signature: Vec<&str> = if below.is_empty() { last.collect() } else { below };
    signature.into_iter().any(is_post)
}

/// The mail refers somebody: it says so and tells of somebody; or a professional tells of a case, of who did
/// harm or was harmed, and how to reach one of them.
fn refers(
    source: &Source<'_>,
    wants: Wants,
    found: &[identifiers::Found],
    referral: &Referral,
    notes: &Notes,
) -> bool {
    let has_part = |at: usize| {
        let path = format!("/parties/{at}/role");
        !notes.checks.iter().any(|check| check.path == path)
    };
    let told: Vec<&Party> = referral
        .parties
        .iter()
        .enumerate()
        .filter(|(at, _)| has_part(*at))
        .map(|(_, party)| party)
        .collect();
    let numbered = found.iter().any(|f| {
        matches!(
            f.kind,
            IdentifierKind::CrimeNumber
                | IdentifierKind::Crn
                | IdentifierKind::PncId
                | IdentifierKind::PrisonNumber
        )
    });
    let somebody =
        numbered || !referral.parties.is_empty() || found.iter().any(|f| f.kind == IdentifierKind::Postcode);
    let tells_of_people = told
        .iter()
        .any(|party| matches!(party.role, Role::Victim | Role::Offender | Role::Party))
        && referral.parties.iter().any(is_within_reach);
    let said = spoken(&source.text);
    let is_our_matter = numbered || is_our_matter(source, &said, referral);
    let sides = told.iter().filter(|p| p.role != Role::Supporter).count();
    let title = spoken(&source.message.headers.subject);
    let is_titled = title
        .split(' ')
        .any(|word| ["referral", "refer", "rj"].contains(&word));
    let is_wrong = told
        .iter()
        .any(|p| matches!(p.role, Role::Victim | Role::Offender));
    let tells_a_wrong = source.is_professional && is_wrong && tells_of_people && !goes_on(&said);
    // A professional who tells of several people and how to reach one: whose side each is on stays open.
    let named = referral
        .parties
        .iter()
        .filter(|party| party.name.is_some())
        .count();
    let is_aged = |party: &Party| party.age.is_some() || party.date_of_birth.is_some();
    let tells_of_several = source.is_professional
        && named >= 2
        && referral.parties.iter().any(is_within_reach)
        && referral.parties.iter().any(is_aged)
        && !goes_on(&said);
    wants.refers && somebody
        || tells_a_wrong
        || tells_of_several
        || tells_of_people
            && (source.is_professional && (is_our_matter || is_titled) || is_our_matter && sides > 1)
}

/// The text or its title speaks of what the service does, or of consent to it.
fn is_our_matter(source: &Source<'_>, said: &str, referral: &Referral) -> bool {
    source.topics.restorative
        || source.topics.mediation
        || referral.parties.iter().any(|p| p.consent.contact.is_some())
        || said
            .split(' ')
            .any(|word| ["rj", "restorative", "mediate", "mediation", "mediator"].contains(&word))
}

/// The mail goes on with what was written before.
fn goes_on(said: &str) -> bool {
    const BEFORE: [&str; 6] = [
        "update",
        "further to",
        "as discussed",
        "your letter",
        "your reference",
        "your email",
    ];
    BEFORE.iter().any(|words| said.contains(words))
}

/// The text tells how to reach this person, when they were born or what they agreed to.
fn is_within_reach(party: &Party) -> bool {
    !party.phones.is_empty()
        || !party.emails.is_empty()
        || party.address.is_some()
        || party.date_of_birth.is_some()
        || party.consent.contact.is_some()
}

fn numbered_or_named(referral: &Referral) -> bool {
    let numbered = referral
        .references
        .iter()
        .any(|r| r.kind == ReferenceKind::CrimeNumber);
    numbered || referral.offence.kind.is_some()
}

/// Which service and what kind of case.
fn matter(prose: &Prose, source: &Source<'_>, referral: &mut Referral, notes: &mut Notes) {
    let subject = &source.message.headers.subject;
    let header = Place {
        part: source.message.headers.part.clone(),
        ..Place::default()
    };
    // A crime between neighbours is a crime.
    if numbered_or_named(referral) {
        about::settle(referral, notes, &source.place);
    }
    let mut topics = Topics::default();
    topics.read(subject);
    about::note(referral, notes, topics, subject, &header);
    for line in source.lines.iter().take(FIRST_LINES) {
        let mut topics = Topics::default();
        topics.read(line);
        about::note(referral, notes, topics, line, &source.place);
    }
    crime(referral, notes, &source.place);
    neighbours(prose, referral, notes, &source.place);
    about::served_side(referral, notes);
    about::settle(referral, notes, &source.place);
    notes.doubt(
        "/parties",
        "read_from_sentences",
        "written in sentences: check who is who and what belongs to whom",
    );
}

/// An offence, or an outcome that only offences have, with somebody harmed or responsible is a crime.
fn crime(referral: &mut Referral, notes: &mut Notes, place: &Place) {
    let sides = referral
        .parties
        .iter()
        .any(|p| matches!(p.role, Role::Victim | Role::Offender));
    let is_decided = referral
        .offence
        .outcome
        .is_some_and(|outcome| !matches!(outcome, OffenceOutcome::Other | OffenceOutcome::NoFurtherAction));
    let told = ["/offence/kind", "/offence/outcome"];
    let source = notes.evidence.iter().find(|e| told.contains(&e.path.as_str()));
    let Some(quote) = source.map(|source| source.quote.clone()) else {
        return;
    };
    if referral.case_kind.is_none() && sides && (referral.offence.kind.is_some() || is_decided) {
        referral.case_kind = Some(CaseKind::Crime);
        notes.read("/case_kind", place, &quote);
        notes.doubt(
            "/case_kind",
            "read_from_sentences",
            "the text does not say it in as many words",
        );
    }
}

/// Two sides of a dispute who live side by side.
fn neighbours(prose: &Prose, referral: &mut Referral, notes: &mut Notes, place: &Place) {
    const LIVING_CLOSE: [&str; 10] = [
        "tenants",
        "neighbours",
        "neighbour",
        "neighbouring",
        "underneath",
        "upstairs",
        "downstairs",
        "residents",
        "households",
        "flats",
    ];
    let at_odds: Vec<&Party> = referral
        .parties
        .iter()
        .filter(|p| p.role == Role::Party)
        .collect();
    let sides = at_odds.len();
    let is_one_street = match at_odds.as_slice() {
        [one, other] => one.postcode.is_some() && one.postcode == other.postcode,
        _ => false,
    };
    let told = |token: &Token| token.is_any(&LIVING_CLOSE) || is_one_street && token.lower == "tenant";
    let close = prose.tokens.iter().position(told);
    if let (None, Some(close)) = (referral.case_kind, close.filter(|_| sides > 0)) {
        let sentence = prose.sentences.iter().position(|s| s.contains(&close));
        referral.case_kind = Some(CaseKind::NeighbourDispute);
        notes.read(
            "/case_kind",
            place,
            &sentence.map(|at| prose.quote(at)).unwrap_or_default(),
        );
        notes.doubt(
            "/case_kind",
            "read_from_sentences",
            "the text does not say it in as many words",
        );
    }
}

//! The incident, its reference numbers and free texts.

use super::draft::{Notes, Place, stored};
use super::labels::{Field, spoken, tokens};
use super::pairs::{Fact, Facts, Subject};
use super::person::Tools;
use super::values::{outcomes, yes_no};
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::domain::identifiers::{self, CheckLetter, IdentifierKind};
use crate::domain::{ConsentAnswer, OffenceOutcome, Reference, ReferenceKind, Referral};

/// A reference longer than this is a sentence.
const MAX_REFERENCE: usize = 40;

/// Fills what is about the case, not a person.
pub(super) fn fill<'a>(
    referral: &mut Referral,
    notes: &mut Notes,
    facts: impl Iterator<Item = &'a Fact>,
    place: &Place,
    tools: Tools<'_>,
) {
    let facts: Vec<&Fact> = facts.collect();
    let named = offence_in_brief(&facts, tools);
    let is_told = facts
        .iter()
        .any(|fact| fact.field == Field::Summary && !fact.answer.clean(tools.book).is_blank());
    for fact in facts.iter().copied() {
        let cleaned = fact.answer.clean(tools.book);
        if cleaned.is_blank() {
            continue;
        }
        let text = cleaned.text();
        let quote = fact.answer.quote();
        let place = Place {
            page: fact.page,
            unknown_wording: fact.unknown_wording(),
            ..place.clone()
        };
        let about_no_person = fact.subject == Subject::Case;
        let mut set = |slot: &mut Option<String>, path: &str, value: String| match slot {
            Some(old) if spoken(old) != spoken(&value) => notes.conflict(
                path,
                "two different answers stand there; the first was taken",
                old.as_str(),
                value,
            ),
            Some(_) => {}
            None => {
                *slot = Some(value);
                notes.read(path, &place, &quote);
            }
        };
        match fact.field {
            // "What is the dispute about?" may be answered by a whole story.
            Field::OffenceKind if tells_a_story(&text) && !is_told => set(
                &mut referral.offence.summary,
                "/offence/summary",
                cleaned.lines.join("\n"),
            ),
            Field::OffenceKind => set(
                &mut referral.offence.kind,
                "/offence/kind",
                cleaned.lines.join(", "),
            ),
            Field::OffenceLocation => set(&mut referral.offence.location, "/offence/location", text),
            Field::Address if about_no_person => {
                set(&mut referral.offence.location, "/offence/location", text)
            }
            Field::Summary if named.as_ref() == Some(&text) => {
                set(&mut referral.offence.kind, "/offence/kind", text);
            }
            Field::Summary if is_bare_yes_or_no(&text, tools) => {}
            Field::Summary => set(
                &mut referral.offence.summary,
                "/offence/summary",
                cleaned.lines.join("\n"),
            ),
            Field::Risks => {
                if !is_bare_no(&text, tools) {
                    set(&mut referral.risks, "/risks", cleaned.lines.join("\n"));
                }
            }
            Field::Wishes => set(&mut referral.wishes, "/wishes", cleaned.lines.join("\n")),
            Field::OffenceDate => date(
                &mut referral.offence.date,
                "/offence/date",
                &text,
                &quote,
                &place,
                notes,
                tools,
            ),
            Field::OutcomeDate => date(
                &mut referral.offence.outcome_date,
                "/offence/outcome_date",
                &text,
                &quote,
                &place,
                notes,
                tools,
            ),
            Field::Outcome => outcome(referral, &text, &quote, &place, notes, tools),
            field => {
                if let Some((kind, asked)) = reference_kind(field) {
                    references(referral, kind, asked, &text, &quote, &place, notes);
                }
            }
        }
    }
}

/// Two sentences or more, the last of them ended.
fn tells_a_story(text: &str) -> bool {
    let text = text.trim();
    text.ends_with('.') && text.trim_end_matches('.').contains(". ")
}

/// Most words of an offence's name.
const MAX_KIND_WORDS: usize = 5;

/// What happened, asked twice: the first answer a few words ("Criminal damage"), the second a story. Then the first
/// names the offence.
fn offence_in_brief(facts: &[&Fact], tools: Tools<'_>) -> Option<String> {
    let answers = |field: Field| -> Vec<String> {
        let own = facts.iter().filter(|fact| fact.field == field);
        own.map(|fact| fact.answer.clean(tools.book))
            .filter(|cleaned| !cleaned.is_blank())
            .map(|cleaned| cleaned.text())
            .collect()
    };
    if !answers(Field::OffenceKind).is_empty() {
        return None;
    }
    match answers(Field::Summary).as_slice() {
        [brief, story, ..] => {
            let words = |text: &str| text.split_whitespace().count();
            let is_brief = words(brief) <= MAX_KIND_WORDS && !brief.ends_with('.');
            (is_brief && words(story) > 2 * MAX_KIND_WORDS).then(|| brief.clone())
        }
        _ => None,
    }
}

/// "6 years", "four years and six months": a sentence of so long is served in custody, unless its words say otherwise.
fn is_bare_term(text: &str) -> bool {
    const NUMBERS: [&str; 14] = [
        "a", "an", "and", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "life",
    ];
    let words = tokens(text);
    let is_unit = |word: &str| {
        matches!(
            word.trim_end_matches('s'),
            "year" | "yr" | "month" | "mth" | "week" | "day"
        )
    };
    words.iter().any(|word| is_unit(word))
        && words.iter().all(|word| {
            is_unit(word) || NUMBERS.contains(&word.as_str()) || word.chars().all(|c| c.is_ascii_digit())
        })
}

/// A box, ticked or not, tells no story.
fn is_bare_yes_or_no(text: &str, tools: Tools<'_>) -> bool {
    spoken(text).split(' ').count() == 1 && yes_no(text, tools.book).is_some()
}

fn is_bare_no(text: &str, tools: Tools<'_>) -> bool {
    spoken(text).split(' ').count() == 1
        && yes_no(text, tools.book).is_some_and(|y| y.answer != ConsentAnswer::Given)
}

fn date(
    slot: &mut Option<String>,
    path: &str,
    text: &str,
    quote: &str,
    place: &Place,
    notes: &mut Notes,
    tools: Tools<'_>,
) {
    let found = dates::find(text, DateUse::Event, tools.today);
    let Some(first) = found.first() else {
        notes.doubt(
            path,
            "unreadable_date",
            format!("\"{quote}\" is not a whole date"),
        );
        return;
    };
    let Some(iso) = first.date.iso() else {
        notes.doubt(
            path,
            "impossible_date",
            format!("\"{quote}\" is no day of the calendar"),
        );
        return;
    };
    match slot {
        Some(old) if *old != iso => notes.conflict(
            path,
            "two different dates stand there; the first was taken",
            old.as_str(),
            iso,
        ),
        Some(_) => {}
        None => {
            *slot = Some(iso);
            notes.read(path, place, quote);
        }
    }
    let future = matches!(first.date, ReadDate::Day { date, .. } if date > tools.today);
    if found.len() > 1 || future || matches!(first.date, ReadDate::Day { ambiguous: true, .. }) {
        notes.doubt_between(
            path,
            "ambiguous_date",
            format!("\"{quote}\" can be read in more than one way, or lies in the future"),
            dates::readings(text, DateUse::Event, tools.today),
        );
    }
}

fn outcome(
    referral: &mut Referral,
    text: &str,
    quote: &str,
    place: &Place,
    notes: &mut Notes,
    tools: Tools<'_>,
) {
    let path = "/offence/outcome";
    let is_day_alone = !tokens(text)
        .iter()
        .any(|word| word.chars().all(char::is_alphabetic))
        && dates::parse(text, DateUse::Event, tools.today).is_some();
    if referral.offence.outcome.is_some() || is_day_alone {
        return;
    }
    let mut named = outcomes(text, tools.book);
    let is_term = named.is_empty() && is_bare_term(text);
    if is_term {
        named.push(OffenceOutcome::CustodialSentence);
    }
    referral.offence.outcome = Some(named.first().copied().unwrap_or(OffenceOutcome::Other));
    notes.read(path, place, quote);
    if named.len() != 1 || is_term {
        notes.doubt_between(
            path,
            "unclear_outcome",
            format!("the form says \"{quote}\""),
            named.iter().map(stored),
        );
    }
    // "Charged, first hearing 7 December": the day of a hearing to come is no day of the outcome.
    let of_hearing = tokens(text)
        .iter()
        .any(|word| matches!(word.as_str(), "hearing" | "trial" | "court" | "listed"))
        && !tokens(text)
            .iter()
            .any(|word| matches!(word.as_str(), "made" | "imposed" | "given" | "sentenced"));
    if let Some(found) = dates::parse(text, DateUse::Event, tools.today).and_then(|d| d.iso())
        && referral.offence.outcome_date.is_none()
        && !of_hearing
    {
        referral.offence.outcome_date = Some(found);
        notes.read("/offence/outcome_date", place, quote);
    }
}

fn reference_kind(field: Field) -> Option<(ReferenceKind, &'static str)> {
    Some(match field {
        Field::CrimeNumber => (ReferenceKind::CrimeNumber, "crime number"),
        Field::Crn => (ReferenceKind::Crn, "CRN"),
        Field::Urn => (ReferenceKind::Urn, "URN"),
        Field::PncId => (ReferenceKind::PncId, "PNC"),
        Field::Cro => (ReferenceKind::Cro, "CRO"),
        Field::PrisonNumber => (ReferenceKind::PrisonNumber, "prison number"),
        Field::NhsNumber => (ReferenceKind::NhsNumber, "NHS number"),
        Field::CollarNumber => (ReferenceKind::CollarNumber, "collar number"),
        Field::AgencyReference => (ReferenceKind::AgencyReference, ""),
        _ => return None,
    })
}

/// What kind of reference an identifier is.
pub(super) fn kind_of(kind: IdentifierKind) -> Option<ReferenceKind> {
    match kind {
        IdentifierKind::CrimeNumber => Some(ReferenceKind::CrimeNumber),
        IdentifierKind::PncId => Some(ReferenceKind::PncId),
        IdentifierKind::Cro => Some(ReferenceKind::Cro),
        IdentifierKind::Urn => Some(ReferenceKind::Urn),
        IdentifierKind::Crn => Some(ReferenceKind::Crn),
        IdentifierKind::PrisonNumber => Some(ReferenceKind::PrisonNumber),
        IdentifierKind::NhsNumber => Some(ReferenceKind::NhsNumber),
        IdentifierKind::CollarNumber => Some(ReferenceKind::CollarNumber),
        IdentifierKind::Phone
        | IdentifierKind::Email
        | IdentifierKind::Postcode
        | IdentifierKind::Asn
        | IdentifierKind::NiNumber
        | IdentifierKind::Vehicle
        | IdentifierKind::DrivingLicence
        | IdentifierKind::Passport
        | IdentifierKind::IpAddress
        | IdentifierKind::Url
        | IdentifierKind::BankAccount
        | IdentifierKind::CourtCase => None,
    }
}

fn references(
    referral: &mut Referral,
    asked: ReferenceKind,
    label: &str,
    text: &str,
    quote: &str,
    place: &Place,
    notes: &mut Notes,
) {
    // Under a label nobody knows, only the number itself can tell what it is.
    let labelled = match &place.unknown_wording {
        Some(_) => text.to_owned(),
        None => format!("{label} {text}"),
    };
    let mut any = false;
    for found in identifiers::find(&labelled) {
        let Some(kind) = kind_of(found.kind) else { continue };
        let fits = match asked {
            // "Case reference (CRN)": a number that is told by itself is what it is.
            ReferenceKind::AgencyReference => {
                matches!(
                    kind,
                    ReferenceKind::CrimeNumber
                        | ReferenceKind::Crn
                        | ReferenceKind::PncId
                        | ReferenceKind::PrisonNumber
                ) && text.trim().len() == found.normal.len()
            }
            ReferenceKind::CrimeNumber | ReferenceKind::Crn => {
                matches!(kind, ReferenceKind::CrimeNumber | ReferenceKind::Crn)
            }
            _ => kind == asked,
        };
        if fits {
            any = true;
            push(referral, notes, kind, found.normal, quote, place, found.check);
        }
    }
    if any {
        return;
    }
    let value = text.trim().trim_end_matches(['.', ',', ';']);
    let has_digit = value.chars().any(|c| c.is_ascii_digit());
    if !has_digit || value.len() > MAX_REFERENCE {
        return;
    }
    // A number that looks like none of the police's, under a label nobody knows, is the agency's own.
    let asked = match (asked, &place.unknown_wording) {
        (ReferenceKind::CrimeNumber, Some(label)) if !names_polices_number(label) => {
            ReferenceKind::AgencyReference
        }
        (asked, _) => asked,
    };
    match asked {
        ReferenceKind::AgencyReference => push(
            referral,
            notes,
            asked,
            value.to_owned(),
            quote,
            place,
            CheckLetter::NotApplicable,
        ),
        ReferenceKind::CollarNumber => {
            if let Some(number) = value
                .split_whitespace()
                .find(|w| w.chars().any(|c| c.is_ascii_digit()))
            {
                push(
                    referral,
                    notes,
                    asked,
                    number.to_owned(),
                    quote,
                    place,
                    CheckLetter::NotApplicable,
                );
            }
        }
        _ => {
            push(
                referral,
                notes,
                asked,
                value.to_owned(),
                quote,
                place,
                CheckLetter::NotApplicable,
            );
            let path = format!("/references/{}", referral.references.len().saturating_sub(1));
            notes.doubt(
                &path,
                "unusual_reference",
                format!("\"{quote}\" does not look like a number of this kind"),
            );
        }
    }
}

/// A label that asks for the police's own number, whatever else it says.
fn names_polices_number(label: &str) -> bool {
    tokens(label)
        .iter()
        .any(|word| matches!(word.as_str(), "crime" | "occurrence" | "niche" | "athena"))
}

/// Adds a reference once.
pub(super) fn push(
    referral: &mut Referral,
    notes: &mut Notes,
    kind: ReferenceKind,
    value: String,
    quote: &str,
    place: &Place,
    check: CheckLetter,
) {
    let reference = Reference { kind, value };
    if referral.references.contains(&reference) {
        return;
    }
    referral.references.push(reference);
    let path = format!("/references/{}", referral.references.len() - 1);
    notes.read(&path, place, quote);
    if check == CheckLetter::Bad {
        notes.doubt(
            &path,
            "check_letter",
            "the check letter is wrong: probably a typing slip",
        );
    }
}

/// Typed answers (dates, telephone numbers, postcodes, e-mails) that can be read, and that cannot. An
/// instruction sheet explains every field in words and has none that can.
pub(super) fn typed(read: &Facts, tools: Tools<'_>) -> (usize, usize) {
    let mut good = 0;
    let mut bad = 0;
    for fact in &read.facts {
        let cleaned = fact.answer.clean(tools.book);
        let text = cleaned.text();
        if cleaned.is_blank() {
            continue;
        }
        let reads = match fact.field {
            Field::DateOfBirth | Field::OffenceDate => {
                dates::parse(&text, DateUse::Event, tools.today).is_some()
            }
            Field::Phone => identifiers::find(&text)
                .iter()
                .any(|f| f.kind == IdentifierKind::Phone),
            Field::Email => identifiers::find(&text)
                .iter()
                .any(|f| f.kind == IdentifierKind::Email),
            Field::Postcode => identifiers::normal_postcode(&text.to_uppercase()).is_some(),
            _ => continue,
        };
        if reads {
            good += 1;
        } else {
            bad += 1;
        }
    }
    (good, bad)
}

//! Facts of one form become a referral: who is who, which answers are one person's, what is doubtful.
//!
//! `cast` (who "you", "them" and "the other" are) -> `slots` (which facts are one person's) -> `drafts` (their answers,
//! and those that stand for several) -> `parties` (the list, and who supports whom).
//!
//! Invariant: a person is listed only where the form says something about them beyond a tick.

mod cast;
mod drafts;
mod parties;
mod slots;

use self::cast::{Cast, Resolved, cast, resolve};
use self::drafts::drafts;
use self::parties::list_parties;
use self::slots::{Slot, name_sides, place_fact};
use super::draft::{Notes, Place};
use super::labels::{Field, LabelBook, Person, Who, spoken, tokens};
use super::offence;
use super::pairs::{Fact, Facts, Subject, is_helper};
use super::person::Tools;
use crate::domain::Referral;

/// Lines at the top of a form that may name whose form it is.
const TITLE_LINES: usize = 4;

/// A form, understood.
pub(super) struct Form {
    pub(super) referral: Referral,
    pub(super) notes: Notes,
    /// A person refers themself.
    pub(super) is_self_referral: bool,
    /// Unknown questions with their answers and page.
    pub(super) unmapped: Vec<(String, String, Option<u32>)>,
    /// Headings, and the first lines that are no answers.
    pub(super) titles: Vec<String>,
    /// Whom it names as the officer in the case.
    pub(super) officers: Vec<String>,
    /// Answers about people or the incident that are not blank.
    pub(super) weight: usize,
    /// Known labels, answered or not.
    pub(super) labels: usize,
    /// Answers that explain what to write, and all answers.
    pub(super) explained: (usize, usize),
    /// Typed answers (dates, numbers) that could be read, and that could not.
    pub(super) typed: (usize, usize),
}

/// Assembles one form.
pub(super) fn assemble(read: &Facts, place: &Place, tools: Tools<'_>) -> Form {
    let cast = cast(read, tools.book);
    let sorted = sort(read, &cast, tools.book);
    let mut notes = Notes::default();
    let mut referral = Referral::default();
    super::referrer::fill(
        &mut referral.referrer,
        &mut notes,
        sorted.referrer.iter().filter_map(|at| read.facts.get(*at)),
        place,
        tools,
    );
    referral.referrer.is_self_referral = Some(cast.is_self);
    let drafts = drafts(&sorted.slots, read, place, tools, &sorted.everybody, &cast);
    list_parties(drafts, &mut referral, &mut notes, &cast);
    offence::fill(
        &mut referral,
        &mut notes,
        sorted.case.iter().filter_map(|at| read.facts.get(*at)),
        place,
        tools,
    );
    super::about::fill(&mut referral, &mut notes, read, place, tools);
    Form {
        is_self_referral: cast.is_self,
        unmapped: unmapped(read),
        titles: read
            .titles
            .iter()
            .chain(read.loose.iter().map(|(text, _)| text).take(TITLE_LINES))
            .cloned()
            .collect(),
        officers: super::officers::in_case(read, tools),
        weight: weight(read, tools.book),
        labels: read
            .facts
            .iter()
            .filter(|fact| fact.field != Field::Unmapped && fact.beside.is_none())
            .count(),
        explained: explained(read, tools.book),
        typed: offence::typed(read, tools),
        referral,
        notes,
    }
}

/// The facts of a form by whom they are about; numbers are places in [`Facts::facts`].
struct Sorted {
    slots: Vec<Slot>,
    referrer: Vec<usize>,
    /// Answers that stand for everybody of a role, or for everybody.
    everybody: Vec<(usize, Option<Who>)>,
    case: Vec<usize>,
}

/// Whom "the young person's date of birth" means below "Name of the young person who caused harm": the last one whose
/// own question used the same noun.
fn named_before(read: &Facts, at: usize) -> Option<Person> {
    const NOUNS: [&str; 10] = [
        "young", "child", "pupil", "student", "learner", "resident", "tenant", "patient", "customer",
        "person",
    ];
    let nouns = |label: &str| -> Vec<String> {
        let words = tokens(label).into_iter();
        words
            .map(|word| word.trim_end_matches('s').to_owned())
            .filter(|word| NOUNS.contains(&word.as_str()))
            .collect()
    };
    let asked = nouns(&read.facts.get(at)?.label);
    let before = read.facts.get(..at)?.iter().rev();
    let mut named = before.filter_map(|fact| match fact.subject {
        Subject::Person {
            person,
            occurrence: 0,
            ..
        } if fact.field.is_personal() => Some((fact, person)),
        Subject::Person { .. } | Subject::Everybody(_) | Subject::Case => None,
    });
    let (_, person) = named.find(|(fact, person)| {
        let own = nouns(&fact.label);
        matches!(person.who, Who::Victim | Who::Offender | Who::Party)
            && !asked.is_empty()
            && asked.iter().all(|noun| own.contains(noun))
    })?;
    Some(person)
}

fn sort(read: &Facts, cast: &Cast, book: &LabelBook) -> Sorted {
    let mut slots: Vec<Slot> = Vec::new();
    let mut referrer = Vec::new();
    let mut everybody = Vec::new();
    let mut case = Vec::new();
    for (at, fact) in read.facts.iter().enumerate() {
        let (person, occurrence, own) = match fact.subject {
            Subject::Case => {
                case.push(at);
                continue;
            }
            Subject::Everybody(role) => {
                everybody.push((at, role.map(|p| p.who)));
                continue;
            }
            Subject::Person {
                person,
                occurrence,
                own,
            } => (person, occurrence, own),
        };
        case.push(at);
        let is_unplaced = person.who == Who::Somebody && occurrence == 0;
        let named = is_unplaced.then(|| named_before(read, at)).flatten();
        let person = named.unwrap_or(person);
        let by_label = occurrence == 0 && person.number.is_none() && fact.field.is_consent();
        match resolve(person, cast, fact) {
            Resolved::Person(person) if by_label && person.number.is_none() => {
                everybody.push((at, Some(person.who)))
            }
            Resolved::Referrer => referrer.push(at),
            Resolved::Signer => everybody.push((at, Some(Who::You))),
            Resolved::Person(person) => place_fact(&mut slots, read, at, person, occurrence, own, book),
            Resolved::Nobody => {}
        }
    }
    name_sides(&mut slots, read, book);
    Sorted {
        slots,
        referrer,
        everybody,
        case,
    }
}

/// Answers about people or the incident that are not blank.
fn weight(read: &Facts, book: &LabelBook) -> usize {
    read.facts
        .iter()
        .filter(|f| {
            f.field.is_personal()
                || matches!(
                    f.field,
                    Field::OffenceKind
                        | Field::OffenceDate
                        | Field::Summary
                        | Field::CrimeNumber
                        | Field::Wishes
                )
        })
        .filter(|f| answered(f, book) && f.beside.is_none())
        .count()
}

fn answered(fact: &Fact, book: &LabelBook) -> bool {
    !fact.answer.clean(book).is_blank()
}

/// The number of the neutral person a fact is about: "person 2".
fn numbered(fact: &Fact) -> Option<u8> {
    match fact.subject {
        Subject::Person { person, .. } if person.who == Who::Party => person.number,
        Subject::Person { .. } | Subject::Everybody(_) | Subject::Case => None,
    }
}

/// What was asked in words that nobody knows, and answered.
fn unmapped(read: &Facts) -> Vec<(String, String, Option<u32>)> {
    let unknown = read.facts.iter().filter(|fact| fact.field == Field::Unmapped);
    unknown
        .map(|fact| (fact.label.clone(), fact.answer.quote(), fact.page))
        .filter(|(label, answer, _)| !label.is_empty() && answer.chars().any(char::is_alphanumeric))
        .collect()
}

/// How many answers tell the reader what to write, as those of an instruction sheet do, and how many there are.
fn explained(read: &Facts, book: &LabelBook) -> (usize, usize) {
    const STARTS: [&str; 16] = [
        "give",
        "write",
        "state",
        "include",
        "ask",
        "enter",
        "never",
        "do not",
        "use",
        "always",
        "please",
        "insert",
        "record",
        "tick",
        "only",
        "yes or no",
    ];
    const HOLDS: [&str; 8] = [
        "for example",
        "e g",
        "if in doubt",
        "must not",
        "must be",
        "if it is not known",
        "if known give",
        "dd mm yyyy",
    ];
    let answers: Vec<String> = read
        .facts
        .iter()
        .map(|fact| fact.answer.clean(book))
        .filter(|cleaned| !cleaned.is_blank())
        .map(|cleaned| format!(" {} ", spoken(&cleaned.text())))
        .collect();
    let explains = |said: &&String| {
        STARTS.iter().any(|start| said.starts_with(&format!(" {start} ")))
            || HOLDS.iter().any(|phrase| said.contains(&format!(" {phrase} ")))
    };
    (answers.iter().filter(explains).count(), answers.len())
}

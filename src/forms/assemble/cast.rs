//! Who "you", "them" and "the other person" are on a form.
//!
//! Invariant: what the form says of "you" in so many words comes before what its labels suggest.

use super::{answered, numbered};
use crate::domain::ConsentAnswer;
use crate::forms::labels::{Field, LabelBook, Person, Who, spoken, tokens};
use crate::forms::pairs::{Fact, Facts, Subject};
use crate::forms::values::yes_no;

/// Titles of a form that are looked at for who fills it in.
const TITLES: usize = 3;

/// Who "you", "them" and "the other person" are on this form.
pub(super) struct Cast {
    pub(super) you: Who,
    them: Option<Who>,
    /// "They" can only mean the one person of the form.
    pub(super) them_is_only_one: bool,
    other: Who,
    pub(super) is_self: bool,
    /// The role of "you" was worked out, not read.
    pub(super) guessed: bool,
    /// A worker writes for "you": what no part of the form claims is the worker's.
    pub(super) has_worker: bool,
    /// Nobody else refers: the caseworker named first does.
    worker_refers: bool,
    /// The part of the form about whoever refers, though its heading is in unknown words.
    refers: Option<u32>,
}

/// Works out who is who.
pub(super) fn cast(read: &Facts, book: &LabelBook) -> Cast {
    let mut cast = who_you_are(read, book);
    let named = |who: Who| {
        read.facts.iter().position(|fact| {
            let names = matches!(
                fact.field,
                Field::Name | Field::Given | Field::Family | Field::NameAndAgency | Field::From
            );
            names
                && answered(fact, book)
                && matches!(fact.subject, Subject::Person { person, .. } if person.who == who)
        })
    };
    let first_main = [Who::Victim, Who::Offender, Who::Party, Who::Somebody, Who::Them]
        .into_iter()
        .filter_map(named)
        .min();
    let worker = named(Who::Professional).filter(|at| first_main.is_none_or(|main| *at < main));
    let is_alone = named(Who::Referrer).is_none() && named(Who::You).is_none();
    if cast.them.is_none() && !cast.is_self {
        cast.them = only_one(read, book);
        cast.them_is_only_one = cast.them.is_some();
    }
    cast.worker_refers = !cast.is_self && is_alone && worker.is_some();
    cast.refers = (!cast.is_self && is_alone && worker.is_none())
        .then(|| working_part(read, book))
        .flatten();
    cast
}

/// The side of the only person whom the form tells of: "does he agree" can mean nobody else.
fn only_one(read: &Facts, book: &LabelBook) -> Option<Who> {
    let mut people = read.facts.iter().filter_map(|fact| match fact.subject {
        Subject::Person {
            person, occurrence, ..
        } if matches!(
            person.who,
            Who::Victim | Who::Offender | Who::Party | Who::Other | Who::Somebody
        ) && fact.field.is_personal()
            && answered(fact, book) =>
        {
            Some((person.who, occurrence))
        }
        Subject::Person { .. } | Subject::Everybody(_) | Subject::Case => None,
    });
    let (who, part) = people.next()?;
    let is_told = matches!(who, Who::Victim | Who::Offender | Who::Party);
    (is_told && people.all(|other| other == (who, part))).then_some(who)
}

/// The part under an unknown heading that is about somebody at work: the only one with a post, an agency or a collar
/// number, and without a birth or consent.
fn working_part(read: &Facts, book: &LabelBook) -> Option<u32> {
    let of_somebody = |fact: &&Fact| {
        matches!(fact.subject, Subject::Person { person, .. } if person.who == Who::Somebody)
            && answered(fact, book)
    };
    let part = |fact: &Fact| match fact.subject {
        Subject::Person { occurrence, .. } => Some(occurrence),
        Subject::Everybody(_) | Subject::Case => None,
    };
    let is_work = |field: Field| {
        matches!(
            field,
            Field::JobTitle | Field::Organisation | Field::CollarNumber | Field::Team
        )
    };
    let is_private = |field: Field| {
        field.is_consent() || matches!(field, Field::DateOfBirth | Field::DobOrAge | Field::Age)
    };
    let parts: Vec<u32> = read
        .facts
        .iter()
        .filter(of_somebody)
        .filter(|fact| is_work(fact.field))
        .filter_map(part)
        .collect();
    let first = *parts.first()?;
    let is_alone = parts.iter().all(|other| *other == first);
    let is_private_part = read
        .facts
        .iter()
        .filter(of_somebody)
        .any(|fact| part(fact) == Some(first) && is_private(fact.field));
    (is_alone && !is_private_part).then_some(first)
}

/// Works out who "you" are.
fn who_you_are(read: &Facts, book: &LabelBook) -> Cast {
    let (role, them) = said_roles(read, book);
    let about = |who: Who, fields: &[Field]| {
        read.facts.iter().any(|f| {
            matches!(f.subject, Subject::Person { person, .. } if person.who == who)
                && (fields.is_empty() || fields.contains(&f.field))
                && answered(f, book)
        })
    };
    let professional = [
        Field::JobTitle,
        Field::Organisation,
        Field::CollarNumber,
        Field::NameAndAgency,
        Field::Team,
    ];
    let sides = about(Who::Victim, &[Field::Name, Field::Family, Field::Given])
        || about(Who::Offender, &[Field::Name, Field::Family, Field::Given]);
    let side = match role {
        Some(Who::Victim) => Some(Who::Victim),
        Some(Who::Offender) => Some(Who::Offender),
        Some(Who::Party) => Some(Who::Party),
        Some(_) | None => None,
    };
    let speaks_to_writer = read.facts.iter().any(|fact| {
        tokens(&fact.label)
            .iter()
            .any(|word| matches!(word.as_str(), "you" | "your"))
    });
    if read.is_row_of_list && !speaks_to_writer && role.is_none() && !about(Who::Referrer, &[]) && !sides {
        return on_a_list();
    }
    let worker =
        about(Who::Referrer, &[]) && about(Who::You, &[Field::DateOfBirth, Field::DobOrAge, Field::Address]);
    if let Some(side) = side.filter(|_| !worker) {
        return Cast {
            you: side,
            them: them.or(Some(side)),
            other: other_side(side),
            is_self: true,
            guessed: false,
            has_worker: false,
            them_is_only_one: false,
            worker_refers: false,
            refers: None,
        };
    }
    if worker {
        return spoken_for(side.or_else(|| side_of_you(read)));
    }
    // Birth and home are asked of people themselves, and "I agree to be contacted" is theirs to say.
    let agrees = read.facts.iter().any(|f| {
        f.field == Field::ConsentContact
            && matches!(f.subject, Subject::Person { person, .. } if person.who == Who::You)
            && answered(f, book)
    });
    let is_own = role.is_none()
        && them.is_none()
        && (agrees || side_of_you(read).is_some())
        && about(Who::You, &[Field::DateOfBirth, Field::Address])
        && !about(Who::You, &professional)
        && !about(Who::Referrer, &[]);
    match (about(Who::Victim, &[]), about(Who::Offender, &[])) {
        (true, false) if is_own => return one_side(Who::Offender),
        (false, true) if is_own => return one_side(Who::Victim),
        (_, _) => {}
    }
    // Somebody whose birth a professional's mail tells is no referrer, though no word says which side they are on.
    let is_referred = role.is_none()
        && them.is_none()
        && about(Who::You, &[Field::DateOfBirth, Field::DobOrAge])
        && !about(Who::You, &professional)
        && !about(Who::Referrer, &[])
        && !speaks_to_writer;
    match (about(Who::Victim, &[]), about(Who::Offender, &[])) {
        (true, false) if is_referred => return referred(Who::Offender),
        (false, true) if is_referred => return referred(Who::Victim),
        (_, _) => {}
    }
    let is_professional = role.is_some()
        || them.is_some()
        || about(Who::Referrer, &[])
        || about(Who::You, &professional)
        || about(Who::Party, &[])
        || sides;
    if is_professional || !about(Who::You, &[Field::Name, Field::Family, Field::Given, Field::From]) {
        let told = |side: Who| about(side, &[]) || them == Some(side);
        let other = match (told(Who::Victim), told(Who::Offender)) {
            (true, false) => Who::Offender,
            (false, true) => Who::Victim,
            (true, true) | (false, false) => Who::Party,
        };
        return Cast {
            you: Who::Referrer,
            them,
            other,
            is_self: false,
            guessed: false,
            has_worker: false,
            them_is_only_one: false,
            worker_refers: false,
            refers: None,
        };
    }
    let neighbour = about(Who::Other, &[])
        && !read
            .facts
            .iter()
            .any(|f| f.field == Field::CrimeNumber && answered(f, book));
    Cast {
        you: Who::Party,
        them: Some(Who::Party),
        other: Who::Party,
        is_self: true,
        guessed: !neighbour,
        has_worker: false,
        them_is_only_one: false,
        worker_refers: false,
        refers: None,
    }
}

/// The row of a list speaks to nobody: whoever it names is one of the people of the case, and the list's sender refers.
fn on_a_list() -> Cast {
    Cast {
        you: Who::Party,
        them: None,
        other: Who::Party,
        is_self: false,
        guessed: true,
        has_worker: false,
        them_is_only_one: false,
        worker_refers: false,
        refers: None,
    }
}

/// The roles of "you" and "them", where the form asks for them.
fn said_roles(read: &Facts, book: &LabelBook) -> (Option<Who>, Option<Who>) {
    let mut role = None;
    let mut them = None;
    for fact in &read.facts {
        let cleaned = fact.answer.clean(book);
        if cleaned.is_blank() {
            continue;
        }
        let said = book.role_in_answer(&cleaned.text());
        if fact.field == Field::SelfRole && role.is_none() {
            let agreed = yes_no(&cleaned.text(), book).is_some_and(|y| y.answer == ConsentAnswer::Given);
            role = if says_somebody_else(&cleaned.text()) {
                Some(Who::Referrer)
            } else if agreed {
                book.role_in_answer(&fact.label)
            } else {
                said
            };
        } else if fact.field == Field::TheirRole && them.is_none() && numbered(fact).is_none() {
            them = said;
        }
    }
    (role.or_else(|| titled_role(read, book)), them)
}

/// "Self-referral (person harmed)" at the top of a form or in the subject says who fills it in.
fn titled_role(read: &Facts, book: &LabelBook) -> Option<Who> {
    let titles = read.titles.iter().map(String::as_str).take(TITLES);
    let subject = std::iter::once(read.subject.as_str());
    titles
        .chain(subject)
        .filter(|title| {
            let said = format!(" {} ", spoken(title));
            [
                " self referral ",
                " self refer ",
                " refer yourself ",
                " i caused harm ",
                " i have been harmed ",
                " i was harmed ",
            ]
            .iter()
            .any(|phrase| said.contains(phrase))
        })
        .find_map(|title| book.role_in_answer(title))
        .filter(|who| matches!(who, Who::Victim | Who::Offender))
}

/// Who stands on the other side: of a dispute, another party.
fn other_side(who: Who) -> Who {
    match who {
        Who::Victim => Who::Offender,
        Who::Offender => Who::Victim,
        Who::Referrer
        | Who::Party
        | Who::Other
        | Who::Supporter
        | Who::AppropriateAdult
        | Who::Witness
        | Who::Professional
        | Who::You
        | Who::Them
        | Who::Somebody => Who::Party,
    }
}

/// A worker fills in a form that speaks to the person they refer as "you".
fn spoken_for(side: Option<Who>) -> Cast {
    let you = side.unwrap_or(Who::Party);
    let other = other_side(you);
    Cast {
        you,
        them: None,
        other,
        is_self: false,
        guessed: side.is_none(),
        has_worker: true,
        them_is_only_one: false,
        worker_refers: false,
        refers: None,
    }
}

/// Which side "you" are by what the form's own words say was done: "the person who harmed you", "what did you do".
fn side_of_you(read: &Facts) -> Option<Who> {
    const HARMED: [&str; 7] = [
        "harmed you",
        "hurt you",
        "happened to you",
        "affected you",
        "did this to you",
        "you were harmed",
        "crime against you",
    ];
    const CAUSED: [&str; 6] = [
        "you harmed",
        "you caused",
        "you have caused",
        "did you do",
        "your offence",
        "you committed",
    ];
    let asked = read.facts.iter().map(|fact| fact.label.as_str());
    let titles = read.titles.iter().map(String::as_str);
    let headings = read.parts.iter().map(|part| part.text.as_str());
    let (mut harmed, mut caused) = (false, false);
    for text in asked.chain(titles).chain(headings) {
        let said = format!(" {} ", spoken(text));
        let says = |list: &[&str]| list.iter().any(|phrase| said.contains(&format!(" {phrase} ")));
        harmed |= says(&HARMED);
        caused |= says(&CAUSED);
    }
    match (harmed, caused) {
        (true, false) => Some(Who::Victim),
        (false, true) => Some(Who::Offender),
        (true, true) | (false, false) => None,
    }
}

/// Somebody who fills in a form about themself and names the other side.
fn one_side(you: Who) -> Cast {
    let other = if you == Who::Offender {
        Who::Victim
    } else {
        Who::Offender
    };
    Cast {
        you,
        them: Some(you),
        other,
        is_self: true,
        guessed: true,
        has_worker: false,
        them_is_only_one: false,
        worker_refers: false,
        refers: None,
    }
}

/// Somebody on one side whom another refers, in words that name only the other side.
fn referred(side: Who) -> Cast {
    Cast {
        is_self: false,
        ..one_side(side)
    }
}

fn says_somebody_else(text: &str) -> bool {
    let said = spoken(text);
    [
        "somebody else",
        "someone else",
        "referring",
        "on behalf",
        "worker",
        "practitioner",
        "agency",
        "staff",
        "third party",
        "reporting centre",
        "professional",
        "support worker",
    ]
    .iter()
    .any(|w| said.contains(w))
}

/// "Your", "you", "my".
fn speaks_to_you(label: &str) -> bool {
    spoken(label)
        .split(' ')
        .any(|word| matches!(word, "you" | "your" | "my" | "i" | "me"))
}

pub(super) enum Resolved {
    Referrer,
    Person(Person),
    /// Consent in the first person on a form that a professional filled in.
    Signer,
    Nobody,
}

pub(super) fn resolve(person: Person, cast: &Cast, fact: &Fact) -> Resolved {
    let as_who = |who: Who| match who {
        Who::Referrer => Resolved::Referrer,
        Who::You | Who::Them => Resolved::Nobody,
        Who::Victim
        | Who::Offender
        | Who::Party
        | Who::Other
        | Who::Supporter
        | Who::AppropriateAdult
        | Who::Witness
        | Who::Professional
        | Who::Somebody => Resolved::Person(Person { who, ..person }),
    };
    let sides = cast.is_self && cast.you == Who::Party && cast.other == Who::Party;
    if let Subject::Person { occurrence, .. } = fact.subject
        && person.who == Who::Somebody
        && cast.refers == Some(occurrence)
    {
        return Resolved::Referrer;
    }
    if cast.worker_refers && person.who == Who::Professional && !fact.field.is_consent() {
        return Resolved::Referrer;
    }
    let is_unclaimed =
        matches!(fact.subject, Subject::Person { occurrence: 0, .. }) && !speaks_to_you(&fact.label);
    match person.who {
        // Whoever a mail is from does not become the person it refers.
        Who::You if fact.field == Field::From && !cast.is_self => Resolved::Referrer,
        Who::You if cast.has_worker && is_unclaimed && !fact.in_consent => Resolved::Referrer,
        Who::You if sides => Resolved::Person(Person {
            who: Who::Party,
            number: Some(1),
            of: None,
        }),
        Who::Other if sides => Resolved::Person(Person {
            who: Who::Party,
            number: person.number.or(Some(2)),
            of: None,
        }),
        Who::You
            if cast.you == Who::Referrer
                && (fact.field.is_consent()
                    || (fact.in_consent && matches!(fact.field, Field::Signature | Field::BareDate))) =>
        {
            Resolved::Signer
        }
        Who::You => as_who(cast.you),
        Who::Them => match cast.them {
            Some(who) => as_who(who),
            None => as_who(Who::Somebody),
        },
        Who::Somebody if cast.them_is_only_one => as_who(Who::Somebody),
        Who::Somebody => as_who(cast.them.unwrap_or(Who::Somebody)),
        Who::Other => as_who(cast.other),
        Who::Referrer if fact.field.is_consent() => Resolved::Nobody,
        who @ (Who::Referrer
        | Who::Victim
        | Who::Offender
        | Who::Party
        | Who::Supporter
        | Who::AppropriateAdult
        | Who::Witness
        | Who::Professional) => as_who(who),
    }
}

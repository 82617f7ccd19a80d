//! Facts of one form become a referral: who is who, which answers are one person's, what is doubtful.
//!
//! Invariant: a person is listed only where the form says something about them beyond a tick.

use super::draft::{Notes, Place};
use super::labels::{Field, LabelBook, Person, Who, spoken};
use super::offence;
use super::pairs::{Fact, Facts, Subject};
use super::person::{Demand, PartyDraft, Tools, is_of_nobody_known};
use super::values::yes_no;
use crate::domain::{ConsentAnswer, ConsentHow, Referral, Role, names};

/// Lines at the top of a form that may name whose form it is.
const TITLE_LINES: usize = 4;
/// Most people of one form; more is not a referral form.
const MAX_SLOTS: usize = 200;

/// A form, understood.
pub(super) struct Form {
    pub(super) referral: Referral,
    pub(super) notes: Notes,
    /// A person refers themself.
    pub(super) is_self_referral: bool,
    /// Headings, and the first lines that are no answers.
    pub(super) titles: Vec<String>,
    /// Answers about people or the incident that are not blank.
    pub(super) weight: usize,
    /// Known labels, answered or not.
    pub(super) labels: usize,
    /// Typed answers (dates, numbers) that could be read, and that could not.
    pub(super) typed: (usize, usize),
}

/// Who "you", "them" and "the other person" are on this form.
struct Cast {
    you: Who,
    them: Option<Who>,
    other: Who,
    is_self: bool,
    /// The role of "you" was worked out, not read.
    guessed: bool,
}

/// One person of the form.
struct Slot {
    who: Who,
    number: Option<u8>,
    of: Option<Who>,
    occurrences: Vec<u32>,
    identified: bool,
    name: Option<String>,
    facts: Vec<usize>,
}

/// Assembles one form.
pub(super) fn assemble(read: &Facts, place: &Place, tools: Tools<'_>) -> Form {
    let cast = cast(read, tools.book);
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
        let by_label = occurrence == 0 && person.number.is_none() && fact.field.is_consent();
        match resolve(person, &cast, fact) {
            Resolved::Person(person) if by_label && person.number.is_none() => {
                everybody.push((at, Some(person.who)))
            }
            Resolved::Referrer => referrer.push(at),
            Resolved::Signer => everybody.push((at, Some(Who::You))),
            Resolved::Person(person) => place_fact(&mut slots, read, at, person, occurrence, own, tools.book),
            Resolved::Nobody => {}
        }
    }
    name_sides(&mut slots, read, tools.book);
    let mut notes = Notes::default();
    let mut referral = Referral::default();
    super::referrer::fill(
        &mut referral.referrer,
        &mut notes,
        referrer.iter().filter_map(|at| read.facts.get(*at)),
        place,
        tools,
    );
    referral.referrer.is_self_referral = Some(cast.is_self);
    let drafts = drafts(&slots, read, place, tools, &everybody, &cast);
    list_parties(drafts, &mut referral, &mut notes, &cast);
    offence::fill(
        &mut referral,
        &mut notes,
        case.iter().filter_map(|at| read.facts.get(*at)),
        place,
        tools,
    );
    super::about::fill(&mut referral, &mut notes, read, place, tools);
    let answered = |f: &&Fact| !f.answer.clean(tools.book).is_blank();
    Form {
        is_self_referral: cast.is_self,
        titles: read
            .titles
            .iter()
            .chain(read.loose.iter().map(|(text, _)| text).take(TITLE_LINES))
            .cloned()
            .collect(),
        weight: read
            .facts
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
            .filter(answered)
            .count(),
        labels: read.facts.len(),
        typed: offence::typed(read, tools),
        referral,
        notes,
    }
}

enum Resolved {
    Referrer,
    Person(Person),
    /// Consent in the first person on a form that a professional filled in.
    Signer,
    Nobody,
}

fn resolve(person: Person, cast: &Cast, fact: &Fact) -> Resolved {
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
        | Who::Professional => Resolved::Person(Person { who, ..person }),
    };
    let sides = cast.is_self && cast.you == Who::Party && cast.other == Who::Party;
    match person.who {
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
            None => Resolved::Nobody,
        },
        Who::Other => as_who(cast.other),
        Who::Referrer if fact.field.is_consent() => Resolved::Nobody,
        who => as_who(who),
    }
}

fn answered(fact: &Fact, book: &LabelBook) -> bool {
    !fact.answer.clean(book).is_blank()
}

/// Works out who "you" are.
fn cast(read: &Facts, book: &LabelBook) -> Cast {
    let mut role = None;
    let mut them = None;
    for fact in &read.facts {
        let cleaned = fact.answer.clean(book);
        if cleaned.is_blank() {
            continue;
        }
        let said = book.role_in_answer(&cleaned.text());
        match fact.field {
            Field::SelfRole if role.is_none() => {
                let agreed = yes_no(&cleaned.text(), book).is_some_and(|y| y.answer == ConsentAnswer::Given);
                role = if agreed {
                    book.role_in_answer(&fact.label)
                } else {
                    said
                };
                if role.is_none() && says_somebody_else(&cleaned.text()) {
                    role = Some(Who::Referrer);
                }
            }
            Field::TheirRole if them.is_none() && numbered(fact).is_none() => them = said,
            _ => {}
        }
    }
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
    let other_of = |who: Who| match who {
        Who::Victim => Who::Offender,
        Who::Offender => Who::Victim,
        _ => Who::Party,
    };
    if let Some(side) = side {
        return Cast {
            you: side,
            them: them.or(Some(side)),
            other: other_of(side),
            is_self: true,
            guessed: false,
        };
    }
    // Birth and home are asked of people themselves, and "I agree to be contacted" is theirs to say.
    let agrees = read.facts.iter().any(|f| {
        f.field == Field::ConsentContact
            && matches!(f.subject, Subject::Person { person, .. } if person.who == Who::You)
            && answered(f, book)
    });
    let is_own = role.is_none()
        && them.is_none()
        && agrees
        && about(Who::You, &[Field::DateOfBirth, Field::Address])
        && !about(Who::You, &professional)
        && !about(Who::Referrer, &[]);
    match (about(Who::Victim, &[]), about(Who::Offender, &[])) {
        (true, false) if is_own => return one_side(Who::Offender),
        (false, true) if is_own => return one_side(Who::Victim),
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
    }
}

/// The number of the neutral person a fact is about: "person 2".
fn numbered(fact: &Fact) -> Option<u8> {
    match fact.subject {
        Subject::Person { person, .. } if person.who == Who::Party => person.number,
        Subject::Person { .. } | Subject::Everybody(_) | Subject::Case => None,
    }
}

/// "Person 1 is the: person harmed": gives numbered people the side that an answer names.
fn name_sides(slots: &mut [Slot], read: &Facts, book: &LabelBook) {
    for fact in read.facts.iter().filter(|fact| fact.field == Field::TheirRole) {
        let side = book.role_in_answer(&fact.answer.clean(book).text());
        let (Some(number), Some(side @ (Who::Victim | Who::Offender))) = (numbered(fact), side) else {
            continue;
        };
        let same = slots
            .iter_mut()
            .filter(|slot| slot.who == Who::Party && slot.number == Some(number));
        same.for_each(|slot| slot.who = side);
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
    ]
    .iter()
    .any(|w| said.contains(w))
}

fn is_identity(field: Field) -> bool {
    matches!(
        field,
        Field::Name
            | Field::Family
            | Field::Given
            | Field::DateOfBirth
            | Field::DobOrAge
            | Field::Age
            | Field::Gender
    )
}

fn is_helper(who: Who) -> bool {
    matches!(who, Who::Supporter | Who::AppropriateAdult | Who::Professional)
}

/// Puts a fact with the person it is about, opening a new one where it must be somebody else.
fn place_fact(
    slots: &mut Vec<Slot>,
    read: &Facts,
    at: usize,
    person: Person,
    occurrence: u32,
    own: bool,
    book: &LabelBook,
) {
    let Some(fact) = read.facts.get(at) else { return };
    let same = |slot: &Slot| {
        slot.who == person.who
            && (!is_helper(person.who) || person.of.is_none() || slot.of.is_none() || slot.of == person.of)
    };
    let by_occurrence = slots
        .iter()
        .position(|s| same(s) && occurrence > 0 && s.occurrences.contains(&occurrence));
    let found = if by_occurrence.is_some() {
        by_occurrence
    } else if own {
        slots.iter().position(|s| {
            same(s)
                && !s.identified
                && s.occurrences.is_empty()
                && s.number.is_none_or(|n| person.number == Some(n))
        })
    } else if person.number.is_some() {
        slots.iter().position(|s| same(s) && s.number == person.number)
    } else if occurrence == 0 {
        slots.iter().position(same)
    } else {
        let (identified, name) = identity(read, fact.subject, book);
        let last = slots.iter().rposition(same);
        last.filter(|at| {
            slots.get(*at).is_some_and(|slot| {
                let differs = matches!((&slot.name, &name), (Some(a), Some(b)) if a != b);
                let both = slot.identified && identified && (slot.name.is_none() || name.is_none());
                !(differs || both)
            })
        })
    };
    let index = match found {
        Some(index) => index,
        None if slots.len() >= MAX_SLOTS => return,
        None => {
            slots.push(Slot {
                who: person.who,
                number: person.number,
                of: person.of,
                occurrences: Vec::new(),
                identified: false,
                name: None,
                facts: Vec::new(),
            });
            slots.len() - 1
        }
    };
    let Some(slot) = slots.get_mut(index) else { return };
    if occurrence > 0 && !slot.occurrences.contains(&occurrence) {
        slot.occurrences.push(occurrence);
    }
    slot.of = slot.of.or(person.of);
    if identifies(fact, book) {
        slot.identified = true;
        if names_person(fact, book) && slot.name.is_none() {
            slot.name = Some(name_key(fact, book));
        }
    }
    slot.facts.push(at);
}

/// It tells this person from others; a name that nobody knows does too.
fn identifies(fact: &Fact, book: &LabelBook) -> bool {
    is_of_nobody_known(fact) || (is_identity(fact.field) && answered(fact, book))
}

fn names_person(fact: &Fact, book: &LabelBook) -> bool {
    matches!(fact.field, Field::Name | Field::Family) && answered(fact, book) && !is_of_nobody_known(fact)
}

fn name_key(fact: &Fact, book: &LabelBook) -> String {
    let text = fact.answer.clean(book).text();
    spoken(&names::read(&text).map(|n| n.name).unwrap_or(text))
}

/// What all facts of one section say about who it is.
fn identity(read: &Facts, subject: Subject, book: &LabelBook) -> (bool, Option<String>) {
    let own = read
        .facts
        .iter()
        .filter(|f| f.subject == subject && identifies(f, book));
    let mut name = None;
    let mut any = false;
    for fact in own {
        any = true;
        if names_person(fact, book) && name.is_none() {
            name = Some(name_key(fact, book));
        }
    }
    (any, name)
}

struct Drafted {
    draft: PartyDraft,
    who: Who,
    of: Option<Who>,
    /// Section, column or row: a parent in the same row or section belongs to that person.
    occurrences: Vec<u32>,
}

fn role_of(who: Who) -> Option<Role> {
    match who {
        Who::Victim => Some(Role::Victim),
        Who::Offender => Some(Role::Offender),
        Who::Party | Who::Other => Some(Role::Party),
        Who::Supporter => Some(Role::Supporter),
        Who::AppropriateAdult => Some(Role::AppropriateAdult),
        Who::Witness => Some(Role::Witness),
        Who::Professional => Some(Role::Professional),
        Who::Referrer | Who::You | Who::Them => None,
    }
}

fn drafts(
    slots: &[Slot],
    read: &Facts,
    place: &Place,
    tools: Tools<'_>,
    everybody: &[(usize, Option<Who>)],
    cast: &Cast,
) -> Vec<Drafted> {
    let mut out = Vec::new();
    for slot in slots {
        let Some(role) = role_of(slot.who) else { continue };
        let mut draft = PartyDraft::new(role);
        for fact in slot.facts.iter().filter_map(|at| read.facts.get(*at)) {
            draft.take(fact, place, tools);
        }
        if draft.exists() {
            out.push(Drafted {
                draft,
                who: slot.who,
                of: slot.of,
                occurrences: slot.occurrences.clone(),
            });
        }
    }
    let victims = out.iter().filter(|d| d.who == Who::Victim).count();
    let mains = out
        .iter()
        .filter(|d| !is_helper(d.who) && d.who != Who::Witness)
        .count();
    let counts: Vec<Who> = out.iter().map(|d| d.who).collect();
    for (at, role) in everybody {
        let Some(fact) = read.facts.get(*at) else { continue };
        for drafted in &mut out {
            let main = !is_helper(drafted.who) && drafted.who != Who::Witness;
            let meant = match role {
                Some(Who::You) => main && (mains == 1 || (victims == 1 && drafted.who == Who::Victim)),
                Some(who) => drafted.who == *who || (*who == Who::Party && main && mains > 0 && victims == 0),
                None => main,
            };
            if !meant {
                continue;
            }
            match fact.field {
                Field::Signature | Field::BareDate => signed(&mut drafted.draft, fact, place, tools),
                _ => drafted.draft.take(fact, place, tools),
            }
            let several = out_count(&counts, *role) > 1;
            if several && matches!(fact.subject, Subject::Person { .. }) && answered(fact, tools.book) {
                drafted.draft.notes.doubt(
                    "/consent",
                    "consent_for_several",
                    "one answer stands for several people",
                );
            }
            if *role == Some(Who::You) && fact.field == Field::ConsentContact && answered(fact, tools.book) {
                drafted.draft.notes.doubt(
                    "/consent/contact",
                    "first_person_consent",
                    "the form says \"I\"; it was read as this person's own consent",
                );
            }
        }
    }
    if cast.is_self {
        let signer = out.iter_mut().find(|d| d.who == cast.you);
        if let Some(signer) = signer {
            for fact in read
                .facts
                .iter()
                .filter(|f| f.in_consent && matches!(f.field, Field::Signature | Field::BareDate))
            {
                signed(&mut signer.draft, fact, place, tools);
            }
        }
    }
    out
}

fn out_count(people: &[Who], role: Option<Who>) -> usize {
    people.iter().filter(|who| role == Some(**who)).count()
}

/// The signature and date below a consent.
fn signed(draft: &mut PartyDraft, fact: &Fact, place: &Place, tools: Tools<'_>) {
    let cleaned = fact.answer.clean(tools.book);
    if cleaned.is_blank() || draft.party.consent.contact != Some(ConsentAnswer::Given) {
        return;
    }
    let place = Place {
        page: fact.page,
        unknown_wording: fact.unknown_wording(),
        ..place.clone()
    };
    let quote = fact.answer.quote();
    match fact.field {
        Field::BareDate if draft.party.consent.given_on.is_none() => {
            draft.consent_date(&cleaned.text(), &place, &quote, tools, Demand::Needed);
        }
        Field::Signature => draft.how(ConsentHow::Written, &place, &quote),
        _ => {}
    }
}

/// Main people first, then their supporters with whom they support.
fn list_parties(drafts: Vec<Drafted>, referral: &mut Referral, notes: &mut Notes, cast: &Cast) {
    let (helpers, mains): (Vec<Drafted>, Vec<Drafted>) = drafts
        .into_iter()
        .partition(|d| is_helper(d.who) || d.who == Who::Witness);
    let mut listed: Vec<(Who, Vec<u32>)> = Vec::new();
    for (at, main) in mains.into_iter().enumerate() {
        let mut draft = main.draft;
        if cast.guessed && main.who == cast.you {
            draft.notes.doubt(
                "/role",
                "role_unclear",
                "the form does not say whether this person was harmed or responsible",
            );
        }
        listed.push((main.who, main.occurrences));
        notes.append(&format!("/parties/{at}"), draft.notes);
        referral.parties.push(draft.party);
    }
    for helper in helpers {
        let at = referral.parties.len();
        let mut draft = helper.draft;
        let by_child = draft
            .child
            .as_deref()
            .and_then(|child| child_index(child, &referral.parties));
        let by_section = listed
            .iter()
            .position(|(_, o)| o.iter().any(|x| helper.occurrences.contains(x)));
        let of_role: Vec<usize> = listed
            .iter()
            .enumerate()
            .filter(|(_, (who, _))| Some(*who) == helper.of)
            .map(|(at, _)| at)
            .collect();
        draft.party.supports = by_child.or(by_section).or(match of_role.as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        if draft.party.role == Role::Professional {
            draft.party.supports = None;
        }
        notes.append(&format!("/parties/{at}"), draft.notes);
        referral.parties.push(draft.party);
    }
}

/// The one listed person whose name holds all words of `child`.
fn child_index(child: &str, parties: &[crate::domain::Party]) -> Option<usize> {
    let words: Vec<String> = super::labels::tokens(child);
    let mut hits = parties.iter().enumerate().filter(|(_, party)| {
        let known = format!(
            "{} {}",
            party.name.as_deref().unwrap_or_default(),
            party.known_as.as_deref().unwrap_or_default()
        );
        let known = super::labels::tokens(&known);
        !words.is_empty() && words.iter().all(|w| known.contains(w))
    });
    let first = hits.next().map(|(at, _)| at);
    if hits.next().is_some() { None } else { first }
}

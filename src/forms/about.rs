//! What the case is about and which service is asked for: from titles, the subject line and answers.

use super::draft::{Notes, Place, SIDES};
use super::labels::{Field, spoken, tokens};
use super::pairs::Facts;
use super::person::Tools;
use crate::domain::{AgencyKind, CaseKind, OffenceOutcome, Referral, Role, Service};

/// Words of a title or subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Topics {
    pub(super) restorative: bool,
    pub(super) mediation: bool,
    pub(super) neighbour: bool,
    pub(super) antisocial: bool,
    pub(super) workplace: bool,
}

impl Topics {
    /// Reads the words of one title; a service's own name ("Restorative and Mediation Service") says nothing.
    pub(super) fn read(&mut self, text: &str) {
        // "KH/ASB/30918" is a number of theirs, not what it is about.
        let words: Vec<&str> = text
            .split_whitespace()
            .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
            .collect();
        let said = format!(" {} ", spoken(&words.join(" ")));
        let has = |word: &str| said.contains(&format!(" {word} "));
        let own_name = said.contains("restorative and mediation")
            || said.contains("restorative mediation service")
            || said.contains("mediation and restorative");
        let restorative = has("restorative") || has("rj");
        let mediation = has("mediation") || has("mediate") || has("mediator");
        if !own_name && restorative != mediation {
            self.restorative |= restorative;
            self.mediation |= mediation;
        }
        self.neighbour |= has("neighbour") || has("neighbours") || has("neighbourly");
        self.antisocial |= said.contains(" anti social ") || has("antisocial") || has("asb");
        self.workplace |= has("workplace") || said.contains(" between colleagues ");
    }
}

/// Fills case kind and service from the form's own titles and answers.
pub(super) fn fill(
    referral: &mut Referral,
    notes: &mut Notes,
    read: &Facts,
    place: &Place,
    tools: Tools<'_>,
) {
    for fact in read.facts.iter().filter(|f| f.field == Field::Service) {
        let cleaned = fact.answer.clean(tools.book);
        let said = spoken(&cleaned.text());
        let restorative = said.contains("restorative") || said.split(' ').any(|w| w == "rj");
        let mediation = said.contains("mediation");
        referral.service = match (restorative, mediation) {
            (true, false) => Some(Service::RestorativeJustice),
            (false, true) => Some(Service::Mediation),
            (true, true) => Some(Service::Either),
            (false, false) => continue,
        };
        notes.read("/service", place, &fact.answer.quote());
        break;
    }
    kind_by_answer(referral, notes, read, place, tools);
    let titles: Vec<&String> = read
        .titles
        .iter()
        .chain(
            read.loose
                .iter()
                .map(|(text, _)| text)
                .filter(|t| t.len() < 90)
                .take(6),
        )
        .collect();
    let mut all = Topics::default();
    for title in titles {
        let before = all;
        all.read(title);
        if before != all {
            note(referral, notes, all, title, place);
        }
    }
    for fact in &read.facts {
        let mut label = Topics::default();
        label.read(&fact.label);
        if label.neighbour && referral.case_kind.is_none() {
            referral.case_kind = Some(CaseKind::NeighbourDispute);
            notes.read("/case_kind", place, &fact.label);
            // neighbours are brought together by mediation, unless a crime is named
            let crime = referral
                .references
                .iter()
                .any(|r| r.kind == crate::domain::ReferenceKind::CrimeNumber);
            if referral.service.is_none() && !crime {
                referral.service = Some(Service::Mediation);
                notes.read("/service", place, &fact.label);
            }
        }
        if label.mediation && !label.restorative && referral.service.is_none() {
            referral.service = Some(Service::Mediation);
            notes.read("/service", place, &fact.label);
        }
    }
    if referral.case_kind.is_none()
        && !referral
            .parties
            .iter()
            .any(|party| matches!(party.role, Role::Victim | Role::Offender))
        && is_neighbours_form(read)
    {
        let said = referral.offence.kind.clone().or(referral.offence.summary.clone());
        work_out(
            referral,
            notes,
            CaseKind::NeighbourDispute,
            &said.unwrap_or_default(),
            place,
        );
    }
    settle(referral, notes, place);
}

/// "Is this a crime, anti-social behaviour or a neighbour dispute?", "Type of case": the answer is the kind.
fn kind_by_answer(referral: &mut Referral, notes: &mut Notes, read: &Facts, place: &Place, tools: Tools<'_>) {
    const MOST_WORDS: usize = 4;
    for fact in read
        .facts
        .iter()
        .filter(|fact| matches!(fact.field, Field::Unmapped | Field::OffenceKind))
    {
        let asked = format!(" {} ", spoken(&fact.label));
        let asks_kind = asked.contains(" case ") || asked.contains(" crime ") && asked.contains(" or ");
        let answer = fact.answer.clean(tools.book).text();
        if !asks_kind || answer.split_whitespace().count() > MOST_WORDS {
            continue;
        }
        let mut topics = Topics::default();
        topics.read(&answer);
        let kind = match (
            topics.neighbour,
            topics.antisocial,
            spoken(&answer).split(' ').any(|word| word == "crime"),
        ) {
            (true, false, false) => CaseKind::NeighbourDispute,
            (false, true, false) => CaseKind::AntisocialBehaviour,
            (false, false, true) => CaseKind::Crime,
            _ => continue,
        };
        referral.case_kind = Some(kind);
        notes.read("/case_kind", place, &fact.answer.quote());
        return;
    }
}

/// Takes over what a title says, where nothing is said yet.
pub(super) fn note(referral: &mut Referral, notes: &mut Notes, topics: Topics, quote: &str, place: &Place) {
    if referral.service.is_none() {
        let service = match (topics.restorative, topics.mediation) {
            (true, false) => Some(Service::RestorativeJustice),
            (false, true) => Some(Service::Mediation),
            (true, true) => Some(Service::Either),
            (false, false) => None,
        };
        if service.is_some() {
            referral.service = service;
            notes.read("/service", place, quote);
        }
    }
    if referral.case_kind.is_none() {
        let kind = if topics.neighbour {
            Some(CaseKind::NeighbourDispute)
        } else if topics.antisocial {
            Some(CaseKind::AntisocialBehaviour)
        } else if topics.workplace {
            Some(CaseKind::Other)
        } else {
            None
        };
        if kind.is_some() {
            referral.case_kind = kind;
            notes.read("/case_kind", place, quote);
        }
    }
}

/// An outcome that only a crime has.
fn criminal(referral: &Referral) -> bool {
    referral.offence.outcome.is_some_and(|outcome| {
        !matches!(
            outcome,
            OffenceOutcome::Other
                | OffenceOutcome::NoFurtherAction
                | OffenceOutcome::UnderInvestigation
                | OffenceOutcome::CommunityResolution
        )
    })
}

/// A crime number, or a criminal outcome with somebody harmed or responsible, makes it a crime.
pub(super) fn settle(referral: &mut Referral, notes: &mut Notes, place: &Place) {
    if referral.case_kind.is_some() {
        return;
    }
    let number = referral
        .references
        .iter()
        .find(|r| r.kind == crate::domain::ReferenceKind::CrimeNumber)
        .map(|r| r.value.clone());
    let sides = referral
        .parties
        .iter()
        .any(|p| matches!(p.role, Role::Victim | Role::Offender));
    if let Some(number) = number {
        referral.case_kind = Some(CaseKind::Crime);
        notes.read("/case_kind", place, &number);
    } else if sides
        && (referral.service == Some(Service::RestorativeJustice)
            || criminal(referral)
            || comes_from_justice(referral))
        && referral.offence.kind.is_some()
    {
        let kind = referral.offence.kind.clone().unwrap_or_default();
        let of_estate = matches!(
            referral.referrer.agency_kind,
            Some(AgencyKind::LocalAuthority | AgencyKind::Housing)
        );
        let told = match of_estate && !criminal(referral) {
            true => CaseKind::AntisocialBehaviour,
            false => CaseKind::Crime,
        };
        work_out(referral, notes, told, &kind, place);
    } else if let Some(told) = own_story(referral).filter(|_| sides) {
        work_out(referral, notes, CaseKind::Crime, &told, place);
    } else if is_between_neighbours(referral) {
        let agency = referral.referrer.agency.clone().unwrap_or_default();
        work_out(referral, notes, CaseKind::NeighbourDispute, &agency, place);
    }
}

/// The service that the covering mail asks for, where neither form nor subject does.
pub(super) fn asked_in_words(referral: &mut Referral, notes: &mut Notes, lines: &[String], place: &Place) {
    if referral.service.is_some() {
        return;
    }
    let mut all = Topics::default();
    let mut first = None;
    for line in lines {
        let before = all;
        all.read(line);
        let is_of_service = before.restorative != all.restorative || before.mediation != all.mediation;
        first = first.or(is_of_service.then_some(line));
    }
    let service = match (all.restorative, all.mediation) {
        (true, false) => Service::RestorativeJustice,
        (false, true) => Service::Mediation,
        (true, true) | (false, false) => return,
    };
    if let Some(line) = first {
        referral.service = Some(service);
        notes.read("/service", place, line);
    }
}

/// What somebody tells who asks for restorative justice themself.
fn own_story(referral: &Referral) -> Option<String> {
    let asks =
        referral.referrer.is_self_referral == Some(true) && referral.service != Some(Service::Mediation);
    referral.offence.summary.clone().filter(|_| asks)
}

/// Takes over a kind that follows from who is in it, with a check.
fn work_out(referral: &mut Referral, notes: &mut Notes, kind: CaseKind, quote: &str, place: &Place) {
    referral.case_kind = Some(kind);
    notes.read("/case_kind", place, quote);
    notes.doubt(
        "/case_kind",
        "worked_out",
        "worked out from who is in it and who refers; the form does not say so",
    );
}

/// Somebody harmed and somebody responsible, from an agency that works with crime alone.
fn comes_from_justice(referral: &Referral) -> bool {
    let has = |role: Role| referral.parties.iter().any(|party| party.role == role);
    let of_justice = matches!(
        referral.referrer.agency_kind,
        Some(
            AgencyKind::Probation | AgencyKind::Prison | AgencyKind::YouthJustice | AgencyKind::VictimSupport
        )
    );
    of_justice && has(Role::Victim) && has(Role::Offender) && referral.service != Some(Service::Mediation)
}

/// Whom an agency works with that serves one side alone, where the message tells of nobody else: a victim service's
/// client was harmed, whoever a prison or probation service refers did harm. With a check.
pub(super) fn served_side(referral: &mut Referral, notes: &mut Notes) {
    let side = match referral.referrer.agency_kind {
        Some(AgencyKind::VictimSupport) => Role::Victim,
        Some(AgencyKind::Prison | AgencyKind::Probation) => Role::Offender,
        Some(
            AgencyKind::Police
            | AgencyKind::YouthJustice
            | AgencyKind::LocalAuthority
            | AgencyKind::Housing
            | AgencyKind::FireAndRescue
            | AgencyKind::Health
            | AgencyKind::Education
            | AgencyKind::Voluntary
            | AgencyKind::Legal
            | AgencyKind::Other,
        )
        | None => return,
    };
    let is_side = |role: Role| matches!(role, Role::Victim | Role::Offender | Role::Party);
    let mut sides = (0..referral.parties.len())
        .filter(|at| referral.parties.get(*at).is_some_and(|party| is_side(party.role)));
    let (Some(at), None) = (sides.next(), sides.next()) else {
        return;
    };
    let Some(party) = referral
        .parties
        .get_mut(at)
        .filter(|party| party.role == Role::Party && referral.service != Some(Service::Mediation))
    else {
        return;
    };
    party.role = side;
    notes.doubt_between(
        &format!("/parties/{at}/role"),
        "worked_out",
        "worked out from the agency, which works with this side; the message does not say so",
        SIDES.map(str::to_owned),
    );
}

/// "The young person" of a youth justice service whose form names a victim beside them is the one responsible; with
/// a check, beside the one that their part is not told.
pub(super) fn young_person(referral: &mut Referral, notes: &mut Notes) {
    let count = |role: Role| referral.parties.iter().filter(|party| party.role == role).count();
    let is_alone = count(Role::Victim) > 0 && count(Role::Offender) == 0 && count(Role::Party) == 1;
    if referral.referrer.agency_kind != Some(AgencyKind::YouthJustice) || !is_alone {
        return;
    }
    let at = referral
        .parties
        .iter()
        .position(|party| party.role == Role::Party);
    let Some(party) = at.and_then(|at| referral.parties.get_mut(at)) else {
        return;
    };
    party.role = Role::Offender;
    notes.doubt_between(
        &format!("/parties/{}/role", at.unwrap_or_default()),
        "worked_out",
        "a youth justice service refers, and somebody else was harmed: taken for the person responsible",
        SIDES.map(str::to_owned),
    );
}

/// Two neutral sides whose form speaks of residents, tenants or neighbours and asks what the dispute is.
fn is_neighbours_form(read: &Facts) -> bool {
    let labels = || {
        read.facts
            .iter()
            .map(|fact| &fact.label)
            .chain(read.parts.iter().map(|part| &part.text))
    };
    let has = |words: &[&str]| {
        labels().any(|label| tokens(label).iter().any(|word| words.contains(&word.as_str())))
    };
    has(&["dispute", "disagreement", "difficulty"])
        && has(&[
            "resident",
            "residents",
            "tenant",
            "tenants",
            "household",
            "households",
            "neighbour",
            "neighbours",
        ])
        && !read
            .facts
            .iter()
            .any(|fact| fact.field == Field::CrimeNumber && !fact.answer.quote().is_empty())
}

/// Two sides of a dispute, neither harmed nor responsible, that their landlord wants brought together.
fn is_between_neighbours(referral: &Referral) -> bool {
    let count = |role: Role| referral.parties.iter().filter(|party| party.role == role).count();
    referral.referrer.agency_kind == Some(AgencyKind::Housing)
        && referral.referrer.agency.is_some()
        && referral.service == Some(Service::Mediation)
        && count(Role::Party) >= 2
        && count(Role::Victim) + count(Role::Offender) == 0
}

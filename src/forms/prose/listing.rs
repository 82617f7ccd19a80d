//! From the cast to the list of people: who is listed, with what is told of them.
//!
//! Invariant: everybody listed carries a check; somebody whose part no sentence tells is listed only with facts
//! of their own, as a `party` whose role is to be found out.

use super::cast::{Cast, Person, Writer};
use super::facts::{self, Draft};
use super::text::Prose;
use super::{Source, consent, roles};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{Party, Referral, Role, names};
use crate::forms::FormsContext;
use crate::forms::draft::{Notes, Place, SIDES};

/// Fills the parties with everybody whose part the text tells. Gives back which party each person is.
pub(super) fn people(
    prose: &Prose,
    source: &Source<'_>,
    (writer, name): (Writer, &[String]),
    (referral, notes): &mut (&mut Referral, &mut Notes),
    context: &FormsContext<'_>,
) -> Vec<Option<usize>> {
    let mut cast = Cast::of(prose, name, writer);
    let matter = matter(prose, source);
    let mut roles = roles::of(prose, &cast, matter);
    roles::settle(&mut cast, &mut roles);
    stand_by(&cast, writer, &mut roles);
    let mut drafts: Vec<Option<Draft>> = cast
        .people
        .iter()
        .zip(&roles)
        .map(|(person, role)| draft(person, *role, prose, &source.place))
        .collect();
    facts::fill(prose, &cast, &mut drafts, &source.place, context);
    consent::fill(prose, &cast, &mut drafts, &source.place, context);
    let indices = numbered(&drafts, &roles, writer, referral.parties.len());
    let writes = writer == Writer::Inside;
    let ward = cast.people.iter().position(|person| writes && is_child(person));
    for ((person, index), draft) in cast.people.iter().zip(&indices).zip(drafts) {
        if let Some(mut draft) = draft.filter(|_| index.is_some()) {
            let of = person.relation.as_ref().and_then(|(_, of)| *of).or(ward);
            if draft.party.role == Role::Supporter {
                draft.party.supports = of.and_then(|of| indices.get(of).copied().flatten());
            }
            list(draft, referral, notes);
        }
    }
    indices
}

/// Which party each person becomes. `None` for those who are not listed.
fn numbered(
    drafts: &[Option<Draft>],
    roles: &[Option<Role>],
    writer: Writer,
    first: usize,
) -> Vec<Option<usize>> {
    let is_listed = |person: usize, draft: &Draft| {
        let is_writer = writer == Writer::Inside && person == 0;
        match roles.get(person).copied().flatten() {
            Some(_) => is_writer || draft.party.name.is_some() || !draft.notes.evidence.is_empty(),
            None => !is_writer && has_facts(&draft.party),
        }
    };
    let mut indices = vec![None; drafts.len()];
    let mut next = first;
    for (person, (index, draft)) in indices.iter_mut().zip(drafts).enumerate() {
        if draft.as_ref().is_some_and(|draft| is_listed(person, draft)) {
            *index = Some(next);
            next += 1;
        }
    }
    indices
}

/// What is known of the matter by its topics and numbers.
fn matter(prose: &Prose, source: &Source<'_>) -> roles::Matter {
    let topics = source.topics;
    let is_crime = identifiers::find(&prose.text)
        .iter()
        .any(|f| f.kind == IdentifierKind::CrimeNumber);
    roles::Matter {
        is_mediation: !is_crime && (topics.neighbour || topics.mediation && !topics.restorative),
        agency: source.agency,
    }
}

/// A parent who writes about their child, who was harmed or did harm, supports the child.
fn stand_by(cast: &Cast, writer: Writer, roles: &mut [Option<Role>]) {
    let has_child = cast
        .people
        .iter()
        .zip(roles.iter())
        .any(|(person, role)| is_child(person) && role.is_some());
    if let Some(own @ None) = roles
        .first_mut()
        .filter(|_| writer == Writer::Inside && has_child)
    {
        *own = Some(Role::Supporter);
    }
}

/// How to reach somebody, their birth, their home, or what they agreed to.
fn has_facts(party: &Party) -> bool {
    !party.phones.is_empty()
        || !party.emails.is_empty()
        || party.address.is_some()
        || party.date_of_birth.is_some()
        || party.consent.contact.is_some()
}

/// Adds somebody to the parties.
fn list(draft: Draft, referral: &mut Referral, notes: &mut Notes) {
    let Draft {
        party,
        notes: mut own,
    } = draft;
    own.doubt(
        "",
        "read_from_sentences",
        "read from running text: confirm this person",
    );
    notes.append(&format!("/parties/{}", referral.parties.len()), own);
    referral.parties.push(party);
}

/// The child or grandchild of the one who writes.
fn is_child(person: &Person) -> bool {
    const CHILDREN: [&str; 8] = [
        "son",
        "daughter",
        "grandson",
        "granddaughter",
        "niece",
        "nephew",
        "stepson",
        "stepdaughter",
    ];
    matches!(&person.relation, Some((word, Some(0))) if CHILDREN.contains(&word.as_str()))
}

/// A person of the cast as a party: name, title, relation. `None` for those who are nobody of the case.
fn draft(person: &Person, role: Option<Role>, prose: &Prose, place: &Place) -> Option<Draft> {
    let mut notes = Notes::default();
    let is_open = role.is_none();
    let is_kin = person
        .relation
        .as_ref()
        .is_some_and(|(word, _)| word != "neighbour");
    if person.is_professional || is_open && (person.name.is_empty() || is_kin) {
        return None;
    }
    if is_open {
        notes.doubt_between(
            "/role",
            "role_unclear",
            "the text does not say whether this person was harmed or responsible",
            SIDES.map(str::to_owned),
        );
    }
    let mut party = Party::new(role.unwrap_or(Role::Party));
    if person.is_nameless() {
        return None;
    }
    if !person.name.is_empty() {
        let read = names::read(&person.name)?;
        let byte = prose.tokens.get(person.told_in).map(|token| token.start);
        let quote = byte
            .and_then(|at| prose.sentence_at(at))
            .map(|sentence| prose.quote(sentence))
            .unwrap_or_default();
        notes.read("/name", place, &quote);
        party.name = Some(read.name);
        if read.title.is_some() {
            party.title = read.title;
            notes.read("/title", place, &quote);
        }
        if let Some((relation, Some(_))) = &person.relation
            && party.role == Role::Supporter
        {
            party.relationship = Some(relation.clone());
            notes.read("/relationship", place, &quote);
        }
        if let Some(alias) = &person.alias {
            party.known_as = Some(alias.clone());
            notes.read("/known_as", place, &alias_quote(prose, alias));
        }
    }
    Some(Draft { party, notes })
}

/// The sentence in which somebody "goes by" another name.
fn alias_quote(prose: &Prose, alias: &str) -> String {
    let at = prose.text.find(alias).and_then(|at| prose.sentence_at(at));
    at.map(|sentence| prose.quote(sentence)).unwrap_or_default()
}

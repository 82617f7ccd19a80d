//! The answers about one person become a [`Party`].
//!
//! `name` (who it is), `birth` (how old), `address`, `contact` (how to reach and speak with them), `consent`.
//!
//! Invariant: of two texts for one field the first is kept and the second is a doubt; only a name in pieces is joined
//! anew.

mod address;
mod birth;
mod consent;
mod contact;
mod name;
mod organisation;

pub(super) use self::consent::Demand;
pub(super) use self::name::is_of_nobody_known;

use super::agencies::AgencyBook;
use super::draft::{Notes, Place};
use super::labels::{Field, LabelBook, spoken, tokens};
use super::pairs::{Fact, Subject};
use super::values::{Cleaned, boolean, stated, yes_no};
use crate::domain::{ConsentAnswer, ConsentHow, Party, Role, names};
use jiff::civil::Date;

/// A second answer stands there that differs.
const TWO_ANSWERS: &str = "the form gives two different answers; the first was taken";

/// What reading answers needs.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) book: &'a LabelBook,
    pub(super) agencies: &'a AgencyBook,
    pub(super) today: Date,
}

/// A party with its notes; paths are relative to it.
pub(super) struct PartyDraft {
    pub(super) party: Party,
    pub(super) notes: Notes,
    given: Option<String>,
    family: Option<String>,
    /// The words of a `Parent or carer of` column.
    pub(super) child: Option<String>,
    /// The form says that nobody knows their name: there is such a person.
    unnamed: bool,
}

impl PartyDraft {
    pub(super) fn new(role: Role) -> Self {
        Self {
            party: Party::new(role),
            notes: Notes::default(),
            given: None,
            family: None,
            child: None,
            unnamed: false,
        }
    }

    /// Something beyond consent and preferences is known: it is worth a row.
    pub(super) fn exists(&self) -> bool {
        let p = &self.party;
        let reachable =
            p.name.is_some() || !p.phones.is_empty() || !p.emails.is_empty() || p.organisation.is_some();
        let described = p.date_of_birth.is_some()
            || p.age.is_some()
            || p.gender.is_some()
            || p.address.is_some()
            || p.postcode.is_some()
            || p.ethnicity.is_some();
        match p.role {
            Role::Victim | Role::Offender => reachable || described || self.unnamed,
            Role::Party => reachable || described,
            Role::Supporter | Role::AppropriateAdult | Role::Witness | Role::Professional => {
                p.name.is_some() || !p.phones.is_empty() || !p.emails.is_empty()
            }
        }
    }

    /// "Don't know" is an answer to the question about consent; elsewhere it is none.
    fn not_known(&mut self, fact: &Fact, place: &Place, quote: &str, tools: Tools<'_>) {
        let said = spoken(quote);
        let is_said =
            said.contains("know") && said != "not known" && tools.book.answers.unknown.contains(&said);
        if fact.field == Field::ConsentContact && is_said && self.party.consent.contact.is_none() {
            self.party.consent.contact = Some(ConsentAnswer::Unknown);
            self.notes.read("/consent/contact", place, quote);
        }
    }

    /// Takes one answer.
    pub(super) fn take(&mut self, fact: &Fact, place: &Place, tools: Tools<'_>) {
        let cleaned = fact.answer.clean(tools.book);
        let quote = fact.answer.quote();
        if cleaned.elsewhere
            && let Some(path) = path_of(fact.field)
        {
            self.notes
                .doubt(path, "see_elsewhere", format!("the form says \"{quote}\""));
        }
        if is_of_nobody_known(fact) {
            let of_their_own = matches!(fact.subject, Subject::Person { occurrence, .. } if occurrence > 0);
            self.unnamed |= of_their_own; // a section or column, not just a question
            self.notes
                .doubt("/name", "no_name", format!("the form says \"{quote}\""));
            return;
        }
        if cleaned.is_blank() {
            self.not_known(fact, place, &quote, tools);
            return;
        }
        let place = &Place {
            page: fact.page,
            unknown_wording: fact.unknown_wording(),
            by_position: fact.by_position,
            ..place.clone()
        };
        // What else the answer says may matter: "07700 900001, never in the evening".
        if let (Some(whole), Some(path)) = (&fact.beside, path_of(fact.field)) {
            self.notes
                .doubt(path, "part_of_answer", format!("the form says \"{whole}\""));
        }
        match fact.field {
            Field::Name | Field::From | Field::NameAndAgency => {
                if organisation::asks_for_contact(&fact.label) {
                    self.name_was_of_organisation();
                }
                self.name(&cleaned, &quote, place, tools);
            }
            Field::Title => {
                let title = cleaned.text();
                if names::is_title(&title) {
                    self.text(&title, "/title", place, &quote, |p| &mut p.title);
                }
            }
            Field::Given => {
                self.given.get_or_insert(cleaned.text());
                self.joined(place, &quote);
            }
            Field::Family => {
                self.family.get_or_insert(cleaned.text());
                self.joined(place, &quote);
            }
            Field::KnownAs => self.text(&cleaned.text(), "/known_as", place, &quote, |p| &mut p.known_as),
            Field::DateOfBirth | Field::DobOrAge => self.birth(&cleaned.text(), place, &quote, tools),
            Field::Age => self.age(&cleaned.text(), place, &quote),
            Field::Gender => {
                let said = spoken(&cleaned.text());
                let gender = tools
                    .book
                    .genders
                    .get(&said)
                    .cloned()
                    .unwrap_or_else(|| cleaned.text());
                self.text(&gender, "/gender", place, &quote, |p| &mut p.gender);
            }
            Field::Ethnicity => self.text(&cleaned.text(), "/ethnicity", place, &quote, |p| &mut p.ethnicity),
            Field::Address if is_further_line(&fact.label) => self.further_line(&cleaned, place, &quote),
            Field::Address if is_street(&fact.label) && self.party.address.is_some() => {
                self.further_line(&cleaned, place, &quote);
            }
            Field::Address => self.address(&cleaned, place, &quote),
            Field::Postcode => self.postcode(&cleaned.text(), place, &quote),
            Field::Phone => self.phones(&cleaned.text(), place, &quote),
            Field::Email => self.emails(&cleaned.text(), place, &quote),
            Field::PhoneAndEmail => self.phone_and_email(&cleaned.text(), place, &quote),
            Field::Organisation => self.text(&cleaned.text(), "/organisation", place, &quote, |p| {
                &mut p.organisation
            }),
            Field::Relationship => self.text(&cleaned.text(), "/relationship", place, &quote, |p| {
                &mut p.relationship
            }),
            Field::Prefers => self.prefers(&cleaned, place, &quote, tools),
            Field::SafeToContact => self.yes_no(&cleaned, "/safe_to_contact", place, &quote, tools, |p| {
                &mut p.safe_to_contact
            }),
            Field::SafeToLeaveMessage => {
                self.yes_no(&cleaned, "/safe_to_leave_message", place, &quote, tools, |p| {
                    &mut p.safe_to_leave_message
                });
            }
            Field::BestTime => self.text(&cleaned.text(), "/best_time", place, &quote, |p| &mut p.best_time),
            Field::Language => self.language(&cleaned.text(), place, &quote, tools),
            Field::Interpreter
                if yes_no(&cleaned.text(), tools.book).is_none()
                    && tokens(&fact.label).iter().any(|word| word == "language") =>
            {
                self.language(&cleaned.text(), place, &quote, tools);
            }
            Field::Interpreter => self.yes_no(&cleaned, "/interpreter_needed", place, &quote, tools, |p| {
                &mut p.interpreter_needed
            }),
            Field::Needs => {
                if yes_no(&cleaned.text(), tools.book).is_none_or(|y| {
                    y.answer != ConsentAnswer::Refused && !is_bare_yes(&cleaned.text()) || y.hedged
                }) {
                    self.text(&cleaned.text(), "/needs", place, &quote, |p| &mut p.needs);
                }
            }
            Field::ChildOf => self.child = Some(cleaned.text()),
            Field::ConsentContact if asks_whether_asked(&fact.label) => {
                self.asked(&cleaned, place, &quote, tools);
            }
            Field::ConsentContact => {
                self.consent(&cleaned, place, &quote, tools);
                if self.party.consent.contact == Some(ConsentAnswer::Given)
                    && self.party.consent.how.is_none()
                {
                    self.how_asked(&fact.label, place);
                }
            }
            // "Signed agreement seen? Yes"
            Field::ConsentHow if yes_no(&cleaned.text(), tools.book).is_some() => {
                let is_given = yes_no(&cleaned.text(), tools.book)
                    .is_some_and(|y| y.answer == ConsentAnswer::Given && !y.hedged);
                if is_given {
                    self.how_asked(&fact.label, place);
                }
            }
            Field::ConsentDate => {
                self.consent_date(&cleaned.text(), place, &quote, tools, Demand::Needed);
                // "When did he sign?"
                let is_signed = tokens(&fact.label)
                    .iter()
                    .any(|word| word == "sign" || word == "signed");
                if is_signed && self.party.consent.given_on.is_some() && self.party.consent.how.is_none() {
                    self.how(ConsentHow::Written, place, &fact.label);
                }
            }
            Field::ConsentHow => self.consent_how(&cleaned.text(), place, &quote, tools, Demand::Needed),
            Field::ConsentHowAndWhen => {
                self.consent_how(&cleaned.text(), place, &quote, tools, Demand::Needed);
                self.consent_date(&cleaned.text(), place, &quote, tools, Demand::Needed);
            }
            Field::ConsentBy => self.text(&cleaned.text(), "/consent/obtained_by", place, &quote, |p| {
                &mut p.consent.obtained_by
            }),
            Field::ConsentShareOther => {
                self.yes_no(
                    &cleaned,
                    "/consent/share_with_other_party",
                    place,
                    &quote,
                    tools,
                    |p| &mut p.consent.share_with_other_party,
                );
            }
            Field::ConsentShareAgencies => {
                self.yes_no(
                    &cleaned,
                    "/consent/share_with_agencies",
                    place,
                    &quote,
                    tools,
                    |p| &mut p.consent.share_with_agencies,
                );
            }
            Field::JobTitle
            | Field::Occupation
            | Field::Team
            | Field::ConsentAware
            | Field::CrimeNumber
            | Field::Crn
            | Field::Urn
            | Field::PncId
            | Field::Cro
            | Field::PrisonNumber
            | Field::NhsNumber
            | Field::CollarNumber
            | Field::AgencyReference
            | Field::OfficeReference
            | Field::OffenceKind
            | Field::OffenceDate
            | Field::OffenceLocation
            | Field::Summary
            | Field::Outcome
            | Field::OutcomeDate
            | Field::Risks
            | Field::Wishes
            | Field::Impact
            | Field::Service
            | Field::SelfRole
            | Field::TheirRole
            | Field::Signature
            | Field::BareDate
            | Field::ReferralDate
            | Field::Ignored
            | Field::Unmapped => {}
        }
    }

    /// Writes a text once; a second, different answer is a doubt.
    fn text(
        &mut self,
        value: &str,
        path: &str,
        place: &Place,
        quote: &str,
        slot: impl FnOnce(&mut Party) -> &mut Option<String>,
    ) {
        let slot = slot(&mut self.party);
        match slot {
            Some(old) if spoken(old) != spoken(value) => {
                self.notes.conflict(path, TWO_ANSWERS, old.as_str(), value);
            }
            Some(_) => {}
            None => {
                *slot = Some(value.to_owned());
                self.notes.read(path, place, quote);
            }
        }
    }

    fn yes_no(
        &mut self,
        cleaned: &Cleaned,
        path: &str,
        place: &Place,
        quote: &str,
        tools: Tools<'_>,
        slot: impl FnOnce(&mut Party) -> &mut Option<bool>,
    ) {
        if cleaned.options.as_ref().is_some_and(|o| o.len() > 1) {
            let both = ["yes", "no"].map(str::to_owned);
            self.notes
                .doubt_between(path, "several_answers", "more than one box is ticked", both);
            return;
        }
        let text = cleaned.text();
        // A ticked option of its own words: "Not safe to leave a message".
        let ticked = cleaned.options.is_some().then(|| stated(&text, tools.book));
        let Some(read) = yes_no(&text, tools.book).or(ticked) else {
            self.notes
                .doubt(path, "unreadable_answer", format!("the form says \"{quote}\""));
            return;
        };
        let Some(value) = boolean(read) else { return };
        let slot = slot(&mut self.party);
        match slot {
            Some(old) if *old != value => {
                self.notes
                    .conflict(path, TWO_ANSWERS, yes_or_no(*old), yes_or_no(value));
            }
            Some(_) => {}
            None => {
                *slot = Some(value);
                self.notes.read(path, place, quote);
            }
        }
        if read.hedged {
            self.notes
                .doubt(path, "qualified_answer", format!("the form says \"{quote}\""));
        }
    }
}

/// As a correction writes it.
fn yes_or_no(value: bool) -> &'static str {
    match value {
        true => "yes",
        false => "no",
    }
}

/// A line of an address below its first: "Address line 2", "Town".
fn is_further_line(label: &str) -> bool {
    let words = tokens(label);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["town", "city", "county", "village"]) && !has(&["address", "postcode", "street"])
        || has(&["line"]) && has(&["2", "3", "4", "two", "three"])
}

/// A line for the street alone, below one for the house.
fn is_street(label: &str) -> bool {
    let words = tokens(label);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["street", "road"]) && !has(&["house", "number", "address", "line", "postcode"])
}

/// "Has the victim been asked?": no means not sought, yes says nothing of the answer.
fn asks_whether_asked(label: &str) -> bool {
    let words = tokens(label);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["asked", "approached", "spoken"])
        && has(&["been"])
        && !has(&["agreed", "agree", "consented", "consent", "happy", "willing"])
}

/// "Yes" to "Any needs?" says none.
fn is_bare_yes(text: &str) -> bool {
    matches!(spoken(text).as_str(), "yes" | "y" | "true" | "x")
}

/// The fields for which "as above" leaves something to fill in.
fn path_of(field: Field) -> Option<&'static str> {
    [
        (Field::Address, "/address"),
        (Field::Postcode, "/postcode"),
        (Field::Phone, "/phones"),
        (Field::Email, "/emails"),
        (Field::DateOfBirth, "/date_of_birth"),
        (Field::Name, "/name"),
    ]
    .into_iter()
    .find(|(known, _)| *known == field)
    .map(|(_, path)| path)
}

//! The answers about one person become a [`Party`].

use super::draft::{Notes, Place};
use super::labels::{Field, LabelBook, Strictness, spoken};
use super::pairs::{Fact, Subject};
use super::values::{Cleaned, boolean, contacts, how, yes_no};
use crate::domain::dates::{self, DateUse, ReadDate};
use crate::domain::identifiers::{self, IdentifierKind};
use crate::domain::{ConsentAnswer, ConsentHow, Party, Role, names};
use jiff::civil::Date;

/// Oldest age that is believed.
const MAX_AGE: u16 = 115;

/// What reading answers needs.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) book: &'a LabelBook,
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
            return;
        }
        let place = &Place {
            page: fact.page,
            unknown_wording: fact.unknown_wording(),
            ..place.clone()
        };
        match fact.field {
            Field::Name | Field::From | Field::NameAndAgency => self.name(&cleaned, &quote, place, tools),
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
            Field::Interpreter => self.yes_no(&cleaned, "/interpreter_needed", place, &quote, tools, |p| {
                &mut p.interpreter_needed
            }),
            Field::Needs => {
                if yes_no(&cleaned.text(), tools.book)
                    .is_none_or(|y| y.answer != ConsentAnswer::Refused || y.hedged)
                {
                    self.text(&cleaned.text(), "/needs", place, &quote, |p| &mut p.needs);
                }
            }
            Field::ChildOf => self.child = Some(cleaned.text()),
            Field::ConsentContact => self.consent(&cleaned, place, &quote, tools),
            Field::ConsentDate => self.consent_date(&cleaned.text(), place, &quote, tools, Demand::Needed),
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
            | Field::Ignored => {}
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
            Some(old) if spoken(old) != spoken(value) => self.notes.doubt(
                path,
                "conflicting_values",
                "the form gives two different answers; the first was taken",
            ),
            Some(_) => {}
            None => {
                *slot = Some(value.to_owned());
                self.notes.read(path, place, quote);
            }
        }
    }

    fn name(&mut self, cleaned: &Cleaned, quote: &str, place: &Place, tools: Tools<'_>) {
        let mut text = cleaned.text();
        // "Appropriate adult? N" names nobody.
        if text.chars().filter(|c| c.is_alphabetic()).count() < 2 || yes_no(&text, tools.book).is_some() {
            return;
        }
        let mut mixed = false;
        if let Some(first) = identifiers::find(&text)
            .into_iter()
            .find(|f| f.kind != IdentifierKind::CollarNumber)
        {
            mixed = first.start > 0;
            if first.kind == IdentifierKind::Email {
                self.emails(&cleaned.text(), place, quote);
                mixed = false;
            }
            text.truncate(first.start);
        }
        let text = text
            .trim()
            .trim_end_matches(['<', '(', ',', ';', '-'])
            .trim()
            .to_owned();
        let Some(read) = names::read(&text) else { return };
        if tools.book.section(&text, Strictness::Every).is_some() {
            return; // "the person responsible" is nobody's name
        }
        if is_business(&read.name) && self.party.organisation.is_none() {
            self.party.organisation = Some(read.name.clone());
            self.notes.read("/organisation", place, quote);
            self.notes.doubt(
                "/organisation",
                "business_as_name",
                "a business stands where a person's name is asked",
            );
            return;
        }
        if self.party.name.is_some() {
            self.text(&read.name, "/name", place, quote, |p| &mut p.name);
            return;
        }
        self.party.name = Some(read.name);
        self.notes.read("/name", place, quote);
        if read.doubtful || mixed || cleaned.lines.len() > 1 {
            self.notes.doubt(
                "/name",
                "unclear_name",
                "more than one plain name stands in this answer",
            );
        }
        if let Some(title) = read.title {
            self.text(&title, "/title", place, quote, |p| &mut p.title);
        }
        if let Some(alias) = read.known_as {
            self.text(&alias, "/known_as", place, quote, |p| &mut p.known_as);
        }
    }

    fn joined(&mut self, place: &Place, quote: &str) {
        let given = self.given.clone().unwrap_or_default();
        let family = self.family.clone().unwrap_or_default();
        let words: Vec<&str> = given.split_whitespace().collect();
        let (title, given) = match words.split_first() {
            Some((first, rest)) if names::is_title(first) && !rest.is_empty() => {
                (Some((*first).to_owned()), rest.join(" "))
            }
            Some(_) | None => (None, given),
        };
        self.party.name = Some(names::join(&given, &family));
        self.notes.read("/name", place, quote);
        if let Some(title) = title {
            self.text(&title, "/title", place, quote, |p| &mut p.title);
        }
    }

    fn birth(&mut self, text: &str, place: &Place, quote: &str, tools: Tools<'_>) {
        let found = dates::find(text, DateUse::Birth, tools.today);
        match found.first().map(|f| f.date) {
            Some(ReadDate::Impossible) => {
                self.notes.doubt(
                    "/date_of_birth",
                    "impossible_date",
                    format!("\"{quote}\" is no day in the past"),
                );
            }
            Some(date) => {
                let two_digits = found
                    .first()
                    .and_then(|f| text.get(f.start..f.end))
                    .is_some_and(has_two_digit_year);
                let doubtful = found.len() > 1
                    || two_digits
                    || matches!(date, ReadDate::Day { ambiguous: true, .. })
                    || matches!(date, ReadDate::Month { .. });
                if let Some(iso) = date.iso() {
                    self.text(&iso, "/date_of_birth", place, quote, |p| &mut p.date_of_birth);
                }
                if doubtful {
                    self.notes.doubt(
                        "/date_of_birth",
                        "ambiguous_date",
                        format!("\"{quote}\" can be read in more than one way"),
                    );
                }
            }
            None => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                if (1..=3).contains(&digits) {
                    self.age(text, place, quote);
                } else {
                    self.notes.doubt(
                        "/date_of_birth",
                        "unreadable_date",
                        format!("\"{quote}\" is not a whole date"),
                    );
                }
            }
        }
    }

    fn age(&mut self, text: &str, place: &Place, quote: &str) {
        let numbers: Vec<u16> = text
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|n| n.parse().ok())
            .collect();
        let plain = spoken(text).split(' ').all(|w| {
            w.chars().all(|c| c.is_ascii_digit())
                || matches!(w, "years" | "year" | "old" | "yrs" | "aged" | "age" | "y" | "o")
        });
        match numbers.as_slice() {
            [age] if *age <= MAX_AGE && self.party.age.is_none() => {
                self.party.age = Some(*age);
                self.notes.read("/age", place, quote);
                if !plain {
                    self.notes
                        .doubt("/age", "approximate_age", format!("the form says \"{quote}\""));
                }
            }
            _ => self
                .notes
                .doubt("/age", "unreadable_age", format!("the form says \"{quote}\"")),
        }
    }

    fn address(&mut self, cleaned: &Cleaned, place: &Place, quote: &str) {
        let text = cleaned.lines.join(", ");
        let found = identifiers::find(&text);
        let mut postcodes = found.iter().filter(|f| f.kind == IdentifierKind::Postcode);
        let mut kept = String::new();
        let mut at = 0;
        for piece in found.iter().filter(|f| {
            matches!(
                f.kind,
                IdentifierKind::Postcode | IdentifierKind::Phone | IdentifierKind::Email
            )
        }) {
            kept.push_str(text.get(at..piece.start).unwrap_or_default());
            at = piece.end;
        }
        kept.push_str(text.get(at..).unwrap_or_default());
        let mut kept = tidy_commas(&kept);
        if postcodes.clone().next().is_none()
            && let Some((street, postcode)) = odd_postcode(&kept)
        {
            self.text(&postcode, "/postcode", place, quote, |p| &mut p.postcode);
            self.notes.doubt(
                "/postcode",
                "unreadable_postcode",
                format!("\"{postcode}\" looks like a postcode, but no postcode is written so"),
            );
            kept = street;
        }
        if let Some(first) = postcodes.next() {
            let normal = first.normal.clone();
            self.text(&normal, "/postcode", place, quote, |p| &mut p.postcode);
            if postcodes.next().is_some() {
                self.notes.doubt(
                    "/address",
                    "several_postcodes",
                    "two postcodes stand in one address",
                );
            }
        }
        if kept.chars().any(char::is_alphanumeric) {
            self.text(&kept, "/address", place, quote, |p| &mut p.address);
        }
    }

    fn postcode(&mut self, text: &str, place: &Place, quote: &str) {
        match identifiers::normal_postcode(&text.to_uppercase()) {
            Some(postcode) => self.text(&postcode, "/postcode", place, quote, |p| &mut p.postcode),
            None => {
                self.notes.doubt(
                    "/postcode",
                    "unreadable_postcode",
                    format!("\"{quote}\" is not a whole postcode"),
                );
            }
        }
    }

    fn phones(&mut self, text: &str, place: &Place, quote: &str) {
        let found: Vec<_> = identifiers::find(text)
            .into_iter()
            .filter(|f| f.kind == IdentifierKind::Phone)
            .collect();
        let numbers = if found.is_empty() {
            identifiers::normal_phone(text).into_iter().collect()
        } else {
            found.into_iter().map(|f| f.normal).collect::<Vec<_>>()
        };
        if numbers.is_empty() {
            let code = if text.chars().filter(char::is_ascii_digit).count() >= 5 {
                "unreadable_phone"
            } else {
                "no_phone"
            };
            self.notes.doubt(
                "/phones",
                code,
                format!("\"{quote}\" is not a whole telephone number"),
            );
        }
        let remark = text.chars().filter(|c| c.is_alphabetic()).count() > 12;
        for number in numbers {
            if !self.party.phones.contains(&number) {
                self.party.phones.push(number);
                let path = format!("/phones/{}", self.party.phones.len() - 1);
                self.notes.read(&path, place, quote);
            }
        }
        if remark && !self.party.phones.is_empty() {
            self.notes.doubt(
                "/phones",
                "remark_beside_phone",
                format!("the form says \"{quote}\""),
            );
        }
    }

    fn emails(&mut self, text: &str, place: &Place, quote: &str) {
        let found: Vec<_> = identifiers::find(text)
            .into_iter()
            .filter(|f| f.kind == IdentifierKind::Email)
            .collect();
        if found.is_empty() {
            self.notes.doubt(
                "/emails",
                "unreadable_email",
                format!("\"{quote}\" is not an e-mail address"),
            );
        }
        for email in found {
            if !self.party.emails.contains(&email.normal) {
                self.party.emails.push(email.normal);
                let path = format!("/emails/{}", self.party.emails.len() - 1);
                self.notes.read(&path, place, quote);
            }
        }
    }

    fn phone_and_email(&mut self, text: &str, place: &Place, quote: &str) {
        let kinds: Vec<IdentifierKind> = identifiers::find(text).iter().map(|f| f.kind).collect();
        if kinds.contains(&IdentifierKind::Phone) {
            self.phones(text, place, quote);
        }
        if kinds.contains(&IdentifierKind::Email) {
            self.emails(text, place, quote);
        }
    }

    fn prefers(&mut self, cleaned: &Cleaned, place: &Place, quote: &str, tools: Tools<'_>) {
        let ways = contacts(&cleaned.text(), tools.book);
        let Some(first) = ways.first() else {
            self.notes.doubt(
                "/preferred_contact",
                "unreadable_answer",
                format!("the form says \"{quote}\""),
            );
            return;
        };
        if self.party.preferred_contact.is_none() {
            self.party.preferred_contact = Some(*first);
            self.notes.read("/preferred_contact", place, quote);
        }
        if ways.len() > 1 {
            self.notes.doubt(
                "/preferred_contact",
                "several_answers",
                "more than one way of contact is named",
            );
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
            self.notes
                .doubt(path, "several_answers", "more than one box is ticked");
            return;
        }
        let Some(read) = yes_no(&cleaned.text(), tools.book) else {
            self.notes
                .doubt(path, "unreadable_answer", format!("the form says \"{quote}\""));
            return;
        };
        let Some(value) = boolean(read) else { return };
        let slot = slot(&mut self.party);
        match slot {
            Some(old) if *old != value => self.notes.doubt(
                path,
                "conflicting_values",
                "the form gives two different answers; the first was taken",
            ),
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

    fn language(&mut self, text: &str, place: &Place, quote: &str, tools: Tools<'_>) {
        let lower = text.to_lowercase();
        let mut language = text.to_owned();
        if let Some(at) = lower.find("interpreter").filter(|_| lower.len() == text.len()) {
            let refused = spoken(&lower).split(' ').any(|w| matches!(w, "no" | "not"));
            if self.party.interpreter_needed.is_none() {
                self.party.interpreter_needed = Some(!refused);
                self.notes.read("/interpreter_needed", place, quote);
            }
            language = text
                .get(..at)
                .unwrap_or_default()
                .trim_end_matches([' ', '-', '–', ',', ';', '(', '.'])
                .to_owned();
            language = language
                .trim_end_matches(" no")
                .trim_end_matches(" No")
                .trim_end_matches([' ', '-', ',', '–'])
                .to_owned();
        }
        if yes_no(&language, tools.book).is_none() && language.chars().any(char::is_alphabetic) {
            self.text(&language, "/language", place, quote, |p| &mut p.language);
        }
    }

    fn consent(&mut self, cleaned: &Cleaned, place: &Place, quote: &str, tools: Tools<'_>) {
        if cleaned.options.as_ref().is_some_and(|o| o.len() > 1) {
            self.notes.doubt(
                "/consent/contact",
                "several_answers",
                "more than one box is ticked",
            );
            return;
        }
        let text = cleaned.text();
        let ticked_statement = cleaned.options.is_some() && yes_no(&text, tools.book).is_none();
        let read = match yes_no(&text, tools.book) {
            Some(read) => read,
            None if ticked_statement => super::values::YesNo {
                answer: ConsentAnswer::Given,
                hedged: false,
            },
            None => {
                self.notes.doubt(
                    "/consent/contact",
                    "unreadable_answer",
                    format!("the form says \"{quote}\""),
                );
                return;
            }
        };
        match self.party.consent.contact {
            Some(old) if old != read.answer => {
                self.notes.doubt(
                    "/consent/contact",
                    "conflicting_values",
                    "the form gives two different answers; the first was taken",
                );
            }
            Some(_) => {}
            None => {
                self.party.consent.contact = Some(read.answer);
                self.notes.read("/consent/contact", place, quote);
            }
        }
        if read.hedged {
            self.notes.doubt(
                "/consent/contact",
                "qualified_answer",
                format!("the form says \"{quote}\""),
            );
        }
        if read.answer == ConsentAnswer::Given {
            self.consent_how(&text, place, quote, tools, Demand::IfThere);
            self.consent_date(&text, place, quote, tools, Demand::IfThere);
        }
    }

    pub(super) fn consent_date(
        &mut self,
        text: &str,
        place: &Place,
        quote: &str,
        tools: Tools<'_>,
        demand: Demand,
    ) {
        match dates::parse(text, DateUse::Event, tools.today) {
            Some(date) => {
                if let Some(iso) = date.iso() {
                    self.text(&iso, "/consent/given_on", place, quote, |p| {
                        &mut p.consent.given_on
                    });
                }
                if !matches!(date, ReadDate::Day { ambiguous: false, .. }) {
                    self.notes.doubt(
                        "/consent/given_on",
                        "ambiguous_date",
                        format!("the form says \"{quote}\""),
                    );
                }
            }
            None if demand == Demand::Needed => {
                self.notes.doubt(
                    "/consent/given_on",
                    "unreadable_date",
                    format!("\"{quote}\" is not a whole date"),
                );
            }
            None => {}
        }
    }

    fn consent_how(&mut self, text: &str, place: &Place, quote: &str, tools: Tools<'_>, demand: Demand) {
        match how(text, tools.book) {
            Some(way) => self.how(way, place, quote),
            None if demand == Demand::Needed => self.notes.doubt(
                "/consent/how",
                "unreadable_answer",
                format!("the form says \"{quote}\""),
            ),
            None => {}
        }
    }

    pub(super) fn how(&mut self, way: ConsentHow, place: &Place, quote: &str) {
        match self.party.consent.how {
            Some(old) if old != way => self.notes.doubt(
                "/consent/how",
                "conflicting_values",
                "the form gives two different answers; the first was taken",
            ),
            Some(_) => {}
            None => {
                self.party.consent.how = Some(way);
                self.notes.read("/consent/how", place, quote);
            }
        }
    }
}

/// Whether an answer that holds no such value is worth a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    Needed,
    IfThere,
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

/// A name that the form says nobody knows.
pub(super) fn is_of_nobody_known(fact: &Fact) -> bool {
    fact.field == Field::Name && says_unknown(&fact.answer.quote())
}

/// "Unknown male", "not known at present": words about a name that nobody knows.
fn says_unknown(text: &str) -> bool {
    let said = spoken(text);
    [
        "not known",
        "not yet known",
        "unknown",
        "unidentified",
        "name unknown",
        "name not known",
    ]
    .iter()
    .any(|start| {
        said.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// `12/05/85`: the century is worked out, not read.
fn has_two_digit_year(date: &str) -> bool {
    let mut numbers = date
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty());
    let first = numbers.next().unwrap_or_default();
    first.len() <= 2 && numbers.next_back().is_some_and(|year| year.len() == 2)
}

/// Splits off a last word pair shaped like a postcode whose letters no postcode has (`CM9 6ZK`).
fn odd_postcode(address: &str) -> Option<(String, String)> {
    let mut words: Vec<&str> = address.split_whitespace().collect();
    let (inward, outward) = (words.pop()?, words.pop()?);
    let upper = |c: char| c.is_ascii_uppercase();
    let inward_fits = matches!(
        inward.chars().collect::<Vec<_>>().as_slice(),
        [digit, a, b] if digit.is_ascii_digit() && upper(*a) && upper(*b)
    );
    let outward_fits = (2..=4).contains(&outward.len())
        && outward.starts_with(upper)
        && outward.chars().any(|c| c.is_ascii_digit())
        && outward.chars().all(|c| upper(c) || c.is_ascii_digit());
    let street = words.join(" ").trim_end_matches([',', ' ']).to_owned();
    (inward_fits && outward_fits && !street.is_empty()).then(|| (street, format!("{outward} {inward}")))
}

fn is_business(name: &str) -> bool {
    let last = spoken(name)
        .split(' ')
        .next_back()
        .map(str::to_owned)
        .unwrap_or_default();
    matches!(
        last.as_str(),
        "ltd" | "limited" | "plc" | "llp" | "cic" | "stores" | "council" | "school" | "academy"
    )
}

fn tidy_commas(text: &str) -> String {
    text.split(',')
        .map(str::trim)
        .filter(|piece| piece.chars().any(char::is_alphanumeric))
        .map(|p| p.trim_end_matches(['.', ';', ' ', '-']))
        .collect::<Vec<_>>()
        .join(", ")
}

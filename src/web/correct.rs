//! Correcting a draft: a group of its fields as a form, beside the source, with what was wrong at the field.
//!
//! A field that comes back as it was shown is not changed; a doubt is settled by correcting its field, by choosing one of the
//! values that it is between, or by saying that it is right as it stands.

use super::draft::{self, CheckLine, Group, referral_of};
use super::fields;
use super::frame::show;
use super::problem::Problem;
use super::request::{Answer, Asked, Fields, go_to};
use super::review;
use super::words;
use crate::casework::MessageView;
use crate::domain::dates::{self, DateUse};
use crate::domain::{
    Check, DraftChange, DraftEntry, DraftPath, DraftValues, ParsedMessage, Place, REFERENCE_WORDS,
    ROLE_WORDS, Referral, Refusal, ValueKind,
};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Doubts that are right as they stand.
const SETTLE: &str = "settle";
/// One of the values that a doubt is between: its path, a space, the value.
const CHOOSE: &str = "choose";
/// A person to be taken out.
const REMOVE: &str = "remove";
/// The form that adds a person.
const NEW_PERSON: &str = "new-person";
/// The form that settles doubts about the message as a whole.
const WHOLE_MESSAGE: &str = "message";
/// Before the path of a number: its kind.
const KIND: &str = "kind:";

/// A group as a form.
pub(super) struct EditForm {
    pub(super) key: String,
    /// How many changes the page shows.
    pub(super) seen: usize,
    pub(super) inputs: Vec<Input>,
    pub(super) checks: Vec<CheckLine>,
    /// The person whom it is about, to be taken out.
    pub(super) person: Option<String>,
}

/// One field.
pub(super) struct Input {
    pub(super) id: usize,
    pub(super) path: String,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) value: String,
    pub(super) widget: Widget,
    pub(super) checks: Vec<CheckLine>,
    pub(super) error: Option<String>,
}

/// How a field is filled in.
pub(super) enum Widget {
    Line,
    Text,
    /// Words and what they are called; the first one is none.
    Choice(Vec<(String, String)>),
    /// The kinds of a number, and the kind that it has.
    Number(Vec<(String, String)>, String),
}

/// What is being corrected.
pub(super) struct Editing<'a> {
    pub(super) key: &'a str,
    /// What was typed, where it could not be saved.
    pub(super) typed: Option<&'a Fields>,
    /// Paths with what is wrong there.
    pub(super) errors: Vec<(String, String)>,
}

/// One change that was made.
pub(super) struct HistoryLine {
    pub(super) at: String,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) settled: Vec<String>,
}

/// The form of the group that is being corrected.
pub(super) fn form(view: &MessageView, groups: &mut [Group], editing: &Editing<'_>) -> Option<EditForm> {
    let parsed = view.draft.as_ref()?.expose_personal();
    let group = groups.iter_mut().find(|group| group.key == editing.key)?;
    let values = DraftValues::of(parsed);
    let mut paths = group.paths.clone();
    let first = paths.first().and_then(|path| DraftPath::parse(path))?;
    let referral = referral_of(parsed, first.referral)?;
    if let Some(last) = paths.iter().find(|path| path.ends_with("/case_kind")) {
        paths.push(last.replace("/case_kind", "/references/-"));
    }
    let mut inputs = Vec::new();
    for (id, path) in paths.iter().enumerate() {
        let Some(at) = DraftPath::parse(path) else {
            continue;
        };
        let value = values.at(&at).unwrap_or_default();
        let mut input = input(id, path, &at, &value, referral);
        if let Some(typed) = editing.typed {
            retype(&mut input, typed);
        }
        let error = editing.errors.iter().find(|(wrong, _)| wrong == path);
        input.error = error.map(|(_, why)| why.clone());
        input.checks = checks_of(group, &at);
        inputs.push(input);
    }
    let person = match first.place {
        Place::PartyField(index, _) => path_of_party(&first, index),
        Place::Field(_) | Place::Party(_) | Place::NewParty | Place::Reference(_) | Place::NewReference => {
            None
        }
    };
    Some(EditForm {
        key: group.key.clone(),
        seen: view.history.len(),
        inputs,
        checks: std::mem::take(&mut group.checks),
        person,
    })
}

fn path_of_party(path: &DraftPath, index: usize) -> Option<String> {
    Some(match path.referral.checked_sub(1) {
        None => format!("/referral/parties/{index}"),
        Some(more) => format!("/more_referrals/{more}/parties/{index}"),
    })
}

/// The doubts that the group shows beside this field.
fn checks_of(group: &mut Group, at: &DraftPath) -> Vec<CheckLine> {
    let is_here = |line: &CheckLine| {
        let ends = [line.path.as_str()]
            .into_iter()
            .chain(line.path.rsplit_once('/').map(|(up, _)| up));
        ends.into_iter()
            .any(|path| DraftPath::parse(path).is_some_and(|path| path == *at))
    };
    let rows = group.rows.iter_mut();
    let all = rows.flat_map(|row| std::mem::take(&mut row.checks));
    let (here, others): (Vec<_>, Vec<_>) = all.partition(is_here);
    if let Some(row) = group.rows.first_mut() {
        row.checks = others;
    }
    here
}

fn input(id: usize, path: &str, at: &DraftPath, value: &str, referral: &Referral) -> Input {
    let choices = |words: &[&str]| -> Vec<(String, String)> {
        let none = (!is_required(at)).then(|| (String::new(), "Not stated".to_owned()));
        let words = words
            .iter()
            .map(|word| ((*word).to_owned(), fields::word(at, word)));
        none.into_iter().chain(words).collect()
    };
    let mut value = value.to_owned();
    let (widget, hint) = match at.kind() {
        ValueKind::Words(words) => (Widget::Choice(choices(words)), ""),
        ValueKind::YesNo => (Widget::Choice(choices(&["yes", "no"])), ""),
        ValueKind::Person => (Widget::Choice(people(at, referral)), ""),
        ValueKind::Reference => {
            let kinds = REFERENCE_WORDS.iter();
            let kinds = kinds
                .map(|word| ((*word).to_owned(), fields::reference_kind(word)))
                .collect();
            let (kind, number) = value.split_once(' ').unwrap_or_default();
            let (kind, number) = (kind.to_owned(), number.to_owned());
            value = number;
            (Widget::Number(kinds, kind), "Empty takes the number out.")
        }
        ValueKind::Text => (Widget::Text, ""),
        ValueKind::Phones | ValueKind::Emails => (Widget::Text, "One to a line."),
        ValueKind::Day => (
            Widget::Line,
            "For example 17/4/1991, or 2026-03 where the day is not known.",
        ),
        ValueKind::Line | ValueKind::Age | ValueKind::Phone | ValueKind::Email | ValueKind::Party => {
            (Widget::Line, "")
        }
    };
    Input {
        id,
        path: path.to_owned(),
        label: fields::label(at),
        hint,
        value,
        widget,
        checks: Vec::new(),
        error: None,
    }
}

fn is_required(at: &DraftPath) -> bool {
    match at.place {
        Place::Field(field) | Place::PartyField(_, field) => field.is_required,
        Place::Party(_) | Place::NewParty | Place::Reference(_) | Place::NewReference => false,
    }
}

/// Everybody of a referral but the person themself.
fn people(at: &DraftPath, referral: &Referral) -> Vec<(String, String)> {
    let own = match at.place {
        Place::PartyField(index, _) => Some(index),
        Place::Field(_) | Place::Party(_) | Place::NewParty | Place::Reference(_) | Place::NewReference => {
            None
        }
    };
    let others = (0..referral.parties.len()).filter(|index| Some(*index) != own);
    let none = (String::new(), "Nobody".to_owned());
    let others = others.map(|index| (index.to_string(), fields::person(referral, index)));
    [none].into_iter().chain(others).collect()
}

fn retype(input: &mut Input, typed: &Fields) {
    input.value = typed.given(&input.path).to_owned();
    if let Widget::Number(_, kind) = &mut input.widget {
        *kind = typed.given(&format!("{KIND}{}", input.path)).to_owned();
    }
}

/// The history of a draft, the last change first.
pub(super) fn history(entries: &[DraftEntry], parsed: Option<&ParsedMessage>) -> Vec<HistoryLine> {
    let none = Referral::default();
    let line = |entry: &DraftEntry| {
        let (path, after) = match &entry.change {
            DraftChange::Set { path, after } => (path, after.as_deref()),
            DraftChange::Settled { path } => (path, None),
        };
        let at = DraftPath::parse(path);
        let referral = at
            .and_then(|at| referral_of(parsed?, at.referral))
            .unwrap_or(&none);
        let in_words = |value: Option<&str>| match (value, at) {
            (Some(value), Some(at)) => fields::in_words(&at, value, referral),
            (Some(value), None) => value.to_owned(),
            (None, _) => String::new(),
        };
        let label = at.as_ref().map_or("", fields::label);
        let what = match entry.role {
            Some(role) if label.is_empty() => words::role(role).to_owned(),
            Some(role) => format!("{}: {label}", words::role(role)),
            None => label.to_owned(),
        };
        let doubt = |check: &Check| words::plain(&check.code);
        HistoryLine {
            at: words::moment(entry.at),
            who: entry.actor.clone(),
            what,
            before: in_words(entry.before.as_deref()),
            after: in_words(after),
            settled: entry.settled.iter().map(doubt).collect(),
        }
    };
    entries.iter().rev().map(line).collect()
}

pub(super) async fn save(asked: Asked) -> Answer {
    let id = review::whole_id(&asked)?.to_owned();
    let casework = asked.casework()?;
    let view = casework.show_message(&id, asked.now).await?;
    let draft = view.draft.as_ref().ok_or(Problem::NotFound)?.expose_personal();
    let seen = asked.form.text("seen").parse().map_err(|_| Problem::BadForm)?;
    let key = asked.form.text("group");
    let changes = changes(draft, key, &asked.form, day_of(&asked))?;
    let errors = errors(draft, &changes);
    if !errors.is_empty() {
        let editing = Editing {
            key,
            typed: Some(&asked.form),
            errors,
        };
        let page = review::lay_out(asked.frame("Review a message"), &view, &editing);
        let mut response = show(&page)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    if !changes.is_empty() {
        casework.correct(&id, seen, &changes, asked.now).await?;
    }
    match key {
        NEW_PERSON => {
            let people = draft
                .referral
                .as_ref()
                .map_or(0, |referral| referral.parties.len());
            go_to(&format!("/review/{id}?edit=referral-parties-{people}#edit"))
        }
        _saved => go_to(&format!("/review/{id}#understood")),
    }
}

fn day_of(asked: &Asked) -> Date {
    TimeZone::UTC.to_datetime(asked.now).date()
}

/// What a form changes.
fn changes(
    draft: &ParsedMessage,
    key: &str,
    form: &Fields,
    today: Date,
) -> Result<Vec<DraftChange>, Problem> {
    let set = |path: &str, after: Option<String>| DraftChange::Set {
        path: path.to_owned(),
        after,
    };
    if key == NEW_PERSON {
        let role = form.text("role").to_owned();
        return match ROLE_WORDS.contains(&role.as_str()) {
            true => Ok(vec![set("/referral/parties/-", Some(role))]),
            false => Err(Problem::Refused(
                "choose the part of the person in the matter".to_owned(),
            )),
        };
    }
    let of_name = |wanted: &'static str| {
        let fields = form.0.iter().filter(move |(name, _)| name == wanted);
        fields.map(|(_, path)| path.as_str())
    };
    if let Some(chosen) = of_name(CHOOSE).next() {
        return choice(draft, chosen).map(|change| vec![change]);
    }
    let mut changes = Vec::new();
    if key != WHOLE_MESSAGE {
        let groups = draft::lay_out(draft).groups;
        let group = groups
            .iter()
            .find(|group| group.key == key)
            .ok_or(Problem::NotFound)?;
        let is_whom = |path: &&str| draft::key_of(path) == key;
        if let Some(path) = of_name(REMOVE).find(is_whom) {
            return Ok(vec![set(path, None)]);
        }
        changes = values_changed(draft, group, form, today)?;
    }
    let settled = of_name(SETTLE).filter(|path| !changes.iter().any(|change| covers(change, path)));
    let mut all: Vec<DraftChange> = settled
        .map(|path| DraftChange::Settled {
            path: path.to_owned(),
        })
        .collect();
    all.append(&mut changes);
    Ok(all)
}

/// What it means to choose one of the values that a doubt is between: they alone can be chosen.
fn choice(draft: &ParsedMessage, chosen: &str) -> Result<DraftChange, Problem> {
    let (path, value) = chosen.split_once(' ').ok_or(Problem::BadForm)?;
    let at = DraftPath::parse(path).ok_or(Problem::BadForm)?;
    let offers = |check: &Check| check.path == path && check.candidates.iter().any(|each| each == value);
    if !draft.checks.iter().any(offers) {
        return Err(Problem::Refused(Refusal::ChangedMeanwhile.to_string()));
    }
    let path = path.to_owned();
    Ok(match DraftValues::of(draft).at(&at).as_deref() == Some(value) {
        true => DraftChange::Settled { path },
        false => DraftChange::Set {
            path,
            after: Some(value.to_owned()),
        },
    })
}

/// Fields of a group that came back other than they were shown.
fn values_changed(
    draft: &ParsedMessage,
    group: &Group,
    form: &Fields,
    today: Date,
) -> Result<Vec<DraftChange>, Problem> {
    let values = DraftValues::of(draft);
    let mut changes = Vec::new();
    for (path, given) in form.0.iter().filter(|(name, _)| name.starts_with('/')) {
        let at = DraftPath::parse(path).ok_or(Problem::BadForm)?;
        let is_new_number = at.place == Place::NewReference && group.key.ends_with("-offence");
        if !group.paths.contains(path) && !is_new_number {
            return Err(Problem::BadForm);
        }
        let before = values.at(&at).unwrap_or_default();
        let after = typed(&at, given, form.text(&format!("{KIND}{path}")), today);
        if !is_as_shown(&after, &before) {
            changes.push(DraftChange::Set {
                path: path.clone(),
                after: (!after.is_empty()).then_some(after),
            });
        }
    }
    // Numbers that are taken out come last, from the end: the others keep their places.
    let (mut removals, mut others): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_removal);
    removals.reverse();
    others.append(&mut removals);
    Ok(others)
}

fn is_removal(change: &DraftChange) -> bool {
    match change {
        DraftChange::Set { path, after } => after.is_none() && path.contains("/references/"),
        DraftChange::Settled { .. } => false,
    }
}

/// Correcting the field settles this doubt anyway.
fn covers(change: &DraftChange, doubt: &str) -> bool {
    match change {
        DraftChange::Set { path, .. } => doubt
            .strip_prefix(path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        DraftChange::Settled { .. } => false,
    }
}

/// Whether a value came back as the page showed it: without white space around it, and with the sign for what cannot be
/// shown in the place of characters that turn text round.
fn is_as_shown(given: &str, value: &str) -> bool {
    let value = value.replace("\r\n", "\n");
    let value = value.trim();
    let same = |(given, kept): (char, char)| given == kept || given == '\u{fffd}';
    given.chars().count() == value.chars().count() && given.chars().zip(value.chars()).all(same)
}

/// What was typed, as it is kept: dates as they are written here become ISO 8601.
fn typed(at: &DraftPath, given: &str, kind: &str, today: Date) -> String {
    let given = given.replace("\r\n", "\n").trim().to_owned();
    match at.kind() {
        ValueKind::Day => {
            let found = dates::find(&given, DateUse::Event, today);
            let whole = found
                .iter()
                .find(|found| found.start == 0 && found.end == given.len());
            whole.and_then(|found| found.date.iso()).unwrap_or(given)
        }
        ValueKind::Reference if !given.is_empty() => format!("{kind} {given}"),
        ValueKind::Reference
        | ValueKind::Line
        | ValueKind::Text
        | ValueKind::Age
        | ValueKind::Phones
        | ValueKind::Phone
        | ValueKind::Emails
        | ValueKind::Email
        | ValueKind::YesNo
        | ValueKind::Words(_)
        | ValueKind::Person
        | ValueKind::Party => given,
    }
}

/// What is wrong with each change, tried one after the other.
fn errors(draft: &ParsedMessage, changes: &[DraftChange]) -> Vec<(String, String)> {
    let mut tried = draft.clone();
    let mut errors = Vec::new();
    for change in changes {
        if let Err(refusal) = tried.correct(change) {
            let (DraftChange::Set { path, .. } | DraftChange::Settled { path }) = change;
            errors.push((path.clone(), refusal.to_string()));
        }
    }
    errors
}

/// Parts that a person can be added with.
pub(super) fn roles() -> Vec<(&'static str, String)> {
    let path = DraftPath {
        referral: 0,
        place: Place::NewParty,
    };
    let roles = ROLE_WORDS.iter();
    roles.map(|word| (*word, fields::word(&path, word))).collect()
}

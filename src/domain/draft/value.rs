//! Values of fields as text, and back.
//!
//! Fields are reached through the referral's own JSON, so that whatever is written has passed the type of its field.

use super::fields::{DraftField, REFERENCE_WORDS, ValueKind};
use super::path::{DraftPath, Place};
use crate::domain::address::EmailAddress;
use crate::domain::case_file::{MAX_TEXT, Refusal};
use crate::domain::referral::{Reference, Referral};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Most values of a list.
const MAX_VALUES: usize = 20;
/// Longest line, in characters.
const MAX_LINE: usize = 500;
/// Fewest digits of a telephone number.
const MIN_DIGITS: usize = 5;
/// Oldest age.
const MAX_AGE: u16 = 130;

/// The pointer of a field below its referral, with the field.
pub(super) fn pointer(path: &DraftPath) -> Option<(String, &'static DraftField)> {
    match path.place {
        Place::Field(field) => Some((format!("/{}", field.key), field)),
        Place::PartyField(index, field) => Some((format!("/parties/{index}/{}", field.key), field)),
        Place::Party(_) | Place::NewParty | Place::Reference(_) | Place::NewReference => None,
    }
}

/// Writes a field.
pub(super) fn write(referral: &mut Referral, path: &DraftPath, after: Option<&str>) -> Result<(), Refusal> {
    let (pointer, field) = pointer(path).ok_or(Refusal::NoSuchField)?;
    let value = match (after, field.is_required) {
        (None, true) => return Err(Refusal::EmptyText),
        (after, _) => value(field.kind, after)?,
    };
    if let (ValueKind::Person, Some(place)) = (field.kind, value.as_u64()) {
        let is_there = usize::try_from(place).is_ok_and(|place| place < referral.parties.len());
        let is_other = !pointer.starts_with(&format!("/parties/{place}/"));
        if !is_there || !is_other {
            return Err(Refusal::NoSuchParty);
        }
    }
    let mut json = serde_json::to_value(&*referral).map_err(|_| Refusal::NoSuchField)?;
    let at = json.pointer_mut(&pointer).ok_or(Refusal::NoSuchField)?;
    *at = value;
    *referral = serde_json::from_value(json).map_err(|_| Refusal::NotAChoice)?;
    Ok(())
}

fn value(kind: ValueKind, after: Option<&str>) -> Result<Value, Refusal> {
    let list = |check: fn(&str) -> Result<(), Refusal>| -> Result<Value, Refusal> {
        let lines = after.unwrap_or_default().lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        if lines.len() > MAX_VALUES {
            return Err(Refusal::TooMany);
        }
        lines.iter().try_for_each(|line| check(line))?;
        Ok(Value::from(lines))
    };
    match kind {
        ValueKind::Phones => return list(phone),
        ValueKind::Emails => return list(email),
        ValueKind::Line
        | ValueKind::Text
        | ValueKind::Day
        | ValueKind::Age
        | ValueKind::Phone
        | ValueKind::Email
        | ValueKind::YesNo
        | ValueKind::Words(_)
        | ValueKind::Person
        | ValueKind::Reference
        | ValueKind::Party => {}
    }
    let Some(after) = after else {
        return Ok(Value::Null);
    };
    match kind {
        ValueKind::Line => line(after)?,
        ValueKind::Text => at_most(after, MAX_TEXT)?,
        ValueKind::Day => day(after)?,
        ValueKind::Phone | ValueKind::Phones => phone(after)?,
        ValueKind::Email | ValueKind::Emails => email(after)?,
        ValueKind::Words(words) if words.contains(&after) => {}
        ValueKind::Words(_) => return Err(Refusal::NotAChoice),
        ValueKind::YesNo => {
            return match after {
                "yes" => Ok(Value::Bool(true)),
                "no" => Ok(Value::Bool(false)),
                _ => Err(Refusal::NotAChoice),
            };
        }
        ValueKind::Age => {
            let age = after.parse::<u16>().ok().filter(|age| *age <= MAX_AGE);
            return age.map(Value::from).ok_or(Refusal::NotAnAge);
        }
        ValueKind::Person => {
            let place = after.parse::<usize>().ok();
            return place.map(Value::from).ok_or(Refusal::NoSuchParty);
        }
        ValueKind::Reference | ValueKind::Party => return Err(Refusal::NoSuchField),
    }
    Ok(Value::from(after))
}

fn at_most(text: &str, characters: usize) -> Result<(), Refusal> {
    match text.chars().count() > characters {
        true => Err(Refusal::TextTooLong),
        false => Ok(()),
    }
}

fn line(text: &str) -> Result<(), Refusal> {
    let is_long = text.chars().count() > MAX_LINE;
    match is_long || text.contains(char::is_control) {
        true => Err(Refusal::NotOneLine),
        false => Ok(()),
    }
}

/// `2026-03-14`, `2026-03` or `2026`.
fn day(text: &str) -> Result<(), Refusal> {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let is_iso = whole.parse::<Date>().is_ok_and(|date| date.to_string() == whole);
    is_iso.then_some(()).ok_or(Refusal::NotADay)
}

fn phone(text: &str) -> Result<(), Refusal> {
    line(text)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (digits >= MIN_DIGITS).then_some(()).ok_or(Refusal::NotAPhone)
}

fn email(text: &str) -> Result<(), Refusal> {
    line(text)?;
    EmailAddress::parse(text).map(|_| ()).ok_or(Refusal::NotAnEmail)
}

/// A word as it is stored.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::from(text)).ok()
}

/// `crime_number 42/1234/26`.
pub(super) fn reference(text: &str) -> Result<Reference, Refusal> {
    let (kind, value) = text.split_once(' ').ok_or(Refusal::EmptyText)?;
    let kind = match REFERENCE_WORDS.contains(&kind) {
        true => word(kind),
        false => None,
    };
    let value = value.trim();
    line(value)?;
    if value.is_empty() {
        return Err(Refusal::EmptyText);
    }
    Ok(Reference {
        kind: kind.ok_or(Refusal::NotAChoice)?,
        value: value.to_owned(),
    })
}

//! JSON pointers of the fields of a draft.

use super::fields::{DraftField, PARTY_FIELDS, REFERRAL_FIELDS, ValueKind};

/// The place of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftPath {
    /// Which referral of the message, from 0.
    pub referral: usize,
    /// Where in it.
    pub place: Place,
}

/// Where in a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A field of the referral.
    Field(&'static DraftField),
    /// A field of the person at this place.
    PartyField(usize, &'static DraftField),
    /// The person at this place.
    Party(usize),
    /// A person who is not there yet.
    NewParty,
    /// The number at this place.
    Reference(usize),
    /// A number that is not there yet.
    NewReference,
}

impl DraftPath {
    /// Reads a pointer; `None` where it names no field of a draft.
    pub fn parse(path: &str) -> Option<Self> {
        let (referral, rest) = referral_of(path)?;
        let place = match rest.split_once('/') {
            Some(("parties", "-")) => Place::NewParty,
            Some(("references", "-")) => Place::NewReference,
            Some(("references", index)) => Place::Reference(number(index)?),
            Some(("parties", rest)) => match rest.split_once('/') {
                None => Place::Party(number(rest)?),
                Some((index, key)) => {
                    let field = PARTY_FIELDS.iter().find(|field| field.key == key)?;
                    Place::PartyField(number(index)?, field)
                }
            },
            Some(_) | None => Place::Field(REFERRAL_FIELDS.iter().find(|field| field.key == rest)?),
        };
        Some(Self { referral, place })
    }

    /// What may stand there.
    pub fn kind(&self) -> ValueKind {
        match self.place {
            Place::Field(field) | Place::PartyField(_, field) => field.kind,
            Place::Party(_) => ValueKind::Party,
            Place::NewParty => ValueKind::Words(super::ROLE_WORDS),
            Place::Reference(_) | Place::NewReference => ValueKind::Reference,
        }
    }

    /// The pointer of the list that it is in; of a field, of its referral.
    pub(super) fn list(&self) -> String {
        let referral = match self.referral.checked_sub(1) {
            None => "/referral".to_owned(),
            Some(more) => format!("/more_referrals/{more}"),
        };
        match self.place {
            Place::Party(_) | Place::NewParty | Place::PartyField(..) => format!("{referral}/parties"),
            Place::Reference(_) | Place::NewReference => format!("{referral}/references"),
            Place::Field(_) => referral,
        }
    }
}

/// The referral that a pointer leads into, from 0, and the rest of the pointer.
fn referral_of(path: &str) -> Option<(usize, &str)> {
    if let Some(rest) = path.strip_prefix("/referral/") {
        return Some((0, rest));
    }
    let (index, rest) = path.strip_prefix("/more_referrals/")?.split_once('/')?;
    Some((number(index)?.checked_add(1)?, rest))
}

/// The person whom a pointer leads to or into: of which referral, from 0, and at which place.
pub(super) fn party_of(path: &str) -> Option<(usize, usize)> {
    let (referral, rest) = referral_of(path)?;
    let rest = rest.strip_prefix("parties/")?;
    let index = rest.split_once('/').map_or(rest, |(index, _)| index);
    Some((referral, number(index)?))
}

/// A place in a list, as RFC 6901 writes it.
fn number(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let has_no_zero_before = text == "0" || !text.starts_with('0');
    (is_plain && has_no_zero_before).then(|| text.parse().ok())?
}

/// Where the element at `index` of a list went, a pointer into one after it leads one place further up; `false` where it led
/// into the element itself.
pub(super) fn moved_up(path: &mut String, list: &str, index: usize) -> bool {
    let Some(rest) = path.strip_prefix(list).and_then(|rest| rest.strip_prefix('/')) else {
        return true;
    };
    let (at, below) = match rest.split_once('/') {
        Some((at, below)) => (at, Some(below)),
        None => (rest, None),
    };
    let Some(at) = number(at) else { return true };
    if at > index {
        let at = at - 1;
        let moved = match below {
            Some(below) => format!("{list}/{at}/{below}"),
            None => format!("{list}/{at}"),
        };
        *path = moved;
    }
    at != index
}

//! Where a person lives: street and postcode, told apart.
//!
//! Invariant: telephone numbers and e-mail addresses are left out of a street.

use super::PartyDraft;
use crate::domain::identifiers::{self, IdentifierKind};
use crate::forms::draft::Place;
use crate::forms::values::Cleaned;

impl PartyDraft {
    pub(super) fn address(&mut self, cleaned: &Cleaned, place: &Place, quote: &str) {
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

    /// Adds a further line to the address; without a first one it is the address.
    pub(super) fn further_line(&mut self, cleaned: &Cleaned, place: &Place, quote: &str) {
        match &mut self.party.address {
            Some(address) => {
                // "9" and "Dene Terrace" are one line.
                let is_number = is_house_number(address);
                address.push_str(if is_number { " " } else { ", " });
                address.push_str(&cleaned.lines.join(", "));
                self.notes.widen("/address", quote);
            }
            None => {
                self.address(cleaned, place, quote);
                self.notes.doubt(
                    "/address",
                    "part_of_address",
                    "only a later line of the address was found",
                );
            }
        }
    }

    pub(super) fn postcode(&mut self, text: &str, place: &Place, quote: &str) {
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

/// `9`, `12a`: a house without its street.
fn is_house_number(address: &str) -> bool {
    let digits = address.trim_start_matches(|c: char| c.is_ascii_digit());
    digits.len() < address.len() && digits.len() <= 1 && digits.chars().all(|c| c.is_ascii_lowercase())
}

/// The words of the link that website forms put below an address.
fn is_map_link(piece: &str) -> bool {
    ["map it", "view map", "view on map", "show map"].contains(&piece.to_lowercase().as_str())
}

fn tidy_commas(text: &str) -> String {
    text.split(',')
        .map(str::trim)
        .filter(|piece| piece.chars().any(char::is_alphanumeric) && !is_map_link(piece))
        .map(|p| p.trim_end_matches(['.', ';', ' ', '-']))
        .collect::<Vec<_>>()
        .join(", ")
}

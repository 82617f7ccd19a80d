//! Addresses by their words: house numbers with streets, houses with names, the lines above a postcode.

use super::places::{Piece, at_start, at_words, constant};
use super::view::View;
use super::words as lists;
use crate::domain::{STREET_WORDS, SpanKind};
use regex::Regex;
use std::sync::LazyLock;

/// The first words of house numbers that somebody wrote out: "twenty-three, Sandpiper Way".
const NUMBER_WORDS: &str = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|\
                            seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety";

fn is_number_word(word: &str) -> bool {
    matches!(
        word,
        "one"
            | "two"
            | "three"
            | "four"
            | "five"
            | "six"
            | "seven"
            | "eight"
            | "nine"
            | "ten"
            | "eleven"
            | "twelve"
            | "thirteen"
            | "fourteen"
            | "fifteen"
            | "sixteen"
            | "seventeen"
            | "eighteen"
            | "nineteen"
            | "twenty"
            | "thirty"
            | "forty"
            | "fifty"
            | "sixty"
            | "seventy"
            | "eighty"
            | "ninety"
    )
}

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = STREET_WORDS.join("|");
    at_start(&format!(
        r"(?:\b(?i:flat|apartment|apt|unit|studio|room)\.? ?[0-9A-Za-z]{{1,4}},?\s{{1,2}})?\b(?:\d{{1,4}}[A-Za-z]?(?: ?[-/&] ?\d{{1,4}}[A-Za-z]?)?,? {{1,2}}|(?i:{NUMBER_WORDS})(?:-(?i:{NUMBER_WORDS}))?, {{1,2}}|[A-Z][a-z']+ (?:House|Cottage|Lodge|Farm|Court|Villa),\s{{1,2}}(?:\d{{1,4}}[A-Za-z]? )?)(?:[A-Z][\w'’.-]*(?: {{1,2}}| ?\n ?)){{1,3}}(?i:{kinds})\b"
    ))
});
static LOWER_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    at_start(
        r"(?i)\b(?:(?:flat \w{1,4},? )?\d{1,4}[a-z]?,? ([a-z][a-z'-]+) (?:road|rd|street|avenue|ave|close|lane|drive|crescent|cres|terrace|mews|court|ct|gardens|gdns)|flat \d{1,4}[a-z]?,? ([a-z][a-z'-]+) (?:house|court|ct|lodge|towers?|point|heights))\b",
    )
});
/// A number, a word for a flat, or the first word of "Rose Cottage,".
fn may_open_address(view: &View, at: usize) -> bool {
    const FLATS: [&str; 6] = ["flat", "apartment", "apt", "unit", "studio", "room"];
    let word = view.low(at);
    if FLATS.iter().any(|flat| word.starts_with(flat)) || view.starts_with_digit(at) || is_number_word(word) {
        return true;
    }
    if !view.is_capital(at) {
        return false;
    }
    // Only one word of a row is followed to its end: the pattern wants small letters after the first.
    let mut last = at;
    while matches!(view.gap_after(last), "'" | "''") && !view.is_capital(last + 1) {
        last += 1;
    }
    matches!(
        view.low(last + 1),
        "house" | "cottage" | "lodge" | "farm" | "court" | "villa"
    )
}

/// Address lines with a house's number or name.
pub(super) fn find(view: &View) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (start, found) in at_words(view, &ADDRESS, |at| may_open_address(view, at)) {
        pieces.extend(found.get(0).map(|m| (start, start + m.end(), SpanKind::Address)));
    }
    for (start, found) in at_words(view, &LOWER_ADDRESS, |at| {
        view.low(at) == "flat" || view.starts_with_digit(at)
    }) {
        let word = found.get(1).or_else(|| found.get(2));
        let word = word.map_or("", |word| word.as_str()).to_lowercase();
        if let (Some(all), false) = (found.get(0), lists::is_plain_word(&word)) {
            pieces.push((start, start + all.end(), SpanKind::Address));
        }
    }
    // "27 Larkspur Close" fits both.
    pieces.sort_unstable_by_key(|(start, end, _)| (*start, *end));
    pieces.dedup();
    pieces
}

/// The street behind a house or flat: "2 Lime Kiln Cottages, Ulwell Road".
static NEXT_STREET: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = STREET_WORDS.join("|");
    constant(&format!(
        r"^\\?,?(?: ?\n ?| {{1,2}})(?:\d{{1,4}}[A-Za-z]? )?(?:[A-Z][\w'’-]*\.? {{1,2}}){{1,3}}(?i:{kinds})\b"
    ))
});

/// An address with the street that follows it.
pub(super) fn with_next_street(text: &str, piece: Piece) -> Piece {
    let (start, end, kind) = piece;
    match kind {
        SpanKind::Address => {
            let next = text.get(end..).and_then(|rest| NEXT_STREET.find(rest));
            (start, end + next.map_or(0, |next| next.end()), kind)
        }
        _ => piece,
    }
}

/// Most lines between a name and the postcode below it.
const MAX_ADDRESS_LINES: usize = 6;
/// Whose address is no person's.
const OFFICES: [&str; 34] = [
    "police",
    "constabulary",
    "council",
    "probation",
    "prison",
    "hmp",
    "crown",
    "magistrates",
    "hospital",
    "surgery",
    "clinic",
    "school",
    "academy",
    "college",
    "university",
    "library",
    "church",
    "centre",
    "center",
    "hub",
    "trust",
    "foundation",
    "charity",
    "association",
    "service",
    "services",
    "team",
    "department",
    "office",
    "ltd",
    "limited",
    "llp",
    "solicitors",
    "nhs",
];
/// Longest line of an address, in bytes.
const MAX_LINE: usize = 120;
/// Most that may stand behind the postcode in its line, in bytes.
const MAX_BEHIND: usize = 24;
/// Most words in a line of an address.
const MAX_LINE_WORDS: usize = 5;

/// The lines of an address above its postcode that lead to a door: a house with a name, a street without a number. Towns stay,
/// and so does what stands below the name of an institution.
pub(super) fn above_postcode(text: &str, start: usize, end: usize) -> Vec<Piece> {
    let before = text.get(..start).unwrap_or_default();
    let after = text
        .get(end..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let own = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.get(own..).unwrap_or_default();
    let town = address_line(without_label(line));
    // "(home)", "UK": the address ends there; what goes on in the line is a sentence.
    let goes_on = after
        .get(..after.floor_char_boundary(MAX_BEHIND.min(after.len())))
        .unwrap_or_default();
    if town.is_none() || goes_on.len() < after.len() || goes_on.split_whitespace().count() > 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut line_end = own.saturating_sub(1);
    for _ in 0..MAX_ADDRESS_LINES {
        let above = text.get(..line_end).unwrap_or_default();
        let from = above.rfind('\n').map_or(0, |at| at + 1);
        let Some(line) = above.get(from..) else { break };
        let Some(words) = address_line(line).filter(|words| !words.is_empty()) else {
            break;
        };
        // "Church Lane" is a street, "Winfrith Church" an office.
        if !leads_to_door(&words) && words.iter().any(|word| OFFICES.contains(&word.as_str())) {
            return Vec::new();
        }
        if leads_to_door(&words) {
            let written = line.trim_matches(|c: char| !c.is_alphanumeric());
            let at = from + line.find(written).unwrap_or(0);
            found.push((at, at + written.len(), SpanKind::Address));
        }
        if from == 0 {
            break;
        }
        line_end = from - 1;
    }
    found
}

/// "Postcode: " before it.
fn without_label(line: &str) -> &str {
    let (label, rest) = line.rsplit_once(':').unwrap_or(("", line));
    let is_label = label
        .trim()
        .to_lowercase()
        .replace([' ', '-', '*', '>'], "")
        .ends_with("postcode");
    if is_label { rest } else { line }
}

/// The words of a line (small letters) that can be one of an address: few, in capitals, nothing but commas between them.
fn address_line(line: &str) -> Option<Vec<String>> {
    let line = line.trim_start_matches(['>', ' ', '\t', '*', '|']).trim();
    if line.len() > MAX_LINE {
        return None;
    }
    let is_plain = line
        .chars()
        .all(|c| c.is_alphanumeric() || c == ' ' || ",'’-/&.".contains(c));
    let capital = |word: &str| {
        word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
            || matches!(word, "of" | "the" | "and" | "near" | "on")
    };
    let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    // "St. Mary's Cottage"; other words do not end so within an address.
    let stops = words.iter().any(|word| word.len() > 3 && word.ends_with('.'));
    let fits = is_plain && !stops && words.len() <= MAX_LINE_WORDS && words.iter().all(|word| capital(word));
    fits.then(|| words.iter().map(|word| word.to_lowercase()).collect())
}

/// "The Old Dairy", "Tithe Barn House", "Back Lane", "Upper Flat".
fn leads_to_door(words: &[String]) -> bool {
    const HOUSES: [&str; 22] = [
        "house", "barn", "farm", "lodge", "mill", "dairy", "forge", "flat", "villa", "grange", "manor",
        "rectory", "vicarage", "stables", "bungalow", "hollow", "end", "bank", "caravan", "annexe",
        "cottage", "towers",
    ];
    let last = words.last().map(String::as_str).unwrap_or_default();
    let opens = |word: &str| words.first().is_some_and(|first| first == word);
    words.len() > 1
        && (HOUSES.contains(&last)
            || STREET_WORDS.contains(&last)
            || opens("the")
            || opens("flat")
            || opens("caravan")
            || opens("plot"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let found = find(&view).into_iter();
        found
            .map(|(start, end, _)| view.text[start..end].to_owned())
            .collect()
    }

    #[test]
    fn address_lines_go_and_rooms_stay() {
        for text in [
            "27 Larkspur Close",
            "Flat 3, 118 Tithe Court",
            "12a Southchurch Arcade",
            "14 bramble close",
            "twenty-three, Sandpiper Way",
            "flat 6 trinidad house",
            "22 tannery ct",
        ] {
            assert_eq!(found(text), [text]);
        }
        for text in [
            "the Garden Room for 60 minutes",
            "There is free parking off Market Road",
            "2 more close friends",
            "Cost code RJ-INT-07",
            "two Crown Court hearings",
            "one Restorative Approach",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_lines_above_a_postcode_go_and_towns_and_offices_stay() {
        // The postcode begins two letters before the first digit of the last line.
        let gone = |text: &str| -> Vec<String> {
            let at = text.rfind('\n').map_or(0, |line| {
                let last = text.get(line..).unwrap_or_default();
                line + last.find(|c: char| c.is_ascii_digit()).unwrap_or(0) - 2
            });
            let lines = above_postcode(text, at, text.len()).into_iter();
            lines.map(|(start, end, _)| text[start..end].to_owned()).collect()
        };
        assert_eq!(
            gone("She lives at\n   The Old Dairy,\n   Back Lane,\n   Corfe Castle,\n   BH20 9QW"),
            ["Back Lane", "The Old Dairy"]
        );
        assert_eq!(
            gone("Cosmo Treadwell\nTithe Barn House\nNear Beaminster\nDorset  DT8 9QN"),
            ["Tithe Barn House"]
        );
        assert_eq!(
            gone("Westshire Police\nWinfrith House\nDorchester DT1 1XX"),
            Vec::<String>::new()
        );
        assert_eq!(gone("See you at the Green Lane\nBH20 9QW"), Vec::<String>::new());
        assert_eq!(
            gone("The Old Rectory\nChurch Lane\nWinfrith\nPostcode: DT2 8JW"),
            ["Church Lane", "The Old Rectory"]
        );
        assert_eq!(gone("St. Mary's Cottage\nDT2 8JW"), ["St. Mary's Cottage"]);
        let street = with_next_street(
            "2 Lime Cottages, Ulwell Road, Swanage",
            (0, 15, SpanKind::Address),
        );
        assert_eq!(street, (0, 28, SpanKind::Address));
    }
}

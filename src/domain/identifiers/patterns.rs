//! Patterns of everything but telephone numbers. The `regex` crate has no look-around: neighbours are
//! checked in code.

use super::checks::{asn_check, cro_check, nhs_check, pnc_check};
use super::{CheckLetter, Found, IdentifierKind, Rank};
use crate::domain::word_starts;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// How far before a number its label may end, in bytes.
const LABEL_REACH: usize = 28;
/// Two-digit years up to this are 20YY: police numbers of the last century start in the 1950s.
const LAST_SHORT_YEAR_OF_THIS_CENTURY: u8 = 49;
/// NI number prefixes that are never given out.
const NI_NEVER: [&str; 7] = ["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"];

struct Pattern {
    regex: Regex,
    place: Place,
    read: fn(&Context<'_>) -> Reading,
}

/// Where a pattern is tried at all: to run every one of them over all of a text costs many times more than to look where its
/// few numbers can be.
enum Place {
    /// In runs without white space that have these signs.
    Run(fn(&Signs) -> bool),
    /// At words that begin like this: any of the bits of [`begins_as`].
    Word(u8),
}

/// The word starts with a digit.
const NUMBER: u8 = 1;
/// It starts with a letter, and a digit is near.
const CODE: u8 = 1 << 1;
/// It starts like a label.
const LABEL: u8 = 1 << 2;

/// One match and its surroundings. The identifier is group 1 where there is one.
struct Context<'a> {
    text: &'a str,
    start: usize,
    matched: &'a str,
}

impl Context<'_> {
    fn compact(&self) -> String {
        let kept = |c: &char| c.is_ascii_alphanumeric();
        self.matched
            .chars()
            .filter(kept)
            .collect::<String>()
            .to_ascii_uppercase()
    }

    fn upper(&self) -> String {
        self.matched
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_uppercase()
    }

    fn is_upper(&self) -> bool {
        !self.matched.chars().any(char::is_lowercase)
    }

    /// Whether one of `words` stands shortly before.
    fn labelled(&self, words: &[&str]) -> bool {
        let mut from = self.start.saturating_sub(LABEL_REACH);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let before = self
            .text
            .get(from..self.start)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let last_line = before.rsplit("\n\n").next().unwrap_or_default();
        words.iter().any(|word| {
            last_line.match_indices(word).any(|(at, _)| {
                let left = last_line.get(..at).and_then(|l| l.chars().next_back());
                !left.is_some_and(char::is_alphanumeric)
            })
        })
    }
}

#[allow(clippy::expect_used)] // constants of this file; the tests run every one
fn pattern(place: Place, text: &str, read: fn(&Context<'_>) -> Reading) -> Pattern {
    let regex = match place {
        Place::Run(_) => Regex::new(text),
        // A search that is tied to the start of a word ends at the first byte that does not fit.
        Place::Word(_) => Regex::new(&format!("^(?:{text})")),
    };
    Pattern {
        regex: regex.expect("a constant pattern"),
        place,
        read,
    }
}

/// Every possible reading, overlaps included, in the order of the patterns.
pub(super) fn candidates(text: &str) -> Vec<(Rank, Found)> {
    let mut found: Vec<Vec<(Rank, Found)>> = PATTERNS.iter().map(|_| Vec::new()).collect();
    for (from, to, signs) in runs(text) {
        for (pattern, found) in PATTERNS.iter().zip(&mut found) {
            if matches!(pattern.place, Place::Run(fits) if fits(&signs)) {
                read_run(text, from, to, pattern, found);
            }
        }
    }
    for start in word_starts(text) {
        let word = text.get(start..).unwrap_or_default();
        let begins = begins_as(word);
        if begins == 0 {
            continue;
        }
        for (pattern, found) in PATTERNS.iter().zip(&mut found) {
            let fits = matches!(pattern.place, Place::Word(places) if places & begins != 0);
            let is_free = found.last().is_none_or(|(_, before)| before.end <= start);
            // Most do not match, and asking for groups costs even then.
            if !(fits && is_free && pattern.regex.is_match(word)) {
                continue;
            }
            let captures = pattern.regex.captures(word);
            found.extend(captures.and_then(|captures| read(text, start, pattern, &captures)));
        }
    }
    found.into_iter().flatten().collect()
}

/// The readings of one pattern in a run without white space.
fn read_run(text: &str, from: usize, to: usize, pattern: &Pattern, found: &mut Vec<(Rank, Found)>) {
    let text_to_end = text.get(..to).unwrap_or_default();
    let mut at = from;
    while let Some(captures) = text_to_end
        .get(at..)
        .and_then(|_| pattern.regex.captures_at(text_to_end, at))
    {
        let Some(all) = captures.get(0) else { break };
        let reading = read(text, 0, pattern, &captures);
        let first = all.as_str().chars().next().map_or(1, char::len_utf8);
        at = match &reading {
            Some((_, one)) => one.end.max(all.start() + 1),
            None => all.start() + first,
        };
        found.extend(reading);
    }
}

/// What tells that a run without white space may hold an address of the net.
#[derive(Default)]
struct Signs {
    at: bool,
    colons: usize,
    scheme: bool,
    www: bool,
}

/// The runs without white space that have a sign: first byte, byte after the last, signs.
fn runs(text: &str) -> Vec<(usize, usize, Signs)> {
    let mut runs = Vec::new();
    let (mut from, mut signs, mut last) = (0, Signs::default(), [0u8; 2]);
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match byte {
            _ if byte.is_ascii_whitespace() => {
                let signs = std::mem::take(&mut signs);
                if signs.at || signs.colons > 0 || signs.www {
                    runs.push((from, at, signs));
                }
                from = at + 1;
            }
            b'@' => signs.at = true,
            b':' => signs.colons += 1,
            b'/' => signs.scheme |= last == *b":/",
            b'.' => signs.www |= last.eq_ignore_ascii_case(b"ww"),
            _ => {}
        }
        last = [last[1], byte];
    }
    runs
}

/// What may begin here: at least [`NUMBER`], [`CODE`] and [`LABEL`] that do, never fewer.
fn begins_as(word: &str) -> u8 {
    /// A digit of a code that starts with letters, or all that tells a label, is within that many bytes.
    const NEAR: usize = 8;
    let near = word.as_bytes().get(..NEAR).unwrap_or(word.as_bytes());
    // Digits of other scripts, and letters such as the long s that are written for those of a label.
    if !near.is_ascii() {
        return NUMBER | CODE | LABEL;
    }
    match near.first() {
        Some(first) if first.is_ascii_digit() => NUMBER,
        Some(_) => {
            let code = if near.iter().any(u8::is_ascii_digit) {
                CODE
            } else {
                0
            };
            let label = if starts_label(near) { LABEL } else { 0 };
            code | label
        }
        None => 0,
    }
}

/// Whether a word starts as one of the labels in [`PATTERNS`] does.
fn starts_label(word: &[u8]) -> bool {
    let at = |index: usize| word.get(index).map_or(b' ', u8::to_ascii_lowercase);
    match [at(0), at(1), at(2)] {
        // T/PC 1234, a/c
        [b'a' | b't', b'/', _] => true,
        [b'p', b'c' | b's', next] | [b'd', b'c' | b's' | b'i', next] | [b's', b'c', next] => {
            !next.is_ascii_alphabetic() || [at(1), next] == *b"ci" || [at(1), next] == *b"cs"
        }
        three => matches!(
            &three,
            b"cri"
                | b"inc"
                | b"nic"
                | b"ath"
                | b"occ"
                | b"inv"
                | b"cad"
                | b"sto"
                | b"urn"
                | b"bfp"
                | b"col"
                | b"sho"
                | b"war"
                | b"pas"
                | b"sor"
                | b"acc"
                | b"ins"
                | b"sgt"
                | b"ser"
                | b"con"
        ),
    }
}

/// What a match means; `searched` is where in the text the search began to count.
fn read(text: &str, searched: usize, pattern: &Pattern, captures: &Captures<'_>) -> Option<(Rank, Found)> {
    let piece = captures.get(1).or_else(|| captures.get(0))?;
    let matched = piece
        .as_str()
        .trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '"', '-', '/']);
    let start = searched + piece.start();
    let end = start + matched.len();
    let before = text.get(..start)?.chars().next_back();
    let after = text.get(end..)?.chars().next();
    if before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let (rank, kind, normal, check) = (pattern.read)(&Context { text, start, matched })?;
    let slashes = matches!(
        kind,
        IdentifierKind::CrimeNumber
            | IdentifierKind::PncId
            | IdentifierKind::Cro
            | IdentifierKind::Asn
            | IdentifierKind::CourtCase
    );
    let part_of_more = |c: Option<char>, next: Option<char>| {
        c.is_some_and(|c| c == '/') && next.is_some_and(|n| n.is_ascii_digit())
    };
    let second_before = text.get(..start)?.chars().rev().nth(1);
    let second_after = text.get(end..)?.chars().nth(1);
    if slashes && (part_of_more(before, second_before) || part_of_more(after, second_after)) {
        return None;
    }
    Some((
        rank,
        Found {
            start,
            end,
            kind,
            normal,
            check,
        },
    ))
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    use CheckLetter::NotApplicable;
    use IdentifierKind as Kind;
    vec![
        pattern(
            Place::Run(|signs| signs.at),
            r"[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+",
            |c| Some((Rank::Syntax, Kind::Email, c.matched.to_lowercase(), NotApplicable)),
        ),
        pattern(
            Place::Run(|signs| signs.scheme || signs.www),
            r#"(?i)\b(?:(?:https?|ftp)://|www\.)[^\s<>"\u{a0}]+"#,
            |c| {
                Some((
                    Rank::Syntax,
                    Kind::Url,
                    c.matched.trim_end_matches([')', ']']).to_owned(),
                    NotApplicable,
                ))
            },
        ),
        pattern(Place::Word(NUMBER), r"\b\d{1,3}(?:\.\d{1,3}){3}\b", |c| {
            let next = c.text.get(c.start + c.matched.len()..).unwrap_or_default();
            let longer = next
                .strip_prefix('.')
                .is_some_and(|n| n.starts_with(|d: char| d.is_ascii_digit()));
            let earlier = c.text.get(..c.start).unwrap_or_default().ends_with('.');
            let address: std::net::Ipv4Addr = c.matched.parse().ok()?;
            (!longer && !earlier).then(|| (Rank::Shape, Kind::IpAddress, address.to_string(), NotApplicable))
        }),
        pattern(
            Place::Run(|signs| signs.colons > 1),
            r"(?i)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}",
            |c| {
                let address: std::net::Ipv6Addr = c.matched.parse().ok()?;
                (c.matched.len() > 4)
                    .then(|| (Rank::Shape, Kind::IpAddress, address.to_string(), NotApplicable))
            },
        ),
        pattern(
            Place::Word(CODE),
            r"(?i)\b(?:GIR\s?0AA|[A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-HJKMNPR-Y]?(?:\s{0,3}|-)[0-9][ABD-HJLNP-UW-Z]{2})\b",
            postcode,
        ),
        pattern(Place::Word(LABEL), r"\bBFPO ?(?:c/o ?)?[0-9]{1,4}\b", |c| {
            Some((Rank::Shape, Kind::Postcode, c.matched.to_owned(), NotApplicable))
        }),
        pattern(
            Place::Word(NUMBER),
            r"\b\d{2}/\d{1,7}/(?:20)?\d{2}\b",
            crime_number,
        ),
        pattern(
            Place::Word(LABEL),
            r"(?i)\b(?:crime|incident|niche|athena|occurrence|investigation|cad|storm|crime log)\b[ \t]{0,3}(?:(?:report|reference|ref|number|no|num|id|nos)\b\.?[ \t]{0,3}){0,3}(?:is[ \t])?[:#]?[ \t]{0,3}((?:[A-Z]{1,6}[-/]?)?\d[\dA-Z/-]{3,22})",
            labelled_crime_number,
        ),
        pattern(
            Place::Word(NUMBER),
            r"(?i)\b\d{2,5} of (?:the )?\d{1,2}[/.]\d{1,2}[/.](?:20)?\d{2}\b",
            |c| {
                let normal = c.matched.to_ascii_uppercase();
                Some((Rank::Certain, Kind::CrimeNumber, normal, NotApplicable))
            },
        ),
        pattern(
            Place::Word(NUMBER),
            r"(?i)\b(?:19|20)?\d{2}/\d{1,7} ?[A-HJ-NP-RT-Z]\b",
            pnc,
        ),
        pattern(
            Place::Word(NUMBER),
            r"(?i)\b(?:19|20)?\d{9}[A-HJ-NP-RT-Z]\b",
            pnc_without_slash,
        ),
        pattern(
            Place::Word(NUMBER | CODE),
            r"(?i)\b(?:\d{1,6}/\d{2}|SF\d{2}/\d{1,6})[A-HJ-NP-RT-Z]\b",
            cro,
        ),
        pattern(
            Place::Word(NUMBER),
            r"(?i)\b\d{2}/\d{2}[A-Z0-9]{2}/\d{2}/\d{1,11}[A-HJ-NP-RT-Z]\b",
            |c| {
                let normal = c.upper();
                let check = asn_check(&normal);
                Some((Rank::Certain, Kind::Asn, normal, check))
            },
        ),
        pattern(Place::Word(NUMBER), r"(?i)\b\d{2}/\d{4}/\d{1,6}[A-Z]\b", |c| {
            Some((Rank::Shape, Kind::CourtCase, c.upper(), NotApplicable))
        }),
        pattern(
            Place::Word(LABEL),
            r"(?i)\bURN\b(?:[ \t]{0,3}(?:number|no|ref)\b\.?)?[ \t]{0,3}[:#]?[ \t]{0,3}([A-Z0-9][A-Z0-9/-]{3,19})",
            |c| {
                let digits = c.matched.bytes().filter(u8::is_ascii_digit).count();
                (digits >= 3).then(|| (Rank::Certain, Kind::Urn, c.upper(), NotApplicable))
            },
        ),
        pattern(
            Place::Word(NUMBER),
            r"\b\d{2}[ /]?[A-Z][A-Z0-9][ /]?\d{5}[ /]?\d{2}\b",
            |c| Some((Rank::Shape, Kind::Urn, c.compact(), NotApplicable)),
        ),
        pattern(Place::Word(CODE), r"(?i)\b[A-Z]\d{6}\b", |c| {
            let other = [
                "invoice", "order", "po", "receipt", "quote", "booking", "purchase", "policy", "claim",
            ];
            let label = c.labelled(&["crn", "probation", "delius"]);
            let loose = c.is_upper() && !c.labelled(&other);
            let rank = if label { Rank::Certain } else { Rank::Shape };
            (label || loose).then(|| (rank, Kind::Crn, c.compact(), NotApplicable))
        }),
        pattern(Place::Word(CODE), r"(?i)\b[A-Z]\d{4} ?[A-Z]{2}\b", |c| {
            let sure = c.is_upper() || !c.matched.contains(' ');
            sure.then(|| (Rank::Shape, Kind::PrisonNumber, c.compact(), NotApplicable))
        }),
        pattern(Place::Word(NUMBER), r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b", |c| {
            let normal = c.compact();
            let check = nhs_check(&normal);
            let label = c.labelled(&["nhs"]);
            let rank = if label { Rank::Certain } else { Rank::Shape };
            (label || check == CheckLetter::Good).then_some((rank, Kind::NhsNumber, normal, check))
        }),
        pattern(
            Place::Word(CODE),
            r"(?i:\b(?:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]|QQ)[ -]?\d\d[ -]?\d\d[ -]?\d\d)(?:(?i:-?[A-D])|[ ][A-D])?\b",
            |c| {
                let normal = c.compact();
                let never = NI_NEVER.iter().any(|prefix| normal.starts_with(prefix));
                (!never).then_some((Rank::Shape, Kind::NiNumber, normal, NotApplicable))
            },
        ),
        pattern(
            Place::Word(LABEL),
            r"\b(?:[TA]/)?(?:PC|PS|DC|DS|DI|DCI|Insp|Inspector|Sgt|Sergeant|PCSO|SC|Constable)\.? ?(\d{2,5}[A-Z]{0,2})\b",
            |c| Some((Rank::Certain, Kind::CollarNumber, c.compact(), NotApplicable)),
        ),
        pattern(
            Place::Word(LABEL),
            r"(?i)\b(?:collar|shoulder|warrant)[ \t]{0,2}(?:number|num|no)?\b\.?[ \t]{0,3}[:#]?[ \t]{0,3}(?:PC|PS|DC|DS)?[ \t]?(\d{2,6}[A-Z]{0,2})\b",
            |c| Some((Rank::Certain, Kind::CollarNumber, c.compact(), NotApplicable)),
        ),
        pattern(Place::Word(CODE), r"(?i)\b[A-Z]{2}\d{2} ?[A-Z]{3}\b", |c| {
            let label = c.labelled(&VEHICLE_LABELS);
            let sure = label || c.is_upper() || !c.matched.contains(' ') || is_small_mark(c.matched);
            sure.then(|| (Rank::Shape, Kind::Vehicle, c.compact(), NotApplicable))
        }),
        pattern(
            Place::Word(CODE),
            r"(?i)\b(?:[A-Z]\d{1,3} ?[A-Z]{3}|[A-Z]{3} ?\d{1,3}[A-Z])\b",
            |c| {
                let label = c.labelled(&VEHICLE_LABELS);
                let shape = c.is_upper() && !c.matched.contains(' ') && c.matched.len() == 7;
                let rank = if label { Rank::Certain } else { Rank::Loose };
                (label || shape).then(|| (rank, Kind::Vehicle, c.compact(), NotApplicable))
            },
        ),
        pattern(
            Place::Word(CODE),
            r"(?i)\b[A-Z][A-Z0-9]{4}[ -]?\d{6}[ -]?[A-Z9]{2}[A-Z0-9][ -]?[A-Z]{2}\b",
            |c| Some((Rank::Shape, Kind::DrivingLicence, c.compact(), NotApplicable)),
        ),
        pattern(
            Place::Word(LABEL),
            r"(?i)\bpassport[ \t]{0,3}(?:(?:number|no|num)\b\.?)?[ \t]{0,3}(?:is[ \t])?[:#]?[ \t]{0,3}([A-Z]?\d{8,9})\b",
            |c| Some((Rank::Certain, Kind::Passport, c.compact(), NotApplicable)),
        ),
        pattern(
            Place::Word(LABEL),
            r"(?i)\bsort[ -]?code[ \t]{0,3}(?:is[ \t])?[:#]?[ \t]{0,3}(\d{2}[- ]?\d{2}[- ]?\d{2})\b",
            |c| Some((Rank::Certain, Kind::BankAccount, c.compact(), NotApplicable)),
        ),
        pattern(
            Place::Word(LABEL),
            r"(?i)\b(?:account|acct|acc|a/c)[ \t]{0,3}(?:(?:number|no|num)\b\.?)?[ \t]{0,3}(?:is[ \t])?[:#]?[ \t]{0,3}(\d{4} ?\d{4}|\d{6,10})\b",
            |c| Some((Rank::Certain, Kind::BankAccount, c.compact(), NotApplicable)),
        ),
        pattern(
            Place::Word(CODE),
            r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
            |c| {
                let normal = c.compact();
                iban_sound(&normal).then_some((Rank::Certain, Kind::BankAccount, normal, CheckLetter::Good))
            },
        ),
        pattern(
            Place::Word(NUMBER),
            r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b",
            |c| {
                let normal = c.compact();
                luhn_sound(&normal).then_some((Rank::Certain, Kind::BankAccount, normal, CheckLetter::Good))
            },
        ),
    ]
});

/// `ws19 kxp`: in small letters a mark is told from "no10 the" by letters that make no word.
fn is_small_mark(mark: &str) -> bool {
    let is_small = !mark.chars().any(char::is_uppercase);
    let last = mark.get(mark.len().saturating_sub(3)..).unwrap_or_default();
    is_small && !last.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

const VEHICLE_LABELS: [&str; 10] = [
    "vehicle",
    "reg",
    "vrm",
    "vrn",
    "car",
    "van",
    "plate",
    "index",
    "motorbike",
    "driving a",
];

type Reading = Option<(Rank, IdentifierKind, String, CheckLetter)>;

fn postcode(c: &Context<'_>) -> Reading {
    let upper = c.compact();
    let at = upper.len().checked_sub(3)?;
    let (out, inward) = (upper.get(..at)?, upper.get(at..)?);
    // "A4 2nd copy" and "SE5 2nd" are not postcodes.
    let ordinal = ["1ST", "2ND", "3RD"].contains(&inward) || inward.ends_with("TH");
    let lower_end = c.matched.chars().rev().take(2).all(char::is_lowercase);
    let upper_start = c.matched.starts_with(char::is_uppercase) || out.len() < 3;
    let spaced = c.matched.contains(char::is_whitespace);
    if ordinal && lower_end && upper_start && spaced {
        return None;
    }
    Some((
        Rank::Shape,
        IdentifierKind::Postcode,
        format!("{out} {inward}"),
        CheckLetter::NotApplicable,
    ))
}

/// Force, serial, year: a date has no part of three digits in the middle and no day above 31.
fn crime_number(c: &Context<'_>) -> Reading {
    let mut parts = c.matched.split('/');
    let (force, serial) = (parts.next()?, parts.next()?);
    let never_a_date = serial.len() >= 3 || force.parse::<u8>().is_ok_and(|force| force > 31);
    let kind = IdentifierKind::CrimeNumber;
    never_a_date.then(|| {
        (
            Rank::Certain,
            kind,
            c.matched.to_owned(),
            CheckLetter::NotApplicable,
        )
    })
}

fn labelled_crime_number(c: &Context<'_>) -> Reading {
    let digits = c.matched.bytes().filter(u8::is_ascii_digit).count();
    let parts: Vec<&str> = c.matched.split(['/', '-', '.']).collect();
    let all_numbers = parts
        .iter()
        .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let looks_like_date = all_numbers && parts.len() == 3 && parts.iter().all(|p| p.len() <= 4) && {
        let first = parts
            .first()
            .and_then(|p| p.parse::<u16>().ok())
            .unwrap_or_default();
        (1..=31).contains(&first) || (1900..2100).contains(&first)
    };
    let looks_like_year = parts.len() == 1
        && c.matched.len() == 4
        && c.matched
            .parse::<u16>()
            .is_ok_and(|year| (1900..2100).contains(&year));
    let kind = IdentifierKind::CrimeNumber;
    (digits >= 4 && !looks_like_date && !looks_like_year)
        .then(|| (Rank::Certain, kind, c.upper(), CheckLetter::NotApplicable))
}

fn century(short: &str) -> &'static str {
    match short.parse::<u8>() {
        Ok(year) if year <= LAST_SHORT_YEAR_OF_THIS_CENTURY => "20",
        Ok(_) | Err(_) => "19",
    }
}

fn pnc(c: &Context<'_>) -> Reading {
    let upper = c.upper();
    let (year, rest) = upper.split_once('/')?;
    let serial = rest.get(..rest.len() - 1)?;
    let letter = rest.get(rest.len() - 1..)?;
    let check = pnc_check(&upper);
    let spaced = c.matched.contains(' ');
    let shaped = year.len() == 4 || serial.len() == 7;
    let label = c.labelled(&["pnc"]);
    let rank = match check {
        CheckLetter::Good => Rank::Certain,
        CheckLetter::Bad | CheckLetter::NotApplicable if label => Rank::Certain,
        CheckLetter::Bad | CheckLetter::NotApplicable if shaped && !spaced => Rank::Shape,
        CheckLetter::Bad | CheckLetter::NotApplicable => return None,
    };
    if spaced && !(label || shaped) {
        return None;
    }
    let full = if year.len() == 2 {
        format!("{}{year}", century(year))
    } else {
        year.to_owned()
    };
    Some((
        rank,
        IdentifierKind::PncId,
        format!("{full}/{serial:0>7}{letter}"),
        check,
    ))
}

fn pnc_without_slash(c: &Context<'_>) -> Reading {
    let upper = c.upper();
    let at = upper.len().checked_sub(8)?;
    let (year, rest) = (upper.get(..at)?, upper.get(at..)?);
    let check = pnc_check(&format!("{year}/{rest}"));
    let full = if year.len() == 2 {
        format!("{}{year}", century(year))
    } else {
        year.to_owned()
    };
    let sure = check == CheckLetter::Good || c.labelled(&["pnc"]);
    sure.then(|| {
        (
            Rank::Shape,
            IdentifierKind::PncId,
            format!("{full}/{rest}"),
            check,
        )
    })
}

fn cro(c: &Context<'_>) -> Reading {
    let normal = c.upper();
    let check = cro_check(&normal);
    let label = c.labelled(&["cro"]);
    let long = normal.find('/').is_some_and(|at| at >= 4);
    let rank = match check {
        CheckLetter::Good => Rank::Certain,
        CheckLetter::Bad | CheckLetter::NotApplicable if label => Rank::Certain,
        CheckLetter::Bad | CheckLetter::NotApplicable if long => Rank::Loose,
        CheckLetter::Bad | CheckLetter::NotApplicable => return None,
    };
    Some((rank, IdentifierKind::Cro, normal, check))
}

fn luhn_sound(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(i, d)| match (i % 2, d * 2) {
            (0, _) => d,
            (_, twice) if twice > 9 => twice - 9,
            (_, twice) => twice,
        })
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|b| b != b'0')
}

/// ISO 13616 check digits: the number, rearranged, is 1 modulo 97.
fn iban_sound(text: &str) -> bool {
    let (Some(head), Some(tail)) = (text.get(..4), text.get(4..)) else {
        return false;
    };
    let rest = tail
        .chars()
        .chain(head.chars())
        .filter_map(|c| c.to_digit(36))
        .fold(0u32, |rest, value| {
            let scale = if value > 9 { 100 } else { 10 };
            (rest * scale + value) % 97
        });
    (15..=34).contains(&text.len()) && rest == 1
}

//! UK identifiers: their patterns and check letters. `forms` and `redact` share this scanner.
//!
//! Invariant: the pieces that [`find`] gives never overlap, lie on character boundaries and come in
//! order of place. The work is linear in the text: every pattern is of bounded length.
//! A failed check letter never discards a piece, it is told ([`CheckLetter::Bad`]).

mod checks;
mod patterns;
mod phone;

pub use checks::{asn_check, cro_check, nhs_check, pnc_check};
pub use phone::normal_phone;

use std::collections::BTreeMap;

/// What an identifier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// Telephone number; normal form E.164.
    Phone,
    /// E-mail address; normal form lower case.
    Email,
    /// Postcode; normal form `CM1 1AA`.
    Postcode,
    /// Crime, incident or occurrence number (Athena `42/12345/26`, labelled Niche numbers, `523 of 12/01/2026`).
    CrimeNumber,
    /// Police National Computer ID; normal form `2019/0000021L`.
    PncId,
    /// Criminal Records Office number.
    Cro,
    /// Arrest summons number.
    Asn,
    /// Unique reference number of police, CPS and courts.
    Urn,
    /// Probation case reference number, `X123456`.
    Crn,
    /// Prison (NOMIS) number, `A1234BC`.
    PrisonNumber,
    /// NHS number; normal form ten digits.
    NhsNumber,
    /// National Insurance number; normal form without spaces.
    NiNumber,
    /// Collar, shoulder or warrant number of an officer; normal form without the rank.
    CollarNumber,
    /// Vehicle registration mark; normal form without spaces.
    Vehicle,
    /// Driving licence number; normal form without spaces.
    DrivingLicence,
    /// Passport number (labelled).
    Passport,
    /// IPv4 or IPv6 address.
    IpAddress,
    /// Web address.
    Url,
    /// Bank account number, sort code (both labelled), IBAN or card number.
    BankAccount,
    /// Court case number, `42/1234/123456A`.
    CourtCase,
}

/// Whether an identifier's check letter or digit is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckLetter {
    /// It is.
    Good,
    /// It is not: probably a typing slip.
    Bad,
    /// This kind has none.
    NotApplicable,
}

/// One identifier in a text. Personal data: it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// What it is.
    pub kind: IdentifierKind,
    /// Its normal form.
    pub normal: String,
    /// Its check letter.
    pub check: CheckLetter,
}

/// Every identifier in a text, without overlaps, in order of place. Where two readings overlap, the
/// one with the more certain pattern stays.
pub fn find(text: &str) -> Vec<Found> {
    let mut candidates = patterns::candidates(text);
    candidates.extend(phone::candidates(text));
    candidates.sort_by_key(|(rank, found)| (*rank, found.start, usize::MAX - found.end));
    let mut kept: BTreeMap<usize, Found> = BTreeMap::new();
    for (_, found) in candidates {
        let free = kept
            .range(..found.end)
            .next_back()
            .is_none_or(|(_, before)| before.end <= found.start);
        if free {
            kept.insert(found.start, found);
        }
    }
    kept.into_values().collect()
}

/// How sure a reading is; smaller wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Has a syntax nothing else has.
    Syntax,
    /// Its check letter is right, or a label stands before it.
    Certain,
    /// A typical shape.
    Shape,
    /// A shape that other things have too.
    Loose,
}

/// The postcode in `text` (which holds nothing else), as `CM1 1AA`.
pub fn normal_postcode(text: &str) -> Option<String> {
    whole(text, IdentifierKind::Postcode)
}

/// The e-mail address in `text` (which holds nothing else), lower case.
pub fn normal_email(text: &str) -> Option<String> {
    whole(text, IdentifierKind::Email)
}

/// The normal form of `text` where it is, as a whole, one identifier of that kind.
pub fn whole(text: &str, kind: IdentifierKind) -> Option<String> {
    let text = text.trim();
    let found = find(text).into_iter().next()?;
    (found.kind == kind && found.start == 0 && found.end == text.len()).then_some(found.normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentifierKind::*;

    fn all(text: &str) -> Vec<(IdentifierKind, String)> {
        find(text).into_iter().map(|f| (f.kind, f.normal)).collect()
    }

    fn one(text: &str) -> Option<(IdentifierKind, String)> {
        let found = all(text);
        assert!(found.len() <= 1, "{text}: {found:?}");
        found.into_iter().next()
    }

    #[test]
    fn usual_spellings_are_read() {
        for (text, kind, normal) in [
            ("ring 07700 900123 please", Phone, "+447700900123"),
            ("+44 (0)7700 900 123", Phone, "+447700900123"),
            ("0044 7700 900123.", Phone, "+447700900123"),
            ("(01632) 960417", Phone, "+441632960417"),
            ("020 7946 0018", Phone, "+442079460018"),
            ("07700-900-123", Phone, "+447700900123"),
            ("Jane.Smith@Example.COM,", Email, "jane.smith@example.com"),
            ("cm1 1qh", Postcode, "CM1 1QH"),
            ("CM11QH", Postcode, "CM1 1QH"),
            ("SW1A  1AA", Postcode, "SW1A 1AA"),
            ("42/12345/21", CrimeNumber, "42/12345/21"),
            ("crime ref: 26000123456", CrimeNumber, "26000123456"),
            ("523 of 12/01/2024", CrimeNumber, "523 OF 12/01/2024"),
            ("PNC 19/21L", PncId, "2019/0000021L"),
            ("2019/0000021L", PncId, "2019/0000021L"),
            ("123456/95K", Cro, "123456/95K"),
            ("SF39/83336M", Cro, "SF39/83336M"),
            ("21/42AJ/01/12345P", Asn, "21/42AJ/01/12345P"),
            ("42AB1234521", Urn, "42AB1234521"),
            ("X123456", Crn, "X123456"),
            ("A4821EK", PrisonNumber, "A4821EK"),
            ("943 476 5919", NhsNumber, "9434765919"),
            ("QQ 12 34 56 C", NiNumber, "QQ123456C"),
            ("PC 1234 Brown", CollarNumber, "1234"),
            ("AB12 CDE", Vehicle, "AB12CDE"),
            ("MORGA657054SM9IJ", DrivingLicence, "MORGA657054SM9IJ"),
            ("Passport no: 123456789", Passport, "123456789"),
            ("from 192.0.2.17 today", IpAddress, "192.0.2.17"),
            (
                "see https://example.org/a?b=c).",
                Url,
                "https://example.org/a?b=c",
            ),
            ("sort code 12-34-56", BankAccount, "123456"),
            ("42/1234/123456A", CourtCase, "42/1234/123456A"),
        ] {
            assert_eq!(one(text), Some((kind, normal.to_owned())), "{text}");
        }
    }

    #[test]
    fn dates_times_and_sums_are_not_identifiers() {
        for text in [
            "12/05/85",
            "15/3/21",
            "01/02/2026 10:30",
            "01.02.2026 10.30",
            "Thursday 21 May at 2pm",
            "£1,250.00",
            "2026-05-21",
            "10:00-11:30",
            "A4 2nd copy",
            "RJ-2026-00012",
            "Incident: 12/05/2026",
            "room B12 at 9",
        ] {
            assert!(all(text).is_empty(), "{text}: {:?}", all(text));
        }
    }

    #[test]
    fn check_letters_are_told_and_never_discard() {
        assert_eq!(pnc_check("2001/1234567A"), CheckLetter::Bad);
        assert_eq!(pnc_check("2001/1234567K"), CheckLetter::Good);
        for good in ["2020/0123456V", "1979/0163001B", "19/0000021L"] {
            assert_eq!(pnc_check(good), CheckLetter::Good, "{good}");
        }
        for good in ["123456/95K", "085716/04V", "SF39/83336M"] {
            assert_eq!(cro_check(good), CheckLetter::Good, "{good}");
        }
        assert_eq!(nhs_check("9434765919"), CheckLetter::Good);
        assert_eq!(nhs_check("1234567890"), CheckLetter::Bad);
        let found = find("PNC ID 2001/1234567A");
        assert!(
            found
                .iter()
                .any(|f| f.kind == PncId && f.check == CheckLetter::Bad)
        );
    }

    #[test]
    fn neighbours_decide() {
        assert!(all("X07700900123").is_empty());
        assert_eq!(all("07700 900123 / 01632 960417").len(), 2);
        assert_eq!(all("07700 900123 01632 960417").len(), 2);
        assert!(all("1.2.3.4.5").is_empty());
    }

    #[test]
    fn pieces_never_overlap_and_stay_within_the_text() {
        let text = "é07700 900123é A4821EK£42/12345/21—cm1 1qh\u{200b}x@y.example…";
        let mut end = 0;
        for f in find(text) {
            assert!(f.start >= end && text.get(f.start..f.end).is_some());
            end = f.end;
        }
    }
}

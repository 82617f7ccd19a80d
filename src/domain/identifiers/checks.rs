//! Check letters of the Police National Computer family and the NHS number.

use super::CheckLetter;

/// The letters by remainder modulo 23 (no I, O, S).
const LETTERS: &[u8; 23] = b"ZABCDEFGHJKLMNPQRTUVWXY";

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn verdict(digits: &str, letter: char) -> CheckLetter {
    let Ok(number) = digits.parse::<u128>() else {
        return CheckLetter::Bad;
    };
    let expected = usize::try_from(number % 23).ok().and_then(|i| LETTERS.get(i));
    match expected {
        Some(expected) if char::from(*expected) == letter.to_ascii_uppercase() => CheckLetter::Good,
        Some(_) | None => CheckLetter::Bad,
    }
}

fn split_letter(text: &str) -> Option<(&str, char)> {
    let letter = text.chars().next_back().filter(char::is_ascii_alphabetic)?;
    Some((text.strip_suffix(letter)?.trim_end(), letter))
}

/// The check letter of a PNC ID such as `2019/0000021L` or `19/21L`: two-digit year and seven-digit
/// serial, modulo 23.
pub fn pnc_check(text: &str) -> CheckLetter {
    let Some((year, serial, letter)) = split_letter(text).and_then(|(body, letter)| {
        let (year, serial) = body.split_once('/')?;
        Some((digits_of(year), digits_of(serial), letter))
    }) else {
        return CheckLetter::NotApplicable;
    };
    let Some(short_year) = year.len().checked_sub(2).and_then(|at| year.get(at..)) else {
        return CheckLetter::Bad;
    };
    verdict(&format!("{short_year}{serial:0>7}"), letter)
}

/// The check letter of a CRO number: `123456/95K` (serial padded to six) or `SF39/83336M`.
pub fn cro_check(text: &str) -> CheckLetter {
    let Some((body, letter)) = split_letter(text) else {
        return CheckLetter::NotApplicable;
    };
    let Some((left, right)) = body.split_once('/') else {
        return CheckLetter::NotApplicable;
    };
    match left.get(..2) {
        Some(file) if file.eq_ignore_ascii_case("SF") => {
            verdict(&format!("{}{}", digits_of(left), digits_of(right)), letter)
        }
        Some(_) | None => verdict(&format!("{}{:0>6}", digits_of(right), digits_of(left)), letter),
    }
}

/// The check letter of an arrest summons number `21/42AJ/01/12345P`: force, system, year, eleven-digit
/// serial; letters dropped.
pub fn asn_check(text: &str) -> CheckLetter {
    let Some((body, letter)) = split_letter(text) else {
        return CheckLetter::NotApplicable;
    };
    let parts: Vec<&str> = body.split('/').collect();
    match parts.as_slice() {
        [year, force_unit, system, serial] => {
            let force = force_unit.get(..2).unwrap_or_default();
            let digits = digits_of(&format!("{force}{system}{year}{serial:0>11}"));
            verdict(&digits, letter)
        }
        _ => CheckLetter::NotApplicable,
    }
}

/// The check digit of an NHS number (ten digits; weights 10 to 2, modulo 11).
pub fn nhs_check(text: &str) -> CheckLetter {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let Some((last, rest)) = digits.split_last().filter(|(_, rest)| rest.len() == 9) else {
        return CheckLetter::NotApplicable;
    };
    let sum: u32 = rest
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    match (11 - sum % 11) % 11 {
        expected if expected == *last => CheckLetter::Good,
        _ => CheckLetter::Bad,
    }
}

//! Text for HTML and SVG.
//!
//! Invariant: text reaches the page only through [`escape`] or as a literal of ours.

use super::suppress::Count;
use super::{Derived, WITHHELD};

/// Text as it may stand between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for any in text.chars() {
        match any {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(any),
        }
    }
    out
}

/// A count as it prints: `1,204`, or the mark of a withheld one.
pub(super) fn number(count: Count) -> String {
    match count {
        Count::Shown(count) => grouped(count),
        Count::Withheld => WITHHELD.to_owned(),
    }
}

/// A derived number, printed by `print`.
pub(super) fn derived(number: Derived, print: fn(u64) -> String) -> String {
    match number {
        Derived::Shown(number) => print(number),
        Derived::Withheld => WITHHELD.to_owned(),
        Derived::OfNothing => "none".to_owned(),
    }
}

/// `62%`.
pub(super) fn percent(number: u64) -> String {
    format!("{number}%")
}

/// Minutes in the two largest units: `3 days 4 hours`, `2 hours 5 minutes`, `1 minute`.
pub(super) fn duration(minutes: u64) -> String {
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let units = [(days, "day"), (hours, "hour"), (rest, "minute")];
    let mut words = Vec::new();
    for (count, unit) in units.into_iter().skip_while(|(count, _)| *count == 0).take(2) {
        match count {
            0 => {}
            1 => words.push(format!("1 {unit}")),
            _ => words.push(format!("{} {unit}s", grouped(count))),
        }
    }
    match words.is_empty() {
        true => "under 1 minute".to_owned(),
        false => words.join(" "),
    }
}

/// Digits in groups of three.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_in_two_units() {
        let cases = [
            (0, "under 1 minute"),
            (1, "1 minute"),
            (59, "59 minutes"),
            (60, "1 hour"),
            (125, "2 hours 5 minutes"),
            (1440, "1 day"),
            (1445, "1 day"),
            (4560, "3 days 4 hours"),
            (2_880_000, "2,000 days"),
        ];
        for (minutes, words) in cases {
            assert_eq!(duration(minutes), words);
        }
    }

    #[test]
    fn numbers_print_in_groups() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }
}

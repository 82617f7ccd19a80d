//! Numbers as a sheet shows them: dates, times, patterns of digits.

use jiff::civil::{Date, date};

/// How a format code (ECMA-376 part 1 section 18.8.31) shows numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    General,
    Date,
    Time,
    DateTime,
    /// Hours and minutes that may be more than a day.
    Duration,
    Pattern(Pattern),
}

/// Digits and the text around and between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pattern {
    whole: Vec<Token>,
    decimals: usize,
    /// Of the decimals, those shown even where zero.
    fixed_decimals: usize,
    suffix: String,
    is_grouped: bool,
    is_percent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A digit, shown even where it is a leading zero.
    Zero,
    Digit,
    Text(String),
}

/// Longest format code read, in characters.
const MAX_CODE: usize = 255;
/// From here on numbers are shown as they are.
const MAX_PATTERN_NUMBER: f64 = 1e15;
/// Days from the epochs to 9999-12-31.
const MAX_SERIAL: f64 = 2_958_466.0;
const SECONDS_OF_DAY: f64 = 86_400.0;

/// The format of a built-in number (section 18.8.30).
pub(super) fn built_in(id: u16) -> Format {
    match id {
        14..=17 | 27..=31 | 36 | 50..=58 => Format::Date,
        18..=21 | 32..=35 | 45 | 47 => Format::Time,
        22 => Format::DateTime,
        46 => Format::Duration,
        1 => parse("0"),
        2 => parse("0.00"),
        3 | 37 | 38 => parse("#,##0"),
        4 | 39 | 40 => parse("#,##0.00"),
        9 => parse("0%"),
        10 => parse("0.00%"),
        _ => Format::General,
    }
}

/// Reads a format code; what is not known shows numbers as they are.
pub(super) fn parse(code: &str) -> Format {
    let mut reader = Reader::default();
    let mut characters = code.chars().take(MAX_CODE).peekable();
    while let Some(c) = characters.next() {
        match c {
            // What follows is for negative numbers and zero.
            ';' => break,
            '"' => {
                let quoted: String = characters.by_ref().take_while(|c| *c != '"').collect();
                reader.literal(&quoted);
            }
            '\\' | '!' => {
                if let Some(c) = characters.next() {
                    reader.literal(c.encode_utf8(&mut [0; 4]));
                }
            }
            '_' => {
                characters.next();
                reader.literal(" ");
            }
            '*' => {
                characters.next();
            }
            '[' => {
                let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                reader.bracketed(&inside);
            }
            _ => reader.plain(c),
        }
    }
    reader.format()
}

#[derive(Default)]
struct Reader {
    pattern: Pattern,
    /// Letters of dates and times, `m` left out: it is either.
    has_date: bool,
    has_time: bool,
    has_minutes_or_months: bool,
    is_duration: bool,
    is_unknown: bool,
    after_point: bool,
}

impl Reader {
    fn literal(&mut self, text: &str) {
        let pattern = &mut self.pattern;
        if self.after_point {
            pattern.suffix.push_str(text);
        } else if let Some(Token::Text(before)) = pattern.whole.last_mut() {
            before.push_str(text);
        } else {
            pattern.whole.push(Token::Text(text.to_owned()));
        }
    }

    /// `[h]`, `[$£-809]`, `[Red]`, `[>100]`
    fn bracketed(&mut self, inside: &str) {
        if let Some(currency) = inside.strip_prefix('$') {
            let symbol = currency.split('-').next().unwrap_or_default();
            self.literal(symbol);
        } else if matches!(
            inside.to_ascii_lowercase().as_str(),
            "h" | "hh" | "m" | "mm" | "s" | "ss"
        ) {
            self.is_duration = true;
        } else if inside.starts_with(['<', '>', '=']) {
            self.is_unknown = true;
        }
    }

    fn plain(&mut self, c: char) {
        match c {
            '0' | '#' | '?' if self.after_point => {
                self.pattern.decimals += 1;
                if c == '0' {
                    self.pattern.fixed_decimals = self.pattern.decimals;
                }
            }
            '0' => self.pattern.whole.push(Token::Zero),
            '#' | '?' => self.pattern.whole.push(Token::Digit),
            '.' => self.after_point = true,
            ',' => self.pattern.is_grouped = true,
            '%' => {
                self.pattern.is_percent = true;
                self.literal("%");
            }
            'y' | 'Y' | 'd' | 'D' => self.has_date = true,
            'h' | 'H' | 's' | 'S' => self.has_time = true,
            'm' | 'M' => self.has_minutes_or_months = true,
            // Fractions, powers, text, calendars.
            '@' | 'E' | 'e' | 'G' | 'g' | 'b' | 'B' => self.is_unknown = true,
            '/' if !(self.has_date || self.has_minutes_or_months) => self.is_unknown = true,
            _ => self.literal(c.encode_utf8(&mut [0; 4])),
        }
    }

    fn format(self) -> Format {
        let has_digits = self
            .pattern
            .whole
            .iter()
            .any(|token| matches!(token, Token::Zero | Token::Digit));
        match (self.has_date, self.has_time) {
            _ if self.is_duration => Format::Duration,
            (true, true) => Format::DateTime,
            (true, false) => Format::Date,
            (false, true) => Format::Time,
            (false, false) if self.has_minutes_or_months => Format::Date,
            (false, false) if self.is_unknown || !has_digits && self.pattern.decimals == 0 => Format::General,
            (false, false) => Format::Pattern(self.pattern),
        }
    }
}

/// Which day the numbers of dates count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Epoch {
    #[default]
    Year1900,
    Year1904,
}

/// A number in a format.
pub(super) fn show(number: f64, format: &Format, epoch: Epoch) -> String {
    let shown = match format {
        Format::General => None,
        Format::Date => day(number, epoch).map(|d| d.to_string()),
        Format::Time => (number >= 0.0).then(|| clock(number)),
        Format::DateTime => day(number, epoch).map(|d| format!("{d} {}", clock(number))),
        Format::Duration => duration(number),
        Format::Pattern(pattern) => pattern.show(number),
    };
    shown.unwrap_or_else(|| general(number))
}

/// The number as it is, to the 15 digits that sheets show.
pub(super) fn general(number: f64) -> String {
    if !number.is_finite() {
        return String::new();
    }
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    // No sign for what is rounded to zero.
    let rounded: f64 = if rounded == 0.0 { 0.0 } else { rounded };
    rounded.to_string()
}

fn day(serial: f64, epoch: Epoch) -> Option<Date> {
    if !(0.0..MAX_SERIAL).contains(&serial) {
        return None;
    }
    // To the second, so that the last moment of a day does not become the day itself by rounding.
    #[allow(clippy::cast_possible_truncation)]
    let days = ((serial * SECONDS_OF_DAY).round() / SECONDS_OF_DAY).floor() as i32;
    let first = match epoch {
        Epoch::Year1904 => date(1904, 1, 1),
        // The format counts a 29 February 1900 that never was.
        Epoch::Year1900 if days < 60 => date(1899, 12, 31),
        Epoch::Year1900 => date(1899, 12, 30),
    };
    first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn seconds(serial: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let seconds = (serial * SECONDS_OF_DAY).round() as u64;
    seconds
}

fn clock(serial: f64) -> String {
    hours_and_minutes(seconds(serial) % 86_400)
}

fn duration(serial: f64) -> Option<String> {
    (0.0..MAX_SERIAL)
        .contains(&serial)
        .then(|| hours_and_minutes(seconds(serial)))
}

fn hours_and_minutes(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    }
}

impl Pattern {
    fn show(&self, number: f64) -> Option<String> {
        let factor = if self.is_percent { 100.0 } else { 1.0 };
        let number = number * factor;
        if !number.is_finite() || number.abs() >= MAX_PATTERN_NUMBER {
            return None;
        }
        let digits = format!("{:.*}", self.decimals, number.abs());
        let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
        let mut out = self.show_whole(whole);
        let kept = decimals.trim_end_matches('0').len().max(self.fixed_decimals);
        if let Some(kept) = decimals.get(..kept).filter(|kept| !kept.is_empty()) {
            out.push('.');
            out.push_str(kept);
        }
        out.push_str(&self.suffix);
        let is_negative = number < 0.0 && digits.contains(|c| matches!(c, '1'..='9'));
        let out = out.trim().to_owned();
        Some(if is_negative { format!("-{out}") } else { out })
    }

    /// Digits from the last place on; what is left over goes before the first.
    fn show_whole(&self, digits: &str) -> String {
        let mut left: Vec<char> = digits.trim_start_matches('0').chars().collect();
        let mut places = self
            .whole
            .iter()
            .filter(|token| !matches!(token, Token::Text(_)))
            .count();
        let mut reversed: Vec<String> = Vec::new();
        let mut written = 0;
        let mut digit = |c: char, reversed: &mut Vec<String>| {
            if self.is_grouped && written > 0 && written % 3 == 0 {
                reversed.push(",".to_owned());
            }
            written += 1;
            reversed.push(c.to_string());
        };
        for token in self.whole.iter().rev() {
            match token {
                Token::Text(text) => {
                    reversed.push(text.clone());
                    continue;
                }
                Token::Zero => digit(left.pop().unwrap_or('0'), &mut reversed),
                Token::Digit => {
                    if let Some(c) = left.pop() {
                        digit(c, &mut reversed);
                    }
                }
            }
            places -= 1;
            if places == 0 {
                while let Some(c) = left.pop() {
                    digit(c, &mut reversed);
                }
            }
        }
        reversed.into_iter().rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: f64, code: &str, expected: &str) {
        assert_eq!(show(number, &parse(code), Epoch::Year1900), expected, "{code}");
    }

    #[test]
    fn plain_numbers_have_no_exponent_and_no_added_decimals() {
        check(7_700_900_123.0, "General", "7700900123");
        check(1e20, "General", "100000000000000000000");
        check(0.1 + 0.2, "General", "0.3");
        check(12.5, "@", "12.5");
        check(-0.0, "General", "0");
    }

    #[test]
    fn patterns_show_leading_zeros_groups_and_signs() {
        check(7_700_900_123.0, "00000 000000", "07700 900123");
        check(7_700_900_123.0, "00000000000", "07700900123");
        check(1234.5, "#,##0.00", "1,234.50");
        check(1234.5, "\"£\"#,##0.00", "£1,234.50");
        check(1234.5, "[$£-809]#,##0;[Red]-[$£-809]#,##0", "£1,234");
        check(-7.0, "0", "-7");
        check(0.256, "0.0%", "25.6%");
        check(3.0, "0.##", "3");
        check(12.0, "\"RJ-\"0000", "RJ-0012");
    }

    #[test]
    fn dates_and_times_are_iso() {
        check(46_082.0, "dd/mm/yyyy", "2026-03-01");
        check(46_082.75, "d mmm yyyy h:mm", "2026-03-01 18:00");
        check(46_082.999_999_9, "yyyy-mm-dd", "2026-03-02");
        check(0.5, "hh:mm", "12:00");
        check(1.5, "[h]:mm", "36:00");
        check(1.0, "dd/mm/yyyy", "1900-01-01");
        check(61.0, "dd/mm/yyyy", "1900-03-01");
        check(-5.0, "dd/mm/yyyy", "-5");
        check(1e300, "dd/mm/yyyy", &format!("{}", 1e300));
        assert_eq!(show(44_620.0, &Format::Date, Epoch::Year1904), "2026-03-01");
    }

    #[test]
    fn odd_codes_show_the_number_as_it_is() {
        for code in [
            "# ?/?",
            "0.00E+00",
            "[>100]0;0.0",
            "\"\"",
            ";;;",
            "[",
            "\\",
            "_",
            "\"",
        ] {
            check(12.5, code, "12.5");
        }
    }
}

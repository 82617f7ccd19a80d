//! A calendar month, written `2026-11`.
//!
//! Invariant: the year has four digits, so a month prints as it is read.

use jiff::{ToSpan, civil::Date};
use std::{fmt, str::FromStr};

/// English names, January first.
const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Earliest year: no service keeps older mail, and eleven months before it is still a date.
const FIRST_YEAR: i16 = 1000;
/// Letters of a short month name.
const SHORT: usize = 3;

/// One calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Date,
}

/// A text or pair of numbers that is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month: write year and month, such as 2026-11")]
pub struct MonthError;

impl Month {
    /// `year` from 1000 to 9999, `month` from 1 to 12.
    ///
    /// # Errors
    /// [`MonthError`] outside these bounds.
    pub fn new(year: i16, month: i8) -> Result<Self, MonthError> {
        if year < FIRST_YEAR {
            return Err(MonthError);
        }
        let first = Date::new(year, month, 1).map_err(|_| MonthError)?;
        Ok(Self { first })
    }

    /// The year, four digits.
    pub fn year(self) -> i16 {
        self.first.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.first.month()
    }

    /// Whether the day lies in it.
    pub fn contains(self, day: Date) -> bool {
        day.first_of_month() == self.first
    }

    /// The first day.
    pub fn first_day(self) -> Date {
        self.first
    }

    /// The last day.
    pub fn last_day(self) -> Date {
        self.first.last_of_month()
    }

    /// `November 2026`.
    pub fn in_words(self) -> String {
        format!("{} {}", self.name(), self.year())
    }

    /// `Nov`.
    pub(super) fn short_name(self) -> &'static str {
        let name = self.name();
        name.get(..SHORT).unwrap_or(name)
    }

    /// The month `months` before it.
    pub(super) fn back(self, months: i8) -> Self {
        Self {
            first: self.first.saturating_sub(months.months()).first_of_month(),
        }
    }

    fn name(self) -> &'static str {
        let place = usize::try_from(self.month() - 1).unwrap_or_default();
        NAMES.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl FromStr for Month {
    type Err = MonthError;

    /// Exactly as it prints: `2026-11`.
    fn from_str(text: &str) -> Result<Self, MonthError> {
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(MonthError);
        }
        let year = year.parse().map_err(|_| MonthError)?;
        let month = month.parse().map_err(|_| MonthError)?;
        Self::new(year, month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_month_is_read_only_as_it_prints() {
        assert_eq!("2026-11".parse::<Month>().unwrap().to_string(), "2026-11");
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-01",
            "+026-11",
            "2026-11-01",
            "0999-01",
            "２０２６-11",
        ] {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
    }

    #[test]
    fn a_month_has_its_own_days_only() {
        let month: Month = "2028-02".parse().unwrap();
        assert_eq!(
            (month.first_day(), month.last_day()),
            (date(2028, 2, 1), date(2028, 2, 29))
        );
        assert!(month.contains(date(2028, 2, 1)) && month.contains(date(2028, 2, 29)));
        assert!(!month.contains(date(2028, 1, 31)) && !month.contains(date(2028, 3, 1)));
        assert!(!month.contains(date(2027, 2, 10)));
    }

    #[test]
    fn months_count_back_over_the_year() {
        let month: Month = "2026-03".parse().unwrap();
        assert_eq!(month.back(0), month);
        assert_eq!(month.back(3).to_string(), "2025-12");
        assert_eq!(month.back(11).to_string(), "2025-04");
        assert_eq!(month.back(11).short_name(), "Apr");
        let earliest: Month = "1000-01".parse().unwrap();
        assert_eq!(earliest.back(11).first_day(), date(999, 2, 1));
    }
}

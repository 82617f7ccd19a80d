//! UK dates as people write them: day first unless the month is a word.

use jiff::civil::Date;

/// A date read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadDate {
    /// A whole date. `ambiguous` where day and month could be swapped (both 12 or less, written in
    /// numbers) or a two-digit year was completed.
    Day {
        /// The date, read day first.
        date: Date,
        /// Staff should look.
        ambiguous: bool,
    },
    /// Only month and year are given.
    Month {
        /// Year.
        year: i16,
        /// Month, 1 to 12.
        month: i8,
    },
    /// It looks like a date, but the calendar has no such day.
    Impossible,
}

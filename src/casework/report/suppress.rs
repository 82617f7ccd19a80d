//! Small counts are withheld so that no reader can work one out.
//!
//! # Rule
//! A count of 1 to `least - 1` is *small*. A withheld count is printed as `[c]`, whatever the reason.
//!
//! A table of counts with its total:
//! 1. A small total: the total and every count are withheld, zeros too.
//! 2. No small count: everything is printed.
//! 3. Otherwise the small counts are withheld, the total is printed, and
//!    - where all counts of the table lie within [`NEAR`] of one another, every count is withheld;
//!    - where all small counts are equal (or there is only one), the next larger count is withheld as well,
//!      or, where there is none, the zeros.
//!
//!    Cells with equal counts always fare alike.
//!
//! Cases (`before + opened - closed = after`, and `before` stood in last month's report): opened and closed
//! are both withheld where one of the four is small; `before` and `after` only where they are small themselves.
//!
//! A single count without a total is withheld where it is small.
//!
//! What hangs together ([`super::tally`] sees to it):
//! - all tables of the month's referrals print the same total; where it is small, consent is withheld as well;
//! - accepted referrals stand in the decisions and in the trend: withheld in both or in neither;
//! - the time to first look is withheld where fewer than `least` were looked at, and since nothing is decided
//!   unseen, the decisions with it; a rate is printed only where the counts that it is made of are;
//! - reasons of closing are withheld where the number of closed cases is, and outcomes where the number of completed ones is.
//!
//! # Why it holds
//! The reader is taken to know this rule, `least` and every printed number. Still each withheld count may be one
//! of at least two.
//! - Rule 1: any table with a total of 1 to `least - 1`; `least` is 3 or more.
//! - Rule 3: places play no part in it, so exchanging the counts of two withheld cells prints the same page; and
//!   withheld cells hold at least two different counts. The exception is a table with the same small count `v`
//!   in every cell: one that holds `v - 1` and `v + 1` in two of them prints the same page.
//! - Cases: adding one to both opened and closed, or taking one from both, changes no printed number; a small
//!   `before` or `after` may be one more or less, since the opened and closed on either side are withheld too.
//! - Tables of one month's referrals share only their total: any set of tables with the same total describes
//!   some set of referrals.
//!
//! # What it does not cover
//! Two reports about the same month, made at different times, may be compared: publish one. A reader who takes
//! it that two categories of different tables are the same people (a case kind and an offence group; cases
//! destroyed now and cases closed a full term ago), or who knows some of the people, can narrow counts down
//! further than the page does.

use std::collections::BTreeSet;

/// Counts of a table that lie so near to one another are withheld together.
const NEAR: u64 = 2;

/// The smallest count other than zero that is printed; 5 unless the service sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Least(u32);

/// A number that cannot be the smallest printed count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the smallest printed count must be from {min} to {max}", min = Least::MIN, max = Least::MAX)]
pub struct LeastError;

impl Least {
    /// With less than 3, a withheld single count could only be 1.
    pub const MIN: u32 = 3;
    /// More would leave nothing to report.
    pub const MAX: u32 = 100;

    /// # Errors
    /// [`LeastError`] outside [`Least::MIN`] to [`Least::MAX`].
    pub fn new(count: u32) -> Result<Self, LeastError> {
        match (Self::MIN..=Self::MAX).contains(&count) {
            true => Ok(Self(count)),
            false => Err(LeastError),
        }
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// One or more, but fewer than are printed.
    pub(super) fn is_small(self, count: u64) -> bool {
        count > 0 && !self.is_reached_by(count)
    }

    /// Enough to be printed.
    pub(super) fn is_reached_by(self, count: u64) -> bool {
        count >= u64::from(self.0)
    }
}

#[cfg(test)]
impl Least {
    /// Withholds nothing: the truth behind a page.
    pub(super) const NOTHING_IS_SMALL: Self = Self(0);
}

impl Default for Least {
    fn default() -> Self {
        Self(5)
    }
}

/// A count as it may be printed. What is withheld is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Count {
    /// Printed.
    Shown(u64),
    /// Small, or gives away one that is.
    Withheld,
}

/// The counts of a table and their total.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Counts {
    pub(super) cells: Vec<Count>,
    pub(super) total: Count,
}

impl Counts {
    /// A table of `len` counts that prints none.
    pub(super) fn none(len: usize) -> Self {
        Self {
            cells: vec![Count::Withheld; len],
            total: Count::Withheld,
        }
    }
}

/// A table of counts that prints its total.
pub(super) fn table(cells: &[u64], least: Least) -> Counts {
    let total = cells.iter().sum();
    if least.is_small(total) {
        return Counts::none(cells.len());
    }
    let withheld = withheld_counts(cells, least);
    let print = |count: &u64| match withheld.contains(count) {
        true => Count::Withheld,
        false => Count::Shown(*count),
    };
    Counts {
        cells: cells.iter().map(print).collect(),
        total: Count::Shown(total),
    }
}

/// Which counts are withheld, wherever in the table they stand: rules 2 and 3.
fn withheld_counts(cells: &[u64], least: Least) -> BTreeSet<u64> {
    let counts: BTreeSet<u64> = cells.iter().copied().collect();
    let mut withheld: BTreeSet<u64> = counts.iter().copied().filter(|c| least.is_small(*c)).collect();
    if withheld.is_empty() {
        return withheld;
    }
    let near = match (counts.first(), counts.last()) {
        (Some(fewest), Some(most)) => most - fewest <= NEAR,
        (None, _) | (_, None) => false,
    };
    if near {
        return counts;
    }
    if withheld.len() == 1 {
        let larger = counts.iter().find(|count| least.is_reached_by(**count));
        withheld.extend(larger.or(counts.first()));
    }
    withheld
}

/// A count that hangs together with no other.
pub(super) fn single(count: u64, least: Least) -> Count {
    match least.is_small(count) {
        true => Count::Withheld,
        false => Count::Shown(count),
    }
}

/// Open cases over one month: `before + opened - closed = after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Movement<T> {
    /// Open at the end of the month before.
    pub(super) before: T,
    /// Opened in the month.
    pub(super) opened: T,
    /// Closed in the month.
    pub(super) closed: T,
    /// Open at the end of the month.
    pub(super) after: T,
}

/// The movement as it may be printed, month after month.
pub(super) fn movement(cases: Movement<u64>, least: Least) -> Movement<Count> {
    let Movement {
        before,
        opened,
        closed,
        after,
    } = cases;
    let small = [before, opened, closed, after]
        .iter()
        .any(|count| least.is_small(*count));
    let flow = |count| match small {
        true => Count::Withheld,
        false => Count::Shown(count),
    };
    Movement {
        before: single(before, least),
        opened: flow(opened),
        closed: flow(closed),
        after: single(after, least),
    }
}

#[cfg(test)]
mod tests;

//! The reader of these tests knows the rule: whatever prints the same page may be the truth.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

/// Calls `each` with every list of counts up to `most` each.
fn every(len: usize, most: u64, each: &mut dyn FnMut(&[u64])) {
    let mut counts = vec![0; len];
    loop {
        each(&counts);
        let Some(place) = counts.iter().position(|count| *count < most) else {
            return;
        };
        counts[..place].fill(0);
        counts[place] += 1;
    }
}

/// Calls `each` with every way to put `sum` into `counts[from..]` that agrees with the printed cells.
fn every_sum(printed: &[Count], counts: &mut [u64], from: usize, sum: u64, each: &mut dyn FnMut(&[u64])) {
    let Some(cell) = printed.get(from) else {
        if sum == 0 {
            each(counts);
        }
        return;
    };
    let range = match cell {
        Count::Shown(count) => *count..=(*count).min(sum),
        Count::Withheld => 0..=sum,
    };
    for count in range {
        counts[from] = count;
        every_sum(printed, counts, from + 1, sum - count, each);
    }
}

/// What each cell, and last the total, may be when a reader sees `printed`.
fn possible(printed: &Counts, least: Least) -> Vec<BTreeSet<u64>> {
    let mut found = vec![BTreeSet::new(); printed.cells.len() + 1];
    let sums = match printed.total {
        Count::Shown(total) => total..=total,
        Count::Withheld => 0..=u64::from(least.get()) * 2,
    };
    for sum in sums {
        let mut counts = vec![0; printed.cells.len()];
        every_sum(&printed.cells, &mut counts, 0, sum, &mut |counts| {
            if table(counts, least) == *printed {
                let all = counts.iter().copied().chain([sum]);
                found.iter_mut().zip(all).for_each(|(found, count)| {
                    found.insert(count);
                });
            }
        });
    }
    found
}

/// The cells and the total that can be worked out although they are withheld.
fn given_away(printed: &Counts, possible: &[BTreeSet<u64>]) -> usize {
    let cells = printed.cells.iter().chain([&printed.total]);
    let known = |(count, values): &(&Count, &BTreeSet<u64>)| **count == Count::Withheld && values.len() < 2;
    cells.zip(possible).filter(known).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_withheld_count_may_be_at_least_two(
        cells in prop_oneof![
            prop::collection::vec(0..8_u64, 1..=4),
            prop::collection::vec(prop_oneof![0..6_u64, 20..40_u64], 1..=3),
        ],
        least in 3..=7_u32,
    ) {
        let least = Least::new(least).unwrap();
        let printed = table(&cells, least);
        prop_assert_eq!(given_away(&printed, &possible(&printed, least)), 0, "{:?}", printed);
    }

    #[test]
    fn no_small_count_is_printed_and_no_large_table_is_lost(
        cells in prop::collection::vec(prop_oneof![0..8_u64, 20..400_u64], 0..16),
        least in 3..=12_u32,
    ) {
        let least = Least::new(least).unwrap();
        let printed = table(&cells, least);
        for (count, cell) in cells.iter().zip(&printed.cells) {
            prop_assert!(!least.is_small(*count) || *cell == Count::Withheld);
        }
        if cells.iter().all(|count| !least.is_small(*count)) {
            prop_assert!(printed.cells.iter().all(|cell| *cell != Count::Withheld));
        }
    }
}

#[test]
fn no_small_table_gives_a_withheld_count_away() {
    for (len, most) in [(1, 20), (2, 20), (3, 12), (4, 8), (5, 6), (6, 5)] {
        for least in [3, 4, 5] {
            let least = Least::new(least).unwrap();
            let mut seen: HashMap<Counts, Vec<BTreeSet<u64>>> = HashMap::new();
            every(len, most, &mut |counts| {
                let all = counts.iter().copied().chain([counts.iter().sum()]);
                let found = seen.entry(table(counts, least));
                let found = found.or_insert_with(|| vec![BTreeSet::new(); len + 1]);
                found.iter_mut().zip(all).for_each(|(found, count)| {
                    found.insert(count);
                });
            });
            for (printed, possible) in &seen {
                assert_eq!(given_away(printed, possible), 0, "{printed:?}, least {least:?}");
            }
        }
    }
}

#[test]
fn a_case_movement_gives_no_withheld_count_away_over_two_months() {
    const MOST: u64 = 5;
    let least = Least::new(3).unwrap();
    let mut seen: HashMap<Vec<Count>, (bool, Vec<BTreeSet<u64>>)> = HashMap::new();
    every(5, MOST, &mut |numbers| {
        let [before, opened, closed, opened_next, closed_next] = numbers else {
            return;
        };
        let Some(after) = (before + opened).checked_sub(*closed) else {
            return;
        };
        let Some(end) = (after + opened_next).checked_sub(*closed_next) else {
            return;
        };
        let first = Movement {
            before: *before,
            opened: *opened,
            closed: *closed,
            after,
        };
        let next = Movement {
            before: after,
            opened: *opened_next,
            closed: *closed_next,
            after: end,
        };
        let page: Vec<Count> = [first, next]
            .into_iter()
            .map(|month| movement(month, least))
            .flat_map(|month| [month.before, month.opened, month.closed, month.after])
            .collect();
        let truth = [first, next];
        let truth = truth
            .iter()
            .flat_map(|month| [month.before, month.opened, month.closed, month.after]);
        let entry = seen
            .entry(page)
            .or_insert_with(|| (false, vec![BTreeSet::new(); 8]));
        // Beyond MOST nothing is tried, so a page is judged only if some truth lies well within it.
        entry.0 |= numbers.iter().all(|number| *number < MOST);
        entry.1.iter_mut().zip(truth).for_each(|(found, count)| {
            found.insert(count);
        });
    });
    for (page, (judged, possible)) in seen.iter().filter(|(_, (judged, _))| *judged) {
        for (count, values) in page.iter().zip(possible) {
            assert!(*count != Count::Withheld || values.len() > 1, "{page:?} {judged}");
        }
    }
}

/// How the table prints, `c` for withheld; the total is last.
fn printed(cells: &[u64]) -> String {
    let printed = table(cells, Least::default());
    let word = |count: &Count| match count {
        Count::Shown(count) => count.to_string(),
        Count::Withheld => "c".to_owned(),
    };
    let words: Vec<String> = printed.cells.iter().chain([&printed.total]).map(word).collect();
    words.join(" ")
}

#[test]
fn tables_print_as_the_rule_says() {
    assert_eq!(printed(&[0, 0, 0]), "0 0 0 0");
    assert_eq!(printed(&[12, 0, 5]), "12 0 5 17");
    // The total is small.
    assert_eq!(printed(&[4, 0, 0]), "c c c c");
    // One small count: the next larger goes as well, and whatever equals it.
    assert_eq!(printed(&[20, 3, 0, 9, 12]), "20 c 0 c 12 44");
    assert_eq!(printed(&[20, 3, 9, 9]), "20 c c c 41");
    // Two small counts hide one another, unless their sum tells both.
    assert_eq!(printed(&[20, 3, 0, 1]), "20 c 0 c 24");
    assert_eq!(printed(&[20, 1, 0, 1]), "c c 0 c 22");
    assert_eq!(printed(&[4, 4, 0, 30, 11]), "c c 0 30 c 49");
    // No larger count is left: the zeros help.
    assert_eq!(printed(&[4, 4, 0, 0]), "c c c c 8");
    // All alike: the sum would tell every count.
    assert_eq!(printed(&[2, 2, 2, 2]), "c c c c 8");
    assert_eq!(printed(&[1, 3, 2, 2]), "c c c c 8");
}

#[test]
fn opened_and_closed_stand_or_fall_together() {
    let print = |before, opened, closed, after| {
        movement(
            Movement {
                before,
                opened,
                closed,
                after,
            },
            Least::default(),
        )
    };
    let quiet = print(20, 9, 6, 23);
    assert_eq!((quiet.opened, quiet.closed), (Count::Shown(9), Count::Shown(6)));
    for small in [
        print(20, 9, 2, 27),
        print(20, 2, 9, 13),
        print(3, 9, 5, 7),
        print(7, 5, 9, 3),
        print(4, 0, 0, 4),
    ] {
        assert_eq!((small.opened, small.closed), (Count::Withheld, Count::Withheld));
    }
    assert_eq!(print(20, 9, 2, 27).after, Count::Shown(27));
    assert_eq!(print(7, 5, 9, 3).after, Count::Withheld);
}

#[test]
fn the_smallest_printed_count_has_bounds() {
    assert_eq!(Least::default().get(), 5);
    assert_eq!(Least::new(2), Err(LeastError));
    assert_eq!(Least::new(101), Err(LeastError));
    assert_eq!(Least::new(3).map(Least::get), Ok(3));
}

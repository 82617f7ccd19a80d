//! A reader who knows the rule has the whole report, and tries to work out what is withheld.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// Each way in which a referral can go, for each of three variants.
fn kinds(variants: [impl Fn(&mut ReferralFacts); 3]) -> Vec<ReferralFacts> {
    let mut kinds = Vec::new();
    let stages = [
        (None, Decision::Waiting),
        (Some(60), Decision::Waiting),
        (Some(60), Decision::Accepted),
        (Some(60), Decision::Rejected),
    ];
    for vary in variants {
        for (minutes_to_first_look, decision) in stages {
            let mut facts = ReferralFacts {
                minutes_to_first_look,
                decision,
                ..referral()
            };
            vary(&mut facts);
            kinds.push(facts);
        }
    }
    kinds
}

/// Calls `each` with every collection of up to `most` of `kinds`.
fn every(
    kinds: &[ReferralFacts],
    most: usize,
    chosen: &mut Vec<ReferralFacts>,
    each: &mut dyn FnMut(&[ReferralFacts]),
) {
    each(chosen);
    if chosen.len() == most {
        return;
    }
    for at in 0..kinds.len() {
        chosen.push(kinds[at].clone());
        every(&kinds[at..], most, chosen, each);
        chosen.pop();
    }
}

/// The counts of a report; derived numbers are left out.
fn counts(report: &Report) -> Vec<(String, Count)> {
    let mut counts = Vec::new();
    for table in report.tables() {
        let rows = table.rows.iter().cloned();
        let total = table.total.map(|total| ("Total".to_owned(), total));
        counts.extend(
            rows.chain(total)
                .map(|(row, count)| (format!("{}: {row}", table.name), count)),
        );
    }
    for month in &report.trend {
        counts.push((format!("{} received", month.month), month.received));
        counts.push((format!("{} accepted", month.month), month.accepted));
    }
    counts
}

/// Makes the report of every collection of up to five of `kinds`, and looks at each page what may be the truth. Six
/// could be two in each of the three variants, whose alternatives are in rows that this test leaves empty.
fn nothing_is_given_away(kinds: &[ReferralFacts]) {
    let least = Least::new(3).unwrap();
    let mut seen: HashMap<String, Vec<(String, Count, BTreeSet<u64>)>> = HashMap::new();
    every(kinds, 5, &mut Vec::new(), &mut |facts| {
        let of = |least| Report::of(november(), &Districts::default(), facts, &[], least);
        let (printed, truth) = (of(least), of(Least::NOTHING_IS_SMALL));
        let entry = seen.entry(printed.csv()).or_insert_with(|| {
            let counts = counts(&printed).into_iter();
            counts.map(|(row, count)| (row, count, BTreeSet::new())).collect()
        });
        for ((_, _, possible), (row, truth)) in entry.iter_mut().zip(counts(&truth)) {
            let Count::Shown(truth) = truth else {
                panic!("{row} has no truth");
            };
            possible.insert(truth);
        }
    });
    assert!(seen.len() > 50);
    for (csv, counts) in &seen {
        for (row, count, possible) in counts {
            // A row that no referral of this test belongs to is 0 on every page.
            let given_away =
                *count == Count::Withheld && possible.len() < 2 && possible != &BTreeSet::from([0]);
            assert!(!given_away, "{row} can only be {possible:?} in\n{csv}");
        }
    }
}

#[test]
fn the_report_gives_no_withheld_source_or_decision_away() {
    let from = |source| move |facts: &mut ReferralFacts| facts.source = source;
    nothing_is_given_away(&kinds(
        [Some(AgencyKind::Police), Some(AgencyKind::Housing), None].map(from),
    ));
}

#[test]
fn the_report_gives_no_withheld_answer_or_decision_away() {
    let says = |answer| move |facts: &mut ReferralFacts| facts.consent = vec![(Role::Victim, answer)];
    nothing_is_given_away(&kinds(
        [Some(ConsentAnswer::Given), Some(ConsentAnswer::Refused), None].map(says),
    ));
}

fn some_facts() -> impl Strategy<Value = ReferralFacts> {
    let source = prop_oneof![
        6 => Just(Some(AgencyKind::Police)),
        2 => Just(Some(AgencyKind::Housing)),
        1 => Just(None),
    ];
    let decision = prop_oneof![
        4 => Just(Decision::Accepted),
        2 => Just(Decision::Waiting),
        1 => Just(Decision::Rejected),
        1 => Just(Decision::SetAside),
    ];
    let kind =
        prop_oneof![6 => Just(Kind::Referral), 1 => Just(Kind::SelfReferral), 2 => Just(Kind::Enquiry)];
    let looked = prop::option::weighted(0.8, 0..9000_u64);
    let day = (9..=11_i8, 1..=28_i8);
    (source, decision, kind, looked, day).prop_map(|(source, decision, kind, looked, (month, day))| {
        ReferralFacts {
            received: date(2026, month, day),
            kind,
            source,
            minutes_to_first_look: looked,
            decision,
            ..referral()
        }
    })
}

fn some_case() -> impl Strategy<Value = CaseFacts> {
    (9..=11_i8, 1..=28_i8, prop::option::of(0..60_i32)).prop_map(|(month, day, days)| {
        let opened = date(2026, month, day);
        let closed = days.map(|days| opened.saturating_add(jiff::Span::new().days(days)));
        case(opened, closed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_small_count_is_in_the_report(
        facts in prop::collection::vec(some_facts(), 0..120),
        cases in prop::collection::vec(some_case(), 0..40),
    ) {
        let report = report(&facts, &cases);
        for (row, count) in counts(&report) {
            if let Count::Shown(count) = count {
                prop_assert!(!(1..5).contains(&count), "{}: {}", row, count);
            }
        }
    }

    #[test]
    fn a_table_with_a_total_never_withholds_one_cell(facts in prop::collection::vec(some_facts(), 0..120)) {
        let report = report(&facts, &[]);
        for table in report.tables() {
            let withheld = table.rows.iter().filter(|(_, count)| *count == Count::Withheld).count();
            let total = table.total != Some(Count::Withheld) && table.total.is_some();
            prop_assert!(!total || withheld != 1, "{:?}", table);
        }
    }

    #[test]
    fn the_same_number_is_withheld_wherever_it_stands(facts in prop::collection::vec(some_facts(), 0..120)) {
        let report = report(&facts, &[]);
        let last = report.trend.last().unwrap();
        prop_assert_eq!(Some(report.received), report.decisions.total);
        prop_assert_eq!(report.received, last.received);
        prop_assert_eq!(report.accepted, last.accepted);
        let accepted = report.decisions.rows.iter().find(|(row, _)| row == "Accepted as a case");
        prop_assert_eq!(accepted.unwrap().1, last.accepted);
        for table in &report.referrals {
            prop_assert_eq!(table.total, Some(report.received));
        }
        // The month's own report, made from the same facts, agrees with the trend of a later one.
        let october = Report::of(november().back(1), &essex(), &facts, &[], Least::default());
        prop_assert_eq!(october.trend.last(), report.trend.get(10));
    }
}

#[test]
fn a_small_month_prints_nothing() {
    let facts = many(4, |facts| facts.decision = Decision::Accepted);
    let report = report(&facts, &[]);
    for table in report
        .referrals
        .iter()
        .chain(&report.consent)
        .chain([&report.decisions])
    {
        assert!(
            table.rows.iter().all(|(_, count)| *count == Count::Withheld),
            "{}",
            table.caption
        );
        assert_eq!(table.total, Some(Count::Withheld));
    }
    assert_eq!(
        (report.received, report.accepted, report.rate),
        (Count::Withheld, Count::Withheld, Derived::Withheld)
    );
    assert_eq!(report.first_look, (Derived::Withheld, Derived::Withheld));
}

#[test]
fn a_small_month_prints_no_consent_of_however_many_people() {
    let several = |facts: &mut ReferralFacts| facts.consent = vec![(Role::Victim, None); 3];
    let table = "Consent of people harmed (victims)";
    assert_eq!(cell(&report(&many(4, several), &[]), table, "Total"), "[c]");
    assert_eq!(cell(&report(&many(4, several), &[]), table, "Given"), "[c]");
    assert_eq!(cell(&report(&many(5, several), &[]), table, "Total"), "15");
}

#[test]
fn a_rate_of_withheld_counts_is_withheld() {
    let mut facts = many(30, |facts| facts.decision = Decision::Accepted);
    facts.extend(many(9, |facts| facts.decision = Decision::Rejected));
    assert_eq!(report(&facts, &[]).rate, Derived::Shown(77));
    facts.extend(many(2, |facts| facts.decision = Decision::Waiting));
    let report = report(&facts, &[]);
    assert_eq!(cell(&report, "Decisions", "Rejected"), "[c]");
    assert_eq!(
        (report.accepted, report.rate),
        (Count::Shown(30), Derived::Withheld)
    );
}

#[test]
fn decisions_are_withheld_with_the_time_to_first_look() {
    let mut facts = many(30, |facts| facts.minutes_to_first_look = None);
    facts.extend(many(1, |facts| facts.decision = Decision::Accepted));
    facts.extend(many(1, |facts| facts.decision = Decision::Rejected));
    let report = report(&facts, &[]);
    assert!(
        report
            .decisions
            .rows
            .iter()
            .all(|(_, count)| *count == Count::Withheld)
    );
    assert_eq!(
        (report.decisions.total, report.accepted),
        (Some(Count::Shown(32)), Count::Withheld)
    );
    assert_eq!(report.trend.last().unwrap().accepted, Count::Withheld);
}

#[test]
fn closing_reasons_do_not_tell_a_withheld_number_of_closed_cases() {
    let mut cases = vec![case(date(2026, 3, 1), None); 20];
    cases.extend(vec![case(date(2026, 3, 1), Some(date(2026, 11, 4))); 9]);
    cases.extend(vec![case(date(2026, 11, 2), None); 2]);
    let report = report(&[], &cases);
    assert_eq!(cell(&report, "Open and closed", "Open at month start"), "29");
    assert_eq!(cell(&report, "Open and closed", "Open at month end"), "22");
    for row in ["Opened", "Closed"] {
        assert_eq!(cell(&report, "Open and closed", row), "[c]");
    }
    for row in ["Completed", "Other", "Total"] {
        assert_eq!(cell(&report, "Reasons for closing", row), "[c]");
    }
}

#[test]
fn outcomes_are_of_the_completed_cases_and_withheld_with_their_number() {
    let closed = |count, reason, outcome| {
        let facts = CaseFacts {
            opened: date(2026, 3, 1),
            closed: Some((date(2026, 11, 4), reason)),
            outcome,
            destroyed: None,
        };
        vec![facts; count]
    };
    let completed = |count, outcome| closed(count, CloseReason::Completed, outcome);
    let mut cases = completed(12, Some(CaseOutcome::Meeting));
    cases.extend(completed(7, Some(CaseOutcome::Apology)));
    cases.extend(completed(5, None));
    cases.extend(closed(9, CloseReason::NoContact, None));
    cases.extend(vec![case(date(2026, 3, 1), None); 20]);
    let open = report(&[], &cases);
    let rows = [
        "Meeting",
        "Apology passed on",
        "Not recorded",
        "Agreement",
        "Total",
    ];
    let shown = rows.map(|row| cell(&open, "Outcomes", row));
    assert_eq!(shown, ["12", "7", "5", "0", "24"]);
    assert_eq!(cell(&open, "Reasons for closing", "Completed"), "24");

    // A small reason hides the next larger one: who completed must not be told by the outcomes.
    let mut cases = completed(12, Some(CaseOutcome::Meeting));
    cases.extend(closed(2, CloseReason::NoContact, None));
    cases.extend(vec![case(date(2026, 3, 1), None); 20]);
    let hidden = report(&[], &cases);
    assert_eq!(cell(&hidden, "Reasons for closing", "Total"), "14");
    assert_eq!(cell(&hidden, "Reasons for closing", "Completed"), "[c]");
    for row in rows {
        assert_eq!(cell(&hidden, "Outcomes", row), "[c]");
    }
}

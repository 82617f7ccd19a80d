//! The report as its readers get it.

mod numbers;
mod page;
mod reader;

use super::*;
use crate::domain::{
    AgencyKind, CaseKind, CaseOutcome, CloseReason, ConsentAnswer, Kind, OffenceGroup, Role,
};
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

const NOVEMBER: &str = "2026-11";

fn november() -> Month {
    NOVEMBER.parse().unwrap()
}

/// A police referral of 3 November, looked at after an hour, waiting.
fn referral() -> ReferralFacts {
    ReferralFacts {
        received: date(2026, 11, 3),
        kind: Kind::Referral,
        source: Some(AgencyKind::Police),
        case_kind: Some(CaseKind::Crime),
        offence: Some(OffenceGroup::Violence),
        outward_code: Some("CM2".to_owned()),
        consent: vec![(Role::Victim, Some(ConsentAnswer::Given))],
        minutes_to_first_look: Some(60),
        decision: Decision::Waiting,
    }
}

/// `count` referrals that differ from [`referral`] as told.
fn many(count: usize, change: impl Fn(&mut ReferralFacts)) -> Vec<ReferralFacts> {
    let mut facts = referral();
    change(&mut facts);
    vec![facts; count]
}

fn case(opened: Date, closed: Option<Date>) -> CaseFacts {
    CaseFacts {
        opened,
        closed: closed.map(|day| (day, CloseReason::Completed)),
        outcome: closed.map(|_| CaseOutcome::Meeting),
        destroyed: None,
    }
}

fn essex() -> Districts {
    let pairs = [("Chelmsford", "CM2"), ("Colchester", "CO1")];
    let pairs = pairs.map(|(name, code)| (name.to_owned(), vec![code.to_owned()]));
    Districts::new(pairs.to_vec()).unwrap()
}

/// The report of November with the usual bound.
fn report(referrals: &[ReferralFacts], cases: &[CaseFacts]) -> Report {
    Report::of(november(), &essex(), referrals, cases, Least::default())
}

/// The CSV by table and row. No cell of these tests holds a comma.
fn cells(report: &Report) -> BTreeMap<(String, String), String> {
    let csv = report.csv();
    let lines = csv.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let [table, row, count] = cells[..] else {
            panic!("not three cells: {line}");
        };
        ((table.to_owned(), row.to_owned()), count.to_owned())
    });
    lines.collect()
}

fn cell(report: &Report, table: &str, row: &str) -> String {
    cells(report)[&(table.to_owned(), row.to_owned())].clone()
}

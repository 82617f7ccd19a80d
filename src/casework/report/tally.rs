//! Facts to counts; what hangs together is withheld together.
//!
//! Invariant: every count leaves this file through [`super::suppress`]; what is withheld is not in the report at
//! all. Every row is listed whether it was counted or not, so that a missing row says nothing.

use super::suppress::{Count, Counts, Least, Movement, movement, single, table};
use super::words;
use super::{CaseFacts, Decision, Derived, Districts, Month, ReferralFacts, Report, Table, TrendMonth};
use crate::domain::{CaseOutcome, CloseReason};

/// Months of the trend, the report's own included.
const TREND_MONTHS: i8 = 12;

/// The facts of one report and its bounds.
pub(super) struct Tally<'a> {
    pub(super) month: Month,
    pub(super) districts: &'a Districts,
    pub(super) referrals: &'a [ReferralFacts],
    pub(super) cases: &'a [CaseFacts],
    pub(super) least: Least,
}

/// What was decided about one month's referrals.
struct Decided {
    received: Count,
    decisions: Counts,
    accepted: Count,
    rate: Derived,
    first_look: (Derived, Derived),
}

impl Tally<'_> {
    pub(super) fn report(&self) -> Report {
        let month = self.month.in_words();
        let decided = self.decided(self.month);
        let movement = self.movement();
        let closed = self.closed(movement.closed);
        let decisions = format!("Decisions about the referrals received in {month}");
        Report {
            month: self.month,
            least: self.least,
            received: decided.received,
            accepted: decided.accepted,
            rate: decided.rate,
            first_look: decided.first_look,
            referrals: self.referral_tables(&month),
            consent: self.consent_tables(&month),
            decisions: listed("Decisions", decisions, &words::DECISIONS, decided.decisions),
            trend: self.trend(),
            open: movement.after,
            outcomes: listed(
                "Outcomes",
                format!("Cases completed in {month}, by what came of them"),
                &words::OUTCOMES,
                self.outcomes(&closed),
            ),
            closed: listed(
                "Reasons for closing",
                format!("Cases closed in {month}, by reason"),
                &words::CLOSE_REASONS,
                closed,
            ),
            cases: self.case_table(&month, movement),
            other_mail: self.other_mail(&month),
        }
    }

    /// The referrals that arrived in a month.
    fn received(&self, month: Month) -> Vec<&ReferralFacts> {
        let arrived = self
            .referrals
            .iter()
            .filter(|facts| month.contains(facts.received));
        arrived
            .filter(|facts| words::other_kind(facts.kind).is_none())
            .collect()
    }

    fn referral_tables(&self, month: &str) -> Vec<Table> {
        let received = self.received(self.month);
        let by = |name: &'static str, rows: &[&str], cells: Vec<u64>| {
            let caption = format!("Referrals received in {month}, by {}", name.to_lowercase());
            listed(name, caption, rows, table(&cells, self.least))
        };
        let source = received.iter().map(|facts| words::source(facts));
        let kind = received.iter().map(|facts| words::case_kind(facts.case_kind));
        let offence = received.iter().map(|facts| words::offence(facts.offence));
        let mut tables = vec![
            by("Source", &words::SOURCES, tally(&words::SOURCES, source)),
            by(
                "Kind of case",
                &words::CASE_KINDS,
                tally(&words::CASE_KINDS, kind),
            ),
            by("Offence", &words::OFFENCES, tally(&words::OFFENCES, offence)),
        ];
        if !self.districts.is_empty() {
            let rows = self.districts.rows();
            let district = received
                .iter()
                .map(|facts| self.districts.row(facts.outward_code.as_deref()));
            tables.push(by("District", &rows, tally(&rows, district)));
        }
        tables
    }

    fn consent_tables(&self, month: &str) -> Vec<Table> {
        let received = self.received(self.month);
        let few = self.least.is_small(count(received.len()));
        let of_role = |name: &'static str| {
            let people = received.iter().flat_map(|facts| &facts.consent);
            let people = people.filter(|(role, _)| words::role(*role) == Some(name));
            let cells = tally(&words::ANSWERS, people.map(|(_, answer)| words::answer(*answer)));
            let counts = match few {
                true => Counts::none(cells.len()),
                false => table(&cells, self.least),
            };
            let caption = format!("{name} to be contacted, in the referrals received in {month}");
            listed(name, caption, &words::ANSWERS, counts)
        };
        words::ROLES.into_iter().map(of_role).collect()
    }

    fn decided(&self, month: Month) -> Decided {
        let referrals = self.received(month);
        let received = single(count(referrals.len()), self.least);
        let cells = referrals.iter().map(|facts| words::decision(facts.decision));
        let cells = tally(&words::DECISIONS, cells);
        let mut minutes: Vec<u64> = referrals
            .iter()
            .filter_map(|facts| facts.minutes_to_first_look)
            .collect();
        minutes.sort_unstable();
        let seen = self.least.is_reached_by(count(minutes.len()));
        let (decisions, first_look) = match seen || referrals.is_empty() {
            true => (table(&cells, self.least), times(&minutes)),
            false => (
                Counts {
                    total: received,
                    ..Counts::none(cells.len())
                },
                (Derived::Withheld, Derived::Withheld),
            ),
        };
        let of = |decision| cell_of(&decisions, &words::DECISIONS, words::decision(decision));
        let (accepted, waiting) = (of(Decision::Accepted), of(Decision::Waiting));
        Decided {
            received,
            rate: rate(accepted, waiting, decisions.total),
            decisions,
            accepted,
            first_look,
        }
    }

    fn trend(&self) -> Vec<TrendMonth> {
        let months = (0..TREND_MONTHS).rev().map(|back| self.month.back(back));
        let trend = months.map(|month| {
            let Decided {
                received, accepted, ..
            } = self.decided(month);
            TrendMonth {
                month,
                received,
                accepted,
            }
        });
        trend.collect()
    }

    fn movement(&self) -> Movement<Count> {
        let opened = self.cases.iter().filter(|case| self.month.contains(case.opened));
        let numbers = Movement {
            before: self.open_at_end(self.month.back(1)),
            opened: count(opened.count()),
            closed: count(self.closed_cases().count()),
            after: self.open_at_end(self.month),
        };
        movement(numbers, self.least)
    }

    fn open_at_end(&self, month: Month) -> u64 {
        let end = month.last_day();
        let open = self.cases.iter().filter(|case| {
            let closed = case.closed.is_some_and(|(day, _)| day <= end);
            let destroyed = case.destroyed.is_some_and(|day| day <= end);
            case.opened <= end && !closed && !destroyed
        });
        count(open.count())
    }

    /// Reasons and outcomes of the month's closed cases.
    fn closed_cases(&self) -> impl Iterator<Item = (CloseReason, Option<CaseOutcome>)> {
        let closed = self
            .cases
            .iter()
            .filter_map(|case| case.closed.map(|closed| (closed, case.outcome)));
        closed
            .filter(|((day, _), _)| self.month.contains(*day))
            .map(|((_, reason), outcome)| (reason, outcome))
    }

    fn closed(&self, total: Count) -> Counts {
        let reasons = self.closed_cases().map(|(reason, _)| words::close_reason(reason));
        let cells = tally(&words::CLOSE_REASONS, reasons);
        match total {
            Count::Shown(_) => table(&cells, self.least),
            Count::Withheld => Counts::none(cells.len()),
        }
    }

    /// Their total is the completed cases among the reasons for closing.
    fn outcomes(&self, closed: &Counts) -> Counts {
        let completed = self
            .closed_cases()
            .filter(|(reason, _)| *reason == CloseReason::Completed);
        let cells = tally(
            &words::OUTCOMES,
            completed.map(|(_, outcome)| words::outcome(outcome)),
        );
        let completed = words::close_reason(CloseReason::Completed);
        match cell_of(closed, &words::CLOSE_REASONS, completed) {
            Count::Shown(_) => table(&cells, self.least),
            Count::Withheld => Counts::none(cells.len()),
        }
    }

    fn case_table(&self, month: &str, cases: Movement<Count>) -> Table {
        let destroyed = self.cases.iter().filter_map(|case| case.destroyed);
        let destroyed = destroyed.filter(|day| self.month.contains(*day));
        let destroyed = single(count(destroyed.count()), self.least);
        let rows = [
            ("Open at month start", cases.before),
            ("Opened", cases.opened),
            ("Closed", cases.closed),
            ("Open at month end", cases.after),
            ("Destroyed", destroyed),
        ];
        Table {
            name: "Open and closed",
            caption: format!("Cases in {month}"),
            rows: rows
                .into_iter()
                .map(|(row, count)| (row.to_owned(), count))
                .collect(),
            total: None,
        }
    }

    fn other_mail(&self, month: &str) -> Table {
        let arrived = self
            .referrals
            .iter()
            .filter(|facts| self.month.contains(facts.received));
        let cells = tally(
            &words::OTHER_KINDS,
            arrived.filter_map(|facts| words::other_kind(facts.kind)),
        );
        let caption = format!("Mail received in {month} that refers nobody, by kind");
        listed(
            "Other mail",
            caption,
            &words::OTHER_KINDS,
            table(&cells, self.least),
        )
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// How often each row occurs.
fn tally<'a>(rows: &[&str], found: impl Iterator<Item = &'a str>) -> Vec<u64> {
    let mut cells = vec![0; rows.len()];
    for word in found {
        if let Some(cell) = rows
            .iter()
            .position(|row| *row == word)
            .and_then(|at| cells.get_mut(at))
        {
            *cell += 1;
        }
    }
    cells
}

fn listed(name: &'static str, caption: String, rows: &[&str], counts: Counts) -> Table {
    let rows = rows.iter().map(|row| (*row).to_owned());
    Table {
        name,
        caption,
        rows: rows.zip(counts.cells).collect(),
        total: Some(counts.total),
    }
}

fn cell_of(counts: &Counts, rows: &[&str], row: &str) -> Count {
    let place = rows.iter().position(|each| *each == row);
    let cell = place.and_then(|place| counts.cells.get(place));
    cell.copied().unwrap_or(Count::Withheld)
}

/// Accepted among the decided, in whole percent; only of counts that are printed.
fn rate(accepted: Count, waiting: Count, total: Count) -> Derived {
    match (accepted, waiting, total) {
        (Count::Shown(accepted), Count::Shown(waiting), Count::Shown(total)) => {
            let decided = total.saturating_sub(waiting);
            let rate = (accepted * 100 + decided / 2).checked_div(decided);
            rate.map_or(Derived::OfNothing, Derived::Shown)
        }
        (Count::Withheld, _, _) | (_, Count::Withheld, _) | (_, _, Count::Withheld) => Derived::Withheld,
    }
}

/// Median and 90th percentile (nearest rank) of sorted minutes.
fn times(minutes: &[u64]) -> (Derived, Derived) {
    let place = |place: usize| minutes.get(place.saturating_sub(1)).copied();
    let number = |found: Option<u64>| found.map_or(Derived::OfNothing, Derived::Shown);
    let lower = place(minutes.len().div_ceil(2));
    let upper = minutes.get(minutes.len() / 2);
    let median = lower.zip(upper).map(|(lower, upper)| lower.midpoint(*upper));
    (number(median), number(place((minutes.len() * 9).div_ceil(10))))
}

//! The facts of the monthly report, from the store.

use super::report::{CaseFacts, Decision, Districts, Least, Month, ReferralFacts, Report};
use crate::domain::{Kind, MessageState, Timestamp};
use crate::store::{MessageFacts, Store, StoreError};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Months of the trend before the reported one.
const TREND_MONTHS: i64 = 12;

/// The report on one month.
///
/// # Errors
/// Of the store.
pub async fn monthly_report(
    store: &Store,
    month: Month,
    districts: &Districts,
    least: Least,
) -> Result<Report, StoreError> {
    let from = month.first_day().saturating_sub(TREND_MONTHS.months());
    let to = month.last_day().saturating_add(1.days());
    let messages = store.message_facts(midnight(from), midnight(to)).await?;
    let referrals: Vec<ReferralFacts> = messages.iter().flat_map(referrals_of).collect();
    let cases = store
        .cases_counted(midnight(month.first_day()), midnight(to))
        .await?;
    let cases: Vec<CaseFacts> = cases
        .iter()
        .map(|case| CaseFacts {
            opened: day(case.opened),
            closed: case.closed.map(day).zip(case.close_reason),
            outcome: case.outcome,
            destroyed: case.destroyed.map(day),
        })
        .collect();
    Ok(Report::of(month, districts, &referrals, &cases, least))
}

fn midnight(day: Date) -> Timestamp {
    // The calendar's ends are beyond every time that is kept.
    TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .unwrap_or(Timestamp::MAX)
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn referrals_of(message: &MessageFacts) -> Vec<ReferralFacts> {
    let decision = match message.state {
        MessageState::Held | MessageState::Read | MessageState::Unreadable => Decision::Waiting,
        MessageState::Filed => Decision::Filed,
        MessageState::SetAside => Decision::SetAside,
        MessageState::Accepted => Decision::Accepted,
        MessageState::Rejected => Decision::Rejected,
    };
    // A decision is a look.
    let looked = message.first_opened.or(message.decided);
    let minutes = looked.map(|at| at.as_second().saturating_sub(message.received.as_second()) / 60);
    let minutes = minutes.and_then(|minutes| u64::try_from(minutes).ok());
    let facts = message.facts.iter().map(|facts| ReferralFacts {
        received: day(message.received),
        kind: facts.kind,
        source: facts.source,
        case_kind: facts.case_kind,
        offence: facts.offence,
        outward_code: facts.outward_code.clone(),
        consent: facts.consent.clone(),
        minutes_to_first_look: minutes,
        decision,
    });
    let mut all: Vec<ReferralFacts> = facts.collect();
    if all.is_empty() {
        all.push(ReferralFacts {
            received: day(message.received),
            kind: Kind::Unrecognised,
            source: None,
            case_kind: None,
            offence: None,
            outward_code: None,
            consent: Vec::new(),
            minutes_to_first_look: minutes,
            decision,
        });
    }
    all
}

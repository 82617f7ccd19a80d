//! What is counted where.

use super::*;

#[test]
fn each_referral_is_counted_once_in_each_table() {
    let mut facts = many(12, |facts| facts.decision = Decision::Accepted);
    facts.extend(many(7, |facts| {
        facts.source = Some(AgencyKind::Housing);
        facts.case_kind = Some(CaseKind::NeighbourDispute);
        facts.offence = None;
        facts.outward_code = Some("IP1".to_owned());
        facts.decision = Decision::Rejected;
        let no_answer = (Role::Party, None);
        facts.consent = vec![no_answer, (Role::Party, Some(ConsentAnswer::Refused))];
    }));
    facts.extend(many(6, |facts| {
        facts.kind = Kind::SelfReferral;
        facts.source = None;
        facts.outward_code = None;
        facts.consent = vec![(Role::Supporter, Some(ConsentAnswer::Given))];
    }));
    let report = report(&facts, &[]);
    let expected = [
        ("Source", "Police", "12"),
        ("Source", "Housing", "7"),
        ("Source", "Self-referral", "6"),
        ("Source", "Not stated", "0"),
        ("Source", "Total", "25"),
        ("Kind of case", "Crime", "18"),
        ("Kind of case", "Neighbour dispute", "7"),
        ("Offence", "Violence", "18"),
        ("Offence", "Not stated", "7"),
        ("District", "Chelmsford", "12"),
        ("District", "Elsewhere", "7"),
        ("District", "Not stated", "6"),
        ("Consent of people harmed (victims)", "Given", "12"),
        ("Consent of people harmed (victims)", "Total", "12"),
        ("Consent of parties to a dispute", "Refused", "7"),
        ("Consent of parties to a dispute", "Not stated", "7"),
        ("Consent of people responsible (offenders)", "Total", "0"),
        ("Decisions", "Accepted as a case", "12"),
        ("Decisions", "Waiting for a decision", "6"),
        ("Decisions", "Acceptance rate (percent of decided)", "63"),
        ("Received by month", "2026-11", "25"),
        ("Accepted by month received", "2026-11", "12"),
    ];
    for (table, row, count) in expected {
        assert_eq!(cell(&report, table, row), count, "{table}: {row}");
    }
}

#[test]
fn every_value_has_its_row() {
    use super::super::words;
    let listed = |rows: &[&str], word: &str| {
        assert_eq!(rows.iter().filter(|row| **row == word).count(), 1, "{word}");
    };
    use AgencyKind::*;
    let agencies = [
        Police,
        Probation,
        Prison,
        YouthJustice,
        LocalAuthority,
        Housing,
        FireAndRescue,
        VictimSupport,
        Health,
        Education,
        Voluntary,
        Legal,
        AgencyKind::Other,
    ];
    for source in agencies.map(Some).into_iter().chain([None]) {
        listed(
            &words::SOURCES,
            words::source(&ReferralFacts { source, ..referral() }),
        );
    }
    use OffenceGroup as Of;
    let offences = [
        Of::Violence,
        Of::TheftAndBurglary,
        Of::Robbery,
        Of::Damage,
        Of::PublicOrder,
        Of::Harassment,
        Of::Hate,
        Of::Sexual,
        Of::Driving,
        Of::Drugs,
        Of::Fraud,
        Of::AntiSocialBehaviour,
        Of::NeighbourDispute,
        Of::Other,
    ];
    for offence in offences.map(Some).into_iter().chain([None]) {
        listed(&words::OFFENCES, words::offence(offence));
    }
    for kind in [
        CaseKind::Crime,
        CaseKind::AntisocialBehaviour,
        CaseKind::NeighbourDispute,
        CaseKind::Other,
    ] {
        listed(&words::CASE_KINDS, words::case_kind(Some(kind)));
    }
    listed(&words::CASE_KINDS, words::case_kind(None));
    use ConsentAnswer::*;
    for answer in [Some(Given), Some(Refused), Some(NotSought), Some(Unknown), None] {
        listed(&words::ANSWERS, words::answer(answer));
    }
    for role in [Role::Victim, Role::Offender, Role::Party] {
        listed(&words::ROLES, words::role(role).unwrap());
    }
    use Decision::*;
    for decision in [Waiting, Accepted, Filed, SetAside, Rejected] {
        listed(&words::DECISIONS, words::decision(decision));
    }
    use Kind::*;
    for kind in [
        Enquiry,
        Correspondence,
        ConsentWithdrawal,
        SubjectAccess,
        Automatic,
        Unrecognised,
    ] {
        listed(&words::OTHER_KINDS, words::other_kind(kind).unwrap());
    }
    use CloseReason::*;
    for reason in [
        Completed,
        RefusedToSign,
        Declined,
        NoContact,
        NotSuitable,
        CloseReason::Other,
    ] {
        listed(&words::CLOSE_REASONS, words::close_reason(reason));
    }
}

#[test]
fn other_mail_is_no_referral() {
    let mut facts = many(9, |facts| facts.kind = Kind::Enquiry);
    facts.extend(many(8, |facts| facts.kind = Kind::Automatic));
    let report = report(&facts, &[]);
    assert_eq!(cell(&report, "Source", "Total"), "0");
    assert_eq!(cell(&report, "Other mail", "Enquiry"), "9");
    assert_eq!(cell(&report, "Other mail", "Total"), "17");
    assert_eq!(cell(&report, "Time to first look", "Median (minutes)"), "");
}

#[test]
fn the_trend_has_twelve_months_of_their_own() {
    let mut facts = many(8, |facts| facts.received = date(2025, 12, 31));
    facts.extend(many(9, |facts| {
        facts.received = date(2026, 6, 1);
        facts.decision = Decision::Accepted;
    }));
    facts.extend(many(10, |facts| facts.received = date(2025, 11, 30)));
    facts.extend(many(11, |facts| facts.received = date(2026, 12, 1)));
    let report = report(&facts, &[]);
    let months: Vec<String> = report.trend.iter().map(|month| month.month.to_string()).collect();
    assert_eq!(months.len(), 12);
    assert_eq!((months[0].as_str(), months[11].as_str()), ("2025-12", NOVEMBER));
    assert_eq!(cell(&report, "Received by month", "2025-12"), "8");
    assert_eq!(cell(&report, "Accepted by month received", "2025-12"), "0");
    assert_eq!(cell(&report, "Received by month", "2026-06"), "9");
    assert_eq!(cell(&report, "Accepted by month received", "2026-06"), "9");
    assert_eq!(cell(&report, "Received by month", NOVEMBER), "0");
}

#[test]
fn the_first_look_has_a_median_and_a_ninetieth_percentile() {
    let looks = |minutes: &[u64]| {
        let mut facts = Vec::new();
        for minutes in minutes {
            facts.extend(many(1, |facts| facts.minutes_to_first_look = Some(*minutes)));
        }
        facts.extend(many(30, |facts| facts.minutes_to_first_look = None));
        let report = report(&facts, &[]);
        ["Median (minutes)", "90th percentile (minutes)"].map(|row| cell(&report, "Time to first look", row))
    };
    assert_eq!(looks(&[50, 10, 40, 20, 30]), ["30", "50"]);
    assert_eq!(looks(&[10, 20, 30, 40, 50, 60, 70, 80, 90, 1000]), ["55", "90"]);
    assert_eq!(looks(&[10, 20, 30, 40]), ["[c]", "[c]"]);
}

#[test]
fn cases_are_open_up_to_the_day_they_end() {
    let mut cases = vec![case(date(2026, 10, 31), None); 10];
    cases.extend(vec![case(date(2026, 11, 1), None); 6]);
    cases.extend(vec![case(date(2026, 11, 30), Some(date(2026, 12, 1))); 7]);
    cases.extend(vec![case(date(2026, 5, 1), Some(date(2026, 11, 30))); 8]);
    cases.extend(vec![case(date(2026, 12, 1), None); 40]);
    let destroyed = CaseFacts {
        destroyed: Some(date(2026, 11, 9)),
        ..case(date(2019, 1, 1), Some(date(2020, 11, 8)))
    };
    cases.extend(vec![destroyed; 5]);
    let report = report(&[], &cases);
    let table = "Open and closed";
    assert_eq!(cell(&report, table, "Open at month start"), "18");
    assert_eq!(cell(&report, table, "Opened"), "13");
    assert_eq!(cell(&report, table, "Closed"), "8");
    assert_eq!(cell(&report, table, "Open at month end"), "23");
    assert_eq!(cell(&report, table, "Destroyed"), "5");
    assert_eq!(cell(&report, "Reasons for closing", "Completed"), "8");
}

#[test]
fn without_districts_there_is_no_district_table() {
    let facts = many(9, |_| {});
    let report = Report::of(november(), &Districts::default(), &facts, &[], Least::default());
    assert!(!report.csv().contains("District") && !report.html("x").contains("District"));
}

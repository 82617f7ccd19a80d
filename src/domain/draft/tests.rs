use super::*;
use crate::domain::{Evidence, Kind, PARSED_SCHEMA, ReferenceKind, Trust};

fn check(path: &str) -> Check {
    Check {
        path: path.to_owned(),
        code: "a_doubt".to_owned(),
        detail: String::new(),
        candidates: Vec::new(),
    }
}

#[test]
fn a_check_offers_each_value_once_and_none_where_one_is_too_long_to_choose() {
    let mut doubt = check("/referral/parties/0/name");
    doubt.offer(["Ann", "Anne", "Ann"].map(str::to_owned));
    assert_eq!(doubt.candidates, ["Ann", "Anne"]);
    doubt.offer((0..20).map(|number| number.to_string()));
    assert_eq!(doubt.candidates.len(), crate::domain::MAX_CANDIDATES);
    doubt.offer(["x".repeat(200)]);
    assert!(doubt.candidates.is_empty());
    doubt.offer(["two\nlines".to_owned(), "one".to_owned()]);
    assert!(doubt.candidates.is_empty());
}

#[test]
fn candidates_are_kept_with_a_draft_and_left_out_where_there_are_none() {
    let mut doubt = check("/referral/risks");
    assert!(!serde_json::to_string(&doubt).unwrap().contains("candidates"));
    doubt.offer(["a", "b"].map(str::to_owned));
    let kept: Check = serde_json::from_str(&serde_json::to_string(&doubt).unwrap()).unwrap();
    assert_eq!(kept.candidates, ["a", "b"]);
}

fn evidence(path: &str) -> Evidence {
    Evidence {
        path: path.to_owned(),
        part: "1".to_owned(),
        filename: None,
        page: None,
        quote: String::new(),
    }
}

/// A victim, an offender and the offender's mother; two numbers.
fn parsed() -> ParsedMessage {
    let mut mother = Party::new(Role::Supporter);
    mother.supports = Some(1);
    let number = |value: &str| Reference {
        kind: ReferenceKind::CrimeNumber,
        value: value.to_owned(),
    };
    ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: Vec::new(),
        attachments: Vec::new(),
        referral: Some(Referral {
            parties: vec![Party::new(Role::Victim), Party::new(Role::Offender), mother],
            references: vec![number("42/1/26"), number("42/2/26")],
            ..Referral::default()
        }),
        more_referrals: vec![Referral::default()],
        unmapped: Vec::new(),
        checks: [
            "/referral/parties/0",
            "/referral/parties/0/phones/0",
            "/referral/parties/2/name",
            "/referral/references/1",
        ]
        .map(check)
        .to_vec(),
        evidence: ["/referral/parties/1/name", "/referral/parties/2/name"]
            .map(evidence)
            .to_vec(),
    }
}

fn set(path: &str, after: &str) -> DraftChange {
    DraftChange::Set {
        path: path.to_owned(),
        after: (!after.is_empty()).then(|| after.to_owned()),
    }
}

fn refused(path: &str, after: &str) -> Option<Refusal> {
    parsed().correct(&set(path, after)).err()
}

#[test]
fn every_field_can_be_set_read_and_emptied() {
    let kinds = |kind: ValueKind| match kind {
        ValueKind::Line | ValueKind::Text => "a text",
        ValueKind::Day => "2026-03",
        ValueKind::Age => "31",
        ValueKind::Phones => "0117 496 0100\n0117 496 0101",
        ValueKind::Phone => "0117 496 0100",
        ValueKind::Emails | ValueKind::Email => "jo@wend.example",
        ValueKind::YesNo => "no",
        ValueKind::Words(words) => words[0],
        ValueKind::Person => "1",
        ValueKind::Reference | ValueKind::Party => panic!("no field is one"),
    };
    let of_party = PARTY_FIELDS
        .iter()
        .map(|field| (format!("/referral/parties/0/{}", field.key), field));
    let of_referral = REFERRAL_FIELDS
        .iter()
        .map(|field| (format!("/more_referrals/0/{}", field.key), field));
    for (path, field) in of_party.chain(of_referral) {
        let mut parsed = parsed();
        let wanted = kinds(field.kind);
        parsed.correct(&set(&path, wanted)).unwrap();
        let at = DraftPath::parse(&path).unwrap();
        assert_eq!(
            DraftValues::of(&parsed).at(&at).as_deref(),
            Some(wanted),
            "{path}"
        );
        let emptied = parsed.correct(&set(&path, ""));
        match field.is_required {
            true => assert_eq!(emptied.err(), Some(Refusal::EmptyText), "{path}"),
            false => {
                assert_eq!(emptied.unwrap().before.as_deref(), Some(wanted), "{path}");
                assert_eq!(DraftValues::of(&parsed).at(&at), None, "{path}");
            }
        }
    }
}

#[test]
fn every_word_of_a_field_is_one_of_its_type() {
    for (list, prefix) in [
        (PARTY_FIELDS, "/referral/parties/0/"),
        (REFERRAL_FIELDS, "/referral/"),
    ] {
        for field in list {
            if let ValueKind::Words(words) = field.kind {
                for word in words {
                    assert_eq!(refused(&format!("{prefix}{}", field.key), word), None, "{word}");
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_its_field_is_refused_and_changes_nothing() {
    use Refusal::*;
    for (path, after, why) in [
        ("/referral/parties/0/date_of_birth", "31 February", NotADay),
        ("/referral/parties/0/date_of_birth", "2026-02-31", NotADay),
        ("/referral/parties/0/age", "-1", NotAnAge),
        ("/referral/parties/0/age", "131", NotAnAge),
        ("/referral/parties/0/phones", "0117 496 0100\nask him", NotAPhone),
        ("/referral/parties/0/emails", "jo at wend.example", NotAnEmail),
        ("/referral/parties/0/role", "harmer", NotAChoice),
        ("/referral/parties/0/name", "two\nlines", NotOneLine),
        ("/referral/parties/2/supports", "2", NoSuchParty),
        ("/referral/parties/2/supports", "3", NoSuchParty),
        ("/referral/parties/3/name", "x", NoSuchField),
        ("/referral/parties/00/name", "x", NoSuchField),
        ("/referral/parties/0/schema", "x", NoSuchField),
        ("/referral/parties/0", "victim", NoSuchField),
        ("/referral/references/0", "crime_number", EmptyText),
        ("/referral/references/0", "number 1", NotAChoice),
        ("/more_referrals/1/risks", "x", NoSuchField),
        ("/schema", "x", NoSuchField),
        ("/trust/agency", "x", NoSuchField),
    ] {
        assert_eq!(refused(path, after), Some(why), "{path}");
    }
}

#[test]
fn correcting_a_field_settles_the_doubts_at_and_below_it_alone() {
    let mut parsed = parsed();
    let done = parsed
        .correct(&set("/referral/parties/0/phones", "0117 496 0100"))
        .unwrap();
    assert_eq!(done.settled.len(), 1);
    assert_eq!(done.role, Some(Role::Victim));
    assert_eq!(parsed.checks.len(), 3);
    let settled = DraftChange::Settled {
        path: "/referral/parties/0".to_owned(),
    };
    assert_eq!(parsed.correct(&settled).unwrap().settled.len(), 1);
    assert_eq!(parsed.correct(&settled).err(), Some(Refusal::ChangedMeanwhile));
}

#[test]
fn whoever_is_taken_out_leaves_the_others_with_their_doubts_and_evidence() {
    let mut parsed = parsed();
    parsed.correct(&set("/referral/parties/0", "")).unwrap();
    let referral = parsed.referral.as_ref().unwrap();
    assert_eq!(referral.parties[0].role, Role::Offender);
    assert_eq!(referral.parties[1].supports, Some(0));
    let paths: Vec<_> = parsed.checks.iter().map(|check| check.path.as_str()).collect();
    assert_eq!(paths, ["/referral/parties/1/name", "/referral/references/1"]);
    let paths: Vec<_> = parsed
        .evidence
        .iter()
        .map(|evidence| evidence.path.as_str())
        .collect();
    assert_eq!(paths, ["/referral/parties/0/name", "/referral/parties/1/name"]);
    let done = parsed.correct(&set("/referral/references/0", "")).unwrap();
    assert_eq!(done.before.as_deref(), Some("crime_number 42/1/26"));
    assert_eq!(parsed.checks[1].path, "/referral/references/0");
}

#[test]
fn people_and_numbers_can_be_added_also_where_nothing_was_read() {
    let mut parsed = parsed();
    parsed.referral = None;
    parsed.correct(&set("/referral/parties/-", "victim")).unwrap();
    parsed
        .correct(&set("/referral/references/-", "urn 12 AB 34/26"))
        .unwrap();
    let referral = parsed.referral.as_ref().unwrap();
    assert_eq!(referral.parties[0].role, Role::Victim);
    assert_eq!(referral.references[0].value, "12 AB 34/26");
    for _ in 0..99 {
        parsed.correct(&set("/referral/parties/-", "witness")).unwrap();
    }
    assert_eq!(
        parsed.correct(&set("/referral/parties/-", "witness")).err(),
        Some(Refusal::TooMany)
    );
}

#[test]
fn the_corrections_of_a_person_are_found_whoever_was_taken_out_before_them() {
    let mut parsed = parsed();
    let mut history = Vec::new();
    let mut make = |path: &str, after: &str| {
        let change = set(path, after);
        let done = parsed.correct(&change).unwrap();
        history.push(DraftEntry {
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: "somebody".to_owned(),
            change,
            before: done.before,
            role: done.role,
            settled: done.settled,
        });
    };
    make("/referral/parties/1/name", "First Way");
    make("/referral/parties/0/name", "Of Another");
    make("/referral/parties/0", "");
    make("/referral/parties/0/name", "Second Way");
    make("/referral/parties/0/needs", "large print");
    let found = corrections_of(&history, (0, 0));
    let fields: Vec<_> = found
        .iter()
        .map(|each| (each.field, each.after.as_deref()))
        .collect();
    assert_eq!(
        fields,
        [
            ("name", Some("First Way")),
            ("name", Some("Second Way")),
            ("needs", Some("large print"))
        ]
    );
    assert_eq!(found[1].before.as_deref(), Some("First Way"));
    assert!(corrections_of(&history, (1, 0)).is_empty());
}

use super::*;
use crate::domain::ConsentHow;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn today() -> Date {
    day("2026-11-20")
}

fn file() -> CaseFileState {
    let mut victim = Party::new(Role::Victim);
    victim.name = Some("Marguerite Tollington".into());
    victim.phones = vec!["+447700900461".into()];
    let mut mother = Party::new(Role::Supporter);
    mother.name = Some("Philippa Tollington".into());
    mother.supports = Some(0);
    CaseFileState::new(Referral {
        parties: vec![victim, mother],
        ..Referral::default()
    })
}

fn after(file: &CaseFileState, changes: &[FileChange]) -> CaseFileState {
    changes
        .iter()
        .fold(file.clone(), |file, change| match file.apply(change, today()) {
            Ok(applied) => applied.state,
            Err(refusal) => panic!("{}: {refusal}", change.kind()),
        })
}

fn refused(file: &CaseFileState, change: &FileChange) -> Refusal {
    match file.apply(change, today()) {
        Ok(_) => panic!("{} was possible", change.kind()),
        Err(refusal) => refusal,
    }
}

fn consent(answer: ConsentAnswer) -> FileChange {
    FileChange::Consent {
        party: 0,
        purpose: ConsentPurpose::Contact,
        answer,
        how: Some(ConsentHow::Verbal),
        on: day("2026-11-18"),
        by: Some("PC 1234".into()),
    }
}

fn route(route: ContactRoute) -> FileChange {
    let reason = Some("risk to others".into());
    FileChange::Route {
        party: 0,
        route,
        reason,
    }
}

const WITHDRAWN: FileChange = FileChange::Withdrawn {
    party: 0,
    on: jiff::civil::date(2026, 11, 19),
};

#[test]
fn verbal_consent_is_kept_with_its_day_and_who_took_it() {
    let after = after(&file(), &[consent(ConsentAnswer::Given)]);
    let kept = &after.referral.parties[0].consent;
    assert_eq!(kept.contact, Some(ConsentAnswer::Given));
    assert_eq!(kept.given_on.as_deref(), Some("2026-11-18"));
    assert_eq!(
        (kept.how, kept.obtained_by.as_deref()),
        (Some(ConsentHow::Verbal), Some("PC 1234"))
    );
    assert_eq!(after.referral.parties[1].consent.contact, None, "per party");
}

#[test]
fn consent_without_how_or_by_whom_is_no_consent() {
    for (how, by) in [
        (None, Some("PC 1234")),
        (Some(ConsentHow::Verbal), None),
        (Some(ConsentHow::Verbal), Some(" ")),
    ] {
        let change = FileChange::Consent {
            party: 0,
            purpose: ConsentPurpose::Contact,
            answer: ConsentAnswer::Given,
            how,
            on: day("2026-11-18"),
            by: by.map(str::to_owned),
        };
        assert_eq!(refused(&file(), &change), Refusal::ConsentWithoutDetails);
    }
}

#[test]
fn the_form_goes_out_before_it_is_signed_and_a_refusal_closes_the_case() {
    let sent = FileChange::FormSent {
        party: 0,
        on: day("2026-11-10"),
    };
    let signed = FileChange::FormSigned {
        party: 0,
        on: day("2026-11-12"),
    };
    let no = FileChange::FormRefused {
        party: 0,
        on: day("2026-11-12"),
    };
    let early = FileChange::FormSigned {
        party: 0,
        on: day("2026-11-09"),
    };
    assert_eq!(refused(&file(), &signed), Refusal::FormNotSent);
    assert_eq!(refused(&file(), &no), Refusal::FormNotSent);
    let out = after(&file(), std::slice::from_ref(&sent));
    assert_eq!(refused(&out, &early), Refusal::FormBeforeItWasSent);
    let done = after(&out, std::slice::from_ref(&signed));
    assert_eq!(done.progress[0].form, Form::Signed(day("2026-11-12")));
    assert_eq!(done.progress[1].form, Form::NotSent);
    assert_eq!(refused(&done, &sent), Refusal::FormSigned);
    assert_eq!(out.apply(&signed, today()).unwrap().closes, None);
    assert_eq!(
        out.apply(&no, today()).unwrap().closes,
        Some(CloseReason::RefusedToSign)
    );
}

#[test]
fn a_public_task_comes_after_a_professional_and_needs_its_reason() {
    assert_eq!(
        refused(&file(), &route(ContactRoute::WithConsent)),
        Refusal::NoConsent
    );
    assert_eq!(
        refused(&file(), &route(ContactRoute::PublicTask)),
        Refusal::ProfessionalFirst
    );
    let asked = after(&file(), &[route(ContactRoute::ViaProfessional)]);
    let unreasoned = FileChange::Route {
        party: 0,
        route: ContactRoute::PublicTask,
        reason: None,
    };
    assert_eq!(refused(&asked, &unreasoned), Refusal::ProfessionalFirst);
    let public = after(&asked, &[route(ContactRoute::PublicTask)]);
    assert_eq!(public.progress[0].route, Some(ContactRoute::PublicTask));
}

#[test]
fn who_refused_or_withdrew_is_not_contacted_until_they_say_yes_again() {
    let refusing = after(&file(), &[consent(ConsentAnswer::Refused)]);
    let withdrawn = after(
        &file(),
        &[
            consent(ConsentAnswer::Given),
            route(ContactRoute::WithConsent),
            WITHDRAWN,
        ],
    );
    for state in [&refusing, &withdrawn] {
        assert_eq!(state.progress[0].route, Some(ContactRoute::DoNotContact));
        for way in [
            ContactRoute::WithConsent,
            ContactRoute::ViaProfessional,
            ContactRoute::PublicTask,
        ] {
            assert_eq!(refused(state, &route(way)), Refusal::RefusedContact, "{way:?}");
        }
    }
    let kept = &withdrawn.referral.parties[0].consent;
    assert_eq!(kept.contact, Some(ConsentAnswer::Refused));
    assert_eq!(
        (kept.share_with_other_party, kept.share_with_agencies),
        (Some(false), Some(false))
    );
    assert_eq!(withdrawn.silenced(), [0]);
    assert_eq!(refused(&withdrawn, &WITHDRAWN), Refusal::WithdrawnAlready);
    let again = after(
        &withdrawn,
        &[consent(ConsentAnswer::Given), route(ContactRoute::WithConsent)],
    );
    assert!(again.silenced().is_empty());
}

#[test]
fn sharing_consent_is_apart_from_contact_and_not_asked_is_not_no() {
    let share = |answer, by: Option<&str>| FileChange::Consent {
        party: 0,
        purpose: ConsentPurpose::ShareWithOtherSide,
        answer,
        how: Some(ConsentHow::Written),
        on: day("2026-11-18"),
        by: by.map(str::to_owned),
    };
    let yes = after(&file(), &[share(ConsentAnswer::Given, Some("sam"))]);
    assert_eq!(yes.referral.parties[0].consent.share_with_other_party, Some(true));
    assert_eq!(yes.referral.parties[0].consent.contact, None);
    let open = after(&yes, &[share(ConsentAnswer::NotSought, None)]);
    assert_eq!(open.referral.parties[0].consent.share_with_other_party, None);
}

#[test]
fn a_correction_keeps_what_stood_there() {
    let change = FileChange::Corrected {
        party: 0,
        field: PartyField::Phone,
        value: Some("+447700900462, +441632960001".into()),
        reason: "wrong number".into(),
    };
    let applied = file().apply(&change, today()).unwrap();
    assert_eq!(applied.before.as_deref(), Some("+447700900461"));
    assert_eq!(
        applied.state.referral.parties[0].phones,
        ["+447700900462", "+441632960001"]
    );
    let birth = FileChange::Corrected {
        party: 0,
        field: PartyField::DateOfBirth,
        value: Some("17.4.91".into()),
        reason: "typed".into(),
    };
    assert_eq!(refused(&file(), &birth), Refusal::NotADate);
}

#[test]
fn restricted_data_are_stored_put_right_and_nothing_else() {
    let restrict = FileChange::Restricted {
        party: 0,
        reason: "accuracy contested".into(),
    };
    let lift = FileChange::RestrictionLifted {
        party: 0,
        reason: "checked".into(),
    };
    assert_eq!(refused(&file(), &lift), Refusal::NotRestricted);
    let held = after(&file(), std::slice::from_ref(&restrict));
    assert_eq!(held.silenced(), [0]);
    assert_eq!(refused(&held, &restrict), Refusal::RestrictedAlready);
    assert_eq!(
        refused(&held, &consent(ConsentAnswer::Given)),
        Refusal::Restricted
    );
    assert_eq!(
        refused(&held, &route(ContactRoute::ViaProfessional)),
        Refusal::Restricted
    );
    after(&held, &[WITHDRAWN]);
    assert!(after(&held, &[lift]).silenced().is_empty());
}

#[test]
fn nothing_of_an_erased_person_stays_but_their_place() {
    let erased = after(
        &file(),
        &[FileChange::Erased {
            party: 0,
            on: today(),
        }],
    );
    let party = serde_json::to_string(&erased.referral.parties[0]).unwrap();
    assert!(!party.contains("Tollington") && !party.contains("7700"));
    assert_eq!(erased.referral.parties[0].role, Role::Victim);
    assert_eq!(
        erased.referral.parties[1].name.as_deref(),
        Some("Philippa Tollington")
    );
    assert_eq!(refused(&erased, &consent(ConsentAnswer::Given)), Refusal::Erased);
}

#[test]
fn supporters_join_and_nobody_else() {
    let mut uncle = Party::new(Role::Supporter);
    uncle.name = Some("Ambrose Tollington".into());
    uncle.supports = Some(0);
    let joined = after(
        &file(),
        &[FileChange::PartyAdded {
            party: Box::new(uncle.clone()),
        }],
    );
    assert_eq!((joined.referral.parties.len(), joined.progress.len()), (3, 3));
    uncle.supports = Some(7);
    let stray = FileChange::PartyAdded {
        party: Box::new(uncle.clone()),
    };
    assert_eq!(refused(&file(), &stray), Refusal::NoSuchParty);
    for role in [Role::Victim, Role::Offender, Role::Party, Role::Witness] {
        let party = Box::new(Party {
            role,
            supports: None,
            ..uncle.clone()
        });
        assert_eq!(
            refused(&file(), &FileChange::PartyAdded { party }),
            Refusal::NotASupporter
        );
    }
}

#[test]
fn dates_lie_in_the_past_texts_say_something_and_people_are_there() {
    let future = FileChange::Withdrawn {
        party: 0,
        on: day("2026-11-21"),
    };
    assert_eq!(refused(&file(), &future), Refusal::InTheFuture);
    assert_eq!(
        refused(&file(), &FileChange::Note { text: "  ".into() }),
        Refusal::EmptyText
    );
    let long = "x".repeat(MAX_TEXT + 1);
    assert_eq!(
        refused(&file(), &FileChange::Note { text: long }),
        Refusal::TextTooLong
    );
    let nobody = FileChange::Withdrawn {
        party: 2,
        on: today(),
    };
    assert_eq!(refused(&file(), &nobody), Refusal::NoSuchParty);
}

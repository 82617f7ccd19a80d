//! Referrals in running text: who is who, and what belongs to whom.

use super::{message, paragraph, read_with};
use referrald::domain::{ConsentAnswer, OffenceOutcome, Party, PreferredContact, Referral, Role};
use referrald::forms::LabelBook;

/// Understands a mail of these paragraphs as a referral.
fn referral(paragraphs: &[&str]) -> Referral {
    let mut mail = message(paragraphs.iter().map(|text| paragraph(text)).collect());
    mail.headers.subject = "Restorative justice referral".into();
    let labels = LabelBook::default_book().expect("the supplied label file is sound");
    let parsed = read_with(&mail, &labels);
    let referral = parsed.referral.expect("it refers somebody");
    for at in 0..referral.parties.len() {
        let path = format!("/referral/parties/{at}");
        assert!(
            parsed.checks.iter().any(|check| check.path == path),
            "everybody read from sentences is to be confirmed"
        );
    }
    referral
}

fn named<'r>(referral: &'r Referral, name: &str) -> &'r Party {
    let found = referral.parties.iter().find(|p| p.name.as_deref() == Some(name));
    found.unwrap_or_else(|| {
        let names: Vec<_> = referral.parties.iter().map(|p| p.name.clone()).collect();
        panic!("{name} is not among {names:?}")
    })
}

#[test]
fn pronouns_and_surnames_belong_to_the_person_last_spoken_of() {
    let read = referral(&[
        "I would like to refer Mrs Thea Lindqvist, whose shed was burgled on 2 May 2026.",
        "Dale Okafor has admitted it. He can be reached on 07700 900111. Mrs Lindqvist is 71 and her number \
         is 01632 960222.",
    ]);
    let (victim, offender) = (named(&read, "Thea Lindqvist"), named(&read, "Dale Okafor"));
    assert_eq!((victim.role, offender.role), (Role::Victim, Role::Offender));
    assert_eq!(victim.phones, ["+441632960222"]);
    assert_eq!(offender.phones, ["+447700900111"]);
    assert_eq!((victim.age, offender.age), (Some(71), None));
    assert_eq!(read.offence.date.as_deref(), Some("2026-05-02"));
}

#[test]
fn the_victim_is_the_person_named_before() {
    let read = referral(&[
        "Please take this referral. Mr Ivo Brandt had his van vandalised on 04/05/2026, crime number 42/1234/26.",
        "The victim lives at 9 Quay Road, Wendmere, CM9 6ZT and is happy to be contacted.",
    ]);
    let victim = named(&read, "Ivo Brandt");
    assert_eq!(victim.role, Role::Victim);
    assert_eq!(victim.address.as_deref(), Some("9 Quay Road, Wendmere"));
    assert_eq!(victim.consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(read.parties.len(), 1);
}

#[test]
fn knowing_of_a_referral_is_no_consent_and_refusing_is_kept() {
    let read = referral(&[
        "I am referring a burglary. The victim is Ms Noor Castell. She is aware of this referral.",
        "The offender is Rhys Penhale. He does not want to be contacted.",
    ]);
    assert_eq!(named(&read, "Noor Castell").consent.contact, None);
    assert_eq!(
        named(&read, "Rhys Penhale").consent.contact,
        Some(ConsentAnswer::Refused)
    );
    let read = referral(&[
        "I am referring a burglary. The victim is Ms Noor Castell. She has not been asked yet.",
        "The offender is Rhys Penhale. If he agrees to meet, I will tell you.",
    ]);
    assert_eq!(
        named(&read, "Noor Castell").consent.contact,
        Some(ConsentAnswer::NotSought)
    );
    assert_eq!(named(&read, "Rhys Penhale").consent.contact, None);
}

#[test]
fn a_parent_supports_the_child_and_keeps_their_own_number() {
    let read = referral(&[
        "I want to refer a criminal damage. The suspect is Kit Amory (dob 03/02/2011), his mum Lena Amory is on \
         07700 900333.",
    ]);
    let (child, mother) = (named(&read, "Kit Amory"), named(&read, "Lena Amory"));
    assert_eq!(child.role, Role::Offender);
    assert_eq!((mother.role, mother.supports), (Role::Supporter, Some(0)));
    assert_eq!(mother.phones, ["+447700900333"]);
    assert!(child.phones.is_empty());
}

#[test]
fn somebody_whose_part_is_not_told_gets_no_role() {
    let read = referral(&[
        "I refer a theft for restorative justice. The victim is Mrs Ada Quill. Mr Bo Strand saw it happen.",
    ]);
    assert_eq!(read.parties.len(), 1);
    assert_eq!(named(&read, "Ada Quill").role, Role::Victim);
}

#[test]
fn the_writers_own_number_is_nobody_elses() {
    let read = referral(&[
        "I refer a theft for restorative justice. The victim is Mrs Ada Quill. Ring me on 07700 900444 or the \
         station on 01632 960555.",
    ]);
    assert!(named(&read, "Ada Quill").phones.is_empty());
}

#[test]
fn a_name_without_introduction_is_a_person() {
    let read = referral(&[
        "Last week Marlo Tench kicked in the door of Priya Dutt's shop in Wendmere High Street. Marlo has admitted \
         it to me. Priya is 44 and her number is 07700 900121.",
    ]);
    let (offender, victim) = (named(&read, "Marlo Tench"), named(&read, "Priya Dutt"));
    assert_eq!((offender.role, victim.role), (Role::Offender, Role::Victim));
    assert_eq!((victim.age, victim.phones.len()), (Some(44), 1));
    assert_eq!(read.parties.len(), 2, "the street is nobody");
}

#[test]
fn a_professional_named_in_passing_is_nobody_of_the_case() {
    let read = referral(&[
        "I refer a burglary. The offender is Jude Penhale. His probation officer Anita Crowle (01632 960455) has \
         told him and he is up for it. PC Laura Rudge dealt with the case.",
    ]);
    let offender = named(&read, "Jude Penhale");
    assert!(offender.phones.is_empty());
    assert_eq!(offender.consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(read.parties.len(), 1);
}

#[test]
fn a_noun_carries_what_is_told_to_the_name_that_follows() {
    let read = referral(&[
        "Bea Coole, one of our nurses, was spat at by a patient when she asked him to wait.",
        "The patient is Mr Ned Orchard, born 14 January 1979. His mobile is 07700 900131. Bea can be reached at \
         bea.coole@example.com.",
    ]);
    let (victim, offender) = (named(&read, "Bea Coole"), named(&read, "Ned Orchard"));
    assert_eq!((victim.role, offender.role), (Role::Victim, Role::Offender));
    assert_eq!(victim.emails, ["bea.coole@example.com"]);
    assert_eq!(offender.phones, ["+447700900131"]);
    assert_eq!(offender.date_of_birth.as_deref(), Some("1979-01-14"));
}

#[test]
fn people_named_in_one_breath_share_what_they_are_told_of() {
    let read = referral(&[
        "I write on behalf of Mr Roy Tallis (d.o.b. 5/12/1951) and his wife Mrs Sheila Tallis (d.o.b. 19/08/1953), \
         who were in bed when their home was broken into.",
        "They live at 3 Orchard Way, Wendmere, CM9 6ZT and share the telephone, 01632 960141. Please do not leave \
         messages. Both of them agreed verbally on 9 September 2026 that you may contact them.",
    ]);
    for name in ["Roy Tallis", "Sheila Tallis"] {
        let person = named(&read, name);
        assert_eq!(person.role, Role::Victim, "{name}");
        assert_eq!(person.postcode.as_deref(), Some("CM9 6ZT"), "{name}");
        assert_eq!(person.phones, ["+441632960141"], "{name}");
        assert_eq!(person.safe_to_leave_message, Some(false), "{name}");
        assert_eq!(person.consent.given_on.as_deref(), Some("2026-09-09"), "{name}");
    }
}

#[test]
fn a_subject_pronoun_means_the_subject_before_and_an_object_somebody_else() {
    let read = referral(&[
        "I refer an assault. Kyle Renton punched Dean Overy. He has admitted it and his number is 07700 900151. He \
         says that nobody has asked him.",
    ]);
    let (offender, victim) = (named(&read, "Kyle Renton"), named(&read, "Dean Overy"));
    assert_eq!(offender.phones, ["+447700900151"]);
    assert!(victim.phones.is_empty());
}

#[test]
fn a_relative_without_a_name_keeps_their_number() {
    let read = referral(&[
        "I refer a theft. The suspect is Kit Amory (dob 03/02/2011). His mum is on 07700 900161 and is happy to be \
         contacted.",
    ]);
    let child = named(&read, "Kit Amory");
    assert!(child.phones.is_empty(), "it is his mother's");
    assert_eq!(child.consent.contact, None);
}

#[test]
fn who_lives_with_somebody_lives_there() {
    let read = referral(&[
        "I refer a theft. The suspect is Kit Amory. He lives with his dad, Jon Amory, at 3 Mill Row, Wendmere, CM9 \
         6ZT. Jon's number is 07700 900171.",
    ]);
    assert_eq!(named(&read, "Kit Amory").postcode.as_deref(), Some("CM9 6ZT"));
    assert_eq!(named(&read, "Jon Amory").phones, ["+447700900171"]);
}

#[test]
fn somebody_with_facts_whose_part_is_not_told_is_listed_with_a_doubt() {
    let mut mail = message(vec![paragraph(
        "I refer a theft for restorative justice. The victim is Mrs Ada Quill. Mr Bo Strand can be reached on 07700 \
         900181.",
    )]);
    mail.headers.subject = "Restorative justice referral".into();
    let labels = LabelBook::default_book().expect("the supplied label file is sound");
    let parsed = read_with(&mail, &labels);
    let read = parsed.referral.expect("it refers somebody");
    let at = read
        .parties
        .iter()
        .position(|p| p.name.as_deref() == Some("Bo Strand"));
    let at = at.expect("he has a number");
    assert_eq!(read.parties[at].role, Role::Party);
    let path = format!("/referral/parties/{at}/role");
    assert!(
        parsed
            .checks
            .iter()
            .any(|c| c.path == path && c.code == "role_unclear")
    );
}

#[test]
fn an_offender_manager_is_no_offender_and_an_apology_asked_for_no_remorse() {
    let read = referral(&[
        "I refer a robbery. Ms Ines Calder was robbed in May 2026. She is not asking for an apology. The offender is \
         Luke Fenn, his offender manager is Sunita Rao.",
    ]);
    assert_eq!(named(&read, "Ines Calder").role, Role::Victim);
    assert_eq!(named(&read, "Luke Fenn").role, Role::Offender);
    assert_eq!(read.parties.len(), 2);
}

#[test]
fn a_later_word_on_consent_counts_where_it_says_so() {
    let read = referral(&[
        "I refer two tenants for mediation. Mr Colin Frome said no at first, but rang me on 9 February 2026 and says \
         he will give it a go after all.",
        "Ms Ffion Pryor has no idea that I am writing.",
    ]);
    let consent = &named(&read, "Colin Frome").consent;
    assert_eq!(consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(
        named(&read, "Ffion Pryor").consent.contact,
        Some(ConsentAnswer::NotSought)
    );
}

#[test]
fn ways_and_times_to_reach_somebody() {
    let read = referral(&[
        "I refer a theft. The victim is Ms Noor Castell, 07700 900191. She would rather you texted than rang, and \
         please ring after 6pm if you must. She needs a Polish interpreter.",
        "The offender is Rhys Penhale. He is happy with a voicemail. Please do not use the number on the record, \
         07700 900192.",
    ]);
    let (victim, offender) = (named(&read, "Noor Castell"), named(&read, "Rhys Penhale"));
    assert_eq!(victim.preferred_contact, Some(PreferredContact::Text));
    assert_eq!(victim.best_time.as_deref(), Some("after 6pm"));
    assert_eq!(
        (victim.interpreter_needed, victim.language.as_deref()),
        (Some(true), Some("Polish"))
    );
    assert_eq!(offender.safe_to_leave_message, Some(true));
    assert!(offender.phones.is_empty());
}

#[test]
fn each_date_belongs_to_the_word_it_stands_with() {
    let read = referral(&[
        "I refer Gil Tarrant, who was sentenced at Eastmere Crown Court on 14 June 2024 to nine years for burglary, \
         committed on 8 February 2024. He agreed on 9 September 2026 to be contacted and is due for review on 1 \
         December 2026.",
    ]);
    assert_eq!(read.offence.date.as_deref(), Some("2024-02-08"));
    assert_eq!(read.offence.outcome_date.as_deref(), Some("2024-06-14"));
    assert_eq!(read.offence.outcome, Some(OffenceOutcome::CustodialSentence));
    assert_eq!(
        named(&read, "Gil Tarrant").consent.given_on.as_deref(),
        Some("2026-09-09")
    );
}

#[test]
fn somebody_of_no_fixed_abode_has_no_outcome_by_it() {
    let read = referral(&[
        "I refer a burglary. The offender is Jason Brill. He is NFA at the moment, sofa surfing. He got a suspended \
         sentence at Eastmere Crown Court on 2 October 2026.",
    ]);
    assert_eq!(read.offence.outcome, Some(OffenceOutcome::SuspendedSentence));
}

#[test]
fn what_the_writer_offers_is_nobodys_consent_and_a_contract_has_its_own_date() {
    let read = referral(&[
        "I refer a theft. The victim is Ms Noor Castell. Happy to talk it through any time.",
        "The offender is Lewis Tarrant. Lewis signed an Acceptable Behaviour Contract with us on 30 September 2026 \
         and has agreed to hear from you.",
    ]);
    assert_eq!(named(&read, "Noor Castell").consent.contact, None);
    let consent = &named(&read, "Lewis Tarrant").consent;
    assert_eq!(consent.contact, Some(ConsentAnswer::Given));
    assert_eq!((consent.given_on.as_deref(), consent.how), (None, None));
}

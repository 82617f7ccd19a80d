//! Referrals in running text: who is who, and what belongs to whom.

use super::{message, paragraph, read_with};
use referrald::domain::{ConsentAnswer, Party, Referral, Role};
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

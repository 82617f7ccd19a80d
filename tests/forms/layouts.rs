//! Where a form puts its answers, and what is made of wording that nobody has seen before.

use super::{book, heading, message, paragraph, read, read_with, table, text};
use referrald::domain::{
    Attachment, Block, Cell, ConsentAnswer, ConsentHow, Document, Inline, Kind, ParsedMessage, Party,
    PreferredContact, ReadStatus, Role, Row, Table,
};

/// A table of cells that hold several lines each.
fn stacked(rows: &[&[&[&str]]]) -> Block {
    let cell = |lines: &&[&str]| Cell {
        blocks: lines.iter().map(|line| ticked(line)).collect(),
        columns: 1,
        rows: 1,
        header: false,
    };
    Block::Table(Table {
        rows: rows
            .iter()
            .map(|row| Row {
                cells: row.iter().map(cell).collect(),
            })
            .collect(),
        page: None,
    })
}

/// A paragraph whose `[x]` and `[ ]` are boxes.
fn ticked(line: &str) -> Block {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("[x]").into_iter().chain(rest.find("[ ]")).min() {
        let (before, from) = rest.split_at(at);
        pieces.extend(text(before));
        pieces.push(Inline::Tick {
            checked: from.starts_with("[x]"),
        });
        rest = &from[3..];
    }
    pieces.extend(text(rest));
    Block::Paragraph {
        text: pieces,
        page: None,
    }
}

fn parties(parsed: &ParsedMessage) -> &[Party] {
    &parsed.referral.as_ref().expect("a referral").parties
}

fn codes_at<'p>(parsed: &'p ParsedMessage, path: &str) -> Vec<&'p str> {
    parsed
        .checks
        .iter()
        .filter(|check| check.path == path)
        .map(|check| check.code.as_str())
        .collect()
}

#[test]
fn questions_stacked_in_a_cell_take_the_answers_stacked_beside_them() {
    let parsed = read(vec![
        heading("Victim"),
        stacked(&[
            &[
                &["Full name", "Date of birth", "Telephone", "E-mail"],
                &["Rosie Amber", "02/03/1984", "07700 900125"],
            ],
            &[&["Agreed to be contacted?"], &["Yes"]],
        ]),
    ]);
    let victim = &parties(&parsed)[0];
    assert_eq!(victim.name.as_deref(), Some("Rosie Amber"));
    assert_eq!(victim.date_of_birth.as_deref(), Some("1984-03-02"));
    assert_eq!(victim.phones, ["+447700900125"]);
    assert!(victim.emails.is_empty());
    assert_eq!(victim.consent.contact, Some(ConsentAnswer::Given));
}

#[test]
fn labels_stand_over_their_answers_row_after_row() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[
            &["Full name", "Date of birth", "Telephone"],
            &["Rosie Amber", "02/03/1984", "07700 900125"],
            &["Home address", "Postcode", "Email address"],
            &["1 Sample Lane, Testham", "CM1 1AA", "rosie@example.org"],
        ]),
    ]);
    let victim = &parties(&parsed)[0];
    assert_eq!(victim.name.as_deref(), Some("Rosie Amber"));
    assert_eq!(victim.address.as_deref(), Some("1 Sample Lane, Testham"));
    assert_eq!(victim.postcode.as_deref(), Some("CM1 1AA"));
    assert_eq!(victim.emails, ["rosie@example.org"]);
    assert_eq!(parties(&parsed).len(), 1);
}

#[test]
fn a_box_under_each_printed_answer_is_read_with_the_answer_above_it() {
    let parsed = read(vec![
        heading("Victim"),
        paragraph("Name: Rosie Amber"),
        paragraph("Date of birth: 02/03/1984"),
        paragraph("Telephone: 07700 900125"),
        paragraph("E-mail: rosie@example.org"),
        stacked(&[
            &[&[""], &["Yes"], &["No"], &["Not asked"]],
            &[&["Agreed to be contacted?"], &["[ ]"], &["[ ]"], &["[x]"]],
            &[&["Safe to leave a message?"], &["[ ]"], &["[x]"], &["[ ]"]],
        ]),
    ]);
    let victim = &parties(&parsed)[0];
    assert_eq!(victim.consent.contact, Some(ConsentAnswer::NotSought));
    assert_eq!(victim.safe_to_leave_message, Some(false));
}

#[test]
fn boxes_that_no_label_introduces_are_told_by_their_options() {
    let parsed = read(vec![
        heading("Victim"),
        paragraph("Name: Rosie Amber"),
        paragraph("Date of birth: 02/03/1984"),
        paragraph("Telephone: 07700 900125"),
        paragraph("E-mail: rosie@example.org"),
        ticked("[ ] Phone [x] Text [ ] Email [ ] Letter"),
        ticked("[x] Blue [ ] Green"),
    ]);
    assert_eq!(
        parties(&parsed)[0].preferred_contact,
        Some(PreferredContact::Text)
    );
}

#[test]
fn a_cell_with_an_answer_in_it_names_nobody_for_the_rows_below() {
    let parsed = read(vec![
        heading("Prisoner"),
        stacked(&[
            &[&["Name", "Tom Teal"], &["Prison number", "A1234BC"]],
            &[
                &[
                    "Prisoner agrees to being contacted by the service",
                    "[x] Yes [ ] No",
                ],
                &["Prisoner was asked by", "Pat Officer"],
            ],
            &[&["First language", "English"], &["Interpreter", "[ ] Yes [x] No"]],
        ]),
    ]);
    let [prisoner] = parties(&parsed) else {
        panic!("one person, not {}", parties(&parsed).len());
    };
    assert_eq!(prisoner.consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(prisoner.language.as_deref(), Some("English"));
    assert_eq!(prisoner.interpreter_needed, Some(false));
}

#[test]
fn a_worker_named_in_somebodys_part_takes_no_answers_that_are_theirs() {
    let parsed = read(vec![
        heading("Offender"),
        stacked(&[
            &[&["Name", "Tom Teal"], &["Date of birth", "04/05/1990"]],
            &[&["Gender", "Male"], &["Telephone", "07700 900126"]],
            &[
                &["Community offender manager", "Esther Quaye"],
                &["First language", "Polish"],
            ],
        ]),
    ]);
    let offender = parties(&parsed)
        .iter()
        .find(|party| party.role == Role::Offender)
        .expect("the offender");
    assert_eq!(offender.language.as_deref(), Some("Polish"));
}

#[test]
fn room_to_write_on_that_was_left_empty_takes_no_line_below() {
    let parsed = read(vec![
        paragraph("WHO WAS HARMED"),
        paragraph("Name ...... Rosie Amber ......   Date of birth ...................."),
        paragraph("Known as ...................."),
        paragraph("Continued overleaf"),
        paragraph("WHO DID THE HARM"),
        paragraph("Name ...... Tom Teal ......   Date of birth ...... 04/05/1990 ......"),
    ]);
    let people: Vec<_> = parties(&parsed)
        .iter()
        .map(|party| (party.role, party.name.as_deref(), party.date_of_birth.as_deref()))
        .collect();
    assert_eq!(
        people,
        [
            (Role::Victim, Some("Rosie Amber"), None),
            (Role::Offender, Some("Tom Teal"), Some("1990-05-04"))
        ]
    );
    assert_eq!(parties(&parsed)[0].known_as, None);
}

#[test]
fn somebody_under_a_heading_nobody_knows_is_listed_with_an_unclear_role() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[&["Name", "Rosie Amber"], &["Date of birth", "02/03/1984"]]),
        heading("The recipient of our letter"),
        table(&[
            &["Name", "Tom Teal"],
            &["Date of birth", "04/05/1990"],
            &["Telephone", "07700 900126"],
        ]),
    ]);
    let [victim, other] = parties(&parsed) else {
        panic!("two people, not {}", parties(&parsed).len());
    };
    assert_eq!(victim.name.as_deref(), Some("Rosie Amber"));
    assert_eq!(victim.date_of_birth.as_deref(), Some("1984-03-02"));
    assert!(victim.phones.is_empty());
    assert_eq!(other.name.as_deref(), Some("Tom Teal"));
    assert!(codes_at(&parsed, "/referral/parties/1/role").contains(&"role_unclear"));
}

#[test]
fn questions_nobody_knows_are_kept_as_they_stand() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[
            &["Name", "Rosie Amber"],
            &["Date of birth", "02/03/1984"],
            &["Telephone", "07700 900125"],
            &["Agreed to be contacted?", "Yes"],
            &["Colour of front door", "Green, with a brass knocker"],
        ]),
    ]);
    let [kept] = parsed.unmapped.as_slice() else {
        panic!("one question, not {}", parsed.unmapped.len());
    };
    assert_eq!(
        (kept.label.as_str(), kept.answer.as_str()),
        ("Colour of front door", "Green, with a brass knocker")
    );
}

#[test]
fn an_answer_in_unknown_wording_is_told_by_its_shape_and_carries_a_check() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[
            &["What the mediators say to her", "Mrs Rosie Amber"],
            &["Wire", "rosie@example.org"],
            &["Door", "12 Sample Lane, Testham"],
            &["Agreed to be contacted?", "Yes"],
        ]),
    ]);
    let victim = &parties(&parsed)[0];
    assert_eq!(victim.name.as_deref(), Some("Rosie Amber"));
    assert_eq!(victim.emails, ["rosie@example.org"]);
    assert_eq!(victim.address.as_deref(), Some("12 Sample Lane, Testham"));
    for path in ["name", "emails/0", "address"] {
        let path = format!("/referral/parties/0/{path}");
        assert!(codes_at(&parsed, &path).contains(&"unknown_wording"), "{path}");
    }
}

#[test]
fn a_question_in_two_languages_is_known_by_the_one_that_is() {
    let parsed = read(vec![
        heading("Dioddefwr / Victim"),
        table(&[
            &["Enw / Name", "Rosie Amber"],
            &["Ffôn / Telephone", "07700 900125"],
            &["Dyddiad geni / Date of birth", "02/03/1984"],
        ]),
        heading("Offence"),
        table(&[&["Trosedd / Offence", "Theft of a boat engine"]]),
    ]);
    assert_eq!(parties(&parsed)[0].date_of_birth.as_deref(), Some("1984-03-02"));
    let offence = parsed.referral.as_ref().map(|referral| &referral.offence);
    assert_eq!(
        offence.and_then(|offence| offence.kind.as_deref()),
        Some("Theft of a boat engine")
    );
}

#[test]
fn how_and_when_somebody_agreed_is_told_from_whether_they_did() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[
            &["Name", "Rosie Amber"],
            &["Has the victim agreed to this referral?", "Yes"],
            &["On what date did she or he agree?", "24 March 2026"],
            &["Agreement was", "Verbal"],
        ]),
        heading("Offender"),
        table(&[
            &["Name", "Tom Teal"],
            &["Consent taken on", ""],
            &["Consent taken by", ""],
        ]),
    ]);
    let [victim, offender] = parties(&parsed) else {
        panic!("two people, not {}", parties(&parsed).len());
    };
    assert_eq!(victim.consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(victim.consent.given_on.as_deref(), Some("2026-03-24"));
    assert!(victim.consent.how.is_some());
    assert!(offender.consent.contact.is_none());
    assert!(offender.consent.obtained_by.is_none());
}

#[test]
fn a_form_is_taught_by_a_file_of_its_own() {
    let blocks = || {
        vec![
            heading("Wounded soul"),
            table(&[
                &["Moniker", "Rosie Amber"],
                &["Arrived on earth", "2 March 1984"],
                &["Ringing digits", "07700 900125"],
                &["Nod", "Yes"],
            ]),
        ]
    };
    let before = read_with(&message(blocks()), &book());
    let named = |parsed: &ParsedMessage| {
        parsed
            .referral
            .iter()
            .flat_map(|referral| &referral.parties)
            .any(|party| party.role == Role::Victim && party.date_of_birth.is_some())
    };
    assert!(!named(&before));
    let mut own = book();
    own.teach(
        r#"
        form = "Soul form"
        [labels]
        "Moniker" = "name"
        "Arrived on earth" = "date_of_birth"
        "Ringing digits" = "phone"
        "Nod" = "consent_contact"
        [headings]
        "Wounded soul" = "victim"
        "#,
    )
    .expect("the file is sound");
    let parsed = read_with(&message(blocks()), &own);
    assert_eq!(parsed.kind, Kind::Referral);
    assert!(named(&parsed));
    let victim = &parties(&parsed)[0];
    assert_eq!(victim.name.as_deref(), Some("Rosie Amber"));
    assert_eq!(victim.consent.contact, Some(ConsentAnswer::Given));
}

#[test]
fn a_parent_in_a_pupils_column_keeps_their_own_number() {
    let parsed = read(vec![table(&[
        &["", "Pupil who was harmed", "Pupil who caused harm"],
        &["Name", "Rosie Amber", "Tom Teal"],
        &["Date of birth", "02/03/2012", "04/05/2012"],
        &["Parent or carer", "Ioana Amber", "Mr Dave Teal"],
        &["Relationship", "Mother", "Father"],
        &["Parent's phone", "07700 900845", "07700 900846"],
    ])]);
    let people: Vec<_> = parties(&parsed)
        .iter()
        .map(|party| {
            (
                party.role,
                party.name.as_deref().unwrap_or_default(),
                party.phones.first().map(String::as_str),
                party.supports,
            )
        })
        .collect();
    assert_eq!(
        people,
        [
            (Role::Victim, "Rosie Amber", None, None),
            (Role::Offender, "Tom Teal", None, None),
            (Role::Supporter, "Ioana Amber", Some("+447700900845"), Some(0)),
            (Role::Supporter, "Dave Teal", Some("+447700900846"), Some(1)),
        ]
    );
}

#[test]
fn lines_below_labels_without_a_row_of_answers_go_where_they_can_with_a_check() {
    let parsed = read(vec![
        heading("Household 1"),
        table(&[
            &["Full name", "Date of birth"],
            &["Rosie Amber", "02/03/1984"],
            &["Telephone", "Email"],
        ]),
        paragraph("rosie@example.org"),
        heading("Household 2"),
        table(&[&["Full name", "Date of birth"], &["Tom Teal", "04/05/1990"]]),
        heading("Dispute"),
        table(&[&["Nature of dispute", "Start date"]]),
        paragraph("Children playing in the corridor"),
    ]);
    let first = &parties(&parsed)[0];
    assert!(first.phones.is_empty());
    assert_eq!(first.emails, ["rosie@example.org"]);
    assert!(codes_at(&parsed, "/referral/parties/0/emails/0").contains(&"unknown_wording"));
    let kind = parsed
        .referral
        .as_ref()
        .and_then(|referral| referral.offence.kind.as_deref());
    assert_eq!(kind, Some("Children playing in the corridor"));
}

#[test]
fn what_follows_who_are_you_referring_is_theirs() {
    let question = |label: &str, answer: &str| [heading(label), paragraph(answer)];
    let blocks: Vec<Block> = [
        ("Name of referrer", "Chanelle Fitzroy"),
        ("Organisation", "Sample Youth Project"),
        ("Telephone", "01632 960576"),
        ("Who are you referring?", "Person who caused harm"),
        ("Full name", "Tom Teal"),
        ("Date of birth", "04/05/1990"),
        ("Mobile", "07700 900583"),
        ("Does this person agree to the referral?", "Yes"),
    ]
    .into_iter()
    .flat_map(|(label, answer)| question(label, answer))
    .collect();
    let parsed = read(blocks);
    let [party] = parties(&parsed) else {
        panic!("one person, not {}", parties(&parsed).len());
    };
    assert_eq!(
        (party.role, party.name.as_deref()),
        (Role::Offender, Some("Tom Teal"))
    );
    assert_eq!(party.phones, ["+447700900583"]);
    assert_eq!(party.consent.contact, Some(ConsentAnswer::Given));
    let referrer = parsed.referral.as_ref().map(|referral| &referral.referrer);
    assert_eq!(
        referrer.and_then(|referrer| referrer.phone.as_deref()),
        Some("+441632960576")
    );
}

#[test]
fn a_story_ends_at_the_forms_next_question_and_at_what_the_printer_put_below_it() {
    let mut body: Vec<Block> = [
        ("Name", "Rosie Amber"),
        ("Date of birth", "02/03/1984"),
        ("Phone number", "07700 900993"),
        ("Has this person agreed to the referral?", "Yes"),
    ]
    .into_iter()
    .flat_map(|(label, answer)| [paragraph(label), paragraph(answer)])
    .collect();
    body.insert(0, heading("Person who has been harmed"));
    body.push(heading("Incident"));
    for line in [
        "Description",
        "Tom shouted at Rosie.",
        "Why me?",
        "Reported to police?",
        "No",
    ] {
        body.push(paragraph(line));
    }
    let parsed = read(body);
    let summary = parsed
        .referral
        .as_ref()
        .and_then(|referral| referral.offence.summary.as_deref());
    assert_eq!(summary, Some("Tom shouted at Rosie.\nWhy me?"));
}

#[test]
fn consent_that_was_given_is_not_consent_to_share() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[
            &["Name", "Rosie Amber"],
            &["Date of birth", "02/03/1984"],
            &["Telephone", "07700 900125"],
            &["Has the victim given consent?", "Yes"],
            &["Can the details be shared with the police?", "No"],
        ]),
    ]);
    let consent = &parties(&parsed)[0].consent;
    assert_eq!(consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(consent.share_with_other_party, None);
    assert_eq!(consent.share_with_agencies, Some(false));
}

#[test]
fn a_way_of_agreeing_under_an_unknown_label_belongs_to_whoever_was_asked() {
    let parsed = read(vec![
        heading("Offender"),
        table(&[
            &["Name", "Tom Teal"],
            &["Date of birth", "04/05/1990"],
            &["Telephone", "07700 900126"],
            &["Agrees to be contacted", "Yes"],
            &["Given", "In writing"],
        ]),
    ]);
    let consent = &parties(&parsed)[0].consent;
    assert_eq!(consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(consent.how, Some(ConsentHow::Written));
    assert!(codes_at(&parsed, "/referral/parties/0/consent/how").contains(&"unknown_wording"));
}

#[test]
fn one_signature_refers_everybody_on_a_list() {
    let mut message = message(vec![
        table(&[
            &[
                "Crime number",
                "Offence",
                "Victim name",
                "Victim DOB",
                "Victim phone",
            ],
            &["42/1001/26", "Theft", "Rosie Amber", "02/03/1984", "07700 900125"],
            &["42/1002/26", "Theft", "Tom Teal", "04/05/1990", "07700 900126"],
        ]),
        paragraph("Kind regards"),
        paragraph("Pat Officer"),
        paragraph("Victim Support Officer"),
        paragraph("Sample Victim Care"),
    ]);
    message.headers.from_name = Some("Pat Officer".to_owned());
    message.headers.from_address = Some("pat.officer@example.org".to_owned());
    let parsed = read_with(&message, &book());
    assert_eq!(parsed.more_referrals.len(), 1);
    let all = parsed.referral.iter().chain(&parsed.more_referrals);
    let names: Vec<_> = all.map(|referral| referral.referrer.name.as_deref()).collect();
    assert_eq!(names, [Some("Pat Officer"), Some("Pat Officer")]);
    let signed = "/more_referrals/0/referrer/name";
    assert!(parsed.evidence.iter().any(|evidence| evidence.path == signed));
}

#[test]
fn a_parent_with_their_number_in_one_answer_of_a_row_is_the_childs_supporter() {
    let parsed = read(vec![
        heading("Young people responsible"),
        table(&[
            &[
                "Name",
                "Date of birth",
                "Address",
                "Parent / carer and number",
                "Will they take part?",
            ],
            &[
                "Tom Teal",
                "12/02/2011",
                "40 Linden Rise, Testham",
                "Lorraine Teal (mum) 07700 900707",
                "Y",
            ],
            &["Alfie Grey", "09/10/2010", "2 Bakehouse Yard, Testham", "", "N"],
        ]),
    ]);
    let [first, second, parent] = parties(&parsed) else {
        panic!("three people, not {}", parties(&parsed).len());
    };
    assert_eq!((first.role, second.role), (Role::Offender, Role::Offender));
    assert!(first.phones.is_empty());
    assert_eq!(first.consent.contact, Some(ConsentAnswer::Given));
    assert_eq!(second.consent.contact, Some(ConsentAnswer::Refused));
    assert_eq!(
        (
            parent.name.as_deref(),
            parent.relationship.as_deref(),
            parent.supports
        ),
        (Some("Lorraine Teal"), Some("mum"), Some(0))
    );
    assert_eq!(parent.phones, ["+447700900707"]);
}

#[test]
fn the_last_line_of_a_file_that_a_question_waits_for_is_its_answer() {
    let form = |last: &str| {
        let mut message = message(vec![paragraph("Form attached.")]);
        let lines = [
            "Victim",
            "Name: Rosie Amber",
            "Date of birth: 02/03/2012",
            "Telephone: 07700 900125",
            "Agreed to be contacted? Yes",
            last,
            "Sample Vale Primary School",
        ];
        message.attachments.push(Attachment {
            part: "2".into(),
            filename: Some("form.docx".into()),
            media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document".into(),
            bytes: 9,
            read: ReadStatus::Ok,
            reason: None,
            document: Some(Document {
                part: "2".into(),
                blocks: lines.iter().map(|line| paragraph(line)).collect(),
                ..Document::default()
            }),
        });
        read_with(&message, &book())
    };
    let asked = form("Access or communication needs:");
    assert_eq!(
        parties(&asked)[0].needs.as_deref(),
        Some("Sample Vale Primary School")
    );
    let printed = form("Access or communication needs: Large print");
    assert_eq!(parties(&printed)[0].needs.as_deref(), Some("Large print"));
}

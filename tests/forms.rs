//! Forms from outside: any blocks are understood without a panic, every value has evidence that holds it,
//! and a new agency's wording needs only the label file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used
)]

#[path = "forms/layouts.rs"]
mod layouts;
#[path = "forms/sentences.rs"]
mod sentences;

use proptest::prelude::*;
use referrald::domain::{
    Attachment, Block, Cell, ConsentAnswer, Document, Inline, Kind, MessageHeaders, ParsedMessage,
    ReadMessage, ReadStatus, Role, Row, Table,
};
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 25);

fn text(text: &str) -> Vec<Inline> {
    vec![Inline::Text {
        text: text.to_owned(),
        bold: false,
        struck: false,
    }]
}

fn paragraph(line: &str) -> Block {
    Block::Paragraph {
        text: text(line),
        page: None,
    }
}

fn table(rows: &[&[&str]]) -> Block {
    let cell = |line: &&str| Cell {
        blocks: vec![paragraph(line)],
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

fn heading(line: &str) -> Block {
    Block::Heading {
        level: 1,
        text: text(line),
        page: None,
    }
}

fn message(blocks: Vec<Block>) -> ReadMessage {
    let body = Document {
        part: "1".into(),
        media_type: "text/html".into(),
        blocks,
        ..Document::default()
    };
    ReadMessage {
        headers: MessageHeaders {
            subject: "Form".into(),
            ..MessageHeaders::default()
        },
        bodies: vec![body],
        ..ReadMessage::default()
    }
}

fn read_with(message: &ReadMessage, labels: &LabelBook) -> ParsedMessage {
    let agencies = AgencyBook::default_book().expect("the supplied agency file is sound");
    let context = FormsContext {
        labels,
        agencies: &agencies,
        reference_prefixes: &["RJ".to_owned()],
        today: TODAY,
        authserv_id: None,
        known_thread: false,
    };
    understand(message, &context)
}

fn book() -> LabelBook {
    LabelBook::default_book().expect("the supplied label file is sound")
}

fn read(blocks: Vec<Block>) -> ParsedMessage {
    read_with(&message(blocks), &book())
}

fn sample() -> Vec<Block> {
    vec![
        heading("Referred by"),
        table(&[
            &["Name", "Pat Officer"],
            &["Position", "Constable"],
            &["E-mail", "pat@example.org"],
        ]),
        heading("Person harmed"),
        table(&[
            &["Name", "AMBER, Rosie"],
            &["Date of birth", "02/03/1984"],
            &["Address", "1 Sample Lane, Testham CM1 1AA"],
            &["Agreed to be contacted?", "Yes"],
        ]),
        heading("Harmer"),
        table(&[
            &["Name", "Tom Teal"],
            &["Telephone", "07700 900123"],
            &["Agreed to be contacted?", "No"],
        ]),
    ]
}

#[test]
fn sections_decide_whose_answers_they_are() {
    let parsed = read_with(&message(sample()), &book());
    assert_eq!(parsed.kind, Kind::Referral);
    let referral = parsed.referral.expect("a referral");
    let summary: Vec<_> = referral
        .parties
        .iter()
        .map(|p| (p.role, p.name.as_deref(), p.phones.len()))
        .collect();
    assert_eq!(
        summary,
        [
            (Role::Victim, Some("Rosie Amber"), 0),
            (Role::Offender, Some("Tom Teal"), 1)
        ]
    );
    assert_eq!(referral.referrer.name.as_deref(), Some("Pat Officer"));
}

#[test]
fn checks_between_values_name_them_as_a_correction_writes_them() {
    let parsed = read(vec![
        heading("Referred by"),
        table(&[&["Name", "Pat Officer"], &["E-mail", "pat@example.org"]]),
        heading("Person harmed"),
        table(&[
            &["Name", "Rosie Amber"],
            &["Name", "Rosie Ambler"],
            &["Date of birth", "02/03/84"],
            &["Agreed to be contacted?", "Yes"],
            &["Agreed to be contacted?", "No"],
        ]),
    ]);
    let offered = |code: &str, path: &str| {
        let check = parsed
            .checks
            .iter()
            .find(|check| check.code == code && check.path == path);
        check
            .unwrap_or_else(|| panic!("no {code} at {path}"))
            .candidates
            .clone()
    };
    let victim = "/referral/parties/0";
    let (name, birth) = (format!("{victim}/name"), format!("{victim}/date_of_birth"));
    assert_eq!(
        offered("conflicting_values", &name),
        ["Rosie Amber", "Rosie Ambler"]
    );
    assert_eq!(offered("ambiguous_date", &birth), ["1984-03-02", "1984-02-03"]);
    let consent = format!("{victim}/consent/contact");
    assert_eq!(offered("conflicting_values", &consent), ["given", "refused"]);
}

#[test]
fn people_side_by_side_keep_their_own_column() {
    let blocks = vec![table(&[
        &["", "Victim", "Offender"],
        &["Name", "Rosie Amber", "Tom Teal"],
        &["Date of birth", "02/03/1984", "04/05/1990"],
        &["Mobile", "", "07700 900124"],
        &["Consents to contact", "No", "Yes"],
    ])];
    let referral = read_with(&message(blocks), &book()).referral.expect("a referral");
    let births: Vec<_> = referral
        .parties
        .iter()
        .map(|p| (p.role, p.date_of_birth.as_deref(), p.phones.len()))
        .collect();
    assert_eq!(
        births,
        [
            (Role::Victim, Some("1984-03-02"), 0),
            (Role::Offender, Some("1990-05-04"), 1)
        ]
    );
}

#[test]
fn printed_options_in_cells_of_their_own_are_no_answer() {
    let mut blocks = sample();
    blocks.push(heading("Offender"));
    blocks.push(table(&[
        &["Safe to leave a message?", "Yes", "No"],
        &["Date of birth", "04/05/1990"],
    ]));
    blocks[3] = table(&[
        &["Name", "AMBER, Rosie"],
        &["Agreed to be contacted?", "Yes", "No", "Not asked"],
    ]);
    let referral = read_with(&message(blocks), &book()).referral.expect("a referral");
    let victim = referral.parties.first().expect("the victim");
    assert!(victim.consent.contact.is_none());
    assert!(referral.parties.iter().all(|p| p.safe_to_leave_message.is_none()));
}

#[test]
fn a_new_agencys_wording_needs_only_the_label_file() {
    let blocks = || {
        vec![
            heading("Wounded soul"),
            paragraph("Moniker: Rosie Amber"),
            paragraph("Arrived on earth: 2 March 1984"),
            paragraph("Ringing digits: 07700 900125"),
            paragraph("Dwelling: 1 Sample Lane, Testham"),
        ]
    };
    let before = read_with(&message(blocks()), &book());
    assert_eq!(before.kind, Kind::Unrecognised);
    let own = LabelBook::default_text()
        .replace("\nname = [", "\nname = [\"moniker\", ")
        .replace("\ndate_of_birth = [", "\ndate_of_birth = [\"arrived on earth\", ")
        .replacen("\nphone = [", "\nphone = [\"ringing digits\", ", 1)
        .replace("\naddress = [", "\naddress = [\"dwelling\", ")
        .replacen(
            "who = \"victim\"\nphrases = [",
            "who = \"victim\"\nphrases = [\"wounded soul\", ",
            1,
        );
    let own = LabelBook::from_toml(&own).expect("own labels are sound");
    let referral = read_with(&message(blocks()), &own).referral.expect("a referral");
    let party = referral.parties.first().expect("one person");
    assert_eq!(
        (party.role, party.name.as_deref(), party.date_of_birth.as_deref()),
        (Role::Victim, Some("Rosie Amber"), Some("1984-03-02"))
    );
}

#[test]
fn labels_in_unknown_wording_give_values_with_a_check() {
    let parsed = read(vec![
        heading("Victim"),
        table(&[
            &["Name", "Rosie Amber"],
            &["Born on (dd/mm/yyyy)", "02/03/1984"],
            &["Best number to ring", "07700 900125"],
            &["Voicemail can be left", "No"],
        ]),
        heading("Offence"),
        table(&[&["Crime type", "Burglary"], &["Crime number", "42/1234/26"]]),
    ]);
    let party = &parsed.referral.as_ref().expect("a referral").parties[0];
    assert_eq!(party.date_of_birth.as_deref(), Some("1984-03-02"));
    assert_eq!(party.phones, ["+447700900125"]);
    assert_eq!(party.safe_to_leave_message, Some(false));
    for path in ["phones/0", "safe_to_leave_message"] {
        let path = format!("/referral/parties/0/{path}");
        let checks: Vec<_> = parsed.checks.iter().filter(|check| check.path == path).collect();
        assert!(
            checks.iter().any(|check| check.code == "unknown_wording"),
            "{path}"
        );
    }
    let known = format!("/referral/parties/0/{}", "name");
    assert!(parsed.checks.iter().all(|check| check.path != known));
}

#[test]
fn several_questions_in_one_cell_take_their_own_pieces() {
    let parsed = read(vec![table(&[
        &["Victim name & DOB", "Mrs Rosie Amber, 02/03/1984"],
        &["Offender name & DOB", "Dale Birch, 04/05/1990"],
        &["Crime number & offence", "42/1234/26 Burglary"],
    ])]);
    let referral = parsed.referral.expect("a referral");
    let told: Vec<_> = referral
        .parties
        .iter()
        .map(|p| (p.role, p.name.as_deref(), p.date_of_birth.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Role::Victim, Some("Rosie Amber"), Some("1984-03-02")),
            (Role::Offender, Some("Dale Birch"), Some("1990-05-04"))
        ]
    );
    assert_eq!(referral.offence.kind.as_deref(), Some("Burglary"));
}

#[test]
fn people_side_by_side_stand_one_column_off_where_the_corner_is_left_out() {
    let parsed = read(vec![table(&[
        &["Household 1", "Household 2"],
        &["Name", "Rosie Amber", "Dale Birch"],
        &["Telephone", "07700 900125", "07700 900126"],
        &["Agrees to mediation", "Yes", "No"],
    ])]);
    let referral = parsed.referral.expect("a referral");
    let told: Vec<_> = referral
        .parties
        .iter()
        .map(|p| (p.name.as_deref(), p.phones.clone()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("Rosie Amber"), vec!["+447700900125".to_owned()]),
            (Some("Dale Birch"), vec!["+447700900126".to_owned()])
        ]
    );
}

#[test]
fn a_blank_form_and_an_instruction_sheet_make_no_case() {
    let blank = vec![
        heading("Victim"),
        table(&[
            &["Name", ""],
            &["Date of birth", ""],
            &["Address", ""],
            &["Telephone", "N/K"],
        ]),
    ];
    assert_eq!(read_with(&message(blank), &book()).kind, Kind::Unrecognised);
    let sheet = vec![
        heading("Victim"),
        paragraph("Name: the full name of the victim with the surname in capitals"),
        paragraph("Date of birth: this is needed for every check that we make"),
        paragraph("Telephone: a safe number on which the victim can be reached"),
        paragraph("Address: with the postcode"),
    ];
    assert_eq!(read_with(&message(sheet), &book()).kind, Kind::Unrecognised);
}

/// One paragraph of several lines; a line is bold where it says so.
fn lines(lines: &[(&str, bool)], page: Option<u32>) -> Block {
    let mut pieces = Vec::new();
    for (at, (line, bold)) in lines.iter().enumerate() {
        if at > 0 {
            pieces.push(Inline::Break);
        }
        pieces.push(Inline::Text {
            text: (*line).to_owned(),
            bold: *bold,
            struck: false,
        });
    }
    Block::Paragraph { text: pieces, page }
}

#[test]
fn label_look_alikes_below_a_bold_label_are_part_of_its_answer() {
    let field = |label, answer| lines(&[(label, true), (answer, false)], None);
    let parsed = read(vec![
        field("I am:", "A victim of crime"),
        field("Name:", "Evander Mossley"),
        field("Phone:", "07700 900431"),
        lines(
            &[
                ("What happened:", true),
                ("He broke my window.", false),
                ("Date of birth: 01/01/1950", false),
                ("is what he sprayed on it.", false),
            ],
            None,
        ),
        field("May we contact you?", "Yes"),
    ]);
    let referral = parsed.referral.expect("a referral");
    assert_eq!(referral.parties[0].date_of_birth, None);
    let summary = referral.offence.summary.expect("a story");
    assert!(
        summary.ends_with("Date of birth: 01/01/1950\nis what he sprayed on it."),
        "{summary}"
    );
}

#[test]
fn what_stands_below_a_named_person_is_theirs_until_talk_turns_to_somebody_else() {
    let plain = |text: &[&str]| lines(&text.iter().map(|l| (*l, false)).collect::<Vec<_>>(), None);
    let parsed = read(vec![
        plain(&[
            "Offender: Gideon Stace",
            "Date of birth: 11/11/1988",
            "Location: HMP Harrowfen",
            "Consent to contact: Yes",
            "Agency: Harrowfen Probation",
            "Email: worker@probation.example",
        ]),
        plain(&["Victim: Mrs Clementine Abara"]),
        plain(&["Offence: Burglary", "Date of offence: 20/10/2023"]),
    ]);
    let referral = parsed.referral.expect("a referral");
    let [offender, victim] = referral.parties.as_slice() else {
        panic!("two people, not {}", referral.parties.len());
    };
    assert_eq!(offender.date_of_birth.as_deref(), Some("1988-11-11"));
    assert_eq!(offender.consent.contact, Some(ConsentAnswer::Given));
    assert!(offender.emails.is_empty());
    assert_eq!(victim.consent.contact, None);
    assert_eq!(
        referral.referrer.email.as_deref(),
        Some("worker@probation.example")
    );
    assert_eq!(referral.offence.location, None);
}

#[test]
fn consent_below_two_people_named_in_a_row_is_never_settled_without_a_check() {
    let parsed = read(vec![lines(
        &[
            ("Victim: Ann Lee", false),
            ("Offender: Tom Roe", false),
            ("Consent to contact: Yes", false),
            ("Offence: Theft", false),
            ("Date of offence: 20/10/2023", false),
        ],
        None,
    )]);
    let parties = parsed.referral.expect("a referral").parties;
    let given = parties.iter().position(|p| p.consent.contact.is_some());
    let flagged = parsed.checks.iter().any(|c| c.path.contains("/consent"));
    assert!(given.is_none() || flagged);
}

#[test]
fn dashed_labels_and_printed_page_numbers_are_no_part_of_an_answer() {
    let form = |wishes: Block| {
        let mut blocks = sample();
        blocks.push(paragraph("--- What do you hope for? ---"));
        blocks.push(wishes);
        blocks
    };
    let mut dashed = form(paragraph("To say sorry."));
    dashed.push(paragraph("--- A question nobody knows ---"));
    dashed.push(paragraph("Perhaps"));
    let wishes = |blocks| read(blocks).referral.and_then(|r| r.wishes);
    assert_eq!(wishes(dashed).as_deref(), Some("To say sorry."));
    let printed = form(lines(
        &[
            ("To be heard.", false),
            ("Statement on page 2 of 3", false),
            ("Wendmere Police Printed 01/02/2026 Page 1 of 1", false),
        ],
        Some(1),
    ));
    assert_eq!(
        wishes(printed).as_deref(),
        Some("To be heard.\nStatement on page 2 of 3")
    );
}

#[test]
fn words_about_an_unknown_name_are_no_name() {
    for unknown in ["Not known to us", "Unknown male", "Unidentified", "Not yet known"] {
        let mut blocks = sample();
        blocks.push(heading("Offender details"));
        blocks.push(table(&[&["Name", unknown], &["Address", "1 High Street"]]));
        let parties = read(blocks).referral.expect("a referral").parties;
        let last = parties.last().expect("somebody");
        assert!(last.role == Role::Offender && last.name.is_none(), "{unknown}");
    }
}

#[test]
fn an_unread_attachment_is_a_referral_only_where_a_professional_encloses_it() {
    let with = |text: &[&str]| {
        let mut message = message(text.iter().map(|l| paragraph(l)).collect());
        message.headers.from_name = Some("Chloe Bramwell".into());
        message.headers.from_address = Some("chloe@county.example".into());
        message.attachments.push(Attachment {
            part: "2".into(),
            filename: Some("form.doc".into()),
            media_type: "application/msword".into(),
            bytes: 9,
            read: ReadStatus::Unsupported,
            reason: None,
            document: None,
        });
        read_with(&message, &book())
    };
    assert_eq!(with(&["Form attached."]).kind, Kind::Unrecognised);
    let signed = with(&[
        "Please see attached.",
        "Chloe Bramwell",
        "Social Worker",
        "Wendmere County Council",
    ]);
    assert_eq!(signed.kind, Kind::Referral);
    assert!(signed.checks.iter().any(|c| c.path == "/kind"));
}

fn words() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "Name:",
        "Victim",
        "Offender",
        "Date of birth",
        "12/03/1985",
        "Yes",
        "No",
        "Rosie Amber",
        "Address",
        "CM1 1AA",
        "07700 900123",
        "Harmed",
        "Harmer",
        "Consent",
        "Agreed to be contacted?",
        "☒",
        "☐",
        "What happened?",
        "As above",
        "42/12345/26",
        "Outcome",
        "NFA",
        "Parent or carer",
        "Your name",
        "E-mail",
        "a@example.org",
        "……",
        "\t",
        "Referrer",
        "Surname:",
        "Forename(s):",
        "Office use only",
    ]);
    prop::collection::vec(
        prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}"],
        0..6,
    )
    .prop_map(|w| w.join(" "))
}

/// A piece of a line that may be printed when a case fails (the real type holds people's data and may not).
#[derive(Debug, Clone)]
enum Piece {
    Text(String, bool, bool),
    Tick(bool),
    Answer(String, bool),
    Break,
    Hidden(String),
}

/// Content, columns and rows it spans, whether it is a header.
type ShapedCell = (Vec<Shape>, u16, u16, bool);

/// A block that may be printed.
#[derive(Debug, Clone)]
enum Shape {
    Paragraph(Vec<Piece>),
    Heading(Vec<Piece>),
    Definition(Vec<Piece>, Vec<Piece>),
    Rule,
    Table(Vec<Vec<ShapedCell>>),
    Quote(Vec<Shape>),
}

fn real_line(line: &[Piece]) -> Vec<Inline> {
    line.iter()
        .cloned()
        .map(|piece| match piece {
            Piece::Text(text, bold, struck) => Inline::Text { text, bold, struck },
            Piece::Tick(checked) => Inline::Tick { checked },
            Piece::Answer(text, placeholder) => Inline::Answer { text, placeholder },
            Piece::Break => Inline::Break,
            Piece::Hidden(text) => Inline::Hidden { text },
        })
        .collect()
}

fn real(shapes: &[Shape]) -> Vec<Block> {
    shapes
        .iter()
        .map(|shape| match shape {
            Shape::Paragraph(line) => Block::Paragraph {
                text: real_line(line),
                page: Some(1),
            },
            Shape::Heading(line) => Block::Heading {
                level: 2,
                text: real_line(line),
                page: None,
            },
            Shape::Definition(term, value) => Block::Definition {
                term: real_line(term),
                value: real_line(value),
            },
            Shape::Rule => Block::Rule,
            Shape::Quote(inner) => Block::Quote(real(inner)),
            Shape::Table(rows) => Block::Table(Table {
                rows: rows
                    .iter()
                    .map(|row| Row {
                        cells: row
                            .iter()
                            .map(|(blocks, columns, rows, header)| Cell {
                                blocks: real(blocks),
                                columns: *columns,
                                rows: *rows,
                                header: *header,
                            })
                            .collect(),
                    })
                    .collect(),
                page: None,
            }),
        })
        .collect()
}

fn line() -> impl Strategy<Value = Vec<Piece>> {
    let piece = prop_oneof![
        6 => (words(), any::<bool>(), any::<bool>()).prop_map(|(text, bold, struck)| Piece::Text(text, bold, struck && bold)),
        1 => any::<bool>().prop_map(Piece::Tick),
        1 => (words(), any::<bool>()).prop_map(|(text, placeholder)| Piece::Answer(text, placeholder)),
        1 => Just(Piece::Break),
        1 => words().prop_map(Piece::Hidden),
    ];
    prop::collection::vec(piece, 0..4)
}

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let leaf = prop_oneof![
        3 => line().prop_map(Shape::Paragraph),
        1 => line().prop_map(Shape::Heading),
        1 => (line(), line()).prop_map(|(term, value)| Shape::Definition(term, value)),
        1 => Just(Shape::Rule),
    ];
    let block = leaf.prop_recursive(2, 24, 6, |inner| {
        let cell = (
            prop::collection::vec(inner.clone(), 0..3),
            1..4_u16,
            1..3_u16,
            any::<bool>(),
        );
        let row = prop::collection::vec(cell, 0..5);
        prop_oneof![
            prop::collection::vec(row, 0..5).prop_map(Shape::Table),
            prop::collection::vec(inner, 0..3).prop_map(Shape::Quote),
        ]
    });
    prop::collection::vec(block, 0..12)
}

/// Letters and digits in lower case.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_blocks_are_understood_and_every_value_is_held_by_its_evidence(shapes in shapes()) {
        let parsed = read_with(&message(real(&shapes)), &book());
        let object = serde_json::to_value(&parsed).expect("it serialises");
        for evidence in &parsed.evidence {
            let value = object.pointer(&evidence.path);
            prop_assert!(value.is_some_and(|v| !v.is_null()), "{} leads nowhere", evidence.path);
            let verbatim = ["/address", "/summary", "/location", "/best_time", "/relationship", "/risks", "/wishes"];
            if verbatim.iter().any(|end| evidence.path.ends_with(end))
                && let Some(text) = value.and_then(|v| v.as_str())
            {
                let quote = folded(&evidence.quote);
                for word in text.split_whitespace().map(folded) {
                    prop_assert!(quote.contains(&word), "{} is not in its quote: {text:?} in {:?}", evidence.path, evidence.quote);
                }
            }
        }
        for referral in parsed.referral.iter().chain(&parsed.more_referrals) {
            for party in &referral.parties {
                prop_assert!(party.supports.is_none_or(|at| at < referral.parties.len()));
            }
        }
        for check in &parsed.checks {
            prop_assert!(check.path.is_empty() || object.pointer(&check.path).is_some() || !check.path.starts_with("/more"), "{} leads nowhere", check.path);
        }
        for kept in &parsed.unmapped {
            prop_assert!(!kept.label.is_empty() && kept.answer.chars().any(char::is_alphanumeric));
        }
    }
}

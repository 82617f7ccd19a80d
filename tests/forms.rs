//! Forms from outside: any blocks are understood without a panic, every value has evidence that holds it,
//! and a new agency's wording needs only the label file.

use proptest::prelude::*;
use referrald::domain::{
    Block, Cell, Document, Inline, Kind, MessageHeaders, ParsedMessage, ReadMessage, Role, Row, Table,
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

/// A block that may be printed.
#[derive(Debug, Clone)]
enum Shape {
    Paragraph(Vec<Piece>),
    Heading(Vec<Piece>),
    Definition(Vec<Piece>, Vec<Piece>),
    Rule,
    Table(Vec<Vec<(Vec<Shape>, u16, u16, bool)>>),
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
                    prop_assert!(quote.contains(&word), "{} is not in its quote", evidence.path);
                }
            }
        }
        for party in parsed.referral.iter().flat_map(|r| &r.parties) {
            prop_assert!(party.supports.is_none_or(|at| parsed.referral.as_ref().is_some_and(|r| at < r.parties.len())));
        }
    }
}

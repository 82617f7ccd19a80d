use super::*;
use crate::domain::{Block, Cell, Document, Inline, MessageHeaders, ReadMessage, Row, Table};

fn text(text: &str) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        bold: false,
        struck: false,
    }
}

fn paragraph(line: Vec<Inline>) -> Block {
    Block::Paragraph {
        text: line,
        page: None,
    }
}

fn row(cells: &[&str]) -> Row {
    let cell = |words: &&str| Cell {
        blocks: vec![paragraph(vec![text(words)])],
        columns: 1,
        rows: 1,
        header: false,
    };
    Row {
        cells: cells.iter().map(cell).collect(),
    }
}

fn source(blocks: Vec<Block>) -> Source {
    Source::of(&ReadMessage {
        headers: MessageHeaders::default(),
        bodies: vec![Document {
            part: "1".to_owned(),
            blocks,
            ..Document::default()
        }],
        ..ReadMessage::default()
    })
}

fn evidence(quotes: &[(&str, &str)]) -> Vec<Evidence> {
    let one = |(path, quote): &(&str, &str)| Evidence {
        path: (*path).to_owned(),
        part: "1".to_owned(),
        filename: None,
        page: None,
        quote: (*quote).to_owned(),
    };
    quotes.iter().map(one).collect()
}

/// The text with `[1,2:...]` around marks, and in how many places each quote stands.
fn marked(blocks: Vec<Block>, quotes: &[(&str, &str)]) -> (String, Vec<usize>) {
    let evidence = evidence(quotes);
    let mut shown: Vec<Quote> = (1..=evidence.len())
        .map(|number| Quote {
            number,
            text: String::new(),
            place: String::new(),
            row: Some((number, "Field")),
            places: 0,
        })
        .collect();
    let layout = lay_out(&source(blocks), &[], &evidence, &mut shown);
    let mut out = String::new();
    let runs = |runs: &[Run]| -> String { runs.iter().map(|run| run.text.as_str()).collect() };
    for piece in &layout.mail {
        match piece {
            Piece::Run(run) => out.push_str(&run.text),
            Piece::Mark(mark) => {
                let numbers: Vec<String> = mark.quotes.iter().map(ToString::to_string).collect();
                out.push_str(&format!("[{}:{}]", numbers.join(","), runs(&mark.runs)));
            }
            Piece::Markup("</p>") => out.push('\n'),
            Piece::Markup("</td>") | Piece::Cell(_) => out.push('|'),
            Piece::Markup(_) => {}
            Piece::Line(_) => panic!("a line was left"),
        }
    }
    (out, shown.iter().map(|quote| quote.places).collect())
}

#[test]
fn a_quote_is_marked_across_looks_lines_and_white_space() {
    let bold = Inline::Text {
        text: "Jo".to_owned(),
        bold: true,
        struck: false,
    };
    let blocks = vec![
        paragraph(vec![
            text("Name: "),
            bold,
            text("  Wend, aged"),
            Inline::Break,
            text("31"),
        ]),
        paragraph(vec![text("of Quay")]),
    ];
    let (text, places) = marked(
        blocks,
        &[("/referral/parties/0/name", "Jo Wend, aged 31\nof Quay")],
    );
    assert_eq!(text, "Name: [1:Jo  Wend, aged\n31]\n[:of Quay]\n");
    assert_eq!(places, [1]);
}

#[test]
fn parts_of_words_are_no_place() {
    let blocks = vec![paragraph(vec![text("Joanna asked Jo.")])];
    let (text, places) = marked(blocks, &[("/referral/parties/0/name", "Jo")]);
    assert_eq!((text.as_str(), places), ("Joanna asked [1:Jo].\n", vec![1]));
}

#[test]
fn an_answer_that_stands_often_is_marked_beside_its_person() {
    let table = Block::Table(Table {
        rows: vec![
            row(&["Name", "Al Birch"]),
            row(&["Agrees", "Yes"]),
            row(&["Name", "Jo Wend"]),
            row(&["Agrees", "Yes"]),
        ],
        page: None,
    });
    let quotes = [
        ("/referral/parties/1/name", "Jo Wend"),
        ("/referral/parties/1/consent/contact", "Yes"),
    ];
    let (text, places) = marked(vec![table], &quotes);
    assert!(
        text.contains("||Al Birch||Agrees||Yes||Name||[1:Jo Wend]||Agrees||[2:Yes]|"),
        "{text}"
    );
    assert_eq!(places, [1, 2]);
}

#[test]
fn quotes_that_overlap_share_a_mark_and_what_is_not_there_has_none() {
    let blocks = vec![paragraph(vec![text("Mr Al Birch of Quay Road.")])];
    let quotes = [
        ("/referral/parties/0/title", "Mr Al Birch"),
        ("/referral/parties/0/address", "Al Birch of Quay Road"),
        ("/referral/parties/0/phones/0", "0117 496 0100"),
    ];
    let (text, places) = marked(blocks, &quotes);
    assert_eq!(text, "[1,2:Mr Al Birch of Quay Road].\n");
    assert_eq!(places, [1, 1, 0]);
}

#[test]
fn what_was_read_in_the_header_is_marked_there() {
    let source = Source::of(&ReadMessage {
        headers: MessageHeaders {
            from_name: Some("Jo Wend".to_owned()),
            from_address: Some("jo@wend.example".to_owned()),
            ..MessageHeaders::default()
        },
        bodies: vec![Document {
            part: "1.2".to_owned(),
            ..Document::default()
        }],
        ..ReadMessage::default()
    });
    let mut evidence = evidence(&[
        ("/referral/referrer/email", "From: Jo Wend <jo@wend.example>"),
        ("/referral/referrer/name", "Jo Wend"),
    ]);
    evidence[0].part = "1.2".to_owned();
    evidence[1].part = String::new();
    let layout = lay_out(&source, &[], &evidence, &mut []);
    let marks = layout.mail.iter().filter(|piece| matches!(piece, Piece::Mark(_)));
    assert_eq!(marks.count(), 2, "the name of the field, and what stands in it");
}

#[test]
fn prompts_and_hidden_text_are_never_marked() {
    let blocks = vec![paragraph(vec![
        Inline::Answer {
            text: "Jo Wend".to_owned(),
            placeholder: true,
        },
        Inline::Hidden {
            text: "Jo Wend".to_owned(),
        },
    ])];
    let (_, places) = marked(blocks, &[("/referral/parties/0/name", "Jo Wend")]);
    assert_eq!(places, [0]);
}

//! Understanding takes time in proportion to what is read: `cargo bench --bench forms`.
//!
//! Each shape of document is read at one size and at ten times that size; the table at the end gives the ratio,
//! which must not pass 12. The documents are made here; their people are invented.

#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]

use criterion::Criterion;
use referrald::domain::{Block, Cell, Document, Inline, MessageHeaders, ReadMessage, Row, Table};
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Blocks, rows or sentences of the smaller document of each pair.
const SIZE: usize = 100;
/// Timings of each document for the table; the fastest counts.
const REPEATS: usize = 9;
/// Most that ten times the blocks may cost.
const MOST: f64 = 12.0;

/// A way of filling a document with `size` pieces.
type Shape = (&'static str, fn(usize) -> Vec<Block>);

const SHAPES: [Shape; 7] = [
    ("label lines", label_lines),
    ("a table of labels and answers", answers),
    ("people in rows", people),
    ("cases in rows", cases),
    ("sentences", sentences),
    ("one long story", story),
    ("one long paragraph", paragraph_of_sentences),
];

fn main() {
    let books = Books {
        labels: LabelBook::default_book().expect("the compiled-in labels are sound"),
        agencies: AgencyBook::default_book().expect("the compiled-in agencies are sound"),
    };
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .without_plots()
        .configure_from_args();
    let mut group = criterion.benchmark_group("understand");
    for (name, shape) in SHAPES {
        let message = message(shape(SIZE));
        group.bench_function(name, |bencher| bencher.iter(|| books.understand(&message)));
    }
    group.finish();
    criterion.final_summary();
    if std::env::args().any(|word| word == "--bench") {
        ratios(&books);
    }
}

struct Books {
    labels: LabelBook,
    agencies: AgencyBook,
}

impl Books {
    fn understand(&self, message: &ReadMessage) {
        black_box(understand(
            black_box(message),
            &FormsContext {
                labels: &self.labels,
                agencies: &self.agencies,
                reference_prefixes: &["RJ".to_owned()],
                today: jiff::civil::date(2026, 11, 25),
                authserv_id: None,
                known_thread: false,
            },
        ));
    }

    fn fastest(&self, message: &ReadMessage) -> Duration {
        let timed = (0..REPEATS).map(|_| {
            let start = Instant::now();
            self.understand(message);
            start.elapsed()
        });
        timed.min().unwrap_or_default()
    }
}

/// Prints what ten times as much costs.
fn ratios(books: &Books) {
    println!("\n{:32} {:>10} {:>10} {:>7}", "shape", "x1", "x10", "ratio");
    for (name, shape) in SHAPES {
        let one = books.fastest(&message(shape(SIZE)));
        let ten = books.fastest(&message(shape(SIZE * 10)));
        let ratio = ten.as_secs_f64() / one.as_secs_f64();
        let verdict = if ratio > MOST { "  more than linear" } else { "" };
        println!("{name:32} {one:>10.1?} {ten:>10.1?} {ratio:>7.1}{verdict}");
    }
}

fn message(blocks: Vec<Block>) -> ReadMessage {
    ReadMessage {
        headers: MessageHeaders {
            subject: "Referral".into(),
            from_name: Some("Pat Officer".into()),
            from_address: Some("pat@police.example".into()),
            ..MessageHeaders::default()
        },
        bodies: vec![Document {
            part: "1".into(),
            media_type: "text/html".into(),
            blocks,
            ..Document::default()
        }],
        ..ReadMessage::default()
    }
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph {
        text: vec![Inline::Text {
            text: text.to_owned(),
            bold: false,
            struck: false,
        }],
        page: None,
    }
}

fn row(cells: &[String]) -> Row {
    let cells = cells.iter().map(|text| Cell {
        blocks: vec![paragraph(text)],
        columns: 1,
        rows: 1,
        header: false,
    });
    Row {
        cells: cells.collect(),
    }
}

fn table(rows: Vec<Vec<String>>) -> Block {
    Block::Table(Table {
        rows: rows.iter().map(|cells| row(cells)).collect(),
        page: None,
    })
}

fn words(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// A name that no other person of the document has.
fn name(at: usize) -> String {
    const GIVEN: [&str; 10] = [
        "Rosie", "Tom", "Maya", "Owen", "Priya", "Callum", "Ines", "Femi", "Ruth", "Dylan",
    ];
    const ENDINGS: [&str; 10] = [
        "amber", "berry", "combe", "dale", "ford", "grove", "hurst", "mere", "stead", "worth",
    ];
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or_default());
    let given = GIVEN.get(at % 10).unwrap_or(&"Ann");
    let ending = ENDINGS.get(at / 10 % 10).unwrap_or(&"ham");
    format!(
        "{given} {}o{}{ending}",
        letter(at / 100),
        letter(at / 7).to_ascii_lowercase()
    )
}

fn phone(at: usize) -> String {
    format!("07700 900{:03}", at % 1000)
}

fn label_lines(size: usize) -> Vec<Block> {
    let one = |at: usize| {
        [
            paragraph("Victim"),
            paragraph(&format!("Name: {}", name(at))),
            paragraph("Date of birth: 02/03/1984"),
            paragraph(&format!("Telephone: {}", phone(at))),
            paragraph("Agreed to be contacted? Yes"),
        ]
    };
    (0..size / 5).flat_map(one).collect()
}

fn answers(size: usize) -> Vec<Block> {
    let one = |at: usize| {
        [
            words(&["Victim", ""]),
            vec!["Full name".to_owned(), name(at)],
            words(&["Address", "1 Sample Lane, Testham CM1 1AA"]),
            vec!["Best number to ring".to_owned(), phone(at)],
            words(&["Something that nobody asks", "An answer"]),
        ]
    };
    vec![table((0..size / 5).flat_map(one).collect())]
}

fn people(size: usize) -> Vec<Block> {
    let mut rows = vec![words(&["Name", "Role", "Date of birth", "Telephone"])];
    rows.extend((0..size).map(|at| vec![name(at), "Victim".to_owned(), "02/03/1984".to_owned(), phone(at)]));
    vec![table(rows)]
}

fn cases(size: usize) -> Vec<Block> {
    let header = [
        "Crime number",
        "Offence",
        "Victim name",
        "Victim DOB",
        "Victim phone",
    ];
    let mut rows = vec![words(&header)];
    rows.extend((0..size / 10).map(|at| {
        let number = format!("42/{}/26", 1000 + at);
        vec![
            number,
            "Theft".to_owned(),
            name(at),
            "02/03/1984".to_owned(),
            phone(at),
        ]
    }));
    vec![table(rows)]
}

fn sentence(at: usize) -> String {
    let (harmed, harmer, phone) = (name(at), name(at + 5000), phone(at));
    format!(
        "The victim is {harmed}, born 02/03/1984, on {phone}. {harmer} punched her and has agreed to be contacted."
    )
}

fn sentences(size: usize) -> Vec<Block> {
    (0..size).map(|at| paragraph(&sentence(at))).collect()
}

fn paragraph_of_sentences(size: usize) -> Vec<Block> {
    let all: Vec<String> = (0..size).map(sentence).collect();
    vec![paragraph(&all.join(" "))]
}

fn story(size: usize) -> Vec<Block> {
    let mut blocks = vec![
        paragraph("Victim name: Rosie Amber"),
        paragraph("Date of birth: 02/03/1984"),
        paragraph("Crime number: 42/1234/26"),
        paragraph("What happened?"),
    ];
    blocks
        .extend((0..size).map(|at| paragraph(&format!("He said that it was the {at}th time and went on."))));
    blocks
}

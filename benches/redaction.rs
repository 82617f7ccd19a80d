//! What redaction costs: `cargo bench --bench redaction`.
//!
//! The text is that of the outbound fixtures: over and over for the rules, once for the model, which is asked about a sentence
//! only once. Rules alone, the rules with the name model, and making ready
//! 20,000 known people; the table at the end gives rates and the ratio of the first two on the same text. The people are made
//! ready in a process of their own: in this one the memory of the model has long been the most that was ever used.

#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]

use criterion::{Criterion, Throughput};
use referrald::domain::{KnownCase, MailLimits, OtherAttachments, Party, Referral, Role};
use referrald::mail::{self, Part, PartBody};
use referrald::redact::{RedactionSettings, detect};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of text for the rules.
const RULES_BYTES: usize = 1_000_000;
/// Known people made ready.
const PEOPLE: usize = 20_000;
/// Timings of each row of the table; the fastest counts.
const REPEATS: usize = 5;

/// Makes this program measure the known people and print seconds and megabytes.
const PEOPLE_ARGUMENT: &str = "--made-ready";

fn main() {
    if std::env::args().any(|word| word == PEOPLE_ARGUMENT) {
        return made_ready();
    }
    let text = fixtures_text();
    let (long, short) = (repeated(&text, RULES_BYTES), text.clone());
    let (rules, model) = (settings(false), settings(true));
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(5))
        .sample_size(10)
        .without_plots()
        .configure_from_args();
    let mut group = criterion.benchmark_group("detect");
    group.throughput(Throughput::Bytes(long.len() as u64));
    group.bench_function("rules alone", |b| {
        b.iter(|| detect(black_box(&long), &[], &rules))
    });
    group.throughput(Throughput::Bytes(short.len() as u64));
    group.bench_function("with the name model", |b| {
        b.iter(|| detect(black_box(&short), &[], &model))
    });
    group.finish();
    criterion.final_summary();
    if std::env::args().any(|word| word == "--bench") {
        table(&text, &long, &short);
    }
}

fn table(text: &str, long: &str, short: &str) {
    let (rules, model) = (settings(false), settings(true));
    let alone = fastest(|| detect(long, &[], &rules).len());
    let same = fastest(|| detect(short, &[], &rules).len());
    let with = fastest(|| detect(short, &[], &model).len());
    println!("text of the outbound fixtures            {} bytes", text.len());
    println!(
        "rules alone                              {:.1} MB/s",
        rate(long, alone) / 1e6
    );
    println!(
        "with the name model                      {:.1} KB/s",
        rate(short, with) / 1e3
    );
    println!(
        "model to rules on the same text          {:.0} times",
        with.as_secs_f64() / same.as_secs_f64()
    );
    let own = std::env::current_exe().expect("the system tells the program's path");
    let child = std::process::Command::new(own).arg(PEOPLE_ARGUMENT).output();
    let printed = child.expect("this program can be started again").stdout;
    print!("{}", String::from_utf8_lossy(&printed));
}

/// In a process of its own: the people are there before, what making them ready takes at most is counted.
fn made_ready() {
    let rules = settings(false);
    let cases = [people()];
    let before = resident();
    let first = fastest_of(1, || detect("", &cases, &rules).len());
    let megabytes = peak() - before;
    let ready = fastest(|| detect("", &cases, &rules).len()).min(first);
    println!(
        "{PEOPLE} known people made ready            {:.2} s, {megabytes:.0} MB",
        ready.as_secs_f64()
    );
}

fn rate(text: &str, took: Duration) -> f64 {
    text.len() as f64 / took.as_secs_f64()
}

fn fastest(work: impl FnMut() -> usize) -> Duration {
    fastest_of(REPEATS, work)
}

fn fastest_of(repeats: usize, mut work: impl FnMut() -> usize) -> Duration {
    let mut timed = (0..repeats).map(|_| {
        let began = Instant::now();
        black_box(work());
        began.elapsed()
    });
    let first = timed.next().expect("at least one repeat");
    timed.fold(first, Duration::min)
}

/// Megabytes in memory now, and at most so far.
fn resident() -> f64 {
    status("VmRSS:")
}

fn peak() -> f64 {
    status("VmHWM:")
}

fn status(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells a process's memory");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("the row is there");
    let kilobytes = line.split_whitespace().nth(1).expect("a number follows");
    kilobytes.parse::<f64>().expect("it is a number") / 1024.0
}

fn settings(name_model: bool) -> RedactionSettings {
    RedactionSettings {
        cjsm_route: true,
        ordinary_route: true,
        reference_prefixes: vec!["RJ".to_owned()],
        own_domain: "restorative.example".to_owned(),
        max_bytes: u64::MAX,
        own_addresses: Vec::new(),
        name_model,
        attachments: OtherAttachments::Hold,
    }
}

/// The readable text of every outbound fixture.
fn fixtures_text() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/outbound");
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .filter_map(|entry| Some(entry.ok()?.path().join("message.eml")))
        .filter(|path| path.exists())
        .collect();
    folders.sort();
    let mut text = String::new();
    for path in folders {
        let raw = std::fs::read(path).expect("a fixture can be read");
        add(&mail::parse(&raw, &MailLimits::default()).root, &mut text);
    }
    text
}

fn add(part: &Part, text: &mut String) {
    match &part.body {
        PartBody::Text(content) if !content.contains("</") => {
            text.push_str(content);
            text.push_str("\n\n");
        }
        PartBody::Multipart(parts) => parts.iter().for_each(|part| add(part, text)),
        PartBody::Message(mail) => add(&mail.root, text),
        PartBody::Text(_) | PartBody::Bytes(_) | PartBody::NotRead(_) => {}
    }
}

fn repeated(text: &str, bytes: usize) -> String {
    text.repeat(bytes.div_ceil(text.len().max(1)))
}

/// One case with invented people whose names are put together of syllables.
fn people() -> KnownCase {
    const SYLLABLES: [&str; 20] = [
        "ba", "cor", "del", "fen", "gar", "hol", "jin", "kes", "lom", "mar", "nor", "pel", "quin", "ros",
        "sal", "tam", "ul", "ver", "wex", "yor",
    ];
    let word = |mut number: usize| -> String {
        let mut word = String::new();
        for _ in 0..3 {
            word.push_str(SYLLABLES[number % SYLLABLES.len()]);
            number /= SYLLABLES.len();
        }
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| {
            first.to_uppercase().chain(letters).collect()
        })
    };
    let parties = (0..PEOPLE).map(|number| {
        let mut party = Party::new(Role::Victim);
        party.name = Some(format!("{} {}", word(number), word(number * 7 + 3)));
        party.phones = vec![format!("+4477009{:05}", number)];
        party
    });
    KnownCase {
        silenced: Vec::new(),
        reference: None,
        closed: false,
        referral: Referral {
            parties: parties.collect(),
            ..Referral::default()
        },
    }
}

//! Rates and peak memory of the readers: `cargo bench --bench reading [-- FORMAT]`.
//!
//! Read are the project's own fixtures and a few longer documents made here. Three parts: each format in this
//! process, as documents and bytes per second; each PDF in a warm fenced worker beside a start of
//! `pdftotext -layout` for it; and the peak memory (`VmHWM`) of a fresh worker per document.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code
)]

#[path = "../../tests/mutation/fixtures.rs"]
mod fixtures;
#[path = "../../tests/mutation/made.rs"]
mod made;
#[path = "../support/process.rs"]
mod process;

use criterion::{Criterion, Throughput};
use referrald::domain::{Personal, ReadLimits, ReadRequest};
use referrald::extract::{read_file, read_message};
use referrald::ingest::Reader;
use referrald::sandbox::{Protection, ReadingPool, WorkerSettings};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Timings of each document beside `pdftotext`; the fastest counts, on both sides.
const REPEATS: usize = 15;
/// In each made document.
const PEOPLE: usize = 500;
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Something to read. Mails have no file name.
pub struct Sample {
    pub name: String,
    pub content: Vec<u8>,
}

fn main() {
    let samples = samples();
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(5))
        .without_plots()
        .configure_from_args();
    rates(&mut criterion, &samples);
    criterion.final_summary();
    // Everything behind this is measured by hand, and only where measuring was asked for.
    if std::env::args().any(|word| word == "--bench") {
        beside_pdftotext(samples.get("pdf").map_or(&[], Vec::as_slice));
        peaks(&samples);
    }
}

/// Fixtures and made documents by format.
fn samples() -> BTreeMap<&'static str, Vec<Sample>> {
    let mut found: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
    let mails = fixtures::messages().into_iter();
    let mails = mails.map(|mail| Sample {
        name: mail.name,
        content: mail.raw,
    });
    found.insert("mail", mails.collect());
    for document in fixtures::documents() {
        let name = document.filename();
        if let Some(format) = format_of(&name, &document.content) {
            let content = document.content;
            found.entry(format).or_default().push(Sample { name, content });
        }
    }
    for made::Made { name, content } in made::documents(PEOPLE) {
        if let Some(format) = format_of(&name, &content) {
            found.entry(format).or_default().push(Sample { name, content });
        }
    }
    found
}

fn format_of(name: &str, content: &[u8]) -> Option<&'static str> {
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match extension.as_str() {
        "htm" | "html" => "html",
        "docx" | "docm" | "dotx" => "docx",
        "pdf" => "pdf",
        "rtf" => "rtf",
        "doc" => "doc",
        "odt" => "odt",
        "xlsx" => "xlsx",
        "xls" => "xls",
        "ods" => "ods",
        "csv" => "csv",
        "json" => "json",
        "txt" => "txt",
        "msg" => "msg",
        "zip" => "zip",
        "eml" => "eml",
        _ if content.starts_with(&[0x78, 0x9f, 0x3e, 0x22]) => "tnef",
        _ => return None,
    })
}

fn rates(criterion: &mut Criterion, samples: &BTreeMap<&str, Vec<Sample>>) {
    for (format, samples) in samples {
        let mut group = criterion.benchmark_group("read");
        group.throughput(Throughput::ElementsAndBytes {
            elements: samples.len() as u64,
            bytes: samples.iter().map(|sample| sample.content.len() as u64).sum(),
        });
        group.bench_function(*format, |bencher| {
            bencher.iter(|| samples.iter().for_each(|sample| read_here(format, sample)));
        });
        group.finish();
    }
}

fn read_here(format: &str, sample: &Sample) {
    let request = ReadRequest::default();
    if format == "mail" {
        let _ = black_box(read_message(&sample.content, &request, &mut |_| {}));
    } else {
        black_box(read_file(
            sample.content.clone(),
            &sample.name,
            &request,
            &mut |_| {},
        ));
    }
}

fn pool() -> ReadingPool {
    let settings = WorkerSettings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_referrald")),
        workers: NonZeroUsize::MIN,
        requests_per_worker: NonZeroU32::MAX,
        protection: Protection::AllowUnprotected,
        ..WorkerSettings::for_reading(MAX_FILE_BYTES)
    };
    ReadingPool::new(settings, ReadLimits::default())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The shortest of several tries.
fn fastest(mut what: impl FnMut()) -> Duration {
    let timed = (0..REPEATS).map(|_| {
        let begin = Instant::now();
        what();
        begin.elapsed()
    });
    timed.min().unwrap_or_default()
}

fn beside_pdftotext(samples: &[Sample]) {
    if Command::new("pdftotext")
        .arg("-v")
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        println!("pdftotext (Debian: poppler-utils) is not installed: PDF is not compared");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let pool = pool();
    runtime.block_on(pool.check()).expect("a worker starts");
    let mut ratios = Vec::new();
    println!("\n| PDF | bytes | warm worker ms | pdftotext ms | times as fast |");
    println!("|---|---:|---:|---:|---:|");
    for sample in samples {
        let file = folder.path().join("sample.pdf");
        std::fs::write(&file, &sample.content).unwrap();
        let content = Personal::new(sample.content.clone());
        let ours = fastest(|| {
            let read = runtime.block_on(pool.read_file(&content, &sample.name));
            assert!(black_box(read).is_ok());
        });
        let theirs = fastest(|| {
            let output = Command::new("pdftotext")
                .args(["-q", "-layout"])
                .arg(&file)
                .arg("-")
                .output();
            black_box(output.unwrap());
        });
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        ratios.push(ratio);
        println!(
            "| {} | {} | {:.2} | {:.2} | {ratio:.2} |",
            sample.name,
            sample.content.len(),
            ours.as_secs_f64() * 1000.0,
            theirs.as_secs_f64() * 1000.0
        );
    }
    ratios.sort_by(f64::total_cmp);
    if let (Some(least), Some(median)) = (ratios.first(), ratios.get(ratios.len() / 2)) {
        println!("median {median:.2} times as fast as starting pdftotext, at least {least:.2}");
    }
}

fn peaks(samples: &BTreeMap<&str, Vec<Sample>>) {
    let runtime = runtime();
    println!("\n| format | documents | bytes | largest peak of a worker, MiB |");
    println!("|---|---:|---:|---:|");
    for (format, samples) in samples {
        let peaks = samples.iter().filter_map(|sample| {
            let pool = pool();
            runtime.block_on(async {
                pool.check().await.expect("a worker starts");
                let content = Personal::new(sample.content.clone());
                let read = match *format {
                    "mail" => pool.read(&content).await,
                    _ => pool.read_file(&content, &sample.name).await,
                };
                read.ok().and_then(|_| process::largest_child())
            })
        });
        let peak = peaks.map(|usage| usage.peak_kib).max().unwrap_or(0);
        let bytes: usize = samples.iter().map(|sample| sample.content.len()).sum();
        println!(
            "| {format} | {} | {bytes} | {:.1} |",
            samples.len(),
            peak as f64 / 1024.0
        );
    }
}

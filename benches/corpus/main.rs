//! A folder of real files through the fenced workers: `cargo bench --bench corpus -- FOLDER`.
//!
//! The project holds no such folder: name one of your own. Each file is read by a fresh worker with ten
//! seconds and 512 MiB; a document as what came attached to an empty mail, a mail as it is, a mailbox file
//! mail by mail. Printed is a row per format, and by name what ended a worker. `--json FILE` writes what was
//! read, a line of JSON per file, for `benches/peers.py`; that file holds the text of the mails.
//! `--only FORMAT` reads one format.
//!
//! Times are of the reading in a worker that has started, peaks (`VmHWM`) of the whole worker.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod failures;
mod files;
#[path = "../support/process.rs"]
mod process;
mod record;
mod table;

use files::{Manner, Task};
use process::Usage;
use record::Ending;
use referrald::domain::{Personal, ReadLimits, ReadMessage, ReadStatus, UnreadableReason};
use referrald::ingest::{ReadFailure, Reader};
use referrald::sandbox::{Protection, ReadingPool, WorkerSettings};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Time for one file by the clock, so that its processor time is no longer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
const MEMORY_BYTES: u64 = 512 * 1024 * 1024;
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// A line on standard error after so many files.
const PROGRESS: usize = 500;

/// One reading.
pub struct Outcome {
    path: String,
    format: &'static str,
    ending: Ending,
    wall: Duration,
    /// `None` where the worker is gone.
    usage: Option<Usage>,
    /// Neither text nor a file inside nor a reason.
    is_silent: bool,
}

struct Arguments {
    folder: PathBuf,
    json: Option<PathBuf>,
    only: Option<String>,
}

fn arguments() -> Option<Arguments> {
    // cargo puts a word of its own before or behind.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut folder, mut json, mut only) = (None, None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => json = Some(PathBuf::from(words.next()?)),
            "--only" => only = Some(words.next()?),
            _ => folder = Some(PathBuf::from(word)),
        }
    }
    Some(Arguments {
        folder: folder?,
        json,
        only,
    })
}

fn main() {
    let Some(arguments) = arguments() else {
        println!("usage: cargo bench --bench corpus -- FOLDER [--json FILE] [--only FORMAT]");
        println!("reads every mail and document below FOLDER and prints a table; see docs/READING.md");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let failures = failures::listen();
    let mut json = arguments
        .json
        .map(|path| BufWriter::new(File::create(path).expect("the JSON file")));
    let mut outcomes = Vec::new();
    for file in files::below(&arguments.folder) {
        for task in files::tasks(&arguments.folder, &file) {
            if arguments.only.as_ref().is_some_and(|only| only != task.format) {
                continue;
            }
            let (outcome, line) = runtime.block_on(read(task, &failures));
            if let Some(json) = &mut json {
                writeln!(json, "{line}").expect("room for the JSON file");
            }
            outcomes.push(outcome);
            if outcomes.len().is_multiple_of(PROGRESS) {
                eprintln!("{} files", outcomes.len());
            }
        }
    }
    table::print(&outcomes);
}

/// Two requests per worker, of which one is made: so the worker is still there to be measured.
fn settings() -> WorkerSettings {
    WorkerSettings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_referrald")),
        workers: NonZeroUsize::MIN,
        time_limit: TIME_LIMIT,
        part_limit: TIME_LIMIT,
        memory_bytes: MEMORY_BYTES,
        requests_per_worker: NonZeroU32::new(2).unwrap(),
        protection: Protection::AllowUnprotected,
        ..WorkerSettings::for_reading(MAX_FILE_BYTES)
    }
}

async fn read(task: Task, failures: &failures::Failures) -> (Outcome, serde_json::Value) {
    let pool = ReadingPool::new(settings(), ReadLimits::default());
    pool.check().await.expect("a worker starts");
    let begin = Instant::now();
    let answer = ask(&pool, &task).await;
    let wall = begin.elapsed();
    let usage = process::largest_child();
    let (mut ending, reason, mut line) = match &answer {
        Ok(message) => {
            let (ending, reason) = record::ending(&task, message);
            (ending, reason, record::content(message))
        }
        Err(failure) => (ending_of(*failure), explanation(*failure), serde_json::json!({})),
    };
    // The pool leaves out a part that ended two workers and answers with the rest.
    if let [_, .., failure] = failures.take().as_slice() {
        ending = *failure;
    }
    line["path"] = task.path.as_str().into();
    line["format"] = task.format.into();
    line["status"] = ending.word().into();
    line["reason"] = reason.into();
    line["seconds"] = wall.as_secs_f64().into();
    line["processor_seconds"] = usage.map(|usage| usage.processor.as_secs_f64()).into();
    line["peak_kib"] = usage.map(|usage| usage.peak_kib).into();
    let is_silent = ending == Ending::Read(ReadStatus::Ok) && record::is_silent(&line);
    let Task { path, format, .. } = task;
    (
        Outcome {
            path,
            format,
            ending,
            wall,
            usage,
            is_silent,
        },
        line,
    )
}

async fn ask(pool: &ReadingPool, task: &Task) -> Result<ReadMessage, ReadFailure> {
    let content = Personal::new(task.content.clone());
    match task.manner {
        Manner::Mail => pool.read(&content).await,
        Manner::Document => {
            let name = task.path.rsplit('/').next().unwrap_or_default();
            pool.read_file(&content, name).await
        }
    }
}

fn ending_of(failure: ReadFailure) -> Ending {
    match failure {
        ReadFailure::Permanent(UnreadableReason::WorkerCrashed) => Ending::Crashed,
        ReadFailure::Permanent(UnreadableReason::WorkerTimeout) => Ending::TimedOut,
        ReadFailure::Permanent(UnreadableReason::WorkerMemory) => Ending::OutOfMemory,
        ReadFailure::Permanent(UnreadableReason::TooLarge) => Ending::Read(ReadStatus::TooLarge),
        ReadFailure::Permanent(UnreadableReason::Malformed) => Ending::Read(ReadStatus::Unreadable),
        ReadFailure::Permanent(UnreadableReason::CannotFetch) | ReadFailure::Transient => Ending::NotTaken,
    }
}

fn explanation(failure: ReadFailure) -> Option<String> {
    match failure {
        ReadFailure::Permanent(reason) => Some(reason.explanation().to_owned()),
        ReadFailure::Transient => None,
    }
}

//! The table that a run prints.

use super::Outcome;
use super::record::Ending;
use referrald::domain::ReadStatus;
use std::collections::BTreeMap;
use std::time::Duration;

const COLUMNS: [Ending; 11] = [
    Ending::Read(ReadStatus::Ok),
    Ending::Read(ReadStatus::Partial),
    Ending::Read(ReadStatus::Empty),
    Ending::Read(ReadStatus::Encrypted),
    Ending::Read(ReadStatus::Unsupported),
    Ending::Read(ReadStatus::TooLarge),
    Ending::Read(ReadStatus::Unreadable),
    Ending::Crashed,
    Ending::TimedOut,
    Ending::OutOfMemory,
    Ending::NotTaken,
];

/// Prints a row per format, then by name every file that ended its worker or was read as nothing.
pub fn print(outcomes: &[Outcome]) {
    let mut formats: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        formats.entry(outcome.format).or_default().push(outcome);
    }
    let words = COLUMNS.map(Ending::word).join(" | ");
    println!("| format | files | {words} | median ms | 95 % ms | max ms | peak MiB |");
    println!("|---|{}", "---:|".repeat(COLUMNS.len() + 5));
    for (format, rows) in &formats {
        row(format, rows);
    }
    row("all", &outcomes.iter().collect::<Vec<_>>());
    let culprits: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.ending.is_culprit())
        .collect();
    println!("\n{} files ended a worker", culprits.len());
    for outcome in culprits {
        let Outcome {
            path, ending, wall, ..
        } = outcome;
        println!("  {}: {path} ({:.1} s)", ending.word(), wall.as_secs_f64());
    }
    name_silent(outcomes);
}

fn name_silent(outcomes: &[Outcome]) {
    let silent: Vec<_> = outcomes.iter().filter(|outcome| outcome.is_silent).collect();
    println!("{} files were read without text or reason", silent.len());
    silent.iter().for_each(|outcome| println!("  {}", outcome.path));
}

fn row(format: &str, rows: &[&Outcome]) {
    let counts = COLUMNS.map(|column| rows.iter().filter(|row| row.ending == column).count());
    let counts = counts.map(|count| count.to_string()).join(" | ");
    let mut times: Vec<Duration> = rows.iter().map(|row| row.wall).collect();
    times.sort();
    let at = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).max(1) - 1;
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let peak = rows
        .iter()
        .filter_map(|row| row.usage)
        .map(|usage| usage.peak_kib)
        .max();
    println!(
        "| {format} | {} | {counts} | {:.1} | {:.1} | {:.0} | {} |",
        rows.len(),
        at(50),
        at(95),
        at(100),
        peak.map_or("-".to_owned(), |kib| format!("{:.0}", kib as f64 / 1024.0)),
    );
}

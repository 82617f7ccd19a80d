//! What a worker has used so far, from outside: `/proc` of the children of this process.

use std::fs;
use std::time::Duration;

/// Clock ticks per second of `/proc` on Linux (`USER_HZ`, the same on every architecture).
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used since it was started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Peak resident memory (`VmHWM`), in KiB.
    pub peak_kib: u64,
    /// Processor time, user and system together; to 10 ms.
    pub processor: Duration,
}

/// The usage of the largest child that is alive; `None` without any.
pub fn largest_child() -> Option<Usage> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists: Vec<String> = tasks
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .collect();
    lists
        .iter()
        .flat_map(|list| list.split_whitespace())
        .filter_map(usage)
        .max_by_key(|usage| usage.peak_kib)
}

/// `None` for a process that has ended, also if nobody has asked for its exit status yet.
fn usage(pid: &str) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything (proc(5)).
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Some(Usage {
        peak_kib: peak.split_whitespace().nth(1)?.parse().ok()?,
        processor: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
    })
}

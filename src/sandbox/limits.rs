//! What a worker may use, and how the daemon tells it so.

use super::job::MAX_JOB_BYTES;
use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// Room for what was read, or for the people of the cases, in bytes of JSON. It also bounds what a worker
/// that was taken over can make the daemon allocate (some ten times as much).
const TEXT_BYTES: u32 = 32 * 1024 * 1024;

/// What a worker is for. One worker serves one purpose only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Takes inbound mail apart.
    Reading,
    /// Redacts outbound mail; has the people of the cases in memory.
    Drafting,
}

impl Purpose {
    /// The word on the worker's command line and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Drafting => "drafting",
        }
    }
}

/// Whether a worker that could not fence itself completely may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// No: its messages wait until the machine is put right.
    Required,
    /// Yes, with a warning per worker. For kernels without landlock or seccomp.
    AllowUnprotected,
}

/// How workers are run.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// The program to start with the argument `worker`, as an absolute path. `/proc/self/exe` is this very
    /// program, also when the file was replaced by an upgrade meanwhile.
    pub program: PathBuf,
    /// How many workers run at once.
    pub workers: NonZeroUsize,
    /// Wall-clock time for one request; the worker is killed after it.
    pub time_limit: Duration,
    /// Wall-clock time for one part of a mail, from its opening to that of the next; the worker is killed
    /// after it.
    pub part_limit: Duration,
    /// Most memory of one worker, in bytes; its stack of [`WorkerLimits::STACK_BYTES`] is part of it.
    pub memory_bytes: u64,
    /// A worker is replaced after so many requests. With one, no message can leave anything behind that
    /// touches the next; starting a worker takes a few milliseconds.
    pub requests_per_worker: NonZeroU32,
    /// Largest request, in bytes (a raw mail with its job, or a draft request as JSON).
    pub max_request_bytes: u32,
    /// Largest answer, in bytes of JSON.
    pub max_answer_bytes: u32,
    /// What to do with a worker that is not fully fenced.
    pub protection: Protection,
}

impl WorkerSettings {
    /// Defaults for workers that take inbound mail of at most `max_message_bytes` apart.
    pub fn for_reading(max_message_bytes: u64) -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            workers: NonZeroUsize::MIN.saturating_add(1),
            time_limit: Duration::from_secs(30),
            part_limit: Duration::from_secs(10),
            memory_bytes: 512 * 1024 * 1024,
            requests_per_worker: NonZeroU32::MIN,
            max_request_bytes: clamped(max_message_bytes).saturating_add(MAX_JOB_BYTES),
            max_answer_bytes: TEXT_BYTES,
            protection: Protection::Required,
        }
    }

    /// Defaults for workers that redact outbound mail of at most `max_message_bytes`. The mail crosses
    /// the pipe in base64 once, and may come back once as it was and once redacted.
    pub fn for_drafting(max_message_bytes: u64) -> Self {
        let encoded = clamped(max_message_bytes.div_ceil(3).saturating_mul(4));
        Self {
            max_request_bytes: encoded.saturating_add(TEXT_BYTES),
            max_answer_bytes: encoded.saturating_mul(2).saturating_add(TEXT_BYTES),
            ..Self::for_reading(max_message_bytes)
        }
    }

    /// What one worker of that purpose is told.
    pub(super) fn limits(&self, purpose: Purpose) -> WorkerLimits {
        let per_request = self.time_limit.as_secs().saturating_add(1);
        WorkerLimits {
            purpose,
            memory_bytes: self.memory_bytes,
            cpu_seconds: per_request
                .saturating_mul(self.requests_per_worker.get().into())
                .saturating_add(1),
            max_request_bytes: self.max_request_bytes,
            max_answer_bytes: self.max_answer_bytes,
        }
    }
}

/// A frame cannot be longer.
fn clamped(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What a worker is told on its command line: it has to know before it reads its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerLimits {
    /// What it is for.
    pub purpose: Purpose,
    /// Most memory, in bytes.
    pub memory_bytes: u64,
    /// Most processor time over its whole life, in seconds. The daemon's time limit comes first; this
    /// one ends a worker whose daemon is gone or asleep.
    pub cpu_seconds: u64,
    /// Largest request, in bytes.
    pub max_request_bytes: u32,
    /// Largest answer, in bytes.
    pub max_answer_bytes: u32,
}

impl WorkerLimits {
    /// Stack of the thread that does the work, in bytes: parsers of nested formats recurse.
    pub const STACK_BYTES: usize = 64 * 1024 * 1024;

    /// The command line behind `worker`.
    pub fn to_arguments(self) -> [String; 5] {
        [
            self.purpose.as_str().to_owned(),
            self.memory_bytes.to_string(),
            self.cpu_seconds.to_string(),
            self.max_request_bytes.to_string(),
            self.max_answer_bytes.to_string(),
        ]
    }

    /// Reads [`Self::to_arguments`] back. `None` for anything else.
    pub fn from_arguments(arguments: &[OsString]) -> Option<Self> {
        let [purpose, memory, cpu, request, answer] = arguments else {
            return None;
        };
        let purpose = match purpose.to_str()? {
            "reading" => Purpose::Reading,
            "drafting" => Purpose::Drafting,
            _ => return None,
        };
        Some(Self {
            purpose,
            memory_bytes: memory.to_str()?.parse().ok()?,
            cpu_seconds: cpu.to_str()?.parse().ok()?,
            max_request_bytes: request.to_str()?.parse().ok()?,
            max_answer_bytes: answer.to_str()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_request_of_the_largest_mail_fits() {
        let settings = WorkerSettings::for_drafting(1000);
        assert!(settings.max_request_bytes >= TEXT_BYTES + 1336);
        assert_eq!(WorkerSettings::for_drafting(u64::MAX).max_answer_bytes, u32::MAX);
    }

    #[test]
    fn limits_survive_the_command_line() {
        let limits = WorkerSettings::for_drafting(1000).limits(Purpose::Drafting);
        let arguments = limits.to_arguments().map(OsString::from);
        assert_eq!(WorkerLimits::from_arguments(&arguments), Some(limits));
        assert_eq!(WorkerLimits::from_arguments(&arguments[1..]), None);
        let odd = ["reading", "1", "-1", "1", "1"].map(OsString::from);
        assert_eq!(WorkerLimits::from_arguments(&odd), None);
    }
}

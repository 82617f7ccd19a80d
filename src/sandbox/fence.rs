//! What the worker does to itself before it reads the first byte.
//!
//! # Security
//! Two walls that do not rest on each other. Landlock takes away the file system and TCP. The seccomp
//! filter is an allow-list of what computing needs: memory, the two pipes by number, the clock, random
//! bytes, its own end. Any other call ends the process, but for a short list that libraries make in good
//! faith (opening a file, starting a thread): those are answered "no such call". Descriptors that were
//! inherited by mistake are of no use: reading works on standard input only, writing on the answer pipe and
//! the two standard outputs only, and mapping on no file at all.

use super::WorkerLimits;
use super::filter::filter_calls;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};
use std::os::fd::BorrowedFd;
use std::path::Path;

/// The landlock rights this program knows; older kernels enforce what they know of them.
const LANDLOCK_ABI: ABI = ABI::V6;
/// Address space beyond the memory limit, in bytes: program text, libraries, reserved but unused ranges.
const ADDRESS_SPACE_MARGIN: u64 = 2 * 1024 * 1024 * 1024;

/// Whether one layer of the fence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// It stands.
    InForce,
    /// The kernel would not have it.
    Missing,
}

impl Layer {
    pub(super) fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() {
            Self::InForce
        } else {
            Self::Missing
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::InForce, Self::InForce) => Self::InForce,
            (Self::Missing, _) | (_, Self::Missing) => Self::Missing,
        }
    }
}

/// How well a worker is fenced; it says so in its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FenceReport {
    /// Landlock ABI whose rights are denied: 1 is the file system, from 4 on TCP too. 0 for none.
    pub landlock_abi: u8,
    /// The system call filter.
    pub seccomp: Layer,
    /// Memory, processor time, file size, descriptors, processes, core dumps.
    pub limits: Layer,
    /// No new privileges, no tracing by others, ends with the daemon.
    pub privileges: Layer,
}

impl FenceReport {
    /// Every layer stands. An old landlock is enough: the system call filter denies what it does not.
    pub fn is_full(&self) -> bool {
        self.landlock_abi >= 1 && [self.seccomp, self.limits, self.privileges] == [Layer::InForce; 3]
    }
}

/// The fence as far as it can be put up before the working thread is started.
pub(super) struct OuterFence {
    landlock_abi: u8,
    limits: Layer,
    privileges: Layer,
}

impl OuterFence {
    /// First half, in the main thread while it is the only one: all later threads inherit it.
    pub(super) fn raise(limits: &WorkerLimits) -> Self {
        Self {
            privileges: drop_privileges(),
            limits: limit_resources(&Bounds {
                memory_bytes: limits.memory_bytes,
                address_space_margin: ADDRESS_SPACE_MARGIN,
                cpu_seconds: limits.cpu_seconds,
            }),
            landlock_abi: deny_files(),
        }
    }

    /// Second half, in the working thread, once nothing more needs opening or starting. `answers` is
    /// the pipe for answers.
    pub(super) fn close(self, answers: BorrowedFd<'_>) -> FenceReport {
        let nothing_more = limit(Resource::Nofile, 0).and(limit(Resource::Nproc, 0));
        FenceReport {
            landlock_abi: self.landlock_abi,
            seccomp: Layer::of(&filter_calls(answers)),
            limits: self.limits.and(nothing_more),
            privileges: self.privileges,
        }
    }
}

pub(super) fn drop_privileges() -> Layer {
    Layer::of(&rustix::thread::set_no_new_privs(true))
        .and(Layer::of(&rustix::process::set_dumpable_behavior(
            DumpableBehavior::NotDumpable,
        )))
        .and(Layer::of(&rustix::process::set_parent_process_death_signal(
            Some(Signal::KILL),
        )))
}

/// The bounds that a worker and a program live in.
pub(super) struct Bounds {
    /// Private writable memory, which is nearly all that the filters let a process map.
    pub(super) memory_bytes: u64,
    /// Address space beyond that, in bytes: a second line, which also counts the program's text.
    pub(super) address_space_margin: u64,
    pub(super) cpu_seconds: u64,
}

pub(super) fn limit_resources(bounds: &Bounds) -> Layer {
    let address_space = bounds.memory_bytes.saturating_add(bounds.address_space_margin);
    [
        (Resource::Data, bounds.memory_bytes),
        (Resource::As, address_space),
        (Resource::Cpu, bounds.cpu_seconds),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ]
    .into_iter()
    .map(|(resource, most)| limit(resource, most))
    .fold(Layer::InForce, Layer::and)
}

/// Lowers a limit for good; one that is lower already stays.
pub(super) fn limit(resource: Resource, most: u64) -> Layer {
    let most = rustix::process::getrlimit(resource)
        .maximum
        .map_or(most, |now| now.min(most));
    let new = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Layer::of(&rustix::process::setrlimit(resource, new))
}

/// Denies every file and TCP right the kernel knows; gives the ABI that is enforced.
fn deny_files() -> u8 {
    restrict_files(&[], &[])
}

/// Denies every file and TCP right the kernel knows, but for reading below `readable` and executing the files
/// `executable`; those that are not there are passed over. Gives the ABI that is enforced.
pub(super) fn restrict_files(readable: &[&Path], executable: &[&Path]) -> u8 {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute = AccessFs::ReadFile | AccessFs::Execute;
    let enforced = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK_ABI))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK_ABI)))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(landlock::path_beneath_rules(readable, read)))
        .and_then(|rules| rules.add_rules(landlock::path_beneath_rules(executable, execute)))
        .and_then(landlock::RulesetCreated::restrict_self);
    let Ok(status) = enforced else { return 0 };
    match (status.ruleset, status.landlock) {
        (
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, .. },
        ) => u8::try_from(effective_abi.min(LANDLOCK_ABI) as i32).unwrap_or(0),
        (_, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_full_only_with_every_layer() {
        let full = FenceReport {
            landlock_abi: 1,
            seccomp: Layer::InForce,
            limits: Layer::InForce,
            privileges: Layer::InForce,
        };
        assert!(full.is_full());
        for lacking in [
            FenceReport {
                landlock_abi: 0,
                ..full
            },
            FenceReport {
                seccomp: Layer::Missing,
                ..full
            },
            FenceReport {
                limits: Layer::Missing,
                ..full
            },
            FenceReport {
                privileges: Layer::Missing,
                ..full
            },
        ] {
            assert!(!lacking.is_full(), "{lacking:?}");
        }
    }

    #[test]
    fn landlock_alone_denies_files_and_tcp() {
        // Landlock and "no new privileges" bind a thread and what it starts: this one only.
        let walled = std::thread::spawn(|| {
            rustix::thread::set_no_new_privs(true).unwrap();
            let abi = deny_files();
            let file = std::fs::File::open("/proc/self/status").map_err(|error| error.kind());
            let connection = std::net::TcpStream::connect("127.0.0.1:9").map_err(|error| error.kind());
            (abi, file.err(), connection.err())
        });
        let (abi, file, connection) = walled.join().unwrap();
        assert!(abi >= 1, "this kernel has no landlock");
        assert_eq!(file, Some(std::io::ErrorKind::PermissionDenied));
        if abi >= 4 {
            assert_eq!(connection, Some(std::io::ErrorKind::PermissionDenied));
        }
    }
}

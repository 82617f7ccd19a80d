//! What the worker does to itself before it reads the first byte.
//!
//! # Security
//! Two walls that do not rest on each other. Landlock takes away the file system and TCP. The seccomp
//! filter is an allow-list of what computing needs: memory, the two pipes by number, the clock, random
//! bytes, its own end. Any other call ends the process, but for a short list that libraries make in good
//! faith (opening a file, starting a thread): those are answered "no such call". Descriptors that were
//! inherited by mistake are of no use: reading works on standard input only, writing on the answer pipe
//! and standard error only, and mapping on no file at all.

use super::WorkerLimits;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, BorrowedFd};

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
    fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() {
            Self::InForce
        } else {
            Self::Missing
        }
    }

    fn and(self, other: Self) -> Self {
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
            limits: limit_resources(limits),
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

fn drop_privileges() -> Layer {
    Layer::of(&rustix::thread::set_no_new_privs(true))
        .and(Layer::of(&rustix::process::set_dumpable_behavior(
            DumpableBehavior::NotDumpable,
        )))
        .and(Layer::of(&rustix::process::set_parent_process_death_signal(
            Some(Signal::KILL),
        )))
}

fn limit_resources(limits: &WorkerLimits) -> Layer {
    // DATA counts private writable memory, which is all the filter lets a worker map; AS is a second
    // line that also counts the program's text, hence the margin.
    [
        (Resource::Data, limits.memory_bytes),
        (
            Resource::As,
            limits.memory_bytes.saturating_add(ADDRESS_SPACE_MARGIN),
        ),
        (Resource::Cpu, limits.cpu_seconds),
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
fn limit(resource: Resource, most: u64) -> Layer {
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
    let enforced = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK_ABI))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK_ABI)))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
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

/// The filter could not be made or the kernel would not take it.
struct NoFilter;

impl From<seccompiler::BackendError> for NoFilter {
    fn from(_: seccompiler::BackendError) -> Self {
        Self
    }
}

impl From<seccompiler::Error> for NoFilter {
    fn from(_: seccompiler::Error) -> Self {
        Self
    }
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Installs both filters in all threads. Of two filters the kernel takes the harsher verdict.
fn filter_calls(answers: BorrowedFd<'_>) -> Result<(), NoFilter> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let no_such_call = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let softly = SeccompFilter::new(refused_softly(), SeccompAction::Allow, no_such_call, arch)?;
    let harshly = SeccompFilter::new(
        allowed(answers)?,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        arch,
    )?;
    let programs: [seccompiler::BpfProgram; 2] = [softly.try_into()?, harshly.try_into()?];
    for program in &programs {
        seccompiler::apply_filter_all_threads(program)?;
    }
    Ok(())
}

/// What libraries try in good faith: looking for a file, starting a thread.
fn refused_softly() -> Rules {
    #[cfg(target_arch = "x86_64")]
    const OF_THIS_ARCH: &[libc::c_long] = &[
        libc::SYS_open,
        libc::SYS_stat,
        libc::SYS_lstat,
        libc::SYS_access,
        libc::SYS_readlink,
        libc::SYS_fork,
        libc::SYS_vfork,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const OF_THIS_ARCH: &[libc::c_long] = &[];
    const EVERYWHERE: &[libc::c_long] = &[
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_newfstatat,
        libc::SYS_fstat,
        libc::SYS_statx,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_readlinkat,
        libc::SYS_getcwd,
        libc::SYS_lseek,
        libc::SYS_ioctl,
        libc::SYS_uname,
        libc::SYS_sysinfo,
        libc::SYS_sched_getaffinity,
        libc::SYS_clone,
        libc::SYS_clone3,
    ];
    EVERYWHERE
        .iter()
        .chain(OF_THIS_ARCH)
        .map(|call| (*call, Vec::new()))
        .collect()
}

/// What computing needs. The calls of [`refused_softly`] are let through here to be refused there.
fn allowed(answers: BorrowedFd<'_>) -> Result<Rules, NoFilter> {
    const FREELY: &[libc::c_long] = &[
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let mut rules = refused_softly();
    rules.extend(FREELY.iter().map(|call| (*call, Vec::new())));
    let answers = unsigned(answers.as_raw_fd());
    let no_exec = masked(2, unsigned(libc::PROT_EXEC), 0)?;
    let no_file = masked(
        3,
        unsigned(libc::MAP_ANONYMOUS | libc::MAP_PRIVATE),
        unsigned(libc::MAP_ANONYMOUS | libc::MAP_PRIVATE),
    )?;
    rules.insert(
        libc::SYS_read,
        vec![only(equal(0, unsigned(libc::STDIN_FILENO))?)?],
    );
    rules.insert(
        libc::SYS_write,
        vec![
            only(equal(0, answers)?)?,
            only(equal(0, unsigned(libc::STDERR_FILENO))?)?,
        ],
    );
    rules.insert(
        libc::SYS_mmap,
        vec![SeccompRule::new(vec![no_exec.clone(), no_file])?],
    );
    rules.insert(libc::SYS_mprotect, vec![only(no_exec)?]);
    // abort() signals itself; nobody else can be signalled.
    rules.insert(
        libc::SYS_tgkill,
        vec![only(equal(0, std::process::id().into())?)?],
    );
    Ok(rules)
}

fn unsigned(number: i32) -> u64 {
    number.unsigned_abs().into()
}

fn only(condition: SeccompCondition) -> Result<SeccompRule, NoFilter> {
    Ok(SeccompRule::new(vec![condition])?)
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, NoFilter> {
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        value,
    )?)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, NoFilter> {
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )?)
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
    fn every_call_that_is_refused_softly_passes_the_harsh_filter() {
        let pipe = std::io::stdout();
        let allowed = allowed(std::os::fd::AsFd::as_fd(&pipe)).ok().unwrap();
        assert!(refused_softly().keys().all(|call| allowed.contains_key(call)));
    }

    #[test]
    fn no_call_that_reaches_outside_is_allowed() {
        let pipe = std::io::stdout();
        let allowed = allowed(std::os::fd::AsFd::as_fd(&pipe)).ok().unwrap();
        for call in [
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_sendto,
            libc::SYS_sendmsg,
            libc::SYS_recvmsg,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_writev,
            libc::SYS_kill,
            libc::SYS_pidfd_getfd,
            libc::SYS_io_uring_setup,
            libc::SYS_bpf,
            libc::SYS_prctl,
            libc::SYS_writev,
            libc::SYS_preadv2,
            libc::SYS_sendfile,
            libc::SYS_splice,
            libc::SYS_dup3,
            libc::SYS_shmat,
            libc::SYS_memfd_create,
            libc::SYS_prlimit64,
            libc::SYS_userfaultfd,
        ] {
            assert!(!allowed.contains_key(&call), "system call {call}");
        }
    }
}

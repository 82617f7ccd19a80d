//! The system call filter of the worker: what computing needs, and nothing that reaches outside.
//!
//! Two seccomp programs stand one behind the other; of their verdicts the kernel takes the harsher. The
//! allow-list ends the process on anything unknown, other architectures' calls included. The other one
//! answers "no such call" to a few that libraries make in good faith.

use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The filter could not be made or the kernel would not take it.
pub(super) struct NoFilter;

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

/// Installs both filters in all threads; `answers` is the pipe for answers.
///
/// # Errors
/// [`NoFilter`] on an architecture or kernel that has no such filter.
pub(super) fn filter_calls(answers: BorrowedFd<'_>) -> Result<(), NoFilter> {
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

/// Installs the filter of a helper program ([`super::program`]): what loading and computing need; "no such
/// call" to everything else.
///
/// # Errors
/// [`NoFilter`] on an architecture or kernel that has no such filter.
pub(super) fn filter_program() -> Result<(), NoFilter> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let no_such_call = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(program_calls()?, no_such_call, SeccompAction::Allow, arch)?;
    let filter: seccompiler::BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter_all_threads(&filter)?)
}

/// What a program needs that is loaded, reads its data files and computes in one thread.
fn program_calls() -> Result<Rules, NoFilter> {
    #[cfg(target_arch = "x86_64")]
    const OF_THIS_ARCH: &[libc::c_long] = &[
        libc::SYS_open,
        libc::SYS_stat,
        libc::SYS_lstat,
        libc::SYS_access,
        libc::SYS_readlink,
        libc::SYS_arch_prctl,
        libc::SYS_time,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const OF_THIS_ARCH: &[libc::c_long] = &[];
    const EVERYWHERE: &[libc::c_long] = &[
        // Once, to become the program; landlock lets it execute nothing else.
        libc::SYS_execve,
        libc::SYS_openat,
        libc::SYS_newfstatat,
        libc::SYS_fstat,
        libc::SYS_statx,
        libc::SYS_statfs,
        libc::SYS_fstatfs,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_readlinkat,
        libc::SYS_getdents64,
        libc::SYS_getcwd,
        libc::SYS_lseek,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_pread64,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_fcntl,
        libc::SYS_fadvise64,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_set_robust_list,
        libc::SYS_set_tid_address,
        libc::SYS_rseq,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_restart_syscall,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_clock_getres,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrusage,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_sysinfo,
        libc::SYS_uname,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_getuid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getegid,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let calls = EVERYWHERE.iter().chain(OF_THIS_ARCH);
    let mut rules: Rules = calls.map(|call| (*call, Vec::new())).collect();
    // Memory that can be written to and executed is refused: code comes out of files only.
    let not_both = || -> Result<Vec<SeccompRule>, NoFilter> {
        let no_write = masked(2, unsigned(libc::PROT_WRITE), 0)?;
        let no_exec = masked(2, unsigned(libc::PROT_EXEC), 0)?;
        Ok(vec![only(no_write)?, only(no_exec)?])
    };
    rules.insert(libc::SYS_mmap, not_both()?);
    rules.insert(libc::SYS_mprotect, not_both()?);
    // It may ask for its limits, and whether its output is a terminal.
    rules.insert(libc::SYS_prlimit64, vec![only(whole(2, 0)?)?]);
    rules.insert(libc::SYS_ioctl, vec![only(equal(1, libc::TCGETS)?)?]);
    rules.insert(
        libc::SYS_tgkill,
        vec![only(equal(0, std::process::id().into())?)?],
    );
    Ok(rules)
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
    // Standard output leads where standard error does; answers have a pipe of their own.
    let writable = [
        answers,
        unsigned(libc::STDOUT_FILENO),
        unsigned(libc::STDERR_FILENO),
    ];
    let writable = writable.into_iter().map(|descriptor| only(equal(0, descriptor)?));
    rules.insert(libc::SYS_write, writable.collect::<Result<_, _>>()?);
    // The standard library looks whether a descriptor is still open before it closes it.
    rules.insert(libc::SYS_fcntl, vec![only(equal(1, unsigned(libc::F_GETFD))?)?]);
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

/// All eight bytes of an argument: a pointer.
fn whole(argument: u8, value: u64) -> Result<SeccompCondition, NoFilter> {
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Qword,
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

    #[test]
    fn no_call_of_a_helper_program_reaches_outside() {
        let allowed = program_calls().ok().unwrap();
        for call in [
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_connect,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_unshare,
            libc::SYS_ptrace,
            libc::SYS_process_vm_writev,
            libc::SYS_kill,
            libc::SYS_pidfd_open,
            libc::SYS_io_uring_setup,
            libc::SYS_bpf,
            libc::SYS_prctl,
            libc::SYS_memfd_create,
            libc::SYS_userfaultfd,
            libc::SYS_mount,
            libc::SYS_unlinkat,
            libc::SYS_renameat2,
            libc::SYS_fchmodat,
            libc::SYS_fchownat,
            libc::SYS_utimensat,
        ] {
            assert!(!allowed.contains_key(&call), "system call {call}");
        }
    }
}

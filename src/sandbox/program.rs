//! A helper program behind a fence: the child fences itself and becomes the program.
//!
//! # Security
//! The program reads bytes from anybody: assume it is taken over. It has the two pipes and may read what the
//! operating system's packages installed (its libraries, language data, fonts). It can write and make no file,
//! open no socket, start no process, execute no other file than itself and the loader; its environment is
//! empty but for one constant; memory, processor time and open files are bounded. Unlike a reading worker it
//! has to open files to start at all, so landlock draws the line there; the system call filter answers "no
//! such call" to all that such a program does not need.

use super::fence::{Bounds, FenceReport, Layer, drop_privileges, limit, limit_resources, restrict_files};
use super::filter::filter_program;
use super::limits::Protection;
use super::serve::ServeError;
use rustix::process::Resource;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first word of such a child's command line behind `worker`.
pub const PROGRAM_WORD: &str = "program";
/// Exit code of a child that could not fence itself and may not go on without.
pub(super) const EXIT_NOT_FENCED: u8 = 77;
/// Exit code of a child that could not become the program.
pub(super) const EXIT_NO_PROGRAM: u8 = 78;
/// Address space beyond the memory limit, in bytes: libraries and mapped language data.
const ADDRESS_SPACE_MARGIN: u64 = 1024 * 1024 * 1024;
/// Most files open at once: libraries are opened one by one.
const OPEN_FILES: u64 = 64;
/// What may be read. Nothing of it is the daemon's.
const READABLE: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
];
/// Loaders of the architectures that the filter knows.
const LOADERS: &[&str] = &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
/// OpenMP would start threads, which the fence refuses; it then ends the program.
const ONE_THREAD: (&str, &str) = ("OMP_THREAD_LIMIT", "1");

/// What such a child is told on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProgramLimits {
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
    pub(super) protection: Protection,
}

impl ProgramLimits {
    /// The command line behind `worker`, up to the program.
    pub(super) fn to_arguments(&self) -> [String; 4] {
        [
            PROGRAM_WORD.to_owned(),
            self.memory_bytes.to_string(),
            self.cpu_seconds.to_string(),
            match self.protection {
                Protection::Required => "required".to_owned(),
                Protection::AllowUnprotected => "allowed".to_owned(),
            },
        ]
    }

    /// Reads [`Self::to_arguments`] back; the rest is the program and its arguments.
    fn from_arguments(arguments: &[OsString]) -> Option<(Self, &[OsString])> {
        let [word, memory, cpu, protection, rest @ ..] = arguments else {
            return None;
        };
        let limits = Self {
            memory_bytes: memory.to_str()?.parse().ok()?,
            cpu_seconds: cpu.to_str()?.parse().ok()?,
            protection: match protection.to_str()? {
                "required" => Protection::Required,
                "allowed" => Protection::AllowUnprotected,
                _ => return None,
            },
        };
        (word == PROGRAM_WORD).then_some((limits, rest))
    }
}

/// Fences this process and becomes the program that `arguments` name (what follows `worker` on the command
/// line). Gives an exit code where that failed.
///
/// # Errors
/// [`ServeError::Arguments`], [`ServeError::Environment`].
pub fn become_program(arguments: &[OsString]) -> Result<u8, ServeError> {
    let (limits, rest) = ProgramLimits::from_arguments(arguments).ok_or(ServeError::Arguments)?;
    let [program, arguments @ ..] = rest else {
        return Err(ServeError::Arguments);
    };
    let program = PathBuf::from(program);
    if !program.is_absolute() {
        return Err(ServeError::Arguments);
    }
    if std::env::vars_os().next().is_some() {
        return Err(ServeError::Environment);
    }
    let fence = raise(&limits, &program);
    if !fence.is_full() && limits.protection == Protection::Required {
        return Ok(EXIT_NOT_FENCED);
    }
    let (name, value) = ONE_THREAD;
    let _failed = Command::new(&program)
        .args(arguments)
        .env_clear()
        .env(name, value)
        .exec();
    Ok(EXIT_NO_PROGRAM)
}

fn raise(limits: &ProgramLimits, program: &Path) -> FenceReport {
    let privileges = drop_privileges();
    let bounds = Bounds {
        memory_bytes: limits.memory_bytes,
        address_space_margin: ADDRESS_SPACE_MARGIN,
        cpu_seconds: limits.cpu_seconds,
    };
    let few_files = limit(Resource::Nofile, OPEN_FILES).and(limit(Resource::Nproc, 0));
    let executable: Vec<&Path> = LOADERS.iter().map(Path::new).chain([program]).collect();
    let readable: Vec<&Path> = READABLE.iter().map(Path::new).collect();
    FenceReport {
        privileges,
        limits: limit_resources(&bounds).and(few_files),
        landlock_abi: restrict_files(&readable, &executable),
        seccomp: Layer::of(&filter_program()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_survive_the_command_line() {
        let limits = ProgramLimits {
            memory_bytes: 7,
            cpu_seconds: 9,
            protection: Protection::Required,
        };
        let mut arguments: Vec<OsString> = limits.to_arguments().map(OsString::from).to_vec();
        arguments.push("/usr/bin/true".into());
        let (read, rest) = ProgramLimits::from_arguments(&arguments).unwrap();
        assert_eq!(read, limits);
        assert_eq!(rest, ["/usr/bin/true"]);
        arguments[3] = "perhaps".into();
        assert_eq!(ProgramLimits::from_arguments(&arguments), None);
    }

    #[test]
    fn a_program_without_its_full_path_is_not_started() {
        let arguments = ["program", "7", "9", "required", "true"].map(OsString::from);
        assert_eq!(become_program(&arguments), Err(ServeError::Arguments));
    }
}

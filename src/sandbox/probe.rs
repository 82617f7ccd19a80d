//! Debug builds only: things a worker must not be able to do, tried from inside the fence.
//!
//! A test can only prove the fence by climbing it. Release builds do not have this module, and a probe
//! can do nothing that code run by a hostile document could not try as well.

use serde::{Deserialize, Serialize};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Something to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Probe {
    /// Nothing forbidden: the answer shows that the worker lives.
    Nothing,
    ReadFile(PathBuf),
    WriteFile(PathBuf),
    ListFolder(PathBuf),
    Connect(String),
    OpenUdpSocket,
    StartProgram(PathBuf),
    BecomeProgram(PathBuf),
    StartThread,
    /// Asks only whether the process could be signalled.
    Signal(i32),
    CreatePipe,
    EatMemory,
    EatStack,
    LoopForever,
    SleepForever,
    Panic,
    /// A library that prints: must not spoil the answers.
    Print,
}

/// What came of it, where the worker lived to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeAnswer {
    /// It worked.
    Done,
    /// It was refused.
    Refused,
}

impl<T, E> From<Result<T, E>> for ProbeAnswer {
    fn from(result: Result<T, E>) -> Self {
        if result.is_ok() { Self::Done } else { Self::Refused }
    }
}

/// Tries it.
#[allow(clippy::panic, clippy::print_stdout)]
pub(super) fn attempt(probe: Probe) -> ProbeAnswer {
    match probe {
        Probe::Nothing => ProbeAnswer::Done,
        Probe::ReadFile(path) => std::fs::read(path).into(),
        Probe::WriteFile(path) => std::fs::write(path, "x").into(),
        Probe::ListFolder(path) => std::fs::read_dir(path).into(),
        Probe::Connect(address) => TcpStream::connect(address).into(),
        Probe::OpenUdpSocket => UdpSocket::bind("127.0.0.1:0").into(),
        Probe::StartProgram(path) => Command::new(path).status().into(),
        Probe::BecomeProgram(path) => Err::<(), _>(Command::new(path).exec()).into(),
        Probe::StartThread => std::thread::Builder::new().spawn(|| {}).into(),
        Probe::Signal(process) => rustix::process::Pid::from_raw(process)
            .ok_or(())
            .and_then(|process| rustix::process::test_kill_process(process).map_err(drop))
            .into(),
        Probe::CreatePipe => rustix::pipe::pipe().into(),
        Probe::EatMemory => {
            let mut eaten: Vec<Vec<u8>> = Vec::new();
            loop {
                eaten.push(vec![1; 1 << 20]);
            }
        }
        Probe::EatStack => {
            std::hint::black_box(deeper(u64::MAX));
            ProbeAnswer::Done
        }
        Probe::LoopForever => loop {
            std::hint::spin_loop();
        },
        Probe::SleepForever => loop {
            std::thread::park();
        },
        Probe::Panic => panic!("asked to"),
        Probe::Print => {
            println!("a library prints");
            ProbeAnswer::Done
        }
    }
}

/// Header field that plants a probe under a part: `X-Referrald-Probe: PART PROBE`.
const PLANTED: &[u8] = b"X-Referrald-Probe: ";
/// How far into a mail planted probes are looked for, in bytes.
const PLANTED_WITHIN: usize = 4096;

/// The probes planted in a mail's header, with the numbers of their parts: a test can so have a reader fail
/// at one part in every way there is.
pub(super) fn planted(raw: &[u8]) -> Vec<(String, Probe)> {
    raw.get(..PLANTED_WITHIN)
        .unwrap_or(raw)
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .filter_map(|line| {
            let line = std::str::from_utf8(line.strip_prefix(PLANTED)?.trim_ascii()).ok()?;
            let (part, probe) = line.split_once(' ')?;
            Some((part.to_owned(), serde_json::from_str(probe).ok()?))
        })
        .collect()
}

/// Tries what is planted under that part.
pub(super) fn step_on(planted: &[(String, Probe)], part: &str) {
    for (_, probe) in planted.iter().filter(|(at, _)| at == part) {
        attempt(probe.clone());
    }
}

fn deeper(left: u64) -> u64 {
    let frame = std::hint::black_box([left; 64]);
    if left == 0 {
        0
    } else {
        deeper(left - 1).wrapping_add(frame[0])
    }
}

//! The worker's whole life: fence, hello, then one request after the other until the pipe ends.

use super::fence::OuterFence;
use super::frame::{FrameError, FrameKind, MAX_HELLO, read_frame, write_frame};
use super::limits::{Purpose, WorkerLimits};
use crate::domain::{ReadMessage, UnreadableReason};
use crate::redact::{DraftPlan, DraftRequest};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

/// Lowest descriptor for the answer pipe: above the three standard ones.
const FIRST_FREE_DESCRIPTOR: i32 = 3;

/// What the worker can do; the command line hands in the core's functions.
#[derive(Clone, Copy)]
pub struct Handlers {
    /// Takes a raw mail apart.
    pub read: fn(&[u8]) -> Result<ReadMessage, UnreadableReason>,
    /// Proposes what each recipient would receive.
    pub draft: fn(&DraftRequest) -> DraftPlan,
}

/// Why a worker ended other than by the end of its pipe. The daemon sees only that it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServeError {
    /// Not started by the daemon.
    #[error("this command is for referrald's own use; there is nothing to do with it by hand")]
    Arguments,
    /// The environment is not empty.
    #[error("a worker must be started with an empty environment")]
    Environment,
    /// The pipes cannot be set up or the working thread not started.
    #[error("the worker could not be set up")]
    SetUp,
    /// The working thread panicked.
    #[error("the worker stopped on its input")]
    Panicked,
    /// A frame was not taken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A request that cannot be decoded, or an answer that cannot be encoded.
    #[error("a request or answer is not what was agreed on")]
    Content,
}

/// Serves requests on standard input until it ends. `arguments` is what follows `worker` on the command
/// line ([`WorkerLimits::to_arguments`]).
///
/// # Errors
/// [`ServeError`]; the process should end with a failure code and print nothing else.
pub fn serve(arguments: &[OsString], handlers: Handlers) -> Result<(), ServeError> {
    let limits = WorkerLimits::from_arguments(arguments).ok_or(ServeError::Arguments)?;
    if std::env::vars_os().next().is_some() {
        return Err(ServeError::Environment);
    }
    // A panic message may quote input, and printing a backtrace opens files.
    std::panic::set_hook(Box::new(|_| {}));
    let answers = take_answer_pipe()?;
    let fence = OuterFence::raise(&limits);
    std::thread::Builder::new()
        .stack_size(WorkerLimits::STACK_BYTES)
        .spawn(move || work(&limits, handlers, answers, fence))
        .map_err(|_| ServeError::SetUp)?
        .join()
        .map_err(|_| ServeError::Panicked)?
}

/// Takes the answer pipe away from standard output, so that a library that prints cannot spoil it.
fn take_answer_pipe() -> Result<File, ServeError> {
    let answers = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), FIRST_FREE_DESCRIPTOR);
    let answers = answers.map_err(|_| ServeError::SetUp)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map_err(|_| ServeError::SetUp)?;
    Ok(File::from(answers))
}

fn work(
    limits: &WorkerLimits,
    handlers: Handlers,
    mut answers: File,
    fence: OuterFence,
) -> Result<(), ServeError> {
    let mut requests = std::io::stdin().lock();
    let report = fence.close(answers.as_fd());
    let hello = serde_json::to_vec(&report).map_err(|_| ServeError::Content)?;
    write_frame(&mut answers, FrameKind::Hello, &hello, MAX_HELLO)?;
    while let Some(answer) = answer_next(&mut requests, limits, handlers)? {
        write_frame(&mut answers, FrameKind::Answer, &answer, limits.max_answer_bytes)?;
    }
    Ok(())
}

fn answer_next(
    requests: &mut impl Read,
    limits: &WorkerLimits,
    handlers: Handlers,
) -> Result<Option<Vec<u8>>, ServeError> {
    let Some((kind, payload)) = read_frame(requests, limits.max_request_bytes)? else {
        return Ok(None);
    };
    let answer = match (kind, limits.purpose) {
        (FrameKind::Read, Purpose::Reading) => serde_json::to_vec(&(handlers.read)(&payload)),
        (FrameKind::Draft, Purpose::Drafting) => {
            let request = serde_json::from_slice(&payload).map_err(|_| ServeError::Content)?;
            drop(payload);
            serde_json::to_vec(&(handlers.draft)(&request))
        }
        #[cfg(debug_assertions)]
        (FrameKind::Probe, Purpose::Reading | Purpose::Drafting) => {
            let probe = serde_json::from_slice(&payload).map_err(|_| ServeError::Content)?;
            serde_json::to_vec(&super::probe::attempt(probe))
        }
        #[cfg(not(debug_assertions))]
        (FrameKind::Probe, Purpose::Reading | Purpose::Drafting) => return Err(ServeError::Content),
        (FrameKind::Read, Purpose::Drafting)
        | (FrameKind::Draft, Purpose::Reading)
        | (FrameKind::Hello | FrameKind::Answer, Purpose::Reading | Purpose::Drafting) => {
            return Err(ServeError::Content);
        }
    };
    answer.map(Some).map_err(|_| ServeError::Content)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLERS: Handlers = Handlers {
        read: |_| Err(UnreadableReason::Malformed),
        draft: |_| DraftPlan { groups: Vec::new() },
    };

    fn limits(purpose: Purpose) -> WorkerLimits {
        super::super::WorkerSettings::for_reading(99).limits(purpose)
    }

    #[test]
    fn a_drafting_worker_takes_no_inbound_mail() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, FrameKind::Read, b"mail", 99).unwrap();
        let answer = answer_next(&mut pipe.as_slice(), &limits(Purpose::Reading), HANDLERS);
        assert_eq!(answer, Ok(Some(br#"{"Err":"malformed"}"#.to_vec())));
        let refused = answer_next(&mut pipe.as_slice(), &limits(Purpose::Drafting), HANDLERS);
        assert_eq!(refused, Err(ServeError::Content));
    }

    #[test]
    fn a_draft_request_that_cannot_be_decoded_is_an_error() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, FrameKind::Draft, b"{", 99).unwrap();
        let refused = answer_next(&mut pipe.as_slice(), &limits(Purpose::Drafting), HANDLERS);
        assert_eq!(refused, Err(ServeError::Content));
    }
}

//! The worker's whole life: fence, hello, then one request after the other until the pipe ends.

use super::fence::OuterFence;
use super::fit::fitted;
use super::frame::{FrameError, FrameKind, MAX_HELLO, read_frame, write_frame};
use super::job::{Job, MAX_PART_NUMBER, Task, encode_content, part_number};
use super::limits::{Purpose, WorkerLimits};
use crate::domain::{ReadMessage, ReadRequest, UnreadableReason};
use crate::redact::{DraftPlan, DraftRequest};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;

/// Lowest descriptor for the answer pipe: above the three standard ones.
const FIRST_FREE_DESCRIPTOR: i32 = 3;

/// Is told the number of each part before it is opened.
pub type Opening<'a> = &'a mut dyn FnMut(&str);
/// Takes one part: its number and bytes, `None` for bytes that cannot be handed out.
pub type Give<'a> = &'a mut dyn FnMut(&str, Option<&[u8]>);

/// What the worker can do; the command line hands in the core's functions.
#[derive(Clone, Copy)]
pub struct Handlers {
    /// Starts the threads that drafting shares its work between; after the fence is up none can be started.
    pub start_drafting_threads: fn(),
    /// Takes a raw mail apart.
    pub read: fn(&[u8], &ReadRequest, Opening<'_>) -> Result<ReadMessage, UnreadableReason>,
    /// Reads a single file of that name as if it were the only attachment of an empty mail.
    pub read_file: fn(Vec<u8>, &str, &ReadRequest, Opening<'_>) -> ReadMessage,
    /// Hands out the parts of a raw mail that hold no parts themselves.
    pub contents: fn(&[u8], &ReadRequest, Give<'_>),
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
    match limits.purpose {
        Purpose::Drafting => (handlers.start_drafting_threads)(),
        Purpose::Reading => {}
    }
    let report = fence.close(answers.as_fd());
    let hello = serde_json::to_vec(&report).map_err(|_| ServeError::Content)?;
    write_frame(&mut answers, FrameKind::Hello, &hello, MAX_HELLO)?;
    while let Some(answer) = answer_next(&mut requests, &mut answers, limits, handlers)? {
        write_frame(&mut answers, FrameKind::Answer, &answer, limits.max_answer_bytes)?;
    }
    Ok(())
}

fn answer_next(
    requests: &mut impl Read,
    answers: &mut impl Write,
    limits: &WorkerLimits,
    handlers: Handlers,
) -> Result<Option<Vec<u8>>, ServeError> {
    let Some((kind, payload)) = read_frame(requests, limits.max_request_bytes)? else {
        return Ok(None);
    };
    let answer = match (kind, limits.purpose) {
        (FrameKind::Read, Purpose::Reading) => return reading(payload, answers, limits, handlers).map(Some),
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
        | (
            FrameKind::Hello | FrameKind::Answer | FrameKind::Opening | FrameKind::Content,
            Purpose::Reading | Purpose::Drafting,
        ) => {
            return Err(ServeError::Content);
        }
    };
    answer.map(Some).map_err(|_| ServeError::Content)
}

/// One job. Whatever goes wrong with the pipe on the way ends the worker.
fn reading(
    payload: Vec<u8>,
    answers: &mut impl Write,
    limits: &WorkerLimits,
    handlers: Handlers,
) -> Result<Vec<u8>, ServeError> {
    let (Job { task, request }, bytes) = Job::decode(payload).ok_or(ServeError::Content)?;
    let mut piped = Ok(());
    #[cfg(debug_assertions)]
    let planted = super::probe::planted(&bytes);
    let mut opening = |part: &str| {
        if piped.is_ok()
            && let Some(number) = part_number(part.as_bytes())
        {
            piped = write_frame(answers, FrameKind::Opening, number.as_bytes(), MAX_PART_NUMBER);
        }
        #[cfg(debug_assertions)]
        super::probe::step_on(&planted, part);
    };
    let answer = match task {
        Task::ReadMail => fitted(
            (handlers.read)(&bytes, &request, &mut opening),
            limits.max_answer_bytes,
        ),
        Task::ReadFile { filename } => fitted(
            Ok((handlers.read_file)(bytes, &filename, &request, &mut opening)),
            limits.max_answer_bytes,
        ),
        Task::Contents => contents(&bytes, &request, answers, limits, handlers),
    };
    piped?;
    answer
}

/// Sends every part that fits; answers with the numbers of those that do not.
fn contents(
    bytes: &[u8],
    request: &ReadRequest,
    answers: &mut impl Write,
    limits: &WorkerLimits,
    handlers: Handlers,
) -> Result<Vec<u8>, ServeError> {
    let mut left_out: Vec<String> = Vec::new();
    let mut piped = Ok(());
    let mut room = u64::from(limits.max_request_bytes);
    (handlers.contents)(bytes, request, &mut |part, content| {
        // A copy is made only of what may have room.
        let content = content.filter(|content| content.len() as u64 <= room);
        let payload = content.and_then(|content| encode_content(part, content));
        match payload.filter(|payload| payload.len() as u64 <= room) {
            Some(payload) if piped.is_ok() => {
                room = room.saturating_sub(payload.len() as u64);
                piped = write_frame(answers, FrameKind::Content, &payload, u32::MAX);
            }
            Some(_) => {}
            None => left_out.push(part.to_owned()),
        }
    });
    piped?;
    serde_json::to_vec(&left_out).map_err(|_| ServeError::Content)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLERS: Handlers = Handlers {
        start_drafting_threads: || {},
        read: |_, _, opening| {
            opening("1");
            Err(UnreadableReason::Malformed)
        },
        read_file: |_, _, _, _| ReadMessage::default(),
        contents: |bytes, _, give| {
            give("1", Some(bytes));
            give("2", None);
        },
        draft: |_| DraftPlan { groups: Vec::new() },
    };

    fn limits(purpose: Purpose) -> WorkerLimits {
        super::super::WorkerSettings::for_reading(99).limits(purpose)
    }

    /// The answer, and what went before it.
    fn answer(
        kind: FrameKind,
        payload: &[u8],
        purpose: Purpose,
    ) -> (Result<Option<Vec<u8>>, ServeError>, Vec<u8>) {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, kind, payload, 9999).unwrap();
        let mut told = Vec::new();
        let answer = answer_next(&mut pipe.as_slice(), &mut told, &limits(purpose), HANDLERS);
        (answer, told)
    }

    fn job(task: Task) -> Vec<u8> {
        let job = Job {
            task,
            request: ReadRequest::default(),
        };
        [job.encode().unwrap(), b"mail".to_vec()].concat()
    }

    #[test]
    fn a_drafting_worker_takes_no_inbound_mail() {
        let mail = job(Task::ReadMail);
        let (read, told) = answer(FrameKind::Read, &mail, Purpose::Reading);
        assert_eq!(read, Ok(Some(br#"{"Err":"malformed"}"#.to_vec())));
        assert_eq!(
            read_frame(&mut told.as_slice(), 9),
            Ok(Some((FrameKind::Opening, b"1".to_vec())))
        );
        let (refused, _) = answer(FrameKind::Read, &mail, Purpose::Drafting);
        assert_eq!(refused, Err(ServeError::Content));
    }

    #[test]
    fn parts_are_handed_out_or_named_as_left_out() {
        let (left_out, told) = answer(FrameKind::Read, &job(Task::Contents), Purpose::Reading);
        assert_eq!(left_out, Ok(Some(br#"["2"]"#.to_vec())));
        let (kind, payload) = read_frame(&mut told.as_slice(), 99).unwrap().unwrap();
        assert_eq!(kind, FrameKind::Content);
        let (part, bytes) = super::super::job::decode_content(payload).unwrap();
        assert_eq!(
            (part.as_str(), bytes.expose_personal().as_slice()),
            ("1", b"mail".as_slice())
        );
    }

    #[test]
    fn a_request_that_cannot_be_decoded_is_an_error() {
        for (kind, purpose) in [
            (FrameKind::Draft, Purpose::Drafting),
            (FrameKind::Read, Purpose::Reading),
        ] {
            let (refused, _) = answer(kind, b"{", purpose);
            assert_eq!(refused, Err(ServeError::Content));
        }
    }
}

//! One worker child, from the daemon's side.

use super::failure::WorkerFailure;
use super::fence::FenceReport;
use super::frame::{FrameError, FrameKind, HEADER_BYTES, Header, MAX_HELLO};
use super::limits::{Protection, Purpose, WorkerSettings};
use super::told::Told;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// Most time from start to hello.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Most time from the end of a worker's pipe to its exit status.
const EXIT_LIMIT: Duration = Duration::from_secs(5);
/// How much of a worker's standard error is kept to tell how it died, in bytes.
const LAST_WORDS: usize = 512;
/// What the Rust runtime says when memory is refused.
const OUT_OF_MEMORY: &[u8] = b"memory allocation of";

/// A child that has said hello. Dropping it kills it.
pub(super) struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: ChildStdout,
    last_words: JoinHandle<Vec<u8>>,
    /// How well it is fenced, by its own word before it read anything foreign.
    pub(super) fence: FenceReport,
    /// How many requests it has been given.
    pub(super) served: u32,
}

impl Worker {
    /// Starts a child and waits for its hello.
    ///
    /// # Errors
    /// [`WorkerFailure::NotStarted`], [`WorkerFailure::NotFenced`].
    pub(super) async fn start(settings: &WorkerSettings, purpose: Purpose) -> Result<Self, WorkerFailure> {
        let mut child = Command::new(&settings.program)
            .arg("worker")
            .args(settings.limits(purpose).to_arguments())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                tracing::error!(purpose = purpose.as_str(), kind = ?error.kind(), "a worker could not be started");
                WorkerFailure::NotStarted
            })?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(requests), Some(mut answers), Some(errors)) = pipes else {
            return Err(WorkerFailure::NotStarted);
        };
        let hello = tokio::time::timeout(START_LIMIT, read_hello(&mut answers));
        let hello = match hello.await {
            Ok(Ok(hello)) => serde_json::from_slice::<FenceReport>(&hello).ok(),
            Ok(Err(_)) | Err(_) => None,
        };
        let Some(report) = hello else {
            tracing::error!(
                purpose = purpose.as_str(),
                "a worker ended or hung before its hello"
            );
            return Err(WorkerFailure::NotStarted);
        };
        admit(report, purpose, settings.protection)?;
        Ok(Self {
            child,
            requests,
            answers,
            last_words: tokio::spawn(last_words(errors)),
            fence: report,
            served: 0,
        })
    }

    /// Hands over one request (`payload` in pieces) and waits for its answer; `told` takes what comes before
    /// it. After an error the child is of no more use.
    ///
    /// # Errors
    /// Any [`WorkerFailure`] but those of starting.
    pub(super) async fn ask(
        &mut self,
        kind: FrameKind,
        payload: &[&[u8]],
        settings: &WorkerSettings,
        told: &mut Told,
    ) -> Result<Vec<u8>, WorkerFailure> {
        let length = payload.iter().map(|piece| piece.len() as u64).sum();
        let header = Header::for_length(kind, length, settings.max_request_bytes)
            .map_err(|_| WorkerFailure::RequestTooLarge)?;
        self.served = self.served.saturating_add(1);
        let exchange = exchange(
            &mut self.requests,
            &mut self.answers,
            header,
            payload,
            settings,
            told,
        );
        match tokio::time::timeout(settings.time_limit, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Broken::Frame(FrameError::Ended | FrameError::Pipe))) => Err(self.cause_of_death().await),
            Ok(Err(Broken::Frame(FrameError::Kind(_) | FrameError::TooLong { .. }) | Broken::Content)) => {
                self.kill().await;
                Err(WorkerFailure::BadAnswer)
            }
            Ok(Err(Broken::PartTime)) | Err(_) => {
                self.kill().await;
                Err(WorkerFailure::TimedOut)
            }
        }
    }

    /// It has not ended while it was idle.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    async fn kill(&mut self) {
        // It may have ended meanwhile: then there is nothing to kill.
        let _ = self.child.kill().await;
    }

    /// The pipe has ended: why?
    async fn cause_of_death(&mut self) -> WorkerFailure {
        let Ok(Ok(status)) = tokio::time::timeout(EXIT_LIMIT, self.child.wait()).await else {
            self.kill().await;
            return WorkerFailure::Crashed;
        };
        // The pipe of a process that is gone has ended, unless a child of it lives: there is none.
        let words = tokio::time::timeout(EXIT_LIMIT, &mut self.last_words).await;
        let refused_memory = matches!(words, Ok(Ok(words)) if holds(&words, OUT_OF_MEMORY));
        match status.signal() {
            Some(libc::SIGABRT) if refused_memory => WorkerFailure::OutOfMemory,
            // Nobody here killed it: the kernel ran out of memory, or of the control group's share.
            Some(libc::SIGKILL) => WorkerFailure::OutOfMemory,
            Some(libc::SIGXCPU) => WorkerFailure::TimedOut,
            Some(libc::SIGSYS) => WorkerFailure::ForbiddenCall,
            Some(_) | None => WorkerFailure::Crashed,
        }
    }
}

fn admit(report: FenceReport, purpose: Purpose, protection: Protection) -> Result<(), WorkerFailure> {
    let purpose = purpose.as_str();
    let FenceReport {
        landlock_abi,
        seccomp,
        limits,
        privileges,
    } = report;
    match (report.is_full(), protection) {
        (true, Protection::Required | Protection::AllowUnprotected) => {
            tracing::debug!(purpose, landlock_abi, "a worker is ready behind its full fence");
            Ok(())
        }
        (false, Protection::AllowUnprotected) => {
            tracing::warn!(
                purpose,
                landlock_abi,
                ?seccomp,
                ?limits,
                ?privileges,
                "a worker is not fully fenced"
            );
            Ok(())
        }
        (false, Protection::Required) => {
            tracing::error!(
                purpose,
                landlock_abi,
                ?seccomp,
                ?limits,
                ?privileges,
                "a worker is not fully fenced and is not used: run a kernel with landlock and seccomp, \
                 or allow unprotected workers in the configuration"
            );
            Err(WorkerFailure::NotFenced)
        }
    }
}

/// Why an exchange came to no answer.
enum Broken {
    Frame(FrameError),
    /// What the worker tells before its answer makes no sense.
    Content,
    /// One part took longer than it may.
    PartTime,
}

impl From<FrameError> for Broken {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

async fn exchange(
    requests: &mut ChildStdin,
    answers: &mut ChildStdout,
    header: Header,
    payload: &[&[u8]],
    settings: &WorkerSettings,
    told: &mut Told,
) -> Result<Vec<u8>, Broken> {
    let broken = |_| FrameError::Pipe;
    requests.write_all(&header.encode()).await.map_err(broken)?;
    for piece in payload {
        requests.write_all(piece).await.map_err(broken)?;
    }
    requests.flush().await.map_err(broken)?;
    loop {
        let next = read_next(answers, told, settings.max_answer_bytes);
        let frame = match told.part() {
            Some(_) => tokio::time::timeout(settings.part_limit, next)
                .await
                .map_err(|_| Broken::PartTime)?,
            None => next.await,
        };
        let (kind, bytes) = frame?;
        if kind == FrameKind::Answer {
            return Ok(bytes);
        }
        told.take(kind, bytes).ok_or(Broken::Content)?;
    }
}

/// The next frame of a kind that `told` allows.
async fn read_next(
    pipe: &mut (impl AsyncRead + Unpin),
    told: &Told,
    answer: u32,
) -> Result<(FrameKind, Vec<u8>), FrameError> {
    let header = read_header(pipe, u32::MAX).await?;
    let header = header.within(told.bound(header.kind, answer)?)?;
    Ok((header.kind, read_payload(pipe, header).await?))
}

async fn read_hello(pipe: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, FrameError> {
    let header = read_header(pipe, MAX_HELLO).await?;
    read_payload(pipe, header.expect(FrameKind::Hello)?).await
}

async fn read_header(pipe: &mut (impl AsyncRead + Unpin), bound: u32) -> Result<Header, FrameError> {
    let mut bytes = [0; HEADER_BYTES];
    pipe.read_exact(&mut bytes).await.map_err(|_| FrameError::Ended)?;
    Header::decode(bytes, bound)
}

async fn read_payload(pipe: &mut (impl AsyncRead + Unpin), header: Header) -> Result<Vec<u8>, FrameError> {
    let mut payload = Vec::with_capacity(header.first_allocation());
    let mut pipe = pipe.take(header.length.into());
    let read = pipe
        .read_to_end(&mut payload)
        .await
        .map_err(|_| FrameError::Pipe)?;
    if read as u64 == u64::from(header.length) {
        Ok(payload)
    } else {
        Err(FrameError::Ended)
    }
}

/// Empties a worker's standard error and keeps its end. It may quote mail: it is looked at for one
/// phrase of the runtime and dropped.
async fn last_words(mut errors: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut chunk = [0; LAST_WORDS];
    while let Ok(more @ 1..) = errors.read(&mut chunk).await {
        kept.extend_from_slice(chunk.get(..more).unwrap_or_default());
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
    kept
}

fn holds(text: &[u8], phrase: &[u8]) -> bool {
    text.windows(phrase.len()).any(|window| window == phrase)
}

//! One worker child, from the daemon's side.

use super::fence::FenceReport;
use super::frame::{FrameError, FrameKind, HEADER_BYTES, Header, MAX_HELLO};
use super::limits::{Protection, Purpose, WorkerSettings};
use super::pool::WorkerFailure;
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
        let hello = tokio::time::timeout(START_LIMIT, read_frame(&mut answers, FrameKind::Hello, MAX_HELLO));
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

    /// Hands over one request and waits for its answer. After an error the child is of no more use.
    ///
    /// # Errors
    /// Any [`WorkerFailure`] but those of starting.
    pub(super) async fn ask(
        &mut self,
        kind: FrameKind,
        payload: &[u8],
        settings: &WorkerSettings,
    ) -> Result<Vec<u8>, WorkerFailure> {
        let header = Header::for_payload(kind, payload, settings.max_request_bytes)
            .map_err(|_| WorkerFailure::RequestTooLarge)?;
        self.served = self.served.saturating_add(1);
        let exchange = exchange(
            &mut self.requests,
            &mut self.answers,
            header,
            payload,
            settings.max_answer_bytes,
        );
        match tokio::time::timeout(settings.time_limit, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(FrameError::Ended | FrameError::Pipe)) => Err(self.cause_of_death().await),
            Ok(Err(FrameError::Kind(_) | FrameError::TooLong { .. })) => {
                self.kill().await;
                Err(WorkerFailure::BadAnswer)
            }
            Err(_) => {
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

async fn exchange(
    requests: &mut ChildStdin,
    answers: &mut ChildStdout,
    header: Header,
    payload: &[u8],
    bound: u32,
) -> Result<Vec<u8>, FrameError> {
    requests
        .write_all(&header.encode())
        .await
        .map_err(|_| FrameError::Pipe)?;
    requests.write_all(payload).await.map_err(|_| FrameError::Pipe)?;
    requests.flush().await.map_err(|_| FrameError::Pipe)?;
    read_frame(answers, FrameKind::Answer, bound).await
}

async fn read_frame(
    pipe: &mut (impl AsyncRead + Unpin),
    kind: FrameKind,
    bound: u32,
) -> Result<Vec<u8>, FrameError> {
    let mut bytes = [0; HEADER_BYTES];
    pipe.read_exact(&mut bytes).await.map_err(|_| FrameError::Ended)?;
    let header = Header::decode(bytes, bound)?.expect(kind)?;
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

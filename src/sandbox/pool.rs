//! The daemon's side: a bounded number of workers, one request at a time each.
//!
//! A request that fails is tried once more in a fresh worker, because the first one may have carried the
//! harm of an earlier message or fallen with the machine; then it is the message's own fault.

use super::fence::FenceReport;
use super::frame::FrameKind;
use super::limits::{Purpose, WorkerSettings};
use super::worker::Worker;
use crate::domain::{Personal, ReadMessage, UnreadableReason};
use crate::ingest::{ReadFailure, Reader};
use crate::outbound::{DraftFailure, Drafter};
use crate::redact::{DraftPlan, DraftRequest};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Why a request got no answer. Carries nothing of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkerFailure {
    /// The child could not be started or ended before its hello.
    #[error("a worker process could not be started: check that the program file is there and may be run")]
    NotStarted,
    /// The child could not fence itself and the settings demand it.
    #[error(
        "a worker process could not fence itself: run a kernel with landlock and seccomp, or allow \
         unprotected workers in the configuration"
    )]
    NotFenced,
    /// The request is over the bound; no worker was asked.
    #[error("the request is larger than a worker takes")]
    RequestTooLarge,
    /// The child ended.
    #[error("the worker process ended")]
    Crashed,
    /// The child was ended by the kernel for a call that the fence forbids.
    #[error("the worker process tried something forbidden and was ended")]
    ForbiddenCall,
    /// No answer within the time limit.
    #[error("the worker process took too long and was ended")]
    TimedOut,
    /// Memory was refused.
    #[error("the worker process wanted more memory than allowed")]
    OutOfMemory,
    /// The answer is over the bound or is not one.
    #[error("the worker process gave an answer that cannot be taken")]
    BadAnswer,
}

impl WorkerFailure {
    /// A fresh worker may do better.
    fn is_worth_a_second_try(self) -> bool {
        match self {
            Self::NotStarted | Self::NotFenced | Self::RequestTooLarge => false,
            Self::Crashed | Self::ForbiddenCall | Self::TimedOut | Self::OutOfMemory | Self::BadAnswer => {
                true
            }
        }
    }
}

impl From<WorkerFailure> for ReadFailure {
    fn from(failure: WorkerFailure) -> Self {
        match failure {
            WorkerFailure::NotStarted | WorkerFailure::NotFenced => Self::Transient,
            WorkerFailure::RequestTooLarge => Self::Permanent(UnreadableReason::TooLarge),
            WorkerFailure::Crashed | WorkerFailure::ForbiddenCall | WorkerFailure::BadAnswer => {
                Self::Permanent(UnreadableReason::WorkerCrashed)
            }
            WorkerFailure::TimedOut => Self::Permanent(UnreadableReason::WorkerTimeout),
            WorkerFailure::OutOfMemory => Self::Permanent(UnreadableReason::WorkerMemory),
        }
    }
}

/// Workers of one purpose. Waiting requests are served in the order they came.
struct Pool {
    settings: WorkerSettings,
    purpose: Purpose,
    turns: Semaphore,
    idle: Mutex<Vec<Worker>>,
}

impl Pool {
    fn new(settings: WorkerSettings, purpose: Purpose) -> Self {
        Self {
            turns: Semaphore::new(settings.workers.get().min(Semaphore::MAX_PERMITS)),
            idle: Mutex::default(),
            settings,
            purpose,
        }
    }

    async fn check(&self) -> Result<FenceReport, WorkerFailure> {
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|_| WorkerFailure::NotStarted)?;
        let worker = self.worker().await?;
        let fence = worker.fence;
        self.keep(worker);
        Ok(fence)
    }

    fn keep(&self, worker: Worker) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(worker);
    }

    /// Asks a worker, and a fresh one once more where that may help.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        kind: FrameKind,
        payload: &[u8],
    ) -> Result<T, WorkerFailure> {
        // The semaphore is never closed.
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|_| WorkerFailure::NotStarted)?;
        let worker = self.worker().await?;
        match self.ask_worker(worker, kind, payload).await {
            Err(failure) if failure.is_worth_a_second_try() => {
                let fresh = Worker::start(&self.settings, self.purpose).await?;
                self.ask_worker(fresh, kind, payload).await
            }
            outcome => outcome,
        }
    }

    async fn worker(&self) -> Result<Worker, WorkerFailure> {
        match self.idle_worker() {
            Some(worker) => Ok(worker),
            None => Worker::start(&self.settings, self.purpose).await,
        }
    }

    /// A worker that waits; those that ended meanwhile are dropped.
    fn idle_worker(&self) -> Option<Worker> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut worker) = idle.pop() {
            if worker.is_alive() {
                return Some(worker);
            }
        }
        None
    }

    async fn ask_worker<T: serde::de::DeserializeOwned>(
        &self,
        mut worker: Worker,
        kind: FrameKind,
        payload: &[u8],
    ) -> Result<T, WorkerFailure> {
        let answer = worker.ask(kind, payload, &self.settings).await;
        let answer =
            answer.and_then(|answer| serde_json::from_slice(&answer).map_err(|_| WorkerFailure::BadAnswer));
        match &answer {
            Ok(_) if worker.served < self.settings.requests_per_worker.get() => {
                self.keep(worker);
            }
            Ok(_) => {}
            Err(failure) => tracing::warn!(
                purpose = self.purpose.as_str(),
                request_bytes = payload.len(),
                ?failure,
                "a worker failed and is replaced"
            ),
        }
        answer
    }
}

/// Takes inbound mail apart. Cheap workers without any secret.
pub struct ReadingPool(Pool);

impl ReadingPool {
    /// Makes a pool; its workers are started as they are needed.
    pub fn new(settings: WorkerSettings) -> Self {
        Self(Pool::new(settings, Purpose::Reading))
    }

    /// Starts a worker and tells how well this machine fences it: to be asked before any mail is taken.
    ///
    /// # Errors
    /// [`WorkerFailure::NotStarted`], [`WorkerFailure::NotFenced`].
    pub async fn check(&self) -> Result<FenceReport, WorkerFailure> {
        self.0.check().await
    }

    /// Lets a worker try something forbidden. Debug builds only.
    ///
    /// # Errors
    /// How the worker was stopped.
    #[cfg(debug_assertions)]
    pub async fn probe(&self, probe: &super::Probe) -> Result<super::ProbeAnswer, WorkerFailure> {
        let payload = serde_json::to_vec(probe).map_err(|_| WorkerFailure::RequestTooLarge)?;
        self.0.ask(FrameKind::Probe, &payload).await
    }
}

impl Reader for ReadingPool {
    async fn read(&self, raw: &Personal<Vec<u8>>) -> Result<ReadMessage, ReadFailure> {
        let answer: Result<ReadMessage, UnreadableReason> =
            self.0.ask(FrameKind::Read, raw.expose_personal()).await?;
        answer.map_err(ReadFailure::Permanent)
    }
}

/// Redacts outbound mail. Its workers have the people of the cases in memory.
pub struct DraftingPool(Pool);

impl DraftingPool {
    /// Makes a pool; its workers are started as they are needed.
    pub fn new(settings: WorkerSettings) -> Self {
        Self(Pool::new(settings, Purpose::Drafting))
    }

    /// Starts a worker and tells how well this machine fences it: to be asked before any mail is taken.
    ///
    /// # Errors
    /// [`WorkerFailure::NotStarted`], [`WorkerFailure::NotFenced`].
    pub async fn check(&self) -> Result<FenceReport, WorkerFailure> {
        self.0.check().await
    }
}

impl Drafter for DraftingPool {
    async fn draft(&self, request: &DraftRequest) -> Result<DraftPlan, DraftFailure> {
        let payload = serde_json::to_vec(request).map_err(|_| DraftFailure)?;
        let plan = self.0.ask(FrameKind::Draft, &payload).await;
        plan.ok()
            .filter(|plan| covers(plan, &request.recipients))
            .ok_or(DraftFailure)
    }
}

/// Every recipient is in exactly one group: a worker that was taken over may leave out or add some.
fn covers(plan: &DraftPlan, recipients: &[String]) -> bool {
    let mut planned: Vec<&String> = plan.groups.iter().flat_map(|group| &group.recipients).collect();
    let mut wanted: Vec<&String> = recipients.iter().collect();
    planned.sort();
    wanted.sort();
    // A recipient that is named twice gets one copy.
    wanted.dedup();
    planned == wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DeliveryAction, MailRoute};
    use crate::redact::DraftGroup;

    fn plan(groups: &[&[&str]]) -> DraftPlan {
        let group = |recipients: &&[&str]| DraftGroup {
            recipients: recipients.iter().map(|text| (*text).to_owned()).collect(),
            route: MailRoute::Ordinary,
            action: DeliveryAction::Hold,
            reasons: Vec::new(),
            changes: Vec::new(),
            message: None,
            originals: Vec::new(),
        };
        DraftPlan {
            groups: groups.iter().map(group).collect(),
        }
    }

    #[test]
    fn a_plan_that_leaves_out_or_adds_a_recipient_is_none() {
        let wanted = ["a@example.org".to_owned(), "b@example.org".to_owned()];
        assert!(covers(&plan(&[&["b@example.org"], &["a@example.org"]]), &wanted));
        assert!(!covers(&plan(&[&["a@example.org"]]), &wanted));
        assert!(!covers(
            &plan(&[&["a@example.org", "b@example.org"], &["b@example.org"]]),
            &wanted
        ));
        assert!(!covers(&plan(&[&["a@example.org", "c@example.org"]]), &wanted));
    }
}

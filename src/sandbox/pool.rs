//! The daemon's side: a bounded number of workers, one request at a time each.
//!
//! A request that fails is tried once more in a fresh worker, because the first one may have carried the
//! harm of an earlier message or fallen with the machine. Where it fails again at a part of a message, that
//! part is left out ([`Trial`]); else it is the message's own fault.

use super::failure::WorkerFailure;
use super::fence::FenceReport;
use super::frame::FrameKind;
use super::job::{Job, Task};
use super::limits::{Purpose, WorkerSettings};
use super::ocr::{OcrSettings, look_at_pictures};
use super::told::Told;
use super::trial::{Next, Trial};
use super::worker::Worker;
use crate::domain::{Personal, ReadLimits, ReadMessage, ReadRequest, SkippedPart, UnreadableReason};
use crate::ingest::{PartContent, ReadFailure, Reader, SelectiveReader};
use crate::outbound::{DraftFailure, Drafter};
use crate::redact::{DraftPlan, DraftRequest};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

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
        let _turn = self.turn().await?;
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

    async fn turn(&self) -> Result<SemaphorePermit<'_>, WorkerFailure> {
        // The semaphore is never closed.
        self.turns.acquire().await.map_err(|_| WorkerFailure::NotStarted)
    }

    /// Asks a worker, and a fresh one once more where that may help.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        kind: FrameKind,
        payload: &[u8],
    ) -> Result<T, WorkerFailure> {
        let _turn = self.turn().await?;
        let worker = self.worker().await?;
        let told = &mut Told::nothing();
        match self.ask_worker(worker, kind, &[payload], told).await {
            Err(failure) if failure.is_worth_a_second_try() => {
                let fresh = Worker::start(&self.settings, self.purpose).await?;
                self.ask_worker(fresh, kind, &[payload], told).await
            }
            outcome => outcome,
        }
    }

    /// Has foreign bytes read; parts that workers fail at are left out.
    async fn read(
        &self,
        task: Task,
        request: ReadRequest,
        bytes: &[u8],
    ) -> Result<Result<ReadMessage, UnreadableReason>, WorkerFailure> {
        let _turn = self.turn().await?;
        let mut worker = self.worker().await?;
        let mut trial = Trial::new(request);
        loop {
            let job = Job {
                task: task.clone(),
                request: trial.request.clone(),
            };
            let job = job.encode().ok_or(WorkerFailure::RequestTooLarge)?;
            let mut told = Told::openings();
            let failure = match self
                .ask_worker(worker, FrameKind::Read, &[&job, bytes], &mut told)
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match trial.failed(failure, told.part()) {
                Next::GiveUp => return Err(failure),
                Next::Ask => worker = Worker::start(&self.settings, self.purpose).await?,
            }
        }
    }

    /// Has a mail's parts handed out as they are.
    async fn contents(&self, request: ReadRequest, raw: &[u8]) -> Result<Vec<PartContent>, WorkerFailure> {
        let job = Job {
            task: Task::Contents,
            request,
        };
        let job = job.encode().ok_or(WorkerFailure::RequestTooLarge)?;
        let _turn = self.turn().await?;
        let worker = self.worker().await?;
        let mut told = Told::contents(self.settings.max_request_bytes);
        let payload = [job.as_slice(), raw];
        let left_out = match self
            .ask_worker(worker, FrameKind::Read, &payload, &mut told)
            .await
        {
            Err(failure) if failure.is_worth_a_second_try() => {
                told = Told::contents(self.settings.max_request_bytes);
                let fresh = Worker::start(&self.settings, self.purpose).await?;
                self.ask_worker(fresh, FrameKind::Read, &payload, &mut told).await
            }
            outcome => outcome,
        };
        let left_out: Vec<String> = left_out?;
        let whole = told.into_contents().into_iter();
        let whole = whole.map(|(part, bytes)| PartContent {
            part,
            bytes: Some(bytes),
        });
        let left_out = left_out.into_iter().map(|part| PartContent { part, bytes: None });
        Ok(whole.chain(left_out).collect())
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
        payload: &[&[u8]],
        told: &mut Told,
    ) -> Result<T, WorkerFailure> {
        let answer = worker.ask(kind, payload, &self.settings, told).await;
        let answer =
            answer.and_then(|answer| serde_json::from_slice(&answer).map_err(|_| WorkerFailure::BadAnswer));
        match &answer {
            Ok(_) if worker.served < self.settings.requests_per_worker.get() => {
                self.keep(worker);
            }
            Ok(_) => {}
            Err(failure) => tracing::warn!(
                purpose = self.purpose.as_str(),
                request_bytes = payload.iter().map(|piece| piece.len()).sum::<usize>(),
                part = told.part(),
                ?failure,
                "a worker failed and is replaced"
            ),
        }
        answer
    }
}

/// Takes inbound mail apart. Cheap workers without any secret.
pub struct ReadingPool {
    pool: Pool,
    limits: ReadLimits,
    ocr: Option<OcrSettings>,
}

impl ReadingPool {
    /// Makes a pool that reads within these bounds; its workers are started as they are needed.
    pub fn new(settings: WorkerSettings, limits: ReadLimits) -> Self {
        Self {
            pool: Pool::new(settings, Purpose::Reading),
            limits,
            ocr: None,
        }
    }

    /// Has text recognised in pictures and scanned documents.
    #[must_use]
    pub fn with_ocr(mut self, settings: OcrSettings) -> Self {
        self.ocr = Some(settings);
        self
    }

    /// Starts a worker and tells how well this machine fences it: to be asked before any mail is taken.
    ///
    /// # Errors
    /// [`WorkerFailure::NotStarted`], [`WorkerFailure::NotFenced`].
    pub async fn check(&self) -> Result<FenceReport, WorkerFailure> {
        self.pool.check().await
    }

    /// Lets a worker try something forbidden. Debug builds only.
    ///
    /// # Errors
    /// How the worker was stopped.
    #[cfg(debug_assertions)]
    pub async fn probe(&self, probe: &super::Probe) -> Result<super::ProbeAnswer, WorkerFailure> {
        let payload = serde_json::to_vec(probe).map_err(|_| WorkerFailure::RequestTooLarge)?;
        self.pool.ask(FrameKind::Probe, &payload).await
    }

    /// Reads a single file (a document, an archive, a mail) as if it were the only attachment of an empty mail:
    /// it is part `1`. Of its name the ending matters.
    ///
    /// # Errors
    /// Like [`Reader::read`].
    pub async fn read_file(
        &self,
        content: &Personal<Vec<u8>>,
        filename: &str,
    ) -> Result<ReadMessage, ReadFailure> {
        let filename = filename.to_owned();
        self.read(Task::ReadFile { filename }, self.request(), content)
            .await
    }

    fn request(&self) -> ReadRequest {
        ReadRequest {
            limits: self.limits,
            pictures: self.ocr.is_some(),
            ..ReadRequest::default()
        }
    }

    async fn read(
        &self,
        task: Task,
        request: ReadRequest,
        bytes: &Personal<Vec<u8>>,
    ) -> Result<ReadMessage, ReadFailure> {
        let answer = self.pool.read(task, request, bytes.expose_personal()).await?;
        let mut message = answer.map_err(ReadFailure::Permanent)?;
        match &self.ocr {
            Some(settings) => look_at_pictures(settings, &mut message).await,
            None => message.pictures.clear(),
        }
        Ok(message)
    }
}

impl Reader for ReadingPool {
    async fn read(&self, raw: &Personal<Vec<u8>>) -> Result<ReadMessage, ReadFailure> {
        self.read(Task::ReadMail, self.request(), raw).await
    }
}

impl SelectiveReader for ReadingPool {
    async fn read_without(
        &self,
        raw: &Personal<Vec<u8>>,
        skip: Vec<SkippedPart>,
        skip_from: Option<SkippedPart>,
    ) -> Result<ReadMessage, ReadFailure> {
        let request = ReadRequest {
            skip,
            skip_from,
            ..self.request()
        };
        self.read(Task::ReadMail, request, raw).await
    }

    async fn contents(&self, raw: &Personal<Vec<u8>>) -> Result<Vec<PartContent>, ReadFailure> {
        Ok(self.pool.contents(self.request(), raw.expose_personal()).await?)
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
            if_released: None,
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

//! Why a worker gave no answer, and whose fault that is.

use crate::domain::UnreadableReason;
use crate::ingest::ReadFailure;

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
    pub(super) fn is_worth_a_second_try(self) -> bool {
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

//! What is asked after a reading worker failed: the same again, or the message without the part it was at.

use super::failure::WorkerFailure;
use crate::domain::{ReadRequest, ReadStatus, SkippedPart};

/// After so many parts that ended their worker, the rest of the message is listed without being opened.
pub(super) const MAX_CULPRITS: usize = 5;

const REST: &str = "not opened, because reading several files before it failed; open it by hand";

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask a fresh worker.
    Ask,
    /// The message itself is at fault.
    GiveUp,
}

/// The attempts at one message.
pub(super) struct Trial {
    /// What to ask for.
    pub(super) request: ReadRequest,
    /// The one repetition was used up.
    repeated: bool,
    culprits: usize,
}

impl Trial {
    pub(super) fn new(request: ReadRequest) -> Self {
        Self {
            request,
            repeated: false,
            culprits: 0,
        }
    }

    /// Takes note of a failure. `at` is the part that was told last.
    ///
    /// The first failure of a message may be the machine's, or the harm of an earlier message: the same is
    /// asked once more. From then on the part is at fault. A worker that was taken over may tell a part that
    /// comes later than the one that did it; then the culprits run out, and it is given up.
    pub(super) fn failed(&mut self, failure: WorkerFailure, at: Option<&str>) -> Next {
        if !failure.is_worth_a_second_try() {
            return Next::GiveUp;
        }
        if !self.repeated {
            self.repeated = true;
            return Next::Ask;
        }
        let Some(part) = at.filter(|part| self.request.skipped(part).is_none()) else {
            return Next::GiveUp;
        };
        self.culprits += 1;
        let (read, reason) = verdict(failure);
        self.request.skip.push(SkippedPart {
            part: part.to_owned(),
            read,
            reason: reason.to_owned(),
        });
        if self.culprits == MAX_CULPRITS {
            self.request.skip_from = Some(SkippedPart {
                part: part.to_owned(),
                read: ReadStatus::Unreadable,
                reason: REST.to_owned(),
            });
        }
        Next::Ask
    }
}

/// What the row of a part says that ended its worker.
fn verdict(failure: WorkerFailure) -> (ReadStatus, &'static str) {
    match failure {
        WorkerFailure::TimedOut => (
            ReadStatus::Unreadable,
            "reading it took too long; open it by hand",
        ),
        WorkerFailure::OutOfMemory => (
            ReadStatus::TooLarge,
            "reading it needs more memory than allowed; open it by hand",
        ),
        WorkerFailure::NotStarted
        | WorkerFailure::NotFenced
        | WorkerFailure::RequestTooLarge
        | WorkerFailure::Crashed
        | WorkerFailure::ForbiddenCall
        | WorkerFailure::BadAnswer => (
            ReadStatus::Unreadable,
            "the reader stopped on it (damaged or hostile file)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> Trial {
        let mut trial = Trial::new(ReadRequest::default());
        assert_eq!(trial.failed(WorkerFailure::Crashed, Some("9")), Next::Ask);
        assert_eq!(
            trial.request,
            ReadRequest::default(),
            "the first is asked once more"
        );
        trial
    }

    #[test]
    fn from_the_second_failure_on_the_part_is_left_out() {
        let mut trial = trial();
        assert_eq!(trial.failed(WorkerFailure::OutOfMemory, Some("2")), Next::Ask);
        assert_eq!(trial.failed(WorkerFailure::TimedOut, Some("3")), Next::Ask);
        let marks: Vec<_> = trial
            .request
            .skip
            .iter()
            .map(|s| (s.part.as_str(), s.read))
            .collect();
        assert_eq!(
            marks,
            [("2", ReadStatus::TooLarge), ("3", ReadStatus::Unreadable)]
        );
    }

    #[test]
    fn a_failure_with_no_part_told_is_the_messages_own() {
        assert_eq!(trial().failed(WorkerFailure::Crashed, None), Next::GiveUp);
    }

    #[test]
    fn a_worker_that_fails_at_a_part_it_was_to_leave_alone_is_not_believed() {
        let mut trial = trial();
        assert_eq!(trial.failed(WorkerFailure::Crashed, Some("2")), Next::Ask);
        assert_eq!(trial.failed(WorkerFailure::Crashed, Some("2")), Next::GiveUp);
    }

    #[test]
    fn after_so_many_culprits_the_rest_is_left_out_and_then_it_is_given_up() {
        let mut trial = trial();
        for part in 1..=MAX_CULPRITS {
            let part = part.to_string();
            assert_eq!(trial.failed(WorkerFailure::Crashed, Some(&part)), Next::Ask);
        }
        assert_eq!(trial.request.skipped("6").map(|s| s.reason.as_str()), Some(REST));
        assert_eq!(trial.failed(WorkerFailure::Crashed, Some("7")), Next::GiveUp);
    }

    #[test]
    fn what_no_worker_can_help_is_not_tried_again() {
        let mut trial = Trial::new(ReadRequest::default());
        assert_eq!(trial.failed(WorkerFailure::RequestTooLarge, None), Next::GiveUp);
    }
}

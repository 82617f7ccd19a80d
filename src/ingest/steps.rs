//! The steps of the flow in, as hooks: crash tests stop the process at each of them.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A point of the flow in at which the process may die without losing or doubling anything.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Step {
            $($(#[$doc])* $name,)*
        }

        impl Step {
            /// Every step, in the order of the flow.
            pub const ALL: &'static [Step] = &[$(Step::$name,)*];

            /// The word that names it.
            pub fn as_str(self) -> &'static str {
                match self { $(Step::$name => $word,)* }
            }
        }

        impl FromStr for Step {
            type Err = UnknownStep;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word { $($word => Ok(Step::$name),)* _unknown_word => Err(UnknownStep) }
            }
        }
    };
}

steps! {
    /// Signed in.
    Connected = "connected",
    /// The inbox is selected, its UIDVALIDITY adopted.
    Selected = "selected",
    /// The UIDs have ledger rows.
    Seen = "seen",
    /// A batch's bytes are here.
    Fetched = "fetched",
    /// About to commit a batch.
    BeforeCommit = "before-commit",
    /// A batch is committed.
    Committed = "committed",
    /// Its move receipts are written.
    ReceiptsWritten = "receipts-written",
    /// UID MOVE is on its way; the answer is not here.
    MoveSent = "move-sent",
    /// UID MOVE was answered; nothing is recorded of it.
    Moved = "moved",
    /// One of the batch's moves is recorded, the others are not.
    MoveFinished = "move-finished",
    /// The worker answered.
    Read = "read",
    /// The draft is understood, not saved.
    Understood = "understood",
    /// The draft is saved.
    Saved = "saved",
    /// A server copy is deleted; nothing is recorded of it.
    CopyDeleted = "copy-deleted",
}

/// No step has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such step")]
pub struct UnknownStep;

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Told at each step. In production it does nothing ([`NoProbe`]).
pub trait StepProbe: Send + Sync {
    /// The service is at this step.
    fn at(&self, step: Step);
}

/// Does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProbe;

impl StepProbe for NoProbe {
    fn at(&self, _step: Step) {}
}

/// When to stop: `step` or `step:n` for its n-th time (from 1).
#[derive(Debug)]
pub struct StopAt {
    step: Step,
    left: AtomicU32,
}

impl StopAt {
    /// Whether this is the moment. Counts.
    pub fn is_now(&self, step: Step) -> bool {
        step == self.step && self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

impl FromStr for StopAt {
    type Err = UnknownStep;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, count) = text.split_once(':').unwrap_or((text, "1"));
        let count: u32 = count.parse().map_err(|_| UnknownStep)?;
        if count == 0 {
            return Err(UnknownStep);
        }
        Ok(Self {
            step: word.parse()?,
            left: AtomicU32::new(count),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_found_by_its_word() {
        for step in Step::ALL {
            assert_eq!(step.as_str().parse(), Ok(*step));
        }
        assert_eq!("nowhere".parse::<Step>(), Err(UnknownStep));
    }

    #[test]
    fn stop_at_counts_its_own_step_only() {
        let stop: StopAt = "committed:2".parse().unwrap();
        let hits: Vec<bool> = [Step::Committed, Step::Seen, Step::Committed, Step::Committed]
            .map(|step| stop.is_now(step))
            .into();
        assert_eq!(hits, [false, false, true, false]);
        assert!("committed:0".parse::<StopAt>().is_err());
        assert!("committed:x".parse::<StopAt>().is_err());
    }
}

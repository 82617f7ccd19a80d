//! Threads that share the work of running the network over one message's stretches.
//!
//! They are started once and wait: a fenced worker can start none once its fence is up, so it starts them before
//! ([`Crew::start`]). Where the system gives none, the asking thread does all the work.

use super::{NameModel, ScoredPiece};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Most threads that one message is shared between, the asking one included.
const MAX_THREADS: usize = 4;

/// The threads beside the asking one.
pub(super) struct Crew(Vec<Sender<Share>>);

/// What there is to do; whoever is free takes the next stretch.
#[derive(Clone)]
struct Share {
    model: &'static NameModel,
    stretches: Arc<[String]>,
    next: Arc<AtomicUsize>,
    answers: Sender<(usize, Option<Vec<ScoredPiece>>)>,
}

impl Share {
    fn work(&self) {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(stretch) = self.stretches.get(at) else {
                return;
            };
            if self.answers.send((at, self.model.score(stretch))).is_err() {
                return;
            }
        }
    }
}

impl Crew {
    /// The crew of this process, started at the first call.
    pub(super) fn start() -> &'static Self {
        static CREW: OnceLock<Crew> = OnceLock::new();
        CREW.get_or_init(|| {
            let cores = thread::available_parallelism().map_or(1, NonZero::get);
            Self((1..cores.min(MAX_THREADS)).filter_map(|_| member()).collect())
        })
    }

    /// Scores each stretch, in their order. `None` where the network fails on one.
    pub(super) fn score(
        &self,
        model: &'static NameModel,
        stretches: &[&str],
    ) -> Option<Vec<Vec<ScoredPiece>>> {
        let (answers, answered) = channel();
        let share = Share {
            model,
            stretches: stretches.iter().map(|stretch| (*stretch).to_owned()).collect(),
            next: Arc::new(AtomicUsize::new(0)),
            answers,
        };
        let helpers = stretches.len().saturating_sub(1);
        for member in self.0.iter().take(helpers) {
            // A thread that is gone leaves its part to the others.
            let _gone = member.send(share.clone());
        }
        share.work();
        // With it the last sender of this thread goes: a member that dies cannot be waited for.
        drop(share);
        let mut scored: Vec<Option<Vec<ScoredPiece>>> = vec![None; stretches.len()];
        for (at, pieces) in answered {
            *scored.get_mut(at)? = pieces;
        }
        scored.into_iter().collect()
    }
}

/// A thread that waits for work, once it runs: what a thread calls to begin with, a fence may forbid.
fn member() -> Option<Sender<Share>> {
    let (sender, shares): (_, Receiver<Share>) = channel();
    let (running, runs) = channel();
    let started = thread::Builder::new()
        .name("name model".to_owned())
        .spawn(move || {
            if running.send(()).is_ok() {
                shares.into_iter().for_each(|share| share.work());
            }
        });
    started.ok()?;
    runs.recv().ok().map(|()| sender)
}

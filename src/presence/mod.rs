//! One daemon among several on a database: signed on, renewing, and doing a duty only while it has the lease.
//!
//! Invariants:
//!
//! - Work under a lease is dropped, wherever it waits, as soon as the lease is another daemon's, or this daemon may not
//!   count for much longer. That is judged by its own running time since *before* the last renewal was asked for, less a
//!   margin for a machine that is late; the database counts from when it was asked, and frees a lease later.
//! - What a daemon does that stood still and did not notice is refused by the store ([`Store::under_lease`]).
//!
//! It renews at a third of the term, so that one renewal may fail. The rules of taking over are in [`crate::store`].

use crate::domain::Timestamp;
use crate::store::{LeaseAnswer, LeaseName, Standing, Store, StoreError};
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// The part of a term at its end in which this daemon does not count on it.
const MARGIN: u32 = 6;
/// Longest time between two looks at a lease that another daemon has.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Pause after the database did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// For the last word of a daemon that stops; what is not said runs out by itself.
const GOODBYE: Duration = Duration::from_secs(5);

/// One run of a daemon.
pub struct Presence {
    store: Store,
    term: Duration,
    /// Until when this daemon surely counts.
    counts_until: watch::Sender<Instant>,
}

/// Why renewing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// A later run with our instance name has signed on: this one must stop.
    Superseded,
}

impl Presence {
    /// One run of the daemon with this name, which survives restarts. It counts once it has signed on, for `term` at a time.
    pub fn new(store: &Store, instance: &str, term: Duration) -> Result<Self, StoreError> {
        let store = store.for_daemon(instance, term)?;
        // Not before it has signed on.
        let (counts_until, _) = watch::channel(Instant::now());
        Ok(Self {
            store,
            term,
            counts_until,
        })
    }

    /// Signs on: an earlier run with this name is out.
    pub async fn sign_on(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        let earlier = self.store.sign_on().await?;
        self.renewed(asked);
        if let Some(earlier) = earlier.filter(|earlier| !earlier.left.is_zero()) {
            tracing::info!(
                since = %earlier.since,
                "took over at once what an earlier run with this instance name had; if that still runs, it will stop"
            );
        }
        Ok(())
    }

    /// The store, for this run's claims.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Renews until `stop`, or until a later run has taken this one's place.
    pub async fn keep(&self, stop: &CancellationToken) -> Ended {
        let mut wait = self.term / 3;
        loop {
            tokio::select! {
                () = sleep(wait) => {}
                () = stop.cancelled() => return Ended::Stopped,
            }
            let asked = Instant::now();
            wait = match timeout(self.term / 3, self.store.renew()).await {
                Ok(Ok(Standing::Current)) => {
                    self.renewed(asked);
                    self.term / 3
                }
                Ok(Ok(Standing::Superseded)) => {
                    self.counts_until.send_replace(asked);
                    return Ended::Superseded;
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "signing on for another term failed; trying again");
                    AFTER_FAILURE.min(self.term / 3)
                }
                Err(_) => {
                    tracing::warn!("the database did not answer in time; trying again");
                    AFTER_FAILURE.min(self.term / 3)
                }
            };
        }
    }

    /// Frees everything this run had. To be called once nothing of it runs any more.
    pub async fn sign_off(&self) {
        match timeout(GOODBYE, self.store.sign_off()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "signing off failed; what this daemon had is free after its term")
            }
            Err(_) => {
                tracing::warn!("signing off took too long; what this daemon had is free after its term")
            }
        }
    }

    /// Whether this daemon surely counts at this moment. To be asked before each step that changes a mailbox.
    pub fn is_current(&self) -> bool {
        Instant::now() < *self.counts_until.borrow()
    }

    /// Does `work` whenever the lease is ours, until `stop`; then the lease is given up. `work` must end on `stop` by
    /// itself, and may be dropped at any time.
    pub async fn hold<W: Future<Output = ()>>(
        &self,
        lease: &LeaseName,
        stop: &CancellationToken,
        work: impl Fn() -> W,
    ) {
        let mut told = None;
        while !stop.is_cancelled() {
            let asked = Instant::now();
            let answer = tokio::select! {
                answer = self.store.take_lease(lease) => answer,
                () = stop.cancelled() => break,
            };
            let wait = match answer {
                Ok(LeaseAnswer::Ours) => {
                    self.renewed(asked);
                    told = None;
                    self.work_under(lease, &work).await;
                    continue;
                }
                Ok(LeaseAnswer::Held {
                    instance,
                    since,
                    left,
                }) => {
                    tell_once(lease, &mut told, (instance, since));
                    // As soon as it counts no more, and before long in case it is given up.
                    let soon = self.term / 3;
                    (left + Duration::from_millis(1)).min(soon).min(LONGEST_WAIT)
                }
                // `keep` is told too, and the daemon stops.
                Ok(LeaseAnswer::Superseded) => LONGEST_WAIT,
                Err(error) => {
                    tracing::warn!(mailbox = %lease.mailbox, duty = %lease.duty, %error, "the lease of the mailbox cannot be asked for; trying again");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
        // What is not given up is free after the term.
        let _given_up = timeout(GOODBYE, self.store.give_up_lease(lease)).await;
    }

    async fn work_under<W: Future<Output = ()>>(&self, lease: &LeaseName, work: &impl Fn() -> W) {
        tracing::info!(mailbox = %lease.mailbox, duty = %lease.duty, "this daemon works on the mailbox");
        tokio::select! {
            biased;
            () = self.lost(lease) => {
                tracing::warn!(mailbox = %lease.mailbox, duty = %lease.duty, "the lease of the mailbox was lost; nothing is done there without it");
            }
            () = work() => {}
        }
    }

    /// Ends when the lease is not surely ours any more.
    async fn lost(&self, lease: &LeaseName) {
        let mut counting = self.counts_until.subscribe();
        loop {
            let until = *counting.borrow_and_update();
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                changed = counting.changed() => if changed.is_err() { return },
            }
            // Renewed, perhaps after a pause in which another daemon took the lease.
            let until = *counting.borrow();
            match timeout_at(until, self.store.holds_lease(lease)).await {
                Ok(Ok(true) | Err(_)) => {}
                Ok(Ok(false)) | Err(_) => return,
            }
        }
    }

    fn renewed(&self, asked: Instant) {
        let until = asked + self.term - self.term / MARGIN;
        self.counts_until.send_if_modified(|counted| {
            let later = until > *counted;
            *counted = until.max(*counted);
            later
        });
    }
}

/// Says who works on the mailbox, once for each holder.
fn tell_once(lease: &LeaseName, told: &mut Option<(String, Timestamp)>, holder: (String, Timestamp)) {
    if told.as_ref() != Some(&holder) {
        let (instance, since) = &holder;
        tracing::info!(mailbox = %lease.mailbox, duty = %lease.duty, %instance, %since, "another daemon works on the mailbox; this one stands by");
        *told = Some(holder);
    }
}

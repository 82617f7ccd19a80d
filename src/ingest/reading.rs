//! Held messages to drafts: worker, forms, store. Several at a time; a failure of ours waits and burns
//! nothing, a failure of the message makes it a review item.
//!
//! Of several daemons each reads what it has claimed, and saves it only while the claim is its own.

use super::backoff::Backoff;
use super::report::delivery_report;
use super::service::Ingest;
use super::{Connector, ReadFailure, Reader, Step, Understanding};
use crate::domain::{MessageId, ParsedMessage, ReadMessage, Source, Timestamp, UnreadableReason};
use crate::forms::{FormsContext, understand};
use crate::store::{Claim, StoreError};
use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Messages claimed at once and not read yet, at the most: a claim costs a transaction.
const CLAIMED_AHEAD: usize = 8;

/// What became of one message.
enum Reading {
    Done,
    /// Ours: again later.
    Later,
}

/// Messages that wait after a failure of ours.
struct Waiting {
    until: Instant,
    backoff: Backoff,
}

/// What goes on beside each other: reading, and asking for more to read.
enum Event {
    /// None where the store could not say.
    Claimed(Option<VecDeque<MessageId>>),
    Read(MessageId, Reading),
}

/// Reads held messages until `stop`.
pub(super) async fn read_held<C: Connector, R: Reader>(service: &Ingest<C, R>, stop: &CancellationToken) {
    // Claiming stands among the readings: whoever waits for the store while the others stand still waits for them.
    let mut running = FuturesUnordered::new();
    let mut busy: HashSet<MessageId> = HashSet::new();
    let mut waiting: HashMap<MessageId, Waiting> = HashMap::new();
    let mut ready: VecDeque<MessageId> = VecDeque::new();
    let readers = service.settings.readers.max(1);
    let (mut is_claiming, mut may_be_more) = (false, true);
    while !stop.is_cancelled() {
        while busy.len() < readers
            && let Some(id) = ready.pop_front()
        {
            busy.insert(id);
            running.push(async move { Event::Read(id, read_one(service, id).await) }.boxed());
        }
        let has_room = busy.len() < readers;
        if has_room && may_be_more && !is_claiming {
            (is_claiming, may_be_more) = (true, false);
            let not_now = not_now(&busy, &waiting);
            running.push(async move { Event::Claimed(claimed(service, not_now).await) }.boxed());
        }
        let wake = next_wake(&waiting, service.settings.poll_interval);
        tokio::select! {
            Some(event) = running.next() => match event {
                Event::Claimed(ids) => {
                    is_claiming = false;
                    may_be_more |= ids.as_ref().is_none_or(|ids| !ids.is_empty());
                    ready = ids.unwrap_or_default();
                }
                Event::Read(id, reading) => {
                    busy.remove(&id);
                    may_be_more = true;
                    match reading {
                        Reading::Done => { waiting.remove(&id); }
                        Reading::Later => wait_longer(service, waiting.entry(id)),
                    }
                }
            },
            () = service.committed.notified(), if has_room => may_be_more = true,
            () = tokio::time::sleep_until(wake), if has_room => may_be_more = true,
            () = stop.cancelled() => {}
        }
    }
}

fn wait_longer<C: Connector, R: Reader>(service: &Ingest<C, R>, entry: Entry<'_, MessageId, Waiting>) {
    let one = entry.or_insert_with(|| Waiting {
        until: Instant::now(),
        backoff: Backoff::new(service.settings.backoff),
    });
    one.until = Instant::now() + one.backoff.next(service.jitter.draw());
}

/// When a message that waits is to be tried, or by when to look for others.
fn next_wake(waiting: &HashMap<MessageId, Waiting>, interval: Duration) -> Instant {
    let now = Instant::now();
    let tries = waiting.values().map(|one| one.until).filter(|until| *until > now);
    tries.chain([now + interval]).min().unwrap_or(now)
}

/// Messages that are being read or wait.
fn not_now(busy: &HashSet<MessageId>, waiting: &HashMap<MessageId, Waiting>) -> HashSet<MessageId> {
    let now = Instant::now();
    let waiting = waiting
        .iter()
        .filter(|(_, one)| one.until > now)
        .map(|(id, _)| *id);
    busy.iter().copied().chain(waiting).collect()
}

/// The oldest messages that are ours, without these.
async fn claimed<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    not_now: HashSet<MessageId>,
) -> Option<VecDeque<MessageId>> {
    let at_most = u32::try_from(CLAIMED_AHEAD + not_now.len()).unwrap_or(u32::MAX);
    match service.store.claim_held(at_most).await {
        Ok(claimed) => Some(
            claimed
                .into_iter()
                .filter(|id| !not_now.contains(id))
                .take(CLAIMED_AHEAD)
                .collect(),
        ),
        Err(error) => {
            tracing::warn!(error = %error, "held messages cannot be listed; trying again");
            tokio::time::sleep(service.settings.backoff.first).await;
            None
        }
    }
}

async fn read_one<C: Connector, R: Reader>(service: &Ingest<C, R>, id: MessageId) -> Reading {
    match try_read(service, id).await {
        Ok(reading) => reading,
        // Staff destroyed it while it was being read.
        Err(StoreError::NotFound | StoreError::WrongState(_)) => Reading::Done,
        // This daemon stood still, and another one reads it.
        Err(StoreError::NotOurs) => Reading::Done,
        Err(error) => {
            tracing::warn!(message = %id, error = %error, "reading a message failed on our side; trying again");
            Reading::Later
        }
    }
}

async fn try_read<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    id: MessageId,
) -> Result<Reading, StoreError> {
    let raw = service.store.raw_message(id).await?;
    let read = service.reader.read(&raw).await;
    service.probe.at(Step::Read);
    drop(raw);
    let message = match read {
        Ok(message) => message,
        Err(ReadFailure::Transient) => {
            tracing::warn!(message = %id, "the reading process could not be used; trying again");
            return Ok(Reading::Later);
        }
        Err(ReadFailure::Permanent(reason)) => return unreadable(service, id, reason).await,
    };
    let claimed = service.store.under_claim(Claim::Message(id));
    let known_thread = !message.headers.references.is_empty()
        && service.store.knows_thread(&message.headers.references).await?;
    let thread: Vec<String> = message
        .headers
        .message_id
        .iter()
        .chain(&message.headers.references)
        .cloned()
        .collect();
    // Before the message counts as read: after a crash in between it is read, and this done, again.
    let reports_ours = match delivery_report(&message) {
        Some(report) => claimed.apply_report(&report, service.now()).await?,
        None => false,
    };
    let source = Source::of(&message);
    let Some(parsed) = understood(&service.understanding, message, known_thread, service.now()).await else {
        return unreadable(service, id, UnreadableReason::Malformed).await;
    };
    service.probe.at(Step::Understood);
    claimed
        .save_parsed(id, &parsed, &source, &thread, service.now())
        .await?;
    if reports_ours {
        claimed.file_message(id, service.now()).await?;
        tracing::info!(message = %id, "it reports on mail of ours and is filed");
    }
    service.probe.at(Step::Saved);
    service.status.send_modify(|status| status.read += 1);
    tracing::info!(message = %id, kind = parsed.kind.as_str(), checks = parsed.checks.len(), "message read");
    Ok(Reading::Done)
}

async fn unreadable<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    id: MessageId,
    reason: UnreadableReason,
) -> Result<Reading, StoreError> {
    let claimed = service.store.under_claim(Claim::Message(id));
    claimed.save_unreadable(id, reason, service.now()).await?;
    service.probe.at(Step::Saved);
    service.status.send_modify(|status| status.unreadable += 1);
    tracing::warn!(message = %id, reason = ?reason, "message cannot be read; it is a review item now");
    Ok(Reading::Done)
}

/// Understands in a blocking thread: it is computing only, and a panic there costs this message alone.
async fn understood(
    understanding: &Arc<Understanding>,
    message: ReadMessage,
    known_thread: bool,
    now: Timestamp,
) -> Option<ParsedMessage> {
    let understanding = Arc::clone(understanding);
    tokio::task::spawn_blocking(move || {
        understand(
            &message,
            &FormsContext {
                labels: &understanding.labels,
                agencies: &understanding.agencies,
                reference_prefixes: &understanding.reference_prefixes,
                today: jiff::tz::Offset::UTC.to_datetime(now).date(),
                authserv_id: understanding.authserv_id.as_deref(),
                known_thread,
            },
        )
    })
    .await
    .ok()
}

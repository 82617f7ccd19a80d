//! Held messages to drafts: worker, forms, store. Several at a time; a failure of ours waits and burns
//! nothing, a failure of the message makes it a review item.

use super::backoff::Backoff;
use super::report::delivery_report;
use super::service::Ingest;
use super::{Connector, ReadFailure, Reader, Step, Understanding};
use crate::domain::{MessageId, ParsedMessage, ReadMessage, Timestamp, UnreadableReason};
use crate::forms::{FormsContext, understand};
use crate::store::StoreError;
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

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

/// Reads held messages until `stop`.
pub(super) async fn read_held<C: Connector, R: Reader>(service: &Ingest<C, R>, stop: &CancellationToken) {
    let mut running = FuturesUnordered::new();
    let mut busy: HashSet<MessageId> = HashSet::new();
    let mut waiting: HashMap<MessageId, Waiting> = HashMap::new();
    let readers = service.settings.readers.max(1);
    while !stop.is_cancelled() {
        for id in next_messages(service, &busy, &waiting, readers).await {
            busy.insert(id);
            running.push(async move { (id, read_one(service, id).await) });
        }
        let wake = waiting
            .values()
            .map(|one| one.until)
            .filter(|until| *until > Instant::now())
            .chain([Instant::now() + service.settings.poll_interval])
            .min()
            .unwrap_or_else(Instant::now);
        tokio::select! {
            Some((id, reading)) = running.next() => {
                busy.remove(&id);
                match reading {
                    Reading::Done => { waiting.remove(&id); }
                    Reading::Later => {
                        let one = waiting.entry(id).or_insert_with(|| Waiting {
                            until: Instant::now(),
                            backoff: Backoff::new(service.settings.backoff),
                        });
                        one.until = Instant::now() + one.backoff.next(service.jitter.draw());
                    }
                }
            }
            () = service.committed.notified(), if busy.len() < readers => {}
            () = tokio::time::sleep_until(wake), if busy.len() < readers => {}
            () = stop.cancelled() => {}
        }
    }
}

/// The oldest messages that are neither being read nor waiting, as many as there is room for.
async fn next_messages<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    busy: &HashSet<MessageId>,
    waiting: &HashMap<MessageId, Waiting>,
    readers: usize,
) -> Vec<MessageId> {
    let room = readers.saturating_sub(busy.len());
    if room == 0 {
        return Vec::new();
    }
    let at_most = u32::try_from(readers + busy.len() + waiting.len()).unwrap_or(u32::MAX);
    let held = match service.store.held_messages(at_most).await {
        Ok(held) => held,
        Err(error) => {
            tracing::warn!(error = %error, "held messages cannot be listed; trying again");
            tokio::time::sleep(service.settings.backoff.first).await;
            return Vec::new();
        }
    };
    let now = Instant::now();
    held.into_iter()
        .filter(|id| !busy.contains(id) && waiting.get(id).is_none_or(|one| one.until <= now))
        .take(room)
        .collect()
}

async fn read_one<C: Connector, R: Reader>(service: &Ingest<C, R>, id: MessageId) -> Reading {
    match try_read(service, id).await {
        Ok(reading) => reading,
        // Staff destroyed it while it was being read.
        Err(StoreError::NotFound | StoreError::WrongState(_)) => Reading::Done,
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
        Some(report) => service.store.apply_report(&report, service.now()).await?,
        None => false,
    };
    let Some(parsed) = understood(&service.understanding, message, known_thread, service.now()).await else {
        return unreadable(service, id, UnreadableReason::Malformed).await;
    };
    service.probe.at(Step::Understood);
    service
        .store
        .save_parsed(id, &parsed, &thread, service.now())
        .await?;
    if reports_ours {
        service.store.file_message(id, service.now()).await?;
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
    service.store.save_unreadable(id, reason, service.now()).await?;
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

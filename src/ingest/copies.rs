//! Server copies: finding them by their bytes, and deleting those of destroyed messages.

use super::service::{Ingest, LookError};
use super::{Connector, FetchOutcome, Mailbox, MailboxError, Reader, Step, UidMeta};
use crate::domain::{MessageId, Personal};
use crate::store::{ServerCopy, ServerDeletion, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// How far back from its end the target folder is searched for copies, in UIDs beside the wanted ones.
const TAIL: u32 = 200;
/// Most candidates of like size that are compared for one message.
const CANDIDATES: usize = 8;

/// A message whose copy in the target folder is looked for.
pub(super) struct Wanted {
    pub(super) uid: u32,
    pub(super) message: MessageId,
}

/// Finds copies at the end of the target folder, by exact bytes. What is not found is left out.
/// Another folder is selected afterwards.
pub(super) async fn locate<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    mailbox: &mut C::Mailbox,
    wanted: &[Wanted],
) -> Result<BTreeMap<u32, ServerCopy>, LookError> {
    let folder = &service.settings.processed;
    let selected = mailbox.select(folder).await?;
    let back = u32::try_from(wanted.len())
        .unwrap_or(u32::MAX)
        .saturating_add(TAIL);
    let uids = mailbox
        .uids_from(selected.uidnext.saturating_sub(back).max(1))
        .await?;
    let metas = mailbox.meta(&uids).await?;
    let mut used = BTreeSet::new();
    let mut found = BTreeMap::new();
    for one in wanted {
        let raw = match service.leased.raw_message(one.message).await {
            Ok(raw) => raw,
            Err(error) if error.is_transient() => return Err(error.into()),
            // Destroyed meanwhile: its copy is found by hash when it is deleted.
            Err(_) => continue,
        };
        for meta in candidates(&metas, raw.expose_personal().len() as u64) {
            if used.contains(&meta.uid) {
                continue;
            }
            let bytes = fetch_one(mailbox, meta).await?;
            if bytes.is_some_and(|bytes| bytes.expose_personal() == raw.expose_personal()) {
                used.insert(meta.uid);
                found.insert(
                    one.uid,
                    ServerCopy {
                        folder: folder.clone(),
                        uidvalidity: selected.uidvalidity,
                        uid: meta.uid,
                    },
                );
                break;
            }
        }
    }
    Ok(found)
}

/// Messages whose announced size is near; servers may announce estimates.
fn candidates(metas: &[UidMeta], bytes: u64) -> Vec<&UidMeta> {
    let off = |meta: &UidMeta| meta.size.abs_diff(bytes);
    let mut near: Vec<&UidMeta> = metas
        .iter()
        .filter(|meta| off(meta) <= bytes / 16 + 1024)
        .collect();
    near.sort_by_key(|meta| (off(meta), std::cmp::Reverse(meta.uid)));
    near.truncate(CANDIDATES);
    near
}

async fn fetch_one<M: Mailbox>(
    mailbox: &mut M,
    meta: &UidMeta,
) -> Result<Option<Personal<Vec<u8>>>, MailboxError> {
    let mut outcomes = mailbox.fetch(std::slice::from_ref(meta)).await?;
    match outcomes.pop() {
        Some((_, FetchOutcome::Bytes(bytes))) => Ok(Some(bytes)),
        // Gone between the two commands, or not handed over.
        Some((_, FetchOutcome::Gone | FetchOutcome::NotYet)) | None => Ok(None),
    }
}

/// What came of the deletions that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletions {
    /// None was due: the selected folder is still selected.
    NoneDue,
    /// Another folder may be selected; at least one is done.
    Some,
    /// Another folder may be selected; none could be done for now.
    Stuck,
}

/// Deletes the server copies of destroyed messages, each proved by its keyed hash before.
pub(super) async fn delete_due<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    mailbox: &mut C::Mailbox,
) -> Result<Deletions, LookError> {
    let due = service
        .leased
        .due_server_deletions(&service.settings.mailbox)
        .await?;
    if due.is_empty() {
        return Ok(Deletions::NoneDue);
    }
    let mut all = Deletions::Stuck;
    let mut lost = Vec::new();
    for deletion in due {
        let at = match &deletion.copy {
            Some(copy) => delete_at(service, mailbox, copy, &deletion).await?,
            None => Deleted::NotThere,
        };
        match at {
            Deleted::NotThere if !never_fetched(&deletion) => lost.push(deletion),
            Deleted::Done | Deleted::NotThere => {
                finish(service, deletion.message).await?;
                all = Deletions::Some;
            }
            Deleted::Unsure => {}
        }
    }
    if lost.is_empty() {
        return Ok(all);
    }
    for folder in [&service.settings.processed, &service.settings.inbox] {
        match search_and_delete(service, mailbox, folder, &lost).await? {
            Deleted::Unsure => return Ok(all),
            Deleted::Done | Deleted::NotThere => {}
        }
    }
    // Both folders were looked through to their ends: no copy is left there.
    for deletion in &lost {
        finish(service, deletion.message).await?;
    }
    Ok(Deletions::Some)
}

enum Deleted {
    Done,
    NotThere,
    /// The server did not hand over the bytes that would prove it: the next look tries again.
    Unsure,
}

async fn finish<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    message: MessageId,
) -> Result<(), StoreError> {
    service
        .leased
        .finish_server_deletion(message, service.now())
        .await?;
    tracing::info!(message = %message, "server copy of a destroyed message is gone");
    Ok(())
}

async fn delete_at<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    mailbox: &mut C::Mailbox,
    copy: &ServerCopy,
    deletion: &ServerDeletion,
) -> Result<Deleted, LookError> {
    match mailbox.select(&copy.folder).await {
        Ok(selected) if selected.uidvalidity == copy.uidvalidity => {}
        Ok(_) | Err(MailboxError::NoSuchFolder(_)) => return Ok(Deleted::NotThere),
        Err(other) => return Err(other.into()),
    }
    let metas = mailbox.meta(&[copy.uid]).await?;
    let Some(meta) = metas.first() else {
        return Ok(Deleted::NotThere);
    };
    if never_fetched(deletion) {
        return delete_uid(service, mailbox, copy.uid).await;
    }
    delete_if_it_is(service, mailbox, meta, std::slice::from_ref(deletion)).await
}

async fn delete_if_it_is<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    mailbox: &mut C::Mailbox,
    meta: &UidMeta,
    deletions: &[ServerDeletion],
) -> Result<Deleted, LookError> {
    let Some(bytes) = fetch_one(mailbox, meta).await? else {
        return Ok(Deleted::Unsure);
    };
    // The keyed hash of a destroyed message is kept to recognise its bytes.
    let owner = service.leased.message_with_raw(&bytes).await?;
    if !deletions.iter().any(|deletion| owner == Some(deletion.message)) {
        return Ok(Deleted::NotThere);
    }
    delete_uid(service, mailbox, meta.uid).await
}

async fn delete_uid<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    mailbox: &mut C::Mailbox,
    uid: u32,
) -> Result<Deleted, LookError> {
    service.demand_lease()?;
    mailbox.delete_uids(&[uid]).await?;
    service.probe.at(Step::CopyDeleted);
    if mailbox.uids_from(uid).await?.contains(&uid) {
        return Err(MailboxError::No("UID EXPUNGE").into());
    }
    Ok(Deleted::Done)
}

/// Whether the message was left in the mailbox unfetched: then UIDVALIDITY and UID are all the proof.
fn never_fetched(deletion: &ServerDeletion) -> bool {
    deletion.raw_hash == ServerDeletion::NEVER_FETCHED
}

/// Looks through a whole folder, message by message. Costly, and rare: somebody moved the copy by hand.
async fn search_and_delete<C: Connector, R: Reader>(
    service: &Ingest<C, R>,
    mailbox: &mut C::Mailbox,
    folder: &str,
    deletions: &[ServerDeletion],
) -> Result<Deleted, LookError> {
    mailbox.select(folder).await?;
    let uids = mailbox.uids_from(1).await?;
    let limit = service.settings.max_message_bytes;
    let mut metas = mailbox.meta(&uids).await?;
    // What was never taken has no copy.
    metas.retain(|meta| meta.size <= limit);
    let mut all = Deleted::Done;
    for meta in &metas {
        match delete_if_it_is(service, mailbox, meta, deletions).await? {
            Deleted::Done | Deleted::NotThere => {}
            Deleted::Unsure => all = Deleted::Unsure,
        }
    }
    Ok(all)
}

//! One look at the mailbox: from the folder's UIDs to committed and moved messages.

use super::copies::{Deletions, Wanted, delete_due, locate};
use super::service::{Ingest, LookError};
use super::{Connector, FetchOutcome, Mailbox, MailboxError, Reader, Step, UidMeta};
use crate::domain::MessageId;
use crate::store::{FetchedMail, FolderKey, LedgerRow, MoveReceipt, SeenUid, ServerCopy, UnstoredEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What outlives a connection: hints only, the ledger is the state.
#[derive(Default)]
pub(super) struct Memory {
    /// When the whole folder was looked at, and under which UIDVALIDITY.
    swept: Option<(u32, Instant)>,
    /// UIDs of a batch during which the connection failed: they go one by one.
    suspects: BTreeSet<u32>,
}

/// What follows on a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait for news; the inbox is selected.
    Wait,
    /// Look again at once: the inbox is not selected, so news of it would go unheard.
    Again,
    /// Wait without listening.
    Pause,
}

/// One look.
pub(super) struct Look<'a, C: Connector, R> {
    service: &'a Ingest<C, R>,
    mailbox: &'a mut C::Mailbox,
    memory: &'a mut Memory,
    stop: &'a CancellationToken,
    /// A refusal (NO) that is told once everything else was done.
    refused: Option<MailboxError>,
}

impl<'a, C: Connector, R: Reader> Look<'a, C, R> {
    pub(super) fn new(
        service: &'a Ingest<C, R>,
        mailbox: &'a mut C::Mailbox,
        memory: &'a mut Memory,
        stop: &'a CancellationToken,
    ) -> Self {
        Self {
            service,
            mailbox,
            memory,
            stop,
            refused: None,
        }
    }

    pub(super) async fn run(mut self) -> Result<Next, LookError> {
        let (folder, is_new) = self.select_inbox().await?;
        self.service.probe.at(Step::Selected);
        self.settle_receipts(&folder).await?;
        let present = self.scan(&folder, is_new).await?;
        self.service.probe.at(Step::Seen);

        let (mut to_fetch, mut to_move, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for row in self.service.leased.open_rows(&folder).await? {
            match (present.contains(&row.uid), row.stored) {
                (true, None) => to_fetch.push(row),
                (true, Some(message)) => to_move.push((row.uid, message)),
                (false, _) => absent.push(row),
            }
        }
        self.end_absent(&folder, &absent).await?;
        // New mail first: a move that never works must not keep it out.
        self.take(&folder, to_fetch).await?;
        for some in to_move.chunks(self.service.settings.batch_messages.max(1)) {
            self.move_committed(&folder, some).await?;
        }
        let deletions = delete_due(self.service, self.mailbox).await?;
        match (self.refused, deletions) {
            (Some(error), _) => Err(error.into()),
            (None, Deletions::NoneDue) => Ok(Next::Wait),
            (None, Deletions::Some) => Ok(Next::Again),
            (None, Deletions::Stuck) => Ok(Next::Pause),
        }
    }

    /// Selects the inbox; `true` where its UIDVALIDITY is new to us.
    async fn select_inbox(&mut self) -> Result<(FolderKey, bool), LookError> {
        let settings = &self.service.settings;
        let selected = self.mailbox.select(&settings.inbox).await?;
        let folder = FolderKey {
            mailbox: settings.mailbox.clone(),
            folder: settings.inbox.clone(),
            uidvalidity: selected.uidvalidity,
        };
        let known = self
            .service
            .leased
            .folder(&settings.mailbox, &settings.inbox)
            .await?;
        let is_new = known.is_none_or(|known| known.uidvalidity != selected.uidvalidity);
        if is_new {
            self.memory.suspects.clear();
            self.service
                .leased
                .adopt_uidvalidity(&folder, self.service.now())
                .await?;
            tracing::info!(mailbox = %folder.mailbox, uidvalidity = folder.uidvalidity, "folder adopted");
        }
        Ok((folder, is_new))
    }

    /// Gives every UID above the last one a ledger row; from time to time every UID of the folder.
    /// Gives the UIDs that are there, at least from the lowest open row on.
    async fn scan(&mut self, folder: &FolderKey, is_new: bool) -> Result<BTreeSet<u32>, LookError> {
        let store = &self.service.leased;
        let highest = store
            .folder(&folder.mailbox, &folder.folder)
            .await?
            .map_or(0, |known| known.highest_uid);
        let sweep = is_new
            || self.memory.swept.is_none_or(|(uidvalidity, at)| {
                uidvalidity != folder.uidvalidity || at.elapsed() >= self.service.settings.sweep_interval
            });
        let open = store.open_rows(folder).await?;
        let lowest_open = open.iter().map(|row| row.uid).min().unwrap_or(u32::MAX);
        let from = if sweep {
            1
        } else {
            highest.saturating_add(1).min(lowest_open)
        };
        let uids = self.mailbox.uids_from(from).await?;
        let fresh: Vec<SeenUid> = uids
            .iter()
            .filter(|uid| sweep || **uid > highest)
            .map(|uid| SeenUid {
                uid: *uid,
                size: None,
                internal_date: None,
            })
            .collect();
        if !fresh.is_empty() {
            store.note_seen(folder, &fresh, self.service.now()).await?;
        }
        if sweep {
            self.memory.swept = Some((folder.uidvalidity, Instant::now()));
        }
        Ok(uids.into_iter().collect())
    }

    /// Rows whose message is not in the folder any more.
    async fn end_absent(&mut self, folder: &FolderKey, rows: &[LedgerRow]) -> Result<(), LookError> {
        let store = &self.service.leased;
        let mut moved = Vec::new();
        for row in rows {
            match row.stored {
                Some(message) => moved.push((row.uid, message)),
                None => {
                    store
                        .end_unstored(folder, row.uid, UnstoredEnd::Gone, self.service.now())
                        .await?;
                    self.memory.suspects.remove(&row.uid);
                    tracing::info!(mailbox = %folder.mailbox, uid = row.uid, "message was gone before it could be fetched");
                }
            }
        }
        self.finish_absent(folder, &moved).await
    }

    /// Fetches, commits and moves. Suspects go last and alone, the least tried first.
    async fn take(&mut self, folder: &FolderKey, rows: Vec<LedgerRow>) -> Result<(), LookError> {
        let open: BTreeSet<u32> = rows.iter().map(|row| row.uid).collect();
        self.memory.suspects.retain(|uid| open.contains(uid));
        let (mut suspects, sound): (Vec<LedgerRow>, Vec<LedgerRow>) = rows
            .into_iter()
            .partition(|row| row.attempts > 0 || self.memory.suspects.contains(&row.uid));
        let sound: Vec<u32> = sound.iter().map(|row| row.uid).collect();
        for uids in sound.chunks(self.service.settings.batch_messages.max(1)) {
            if self.stop.is_cancelled() {
                return Ok(());
            }
            let taken = self.take_batch(folder, uids).await;
            if let Err(LookError::Mailbox(error)) = &taken
                && !error.is_about_the_server()
            {
                self.memory.suspects.extend(uids);
            }
            taken?;
        }
        suspects.sort_by_key(|row| (row.attempts, row.uid));
        for row in suspects {
            if self.stop.is_cancelled() {
                return Ok(());
            }
            self.take_suspect(folder, row.uid).await?;
        }
        Ok(())
    }

    async fn take_batch(&mut self, folder: &FolderKey, uids: &[u32]) -> Result<(), LookError> {
        let metas = self.gated_meta(folder, uids).await?;
        for batch in by_bytes(&metas, self.service.settings.batch_bytes) {
            let mut mails = Vec::with_capacity(batch.len());
            for (uid, outcome) in self.fetch(batch).await? {
                match outcome {
                    Taken::Mail(mail) => mails.push(mail),
                    Taken::NotYet => {
                        self.service.leased.count_attempt(folder, uid).await?;
                    }
                }
            }
            self.commit_and_move(folder, mails).await?;
        }
        Ok(())
    }

    /// One message by itself. The attempt is counted before it is made.
    async fn take_suspect(&mut self, folder: &FolderKey, uid: u32) -> Result<(), LookError> {
        let settings = &self.service.settings;
        let attempts = self.service.leased.count_attempt(folder, uid).await?;
        let outcome = match self.fetch_alone(folder, uid).await {
            Ok(None) => {
                self.memory.suspects.remove(&uid);
                return Ok(());
            }
            Ok(Some(outcome)) => outcome,
            Err(LookError::Mailbox(error)) if error.is_about_the_server() => {
                self.service.leased.uncount_attempt(folder, uid).await?;
                return Err(error.into());
            }
            Err(LookError::Mailbox(error)) => {
                if attempts >= settings.fetch_tries {
                    self.give_up(folder, uid, attempts).await?;
                }
                return Err(error.into());
            }
            Err(other) => return Err(other),
        };
        match outcome {
            Taken::Mail(mail) => {
                self.commit_and_move(folder, vec![mail]).await?;
                self.memory.suspects.remove(&uid);
            }
            Taken::NotYet if attempts >= settings.not_yet_tries => {
                self.give_up(folder, uid, attempts).await?;
            }
            Taken::NotYet => {}
        }
        Ok(())
    }

    async fn fetch_alone(&mut self, folder: &FolderKey, uid: u32) -> Result<Option<Taken>, LookError> {
        let metas = self.gated_meta(folder, &[uid]).await?;
        let mut outcomes = match metas.is_empty() {
            true => Vec::new(),
            false => self.fetch(&metas).await?,
        };
        Ok(outcomes.pop().map(|(_, outcome)| outcome))
    }

    async fn give_up(&mut self, folder: &FolderKey, uid: u32, attempts: u32) -> Result<(), LookError> {
        self.service
            .leased
            .end_unstored(folder, uid, UnstoredEnd::CannotFetch, self.service.now())
            .await?;
        self.memory.suspects.remove(&uid);
        tracing::error!(mailbox = %folder.mailbox, uid, attempts, "the server would not hand over a message; it is a review item now");
        Ok(())
    }

    /// Sizes and dates; what is over the size limit ends here. A UID the server left out stays open:
    /// the next scan proves whether it is gone.
    async fn gated_meta(&mut self, folder: &FolderKey, uids: &[u32]) -> Result<Vec<UidMeta>, LookError> {
        let mut metas = self.mailbox.meta(uids).await?;
        let limit = self.service.settings.max_message_bytes;
        for meta in metas.iter().filter(|meta| meta.size > limit) {
            self.service
                .leased
                .end_unstored(folder, meta.uid, UnstoredEnd::TooLarge, self.service.now())
                .await?;
            tracing::warn!(mailbox = %folder.mailbox, uid = meta.uid, bytes = meta.size, limit, "message over the size limit; it is a review item now");
        }
        metas.retain(|meta| meta.size <= limit);
        Ok(metas)
    }

    /// Fetches a batch. A message that is not in the answer stays open: the next scan proves what it is.
    async fn fetch(&mut self, metas: &[UidMeta]) -> Result<Vec<(u32, Taken)>, LookError> {
        let dates: BTreeMap<u32, Option<i64>> =
            metas.iter().map(|meta| (meta.uid, meta.internal_date)).collect();
        let mut taken = Vec::with_capacity(metas.len());
        for (uid, outcome) in self.mailbox.fetch(metas).await? {
            match outcome {
                FetchOutcome::Bytes(raw) => taken.push((
                    uid,
                    Taken::Mail(FetchedMail {
                        uid,
                        raw,
                        internal_date: dates.get(&uid).copied().flatten(),
                    }),
                )),
                FetchOutcome::NotYet => taken.push((uid, Taken::NotYet)),
                FetchOutcome::Gone => {}
            }
        }
        self.service.probe.at(Step::Fetched);
        Ok(taken)
    }

    async fn commit_and_move(
        &mut self,
        folder: &FolderKey,
        mails: Vec<FetchedMail>,
    ) -> Result<(), LookError> {
        if mails.is_empty() {
            return Ok(());
        }
        let service = self.service;
        service.probe.at(Step::BeforeCommit);
        let committed = service.leased.commit_batch(folder, mails, service.now()).await?;
        service.probe.at(Step::Committed);
        let known = committed.iter().filter(|mail| mail.already_known).count();
        tracing::info!(mailbox = %folder.mailbox, messages = committed.len(), known, "committed");
        service
            .status
            .send_modify(|status| status.committed += committed.len() as u64);
        service.committed.notify_one();
        let rows: Vec<(u32, MessageId)> = committed.iter().map(|mail| (mail.uid, mail.message)).collect();
        self.move_committed(folder, &rows).await
    }

    /// Receipts, UID MOVE, proof. A refusal of the whole set is tried one by one; refusals are told at
    /// the end of the look, so that they keep nothing else up.
    async fn move_committed(
        &mut self,
        folder: &FolderKey,
        rows: &[(u32, MessageId)],
    ) -> Result<(), LookError> {
        let target = self.service.settings.processed.clone();
        let receipts: Vec<MoveReceipt> = rows
            .iter()
            .map(|(uid, message)| MoveReceipt {
                from: folder.clone(),
                uid: *uid,
                message: *message,
                target: target.clone(),
            })
            .collect();
        self.service
            .leased
            .write_move_receipts(&receipts, self.service.now())
            .await?;
        self.service.probe.at(Step::ReceiptsWritten);
        let uids: Vec<u32> = rows.iter().map(|(uid, _)| *uid).collect();
        let mut copies = BTreeMap::new();
        match self.ask_to_move(&uids, &target).await {
            Ok(moved) => copies.extend(moved),
            Err(LookError::Mailbox(refusal @ (MailboxError::No(_) | MailboxError::NotNow(_))))
                if uids.len() == 1 =>
            {
                self.refused = Some(refusal);
            }
            // A server that fails on one of them may say "not now" each time.
            Err(LookError::Mailbox(MailboxError::No(_) | MailboxError::NotNow(_))) => {
                for uid in &uids {
                    match self.ask_to_move(&[*uid], &target).await {
                        Ok(moved) => copies.extend(moved),
                        Err(LookError::Mailbox(
                            refusal @ (MailboxError::No(_) | MailboxError::NotNow(_)),
                        )) => {
                            self.refused = Some(refusal);
                        }
                        Err(other) => return Err(other),
                    }
                }
            }
            Err(other) => return Err(other),
        }
        self.service.probe.at(Step::Moved);
        let mut unproved = Vec::new();
        for (uid, message) in rows {
            match copies.remove(uid) {
                Some(copy) => {
                    self.finish(folder, *uid, Some(copy)).await?;
                    self.service.probe.at(Step::MoveFinished);
                }
                None => unproved.push((*uid, *message)),
            }
        }
        self.prove(folder, &unproved).await
    }

    async fn ask_to_move(&mut self, uids: &[u32], target: &str) -> Result<Vec<(u32, ServerCopy)>, LookError> {
        self.service.demand_lease()?;
        let mut moving = pin!(self.mailbox.move_uids(uids, target));
        // The first poll writes the command; the answer cannot be here yet.
        let first = poll_fn(|cx| Poll::Ready(moving.as_mut().poll(cx))).await;
        self.service.probe.at(Step::MoveSent);
        let outcome = match first {
            Poll::Ready(outcome) => outcome?,
            Poll::Pending => moving.await?,
        };
        Ok(outcome.moved)
    }

    async fn finish(&self, folder: &FolderKey, uid: u32, copy: Option<ServerCopy>) -> Result<(), LookError> {
        self.service
            .leased
            .finish_move(folder, uid, copy, self.service.now())
            .await?;
        self.service.status.send_modify(|status| status.moved += 1);
        Ok(())
    }

    /// Receipts of an earlier look that did not come to its end.
    async fn settle_receipts(&mut self, folder: &FolderKey) -> Result<(), LookError> {
        let mut rows = Vec::new();
        for receipt in self.service.leased.move_receipts(&folder.mailbox).await? {
            if receipt.from == *folder {
                rows.push((receipt.uid, receipt.message));
            } else {
                // Its UID means nothing any more; the mail is recognised by its bytes.
                self.service
                    .leased
                    .cancel_move(&receipt.from, receipt.uid)
                    .await?;
            }
        }
        self.prove(folder, &rows).await
    }

    /// Finds out by the folder itself whether messages were moved; the inbox is selected.
    async fn prove(&mut self, folder: &FolderKey, rows: &[(u32, MessageId)]) -> Result<(), LookError> {
        let Some(lowest) = rows.iter().map(|(uid, _)| *uid).min() else {
            return Ok(());
        };
        let present: BTreeSet<u32> = self.mailbox.uids_from(lowest).await?.into_iter().collect();
        let mut absent = Vec::new();
        for (uid, message) in rows {
            if present.contains(uid) {
                self.service.leased.cancel_move(folder, *uid).await?;
            } else {
                absent.push((*uid, *message));
            }
        }
        self.finish_absent(folder, &absent).await
    }

    /// Messages that are proved to have left the inbox; where to is found by their bytes, if possible.
    async fn finish_absent(
        &mut self,
        folder: &FolderKey,
        rows: &[(u32, MessageId)],
    ) -> Result<(), LookError> {
        if rows.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Wanted> = rows
            .iter()
            .map(|(uid, message)| Wanted {
                uid: *uid,
                message: *message,
            })
            .collect();
        let mut copies = locate(self.service, self.mailbox, &wanted).await?;
        tracing::info!(mailbox = %folder.mailbox, left = rows.len(), found = copies.len(), "moves proved by the folder");
        for (uid, _) in rows {
            self.finish(folder, *uid, copies.remove(uid)).await?;
        }
        let again = self.mailbox.select(&folder.folder).await?;
        if again.uidvalidity != folder.uidvalidity {
            return Err(MailboxError::Lost("SELECT").into());
        }
        Ok(())
    }
}

enum Taken {
    Mail(FetchedMail),
    NotYet,
}

/// Splits into runs of at most `limit` announced bytes, at least one message each.
fn by_bytes(metas: &[UidMeta], limit: u64) -> Vec<&[UidMeta]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0u64);
    for (at, meta) in metas.iter().enumerate() {
        if at > start && bytes.saturating_add(meta.size) > limit {
            batches.extend(metas.get(start..at));
            (start, bytes) = (at, 0);
        }
        bytes = bytes.saturating_add(meta.size);
    }
    batches.extend(metas.get(start..).filter(|rest| !rest.is_empty()));
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_to_their_bytes_and_lose_no_message() {
        let metas: Vec<UidMeta> = [5, 5, 1, 20, 3, 9]
            .into_iter()
            .zip(1..)
            .map(|(size, uid)| UidMeta {
                uid,
                size,
                internal_date: None,
            })
            .collect();
        let batches: Vec<Vec<u32>> = by_bytes(&metas, 10)
            .into_iter()
            .map(|batch| batch.iter().map(|meta| meta.uid).collect())
            .collect();
        assert_eq!(batches, [vec![1, 2], vec![3], vec![4], vec![5], vec![6]]);
        assert!(by_bytes(&[], 10).is_empty());
    }
}

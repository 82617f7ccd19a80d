//! The Outbox folder: liaison mail that staff lay into a folder of the restricted mailbox instead of submitting it.
//!
//! Invariants: a mail is moved out of the folder only once it is stored, and the same bytes are stored once, whatever
//! crashes when. What cannot be sent is moved aside, never deleted. Of several daemons one works on the folder, under a
//! lease of its own.
//!
//! # Security
//!
//! Who can write into the folder can read the mailbox: they are staff. The From address tells whose mail it is, and must be
//! exactly one account's; the header is read by the worker.

use super::backoff::Backoff;
use super::service::LookError;
use super::{BackoffSettings, Connector, FetchOutcome, Jitter, Mailbox, ReadFailure, Reader, UidMeta};
use crate::domain::{Clock, EmailAddress, MessageHeaders, OutboundId, Personal};
use crate::presence::Presence;
use crate::store::{Duty, LeaseName, Store, StoreError, SubmittedMail};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Settings of the Outbox folder.
#[derive(Debug, Clone)]
pub struct OutboxSettings {
    /// Name of the mailbox in the store.
    pub mailbox: String,
    /// Folder that staff lay mail into; made if it is not there.
    pub outbox: String,
    /// Where stored mail is moved to.
    pub sent: String,
    /// Where mail is moved to that cannot be sent.
    pub refused: String,
    /// Time between two looks.
    pub poll_interval: Duration,
    /// Larger mail cannot be sent, in bytes.
    pub max_message_bytes: u64,
    /// Waiting after failures.
    pub backoff: BackoffSettings,
}

/// What the Outbox is made of.
pub struct OutboxParts<C, R> {
    /// This daemon among others, and the store.
    pub presence: Arc<Presence>,
    /// Opens connections to the mailbox.
    pub connector: C,
    /// Takes mails apart.
    pub reader: R,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter of back-off.
    pub jitter: Arc<dyn Jitter>,
}

/// The Outbox folder of one mailbox.
pub struct Outbox<C, R> {
    parts: OutboxParts<C, R>,
    settings: OutboxSettings,
    lease: LeaseName,
    /// Every change demands the lease.
    leased: Store,
}

/// What becomes of one mail of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Laid {
    /// Stored; it leaves like a submitted one.
    Stored(OutboundId),
    /// It cannot be sent.
    Refused(Refusal),
    /// Not now.
    Later,
}

/// Why a mail cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The From address is no account's, or several'.
    SenderUnknown,
    /// It goes to nobody.
    NoRecipient,
    /// It is larger than allowed.
    TooLarge,
    /// It cannot be taken apart.
    Unreadable,
}

impl<C: Connector, R: Reader> Outbox<C, R> {
    /// A service that does nothing until [`Self::run`].
    pub fn new(parts: OutboxParts<C, R>, settings: OutboxSettings) -> Self {
        let lease = LeaseName {
            mailbox: settings.mailbox.clone(),
            duty: Duty::Outbox,
        };
        Self {
            leased: parts.presence.store().under_lease(&lease),
            parts,
            settings,
            lease,
        }
    }

    /// Runs until `stop`. No error ends it: it waits and goes on. The folder is looked at only under its lease.
    pub async fn run(&self, stop: &CancellationToken) {
        self.parts
            .presence
            .hold(&self.lease, stop, || self.watch(stop))
            .await;
    }

    async fn watch(&self, stop: &CancellationToken) {
        let mut backoff = Backoff::new(self.settings.backoff);
        while !stop.is_cancelled() {
            // Being cut off by the stop is harmless: what is stored is known again by its bytes.
            let session = AssertUnwindSafe(self.session(&mut backoff)).catch_unwind();
            let ended = tokio::select! {
                ended = session => ended.unwrap_or(Err(LookError::Panicked)),
                () = stop.cancelled() => return,
            };
            let Err(error) = ended else { continue };
            let wait = error.wait(&mut backoff, self.parts.jitter.draw());
            tracing::warn!(%error, "looking at the Outbox failed; trying again");
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One connection, look after look.
    async fn session(&self, backoff: &mut Backoff) -> Result<(), LookError> {
        let mut mailbox = self.parts.connector.connect().await?;
        let settings = &self.settings;
        for folder in [&settings.outbox, &settings.sent, &settings.refused] {
            mailbox.ensure_folder(folder).await?;
        }
        loop {
            self.look(&mut mailbox).await?;
            backoff.reset();
            mailbox.wait_for_news(settings.poll_interval).await?;
        }
    }

    async fn look(&self, mailbox: &mut C::Mailbox) -> Result<(), LookError> {
        mailbox.select(&self.settings.outbox).await?;
        let uids = mailbox.uids_from(1).await?;
        for meta in mailbox.meta(&uids).await? {
            let laid = self.take(mailbox, &meta).await?;
            let folder = match laid {
                Laid::Stored(id) => {
                    tracing::info!(outbound = %id, "mail taken from the Outbox");
                    &self.settings.sent
                }
                Laid::Refused(refusal) => {
                    tracing::warn!(?refusal, folder = %self.settings.refused, "mail in the Outbox cannot be sent; it was moved");
                    &self.settings.refused
                }
                Laid::Later => continue,
            };
            if !self.parts.presence.is_current() {
                return Err(StoreError::NotOurs.into());
            }
            mailbox.move_uids(&[meta.uid], folder).await?;
        }
        Ok(())
    }

    async fn take(&self, mailbox: &mut C::Mailbox, meta: &UidMeta) -> Result<Laid, LookError> {
        if meta.size > self.settings.max_message_bytes {
            return Ok(Laid::Refused(Refusal::TooLarge));
        }
        let fetched = mailbox.fetch(std::slice::from_ref(meta)).await?;
        let raw = match fetched.into_iter().next() {
            Some((_, FetchOutcome::Bytes(raw))) => raw,
            Some((_, FetchOutcome::Gone | FetchOutcome::NotYet)) | None => return Ok(Laid::Later),
        };
        let headers = match self.parts.reader.read(&raw).await {
            Ok(message) => message.headers,
            Err(ReadFailure::Transient) => return Ok(Laid::Later),
            Err(ReadFailure::Permanent(_)) => return Ok(Laid::Refused(Refusal::Unreadable)),
        };
        Ok(self.store(&headers, raw).await?)
    }

    async fn store(&self, headers: &MessageHeaders, raw: Personal<Vec<u8>>) -> Result<Laid, StoreError> {
        let from = headers.from_address.as_deref().and_then(EmailAddress::parse);
        let account = match from {
            Some(from) => self.leased.account_of_address(&from).await?,
            None => None,
        };
        let Some(account) = account else {
            return Ok(Laid::Refused(Refusal::SenderUnknown));
        };
        let mut recipients: Vec<String> = Vec::new();
        for recipient in headers.recipients.iter().chain(&headers.bcc) {
            if !recipients.contains(recipient) {
                recipients.push(recipient.clone());
            }
        }
        if recipients.is_empty() {
            return Ok(Laid::Refused(Refusal::NoRecipient));
        }
        let mail = SubmittedMail {
            account: account.user,
            sender: account.address,
            recipients: recipients.into_iter().map(Personal::new).collect(),
            raw: Personal::new(with_crlf(raw.expose_personal())),
        };
        let now = self.parts.clock.now();
        let id = self.leased.accept_outbound_once(&mail, now).await?;
        Ok(Laid::Stored(id))
    }
}

/// Lines as a relay wants them: some servers hand out bare line feeds.
fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut before = 0;
    for byte in raw {
        if *byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        before = *byte;
    }
    out
}

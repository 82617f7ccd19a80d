//! What the inbound service is told, and what it tells.

use super::backoff::BackoffSettings;
use crate::domain::Timestamp;
use crate::forms::{AgencyBook, LabelBook};
use std::time::Duration;

/// Settings of one mailbox.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// Name of the mailbox in the store and in logs.
    pub mailbox: String,
    /// Folder that mail arrives in.
    pub inbox: String,
    /// Folder that committed mail is moved to; made if it is not there.
    pub processed: String,
    /// Longest time between two looks, IDLE or not.
    pub poll_interval: Duration,
    /// Time between two looks at the whole folder, beside the new UIDs.
    pub sweep_interval: Duration,
    /// Larger mails become review items and stay in the inbox, in bytes.
    pub max_message_bytes: u64,
    /// Most messages of one fetch and one transaction.
    pub batch_messages: usize,
    /// Most announced bytes of one fetch (a single larger message goes alone).
    pub batch_bytes: u64,
    /// Failed fetches of one message by itself, after which it becomes a review item.
    pub fetch_tries: u32,
    /// Looks at a message that stays empty or short, after which it becomes a review item.
    pub not_yet_tries: u32,
    /// Pause before moves of an earlier connection are judged: the server may still be at them.
    pub settle: Duration,
    /// Messages read at the same time.
    pub readers: usize,
    /// Waiting after failures.
    pub backoff: BackoffSettings,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self {
            mailbox: "referrals".to_owned(),
            inbox: "INBOX".to_owned(),
            processed: "Processed".to_owned(),
            poll_interval: Duration::from_secs(60),
            sweep_interval: Duration::from_secs(15 * 60),
            max_message_bytes: 36 * 1024 * 1024,
            batch_messages: 50,
            batch_bytes: 16 * 1024 * 1024,
            fetch_tries: 8,
            not_yet_tries: 20,
            settle: Duration::from_secs(2),
            readers: 2,
            backoff: BackoffSettings::default(),
        }
    }
}

/// What understanding a message needs beside it.
pub struct Understanding {
    /// Labels of forms.
    pub labels: LabelBook,
    /// Agencies by domain.
    pub agencies: AgencyBook,
    /// Prefixes of our own references.
    pub reference_prefixes: Vec<String>,
    /// The receiving server's authserv-id (RFC 8601).
    pub authserv_id: Option<String>,
}

/// How the service is doing, for health checks and metrics. Counts are since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngestStatus {
    /// End of the last look at the mailbox that went well.
    pub last_success: Option<Timestamp>,
    /// Looks that failed since then.
    pub failures: u32,
    /// Why the last one failed, in plain words without content.
    pub last_error: Option<String>,
    /// Messages committed (known ones included).
    pub committed: u64,
    /// Messages moved.
    pub moved: u64,
    /// Drafts saved.
    pub read: u64,
    /// Messages that became review items because they could not be read.
    pub unreadable: u64,
}

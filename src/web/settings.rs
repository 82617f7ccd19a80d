//! What the staff pages are told by the configuration.

use super::breached::BreachedPasswords;
use crate::casework::report::{Districts, Least};
use crate::casework::{CaseworkError, DocumentsFolder};
use crate::domain::{CaseReference, Clock, Personal, ReadMessage, ShownSetting, Side, Timestamp};
use crate::outbound::Desk;
use crate::store::{Actor, SessionTerms, Store};
use secrecy::SecretString;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

/// Certificate and key.
pub struct WebTls {
    /// Certificate chain, PEM.
    pub certificate_pem: Vec<u8>,
    /// Private key, PEM.
    pub key_pem: SecretString,
}

/// What stands between browsers and us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// Nothing.
    Nothing,
    /// A proxy on this machine that does TLS and says who asks in X-Forwarded-For.
    Proxy,
}

/// What the service is told.
pub struct WebSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// TLS; none on a loopback address only.
    pub tls: Option<WebTls>,
    /// `https://HOST[:PORT]` as browsers see it.
    pub public_origin: Option<String>,
    /// When sessions are over.
    pub sessions: SessionTerms,
    /// The service's name.
    pub service: String,
    /// Prefix of new case references.
    pub reference_prefix: String,
    /// The mailbox whose ledger is shown.
    pub mailbox: String,
    /// Years that a closed case is kept.
    pub closed_years: u16,
    /// Districts of the report.
    pub districts: Districts,
    /// Smallest count of the report.
    pub least: Least,
    /// Passwords that are not taken.
    pub breached: Option<BreachedPasswords>,
    /// What administrators see of the configuration.
    pub shown: Vec<ShownSetting>,
}

/// How the mailbox is doing.
#[derive(Debug, Clone, Default)]
pub struct MailboxHealth {
    /// End of the last look that went well.
    pub last_look: Option<Timestamp>,
    /// Looks that failed since then.
    pub failures: u32,
    /// Why the last one failed, in plain words without content.
    pub problem: Option<String>,
}

impl WebSettings {
    /// Browsers speak TLS to us or to the proxy in front: cookies are marked Secure.
    pub(super) fn is_secure(&self) -> bool {
        self.tls.is_some() || self.public_origin.is_some()
    }

    /// Whether a proxy says who asks.
    pub fn behind(&self) -> Behind {
        match self.tls.is_none() && self.public_origin.is_some() {
            true => Behind::Proxy,
            false => Behind::Nothing,
        }
    }
}

/// A bundle in the making.
pub type Bundling<'a> = Pin<Box<dyn Future<Output = Result<Personal<Vec<u8>>, CaseworkError>> + Send + 'a>>;

/// Gathers what is kept of one person (Article 15 UK GDPR).
pub trait SubjectBundles: Send + Sync {
    /// A zip archive with a folder to give and, where there is something to read first, one for staff; audited under this
    /// actor. `number` counts the people of the file from 1.
    ///
    /// # Errors
    /// As [`crate::casework::Casework::subject_data`].
    fn bundle<'a>(&'a self, actor: Actor, case: &'a CaseReference, side: Side, number: usize)
    -> Bundling<'a>;
}

/// Where the pages get everything from.
pub struct WebParts {
    /// What is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The outbound service: what is written on the pages goes its way.
    pub desk: Arc<dyn Desk>,
    /// Takes mail apart.
    pub source: Arc<dyn SourceReader>,
    /// How the mailbox is doing now.
    pub health: Box<dyn Fn() -> MailboxHealth + Send + Sync>,
    /// Copies of documents, which go with what is erased.
    pub documents: Option<DocumentsFolder>,
    /// What is kept of one person.
    pub subjects: Arc<dyn SubjectBundles>,
}

/// Takes a mail apart away from secrets (the worker process).
pub trait SourceReader: Send + Sync {
    /// What is in the mail; `None` where it cannot be read, or not now.
    fn read(&self, raw: Personal<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<ReadMessage>> + Send + '_>>;
}

//! What the staff pages ask of the service: what each recipient of a mail would get, and taking the mail over.
//!
//! Invariant: a mail written on the pages goes the way of a submitted one, by [`SubmissionSink::accept`]; what is shown before
//! comes from the code that plans submitted mail.

use super::plan::NotPlanned;
use super::{AcceptFailure, Drafter, NonceSource, Outbound, Relay, SubmissionSink, SubmittedMail};
use crate::domain::{Clock, EmailAddress, OutboundId, Personal};
use crate::redact::{self, ServiceMail};
use crate::store::PlannedDelivery;
use std::future::Future;
use std::pin::Pin;
use tokio_util::sync::CancellationToken;

/// Most recipients of a mail that is written on the pages.
pub const MAX_RECIPIENTS: usize = 20;
/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 200;
/// Longest text, in characters.
pub const MAX_TEXT: usize = 20_000;

/// A mail as somebody wrote it on the pages.
#[derive(Clone)]
pub struct WrittenMail {
    /// User name of the submission account it is sent from.
    pub account: String,
    /// Addresses as typed.
    pub recipients: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Why a mail was not taken, for whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no such account any more.
    #[error("the account you send from is not there any more: ask your administrator")]
    NoAccount,
    /// Nobody to send to.
    #[error("enter at least one address")]
    NoRecipient,
    /// More than [`MAX_RECIPIENTS`].
    #[error("enter at most {MAX_RECIPIENTS} addresses")]
    TooManyRecipients,
    /// The address of this place, from 1, cannot be read strictly.
    #[error("address {0} is not one plain e-mail address, such as officer@force.example")]
    Address(usize),
    /// The same address twice.
    #[error("address {0} stands there twice")]
    Twice(usize),
    /// No subject, or longer than [`MAX_SUBJECT`].
    #[error("enter a subject of at most {MAX_SUBJECT} characters")]
    Subject,
    /// No text, or longer than [`MAX_TEXT`].
    #[error("enter a text of at most {MAX_TEXT} characters")]
    Text,
    /// Not now (disk, database, no randomness): nothing was taken.
    #[error("the mail was not taken: try again in a minute")]
    Later,
}

/// An answer that takes its time.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, NotTaken>> + Send + 'a>>;

/// The service as the staff pages see it.
pub trait Desk: Send + Sync {
    /// What each recipient would get, one entry per recipient; nothing is kept or sent.
    fn preview(&self, mail: WrittenMail) -> Answering<'_, Vec<PlannedDelivery>>;
    /// Takes the mail over: it is stored when this gives an id.
    fn send(&self, mail: WrittenMail) -> Answering<'_, OutboundId>;
}

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Desk for Outbound<D, R, C, N> {
    fn preview(&self, mail: WrittenMail) -> Answering<'_, Vec<PlannedDelivery>> {
        Box::pin(async move {
            let mail = self.submitted(mail).await?;
            let planned = self.plan_of(mail, &CancellationToken::new()).await;
            planned.map_err(|not| {
                if let NotPlanned::Store(error) = not {
                    tracing::error!(%error, "a mail could not be shown as it would leave");
                }
                NotTaken::Later
            })
        })
    }

    fn send(&self, mail: WrittenMail) -> Answering<'_, OutboundId> {
        Box::pin(async move {
            let mail = self.submitted(mail).await?;
            self.accept(mail).await.map_err(|failure| match failure {
                AcceptFailure::Refused => NotTaken::NoAccount,
                AcceptFailure::TooLarge => NotTaken::Text,
                AcceptFailure::Later => NotTaken::Later,
            })
        })
    }
}

impl<D: Drafter, R: Relay, C: Clock, N: NonceSource> Outbound<D, R, C, N> {
    /// As a mail program would hand it in.
    async fn submitted(&self, mail: WrittenMail) -> Result<SubmittedMail, NotTaken> {
        let recipients = addresses(&mail.recipients)?;
        demand(&mail.subject, MAX_SUBJECT, NotTaken::Subject)?;
        demand(&mail.text, MAX_TEXT, NotTaken::Text)?;
        let account = SubmissionSink::account(self, &mail.account)
            .await
            .map_err(|_| NotTaken::Later)?
            .ok_or(NotTaken::NoAccount)?;
        let nonce = self.parts.nonces.nonce().ok_or(NotTaken::Later)?;
        let raw = redact::written_mail(&ServiceMail {
            from: account.address.expose_personal(),
            to: &recipients.join(", "),
            subject: &mail.subject,
            text: &mail.text,
            date: self.parts.clock.now(),
            nonce,
            own_domain: &self.settings.redaction.own_domain,
        });
        Ok(SubmittedMail {
            account: account.user,
            sender: account.address,
            recipients: recipients.into_iter().map(Personal::new).collect(),
            raw: Personal::new(raw),
        })
    }
}

fn demand(text: &str, most: usize, otherwise: NotTaken) -> Result<(), NotTaken> {
    let fits = !text.trim().is_empty() && text.chars().count() <= most;
    fits.then_some(()).ok_or(otherwise)
}

/// Each address read strictly, none twice.
fn addresses(typed: &[String]) -> Result<Vec<String>, NotTaken> {
    if typed.is_empty() {
        return Err(NotTaken::NoRecipient);
    }
    if typed.len() > MAX_RECIPIENTS {
        return Err(NotTaken::TooManyRecipients);
    }
    let mut addresses: Vec<String> = Vec::with_capacity(typed.len());
    for (index, text) in typed.iter().enumerate() {
        let place = index.saturating_add(1);
        let address = EmailAddress::parse(text).ok_or(NotTaken::Address(place))?;
        let address = address.expose_address().to_owned();
        if addresses.iter().any(|other| other.eq_ignore_ascii_case(&address)) {
            return Err(NotTaken::Twice(place));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

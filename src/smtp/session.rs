//! One SMTP conversation: what may be said when (RFC 5321, 6409, 4954, 3207).
//!
//! Order enforced: greeting, EHLO, TLS, AUTH, MAIL, RCPT, DATA. Commands are parsed by `smtp-proto` one
//! complete CRLF line at a time, so no command can reach into the next line.

use super::data::DataFault;
use super::replies::{self, Offer};
use super::server::Shared;
use super::throttle::Peer;
use super::wire::{Wire, WireError};
use crate::domain::{EmailAddress, Personal};
use crate::outbound::{AcceptFailure, SubmissionAccount, SubmissionSink, SubmittedMail};
use smtp_proto::{MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MailFrom, RcptTo, Request};
use std::borrow::Cow;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Refused commands after which a connection is closed.
const MAX_ERRORS: u32 = 20;
/// Failed sign-ins after which a connection is closed.
pub(super) const MAX_AUTH_FAILURES: u32 = 3;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// Not yet: `STARTTLS` is offered.
    Plain,
    /// TLS.
    Tls,
}

/// How a conversation ended.
pub(super) enum End<S> {
    /// The connection is to be closed.
    Close(Wire<S>),
    /// The peer was told to start TLS.
    StartTls(Wire<S>),
}

/// What to do after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    Close,
    StartTls,
}

/// A mail being handed in.
struct Envelope {
    sender: String,
    recipients: Vec<String>,
}

/// One conversation.
pub(super) struct Session<'a, S, K> {
    pub(super) wire: Wire<S>,
    pub(super) shared: &'a Shared<K>,
    pub(super) peer: Peer,
    pub(super) protection: Protection,
    pub(super) login_deadline: Instant,
    pub(super) account: Option<SubmissionAccount>,
    pub(super) auth_failures: u32,
    greeted: bool,
    envelope: Option<Envelope>,
    errors: u32,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin, K: SubmissionSink> Session<'a, S, K> {
    pub(super) fn new(
        stream: S,
        shared: &'a Shared<K>,
        peer: Peer,
        protection: Protection,
        login_deadline: Instant,
    ) -> Self {
        Self {
            wire: Wire::new(stream),
            shared,
            peer,
            protection,
            login_deadline,
            account: None,
            auth_failures: 0,
            greeted: false,
            envelope: None,
            errors: 0,
        }
    }

    /// Sends the greeting: once per connection, not again after `STARTTLS`.
    pub(super) async fn greet(&mut self) -> Result<(), WireError> {
        let greeting = replies::greeting(&self.shared.settings.hostname);
        self.reply(&greeting).await
    }

    /// Talks until one side ends it. A command under way is finished even when the server is stopping:
    /// a mail that is being stored gets its answer.
    pub(super) async fn converse(mut self, stop: &CancellationToken) -> End<S> {
        loop {
            let deadline = self.command_deadline();
            let line = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    let _ = self.reply(replies::CLOSING).await;
                    return End::Close(self.wire);
                }
                line = self.wire.read_line(deadline) => line,
            };
            let next = match line {
                Ok(line) => self.command(&line, stop).await,
                Err(error) => Err(error),
            };
            match next {
                Ok(Next::Go) => {}
                Ok(Next::Close) => return End::Close(self.wire),
                Ok(Next::StartTls) => return End::StartTls(self.wire),
                Err(error) => {
                    self.say_why(error).await;
                    return End::Close(self.wire);
                }
            }
        }
    }

    fn command_deadline(&self) -> Instant {
        let idle = Instant::now() + self.shared.settings.idle_timeout;
        match self.account {
            Some(_) => idle,
            None => idle.min(self.login_deadline),
        }
    }

    pub(super) async fn reply(&mut self, reply: &str) -> Result<(), WireError> {
        let deadline = Instant::now() + self.shared.settings.idle_timeout;
        self.wire.send(reply, deadline).await
    }

    /// Before the connection is closed for an error on the wire.
    async fn say_why(&mut self, error: WireError) {
        let reply = match error {
            WireError::Closed => return,
            WireError::TimedOut => replies::TOO_SLOW,
            WireError::LineTooLong => replies::LINE_TOO_LONG,
            WireError::BareLineEnd => replies::BARE_LINE_END,
            WireError::TooMuchData => replies::TOO_LARGE,
        };
        let _ = self.reply(reply).await;
    }

    async fn command(&mut self, line: &[u8], stop: &CancellationToken) -> Result<Next, WireError> {
        let mut whole = Zeroizing::new(Vec::with_capacity(line.len() + 2));
        whole.extend_from_slice(line);
        whole.extend_from_slice(b"\r\n");
        match Request::parse(&mut whole.iter()) {
            Ok(request) => self.dispatch(request, line, stop).await,
            Err(error) => {
                let reply = refusal(&error, line);
                self.refuse(reply).await
            }
        }
    }

    async fn dispatch(
        &mut self,
        request: Request<Cow<'_, str>>,
        line: &[u8],
        stop: &CancellationToken,
    ) -> Result<Next, WireError> {
        match request {
            Request::Ehlo { .. } => self.hello().await,
            Request::Helo { .. } => {
                self.greeted = true;
                self.envelope = None;
                let reply = format!("250 {}", self.shared.settings.hostname);
                self.accept(&reply).await
            }
            Request::StartTls => self.start_tls().await,
            Request::Auth {
                mechanism,
                initial_response,
            } => self.auth(mechanism, initial_response.as_bytes()).await,
            Request::Mail { from } => self.mail(&from, line).await,
            Request::Rcpt { to } => self.rcpt(&to, line).await,
            Request::Data => self.data(stop).await,
            Request::Rset => {
                self.envelope = None;
                self.accept(replies::OK).await
            }
            Request::Noop { .. } => self.accept(replies::OK).await,
            Request::Vrfy { .. } => self.accept(replies::CANNOT_VERIFY).await,
            Request::Help { .. } => self.accept(replies::HELP).await,
            Request::Quit => {
                self.reply(replies::GOODBYE).await?;
                Ok(Next::Close)
            }
            // What follows BDAT would be read as commands: not one more byte of this peer is.
            Request::Bdat { .. } | Request::Burl { .. } => {
                self.reply(replies::NOT_OFFERED).await?;
                Ok(Next::Close)
            }
            Request::Expn { .. } | Request::Etrn { .. } | Request::Atrn { .. } | Request::Lhlo { .. } => {
                self.refuse(replies::NOT_OFFERED).await
            }
        }
    }

    pub(super) async fn accept(&mut self, reply: &str) -> Result<Next, WireError> {
        self.reply(reply).await?;
        Ok(Next::Go)
    }

    pub(super) async fn refuse(&mut self, reply: &str) -> Result<Next, WireError> {
        self.errors += 1;
        self.reply(reply).await?;
        if self.errors >= MAX_ERRORS {
            self.reply(replies::TOO_MANY_ERRORS).await?;
            return Ok(Next::Close);
        }
        Ok(Next::Go)
    }

    async fn hello(&mut self) -> Result<Next, WireError> {
        self.greeted = true;
        self.envelope = None;
        let offer = match (self.protection, &self.account) {
            (Protection::Plain, _) => Offer::StartTls,
            (Protection::Tls, None) => Offer::Auth,
            (Protection::Tls, Some(_)) => Offer::Nothing,
        };
        let settings = &self.shared.settings;
        let reply = replies::extensions(&settings.hostname, settings.max_message_bytes, offer);
        self.accept(&reply).await
    }

    async fn start_tls(&mut self) -> Result<Next, WireError> {
        match self.protection {
            Protection::Tls => self.refuse(replies::WRONG_ORDER).await,
            Protection::Plain if self.wire.has_unread() => {
                self.reply(replies::TLS_INJECTION).await?;
                Ok(Next::Close)
            }
            Protection::Plain => {
                self.reply(replies::START_TLS).await?;
                Ok(Next::StartTls)
            }
        }
    }

    /// Why AUTH is not possible at this point.
    pub(super) fn auth_obstacle(&self) -> Option<&'static str> {
        match self.protection {
            Protection::Plain => Some(replies::AUTH_NEEDS_TLS),
            Protection::Tls if !self.greeted => Some(replies::HELLO_FIRST),
            Protection::Tls if self.account.is_some() => Some(replies::ALREADY_SIGNED_IN),
            Protection::Tls => None,
        }
    }

    async fn mail(&mut self, from: &MailFrom<Cow<'_, str>>, line: &[u8]) -> Result<Next, WireError> {
        let sender = match self.check_sender(from, line) {
            Ok(sender) => sender,
            Err(reply) => return self.refuse(reply).await,
        };
        self.envelope = Some(Envelope {
            sender,
            recipients: Vec::new(),
        });
        self.accept(replies::SENDER_OK).await
    }

    fn check_sender(&self, from: &MailFrom<Cow<'_, str>>, line: &[u8]) -> Result<String, &'static str> {
        if self.protection == Protection::Plain {
            return Err(replies::TLS_FIRST);
        }
        let Some(account) = &self.account else {
            return Err(replies::AUTH_FIRST);
        };
        if !self.greeted {
            return Err(replies::HELLO_FIRST);
        }
        if self.envelope.is_some() {
            return Err(replies::WRONG_ORDER);
        }
        if !line.is_ascii() {
            return Err(replies::ASCII_ONLY);
        }
        if !only_offered_parameters(from) {
            return Err(replies::PARAMETER);
        }
        if from.size > self.shared.settings.max_message_bytes {
            return Err(replies::TOO_LARGE);
        }
        if from.address.is_empty() {
            return Err(replies::WRONG_SENDER);
        }
        let sender = plain_address(&from.address, line).ok_or(replies::SENDER_UNREADABLE)?;
        let own = account.address.expose_personal();
        if !sender.expose_address().eq_ignore_ascii_case(own) {
            return Err(replies::WRONG_SENDER);
        }
        Ok(sender.expose_address().to_owned())
    }

    async fn rcpt(&mut self, to: &RcptTo<Cow<'_, str>>, line: &[u8]) -> Result<Next, WireError> {
        let max_recipients = self.shared.settings.max_recipients;
        let recipient = match check_recipient(to, line) {
            Ok(recipient) => recipient,
            Err(reply) if self.envelope.is_some() => return self.refuse(reply).await,
            Err(_) => return self.refuse(replies::MAIL_FIRST).await,
        };
        let Some(envelope) = &mut self.envelope else {
            return self.refuse(replies::MAIL_FIRST).await;
        };
        if envelope.recipients.contains(&recipient) {
            return self.accept(replies::RECIPIENT_OK).await;
        }
        if envelope.recipients.len() >= max_recipients {
            // Not an error of the conversation: a mail program may go on with the rest.
            return self.accept(replies::TOO_MANY_RECIPIENTS).await;
        }
        envelope.recipients.push(recipient);
        self.accept(replies::RECIPIENT_OK).await
    }

    async fn data(&mut self, stop: &CancellationToken) -> Result<Next, WireError> {
        let (account, envelope) = match (&self.account, self.envelope.take()) {
            (Some(account), Some(envelope)) if !envelope.recipients.is_empty() => {
                (account.user.clone(), envelope)
            }
            (_, None) => return self.refuse(replies::MAIL_FIRST).await,
            (_, envelope) => {
                self.envelope = envelope;
                return self.refuse(replies::RECIPIENT_FIRST).await;
            }
        };
        self.reply(replies::SEND_MAIL).await?;
        let settings = &self.shared.settings;
        let deadline = Instant::now() + settings.message_timeout;
        let reading = self
            .wire
            .read_mail(settings.max_message_bytes, settings.idle_timeout, deadline);
        let mail = tokio::select! {
            biased;
            mail = reading => mail?,
            () = stop.cancelled() => {
                self.reply(replies::CLOSING).await?;
                return Ok(Next::Close);
            }
        };
        match mail {
            Ok(raw) => self.store(account, envelope, raw).await,
            Err(fault) => self.refuse_mail(fault).await,
        }
    }

    async fn store(&mut self, account: String, envelope: Envelope, raw: Vec<u8>) -> Result<Next, WireError> {
        let (bytes, recipients) = (raw.len(), envelope.recipients.len());
        let mail = SubmittedMail {
            account,
            sender: Personal::new(envelope.sender),
            recipients: envelope.recipients.into_iter().map(Personal::new).collect(),
            raw: Personal::new(raw),
        };
        match self.shared.sink.accept(mail).await {
            Ok(id) => {
                tracing::info!(outbound = %id, bytes, recipients, "mail taken");
                self.accept(&format!("250 2.0.0 stored as {id}")).await
            }
            Err(failure) => {
                tracing::warn!(bytes, recipients, ?failure, "mail not taken");
                let reply = match failure {
                    AcceptFailure::Later => replies::STORE_LATER,
                    AcceptFailure::TooLarge => replies::TOO_LARGE,
                    AcceptFailure::Refused => replies::NO_ACCOUNT,
                };
                self.refuse(reply).await
            }
        }
    }

    async fn refuse_mail(&mut self, fault: DataFault) -> Result<Next, WireError> {
        tracing::info!(?fault, "mail refused");
        let reply = match fault {
            DataFault::TooLarge => replies::TOO_LARGE,
            DataFault::LineTooLong => replies::TEXT_LINE_TOO_LONG,
            DataFault::NulByte => replies::TEXT_NUL,
            DataFault::Empty => replies::TEXT_EMPTY,
            DataFault::BareLineEnd => {
                // The peer may mean another end of the mail than we do: nothing more is taken from it.
                self.reply(replies::TEXT_BARE_LINE_END).await?;
                return Ok(Next::Close);
            }
        };
        self.refuse(reply).await
    }
}

/// Only SIZE, BODY (7BIT, 8BITMIME) and AUTH (RFC 4954 section 5) are offered for MAIL.
fn only_offered_parameters(from: &MailFrom<Cow<'_, str>>) -> bool {
    from.flags & !(MAIL_BODY_7BIT | MAIL_BODY_8BITMIME) == 0
        && from.trans_id.is_none()
        && from.env_id.is_none()
        && from.solicit.is_none()
        && from.mtrk.is_none()
        && (from.by, from.mt_priority) == (0, 0)
        && (from.hold_for, from.hold_until) == (0, 0)
}

/// No parameter is offered for RCPT.
fn check_recipient(to: &RcptTo<Cow<'_, str>>, line: &[u8]) -> Result<String, &'static str> {
    if !line.is_ascii() {
        return Err(replies::ASCII_ONLY);
    }
    if to.flags != 0 || to.rrvs != 0 || to.orcpt.is_some() {
        return Err(replies::PARAMETER);
    }
    let recipient = plain_address(&to.address, line).ok_or(replies::RECIPIENT_UNREADABLE)?;
    Ok(recipient.expose_address().to_owned())
}

/// The address, if it is plain and stands in the line exactly as the parser gave it: no quotes undone,
/// no source route cut off, no blanks dropped.
fn plain_address(parsed: &str, line: &[u8]) -> Option<EmailAddress> {
    let bracketed = format!("<{parsed}>");
    let stands_there = line
        .windows(bracketed.len())
        .any(|window| window == bracketed.as_bytes());
    stands_there.then(|| EmailAddress::parse(parsed)).flatten()
}

fn refusal(error: &smtp_proto::Error, line: &[u8]) -> &'static str {
    use smtp_proto::Error;
    match error {
        Error::InvalidSenderAddress | Error::InvalidRecipientAddress if !line.is_ascii() => {
            replies::ASCII_ONLY
        }
        Error::InvalidSenderAddress => replies::SENDER_UNREADABLE,
        Error::InvalidRecipientAddress => replies::RECIPIENT_UNREADABLE,
        Error::UnknownCommand => replies::UNKNOWN_COMMAND,
        Error::UnsupportedParameter { .. } => replies::PARAMETER,
        Error::InvalidParameter { .. }
        | Error::SyntaxError { .. }
        | Error::NeedsMoreData { .. }
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => replies::SYNTAX,
    }
}

//! One SMTP conversation: what may be said when (RFC 5321, 6409, 4954, 3207).
//!
//! Order enforced: greeting, EHLO, TLS, AUTH, MAIL, RCPT, DATA; for a trusted relay without AUTH, and on this
//! machine without TLS. Commands are parsed by `smtp-proto` one
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
use std::net::IpAddr;
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

/// By which address a peer came in, and so who says whose mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// A volunteer's mail program: it signs in, over TLS.
    Account,
    /// A trusted relay: it has authenticated the sender.
    Relay(RelayPath),
}

/// Where a trusted relay runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RelayPath {
    /// On this machine: nobody is on the way.
    Loopback,
    /// Elsewhere: TLS is required.
    Network,
}

impl RelayPath {
    pub(super) fn from(peer: IpAddr) -> Self {
        match peer.to_canonical().is_loopback() {
            true => Self::Loopback,
            false => Self::Network,
        }
    }
}

/// Who is on the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) peer: Peer,
    pub(super) door: Door,
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
    account: String,
    sender: String,
    recipients: Vec<String>,
}

/// One conversation.
pub(super) struct Session<'a, S, K> {
    pub(super) wire: Wire<S>,
    pub(super) shared: &'a Shared<K>,
    pub(super) caller: Caller,
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
        caller: Caller,
        protection: Protection,
        login_deadline: Instant,
    ) -> Self {
        Self {
            wire: Wire::new(stream),
            shared,
            caller,
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
        let is_let_in = match self.caller.door {
            Door::Account => self.account.is_some(),
            Door::Relay(_) => !self.lacks_tls(),
        };
        match is_let_in {
            true => idle,
            false => idle.min(self.login_deadline),
        }
    }

    /// No mail may cross this connection as it is.
    fn lacks_tls(&self) -> bool {
        match (self.protection, self.caller.door) {
            (Protection::Tls, _) | (Protection::Plain, Door::Relay(RelayPath::Loopback)) => false,
            (Protection::Plain, Door::Account | Door::Relay(RelayPath::Network)) => true,
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
        if let Some(obstacle) = self.obstacle(&request, line) {
            return self.refuse(obstacle).await;
        }
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

    /// What must come before this command, or is wrong with how it is written.
    fn obstacle(&self, request: &Request<Cow<'_, str>>, line: &[u8]) -> Option<&'static str> {
        let (exempt_from_tls, needs_account, takes_nothing) = match request {
            Request::Ehlo { .. } | Request::Noop { .. } => (true, false, false),
            Request::StartTls | Request::Quit => (true, false, true),
            // AUTH has a reply of its own; after BDAT and BURL the connection is closed.
            Request::Auth { .. } | Request::Bdat { .. } | Request::Burl { .. } => (true, false, false),
            Request::Rset => (false, false, true),
            Request::Mail { .. } | Request::Rcpt { .. } => (false, true, false),
            Request::Data => (false, true, true),
            Request::Helo { .. }
            | Request::Vrfy { .. }
            | Request::Help { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Lhlo { .. } => (false, false, false),
        };
        if takes_nothing && has_argument(line) {
            return Some(replies::NO_ARGUMENT);
        }
        if !exempt_from_tls && self.lacks_tls() {
            return Some(replies::TLS_FIRST);
        }
        let signs_in = self.caller.door == Door::Account;
        (needs_account && signs_in && self.account.is_none()).then_some(replies::AUTH_FIRST)
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
        let offer = match (self.protection, self.caller.door, &self.account) {
            (Protection::Plain, _, _) => Offer::StartTls,
            (Protection::Tls, Door::Account, None) => Offer::Auth,
            (Protection::Tls, Door::Account, Some(_)) | (Protection::Tls, Door::Relay(_), _) => {
                Offer::Nothing
            }
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
        if self.caller.door != Door::Account {
            return Some(replies::NOT_OFFERED);
        }
        match self.protection {
            Protection::Plain => Some(replies::AUTH_NEEDS_TLS),
            Protection::Tls if !self.greeted => Some(replies::HELLO_FIRST),
            Protection::Tls if self.account.is_some() => Some(replies::ALREADY_SIGNED_IN),
            Protection::Tls => None,
        }
    }

    async fn mail(&mut self, from: &MailFrom<Cow<'_, str>>, line: &[u8]) -> Result<Next, WireError> {
        let found = match self.check_mail(from, line) {
            Ok(sender) => self.envelope_of(sender).await,
            Err(reply) => Err(reply),
        };
        match found {
            Ok(envelope) => {
                self.envelope = Some(envelope);
                self.accept(replies::SENDER_OK).await
            }
            Err(reply) => self.refuse(reply).await,
        }
    }

    /// Everything about MAIL except whose address it is. `None`: the null sender.
    fn check_mail(
        &self,
        from: &MailFrom<Cow<'_, str>>,
        line: &[u8],
    ) -> Result<Option<EmailAddress>, &'static str> {
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
            return Ok(None);
        }
        plain_address(&from.address, line)
            .map(Some)
            .map_err(|unfit| match unfit {
                Unfit::Unqualified => replies::SENDER_UNQUALIFIED,
                Unfit::Unreadable => replies::SENDER_UNREADABLE,
            })
    }

    /// An envelope for the account that this sender belongs to.
    async fn envelope_of(&self, sender: Option<EmailAddress>) -> Result<Envelope, &'static str> {
        let (account, sender) = match (self.caller.door, sender) {
            (Door::Account, sender) => self.own_sender(sender)?,
            (Door::Relay(_), None) => return Err(replies::NULL_SENDER),
            (Door::Relay(_), Some(sender)) => match self.shared.sink.account_of_address(&sender).await {
                Ok(Some(account)) => (account.user, sender),
                Ok(None) => {
                    tracing::warn!("a trusted relay gave a sender that has no account");
                    return Err(replies::UNKNOWN_SENDER);
                }
                Err(_unavailable) => return Err(replies::SENDER_LATER),
            },
        };
        Ok(Envelope {
            account,
            sender: sender.expose_address().to_owned(),
            recipients: Vec::new(),
        })
    }

    /// The account that signed in, and the sender if it is that account's address.
    fn own_sender(&self, sender: Option<EmailAddress>) -> Result<(String, EmailAddress), &'static str> {
        let account = self.account.as_ref().ok_or(replies::AUTH_FIRST)?;
        let own = account.address.expose_personal();
        let sender = sender.filter(|sender| sender.expose_address().eq_ignore_ascii_case(own));
        let sender = sender.ok_or(replies::WRONG_SENDER)?;
        Ok((account.user.clone(), sender))
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
        let envelope = match self.envelope.take() {
            None => return self.refuse(replies::MAIL_FIRST).await,
            Some(envelope) if envelope.recipients.is_empty() => {
                self.envelope = Some(envelope);
                return self.refuse(replies::RECIPIENT_FIRST).await;
            }
            Some(envelope) => envelope,
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
            Ok(raw) => self.store(envelope, raw).await,
            Err(fault) => self.refuse_mail(fault).await,
        }
    }

    async fn store(&mut self, envelope: Envelope, raw: Vec<u8>) -> Result<Next, WireError> {
        let (bytes, recipients) = (raw.len(), envelope.recipients.len());
        let through = match self.caller.door {
            Door::Account => "account",
            Door::Relay(_) => "trusted relay",
        };
        let mail = SubmittedMail {
            account: envelope.account,
            sender: Personal::new(envelope.sender),
            recipients: envelope.recipients.into_iter().map(Personal::new).collect(),
            raw: Personal::new(raw),
        };
        match self.shared.sink.accept(mail).await {
            Ok(id) => {
                tracing::info!(outbound = %id, bytes, recipients, through, "mail taken");
                self.accept(&format!("250 2.0.0 stored as {id}")).await
            }
            Err(failure) => {
                tracing::warn!(bytes, recipients, through, ?failure, "mail not taken");
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

/// Something stands behind the verb (RFC 5321 section 4.1.1: such commands are refused where there is nothing to
/// give; blanks at the end are borne with).
fn has_argument(line: &[u8]) -> bool {
    line.trim_ascii().iter().any(u8::is_ascii_whitespace)
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
    let recipient = plain_address(&to.address, line).map_err(|unfit| match unfit {
        Unfit::Unqualified => replies::RECIPIENT_UNQUALIFIED,
        Unfit::Unreadable => replies::RECIPIENT_UNREADABLE,
    })?;
    Ok(recipient.expose_address().to_owned())
}

/// The address, if it is plain and stands in the line exactly as the parser gave it: no quotes undone,
/// no source route cut off, no blanks dropped.
fn plain_address(parsed: &str, line: &[u8]) -> Result<EmailAddress, Unfit> {
    let bracketed = format!("<{parsed}>");
    let stands_there = line
        .windows(bracketed.len())
        .any(|window| window == bracketed.as_bytes());
    if !stands_there {
        return Err(Unfit::Unreadable);
    }
    EmailAddress::parse(parsed).ok_or_else(|| {
        let one_label = parsed
            .rsplit_once('@')
            .is_some_and(|(_, domain)| !domain.contains('.'));
        match one_label && EmailAddress::parse(&format!("{parsed}.invalid")).is_some() {
            true => Unfit::Unqualified,
            false => Unfit::Unreadable,
        }
    })
}

/// Why an address is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    /// Not one plain address.
    Unreadable,
    /// A domain of one label: only a machine near the sender could tell which one is meant (RFC 6409 section 4.2).
    Unqualified,
}

/// There is a size of up to 20 digits (RFC 1870 section 5): one that the parser cannot hold is a size all the same.
fn has_size(line: &[u8]) -> bool {
    line.to_ascii_uppercase()
        .split(u8::is_ascii_whitespace)
        .filter_map(|parameter| parameter.strip_prefix(b"SIZE="))
        .any(|size| (1..=20).contains(&size.len()) && size.iter().all(u8::is_ascii_digit))
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
        Error::InvalidParameter { param: "SIZE" } if has_size(line) => replies::TOO_LARGE,
        Error::InvalidParameter { .. }
        | Error::SyntaxError { .. }
        | Error::NeedsMoreData { .. }
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => replies::SYNTAX,
    }
}

//! One connection: tags, writing, reading with deadlines, and the tagged answer.

use super::gate::Gate;
use super::meaning::{Meaning, meaning};
use crate::dial::{DialError, names_client_certificate};
use crate::ingest::MailboxError;
use async_imap::imap_proto::{MailboxDatum, Outcome, Response, Status};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// How a command ended, before it is made an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Ok,
    No,
    Bad,
}

impl Answer {
    /// OK or the error that names the command.
    pub(super) fn demand_ok(self, doing: &'static str) -> Result<(), MailboxError> {
        match self {
            Self::Ok => Ok(()),
            Self::No => Err(MailboxError::No(doing)),
            Self::Bad => Err(MailboxError::Bad(doing)),
        }
    }
}

/// A connection with commands of our own. Any [`MailboxError::Lost`] means it is of no more use.
pub(super) struct Wire<S: AsyncRead + AsyncWrite + Unpin + Send> {
    client: async_imap::Client<Gate<S>>,
    last_tag: u64,
    news: bool,
    /// What refusals since the last command meant beyond their being refusals.
    meant: Option<Meaning>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire<S> {
    pub(super) fn new(stream: S, max_literal: u64) -> Self {
        Self {
            client: async_imap::Client::new(Gate::new(stream, max_literal)),
            last_tag: 0,
            news: false,
            meant: None,
        }
    }

    /// The bare stream. What was read ahead is dropped with the parser, as STARTTLS demands.
    pub(super) fn into_inner(self) -> S {
        self.client.into_inner().into_inner()
    }

    /// The server announced messages since the flag was taken last.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// A tag that this connection has not used.
    pub(super) fn next_tag(&mut self) -> String {
        self.last_tag += 1;
        format!("R{}", self.last_tag)
    }

    /// Writes bytes and flushes.
    pub(super) async fn write(
        &mut self,
        bytes: &[u8],
        doing: &'static str,
        deadline: Instant,
    ) -> Result<(), MailboxError> {
        self.meant = None;
        let stream = self.client.get_mut();
        let writing = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        match timeout_at(deadline, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(MailboxError::Lost(doing)),
        }
    }

    /// Looks at the next response, whatever it is. A BYE is the end.
    pub(super) async fn read<R>(
        &mut self,
        doing: &'static str,
        deadline: Instant,
        look: impl FnOnce(&Response<'_>) -> R + Send,
    ) -> Result<R, MailboxError> {
        self.read_until(doing, deadline, look)
            .await?
            .ok_or(MailboxError::Lost(doing))
    }

    /// Looks at the next response, or gives `None` when `until` comes first; reading may then go on.
    pub(super) async fn read_until<R>(
        &mut self,
        doing: &'static str,
        until: Instant,
        look: impl FnOnce(&Response<'_>) -> R + Send,
    ) -> Result<Option<R>, MailboxError> {
        let data = match timeout_at(until, self.client.read_response()).await {
            Ok(Ok(Some(data))) => data,
            Ok(Err(error)) if names_client_certificate(&error) => {
                return Err(MailboxError::NoWay(DialError::IdentityRefused.to_string()));
            }
            Ok(Ok(None) | Err(_)) => return Err(MailboxError::Lost(doing)),
            Err(_) => return Ok(None),
        };
        // The first refusal tells why; a BYE that follows on it only ends the connection.
        self.meant = self.meant.or_else(|| meaning(data.parsed()));
        match data.parsed() {
            Response::Data {
                status: Status::Bye, ..
            } => {
                let told = self.meant.map(|meant| meant.error(doing));
                return Err(told.unwrap_or(MailboxError::Lost(doing)));
            }
            Response::MailboxData(MailboxDatum::Exists(_)) => self.news = true,
            _other_response => {}
        }
        Ok(Some(look(data.parsed())))
    }

    /// Sends one command and reads until its tagged answer; `each` sees every untagged response, and
    /// the tagged one too.
    pub(super) async fn command(
        &mut self,
        doing: &'static str,
        command: &str,
        deadline: Instant,
        mut each: impl FnMut(&Response<'_>) + Send,
    ) -> Result<Answer, MailboxError> {
        let tag = self.next_tag();
        self.write(format!("{tag} {command}\r\n").as_bytes(), doing, deadline)
            .await?;
        self.finish(&tag, doing, deadline, &mut each).await
    }

    /// An answer as it is, or the error that a refusal means beyond its being one.
    pub(super) fn judge(&self, answer: Answer, doing: &'static str) -> Result<Answer, MailboxError> {
        match (answer, self.meant) {
            (Answer::No | Answer::Bad, Some(meant)) => Err(meant.error(doing)),
            (Answer::Ok, _) | (Answer::No | Answer::Bad, None) => Ok(answer),
        }
    }

    /// Reads until the tagged answer.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        doing: &'static str,
        deadline: Instant,
        each: &mut (impl FnMut(&Response<'_>) + Send),
    ) -> Result<Answer, MailboxError> {
        loop {
            let tagged = self
                .read(doing, deadline, |response| {
                    each(response);
                    Tagged::of(response)
                })
                .await?;
            match tagged {
                None => {}
                Some(Tagged {
                    tag: answered,
                    answer,
                }) if answered == tag => return self.judge(answer, doing),
                Some(_) => return Err(MailboxError::Lost(doing)),
            }
        }
    }
}

/// A tagged response.
pub(super) struct Tagged {
    pub(super) tag: String,
    pub(super) answer: Answer,
}

impl Tagged {
    /// `None` for untagged ones.
    pub(super) fn of(response: &Response<'_>) -> Option<Self> {
        let Response::Done { tag, status, .. } = response else {
            return None;
        };
        let answer = match status {
            Status::Ok => Answer::Ok,
            Status::No => Answer::No,
            // The grammar has no tagged PREAUTH or BYE: whatever was asked was not done.
            Status::Bad | Status::PreAuth | Status::Bye => Answer::Bad,
        };
        Some(Self {
            tag: tag.0.clone(),
            answer,
        })
    }
}

/// The code and text of any status response.
pub(super) fn outcome<'a, 'b>(response: &'a Response<'b>) -> Option<&'a Outcome<'b>> {
    match response {
        Response::Done { outcome, .. } | Response::Data { outcome, .. } => Some(outcome),
        _no_status_response => None,
    }
}

//! Bounded, timed reading and writing of one SMTP connection.

use super::data::{DataDecoder, DataFault};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

/// Longest command or AUTH line, without its CRLF. RFC 5321 asks for 512; AUTH PLAIN with the longest
/// user name and password needs 1,024 (RFC 4954 section 4.5.3).
const MAX_COMMAND_LINE: usize = 2048;
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Bytes of a refused mail that are read over before the connection is closed.
const MAX_SWALLOWED: usize = 64 * 1024 * 1024;

/// Why nothing more can be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireError {
    /// The peer closed the connection, or it broke.
    Closed,
    /// The peer took too long.
    TimedOut,
    /// A command line over [`MAX_COMMAND_LINE`].
    LineTooLong,
    /// A CR or LF by itself in a command.
    BareLineEnd,
    /// A refused mail went on and on.
    TooMuchData,
}

/// One connection and what was received but not used yet. The buffer is wiped: it holds passwords.
pub(super) struct Wire<S> {
    stream: S,
    buffer: Zeroizing<Vec<u8>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Zeroizing::new(Vec::with_capacity(2 * CHUNK)),
        }
    }

    /// The stream. Bytes that were received and not used are thrown away: before TLS anybody on the
    /// way could have sent them.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Bytes were received that no command used yet.
    pub(super) fn has_unread(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// One line without its CRLF.
    pub(super) async fn read_line(&mut self, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let mut searched = 0;
        loop {
            let unsearched = self.buffer.get(searched..).unwrap_or_default();
            if let Some(at) = unsearched.iter().position(|&b| b == b'\n') {
                return self.take_line(searched + at);
            }
            searched = self.buffer.len();
            if searched > MAX_COMMAND_LINE + 1 {
                return Err(WireError::LineTooLong);
            }
            self.fill(deadline).await?;
        }
    }

    fn take_line(&mut self, newline: usize) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let mut line: Zeroizing<Vec<u8>> = Zeroizing::new(self.buffer.drain(..=newline).collect());
        line.pop();
        if line.pop() != Some(b'\r') || line.contains(&b'\r') {
            return Err(WireError::BareLineEnd);
        }
        if line.len() > MAX_COMMAND_LINE {
            return Err(WireError::LineTooLong);
        }
        Ok(line)
    }

    /// The mail after a 354, up to its end.
    pub(super) async fn read_mail(
        &mut self,
        max_bytes: usize,
        idle: Duration,
        deadline: Instant,
    ) -> Result<Result<Vec<u8>, DataFault>, WireError> {
        let mut decoder = DataDecoder::new(max_bytes);
        loop {
            if let Some(used) = decoder.push(&self.buffer) {
                self.buffer.drain(..used);
                return Ok(decoder.finish());
            }
            self.buffer.clear();
            if decoder.swallowed() > MAX_SWALLOWED {
                return Err(WireError::TooMuchData);
            }
            self.fill(deadline.min(Instant::now() + idle)).await?;
        }
    }

    async fn fill(&mut self, deadline: Instant) -> Result<(), WireError> {
        self.buffer.reserve(CHUNK);
        match timeout_at(deadline, self.stream.read_buf(&mut *self.buffer)).await {
            Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0) | Err(_)) => Err(WireError::Closed),
            Err(_) => Err(WireError::TimedOut),
        }
    }

    /// Sends a reply, CRLF included.
    pub(super) async fn send(&mut self, reply: &str, deadline: Instant) -> Result<(), WireError> {
        let sending = async {
            self.stream.write_all(reply.as_bytes()).await?;
            self.stream.write_all(b"\r\n").await?;
            self.stream.flush().await
        };
        match timeout_at(deadline, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(WireError::Closed),
            Err(_) => Err(WireError::TimedOut),
        }
    }

    /// Says goodbye to TLS and TCP; what the peer does about it does not matter.
    pub(super) async fn close(mut self, deadline: Instant) {
        let _ = timeout_at(deadline, self.stream.shutdown()).await;
    }
}

//! Bounds what the server may announce, before the parser allocates for it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest response line without its literals, in bytes: a SEARCH over a folder of a million mails.
const MAX_LINE: u64 = 8 * 1024 * 1024;

/// A stream that fails as soon as a line or an announced literal is over its bound.
///
/// It follows the framing only (lines, `{n}` at their end). Text that looks like a literal announcement
/// but is none makes it skip a few bytes unchecked, never read fewer.
pub(super) struct Gate<S> {
    inner: S,
    framing: Framing,
}

impl<S> Gate<S> {
    pub(super) fn new(inner: S, max_literal: u64) -> Self {
        Self {
            inner,
            framing: Framing::new(max_literal),
        }
    }

    pub(super) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S> fmt::Debug for Gate<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        Poll::Ready(this.framing.follow(fresh))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

/// Where in `{n}CRLF` the end of a line stands.
#[derive(Clone, Copy)]
enum Marker {
    None,
    Digits(u64),
    Closed(u64),
    Return(u64),
}

struct Framing {
    max_literal: u64,
    line: u64,
    literal_left: u64,
    marker: Marker,
}

impl Framing {
    fn new(max_literal: u64) -> Self {
        Self {
            max_literal,
            line: 0,
            literal_left: 0,
            marker: Marker::None,
        }
    }

    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.literal_left > 0 {
                let step = usize::try_from(self.literal_left)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                self.literal_left -= step as u64;
                bytes = bytes.get(step..).unwrap_or_default();
                continue;
            }
            self.step(*first)?;
            bytes = rest;
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> io::Result<()> {
        self.line += 1;
        if self.line > MAX_LINE {
            return Err(io::Error::other("line over its bound"));
        }
        self.marker = match (self.marker, byte) {
            (_, b'{') => Marker::Digits(0),
            (Marker::Digits(n), b'0'..=b'9') => {
                Marker::Digits(n.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
            }
            (Marker::Digits(n), b'}') => Marker::Closed(n),
            (Marker::Closed(n), b'\r') => Marker::Return(n),
            (Marker::Return(n), b'\n') => {
                if n > self.max_literal {
                    return Err(io::Error::other("literal over its bound"));
                }
                self.literal_left = n;
                Marker::None
            }
            (_, b'\n') => {
                self.line = 0;
                Marker::None
            }
            (Marker::None | Marker::Digits(_) | Marker::Closed(_) | Marker::Return(_), _) => Marker::None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(max: u64, chunks: &[&[u8]]) -> bool {
        let mut framing = Framing::new(max);
        chunks.iter().all(|chunk| framing.follow(chunk).is_ok())
    }

    #[test]
    fn a_literal_over_the_bound_fails_when_announced() {
        assert!(follow(10, &[b"* 1 FETCH (BODY[] {10}\r\n0123456789)\r\n"]));
        assert!(!follow(10, &[b"* 1 FETCH (BODY[] {11}\r\n"]));
        assert!(!follow(10, &[b"* 1 FETCH (BODY[] {1", b"1}", b"\r", b"\n"]));
        assert!(!follow(10, &[b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n"]));
    }

    #[test]
    fn announcements_inside_a_literal_are_content() {
        assert!(follow(10, &[b"* {10}\r\n{99}\r\n.... {99} x\r\n"]));
    }

    #[test]
    fn endless_lines_fail() {
        let line = vec![b'x'; 1024 * 1024];
        assert!(!follow(10, &[line.as_slice(); 9]));
        assert!(follow(10, &[line.as_slice(), b"\r\n"].repeat(9)));
    }
}

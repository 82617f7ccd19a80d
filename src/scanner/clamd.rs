//! clamd's protocol (clamd(8), "COMMANDS"): one command per connection, framed by NUL bytes.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Bytes sent in one piece of a stream.
const CHUNK_BYTES: usize = 64 * 1024;
/// Longest answer taken, in bytes.
const MAX_ANSWER_BYTES: u64 = 4096;
/// Longest signature name kept, in characters.
const MAX_NAME_CHARS: usize = 80;
/// What an answer about a stream begins with.
const STREAM: &str = "stream: ";
/// How clamd says that a stream is over its StreamMaxLength.
const SIZE_LIMIT: &str = "INSTREAM size limit exceeded";

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A socket file.
    Unix(PathBuf),
    /// A loopback address.
    Tcp(SocketAddr),
}

/// clamd, and how it is asked.
#[derive(Debug, Clone)]
pub struct Clamd {
    /// Where it listens.
    pub address: ClamdAddress,
    /// Wall-clock time for one answer.
    pub time_limit: Duration,
    /// Largest stream sent, in bytes.
    pub max_stream_bytes: u64,
}

/// A signature's name: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureName(String);

impl SignatureName {
    fn cut_down(text: &str) -> Self {
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '_'
            }
        };
        Self(text.trim().chars().take(MAX_NAME_CHARS).map(safe).collect())
    }
}

impl fmt::Display for SignatureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What clamd says of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// A signature matched.
    Infected(SignatureName),
    /// More bytes than it takes.
    TooLarge,
}

/// Why there is no verdict. Carries nothing of the mail or of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanFailure {
    /// Nothing answers there.
    #[error(
        "clamd cannot be reached: check that clamav-daemon runs, [scanner] clamd, and that referrald may open it"
    )]
    Unreachable,
    /// No answer in time.
    #[error("clamd did not answer in time: raise [scanner] time_limit_seconds, or see what it is busy with")]
    TimedOut,
    /// The connection ended in the middle, or what came is no answer of clamd's.
    #[error("what answers there is not clamd, or it broke off: check [scanner] clamd")]
    Broken,
    /// clamd answered with an error.
    #[error("clamd answered with an error: see its log")]
    Refused,
}

impl Clamd {
    /// Has bytes scanned (INSTREAM).
    ///
    /// # Errors
    /// Any [`ScanFailure`].
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, ScanFailure> {
        if bytes.len() as u64 > self.max_stream_bytes {
            return Ok(Verdict::TooLarge);
        }
        verdict(&self.ask(b"zINSTREAM\0", Some(bytes)).await?)
    }

    /// Asks whether it lives and is able to scan; gives its version.
    ///
    /// # Errors
    /// Any [`ScanFailure`].
    pub async fn check(&self) -> Result<String, ScanFailure> {
        if self.ask(b"zPING\0", None).await? != "PONG" {
            return Err(ScanFailure::Broken);
        }
        if self.scan(b"Nothing bad.\r\n").await? != Verdict::Clean {
            return Err(ScanFailure::Refused);
        }
        let version = self.ask(b"zVERSION\0", None).await?;
        let version: String = version
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_NAME_CHARS)
            .collect();
        Ok(version)
    }

    async fn ask(&self, command: &[u8], stream: Option<&[u8]>) -> Result<String, ScanFailure> {
        let asked = async {
            match &self.address {
                ClamdAddress::Unix(path) => {
                    let socket = UnixStream::connect(path).await;
                    exchange(socket.map_err(|_| ScanFailure::Unreachable)?, command, stream).await
                }
                ClamdAddress::Tcp(address) => {
                    let socket = TcpStream::connect(address).await;
                    exchange(socket.map_err(|_| ScanFailure::Unreachable)?, command, stream).await
                }
            }
        };
        tokio::time::timeout(self.time_limit, asked)
            .await
            .unwrap_or(Err(ScanFailure::TimedOut))
    }
}

async fn exchange(
    socket: impl AsyncRead + AsyncWrite + Send,
    command: &[u8],
    stream: Option<&[u8]>,
) -> Result<String, ScanFailure> {
    let (from, mut to) = tokio::io::split(socket);
    let send = async {
        to.write_all(command).await?;
        if let Some(bytes) = stream {
            for chunk in bytes.chunks(CHUNK_BYTES) {
                let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
                to.write_all(&length.to_be_bytes()).await?;
                to.write_all(chunk).await?;
            }
            to.write_all(&0_u32.to_be_bytes()).await?;
        }
        to.flush().await
    };
    let mut answer = Vec::new();
    let mut from = from.take(MAX_ANSWER_BYTES);
    // Where a stream is too long, clamd says so and hangs up before the end: the answer counts, not whether
    // everything could be sent.
    let (_sent, read) = tokio::join!(send, from.read_to_end(&mut answer));
    if read.is_err() && answer.is_empty() {
        return Err(ScanFailure::Broken);
    }
    // An answer ends with a NUL byte; without one it was cut off.
    let answer = answer.strip_suffix(b"\0").ok_or(ScanFailure::Broken)?;
    let answer = std::str::from_utf8(answer).map_err(|_| ScanFailure::Broken)?;
    if answer.contains('\0') {
        return Err(ScanFailure::Broken);
    }
    Ok(answer.to_owned())
}

fn verdict(answer: &str) -> Result<Verdict, ScanFailure> {
    if answer.starts_with(SIZE_LIMIT) {
        return Ok(Verdict::TooLarge);
    }
    if answer.ends_with(" ERROR") {
        return Err(ScanFailure::Refused);
    }
    let said = answer.strip_prefix(STREAM).ok_or(ScanFailure::Broken)?;
    if said == "OK" {
        return Ok(Verdict::Clean);
    }
    let name = said.strip_suffix(" FOUND").ok_or(ScanFailure::Broken)?;
    Ok(Verdict::Infected(SignatureName::cut_down(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_one_of_three_shapes_or_none() {
        let infected = |name: &str| Ok(Verdict::Infected(SignatureName(name.to_owned())));
        assert_eq!(verdict("stream: OK"), Ok(Verdict::Clean));
        assert_eq!(verdict("stream: Eicar-Test.1 FOUND"), infected("Eicar-Test.1"));
        assert_eq!(
            verdict("INSTREAM size limit exceeded. ERROR"),
            Ok(Verdict::TooLarge)
        );
        assert_eq!(
            verdict("stream: Can't open file ERROR"),
            Err(ScanFailure::Refused)
        );
        assert_eq!(verdict("UNKNOWN COMMAND ERROR"), Err(ScanFailure::Refused));
        for garbage in [
            "",
            "OK",
            "stream:OK",
            "stream: ok",
            "stream: OK ",
            "220 mail.example.org",
        ] {
            assert_eq!(verdict(garbage), Err(ScanFailure::Broken), "{garbage}");
        }
    }

    #[test]
    fn a_signature_name_is_safe_to_show() {
        let name = SignatureName::cut_down("<b>Win\u{1b}.Trojan\n rm -rf; é</b>");
        assert_eq!(name.to_string(), "_b_Win_.Trojan__rm_-rf_____b_");
        assert_eq!(SignatureName::cut_down(&"x".repeat(999)).0.len(), MAX_NAME_CHARS);
    }
}

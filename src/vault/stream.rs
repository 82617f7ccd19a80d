//! A long stream sealed in chunks: what a backup file consists of.
//!
//! A header of [`STREAM_HEADER_BYTES`], then chunks. Every chunk but the last seals exactly [`STREAM_CHUNK_BYTES`]; the last
//! seals what is left, which may be nothing. Chunks carry no length of their own: the file's end says which is the last.
//!
//! Invariant: what was cut off, left out, put in, repeated, put in another order, appended or taken from another stream
//! does not open. A stream is whole only once its last chunk has opened: [`StreamOpener::last`] consumes the opener.
//!
//! # Security
//!
//! XChaCha20-Poly1305 under a key of the stream's own: HKDF-SHA256 of a master key with a random 32-byte salt. So the
//! nonce may count: the number of the chunk and whether it is the last. The whole header is associated data of every chunk
//! and carries a code of its own (HMAC-SHA256), by which another master key is told before anything is read.

use super::index::mac_over;
use super::{Entropy, KEY_BYTES, MasterKeys, VaultError};
use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Content of every chunk but the last, in bytes.
pub const STREAM_CHUNK_BYTES: usize = 64 * 1024;
/// A sealed chunk that is not the last, in bytes; the last one is at most so long.
pub const STREAM_SEALED_BYTES: usize = STREAM_CHUNK_BYTES + TAG_BYTES;
/// The header, in bytes.
pub const STREAM_HEADER_BYTES: usize = CHECK_AT + CHECK_BYTES;

const MAGIC: &[u8; 16] = b"referrald backup";
/// Of everything that this module writes; what is inside the chunks has a version of its own.
const FORMAT: u16 = 1;
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const SALT_BYTES: usize = 32;
const CHECK_BYTES: usize = 32;
const FORMAT_AT: usize = MAGIC.len();
const VERSION_AT: usize = FORMAT_AT + 2;
const GENERATION_AT: usize = VERSION_AT + 4;
const SALT_AT: usize = GENERATION_AT + 4;
const CHECK_AT: usize = SALT_AT + SALT_BYTES;

/// The header as it stands in the file.
pub type StreamHeader = [u8; STREAM_HEADER_BYTES];

/// Why a stream cannot be sealed or opened. Carries no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes; nothing can be sealed")]
    NoEntropy,
    /// It does not begin like a stream of ours.
    #[error("this is not a backup that referrald made")]
    NotAStream,
    /// It was written by a later version of this module.
    #[error("the backup was made by a newer version (format {0}); install that version")]
    NewerFormat(u16),
    /// The key file has no key of this generation.
    #[error(
        "the backup needs the master key of generation {0}: use the key file that was in use when it was made"
    )]
    NoSuchGeneration(u32),
    /// Another master key, or a changed header.
    #[error(
        "the master key does not fit this backup (or its first bytes were changed): use the key file that was in use when it was made"
    )]
    WrongKey,
    /// A chunk does not open.
    #[error("the backup was changed or is not whole (chunk {0}): use another copy of it")]
    Damaged(u64),
}

impl From<VaultError> for StreamError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NoEntropy => Self::NoEntropy,
            VaultError::DoesNotOpen => Self::WrongKey,
            VaultError::NoSuchGeneration(generation) => Self::NoSuchGeneration(generation),
        }
    }
}

/// Key, header and place of one stream.
struct Stream {
    key: Zeroizing<[u8; KEY_BYTES]>,
    header: StreamHeader,
    next: u64,
}

#[derive(Clone, Copy)]
enum Chunk {
    Middle,
    Last,
}

impl Stream {
    /// Gives the number and nonce of the next chunk.
    fn step(&mut self, chunk: Chunk) -> (u64, XNonce) {
        let number = self.next;
        // 2^64 chunks are beyond every file.
        self.next = self.next.wrapping_add(1);
        let mut nonce = [0; NONCE_BYTES];
        let (_, end) = nonce.split_at_mut(NONCE_BYTES - 9);
        let (counter, last) = end.split_at_mut(8);
        counter.copy_from_slice(&number.to_be_bytes());
        last.fill(match chunk {
            Chunk::Middle => 0,
            Chunk::Last => 1,
        });
        (number, XNonce::from(nonce))
    }

    fn seal(&mut self, content: &[u8], chunk: Chunk) -> Result<Vec<u8>, StreamError> {
        let (number, nonce) = self.step(chunk);
        let mut out = Vec::with_capacity(content.len() + TAG_BYTES);
        out.extend_from_slice(content);
        let tag = XChaCha20Poly1305::new(self.key.as_slice().into())
            .encrypt_in_place_detached(&nonce, &self.header, &mut out)
            // The only failure is content beyond 2^38 bytes.
            .map_err(|_| StreamError::Damaged(number))?;
        out.extend_from_slice(&tag);
        Ok(out)
    }

    fn open(&mut self, sealed: &[u8], chunk: Chunk) -> Result<Vec<u8>, StreamError> {
        let (number, nonce) = self.step(chunk);
        let damaged = StreamError::Damaged(number);
        let length = sealed.len().checked_sub(TAG_BYTES).ok_or(damaged)?;
        let sound = match chunk {
            Chunk::Middle => length == STREAM_CHUNK_BYTES,
            Chunk::Last => length <= STREAM_CHUNK_BYTES,
        };
        if !sound {
            return Err(damaged);
        }
        let (body, tag) = sealed.split_at(length);
        let mut content = body.to_vec();
        XChaCha20Poly1305::new(self.key.as_slice().into())
            .decrypt_in_place_detached(&nonce, &self.header, &mut content, Tag::from_slice(tag))
            .map_err(|_| damaged)?;
        Ok(content)
    }
}

/// Seals one stream.
pub struct StreamSealer(Stream);

impl StreamSealer {
    /// Begins a stream under the newest master key, and gives its header. `version` says what the content is.
    ///
    /// # Errors
    /// [`StreamError::NoEntropy`].
    pub fn begin(
        master: &MasterKeys,
        version: u32,
        entropy: &dyn Entropy,
    ) -> Result<(Self, StreamHeader), StreamError> {
        let generation = master.newest_generation();
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt)?;
        let fields: [&[u8]; 5] = [
            MAGIC,
            &FORMAT.to_be_bytes(),
            &version.to_be_bytes(),
            &generation.to_be_bytes(),
            &salt,
        ];
        let keys = master.stream_keys(generation, &salt)?;
        let mut header = [0; STREAM_HEADER_BYTES];
        let (told, check) = header.split_at_mut(CHECK_AT);
        told.copy_from_slice(&fields.concat());
        check.copy_from_slice(&mac_over(&keys.check, &[told]));
        let stream = Stream {
            key: keys.chunks,
            header,
            next: 0,
        };
        Ok((Self(stream), header))
    }

    /// Seals a chunk that is not the last.
    ///
    /// # Errors
    /// None that can happen; see [`StreamError`].
    pub fn middle(&mut self, content: &[u8; STREAM_CHUNK_BYTES]) -> Result<Vec<u8>, StreamError> {
        self.0.seal(content, Chunk::Middle)
    }

    /// Seals the last chunk.
    ///
    /// # Errors
    /// [`StreamError::Damaged`] for more than [`STREAM_CHUNK_BYTES`].
    pub fn last(mut self, content: &[u8]) -> Result<Vec<u8>, StreamError> {
        if content.len() > STREAM_CHUNK_BYTES {
            return Err(StreamError::Damaged(self.0.next));
        }
        self.0.seal(content, Chunk::Last)
    }
}

/// Opens one stream.
pub struct StreamOpener(Stream);

impl StreamOpener {
    /// Checks a header.
    ///
    /// # Errors
    /// Every [`StreamError`] but `Damaged` and `NoEntropy`.
    pub fn begin(master: &MasterKeys, header: &StreamHeader) -> Result<Self, StreamError> {
        let (told, check) = header.split_at(CHECK_AT);
        if !told.starts_with(MAGIC) {
            return Err(StreamError::NotAStream);
        }
        let format = u16::from_be_bytes(field(header, FORMAT_AT));
        if format != FORMAT {
            return Err(match format > FORMAT {
                true => StreamError::NewerFormat(format),
                false => StreamError::NotAStream,
            });
        }
        let generation = u32::from_be_bytes(field(header, GENERATION_AT));
        let keys = master.stream_keys(generation, &field::<SALT_BYTES>(header, SALT_AT))?;
        if !bool::from(mac_over(&keys.check, &[told]).ct_eq(check)) {
            return Err(StreamError::WrongKey);
        }
        Ok(Self(Stream {
            key: keys.chunks,
            header: *header,
            next: 0,
        }))
    }

    /// What the content is.
    pub fn version(&self) -> u32 {
        stream_version(&self.0.header)
    }

    /// Opens a chunk that something follows.
    ///
    /// # Errors
    /// [`StreamError::Damaged`].
    pub fn middle(&mut self, sealed: &[u8]) -> Result<Vec<u8>, StreamError> {
        self.0.open(sealed, Chunk::Middle)
    }

    /// Opens the chunk that nothing follows; only then the stream is whole.
    ///
    /// # Errors
    /// [`StreamError::Damaged`].
    pub fn last(mut self, sealed: &[u8]) -> Result<Vec<u8>, StreamError> {
        self.0.open(sealed, Chunk::Last)
    }
}

/// The version of the content that a header tells, before it is checked.
pub fn stream_version(header: &StreamHeader) -> u32 {
    u32::from_be_bytes(field(header, VERSION_AT))
}

/// A name for a stream, from its salt: 16 letters and digits that say nothing else.
pub fn stream_name(header: &StreamHeader) -> String {
    let start: [u8; 8] = field(header, SALT_AT);
    format!("{:016x}", u64::from_be_bytes(start))
}

fn field<const N: usize>(header: &StreamHeader, at: usize) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(header.iter().skip(at)) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests;

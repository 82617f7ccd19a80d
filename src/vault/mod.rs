//! Sealing, key wrapping, blind index. Pure: randomness is an argument.
//!
//! Three layers of keys:
//!
//! - **Master keys** ([`MasterKeys`]): one 32-byte key per generation, from a file outside the database.
//! - **Record keys** ([`RecordKey`]): one per message, case file, outbound mail ..., drawn at random, stored
//!   only wrapped under the newest master key. A record is destroyed by deleting its wrapped key.
//! - **The data key** ([`DataKey`]): one per database, wrapped like a record key. The blind index, the keyed
//!   raw hash, the audit chain and the destruction log hang on sub-keys of it, so rotating the master key does not
//!   change them.
//!
//! A backup is a stream of its own ([`StreamSealer`]), sealed under a key that hangs on a master key.
//!
//! # Security
//!
//! Everything is XChaCha20-Poly1305 with a fresh random 24-byte nonce; the associated data name what
//! is sealed (record kind, id, and part or generation), so a value that was moved to another row,
//! column or generation does not open. Keys are wiped on drop, have no `Debug`, and never leave this
//! module except wrapped or as the key file's text.

mod index;
mod keyfile;
mod seal;
mod stream;

pub use index::{AuditMac, DataKey, DestructionMac, IndexedAs, KeyedHash};
pub use keyfile::{KeyFileError, MasterKeys};
pub use seal::{RecordKey, RecordKind, RecordName, WrappedKey};
pub use stream::{
    STREAM_CHUNK_BYTES, STREAM_HEADER_BYTES, STREAM_SEALED_BYTES, StreamError, StreamHeader, StreamOpener,
    StreamSealer, stream_name, stream_version,
};

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;

/// Where randomness comes from: the operating system in the service, a counter in tests.
pub trait Entropy {
    /// Fills `out` with unpredictable bytes.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`]; then nothing may be sealed.
    fn fill(&self, out: &mut [u8]) -> Result<(), VaultError>;
}

/// Why sealing or opening failed. Carries no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes; nothing can be sealed")]
    NoEntropy,
    /// The sealed value was changed or moved, or the key is not the one it was sealed with.
    #[error("a sealed value does not open")]
    DoesNotOpen,
    /// The key file has no key of this generation.
    #[error("the key file has no key of generation {0}: restore the line that was taken out")]
    NoSuchGeneration(u32),
}

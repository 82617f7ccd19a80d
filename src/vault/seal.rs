//! Sealing under a record's key, and wrapping that key under a master key.

use super::{Entropy, KEY_BYTES, MasterKeys, VaultError};
use chacha20poly1305::{AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use zeroize::Zeroizing;

/// First byte of every sealed value, so that another algorithm can follow.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// What kind of record a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// A mail that came in: raw bytes and draft.
    Message,
    /// What belongs to a case as a whole; for staff only.
    CaseCore,
    /// One side of a case.
    CaseFile,
    /// A submitted mail and its deliveries.
    Outbound,
    /// A submission account.
    Account,
    /// An account for the staff pages.
    Staff,
    /// What the report may know of a message; outlives it.
    Facts,
    /// The database's [`super::DataKey`].
    Data,
}

impl RecordKind {
    /// The word that is stored and authenticated.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::CaseCore => "case_core",
            Self::CaseFile => "case_file",
            Self::Outbound => "outbound",
            Self::Account => "account",
            Self::Staff => "staff",
            Self::Facts => "facts",
            Self::Data => "data",
        }
    }

    /// The kind of a stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Message,
            Self::CaseCore,
            Self::CaseFile,
            Self::Outbound,
            Self::Account,
            Self::Staff,
            Self::Facts,
            Self::Data,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// Which record: bound into everything that is sealed or wrapped for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordName {
    /// Its kind.
    pub kind: RecordKind,
    /// Its identity.
    pub id: Uuid,
}

impl RecordName {
    /// Names a record.
    pub fn new(kind: RecordKind, id: Uuid) -> Self {
        Self { kind, id }
    }

    /// Unambiguous: the purpose and kind are fixed words without NUL, the id has 16 bytes, and the rest
    /// is the last field.
    fn associated_data(self, purpose: &'static str, rest: &[u8]) -> Vec<u8> {
        let kind = self.kind.as_str();
        let mut data = Vec::with_capacity(purpose.len() + kind.len() + rest.len() + 18);
        data.extend_from_slice(purpose.as_bytes());
        data.push(0);
        data.extend_from_slice(kind.as_bytes());
        data.push(0);
        data.extend_from_slice(self.id.as_bytes());
        data.extend_from_slice(rest);
        data
    }
}

/// A record key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The master key's generation.
    pub generation: u32,
    /// Version, nonce, sealed key, tag.
    pub bytes: Vec<u8>,
}

/// The key of one record. Wiped on drop.
pub struct RecordKey(Zeroizing<[u8; KEY_BYTES]>);

impl RecordKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, VaultError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals one part of a record.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn seal(
        &self,
        record: RecordName,
        part: &str,
        content: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        seal(
            &self.0,
            &record.associated_data("referrald/content", part.as_bytes()),
            content,
            entropy,
        )
    }

    /// Opens one part of a record.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`] when the value was changed, or sealed for another record or part.
    pub fn open(
        &self,
        record: RecordName,
        part: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open(
            &self.0,
            &record.associated_data("referrald/content", part.as_bytes()),
            sealed,
        )
    }

    /// Wraps the key under the newest master key, with a nonce of its own.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn wrap(
        &self,
        record: RecordName,
        master: &MasterKeys,
        entropy: &dyn Entropy,
    ) -> Result<WrappedKey, VaultError> {
        let (generation, key) = master.newest();
        let data = record.associated_data("referrald/key", &generation.to_be_bytes());
        let bytes = seal(&key, &data, self.0.as_slice(), entropy)?;
        Ok(WrappedKey { generation, bytes })
    }

    /// Unwraps a record's key.
    ///
    /// # Errors
    /// [`VaultError::NoSuchGeneration`]; [`VaultError::DoesNotOpen`] when the wrapped key was changed,
    /// belongs to another record, or the master key is another one.
    pub fn unwrap_from(
        record: RecordName,
        wrapped: &WrappedKey,
        master: &MasterKeys,
    ) -> Result<Self, VaultError> {
        let key = master.of_generation(wrapped.generation)?;
        let data = record.associated_data("referrald/key", &wrapped.generation.to_be_bytes());
        let opened = open(&key, &data, &wrapped.bytes)?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if opened.len() != KEY_BYTES {
            return Err(VaultError::DoesNotOpen);
        }
        bytes.copy_from_slice(&opened);
        Ok(Self(bytes))
    }
}

fn seal(
    key: &[u8; KEY_BYTES],
    associated: &[u8],
    content: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce)?;
    let mut out = Vec::with_capacity(1 + NONCE_BYTES + content.len() + TAG_BYTES);
    out.push(VERSION);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(content);
    let (_, body) = out.split_at_mut(1 + NONCE_BYTES);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_in_place_detached(XNonce::from_slice(&nonce), associated, body)
        // The only failure is content beyond 2^38 bytes, which no allocation here can reach.
        .map_err(|_| VaultError::DoesNotOpen)?;
    out.extend_from_slice(&tag);
    Ok(out)
}

fn open(key: &[u8; KEY_BYTES], associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (&version, rest) = sealed.split_first().ok_or(VaultError::DoesNotOpen)?;
    if version != VERSION || rest.len() < NONCE_BYTES + TAG_BYTES {
        return Err(VaultError::DoesNotOpen);
    }
    let (nonce, rest) = rest.split_at(NONCE_BYTES);
    let (body, tag) = rest.split_at(rest.len() - TAG_BYTES);
    let mut content = Zeroizing::new(body.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_in_place_detached(
            XNonce::from_slice(nonce),
            associated,
            content.as_mut_slice(),
            Tag::from_slice(tag),
        )
        .map_err(|_| VaultError::DoesNotOpen)?;
    Ok(content)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    /// Predictable bytes that never repeat.
    pub(in crate::vault) struct Counter(pub(in crate::vault) Cell<u64>);

    impl Counter {
        pub(in crate::vault) fn new() -> Self {
            Self(Cell::new(1))
        }
    }

    impl Entropy for Counter {
        fn fill(&self, out: &mut [u8]) -> Result<(), VaultError> {
            for chunk in out.chunks_mut(8) {
                let next = self.0.get().wrapping_mul(0x9e37_79b9_7f4a_7c15);
                self.0.set(self.0.get() + 1);
                chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
            }
            Ok(())
        }
    }

    struct Empty;
    impl Entropy for Empty {
        fn fill(&self, _: &mut [u8]) -> Result<(), VaultError> {
            Err(VaultError::NoEntropy)
        }
    }

    fn name(number: u128) -> RecordName {
        RecordName::new(RecordKind::Message, Uuid::from_u128(number))
    }

    fn master(text: &str) -> MasterKeys {
        MasterKeys::parse(text.as_bytes()).unwrap()
    }

    const ONE: &str = "1: AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const TWO: &str = "2: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    proptest! {
        #[test]
        fn what_was_sealed_opens_to_the_same_bytes(content: Vec<u8>, part in "[a-z/]{0,20}", id: u128) {
            let entropy = Counter::new();
            let key = RecordKey::draw(&entropy).unwrap();
            let sealed = key.seal(name(id), &part, &content, &entropy).unwrap();
            let opened = key.open(name(id), &part, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), content.as_slice());
        }

        #[test]
        fn one_changed_bit_anywhere_and_it_does_not_open(content: Vec<u8>, at: prop::sample::Index, bit in 0u8..8) {
            let entropy = Counter::new();
            let key = RecordKey::draw(&entropy).unwrap();
            let mut sealed = key.seal(name(1), "raw", &content, &entropy).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(key.open(name(1), "raw", &sealed).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_open_and_never_panic(sealed: Vec<u8>) {
            let key = RecordKey::draw(&Counter::new()).unwrap();
            prop_assert!(key.open(name(1), "raw", &sealed).is_err());
        }
    }

    #[test]
    fn a_value_moved_to_another_record_kind_or_part_does_not_open() {
        let entropy = Counter::new();
        let key = RecordKey::draw(&entropy).unwrap();
        let sealed = key.seal(name(1), "raw", b"words", &entropy).unwrap();
        assert!(key.open(name(1), "raw", &sealed).is_ok());
        assert!(key.open(name(2), "raw", &sealed).is_err());
        assert!(key.open(name(1), "draft", &sealed).is_err());
        let other_kind = RecordName::new(RecordKind::Outbound, Uuid::from_u128(1));
        assert!(key.open(other_kind, "raw", &sealed).is_err());
    }

    #[test]
    fn a_wrapped_key_opens_only_for_its_record_generation_and_master() {
        let entropy = Counter::new();
        let key = RecordKey::draw(&entropy).unwrap();
        let wrapped = key.wrap(name(1), &master(ONE), &entropy).unwrap();
        let again = RecordKey::unwrap_from(name(1), &wrapped, &master(ONE)).unwrap();
        assert_eq!(again.bytes(), key.bytes());
        let opens = |record, wrapped: &WrappedKey, keys: &str| {
            RecordKey::unwrap_from(record, wrapped, &master(keys)).err()
        };
        assert_eq!(opens(name(2), &wrapped, ONE), Some(VaultError::DoesNotOpen));
        assert_eq!(
            opens(
                name(1),
                &wrapped,
                "1: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
            ),
            Some(VaultError::DoesNotOpen)
        );
        assert_eq!(
            opens(name(1), &wrapped, TWO),
            Some(VaultError::NoSuchGeneration(1))
        );
        let relabelled = WrappedKey {
            generation: 2,
            ..wrapped.clone()
        };
        assert_eq!(
            opens(name(1), &relabelled, &format!("{TWO}\n{ONE}")),
            Some(VaultError::DoesNotOpen)
        );
        assert_eq!(opens(name(1), &wrapped, &format!("{TWO}\n{ONE}")), None);
    }

    #[test]
    fn the_newest_generation_wraps() {
        let entropy = Counter::new();
        let key = RecordKey::draw(&entropy).unwrap();
        let wrapped = key
            .wrap(name(1), &master(&format!("{TWO}\n{ONE}")), &entropy)
            .unwrap();
        assert_eq!(wrapped.generation, 2);
    }

    #[test]
    fn without_randomness_nothing_is_sealed() {
        let key = RecordKey::draw(&Counter::new()).unwrap();
        assert_eq!(
            key.seal(name(1), "raw", b"words", &Empty).err(),
            Some(VaultError::NoEntropy)
        );
        assert_eq!(RecordKey::draw(&Empty).err(), Some(VaultError::NoEntropy));
    }
}

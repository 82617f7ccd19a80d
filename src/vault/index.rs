//! Keyed hashes: the blind index, the raw hash, the audit chain and the destruction log.

use super::keyfile::sub_key;
use super::{Entropy, KEY_BYTES, MasterKeys, RecordKey, RecordName, VaultError, WrappedKey};
use hmac::digest::{Key, KeyInit};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// HMAC-SHA256 of a value: equal for equal values, otherwise says nothing without the key.
pub type KeyedHash = [u8; 32];

/// What a keyed hash is of. Every kind has a sub-key of its own, so equal values of different kinds
/// cannot be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexedAs {
    /// A mail's raw bytes.
    Raw,
    /// A Message-ID.
    Thread,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A name.
    Name,
    /// A date of birth.
    Birth,
    /// A postcode.
    Postcode,
    /// A name together with a date of birth.
    NameAndBirth,
    /// An agency's number of an incident.
    Reference,
    /// An agency's number of a person.
    PersonNumber,
    /// A postcode together with the date of the offence.
    PostcodeAndOffenceDate,
    /// A submission account's user name.
    AccountUser,
    /// An address that mail was delivered to.
    Correspondent,
    /// The name of an account for the staff pages.
    StaffName,
    /// What a browser shows to be known again.
    StaffSession,
    /// A recovery code together with its account.
    RecoveryCode,
}

impl IndexedAs {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Thread => "thread",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
            Self::Birth => "birth",
            Self::Postcode => "postcode",
            Self::NameAndBirth => "name_and_birth",
            Self::Reference => "reference",
            Self::PersonNumber => "person_number",
            Self::PostcodeAndOffenceDate => "postcode_and_offence_date",
            Self::AccountUser => "account_user",
            Self::Correspondent => "correspondent",
            Self::StaffName => "staff_name",
            Self::StaffSession => "staff_session",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// The database's own key, which does not change when master keys rotate.
pub struct DataKey(RecordKey);

impl DataKey {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, VaultError> {
        RecordKey::draw(entropy).map(Self)
    }

    /// Wraps it for storing.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn wrap(
        &self,
        record: RecordName,
        master: &MasterKeys,
        entropy: &dyn Entropy,
    ) -> Result<WrappedKey, VaultError> {
        self.0.wrap(record, master, entropy)
    }

    /// Unwraps a stored one.
    ///
    /// # Errors
    /// As [`RecordKey::unwrap_from`].
    pub fn unwrap_from(
        record: RecordName,
        wrapped: &WrappedKey,
        master: &MasterKeys,
    ) -> Result<Self, VaultError> {
        RecordKey::unwrap_from(record, wrapped, master).map(Self)
    }

    /// The keyed hash of a value, which the caller has normalised.
    pub fn hash(&self, kind: IndexedAs, value: &[u8]) -> KeyedHash {
        let key = sub_key(self.0.bytes(), &format!("referrald/index/{}/1", kind.as_str()));
        mac_over(&key, &[value])
    }

    /// The key of the audit chain.
    pub fn audit(&self) -> AuditMac {
        AuditMac(sub_key(self.0.bytes(), "referrald/audit/1"))
    }

    /// The key of the destruction log.
    pub fn destruction(&self) -> DestructionMac {
        DestructionMac(sub_key(self.0.bytes(), "referrald/destruction/1"))
    }
}

/// Authenticates lines of the destruction log.
pub struct DestructionMac(Zeroizing<[u8; KEY_BYTES]>);

impl DestructionMac {
    /// HMAC over a line.
    pub fn of_line(&self, line: &str) -> KeyedHash {
        mac_over(&self.0, &[b"line\0", line.as_bytes()])
    }

    /// Tells lines of this database from those of others; says nothing else.
    pub fn database(&self) -> KeyedHash {
        mac_over(&self.0, &[b"database\0"])
    }
}

/// Authenticates rows and head of the audit chain.
pub struct AuditMac(Zeroizing<[u8; KEY_BYTES]>);

impl AuditMac {
    /// HMAC over the fields, each with its length, so that no two lists of fields look the same.
    pub fn over(&self, fields: &[&[u8]]) -> KeyedHash {
        let lengths: Vec<[u8; 8]> = fields
            .iter()
            .map(|field| (field.len() as u64).to_be_bytes())
            .collect();
        let parts: Vec<&[u8]> = lengths
            .iter()
            .zip(fields)
            .flat_map(|(length, field)| [length.as_slice(), field])
            .collect();
        mac_over(&self.0, &parts)
    }
}

pub(super) fn mac_over(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> KeyedHash {
    // HMAC pads a key to its block with zeros (RFC 2104), so this is the 32-byte key itself.
    let mut block = Key::<Hmac<Sha256>>::default();
    let (head, _) = block.split_at_mut(KEY_BYTES);
    head.copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block);
    block.zeroize();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::super::seal::tests::Counter;
    use super::super::{MasterKeys, RecordKind};
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231_test_case_2_padded() {
        // Key "Jefe", padded with zeros to 32 bytes, is the same HMAC key.
        let mut key = [0; KEY_BYTES];
        key[..4].copy_from_slice(b"Jefe");
        let mac = mac_over(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(mac[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn kinds_and_keys_make_equal_values_unlike() {
        let entropy = Counter::new();
        let (one, two) = (DataKey::draw(&entropy).unwrap(), DataKey::draw(&entropy).unwrap());
        let hash = one.hash(IndexedAs::Email, b"x");
        assert_eq!(hash, one.hash(IndexedAs::Email, b"x"));
        assert_ne!(hash, one.hash(IndexedAs::Phone, b"x"));
        assert_ne!(hash, two.hash(IndexedAs::Email, b"x"));
    }

    #[test]
    fn rotating_the_master_key_keeps_the_hashes() {
        let entropy = Counter::new();
        let text = MasterKeys::generate(&entropy).unwrap();
        let old = MasterKeys::parse(text.as_bytes()).unwrap();
        let text = old.with_new_generation(&entropy).unwrap();
        let new = MasterKeys::parse(text.as_bytes()).unwrap();
        let name = RecordName::new(RecordKind::Data, uuid::Uuid::nil());
        let key = DataKey::draw(&entropy).unwrap();
        let wrapped = key.wrap(name, &old, &entropy).unwrap();
        let again = DataKey::unwrap_from(name, &wrapped, &new).unwrap();
        assert_eq!(key.hash(IndexedAs::Raw, b"x"), again.hash(IndexedAs::Raw, b"x"));
    }

    #[test]
    fn audit_fields_cannot_be_shifted_into_each_other() {
        let mac = DataKey::draw(&Counter::new()).unwrap().audit();
        assert_ne!(mac.over(&[b"ab", b"c"]), mac.over(&[b"a", b"bc"]));
        assert_ne!(mac.over(&[b"ab"]), mac.over(&[b"ab", b""]));
    }
}

//! The master keys and the text of the key file.
//!
//! The file holds one line per generation, newest first, `generation: base64 of 32 bytes`. Blank lines
//! and lines that start with `#` are passed over:
//!
//! ```text
//! # referrald master keys: keep a copy apart from the database's backup.
//! 2: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
//! 1: AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
//! ```

use super::{Entropy, KEY_BYTES, VaultError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Largest key file that is read, in bytes.
const MAX_FILE: usize = 64 * 1024;
const HEADER: &str = "# referrald master keys, newest first. Keep a copy apart from the database's backup:\n\
                      # without this file nothing in the database can be read again.\n";

/// The service's master keys, newest first. Wiped on drop; no `Debug`.
pub struct MasterKeys {
    newest: Generation,
    /// Generations strictly descending, all below the newest.
    older: Vec<Generation>,
}

type Generation = (u32, Zeroizing<[u8; KEY_BYTES]>);

/// What is wrong with a key file. Holds line numbers, never content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// No key at all.
    #[error("the key file holds no key: restore it, or make one with `referrald init` for a new database")]
    Empty,
    /// Not text of a sane size.
    #[error("the key file is not a text of at most 64 KiB")]
    NotText,
    /// A line that is not `generation: base64 of 32 bytes`.
    #[error("line {0} of the key file is not `generation: base64 of 32 bytes`")]
    BadLine(usize),
    /// Generations must go down.
    #[error("line {0} of the key file is out of order: newest generation first, each once")]
    BadOrder(usize),
    /// A key that stands there twice.
    #[error("line {0} of the key file repeats an older key")]
    Repeated(usize),
}

impl MasterKeys {
    /// Reads a key file's bytes.
    ///
    /// # Errors
    /// [`KeyFileError`] with the line.
    pub fn parse(file: &[u8]) -> Result<Self, KeyFileError> {
        if file.len() > MAX_FILE {
            return Err(KeyFileError::NotText);
        }
        let text = std::str::from_utf8(file).map_err(|_| KeyFileError::NotText)?;
        let mut generations: Vec<Generation> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (generation, key) = read_line(line).ok_or(KeyFileError::BadLine(number))?;
            if generations.last().is_some_and(|(newer, _)| generation >= *newer) {
                return Err(KeyFileError::BadOrder(number));
            }
            if generations.iter().any(|(_, other)| **other == *key) {
                return Err(KeyFileError::Repeated(number));
            }
            generations.push((generation, key));
        }
        let mut generations = generations.into_iter();
        let newest = generations.next().ok_or(KeyFileError::Empty)?;
        Ok(Self {
            newest,
            older: generations.collect(),
        })
    }

    /// The text of a new key file with one key, generation 1.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn generate(entropy: &dyn Entropy) -> Result<Zeroizing<String>, VaultError> {
        let mut text = Zeroizing::new(HEADER.to_owned());
        push_line(&mut text, 1, &draw(entropy)?);
        Ok(text)
    }

    /// The text of a key file with one more generation on top of these. Records written from then on
    /// use it; the older lines must stay until every record key is wrapped anew.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`].
    pub fn with_new_generation(&self, entropy: &dyn Entropy) -> Result<Zeroizing<String>, VaultError> {
        let mut text = Zeroizing::new(HEADER.to_owned());
        push_line(
            &mut text,
            self.newest_generation().saturating_add(1),
            &draw(entropy)?,
        );
        for (generation, key) in self.all() {
            push_line(&mut text, *generation, key);
        }
        Ok(text)
    }

    /// The text of a key file without one of these generations; `None` where it is the newest one, or not among them.
    pub fn without_generation(&self, retired: u32) -> Option<Zeroizing<String>> {
        if retired == self.newest_generation() || self.all().all(|(generation, _)| *generation != retired) {
            return None;
        }
        let mut text = Zeroizing::new(HEADER.to_owned());
        for (generation, key) in self.all().filter(|(generation, _)| *generation != retired) {
            push_line(&mut text, *generation, key);
        }
        Some(text)
    }

    /// The generation that wraps new keys.
    pub fn newest_generation(&self) -> u32 {
        self.newest.0
    }

    /// Whether there is a key of this generation.
    pub fn has_generation(&self, wanted: u32) -> bool {
        self.all().any(|(generation, _)| *generation == wanted)
    }

    /// The keys of one stream, which hang on a generation and a salt.
    pub(super) fn stream_keys(&self, wanted: u32, salt: &[u8]) -> Result<StreamKeys, VaultError> {
        let (_, master) = self
            .all()
            .find(|(generation, _)| *generation == wanted)
            .ok_or(VaultError::NoSuchGeneration(wanted))?;
        Ok(StreamKeys {
            chunks: salted_key(master, salt, "referrald/stream/chunks/1"),
            check: salted_key(master, salt, "referrald/stream/header/1"),
        })
    }

    fn all(&self) -> impl Iterator<Item = &Generation> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    pub(super) fn newest(&self) -> Generation {
        (self.newest.0, wrapping(&self.newest.1))
    }

    pub(super) fn of_generation(&self, wanted: u32) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
        self.all()
            .find(|(generation, _)| *generation == wanted)
            .map(|(_, key)| wrapping(key))
            .ok_or(VaultError::NoSuchGeneration(wanted))
    }
}

/// The master key itself seals nothing; a sub-key does.
fn wrapping(master: &Zeroizing<[u8; KEY_BYTES]>) -> Zeroizing<[u8; KEY_BYTES]> {
    sub_key(master, "referrald/wrapping/1")
}

/// What a stream is sealed with.
pub(super) struct StreamKeys {
    pub(super) chunks: Zeroizing<[u8; KEY_BYTES]>,
    pub(super) check: Zeroizing<[u8; KEY_BYTES]>,
}

/// HKDF-SHA256 (RFC 5869) with `purpose` as info.
pub(super) fn sub_key(key: &[u8; KEY_BYTES], purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    derived(Hkdf::new(None, key), purpose)
}

fn salted_key(key: &[u8; KEY_BYTES], salt: &[u8], purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    derived(Hkdf::new(Some(salt), key), purpose)
}

fn derived(extracted: Hkdf<Sha256>, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut out = Zeroizing::new([0; KEY_BYTES]);
    let expanded = extracted.expand(purpose.as_bytes(), out.as_mut_slice());
    debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's 255 blocks");
    out
}

fn draw(entropy: &dyn Entropy) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    entropy.fill(key.as_mut_slice())?;
    Ok(key)
}

fn push_line(text: &mut Zeroizing<String>, generation: u32, key: &Zeroizing<[u8; KEY_BYTES]>) {
    let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
    text.push_str(&generation.to_string());
    text.push_str(": ");
    text.push_str(&encoded);
    text.push('\n');
}

fn read_line(line: &str) -> Option<Generation> {
    let (generation, encoded) = line.split_once(':')?;
    let generation = generation.trim();
    if !generation.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let generation = generation.parse().ok().filter(|g| *g > 0)?;
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if decoded.len() != KEY_BYTES || decoded.iter().all(|b| *b == 0) {
        return None;
    }
    key.copy_from_slice(&decoded);
    Some((generation, key))
}

#[cfg(test)]
mod tests {
    use super::super::seal::tests::Counter;
    use super::*;

    const ONE: &str = "1: AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const TWO: &str = "2: AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    fn problem(text: &str) -> Option<KeyFileError> {
        MasterKeys::parse(text.as_bytes()).err()
    }

    #[test]
    fn a_generated_key_file_reads_back_and_two_are_never_the_same() {
        let entropy = Counter::new();
        let first = MasterKeys::generate(&entropy).unwrap();
        let second = MasterKeys::generate(&entropy).unwrap();
        assert_eq!(
            MasterKeys::parse(first.as_bytes()).unwrap().newest_generation(),
            1
        );
        assert_ne!(*first, *second);
    }

    #[test]
    fn a_new_generation_goes_on_top_and_keeps_the_older_ones() {
        let entropy = Counter::new();
        let keys = MasterKeys::parse(ONE.as_bytes()).unwrap();
        let text = keys.with_new_generation(&entropy).unwrap();
        let rotated = MasterKeys::parse(text.as_bytes()).unwrap();
        assert_eq!(rotated.newest_generation(), 2);
        assert_eq!(rotated.of_generation(1).unwrap(), keys.of_generation(1).unwrap());
    }

    #[test]
    fn comments_blank_lines_and_windows_line_ends_are_fine() {
        assert_eq!(problem(&format!("# keys\r\n\r\n{TWO}\r\n{ONE}\r\n")), None);
    }

    #[test]
    fn every_mistake_in_a_key_file_is_named_with_its_line() {
        assert_eq!(problem(""), Some(KeyFileError::Empty));
        assert_eq!(problem("# only a comment"), Some(KeyFileError::Empty));
        assert_eq!(problem("1: AQEB"), Some(KeyFileError::BadLine(1)));
        assert_eq!(problem(&ONE.replace("1:", "0:")), Some(KeyFileError::BadLine(1)));
        assert_eq!(problem(&ONE.replace("1:", "+1:")), Some(KeyFileError::BadLine(1)));
        assert_eq!(problem(&format!("{ONE}\nwords")), Some(KeyFileError::BadLine(2)));
        assert_eq!(problem(&format!("{ONE}\n{TWO}")), Some(KeyFileError::BadOrder(2)));
        assert_eq!(problem(&format!("{ONE}\n{ONE}")), Some(KeyFileError::BadOrder(2)));
        let repeated = format!("{}\n{ONE}", ONE.replace("1:", "2:"));
        assert_eq!(problem(&repeated), Some(KeyFileError::Repeated(2)));
        let zeros = format!("1: {}", STANDARD.encode([0; KEY_BYTES]));
        assert_eq!(problem(&zeros), Some(KeyFileError::BadLine(1)));
        assert_eq!(MasterKeys::parse(&[0xff; 40]).err(), Some(KeyFileError::NotText));
        assert_eq!(
            MasterKeys::parse(&vec![b'#'; MAX_FILE + 1]).err(),
            Some(KeyFileError::NotText)
        );
    }
}

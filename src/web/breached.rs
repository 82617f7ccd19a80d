//! Passwords that are known from breaches: looked up in a local file, which is never loaded.
//!
//! The file has the public text format of Pwned Passwords: a line for each password, the SHA-1 of it in 40 hexadecimal digits, a
//! colon and a count, in the order of the hashes. A look reads a few dozen short pieces of it, whatever its size.
//!
//! Security: the password leaves this process in no form; where the file cannot be read or is not in order, no password is taken.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// Longest line: the hash, a colon, a count and the line's end.
const MAX_LINE: usize = 64;

/// Why a password is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    /// It is in the file.
    #[error(
        "this password is known from a breach of another website: whoever guesses tries it first. Use three or four words that \
         nobody has put together before"
    )]
    Known,
    /// The file cannot be read.
    #[error("no password can be set: breached_passwords_file cannot be read ({0})")]
    CannotRead(std::io::ErrorKind),
    /// It is another file.
    #[error(
        "no password can be set: breached_passwords_file is not the text file of Pwned Passwords (SHA-1, ordered by hash)"
    )]
    NotTheFormat,
}

impl From<std::io::Error> for BreachedError {
    fn from(error: std::io::Error) -> Self {
        Self::CannotRead(error.kind())
    }
}

/// The file of known passwords.
#[derive(Debug, Clone)]
pub struct BreachedPasswords {
    file: PathBuf,
}

impl BreachedPasswords {
    /// Opens nothing yet: the file may be replaced while the program runs.
    pub fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
        }
    }

    /// Whether the file can be read and begins as it should.
    ///
    /// # Errors
    /// [`BreachedError::CannotRead`], [`BreachedError::NotTheFormat`].
    pub fn check(&self) -> Result<(), BreachedError> {
        let lines = Lines::open(&self.file)?;
        lines.at(0).map(|_| ())
    }

    /// Demands that a new password is not in the file. Waits for the disk.
    ///
    /// # Errors
    /// [`BreachedError`].
    pub fn demand_unknown(&self, password: &SecretString) -> Result<(), BreachedError> {
        let hash = Sha1::digest(password.expose_secret().as_bytes());
        let wanted: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        match Lines::open(&self.file)?.holds(wanted.as_bytes())? {
            true => Err(BreachedError::Known),
            false => Ok(()),
        }
    }
}

/// The lines of the file.
struct Lines {
    file: File,
    bytes: u64,
}

/// One line.
struct Line {
    hash: [u8; DIGITS],
    /// The byte after its end.
    end: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, BreachedError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        match bytes {
            0 => Err(BreachedError::NotTheFormat),
            bytes => Ok(Self { file, bytes }),
        }
    }

    /// Up to two lines' bytes from `from` on.
    fn piece(&self, from: u64) -> Result<Vec<u8>, BreachedError> {
        let mut piece = vec![0; 2 * MAX_LINE];
        let mut filled = 0;
        while let Some(rest) = piece.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, from.saturating_add(filled as u64))? {
                0 => break,
                read => filled += read,
            }
        }
        piece.truncate(filled);
        Ok(piece)
    }

    /// The line that begins at this byte.
    fn at(&self, begin: u64) -> Result<Line, BreachedError> {
        let piece = self.piece(begin)?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(piece.len(), |end| end + 1);
        let hash = piece.get(..DIGITS).filter(|_| length <= MAX_LINE);
        let hash: Option<[u8; DIGITS]> = hash.and_then(|hash| hash.to_ascii_uppercase().try_into().ok());
        let is_whole = piece.get(DIGITS) == Some(&b':');
        match hash.filter(|hash| is_whole && hash.iter().all(u8::is_ascii_hexdigit)) {
            Some(hash) => Ok(Line {
                hash,
                end: begin.saturating_add(length as u64),
            }),
            None => Err(BreachedError::NotTheFormat),
        }
    }

    /// Where the first line begins that begins after this byte, at most at the end.
    fn after(&self, byte: u64) -> Result<u64, BreachedError> {
        let piece = self.piece(byte)?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        Ok(end.map_or(self.bytes, |end| byte.saturating_add(end as u64 + 1)))
    }

    /// Halves the stretch in which the line would stand.
    fn holds(&self, wanted: &[u8]) -> Result<bool, BreachedError> {
        // Both are where lines begin, or the end.
        let (mut from, mut to) = (0, self.bytes);
        while from < to {
            let middle = from + (to - from) / 2;
            let begin = match middle == from {
                true => from,
                false => self.after(middle - 1)?,
            };
            // No line begins in the second half: what is left is short.
            let begin = if begin >= to { from } else { begin };
            let line = self.at(begin)?;
            match line.hash.as_slice().cmp(wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => from = line.end,
                std::cmp::Ordering::Greater if begin == from => return Ok(false),
                std::cmp::Ordering::Greater => to = begin,
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(password: &str) -> String {
        let hash = Sha1::digest(password.as_bytes());
        hash.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// A file of the hashes of these passwords.
    fn file(passwords: &[String], line_end: &str) -> tempfile::NamedTempFile {
        let mut lines: Vec<String> = (0..)
            .zip(passwords)
            .map(|(number, password)| format!("{}:{}", hash(password), 1_u64 << (number % 40)))
            .collect();
        lines.sort_unstable();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.join(line_end) + line_end).unwrap();
        file
    }

    fn is_known(file: &tempfile::NamedTempFile, password: &str) -> bool {
        match BreachedPasswords::new(file.path()).demand_unknown(&password.into()) {
            Ok(()) => false,
            Err(BreachedError::Known) => true,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn sha_1_is_the_one_of_the_public_file() {
        // FIPS 180-4, example "abc".
        assert_eq!(hash("abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
    }

    #[test]
    fn every_password_of_a_file_is_found_and_no_other() {
        for many in [1, 2, 3, 10, 1000] {
            let passwords: Vec<String> = (0..many).map(|number| format!("password {number}")).collect();
            for line_end in ["\n", "\r\n"] {
                let file = file(&passwords, line_end);
                assert!(
                    passwords.iter().all(|password| is_known(&file, password)),
                    "{many}"
                );
                let others = (0..1000).map(|number| format!("another {number}"));
                assert!(
                    !others.into_iter().any(|password| is_known(&file, &password)),
                    "{many}"
                );
            }
        }
    }

    #[test]
    fn another_file_or_none_takes_no_password() {
        for content in [
            "",
            "password\n",
            "A9993E364706816ABA3E25717850C26C9CD0D89D 3\n",
            "\0\0\0",
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), content).unwrap();
            let breached = BreachedPasswords::new(file.path());
            assert!(
                matches!(breached.check(), Err(BreachedError::NotTheFormat)),
                "{content:?}"
            );
            let set = breached.demand_unknown(&"correct horse battery".into());
            assert!(matches!(set, Err(BreachedError::NotTheFormat)), "{content:?}");
        }
        let none = BreachedPasswords::new(Path::new("/nowhere/pwned.txt"));
        assert!(matches!(
            none.check(),
            Err(BreachedError::CannotRead(std::io::ErrorKind::NotFound))
        ));
    }
}

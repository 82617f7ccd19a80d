//! The newest refresh token, in a file of its own.
//!
//! An endpoint may hand out a new refresh token with each access token and let the old one expire, so the newest must outlive
//! a restart. It is kept in a file for its owner only, like the secret it descends from, and not in the database: it has to
//! be there before the database is, it must not come back from a backup in which it is spent, and whoever can read the file
//! can read the configured secret as well. The file is replaced as a whole, on disk before the new access token is used.
//!
//! A lock file beside it keeps two processes (the daemon and `referrald check`) from using one refresh token at once.

use super::advice::TokenError;
use rustix::fs::{FlockOperation, flock};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// How often a lock is tried that another process has.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// A refresh token and what became of it.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// As the administrator gave it.
    pub given: SecretString,
    /// The file that its successors are kept in.
    pub state_file: PathBuf,
}

/// The right to use the refresh token, for as long as it lives.
pub(super) struct Held<'a> {
    token: &'a RefreshToken,
    _lock: File,
}

impl RefreshToken {
    /// Waits for the lock. It has no deadline of its own.
    pub(super) async fn hold(&self) -> Result<Held<'_>, TokenError> {
        let lock = beside(&self.state_file, "lock");
        let lock = private().create(true).open(lock).map_err(state_error)?;
        while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(state_error(error.into()));
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
        Ok(Held {
            token: self,
            _lock: lock,
        })
    }

    /// Tells which given token a successor descends from: after a new sign-in the file is out of date.
    fn mark(&self) -> String {
        let digest = Sha256::digest(self.given.expose_secret().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Held<'_> {
    /// The newest refresh token.
    pub(super) fn newest(&self) -> Result<SecretString, TokenError> {
        let text = match fs::read_to_string(&self.token.state_file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self.token.given.clone()),
            Err(error) => return Err(state_error(error)),
        };
        let successor = text
            .split_once('\n')
            .filter(|(mark, _)| *mark == self.token.mark())
            .map(|(_, successor)| successor.trim_end())
            .filter(|successor| !successor.is_empty());
        Ok(successor.map_or_else(|| self.token.given.clone(), SecretString::from))
    }

    /// Keeps its successor. It is on disk when this returns.
    pub(super) fn replace(&self, successor: &SecretString) -> Result<(), TokenError> {
        let file = &self.token.state_file;
        let text = Zeroizing::new(format!("{}\n{}\n", self.token.mark(), successor.expose_secret()));
        let draft = beside(file, "new");
        let written = || -> io::Result<()> {
            let _earlier_crash = fs::remove_file(&draft);
            let mut opened = private().create_new(true).open(&draft)?;
            opened.write_all(text.as_bytes())?;
            opened.sync_all()?;
            fs::rename(&draft, file)?;
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        written().map_err(state_error)
    }
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn state_error(error: io::Error) -> TokenError {
    TokenError::State(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn token(given: &str, folder: &tempfile::TempDir) -> RefreshToken {
        RefreshToken {
            given: given.into(),
            state_file: folder.path().join("refresh.token"),
        }
    }

    async fn newest(token: &RefreshToken) -> String {
        let held = token.hold().await.unwrap();
        held.newest().unwrap().expose_secret().to_owned()
    }

    #[tokio::test]
    async fn a_successor_outlives_a_restart_until_a_new_token_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let first = token("given", &folder);
        assert_eq!(newest(&first).await, "given");
        first.hold().await.unwrap().replace(&"second".into()).unwrap();
        first.hold().await.unwrap().replace(&"third".into()).unwrap();
        assert_eq!(newest(&token("given", &folder)).await, "third");
        assert_eq!(newest(&token("given anew", &folder)).await, "given anew");
        let mode = fs::metadata(&first.state_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn two_holders_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let token = token("given", &folder);
        let first = token.hold().await.unwrap();
        let second = tokio::time::timeout(LOCK_POLL * 4, token.hold()).await;
        assert!(second.is_err(), "the lock is taken");
        drop(first);
        token.hold().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_told() {
        let nowhere = RefreshToken {
            given: "given".into(),
            state_file: PathBuf::from("/nowhere/refresh.token"),
        };
        let error = nowhere.hold().await.err();
        assert_eq!(error, Some(TokenError::State(io::ErrorKind::NotFound)));
    }
}

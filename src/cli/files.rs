//! Finding and reading the files that the configuration names.
//!
//! # Security
//! Secrets are read only from files that nobody else can read, or from the systemd credentials directory.

use super::output::Failure;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file taken (keys, passwords, certificates, labels), in bytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Where relative paths are looked up.
#[derive(Debug, Clone)]
pub(super) struct Files {
    beside: PathBuf,
    credentials: Option<PathBuf>,
}

impl Files {
    /// Paths relative to the folder of `config`, and to `$CREDENTIALS_DIRECTORY` first.
    pub(super) fn beside(config: &Path) -> Self {
        let beside = config.parent().map(Path::to_path_buf).unwrap_or_default();
        Self {
            beside,
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        }
    }

    /// The file that a configured path means.
    pub(super) fn locate(&self, path: &Path) -> PathBuf {
        let credential = self
            .credentials
            .as_ref()
            .map(|folder| folder.join(path))
            .filter(|p| p.exists());
        credential.unwrap_or_else(|| self.beside.join(path))
    }

    /// A file that is written here: never in the credentials directory.
    pub(super) fn own(&self, path: &Path) -> PathBuf {
        self.beside.join(path)
    }

    /// A secret: the file must be closed to group and others.
    pub(super) fn secret(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let file = self.locate(path);
        let is_credential = self
            .credentials
            .as_ref()
            .is_some_and(|folder| file.starts_with(folder));
        let mode = fs::metadata(&file).map(|data| data.permissions().mode());
        if !is_credential && mode.is_ok_and(|mode| mode & 0o077 != 0) {
            let file = file.display();
            return Err(Failure::configuration(format!(
                "{file} can be read by other users: run `chmod 600 {file}`"
            )));
        }
        read(&file)
    }

    /// A password: a secret without the line end that editors add.
    pub(super) fn password(&self, path: &Path) -> Result<secrecy::SecretString, Failure> {
        let bytes = self.secret(path)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Failure::configuration(format!("{} is not text", self.locate(path).display())))?;
        Ok(secrecy::SecretString::from(text.trim_end_matches(['\r', '\n'])))
    }

    /// A file that is no secret.
    pub(super) fn plain(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
        read(&self.locate(path))
    }

    /// A text file that is no secret.
    pub(super) fn text(&self, path: &Path) -> Result<String, Failure> {
        let bytes = self.plain(path)?;
        String::from_utf8(bytes.to_vec())
            .map_err(|_| Failure::configuration(format!("{} is not UTF-8 text", self.locate(path).display())))
    }
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let refused = |error: std::io::Error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "is not there".to_owned(),
            std::io::ErrorKind::PermissionDenied => {
                "cannot be read: it must belong to the user that referrald runs as".to_owned()
            }
            kind => format!("cannot be read ({kind})"),
        };
        Failure::configuration(format!("{} {why}", file.display()))
    };
    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(file)
        .and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(refused)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(Failure::configuration(format!(
            "{} is too large for what it should hold",
            file.display()
        )));
    }
    Ok(bytes)
}

//! Passwords of submission and staff accounts: argon2id (RFC 9106) as PHC strings. Salts are arguments.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};

/// Shortest password taken, in characters.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// Longest password taken, in bytes (RFC 4616: 255 octets in AUTH PLAIN).
pub const MAX_PASSWORD_BYTES: usize = 255;

/// Memory in KiB, passes and lanes: the second recommended choice of the OWASP password sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A password that verifies against this hash does not exist: it stands in for unknown users, so that
/// they take the same work as known ones. Made with [`MEMORY_KIB`], [`PASSES`] and [`LANES`].
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c3RhbmRzLWluLWZvci1ub2JvZHk$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_PASSWORD_CHARS`] characters.
    #[error("the password is too short: use at least {MIN_PASSWORD_CHARS} characters")]
    TooShort,
    /// More than AUTH PLAIN can carry.
    #[error("the password is too long: use at most {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// A character that AUTH PLAIN cannot carry.
    #[error("the password holds a NUL character: leave it out")]
    Unusable,
    /// The hash function refused its parameters (no memory).
    #[error("the password could not be hashed: there is too little memory")]
    CannotHash,
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::CannotHash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a new password. `salt` is 16 fresh random bytes. Takes tens of milliseconds of one core.
///
/// # Errors
/// [`PasswordError`]: too short, too long, unusable in AUTH, or no memory.
pub fn hash_password(password: &SecretString, salt: [u8; 16]) -> Result<String, PasswordError> {
    let password = password.expose_secret();
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(PasswordError::TooShort);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong);
    }
    if password.contains('\0') {
        return Err(PasswordError::Unusable);
    }
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::CannotHash)?;
    hasher()?
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| PasswordError::CannotHash)
}

/// Whether the password fits. `phc` is `None` for an unknown user: the work is the same, the answer no.
pub fn verify_password(password: &SecretString, phc: Option<&str>) -> bool {
    let known = phc.is_some();
    let fits = PasswordHash::new(phc.unwrap_or(NOBODY)).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.expose_secret().as_bytes(), &hash)
            .is_ok()
    });
    known && fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn only_the_password_that_was_hashed_fits() {
        let hash = hash_password(&secret("correct horse battery"), [7; 16]).expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password(&secret("correct horse battery"), Some(&hash)));
        assert!(!verify_password(&secret("correct horse batterx"), Some(&hash)));
        assert!(!verify_password(&secret(""), Some(&hash)));
        assert!(!verify_password(&secret("correct horse battery"), None));
        assert!(!verify_password(
            &secret("correct horse battery"),
            Some("not a hash")
        ));
    }

    #[test]
    fn an_unknown_user_costs_a_real_hash() {
        let nobody = PasswordHash::new(NOBODY).expect("parses");
        let params = Params::try_from(&nobody).expect("has parameters");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        let verified = Argon2::default().verify_password(b"x", &nobody);
        assert_eq!(verified, Err(argon2::password_hash::Error::Password));
    }

    #[test]
    fn passwords_that_auth_cannot_carry_are_refused() {
        assert_eq!(
            hash_password(&secret("short"), [0; 16]),
            Err(PasswordError::TooShort)
        );
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        assert_eq!(
            hash_password(&secret(&long), [0; 16]),
            Err(PasswordError::TooLong)
        );
        assert_eq!(
            hash_password(&secret("twelve chars\0"), [0; 16]),
            Err(PasswordError::Unusable)
        );
    }
}

//! The second step: six-digit codes (RFC 6238: SHA-1, thirty seconds), their QR code, recovery codes.

use super::problem::Problem;
use crate::domain::{Personal, Timestamp};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// Steps before and after now that are taken too.
const DRIFT: u16 = 1;
/// Recovery codes of one account.
pub(super) const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: 80 bits.
const RECOVERY_BYTES: usize = 10;
/// Light border of a QR code, in its squares.
const BORDER: i32 = 4;

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(DRIFT)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret.to_vec())
        .build()
        .ok()
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or_default()
}

/// The code that an authenticator shows at a time; `None` for a secret that is too short.
pub fn code_at(secret: &[u8], now: Timestamp) -> Option<String> {
    Some(totp(secret)?.generate(seconds(now)).to_string())
}

/// The step whose code this is, if it is one of now. White space in it does not matter.
pub(super) fn step_of(secret: &Personal<Vec<u8>>, code: &str, now: Timestamp) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let is_code = code.len() == usize::from(DIGITS) && code.bytes().all(|b| b.is_ascii_digit());
    if !is_code {
        return None;
    }
    totp(secret.expose_personal())?.check(&code, seconds(now))
}

/// The secret for typing, in groups of four.
pub(super) fn in_letters(secret: &Personal<Vec<u8>>) -> String {
    grouped(&base32(secret.expose_personal()))
}

fn base32(bytes: &[u8]) -> String {
    Secret::from(bytes.to_vec()).to_base32()
}

fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().filter(|c| *c != '=').collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// A QR code of a secret: the size of its square and the path of its dark squares.
pub(super) struct Qr {
    pub(super) size: i32,
    pub(super) path: String,
}

/// What an authenticator scans.
pub(super) fn qr(secret: &Personal<Vec<u8>>, service: &str, name: &str) -> Result<Qr, Problem> {
    let (service, name) = (uri_safe(service), uri_safe(name));
    let secret = base32(secret.expose_personal());
    let secret = secret.trim_end_matches('=');
    let uri = Zeroizing::new(format!(
        "otpauth://totp/{service}:{name}?secret={secret}&issuer={service}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    ));
    let code = QrCode::encode_text(&uri, QrCodeEcc::Medium).map_err(|_| Problem::Failed)?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + BORDER, y + BORDER);
        }
    }
    Ok(Qr {
        size: code.size() + 2 * BORDER,
        path,
    })
}

/// Letters and digits as they are, everything else as `%XX` (RFC 3986).
fn uri_safe(text: &str) -> String {
    let mut out = String::new();
    for byte in text.chars().take(60).collect::<String>().bytes() {
        match byte.is_ascii_alphanumeric() {
            true => out.push(char::from(byte)),
            false => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// New recovery codes, in the form in which they are stored.
pub(super) fn draw_recovery_codes() -> Result<Vec<Zeroizing<String>>, Problem> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut bytes = Zeroizing::new([0; RECOVERY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| Problem::Failed)?;
        codes.push(Zeroizing::new(base32(bytes.as_slice())));
    }
    Ok(codes)
}

/// A recovery code as it is shown.
pub(super) fn shown(code: &str) -> String {
    grouped(code)
}

/// A typed recovery code in the form in which it is stored.
pub(super) fn typed(code: &str) -> Zeroizing<String> {
    let letters = code.chars().filter(|c| c.is_ascii_alphanumeric());
    Zeroizing::new(letters.map(|c| c.to_ascii_uppercase()).take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Personal::new(b"12345678901234567890".to_vec());
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp::from_second(time).expect("time");
            assert_eq!(code_at(secret.expose_personal(), now).as_deref(), Some(code));
            assert_eq!(step_of(&secret, code, now), Some(time.unsigned_abs() / 30));
            let later = Timestamp::from_second(time + 30).expect("time");
            assert_eq!(step_of(&secret, code, later), Some(time.unsigned_abs() / 30));
            let too_late = Timestamp::from_second(time + 60).expect("time");
            assert_eq!(step_of(&secret, code, too_late), None);
        }
    }

    #[test]
    fn recovery_codes_are_taken_as_they_are_shown() {
        let codes = draw_recovery_codes().expect("random");
        assert_eq!(codes.len(), RECOVERY_CODES);
        for code in &codes {
            assert_eq!(*typed(&shown(code).to_lowercase()), **code);
        }
    }
}

//! A token as the first message of a sign-in: XOAUTH2 (Google's and Microsoft's) and OAUTHBEARER (RFC 7628), base64.

use super::source::AccessToken;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What a client sends after a refusal, so that the server ends the dialogue (RFC 7628 section 3.2.3), base64.
pub const OAUTHBEARER_END: &str = "AQ==";

/// `user` must hold no control characters.
pub fn xoauth2(user: &str, token: &AccessToken) -> Zeroizing<String> {
    encoded(&format!(
        "user={user}\x01auth=Bearer {}\x01\x01",
        token.expose_secret()
    ))
}

/// `user` and `host` must hold no control characters.
pub fn oauthbearer(user: &str, host: &str, port: u16, token: &AccessToken) -> Zeroizing<String> {
    let user = user.replace('=', "=3D").replace(',', "=2C");
    encoded(&format!(
        "n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {}\x01\x01",
        token.expose_secret()
    ))
}

fn encoded(message: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7628 section 4.1 and of Microsoft's documentation of XOAUTH2.
    #[test]
    fn messages_are_as_in_the_standards() {
        let token = AccessToken::for_tests("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let first = oauthbearer("user@example.com", "server.example.com", 143, &token);
        let expected = "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer \
            vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        assert_eq!(STANDARD.decode(&*first).unwrap(), expected.as_bytes());
        let token = AccessToken::for_tests("EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA");
        assert_eq!(
            *xoauth2("test@contoso.onmicrosoft.com", &token),
            "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ=="
        );
        let odd = oauthbearer("a=b,c", "h", 1, &token);
        assert!(STANDARD.decode(&*odd).unwrap().starts_with(b"n,a=a=3Db=2Cc,\x01"));
    }
}

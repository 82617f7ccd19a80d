//! What the server says: reply code, enhanced status code (RFC 3463, RFC 5248), and words that tell the
//! volunteer or their IT person what to do. Nothing of the input is ever repeated.

pub(super) const GOODBYE: &str = "221 2.0.0 goodbye";
pub(super) const OK: &str = "250 2.0.0 ok";
pub(super) const SENDER_OK: &str = "250 2.1.0 sender ok";
pub(super) const RECIPIENT_OK: &str = "250 2.1.5 recipient ok";
pub(super) const CANNOT_VERIFY: &str = "252 2.5.0 addresses are not looked up here; just send the mail";
pub(super) const HELP: &str =
    "214 2.0.0 STARTTLS or TLS, AUTH PLAIN or LOGIN, then MAIL, RCPT, DATA; see RFC 6409";
pub(super) const START_TLS: &str = "220 2.0.0 go ahead with TLS";
pub(super) const SIGNED_IN: &str = "235 2.7.0 signed in";
pub(super) const ASK_PLAIN: &str = "334 ";
/// "Username:" in base64.
pub(super) const ASK_USER: &str = "334 VXNlcm5hbWU6";
/// "Password:" in base64.
pub(super) const ASK_PASSWORD: &str = "334 UGFzc3dvcmQ6";
pub(super) const SEND_MAIL: &str = "354 send the mail; end it with a line that holds only a dot";

pub(super) const CLOSING: &str = "421 4.3.2 the server is stopping; try again in a few minutes";
pub(super) const TOO_MANY_CONNECTIONS: &str = "421 4.7.0 too many connections; try again in a few minutes";
pub(super) const TOO_SLOW: &str = "421 4.4.2 nothing came for too long; connect again";
pub(super) const TOO_MANY_ERRORS: &str = "421 4.7.0 too many errors on this connection";
pub(super) const SENDER_LATER: &str = "451 4.3.0 senders cannot be looked up now; try again later";
pub(super) const STORE_LATER: &str =
    "451 4.3.0 the mail could not be stored now and was not taken; keep it and try again later";
pub(super) const TOO_MANY_RECIPIENTS: &str = "452 4.5.3 too many recipients; send the mail in several parts";
pub(super) const AUTH_LATER: &str = "454 4.7.0 signing in is not possible now; try again later";
pub(super) const AUTH_THROTTLED: &str =
    "454 4.7.0 too many failed sign-ins; check the password and try again in 15 minutes";

pub(super) const UNKNOWN_COMMAND: &str = "500 5.5.1 this command is not known here";
pub(super) const LINE_TOO_LONG: &str = "500 5.5.6 the command line is too long";
pub(super) const BARE_LINE_END: &str = "500 5.5.2 every line must end in CR LF";
pub(super) const SYNTAX: &str = "501 5.5.4 the command is not written as it should be";
pub(super) const NO_ARGUMENT: &str = "501 5.5.4 nothing may follow this command";
pub(super) const AUTH_CANCELLED: &str = "501 5.7.0 sign-in cancelled";
pub(super) const AUTH_MALFORMED: &str = "501 5.5.2 the sign-in data are not written as they should be";
pub(super) const NOT_OFFERED: &str = "502 5.5.1 this command is not offered here";
pub(super) const WRONG_ORDER: &str = "503 5.5.1 the command does not fit here";
pub(super) const HELLO_FIRST: &str = "503 5.5.1 say EHLO first";
pub(super) const ALREADY_SIGNED_IN: &str = "503 5.5.1 already signed in";
pub(super) const MAIL_FIRST: &str = "503 5.5.1 give the sender with MAIL FROM first";
pub(super) const RECIPIENT_FIRST: &str = "503 5.5.1 give a recipient with RCPT TO first";
pub(super) const MECHANISM: &str = "504 5.5.4 use AUTH PLAIN or AUTH LOGIN";
pub(super) const TLS_FIRST: &str =
    "530 5.7.0 switch TLS on first: the mail program must use STARTTLS or SSL/TLS";
pub(super) const AUTH_FIRST: &str =
    "530 5.7.0 sign in first: the mail program must use the account's user name and password";
pub(super) const WRONG_PASSWORD: &str = "535 5.7.8 user name or password is wrong";
pub(super) const AUTH_NEEDS_TLS: &str =
    "538 5.7.11 passwords are taken over TLS only: switch on STARTTLS or SSL/TLS, and change this password";
pub(super) const WRONG_SENDER: &str = "550 5.7.1 send from the address that belongs to this account";
pub(super) const NULL_SENDER: &str =
    "550 5.7.1 mail without a sender (a bounce) is not taken here; the relay must deliver it itself";
pub(super) const UNKNOWN_SENDER: &str = "550 5.7.1 the sender is not the address of one volunteer's account; send \
     from the account's own address, or let staff add it with `referrald users add`";
pub(super) const NO_ACCOUNT: &str = "550 5.7.1 this account may not send any more; ask the service";
pub(super) const TOO_LARGE: &str =
    "552 5.3.4 the mail is too large; leave attachments out or send them separately";
pub(super) const SENDER_UNREADABLE: &str = "553 5.1.7 the sender's address cannot be read with certainty";
pub(super) const RECIPIENT_UNREADABLE: &str =
    "553 5.1.3 the recipient's address cannot be read with certainty; write it plainly, as name@example.org";
pub(super) const SENDER_UNQUALIFIED: &str =
    "554 5.1.8 the sender's domain must be written out in full, as name@example.org";
pub(super) const RECIPIENT_UNQUALIFIED: &str =
    "554 5.1.2 the recipient's domain must be written out in full, as name@example.org";
pub(super) const ASCII_ONLY: &str = "553 5.6.7 addresses may hold plain English letters only";
pub(super) const TEXT_LINE_TOO_LONG: &str =
    "554 5.6.0 a line of the mail is longer than 998 characters; let the mail program encode the text";
pub(super) const TEXT_BARE_LINE_END: &str = "554 5.6.0 the mail has a line that does not end in CR LF";
pub(super) const TEXT_NUL: &str = "554 5.6.0 the mail has a NUL byte; let the mail program encode it";
pub(super) const TEXT_EMPTY: &str = "554 5.6.0 the mail is empty";
pub(super) const NOT_A_RELAY: &str =
    "554 5.7.1 only the trusted relays connect here; mail programs use the submission ports";
pub(super) const TLS_INJECTION: &str = "554 5.5.1 nothing may follow STARTTLS before TLS begins";
pub(super) const PARAMETER: &str = "555 5.5.4 this parameter is not offered here";

/// The greeting.
pub(super) fn greeting(hostname: &str) -> String {
    format!("220 {hostname} ESMTP referrald")
}

/// The answer to `EHLO`; the client's name is not repeated.
pub(super) fn extensions(hostname: &str, max_message_bytes: usize, offer: Offer) -> String {
    let last = match offer {
        Offer::StartTls => "STARTTLS",
        Offer::Auth => "AUTH PLAIN LOGIN",
        Offer::Nothing => "HELP",
    };
    format!(
        "250-{hostname}\r\n250-PIPELINING\r\n250-SIZE {max_message_bytes}\r\n250-8BITMIME\r\n\
         250-ENHANCEDSTATUSCODES\r\n250 {last}"
    )
}

/// What a client should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    StartTls,
    Auth,
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_end_properly_whatever_is_offered() {
        for offer in [Offer::StartTls, Offer::Auth, Offer::Nothing] {
            let reply = extensions("mail.example.org", 1000, offer);
            let lines: Vec<_> = reply.split("\r\n").collect();
            assert!(lines.last().is_some_and(|last| last.starts_with("250 ")));
            assert!(lines.iter().rev().skip(1).all(|line| line.starts_with("250-")));
        }
    }
}

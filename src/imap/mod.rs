//! The mailbox port served over IMAP (RFC 3501, 4315, 6851, 2177).

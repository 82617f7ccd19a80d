//! The certificate of a destruction: what is proved, for the record. It names nobody.

use crate::domain::Timestamp;
use crate::store::{CaseSummary, Tombstone};
use std::fmt::Write as _;

/// Plain text for the record: our reference, what was destroyed when and by what rule, and whether the copies on the mail
/// server are proved gone.
pub fn certificate(case: &CaseSummary, tombstones: &[Tombstone]) -> String {
    let mut text = format!(
        "Certificate of destruction\n\nCase:      {}\nAccepted:  {}\n",
        case.reference,
        day(case.opened)
    );
    if let Some(closed) = case.closed {
        let reason = case.close_reason.map_or("-", |reason| reason.as_str());
        let _ = writeln!(text, "Closed:    {} ({reason})", day(closed));
    }
    if let Some(destroyed) = case.destroyed {
        let _ = writeln!(text, "Destroyed: {}", moment(destroyed));
    }
    text.push_str("\nRecord                                Kind     Destroyed             Rule      Copies on the mail server\n");
    let mut copies_left = 0;
    for stone in tombstones {
        copies_left += stone.copies_left;
        let copies = match (stone.kind.as_str(), stone.copies_left, stone.server_copy_gone) {
            ("message", 0, Some(gone)) => format!("proved gone {}", moment(gone)),
            ("message", 0, None) => "none known".to_owned(),
            ("message", left, _) => format!("{left} still to be deleted"),
            (_, _, _) => "-".to_owned(),
        };
        let _ = writeln!(
            text,
            "{}  {:7}  {}  {:8}  {copies}",
            stone.id,
            stone.kind,
            moment(stone.at),
            stone.reason
        );
    }
    text.push_str(match copies_left {
        0 => "\nThe keys of these records are deleted; what they sealed cannot be read any more.\n",
        _ => "\nThe keys of these records are deleted. The certificate is complete once the copies on the mail server are gone.\n",
    });
    text
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

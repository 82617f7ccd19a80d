//! Delivery reports (RFC 3464): what another mail server tells of mail that we sent.
//!
//! # Security
//!
//! Anybody can write one. It counts only where it names a Message-ID that one of our deliveries left under, which has 128
//! random bits, and a recipient of that delivery; and it can only turn "sent" into "failed".

use crate::domain::{Attachment, Block, ReadMessage, inline_text};
use crate::store::{DeliveryReport, ReportedRecipient};

/// The part that programs read (RFC 3464 section 2.1).
const STATUS_PART: &str = "message/delivery-status";
/// The returned header where the mail is not returned (RFC 6522 section 3).
const HEADERS_PART: &str = "text/rfc822-headers";

/// The report in a message; `None` where it is none that says of whom and of which mail.
pub(super) fn delivery_report(message: &ReadMessage) -> Option<DeliveryReport> {
    let status = message
        .attachments
        .iter()
        .find(|attachment| attachment.media_type == STATUS_PART)?;
    let recipients: Vec<ReportedRecipient> = groups(status)
        .iter()
        .filter_map(|group| recipient(group))
        .collect();
    let returned = message
        .nested
        .iter()
        .filter_map(|mail| mail.headers.message_id.clone());
    let headers = message
        .attachments
        .iter()
        .filter(|attachment| attachment.media_type == HEADERS_PART)
        .flat_map(groups)
        .filter_map(|group| field(&group, "message-id").map(str::to_owned));
    let message_ids: Vec<String> = returned.chain(headers).collect();
    (!recipients.is_empty() && !message_ids.is_empty()).then_some(DeliveryReport {
        message_ids,
        recipients,
    })
}

/// Each group of fields, as name (lower case) and value.
fn groups(attachment: &Attachment) -> Vec<Vec<(String, String)>> {
    let blocks = attachment.document.iter().flat_map(|document| &document.blocks);
    let texts = blocks.filter_map(|block| match block {
        Block::Paragraph { text, .. } | Block::ListItem { text, .. } | Block::Heading { text, .. } => {
            Some(inline_text(text))
        }
        Block::Definition { .. } | Block::Table(_) | Block::Rule | Block::Quote(_) => None,
    });
    texts.map(|text| fields(&text)).collect()
}

fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (
            line.starts_with([' ', '\t']),
            fields.last_mut(),
            line.split_once(':'),
        ) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, _, Some((name, value))) => {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
            (_, _, None) => {}
        }
    }
    fields
}

fn field<'a>(group: &'a [(String, String)], name: &str) -> Option<&'a str> {
    group
        .iter()
        .find(|(field, _)| field == name)
        .map(|(_, value)| value.as_str())
}

/// A recipient whom the mail failed for good.
fn recipient(group: &[(String, String)]) -> Option<ReportedRecipient> {
    if !field(group, "action")?.eq_ignore_ascii_case("failed") {
        return None;
    }
    // The address as we gave it comes first: the final one may be another after forwarding.
    let address = field(group, "original-recipient").or_else(|| field(group, "final-recipient"))?;
    let (kind, address) = address.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("rfc822") {
        return None;
    }
    Some(ReportedRecipient {
        address: address.trim().trim_matches(['<', '>']).to_owned(),
        code: field(group, "diagnostic-code").and_then(reply_code),
    })
}

/// The reply code in `smtp; 550 5.1.1 ...` (RFC 3464 section 2.3.6).
fn reply_code(diagnostic: &str) -> Option<u16> {
    let (kind, text) = diagnostic.split_once(';')?;
    let digits = text.trim_start().get(..3)?;
    let code = digits.parse().ok().filter(|code| (400..600).contains(code));
    code.filter(|_| kind.trim().eq_ignore_ascii_case("smtp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_of_mail_addresses_count() {
        let read = |text: &str| recipient(&fields(text)).map(|found| (found.address, found.code));
        let failed = "Final-Recipient: rfc822; b@y.example\nOriginal-Recipient: RFC822;<a@x.example>\nAction: Failed\n\
            Status: 5.1.1\nDiagnostic-Code: smtp;\n  550 5.1.1 no such user";
        assert_eq!(read(failed), Some(("a@x.example".to_owned(), Some(550))));
        let without_code =
            "Final-Recipient: rfc822;a@x.example\nAction: failed\nDiagnostic-Code: x-unix; 550 odd";
        assert_eq!(read(without_code), Some(("a@x.example".to_owned(), None)));
        for other in [
            "Final-Recipient: rfc822; a@x.example\nAction: delayed",
            "Final-Recipient: x400; a@x.example\nAction: failed",
            "Action: failed",
            "Reporting-MTA: dns; x.example",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}

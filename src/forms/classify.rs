//! What kind of message it is, before and beside its forms.

use super::labels::spoken;
use crate::domain::{MessageHeaders, ReadMessage};

/// Whether a program sent it: RFC 3834 fields, null sender, delivery report, newsletter, receipt.
pub(super) fn is_automatic(message: &ReadMessage) -> bool {
    let headers = &message.headers;
    let is = |name: &str, starts: &[&str]| {
        headers.field(name).is_some_and(|value| {
            let value = value.trim().to_ascii_lowercase();
            starts.iter().any(|s| value.starts_with(s))
        })
    };
    let report = is("content-type", &["multipart/report"]);
    let null_sender = headers
        .field("return-path")
        .is_some_and(|path| path.trim() == "<>");
    let replied = is("auto-submitted", &["auto-replied", "auto-notified"])
        || (is("auto-submitted", &["auto-generated"]) && has_response_field(headers));
    let answering = headers.field("x-autoreply").is_some()
        || headers.field("x-autorespond").is_some()
        || is("precedence", &["auto_reply"]);
    let list = headers.field("list-unsubscribe").is_some() || headers.field("list-id").is_some();
    let bulk = is("precedence", &["bulk", "list", "junk"]);
    report
        || null_sender
        || replied
        || answering
        || list
        || bulk
        || automatic_subject(&headers.subject)
        || is_receipt(message)
}

/// Out-of-office replies of Exchange say `auto-generated`; so may a website's form mail, which answers nothing.
fn has_response_field(headers: &MessageHeaders) -> bool {
    headers.field("in-reply-to").is_some()
        || headers.field("x-auto-response-suppress").is_some()
        || headers.field("references").is_some()
}

fn automatic_subject(subject: &str) -> bool {
    let lower = subject.trim().to_lowercase();
    [
        "automatic reply:",
        "auto reply:",
        "autoreply:",
        "auto-reply:",
        "out of office:",
        "undeliverable:",
        "undelivered mail",
        "delivery status notification",
        "mail delivery failed",
        "delivery failure",
        "delivery delayed",
        "read: ",
        "not read: ",
        "recall: ",
        "delivered: ",
        "returned mail:",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
}

/// The copy of a website form that went to its sender: it thanks them for their message.
fn is_receipt(message: &ReadMessage) -> bool {
    let form_mail = message.headers.field("x-wpcf7-content-type").is_some()
        || message.headers.field("x-ninja-forms").is_some();
    let said = spoken(&first_text(message, 400));
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    let thanks = says(&[
        "thank you for contacting",
        "thank you for your message",
        "thanks for contacting",
        "thank you for getting in touch",
        "thank you for your enquiry",
        "thank you for your referral",
        "thank you for completing",
        "we have received your",
    ]);
    let copies = says(&[
        "this is a copy of",
        "a copy of your message",
        "copy of what you sent",
        "copy of your answers",
        "copy of your submission",
        "copy of the information you",
        "here is what you sent",
        "for your records",
    ]);
    form_mail && (thanks || copies) || thanks && copies
}

/// The first characters of the message text.
fn first_text(message: &ReadMessage, most: usize) -> String {
    let mut out = String::new();
    for document in &message.bodies {
        for element in super::lines::elements(document, super::lines::Quotes::Skip) {
            if let super::lines::Element::Line(line) = element {
                out.push_str(&line.text());
                out.push(' ');
            }
            if out.len() >= most {
                return out;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fields: &[(&str, &str)], subject: &str) -> ReadMessage {
        ReadMessage {
            headers: MessageHeaders {
                subject: subject.into(),
                fields: fields
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
                ..MessageHeaders::default()
            },
            ..ReadMessage::default()
        }
    }

    #[test]
    fn programs_are_told_by_their_fields() {
        for fields in [
            [("auto-submitted", "auto-replied")].as_slice(),
            &[("auto-submitted", "auto-generated"), ("in-reply-to", "<x@y>")],
            &[("return-path", "<>")],
            &[("content-type", "multipart/report; report-type=delivery-status")],
            &[("list-unsubscribe", "<mailto:x@example.org>")],
            &[("precedence", "bulk")],
        ] {
            assert!(is_automatic(&message(fields, "x")), "{fields:?}");
        }
        assert!(is_automatic(&message(&[], "Automatic reply: RJ")));
        assert!(!is_automatic(&message(
            &[("auto-submitted", "no")],
            "RJ referral"
        )));
        assert!(!is_automatic(&message(
            &[("auto-submitted", "auto-generated")],
            "New submission"
        )));
    }
}

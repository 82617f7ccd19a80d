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
    if !form_mail {
        return false;
    }
    let text = first_text(message, 400);
    let said = spoken(&text);
    [
        "thank you for contacting",
        "thank you for your message",
        "thanks for contacting",
        "this is a copy of",
        "a copy of your message",
        "thank you for getting in touch",
        "we have received your",
        "thank you for your enquiry",
        "copy of what you sent",
    ]
    .iter()
    .any(|phrase| said.contains(phrase))
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

/// What the writer's own words ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wants {
    pub(super) withdrawal: bool,
    pub(super) subject_access: bool,
    pub(super) question: bool,
    /// "please find attached a referral", "I would like to refer".
    pub(super) refers: bool,
    /// "I have nobody to refer".
    pub(super) refers_nobody: bool,
    /// "Please see attached".
    pub(super) encloses: bool,
}

/// Reads the writer's own words (no quoted history).
pub(super) fn wants(subject: &str, text: &str) -> Wants {
    let said = format!(" {} ", spoken(text));
    let title = format!(" {} ", spoken(subject));
    let any = |phrases: &[&str]| {
        phrases
            .iter()
            .any(|p| said.contains(&format!(" {p} ")) || title.contains(&format!(" {p} ")))
    };
    let refers_nobody = any(&[
        "nobody to refer",
        "no one to refer",
        "not referring anyone",
        "not a referral",
        "noone to refer",
        "nothing to refer",
        "no referral to make",
        "not making a referral",
    ]);
    Wants {
        withdrawal: any(WITHDRAWAL),
        subject_access: any(SUBJECT_ACCESS),
        question: text.contains('?')
            || any(&[
                "i wondered",
                "i was wondering",
                "could you tell me",
                "please let me know",
                "i would like to know",
                "find out",
            ]),
        refers: !refers_nobody && any(REFERS),
        refers_nobody,
        encloses: any(&["attached", "enclosed", "attachment", "attaching", "enclose"]),
    }
}

const WITHDRAWAL: &[&str] = &[
    "withdraw my consent",
    "withdraw consent",
    "withdrawing my consent",
    "withdrawing consent",
    "i withdraw",
    "no longer consent",
    "do not consent any more",
    "do not agree to you keeping",
    "dont agree to you keeping",
    "delete everything you hold",
    "delete my details",
    "delete my data",
    "delete all my",
    "erase my",
    "remove my details",
    "remove me from your",
    "delete everything about me",
    "right to erasure",
    "right to be forgotten",
    "take my name off",
    "do not contact me again",
    "dont contact me again",
    "stop contacting me",
    "changed my mind and do not want",
    "changed my mind and dont want",
    "dont want to go on with this",
    "do not want to go on with this",
    "no longer want to take part",
    "dont want to take part any more",
    "do not want to take part any more",
    "do not want to be involved any more",
    "dont want to be involved any more",
    "no longer wish to take part",
    "dont want anything more to do with",
    "do not want anything more to do with",
    "pulling out",
    "please stop now",
    "could you stop now",
    "i want to pull out",
    "i would like to pull out",
    "please delete my",
    "no longer wish to be involved",
    "no longer want to be involved",
    "get rid of my details",
    "i take back my consent",
    "taking back my consent",
];
const SUBJECT_ACCESS: &[&str] = &[
    "what have you got on me",
    "everything youve got on me",
    "everything you have got on me",
    "everything youve got written down about me",
    "everything you have written about me",
    "what you have on me",
    "see my file",
    "copy of my file",
    "copies of my records",
    "want to see everything you",
    "subject access request",
    "subject access",
    "dsar",
    "copy of all the personal data",
    "copy of my personal data",
    "copy of my data",
    "copy of all my data",
    "copy of everything you hold about me",
    "all the information you hold about me",
    "what information you hold about me",
    "copy of the information you hold about me",
    "copies of everything you have about me",
    "article 15",
    "copy of my file",
    "see my file",
    "copy of my records",
    "data you hold about me",
    "information you have on me",
    "everything you have on me",
    "information you hold on me",
    "see what you have written about me",
    "see what you hold about me",
    "copy of what you hold",
];
const REFERS: &[&str] = &[
    "referral attached",
    "attached referral",
    "referral form attached",
    "completed referral",
    "attach our referral",
    "attached a referral",
    "new referral",
    "please accept the below as a referral",
    "accept this as a referral",
    "i would like to refer",
    "id like to refer",
    "we would like to refer",
    "please can i refer",
    "can i refer",
    "could i refer",
    "wish to refer",
    "like to make a referral",
    "refer the following",
    "refer a tenant",
    "scanned referral",
    "rj referral",
    "request attached",
    "please find attached a completed",
    "please find attached a referral",
    "please see attached referral",
    "referring",
    "i am referring",
    "we are referring",
    "to refer",
    "for a referral",
    "a referral for",
    "ask for mediation",
    "ask for mediation between",
    "mediation request",
    "mediation please",
    "would this one do for rj",
    "suitable for rj",
    "possible rj",
    "considered for rj",
    "considered for restorative",
    "rj request",
    "request for mediation",
    "offender initiated request",
    "agreed to this referral",
    "refer him",
    "refer her",
    "refer them",
    "refer for rj",
    "refer for restorative",
    "refer my",
    "refer our",
    "refer two",
    "take this on",
    "take this referral",
    "i refer",
    "we refer",
    "this referral",
    "a referral from",
    "consider this for",
    "consider for rj",
    "put forward for rj",
    "put forward for restorative",
    "suitable for mediation",
    "suitable for restorative",
];

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

    #[test]
    fn everyday_words_withdraw_or_ask_for_data() {
        assert!(
            wants(
                "your letter",
                "I don't want to go on with this any more. Please delete everything you hold about me."
            )
            .withdrawal
        );
        assert!(
            wants(
                "Request",
                "Please send me a copy of all the personal data you hold"
            )
            .subject_access
        );
        assert!(!wants("RJ", "He has given consent and wants to meet her").withdrawal);
        assert!(wants("Which form?", "I have nobody to refer just yet").refers_nobody);
    }
}

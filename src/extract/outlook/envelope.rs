//! Header fields of a mail in Outlook's formats: those it travelled with, completed from its properties.

use super::properties::{Properties, id};
use crate::domain::MailLimits;
use crate::mail::{self, Field};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Most recipients of a message.
pub(super) const MAX_RECIPIENTS: usize = 2000;

/// The fields, topmost first.
pub(super) fn fields(message: &Properties, recipients: &[Properties], limits: &MailLimits) -> Vec<Field> {
    let mut fields = match message.internet_text(id::TRANSPORT_HEADERS) {
        // A blank line ends a header; what follows it would be a body.
        Some(text) => mail::parse(format!("{}\r\n\r\n", text.trim()).as_bytes(), limits).fields,
        None => Vec::new(),
    };
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value
            && !fields.iter().any(|field| field.name == name)
        {
            fields.push(field(name, value));
        }
    };
    let (from, sender) = senders(message);
    add("from", from.or_else(|| sender.clone()));
    add("sender", sender);
    add(
        "reply-to",
        message
            .line(id::REPLY_RECIPIENT_NAMES)
            .filter(|names| names.contains('@')),
    );
    for (kind, name, shown) in [(1, "to", id::DISPLAY_TO), (2, "cc", id::DISPLAY_CC)] {
        let named: Vec<String> = recipients
            .iter()
            .filter(|recipient| recipient.integer(id::RECIPIENT_TYPE).unwrap_or(1) & 0xf == kind)
            .filter_map(recipient)
            .collect();
        let named = (!named.is_empty()).then(|| named.join(", "));
        add(name, named.or_else(|| mailbox(message.line(shown), None)));
    }
    add("subject", subject(message));
    let date = message
        .time(id::CLIENT_SUBMIT_TIME)
        .or_else(|| message.time(id::DELIVERY_TIME));
    add("date", date.and_then(date_field));
    add("message-id", message.line(id::INTERNET_MESSAGE_ID));
    add("in-reply-to", message.line(id::IN_REPLY_TO_ID));
    add("references", message.line(id::INTERNET_REFERENCES));
    fields
}

fn field(name: &str, value: String) -> Field {
    Field {
        name: name.to_owned(),
        raw: value.clone().into_bytes(),
        value,
    }
}

/// The author, and who sent it for the author if that is somebody else.
fn senders(message: &Properties) -> (Option<String>, Option<String>) {
    let author = mailbox(
        message.line(id::SENT_REPRESENTING_NAME),
        address(
            message,
            id::SENT_REPRESENTING_SMTP_ADDRESS,
            id::SENT_REPRESENTING_ADDRESS,
            id::SENT_REPRESENTING_ADDRESS_TYPE,
        ),
    );
    let sender = mailbox(
        message.line(id::SENDER_NAME),
        address(
            message,
            id::SENDER_SMTP_ADDRESS,
            id::SENDER_ADDRESS,
            id::SENDER_ADDRESS_TYPE,
        ),
    );
    // The sender of a mail that nobody sent for another may be known better than its author.
    let has_address = |who: &Option<String>| who.as_ref().is_some_and(|who| who.contains('@'));
    if author == sender || !has_address(&author) && has_address(&sender) {
        (sender, None)
    } else {
        (author, sender)
    }
}

fn recipient(recipient: &Properties) -> Option<String> {
    let address = address(recipient, id::SMTP_ADDRESS, id::EMAIL_ADDRESS, id::ADDRESS_TYPE);
    mailbox(recipient.line(id::DISPLAY_NAME), address)
}

/// The Internet address; addresses of a mail system of its own (Exchange's) are none.
fn address(from: &Properties, smtp: u16, any: u16, kind: u16) -> Option<String> {
    let is_address = |address: &String| address.contains('@') && !address.contains(char::is_whitespace);
    from.line(smtp).filter(is_address).or_else(|| {
        let is_own = from
            .line(kind)
            .is_some_and(|kind| kind.eq_ignore_ascii_case("EX"));
        from.line(any).filter(|address| !is_own && is_address(address))
    })
}

/// `"Name" <address>` (RFC 5322 section 3.4).
fn mailbox(name: Option<String>, address: Option<String>) -> Option<String> {
    let name = name.map(|name| name.trim_matches(['\'', '"', ' ']).to_owned());
    let name = name.filter(|name| !name.is_empty());
    let address = address.or_else(|| {
        let is_address = |name: &&String| name.contains('@') && !name.contains(char::is_whitespace);
        name.as_ref().filter(is_address).cloned()
    });
    let quoted = |name: &str| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    match (name, address) {
        (Some(name), Some(address)) if name == address => Some(format!("<{address}>")),
        (Some(name), Some(address)) => Some(format!("{} <{address}>", quoted(&name))),
        (Some(name), None) => Some(format!("{} <>", quoted(&name))),
        (None, Some(address)) => Some(format!("<{address}>")),
        (None, None) => None,
    }
}

pub(super) fn subject(message: &Properties) -> Option<String> {
    let subject = message.line(id::SUBJECT).or_else(|| {
        let prefix = message.line(id::SUBJECT_PREFIX).unwrap_or_default();
        let rest = message.line(id::NORMALIZED_SUBJECT)?;
        Some(format!("{prefix} {rest}").trim().to_owned())
    });
    subject.filter(|subject| !subject.is_empty())
}

/// RFC 5322 section 3.3.
fn date_field(time: Timestamp) -> Option<String> {
    let date = TimeZone::UTC.to_datetime(time);
    jiff::fmt::strtime::format("%d %b %Y %H:%M:%S +0000", date).ok()
}

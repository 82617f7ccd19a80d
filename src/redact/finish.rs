//! From the worker's proposal to what may leave.
//!
//! # Security
//! The proposal comes from the process that took foreign bytes apart: nothing in it is believed. Every
//! recipient is classed again, the bytes of a `pass` come from the request and not from the proposal,
//! redacted bytes pass the second pass, a recipient the proposal forgot, repeated or made up is held.

use super::guards::of_address;
use super::{DraftGroup, DraftPlan, DraftRequest, RedactedMessage, VerbatimMessage};
use crate::domain::{Change, DeliveryAction, HoldReason, MailRoute, Recipient, Release};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::collections::HashMap;

/// Longest replacement that is believed, in characters.
const MAX_REPLACEMENT: usize = 24;
/// What stands for a replacement that has not the shape of one.
const ODD_REPLACEMENT: &str = "[removed]";

/// What leaves for one group of recipients.
pub enum Finished {
    /// Passed the second pass.
    Redacted(RedactedMessage),
    /// As handed in, CJSM only.
    Verbatim(VerbatimMessage),
    /// Nothing could leave.
    None,
}

/// One group of recipients and what becomes of their mail.
pub struct FinishedDelivery {
    /// Recipients as handed in.
    pub recipients: Vec<String>,
    /// The relay.
    pub route: MailRoute,
    /// What happens; always fits `message`.
    pub action: DeliveryAction,
    /// How a held mail may leave if staff release it; then `message` is what would.
    pub if_released: Option<Release>,
    /// Why.
    pub reasons: Vec<HoldReason>,
    /// What was replaced; never original text.
    pub changes: Vec<Change>,
    /// What leaves.
    pub message: Finished,
}

/// Checks a proposal and finishes it. Every recipient of the request is in exactly one delivery; any doubt
/// is a hold.
pub fn finish(plan: DraftPlan, request: &DraftRequest) -> Vec<FinishedDelivery> {
    let mut named: HashMap<String, usize> = HashMap::new();
    for recipient in plan.groups.iter().flat_map(|group| &group.recipients) {
        *named.entry(recipient.clone()).or_default() += 1;
    }
    let mut asked: HashMap<&str, usize> = HashMap::new();
    for recipient in &request.recipients {
        *asked.entry(recipient).or_default() += 1;
    }
    let sound = |recipient: &String| {
        named.get(recipient).copied() == Some(1) && asked.contains_key(recipient.as_str())
    };
    let mut deliveries = Vec::new();
    for mut group in plan.groups {
        group.recipients.retain(&sound);
        if !group.recipients.is_empty() {
            deliveries.push(finish_group(group, request));
        }
    }
    let mut doubtful: Vec<String> = Vec::new();
    for recipient in request.recipients.iter().filter(|recipient| !sound(recipient)) {
        if !doubtful.contains(recipient) {
            doubtful.push(recipient.clone());
        }
    }
    if !doubtful.is_empty() {
        deliveries.push(held(
            doubtful,
            MailRoute::Ordinary,
            vec![HoldReason::RedactionFailed],
        ));
    }
    deliveries
}

fn held(recipients: Vec<String>, route: MailRoute, reasons: Vec<HoldReason>) -> FinishedDelivery {
    FinishedDelivery {
        recipients,
        route,
        action: DeliveryAction::Hold,
        if_released: None,
        reasons,
        changes: Vec::new(),
        message: Finished::None,
    }
}

fn finish_group(group: DraftGroup, request: &DraftRequest) -> FinishedDelivery {
    let DraftGroup {
        recipients,
        route,
        mut action,
        if_released,
        mut reasons,
        changes,
        message,
        originals,
    } = group;
    let leaves = match (action, if_released) {
        (DeliveryAction::Hold, None) => return held(recipients, route, reasons),
        (DeliveryAction::Hold, Some(release)) => release,
        (DeliveryAction::Pass, _) => Release::Pass,
        (DeliveryAction::Redact, _) => Release::Redact,
    };
    for reason in recipients
        .iter()
        .flat_map(|recipient| of_address(recipient, request))
    {
        action = DeliveryAction::Hold;
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let (route, finished) = match leaves {
        Release::Pass => (MailRoute::Cjsm, verbatim(&recipients, request)),
        Release::Redact => (
            MailRoute::Ordinary,
            verified(&recipients, message, &originals, request),
        ),
    };
    match finished {
        Ok(message) => FinishedDelivery {
            recipients,
            route,
            action,
            if_released: (action == DeliveryAction::Hold).then_some(leaves),
            reasons,
            changes: changes.into_iter().map(checked_change).collect(),
            message,
        },
        Err(reason) => {
            reasons.push(reason);
            held(recipients, route, reasons)
        }
    }
}

/// The bytes of the request for recipients who are all on CJSM.
fn verbatim(recipients: &[String], request: &DraftRequest) -> Result<Finished, HoldReason> {
    let may_pass = request.settings.cjsm_route
        && recipients.iter().all(|text| match Recipient::parse(text) {
            Some(Recipient::Cjsm(_)) => true,
            Some(Recipient::Open(_)) | None => false,
        });
    if !may_pass {
        return Err(HoldReason::RedactionFailed);
    }
    let message = VerbatimMessage::without_bcc(&request.raw);
    Ok(Finished::Verbatim(message))
}

/// The proposed bytes, if the second pass finds nothing in them.
fn verified(
    recipients: &[String],
    message: Option<Vec<u8>>,
    originals: &[String],
    request: &DraftRequest,
) -> Result<Finished, HoldReason> {
    if !request.settings.ordinary_route {
        return Err(HoldReason::NoOrdinaryRelay);
    }
    if recipients.iter().any(|text| Recipient::parse(text).is_none()) {
        return Err(HoldReason::AddressNotUnderstood);
    }
    let bytes = message.ok_or(HoldReason::RedactionFailed)?;
    RedactedMessage::verify(bytes, &request.cases, originals, &request.settings).map(Finished::Redacted)
}

/// A replacement is initials or one bracketed word; anything else might be original text.
fn checked_change(change: Change) -> Change {
    let text = &change.replacement;
    let bracketed = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == ' '));
    let initials = {
        let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let mut chars = letters.chars();
        let mut pairs = 0;
        loop {
            match (chars.next(), chars.next()) {
                (None, _) => break pairs > 0,
                (Some(letter), Some('.')) if letter.is_alphabetic() => pairs += 1,
                (Some(_), _) => break false,
            }
        }
    };
    if text.chars().count() <= MAX_REPLACEMENT && (bracketed || initials) {
        return change;
    }
    Change {
        replacement: ODD_REPLACEMENT.to_owned(),
        ..change
    }
}

/// The `deliveries` array of the schema `referrald.outbound/1`.
pub fn deliveries_as_json(deliveries: &[FinishedDelivery]) -> serde_json::Value {
    let rows = deliveries.iter().map(|delivery| {
        let message = match (delivery.action, &delivery.message) {
            // What would leave after a release has not left.
            (DeliveryAction::Hold, _) | (_, Finished::None) => None,
            (_, Finished::Redacted(message)) => Some(STANDARD.encode(message.as_bytes())),
            (_, Finished::Verbatim(message)) => Some(STANDARD.encode(message.expose_bytes())),
        };
        serde_json::json!({
            "recipients": delivery.recipients,
            "route": delivery.route,
            "action": delivery.action,
            "reasons": delivery.reasons,
            "changes": delivery.changes,
            "message_base64": message,
        })
    });
    serde_json::Value::Array(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ChangeWhere, OtherAttachments, SpanKind};
    use crate::redact::{RedactionSettings, Remit};

    fn request(recipients: &[&str]) -> DraftRequest {
        DraftRequest {
            raw: b"From: v@rj.example\r\nSubject: x\r\n\r\nhello\r\n".to_vec(),
            recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
            cases: Vec::new(),
            settings: RedactionSettings {
                cjsm_route: true,
                ordinary_route: true,
                reference_prefixes: vec!["RJ".to_owned()],
                own_domain: "rj.example".to_owned(),
                max_bytes: 1_000_000,
                own_addresses: Vec::new(),
                name_model: true,
                attachments: OtherAttachments::Hold,
            },
            nonce: [0; 16],
            remit: Remit::Everything,
            strangers: Vec::new(),
        }
    }

    fn group(recipients: &[&str], action: DeliveryAction) -> DraftGroup {
        DraftGroup {
            recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
            route: MailRoute::Cjsm,
            action,
            if_released: None,
            reasons: Vec::new(),
            changes: Vec::new(),
            message: None,
            originals: Vec::new(),
        }
    }

    #[test]
    fn a_proposal_cannot_pass_a_message_to_an_open_recipient() {
        let request = request(&["a@evilcjsm.net"]);
        let plan = DraftPlan {
            groups: vec![group(&["a@evilcjsm.net"], DeliveryAction::Pass)],
        };
        let done = finish(plan, &request);
        assert!(matches!(
            done.as_slice(),
            [FinishedDelivery {
                action: DeliveryAction::Hold,
                message: Finished::None,
                ..
            }]
        ));
    }

    #[test]
    fn forgotten_repeated_and_invented_recipients_are_held_or_dropped() {
        let request = request(&["a@x.cjsm.net", "b@x.cjsm.net", "c@x.cjsm.net"]);
        let plan = DraftPlan {
            groups: vec![
                group(
                    &["a@x.cjsm.net", "b@x.cjsm.net", "z@x.cjsm.net"],
                    DeliveryAction::Pass,
                ),
                group(&["b@x.cjsm.net"], DeliveryAction::Hold),
            ],
        };
        let done = finish(plan, &request);
        let rows: Vec<_> = done.iter().map(|d| (d.recipients.join(","), d.action)).collect();
        assert_eq!(
            rows,
            [
                ("a@x.cjsm.net".to_owned(), DeliveryAction::Pass),
                ("b@x.cjsm.net,c@x.cjsm.net".to_owned(), DeliveryAction::Hold),
            ]
        );
    }

    #[test]
    fn a_change_carries_initials_or_a_bracketed_word_only() {
        let row = |replacement: &str| {
            let (place, kind) = (ChangeWhere::Body, SpanKind::Person);
            checked_change(Change {
                place,
                kind,
                replacement: replacement.to_owned(),
            })
            .replacement
        };
        for good in ["J.S.", "J.S.2", "[phone]", "[date of birth]", "Ł.W."] {
            assert_eq!(row(good), good);
        }
        for bad in ["Jane", "[Jane]", "07700 900123", "", "J.Smith"] {
            assert_eq!(row(bad), "[removed]", "{bad}");
        }
    }
}

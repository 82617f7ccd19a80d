//! Recipients into groups that receive the same bytes.

use super::guards::Guards;
use super::parts::Taken;
use super::rebuild::{Rebuilt, rebuild};
use super::{DocumentReader, DraftGroup, DraftPlan, DraftRequest};
use crate::domain::{DeliveryAction, HoldReason, MailLimits, MailRoute, Recipient, Release};
use crate::mail::{self, Mail};
use std::collections::BTreeMap;

/// Why and how a recipient's mail goes: recipients with the same answer form one group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Class {
    way: Way,
    /// Why not unchanged, and why not at all.
    reasons: Vec<HoldReason>,
}

/// The way a recipient's mail takes, guards aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// As handed in, over CJSM.
    Pass,
    /// Cut down.
    Redact,
    /// None; the route it would have taken.
    Nowhere(MailRoute),
}

/// Splits the recipients and proposes what each group receives.
pub(super) fn plan(
    request: &DraftRequest,
    known: &super::finder::Known,
    documents: DocumentReader,
) -> DraftPlan {
    let too_large = u64::try_from(request.raw.len()).unwrap_or(u64::MAX) > request.settings.max_bytes;
    let opened = (!too_large).then(|| Opened::read(request, documents));
    let mut classes: BTreeMap<Class, Vec<String>> = BTreeMap::new();
    for text in &request.recipients {
        let group = classes.entry(class(text, request, opened.as_ref())).or_default();
        if !group.contains(text) {
            group.push(text.clone());
        }
    }
    let cut_down = match (opened, classes.keys().any(|class| class.way == Way::Redact)) {
        (Some(opened), true) => Some(rebuild(&opened.mail, opened.taken, known, request)),
        (_, _) => None,
    };
    let groups = classes
        .into_iter()
        .map(|(class, recipients)| group(class, recipients, cut_down.as_ref()));
    DraftPlan {
        groups: groups.collect(),
    }
}

/// The message, its texts and what the guards make of it.
struct Opened<'a> {
    mail: Mail,
    taken: Taken,
    guards: Guards<'a>,
}

impl<'a> Opened<'a> {
    fn read(request: &'a DraftRequest, documents: DocumentReader) -> Self {
        let mail = mail::parse(&request.raw, &MailLimits::default());
        let taken = Taken::of(&mail, documents, request.settings.attachments);
        let guards = Guards::new(&mail, &taken, request);
        Self { mail, taken, guards }
    }
}

fn class(text: &str, request: &DraftRequest, opened: Option<&Opened>) -> Class {
    let nowhere = |route, reason| Class {
        way: Way::Nowhere(route),
        reasons: vec![reason],
    };
    let Some(recipient) = Recipient::parse(text) else {
        return nowhere(MailRoute::Ordinary, HoldReason::AddressNotUnderstood);
    };
    let routes = (request.settings.cjsm_route, request.settings.ordinary_route);
    let (way, reasons) = match (&recipient, routes) {
        (Recipient::Cjsm(_), (true, _)) => (Way::Pass, Vec::new()),
        (_, (_, false)) => return nowhere(MailRoute::Ordinary, HoldReason::NoOrdinaryRelay),
        (Recipient::Cjsm(_), (false, true)) => (Way::Redact, vec![HoldReason::NoCjsmRelay]),
        (Recipient::Open(_), (_, true)) => (Way::Redact, vec![HoldReason::NotACjsmDomain]),
    };
    match opened {
        None => nowhere(route(way), HoldReason::TooLarge),
        Some(opened) => {
            let guarded = opened.guards.reasons(text, &recipient);
            let reasons = if guarded.is_empty() { reasons } else { guarded };
            Class { way, reasons }
        }
    }
}

fn route(way: Way) -> MailRoute {
    match way {
        Way::Pass => MailRoute::Cjsm,
        Way::Redact => MailRoute::Ordinary,
        Way::Nowhere(route) => route,
    }
}

fn group(
    class: Class,
    recipients: Vec<String>,
    cut_down: Option<&Result<Rebuilt, Vec<HoldReason>>>,
) -> DraftGroup {
    let guarded = class.reasons.iter().any(|reason| reason.is_guard());
    let mut group = DraftGroup {
        recipients,
        route: route(class.way),
        action: DeliveryAction::Hold,
        if_released: None,
        reasons: class.reasons,
        changes: Vec::new(),
        message: None,
        originals: Vec::new(),
    };
    let leaves = match (class.way, cut_down) {
        (Way::Nowhere(_), _) => return group,
        (Way::Pass, _) => (DeliveryAction::Pass, Release::Pass),
        (Way::Redact, Some(Ok(rebuilt))) => {
            group.changes.clone_from(&rebuilt.changes);
            group.originals.clone_from(&rebuilt.originals);
            group.message = Some(rebuilt.bytes.clone());
            (DeliveryAction::Redact, Release::Redact)
        }
        (Way::Redact, Some(Err(reasons))) => {
            group.reasons.extend(reasons);
            return group;
        }
        (Way::Redact, None) => {
            group.reasons.push(HoldReason::RedactionFailed);
            return group;
        }
    };
    if guarded {
        group.if_released = Some(leaves.1);
    } else {
        group.action = leaves.0;
    }
    group
}

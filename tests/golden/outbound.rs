//! One outbound fixture: what each recipient would receive, judged with decoding of its own.

use crate::decode::{folded, readings, squeezed};
use crate::read_json;
use referrald::domain::{DeliveryAction, KnownCase, OtherAttachments};
use referrald::extract::whole_document;
use referrald::redact::{DraftRequest, Finished, FinishedDelivery, RedactionSettings, Remit, draft, finish};
use serde_json::Value;
use std::path::Path;

/// Fewest letters and digits of a forbidden text that is also searched without spaces and punctuation.
const MIN_SQUEEZED: usize = 7;

pub(crate) fn request(folder: &Path) -> DraftRequest {
    let expect = read_json(&folder.join("expect.json"));
    // Some write about people whom no case names.
    let case = Some(folder.join("case.json")).filter(|file| file.exists());
    let cases = case.map(|file| KnownCase {
        silenced: Vec::new(),
        reference: Some("RJ-2026-00031".to_owned()),
        closed: false,
        referral: serde_json::from_value(read_json(&file)).expect("case.json is a referral"),
    });
    DraftRequest {
        raw: std::fs::read(folder.join("message.eml")).expect("the message is there"),
        recipients: strings(&expect["to"]),
        cases: cases.into_iter().collect(),
        settings: RedactionSettings {
            cjsm_route: true,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".to_owned()],
            own_domain: "wendmere-rj.example".to_owned(),
            max_bytes: 10_000_000,
            own_addresses: vec!["@wendmere-rj.example".to_owned()],
            name_model: true,
            attachments: OtherAttachments::Hold,
        },
        nonce: [7; 16],
        remit: Remit::Everything,
        strangers: Vec::new(),
    }
}

pub(crate) fn leaves_as_expected(folder: &Path) -> Vec<String> {
    let expect = read_json(&folder.join("expect.json"));
    let request = request(folder);
    let deliveries = finish(draft(&request, whole_document), &request);
    let mut problems = not_in_the_original(&request.raw, &expect);
    for recipient in &request.recipients {
        let mine: Vec<&FinishedDelivery> = deliveries
            .iter()
            .filter(|delivery| delivery.recipients.contains(recipient))
            .collect();
        let [delivery] = mine.as_slice() else {
            problems.push(format!("{recipient} is in {} deliveries", mine.len()));
            continue;
        };
        let wanted = expect["action"][recipient.as_str()].as_str().unwrap_or_default();
        let got = match delivery.action {
            DeliveryAction::Pass => "pass",
            DeliveryAction::Redact => "redact",
            DeliveryAction::Hold => "hold",
        };
        if got != wanted && !(wanted == "redact_or_hold" && got != "pass") {
            problems.push(format!(
                "{recipient}: wanted {wanted}, got {got} {:?}",
                delivery.reasons
            ));
        }
        problems.extend(bytes_problems(delivery, &expect, &request));
    }
    problems
}

/// An expectation about text that was never there would prove nothing.
fn not_in_the_original(raw: &[u8], expect: &Value) -> Vec<String> {
    let plain: Vec<String> = readings(raw).iter().map(|text| folded(text)).collect();
    strings(&expect["must_stay"])
        .into_iter()
        .filter(|wanted| !plain.iter().any(|text| text.contains(&folded(wanted))))
        .map(|wanted| format!("expect.json: {wanted:?} is not in message.eml"))
        .collect()
}

fn bytes_problems(delivery: &FinishedDelivery, expect: &Value, request: &DraftRequest) -> Vec<String> {
    match &delivery.message {
        Finished::None if delivery.action == DeliveryAction::Hold => Vec::new(),
        Finished::None => vec!["nothing would leave, but it is not a hold".to_owned()],
        Finished::Verbatim(message) => verbatim_problems(message.expose_bytes(), &request.raw),
        Finished::Redacted(message) => redacted_problems(message.as_bytes(), expect),
    }
}

/// A CJSM copy is what was handed in, without its `Bcc` field.
fn verbatim_problems(bytes: &[u8], raw: &[u8]) -> Vec<String> {
    let (got, given) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(raw));
    let kept: String = given
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("Bcc:"))
        .collect();
    if got == kept {
        return Vec::new();
    }
    vec!["the CJSM copy is not what was handed in".to_owned()]
}

fn redacted_problems(bytes: &[u8], expect: &Value) -> Vec<String> {
    let readings = readings(bytes);
    let plain: Vec<String> = readings.iter().map(|text| folded(text)).collect();
    let tight: Vec<String> = readings.iter().map(|text| squeezed(text)).collect();
    let holds = |texts: &[String], wanted: &str| texts.iter().any(|text| text.contains(wanted));
    let mut problems = Vec::new();
    for forbidden in strings(&expect["must_not_appear"]) {
        let squeezed = squeezed(&forbidden);
        let tightly = squeezed.chars().count() >= MIN_SQUEEZED && holds(&tight, &squeezed);
        if holds(&plain, &folded(&forbidden)) || tightly {
            problems.push(format!("LEAK: {forbidden:?} can be read in what would leave"));
        }
    }
    for key in ["must_stay", "must_appear"] {
        for wanted in strings(&expect[key]) {
            if !holds(&plain, &folded(&wanted)) {
                problems.push(format!("{key}: {wanted:?} is not in what would leave"));
            }
        }
    }
    problems
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

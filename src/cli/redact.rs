//! `redact` and `detect`: dry runs of the redactor.

use super::output::{self, Failure, Outcome};
use super::setup::{self, Setup};
use crate::domain::{Change, DeliveryAction, HoldReason, KnownCase, MailLimits};
use crate::mail::{self, PartBody};
use crate::outbound::Drafter;
use crate::redact::{self, DraftRequest, Finished, FinishedDelivery, RedactionSettings, Remit};
use aho_corasick::{AhoCorasick, MatchKind};
use serde::{Deserialize, Serialize};
use std::io::BufRead;
use std::path::PathBuf;

/// The schema of `--json`.
const SCHEMA: &str = "referrald.outbound/1";

/// What `redact` takes.
#[derive(clap::Args)]
pub(super) struct RedactArguments {
    /// Print JSON (schema referrald.outbound/1) instead of text
    #[arg(long)]
    json: bool,
    /// Envelope recipients, separated by commas
    #[arg(long, value_delimiter = ',', required = true)]
    to: Vec<String>,
    /// A case's `referral` object whose people are known; without one, the people of the cases in the database
    #[arg(long, value_name = "FILE")]
    case: Vec<PathBuf>,
    /// The mail (RFC 5322 bytes)
    file: PathBuf,
}

/// What `detect` takes.
#[derive(clap::Args)]
pub(super) struct DetectArguments {
    /// Read JSON lines `{"doc_id": ..., "text": ...}` on standard input and print one line per span
    #[arg(long, required = true)]
    jsonl: bool,
    /// A case's `referral` object whose people are known
    #[arg(long, value_name = "FILE")]
    case: Vec<PathBuf>,
}

/// Shows what would leave.
pub(super) async fn run(setup: Setup, arguments: &RedactArguments) -> Outcome {
    let raw = setup::mail_from(&arguments.file)?;
    let (cases, settings) = people(&setup, &arguments.case).await?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce)
        .map_err(|_| Failure::failed("the operating system gave no random bytes; try again"))?;
    let request = DraftRequest {
        raw,
        recipients: arguments.to.clone(),
        cases,
        settings,
        nonce,
        remit: Remit::Everything,
        strangers: Vec::new(),
    };
    let plan = setup
        .drafting_pool()
        .draft(&request)
        .await
        .map_err(|_| Failure::failed(HoldReason::RedactionFailed.explanation()))?;
    let finished = redact::finish(plan, &request);
    if arguments.json {
        let deliveries = redact::deliveries_as_json(&finished);
        return output::json(&serde_json::json!({ "schema": SCHEMA, "deliveries": deliveries }));
    }
    for delivery in &finished {
        show(delivery);
    }
    Ok(())
}

/// The known people and the settings of a dry run: with `--case` both relays count as configured.
async fn people(setup: &Setup, files: &[PathBuf]) -> Result<(Vec<KnownCase>, RedactionSettings), Failure> {
    let mut settings = setup.redaction_settings();
    if files.is_empty() && setup.is_configured() {
        return Ok((setup.store().await?.known_cases().await?, settings));
    }
    settings.cjsm_route = true;
    settings.ordinary_route = true;
    Ok((setup::cases_from(files)?, settings))
}

/// For a person: who, what, why, and the text that would leave.
fn show(delivery: &FinishedDelivery) {
    let action = match delivery.action {
        DeliveryAction::Pass => "as it is, through CJSM",
        DeliveryAction::Redact => "cut down",
        DeliveryAction::Hold if delivery.if_released.is_some() => "HELD until staff release it",
        DeliveryAction::Hold => "HELD, nothing leaves",
    };
    output::line(format!("To {}: {action}", delivery.recipients.join(", ")));
    for reason in &delivery.reasons {
        output::line(format!("  because {}", reason.explanation()));
    }
    if let Finished::Redacted(message) = &delivery.message {
        output::line(format!(
            "  replaced {} times, marked ⟪…⟫:\n",
            delivery.changes.len()
        ));
        output::line(marked(&readable(message.as_bytes()), &delivery.changes));
    }
}

/// The finished mail as a person reads it: subject, then each text.
pub(super) fn readable(message: &[u8]) -> String {
    let mail = mail::parse(message, &MailLimits::default());
    let mut text = String::new();
    if let Some(subject) = mail.field("subject") {
        text.push_str(&format!("Subject: {}\n\n", subject.value));
    }
    let mut parts = vec![&mail.root];
    while let Some(part) = parts.pop() {
        match &part.body {
            PartBody::Text(content) => {
                text.push_str(content);
                text.push('\n');
            }
            PartBody::Multipart(inner) => parts.extend(inner.iter().rev()),
            // A redacted mail has none of these.
            PartBody::Bytes(_) | PartBody::Message(_) | PartBody::NotRead(_) => {}
        }
    }
    text
}

/// Every replacement between marks.
fn marked(text: &str, changes: &[Change]) -> String {
    let mut words: Vec<&str> = changes.iter().map(|change| change.replacement.as_str()).collect();
    words.retain(|word| !word.is_empty());
    words.sort_unstable();
    words.dedup();
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(&words);
    // A pattern set this small always builds.
    search.map_or_else(
        |_| text.to_owned(),
        |search| {
            search.replace_all(
                text,
                &words.iter().map(|word| format!("⟪{word}⟫")).collect::<Vec<_>>(),
            )
        },
    )
}

#[derive(Deserialize)]
struct DetectLine {
    doc_id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct DetectedSpan<'a> {
    doc_id: &'a serde_json::Value,
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    kind: &'static str,
    replacement: &'a str,
}

/// Prints the spans of every text on standard input.
pub(super) async fn detect(setup: Setup, arguments: &DetectArguments) -> Outcome {
    let _jsonl_is_the_only_form = arguments.jsonl;
    let (cases, settings) = people(&setup, &arguments.case).await?;
    for (number, text) in std::io::stdin().lock().lines().enumerate() {
        let text = text.map_err(|_| Failure::failed(format!("line {}: not UTF-8 text", number + 1)))?;
        if text.trim().is_empty() {
            continue;
        }
        let document: DetectLine = serde_json::from_str(&text).map_err(|_| {
            Failure::failed(format!(
                "line {}: not an object with \"doc_id\" and \"text\"",
                number + 1
            ))
        })?;
        for span in redact::detect(&document.text, &cases, &settings) {
            let code_points = |byte: usize| {
                document
                    .text
                    .get(..byte)
                    .map_or(0, |before| before.chars().count())
            };
            let row = DetectedSpan {
                doc_id: &document.doc_id,
                start: code_points(span.start),
                end: code_points(span.end),
                kind: span.kind.as_str(),
                replacement: &span.replacement,
            };
            let row = serde_json::to_string(&row).map_err(|_| Failure::failed("a span is not JSON"))?;
            output::line(row);
        }
    }
    Ok(())
}

//! One inbound fixture: recording, truth, evidence.

use crate::{diff, read_json, truth};
use jiff::civil::date;
use referrald::domain::{
    Block, Document, DraftChange, FieldValue, Inline, ParsedMessage, ReadMessage, ReadRequest, Repair, Row,
    inline_text,
};
use referrald::extract::read_message;
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use serde_json::Value;
use std::path::Path;
use std::sync::Mutex;

/// The receiving server that the fixtures' Authentication-Results name.
const AUTHSERV_ID: &str = "mx.wendmere-rj.example";

/// Of all fixtures whose truth was compared.
pub(crate) static TALLY: Mutex<truth::Tally> = Mutex::new(truth::Tally {
    right: 0,
    missing: 0,
    flagged: 0,
    silent: 0,
});

fn read(folder: &Path) -> Result<(ReadMessage, ParsedMessage), String> {
    let raw = std::fs::read(folder.join("message.eml")).map_err(|e| e.to_string())?;
    let message = read_message(&raw, &ReadRequest::default(), &mut |_| {})
        .map_err(|reason| format!("cannot be read: {}", reason.explanation()))?;
    let labels = LabelBook::from_toml(include_str!("../../config/labels.toml")).map_err(|e| e.to_string())?;
    let agencies =
        AgencyBook::from_toml(include_str!("../../config/agencies.toml")).map_err(|e| e.to_string())?;
    let context = FormsContext {
        labels: &labels,
        agencies: &agencies,
        reference_prefixes: &["RJ".to_owned()],
        today: date(2026, 6, 1),
        authserv_id: Some(AUTHSERV_ID),
        known_thread: false,
    };
    let parsed = understand(&message, &context);
    Ok((message, parsed))
}

/// The recordings are to be rewritten.
fn blessed() -> bool {
    std::env::var("BLESS").is_ok_and(|value| value == "1")
}

fn as_json(parsed: &ParsedMessage) -> Value {
    serde_json::to_value(parsed).expect("a parsed message is JSON")
}

pub(crate) fn matches_the_recording(folder: &Path) -> Vec<String> {
    let (_, parsed) = match read(folder) {
        Ok(read) => read,
        Err(problem) => return vec![problem],
    };
    let mut got = serde_json::to_string_pretty(&as_json(&parsed)).expect("JSON prints");
    got.push('\n');
    let path = folder.join("expected.json");
    if blessed() {
        std::fs::write(&path, got).expect("fixtures can be written");
        return Vec::new();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    match diff::lines(&expected, &got) {
        same if same.is_empty() => Vec::new(),
        changed => vec![format!(
            "differs from expected.json (BLESS=1 rewrites it):\n{changed}"
        )],
    }
}

pub(crate) fn agrees_with_the_truth(folder: &Path) -> Vec<String> {
    let path = folder.join("truth.json");
    let mut truth = read_json(&path);
    let (message, parsed) = match read(folder) {
        Ok(read) => read,
        Err(problem) => return vec![problem],
    };
    let mut score = truth::score(&truth, &as_json(&parsed), &repairs(&message));
    if let Ok(mut all) = TALLY.lock() {
        all.add(score.tally);
    }
    if !score.stale.is_empty() && blessed() {
        if let Some(allowed) = truth["_allow_missing"].as_array_mut() {
            allowed.retain(|path| !score.stale.iter().any(|stale| path == stale));
        }
        if truth["_allow_missing"] == Value::Array(Vec::new()) {
            truth
                .as_object_mut()
                .map(|truth| truth.shift_remove("_allow_missing"));
        }
        let text = serde_json::to_string_pretty(&truth).expect("JSON prints");
        std::fs::write(&path, text + "\n").expect("fixtures can be written");
        score.stale.clear();
    }
    let stale = |path: &String| format!("{path} is right now: take it out of _allow_missing (or BLESS=1)");
    score.problems.extend(score.stale.iter().map(stale));
    score.problems
}

/// What had to be mended, in attached mails too.
fn repairs(message: &ReadMessage) -> Vec<Repair> {
    let nested = message.nested.iter().flat_map(repairs);
    message.repairs.iter().copied().chain(nested).collect()
}

/// Every evidence row and every check names something that is there, and quotes what the message says.
pub(crate) fn carries_evidence(folder: &Path) -> Vec<String> {
    let (message, parsed) = match read(folder) {
        Ok(read) => read,
        Err(problem) => return vec![problem],
    };
    let mut text = String::new();
    message_text(&message, &mut text);
    let (text, output) = (squeezed(&text), as_json(&parsed));
    let mut problems = Vec::new();
    for row in &parsed.evidence {
        if output.pointer(&row.path).is_none_or(Value::is_null) {
            problems.push(format!("evidence for {}, which has no value", row.path));
        }
        // Lines of one quote may stand apart: "Address line 1" and "Town" are two answers.
        let is_there = text.contains(&squeezed(&row.quote))
            || row.quote.lines().all(|line| text.contains(&squeezed(line)));
        if row.quote.is_empty() || !is_there {
            problems.push(format!(
                "evidence for {} is not in the message: {:?}",
                row.path, row.quote
            ));
        }
    }
    for check in &parsed.checks {
        let mut path = check.path.as_str();
        // A check may name a value that stayed empty, or one that is not there: its parent must be.
        if output.pointer(path).is_none() {
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        if output.pointer(path).is_none() || check.code.is_empty() || check.detail.is_empty() {
            problems.push(format!(
                "check {} on {} says nothing useful",
                check.code, check.path
            ));
        }
    }
    problems.extend(values_without_evidence(&output));
    problems.extend(candidates_that_do_not_fit(&parsed));
    problems
}

/// What a check offers can be written where it stands, and is a choice.
fn candidates_that_do_not_fit(parsed: &ParsedMessage) -> Vec<String> {
    let mut problems = Vec::new();
    for check in parsed.checks.iter().filter(|check| !check.candidates.is_empty()) {
        let fits = |candidate: &String| {
            let change = DraftChange::Set {
                path: check.path.clone(),
                after: Some(candidate.clone()),
            };
            parsed.clone().correct(&change).is_ok()
        };
        if check.candidates.len() < 2 || !check.candidates.iter().all(fits) {
            problems.push(format!(
                "check {} on {} offers what cannot stand there: {:?}",
                check.code, check.path, check.candidates
            ));
        }
    }
    problems
}

/// Names, dates, addresses, phones and e-mails of parties must be backed by a row on them or their parent.
fn values_without_evidence(output: &Value) -> Vec<String> {
    let rows: Vec<&str> = output["evidence"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["path"].as_str())
        .collect();
    let backed = |path: &str| {
        rows.iter().any(|row| {
            *row == path || path.starts_with(&format!("{row}/")) || row.starts_with(&format!("{path}/"))
        })
    };
    let parties = output["referral"]["parties"].as_array().into_iter().flatten();
    parties
        .enumerate()
        .flat_map(|(at, party)| {
            ["name", "date_of_birth", "address", "postcode", "phones", "emails"]
                .into_iter()
                .filter(move |key| {
                    !matches!(&party[*key], Value::Null) && party[*key] != Value::Array(vec![])
                })
                .map(move |key| format!("/referral/parties/{at}/{key}"))
        })
        .filter(|path| !backed(path))
        .map(|path| format!("{path} has a value without evidence"))
        .collect()
}

/// Letters and digits only, lower case: line ends, cell borders and spacing differ between a form and a quotation.
fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || *c == '@')
        .flat_map(char::to_lowercase)
        .collect()
}

fn message_text(message: &ReadMessage, out: &mut String) {
    for (name, value) in &message.headers.fields {
        out.push_str(&format!("{name}: {value}\n"));
    }
    let attached = message
        .attachments
        .iter()
        .filter_map(|attachment| attachment.document.as_ref());
    for document in message.bodies.iter().chain(attached) {
        document_text(document, out);
    }
    for nested in &message.nested {
        message_text(nested, out);
    }
}

fn document_text(document: &Document, out: &mut String) {
    blocks_text(&document.blocks, out);
    for field in &document.fields {
        match &field.value {
            FieldValue::Text(text) => out.push_str(text),
            FieldValue::Choice(chosen) => out.push_str(&chosen.join("\n")),
            FieldValue::Tick(_) | FieldValue::Blank => {}
        }
        out.push('\n');
        out.push_str(field.label.as_deref().unwrap_or(&field.name));
        out.push('\n');
    }
}

fn blocks_text(blocks: &[Block], out: &mut String) {
    let line = |text: &[Inline], out: &mut String| {
        out.push_str(&inline_text(text));
        out.push('\n');
    };
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph { text, .. } | Block::ListItem { text, .. } => {
                line(text, out);
            }
            Block::Definition { term, value } => {
                line(term, out);
                line(value, out);
            }
            Block::Table(table) => table.rows.iter().for_each(|row| row_text(row, out)),
            Block::Rule => {}
            Block::Quote(inner) => blocks_text(inner, out),
        }
    }
}

fn row_text(row: &Row, out: &mut String) {
    for cell in &row.cells {
        blocks_text(&cell.blocks, out);
    }
}

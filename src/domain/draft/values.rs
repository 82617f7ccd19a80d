//! What stands in the fields of a draft, as text.

use super::path::{DraftPath, Place};
use super::value::pointer;
use crate::domain::referral::ParsedMessage;
use serde_json::Value;

/// Every value of a draft.
pub struct DraftValues {
    referrals: Vec<Value>,
}

impl DraftValues {
    /// Takes the values of a message.
    pub fn of(parsed: &ParsedMessage) -> Self {
        let first = serde_json::to_value(&parsed.referral);
        let more = parsed.more_referrals.iter().map(serde_json::to_value);
        Self {
            referrals: [first]
                .into_iter()
                .chain(more)
                .map(Result::unwrap_or_default)
                .collect(),
        }
    }

    /// What stands at a place; `None` for nothing.
    pub fn at(&self, path: &DraftPath) -> Option<String> {
        let referral = self.referrals.get(path.referral)?;
        let two = |list: &str, index: usize, keys: [&str; 2]| {
            let object = referral.pointer(&format!("/{list}/{index}"))?;
            let words = keys.iter().filter_map(|key| object.get(key)?.as_str());
            Some(words.collect::<Vec<_>>().join(" "))
        };
        match path.place {
            Place::Field(_) | Place::PartyField(..) => text(referral.pointer(&pointer(path)?.0)?),
            Place::Reference(index) => two("references", index, ["kind", "value"]),
            Place::Party(index) => two("parties", index, ["role", "name"]),
            Place::NewReference | Place::NewParty => None,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            let lines: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
    }
}

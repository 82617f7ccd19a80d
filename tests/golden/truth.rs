//! Scores an output against a hand-written truth.
//!
//! Only what the truth states is judged; a stated null or `[]` means "must stay empty". A value may be
//! missing, or wrong with a check on it, only where `_allow_missing` lists its path; an entry that is no
//! longer needed fails too (`BLESS=1` takes it out, and never adds one). A wrong value without a check
//! always fails.

use crate::diff;
use referrald::domain::Repair;
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

/// Values that people word differently: nearly the same words are the same.
const FREE_TEXT: [&str; 16] = [
    "summary",
    "risks",
    "wishes",
    "needs",
    "best_time",
    "relationship",
    "role_text",
    "kind",
    "location",
    "address",
    "agency",
    "obtained_by",
    "organisation",
    "ethnicity",
    "language",
    "gender",
];
/// Share of words in common, in per cent, that makes free text the same.
const SAME_WORDS: usize = 90;

/// How many of the values that a truth states are what they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    pub(crate) missing: usize,
    pub(crate) flagged: usize,
    pub(crate) silent: usize,
}

impl Tally {
    pub(crate) fn all(self) -> usize {
        self.right + self.missing + self.flagged + self.silent
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.right += other.right;
        self.missing += other.missing;
        self.flagged += other.flagged;
        self.silent += other.silent;
    }
}

struct Scorer<'a> {
    allowed: Vec<&'a str>,
    /// Entries of `allowed` that were needed.
    used: Vec<String>,
    checks: Vec<&'a str>,
    problems: Vec<String>,
    tally: Tally,
}

/// What a comparison found.
pub(crate) struct Score {
    pub(crate) tally: Tally,
    /// Everything in which the output is worse than the truth allows.
    pub(crate) problems: Vec<String>,
    /// Entries of `_allow_missing` that are no longer needed.
    pub(crate) stale: Vec<String>,
}

/// Compares an output with a truth.
pub(crate) fn score(truth: &Value, output: &Value, repairs: &[Repair]) -> Score {
    let mut scorer = Scorer {
        allowed: strings(&truth["_allow_missing"]),
        used: Vec::new(),
        checks: output["checks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|check| check["path"].as_str())
            .collect(),
        problems: Vec::new(),
        tally: Tally::default(),
    };
    for (key, wanted) in truth.as_object().into_iter().flatten() {
        let got = &output[key.as_str()];
        match key.as_str() {
            "_note" | "_allow_missing" => {}
            "_must_not" => scorer.must_not(wanted, output),
            "_must_check" => scorer.must_check(wanted),
            "_never" => scorer.never(wanted, output),
            "_repairs" => scorer.repairs(wanted, repairs),
            "attachments" => scorer.attachments(wanted, got),
            key if key.starts_with('_') => scorer.problems.push(format!("truth.json: unknown key {key}")),
            _ => scorer.value(key, wanted, got, &format!("/{key}"), &format!("/{key}")),
        }
    }
    let stale = scorer
        .allowed
        .iter()
        .filter(|path| !scorer.used.iter().any(|used| used == *path));
    Score {
        stale: stale.map(|path| (*path).to_owned()).collect(),
        problems: scorer.problems,
        tally: scorer.tally,
    }
}

impl Scorer<'_> {
    /// `path` is the place in the truth, `place` the place in the output (parties may stand in another order).
    fn value(&mut self, key: &str, wanted: &Value, got: &Value, path: &str, place: &str) {
        match (key, wanted) {
            ("parties", Value::Array(wanted)) => self.parties(wanted, got, path, place),
            ("references", Value::Array(wanted)) => self.references(wanted, got, path, place),
            (_, Value::Object(wanted)) => self.object(wanted, got, path, place),
            _ => self.leaf(key, wanted, got, path, place),
        }
    }

    fn object(&mut self, wanted: &Map<String, Value>, got: &Value, path: &str, place: &str) {
        for (key, value) in wanted {
            if key != "supports" {
                self.value(
                    key,
                    value,
                    &got[key.as_str()],
                    &format!("{path}/{key}"),
                    &format!("{place}/{key}"),
                );
            }
        }
    }

    fn leaf(&mut self, key: &str, wanted: &Value, got: &Value, path: &str, place: &str) {
        // The referrer's role is a job title; a party's is an enumerated word.
        let key = if path == "/referral/referrer/role" {
            "role_text"
        } else {
            key
        };
        if same(key, wanted, got) {
            // An empty value that stays empty is nobody's merit.
            self.tally.right += usize::from(folded(wanted).is_some());
            return;
        }
        if folded(got).is_none() {
            self.tally.missing += 1;
            self.lacking(path, &format!("missing {path}: {wanted} is in the message"));
        } else if self.is_flagged(place) {
            self.tally.flagged += 1;
            self.lacking(
                path,
                &format!("flagged but wrong {path}: wanted {wanted}, got {got}"),
            );
        } else {
            self.tally.silent += 1;
            self.problems
                .push(format!("SILENTLY WRONG {path}: wanted {wanted}, got {got}"));
        }
    }

    fn lacking(&mut self, path: &str, problem: &str) {
        if self.allowed.contains(&path) {
            self.used.push(path.to_owned());
        } else {
            self.problems.push(problem.to_owned());
        }
    }

    fn is_flagged(&self, place: &str) -> bool {
        self.checks.iter().any(|check| {
            let check = check.trim_end_matches('/');
            !check.is_empty() && (place == check || place.starts_with(&format!("{check}/")))
        })
    }

    fn parties(&mut self, wanted: &[Value], got: &Value, path: &str, place: &str) {
        let none = Vec::new();
        let got = got.as_array().unwrap_or(&none);
        let pairs = pair_up(wanted, got);
        for (at, party) in wanted.iter().enumerate() {
            let partner = pairs.iter().find(|(i, _)| *i == at).map(|(_, j)| *j);
            let value = partner.and_then(|j| got.get(j)).unwrap_or(&Value::Null);
            let place = format!(
                "{place}/{}",
                partner.map_or(-1, |j| i64::try_from(j).unwrap_or(-1))
            );
            if let Value::Object(party) = party {
                self.object(party, value, &format!("{path}/{at}"), &place);
            }
        }
        for (at, extra) in got.iter().enumerate() {
            let paired = pairs.iter().any(|(_, j)| *j == at);
            // Whether to list witnesses and professionals is a matter of taste.
            let taste = ["witness", "professional"].contains(&extra["role"].as_str().unwrap_or_default());
            if !paired && !taste && !self.is_flagged(&format!("{place}/{at}")) {
                self.problems.push(format!(
                    "SILENTLY WRONG {path}: a party too many, {} {}",
                    extra["role"], extra["name"]
                ));
            }
        }
    }

    fn references(&mut self, wanted: &[Value], got: &Value, path: &str, place: &str) {
        let none = Vec::new();
        let got = got.as_array().unwrap_or(&none);
        let key = |row: &Value| (row["kind"].clone(), folded(&row["value"]));
        for row in wanted {
            if got.iter().any(|other| key(other) == key(row)) {
                self.tally.right += 1;
            } else {
                self.tally.missing += 1;
                let path = format!("{path}/{}", row["kind"].as_str().unwrap_or_default());
                self.lacking(
                    &path,
                    &format!("missing {path}: {} is in the message", row["value"]),
                );
            }
        }
        for (at, row) in got.iter().enumerate() {
            let known = wanted.iter().any(|other| key(other) == key(row));
            if !known && !self.is_flagged(&format!("{place}/{at}")) {
                self.problems
                    .push(format!("SILENTLY WRONG {path}: a number too many, {row}"));
            }
        }
    }

    /// Rows by part; `read` may list several acceptable outcomes.
    fn attachments(&mut self, wanted: &Value, got: &Value) {
        for row in wanted.as_array().into_iter().flatten() {
            let found = got
                .as_array()
                .into_iter()
                .flatten()
                .find(|other| other["part"] == row["part"]);
            let fits = found.is_some_and(|other| {
                row.as_object()
                    .into_iter()
                    .flatten()
                    .all(|(key, value)| match value {
                        Value::Array(choices) => choices.contains(&other[key.as_str()]),
                        value => *value == other[key.as_str()],
                    })
            });
            if !fits {
                self.problems
                    .push(format!("attachment {row} is not listed like that: {got}"));
            }
        }
    }

    fn must_not(&mut self, wanted: &Value, output: &Value) {
        let text = output_strings(output);
        for forbidden in strings(wanted) {
            if text.contains(forbidden) {
                self.problems
                    .push(format!("{forbidden:?} must not be in the output"));
            }
        }
    }

    fn must_check(&mut self, wanted: &Value) {
        for path in strings(wanted) {
            let below = |check: &&str| check.starts_with(&format!("{path}/"));
            if !self.is_flagged(path) && !self.checks.iter().any(below) {
                self.problems
                    .push(format!("nothing asks staff to look at {path}"));
            }
        }
    }

    fn never(&mut self, wanted: &Value, output: &Value) {
        let parties = output["referral"]["parties"].as_array().into_iter().flatten();
        for party in parties {
            for row in wanted.as_array().into_iter().flatten() {
                if party["role"] == row["role"] && same("name", &row["name"], &party["name"]) {
                    self.problems.push(format!("SILENTLY WRONG: never {row}"));
                }
            }
        }
    }

    fn repairs(&mut self, wanted: &Value, repairs: &[Repair]) {
        let made: Vec<Value> = repairs
            .iter()
            .filter_map(|repair| serde_json::to_value(repair).ok())
            .collect();
        for repair in wanted.as_array().into_iter().flatten() {
            if !made.contains(repair) {
                self.problems
                    .push(format!("repair {repair} is not reported: {made:?}"));
            }
        }
    }
}

/// Pairs each wanted party with the most alike one of the output: same name first, then same role.
fn pair_up(wanted: &[Value], got: &[Value]) -> Vec<(usize, usize)> {
    let mut scores = Vec::new();
    for (i, a) in wanted.iter().enumerate() {
        for (j, b) in got.iter().enumerate() {
            let (x, y) = (folded(&a["name"]), folded(&b["name"]));
            let names = match (&x, &y) {
                (Some(x), Some(y)) => likeness(x, y),
                (None, None) => 30,
                (Some(_), None) | (None, Some(_)) => 0,
            };
            let role = if a["role"] == b["role"] { 50 } else { 0 };
            scores.push((names + role, i, j));
        }
    }
    scores.sort_by_key(|(score, i, j)| (std::cmp::Reverse(*score), *i, *j));
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (score, i, j) in scores {
        if score >= 50 && !pairs.iter().any(|(a, b)| *a == i || *b == j) {
            pairs.push((i, j));
        }
    }
    pairs
}

/// Letters in common, in per cent.
fn likeness(a: &str, b: &str) -> usize {
    let split = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
    let (a, b) = (split(a), split(b));
    share(&borrowed(&a), &borrowed(&b))
}

fn borrowed(pieces: &[String]) -> Vec<&str> {
    pieces.iter().map(String::as_str).collect()
}

fn share(a: &[&str], b: &[&str]) -> usize {
    let total = a.len() + b.len();
    if total == 0 {
        return 0;
    }
    200 * diff::common(a, b)[0][0] / total
}

fn same(key: &str, wanted: &Value, got: &Value) -> bool {
    let (wanted, got) = (folded(wanted), folded(got));
    if wanted == got {
        return true;
    }
    let (Some(wanted), Some(got)) = (wanted, got) else {
        return false;
    };
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (words(&wanted), words(&got));
    FREE_TEXT.contains(&key) && share(&borrowed(&a), &borrowed(&b)) >= SAME_WORDS
}

/// Case, spacing, quotes and closing punctuation do not matter; empty is none.
fn folded(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().filter_map(folded).collect();
            items.sort();
            items.join("\u{0}")
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    let text: String = text.nfkc().collect::<String>().to_lowercase();
    let text = text
        .replace(['\u{2018}', '\u{2019}'], "'")
        .replace(['\u{2013}', '\u{2014}'], "-");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_matches([' ', '.', ',', ';', ':']).to_owned();
    (!text.is_empty()).then_some(text)
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Every string of the output, one a line.
fn output_strings(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(output_strings).collect(),
        Value::Object(items) => items.values().map(output_strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn output(checks: &Value) -> Value {
        json!({
            "kind": "referral",
            "referral": {
                "references": [{"kind": "crime_number", "value": "42/1/26"}],
                "parties": [
                    {"role": "offender", "name": "Bo Hart", "date_of_birth": "1990-01-02", "phones": []},
                    {"role": "victim", "name": "Ada Long", "date_of_birth": null, "phones": ["+441632960001"]},
                ],
            },
            "checks": checks,
        })
    }

    fn found(truth: &Value, checks: &Value) -> Score {
        score(truth, &output(checks), &[])
    }

    #[test]
    fn what_agrees_is_fine_in_any_order_of_parties() {
        let truth = json!({"kind": "referral", "referral": {"parties": [
            {"role": "victim", "name": "ada long", "phones": ["+441632960001"], "date_of_birth": null},
            {"role": "offender", "name": "Bo Hart", "phones": []},
        ]}});
        assert_eq!(found(&truth, &json!([])).problems, Vec::<String>::new());
    }

    #[test]
    fn a_wrong_value_fails_even_where_missing_is_allowed_unless_it_is_flagged() {
        let truth = json!({"_allow_missing": ["/referral/parties/0/date_of_birth"], "referral": {"parties": [
            {"role": "offender", "name": "Bo Hart", "date_of_birth": "1990-02-01"},
            {"role": "victim", "name": "Ada Long"},
        ]}});
        assert!(found(&truth, &json!([])).problems[0].starts_with("SILENTLY WRONG"));
        let flagged = json!([{"path": "/referral/parties/0/date_of_birth"}]);
        assert_eq!(found(&truth, &flagged).problems, Vec::<String>::new());
        let elsewhere = json!([{"path": "/referral/parties/1"}]);
        assert_eq!(found(&truth, &elsewhere).problems.len(), 1);
    }

    #[test]
    fn missing_values_invented_parties_and_swapped_roles_fail() {
        let none = json!([]);
        let missing = json!({"referral": {"parties": [
            {"role": "offender", "name": "Bo Hart"},
            {"role": "victim", "name": "Ada Long", "date_of_birth": "1950-01-01"},
        ]}});
        assert_eq!(found(&missing, &none).problems.len(), 1);
        let nobody = json!({"referral": {"parties": []}});
        assert_eq!(found(&nobody, &none).problems.len(), 2);
        let swapped = json!({"referral": {"parties": [
            {"role": "victim", "name": "Bo Hart"}, {"role": "offender", "name": "Ada Long"},
        ]}});
        assert_eq!(found(&swapped, &none).problems.len(), 2);
    }

    #[test]
    fn an_allowance_that_is_not_needed_is_stale() {
        let truth = json!({"_allow_missing": ["/kind"], "kind": "referral"});
        assert_eq!(found(&truth, &json!([])).stale, ["/kind"]);
    }
}

//! Broken on purpose: every fixture message, every document and one made of each form, mutated, goes through reading, understanding
//! and redacting. Nothing may panic and nothing may take long; where a library may end its process, that
//! process is a worker, and then the daemon's side must have an answer or a named failure in time and the
//! next message must be read. `MUTATION_SEED=n` repeats a run, `MUTATION_ROUNDS=n` lengthens it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used
)]

mod chance;
mod fixtures;
mod made;
mod packed;
mod readers;

use chance::{Chance, mutate};
use fixtures::Document;
use jiff::civil::date;
use readers::{Input, Readers};
use referrald::domain::{KnownCase, MailLimits, OtherAttachments};
use referrald::extract::whole_document;
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use referrald::mail::parse;
use referrald::redact::{DraftRequest, RedactionSettings, Remit, draft, finish};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Mutations of each message and document in a run.
const ROUNDS: u64 = 6;
/// In each document that is made for this.
const PEOPLE: usize = 5;
/// Longest that one may take through everything, in a debug build on a busy machine; a worker is ended
/// before, twice.
const LONGEST: Duration = Duration::from_secs(30);

struct Run {
    seed: u64,
    rounds: u64,
    chance: Chance,
    readers: Readers,
    labels: LabelBook,
    agencies: AgencyBook,
}

impl Run {
    fn start(purpose: u64) -> Self {
        let number = |name: &str, default: u64| {
            std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
        };
        let today = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |since| since.as_secs() / 86_400);
        let seed = number("MUTATION_SEED", today).max(1);
        let rounds = number("MUTATION_ROUNDS", ROUNDS);
        println!("MUTATION_SEED={seed} MUTATION_ROUNDS={rounds}");
        Self {
            seed,
            rounds,
            chance: Chance::seeded(seed, purpose),
            readers: Readers::new(),
            labels: LabelBook::from_toml(include_str!("../../config/labels.toml")).expect("labels are sound"),
            agencies: AgencyBook::from_toml(include_str!("../../config/agencies.toml"))
                .expect("agencies are sound"),
        }
    }

    fn read_and_understand(&self, input: &Input) {
        let Some(message) = self.readers.read(input) else {
            return;
        };
        let context = FormsContext {
            labels: &self.labels,
            agencies: &self.agencies,
            reference_prefixes: &["RJ".to_owned()],
            today: date(2026, 6, 1),
            authserv_id: Some("mx.wendmere-rj.example"),
            known_thread: false,
        };
        let _ = understand(&message, &context);
    }

    /// Fails the test, and keeps the bytes, where `what` panics or takes long.
    fn within_bounds(&self, name: &str, bytes: &[u8], what: impl FnOnce()) {
        let began = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(what));
        let took = began.elapsed();
        if ended.is_err() || took > LONGEST {
            let path = std::env::temp_dir().join(format!("mutation-{}", self.seed));
            std::fs::write(&path, bytes).expect("the bytes can be kept");
            panic!(
                "{name} MUTATION_SEED={}: panicked {}, took {took:?}; kept as {}",
                self.seed,
                ended.is_err(),
                path.display()
            );
        }
    }
}

fn redact(raw: &[u8], case: Option<&KnownCase>) {
    let request = DraftRequest {
        raw: raw.to_vec(),
        recipients: vec!["officer@wendmere.police.example".to_owned()],
        cases: case.cloned().into_iter().collect(),
        settings: RedactionSettings {
            cjsm_route: true,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".to_owned()],
            own_domain: "wendmere-rj.example".to_owned(),
            max_bytes: 10_000_000,
            own_addresses: Vec::new(),
            // Asked where the mail is one to be sent: the others are many, and are here for the parser's sake.
            name_model: case.is_some(),
            attachments: OtherAttachments::Text,
        },
        nonce: [1; 16],
        remit: Remit::Everything,
        strangers: Vec::new(),
    };
    let _ = finish(draft(&request, whole_document), &request);
}

#[test]
fn no_mutated_message_panics_or_takes_long() {
    let mut run = Run::start(1);
    let messages = fixtures::messages();
    for _ in 0..run.rounds {
        for message in &messages {
            let other = &messages[run.chance.below(messages.len())];
            let bytes = mutate(&message.raw, &other.raw, &mut run.chance);
            run.within_bounds(&message.name, &bytes, || {
                let _ = parse(&bytes, &MailLimits::default());
                run.read_and_understand(&Input::Mail(&bytes));
                redact(&bytes, message.case.as_ref());
            });
        }
    }
}

/// As it is; with a packed member mutated; and a PDF with its streams unpacked.
#[test]
fn no_mutated_document_panics_or_takes_long() {
    let mut run = Run::start(2);
    let mut documents = fixtures::documents();
    documents.extend(made::documents(PEOPLE).into_iter().map(|made| Document {
        path: made.name.into(),
        content: made.content,
    }));
    let unpacked: Vec<_> = documents
        .iter()
        .map(|document| packed::unpacked_pdf(&document.content))
        .collect();
    for _ in 0..run.rounds {
        for (document, unpacked) in documents.iter().zip(&unpacked) {
            let other = &documents[run.chance.below(documents.len())].content;
            let chance = &mut run.chance;
            let mutants = [
                Some(mutate(&document.content, other, chance)),
                packed::with_a_mutated_member(&document.content, other, chance),
                unpacked.as_ref().map(|content| mutate(content, other, chance)),
            ];
            let (path, name) = (document.path.display().to_string(), document.filename());
            for content in mutants.into_iter().flatten() {
                run.within_bounds(&path, &content, || {
                    run.read_and_understand(&Input::File {
                        name: &name,
                        content: &content,
                    });
                });
            }
        }
    }
}

/// Else a mutation of it would try nothing.
#[test]
fn every_made_document_is_read() {
    let run = Run::start(3);
    for made in made::documents(PEOPLE) {
        let input = Input::File {
            name: &made.name,
            content: &made.content,
        };
        let read = run.readers.read(&input).expect("it is read");
        let read = serde_json::to_string(&read).expect("JSON");
        assert!(read.contains("agreed by phone"), "{}: {read}", made.name);
    }
}

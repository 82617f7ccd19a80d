//! Broken on purpose: every fixture message, mutated, goes through reading, understanding and redacting.
//! Nothing may panic and nothing may take long. `MUTATION_SEED=n` repeats a run, `MUTATION_ROUNDS=n`
//! lengthens it.
//!
//! PDF text is left out here: its library may overflow the stack on hostile files, which ends a process.
//! Such files are read by the worker only, and `tests/sandbox.rs` breaks workers. In mutated messages the
//! PDF parts are therefore declared as, and begin like, an unknown type. A flipped bit in a Word document
//! only breaks its container, so there the XML inside is mutated too, and packed again.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used
)]

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::civil::date;
use referrald::domain::{KnownCase, MailLimits, ReadRequest};
use referrald::extract::read_message;
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use referrald::mail::{Part, PartBody, parse};
use referrald::redact::{DraftRequest, RedactionSettings, draft, finish};
use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Mutations of each message in a run.
const ROUNDS: u64 = 5;
/// Longest that one message may take through everything, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// Largest member of a document that is mutated, in bytes.
const MAX_MEMBER: u64 = 1_000_000;
/// Longest stretch that one mutation takes out, repeats or moves, in bytes.
const STRETCH: u64 = 4096;

/// xorshift64*: small, seeded, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

struct Fixture {
    name: String,
    raw: Vec<u8>,
    case: Option<KnownCase>,
}

fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders: Vec<PathBuf> = ["inbound", "outbound"]
        .iter()
        .flat_map(|which| std::fs::read_dir(root.join(which)).expect("fixtures are there"))
        .map(|entry| entry.expect("fixtures can be listed").path())
        .filter(|path| path.join("message.eml").is_file())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| Fixture {
            name: folder.display().to_string(),
            raw: without_pdf(std::fs::read(folder.join("message.eml")).expect("the message is there")),
            case: std::fs::read_to_string(folder.join("case.json"))
                .ok()
                .map(|text| KnownCase {
                    reference: Some("RJ-2026-00031".to_owned()),
                    closed: false,
                    referral: serde_json::from_str(&text).expect("case.json is a referral"),
                }),
        })
        .collect()
}

/// Declares PDFs as something unknown and breaks their magic number (`%PDF` in base64).
fn without_pdf(raw: Vec<u8>) -> Vec<u8> {
    let text: Vec<u8> = replace(&raw, b"application/pdf", b"application/x-f");
    let text = replace(&text, b".pdf", b".bin");
    replace(&text, b"JVBERi", b"AAAAAA")
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = tail;
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out
}

/// One to four changes: bytes flipped, a stretch cut, repeated or moved, the end cut off, a piece of
/// another message or a piece of MIME put in.
fn mutate(raw: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    const PIECES: [&[u8]; 16] = [
        b"<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>",
        b"</w:p></w:tc></w:tr></w:tbl>",
        b"<w:sdt><w:sdtContent><w:sdt><w:sdtContent>",
        b"<w:fldChar w:fldCharType=\"begin\"/>",
        b"<w:gridSpan w:val=\"99999999999\"/>",
        b"<mc:AlternateContent><!-- <![CDATA[ &#xFFFFFFFF; &x;",
        b"\r\n\r\n",
        b"\r",
        b"\0",
        b"\r\nContent-Type: multipart/mixed; boundary=\"=_wend_1\"\r\n",
        b"\r\nContent-Transfer-Encoding: base64\r\n",
        b"\r\n--=_wend_1--\r\n",
        b"\r\n--=_wend_1\r\nContent-Type: message/rfc822\r\n\r\n",
        b"<table><tr><td>Name</td></tr><table><td>",
        b"=?utf-8?B?",
        b"\xff\xfe\xc3",
    ];
    let mut out = raw.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(out.len());
        let stretch = chance.below(usize::try_from(STRETCH).unwrap_or(1));
        let end = out.len().min(at + stretch);
        match chance.below(8) {
            0 | 1 => {
                for _ in 0..=chance.below(12) {
                    let at = chance.below(out.len());
                    if let Some(byte) = out.get_mut(at) {
                        *byte ^= 1 << chance.below(8);
                    }
                }
            }
            2 => out.truncate(at),
            3 => drop(out.drain(at..end)),
            4 => {
                let piece = out[at..end].to_vec();
                let to = chance.below(out.len());
                out.splice(to..to, piece);
            }
            5 => {
                let from = chance.below(other.len());
                let piece = other[from..other.len().min(from + stretch)].to_vec();
                out.splice(at..at, piece);
            }
            6 => drop(out.splice(at..at, PIECES[chance.below(PIECES.len())].iter().copied())),
            _ => {
                let piece = other[chance.below(other.len())..].to_vec();
                out.splice(at.., piece);
            }
        }
    }
    without_pdf(out)
}

/// The first Word document of a message, its XML mutated, attached to a plain mail.
fn mutated_word_document(raw: &[u8], other: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    let packed = word_document(&parse(raw, &MailLimits::default()).root)?;
    let mut source = zip::ZipArchive::new(Cursor::new(packed)).ok()?;
    let mut target = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..source.len() {
        let mut member = source.by_index(at).ok()?;
        let name = member.name().ok()?.into_owned();
        let mut content = Vec::new();
        member.by_ref().take(MAX_MEMBER).read_to_end(&mut content).ok()?;
        if name == "word/document.xml" {
            content = mutate(&content, other, chance);
        }
        target
            .start_file(name, zip::write::SimpleFileOptions::default())
            .ok()?;
        target.write_all(&content).ok()?;
    }
    let packed = target.finish().ok()?.into_inner();
    let mut mail = b"From: a@example.org\r\nSubject: form\r\nContent-Type: application/octet-stream; \
        name=f.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    mail.extend_from_slice(STANDARD.encode(packed).as_bytes());
    Some(mail)
}

fn word_document(part: &Part) -> Option<Vec<u8>> {
    match &part.body {
        PartBody::Bytes(bytes) if bytes.starts_with(b"PK") => Some(bytes.clone()),
        PartBody::Multipart(parts) => parts.iter().find_map(word_document),
        PartBody::Message(mail) => word_document(&mail.root),
        PartBody::Bytes(_) | PartBody::Text(_) | PartBody::NotRead(_) => None,
    }
}

fn settings() -> RedactionSettings {
    RedactionSettings {
        cjsm_route: true,
        ordinary_route: true,
        reference_prefixes: vec!["RJ".to_owned()],
        own_domain: "wendmere-rj.example".to_owned(),
        max_bytes: 10_000_000,
        own_addresses: Vec::new(),
    }
}

fn run_through(raw: &[u8], case: Option<&KnownCase>, books: &(LabelBook, AgencyBook)) {
    let _ = parse(raw, &MailLimits::default());
    if let Ok(message) = read_message(raw, &ReadRequest::default(), &mut |_| {}) {
        let context = FormsContext {
            labels: &books.0,
            agencies: &books.1,
            reference_prefixes: &["RJ".to_owned()],
            today: date(2026, 6, 1),
            authserv_id: Some("mx.wendmere-rj.example"),
            known_thread: false,
        };
        let _ = understand(&message, &context);
    }
    let request = DraftRequest {
        raw: raw.to_vec(),
        recipients: vec!["officer@wendmere.police.example".to_owned()],
        cases: case.cloned().into_iter().collect(),
        settings: settings(),
        nonce: [1; 16],
    };
    let _ = finish(draft(&request), &request);
}

#[test]
fn no_mutated_fixture_panics_or_takes_long() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
    };
    let today = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |since| since.as_secs() / 86_400);
    let seed = number("MUTATION_SEED", today).max(1);
    let rounds = number("MUTATION_ROUNDS", ROUNDS);
    println!("MUTATION_SEED={seed} MUTATION_ROUNDS={rounds}");
    let fixtures = fixtures();
    let books = (
        LabelBook::from_toml(include_str!("../config/labels.toml")).expect("labels are sound"),
        AgencyBook::from_toml(include_str!("../config/agencies.toml")).expect("agencies are sound"),
    );
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for round in 0..rounds {
        for fixture in &fixtures {
            let other = &fixtures[chance.below(fixtures.len())];
            let inside = mutated_word_document(&fixture.raw, &other.raw, &mut chance);
            let whole = mutate(&fixture.raw, &other.raw, &mut chance);
            for bytes in std::iter::once(whole).chain(inside) {
                let began = Instant::now();
                let ended = catch_unwind(AssertUnwindSafe(|| {
                    run_through(&bytes, fixture.case.as_ref(), &books);
                }));
                let took = began.elapsed();
                if ended.is_err() || took > LONGEST {
                    let path = std::env::temp_dir().join(format!("mutation-{seed}-{round}.eml"));
                    std::fs::write(&path, &bytes).expect("the message can be kept");
                    panic!(
                        "{} round {round}, MUTATION_SEED={seed}: panicked {}, took {took:?}; kept as {}",
                        fixture.name,
                        ended.is_err(),
                        path.display()
                    );
                }
            }
        }
    }
}

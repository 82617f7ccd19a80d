//! The module table of the architecture, held against every file under `src/`.
//!
//! Three rules: a module names only those it may; the core does no I/O, reads no clock, draws no
//! randomness and logs nothing; SQL stands only under `store`. Comments and `#[cfg(test)]` items are exempt.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

#[path = "layering/scan.rs"]
mod scan;

use scan::{Source, paths_under};
use std::path::{Path, PathBuf};

/// What one module may name of another.
enum May {
    /// Everything.
    All(&'static str),
    /// These types only: they cross the port that the module serves.
    Only(&'static str, &'static [&'static str]),
}
use May::{All, Only};

/// The direction of dependencies. A module that is not listed may not exist.
const TABLE: &[(&str, &[May])] = &[
    ("domain", &[]),
    ("mail", &[All("domain")]),
    ("extract", &[All("domain"), All("mail")]),
    ("forms", &[All("domain")]),
    ("redact", &[All("domain"), All("mail")]),
    ("vault", &[All("domain")]),
    ("config", &[All("domain")]),
    ("store", &[All("domain"), All("vault")]),
    ("presence", &[All("domain"), All("store")]),
    (
        "ingest",
        &[
            All("domain"),
            All("mail"),
            All("forms"),
            All("store"),
            All("presence"),
        ],
    ),
    (
        "outbound",
        &[All("domain"), All("mail"), All("redact"), All("store")],
    ),
    ("casework", &[All("domain"), All("store")]),
    // Ways out that adapters share: connections, and access tokens.
    ("dial", &[]),
    ("oauth", &[All("dial")]),
    // Adapters: domain, the service whose port they serve, and the types that cross that port.
    (
        "imap",
        &[
            All("domain"),
            All("ingest"),
            All("dial"),
            All("oauth"),
            Only("store", &["ServerCopy"]),
        ],
    ),
    (
        "smtp",
        &[
            All("domain"),
            All("outbound"),
            All("dial"),
            All("oauth"),
            Only("redact", &["RedactedMessage", "VerbatimMessage"]),
        ],
    ),
    (
        "sandbox",
        &[
            All("domain"),
            All("ingest"),
            All("outbound"),
            Only("redact", &["DraftPlan", "DraftRequest"]),
        ],
    ),
    ("scanner", &[All("domain"), All("ingest")]),
    ("observe", &[All("domain"), All("ingest"), All("outbound")]),
    (
        "web",
        &[All("domain"), All("casework"), All("outbound"), All("store")],
    ),
    // The only place that wires modules together.
    (
        "cli",
        &[
            All("domain"),
            All("mail"),
            All("extract"),
            All("forms"),
            All("redact"),
            All("vault"),
            All("config"),
            All("store"),
            All("ingest"),
            All("outbound"),
            All("casework"),
            All("presence"),
            All("dial"),
            All("oauth"),
            All("imap"),
            All("smtp"),
            All("sandbox"),
            All("scanner"),
            All("observe"),
            All("web"),
        ],
    ),
    ("main", &[All("cli")]),
    ("lib", &[]),
];

/// The pure modules.
const CORE: &[&str] = &["domain", "mail", "extract", "forms", "redact", "vault"];
/// The one file of the core that reads the clock: the services' `SystemClock`.
const CLOCK: &str = "domain/clock.rs";
/// The one file of the core that starts threads: they compute, and what comes out depends on what went in alone.
const THREADS: &str = "redact/ner/crew.rs";
/// What the core must not name, as (root, next segments).
const IMPURE: &[(&str, &[&str])] = &[
    ("std", &["fs"]),
    ("std", &["net", "TcpStream"]),
    ("std", &["net", "TcpListener"]),
    ("std", &["net", "UdpSocket"]),
    ("std", &["net", "ToSocketAddrs"]),
    ("std", &["net", "*"]),
    ("std", &["env"]),
    ("std", &["process"]),
    ("std", &["thread"]),
    ("std", &["time", "SystemTime"]),
    ("std", &["time", "Instant"]),
    ("std", &["time", "*"]),
    ("std", &["io", "stdin"]),
    ("std", &["io", "stdout"]),
    ("std", &["io", "stderr"]),
    ("Timestamp", &["now"]),
    ("Zoned", &["now"]),
    ("SystemTime", &["now"]),
    ("Instant", &["now"]),
    ("Uuid", &["now_v7"]),
    ("Uuid", &["new_v4"]),
    ("getrandom", &[]),
    ("rand", &[]),
    ("OsRng", &[]),
    ("tokio", &[]),
    ("tracing", &[]),
    ("log", &[]),
    ("rustix", &[]),
];
/// How a statement of SQL begins, and a word that it must also have (`SELECT` alone is an IMAP command).
const SQL: &[(&str, &str)] = &[
    ("SELECT ", " FROM "),
    ("INSERT ", " INTO "),
    ("UPDATE ", " SET "),
    ("DELETE ", " FROM "),
    ("CREATE ", " TABLE "),
    ("PRAGMA ", ""),
];

/// Everything wrong with one file; `path` is relative to `src`.
fn faults(path: &str, text: &str) -> Vec<String> {
    let source = Source::read(text);
    let module = module_of(path);
    let mut faults = Vec::new();
    let Some((_, may)) = TABLE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{path}: the module {module} is not in the table")];
    };
    for named in named_modules(path, &source.code) {
        if !is_allowed(module, may, &named) {
            faults.push(format!(
                "{path}: {module} may not name crate::{}",
                named.join("::")
            ));
        }
    }
    if source.code.contains("crate as ") || source.code.contains("std as ") {
        faults.push(format!("{path}: a root under another name hides what is named"));
    }
    if CORE.contains(&module) && path != CLOCK {
        for (root, next) in IMPURE {
            let is_known = path == THREADS && *next == ["thread"];
            if !is_known && names(root, next, &source.code) {
                let name = [&[*root], *next].concat().join("::");
                faults.push(format!("{path}: the core may not name {name}"));
            }
        }
    }
    if module != "store" {
        if !paths_under("sqlx", &source.code).is_empty() {
            faults.push(format!("{path}: sqlx belongs under store"));
        }
        if source.strings.iter().any(|text| is_sql(text)) {
            faults.push(format!("{path}: SQL belongs under store"));
        }
    }
    faults
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    SQL.iter()
        .any(|(start, word)| text.starts_with(start) && text.contains(word.trim_end()))
}

/// `imap/session.rs` is in `imap`, `lib.rs` is `lib`.
fn module_of(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// Paths into top-level modules: through `crate`, the crate's own name, or `super` up to the root.
fn named_modules(path: &str, code: &str) -> Vec<Vec<String>> {
    let depth = path
        .split('/')
        .filter(|part| !matches!(*part, "mod.rs" | "lib.rs" | "main.rs"))
        .count();
    let mut named = [paths_under("crate", code), paths_under("referrald", code)].concat();
    for mut path in paths_under("super", code) {
        // The root of the search is the first `super`.
        let more = path.iter().take_while(|segment| *segment == "super").count();
        let rest = path.split_off(more);
        let is_module = rest
            .first()
            .is_some_and(|first| TABLE.iter().any(|(name, _)| name == first));
        if more + 1 >= depth && is_module {
            named.push(rest);
        }
    }
    named
}

fn is_allowed(module: &str, may: &[May], named: &[String]) -> bool {
    let Some(target) = named.first() else { return false };
    target == module
        || may.iter().any(|may| match may {
            All(name) => target == name,
            Only(name, types) => {
                target == name && named.get(1).is_some_and(|named| types.contains(&named.as_str()))
            }
        })
}

/// The code names `root`, followed by `next`; a bare root counts where nothing has to follow.
fn names(root: &str, next: &[&str], code: &str) -> bool {
    let paths = paths_under(root, code);
    if next.is_empty() {
        let used = format!("use {root}");
        return !paths.is_empty() || code.contains(&format!("{used};")) || code.contains(&format!("{root}!"));
    }
    paths
        .iter()
        .any(|path| path.iter().zip(next).filter(|(have, want)| have == *want).count() == next.len())
}

/// Files (without `.rs`) or folders that a file declares under `#[cfg(test)]`.
fn test_files(path: &str, text: &str) -> Vec<String> {
    let own = path.trim_end_matches(".rs");
    let folder = ["mod", "lib", "main"]
        .iter()
        .find_map(|name| {
            own.strip_suffix(name)
                .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        })
        .map_or_else(|| format!("{own}/"), str::to_owned);
    Source::read(text)
        .test_modules
        .iter()
        .map(|name| format!("{folder}{name}"))
        .collect()
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_keeps_to_the_module_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    assert!(files.len() > 20, "the source was not found");
    let files: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            (path.to_owned(), std::fs::read_to_string(file).unwrap())
        })
        .collect();
    let tests: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| test_files(path, text))
        .collect();
    let is_test = |path: &str| {
        tests
            .iter()
            .any(|test| path.strip_suffix(".rs") == Some(test) || path.starts_with(&format!("{test}/")))
    };
    let faults: Vec<String> = files
        .iter()
        .filter(|(path, _)| !is_test(path))
        .flat_map(|(path, text)| faults(path, text))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_direction_is_found_however_it_is_written() {
    for (path, text) in [
        ("domain/x.rs", "use crate::store::Store;"),
        ("forms/x.rs", "use crate::{domain::Kind, mail::{Part, html}};"),
        (
            "forms/x.rs",
            "use crate::{\n    domain::{Kind, Role as Part},\n    mail,\n};",
        ),
        ("mail/mod.rs", "fn f() -> crate::extract::ReadLimits { loop {} }"),
        ("mail/mod.rs", "use super::extract::ReadLimits;"),
        ("mail/html.rs", "use super::super::extract::ReadLimits;"),
        ("vault/mod.rs", "pub fn f(x: &referrald::store::Store) {}"),
        ("sandbox/x.rs", "use crate::redact::RedactedMessage;"),
        ("sandbox/x.rs", "use crate::redact;"),
        ("sandbox/x.rs", "use crate::redact::*;"),
        ("imap/x.rs", "use crate::store::{ServerCopy, Store};"),
        ("smtp/x.rs", "use crate::{outbound::Relay, store::Store};"),
        (
            "store/mod.rs",
            "fn f() { 'a'; '\\''; let _ = \"//\"; crate::forms::understand(); }",
        ),
        ("newcomer/mod.rs", ""),
        ("cli/x.rs", "use crate::{self};"),
        ("cli/x.rs", "use crate::*;"),
        ("cli/x.rs", "use crate as everything;"),
    ] {
        assert!(!faults(path, text).is_empty(), "{path}: {text}");
    }
}

#[test]
fn allowed_directions_comments_and_tests_are_left_alone() {
    for (path, text) in [
        (
            "forms/x.rs",
            "use crate::domain::{self, Kind};\nuse super::labels;",
        ),
        (
            "forms/x.rs",
            "//! [`crate::store`] and `use crate::store::Store;`\n/* crate::vault::x /* */ crate::imap::y */",
        ),
        (
            "forms/x.rs",
            "#[cfg(test)]\nmod tests { use crate::mail::Part; fn f() { std::fs::read(\"{\"); } }",
        ),
        (
            "forms/x.rs",
            "const HINT: &str = r#\"crate::store::Store \"quoted\" \"#; fn f<'a>(x: &'a str) {}",
        ),
        ("redact/mod.rs", "mod inner { use super::SpanKind; }"),
        ("sandbox/x.rs", "use crate::redact::{DraftPlan, DraftRequest};"),
        ("imap/x.rs", "use crate::store::ServerCopy; fn f(my_crate: u8) {}"),
        (
            "domain/x.rs",
            "use std::time::Duration; fn rand_x(now: jiff::Timestamp) { instant(now) }",
        ),
        ("domain/clock.rs", "fn now() -> Timestamp { Timestamp::now() }"),
        ("store/sqlite.rs", "fn f() { sqlx::query(\"SELECT 1\"); }"),
        ("imap/x.rs", "const OPEN: &str = \"SELECT {folder}\"; "),
        ("mail/x.rs", "use std::net::IpAddr;"),
        ("cli/x.rs", "const HELP: &str = \"Select a file and UPDATE it\";"),
    ] {
        assert_eq!(faults(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn only_modules_declared_for_tests_are_exempt() {
    let text = "#[cfg(test)]\nmod tests;\nmod real;\n#[cfg(test)]\npub(crate) mod outline;";
    assert_eq!(test_files("forms/mod.rs", text), ["forms/tests", "forms/outline"]);
    assert_eq!(
        test_files("forms/x.rs", text),
        ["forms/x/tests", "forms/x/outline"]
    );
    assert_eq!(test_files("lib.rs", "#[cfg(test)]\nmod tests;"), ["tests"]);
    assert!(test_files("forms/mod.rs", "#[cfg(test)]\nmod tests { mod inner; }").is_empty());
}

#[test]
fn an_impure_core_is_found() {
    for text in [
        "use std::fs;",
        "use std::thread;",
        "use std::{fmt, fs::File};",
        "use std::net::TcpStream;",
        "fn f() { std::env::var(\"X\"); }",
        "use std::time::{Duration, Instant};",
        "use std::time::*;",
        "fn f() -> jiff::Timestamp { jiff::Timestamp::now() }",
        "fn f() { getrandom::fill(&mut [0; 4]).ok(); }",
        "fn f() { uuid::Uuid::now_v7(); }",
        "async fn f() { tokio::task::yield_now().await }",
        "use tokio;",
        "fn f() { tracing::info!(\"x\"); }",
        "use tracing::info;",
        "fn f() { use std :: fs :: read; }",
    ] {
        assert_eq!(
            faults("mail/x.rs", text).len(),
            1,
            "{text}\n{:?}",
            faults("mail/x.rs", text)
        );
        assert_eq!(faults("cli/x.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn sql_outside_the_store_is_found() {
    for text in [
        "const Q: &str = \"SELECT id FROM messages\";",
        "const Q: &str = \"\n    INSERT INTO x VALUES (1)\";",
        "const Q: &str = r\"DELETE FROM x\";",
        "fn f() { sqlx::query(q); }",
        "use sqlx::Row;",
    ] {
        assert_eq!(faults("casework/x.rs", text).len(), 1, "{text}");
    }
}

/// Every test that a document names as its proof is there: `FILE: FUNCTION`, or a whole file.
#[test]
fn what_the_documents_name_as_proof_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = ["docs/DATA-PROTECTION.md", "docs/THREAT-MODEL.md"]
        .map(|document| std::fs::read_to_string(root.join(document)).unwrap());
    let quoted = |document| str::split(document, '`').skip(1).step_by(2);
    let proofs = |document| {
        let named =
            quoted(document).filter(|text: &&str| text.starts_with("tests/") || text.starts_with("src/"));
        named.collect::<Vec<_>>()
    };
    let each = documents.iter().map(|document| proofs(document));
    let named: Vec<&str> = each
        .inspect(|proofs| assert!(proofs.len() > 40, "the search itself works"))
        .flatten()
        .collect();
    for proof in named {
        let (file, function) = proof.split_once(": ").unwrap_or((proof, ""));
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(!text.is_empty(), "{file} is not there");
        let wanted = format!("fn {function}(");
        assert!(
            function.is_empty() || text.contains(&wanted),
            "{file} has no {function}"
        );
    }
}

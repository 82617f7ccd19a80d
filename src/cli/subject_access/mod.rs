//! `subject-access`: what is kept of one person, as a bundle for them (Article 15 UK GDPR).
//!
//! Two folders are written: one to give, and beside it one for staff with what they have to read first.
//!
//! # Security
//! Only the person's own side's file is opened. Free text is cut down or withheld ([`cut`]); a document goes into the bundle
//! only as plain text in which nobody else is found.

mod bundle;
mod cut;
mod history;
mod liaison;
mod page;

use super::cases::actor;
use super::output::{self, Failure, Outcome};
use super::private;
use super::setup::Setup;
use crate::casework::{Casework, SubjectData};
use crate::domain::{Clock, Side, SystemClock, Timestamp};
use crate::store::{FileEntry, NewDocument};
use bundle::{DocumentRow, Parts};
use cut::Cutter;
use std::path::{Path, PathBuf};

/// Longest plain text document that is looked through, in bytes.
const MAX_TEXT_DOCUMENT: usize = 256 * 1024;

/// `referrald subject-access`.
#[derive(clap::Args)]
pub(super) struct SubjectAccessArguments {
    /// Case id or reference
    case: String,
    /// Whose file: victim, offender, or "party 1"
    #[arg(long)]
    side: Side,
    /// Number of the person on this file, as `cases show` numbers them
    #[arg(long)]
    person: usize,
    /// Folder to write to
    #[arg(long)]
    to: PathBuf,
}

/// A document of the file, with its text where it is plain text.
struct Taken {
    entry: usize,
    document: NewDocument,
    text: Option<String>,
}

pub(super) async fn run(setup: Setup, arguments: &SubjectAccessArguments) -> Outcome {
    let store = setup.store().await?;
    let casework = Casework::new(store.clone(), actor());
    let (now, terms) = (SystemClock.now(), setup.terms());
    private::demand_folder(&arguments.to)?;
    let case = casework.find_case(&arguments.case).await?;
    let side = arguments.side.to_string().replace(' ', "-");
    let stem = format!("{}-{side}-{}", case.reference, arguments.person);
    let folder = arguments.to.join(&stem);
    let staff = arguments.to.join(format!("{stem}-for-staff"));
    private::demand_absent(&[folder.clone(), staff.clone()])?;
    let reference = case.reference.as_str();
    let data = casework
        .subject_data(reference, arguments.side, arguments.person, &terms, now)
        .await?;
    let taken = documents(&casework, &data, now).await?;
    let mut texts = bundle::free_texts(&data);
    texts.extend(taken.iter().filter_map(|taken| taken.text.clone()));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let cutter = Cutter::new(
        (data.party.expose_personal(), data.file.expose_personal()),
        reference,
        &store.known_cases().await?,
        &setup.redaction_settings(),
        &texts,
    );
    let liaison = liaison::search(&store, &data, &setup.prefixes(), &cutter).await?;
    private::make_folder(&folder)?;
    let documents = write_documents(&data, &taken, &cutter, &folder, &staff)?;
    let bundle = bundle::bundle(Parts {
        service: &setup.config.service.name,
        data: &data,
        cutter: &cutter,
        liaison,
        documents,
        terms: &terms,
        now,
    });
    let json =
        serde_json::to_string_pretty(&bundle).map_err(|_| Failure::failed("the bundle is not JSON"))?;
    private::write(&folder.join("your-data.json"), json.as_bytes())?;
    private::write(&folder.join("your-data.html"), page::page(&bundle).as_bytes())?;
    output::line(format!("written to {}", folder.display()));
    output::line(format!(
        "READ IT BEFORE YOU GIVE IT: {} things are withheld for your review, listed at the end of the page",
        bundle.withheld_for_review.len()
    ));
    if staff.is_dir() {
        output::line(format!(
            "documents that may name other people are in {}: read them, then give them or not",
            staff.display()
        ));
    }
    Ok(())
}

/// The documents of the person's file; none where the file is about somebody else.
async fn documents(casework: &Casework, data: &SubjectData, now: Timestamp) -> Result<Vec<Taken>, Failure> {
    let mut taken = Vec::new();
    if !data.is_central {
        return Ok(taken);
    }
    for (place, (_, entry)) in data.entries.iter().enumerate() {
        if history::document_name(entry).is_some() {
            let document = casework
                .subject_document(&data.case.reference, data.side, entry.id, now)
                .await?;
            taken.push(Taken {
                entry: place,
                text: plain_text(&document),
                document,
            });
        }
    }
    Ok(taken)
}

/// The text of a document that is nothing else.
fn plain_text(document: &NewDocument) -> Option<String> {
    let bytes = document.bytes.expose_personal();
    let is_named_so = document.name.to_ascii_lowercase().ends_with(".txt");
    let prints = |text: &&str| !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    let text = std::str::from_utf8(bytes).ok().filter(prints)?;
    (is_named_so && bytes.len() <= MAX_TEXT_DOCUMENT && !text.trim().is_empty()).then(|| text.to_owned())
}

/// Writes each document to the bundle or to staff's folder, and gives the bundle's list of them.
fn write_documents(
    data: &SubjectData,
    taken: &[Taken],
    cutter: &Cutter,
    folder: &Path,
    staff: &Path,
) -> Result<Vec<DocumentRow>, Failure> {
    let mut rows = Vec::new();
    for (number, taken) in (1..).zip(taken) {
        let Some((_, entry)) = data.entries.get(taken.entry) else {
            continue;
        };
        let name = given_name(entry, cutter);
        let text = taken.text.as_deref();
        let nobody_else = text.is_some_and(|text| cutter.text(text) == Some(text));
        let into = match nobody_else {
            true => folder.join("documents"),
            false => staff.to_path_buf(),
        };
        if !into.is_dir() {
            private::make_folder(&into)?;
        }
        let file = format!("{number}-{}", file_name(&name));
        private::write(&into.join(&file), taken.document.bytes.expose_personal())?;
        rows.push(DocumentRow {
            date: bundle::day(entry.at),
            name,
            bytes: taken.document.bytes.expose_personal().len() as u64,
            file: nobody_else.then(|| format!("documents/{file}")),
        });
    }
    Ok(rows)
}

/// The document's name as it may be given.
fn given_name(entry: &FileEntry, cutter: &Cutter) -> String {
    let name = history::document_name(entry);
    let cut = name.as_deref().and_then(|name| cutter.text(name));
    cut.unwrap_or("document").to_owned()
}

/// A name for a file: no folder, no control characters, at most 50 characters.
fn file_name(name: &str) -> String {
    name.chars()
        .map(
            |c| match c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') {
                true => c,
                false => '_',
            },
        )
        .take(50)
        .collect()
}

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
mod pages;

use super::cases::actor;
use super::output::{self, Outcome};
use super::private;
use super::setup::Setup;
use crate::casework::{Casework, CaseworkError, DocumentsFolder, SubjectData, Terms};
use crate::domain::{CaseReference, Clock, Side, SystemClock, Timestamp};
use crate::redact::RedactionSettings;
use crate::store::{Actor, FileEntry, NewDocument, Store};
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

/// A file of a bundle: its path in its folder, and what it holds.
type BundleFile = (String, Vec<u8>);

/// What is kept of one person, as files.
struct Gathered {
    /// To be given.
    to_give: Vec<BundleFile>,
    /// To be read first.
    for_staff: Vec<BundleFile>,
    /// How many things are withheld for review.
    withheld: usize,
}

/// Gathers bundles.
pub(super) struct Subjects {
    store: Store,
    service: String,
    terms: Terms,
    redaction: RedactionSettings,
    prefixes: Vec<String>,
    documents: Option<DocumentsFolder>,
}

impl Subjects {
    pub(super) fn new(setup: &Setup, store: &Store) -> Self {
        Self {
            store: store.clone(),
            service: setup.config.service.name.clone(),
            terms: setup.terms(),
            redaction: setup.redaction_settings(),
            prefixes: setup.prefixes(),
            documents: setup.documents_folder(),
        }
    }

    fn casework(&self, actor: Actor) -> Casework {
        Casework::new(self.store.clone(), actor).with_documents(self.documents.clone())
    }

    async fn gather(
        &self,
        casework: &Casework,
        (case, side, number): (&CaseReference, Side, usize),
        now: Timestamp,
    ) -> Result<Gathered, CaseworkError> {
        let reference = case.as_str();
        let data = casework
            .subject_data(reference, side, number, &self.terms, now)
            .await?;
        let taken = documents(casework, &data, now).await?;
        let mut texts = bundle::free_texts(&data);
        texts.extend(taken.iter().filter_map(|taken| taken.text.clone()));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let cutter = Cutter::new(
            (data.party.expose_personal(), data.file.expose_personal()),
            reference,
            &self.store.known_cases().await?,
            &self.redaction,
            &texts,
        );
        let liaison = liaison::search(&self.store, &data, &self.prefixes, &cutter).await?;
        let mut gathered = Gathered {
            to_give: Vec::new(),
            for_staff: Vec::new(),
            withheld: 0,
        };
        let documents = add_documents(&data, taken, &cutter, &mut gathered);
        let bundle = bundle::bundle(Parts {
            service: &self.service,
            data: &data,
            cutter: &cutter,
            liaison,
            documents,
            terms: &self.terms,
            now,
        });
        gathered.withheld = bundle.withheld_for_review.len();
        let json = serde_json::to_vec_pretty(&bundle).map_err(|_| CaseworkError::Table)?;
        gathered.to_give.push(("your-data.json".to_owned(), json));
        let page = page::page(&bundle).into_bytes();
        gathered.to_give.push(("your-data.html".to_owned(), page));
        Ok(gathered)
    }
}

/// What the folder, or the folder in the archive, is called.
fn stem(case: &CaseReference, side: Side, number: usize) -> String {
    format!("{case}-{}-{number}", side.to_string().replace(' ', "-"))
}

pub(super) async fn run(setup: Setup, arguments: &SubjectAccessArguments) -> Outcome {
    let store = setup.store().await?;
    let subjects = Subjects::new(&setup, &store);
    let casework = subjects.casework(actor());
    private::demand_folder(&arguments.to)?;
    let case = casework.find_case(&arguments.case).await?.reference;
    let stem = stem(&case, arguments.side, arguments.person);
    let folder = arguments.to.join(&stem);
    let staff = arguments.to.join(format!("{stem}-for-staff"));
    private::demand_absent(&[folder.clone(), staff.clone()])?;
    let person = (&case, arguments.side, arguments.person);
    let gathered = subjects.gather(&casework, person, SystemClock.now()).await?;
    private::make_folder(&folder)?;
    write(&folder, &gathered.to_give)?;
    if !gathered.for_staff.is_empty() {
        private::make_folder(&staff)?;
        write(&staff, &gathered.for_staff)?;
    }
    output::line(format!("written to {}", folder.display()));
    output::line(format!(
        "READ IT BEFORE YOU GIVE IT: {} things are withheld for your review, listed at the end of the page",
        gathered.withheld
    ));
    if staff.is_dir() {
        output::line(format!(
            "documents that may name other people are in {}: read them, then give them or not",
            staff.display()
        ));
    }
    Ok(())
}

/// Writes files to a folder, which may hold one folder more.
fn write(folder: &Path, files: &[BundleFile]) -> Outcome {
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(within) = path.parent().filter(|within| !within.is_dir()) {
            private::make_folder(within)?;
        }
        private::write(&path, bytes)?;
    }
    Ok(())
}

/// The documents of the person's file; none where the file is about somebody else.
async fn documents(
    casework: &Casework,
    data: &SubjectData,
    now: Timestamp,
) -> Result<Vec<Taken>, CaseworkError> {
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

/// Puts each document into the bundle or among what staff read first, and gives the bundle's list of them.
fn add_documents(
    data: &SubjectData,
    taken: Vec<Taken>,
    cutter: &Cutter,
    gathered: &mut Gathered,
) -> Vec<DocumentRow> {
    let mut rows = Vec::new();
    for (number, taken) in (1..).zip(taken) {
        let Some((_, entry)) = data.entries.get(taken.entry) else {
            continue;
        };
        let name = given_name(entry, cutter);
        let text = taken.text.as_deref();
        let nobody_else = text.is_some_and(|text| cutter.text(text) == Some(text));
        let file = format!("{number}-{}", file_name(&name));
        let bytes = taken.document.bytes.into_personal();
        rows.push(DocumentRow {
            date: bundle::day(entry.at),
            name,
            bytes: bytes.len() as u64,
            file: nobody_else.then(|| format!("documents/{file}")),
        });
        match nobody_else {
            true => gathered.to_give.push((format!("documents/{file}"), bytes)),
            false => gathered.for_staff.push((file, bytes)),
        }
    }
    rows
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

//! Text recognition in pictures by two programs of the operating system, each behind its own fence
//! ([`super::program`]).
//!
//! # Security
//! The daemon carries bytes from one pipe to the next and looks into no picture: pdftoppm makes pictures of
//! a scanned PDF's pages, tesseract makes a table of words of a picture, and `tsv` reads the table. Nothing
//! of a mail is written to a disk.

use super::limits::Protection;
use super::program::{EXIT_NOT_FENCED, ProgramLimits};
use super::tsv;
use crate::domain::{Attachment, Block, Document, Picture, PictureKind, ReadMessage, ReadStatus};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// Longest side of the picture made of a PDF's page, in pixels: some 240 dots per inch of A4.
const PAGE_PIXELS: u32 = 2800;
/// Largest picture of a page, in bytes: one byte per pixel and a header.
const MAX_PAGE_BYTES: u64 = 8 * 1024 * 1024;
/// Longest list of languages, in bytes.
const MAX_LIST_BYTES: u64 = 64 * 1024;

/// tesseract's page segmentation mode "a single column of text of variable sizes": labels and answers of a
/// form stay in one line. By its default they become two columns, and an answer loses its label.
const ONE_COLUMN: &str = "4";

const RECOGNISED: &str = "text recognised from a picture; compare with the original";
const RECOGNISED_IN_PART: &str =
    "text recognised from the first pages only, which are pictures; compare with the original";

/// How text is recognised.
#[derive(Debug, Clone)]
pub struct OcrSettings {
    /// The program to start with the argument `worker`: this very program.
    pub program: PathBuf,
    /// Where tesseract is.
    pub tesseract: PathBuf,
    /// Where pdftoppm (Debian's poppler-utils) is.
    pub pdftoppm: PathBuf,
    /// Languages as tesseract names them, joined by `+`.
    pub languages: String,
    /// Most pages recognised of one message.
    pub max_pages: u32,
    /// Wall-clock time for one page.
    pub page_limit: Duration,
    /// Most memory of either program, in bytes.
    pub memory_bytes: u64,
    /// What to do where the fence is not complete.
    pub protection: Protection,
}

impl OcrSettings {
    /// Debian's programs, English, safe bounds.
    pub fn new() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            tesseract: PathBuf::from("/usr/bin/tesseract"),
            pdftoppm: PathBuf::from("/usr/bin/pdftoppm"),
            languages: "eng".to_owned(),
            max_pages: 10,
            page_limit: Duration::from_secs(30),
            memory_bytes: 1024 * 1024 * 1024,
            protection: Protection::Required,
        }
    }
}

impl Default for OcrSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// Why no text was recognised. Carries nothing of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcrFailure {
    /// The program is not there or may not be run.
    #[error("the program cannot be started: install Debian's tesseract-ocr and poppler-utils")]
    NoProgram,
    /// The fence is not complete.
    #[error(
        "a text recognition process could not fence itself: run a kernel with landlock and seccomp, or allow \
         unprotected workers in the configuration"
    )]
    NotFenced,
    /// No answer in time.
    #[error("the program took too long and was ended")]
    TimedOut,
    /// It gave up: a picture it cannot read, or one that needs more memory than allowed.
    #[error("the program stopped on the picture")]
    Stopped,
    /// Its output is not what it should be.
    #[error("the program gave an answer that cannot be taken")]
    BadAnswer,
    /// A language is not installed.
    #[error("a language is not installed: install Debian's tesseract-ocr-LANGUAGE or change [ocr] languages")]
    NoLanguage,
}

impl OcrFailure {
    /// What the row of an attachment says.
    fn reason(self) -> &'static str {
        match self {
            Self::NoProgram | Self::NotFenced | Self::NoLanguage => {
                "picture, not read: text recognition is not set up (see `referrald check`)"
            }
            Self::TimedOut => "picture, not read: recognising its text took too long",
            Self::Stopped => "picture, not read: text recognition stopped on it (damaged, or too large)",
            Self::BadAnswer => "picture, not read: text recognition gave no usable answer",
        }
    }
}

/// What was recognised in one picture.
struct Recognised {
    blocks: Vec<Block>,
    /// There were more pages than might be looked at.
    is_cut: bool,
}

/// Recognises the text of all pictures of a message; puts it, or why there is none, into their rows.
pub(super) async fn look_at_pictures(settings: &OcrSettings, message: &mut ReadMessage) {
    let mut pages_left = settings.max_pages;
    for picture in std::mem::take(&mut message.pictures) {
        let outcome = recognise(settings, &picture, &mut pages_left).await;
        if let Err(failure) = outcome {
            tracing::warn!(
                picture_bytes = picture.bytes.len(),
                ?failure,
                "no text was recognised in a picture"
            );
        }
        let mut rows = message.attachments.iter_mut();
        if let Some(row) = rows.find(|row| row.part == picture.part && row.document.is_none()) {
            note(row, outcome);
        }
    }
}

fn note(row: &mut Attachment, outcome: Result<Recognised, OcrFailure>) {
    let (blocks, reason) = match outcome {
        Ok(Recognised { blocks, is_cut }) => {
            let reason = match (blocks.is_empty(), is_cut) {
                (false, false) => RECOGNISED,
                (false, true) => RECOGNISED_IN_PART,
                (true, false) => "picture, not read: no legible text was found in it",
                (true, true) => "picture, not read: this mail has more pages than text recognition looks at",
            };
            (blocks, reason)
        }
        Err(failure) => (Vec::new(), failure.reason()),
    };
    row.reason = Some(reason.to_owned());
    if !blocks.is_empty() {
        row.read = ReadStatus::Partial;
        row.document = Some(Document {
            part: row.part.clone(),
            filename: row.filename.clone(),
            media_type: row.media_type.clone(),
            blocks,
            fields: Vec::new(),
            recognised: true,
        });
    }
}

/// Recognises a picture's text; counts its pages off `pages_left`.
///
/// # Errors
/// Any [`OcrFailure`] but [`OcrFailure::NoLanguage`].
async fn recognise(
    settings: &OcrSettings,
    picture: &Picture,
    pages_left: &mut u32,
) -> Result<Recognised, OcrFailure> {
    match picture.kind {
        PictureKind::Image => {
            let is_cut = *pages_left == 0;
            let blocks = if is_cut {
                Vec::new()
            } else {
                *pages_left -= 1;
                words(settings, &picture.bytes, 1).await?
            };
            Ok(Recognised { blocks, is_cut })
        }
        PictureKind::ScannedPdf => pages(settings, &picture.bytes, pages_left).await,
    }
}

async fn pages(settings: &OcrSettings, pdf: &[u8], pages_left: &mut u32) -> Result<Recognised, OcrFailure> {
    let mut blocks = Vec::new();
    for page in 1_u32.. {
        if *pages_left == 0 {
            return Ok(Recognised { blocks, is_cut: true });
        }
        let image = match page_image(settings, pdf, page).await {
            Ok(image) if image.is_empty() => break,
            // That is how pdftoppm says that there are no more.
            Err(OcrFailure::Stopped) if page > 1 => break,
            image => image?,
        };
        *pages_left -= 1;
        blocks.extend(words(settings, &image, page).await?);
    }
    Ok(Recognised {
        blocks,
        is_cut: false,
    })
}

/// One page of a PDF as a grey picture (PGM).
async fn page_image(settings: &OcrSettings, pdf: &[u8], page: u32) -> Result<Vec<u8>, OcrFailure> {
    let (page, pixels) = (page.to_string(), PAGE_PIXELS.to_string());
    let arguments = ["-f", &page, "-l", &page, "-scale-to", &pixels, "-gray", "-"];
    run(settings, &settings.pdftoppm, &arguments, pdf, MAX_PAGE_BYTES).await
}

async fn words(settings: &OcrSettings, image: &[u8], page: u32) -> Result<Vec<Block>, OcrFailure> {
    let arguments = [
        "stdin",
        "stdout",
        "-l",
        &settings.languages,
        "--psm",
        ONE_COLUMN,
        "tsv",
    ];
    let table = run(
        settings,
        &settings.tesseract,
        &arguments,
        image,
        tsv::MAX_TABLE_BYTES,
    )
    .await?;
    tsv::blocks(&table, page).ok_or(OcrFailure::BadAnswer)
}

/// Tries both programs behind their fence and looks whether the languages are installed. Gives tesseract's
/// installed languages.
///
/// # Errors
/// Any [`OcrFailure`], with the program it is about.
pub async fn check_ocr(settings: &OcrSettings) -> Result<Vec<String>, (PathBuf, OcrFailure)> {
    let of = |program: &Path| {
        let program = program.to_owned();
        move |failure| (program, failure)
    };
    let listed = run(
        settings,
        &settings.tesseract,
        &["--list-langs"],
        &[],
        MAX_LIST_BYTES,
    )
    .await;
    let listed = listed.map_err(of(&settings.tesseract))?;
    let listed = String::from_utf8_lossy(&listed);
    // The first line says how many there are and where.
    let installed: Vec<String> = listed
        .lines()
        .skip(1)
        .map(|line| line.trim().to_owned())
        .collect();
    let is_there = |language: &str| installed.iter().any(|one| one == language);
    if !settings.languages.split('+').all(is_there) {
        return Err((settings.tesseract.clone(), OcrFailure::NoLanguage));
    }
    run(settings, &settings.pdftoppm, &["-v"], &[], MAX_LIST_BYTES)
        .await
        .map_err(of(&settings.pdftoppm))?;
    Ok(installed)
}

/// Runs a program behind its fence: `input` on its standard input, at most `bound` bytes from its standard
/// output.
async fn run(
    settings: &OcrSettings,
    program: &Path,
    arguments: &[&str],
    input: &[u8],
    bound: u64,
) -> Result<Vec<u8>, OcrFailure> {
    let limits = ProgramLimits {
        memory_bytes: settings.memory_bytes,
        cpu_seconds: settings.page_limit.as_secs().saturating_add(1),
        protection: settings.protection,
    };
    if !program.exists() {
        return Err(OcrFailure::NoProgram);
    }
    let mut child = Command::new(&settings.program)
        .arg("worker")
        .args(limits.to_arguments())
        .arg(program)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // It may quote the picture's text.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| OcrFailure::NoProgram)?;
    let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(OcrFailure::NoProgram);
    };
    let exchange = async {
        let write = async {
            // A program that has seen enough closes its end; what it made of it counts.
            let _closed = to.write_all(input).await;
            drop(to);
        };
        let mut output = Vec::new();
        let mut from = from.take(bound.saturating_add(1));
        let ((), read) = tokio::join!(write, from.read_to_end(&mut output));
        read.map_err(|_| OcrFailure::Stopped)?;
        if output.len() as u64 > bound {
            return Err(OcrFailure::BadAnswer);
        }
        let status = child.wait().await.map_err(|_| OcrFailure::Stopped)?;
        match status.code() {
            Some(0) => Ok(output),
            Some(code) if code == i32::from(EXIT_NOT_FENCED) => Err(OcrFailure::NotFenced),
            Some(_) | None => Err(OcrFailure::Stopped),
        }
    };
    let outcome = tokio::time::timeout(settings.page_limit, exchange).await;
    // Where it has not ended by itself.
    let _gone = child.kill().await;
    outcome.unwrap_or(Err(OcrFailure::TimedOut))
}

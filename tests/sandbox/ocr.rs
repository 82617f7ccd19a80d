//! Text recognition: Debian's tesseract and pdftoppm behind a fence, and what becomes of the values.
//!
//! `fixtures/documents/ocr/referral-form.png` is a form of invented people, printed with reportlab and turned
//! into black and white at 150 dots per inch. tesseract 5.3 misreads a letter of the e-mail address: what
//! the checks are for.

use super::{PROGRAM, settings};
use base64::{Engine, engine::general_purpose::STANDARD};
use referrald::domain::{Attachment, ParsedMessage, Personal, ReadLimits, ReadMessage, ReadStatus};
use referrald::forms::{AgencyBook, FormsContext, LabelBook, understand};
use referrald::ingest::Reader;
use referrald::sandbox::{OcrFailure, OcrSettings, ReadingPool, check_ocr};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const RECOGNISED: &str = "text recognised from a picture; compare with the original";

fn ocr() -> OcrSettings {
    OcrSettings {
        program: PathBuf::from(PROGRAM),
        page_limit: Duration::from_secs(120),
        ..OcrSettings::new()
    }
}

fn picture() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/documents/ocr/referral-form.png"))
        .unwrap()
}

/// The picture as the only content of so many pages of a PDF.
fn scan(pages: usize) -> Vec<u8> {
    let png = picture();
    let (mut at, mut data, mut size) = (8, Vec::new(), (0, 0));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    while at < png.len() {
        let length = number(at) as usize;
        match &png[at + 4..at + 8] {
            b"IHDR" => {
                size = (number(at + 8), number(at + 12));
                // One bit per pixel, grey, not interlaced: PDF takes the data as they are.
                assert_eq!(&png[at + 16..at + 21], [1, 0, 0, 0, 0]);
            }
            b"IDAT" => data.extend_from_slice(&png[at + 8..at + 8 + length]),
            _ => {}
        }
        at += length + 12;
    }
    let (width, height) = size;
    let kids: String = (0..pages).map(|_| "3 0 R ").collect();
    let draw = format!("q {width} 0 0 {height} 0 0 cm /I Do Q");
    let objects: [Vec<u8>; 5] = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Kids[{kids}]/Count {pages}>>").into_bytes(),
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>"
        )
        .into_bytes(),
        format!("<</Length {}>>stream\n{draw}\nendstream", draw.len()).into_bytes(),
        [
            format!(
                "<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 1/ColorSpace/DeviceGray\
                 /Filter/FlateDecode/DecodeParms<</Predictor 15/Colors 1/BitsPerComponent 1/Columns {width}>>/Length {}>>stream\n",
                data.len()
            )
            .into_bytes(),
            data,
            b"\nendstream".to_vec(),
        ]
        .concat(),
    ];
    let mut pdf = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend_from_slice(format!("{} 0 obj", at + 1).as_bytes());
        pdf.extend_from_slice(object);
        pdf.extend_from_slice(b"endobj\n");
    }
    let table = pdf.len();
    pdf.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).as_bytes());
    for place in &places {
        pdf.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let trailer = format!(
        "trailer<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n",
        places.len() + 1
    );
    pdf.extend_from_slice(trailer.as_bytes());
    pdf
}

/// A mail with a text (part 1), this file (part 2) and a text file (part 3).
fn mail(media_type: &str, filename: &str, content: &[u8]) -> Personal<Vec<u8>> {
    let content = STANDARD.encode(content);
    let mail = format!(
        "From: officer@example.org\r\nSubject: Referral\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nPlease find a referral attached.\r\n\
         --b\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"{filename}\"\r\n\r\n{content}\r\n\
         --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"note.txt\"\r\n\r\nA note.\r\n\
         --b--\r\n"
    );
    Personal::new(mail.into_bytes())
}

async fn read_with(ocr: OcrSettings, mail: &Personal<Vec<u8>>) -> ReadMessage {
    let pool = ReadingPool::new(settings(), ReadLimits::default()).with_ocr(ocr);
    let read = pool.read(mail).await.unwrap();
    assert_eq!(read.bodies.len(), 1);
    assert!(read.attachments[1].document.is_some(), "the note");
    read
}

fn understood(read: &ReadMessage) -> ParsedMessage {
    understand(
        read,
        &FormsContext {
            labels: &LabelBook::default_book().unwrap(),
            agencies: &AgencyBook::default_book().unwrap(),
            reference_prefixes: &["RJ".to_owned()],
            today: jiff::civil::date(2026, 11, 1),
            authserv_id: None,
            known_thread: false,
        },
    )
}

/// The form's people are found, and every value of it carries the check.
fn assert_understood(read: &ReadMessage) {
    let row = &read.attachments[0];
    assert_eq!(
        (row.read, row.reason.as_deref()),
        (ReadStatus::Partial, Some(RECOGNISED))
    );
    assert!(row.document.as_ref().unwrap().recognised);
    let parsed = understood(read);
    let referral = parsed.referral.as_ref().unwrap();
    let names: Vec<_> = referral
        .parties
        .iter()
        .map(|party| party.name.as_deref())
        .collect();
    assert_eq!(names, [Some("Marian Oakes"), Some("Peter Lowe")]);
    let read_there: BTreeSet<&str> = parsed
        .evidence
        .iter()
        .filter(|evidence| evidence.part == "2")
        .map(|evidence| evidence.path.as_str())
        .collect();
    let checks = parsed
        .checks
        .iter()
        .filter(|check| check.code == "recognised_text");
    let checked: Vec<&str> = checks.map(|check| check.path.as_str()).collect();
    assert!(read_there.len() >= 8, "{read_there:?}");
    assert_eq!(checked.len(), read_there.len(), "one check for each value");
    assert_eq!(checked.into_iter().collect::<BTreeSet<_>>(), read_there);
}

fn assert_not_read(row: &Attachment, status: ReadStatus, reason: &str) {
    assert_eq!(row.read, status);
    let given = row.reason.as_deref().unwrap_or_default();
    assert!(
        given.starts_with("picture, not read") && given.contains(reason),
        "{given}"
    );
    assert!(row.document.is_none());
}

#[tokio::test]
async fn a_form_that_was_photographed_is_read_with_a_check_on_every_value() {
    let read = read_with(ocr(), &mail("image/png", "form.png", &picture())).await;
    assert_understood(&read);
    assert!(read.pictures.is_empty(), "the picture itself goes no further");
}

#[tokio::test]
async fn a_form_that_was_scanned_is_read_with_a_check_on_every_value() {
    let read = read_with(ocr(), &mail("application/pdf", "form.pdf", &scan(1))).await;
    assert_understood(&read);
}

#[tokio::test]
async fn no_more_pages_are_recognised_than_allowed() {
    let two = OcrSettings {
        max_pages: 2,
        ..ocr()
    };
    let read = read_with(two, &mail("application/pdf", "form.pdf", &scan(3))).await;
    let row = &read.attachments[0];
    let reason = row.reason.as_deref().unwrap_or_default();
    assert!(reason.contains("from the first pages only"), "{reason}");
    let json = serde_json::to_value(&row.document).unwrap().to_string();
    let pages: Vec<_> = (1..=3)
        .map(|page| json.contains(&format!("\"page\":{page}")))
        .collect();
    assert_eq!(pages, [true, true, false]);
}

#[tokio::test]
async fn a_scan_of_fewer_pages_than_allowed_is_read_whole() {
    let read = read_with(ocr(), &mail("application/pdf", "form.pdf", &scan(2))).await;
    assert_eq!(read.attachments[0].reason.as_deref(), Some(RECOGNISED));
}

#[tokio::test]
async fn without_text_recognition_pictures_are_named_as_unreadable() {
    let pool = ReadingPool::new(settings(), ReadLimits::default());
    let read = pool
        .read(&mail("image/png", "form.png", &picture()))
        .await
        .unwrap();
    let row = &read.attachments[0];
    assert_eq!(
        (row.read, row.reason.as_deref()),
        (ReadStatus::Unsupported, Some("picture, not read"))
    );
    let read = pool
        .read(&mail("application/pdf", "form.pdf", &scan(1)))
        .await
        .unwrap();
    let row = &read.attachments[0];
    assert_eq!(row.read, ReadStatus::Empty);
    assert!(row.document.is_none());
}

#[tokio::test]
async fn a_picture_whose_text_cannot_be_recognised_stays_named() {
    let picture = mail("image/png", "form.png", &picture());
    let damaged = mail(
        "image/png",
        "form.png",
        &[b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 9000]].concat(),
    );
    let with = |tesseract: &str| OcrSettings {
        tesseract: tesseract.into(),
        ..ocr()
    };
    let slow = OcrSettings {
        page_limit: Duration::from_millis(1),
        ..ocr()
    };
    let small = OcrSettings {
        memory_bytes: 1 << 20,
        ..ocr()
    };
    for (settings, mail, reason) in [
        (with("/nonexistent/tesseract"), &picture, "not set up"),
        (with("/usr/bin/echo"), &picture, "no usable answer"),
        (with("/usr/bin/false"), &picture, "stopped on it"),
        (ocr(), &damaged, "stopped on it"),
        (small, &picture, "stopped on it"),
        (slow, &picture, "took too long"),
    ] {
        let read = read_with(settings, mail).await;
        assert_not_read(&read.attachments[0], ReadStatus::Unsupported, reason);
    }
}

#[tokio::test]
async fn the_check_tells_what_is_missing() {
    let installed = check_ocr(&ocr()).await.unwrap();
    assert!(
        installed.iter().any(|language| language == "eng"),
        "{installed:?}"
    );
    let settings = OcrSettings {
        languages: "eng+tlh".to_owned(),
        ..ocr()
    };
    assert_eq!(
        check_ocr(&settings).await.map_err(|(_, failure)| failure),
        Err(OcrFailure::NoLanguage)
    );
    let settings = OcrSettings {
        pdftoppm: "/nonexistent/pdftoppm".into(),
        ..ocr()
    };
    assert_eq!(
        check_ocr(&settings).await,
        Err(("/nonexistent/pdftoppm".into(), OcrFailure::NoProgram))
    );
}

#[tokio::test]
async fn a_picture_without_text_gives_no_smudges_for_text() {
    // Noise, drawn by a linear congruential generator as a grey bitmap (PGM has no place among attachments; BMP has).
    let (width, height) = (400_u32, 300_u32);
    let mut state = 7_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let pixels: Vec<u8> = (0..width * height * 3).map(|_| noise()).collect();
    let size = u32::try_from(54 + pixels.len()).unwrap();
    let mut bitmap = b"BM".to_vec();
    for number in [
        size,
        0,
        54,
        40,
        width,
        height,
        1 | 24 << 16,
        0,
        0,
        2835,
        2835,
        0,
        0,
    ] {
        bitmap.extend_from_slice(&number.to_le_bytes());
    }
    bitmap.extend_from_slice(&pixels);
    let read = read_with(ocr(), &mail("image/bmp", "photo.bmp", &bitmap)).await;
    assert_not_read(
        &read.attachments[0],
        ReadStatus::Unsupported,
        "no legible text was found",
    );
}

/// Runs Python behind the fence of a helper program; it prints what it could do.
fn tried(script: &str) -> String {
    let child = Command::new(PROGRAM)
        .args([
            "worker",
            "program",
            "1000000000",
            "60",
            "required",
            "/usr/bin/python3",
            "-S",
            "-E",
            "-c",
            script,
        ])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_program_behind_the_fence_reaches_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (own, new) = (file.path().display(), folder.path().join("new"));
    let new = new.display();
    for attempt in [
        "import _socket; _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)".to_owned(),
        "import _socket; _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)".to_owned(),
        format!("open('{own}')"),
        format!("open('{own}', 'w')"),
        format!("open('{new}', 'w')"),
        format!("import os; os.unlink('{own}')"),
        format!("import os; os.mkdir('{new}')"),
        "open('/etc/passwd')".to_owned(),
        "open('/proc/self/environ')".to_owned(),
        format!("open('{PROGRAM}', 'rb')"),
        "import os; os.listdir('/')".to_owned(),
        "import os; os.fork()".to_owned(),
        "import os; os.execv('/usr/bin/true', ['true'])".to_owned(),
        "import os; os.kill(os.getppid(), 0)".to_owned(),
        "import os; os.pipe()".to_owned(),
        "import os; os.memfd_create('x')".to_owned(),
        "bytearray(3 << 30)".to_owned(),
    ] {
        let script = format!(
            "try:\n  {attempt}\nexcept (OSError, MemoryError): print('refused')\nelse: print('done')"
        );
        assert_eq!(tried(&script), "refused\n", "{attempt}");
    }
    assert_eq!(std::fs::read(file.path()).unwrap(), b"");
    // What shows that the attempts above were made, and that nothing is handed on.
    // (Python itself sets LC_CTYPE where nothing says which language it is.)
    let environment = tried("import os; print(set(os.environ) - {'LC_CTYPE'})");
    assert_eq!(environment, "{'OMP_THREAD_LIMIT'}\n");
    assert_eq!(
        tried("print(open('/usr/share/common-licenses/GPL-3').read(1) != '')"),
        "True\n"
    );
}

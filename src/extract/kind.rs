//! What an attachment is: by its content first, then its name, then its declared type.

use super::ReadLimits;
use super::container::Container;
use std::io::Cursor;

/// Kinds of attachments that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Docx,
    Doc,
    Rtf,
    OpenText,
    /// A workbook of any make: XLSX, XLS, ODS.
    Sheet,
    Pdf,
    Html,
    Csv,
    Json,
    Text,
    Mail,
    /// A mail as Outlook saves it (`.msg`).
    OutlookMessage,
    /// A mail as Outlook sends it (`winmail.dat`).
    WinmailDat,
    SignedData,
    Zip,
    Picture,
    /// An old Office file (Compound File Binary) that is none of the above.
    OldOffice,
    /// An Office file behind a password.
    LockedOffice,
    OpenDocument,
    Slides,
    /// An archive other than zip.
    Archive,
    LockedArchive,
    Encrypted,
    /// A message under Microsoft's rights management ([MS-OXORMMS]).
    RightsProtected,
    /// S/MIME compressed data (RFC 3274).
    CompressedMessage,
    Signature,
    Calendar,
    ContactCard,
    Sound,
    /// A style sheet or a script of a web page.
    Code,
    /// The message text once more, for programs that ask for it.
    OtherForm,
    /// A message that came in pieces, or that lies somewhere else.
    Elsewhere,
    Other,
}

impl Kind {
    /// Why such an attachment is not read; `None` for those that are.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Docx
            | Self::Doc
            | Self::Rtf
            | Self::OpenText
            | Self::Sheet
            | Self::Pdf
            | Self::Html
            | Self::Csv
            | Self::Json
            | Self::Text
            | Self::Mail
            | Self::OutlookMessage
            | Self::WinmailDat
            | Self::SignedData
            | Self::Zip => None,
            Self::Picture => Some("picture, not read"),
            Self::OldOffice => Some("old Office format, not read"),
            Self::LockedOffice => Some("Office file behind a password"),
            Self::OpenDocument => Some("OpenDocument drawing or presentation, not read"),
            Self::Slides => Some("slides, not read"),
            Self::Archive => Some("archive of a kind that is not opened; ask for the files themselves"),
            Self::LockedArchive => Some("archive behind a password"),
            Self::Encrypted => Some("encrypted message; only its recipient's key opens it"),
            Self::RightsProtected => Some(
                "message under Microsoft rights protection; ask the sender for a copy without protection",
            ),
            Self::CompressedMessage => {
                Some("compressed message of a kind that is not opened; ask the sender to send it again")
            }
            Self::Signature => Some("signature"),
            Self::Calendar => Some("calendar entry, not read"),
            Self::ContactCard => Some("contact card, not read"),
            Self::Sound => Some("sound or film, not read"),
            Self::Code => Some("style sheet or script of a web page, not read"),
            Self::OtherForm => Some("the message text in another form, not read"),
            Self::Elsewhere => Some("only a piece of a message, or a link to one; ask for the whole message"),
            Self::Other => Some("unknown file type, not read"),
        }
    }

    /// It needs a key or password.
    pub(super) fn is_locked(self) -> bool {
        matches!(
            self,
            Self::LockedOffice | Self::LockedArchive | Self::Encrypted | Self::RightsProtected
        )
    }
}

/// Bytes searched for the marks of a container's content.
const SEARCH_BYTES: usize = 1024 * 1024;

/// Tells the kind of an attachment.
pub(super) fn of(media_type: &str, filename: Option<&str>, content: &[u8]) -> Kind {
    if let Some(kind) = by_declaration(media_type) {
        return kind;
    }
    if let Some(kind) = by_content(content) {
        return kind;
    }
    by_name(filename)
        .or_else(|| by_type(media_type))
        .unwrap_or(if is_text(content) { Kind::Text } else { Kind::Other })
}

/// Types whose declaration alone tells, because the content does not.
fn by_declaration(media_type: &str) -> Option<Kind> {
    match media_type {
        "application/pgp-encrypted" => Some(Kind::Encrypted),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature" => {
            Some(Kind::Signature)
        }
        "application/x-microsoft-rpmsg-message" => Some(Kind::RightsProtected),
        "application/ms-tnef" | "application/vnd.ms-tnef" => Some(Kind::WinmailDat),
        "text/calendar" | "application/ics" => Some(Kind::Calendar),
        "text/css" | "text/javascript" | "application/javascript" | "application/x-javascript" => {
            Some(Kind::Code)
        }
        "text/x-amp-html" | "text/watch-html" => Some(Kind::OtherForm),
        "message/partial" | "message/external-body" => Some(Kind::Elsewhere),
        "text/vcard" | "text/x-vcard" | "text/directory" => Some(Kind::ContactCard),
        _ => None,
    }
}

fn by_content(content: &[u8]) -> Option<Kind> {
    let head = &content[..content.len().min(SEARCH_BYTES)];
    let start = content.trim_ascii_start();
    if start.starts_with(b"%PDF-") || head[..head.len().min(1024)].windows(5).any(|w| w == b"%PDF-") {
        return Some(Kind::Pdf);
    }
    // A local header, the end of an empty archive, or the mark of a split one.
    if content.starts_with(b"PK\x03\x04")
        || content.starts_with(b"PK\x05\x06")
        || content.starts_with(b"PK\x07\x08PK\x03\x04")
    {
        return match by_members(content) {
            Members::Tell(kind) => Some(kind),
            Members::DoNotTell => None,
            Members::Unreadable => Some(zip_kind(head)),
        };
    }
    if content.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return compound_kind(content);
    }
    if start.starts_with(b"{\\rtf") {
        return Some(Kind::Rtf);
    }
    if content.starts_with(&[0x78, 0x9f, 0x3e, 0x22]) {
        return Some(Kind::WinmailDat);
    }
    if is_page(start) {
        return Some(Kind::Html);
    }
    // Word and browsers save pages as MHTML (RFC 2557), often as `.doc`.
    if begins_with(start, b"MIME-Version:") && contains(head, b"multipart/") {
        return Some(Kind::Mail);
    }
    if start.starts_with(b"-----BEGIN PGP MESSAGE-----") {
        return Some(Kind::Encrypted);
    }
    match infer::get(content)?.matcher_type() {
        infer::MatcherType::Image => Some(Kind::Picture),
        infer::MatcherType::Audio | infer::MatcherType::Video => Some(Kind::Sound),
        infer::MatcherType::Archive => Some(Kind::Archive),
        infer::MatcherType::App
        | infer::MatcherType::Book
        | infer::MatcherType::Doc
        | infer::MatcherType::Font
        | infer::MatcherType::Text
        | infer::MatcherType::Custom => None,
    }
}

/// What the directory of a zip says of its kind.
enum Members {
    Tell(Kind),
    /// A package of Microsoft's making without a known document in it.
    DoNotTell,
    Unreadable,
}

/// Tells Office and OpenDocument containers by the names in their directory. An archive that holds such
/// documents is not one.
fn by_members(content: &[u8]) -> Members {
    let Ok(mut container) = Container::open(content, &ReadLimits::default()) else {
        return Members::Unreadable;
    };
    let names = container.names();
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    if names.iter().any(|name| name == "mimetype")
        && let Ok(declared) = container.read("mimetype")
    {
        let declared = String::from_utf8_lossy(&declared);
        if let Some(kind) = declared.strip_prefix("application/vnd.oasis.opendocument.") {
            return Members::Tell(match kind.split(['-', '.']).next() {
                Some("text") => Kind::OpenText,
                Some("spreadsheet") => Kind::Sheet,
                Some(_) | None => Kind::OpenDocument,
            });
        }
    }
    // A directory of the author's own may be called `word`; the parts of a document have these names.
    let is_office = has("[Content_Types].xml") || has("_rels/");
    let marks = [
        ("word/", "word/document", Kind::Docx),
        ("xl/", "xl/workbook", Kind::Sheet),
        ("ppt/", "ppt/presentation", Kind::Slides),
    ];
    let found = marks
        .into_iter()
        .find(|(folder, part, _)| has(part) || is_office && has(folder));
    match found {
        Some((_, _, kind)) => Members::Tell(kind),
        None if has("[Content_Types].xml") => Members::DoNotTell,
        None => Members::Tell(Kind::Zip),
    }
}

/// Tells them by what stands in a damaged container.
fn zip_kind(content: &[u8]) -> Kind {
    // Bit 0 of the general purpose flags of the first member: encrypted.
    if content.get(6).is_some_and(|flags| flags & 1 == 1) {
        return Kind::LockedArchive;
    }
    for (mimetype, kind) in [
        ("mimetypeapplication/vnd.oasis.opendocument.text", Kind::OpenText),
        (
            "mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            Kind::Sheet,
        ),
        ("mimetypeapplication/vnd.oasis.opendocument", Kind::OpenDocument),
    ] {
        if contains(content, mimetype.as_bytes()) {
            return kind;
        }
    }
    for (member, kind) in [
        (b"word/".as_slice(), Kind::Docx),
        (b"xl/", Kind::Sheet),
        (b"ppt/", Kind::Slides),
    ] {
        if member_starts_with(content, member) {
            return kind;
        }
    }
    // OpenDocument by a writer that does not put its type first.
    if member_starts_with(content, b"META-INF/manifest.xml") && member_starts_with(content, b"content.xml") {
        return Kind::OpenText;
    }
    Kind::Zip
}

/// Tells a compound file by the streams at its root ([MS-CFB]); `None` where there is no telling.
fn compound_kind(content: &[u8]) -> Option<Kind> {
    let opened = cfb::CompoundFile::open(Cursor::new(content)).ok()?;
    let has = |name: &str| opened.exists(format!("/{name}"));
    let marks = [
        ("EncryptedPackage", Kind::LockedOffice),
        ("__properties_version1.0", Kind::OutlookMessage),
        ("WordDocument", Kind::Doc),
        ("Workbook", Kind::Sheet),
        ("Book", Kind::Sheet),
    ];
    let found = marks
        .into_iter()
        .find(|(name, _)| has(name))
        .map(|(_, kind)| kind);
    Some(found.unwrap_or(Kind::OldOffice))
}

/// A member's name (after a local or central header's fixed part) begins with `prefix`.
fn member_starts_with(content: &[u8], prefix: &[u8]) -> bool {
    const LOCAL: usize = 30;
    const CENTRAL: usize = 46;
    content.windows(4).enumerate().any(|(at, mark)| {
        let name = match mark {
            b"PK\x03\x04" => at + LOCAL,
            b"PK\x01\x02" => at + CENTRAL,
            _ => return false,
        };
        content.get(name..).is_some_and(|rest| rest.starts_with(prefix))
    })
}

/// A web page, whatever its name: many programs write tables so and call them `.doc` or `.xls`.
fn is_page(start: &[u8]) -> bool {
    let start = start
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(start)
        .trim_ascii_start();
    begins_with(start, b"<!doctype html") || begins_with(start, b"<html")
}

/// Compares without regard to case.
fn begins_with(bytes: &[u8], start: &[u8]) -> bool {
    bytes
        .get(..start.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(start))
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some((&first, _)) = needle.split_first() else {
        return true;
    };
    bytes
        .iter()
        .enumerate()
        .any(|(at, b)| *b == first && bytes[at..].starts_with(needle))
}

fn extension(filename: Option<&str>) -> Option<String> {
    let (_, extension) = filename?.trim().rsplit_once('.')?;
    Some(extension.to_ascii_lowercase())
}

/// Whether a file name ends in one of these (lower case, without the dot).
pub(super) fn has_extension(filename: Option<&str>, extensions: &[&str]) -> bool {
    extension(filename).is_some_and(|found| extensions.contains(&found.as_str()))
}

fn by_name(filename: Option<&str>) -> Option<Kind> {
    match extension(filename)?.as_str() {
        "docx" | "docm" | "dotx" | "dotm" => Some(Kind::Docx),
        "pdf" => Some(Kind::Pdf),
        "htm" | "html" | "xhtml" => Some(Kind::Html),
        "csv" | "tsv" => Some(Kind::Csv),
        "css" | "js" => Some(Kind::Code),
        "json" => Some(Kind::Json),
        "txt" | "text" | "log" | "md" => Some(Kind::Text),
        "eml" | "mht" | "mhtml" => Some(Kind::Mail),
        "rpmsg" => Some(Kind::RightsProtected),
        "doc" | "dot" => Some(Kind::Doc),
        "xls" | "xlsx" | "xlsm" | "xlsb" | "ods" | "ots" | "fods" => Some(Kind::Sheet),
        "msg" => Some(Kind::OutlookMessage),
        "ppt" => Some(Kind::OldOffice),
        "rtf" => Some(Kind::Rtf),
        "odt" | "ott" | "fodt" => Some(Kind::OpenText),
        "pptx" => Some(Kind::Slides),
        "zip" => Some(Kind::Zip),
        "7z" | "rar" | "gz" => Some(Kind::Archive),
        "ics" => Some(Kind::Calendar),
        "vcf" => Some(Kind::ContactCard),
        "p7s" | "asc" | "sig" => Some(Kind::Signature),
        "gpg" | "pgp" => Some(Kind::Encrypted),
        "jpg" | "jpeg" | "png" | "gif" | "bmp" | "tif" | "tiff" | "heic" | "webp" | "svg" | "emz" | "wmz" => {
            Some(Kind::Picture)
        }
        _ => None,
    }
}

fn by_type(media_type: &str) -> Option<Kind> {
    match media_type {
        "text/html" | "application/xhtml+xml" => Some(Kind::Html),
        "text/csv" | "text/tab-separated-values" => Some(Kind::Csv),
        "text/rtf" | "application/rtf" => Some(Kind::Rtf),
        "application/pdf" => Some(Kind::Pdf),
        "application/json" | "text/json" => Some(Kind::Json),
        _ if media_type.ends_with("+json") => Some(Kind::Json),
        "application/zip" | "application/x-zip-compressed" | "application/x-zip" => Some(Kind::Zip),
        "application/vnd.ms-word.document.macroenabled.12"
        | "application/vnd.openxmlformats-officedocument.wordprocessingml.template"
        | "application/vnd.ms-word.template.macroenabled.12" => Some(Kind::Docx),
        "message/delivery-status" | "message/disposition-notification" => Some(Kind::Text),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Some(Kind::Docx),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some(Kind::Encrypted),
        "application/msword" => Some(Kind::Doc),
        _ if media_type.starts_with("image/") => Some(Kind::Picture),
        _ if media_type.starts_with("text/") => Some(Kind::Text),
        _ if media_type.starts_with("audio/") || media_type.starts_with("video/") => Some(Kind::Sound),
        _ => None,
    }
}

/// Text without control characters.
fn is_text(content: &[u8]) -> bool {
    const LOOKED_AT: usize = 4096;
    let head = &content[..content.len().min(LOOKED_AT)];
    !head.is_empty()
        && head
            .iter()
            .all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\r' | b'\n' | 0x0c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_more_than_the_declaration() {
        let octets = "application/octet-stream";
        assert_eq!(of(octets, Some("form.dat"), b"%PDF-1.7 ..."), Kind::Pdf);
        assert_eq!(of("application/pdf", Some("x.pdf"), b"{\\rtf1 x"), Kind::Rtf);
        assert_eq!(of(octets, Some("x.eml"), b"From: a\n\nb"), Kind::Mail);
        assert_eq!(of(octets, Some("form.doc"), b"\n<HTML><table>"), Kind::Html);
        assert_eq!(
            of(
                octets,
                Some("form.doc"),
                b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x"
            ),
            Kind::Mail
        );
        assert_eq!(of("text/css", Some("form.css"), b"a{}"), Kind::Code);
        assert_eq!(of(octets, None, b"Name: Jo\n"), Kind::Text);
        assert_eq!(of(octets, None, &[0, 1, 2]), Kind::Other);
        assert_eq!(of(octets, None, b"\x89PNG\r\n\x1a\n...."), Kind::Picture);
    }

    #[test]
    fn office_containers_are_told_by_their_members() {
        let mut zip = b"PK\x03\x04".to_vec();
        zip.resize(30, 0);
        zip.extend_from_slice(b"word/document.xml");
        assert_eq!(of("application/zip", Some("a.zip"), &zip), Kind::Docx);
        zip[6] = 1;
        assert_eq!(of("application/zip", Some("a.zip"), &zip), Kind::LockedArchive);
        zip[6] = 0;
        zip.truncate(30);
        zip.extend_from_slice(b"content.xml");
        assert_eq!(of("application/zip", Some("a.zip"), &zip), Kind::Zip);
        let member = zip.clone();
        zip.truncate(30);
        zip.extend_from_slice(b"META-INF/manifest.xml");
        zip.extend(member);
        assert_eq!(of("application/zip", Some("a.odt"), &zip), Kind::OpenText);
    }

    #[test]
    fn compound_files_are_told_by_their_streams() {
        for (stream, kind) in [
            ("WordDocument", Kind::Doc),
            ("Workbook", Kind::Sheet),
            ("__properties_version1.0", Kind::OutlookMessage),
            ("EncryptedPackage", Kind::LockedOffice),
            ("Else", Kind::OldOffice),
        ] {
            let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
            file.create_stream(format!("/{stream}")).unwrap();
            file.flush().unwrap();
            let content = file.into_inner().into_inner();
            assert_eq!(of("application/octet-stream", None, &content), kind, "{stream}");
        }
    }
}

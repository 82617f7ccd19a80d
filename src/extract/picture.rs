//! Attachments that are handed out to be looked at (text recognition), instead of being read.

use super::kind::Kind;
use crate::domain::{Picture, PictureKind, ReadMessage, ReadStatus};
use crate::mail::{Part, PartBody};

/// Most pictures handed out of one message, nested mails included.
const MAX_PICTURES: usize = 20;
/// Most bytes of them together: they cross the worker's pipe in base64.
const MAX_PICTURE_BYTES: usize = 16 * 1024 * 1024;
/// Smaller attached pictures are icons.
const LEAST_ATTACHED_BYTES: usize = 2 * 1024;
/// Smaller pictures shown inside the text are logos of a signature.
const LEAST_SHOWN_BYTES: usize = 24 * 1024;
/// What recognition programs open.
const OPENED: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/bmp",
    "image/gif",
    "image/webp",
];

/// What a part is to text recognition, if anything: a picture, or a PDF that held no text.
pub(super) fn kind_of(kind: Kind, status: ReadStatus, part: &Part, content: &[u8]) -> Option<PictureKind> {
    if kind == Kind::Pdf {
        return (status == ReadStatus::Empty).then_some(PictureKind::ScannedPdf);
    }
    let is_shown = part.content_id.is_some() && !part.is_attachment;
    let least = if is_shown {
        LEAST_SHOWN_BYTES
    } else {
        LEAST_ATTACHED_BYTES
    };
    let is_opened = || infer::get(content).is_some_and(|found| OPENED.contains(&found.mime_type()));
    let is_wanted = kind == Kind::Picture && content.len() >= least && is_opened();
    is_wanted.then_some(PictureKind::Image)
}

/// Hands a part out, where there is room for it.
pub(super) fn hand_out(part: Part, kind: PictureKind, room: &mut PictureRoom, out: &mut ReadMessage) {
    let PartBody::Bytes(bytes) = part.body else { return };
    let Some(bytes_left) = room.bytes.checked_sub(bytes.len()) else {
        return;
    };
    let Some(pictures_left) = room.pictures.checked_sub(1) else {
        return;
    };
    room.bytes = bytes_left;
    room.pictures = pictures_left;
    out.pictures.push(Picture {
        part: part.number,
        kind,
        bytes,
    });
}

/// What may still be handed out of a message.
pub(super) struct PictureRoom {
    pictures: usize,
    bytes: usize,
}

impl PictureRoom {
    pub(super) fn new() -> Self {
        Self {
            pictures: MAX_PICTURES,
            bytes: MAX_PICTURE_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReadRequest;
    use crate::extract::read_message;

    /// A PNG by its first bytes only; nothing here decodes it.
    fn png(bytes: usize) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        png.resize(bytes, 0);
        png
    }

    fn mail(pictures: &[(&str, usize)]) -> Vec<u8> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let mut mail = String::from(
            "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText.\r\n",
        );
        for (header, bytes) in pictures {
            let content = STANDARD.encode(png(*bytes));
            mail.push_str(&format!(
                "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n{header}\r\n\r\n{content}\r\n"
            ));
        }
        mail.push_str("--b--\r\n");
        mail.into_bytes()
    }

    fn handed_out(mail: &[u8], pictures: bool) -> Vec<String> {
        let request = ReadRequest {
            pictures,
            ..ReadRequest::default()
        };
        let read = read_message(mail, &request, &mut |_| {}).ok().unwrap();
        read.pictures.into_iter().map(|picture| picture.part).collect()
    }

    const ATTACHED: &str = "Content-Disposition: attachment; filename=\"scan.png\"";
    const SHOWN: &str = "Content-ID: <logo>";

    #[test]
    fn attached_pictures_are_handed_out_and_logos_are_not() {
        let mail = mail(&[
            (ATTACHED, 1_000),
            (ATTACHED, 3_000),
            (SHOWN, 9_000),
            (SHOWN, 30_000),
        ]);
        assert_eq!(handed_out(&mail, true), ["3", "5"]);
        assert_eq!(handed_out(&mail, false), [""; 0]);
    }

    #[test]
    fn pictures_are_bounded_in_number_and_bytes() {
        let many = vec![(ATTACHED, 3_000); MAX_PICTURES + 5];
        assert_eq!(handed_out(&mail(&many), true).len(), MAX_PICTURES);
        let large = [(ATTACHED, 10_000_000), (ATTACHED, 10_000_000), (ATTACHED, 3_000)];
        assert_eq!(handed_out(&mail(&large), true), ["2", "4"]);
    }
}

//! Files that a browser saves: never shown as part of our pages, whatever they are.

use super::problem::Problem;
use super::request::Answer;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;

/// A file of any kind.
pub(super) fn bytes(name: &str, bytes: Vec<u8>) -> Answer {
    file(name, "application/octet-stream", bytes.into())
}

/// A table.
pub(super) fn csv(name: &str, text: String) -> Answer {
    file(name, "text/csv; charset=utf-8", text.into())
}

/// Plain text.
pub(super) fn text(name: &str, text: String) -> Answer {
    file(name, "text/plain; charset=utf-8", text.into())
}

/// JSON.
pub(super) fn json(name: &str, text: String) -> Answer {
    file(name, "application/json", text.into())
}

fn file(name: &str, media_type: &'static str, body: Body) -> Answer {
    let name = HeaderValue::from_str(&disposition(name)).map_err(|_| Problem::Failed)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, body).into_response())
}

/// The name in the form of RFC 8187: nothing of it can end the header.
fn disposition(name: &str) -> String {
    let mut value = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            true => value.push(char::from(byte)),
            false => value.push_str(&format!("%{byte:02X}")),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_end_its_header() {
        let name = disposition("a\r\nSet-Cookie: x\".pdf");
        assert_eq!(
            name,
            "attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%22.pdf"
        );
    }
}

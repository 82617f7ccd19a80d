//! Style sheets and the icon, compiled in.
//!
//! Security: a name is looked up in a list; no file is opened.

use super::problem::Problem;
use super::request::{Answer, Asked};
use crate::casework::report;
use axum::http::header;
use axum::response::IntoResponse;

const FILES: &[(&str, &str, &str)] = &[
    (
        "govuk.css",
        "text/css; charset=utf-8",
        include_str!("assets/govuk.css"),
    ),
    (
        "pages.css",
        "text/css; charset=utf-8",
        include_str!("assets/pages.css"),
    ),
    ("report.css", "text/css; charset=utf-8", report::STYLE),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

pub(super) async fn file(asked: Asked) -> Answer {
    let name = asked.piece("name");
    let (_, kind, content) = FILES
        .iter()
        .find(|(file, _, _)| *file == name)
        .ok_or(Problem::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, *content).into_response())
}

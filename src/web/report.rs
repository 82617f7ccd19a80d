//! The monthly report, as a page.

use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_to};
use crate::casework::monthly_report;
use crate::casework::report::Month;
use crate::domain::Timestamp;
use askama::Template;
use jiff::ToSpan;
use jiff::tz::TimeZone;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    frame: Frame,
    heading: String,
    /// HTML of [`crate::casework::report`], which escapes every text that it takes.
    body: String,
    earlier: String,
    later: Option<String>,
}

/// The month before this one: the last that is over.
pub(super) async fn latest(asked: Asked) -> Answer {
    let month = moved(this_month(asked.now)?, -1)?;
    go_to(&format!("/report/{month}"))
}

fn this_month(now: Timestamp) -> Result<Month, Problem> {
    let day = TimeZone::UTC.to_datetime(now).date();
    Month::new(day.year(), day.month()).map_err(|_| Problem::NotFound)
}

fn moved(month: Month, months: i64) -> Result<Month, Problem> {
    let day = month
        .first_day()
        .checked_add(months.months())
        .map_err(|_| Problem::NotFound)?;
    Month::new(day.year(), day.month()).map_err(|_| Problem::NotFound)
}

pub(super) async fn page(asked: Asked) -> Answer {
    let month: Month = asked.piece("month").parse().map_err(|_| Problem::NotFound)?;
    let now = this_month(asked.now)?;
    if month.first_day() > now.first_day() {
        return Err(Problem::NotFound);
    }
    let settings = &asked.app.settings;
    let report = monthly_report(asked.store(), month, &settings.districts, settings.least).await?;
    let later = match month.first_day() < now.first_day() {
        true => Some(moved(month, 1)?.to_string()),
        false => None,
    };
    show(&Page {
        heading: report.title(),
        body: report.body(),
        earlier: moved(month, -1)?.to_string(),
        later,
        frame: asked.frame("Performance report"),
    })
}

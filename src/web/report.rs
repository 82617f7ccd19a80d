//! The monthly report, as a page.

use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_to};
use super::words;
use crate::casework::monthly_report;
use crate::casework::report::Month;
use crate::domain::Timestamp;
use askama::Template;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    frame: Frame,
    heading: String,
    /// HTML of [`crate::casework::report`], which escapes every text that it takes.
    body: String,
    /// When it was counted.
    counted: String,
    earlier: String,
    later: Option<String>,
}

/// A report is counted anew after so long: it opens the facts of a year's messages.
const FRESH: Duration = Duration::from_secs(60);

/// Reports that were counted a moment ago.
#[derive(Default)]
pub(super) struct Reports(Mutex<Vec<Arc<Counted>>>);

/// A report as it was at one time.
struct Counted {
    month: Month,
    at: Timestamp,
    heading: String,
    body: String,
}

/// The report of a month; whoever asks meanwhile waits for the same one.
async fn counted(asked: &Asked, month: Month) -> Result<Arc<Counted>, Problem> {
    let mut kept = asked.app.reports.0.lock().await;
    let age = |each: &Counted| Duration::try_from(asked.now.duration_since(each.at)).unwrap_or_default();
    kept.retain(|each| age(each) < FRESH);
    if let Some(found) = kept.iter().find(|each| each.month == month) {
        return Ok(Arc::clone(found));
    }
    let settings = &asked.app.settings;
    let report = monthly_report(asked.store(), month, &settings.districts, settings.least).await?;
    let counted = Arc::new(Counted {
        month,
        at: asked.now,
        heading: report.title(),
        body: report.body(),
    });
    kept.push(Arc::clone(&counted));
    Ok(counted)
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
    let counted = counted(&asked, month).await?;
    let later = match month.first_day() < now.first_day() {
        true => Some(moved(month, 1)?.to_string()),
        false => None,
    };
    show(&Page {
        heading: counted.heading.clone(),
        body: counted.body.clone(),
        counted: words::moment(counted.at),
        earlier: moved(month, -1)?.to_string(),
        later,
        frame: asked.frame("Performance report"),
    })
}

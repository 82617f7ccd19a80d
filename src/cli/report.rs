//! `report`: the monthly report from what is kept of referrals and cases.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::casework::report::{Districts, Least, Month};
use crate::casework::{self};

/// `referrald report`.
#[derive(clap::Args)]
pub(super) struct ReportArguments {
    /// The month, such as 2026-11
    month: Month,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Form::Html)]
    r#as: Form,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Form {
    /// A page with charts, to be read or printed
    Html,
    /// A table
    Csv,
}

pub(super) async fn run(setup: Setup, arguments: &ReportArguments) -> Outcome {
    let (districts, least) = settings(&setup)?;
    let store = setup.store().await?;
    let report = casework::monthly_report(&store, arguments.month, &districts, least).await?;
    output::text(&match arguments.r#as {
        Form::Html => report.html(&setup.config.service.name),
        Form::Csv => report.csv(),
    })
}

/// Districts and smallest count of the configuration.
pub(super) fn settings(setup: &Setup) -> Result<(Districts, Least), Failure> {
    let config = &setup.config.report;
    let districts = Districts::new(config.districts.clone()).map_err(|problems| {
        let lines: Vec<_> = problems
            .iter()
            .map(|problem| format!("[report.districts] {problem}"))
            .collect();
        Failure::configuration(lines.join("\n"))
    })?;
    let least = Least::new(config.least).map_err(Failure::configuration)?;
    Ok((districts, least))
}

//! Accounts, for administrators.

use super::done::Done;
use super::frame::{Frame, show};
use super::problem::Problem;
use super::request::{Answer, Asked, go_on};
use crate::store::StaffRole;
use askama::Template;

#[derive(Template)]
#[template(path = "staff.html")]
struct Page {
    frame: Frame,
    accounts: Vec<Row>,
}

struct Row {
    name: String,
    role: String,
    is_set_up: bool,
}

pub(super) async fn page(asked: Asked) -> Answer {
    let accounts = asked.store().staff_accounts().await?;
    let accounts = accounts.into_iter().map(|account| Row {
        role: match &account.role {
            StaffRole::Staff => "Staff".to_owned(),
            StaffRole::Volunteer { user } => format!("Volunteer ({user})"),
            StaffRole::Administrator => "Administrator".to_owned(),
        },
        is_set_up: account.second_step.is_some(),
        name: account.name,
    });
    show(&Page {
        accounts: accounts.collect(),
        frame: asked.frame("Accounts"),
    })
}

/// Somebody lost their authenticator and their recovery codes.
pub(super) async fn reset(asked: Asked) -> Answer {
    let name = asked.form.text("name");
    let done = asked
        .store()
        .reset_second_step(name, &asked.actor()?, asked.now)
        .await?;
    match done {
        true => go_on("/staff", Done::SecondStepReset),
        false => Err(Problem::NotFound),
    }
}

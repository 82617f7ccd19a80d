//! `staff`: accounts for the staff pages.

use super::cases::actor;
use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use super::users::password_from_stdin;
use crate::domain::{Clock, SystemClock, password};
use crate::store::{NewStaff, StaffRole, StoreError};

/// What `staff` does.
#[derive(clap::Subcommand)]
pub(super) enum StaffCommand {
    /// Add an account, or give an existing one a new password and role; the password is read from standard input
    Add {
        /// Name to sign in with; stands in the audit log
        name: String,
        /// What it may do
        #[arg(long, value_enum)]
        role: RoleWord,
        /// The submission account whose files a volunteer sees
        #[arg(long, required_if_eq("role", "volunteer"))]
        user: Option<String>,
    },
    /// List accounts
    List,
    /// Remove an account; its sessions end
    Remove {
        /// Name
        name: String,
    },
    /// Somebody lost their authenticator and recovery codes: the second step is set up anew at the next sign-in
    ResetTotp {
        /// Name
        name: String,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum RoleWord {
    /// Reviews, decides, sees every case
    Staff,
    /// Sees the files allocated to a submission account
    Volunteer,
    /// Runs the system; sees no case
    Administrator,
}

pub(super) async fn run(setup: Setup, command: StaffCommand) -> Outcome {
    let store = setup.store().await?;
    let now = SystemClock.now();
    let missing = || Failure::failed("there is no such account; see `referrald staff list`");
    match command {
        StaffCommand::Add { name, role, user } => {
            let account = new_account(&setup, name, role, user)?;
            let added = store.put_staff(&account, &actor(), now).await;
            added.map_err(|error| match error {
                StoreError::NotFound => {
                    Failure::failed("there is no such submission account; see `referrald users list`")
                }
                error => error.into(),
            })?;
            let next = match setup.config.web {
                Some(_) => "the second step is set up at the first sign-in",
                None => "the pages are served once the configuration has a [web] section",
            };
            output::line(format!("{} can sign in; {next}", account.name));
        }
        StaffCommand::List => {
            for account in store.staff_accounts().await? {
                let role = match &account.role {
                    StaffRole::Staff => "staff".to_owned(),
                    StaffRole::Volunteer { user } => format!("volunteer ({user})"),
                    StaffRole::Administrator => "administrator".to_owned(),
                };
                let second = match account.second_step {
                    Some(_) => "second step set up",
                    None => "second step to be set up",
                };
                output::line(format!("{}\t{role}\t{second}", account.name));
            }
        }
        StaffCommand::Remove { name } => {
            if !store.remove_staff(&name, &actor(), now).await? {
                return Err(missing());
            }
            output::line(format!("account {name} is gone"));
        }
        StaffCommand::ResetTotp { name } => {
            if !store.reset_second_step(&name, &actor(), now).await? {
                return Err(missing());
            }
            output::line(format!("{name} sets up the second step at the next sign-in"));
        }
    }
    Ok(())
}

fn new_account(
    setup: &Setup,
    name: String,
    role: RoleWord,
    user: Option<String>,
) -> Result<NewStaff, Failure> {
    let sound = !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_graphic());
    if !sound {
        return Err(Failure::failed(
            "the name must be 1 to 64 visible ASCII characters",
        ));
    }
    let role = match (role, user) {
        (RoleWord::Staff, None) => StaffRole::Staff,
        (RoleWord::Administrator, None) => StaffRole::Administrator,
        (RoleWord::Volunteer, Some(user)) => StaffRole::Volunteer { user },
        (RoleWord::Volunteer, None) => {
            return Err(Failure::failed(
                "say whose files: --user USER of `referrald users list`",
            ));
        }
        (RoleWord::Staff | RoleWord::Administrator, Some(_)) => {
            return Err(Failure::failed("--user is for volunteers"));
        }
    };
    let given = password_from_stdin()?;
    setup.demand_unknown(&given)?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)
        .map_err(|_| Failure::failed("the operating system gave no random bytes; try again"))?;
    let password_hash = password::hash_password(&given, salt).map_err(Failure::failed)?;
    Ok(NewStaff {
        name,
        role,
        password_hash,
    })
}

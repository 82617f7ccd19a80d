//! `users`: accounts of the submission server.

use super::output::{self, Failure, Outcome};
use super::setup::Setup;
use crate::domain::{Clock, EmailAddress, Personal, SystemClock};
use crate::smtp;
use crate::store::{AccountRole, MonitoringAnswer, SubmissionAccount};
use secrecy::{ExposeSecret, SecretString};
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

/// What `users` does.
#[derive(clap::Subcommand)]
pub(super) enum UsersCommand {
    /// Add a volunteer's account, or give an existing one a new password and address
    Add {
        /// User name for signing in
        user: String,
        /// The only address this account may send from
        #[arg(long)]
        address: String,
        /// A member of staff, who may write about every case; a volunteer writes about the files allocated to them
        #[arg(long)]
        staff: bool,
        /// File with the password; without it the password is read from standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// List accounts
    List,
    /// Note the day on which somebody was given the privacy notice
    PrivacyNotice {
        /// User name
        user: String,
        /// The day, such as 2026-03-14
        #[arg(long)]
        on: jiff::civil::Date,
    },
    /// Somebody has left: the account cannot sign in any more, and goes after its term
    Left {
        /// User name
        user: String,
    },
    /// Equality monitoring: count one more answer, or list the counts; never kept beside a name
    Monitoring {
        /// Calendar year
        year: i16,
        /// What was asked, such as ethnicity
        #[arg(requires = "answer")]
        category: Option<String>,
        /// What was answered
        answer: Option<String>,
    },
    /// Remove an account
    Remove {
        /// User name
        user: String,
    },
}

pub(super) async fn run(setup: Setup, command: UsersCommand) -> Outcome {
    let store = setup.store().await?;
    let now = SystemClock.now();
    match command {
        UsersCommand::Add {
            user,
            address,
            staff,
            password_file,
        } => {
            let role = match staff {
                true => AccountRole::Staff,
                false => AccountRole::Volunteer,
            };
            let address = EmailAddress::parse(&address).ok_or_else(|| {
                Failure::failed("--address must be one plain address, such as volunteer@example.org")
            })?;
            let sound = !user.is_empty() && user.len() <= 64 && user.chars().all(|c| c.is_ascii_graphic());
            if !sound {
                return Err(Failure::failed(
                    "the user name must be 1 to 64 visible ASCII characters",
                ));
            }
            let password = match password_file {
                Some(file) => setup.files.password(&file)?,
                None => password_from_stdin()?,
            };
            if password.expose_secret().chars().count() < smtp::MIN_PASSWORD_CHARS {
                return Err(Failure::failed(format!(
                    "the password must have at least {} characters",
                    smtp::MIN_PASSWORD_CHARS
                )));
            }
            setup.demand_unknown(&password)?;
            let mut salt = [0; 16];
            getrandom::fill(&mut salt)
                .map_err(|_| Failure::failed("the operating system gave no random bytes; try again"))?;
            let password_hash = smtp::hash_password(&password, salt)
                .map_err(|_| Failure::failed("the password could not be hashed"))?;
            let address = Personal::new(address.expose_address().to_owned());
            store
                .put_account(
                    &SubmissionAccount {
                        user: user.clone(),
                        address,
                        password_hash,
                        role,
                    },
                    now,
                )
                .await?;
            output::line(format!("account {user} can send"));
        }
        UsersCommand::List => {
            for account in store.accounts().await? {
                let role = match account.role {
                    AccountRole::Volunteer => "volunteer",
                    AccountRole::Staff => "staff",
                };
                let address = account.address.expose_personal();
                output::line(format!("{}\t{address}\t{role}", account.user));
            }
        }
        UsersCommand::PrivacyNotice { user, on } => {
            let on = jiff::tz::TimeZone::UTC
                .to_timestamp(on.at(0, 0, 0, 0))
                .map_err(|_| Failure::failed("this is no date"))?;
            store.note_privacy_notice(&user, on, now).await?;
            output::line(format!("noted for {user}"));
        }
        UsersCommand::Left { user } => {
            store.account_left(&user, &super::cases::actor(), now).await?;
            output::line(format!(
                "{user} can no longer send or see files; the account goes after its term"
            ));
        }
        UsersCommand::Monitoring {
            year,
            category,
            answer,
        } => match (category, answer) {
            (Some(category), Some(answer)) => {
                store
                    .count_monitoring(&MonitoringAnswer {
                        year,
                        category,
                        answer,
                    })
                    .await?;
                output::line("counted");
            }
            (_, _) => {
                let least = u64::from(setup.config.report.least);
                let rows = store.monitoring().await?;
                for (row, people) in rows.iter().filter(|(row, _)| row.year == year) {
                    let people = match *people < least {
                        true => format!("fewer than {least}"),
                        false => people.to_string(),
                    };
                    output::line(format!("{}\t{}\t{people}", row.category, row.answer));
                }
            }
        },
        UsersCommand::Remove { user } => {
            if !store.remove_account(&user, now).await? {
                return Err(Failure::failed(
                    "there is no such account; see `referrald users list`",
                ));
            }
            output::line(format!("account {user} is gone"));
        }
    }
    Ok(())
}

pub(super) fn password_from_stdin() -> Result<SecretString, Failure> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ")
            .map(SecretString::from)
            .map_err(|_| Failure::failed("no password was typed"));
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut text)
        .map_err(|_| Failure::failed("no password on standard input"))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

//! Sub-commands; the only place that wires modules together.
//!
//! Exit codes: 0 done, 1 failed, 78 the configuration is wrong (`EX_CONFIG` of sysexits.h).

mod alarms;
mod audit;
mod backup;
mod blocks;
mod cases;
mod check;
mod daemon;
mod export;
mod figures;
mod files;
mod import;
mod init;
mod intake;
mod keys;
mod learn;
mod manual;
mod messages;
mod output;
mod parse;
mod private;
mod purge;
mod redact;
mod report;
mod setup;
mod sign_in;
mod staff;
mod subject_access;
mod users;
mod worker;

use clap::{Parser, Subcommand};
use output::{Failure, Outcome};
use std::path::PathBuf;
use std::process::ExitCode;

/// Where the configuration is looked for when nothing is said.
const DEFAULT_CONFIG: &str = "/etc/referrald/referrald.toml";

/// Stack of a thread of the runtime, as large as the main thread's: of several services each runs on one, and deep down in
/// unoptimised builds.
const THREAD_STACK_BYTES: usize = 8 * 1024 * 1024;

/// Secure referral e-mail daemon for restorative-justice and mediation services.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Arguments {
    /// Configuration file [default: /etc/referrald/referrald.toml]
    #[arg(long, short, global = true, value_name = "FILE", env = "REFERRALD_CONFIG")]
    config: Option<PathBuf>,
    /// Log level, instead of the configured one
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<tracing::Level>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon
    Run(daemon::RunArguments),
    /// Make a documented configuration and a master key in a folder
    Init(init::InitArguments),
    /// Try configuration, keys, database, mailbox and relays, and say in plain words what is wrong
    Check,
    /// Send a trial mail to the address of the alarms
    TryAlarm,
    /// Print what the daemon understands of one mail, as JSON
    Parse {
        /// The mail (RFC 5322 bytes)
        file: PathBuf,
    },
    /// Print how one mail or document is read, block by block, as JSON
    Blocks(blocks::BlocksArguments),
    /// Print what is recognised of a blank form and what is not; nothing is stored
    LearnForm(learn::LearnArguments),
    /// Show what would leave for each recipient of one mail; nothing is sent or stored
    Redact(redact::RedactArguments),
    /// Print the spans of plain text that would be replaced
    Detect(redact::DetectArguments),
    /// Take in mail from files: .eml, mbox, or maildir folders
    Ingest {
        /// Files and folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Messages waiting for review, and cases
    #[command(subcommand)]
    Cases(cases::CasesCommand),
    /// Liaison mail that volunteers submitted
    #[command(subcommand)]
    Outbound(messages::OutboundCommand),
    /// Accounts of the submission server
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Accounts for the staff pages
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// Destroy what has outlived its term; the daemon does it every day
    Purge(purge::PurgeArguments),
    /// Print the anonymous report on a month
    Report(report::ReportArguments),
    /// Write accepted cases to files for the case management system in use, one file per side
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// Take in a list of cases that were kept elsewhere before
    ImportCases(import::ImportArguments),
    /// Gather what is kept of one person, as a bundle for them that staff read first (Article 15 UK GDPR)
    SubjectAccess(subject_access::SubjectAccessArguments),
    /// The generations of the master key
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Write everything into one encrypted file, while the daemon runs
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Bring a backup into a new database, SQLite or PostgreSQL; no daemon may run meanwhile
    Restore(backup::RestoreArguments),
    /// Print the completion script of a shell, as packages install it
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder, as packages install them
    Manual {
        /// The folder; made if it is not there
        folder: PathBuf,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Before anything else touches the process: no runtime, no log, no configuration.
    if std::env::args_os().nth(1).is_some_and(|word| word == "worker") {
        return worker::main();
    }
    let arguments = Arguments::parse();
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(arguments: Arguments) -> Outcome {
    let setup = setup::Place::new(arguments.config, arguments.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(THREAD_STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|_| Failure::failed("the operating system gave no threads; try again"))?;
    runtime.block_on(async {
        match arguments.command {
            Command::Run(arguments) => daemon::run(setup, &arguments).await,
            Command::Init(arguments) => init::run(&arguments),
            Command::Check => check::run(setup).await,
            Command::TryAlarm => alarms::try_one(setup.load()?).await,
            Command::Parse { file } => parse::run(setup.load_or_defaults()?, &file).await,
            Command::Blocks(arguments) => blocks::run(setup.load_or_defaults()?, &arguments).await,
            Command::LearnForm(arguments) => learn::run(setup.load_or_defaults()?, &arguments).await,
            Command::Redact(arguments) => redact::run(setup.load_or_defaults()?, &arguments).await,
            Command::Detect(arguments) => redact::detect(setup.load_or_defaults()?, &arguments).await,
            Command::Ingest { paths } => intake::run(setup.load()?, &paths).await,
            Command::Cases(command) => cases::run(setup.load()?, command).await,
            Command::Outbound(command) => messages::run(setup.load()?, command).await,
            Command::Users(command) => users::run(setup.load()?, command).await,
            Command::Staff(command) => staff::run(setup.load()?, command).await,
            Command::Purge(arguments) => purge::run(setup.load()?, &arguments).await,
            Command::Report(arguments) => report::run(setup.load()?, &arguments).await,
            Command::Export(command) => export::run(setup.load()?, command).await,
            Command::ImportCases(arguments) => import::run(setup.load()?, &arguments).await,
            Command::SubjectAccess(arguments) => subject_access::run(setup.load()?, &arguments).await,
            Command::Keys(command) => keys::run(setup.load()?, command).await,
            Command::Audit(command) => audit::run(setup.load()?, command).await,
            Command::Backup { file } => backup::backup(setup.load()?, &file).await,
            Command::Restore(arguments) => backup::restore(setup.load()?, arguments).await,
            Command::Completion { shell } => {
                manual::completion(shell);
                Ok(())
            }
            Command::Manual { folder } => manual::pages(&folder),
        }
    })
}

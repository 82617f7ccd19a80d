//! What a package installs beside the program: manual pages and shell completion, made from the command line itself.

use super::Arguments;
use super::output::{self, Failure, Outcome};
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

/// Writes a page for the program and one for each of its commands into a folder (`referrald.1`, `referrald-run.1`, ...).
///
/// # Errors
/// The folder cannot be made or written to.
pub(super) fn pages(folder: &Path) -> Outcome {
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Arguments::command(), folder));
    written.map_err(|error| {
        let folder = folder.display();
        Failure::failed(format!(
            "the manual pages could not be written into {folder}: {error}"
        ))
    })
}

/// Prints the completion script of a shell.
pub(super) fn completion(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut Arguments::command(),
        env!("CARGO_PKG_NAME"),
        &mut script,
    );
    output::line(String::from_utf8_lossy(&script).trim_end());
}

//! Sub-commands; the only place that wires modules together.

mod worker;

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == "worker") {
        return worker::main();
    }
    ExitCode::SUCCESS
}

//! Sub-commands; the only place that wires modules together.

mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == "worker"
    {
        return worker::main(rest);
    }
    ExitCode::SUCCESS
}

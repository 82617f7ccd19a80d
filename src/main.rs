//! The `referrald` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    referrald::cli::main()
}

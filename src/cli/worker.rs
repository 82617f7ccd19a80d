//! `referrald worker`: the process that takes foreign bytes apart. Started by the daemon only.

use crate::domain::ReadRequest;
use crate::sandbox::{Handlers, serve};
use crate::{extract, redact};
use std::ffi::OsString;
use std::process::ExitCode;

/// Words of the command line before the worker's own: the program and `worker`.
const OWN_ARGUMENTS_AT: usize = 2;

/// Runs a worker. To be called before anything else touches the process: no runtime, no logging, no
/// configuration.
pub(super) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(OWN_ARGUMENTS_AT).collect();
    let handlers = Handlers {
        read: |raw| extract::read_message(raw, &ReadRequest::default(), &mut |_| {}),
        draft: redact::draft,
    };
    match serve(&arguments, handlers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Where even this fails there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

//! `referrald worker`: the process that takes foreign bytes apart. Started by the daemon only.

use crate::domain::ReadRequest;
use crate::mail::{Mail, Part, PartBody};
use crate::sandbox::{Give, Handlers, PROGRAM_WORD, ServeError, become_program, serve};
use crate::{extract, mail, redact};
use std::ffi::OsString;
use std::process::ExitCode;

/// Words of the command line before the worker's own: the program and `worker`.
const OWN_ARGUMENTS_AT: usize = 2;

/// Runs a worker. To be called before anything else touches the process: no runtime, no logging, no
/// configuration.
pub(super) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(OWN_ARGUMENTS_AT).collect();
    if arguments.first().is_some_and(|word| word == PROGRAM_WORD) {
        return match become_program(&arguments) {
            Ok(code) => ExitCode::from(code),
            Err(error) => failed(error),
        };
    }
    let handlers = Handlers {
        start_drafting_threads: redact::NameModel::start_threads,
        read: extract::read_message,
        read_file: extract::read_file,
        contents,
        draft: |request| redact::draft(request, extract::whole_document),
    };
    match serve(&arguments, handlers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

fn failed(error: ServeError) -> ExitCode {
    use std::io::Write;
    // Where even this fails there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{error}");
    ExitCode::FAILURE
}

/// Hands out the parts that hold no parts themselves.
fn contents(raw: &[u8], request: &ReadRequest, give: Give<'_>) {
    let Mail { root, .. } = mail::parse(raw, &request.limits.mail);
    let mut waiting: Vec<Part> = vec![root];
    while let Some(part) = waiting.pop() {
        match part.body {
            PartBody::Multipart(parts) => waiting.extend(parts.into_iter().rev()),
            PartBody::Message(mail) => waiting.push(mail.root),
            PartBody::Text(text) => give(&part.number, Some(text.as_bytes())),
            PartBody::Bytes(bytes) => give(&part.number, Some(&bytes)),
            PartBody::NotRead(_) => give(&part.number, None),
        }
    }
}

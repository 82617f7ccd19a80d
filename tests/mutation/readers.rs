//! The readers, each where it may be tried: the project's own in this process, where a panic is a fault, and
//! those whose libraries may end a process in a worker, where only no answer in time is one.

use referrald::domain::{MailLimits, Personal, ReadLimits, ReadMessage, ReadRequest};
use referrald::extract::{read_file, read_message};
use referrald::ingest::{ReadFailure, Reader};
use referrald::mail::{Part, PartBody, parse};
use referrald::sandbox::{ReadingPool, WorkerSettings};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// Time for one request, in a debug build; the second try has as much.
const WORKER_TIME: Duration = Duration::from_secs(5);
/// Marks of PDF, of compound files, and of zips, plain and in base64.
const MARKS: [&[u8]; 6] = [
    b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"PK\x03\x04",
    b"JVBERi",
    b"0M8R4K",
    b"UEsDB",
];

/// What is read.
pub enum Input<'b> {
    Mail(&'b [u8]),
    File { name: &'b str, content: &'b [u8] },
}

pub struct Readers {
    runtime: tokio::runtime::Runtime,
    pool: ReadingPool,
}

impl Readers {
    pub fn new() -> Self {
        let settings = WorkerSettings {
            program: PathBuf::from(env!("CARGO_BIN_EXE_referrald")),
            workers: NonZeroUsize::MIN,
            time_limit: WORKER_TIME,
            part_limit: WORKER_TIME,
            requests_per_worker: NonZeroU32::new(50).expect("not zero"),
            ..WorkerSettings::for_reading(8 << 20)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self {
            runtime: runtime.expect("a runtime"),
            pool: ReadingPool::new(settings, ReadLimits::default()),
        }
    }

    /// What was read; `None` where that was refused or ended a worker.
    pub fn read(&self, input: &Input) -> Option<ReadMessage> {
        let is_for_a_worker = match input {
            Input::Mail(raw) => may_end_a_process(&parse(raw, &MailLimits::default()).root),
            Input::File { content, .. } => is_marked(content),
        };
        if is_for_a_worker {
            return self.read_in_a_worker(input);
        }
        let request = ReadRequest::default();
        match input {
            Input::Mail(raw) => read_message(raw, &request, &mut |_| {}).ok(),
            Input::File { name, content } => Some(read_file(content.to_vec(), name, &request, &mut |_| {})),
        }
    }

    fn read_in_a_worker(&self, input: &Input) -> Option<ReadMessage> {
        self.runtime.block_on(async {
            let answer = match input {
                Input::Mail(raw) => self.pool.read(&Personal::new(raw.to_vec())).await,
                Input::File { name, content } => {
                    self.pool.read_file(&Personal::new(content.to_vec()), name).await
                }
            };
            if let Err(failure) = &answer {
                assert_ne!(*failure, ReadFailure::Transient, "a worker starts");
                println!("a worker was ended: {failure:?}");
                let next = Personal::new(b"From: a@example.org\r\n\r\nthe next one\r\n".to_vec());
                let next = self.pool.read(&next).await;
                assert!(
                    next.is_ok_and(|read| read.bodies.len() == 1),
                    "the next mail is read"
                );
            }
            answer.ok()
        })
    }
}

/// A part holds something that is read with a large library.
fn may_end_a_process(part: &Part) -> bool {
    match &part.body {
        PartBody::Text(text) => is_marked(text.as_bytes()),
        PartBody::Bytes(content) => is_marked(content),
        PartBody::Multipart(parts) => parts.iter().any(may_end_a_process),
        PartBody::Message(mail) => may_end_a_process(&mail.root),
        PartBody::NotRead(_) => false,
    }
}

/// It holds a mark anywhere, and is not a text document in a zip, whose readers are the project's own.
fn is_marked(content: &[u8]) -> bool {
    let holds = |mark: &[u8]| content.windows(mark.len()).any(|window| window == mark);
    if content.starts_with(b"PK\x03\x04") && (holds(b"word/document.xml") || holds(b"opendocument.text")) {
        return false;
    }
    MARKS.iter().any(|mark| holds(mark))
}

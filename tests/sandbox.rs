//! Promise 5: hostile bytes are taken apart only in a process that can reach nothing, and one bad message
//! never holds up the next. The worker is the real program; probes try from inside what it must not do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]
#![cfg(debug_assertions)]

#[path = "sandbox/culprits.rs"]
mod culprits;
#[path = "sandbox/ocr.rs"]
mod ocr;
#[path = "sandbox/scanner.rs"]
mod scanner;

use referrald::domain::{OtherAttachments, Personal, ReadLimits, UnreadableReason};
use referrald::ingest::{ReadFailure, Reader};
use referrald::outbound::Drafter;
use referrald::redact::{DraftRequest, RedactionSettings, Remit};
use referrald::sandbox::{
    DraftingPool, Probe, ProbeAnswer, Protection, ReadingPool, WorkerFailure, WorkerSettings,
};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_referrald");

fn settings() -> WorkerSettings {
    WorkerSettings {
        program: PathBuf::from(PROGRAM),
        workers: NonZeroUsize::MIN,
        time_limit: Duration::from_secs(20),
        requests_per_worker: NonZeroU32::new(100).unwrap(),
        ..WorkerSettings::for_reading(1 << 20)
    }
}

fn pool() -> ReadingPool {
    ReadingPool::new(settings(), ReadLimits::default())
}

/// Probes, and shows that the next request is served.
async fn outcome(pool: &ReadingPool, probe: Probe) -> Result<ProbeAnswer, WorkerFailure> {
    let outcome = pool.probe(&probe).await;
    assert_eq!(
        pool.probe(&Probe::Nothing).await,
        Ok(ProbeAnswer::Done),
        "after {probe:?}"
    );
    outcome
}

#[tokio::test]
async fn a_worker_stands_behind_its_full_fence() {
    let fence = pool().check().await.unwrap();
    assert!(fence.is_full(), "{fence:?}");
}

#[tokio::test]
async fn a_worker_opens_no_file() {
    let pool = pool();
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in [
        Path::new("/etc/passwd"),
        Path::new("/proc/self/environ"),
        Path::new(PROGRAM),
        file.path(),
    ] {
        let read = Probe::ReadFile(path.to_owned());
        assert_eq!(outcome(&pool, read).await, Ok(ProbeAnswer::Refused), "{path:?}");
    }
    let write = Probe::WriteFile(file.path().to_owned());
    assert_eq!(outcome(&pool, write).await, Ok(ProbeAnswer::Refused));
    let folder = Probe::ListFolder(PathBuf::from("/"));
    assert_eq!(outcome(&pool, folder).await, Ok(ProbeAnswer::Refused));
    assert_eq!(std::fs::read(file.path()).unwrap(), b"");
}

#[tokio::test]
async fn a_worker_reaches_no_network() {
    let pool = pool();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let connect = Probe::Connect(server.local_addr().unwrap().to_string());
    assert_eq!(outcome(&pool, connect).await, Err(WorkerFailure::ForbiddenCall));
    assert_eq!(
        outcome(&pool, Probe::OpenUdpSocket).await,
        Err(WorkerFailure::ForbiddenCall)
    );
    assert!(server.accept().is_err());
}

#[tokio::test]
async fn a_worker_starts_nothing_and_signals_nobody() {
    let pool = pool();
    let me = i32::try_from(std::process::id()).unwrap();
    for probe in [
        Probe::BecomeProgram("/bin/true".into()),
        Probe::Signal(me),
        Probe::CreatePipe,
    ] {
        let stopped = outcome(&pool, probe.clone()).await;
        assert_eq!(stopped, Err(WorkerFailure::ForbiddenCall), "{probe:?}");
    }
    for probe in [Probe::StartProgram("/bin/true".into()), Probe::StartThread] {
        let refused = outcome(&pool, probe.clone()).await;
        assert_eq!(refused, Ok(ProbeAnswer::Refused), "{probe:?}");
    }
}

#[tokio::test]
async fn a_worker_that_eats_memory_is_ended_and_told_apart() {
    let pool = pool();
    let ended = outcome(&pool, Probe::EatMemory).await;
    assert_eq!(ended, Err(WorkerFailure::OutOfMemory));
    assert_eq!(
        ReadFailure::from(WorkerFailure::OutOfMemory),
        ReadFailure::Permanent(UnreadableReason::WorkerMemory)
    );
}

#[tokio::test]
async fn a_worker_that_overflows_its_stack_or_panics_is_replaced() {
    let pool = pool();
    for probe in [Probe::EatStack, Probe::Panic] {
        let ended = outcome(&pool, probe.clone()).await;
        assert_eq!(ended, Err(WorkerFailure::Crashed), "{probe:?}");
    }
}

#[tokio::test]
async fn a_worker_that_hangs_is_ended_after_its_time() {
    let settings = WorkerSettings {
        time_limit: Duration::from_millis(300),
        ..settings()
    };
    let pool = ReadingPool::new(settings, ReadLimits::default());
    for probe in [Probe::LoopForever, Probe::SleepForever] {
        assert_eq!(
            pool.probe(&probe).await,
            Err(WorkerFailure::TimedOut),
            "{probe:?}"
        );
    }
}

#[tokio::test]
async fn a_library_that_prints_does_not_spoil_the_answer() {
    assert_eq!(outcome(&pool(), Probe::Print).await, Ok(ProbeAnswer::Done));
}

#[tokio::test]
async fn a_hanging_message_does_not_hold_up_the_others() {
    let settings = WorkerSettings {
        workers: NonZeroUsize::MIN.saturating_add(1),
        ..settings()
    };
    let pool = ReadingPool::new(settings, ReadLimits::default());
    let others = async {
        for _ in 0..20 {
            assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
        }
    };
    tokio::select! {
        biased;
        ended = pool.probe(&Probe::SleepForever) => panic!("ended before the others: {ended:?}"),
        () = others => {}
    }
    // The hanging request was given up: its worker is gone and its turn is free.
    assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
}

#[tokio::test]
async fn a_worker_is_replaced_after_its_share_of_requests() {
    let settings = WorkerSettings {
        requests_per_worker: NonZeroU32::MIN,
        ..settings()
    };
    let pool = ReadingPool::new(settings, ReadLimits::default());
    for _ in 0..3 {
        assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
    }
}

#[tokio::test]
async fn a_mail_over_the_bound_reaches_no_worker() {
    let settings = WorkerSettings {
        max_request_bytes: 99,
        ..settings()
    };
    let pool = ReadingPool::new(settings, ReadLimits::default());
    let read = pool.read(&Personal::new(vec![b'x'; 100])).await;
    assert_eq!(
        read.err(),
        Some(ReadFailure::Permanent(UnreadableReason::TooLarge))
    );
}

#[tokio::test]
async fn an_answer_over_the_bound_is_not_taken() {
    let settings = WorkerSettings {
        max_answer_bytes: 3,
        ..settings()
    };
    let pool = ReadingPool::new(settings, ReadLimits::default());
    assert_eq!(pool.probe(&Probe::Nothing).await, Err(WorkerFailure::Crashed));
}

#[tokio::test]
async fn a_worker_that_cannot_be_started_is_not_the_messages_fault() {
    let settings = WorkerSettings {
        program: "/nonexistent".into(),
        ..settings()
    };
    let failure = ReadingPool::new(settings, ReadLimits::default())
        .check()
        .await
        .err();
    assert_eq!(failure, Some(WorkerFailure::NotStarted));
    assert_eq!(
        ReadFailure::from(WorkerFailure::NotStarted),
        ReadFailure::Transient
    );
    assert_eq!(
        ReadFailure::from(WorkerFailure::NotFenced),
        ReadFailure::Transient
    );
}

#[tokio::test]
async fn a_program_that_does_not_fence_itself_is_no_worker() {
    let settings = WorkerSettings {
        program: "/bin/cat".into(),
        ..settings()
    };
    assert_eq!(
        ReadingPool::new(settings, ReadLimits::default())
            .check()
            .await
            .err(),
        Some(WorkerFailure::NotStarted)
    );
}

/// Stands in for the program: says hello with this landlock ABI, takes one probe, runs `then`. Each start
/// adds a line to the file `starts` beside it.
fn false_worker(folder: &Path, landlock_abi: u8, then: &str) -> WorkerSettings {
    let hello = format!(
        r#"{{"landlock_abi":{landlock_abi},"seccomp":"in_force","limits":"in_force","privileges":"in_force"}}"#
    );
    let starts = folder.join("starts");
    let starts = starts.display();
    let request_bytes = 5 + r#""Nothing""#.len();
    let script = format!(
        "#!/bin/sh\nPATH=/usr/bin:/bin\necho start >>{starts}\nSTARTS=$(wc -l <{starts})\n\
         printf '\\020\\000\\000\\000\\{:03o}%s' '{hello}'\nhead -c {request_bytes} >/dev/null\n{then}\n",
        hello.len()
    );
    let program = folder.join("worker");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    WorkerSettings {
        program,
        ..settings()
    }
}

/// Answers a probe with `Done`.
const ANSWER: &str = r#"printf '\021\000\000\000\006"Done"'"#;

fn starts(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("starts"))
        .unwrap()
        .lines()
        .count()
}

#[tokio::test]
async fn a_worker_without_its_full_fence_is_refused_unless_the_settings_allow_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = false_worker(folder.path(), 0, ANSWER);
    assert_eq!(
        ReadingPool::new(settings.clone(), ReadLimits::default())
            .check()
            .await
            .err(),
        Some(WorkerFailure::NotFenced)
    );
    let settings = WorkerSettings {
        protection: Protection::AllowUnprotected,
        ..settings
    };
    let pool = ReadingPool::new(settings, ReadLimits::default());
    assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
}

#[tokio::test]
async fn what_fails_once_is_tried_again_in_a_fresh_worker() {
    let folder = tempfile::tempdir().unwrap();
    let settings = false_worker(folder.path(), 6, &format!("[ $STARTS = 1 ] && exit 1\n{ANSWER}"));
    let pool = ReadingPool::new(settings, ReadLimits::default());
    assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
    assert_eq!(starts(folder.path()), 2);
}

#[tokio::test]
async fn what_fails_twice_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let pool = ReadingPool::new(false_worker(folder.path(), 6, "exit 1"), ReadLimits::default());
    assert_eq!(pool.probe(&Probe::Nothing).await, Err(WorkerFailure::Crashed));
    assert_eq!(starts(folder.path()), 2);
}

#[tokio::test]
async fn a_worker_that_ended_while_idle_is_replaced_without_costing_a_try() {
    let folder = tempfile::tempdir().unwrap();
    let settings = false_worker(folder.path(), 6, &format!("[ $STARTS = 2 ] && exit 1\n{ANSWER}"));
    let pool = ReadingPool::new(settings, ReadLimits::default());
    // The first worker ends after its answer; the second fails; the third is the second try.
    assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
    let deadline = Instant::now() + Duration::from_secs(10);
    while children().iter().any(|child| is_running(child)) {
        assert!(Instant::now() < deadline, "the script is still there");
        tokio::task::yield_now().await;
    }
    assert_eq!(pool.probe(&Probe::Nothing).await, Ok(ProbeAnswer::Done));
    assert_eq!(starts(folder.path()), 3);
}

#[tokio::test]
async fn hostile_answers_are_errors() {
    for answer in [
        // Four gigabytes announced; a kind nobody knows; a hello in an answer's place; not JSON; a word
        // that is no answer; JSON nested without end.
        r"printf '\021\377\377\377\377'; sleep 9",
        r"printf '\377\000\000\000\000'; sleep 9",
        r"printf '\020\000\000\000\000'; sleep 9",
        r"printf '\021\000\000\000\002\377\377'; sleep 9",
        r#"printf '\021\000\000\000\006"Fine"'; sleep 9"#,
        r"printf '\021\000\001\000\000'; head -c 65536 /dev/zero | tr '\000' '['; sleep 9",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let pool = ReadingPool::new(false_worker(folder.path(), 6, answer), ReadLimits::default());
        assert_eq!(
            pool.probe(&Probe::Nothing).await,
            Err(WorkerFailure::BadAnswer),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn no_worker_outlives_its_pool() {
    let pool = pool();
    pool.check().await.unwrap();
    let children = children();
    assert!(!children.is_empty());
    drop(pool);
    let deadline = Instant::now() + Duration::from_secs(10);
    while children.iter().any(|child| is_running(child)) {
        assert!(Instant::now() < deadline, "a worker is still there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Process ids of this thread's children.
fn children() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

fn is_running(process: &str) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else {
        return false;
    };
    !stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .trim_start()
        .starts_with(['Z', 'X'])
}

#[test]
fn a_worker_does_not_start_with_an_environment_or_by_hand() {
    for (arguments, environment) in [
        (vec!["worker"], vec![]),
        (vec!["worker", "reading", "1", "1", "x", "1"], vec![]),
        (
            vec!["worker", "reading", "500000000", "9", "9", "9"],
            vec![("SECRET", "1")],
        ),
    ] {
        let ended = Command::new(PROGRAM)
            .args(&arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!ended.status.success(), "{arguments:?}");
        assert!(ended.stdout.is_empty(), "{arguments:?}");
    }
}

fn draft_request() -> DraftRequest {
    DraftRequest {
        raw: b"From: volunteer@example.org\r\nTo: someone@example.com\r\nSubject: Hello\r\n\r\nHello.\r\n"
            .to_vec(),
        recipients: vec!["someone@example.com".to_owned()],
        cases: Vec::new(),
        settings: RedactionSettings {
            cjsm_route: true,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".to_owned()],
            own_domain: "example.org".to_owned(),
            max_bytes: 1 << 20,
            own_addresses: Vec::new(),
            name_model: true,
            attachments: OtherAttachments::Hold,
        },
        nonce: [7; 16],
        remit: Remit::Everything,
        strangers: Vec::new(),
    }
}

#[tokio::test]
async fn a_mail_is_read_behind_the_fence() {
    let mail = b"From: officer@example.org\r\nSubject: Referral\r\n\r\nPlease help.\r\n";
    let read = pool().read(&Personal::new(mail.to_vec())).await;
    assert_eq!(
        read.ok().map(|read| read.headers.subject),
        Some("Referral".to_owned())
    );
}

#[tokio::test]
async fn a_draft_is_made_behind_the_fence() {
    let settings = WorkerSettings {
        program: PROGRAM.into(),
        ..WorkerSettings::for_drafting(1 << 20)
    };
    let drafting = DraftingPool::new(settings);
    let plan = drafting.draft(&draft_request()).await;
    assert_eq!(plan.ok().map(|plan| plan.groups.len()), Some(1));
}

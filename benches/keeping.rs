//! What keeping costs with many cases: `cargo bench --bench keeping [-- CASES]`, on SQLite and on PostgreSQL.
//!
//! Cases are taken in, read and accepted through the store. Printed for each database: the median and the slowest of the
//! look-ups by reference and by person, beside a bare `SELECT` of the same row over a connection of its own; of a page of the
//! review queue; and how long a run over a tenth of the cases takes to destroy them, with the median and the slowest time that
//! taking in a mail took meanwhile.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs
)]

#[path = "../tests/support/postgres.rs"]
#[allow(dead_code, unreachable_pub)]
mod postgres;

use referrald::domain::*;
use referrald::store::*;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::Path;
use std::time::{Duration, Instant};

const DEFAULT_CASES: u32 = 100_000;
/// Messages that wait for review.
const WAITING: u32 = 1_000;
/// Timed look-ups of each kind.
const LOOKUPS: u32 = 1_000;
/// Rows on a page of the queue.
const PAGE: u32 = 50;
/// Mails committed at once.
const BATCH: u32 = 500;

fn main() {
    let cases = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let cases = cases.unwrap_or(DEFAULT_CASES);
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("referrald.db");
    let url = format!("sqlite://{}", file.display());
    let log = folder.path().join("destroyed.log");
    runtime.block_on(measure("SQLite", &DatabasePlace::Sqlite(file), &log, &url, cases));
    let server = postgres::Database::new();
    let place = PostgresPlace::parse(&server.address()).expect("an address");
    runtime.block_on(measure(
        "PostgreSQL",
        &DatabasePlace::Postgres(place),
        &folder.path().join("destroyed-postgres.log"),
        &server.address(),
        cases,
    ));
}

async fn measure(name: &str, place: &DatabasePlace, log: &Path, url: &str, cases: u32) {
    let keys = MasterKeys::generate(&OsEntropy).expect("keys").to_string();
    let keys = MasterKeys::parse(keys.as_bytes()).expect("keys");
    let store = Store::open_logging(place, log, keys).await.expect("a database");
    let begin = Instant::now();
    fill(&store, cases).await;
    println!(
        "\n{name}, {cases} cases, {WAITING} messages waiting (made in {:.0} s)",
        begin.elapsed().as_secs_f64()
    );
    lookups(&store, url, cases).await;
    let begin = Instant::now();
    let mut pages = Vec::new();
    for page in 0..LOOKUPS.min(200) {
        let at = Instant::now();
        let rows = store
            .review_queue((page * PAGE) % WAITING, PAGE)
            .await
            .expect("a page");
        assert_eq!(rows.len(), PAGE as usize);
        pages.push(at.elapsed());
    }
    assert!(begin.elapsed() < Duration::from_secs(600));
    print_times("page of the review queue", &mut pages, None);
    purge(&store, cases / 10).await;
}

async fn fill(store: &Store, cases: u32) {
    let inbox = folder();
    for first in (0..cases + WAITING).step_by(BATCH as usize) {
        let numbers = first..(first + BATCH).min(cases + WAITING);
        let mails = numbers.clone().map(mail).collect();
        let committed = store.commit_batch(&inbox, mails, now()).await.expect("committed");
        for (number, mail) in numbers.zip(committed) {
            store
                .save_parsed(mail.message, &parsed(number), &Source::default(), &[], now())
                .await
                .expect("read");
            if number < cases {
                store
                    .accept(mail.message, "RJ", &actor(), now())
                    .await
                    .expect("accepted");
            }
        }
    }
}

async fn lookups(store: &Store, url: &str, cases: u32) {
    let (mut references, mut people, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut connection = Bare::open(url).await;
    for step in 0..LOOKUPS {
        let number = step.wrapping_mul(7919) % cases;
        let reference = CaseReference::new("RJ", 2026, number + 1);
        let at = Instant::now();
        connection.select(reference.as_str()).await;
        bare.push(at.elapsed());
        let at = Instant::now();
        let case = store
            .case_named(&CaseName::Reference(reference.clone()))
            .await
            .expect("a case");
        references.push(at.elapsed());
        assert_eq!(case.reference, reference);
        let at = Instant::now();
        let found = store
            .find_cases(&Lookup::Phone(Personal::new(phone(number))))
            .await
            .expect("found");
        people.push(at.elapsed());
        assert_eq!(found.len(), 1);
    }
    let base = print_times("bare SELECT by reference", &mut bare, None);
    print_times("look-up by reference", &mut references, Some(base));
    print_times("look-up by person", &mut people, Some(base));
}

async fn purge(store: &Store, many: u32) {
    let viewer = Viewer::Staff(actor());
    let closing = Closing {
        reason: CloseReason::Declined,
        outcome: None,
        note: None,
    };
    let mut listed = store.cases().await.expect("cases");
    listed.truncate(many as usize);
    for case in &listed {
        store
            .close_case(&viewer, case.id, &closing, now())
            .await
            .expect("closed");
    }
    let later = Timestamp::from_second(now().as_second() + 60).expect("a time");
    let deadlines = Deadlines {
        closed: later,
        automatic: Timestamp::UNIX_EPOCH,
        enquiries: Timestamp::UNIX_EPOCH,
        liaison: Timestamp::UNIX_EPOCH,
        statistics: Timestamp::UNIX_EPOCH,
        left: Timestamp::UNIX_EPOCH,
    };
    let destroying = store.clone();
    let begin = Instant::now();
    let run = tokio::spawn(async move {
        while !destroying
            .destroy_expired(&deadlines, 25, later)
            .await
            .expect("destroyed")
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    });
    let mut taken = Vec::new();
    let mut number = 10_000_000;
    while !run.is_finished() {
        let at = Instant::now();
        store
            .commit_batch(&folder(), vec![mail(number)], now())
            .await
            .expect("committed");
        taken.push(at.elapsed());
        number += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    run.await.expect("ran");
    println!(
        "destroying {many} closed cases: {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    print_times("taking in a mail meanwhile", &mut taken, None);
}

/// Prints median and slowest; gives the median.
fn print_times(what: &str, times: &mut [Duration], base: Option<Duration>) -> Duration {
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let slowest = times.last().copied().unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let ratio = base.map_or(String::new(), |base| {
        format!(
            ", {:.1} times the bare one",
            median.as_secs_f64() / base.as_secs_f64()
        )
    });
    println!(
        "{what}: median {:.2} ms, slowest {:.1} ms{ratio}",
        ms(median),
        ms(slowest)
    );
    median
}

/// The peer: the same row without the store.
enum Bare {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Bare {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            return Self::Sqlite(sqlx::SqliteConnection::connect(url).await.expect("opens"));
        }
        let options: sqlx::postgres::PgConnectOptions = url.parse().expect("an address");
        Self::Postgres(options.connect().await.expect("opens"))
    }

    async fn select(&mut self, reference: &str) {
        let sql = AssertSqlSafe("SELECT id FROM cases WHERE reference = $1");
        let id: Vec<u8> = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql)
                .bind(reference.to_owned())
                .fetch_one(connection)
                .await
                .expect("a row"),
            Self::Postgres(connection) => sqlx::query_scalar(sql)
                .bind(reference.to_owned())
                .fetch_one(connection)
                .await
                .expect("a row"),
        };
        assert_eq!(id.len(), 16);
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a time")
}

fn actor() -> Actor {
    Actor("bench".into())
}

fn folder() -> FolderKey {
    FolderKey {
        mailbox: "referrals".into(),
        folder: "INBOX".into(),
        uidvalidity: 1,
    }
}

fn mail(number: u32) -> FetchedMail {
    FetchedMail {
        uid: number + 1,
        raw: Personal::new(
            format!("Subject: referral {number}\r\n\r\n{}\r\n", "words ".repeat(200)).into_bytes(),
        ),
        internal_date: None,
    }
}

/// Not a number of anybody: too long for one.
fn phone(number: u32) -> String {
    format!("07700900{number:08}")
}

fn parsed(number: u32) -> ParsedMessage {
    let mut victim = Party::new(Role::Victim);
    victim.name = Some(format!("Marguerite Tollington{number}"));
    victim.phones = vec![phone(number)];
    victim.postcode = Some("QX9 9XQ".into());
    victim.date_of_birth = Some("1991-04-17".into());
    let mut offender = Party::new(Role::Offender);
    offender.name = Some(format!("Desmond Wraxhall{number}"));
    ParsedMessage {
        schema: PARSED_SCHEMA.to_owned(),
        kind: Kind::Referral,
        trust: Trust::default(),
        case_references: Vec::new(),
        attachments: Vec::new(),
        referral: Some(Referral {
            parties: vec![victim, offender],
            ..Referral::default()
        }),
        more_referrals: Vec::new(),
        unmapped: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
    }
}

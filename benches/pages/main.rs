//! How fast the staff pages answer, and what they weigh: `cargo bench --bench pages [-- CASES]`.
//!
//! A store on SQLite is filled through the store's interface: cases of six years with allocated files, a queue of messages made of
//! the inbound fixtures, held mail, mail that could not be read. The real web server serves it on a loopback port with the real
//! services but for the worker process, which runs inside this one. Each page is asked for at 50 requests a second, whether or not
//! the ones before were answered; a time counts from the moment at which the request was due. The bytes of a page are its HTML with
//! its style sheets, as they are sent (nothing is compressed): the largest seen. `PAGES_SECONDS` is how long each page is asked for.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

#[path = "../../tests/web/browser.rs"]
#[allow(dead_code)]
mod browser;
mod client;
mod fill;
#[path = "../../tests/web/markup.rs"]
#[allow(dead_code)]
mod markup;
#[path = "../../tests/support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../../tests/browser/served.rs"]
mod served;
#[path = "../../tests/web/service.rs"]
mod service;
#[allow(dead_code, unused_macros)]
#[macro_use]
#[path = "../../tests/keeping/support.rs"]
mod support;
#[path = "../../tests/web/world.rs"]
#[allow(dead_code)]
mod world;

use client::{Answer, Client};
use fill::Filled;
use served::Served;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use world::{Who, World};

const DEFAULT_CASES: u32 = 10_000;
/// Messages that wait for review.
const WAITING: u32 = 400;
const DEFAULT_SECONDS: u32 = 10;
/// Requests a second.
const RATE: u32 = 50;

/// Who asks for what. The path is filled in anew for each request.
struct Page {
    name: &'static str,
    who: Who,
    path: &'static str,
    /// Fields of a form; a page without is asked for by its address.
    form: &'static [(&'static str, &'static str)],
}

const fn page(name: &'static str, who: Who, path: &'static str) -> Page {
    let form: &[(&str, &str)] = &[];
    Page {
        name,
        who,
        path,
        form,
    }
}

const fn form(
    name: &'static str,
    who: Who,
    path: &'static str,
    form: &'static [(&'static str, &'static str)],
) -> Page {
    Page {
        name,
        who,
        path,
        form,
    }
}

const PAGES: &[Page] = &[
    page("sign-in", Who::Nobody, "/sign-in"),
    page("home", Who::Staff, "/"),
    page("home, last page of the queue", Who::Staff, "/?page=1000"),
    page("review", Who::Staff, "/review/{message}"),
    page(
        "review, correcting",
        Who::Staff,
        "/review/{message}?edit=referral-parties-0",
    ),
    page("reject", Who::Staff, "/review/{message}/reject"),
    page("ask the referrer", Who::Staff, "/review/{message}/ask"),
    page("next message", Who::Staff, "/review/{message}/next"),
    page("cases", Who::Staff, "/cases"),
    page("cases, last page", Who::Staff, "/cases?page=1000"),
    form(
        "search by name",
        Who::Staff,
        "/cases/search",
        &[("by", "name"), ("value", "{name}")],
    ),
    form(
        "search by postcode",
        Who::Staff,
        "/cases/search",
        &[("by", "postcode"), ("value", fill::POSTCODE)],
    ),
    page("case", Who::Staff, "/cases/{case}"),
    page("person", Who::Staff, "/cases/{case}/files/victim/people/1"),
    page("erase", Who::Staff, "/cases/{case}/files/victim/people/1/erase"),
    page("destroy", Who::Staff, "/cases/{case}/destroy"),
    page("held mail", Who::Staff, "/outbound"),
    page("one held mail", Who::Staff, "/outbound/{mail}"),
    page("failed mail", Who::Staff, "/failed"),
    page("mailbox", Who::Staff, "/mailbox"),
    page("write", Who::Staff, "/write"),
    page("report", Who::Staff, "/report/{month}"),
    page("audit log", Who::Staff, "/audit"),
    page("own account", Who::Staff, "/account"),
    page("a volunteer's home", Who::WithFile, "/"),
    page("a volunteer's files", Who::WithFile, "/cases"),
    page("a volunteer's case", Who::WithFile, "/cases/{own}"),
    page(
        "a volunteer's person",
        Who::WithFile,
        "/cases/{own}/files/victim/people/1",
    ),
    page("a volunteer's write", Who::WithFile, "/write"),
    page("settings", Who::Administrator, "/settings"),
    page("accounts", Who::Administrator, "/staff"),
];

fn setting(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

fn main() {
    let asked = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let cases = asked.or_else(|| setting("PAGES_CASES")).unwrap_or(DEFAULT_CASES);
    let seconds = setting("PAGES_SECONDS").unwrap_or(DEFAULT_SECONDS).max(1);
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(measure(cases, WAITING.min(cases), seconds));
}

async fn measure(cases: u32, waiting: u32, seconds: u32) {
    let begin = Instant::now();
    let world = World::new().await;
    let filled = Filled::new(&world, cases, waiting).await;
    println!(
        "{cases} cases, {waiting} messages waiting (made in {:.0} s); {RATE} requests a second for {seconds} s a page\n",
        begin.elapsed().as_secs_f64()
    );
    println!("| page | median | 99th percentile | slowest | largest, bytes |\n|---|---|---|---|---|");
    let served = Served::new(world).await;
    for page in PAGES {
        let client = Arc::new(Client::new(&served, page.who).await);
        let style = client.style(page, &filled).await;
        let mut times = Vec::new();
        let mut largest = 0;
        for answer in drive(&client, page, &filled, seconds * RATE).await {
            assert!(
                matches!(answer.status, 200 | 303),
                "{}: {}",
                page.name,
                answer.status
            );
            largest = largest.max(answer.bytes);
            times.push(answer.time);
        }
        print_row(page.name, &mut times, largest + style);
    }
    served.stop().await;
}

/// Asks `requests` times, each at its time; gives what came, in any order.
async fn drive(client: &Arc<Client>, page: &Page, filled: &Filled, requests: u32) -> Vec<Answer> {
    let begin = Instant::now();
    let mut running = Vec::new();
    for number in 0..requests {
        let due = begin + Duration::from_secs(1) * number / RATE;
        sleep_until(due).await;
        let request = client.request(page, filled, number);
        let client = Arc::clone(client);
        running.push(tokio::spawn(async move { client.ask(&request, due).await }));
    }
    let mut answers = Vec::new();
    for each in running {
        answers.push(each.await.expect("an answer"));
    }
    answers
}

fn print_row(name: &str, times: &mut [Duration], bytes: usize) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "| {name} | {:.1} ms | {:.1} ms | {:.1} ms | {bytes} |",
        at(50),
        at(99),
        at(100)
    );
}

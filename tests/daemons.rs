//! Several real daemons on one PostgreSQL database, one Dovecot mailbox and one relay: killed at a step, killed from
//! outside, stopped for longer than a lease, misnamed. Every mail is one message and moved once, every liaison mail
//! arrives once.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod support;

#[path = "daemons/bench.rs"]
mod bench;
#[path = "support/postfix.rs"]
#[allow(dead_code)]
mod postfix;
#[path = "support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "daemons/presence.rs"]
mod presence;

use bench::{AtStep, Bench, LEASE, PROCESSED, Place, Running, USER, number_of, tail, until};
use referrald::domain::{MessageState, OutboundState};
use referrald::store::{Duty, LedgerSummary, Store};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

/// Beside the lease itself: a busy machine.
const SLACK: Duration = Duration::from_secs(3);

async fn holder(store: &Store) -> Option<String> {
    let leases = store.leases().await.expect("leases");
    let inbox = leases.into_iter().find(|held| held.name.duty == Duty::Inbox);
    inbox.map(|held| held.instance)
}

async fn holds(store: &Store, place: &Place, instance: &str) -> Duration {
    until(
        &format!("{instance} works on the mailbox"),
        || tail(place),
        async || holder(store).await.as_deref() == Some(instance),
    )
    .await
}

async fn ledger(store: &Store) -> LedgerSummary {
    store.ledger_summary("referrals").await.expect("ledger")
}

/// Waits until nothing of `sent` mails is open.
async fn finished(bench: &Bench, store: &Store, place: &Place, sent: usize) {
    until(
        "every mail is moved and read",
        || tail(place),
        async || {
            let ledger = ledger(store).await;
            let held = store.held_messages(1).await.expect("held").len();
            let receipts = store.move_receipts("referrals").await.expect("receipts").len();
            ledger.seen + ledger.stored == 0
                && held + receipts == 0
                && bench.server.count(USER, "INBOX") == 0
                && ledger.arrived >= sent as u64
        },
    )
    .await;
}

/// Every promise for mails 1 to `sent`.
async fn check(bench: &Bench, store: &Store, sent: usize) {
    let wanted: BTreeMap<usize, usize> = (1..=sent).map(|number| (number, 1)).collect();
    let mut kept = BTreeMap::new();
    for message in store.messages().await.expect("messages") {
        assert_eq!(message.state, MessageState::Read);
        let raw = store.raw_message(message.id).await.expect("raw bytes");
        *kept.entry(number_of(raw.expose_personal())).or_insert(0) += 1;
    }
    assert_eq!(kept, wanted, "every mail is exactly one message");
    let moved = bench.server.tally(USER, PROCESSED, number_of);
    assert_eq!(moved, wanted, "every mail was moved exactly once");
    let ledger = ledger(store).await;
    assert_eq!((ledger.arrived, ledger.moved), (sent as u64, sent as u64));
    store.verify_audit().await.expect("the audit chain holds");
}

async fn ends(place: &Place, running: &mut Running) -> std::process::ExitStatus {
    let mut status = None;
    until(
        "the daemon ends",
        || tail(place),
        async || {
            status = running.ended();
            status.is_some()
        },
    )
    .await;
    status.expect("it has ended")
}

async fn stops_orderly(place: &Place, mut running: Running) {
    running.signal(Signal::TERM);
    let status = ends(place, &mut running).await;
    assert_eq!(status.code(), Some(0), "{}", tail(place));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_holder_is_replaced_within_the_lease_and_nothing_is_lost_or_doubled() {
    let bench = Bench::new();
    let store = bench.store().await;
    // Each dies at its step once it has the mailbox, and the next one stands by; the last one stays.
    let steps = [
        "committed:2",
        "receipts-written:2",
        "move-sent:3",
        "move-finished:9",
    ];
    let mut place = bench.place("daemon 0");
    let mut running = place.start(AtStep::Kill(steps[0]));
    holds(&store, &place, "daemon 0").await;
    let mut sent = 0;
    for number in 1..=steps.len() {
        let name = format!("daemon {number}");
        let next_place = bench.place(&name);
        let next = next_place.start(
            steps
                .get(number)
                .map_or(AtStep::Nothing, |step| AtStep::Kill(step)),
        );
        until(
            "the next one stands by",
            || tail(&next_place),
            async || next_place.log().contains("this one stands by"),
        )
        .await;
        bench.deliver(sent + 1..=sent + 50);
        sent += 50;
        let status = ends(&place, &mut running).await;
        let killed = Instant::now();
        assert_eq!(status.signal(), Some(9), "{}", tail(&place));
        holds(&store, &next_place, &name).await;
        let took = killed.elapsed();
        assert!(took < LEASE + SLACK, "{name} took over after {took:?}");
        (place, running) = (next_place, next);
    }
    finished(&bench, &store, &place, sent).await;
    let listed = place.says(&["cases", "list"]);
    assert!(
        listed.contains("inbox of referrals is worked on by daemon 4 since 20"),
        "{listed}"
    );
    let checked = place.says(&["check"]);
    assert!(checked.contains("worked on by daemon 4 since"), "{checked}");
    stops_orderly(&place, running).await;
    assert_eq!(holder(&store).await, None, "given up at an orderly stop");
    check(&bench, &store, sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_stands_still_at_a_step_and_goes_on_too_late_does_no_harm() {
    let bench = Bench::new();
    let store = bench.store().await;
    let mut sent = 0;
    // Its bytes are here; its receipts are written and nothing is moved; it may or may not be moved.
    for step in ["before-commit", "receipts-written", "move-sent"] {
        let (late, other) = (format!("late {step}"), format!("other {step}"));
        let (late_place, other_place) = (bench.place(&late), bench.place(&other));
        let late_one = late_place.start(AtStep::Pause(step));
        holds(&store, &late_place, &late).await;
        let other_one = other_place.start(AtStep::Nothing);
        bench.deliver(sent + 1..=sent + 20);
        until(
            "it stands still",
            || tail(&late_place),
            async || late_one.is_paused(),
        )
        .await;
        holds(&store, &other_place, &other).await;
        until(
            "the other one is at work",
            || tail(&other_place),
            async || ledger(&store).await.moved > sent as u64,
        )
        .await;
        late_one.signal(Signal::CONT);
        bench.deliver(sent + 21..=sent + 30);
        sent += 30;
        finished(&bench, &store, &other_place, sent).await;
        until(
            "the late one notices",
            || tail(&late_place),
            async || late_place.log().contains("the lease of the mailbox was lost"),
        )
        .await;
        // It is as good as new.
        stops_orderly(&other_place, other_one).await;
        holds(&store, &late_place, &late).await;
        sent += 1;
        bench.deliver(sent..=sent);
        finished(&bench, &store, &late_place, sent).await;
        stops_orderly(&late_place, late_one).await;
    }
    check(&bench, &store, sent).await;
}

/// Hands in mails and waits until the relay has each exactly once.
async fn all_arrive_once(bench: &Bench, store: &Store, place: &Place, sent: usize) {
    until(
        "every mail is sent",
        || tail(place),
        async || {
            let mails = store.outbound().await.expect("outbound");
            mails.len() == sent && mails.iter().all(|mail| mail.state == OutboundState::Done)
        },
    )
    .await;
    let mut arrived = BTreeMap::new();
    for mail in bench.relay.arrived() {
        *arrived.entry(mail.to.join(",")).or_insert(0) += 1;
    }
    assert_eq!(arrived.len(), sent);
    assert!(arrived.values().all(|times| *times == 1), "{arrived:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn liaison_mail_handed_in_to_two_daemons_arrives_once_and_a_stopped_one_does_no_harm() {
    let bench = Bench::new();
    let store = bench.store().await;
    let (a, b) = (bench.place("a"), bench.place("b"));
    let mut running_a = a.start(AtStep::Nothing);
    holds(&store, &a, "a").await;
    let running_b = b.start(AtStep::Nothing);
    until(
        "the other one stands by",
        || tail(&b),
        async || b.log().contains("this one stands by"),
    )
    .await;
    bench.deliver(1..=40);
    std::thread::scope(|scope| {
        for (place, name) in [(&a, "a"), (&b, "b")] {
            scope.spawn(move || (0..30).for_each(|n| place.submit(&format!("{name}{n}@force.cjsm.net"))));
        }
    });
    all_arrive_once(&bench, &store, &a, 60).await;
    let (by_a, by_b) = (a.log(), b.log());
    assert!(
        by_a.contains("delivery tried") && by_b.contains("delivery tried"),
        "both deliver"
    );
    finished(&bench, &store, &a, 40).await;

    // The holder stands still in the middle of its work, for longer than its lease.
    bench.deliver(41..=90);
    (0..10).for_each(|n| a.submit(&format!("c{n}@force.cjsm.net")));
    until(
        "the holder is at work",
        || tail(&a),
        async || bench.server.count(USER, PROCESSED) > 45,
    )
    .await;
    running_a.signal(Signal::STOP);
    (0..10).for_each(|n| b.submit(&format!("d{n}@force.cjsm.net")));
    let took = holds(&store, &b, "b").await;
    println!("replaced after {took:?}");
    bench.deliver(91..=110);
    until(
        "the other one goes on",
        || tail(&b),
        async || bench.server.count(USER, PROCESSED) >= 105,
    )
    .await;
    running_a.signal(Signal::CONT);
    bench.deliver(111..=130);
    until(
        "the late one notices",
        || tail(&a),
        async || a.log().contains("the lease of the mailbox was lost"),
    )
    .await;
    finished(&bench, &store, &b, 130).await;
    all_arrive_once(&bench, &store, &b, 80).await;
    assert_eq!(holder(&store).await.as_deref(), Some("b"));
    assert!(running_a.ended().is_none(), "it goes on, standing by");
    stops_orderly(&b, running_b).await;
    holds(&store, &a, "a").await;
    stops_orderly(&a, running_a).await;
    check(&bench, &store, 130).await;
}

/// A worker that a killed daemon was just starting has its lock for a moment longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_what_is_left_of_an_earlier_run() {
    let bench = Bench::new();
    let store = bench.store().await;
    let place = bench.place("one");
    let config = std::fs::File::open(&place.config).expect("the configuration");
    flock(&config, FlockOperation::LockExclusive).expect("locked like a run");
    let running = place.start(AtStep::Nothing);
    until(
        "it waits",
        || tail(&place),
        async || place.log().contains("waiting for an earlier run"),
    )
    .await;
    drop(config);
    holds(&store, &place, "one").await;
    stops_orderly(&place, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_daemons_tell_a_monitoring_system_how_they_are() {
    let bench = Bench::new();
    let store = bench.store().await;
    let (a, b) = (bench.place("a"), bench.place("b"));
    let running_a = a.start(AtStep::Nothing);
    holds(&store, &a, "a").await;
    let running_b = b.start(AtStep::Nothing);
    bench.deliver(1..=5);
    finished(&bench, &store, &a, 5).await;
    until(
        "both answer",
        || tail(&b),
        async || b.ask("/healthz").0 == "HTTP/1.1 200 OK" && a.ask("/healthz").0 == "HTTP/1.1 200 OK",
    )
    .await;
    let (status, body) = a.ask("/readyz");
    assert_eq!(status, "HTTP/1.1 200 OK", "{body}");
    assert!(body.ends_with("\r\n\r\nready\n"), "{body}");
    let (status, body) = b.ask("/readyz");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(body.contains("another daemon works on the mailbox"), "{body}");
    let (_, figures) = a.ask("/metrics");
    for line in [
        "referrald_ledger_mails{state=\"moved\"} 5",
        "referrald_works_on_mailbox 1",
        "referrald_mailbox_look_failures 0",
    ] {
        assert!(figures.contains(line), "{line} is not in {figures}");
    }
    assert!(!figures.contains("agency@"), "figures hold nobody");
    stops_orderly(&a, running_a).await;
    stops_orderly(&b, running_b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_of_one_name_do_not_run_side_by_side() {
    let bench = Bench::new();
    let store = bench.store().await;
    let (first, second) = (
        bench.place_called("one", "same"),
        bench.place_called("two", "same"),
    );
    let mut older = first.start(AtStep::Nothing);
    holds(&store, &first, "same").await;

    // With the same configuration the second one does not even start.
    let mut refused = first.start(AtStep::Nothing);
    assert_eq!(ends(&first, &mut refused).await.code(), Some(78));
    assert!(
        first
            .log()
            .contains("a daemon with this configuration runs already")
    );
    assert!(older.ended().is_none());

    // With another one it takes over, and the older one stops.
    let start = Instant::now();
    let mut newer = second.start(AtStep::Nothing);
    assert_eq!(
        ends(&first, &mut older).await.code(),
        Some(78),
        "{}",
        tail(&first)
    );
    assert!(start.elapsed() < LEASE + SLACK);
    assert!(
        first.log().contains("give each daemon a name of its own"),
        "{}",
        tail(&first)
    );
    bench.deliver(1..=5);
    finished(&bench, &store, &second, 5).await;

    // After a kill the same one goes on at once.
    newer.signal(Signal::KILL);
    ends(&second, &mut newer).await;
    let again = second.start(AtStep::Nothing);
    bench.deliver(6..=9);
    finished(&bench, &store, &second, 9).await;
    stops_orderly(&second, again).await;
    check(&bench, &store, 9).await;
}

//! [`Presence`] in this process: work goes on only while this daemon surely counts.

use crate::postgres::Database;
use referrald::presence::{Ended, Presence};
use referrald::store::{DatabasePlace, Duty, LeaseName, MasterKeys, OsEntropy, PostgresPlace, Store};
use sqlx::{ConnectOptions, Connection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const TERM: Duration = Duration::from_millis(900);
const PATIENCE: Duration = Duration::from_secs(20);

/// Sets a flag as long as it lives.
struct WhileWorking(Arc<AtomicBool>);

impl WhileWorking {
    fn new(flag: &Arc<AtomicBool>) -> Self {
        flag.store(true, Ordering::SeqCst);
        Self(Arc::clone(flag))
    }
}

impl Drop for WhileWorking {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

struct Daemon {
    presence: Arc<Presence>,
    working: Arc<AtomicBool>,
    renewing: JoinHandle<Ended>,
    stop_renewing: CancellationToken,
    stop: CancellationToken,
    holding: JoinHandle<()>,
}

fn lease() -> LeaseName {
    LeaseName {
        mailbox: "referrals".to_owned(),
        duty: Duty::Inbox,
    }
}

async fn store() -> (Database, Store) {
    let database = Database::new();
    let keys = MasterKeys::generate(&OsEntropy).unwrap();
    let place = PostgresPlace::parse(&database.address()).unwrap();
    let keys = MasterKeys::parse(keys.as_bytes()).unwrap();
    let log = database.socket().join(format!("{}.destroyed", database.name()));
    let store = Store::open_logging(&DatabasePlace::Postgres(place), &log, keys)
        .await
        .unwrap();
    (database, store)
}

async fn daemon(store: &Store, name: &str) -> Daemon {
    let presence = Arc::new(Presence::new(store, name, TERM).unwrap());
    assert!(!presence.is_current(), "before it has signed on");
    presence.sign_on().await.unwrap();
    let (stop, stop_renewing) = (CancellationToken::new(), CancellationToken::new());
    let working = Arc::new(AtomicBool::new(false));
    let renewing = {
        let (presence, stop) = (Arc::clone(&presence), stop_renewing.clone());
        tokio::spawn(async move { presence.keep(&stop).await })
    };
    let holding = {
        let (presence, stop, flag) = (Arc::clone(&presence), stop.clone(), Arc::clone(&working));
        tokio::spawn(async move {
            let work = || async {
                let _working = WhileWorking::new(&flag);
                stop.cancelled().await;
            };
            presence.hold(&lease(), &stop, work).await;
        })
    };
    Daemon {
        presence,
        working,
        renewing,
        stop_renewing,
        stop,
        holding,
    }
}

impl Daemon {
    fn works(&self) -> bool {
        self.working.load(Ordering::SeqCst)
    }
}

async fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_renew_stops_working_before_another_starts() {
    let (database, store) = store().await;
    let mut a = daemon(&store, "a").await;
    until("the first one works", || a.works()).await;
    let mut b = daemon(&store, "b").await;
    for _ in 0..TERM.as_millis() / 3 {
        assert!(a.works() && !b.works(), "renewed, it goes on");
        tokio::time::sleep(Duration::from_millis(6)).await;
    }
    // It cannot renew, and gets no answer.
    let options: sqlx::postgres::PgConnectOptions = database.address().parse().unwrap();
    let mut blocker = options.connect().await.unwrap();
    let hold = "BEGIN; SELECT since FROM daemons WHERE instance = 'a' FOR UPDATE";
    sqlx::raw_sql(hold).execute(&mut blocker).await.unwrap();
    until("one at the most works", || {
        assert!(!(b.works() && a.works()), "both work");
        b.works()
    })
    .await;
    assert!(!a.works() && !a.presence.is_current());
    blocker.close().await.unwrap();
    until("it counts again", || a.presence.is_current()).await;
    assert!(!a.works());
    // An orderly stop hands over without waiting for the term.
    let handed_over = Instant::now();
    b.stop.cancel();
    (&mut b.holding).await.unwrap();
    assert!(
        !b.works()
            && b.presence
                .store()
                .holds_lease(&lease())
                .await
                .is_ok_and(|held| !held)
    );
    until("the first one takes it back", || a.works()).await;
    assert!(handed_over.elapsed() < TERM);
    a.stop_renewing.cancel();
    assert_eq!((&mut a.renewing).await.unwrap(), Ended::Stopped);
    a.stop.cancel();
    a.holding.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_run_of_the_same_name_ends_the_earlier_one() {
    let (_database, store) = store().await;
    let mut older = daemon(&store, "a").await;
    until("it works", || older.works()).await;
    let newer = daemon(&store, "a").await;
    assert_eq!((&mut older.renewing).await.unwrap(), Ended::Superseded);
    assert!(!older.presence.is_current());
    until("one works", || newer.works() && !older.works()).await;
    older.presence.sign_off().await;
    assert!(newer.presence.store().holds_lease(&lease()).await.unwrap());
    for one in [older.stop, newer.stop] {
        one.cancel();
    }
    newer.holding.await.unwrap();
    older.holding.await.unwrap();
}

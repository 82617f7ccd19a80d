//! Health and figures for a monitoring system, on a listener of its own.
//!
//! `/healthz` says that the process answers; `/readyz` that its database does and its mailbox is looked at, or why not;
//! `/metrics` gives counts and times in the text format of Prometheus (OpenMetrics 1.0).
//!
//! # Security
//! Counts, times and fixed words only: nothing that came in by mail. Served on a loopback address, without sign-in.

use crate::domain::{Clock, Timestamp};
use crate::ingest::IngestStatus;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The database must answer within this.
const ANSWER_TIME: Duration = Duration::from_secs(5);
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the database says.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// This daemon works on the mailbox; another one may, otherwise.
    pub works_on_mailbox: bool,
    /// UIDs by the state of their ledger row.
    pub ledger: Vec<(&'static str, u64)>,
    /// When the server first showed the oldest mail that is not stored.
    pub oldest_unstored: Option<Timestamp>,
    /// Messages that wait for a decision.
    pub to_review: u64,
    /// When the oldest of them came.
    pub oldest_to_review: Option<Timestamp>,
    /// Liaison mails of which something is held.
    pub held_mails: u64,
    /// When the oldest of them was handed in.
    pub oldest_held: Option<Timestamp>,
    /// Deliveries that wait to be sent.
    pub waiting_deliveries: u64,
    /// Cases, destroyed ones too.
    pub cases: u64,
}

/// Reads the figures; the error says in words without content what is wrong.
pub trait ReadFigures: Send + Sync {
    /// Reads them.
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Figures, String>> + Send + '_>>;
}

/// What is watched.
pub struct MonitorParts {
    /// The database's figures.
    pub figures: Arc<dyn ReadFigures>,
    /// How the looks at the mailbox go.
    pub status: watch::Receiver<IngestStatus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A mailbox that was not looked at for so long is not well.
    pub stale: Duration,
    /// When the daemon started.
    pub started: Timestamp,
}

/// The listener.
pub struct Monitor {
    listener: TcpListener,
    router: Router,
}

/// Why figures cannot be served.
#[derive(Debug, thiserror::Error)]
#[error(
    "figures cannot be served on {address} ({kind}): choose another address in [metrics] or stop what uses it"
)]
pub struct MonitorError {
    address: SocketAddr,
    kind: std::io::ErrorKind,
}

impl Monitor {
    /// Takes the address; serves nothing until [`Monitor::run`].
    ///
    /// # Errors
    /// [`MonitorError`].
    pub async fn bind(address: SocketAddr, parts: MonitorParts) -> Result<Self, MonitorError> {
        let listener = TcpListener::bind(address).await.map_err(|error| MonitorError {
            address,
            kind: error.kind(),
        })?;
        Ok(Self {
            listener,
            router: router(parts),
        })
    }

    /// Serves until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let served = axum::serve(self.listener, self.router).with_graceful_shutdown(stop.cancelled_owned());
        // It never ends by itself (axum 0.8, `serve`).
        let _ended = served.await;
    }
}

fn router(parts: MonitorParts) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(parts))
}

async fn figures(parts: &MonitorParts) -> Result<Figures, String> {
    match timeout(ANSWER_TIME, parts.figures.read()).await {
        Ok(figures) => figures,
        Err(_) => Err("the database does not answer".to_owned()),
    }
}

async fn ready(State(parts): State<Arc<MonitorParts>>) -> Response {
    let found = figures(&parts).await;
    match found.and_then(|figures| mailbox(&parts, &figures)) {
        Ok(words) => format!("{words}\n").into_response(),
        Err(words) => (StatusCode::SERVICE_UNAVAILABLE, format!("{words}\n")).into_response(),
    }
}

/// How the mailbox is, in words.
fn mailbox(parts: &MonitorParts, figures: &Figures) -> Result<&'static str, String> {
    if !figures.works_on_mailbox {
        return Ok("ready; another daemon works on the mailbox");
    }
    let status = parts.status.borrow();
    let since = status.last_success.unwrap_or(parts.started);
    let seconds = parts.clock.now().as_second().saturating_sub(since.as_second());
    let is_stale = u64::try_from(seconds).is_ok_and(|seconds| seconds > parts.stale.as_secs());
    match (is_stale, &status.last_error) {
        (false, _) => Ok("ready"),
        (true, Some(error)) => Err(format!(
            "the mailbox was not looked at for {} minutes: {error}",
            seconds / 60
        )),
        (true, None) => Err(format!(
            "the mailbox was not looked at for {} minutes",
            seconds / 60
        )),
    }
}

async fn metrics(State(parts): State<Arc<MonitorParts>>) -> Response {
    let found = figures(&parts).await;
    let status = parts.status.borrow().clone();
    let mut text = String::new();
    match encode(&mut text, &registry(&parts, &status, found.as_ref().ok())) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Everything as it is now. Without figures of the database only `up` of it is 0.
fn registry(parts: &MonitorParts, status: &IngestStatus, figures: Option<&Figures>) -> Registry {
    let mut registry = Registry::with_prefix("referrald");
    let mut gauge = |name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let seconds = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_second);
    gauge(
        "start_time_seconds",
        "When the daemon started, in seconds since 1970",
        seconds(Some(parts.started)),
    );
    gauge(
        "mailbox_last_look_seconds",
        "End of the last look at the mailbox that went well, in seconds since 1970; 0 for none",
        seconds(status.last_success),
    );
    gauge(
        "mailbox_look_failures",
        "Looks at the mailbox that failed since then",
        i64::from(status.failures),
    );
    gauge(
        "messages_committed",
        "Messages committed since the start",
        number(status.committed),
    );
    gauge(
        "messages_moved",
        "Messages moved since the start",
        number(status.moved),
    );
    gauge(
        "messages_read",
        "Drafts saved since the start",
        number(status.read),
    );
    gauge(
        "messages_unreadable",
        "Messages that could not be read since the start",
        number(status.unreadable),
    );
    gauge(
        "database_up",
        "Whether the database answers",
        i64::from(figures.is_some()),
    );
    let Some(figures) = figures else { return registry };
    gauge(
        "works_on_mailbox",
        "Whether this daemon works on the mailbox",
        i64::from(figures.works_on_mailbox),
    );
    gauge(
        "review_waiting",
        "Messages that wait for a decision",
        number(figures.to_review),
    );
    gauge(
        "review_oldest_seconds",
        "When the oldest of them came, in seconds since 1970; 0 for none",
        seconds(figures.oldest_to_review),
    );
    gauge(
        "outbound_held",
        "Liaison mails of which something is held",
        number(figures.held_mails),
    );
    gauge(
        "outbound_oldest_held_seconds",
        "When the oldest of them was handed in, in seconds since 1970; 0 for none",
        seconds(figures.oldest_held),
    );
    gauge(
        "deliveries_waiting",
        "Deliveries that wait to be sent",
        number(figures.waiting_deliveries),
    );
    gauge("cases", "Cases, destroyed ones too", number(figures.cases));
    gauge(
        "ledger_oldest_unstored_seconds",
        "When the oldest mail that is not stored was first seen, in seconds since 1970; 0 for none",
        seconds(figures.oldest_unstored),
    );
    let ledger = Family::<Vec<(&'static str, &'static str)>, Gauge>::default();
    for (state, count) in &figures.ledger {
        ledger.get_or_create(&vec![("state", *state)]).set(number(*count));
    }
    registry.register(
        "ledger_mails",
        "Mails that arrived, by what became of them",
        ledger,
    );
    registry
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use std::sync::Mutex;
    use tower::ServiceExt;

    struct Fixed(Mutex<Result<Figures, String>>);

    impl ReadFigures for Fixed {
        fn read(&self) -> Pin<Box<dyn Future<Output = Result<Figures, String>> + Send + '_>> {
            let figures = self.0.lock().unwrap().clone();
            Box::pin(async move { figures })
        }
    }

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            at(self.0)
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    /// Status and body.
    async fn ask(
        path: &str,
        figures: Result<Figures, String>,
        status: IngestStatus,
        now: i64,
    ) -> (u16, String) {
        let (_sender, status) = watch::channel(status);
        let parts = MonitorParts {
            figures: Arc::new(Fixed(Mutex::new(figures))),
            status,
            clock: Arc::new(At(now)),
            stale: Duration::from_secs(900),
            started: at(0),
        };
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router(parts).oneshot(request).await.unwrap();
        let code = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (code, String::from_utf8(body.to_vec()).unwrap())
    }

    fn working() -> Figures {
        Figures {
            works_on_mailbox: true,
            ledger: vec![("seen", 2), ("moved", 41)],
            to_review: 3,
            oldest_to_review: Some(at(5)),
            ..Figures::default()
        }
    }

    fn looked(seconds: i64) -> IngestStatus {
        IngestStatus {
            last_success: Some(at(seconds)),
            ..IngestStatus::default()
        }
    }

    #[tokio::test]
    async fn a_daemon_is_ready_while_its_mailbox_is_looked_at() {
        assert_eq!(
            ask("/readyz", Ok(working()), looked(100), 1000).await,
            (200, "ready\n".into())
        );
        let (code, words) = ask("/readyz", Ok(working()), looked(100), 1001).await;
        assert_eq!(code, 503);
        assert_eq!(words, "the mailbox was not looked at for 15 minutes\n");
        let failing = IngestStatus {
            last_success: None,
            failures: 3,
            last_error: Some("the mail server cannot be reached".into()),
            ..IngestStatus::default()
        };
        let (code, _) = ask("/readyz", Ok(working()), failing.clone(), 60).await;
        assert_eq!(code, 200, "it has just started");
        let (code, words) = ask("/readyz", Ok(working()), failing, 3600).await;
        assert_eq!(code, 503);
        assert!(
            words.contains("60 minutes: the mail server cannot be reached"),
            "{words}"
        );
    }

    #[tokio::test]
    async fn one_that_stands_by_is_ready_and_one_without_its_database_is_not() {
        let standing_by = Figures::default();
        let (code, words) = ask("/readyz", Ok(standing_by), IngestStatus::default(), 99_999).await;
        assert_eq!(
            (code, words.as_str()),
            (200, "ready; another daemon works on the mailbox\n")
        );
        let (code, words) = ask("/readyz", Err("the disk is full".into()), looked(0), 1).await;
        assert_eq!((code, words.as_str()), (503, "the disk is full\n"));
        let (code, _) = ask("/healthz", Err("the disk is full".into()), looked(0), 1).await;
        assert_eq!(code, 200);
    }

    #[tokio::test]
    async fn figures_are_in_the_format_that_monitoring_systems_read() {
        let (code, text) = ask("/metrics", Ok(working()), looked(100), 1000).await;
        assert_eq!(code, 200);
        for line in [
            "# TYPE referrald_review_waiting gauge",
            "referrald_review_waiting 3",
            "referrald_review_oldest_seconds 1790000005",
            "referrald_mailbox_last_look_seconds 1790000100",
            "referrald_ledger_mails{state=\"moved\"} 41",
            "referrald_outbound_oldest_held_seconds 0",
            "referrald_database_up 1",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
        let (_, without) = ask("/metrics", Err("gone".into()), looked(100), 1000).await;
        assert!(without.contains("referrald_database_up 0\n") && !without.contains("review_waiting"));
    }
}

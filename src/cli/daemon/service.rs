//! One service of the daemon: its mailbox, its database, its servers.

use super::sockets::Sockets;
use crate::cli::alarms::alarms;
use crate::cli::figures::monitor;
use crate::cli::output::{Failure, Outcome};
use crate::cli::purge;
use crate::cli::setup::Setup;
use crate::cli::subject_access::Subjects;
use crate::domain::{Personal, ReadMessage, SystemClock};
use crate::imap::ImapConnector;
use crate::ingest::{
    Ingest, IngestParts, IngestStatus, NoProbe, Outbox, OutboxParts, Reader, StepProbe, SystemJitter,
};
use crate::observe::{Alarms, Monitor};
use crate::outbound::{Desk, Outbound, OutboundParts, OutboundSettings, SystemNonces};
use crate::presence::{Ended, Presence};
use crate::redact::{ModelError, NameModel};
use crate::sandbox::{DraftingPool, ReadingPool, check_ocr};
use crate::scanner::Scanned;
use crate::smtp::{OpenConversations, Relays, SubmissionServer};
use crate::store::Store;
use crate::web::{MailboxHealth, SourceReader, WebParts, WebServer};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often the outbound loops look for due retries by themselves.
const OUTBOUND_POLL: Duration = Duration::from_secs(5);
/// How often the daemon looks for a new generation of the master key.
const KEY_POLL: Duration = Duration::from_secs(60);
/// A redaction, its worker's start and second try included, may take so many times the worker's limit.
const DRAFT_TRIES: u32 = 3;

/// The longest that a mail may be on its way to a relay: our time-out, the 5 minutes for which a relay keeps up a
/// dialogue with a sender that stands still (RFC 5321 section 4.5.3.2.7), and recording the outcome.
const SENDING_LIMIT: Duration = Duration::from_secs(600);

/// How long a start waits for an earlier run with the same configuration to be gone.
const PREDECESSOR_ENDS: Duration = Duration::from_secs(5);
const PREDECESSOR_POLL: Duration = Duration::from_millis(50);

type Sending = Outbound<DraftingPool, Relays, SystemClock, SystemNonces>;

type Inbound = Ingest<ImapConnector, Scanned<ReadingPool>>;

/// A service that can run: everything it needs was there, and its addresses are taken.
pub(super) struct Service {
    setup: Setup,
    store: Store,
    presence: Arc<Presence>,
    ingest: Inbound,
    outbound: Arc<Sending>,
    outbox: Option<Outbox<ImapConnector, Scanned<ReadingPool>>>,
    submission: Option<SubmissionServer<Arc<Sending>>>,
    web: Option<WebServer>,
    monitor: Option<Monitor>,
    alarms: Option<Alarms>,
    _while_running: Option<File>,
}

impl Service {
    /// Takes up everything and signs on; no mail is touched yet.
    ///
    /// # Errors
    /// What is missing or wrong, and what to do.
    pub(super) async fn start(setup: Setup, sockets: &Sockets) -> Result<Self, Failure> {
        let while_running = only_one_here(&setup).await?;
        let store = setup.store().await?;
        let reader = setup.reader();
        report_fence(reader.reader()).await?;
        let instance = setup.instance();
        let presence = Arc::new(Presence::new(&store, &instance, setup.config.keeping.lease)?);

        let (ingest, status) = Ingest::new(IngestParts {
            presence: Arc::clone(&presence),
            connector: ImapConnector {
                settings: setup.imap_settings()?,
            },
            reader,
            understanding: setup.understanding().await?,
            settings: setup.ingest_settings(),
            clock: Arc::new(SystemClock),
            jitter: Arc::new(SystemJitter),
            probe: step_probe()?,
        });
        let outbound = Arc::new(outbound(&setup, &presence)?);
        let outbox = outbox(&setup, &presence)?;
        let submission = match setup.submission_settings()? {
            None => None,
            Some(settings) => Some(
                SubmissionServer::bind_with(settings, Arc::clone(&outbound), |address| {
                    sockets.listen(address)
                })
                .await
                .map_err(Failure::configuration)?,
            ),
        };
        let web = match setup.web_settings()? {
            None => None,
            Some(settings) => Some(
                WebServer::bind_with(
                    settings,
                    web_parts(&setup, &store, &outbound, status.clone()),
                    |address| sockets.listen(address),
                )
                .await
                .map_err(Failure::configuration)?,
            ),
        };
        let alarms = alarms(&setup, &presence, status.clone())?;
        let monitor = monitor(&setup, &presence, status).await?;
        // Only now: a daemon that cannot run must not put an earlier one out.
        presence.sign_on().await?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), mailbox = %setup.config.mailbox.name, %instance, "referrald is running");
        Ok(Self {
            setup,
            store,
            presence,
            ingest,
            outbound,
            outbox,
            submission,
            web,
            monitor,
            alarms,
            _while_running: while_running,
        })
    }

    /// This daemon's name in the service's database.
    pub(super) fn instance(&self) -> String {
        self.setup.instance()
    }

    /// Runs until `stop`, or until a later run has taken this one's name. Conversations of the submission server that are
    /// still open go on until `end`.
    pub(super) async fn run(
        self,
        stop: &CancellationToken,
        end: &CancellationToken,
    ) -> (Ended, Option<OpenConversations>) {
        let Self {
            setup,
            store,
            presence,
            ingest,
            outbound,
            outbox,
            submission,
            web,
            monitor,
            alarms,
            _while_running,
        } = self;
        // Its own: a service that is put out stops alone.
        let stop = &stop.child_token();
        let mut conversations = None;
        let serve_submission = async {
            match submission {
                Some(server) => conversations = Some(server.take_connections(stop, end).await),
                None => stop.cancelled().await,
            }
        };
        let watch_outbox = async {
            match &outbox {
                Some(outbox) => outbox.run(stop).await,
                None => stop.cancelled().await,
            }
        };
        let serve_web = async {
            match web {
                Some(server) => server.run(stop.clone()).await,
                None => stop.cancelled().await,
            }
        };
        let serve_figures = async {
            match monitor {
                Some(monitor) => monitor.run(stop.clone()).await,
                None => stop.cancelled().await,
            }
        };
        let watch_for_alarms = async {
            match alarms {
                Some(alarms) => alarms.run(stop).await,
                None => stop.cancelled().await,
            }
        };
        // Each on the heap: all of them in one future are more than a stack holds in an unoptimised build.
        let parts: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = vec![
            Box::pin(serve_figures),
            Box::pin(watch_for_alarms),
            Box::pin(watch_outbox),
            Box::pin(serve_web),
            Box::pin(ingest.run(stop.clone())),
            Box::pin(outbound.run(stop)),
            Box::pin(serve_submission),
            Box::pin(report_helpers(&setup, stop)),
            Box::pin(setup.keep_tokens(stop)),
            Box::pin(take_up_keys(&store, stop)),
            Box::pin(purge::daily(
                &store,
                setup.terms(),
                setup.documents_folder(),
                stop,
            )),
        ];
        let work = async {
            futures::future::join_all(parts).await;
        };
        let ended = work_as_long_as_present(&presence, stop, work).await;
        (ended, conversations)
    }
}

/// Two daemons with one configuration would have one name, and put each other out.
///
/// A worker that a killed daemon was just starting shares its lock until the worker's program begins, hence the
/// patience.
async fn only_one_here(setup: &Setup) -> Result<Option<File>, Failure> {
    let Some(file) = setup.path().and_then(|path| File::open(path).ok()) else {
        return Ok(None);
    };
    let until = Instant::now() + PREDECESSOR_ENDS;
    let mut told = false;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) if Instant::now() < until => {
                if !told {
                    tracing::info!("waiting for an earlier run with this configuration to end");
                    told = true;
                }
                tokio::time::sleep(PREDECESSOR_POLL).await;
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(Failure::configuration(
                    "a daemon with this configuration runs already: stop it first, or write another configuration",
                ));
            }
            // Some network file systems lock nothing; the names are compared in the database all the same.
            Err(_) => return Ok(None),
        }
    }
}

/// Renews for as long as anything is at work, the orderly stop included.
async fn work_as_long_as_present(
    presence: &Presence,
    stop: &CancellationToken,
    work: impl Future<Output = ()>,
) -> Ended {
    let done = CancellationToken::new();
    let working = async {
        work.await;
        done.cancel();
    };
    let present = async {
        let ended = presence.keep(&done).await;
        if ended == Ended::Superseded {
            tracing::error!("another daemon has signed on with this instance name; this one stops");
            stop.cancel();
        }
        ended
    };
    let ((), ended) = tokio::join!(working, present);
    presence.sign_off().await;
    ended
}

fn outbound(setup: &Setup, presence: &Presence) -> Result<Sending, Failure> {
    let parts = OutboundParts {
        store: presence.store().clone(),
        drafter: setup.drafting_pool(),
        relay: setup.relays()?,
        clock: SystemClock,
        nonces: SystemNonces,
    };
    let settings = OutboundSettings {
        redaction: setup.redaction_settings(),
        draft_timeout: setup.config.reading.time_limit * DRAFT_TRIES,
        poll_interval: OUTBOUND_POLL,
        sending_limit: SENDING_LIMIT,
        guards: setup.guard_settings()?,
        notices_from: setup.config.outbound.notices_from.clone(),
        bounces_to: setup.config.outbound.bounces_to.clone(),
    };
    Ok(Outbound::new(parts, settings))
}

fn web_parts(
    setup: &Setup,
    store: &Store,
    outbound: &Arc<Sending>,
    status: watch::Receiver<IngestStatus>,
) -> WebParts {
    WebParts {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        desk: Arc::clone(outbound) as Arc<dyn Desk>,
        source: Arc::new(InWorker(setup.reader())),
        health: Box::new(move || health(&status.borrow())),
        documents: setup.documents_folder(),
        subjects: Arc::new(Subjects::new(setup, store)),
    }
}

fn health(status: &IngestStatus) -> MailboxHealth {
    MailboxHealth {
        last_look: status.last_success,
        failures: status.failures,
        problem: status.last_error.clone(),
    }
}

/// Reads for the staff pages, in workers of their own.
struct InWorker(Scanned<ReadingPool>);

impl SourceReader for InWorker {
    fn read(&self, raw: Personal<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<ReadMessage>> + Send + '_>> {
        Box::pin(async move { self.0.read(&raw).await.ok() })
    }
}

/// The Outbox folder, where one is configured.
fn outbox(
    setup: &Setup,
    presence: &Arc<Presence>,
) -> Result<Option<Outbox<ImapConnector, Scanned<ReadingPool>>>, Failure> {
    let Some(settings) = setup.outbox_settings() else {
        return Ok(None);
    };
    let parts = OutboxParts {
        presence: Arc::clone(presence),
        connector: ImapConnector {
            settings: setup.imap_settings()?,
        },
        reader: setup.reader(),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(SystemJitter),
    };
    Ok(Some(Outbox::new(parts, settings)))
}

/// Starts one worker and says how well it is fenced; refuses to go on where the configuration demands more.
async fn report_fence(pool: &ReadingPool) -> Outcome {
    let fence = pool.check().await.map_err(Failure::configuration)?;
    tracing::info!(
        landlock_abi = fence.landlock_abi,
        seccomp = ?fence.seccomp,
        limits = ?fence.limits,
        privileges = ?fence.privileges,
        "workers are fenced"
    );
    if !fence.is_full() {
        tracing::warn!("workers are not fully fenced; the configuration allows it");
    }
    Ok(())
}

/// Takes up a new generation of the master key within a minute.
async fn take_up_keys(store: &Store, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if store.take_up_keys() {
            tracing::info!("a new generation of the master key is in use");
        }
        tokio::select! {
            () = tokio::time::sleep(KEY_POLL) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Says at the start what text recognition, scanning and the name model lack; mail then is named as unreadable, waits, or
/// is held.
async fn report_helpers(setup: &Setup, stop: &CancellationToken) {
    tokio::select! {
        () = try_helpers(setup) => {}
        () = stop.cancelled() => {}
    }
}

async fn try_helpers(setup: &Setup) {
    if let Some(settings) = setup.ocr_settings()
        && let Err((program, failure)) = check_ocr(&settings).await
    {
        tracing::warn!(program = %program.display(), error = %failure, "text recognition does not work");
    }
    if let Some(clamd) = setup.scanner()
        && let Err(failure) = clamd.check().await
    {
        tracing::warn!(error = %failure, "the virus scanner does not work; mail waits until it does");
    }
    try_name_model(setup).await;
}

async fn try_name_model(setup: &Setup) {
    if !setup.redaction_settings().name_model {
        tracing::warn!("the name model is off; liaison mail whose names only it could tell is held");
        return;
    }
    // Made ready and let go again: the workers have their own.
    let tried = tokio::task::spawn_blocking(|| NameModel::load().map(|_| ()));
    let error = match tried.await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(_) => ModelError::NotRunnable,
    };
    tracing::warn!(%error, "the name model does not run; liaison mail whose names only it could tell is held");
}

/// In builds for tests, `REFERRALD_KILL_AT=STEP[:N]` kills the process at that step, and `REFERRALD_PAUSE_AT` stops it
/// until somebody lets it go on.
#[cfg(debug_assertions)]
fn step_probe() -> Result<Arc<dyn StepProbe>, Failure> {
    use crate::ingest::{Step, StopAt};
    use rustix::process::{Signal, getpid, kill_process};

    struct SignalAt(StopAt, Signal);

    impl StepProbe for SignalAt {
        fn at(&self, step: Step) {
            if self.0.is_now(step) {
                // It fails only for a process that is gone.
                let _gone = kill_process(getpid(), self.1);
            }
        }
    }

    for (name, signal) in [
        ("REFERRALD_KILL_AT", Signal::KILL),
        ("REFERRALD_PAUSE_AT", Signal::STOP),
    ] {
        if let Ok(text) = std::env::var(name) {
            let at = text.parse();
            let at = at.map_err(|error| Failure::failed(format!("{name}: {error}")))?;
            return Ok(Arc::new(SignalAt(at, signal)));
        }
    }
    Ok(Arc::new(NoProbe))
}

#[cfg(not(debug_assertions))]
fn step_probe() -> Result<Arc<dyn StepProbe>, Failure> {
    Ok(Arc::new(NoProbe))
}

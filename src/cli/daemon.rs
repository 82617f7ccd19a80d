//! `run`: the daemon.

use super::output::{Failure, Outcome};
use super::setup::Setup;
use crate::domain::SystemClock;
use crate::imap::ImapConnector;
use crate::ingest::{Ingest, IngestParts, NoProbe, Outbox, OutboxParts, StepProbe, SystemJitter};
use crate::outbound::{Outbound, OutboundParts, OutboundSettings, SystemNonces};
use crate::redact::{ModelError, NameModel};
use crate::sandbox::{ReadingPool, check_ocr};
use crate::scanner::Scanned;
use crate::smtp::SubmissionServer;
use crate::store::Store;
use crate::web::{WebParts, WebServer};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the outbound loops look for due retries by themselves.
const OUTBOUND_POLL: Duration = Duration::from_secs(5);
/// A redaction, its worker's start and second try included, may take so many times the worker's limit.
const DRAFT_TRIES: u32 = 3;

/// Runs until SIGTERM or SIGINT.
pub(super) async fn run(setup: Setup) -> Outcome {
    let stop = stop_on_signal()?;
    let store = setup.store().await?;
    let reader = setup.reader();
    report_fence(reader.reader()).await?;

    let (ingest, _status) = Ingest::new(IngestParts {
        store: store.clone(),
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
    let outbound = Arc::new(Outbound::new(
        OutboundParts {
            store: store.clone(),
            drafter: setup.drafting_pool(),
            relay: setup.relays()?,
            clock: SystemClock,
            nonces: SystemNonces,
        },
        OutboundSettings {
            redaction: setup.redaction_settings(),
            draft_timeout: setup.config.reading.time_limit * DRAFT_TRIES,
            poll_interval: OUTBOUND_POLL,
            guards: setup.guard_settings()?,
            notices_from: setup.config.outbound.notices_from.clone(),
            bounces_to: setup.config.outbound.bounces_to.clone(),
        },
    ));
    let outbox = outbox(&setup, &store)?;
    let submission = match setup.submission_settings()? {
        None => None,
        Some(settings) => Some(
            SubmissionServer::bind(settings, Arc::clone(&outbound))
                .await
                .map_err(Failure::configuration)?,
        ),
    };
    let web = match setup.web_settings()? {
        None => None,
        Some(settings) => Some(
            WebServer::bind(settings, web_parts(&store))
                .await
                .map_err(Failure::configuration)?,
        ),
    };

    tracing::info!(version = env!("CARGO_PKG_VERSION"), mailbox = %setup.config.mailbox.name, "referrald is running");
    // Outside systemd there is nobody to notify.
    let _no_systemd = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let serve_submission = async {
        match submission {
            Some(server) => server.run(stop.clone()).await,
            None => stop.cancelled().await,
        }
    };
    let watch_outbox = async {
        match &outbox {
            Some(outbox) => outbox.run(&stop).await,
            None => stop.cancelled().await,
        }
    };
    let serve_web = async {
        match web {
            Some(server) => server.run(stop.clone()).await,
            None => stop.cancelled().await,
        }
    };
    tokio::join!(
        watch_outbox,
        serve_web,
        ingest.run(stop.clone()),
        outbound.run(&stop),
        serve_submission,
        feed_watchdog(&stop),
        report_helpers(&setup, &stop),
        super::purge::daily(&store, setup.terms(), &stop),
    );
    let _no_systemd = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("referrald has stopped");
    Ok(())
}

fn web_parts(store: &Store) -> WebParts {
    WebParts {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        readable: super::redact::readable,
    }
}

/// The Outbox folder, where one is configured.
fn outbox(
    setup: &Setup,
    store: &Store,
) -> Result<Option<Outbox<ImapConnector, Scanned<ReadingPool>>>, Failure> {
    let Some(settings) = setup.outbox_settings() else {
        return Ok(None);
    };
    let parts = OutboxParts {
        store: store.clone(),
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

fn stop_on_signal() -> Result<CancellationToken, Failure> {
    let refused = |_| Failure::failed("the operating system gives no signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        asked.cancel();
    });
    Ok(stop)
}

/// Tells systemd's watchdog at half its interval that the runtime still turns.
async fn feed_watchdog(stop: &CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    while !stop.is_cancelled() {
        let _no_systemd = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        tokio::select! {
            () = tokio::time::sleep(interval / 2) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// In builds for tests, `REFERRALD_KILL_AT=STEP[:N]` kills the process at that step.
#[cfg(debug_assertions)]
fn step_probe() -> Result<Arc<dyn StepProbe>, Failure> {
    use crate::ingest::{Step, StopAt};

    struct KillAt(StopAt);

    impl StepProbe for KillAt {
        fn at(&self, step: Step) {
            if self.0.is_now(step) {
                let own = rustix::process::getpid();
                // It fails only for a process that is gone.
                let _gone = rustix::process::kill_process(own, rustix::process::Signal::KILL);
            }
        }
    }

    match std::env::var("REFERRALD_KILL_AT") {
        Err(_) => Ok(Arc::new(NoProbe)),
        Ok(text) => {
            let stop_at = text
                .parse()
                .map_err(|error| Failure::failed(format!("REFERRALD_KILL_AT: {error}")))?;
            Ok(Arc::new(KillAt(stop_at)))
        }
    }
}

#[cfg(not(debug_assertions))]
fn step_probe() -> Result<Arc<dyn StepProbe>, Failure> {
    Ok(Arc::new(NoProbe))
}

//! `run`: the daemon, with one service or several.
//!
//! Each service has a configuration, a database, keys and addresses of its own; nothing but the process is shared. One that
//! cannot start, or stops, leaves the others alone and is tried again.
//!
//! SIGHUP loads the configuration anew. A new one that is wrong is named and changes nothing. Else the service ends its work
//! in order and begins again; its sockets stay open meanwhile, and conversations of the submission server go on to their end.

mod service;
mod sockets;

use super::output::{Failure, Outcome};
use super::setup::{Place, Setup};
use crate::presence::Ended;
use crate::smtp::OpenConversations;
use service::Service;
use sockets::Sockets;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How long a service that could not start is left alone.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// How long conversations of an earlier configuration may go on; then each is ended after its command.
const OLD_CONVERSATIONS: Duration = Duration::from_secs(600);

/// `referrald run`.
#[derive(clap::Args)]
pub(super) struct RunArguments {
    /// Run a service for each configuration (*.toml) in this folder, instead of one
    #[arg(long, value_name = "FOLDER")]
    services: Option<PathBuf>,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// A single service cannot run; of several, none could at the start.
pub(super) async fn run(place: Place, arguments: &RunArguments) -> Outcome {
    let signals = Signals::listen()?;
    let running = async {
        let ended = match &arguments.services {
            None => one(place, &signals).await,
            Some(folder) => several(&place, folder, &signals).await,
        };
        signals.stop.cancel();
        notify(sd_notify::NotifyState::Stopping);
        tracing::info!("referrald has stopped");
        ended
    };
    let (ended, ()) = tokio::join!(running, feed_watchdog(&signals.stop));
    ended
}

async fn one(place: Place, signals: &Signals) -> Outcome {
    let (told, mut tells) = mpsc::channel(1);
    let ready = async {
        if let Some(Ok(())) = tells.recv().await {
            notify(sd_notify::NotifyState::Ready);
        }
    };
    let running = Running {
        place,
        signals: signals.clone(),
        sockets: Sockets::default(),
        is_alone: true,
    };
    let (ended, ()) = tokio::join!(running.keep(Some(told)), ready);
    ended
}

/// Outside systemd there is nobody to notify.
fn notify(state: sd_notify::NotifyState<'_>) {
    let _no_systemd = sd_notify::notify(&[state]);
}

async fn several(place: &Place, folder: &Path, signals: &Signals) -> Outcome {
    let files = configurations(folder)?;
    // The first that can be read says how lines are logged; before that no line would name its service.
    let _first = files.iter().find(|file| place.at((*file).clone()).load().is_ok());
    let (told, mut tells) = mpsc::channel(files.len());
    // Each in a task of its own: one that panics or computes for long leaves the others alone.
    let mut services = JoinSet::new();
    for file in &files {
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let span = tracing::error_span!("service", name);
        let running = Running {
            place: place.at(file.clone()),
            signals: signals.clone(),
            sockets: Sockets::default(),
            is_alone: false,
        };
        let told = told.clone();
        services.spawn(watched(running, told).instrument(span));
    }
    drop(told);
    let mut problems = Vec::new();
    // Every service tells once how its first start went.
    while let Some(first) = tells.recv().await {
        problems.extend(first.err());
    }
    let none_runs = problems.len() == files.len();
    if none_runs {
        signals.stop.cancel();
    } else {
        let running = files.len().saturating_sub(problems.len());
        tracing::info!(running, services = files.len(), "started");
        notify(sd_notify::NotifyState::Ready);
    }
    while services.join_next().await.is_some() {}
    match (none_runs, signals.stop.is_cancelled()) {
        (true, _) => Err(Failure::configuration(problems.join("\n"))),
        (false, true) => Ok(()),
        (false, false) => Err(Failure::configuration(
            "every service has stopped; the log says why",
        )),
    }
}

/// One of several, in a task of its own; begun again where that stops on an internal error.
async fn watched(running: Running, told: Told) {
    let mut told = Some(told);
    loop {
        let task = running.clone().keep(told.take()).in_current_span();
        match tokio::spawn(task).await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => {
                tracing::error!(
                    failure = failure.in_one_line(),
                    "this service has stopped; the others run on"
                );
                return;
            }
            Err(_) => {
                tracing::error!("this service has stopped on an internal error; it begins again in a minute");
                running.clone().wait().await;
            }
        }
    }
}

/// The configurations of a folder, by name.
fn configurations(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::configuration(format!("{} cannot be read ({})", folder.display(), error.kind()))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(Failure::configuration(format!(
            "{} holds no configuration: write one file per service, such as north.toml (`referrald init` makes one)",
            folder.display()
        ))),
        false => Ok(files),
    }
}

/// One service, from the daemon's start to its end.
#[derive(Clone)]
struct Running {
    place: Place,
    signals: Signals,
    sockets: Sockets,
    /// The only one: where it cannot start at first, the daemon ends.
    is_alone: bool,
}

/// Tells once how the first start went.
type Told = mpsc::Sender<Result<(), String>>;

impl Running {
    /// Keeps it running.
    async fn keep(mut self, mut told: Option<Told>) -> Outcome {
        let mut open: Vec<OpenConversations> = Vec::new();
        let mut in_force: Option<Setup> = None;
        while !self.signals.stop.is_cancelled() {
            let started = self.start(&mut in_force).await;
            let is_first = told.is_some();
            if let Some(told) = told.take() {
                let how = started.as_ref().map(|_| ()).map_err(ToString::to_string);
                // Nobody listens only where everything ends.
                let _ending = told.send(how).await;
            }
            match started {
                Ok(service) => {
                    self.sockets.close_others();
                    open.extend(Box::pin(self.run(service)).await?);
                }
                Err(failure) if is_first && self.is_alone => return Err(failure),
                Err(failure) => {
                    tracing::error!(
                        failure = failure.in_one_line(),
                        "this service does not run; it is tried again in a minute"
                    );
                    self.wait().await;
                }
            }
        }
        for conversations in open {
            conversations.ended().await;
        }
        Ok(())
    }

    /// With the configuration as it is now, else with the one that was in force.
    async fn start(&self, in_force: &mut Option<Setup>) -> Result<Service, Failure> {
        self.sockets.begin();
        let next = match self.place.clone().load() {
            Ok(setup) => {
                let kept = setup.again();
                Box::pin(Service::start(setup, &self.sockets))
                    .await
                    .map(|service| (service, kept))
            }
            Err(failure) => Err(failure),
        };
        let before = in_force.as_ref().map(Setup::again);
        match (next, before) {
            (Ok((service, kept)), _) => {
                *in_force = Some(kept);
                Ok(service)
            }
            (Err(failure), None) => Err(failure),
            (Err(failure), Some(before)) => {
                tracing::error!(
                    failure = failure.in_one_line(),
                    "the new configuration does not start; going on with the old one"
                );
                self.sockets.begin();
                Box::pin(Service::start(before, &self.sockets)).await
            }
        }
    }

    /// Until the daemon stops or a new configuration is there.
    async fn run(&mut self, service: Service) -> Result<Option<OpenConversations>, Failure> {
        let instance = service.instance();
        let stop = self.signals.stop.child_token();
        let end = self.signals.stop.child_token();
        let mut running = Box::pin(service.run(&stop, &end));
        let (ended, open) = tokio::select! {
            ended = &mut running => ended,
            () = self.new_configuration() => {
                tracing::info!("the configuration has changed; beginning again with the new one");
                stop.cancel();
                let ended = running.await;
                let late = end.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(OLD_CONVERSATIONS).await;
                    late.cancel();
                });
                ended
            }
        };
        match ended {
            Ended::Stopped => Ok(open),
            Ended::Superseded => {
                // Whoever is handing in a mail is let finish the command, as at any other stop.
                end.cancel();
                if let Some(open) = open {
                    open.ended().await;
                }
                Err(Failure::configuration(format!(
                    "another daemon has signed on as \"{instance}\", and this one has stopped: give each daemon a name of its \
                     own in [keeping] instance"
                )))
            }
        }
    }

    /// Waits for a SIGHUP after which everything that the configuration names can be read.
    async fn new_configuration(&mut self) {
        loop {
            self.signals.hung_up().await;
            match self.is_usable().await {
                Ok(()) => return,
                Err(failure) => {
                    tracing::error!(
                        failure = failure.in_one_line(),
                        "the new configuration cannot be used; the old one stays in force"
                    );
                }
            }
        }
    }

    async fn is_usable(&self) -> Outcome {
        let setup: Setup = self.place.clone().load()?;
        setup.imap_settings()?;
        setup.relays()?;
        setup.submission_settings()?;
        setup.web_settings()?;
        if let Some(alarms) = &setup.config.alarms {
            super::alarms::is_possible(&setup, alarms)?;
        }
        setup.store().await?;
        setup.understanding().await.map(|_| ())
    }

    async fn wait(&mut self) {
        let stop = self.signals.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(TRY_AGAIN) => {}
            () = self.signals.hung_up() => {}
            () = stop.cancelled() => {}
        }
    }
}

/// What the operating system asks of the daemon.
#[derive(Clone)]
struct Signals {
    stop: CancellationToken,
    hang_ups: watch::Receiver<()>,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let refused = |_| Failure::failed("the operating system gives no signals");
        let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(refused)?;
        let stop = CancellationToken::new();
        let (hung_up, hang_ups) = watch::channel(());
        let asked = stop.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => break,
                    _ = interrupt.recv() => break,
                    _ = hang_up.recv() => hung_up.send_replace(()),
                }
            }
            tracing::info!("stopping");
            asked.cancel();
            // Whoever waits for a hang-up is stopped another way.
            std::future::pending::<()>().await;
        });
        Ok(Self { stop, hang_ups })
    }

    async fn hung_up(&mut self) {
        if self.hang_ups.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Tells systemd's watchdog at half its interval that the runtime still turns.
async fn feed_watchdog(stop: &CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    while !stop.is_cancelled() {
        notify(sd_notify::NotifyState::Watchdog);
        tokio::select! {
            () = tokio::time::sleep(interval / 2) => {}
            () = stop.cancelled() => {}
        }
    }
}

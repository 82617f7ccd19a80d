//! What the monitoring listener tells, from the store.

use super::output::Failure;
use super::setup::Setup;
use crate::domain::SystemClock;
use crate::ingest::IngestStatus;
use crate::observe::{Figures, Monitor, MonitorParts, ReadFigures};
use crate::presence::Presence;
use crate::store::{Duty, LeaseName, Store, StoreError};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// One daemon's view of the database.
pub(super) struct StoreFigures {
    store: Store,
    lease: LeaseName,
}

impl StoreFigures {
    pub(super) fn new(setup: &Setup, presence: &Presence) -> Self {
        Self {
            store: presence.store().clone(),
            lease: LeaseName {
                mailbox: setup.config.mailbox.name.clone(),
                duty: Duty::Inbox,
            },
        }
    }

    async fn figures(&self) -> Result<Figures, StoreError> {
        let totals = self.store.totals().await?;
        let ledger = self.store.ledger_summary(&self.lease.mailbox).await?;
        Ok(Figures {
            works_on_mailbox: self.store.holds_lease(&self.lease).await?,
            ledger: vec![
                ("seen", ledger.seen),
                ("stored", ledger.stored),
                ("moved", ledger.moved),
                ("gone", ledger.gone),
                ("too_large", ledger.too_large),
                ("cannot_fetch", ledger.cannot_fetch),
                ("superseded", ledger.superseded),
            ],
            oldest_unstored: ledger.oldest_seen,
            to_review: totals.to_review,
            oldest_to_review: totals.oldest_to_review,
            held_mails: totals.held_mails,
            oldest_held: totals.oldest_held,
            waiting_deliveries: totals.waiting_deliveries,
            cases: totals.cases,
        })
    }
}

impl ReadFigures for StoreFigures {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Figures, String>> + Send + '_>> {
        Box::pin(async { self.figures().await.map_err(|error| error.to_string()) })
    }
}

/// The listener, where `[metrics]` asks for one.
pub(super) async fn monitor(
    setup: &Setup,
    presence: &Presence,
    status: watch::Receiver<IngestStatus>,
) -> Result<Option<Monitor>, Failure> {
    let Some(config) = &setup.config.metrics else {
        return Ok(None);
    };
    let parts = MonitorParts {
        figures: Arc::new(StoreFigures::new(setup, presence)),
        status,
        clock: Arc::new(SystemClock),
        stale: config.stale,
        started: crate::domain::Clock::now(&SystemClock),
    };
    let monitor = Monitor::bind(config.listen, parts).await;
    monitor.map(Some).map_err(Failure::configuration)
}

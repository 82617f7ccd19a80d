//! How workers ended: the pool names that in its log only, because it goes on without the part at fault.

use super::record::Ending;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The failures since they were last taken.
#[derive(Clone, Default)]
pub struct Failures(Arc<Mutex<Vec<Ending>>>);

impl Failures {
    pub fn take(&self) -> Vec<Ending> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Listens to this process's log from now on.
pub fn listen() -> Failures {
    let failures = Failures::default();
    let registry = tracing_subscriber::registry().with(failures.clone());
    tracing::subscriber::set_global_default(registry).expect("nobody else listens");
    failures
}

impl<S: Subscriber> Layer<S> for Failures {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Failure(self));
    }
}

struct Failure<'f>(&'f Failures);

impl Visit for Failure<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() != "failure" {
            return;
        }
        let ending = match format!("{value:?}").as_str() {
            "TimedOut" => Ending::TimedOut,
            "OutOfMemory" => Ending::OutOfMemory,
            "Crashed" | "ForbiddenCall" => Ending::Crashed,
            _ => Ending::NotTaken,
        };
        self.0.0.lock().unwrap().push(ending);
    }
}

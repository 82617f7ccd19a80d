//! The outbound service and the reader as the pages have them, in this process and without a network.

use crate::world::Stepped;
use referrald::domain::*;
use referrald::extract::{read_message, whole_document};
use referrald::outbound::*;
use referrald::redact::{self, DraftPlan, DraftRequest, RedactedMessage, RedactionSettings, VerbatimMessage};
use referrald::store::Store;
use referrald::web::SourceReader;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

struct InProcess;

impl Drafter for InProcess {
    async fn draft(&self, request: &DraftRequest) -> Result<DraftPlan, DraftFailure> {
        Ok(redact::draft(request, whole_document))
    }
}

/// Nothing is sent in these tests: the service's loops do not run.
struct NoRelay;

impl Relay for NoRelay {
    async fn send_redacted(&self, _: &EmailAddress, _: &OpenAddress, _: &RedactedMessage) -> RelayAnswer {
        RelayAnswer::Later(None)
    }

    async fn send_plain(&self, _: &EmailAddress, _: &CjsmAddress, _: &VerbatimMessage) -> RelayAnswer {
        RelayAnswer::Later(None)
    }
}

struct Standing(Arc<Stepped>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) fn desk(store: &Store, clock: &Arc<Stepped>) -> Arc<dyn Desk> {
    let parts = OutboundParts {
        store: store.clone(),
        drafter: InProcess,
        relay: NoRelay,
        clock: Standing(Arc::clone(clock)),
        nonces: SystemNonces,
    };
    let settings = OutboundSettings {
        redaction: RedactionSettings {
            cjsm_route: true,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".to_owned()],
            own_domain: "restorative.example".to_owned(),
            max_bytes: 10_000_000,
            own_addresses: vec!["@restorative.example".to_owned()],
            name_model: true,
            attachments: OtherAttachments::Hold,
        },
        draft_timeout: Duration::from_secs(60),
        poll_interval: Duration::from_secs(3600),
        sending_limit: Duration::from_secs(600),
        guards: GuardSettings {
            allocation: AllocationGuard::AllocatedFiles,
            first_mail: FirstMailGuard::Strangers {
                familiar_domains: vec!["police.example".to_owned()],
            },
        },
        notices_from: "no-reply@restorative.example".to_owned(),
        bounces_to: None,
    };
    Arc::new(Outbound::new(parts, settings))
}

pub(crate) struct Source;

impl SourceReader for Source {
    fn read(&self, raw: Personal<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<ReadMessage>> + Send + '_>> {
        let read = read_message(raw.expose_personal(), &ReadRequest::default(), &mut |_| {});
        Box::pin(std::future::ready(read.ok()))
    }
}

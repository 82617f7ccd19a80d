//! The section of the figures.

use super::fields::Fields;
use std::net::SocketAddr;
use std::time::Duration;

/// `[metrics]`
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Where health and figures are served; a loopback address.
    pub listen: SocketAddr,
    /// A mailbox that was not looked at for so long is not well.
    pub stale: Duration,
}

pub(super) fn metrics(mut f: Fields) -> MetricsConfig {
    let listen = f.optional_address("listen");
    let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9464)));
    f.demand(
        listen.ip().is_loopback(),
        "listen",
        "figures are served on this machine only, such as \"127.0.0.1:9464\": let the monitoring agent here fetch them",
    );
    MetricsConfig {
        listen,
        stale: Duration::from_secs(60 * f.number("stale_minutes", 15, 1..=1440)),
    }
}

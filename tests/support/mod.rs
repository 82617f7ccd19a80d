//! Real servers for tests and the demo, each private: own temporary folder, loopback ports, stopped when
//! dropped.

#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

pub mod connect_proxy;
pub mod dovecot;
pub mod proxy;
pub mod tls;
pub mod tokens;

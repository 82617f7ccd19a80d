//! Keeping: ledger, sealing, states, destruction, audit (promises 1, 6, 7 and 8).

#[path = "keeping/inbound.rs"]
mod inbound;
#[path = "keeping/support.rs"]
mod support;

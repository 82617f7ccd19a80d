//! The submission server (RFC 6409) and the relays.

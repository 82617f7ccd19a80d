//! UK identifiers: their patterns and check letters. `forms` and `redact` share them.

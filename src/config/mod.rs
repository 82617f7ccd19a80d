//! TOML to a checked configuration; every problem is reported at once, with its fix.

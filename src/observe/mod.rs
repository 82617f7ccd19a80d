//! Log output: events, ids, counts and codes, never content.

//! The worker process: how it is started, fenced, spoken to and replaced.

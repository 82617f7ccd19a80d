//! What staff do: list, show, accept, reject.

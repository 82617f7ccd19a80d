//! Sealing, key wrapping, blind index. Pure: randomness is an argument.

/// The service's master keys, newest first. Wiped on drop.
pub struct MasterKeys {}

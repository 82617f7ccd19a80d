//! Personal data as a type that is closed by default.

use std::fmt;
use zeroize::Zeroize;

/// A value about a living person. It cannot be printed, compared or serialised by accident; the only
/// way in is [`Personal::expose_personal`], whose name is easy to search for.
///
/// ```compile_fail
/// let name = referrald::domain::Personal::new(String::from("somebody"));
/// println!("{name}");
/// ```
///
/// `Debug` says only that something is there, so that structs holding one may still derive it:
///
/// ```
/// let name = referrald::domain::Personal::new(String::from("somebody"));
/// assert_eq!(format!("{name:?}"), "[personal]");
/// ```
#[derive(Clone)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Closes a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never hand it to a log, a metric, an error text or a URL.
    pub fn expose_personal(&self) -> &T {
        &self.0
    }

    /// The value itself, taken out.
    pub fn into_personal(self) -> T {
        self.0
    }
}

impl<T: Zeroize> Zeroize for Personal<T> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

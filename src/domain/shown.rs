//! A setting as people see it.

/// One setting that the configuration file gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSetting {
    /// Section, such as `relays.cjsm`; empty at the top.
    pub section: String,
    /// Its name there.
    pub name: String,
    /// Its value; `None` where only that it is set is shown.
    pub value: Option<String>,
}

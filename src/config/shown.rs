//! What administrators see of the configuration.
//!
//! Security: a setting's value is shown only where [`OPEN`] lists it. Of everything else, a new setting included, only that it is
//! set is shown.

use crate::domain::ShownSetting;
use toml::{Table, Value};

/// The settings whose values are shown, by section.
const OPEN: &[(&str, &[&str])] = &[
    (
        "service",
        &["name", "domain", "reference_prefix", "own_addresses"],
    ),
    ("keeping", &["instance", "lease_seconds"]),
    (
        "retention",
        &[
            "closed_years",
            "automatic_days",
            "enquiry_days",
            "liaison_days",
            "left_days",
            "statistics_years",
        ],
    ),
    ("report", &["least"]),
    (
        "mailbox",
        &[
            "name",
            "host",
            "port",
            "tls",
            "user",
            "inbox",
            "processed",
            "poll_seconds",
            "sweep_seconds",
            "max_message_mb",
            "authserv_id",
        ],
    ),
    (
        "reading",
        &[
            "workers",
            "time_limit_seconds",
            "part_seconds",
            "memory_mb",
            "unprotected",
        ],
    ),
    ("ocr", &["enabled", "languages", "max_pages"]),
    ("redaction", &["name_model", "other_attachments"]),
    (
        "outbound",
        &[
            "allocated_only",
            "hold_first_mail",
            "notices_from",
            "bounces_to",
            "outbox",
        ],
    ),
    ("mailbox.oauth2", &["grant", "tenant", "token_url", "scope"]),
    ("proxy", &["address", "for"]),
    ("relays.cjsm", &["host", "port", "tls"]),
    ("relays.cjsm.oauth2", &["grant", "tenant", "token_url", "scope"]),
    ("relays.ordinary", &["host", "port", "tls"]),
    (
        "relays.ordinary.oauth2",
        &["grant", "tenant", "token_url", "scope"],
    ),
    (
        "submission",
        &["hostname", "implicit_tls_listen", "starttls_listen"],
    ),
    (
        "web",
        &["listen", "public_origin", "idle_minutes", "absolute_hours"],
    ),
    ("metrics", &["listen", "stale_minutes"]),
    (
        "alarms",
        &[
            "to",
            "silent_minutes",
            "held_hours",
            "disk_free_percent",
            "repeat_hours",
        ],
    ),
    ("log", &["level", "format"]),
];

/// Everything that the file gives, by section and name; what it leaves out has its default.
pub(super) fn shown(table: &Table) -> Vec<ShownSetting> {
    let mut all = Vec::new();
    collect("", table, &mut all);
    all
}

fn collect(section: &str, table: &Table, all: &mut Vec<ShownSetting>) {
    for (name, value) in table {
        match value {
            Value::Table(inner) if !is_open(section, name) => {
                let path = match section {
                    "" => name.clone(),
                    outer => format!("{outer}.{name}"),
                };
                collect(&path, inner, all);
            }
            value => all.push(ShownSetting {
                section: section.to_owned(),
                name: name.clone(),
                value: is_open(section, name).then(|| plain(value)),
            }),
        }
    }
}

fn is_open(section: &str, name: &str) -> bool {
    OPEN.iter()
        .any(|(open, names)| *open == section && names.contains(&name))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::REFERENCE_TOML;

    #[test]
    fn what_is_not_listed_is_never_shown() {
        let table: Table = toml::from_str(
            "top = 'tell-nobody'\n\
             [service]\nname = 'Anyshire'\nown_addresses = ['@a.example', 'b@a.example']\nfuture_key = 'tell-nobody'\n\
             [keeping]\ndatabase = 'postgresql://u:tell-nobody@h/d'\nmaster_key_file = 'tell-nobody'\n\
             [relays.cjsm]\nhost = 'relay.example'\nport = 587\npassword_file = 'tell-nobody'\n\
             [future.section]\ntoken = 'tell-nobody'\n",
        )
        .unwrap();
        let shown = shown(&table);
        assert!(!format!("{shown:?}").contains("tell-nobody"));
        let value = |section: &str, name: &str| {
            let found = shown
                .iter()
                .find(|each| each.section == section && each.name == name);
            found.map(|each| each.value.as_deref())
        };
        assert_eq!(value("service", "name"), Some(Some("Anyshire")));
        assert_eq!(
            value("service", "own_addresses"),
            Some(Some("@a.example, b@a.example"))
        );
        assert_eq!(value("relays.cjsm", "port"), Some(Some("587")));
        for (section, name) in [("", "top"), ("keeping", "database"), ("future.section", "token")] {
            assert_eq!(value(section, name), Some(None), "{section} {name}");
        }
    }

    #[test]
    fn no_listed_setting_is_a_secret_or_unknown() {
        for (section, names) in OPEN {
            for name in *names {
                let is_documented = REFERENCE_TOML.lines().any(|line| {
                    line.trim_start_matches(['#', ' '])
                        .starts_with(&format!("{name} ="))
                });
                assert!(is_documented, "{section}.{name} is no setting");
                let is_place = ["file", "password", "key", "database", "dir"]
                    .iter()
                    .any(|word| name.split('_').any(|part| part == *word));
                assert!(!is_place, "{section}.{name} may lead to a secret");
            }
        }
    }
}

//! `check`: tries everything the daemon will need and says in plain words what is wrong.

use super::cases::lease_line;
use super::output::{self, Failure, Outcome};
use super::setup::{Place, Setup};
use crate::config::{RelayConfig, SubmissionConfig, TrustedRelayConfig};
use crate::imap;
use crate::ingest::Mailbox;
use crate::redact::{ModelError, NameModel};
use crate::sandbox::check_ocr;
use crate::smtp::ProbeFailure;
use crate::store::SubmissionAccount;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;

/// A trusted network of more than 2^8 addresses is wider than the relays of one service.
const WIDE_LOG2: u8 = 8;

/// One line per thing tried, and how many failed.
#[derive(Default)]
struct Findings {
    failed: u32,
}

impl Findings {
    fn note(&mut self, what: &str, result: Result<String, impl Display>) -> bool {
        match result {
            Ok(detail) => {
                output::line(format!("ok       {what}: {detail}"));
                true
            }
            Err(problem) => {
                self.failed += 1;
                for line in problem.to_string().lines() {
                    output::line(format!("PROBLEM  {what}: {line}"));
                }
                false
            }
        }
    }

    /// Works, but somebody should look at it.
    fn warn(what: &str, doubt: &str) {
        output::line(format!("WARNING  {what}: {doubt}"));
    }
}

pub(super) async fn run(place: Place) -> Outcome {
    let path = place.path();
    let setup = place.load()?;
    let mut findings = Findings::default();
    findings.note("configuration", Ok::<_, Failure>(path.display().to_string()));
    findings.note(
        "labels, forms and agencies",
        setup.books().await.map(|_| "read".to_owned()),
    );
    findings.note("database", database(&setup).await);
    findings.note("daemons", daemons(&setup).await);
    findings.note("documents folder", documents_folder(&setup));
    let fence = setup.reading_pool().check().await;
    findings.note(
        "worker",
        fence.map(|fence| format!("fenced, landlock ABI {}", fence.landlock_abi)),
    );
    findings.note("text recognition", text_recognition(&setup).await);
    let scanner = match setup.scanner() {
        None => Ok("not configured; nothing is scanned for viruses".to_owned()),
        Some(clamd) => clamd.check().await.map(|version| format!("answers: {version}")),
    };
    findings.note("virus scanner", scanner);
    findings.note("name model", name_model(&setup));
    findings.note("mailbox", mailbox(&setup).await);
    relays(&setup, &mut findings).await;
    submission(&setup, &mut findings).await;
    findings.note("alarms", alarms(&setup));
    findings.note("staff pages", staff_pages(&setup).await);
    match findings.failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!(
            "{failed} problem(s); mend them from the top and check again"
        ))),
    }
}

async fn database(setup: &Setup) -> Result<String, Failure> {
    let store = setup.store().await?;
    let ledger = store.ledger_summary(&setup.config.mailbox.name).await?;
    let audit = store.verify_audit().await?;
    Ok(format!(
        "opens with the master key; {} mails arrived, audit log whole ({audit} rows)",
        ledger.arrived
    ))
}

/// Who works on the mailboxes.
async fn daemons(setup: &Setup) -> Result<String, Failure> {
    let leases = setup.store().await?.leases().await?;
    let lines: Vec<String> = leases.iter().map(lease_line).collect();
    Ok(match lines.is_empty() {
        true => format!(
            "none works on a mailbox now; this one is called {}",
            setup.instance()
        ),
        false => format!("{}; this one is called {}", lines.join("; "), setup.instance()),
    })
}

fn documents_folder(setup: &Setup) -> Result<String, String> {
    let Some(folder) = setup.documents_folder() else {
        return Ok("not configured; documents are not copied out of the database".to_owned());
    };
    let path = folder.path();
    match path.metadata() {
        Ok(data) if !data.is_dir() => Err(format!("{} is not a folder", path.display())),
        Ok(data) if data.permissions().mode() & 0o077 != 0 => Err(format!(
            "{} can be read by other users: run `chmod 700 {}`",
            path.display(),
            path.display()
        )),
        Ok(_) => Ok("for its owner only; the copies in it are not sealed".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok("made when it is needed".to_owned()),
        Err(error) => Err(format!("{} ({})", path.display(), error.kind())),
    }
}

fn alarms(setup: &Setup) -> Result<String, Failure> {
    let Some(config) = &setup.config.alarms else {
        return Ok("not configured; nobody is told by mail when something needs them".to_owned());
    };
    super::alarms::is_possible(setup, config)?;
    Ok(format!("to {}; `referrald try-alarm` sends one", config.to))
}

async fn staff_pages(setup: &Setup) -> Result<String, Failure> {
    let Some(settings) = setup.web_settings()? else {
        return Ok("not configured; staff work on the command line".to_owned());
    };
    if let Some(breached) = setup.breached_passwords() {
        breached.check().map_err(Failure::configuration)?;
    }
    let accounts = setup.store().await?.staff_accounts().await?.len();
    let hint = match accounts {
        0 => "; nobody can sign in yet: `referrald staff add NAME --role staff`".to_owned(),
        accounts => format!(", {accounts} account(s)"),
    };
    Ok(format!(
        "settings can be read; served on {}{hint}",
        settings.listen
    ))
}

async fn text_recognition(setup: &Setup) -> Result<String, String> {
    let Some(settings) = setup.ocr_settings() else {
        return Ok("not enabled; pictures and scans are named as unreadable".to_owned());
    };
    match check_ocr(&settings).await {
        Ok(installed) => Ok(format!(
            "fenced; recognises {} (installed: {})",
            settings.languages,
            installed.join(", ")
        )),
        Err((program, failure)) => Err(format!("{}: {failure}", program.display())),
    }
}

fn name_model(setup: &Setup) -> Result<String, ModelError> {
    if !setup.redaction_settings().name_model {
        return Ok("off; liaison mail whose names only it could tell is held".to_owned());
    }
    NameModel::load().map(|_| "ready".to_owned())
}

async fn mailbox(setup: &Setup) -> Result<String, Failure> {
    let settings = setup.imap_settings()?;
    let mut mailbox = imap::connect(&settings).await.map_err(Failure::failed)?;
    let selected = mailbox
        .select(&setup.config.mailbox.inbox)
        .await
        .map_err(Failure::failed)?;
    Ok(format!("signed in; {} mails in the inbox", selected.exists))
}

async fn relays(setup: &Setup, findings: &mut Findings) {
    let relays = match setup.relays() {
        Ok(relays) => relays,
        Err(failure) => {
            findings.note("relays", Err::<String, _>(failure));
            return;
        }
    };
    let [cjsm, ordinary] = relays.probe().await;
    let missing = [
        "not configured; CJSM addresses are treated as open",
        "not configured; mail to open recipients is held",
    ];
    for ((name, answer), missing) in [("CJSM relay", cjsm), ("ordinary relay", ordinary)]
        .into_iter()
        .zip(missing)
    {
        let result = match answer {
            None => Ok(missing.to_owned()),
            Some(Ok(())) => Ok("answers".to_owned()),
            Some(Err(ProbeFailure::Refused(code))) => Err(format!(
                "refused with code {code}: check its user and password_file, or its oauth2 section and that the mailbox \
                 may send with SMTP AUTH (docs/EXCHANGE-ONLINE.md)"
            )),
            Some(Err(ProbeFailure::Unreachable)) => {
                Err("cannot be reached: check its host, port, tls and ca_file".to_owned())
            }
            Some(Err(ProbeFailure::NoWay(why))) => Err(why),
        };
        findings.note(name, result);
    }
}

async fn submission(setup: &Setup, findings: &mut Findings) {
    let settings = setup.submission_settings().map(|_| ());
    let Some(config) = &setup.config.submission else {
        let missing = "not configured; volunteers cannot submit mail";
        findings.note("submission", Ok::<_, Failure>(missing.to_owned()));
        return;
    };
    let readable = settings.map(|()| format!("certificate and key can be read; {}", listens(config)));
    findings.note("submission", readable);
    let Some(relay) = &config.trusted_relay else {
        return;
    };
    let peers: Vec<_> = relay.relays.iter().map(ToString::to_string).collect();
    let place = format!("listens on {} for {}", relay.listen, peers.join(", "));
    findings.note("trusted relay", Ok::<_, Failure>(place));
    let mut doubts = doubts_of(relay);
    doubts.extend(loop_doubt(relay, "CJSM relay", setup.config.relay_cjsm.as_ref()));
    doubts.extend(loop_doubt(
        relay,
        "ordinary relay",
        setup.config.relay_ordinary.as_ref(),
    ));
    // That the accounts cannot be read is said about the database already.
    if let Ok(store) = setup.store().await
        && let Ok(accounts) = store.accounts().await
    {
        doubts.extend(doubts_about(&accounts));
    }
    for doubt in doubts {
        Findings::warn("trusted relay", &doubt);
    }
}

fn listens(config: &SubmissionConfig) -> String {
    let addresses = [
        (config.implicit_tls_listen, "TLS"),
        (config.starttls_listen, "STARTTLS"),
    ];
    let places: Vec<_> = addresses
        .iter()
        .filter_map(|(address, tls)| address.map(|address| format!("{address} ({tls})")))
        .collect();
    match places.is_empty() {
        true => "mail programs have no address to connect to, only trusted relays".to_owned(),
        false => format!("listens on {}", places.join(" and ")),
    }
}

/// What may be wrong with where trusted relays come in.
fn doubts_of(relay: &TrustedRelayConfig) -> Vec<String> {
    let mut doubts = Vec::new();
    let listen = relay.listen;
    if !listen.ip().is_loopback() {
        doubts.push(format!(
            "{listen} can be reached from other machines: let a firewall admit the relays only, and set the relays to \
             use STARTTLS and check the certificate"
        ));
    }
    for network in &relay.relays {
        if listen.ip().is_loopback() && !network.is_loopback() {
            doubts.push(format!(
                "{network} cannot reach {listen}: listen on an address of the network, or take it off trusted_relays"
            ));
        }
        if network.size_log2() > WIDE_LOG2 && !network.is_loopback() {
            doubts.push(format!(
                "every machine in {network} can send as any volunteer: list the relays' own addresses"
            ));
        }
    }
    doubts
}

/// A relay that is in front and behind could hand the daemon's own mail back to it.
fn loop_doubt(trusted: &TrustedRelayConfig, name: &str, behind: Option<&RelayConfig>) -> Option<String> {
    let host = match behind?.host.as_str() {
        "localhost" => "127.0.0.1",
        host => host,
    };
    let address: IpAddr = host.parse().ok()?;
    let is_both = trusted.relays.iter().any(|network| network.contains(address));
    is_both.then(|| {
        format!("the {name} is a trusted relay too: it must not hand back here what it gets from referrald")
    })
}

/// Why a sender would be refused that looks right.
fn doubts_about(accounts: &[SubmissionAccount]) -> Vec<String> {
    if accounts.is_empty() {
        return vec!["there is no account, so every sender is refused: `referrald users add`".to_owned()];
    }
    let mut seen = BTreeSet::new();
    let doubled = accounts
        .iter()
        .filter(|account| !seen.insert(account.address.expose_personal().to_ascii_lowercase()));
    doubled
        .map(|account| {
            format!(
                "the address of the account {} belongs to another account too, so its mail is refused: give each \
                 address to one account",
                account.user
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TlsChoice;
    use crate::domain::Personal;

    fn doubts(listen: &str, relays: &[&str]) -> String {
        let relay = TrustedRelayConfig {
            listen: listen.parse().unwrap(),
            relays: relays.iter().map(|text| text.parse().unwrap()).collect(),
        };
        doubts_of(&relay).join("\n")
    }

    #[test]
    fn a_trusted_relay_that_others_could_pose_as_is_doubted() {
        assert_eq!(doubts("127.0.0.1:8025", &["127.0.0.1", "127.0.0.0/8"]), "");
        assert_eq!(doubts("[::1]:8025", &["::1"]), "");
        let open = doubts("0.0.0.0:8025", &["127.0.0.1", "192.0.2.0/28"]);
        assert!(open.contains("can be reached from other machines"), "{open}");
        let unreachable = doubts("127.0.0.1:8025", &["192.0.2.0/28"]);
        assert!(
            unreachable.contains("192.0.2.0/28 cannot reach 127.0.0.1:8025"),
            "{unreachable}"
        );
        let wide = doubts("192.0.2.1:8025", &["10.0.0.0/8"]);
        assert!(
            wide.contains("every machine in 10.0.0.0/8 can send as any volunteer"),
            "{wide}"
        );
    }

    #[test]
    fn a_relay_in_front_and_behind_is_doubted() {
        let trusted = TrustedRelayConfig {
            listen: "127.0.0.1:8025".parse().unwrap(),
            relays: vec!["127.0.0.1".parse().unwrap(), "192.0.2.0/28".parse().unwrap()],
        };
        let is_doubted = |host: &str| {
            let behind = RelayConfig {
                host: host.to_owned(),
                port: 25,
                tls: TlsChoice::StartTls,
                ca_file: None,
                sign_in: None,
            };
            loop_doubt(&trusted, "ordinary relay", Some(&behind)).is_some()
        };
        assert!(is_doubted("localhost") && is_doubted("127.0.0.1") && is_doubted("192.0.2.3"));
        assert!(!is_doubted("192.0.2.16") && !is_doubted("relay.example.org"));
        assert_eq!(loop_doubt(&trusted, "CJSM relay", None), None);
    }

    #[test]
    fn accounts_that_no_sender_can_be_told_by_are_doubted() {
        let account = |user: &str, address: &str| SubmissionAccount {
            user: user.to_owned(),
            address: Personal::new(address.to_owned()),
            password_hash: String::new(),
            role: Default::default(),
        };
        assert_eq!(
            doubts_about(&[account("a", "a@example.org"), account("b", "b@example.org")]).len(),
            0
        );
        assert!(doubts_about(&[])[0].contains("no account"));
        let doubled = doubts_about(&[account("a", "a@example.org"), account("b", "A@example.org")]);
        assert!(
            doubled.len() == 1 && doubled[0].contains("account b"),
            "{doubled:?}"
        );
    }
}

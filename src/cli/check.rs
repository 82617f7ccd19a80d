//! `check`: tries everything the daemon will need and says in plain words what is wrong.

use super::output::{self, Failure, Outcome};
use super::setup::{Place, Setup};
use crate::imap;
use crate::ingest::Mailbox;
use crate::redact::{ModelError, NameModel};
use crate::sandbox::check_ocr;
use std::fmt::Display;

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
    let submission = setup.submission_settings().map(|settings| match settings {
        Some(_) => "certificate and key can be read".to_owned(),
        None => "not configured; volunteers cannot submit mail".to_owned(),
    });
    findings.note("submission", submission);
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
            Some(Err(Some(code))) => Err(format!(
                "refused with code {code}: check its user and password_file"
            )),
            Some(Err(None)) => Err("cannot be reached: check its host, port, tls and ca_file".to_owned()),
        };
        findings.note(name, result);
    }
}

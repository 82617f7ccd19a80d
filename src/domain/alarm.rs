//! What the service's IT is told by mail because it needs somebody.

/// What can be wrong with a running service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// The database does not answer.
    DatabaseSilent,
    /// No look at the mailbox went well.
    MailboxSilent,
    /// A mail that arrived is not stored.
    LedgerBehind,
    /// Liaison mail waits for staff.
    MailHeld,
    /// The disk that everything is kept on fills up.
    DiskFilling,
    /// Records have outlived their term.
    TermsOverdue,
}

/// One finding with its figure. It can hold nothing else, so it can go out unsealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// What is wrong.
    pub kind: AlarmKind,
    /// How much: minutes ([`AlarmKind::DatabaseSilent`], [`AlarmKind::MailboxSilent`], [`AlarmKind::LedgerBehind`]), hours
    /// ([`AlarmKind::MailHeld`]), per cent that are free ([`AlarmKind::DiskFilling`]), records ([`AlarmKind::TermsOverdue`]).
    pub figure: u64,
}

impl AlarmKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::DatabaseSilent,
        Self::MailboxSilent,
        Self::LedgerBehind,
        Self::MailHeld,
        Self::DiskFilling,
        Self::TermsOverdue,
    ];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::DatabaseSilent => "database-silent",
            Self::MailboxSilent => "mailbox-silent",
            Self::LedgerBehind => "ledger-behind",
            Self::MailHeld => "mail-held",
            Self::DiskFilling => "disk-filling",
            Self::TermsOverdue => "terms-overdue",
        }
    }

    /// That it is over, in a few words.
    pub fn over(self) -> &'static str {
        match self {
            Self::DatabaseSilent => "the database answers again",
            Self::MailboxSilent => "the mailbox is looked at again",
            Self::LedgerBehind => "every mail that arrived is stored again",
            Self::MailHeld => "no liaison mail waits too long any more",
            Self::DiskFilling => "the disk has room again",
            Self::TermsOverdue => "what had outlived its term is destroyed",
        }
    }

    /// What it means and what to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DatabaseSilent => {
                "No mail is taken from the mailbox meanwhile, so none is lost; liaison mail is refused and stays with its sender. \
                 Look whether the database server runs and whether its disk is full, then run `referrald check`."
            }
            Self::MailboxSilent => {
                "Referrals wait in the mailbox; none is lost. `referrald check` says what is wrong: a changed password, an expired \
                 certificate, a mail server that cannot be reached."
            }
            Self::LedgerBehind => {
                "It is still in the mailbox. The log tells why it could not be fetched or stored; `referrald cases list` shows how \
                 many mails are accounted for."
            }
            Self::MailHeld => {
                "A volunteer waits for an answer. Ask staff to look at the held mail on the staff pages, or with \
                 `referrald outbound list`."
            }
            Self::DiskFilling => {
                "When it is full, mail stays in the mailbox and liaison mail is refused. Make room or give the disk more; old \
                 backups are often what fills it."
            }
            Self::TermsOverdue => {
                "The law asks for them to be gone. `referrald purge --dry-run` lists them, `referrald purge` destroys them and says \
                 what stops it."
            }
        }
    }
}

impl Alarm {
    /// What is wrong, in a few words.
    pub fn headline(self) -> String {
        let Self { kind, figure } = self;
        match kind {
            AlarmKind::DatabaseSilent => format!("the database has not answered for {figure} minutes"),
            AlarmKind::MailboxSilent => format!("the mailbox was not looked at for {figure} minutes"),
            AlarmKind::LedgerBehind => format!("a mail that arrived {figure} minutes ago is not stored"),
            AlarmKind::MailHeld => format!("liaison mail has waited {figure} hours for staff"),
            AlarmKind::DiskFilling => format!("the disk has {figure} % left"),
            AlarmKind::TermsOverdue => format!("{figure} records have outlived their term"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_alarm_is_told_apart_and_says_what_to_do() {
        let words = |word: fn(AlarmKind) -> String| -> BTreeSet<String> {
            AlarmKind::ALL.into_iter().map(word).collect()
        };
        assert_eq!(words(|kind| kind.name().to_owned()).len(), AlarmKind::ALL.len());
        assert_eq!(words(|kind| kind.over().to_owned()).len(), AlarmKind::ALL.len());
        let headlines = words(|kind| Alarm { kind, figure: 42 }.headline());
        assert!(headlines.len() == AlarmKind::ALL.len() && headlines.iter().all(|line| line.contains("42")));
        for kind in AlarmKind::ALL {
            assert!(kind.advice().len() > 60, "{}", kind.name());
        }
    }
}

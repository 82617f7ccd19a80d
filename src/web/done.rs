//! What an action led to, said on the page that follows it.
//!
//! Invariant: the address of that page carries one word of this list, and the page shows the list's own text, so nothing that
//! somebody wrote gets into an address or, from a made-up address, onto a page.

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Released,
    Returned,
    Sent,
    ReadAgain,
    SetAside,
    SessionEnded,
    PasswordChanged,
    SecondStepReset,
    Destroyed,
}

impl Done {
    const ALL: [Self; 9] = [
        Self::Released,
        Self::Returned,
        Self::Sent,
        Self::ReadAgain,
        Self::SetAside,
        Self::SessionEnded,
        Self::PasswordChanged,
        Self::SecondStepReset,
        Self::Destroyed,
    ];

    /// The word in the address.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Returned => "returned",
            Self::Sent => "sent",
            Self::ReadAgain => "read-again",
            Self::SetAside => "set-aside",
            Self::SessionEnded => "session-ended",
            Self::PasswordChanged => "password-changed",
            Self::SecondStepReset => "second-step-reset",
            Self::Destroyed => "destroyed",
        }
    }

    /// What the person reads.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Released => "Released: the mail is on its way.",
            Self::Returned => "Returned: the sender is told why.",
            Self::Sent => {
                "Taken over: the mail leaves in a moment. What is held stands on the page of your mail, and you are told by mail."
            }
            Self::ReadAgain => "The mail is being read again: look for it on the home page in a minute.",
            Self::SetAside => "Set aside: it is destroyed after its term.",
            Self::SessionEnded => "The session was ended.",
            Self::PasswordChanged => "The password was changed, and you are signed out everywhere else.",
            Self::SecondStepReset => "The second step is set up anew at the next sign-in.",
            Self::Destroyed => {
                "Destroyed. The copies in the mailbox go at the next look at it; then the certificate is complete."
            }
        }
    }

    /// Of `?done=`; anything else is nothing.
    pub(super) fn of_query(query: &str) -> Option<Self> {
        let word = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
        Self::ALL.into_iter().find(|done| done.word() == word)
    }
}

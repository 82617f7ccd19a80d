//! The second pass: does anything known still stand in the finished bytes?
//!
//! # Security
//! Runs in the daemon over bytes that the worker proposes. It shares no decoding, folding or searching code
//! with the first pass, so that one mistake does not hide another, and it reads only the narrow format that
//! rebuilding writes: whatever else it meets is a failure, and a failure is a hold.

mod decode;
mod fold;
mod known;
mod package;

use super::RedactionSettings;
use crate::domain::{HoldReason, KnownCase};

/// Searches the finished bytes of a message for everything known.
///
/// # Errors
/// [`HoldReason::SecondPassFoundIdentifier`], or [`HoldReason::SecondPassFailed`] where anything cannot be
/// read or searched with certainty.
pub(super) fn check(
    bytes: &[u8],
    cases: &[KnownCase],
    originals: &[String],
    settings: &RedactionSettings,
) -> Result<(), HoldReason> {
    let readings = decode::readings(bytes, cases, settings).ok_or(HoldReason::SecondPassFailed)?;
    let known = known::Known::new(cases, originals, settings).ok_or(HoldReason::SecondPassFailed)?;
    for reading in readings {
        if known.is_in(&fold::Folded::new(&reading)) {
            return Err(HoldReason::SecondPassFoundIdentifier);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OtherAttachments, Party, Referral, Role};
    use HoldReason::{SecondPassFailed, SecondPassFoundIdentifier};

    fn case() -> KnownCase {
        let mut party = Party::new(Role::Victim);
        party.name = Some("Margaret Holloway".to_owned());
        party.known_as = Some("Kit".to_owned());
        party.date_of_birth = Some("1951-11-03".to_owned());
        party.address = Some("27 Larkspur Close, Chelmsford".to_owned());
        party.postcode = Some("CM1 1QH".to_owned());
        party.phones = vec!["+447700900417".to_owned()];
        party.emails = vec!["bluebird74@example.com".to_owned()];
        let mut other = Party::new(Role::Offender);
        other.name = Some("Mark Hope".to_owned());
        let mut third = Party::new(Role::Offender);
        third.name = Some("Sgt Jack (Jacko) Qwortz Jnr".to_owned());
        let referral = Referral {
            parties: vec![party, other, third],
            ..Referral::default()
        };
        KnownCase {
            silenced: Vec::new(),
            reference: None,
            closed: false,
            referral,
        }
    }

    fn settings() -> RedactionSettings {
        RedactionSettings {
            cjsm_route: true,
            ordinary_route: true,
            reference_prefixes: vec!["RJ".to_owned()],
            own_domain: "rj.example".to_owned(),
            max_bytes: 1_000_000,
            own_addresses: Vec::new(),
            name_model: true,
            attachments: OtherAttachments::Hold,
        }
    }

    fn verdict(message: &str) -> Result<(), HoldReason> {
        check(
            message.replace('\n', "\r\n").as_bytes(),
            &[case()],
            &["Jayden Mulqueen".to_owned()],
            &settings(),
        )
    }

    fn with(kind: &str, encoding: &str, body: &str) -> Result<(), HoldReason> {
        verdict(&format!(
            "From: v@rj.example\nSubject: x\nContent-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{body}\n"
        ))
    }

    fn plain(body: &str) -> Result<(), HoldReason> {
        with("text/plain", "8bit", body)
    }

    #[test]
    fn a_clean_message_passes() {
        assert_eq!(
            plain("M.H. will come on 30 May. I hope you mark the form; half the price."),
            Ok(())
        );
        assert_eq!(
            with("text/html", "quoted-printable", "<p>M.H. &amp; co =C2=A3 20</p>"),
            Ok(())
        );
    }

    #[test]
    fn known_identifiers_are_found_in_every_spelling() {
        for text in [
            "saw holloway today",
            "MARGARET",
            "Marg\u{ad}aret",
            "H\u{200b}olloway",
            "Ноllоway",
            "Ｍａｒｇａｒｅｔ",
            "Margaret\n> Holloway",
            "Hol \nloway",
            "H o l l o w a y",
            "margaretholloway.pdf",
            "ask Kit about it",
            "Mr Hope said",
            "mark hope",
            "07700 900-417",
            "+44 (0)7700 900417",
            "CM1  1qh",
            "cm11QH",
            "Larkspur\nClose",
            "bluebird74 (at) example com",
            "born 3/11/51",
            "3rd November 1951",
            "1951-11-03",
            "jayden  mulqueen",
            "margarets phone",
            "off Larkspur Cl",
            "dob 031151",
            "her birthday is 3 November",
            "i rang jack today",
            "http://x.example/?n=Margaret%20Holl%6Fway",
            "=?utf-8?Q?Hol=6Coway?=",
        ] {
            assert_eq!(plain(text), Err(SecondPassFoundIdentifier), "{text}");
        }
    }

    #[test]
    fn encodings_and_markup_do_not_hide_them() {
        assert_eq!(
            with("text/plain", "base64", "c2F3IE1hcmdhcmV0\nIHRvZGF5"),
            Err(SecondPassFoundIdentifier)
        );
        assert_eq!(
            with("text/plain", "quoted-printable", "Hol=\nlow=61y"),
            Err(SecondPassFoundIdentifier)
        );
        assert_eq!(
            with("text/html", "8bit", "<p>Hol<b>lo</b>w&#97;y</p>"),
            Err(SecondPassFoundIdentifier)
        );
        assert_eq!(
            with("text/html", "8bit", "<p title=Holloway>x</p>"),
            Err(SecondPassFoundIdentifier)
        );
        assert_eq!(
            with("text/html", "8bit", "<!-- Holloway -->"),
            Err(SecondPassFoundIdentifier)
        );
        let subject = "From: v@rj.example\nSubject: =?utf-8?B?SG9sbG8=?=\n =?utf-8?B?d2F5?=\nContent-Type: text/plain\n\nx\n";
        assert_eq!(verdict(subject), Err(SecondPassFoundIdentifier));
        let name = "From: v@rj.example\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"Holloway.txt\"\n\nx\n";
        assert_eq!(verdict(name), Err(SecondPassFoundIdentifier));
        let parts = "From: v@rj.example\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nHolloway\n--b--\n";
        assert_eq!(verdict(parts), Err(SecondPassFoundIdentifier));
    }

    #[test]
    fn what_cannot_be_read_for_certain_fails() {
        for message in [
            "From: v@rj.example\nX-Odd: 1\nContent-Type: text/plain\n\nx\n",
            "From: v@rj.example\nContent-Type: application/pdf\n\nx\n",
            "From: v@rj.example\nContent-Type: text/plain; charset=utf-7\n\nx\n",
            "From: v@rj.example\nContent-Type: text/plain\nContent-Transfer-Encoding: uuencode\n\nx\n",
            "From: v@rj.example\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n%%%%\n",
            "From: v@rj.example\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=ZZ\n",
            "From: v@rj.example\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nx\n",
            "From: v@rj.example\nContent-Type: multipart/mixed; boundary=\"b\"\n\nhello\n--b\nContent-Type: text/plain\n\nx\n--b--\n",
            "no header at all",
            "",
        ] {
            assert_eq!(verdict(message), Err(SecondPassFailed), "{message}");
        }
        let raw = b"From: v@rj.example\r\nContent-Type: text/plain\r\n\r\n\xff\xfe\r\n";
        assert_eq!(check(raw, &[], &[], &settings()), Err(SecondPassFailed));
    }
}

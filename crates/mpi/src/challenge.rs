//! The challenge in a browser: the CReq that opens it, the size of its window, and the CRes that ends it on the screen.
//!
//! What the cardholder achieved comes with the RReq, server to server; the CRes only moves the browser on.

use emv3ds::{
    Fault, Rules,
    code::{ChallengeWindowSize, Component},
    encoding::{self, BadField},
    message::{CReq, CRes, Challenged, Received},
};

use crate::Transaction;

/// The value of the form field `creq` that opens the challenge at the ACS's URL.
pub fn creq(challenged: &Challenged, window: ChallengeWindowSize) -> Result<String, Box<Fault>> {
    let creq = CReq {
        message_version: challenged.version,
        three_ds_server_trans_id: challenged.three_ds_server_trans_id,
        acs_trans_id: challenged.acs_trans_id,
        challenge_window_size: window,
        message_extension: None,
    };
    Rules::received_by(Component::Acs, &[challenged.version]).write_form(&creq)
}

/// The value of the form field `threeDSSessionData` that comes back with the CRes: something of ours to find the page by.
pub fn session_data(opaque: &str) -> Result<String, BadField> {
    encoding::session_data(opaque.as_bytes())
}

/// Reads back what [`session_data`] wrote.
pub fn from_session_data(form_field: &str) -> Result<String, BadField> {
    let bytes = encoding::from_session_data(form_field)?;
    String::from_utf8(bytes).map_err(|_| BadField::NotTheJsonExpected)
}

/// What the cardholder's browser brought to the notification URL in `cres` (or `erro`). Unsigned: nothing may be granted
/// from it.
pub fn returned(form_field: &str, ours: &[emv3ds::Version]) -> Result<Received<CRes>, Box<Fault>> {
    Rules::received_by(Component::Server, ours).read_form(form_field)
}

/// How something that a browser brought fits the transaction it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The challenge runs, and this is about it: the browser is back.
    Awaited,
    /// It is about the challenge, which has ended meanwhile.
    Late,
    /// No challenge has been asked for, or none yet.
    Unasked,
    /// It names another challenge or another version: made up, or from a mixed-up ACS.
    Forged,
}

/// Holds what a browser brought against the transaction it names. Whatever the answer, it grants nothing.
pub fn arrival(transaction: &Transaction, brought: &Received<CRes>) -> Arrival {
    let Some(challenged) = transaction.challenged() else {
        return Arrival::Unasked;
    };
    let about = match brought {
        Received::Message(cres) => cres.is_about(challenged),
        Received::Erro(erro) => {
            erro.three_ds_server_trans_id == Some(challenged.three_ds_server_trans_id)
                && erro.acs_trans_id.is_none_or(|id| id == challenged.acs_trans_id)
        }
    };
    match transaction {
        _ if !about => Arrival::Forged,
        Transaction::AwaitingResults(_) => Arrival::Awaited,
        Transaction::Started(_)
        | Transaction::AwaitingMethod(_)
        | Transaction::AwaitingAres(_)
        | Transaction::ChallengeNeverStarted(_)
        | Transaction::DecoupledFollows(_)
        | Transaction::Finished(_)
        | Transaction::Failed(_)
        | Transaction::GivenUp(_) => Arrival::Late,
    }
}

/// The window for a screen of this size in CSS pixels, as far as known: the largest frame that fits with room for our own
/// page around it, the whole page on anything the size of a phone.
pub fn window_for(screen_width: Option<u32>, screen_height: Option<u32>) -> ChallengeWindowSize {
    match (screen_width, screen_height) {
        (Some(width), Some(height)) if width >= 640 && height >= 720 => ChallengeWindowSize::W500H600,
        (Some(width), Some(height)) if width >= 720 && height >= 480 => ChallengeWindowSize::W600H400,
        _ => ChallengeWindowSize::FullScreen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use emv3ds::{Version, code::TransStatus};

    #[test]
    fn a_creq_names_what_the_ares_named() {
        let ares = testing::ares_challenge();
        let field = creq(
            &Challenged::by(&ares, &testing::asked()),
            ChallengeWindowSize::W500H600,
        )
        .unwrap();
        let acs = Rules::received_by(Component::Acs, &Version::ALL);
        let Received::Message(creq) = acs.read_form::<CReq>(&field).unwrap() else {
            panic!("a CReq")
        };
        assert_eq!(creq.acs_trans_id, ares.acs_trans_id);
        assert_eq!(creq.challenge_window_size, ChallengeWindowSize::W500H600);
    }

    #[test]
    fn a_cres_is_read_as_the_browser_brings_it() {
        let ares = testing::ares_challenge();
        let cres = CRes {
            message_version: Version::V2_2_0,
            three_ds_server_trans_id: ares.three_ds_server_trans_id,
            acs_trans_id: ares.acs_trans_id,
            trans_status: TransStatus::Authenticated,
            challenge_completion_ind: None,
            message_extension: None,
        };
        let field = Rules::received_by(Component::Sdk, &Version::ALL)
            .write_form(&cres)
            .unwrap();
        assert_eq!(
            returned(&format!("{field}=="), &Version::ALL).unwrap(),
            Received::Message(cres)
        );
        assert!(returned("e30", &Version::ALL).is_err());
    }

    #[test]
    fn session_data_comes_back_as_it_went() {
        let field = session_data("01JD0000000000000000000000").unwrap();
        assert_eq!(from_session_data(&field).unwrap(), "01JD0000000000000000000000");
        assert!(session_data(&"x".repeat(800)).is_err());
    }

    #[test]
    fn the_window_suits_the_screen() {
        assert_eq!(window_for(Some(1920), Some(1080)), ChallengeWindowSize::W500H600);
        assert_eq!(window_for(Some(1024), Some(600)), ChallengeWindowSize::W600H400);
        assert_eq!(window_for(Some(390), Some(844)), ChallengeWindowSize::FullScreen);
        assert_eq!(window_for(None, None), ChallengeWindowSize::FullScreen);
    }
}

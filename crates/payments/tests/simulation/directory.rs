//! The directory server and the issuers behind it: what they were asked, and what they really said.

use crate::{chance::Chance, clock};
use mpi::AuthenticationResult;
use primitives::{Id, id::kind};
use uuid::Uuid;

/// A run as the directory server knows it.
#[derive(Debug)]
pub struct Known {
    pub run: Id<kind::Authentication>,
    pub payment: Id<kind::Payment>,
    /// The payment's route whose acquirer asked.
    pub route: usize,
    /// The last word, as soon as there is one.
    pub status: Option<char>,
}

/// What the gateway hears of its AReq.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A final ARes.
    Final(char),
    Challenge,
    Decoupled,
    /// Nothing, in all the time there is.
    Silence,
    Erro,
}

/// What an issuer makes of a request.
pub fn answer(chance: &mut Chance) -> Heard {
    chance.weighed(&[
        (45, Heard::Final('Y')),
        (6, Heard::Final('A')),
        (5, Heard::Final('N')),
        (5, Heard::Final('U')),
        (3, Heard::Final('R')),
        (2, Heard::Final('I')),
        (24, Heard::Challenge),
        (4, Heard::Decoupled),
        (4, Heard::Silence),
        (2, Heard::Erro),
    ])
}

/// The id the directory server gives a run: another one than ours, and told by it.
pub fn ds_trans_id(run: Id<kind::Authentication>) -> Uuid {
    Uuid::from_u128(run.uuid().as_u128() | 1 << 100)
}

/// Whether an issuer that authenticates nobody has taken note of what was shared with it: every other one has.
pub fn takes_note(run: Id<kind::Authentication>) -> bool {
    run.uuid().as_u128().is_multiple_of(2)
}

/// The result of a run as the MPI would have made it. There is no other way to one than through a record of it.
pub fn result(
    run: Id<kind::Authentication>,
    status: char,
    challenged: bool,
    now: i64,
) -> AuthenticationResult {
    let (ours, theirs) = (run.uuid(), ds_trans_id(run));
    let flow = if challenged { "challenge" } else { "frictionless" };
    let (eci, value, reason) = match status {
        'Y' => ("05", "\"AJkBBkhgQQAAAE4gSEJydQAAAAA=\"", "null"),
        'A' => ("06", "\"AJkBBkhgQQAAAE4gSEJydQAAAAA=\"", "null"),
        'U' if !challenged && takes_note(run) => ("07", "null", "\"80\""),
        _ => ("07", "null", "\"01\""),
    };
    let data_only = reason == "\"80\"";
    let at = clock::time(now);
    let at = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    let record = format!(
        r#"{{"three_ds_server_trans_id":"{ours}","ds_trans_id":"{theirs}","acs_trans_id":"{theirs}","version":"2.2.0",
            "brand":"visa","flow":"{flow}","trans_status":"{status}","trans_status_reason":{reason},"eci":"{eci}",
            "authentication_value":{value},"challenge_cancel":null,"data_only":{data_only},"authenticated_at":"{at}"}}"#
    );
    serde_json::from_str(&record).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use emv3ds::code::TransStatus;

    #[test]
    fn results_read_as_those_that_the_mpi_stores() {
        let run = Id::from_uuid(Uuid::from_u128(5));
        for (status, shifts) in [
            ('Y', true),
            ('A', true),
            ('N', false),
            ('U', false),
            ('R', false),
            ('I', false),
        ] {
            let result = result(run, status, true, 1_000);
            assert_eq!(
                result.trans_status(),
                TransStatus::parse(&status.to_string()).unwrap()
            );
            assert_eq!(result.liability_shift(), shifts, "{status}");
            assert_eq!(result.three_ds_server_trans_id().0, run.uuid());
        }
    }
}

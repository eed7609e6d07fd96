//! An AReq made ready to be sent: checked as its receiver will check it, without what it can do without.

use emv3ds::{
    Fault, Rules,
    code::{Component, ErrorCode},
    message::{AReq, Asked},
};
use thiserror::Error;
use zeroize::Zeroizing;

use super::dispensable;

/// Faults mended before an AReq counts as one that cannot be made: each names every element of its kind, so that
/// missing, malformed and again missing is the longest row.
const MENDED_MAX: usize = 4;

/// An AReq ready to be sent.
#[derive(Clone, PartialEq)]
pub struct Prepared {
    /// The body to post to the directory server. Holds the card number: not to be stored or logged; wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
    /// What the answer is held against.
    pub asked: Asked,
    /// The longest the issuer may take for a decoupled authentication, in minutes, if it was offered one.
    pub decoupled_minutes: Option<u16>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

/// What is configured cannot be said in an AReq; names the elements.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the authentication request cannot be made: {0}")]
pub struct CannotRequest(#[from] pub Box<Fault>);

/// Makes an AReq ready, checked as the directory server will check it.
///
/// Elements that its version, channel or category does not have are left out. So are optional ones that do not fit: it is
/// better to authenticate without them than not at all.
pub fn prepare_areq(mut areq: AReq) -> Result<Prepared, CannotRequest> {
    let versions = [areq.message_version];
    let rules = Rules::received_by(Component::DirectoryServer, &versions);
    for _ in 0..MENDED_MAX {
        match rules.write(&areq) {
            Ok(body) => {
                return Ok(Prepared {
                    body: Zeroizing::new(body),
                    asked: Asked::from(&areq),
                    decoupled_minutes: decoupled_minutes(&areq),
                });
            }
            Err(fault) if !mend(&mut areq, &fault) => return Err(CannotRequest(fault)),
            Err(_) => {}
        }
    }
    rules.check(&areq)?;
    Err(CannotRequest(Box::new(Fault::new(
        ErrorCode::FormatInvalid,
        "AReq",
    ))))
}

/// Leaves out whatever is wrong and dispensable. `false`: something that is needed is wrong.
fn mend(areq: &mut AReq, fault: &Fault) -> bool {
    let leave_out = match fault.code {
        ErrorCode::FormatInvalid | ErrorCode::ReservedValueUsed => dispensable::leave_out,
        ErrorCode::RequiredElementMissing => dispensable::leave_out_what_wants,
        _ => return false,
    };
    fault.names().all(|name| leave_out(areq, name))
}

fn decoupled_minutes(areq: &AReq) -> Option<u16> {
    let wanted = areq.three_ds_requestor_dec_req_ind?;
    if !wanted.allows_at_once() && !wanted.allows_as_fallback() {
        return None;
    }
    areq.three_ds_requestor_dec_max_time.as_deref()?.parse().ok()
}

//! The RReq of an ended challenge, made from what no longer changes.

use emv3ds::code::{DeviceChannel, TransStatus};
use emv3ds::message::RReq;
use emv3ds::{AcsTransId, AuthenticationValue, Version};
use primitives::Brand;

use crate::authentication_value::{Circumstances, eci};
use crate::challenge::{Challenge, Ending, Method, State};
use crate::service::Acs;
use crate::store::transactions::{self, Transaction};
use crate::store::{StoreError, challenges};

/// An RReq, and whom it is for.
#[derive(Debug)]
pub(super) struct Addressed {
    pub(super) rreq: RReq,
    /// Whose directory server.
    pub(super) brand: Brand,
    /// The channel of the authentication.
    pub(super) channel: DeviceChannel,
}

impl Acs {
    /// The RReq that tells how a challenge ended; `None` where it has not.
    pub(super) async fn rreq(&self, id: AcsTransId) -> Result<Option<Addressed>, StoreError> {
        let inner = self.inner();
        let Some(kept) = challenges::by_id(&inner.store, id).await? else {
            return Ok(None);
        };
        let Some(transaction) = transactions::by_id(&inner.store, id).await? else {
            return Ok(None);
        };
        let State::Done { ending, method, .. } = kept.challenge.state else {
            return Ok(None);
        };
        let proof = match (&transaction.proof, ending.status()) {
            (Some(sealed), TransStatus::Authenticated) => {
                let opened = inner.keys.open(&transactions::proof_context(id), sealed)?;
                std::str::from_utf8(&opened)
                    .ok()
                    .and_then(AuthenticationValue::parse)
            }
            _ => None,
        };
        Ok(Some(Addressed {
            rreq: rreq(&transaction, &kept.challenge, ending, method, proof),
            brand: transaction.brand,
            channel: transaction.channel,
        }))
    }
}

fn rreq(
    transaction: &Transaction,
    challenge: &Challenge,
    ending: Ending,
    method: Method,
    proof: Option<AuthenticationValue>,
) -> RReq {
    let status = ending.status();
    let answered = matches!(status, TransStatus::Authenticated | TransStatus::NotAuthenticated);
    let circumstances = Circumstances::new(transaction.brand, transaction.category, transaction.channel);
    RReq {
        message_version: transaction.version,
        message_category: transaction.category,
        three_ds_server_trans_id: transaction.three_ds_server_trans_id,
        acs_trans_id: transaction.acs_trans_id,
        ds_trans_id: transaction.ds_trans_id,
        trans_status: Some(status),
        trans_status_reason: ending.reason(transaction.version),
        authentication_value: proof,
        eci: eci(&circumstances, status),
        authentication_type: answered.then(|| method.authentication_type()),
        authentication_method: method.authentication_methods(transaction.version),
        interaction_counter: interactions(transaction.version, challenge, ending, method),
        challenge_cancel: ending.challenge_cancel(),
        sdk_trans_id: None,
        trans_status_reason_info: None,
        acs_rendering_type: None,
        challenge_error_reporting: None,
        cardholder_info: None,
        trust_list_status: None,
        trust_list_status_source: None,
        device_binding_status: None,
        device_binding_status_source: None,
        message_extension: None,
    }
}

/// `interactionCounter`, two digits: not for decoupled authentications, and in 2.1.0 giving up does not count.
fn interactions(version: Version, challenge: &Challenge, ending: Ending, method: Method) -> Option<String> {
    if method == Method::Decoupled {
        return None;
    }
    let uncounted = u16::from(version == Version::V2_1_0 && ending == Ending::Cancelled);
    let counted = challenge.interactions.saturating_sub(uncounted);
    Some(format!("{:02}", counted.min(99)))
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Means;
    use crate::flows::challenge::testing::{PROOF, START, transaction};
    use crate::keys::Keys;
    use emv3ds::Rules;
    use emv3ds::code::{Component, MessageCategory};
    use time::Duration;
    use uuid::Uuid;

    /// Whether something ends so in that version: decoupled authentications came with 2.2.0, putting off with 2.3.1.
    fn happens(ending: Ending, method: Method, version: Version) -> bool {
        let decoupled = method == Method::Decoupled;
        match ending {
            Ending::DecoupledTimedOut => decoupled && version >= Version::V2_2_0,
            Ending::Passed | Ending::Denied | Ending::NotMe | Ending::Faulty => {
                !decoupled || version >= Version::V2_2_0
            }
            Ending::PutOff => !decoupled && version >= Version::V2_3_1,
            _ => !decoupled,
        }
    }

    #[test]
    fn every_ending_by_every_method_is_a_message_that_keeps_the_rules_of_its_version() {
        let means = Means {
            app: true,
            password: true,
            phones: 1,
            backend_sends: false,
            put_off: true,
        };
        let challenge = Challenge::awaited(means, Uuid::from_u128(1), START, Duration::seconds(30));
        let methods = [
            Method::Code,
            Method::Password,
            Method::PasswordThenCode,
            Method::App,
            Method::Decoupled,
        ];
        let mut written = 0;
        for version in Version::ALL {
            for category in [MessageCategory::Payment, MessageCategory::NonPayment] {
                let id = AcsTransId(Uuid::from_u128(1));
                let mut transaction = transaction(id, version, &Keys::for_tests(), false);
                transaction.category = category;
                for ending in Ending::ALL {
                    for method in methods {
                        if !happens(ending, method, version) {
                            continue;
                        }
                        let passed = ending == Ending::Passed;
                        let proof = passed.then(|| AuthenticationValue::parse(PROOF).unwrap());
                        let rreq = rreq(&transaction, &challenge, ending, method, proof);
                        for receiver in [Component::DirectoryServer, Component::Server] {
                            let rules = Rules::received_by(receiver, &Version::ALL).category(category);
                            let message = rules.write(&rreq);
                            assert!(
                                message.is_ok(),
                                "{ending:?} by {method:?} in {version:?} {category:?} for {receiver:?}: {message:?}"
                            );
                            written += 1;
                        }
                    }
                }
            }
        }
        assert!(written > 500, "{written}");
    }
}

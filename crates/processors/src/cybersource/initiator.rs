//! Who starts a charge with a card the merchant keeps: `processingInformation.authorizationOptions.initiator`.

use acquiring::{Authorization, CannotBuild, Exemption, Initiator};
use serde::Serialize;

/// The longest `previousTransactionId`.
const NETWORK_TRANSACTION_ID_MAX_CHARACTERS: usize = 15;

/// `initiator`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitiatorBlock<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The cardholder is there and leaves the card for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_stored_on_file: Option<bool>,
    /// The card is one that was left before.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_credential_used: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_initiated_transaction: Option<MerchantInitiated<'a>>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct MerchantInitiated<'a> {
    /// The scheme's id of the charge in which the cardholder agreed.
    previous_transaction_id: &'a str,
}

/// Whether the merchant starts the charge, without its cardholder.
pub fn is_merchant(order: &Authorization) -> bool {
    order.initiator == Initiator::Merchant || order.exemption == Some(Exemption::MerchantInitiated)
}

/// What the order says of it; `None` for an ordinary charge with a card that nobody keeps.
pub fn of(order: &Authorization) -> Result<Option<InitiatorBlock<'_>>, CannotBuild> {
    let stored = order.stored_credential.as_ref();
    let previous = stored
        .and_then(|stored| stored.network_transaction_id.as_deref())
        .filter(|id| !id.is_empty());
    if is_merchant(order) {
        // Cut short it would point to another charge.
        if previous.is_some_and(|id| id.len() > NETWORK_TRANSACTION_ID_MAX_CHARACTERS) {
            return Err(CannotBuild::NotExpressible(
                "a network transaction id of this length",
            ));
        }
        return Ok(Some(InitiatorBlock {
            kind: "merchant",
            credential_stored_on_file: None,
            stored_credential_used: Some(true),
            merchant_initiated_transaction: previous.map(|previous_transaction_id| MerchantInitiated {
                previous_transaction_id,
            }),
        }));
    }
    Ok(stored.map(|stored| InitiatorBlock {
        kind: "customer",
        credential_stored_on_file: stored.is_first.then_some(true),
        stored_credential_used: (!stored.is_first).then_some(true),
        merchant_initiated_transaction: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cybersource::samples;
    use acquiring::{Agreement, ChargeKind, StoredCredential};
    use serde_json::{Value, json};

    fn order(initiator: Initiator, is_first: bool, previous: Option<&str>) -> Authorization {
        let mut order = samples::order(ChargeKind::Sale, samples::VISA);
        order.initiator = initiator;
        order.stored_credential = Some(StoredCredential {
            agreement: Agreement::Recurring,
            is_first,
            network_transaction_id: previous.map(str::to_owned),
        });
        order
    }

    fn told(order: &Authorization) -> Value {
        serde_json::to_value(of(order).unwrap()).unwrap()
    }

    #[test]
    fn the_cardholder_leaves_the_card_uses_it_again_or_is_not_there() {
        assert_eq!(
            told(&order(Initiator::Customer, true, None)),
            json!({ "type": "customer", "credentialStoredOnFile": true })
        );
        assert_eq!(
            told(&order(Initiator::Customer, false, Some("016150703802094"))),
            json!({ "type": "customer", "storedCredentialUsed": true })
        );
        assert_eq!(
            told(&order(Initiator::Merchant, false, Some("016150703802094"))),
            json!({ "type": "merchant", "storedCredentialUsed": true,
                "merchantInitiatedTransaction": { "previousTransactionId": "016150703802094" } })
        );
    }

    #[test]
    fn an_ordinary_charge_has_no_block() {
        assert_eq!(of(&samples::order(ChargeKind::Sale, samples::VISA)), Ok(None));
    }

    #[test]
    fn a_network_transaction_id_is_never_cut_short() {
        assert!(of(&order(Initiator::Merchant, false, Some("0161507038020941"))).is_err());
    }
}

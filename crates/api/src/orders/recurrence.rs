//! What a purchase says of a card that the merchant keeps: `recurrence` (deuna-api.md section 5.1 names it; its members are
//! ours), or `stored_credential`.

use crate::orders::fields::Fields;
use acquiring::{Agreement, Initiator, StoredCredential};

/// No scheme's is longer than 15; processors pass on what they call so.
const NETWORK_TRANSACTION_ID_MAX_CHARACTERS: usize = 64;

const AGREEMENTS: [(&str, Agreement); 3] = [
    ("recurring", Agreement::Recurring),
    ("installments", Agreement::Installments),
    ("unscheduled", Agreement::Unscheduled),
];

/// The agreement that the charge belongs to. `initiator` is the purchase's: only a cardholder agrees to anything.
pub fn stored_credential(root: &Fields<'_>, initiator: Initiator) -> Option<StoredCredential> {
    let fields = root.object(root.spelling(&["recurrence", "stored_credential"]))?;
    let agreement = fields.required("type", |fields, name| fields.choice(name, &AGREEMENTS));
    let is_first = match initiator {
        Initiator::Customer => fields.required("first", |fields, name| fields.boolean(name)),
        Initiator::Merchant => match fields.boolean("first") {
            Some(true) => {
                let text = "is for the charge in which the cardholder agrees: initiator_type customer only";
                fields.wrong("first", text);
                None
            }
            Some(false) | None => Some(false),
        },
    };
    let network_transaction_id = network_transaction_id(&fields);
    if is_first == Some(true) && network_transaction_id.is_some() {
        fields.wrong(
            "network_transaction_id",
            "must not be given with the first charge, which is where it comes from",
        );
    }
    Some(StoredCredential {
        agreement: agreement?,
        is_first: is_first?,
        network_transaction_id,
    })
}

fn network_transaction_id(fields: &Fields<'_>) -> Option<String> {
    let name = "network_transaction_id";
    let text = fields.text(name, NETWORK_TRANSACTION_ID_MAX_CHARACTERS)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some(text.to_owned())
    } else {
        fields.wrong(name, "must be visible ASCII characters, without spaces");
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::read_with;
    use payments::Refusal;
    use serde_json::{Value, json};

    fn read(member: &str, value: Value, initiator: Initiator) -> Result<StoredCredential, Refusal> {
        read_with(json!({ member: value }), |root| {
            stored_credential(root, initiator)
        })
    }

    #[test]
    fn the_cardholder_agrees_comes_back_or_is_not_there() {
        let first = read(
            "recurrence",
            json!({ "type": "RECURRING", "first": true }),
            Initiator::Customer,
        )
        .unwrap();
        assert_eq!(
            first,
            StoredCredential {
                agreement: Agreement::Recurring,
                is_first: true,
                network_transaction_id: None,
            }
        );
        let later =
            json!({ "type": "unscheduled", "first": false, "network_transaction_id": "MCC4711BN1122" });
        let back = read("stored_credential", later, Initiator::Customer).unwrap();
        assert_eq!(back.network_transaction_id.as_deref(), Some("MCC4711BN1122"));
        assert!(!back.is_first);
        let renewal = json!({ "type": "installments", "network_transaction_id": "016150703802094" });
        let renewal = read("recurrence", renewal, Initiator::Merchant).unwrap();
        assert_eq!(renewal.agreement, Agreement::Installments);
        assert!(!renewal.is_first);
        // Not every processor tells the scheme's id of the first charge.
        assert!(read("recurrence", json!({ "type": "recurring" }), Initiator::Merchant).is_ok());
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let customer = Initiator::Customer;
        for (value, initiator, member) in [
            (json!("recurring"), customer, ""),
            (json!({ "first": true }), customer, ".type"),
            (json!({ "type": "weekly", "first": true }), customer, ".type"),
            (json!({ "type": "recurring" }), customer, ".first"),
            (
                json!({ "type": "recurring", "first": "maybe" }),
                customer,
                ".first",
            ),
            (
                json!({ "type": "recurring", "first": true }),
                Initiator::Merchant,
                ".first",
            ),
            (
                json!({ "type": "recurring", "first": true, "network_transaction_id": "016150703802094" }),
                customer,
                ".network_transaction_id",
            ),
            (
                json!({ "type": "recurring", "network_transaction_id": "0161 5070" }),
                Initiator::Merchant,
                ".network_transaction_id",
            ),
            (
                json!({ "type": "recurring", "network_transaction_id": "7".repeat(65) }),
                Initiator::Merchant,
                ".network_transaction_id",
            ),
            (
                json!({ "type": "recurring", "network_transaction_id": 16_150_703 }),
                Initiator::Merchant,
                ".network_transaction_id",
            ),
        ] {
            let refusal = read("recurrence", value.clone(), initiator).unwrap_err();
            assert_eq!(refusal.field, Some(format!("recurrence{member}")), "{value}");
        }
    }
}

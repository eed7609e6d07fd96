//! What of a merchant's order is shown again: all of it, but for members that are ours to write and members that look
//! like a card.

use crate::orders::address::Resident;
use serde_json::{Map, Value};

/// Members of the order object that only we write (deuna-api.md section 4). A caller's versions are dropped.
const OURS: [&str; 13] = [
    "token",
    "status",
    "payment",
    "payment_status",
    "payment_link",
    "transaction_id",
    "user_id",
    "api_key_id",
    "hash_state",
    "hooks",
    "created_at",
    "updated_at",
    "deleted_at",
];

/// Names, without case and separators, under which clients are known to send card data.
const CARD_NAMES: [&str; 19] = [
    "card",
    "cardcvc",
    "cardcvv",
    "cardnumber",
    "creditcard",
    "creditcardnumber",
    "creditinfo",
    "cvc",
    "cvc2",
    "cvv",
    "cvv2",
    "debitcard",
    "expirymonth",
    "expiryyear",
    "expmonth",
    "expyear",
    "pan",
    "securitycode",
    "track2",
];

/// The order as it is kept and shown again.
pub fn echoed(order: &Map<String, Value>) -> Map<String, Value> {
    let ours = |name: &str| OURS.contains(&name) || name.starts_with("display_");
    let kept = order
        .iter()
        .filter(|(name, _)| !ours(name) && !is_card_name(name));
    kept.map(|(name, value)| (name.clone(), without_cards(value)))
        .collect()
}

/// A value without members that look like a card, at any depth.
pub fn without_cards(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !is_card_name(name));
            Value::Object(
                kept.map(|(name, value)| (name.clone(), without_cards(value)))
                    .collect(),
            )
        }
        Value::Array(elements) => Value::Array(elements.iter().map(without_cards).collect()),
        plain => plain.clone(),
    }
}

fn is_card_name(name: &str) -> bool {
    // No known name is longer, separators included; most names of an order are.
    if name.len() > 24 {
        return false;
    }
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    CARD_NAMES.contains(&plain.as_str())
}

/// Writes the alpha-2 code of an address's country beside whatever form it came in.
pub fn normalize_country(details: &mut Map<String, Value>, name: &str, resident: Option<&Resident>) {
    let country = resident.and_then(|resident| resident.address.country);
    if let (Some(country), Some(Value::Object(address))) = (country, details.get_mut(name)) {
        address.insert("country_code".to_owned(), Value::from(country.alpha2()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cards_and_our_own_members_are_not_shown_again() {
        let order = json!({
            "order_id": "o1", "status": "succeeded", "payment": { "data": {} }, "display_total_amount": "USD 1.00",
            "credit_info": { "card_number": "4111111111111111" }, "CVV": "123",
            "metadata": { "cardNumber": "4111111111111111", "note": "4111", "list": [{ "security-code": "123" }] },
        });
        assert_eq!(
            Value::Object(echoed(order.as_object().unwrap())),
            json!({ "order_id": "o1", "metadata": { "note": "4111", "list": [{}] } })
        );
    }
}

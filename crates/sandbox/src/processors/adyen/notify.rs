//! What the vendor tells of its own accord: items, each signed, one or several in a notification.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Brand;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::money::AmountBody;
use super::{Adyen, Caller, HMAC_KEY, MERCHANT_ACCOUNT};
use crate::processors::news::Notification;

/// What tells the vendor that a notification was taken.
const RECEIPT: &str = "[accepted]";
/// How long after the first time a modification's item is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// One piece of news.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub event_code: &'static str,
    pub success: bool,
    pub psp_reference: String,
    pub original_reference: Option<String>,
    pub merchant_reference: String,
    pub amount: Option<AmountBody>,
    pub payment_method: &'static str,
    pub reason: String,
    pub additional_data: Map<String, Value>,
}

/// The name notifications give a brand.
pub fn payment_method(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "visa",
        Brand::Mastercard => "mc",
        Brand::Amex => "amex",
        Brand::Elo => "elo",
        Brand::Jcb => "jcb",
        Brand::Diners => "diners",
        Brand::Discover => "discover",
        Brand::Carnet => "carnet",
        Brand::Other => "scheme",
    }
}

impl Item {
    /// What is signed: eight members, without any escaping.
    fn signed(&self, merchant_account: &str) -> String {
        let amount = self.amount.as_ref();
        [
            self.psp_reference.as_str(),
            self.original_reference.as_deref().unwrap_or_default(),
            merchant_account,
            &self.merchant_reference,
            &amount
                .map(|amount| amount.value().to_string())
                .unwrap_or_default(),
            amount.map_or("", AmountBody::currency),
            self.event_code,
            if self.success { "true" } else { "false" },
        ]
        .join(":")
    }

    fn document(&self, merchant_account: &str, key: &hmac::Key) -> Value {
        let tag = hmac::sign(key, self.signed(merchant_account).as_bytes());
        let mut additional_data = self.additional_data.clone();
        additional_data.insert("hmacSignature".into(), STANDARD.encode(tag).into());
        let now = OffsetDateTime::now_utc();
        let mut item = json!({
            "additionalData": additional_data,
            "amount": self.amount,
            "eventCode": self.event_code,
            "eventDate": now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default(),
            "merchantAccountCode": merchant_account,
            "merchantReference": self.merchant_reference,
            "paymentMethod": self.payment_method,
            "pspReference": self.psp_reference,
            "reason": self.reason,
            "success": if self.success { "true" } else { "false" },
        });
        if let Some(original) = &self.original_reference {
            item["originalReference"] = original.as_str().into();
        }
        json!({ "NotificationRequestItem": item })
    }
}

/// Tells of a payment, once.
pub fn of_payment(adyen: &Adyen, caller: &Caller, item: &Item) {
    let wait = adyen.processors.settings.asynchronous_after;
    send(adyen, caller, wait, &[item]);
}

/// Tells of a modification, and soon tells it again, then with what was told of the payment behind it.
pub fn of_modification(adyen: &Adyen, caller: &Caller, item: &Item, payment: &Item) {
    let wait = adyen.processors.settings.asynchronous_after;
    send(adyen, caller, wait, &[item]);
    send(adyen, caller, wait + AGAIN_AFTER, &[item, payment]);
}

/// Tells of something that came to pass without anybody asking for it.
pub fn at_once(adyen: &Adyen, caller: &Caller, item: &Item) {
    send(adyen, caller, Duration::ZERO, &[item]);
}

fn send(adyen: &Adyen, caller: &Caller, wait: Duration, items: &[&Item]) {
    let connection = &caller.connection;
    let (Some(url), Some(key)) = (
        connection.notification_url.clone(),
        connection.credential(HMAC_KEY).and_then(key),
    ) else {
        return;
    };
    let merchant_account = connection.credential(MERCHANT_ACCOUNT).unwrap_or_default();
    let items: Vec<Value> = items
        .iter()
        .map(|item| item.document(merchant_account, &key))
        .collect();
    let notification = Notification {
        url,
        body: json!({ "live": "false", "notificationItems": items })
            .to_string()
            .into_bytes(),
        headers: Box::new(|_| Vec::new()),
        receipt: RECEIPT,
    };
    adyen.processors.postman.post_after(wait, notification);
}

/// A key of hexadecimal digits.
fn key(digits: &str) -> Option<hmac::Key> {
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::{Amount, Currency};

    #[test]
    fn an_item_is_signed_over_its_eight_members() {
        let item = Item {
            event_code: "REFUND",
            success: false,
            psp_reference: "8836183819713099".into(),
            original_reference: Some("8836183819713023".into()),
            merchant_reference: "pay-0001-r1".into(),
            amount: Some(Amount::new(5_000, Currency::MXN).unwrap().into()),
            payment_method: "visa",
            ..Item::default()
        };
        assert_eq!(
            item.signed("ShopMX"),
            "8836183819713099:8836183819713023:ShopMX:pay-0001-r1:5000:MXN:REFUND:false"
        );
        let key = key("B7336B2370B271EDCB2D74332A3668FDAB3C88BF12A1A2359D5EA93DEBDF5BEC").unwrap();
        let document = item.document("ShopMX", &key);
        assert_eq!(
            document["NotificationRequestItem"]["additionalData"]["hmacSignature"],
            "bUwlSMdcgKYMaew/ZSd4rh0wppTvfPbkAZuY+CAVjys="
        );
    }
}

//! Notifications ("standard webhooks"): a body holds several items, each signed by itself. All are verified, then all are
//! read.

use super::{
    call::MERCHANT_ACCOUNT,
    codes::{self, Codes, Context},
    money::AmountBody,
    reply::MoreOfPayment,
};
use crate::reading::{lenient, shortened};
use acquiring::{
    About, Account, Approval, Decline, Initiator, InquiryAnswer, Notice, NotificationRefused, Reason, Says,
    SettlementInquiryAnswer, SettlementKind,
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use primitives::{Brand, Country};
use serde::Deserialize;

/// The key that signs what Adyen sends to us, as the hexadecimal digits that its console shows.
pub const HMAC_KEY: &str = "hmac_key";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    notification_items: Vec<Wrapper>,
}

#[derive(Deserialize)]
struct Wrapper {
    #[serde(rename = "NotificationRequestItem")]
    item: Item,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    event_code: String,
    success: String,
    psp_reference: String,
    #[serde(default)]
    original_reference: String,
    merchant_account_code: String,
    merchant_reference: String,
    amount: AmountBody,
    #[serde(default, deserialize_with = "lenient")]
    payment_method: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    reason: Option<String>,
    #[serde(default, rename = "additionalData", deserialize_with = "lenient")]
    more: Option<MoreOfPayment>,
}

/// Verifies every item of a notification, then reads them.
pub fn read(account: &Account, body: &[u8]) -> Result<Vec<Notice>, NotificationRefused> {
    use NotificationRefused::{BadSignature, Unreadable};
    let key = key(account).ok_or(BadSignature)?;
    let envelope: Envelope =
        serde_json::from_slice(body).map_err(|_| Unreadable("not the documented JSON"))?;
    let items: Vec<Item> = envelope
        .notification_items
        .into_iter()
        .map(|wrapper| wrapper.item)
        .collect();
    for item in &items {
        item.verify(&key)?;
    }
    if account
        .credentials
        .get(MERCHANT_ACCOUNT)
        .is_none_or(|ours| items.iter().any(|item| item.merchant_account_code != ours))
    {
        return Err(Unreadable("about another merchant account"));
    }
    items.iter().map(Item::notice).collect()
}

fn key(account: &Account) -> Option<hmac::Key> {
    let digits = account.credentials.get(HMAC_KEY)?;
    let bytes = unhex(digits).filter(|bytes| !bytes.is_empty())?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?))
        .collect()
}

impl Item {
    /// What is signed: eight members, without any escaping.
    fn signed(&self) -> String {
        [
            &self.psp_reference,
            &self.original_reference,
            &self.merchant_account_code,
            &self.merchant_reference,
            &self.amount.value.to_string(),
            &self.amount.currency,
            &self.event_code,
            &self.success,
        ]
        .map(String::as_str)
        .join(":")
    }

    /// Compares the signature in constant time.
    fn verify(&self, key: &hmac::Key) -> Result<(), NotificationRefused> {
        let tag = self
            .more
            .as_ref()
            .and_then(|more| more.hmac_signature.as_deref())
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or(NotificationRefused::BadSignature)?;
        hmac::verify(key, self.signed().as_bytes(), &tag).map_err(|_| NotificationRefused::BadSignature)
    }

    /// Text of `additionalData` that informs.
    fn told<'a>(&'a self, member: impl Fn(&'a MoreOfPayment) -> &'a Option<String>) -> Option<&'a str> {
        member(self.more.as_ref()?)
            .as_deref()
            .filter(|text| !text.is_empty())
    }

    fn succeeded(&self) -> Result<bool, NotificationRefused> {
        match self.success.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(NotificationRefused::Unreadable(
                "success is neither true nor false",
            )),
        }
    }

    fn notice(&self) -> Result<Notice, NotificationRefused> {
        let settlement = |kind, done: bool| self.settlement(kind, done);
        let about = match self.event_code.as_str() {
            "AUTHORISATION" => self.charge()?,
            "CAPTURE" => settlement(SettlementKind::Capture, self.succeeded()?),
            "CAPTURE_FAILED" => settlement(SettlementKind::Capture, false),
            "CANCELLATION" | "CANCEL_OR_REFUND" => settlement(SettlementKind::Void, self.succeeded()?),
            "REFUND" => settlement(SettlementKind::Refund, self.succeeded()?),
            "REFUND_FAILED" | "REFUNDED_REVERSED" => settlement(SettlementKind::Refund, false),
            // Repeats our reference of the payment, not that of the reversal.
            "TECHNICAL_CANCEL" => About::Reversal {
                charge_reference: self.merchant_reference.clone(),
                done: self.succeeded()?,
            },
            "EXPIRE" if self.succeeded()? => About::Expiry {
                charge_reference: self.merchant_reference.clone(),
            },
            other => About::Other(shortened(other)),
        };
        let identity = [&self.event_code, &self.psp_reference, &self.success];
        Ok(Notice {
            identity: identity.map(String::as_str).join(" "),
            about,
        })
    }

    fn charge(&self) -> Result<About, NotificationRefused> {
        let says = if self.succeeded()? {
            InquiryAnswer::Approved(self.approval()?)
        } else {
            InquiryAnswer::Declined(self.decline(Reason::Unknown))
        };
        Ok(About::Charge {
            reference: self.merchant_reference.clone(),
            says: Says::Outcome(says),
        })
    }

    fn settlement(&self, kind: SettlementKind, done: bool) -> About {
        let processor_reference = Some(self.psp_reference.clone()).filter(|id| !id.is_empty());
        let says = if done {
            SettlementInquiryAnswer::Done {
                processor_reference: processor_reference.clone(),
            }
        } else {
            SettlementInquiryAnswer::Refused(self.decline(Reason::InvalidState))
        };
        About::Settlement {
            kind,
            reference: Some(self.merchant_reference.clone()).filter(|reference| !reference.is_empty()),
            processor_reference,
            says: Says::Outcome(says),
        }
    }

    fn approval(&self) -> Result<Approval, NotificationRefused> {
        use NotificationRefused::Unreadable;
        if self.psp_reference.is_empty() {
            return Err(Unreadable("no pspReference"));
        }
        // A card's reason is `874574:1935:11/2030`: approval code, last four digits, expiry.
        let code_of_reason = self.reason.as_deref().and_then(|reason| reason.split(':').next());
        let code = self.told(|more| &more.auth_code).or(code_of_reason);
        Ok(Approval {
            processor_reference: self.psp_reference.clone(),
            approval_code: code.filter(|code| !code.is_empty()).map(shortened),
            response_code: self
                .told(|more| &more.refusal_reason_raw)
                .and_then(codes::issuer_code)
                .map(str::to_owned),
            amount: self.amount.read().ok_or(Unreadable("no amount"))?,
            network_transaction_id: self.told(|more| &more.network_tx_reference).map(shortened),
            issuer_bank: self.told(|more| &more.card_issuing_bank).map(shortened),
            issuer_country: self
                .told(|more| &more.card_issuing_country)
                .and_then(|country| Country::parse(country).ok()),
        })
    }

    fn decline(&self, otherwise: Reason) -> Decline {
        let context = Context {
            brand: self.brand(),
            // What the charge carried is not repeated; an issuer's 65 is then a limit.
            fully_authenticated: true,
            initiator: Initiator::Customer,
        };
        let text = self.reason.as_deref().filter(|text| !text.is_empty());
        let codes = Codes {
            refusal: text.and_then(codes::code_of_text),
            issuer_raw: self.told(|more| &more.refusal_reason_raw),
            merchant_advice: self.told(|more| &more.merchant_advice_code),
        };
        let (reason, advice) = codes::read(&codes, &context, otherwise);
        Decline {
            reason,
            advice,
            raw_code: codes
                .issuer_raw
                .and_then(codes::issuer_code)
                .or(codes.refusal)
                .or(Some(self.event_code.as_str()))
                .map(shortened),
            raw_message: codes.issuer_raw.or(text).map(shortened),
            network_advice: codes.merchant_advice.map(shortened),
            processor_reference: Some(self.psp_reference.clone()).filter(|id| !id.is_empty()),
            leaves_hold: false,
        }
    }

    fn brand(&self) -> Option<Brand> {
        match self.payment_method.as_deref()? {
            "visa" => Some(Brand::Visa),
            "mc" => Some(Brand::Mastercard),
            "amex" => Some(Brand::Amex),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! An order: what a shopper is to pay, and how far that has come.

use crate::{payment::Payment, refusal::RefusalCode};
use acquiring::{Address, Shopper};
use primitives::{Amount, Country, Email, HttpUrl, Id, id::kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// How many payments one order may see before it is closed to more.
pub const PAYMENTS_MAX: u16 = 10;

/// Where the shopper's browser goes when the payment ends, by how it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Callbacks {
    pub on_success: Option<HttpUrl>,
    pub on_reject: Option<HttpUrl>,
    pub on_canceled: Option<HttpUrl>,
    pub on_failed: Option<HttpUrl>,
    /// For every end that has none of its own.
    pub any: Option<HttpUrl>,
}

impl Callbacks {
    /// These callbacks, with the gaps filled from the order's own redirect URLs.
    pub fn or(self, other: Callbacks) -> Callbacks {
        // A catch-all given with the purchase goes before anything the order says.
        if self.any.is_some() {
            return self;
        }
        Callbacks {
            on_success: self.on_success.or(other.on_success),
            on_reject: self.on_reject.or(other.on_reject),
            on_canceled: self.on_canceled.or(other.on_canceled),
            on_failed: self.on_failed.or(other.on_failed),
            any: other.any,
        }
    }
}

/// Whose numbering an order's reference is of. Of the orders that share a reference within one numbering only one is paid;
/// two numberings have nothing to do with each other, even where both are of one merchant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Numbering {
    /// The merchant's own, by the orders API.
    #[default]
    Merchant,
    /// That of the account of DirectLink with this name (`PSPID`).
    DirectLink(String),
}

impl Numbering {
    /// The numbering of that name, which is empty for the merchant's own.
    pub fn named(name: String) -> Self {
        if name.is_empty() {
            Self::Merchant
        } else {
            Self::DirectLink(name)
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Merchant => "",
            Self::DirectLink(pspid) => pspid,
        }
    }
}

/// A checked request to create an order.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The merchant's own order id; made by us when absent.
    pub reference: Option<String>,
    /// Whose numbering that is.
    pub numbering: Numbering,
    /// `DEUNA_NOW`, `DEUNA_CHECKOUT`, … with underscores.
    pub order_type: String,
    pub amount: Amount,
    pub store_code: String,
    /// The order as it is echoed, defaults filled in. Holds no card data.
    pub details: Map<String, Value>,
    /// `webhook_urls.notify_order`.
    pub notify_url: Option<HttpUrl>,
    /// From `redirect_url` and `redirect_urls`.
    pub callbacks: Callbacks,
    pub payer_email: Option<Email>,
}

/// Whether the order can still be paid, apart from its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    Open,
    Cancelled,
    Expired,
}

/// An order with its latest payment.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: Id<kind::Order>,
    pub merchant: Id<kind::Merchant>,
    pub reference: String,
    pub numbering: Numbering,
    pub order_type: String,
    pub amount: Amount,
    pub store_code: String,
    pub details: Map<String, Value>,
    pub notify_url: Option<HttpUrl>,
    pub callbacks: Callbacks,
    pub payer_email: Option<Email>,
    pub lifecycle: Lifecycle,
    /// How many payments there have been, the latest included.
    pub payments: u16,
    pub payment: Option<Payment>,
    /// Counts the recorded steps; a step commits only on the version it was decided on.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl Order {
    /// The order as first recorded.
    pub fn open(
        id: Id<kind::Order>,
        merchant: Id<kind::Merchant>,
        new: NewOrder,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            merchant,
            // The merchant's reference must not be empty towards processors; the token is unique already.
            reference: new.reference.unwrap_or_else(|| id.to_string()),
            numbering: new.numbering,
            order_type: new.order_type,
            amount: new.amount,
            store_code: new.store_code,
            details: new.details,
            notify_url: new.notify_url,
            callbacks: new.callbacks,
            payer_email: new.payer_email,
            lifecycle: Lifecycle::Open,
            payments: 0,
            payment: None,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The order's own `billing_address` or `shipping_address`, which was checked when the order was created.
    pub fn address(&self, member: &str) -> Option<Address> {
        let address = self.details.get(member)?.as_object()?;
        let text = |names: [&str; 2]| {
            names.iter().find_map(|name| match address.get(*name)? {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        Some(Address {
            line1: text(["address1", "address1"]),
            line2: text(["address2", "address2"]),
            city: text(["city", "city"]),
            state: text(["state_code", "state_name"]),
            zip: text(["zipcode", "zip"]),
            country: text(["country_code", "country"]).and_then(|country| Country::parse(&country).ok()),
        })
    }

    /// Who is billed, as far as the order itself says.
    pub fn shopper(&self) -> Shopper {
        let billing = self.details.get("billing_address");
        let text = |name: &str| {
            let found = billing
                .and_then(|address| address.get(name))
                .and_then(Value::as_str);
            found.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Shopper {
            email: self
                .payer_email
                .clone()
                .or_else(|| text("email").and_then(|email| Email::parse(&email).ok())),
            first_name: text("first_name"),
            last_name: text("last_name"),
            phone: text("phone"),
            identity_document: text("identity_document"),
            ip_address: None,
        }
    }

    /// Why no new payment can start on this order now, if so.
    pub fn closed_to_payments(&self) -> Option<RefusalCode> {
        match self.lifecycle {
            Lifecycle::Cancelled => return Some(RefusalCode::StatusNotValidForTransition),
            Lifecycle::Expired => return Some(RefusalCode::OrderExpired),
            Lifecycle::Open => {}
        }
        match &self.payment {
            Some(payment) if payment.state.is_paid() => Some(RefusalCode::OrderAlreadyProcessed),
            Some(payment) if payment.state.is_open() => Some(RefusalCode::TransactionInProcess),
            _ if self.payments >= PAYMENTS_MAX => Some(RefusalCode::AttemptsExceeded),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Numbering;
    use crate::decide::testing::new_order;
    use primitives::Country;
    use serde_json::json;

    #[test]
    fn an_order_s_own_address_serves_a_purchase_that_brings_none() {
        let mut order = new_order();
        let billing = json!({ "address1": "Reforma 1", "zipcode": 6600, "state_name": "", "country_code": "MX",
            "first_name": "Ana", "phone": "+525512345678", "email": "ana@example.com" });
        order.details.insert("billing_address".into(), billing);
        let address = order.address("billing_address").unwrap();
        assert_eq!(
            (address.line1.as_deref(), address.zip.as_deref()),
            (Some("Reforma 1"), Some("6600"))
        );
        assert_eq!(
            (address.state, address.country),
            (None, Country::parse("MX").ok())
        );
        assert_eq!(order.shopper().phone.as_deref(), Some("+525512345678"));
        assert!(order.shopper().email.is_some());
        assert!(order.address("shipping_address").is_none());
    }

    #[test]
    fn a_numbering_is_read_back_from_its_name() {
        for numbering in [Numbering::Merchant, Numbering::DirectLink("MyPSPID".into())] {
            assert_eq!(Numbering::named(numbering.name().to_owned()), numbering);
        }
        assert_eq!(Numbering::default().name(), "");
    }
}

//! What a purchase call asks for, checked at the door.

use crate::{
    order::{Callbacks, NewOrder},
    three_ds::ThreeDs,
};
use acquiring::{Address, CardholderAuthentication, Initiator, Shopper, StoredCredential};
use primitives::{Card, HttpUrl, Id, id::kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which call began the purchase. They differ in how a refusal is answered, and DirectLink in what is told afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseApi {
    V1,
    V2,
    /// An order of the form-encoded protocol.
    DirectLink,
}

/// The order to be paid: one that exists, or one created by the same call.
#[derive(Debug, Clone)]
pub enum PurchaseTarget {
    Existing(Id<kind::Order>),
    New(Box<NewOrder>),
}

/// Where the card was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Market {
    Ecommerce,
    /// Mail order or telephone order: no cardholder in front of a browser.
    Moto,
}

/// A checked purchase. Holds card data, so it is neither stored nor shown as a whole.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub api: PurchaseApi,
    pub target: PurchaseTarget,
    /// `credit_card` or `debit_card`.
    pub method_type: String,
    pub store_code: Option<String>,
    /// Forces a processor instead of routing.
    pub processor_name: Option<String>,
    pub card: Card,
    pub shopper: Shopper,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    /// Monthly instalments; 1 for none.
    pub installments: u8,
    /// `Some(false)` holds the money only, `Some(true)` takes it, overriding the connection's operation.
    pub capture: Option<bool>,
    pub callbacks: Callbacks,
    /// Overrides the order's own webhook target.
    pub notify_url: Option<HttpUrl>,
    pub browser: Option<Browser>,
    pub initiator: Initiator,
    pub market: Market,
    /// What the charge is, where the merchant keeps the card.
    pub stored_credential: Option<StoredCredential>,
    /// The outcome of a 3-D Secure made elsewhere (`secure_authentication`).
    pub external_authentication: Option<CardholderAuthentication>,
    /// What it wants of 3-D Secure, as far as it says.
    pub three_ds: ThreeDs,
    pub device_id: Option<String>,
    pub session_id: Option<String>,
    pub metadata: Option<Value>,
    /// How many payments may be tried under the order's number, this one included, where a shopper tries again on our page.
    pub tries_max: Option<u8>,
    /// In which language our pages speak to the shopper, as `en_US`, where the merchant says.
    pub language: Option<String>,
}

/// What is known of the cardholder's browser (emv-3ds section 4.5). From the merchant's call, or collected by our own
/// page, which then has all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Browser {
    pub accept_header: Option<String>,
    pub user_agent: Option<String>,
    pub ip_address: Option<String>,
    pub language: Option<String>,
    pub color_depth: Option<u32>,
    pub screen_height: Option<u32>,
    pub screen_width: Option<u32>,
    /// Minutes, positive when local time is behind UTC, as `Date.getTimezoneOffset` says.
    pub time_zone: Option<i32>,
    pub java_enabled: Option<bool>,
    pub javascript_enabled: Option<bool>,
}

impl Browser {
    /// Whether an AReq for the browser channel can be made of this without asking the browser. A browser without
    /// JavaScript cannot tell its screen, so it is complete without.
    pub fn is_complete(&self) -> bool {
        let by_header = self.user_agent.is_some() && self.accept_header.is_some() && self.language.is_some();
        let by_script = self.color_depth.is_some()
            && self.screen_height.is_some()
            && self.screen_width.is_some()
            && self.time_zone.is_some();
        by_header && (by_script || self.javascript_enabled == Some(false))
    }

    /// This browser's data with the gaps filled from another view of the same browser.
    pub fn or(self, other: Browser) -> Browser {
        Browser {
            accept_header: self.accept_header.or(other.accept_header),
            user_agent: self.user_agent.or(other.user_agent),
            ip_address: self.ip_address.or(other.ip_address),
            language: self.language.or(other.language),
            color_depth: self.color_depth.or(other.color_depth),
            screen_height: self.screen_height.or(other.screen_height),
            screen_width: self.screen_width.or(other.screen_width),
            time_zone: self.time_zone.or(other.time_zone),
            java_enabled: self.java_enabled.or(other.java_enabled),
            javascript_enabled: self.javascript_enabled.or(other.javascript_enabled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Browser {
        Browser {
            accept_header: Some("*/*".into()),
            user_agent: Some("Test".into()),
            language: Some("es-MX".into()),
            color_depth: Some(24),
            screen_height: Some(800),
            screen_width: Some(600),
            time_zone: Some(360),
            ..Browser::default()
        }
    }

    #[test]
    fn a_browser_without_script_is_complete_without_a_screen() {
        assert!(whole().is_complete());
        let gap = Browser {
            screen_width: None,
            ..whole()
        };
        assert!(!gap.is_complete());
        assert!(
            Browser {
                javascript_enabled: Some(false),
                ..gap.clone()
            }
            .is_complete()
        );
        assert!(gap.or(whole()).is_complete());
    }
}

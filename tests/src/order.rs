//! An order as its merchant reads it.

use std::fmt;

use serde_json::Value;

/// An order document, from any of the answers that carry one.
#[derive(Clone, PartialEq, Eq)]
pub struct Order(Value);

impl Order {
    /// The order in an answer of create, get or purchase, or in a V1 error's `data`.
    pub fn of(answer: &Value) -> Self {
        let order = [answer.get("order"), answer.get("data")]
            .into_iter()
            .flatten()
            .find(|order| order.is_object());
        Self(order.unwrap_or_else(|| panic!("no order in {answer}")).clone())
    }

    /// The whole document.
    pub fn document(&self) -> &Value {
        &self.0
    }

    /// Any member by its JSON pointer, `null` when absent.
    pub fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A text member by its pointer, empty when absent.
    pub fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// `order.status`.
    pub fn status(&self) -> &str {
        self.text("/status")
    }

    /// `payment.data.status`.
    pub fn payment_status(&self) -> &str {
        self.text("/payment/data/status")
    }

    /// Both statuses.
    pub fn statuses(&self) -> (&str, &str) {
        (self.status(), self.payment_status())
    }

    /// `payment.data.metadata.code`.
    pub fn code(&self) -> &str {
        self.text("/payment/data/metadata/code")
    }

    /// The merchant's own id.
    pub fn reference(&self) -> &str {
        self.text("/order_id")
    }

    /// The token; empty in the answer of create, where it is at the root.
    pub fn token(&self) -> &str {
        self.text("/token")
    }

    /// The fingerprint of the state.
    pub fn hash_state(&self) -> &str {
        self.text("/hash_state")
    }

    /// A member of the result of 3-D Secure.
    pub fn three_ds(&self, member: &str) -> &Value {
        self.at(&format!("/payment/data/three_ds/{member}"))
    }

    /// Where the cardholder has to go.
    pub fn page_url(&self) -> Option<&str> {
        self.at("/payment/data/next_action/authorization_3ds/url")
            .as_str()
    }

    /// Whether nothing is on its way any more: paid, refused, cancelled or expired.
    pub fn is_over(&self) -> bool {
        self.status() != "pending" || self.payment_status() == "denied"
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} {} {}",
            self.reference(),
            self.status(),
            self.payment_status(),
            self.code()
        )
    }
}

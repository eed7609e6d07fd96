//! What the shop shows of an order.

use serde::Serialize;
use serde_json::Value;

/// The state of an order in the shop's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// The merchant's reference.
    pub order_id: String,
    /// The gateway's token.
    pub token: String,
    /// `order.status`.
    pub status: String,
    /// `payment.data.status`.
    pub payment_status: String,
    /// One line for the shopper.
    pub headline: &'static str,
    /// `good`, `bad` or `open`.
    pub mood: &'static str,
    /// `order.display_total_amount`.
    pub amount: String,
    /// `payment.data.processor`.
    pub processor: String,
    /// `payment.data.metadata.code`.
    pub code: String,
    /// `payment.data.reason`, or the metadata's.
    pub reason: String,
    /// How the cardholder was authenticated.
    pub flow: String,
    /// `eci` of the authentication.
    pub eci: String,
    /// Whether liability has shifted to the issuer, `true` or `false` where it was decided.
    pub liability_shift: String,
    /// What the issuer says to the shopper.
    pub issuer_text: String,
    /// The authentication, for the message viewer.
    pub authentication: String,
    /// To wait for the next state.
    pub hash_state: String,
}

impl OrderView {
    /// Reads an order document, or the answer of Get Order around it. Whatever is missing stays empty.
    pub fn of(answer: &Value) -> Self {
        let order = answer.get("order").unwrap_or(answer);
        let text = |pointer: &str| match order.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let first = |pointers: [&str; 2]| {
            pointers
                .iter()
                .map(|pointer| text(pointer))
                .find(|text| !text.is_empty())
                .unwrap_or_default()
        };
        let (status, payment_status) = (text("/status"), text("/payment/data/status"));
        let flow = text("/payment/data/three_ds/flow");
        let (headline, mood) = headline(&status, &payment_status, &flow);
        Self {
            order_id: text("/order_id"),
            token: first(["/token", "/payment/data/order_token"]),
            headline,
            mood,
            amount: text("/display_total_amount"),
            processor: text("/payment/data/processor"),
            code: text("/payment/data/metadata/code"),
            reason: first(["/payment/data/reason", "/payment/data/metadata/reason"]),
            flow,
            issuer_text: text("/payment/data/three_ds/cardholder_info"),
            eci: text("/payment/data/three_ds/eci"),
            liability_shift: text("/payment/data/three_ds/liability_shift"),
            authentication: text("/payment/data/three_ds/three_ds_server_trans_id"),
            hash_state: text("/hash_state"),
            status,
            payment_status,
        }
    }
}

fn headline(status: &str, payment_status: &str, flow: &str) -> (&'static str, &'static str) {
    if payment_status == "pending_3ds" && flow == "decoupled" {
        return ("Esperando tu confirmación en la app del banco", "open");
    }
    match (status, payment_status) {
        ("succeeded", "authorized") => ("Pago autorizado", "good"),
        ("succeeded", _) => ("Pago aprobado", "good"),
        ("refund", _) => ("Devolución en curso", "good"),
        ("cancelled", "refunded") => ("Pago devuelto", "good"),
        ("cancelled", _) => ("Pedido cancelado", "bad"),
        ("expired", _) => ("El pedido ha vencido", "bad"),
        (_, "denied") => ("Pago rechazado", "bad"),
        (_, "pending_3ds") => ("Esperando la verificación del banco", "open"),
        (_, "") => ("El pedido todavía no tiene pago", "open"),
        (_, _) => ("Procesando el pago…", "open"),
    }
}

/// Where the shopper must go before the payment can go on.
pub fn next_action(order: &Value) -> Option<&str> {
    order
        .pointer("/payment/data/next_action/authorization_3ds/url")
        .and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_is_read_with_and_without_the_answer_around_it() {
        let order = json!({
            "order_id": "SHOP-1",
            "token": "t",
            "status": "pending",
            "hash_state": "h",
            "payment": { "data": {
                "status": "denied",
                "metadata": { "code": "DEUNA_3DS.TIME_EXPIRED" },
                "three_ds": { "eci": "07", "liability_shift": false },
            } },
        });
        let view = OrderView::of(&json!({ "token": "t", "order": order.clone() }));
        assert_eq!(view, OrderView::of(&order));
        assert_eq!((view.headline, view.mood), ("Pago rechazado", "bad"));
        assert_eq!(
            (view.code.as_str(), view.liability_shift.as_str()),
            ("DEUNA_3DS.TIME_EXPIRED", "false")
        );
        assert_eq!(next_action(&order), None);
    }

    #[test]
    fn an_order_that_waits_for_the_bank_s_app_says_so_and_leads_nowhere() {
        let order = json!({ "payment": { "data": {
            "status": "pending_3ds",
            "three_ds": { "flow": "decoupled", "cardholder_info": "Confirma en la app" },
        } } });
        let view = OrderView::of(&order);
        assert_eq!(view.headline, "Esperando tu confirmación en la app del banco");
        assert_eq!(
            (view.mood, view.issuer_text.as_str()),
            ("open", "Confirma en la app")
        );
        assert_eq!(next_action(&order), None);
    }

    #[test]
    fn an_order_of_which_nothing_is_known_is_open() {
        assert_eq!(OrderView::of(&Value::Null).mood, "open");
    }
}

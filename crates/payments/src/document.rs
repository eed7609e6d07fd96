//! The order document: what Get Order answers, purchases answer, and webhooks carry (deuna-api.md section 4).
//!
//! Written once per change and passed on as text. `hash_state` is a fingerprint of everything in it but display strings,
//! timestamps and the delivery log, so that a waiting client is not woken by those.

mod settlements;

use crate::{
    attempt::Outcome,
    order::Order,
    payment::{Authenticated, AuthenticationStage, Closed, Payment, PaymentState},
    status::{self, Announcement, MerchantStatus},
};
use acquiring::Exemption;
use aws_lc_rs::digest;
use primitives::{Amount, Id, id::kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// An order as merchants see it. Written to a record and read back, it gives the same answer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDocument {
    token: Id<kind::Order>,
    order_type: String,
    reference: String,
    order_status: String,
    payment_status: Option<String>,
    code: Option<String>,
    reason: Option<String>,
    hash_state: String,
    json: String,
}

impl OrderDocument {
    /// Writes the document of an order, with the delivery log's entries where the reader asked for them.
    pub fn of(order: &Order, addresses: &Addresses, hooks: Vec<Value>) -> Self {
        let told = order.payment.as_ref().map_or((None, None), code_and_reason);
        Self::write(order, addresses, hooks, status::of(order), told)
    }

    /// Writes the document of an order as its webhook carries it. A refund that came to nothing is told as the payment's
    /// status once, though the payment is what it was before.
    pub fn announcing(order: &Order, addresses: &Addresses, announcement: &Announcement) -> Self {
        let words = status::of(order);
        if words.payment == announcement.payment_status {
            return Self::of(order, addresses, Vec::new());
        }
        let words = MerchantStatus {
            payment: announcement.payment_status,
            ..words
        };
        let told = order
            .payment
            .as_ref()
            .and_then(settlements::latest_failure)
            .map_or((None, None), |failure| {
                (Some(failure.code.to_owned()), Some(failure.reason))
            });
        Self::write(order, addresses, Vec::new(), words, told)
    }

    fn write(
        order: &Order,
        addresses: &Addresses,
        hooks: Vec<Value>,
        words: MerchantStatus,
        (code, reason): (Option<String>, Option<String>),
    ) -> Self {
        let mut body = order.details.clone();
        body.insert("order_id".into(), json!(order.reference));
        body.insert("token".into(), json!(order.id));
        body.insert("store_code".into(), json!(order.store_code));
        body.insert("currency".into(), json!(order.amount.currency()));
        body.insert("status".into(), json!(words.order));
        body.insert("payment_status".into(), json!(words.payment.unwrap_or_default()));
        body.insert("payment_link".into(), json!(addresses.payment_link(order.id)));
        body.insert("user_id".into(), json!(""));
        let data = order
            .payment
            .as_ref()
            .map(|payment| payment_data(order, payment, words.payment, (&code, &reason), addresses));
        body.insert(
            "payment_method".into(),
            json!(order.payment.as_ref().map(|payment| &payment.terms.method_type)),
        );
        body.insert(
            "transaction_id".into(),
            json!(order.payment.as_ref().map(|payment| payment.id)),
        );
        let error = match (words.payment, &code, &reason) {
            (Some("denied"), Some(code), Some(reason)) => json!({ "code": code, "description": reason }),
            _ => Value::Null,
        };
        body.insert(
            "payment".into(),
            json!({ "data": data.unwrap_or_else(|| json!({})), "error": error }),
        );

        let hash_state = fingerprint(&Value::Object(body.clone()).to_string());
        body.insert("hash_state".into(), json!(hash_state));
        body.insert("hooks".into(), Value::Array(hooks));
        body.insert("created_at".into(), rfc3339(order.created_at));
        body.insert("updated_at".into(), rfc3339(order.updated_at));
        body.insert("deleted_at".into(), Value::Null);
        add_display_strings(&mut body, order.amount);
        if let (Some(payment), Some(data)) = (
            &order.payment,
            body.get_mut("payment")
                .and_then(|payment| payment.get_mut("data")),
        ) {
            data["created_at"] = rfc3339(payment.created_at);
            data["updated_at"] = rfc3339(payment.updated_at);
            settlements::add_times(payment, data);
        }
        Self {
            token: order.id,
            order_type: order.order_type.clone(),
            reference: order.reference.clone(),
            order_status: words.order.to_owned(),
            payment_status: words.payment.map(str::to_owned),
            code,
            reason,
            hash_state,
            json: Value::Object(body).to_string(),
        }
    }

    /// The `Order` object as JSON text, ready to be put into an answer.
    pub fn as_json(&self) -> &str {
        &self.json
    }

    pub fn token(&self) -> Id<kind::Order> {
        self.token
    }

    /// `DEUNA_NOW`, `DEUNA_CHECKOUT`, …
    pub fn order_type(&self) -> &str {
        &self.order_type
    }

    /// The merchant's own order id.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    pub fn order_status(&self) -> &str {
        &self.order_status
    }

    pub fn payment_status(&self) -> Option<&str> {
        self.payment_status.as_deref()
    }

    /// `payment.data.metadata.code`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// 32 hexadecimal digits that change when, and only when, the order's state does.
    pub fn hash_state(&self) -> &str {
        &self.hash_state
    }
}

/// Where our pages are, for the links a document carries.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Public base address of this gateway, without a trailing slash.
    pub public_url: String,
}

impl Addresses {
    /// The hosted 3-D Secure page.
    pub fn challenge_page(&self, token: &str) -> String {
        format!("{}/transactions/view_challenge?token={token}", self.public_url)
    }

    fn payment_link(&self, order: Id<kind::Order>) -> String {
        format!("{}/now/{order}", self.public_url)
    }
}

fn payment_data(
    order: &Order,
    payment: &Payment,
    status: Option<&'static str>,
    (code, reason): (&Option<String>, &Option<String>),
    addresses: &Addresses,
) -> Value {
    let text = |told: &Option<String>| told.clone().unwrap_or_default();
    let mut data = json!({
        "id": payment.id,
        "status": status,
        "processor": processor(payment),
        "method_type": payment.terms.method_type,
        "reason": text(reason),
        "amount": { "amount": payment.amount.minor(), "currency": payment.amount.currency() },
        "customer": {
            "id": "",
            "email": payment.terms.shopper.email.as_ref().map_or("", |email| email.as_str()),
        },
        "merchant": { "id": order.merchant, "store_code": order.store_code },
        "from_card": {
            "card_brand": payment.card.brand.as_str(),
            "first_six": payment.card.first_six,
            "last_four": payment.card.last_four,
            "card_holder": payment.card.holder,
            "bank": payment.card.issuer_bank.as_deref().unwrap_or_default(),
            "country_iso": payment.card.issuer_country.map_or("", |country| country.alpha2()),
        },
        "external_transaction_id": external_transaction_id(payment),
        "installments": payment.terms.installments,
        "authentication_method": if payment.authentication.is_some() { "3DS2" } else { "" },
        "metadata": {
            "code": text(code),
            "status": status,
            "reason": text(reason),
        },
    });
    if let (Some("pending_3ds"), PaymentState::Authenticating(now)) = (status, &payment.state) {
        match &now.stage {
            AuthenticationStage::Requesting | AuthenticationStage::WithCardholder => {
                let url = addresses.challenge_page(&now.page_token);
                data["authorization_3ds"] = json!({ "version": "3DS2", "url_challenge": url });
                data["next_action"] = json!({ "authorization_3ds": { "url": url } });
            }
            // There is nothing to open: the issuer comes to the cardholder.
            AuthenticationStage::Decoupled(decoupled) => {
                data["three_ds"] = json!({
                    "flow": "decoupled",
                    "cardholder_info": decoupled.cardholder_info,
                    "decoupled_until": rfc3339(decoupled.until),
                });
            }
        }
    }
    if let PaymentState::Authorized(paid) = &payment.state {
        data["authorization_code"] = json!(paid.approval.approval_code);
        if let Some(id) = &paid.approval.network_transaction_id {
            data["network_transaction_id"] = json!(id);
        }
        data["captured_amount"] = json!(paid.totals.captured().minor());
        data["refunded_amount"] = json!(paid.totals.refunded().minor());
        data["settlements"] = settlements::of(paid);
    }
    data["attempts"] = payment.history.attempts_as_json();
    if let Some(reuse) = payment.history.reuse_as_json() {
        data["three_ds_reuse"] = reuse;
    }
    if let Some(authenticated) = &payment.authentication {
        data["three_ds"] = three_ds(authenticated);
    }
    if let Some(exemption) = claimed_exemption(payment) {
        data["three_ds"]["exemption"] = json!(exemption);
    }
    data
}

/// The ground that the charge on its way, or the one that was approved, gave for going without authentication.
fn claimed_exemption(payment: &Payment) -> Option<Exemption> {
    match &payment.state {
        PaymentState::Authorizing(attempt) => attempt.exemption,
        PaymentState::Authorized(paid) => paid.exemption,
        PaymentState::Authenticating(_) | PaymentState::Closed(_) => None,
    }
}

fn three_ds(authenticated: &Authenticated) -> Value {
    let values = &authenticated.values;
    let mut block = json!({
        "version": values.version,
        "eci": values.eci,
        "cavv": values.authentication_value,
        "ds_trans_id": values.ds_trans_id,
        "acs_trans_id": values.acs_trans_id,
        "three_ds_server_trans_id": authenticated.three_ds_server_trans_id,
        "trans_status": values.trans_status,
        "trans_status_reason": authenticated.trans_status_reason,
        "flow": authenticated.flow,
        "liability_shift": values.liability_shift,
    });
    if let Some(text) = &authenticated.cardholder_info {
        block["cardholder_info"] = json!(text);
    }
    block
}

/// `payment.data.metadata.code` and its text.
fn code_and_reason(payment: &Payment) -> (Option<String>, Option<String>) {
    let pair = |code: &str, reason: &str| (Some(code.to_owned()), Some(reason.to_owned()));
    match &payment.state {
        PaymentState::Authenticating(now) => match &now.stage {
            AuthenticationStage::Requesting => (None, None),
            AuthenticationStage::WithCardholder => pair("DP-7028", "waiting for 3DS authentication"),
            AuthenticationStage::Decoupled(_) => {
                pair("DP-7028", "waiting for the issuer to authenticate the cardholder")
            }
        },
        PaymentState::Authorizing(attempt) => match attempt.outcome {
            Outcome::Sending => (None, None),
            Outcome::Unknown { .. } => pair("DP-6003", "the processor's answer is not known yet"),
            Outcome::Awaited { .. } => (None, Some("the processor has not decided yet".to_owned())),
            Outcome::Reversing { .. } => pair(
                "DP-6003",
                "the processor's answer is not known; the charge is being taken back",
            ),
        },
        PaymentState::Authorized(paid) if paid.has_expired() => {
            (None, Some("the authorisation has expired".to_owned()))
        }
        PaymentState::Authorized(_) | PaymentState::Closed(Closed::Cancelled) => (None, None),
        PaymentState::Closed(Closed::Denied(denial)) => pair(&denial.code, &denial.reason),
    }
}

fn processor(payment: &Payment) -> &str {
    match &payment.state {
        PaymentState::Authorizing(attempt) => payment
            .routes
            .get(attempt.route)
            .map_or("", |route| route.processor.as_str()),
        PaymentState::Authorized(paid) => &paid.processor,
        PaymentState::Closed(Closed::Denied(denial)) => denial.processor.as_deref().unwrap_or_default(),
        PaymentState::Authenticating(_) | PaymentState::Closed(Closed::Cancelled) => "",
    }
}

fn external_transaction_id(payment: &Payment) -> &str {
    match &payment.state {
        PaymentState::Authorized(paid) => &paid.approval.processor_reference,
        PaymentState::Authorizing(attempt) => attempt.processor_reference().unwrap_or_default(),
        PaymentState::Authenticating(_) | PaymentState::Closed(_) => "",
    }
}

const DISPLAYED: [&str; 8] = [
    "sub_total",
    "total_amount",
    "items_total_amount",
    "shipping_amount",
    "shipping_tax_amount",
    "tax_amount",
    "total_tax_amount",
    "total_discount",
];

/// `display_total_amount: "MXN 10.00"` and its like.
fn add_display_strings(body: &mut Map<String, Value>, total: Amount) {
    for name in DISPLAYED {
        let amount = match body.get(name) {
            Some(Value::Number(number)) => Amount::from_json_number(number, total.currency()).ok(),
            _ => None,
        };
        if let Some(amount) = amount {
            body.insert(format!("display_{name}"), json!(amount.to_string()));
        }
    }
}

fn fingerprint(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// RFC 3339 in UTC. A time that cannot be written so (after the year 9999) is left out.
fn rfc3339(at: OffsetDateTime) -> Value {
    at.format(&Rfc3339).map_or(Value::Null, Value::String)
}

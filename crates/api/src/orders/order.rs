//! The `order` object of Create Order and of a one-step purchase (deuna-api.md section 3.1).
//!
//! What the rules need is read into values; the rest is echoed, so its known members are checked for type and size and
//! nothing more: DEUNA's clients differ in the details, and new members may appear at any time.

use crate::orders::{
    address::{self, Resident},
    callbacks,
    echo::{self, echoed},
    fields::Fields,
};
use payments::{NewOrder, Numbering};
use primitives::{Amount, Currency, Email, HttpUrl, UrlPolicy};
use serde_json::Value;

pub const STORE_CODE_MAX_CHARACTERS: usize = 64;
const ORDER_ID_MAX_CHARACTERS: usize = 128;
const TEXT_MAX_CHARACTERS: usize = 255;
const LONG_TEXT_MAX_CHARACTERS: usize = 4000;
const URL_MAX_CHARACTERS: usize = 2048;
const ITEMS_MAX: usize = 500;
const LIST_MAX: usize = 100;
const QUANTITY_MAX: i64 = 1_000_000_000;

/// The order types there are; hyphens and underscores mean the same.
pub const ORDER_TYPES: [&str; 5] = [
    "DEUNA_CHECKOUT",
    "DEUNA_NOW",
    "PAYMENT_LINK",
    "AIRLINE_ORDER",
    "UNSPECIFIED",
];

/// Amounts that are nothing unless said otherwise.
const AMOUNTS_BY_DEFAULT_ZERO: [&str; 5] = [
    "shipping_amount",
    "shipping_tax_amount",
    "tax_amount",
    "total_tax_amount",
    "total_discount",
];

/// Members whose objects nobody here looks into.
const PLAIN_OBJECTS: [&str; 5] = [
    "shipping_options",
    "shipping_method",
    "shipping",
    "airline_information",
    "metadata",
];

/// An order as given, with the people at its addresses.
pub struct OrderGiven {
    pub order: NewOrder,
    pub billing: Option<Resident>,
    pub shipping: Option<Resident>,
}

/// The order type at the root of the body.
pub fn order_type(root: &Fields<'_>) -> Option<&'static str> {
    let Some(given) = root.text("order_type", TEXT_MAX_CHARACTERS) else {
        return Some(ORDER_TYPES[0]);
    };
    let given = given.replace('-', "_").to_ascii_uppercase();
    let known = ORDER_TYPES.into_iter().find(|known| *known == given);
    if known.is_none() {
        root.wrong("order_type", format!("must be one of {}", ORDER_TYPES.join(", ")));
    }
    known
}

/// The e-mail address of `payer_info`.
pub fn payer_email(fields: &Fields<'_>) -> Option<Email> {
    let payer = fields.object("payer_info")?;
    address::identity_document(&payer, "identity_document");
    payer.email("email")
}

/// `webhook_urls.notify_order`; the other hooks are never called and only checked for size.
pub fn notify_url(fields: &Fields<'_>, urls: UrlPolicy) -> Option<HttpUrl> {
    let hooks = fields.object("webhook_urls")?;
    for name in [
        "get_shipping_methods",
        "update_shipping_method",
        "shipping_rate",
        "apply_coupon",
        "remove_coupon",
    ] {
        hooks.text(name, URL_MAX_CHARACTERS);
    }
    hooks.url("notify_order", urls)
}

/// Reads an order. `payer` is the address given outside of it.
pub fn read(
    order: &Fields<'_>,
    order_type: Option<&'static str>,
    payer: Option<Email>,
    urls: UrlPolicy,
) -> Option<OrderGiven> {
    let reference = order
        .text_or_number("order_id", ORDER_ID_MAX_CHARACTERS)
        .map(|text| text.into_owned());
    let currency = order.required("currency", |order, name| order.currency(name));
    let store_code = order.required("store_code", |order, name| {
        order.text(name, STORE_CODE_MAX_CHARACTERS)
    });
    // A wrong currency is told by itself; amounts are then checked as if in another, for the remaining problems.
    let amounts = read_amounts(order, currency.unwrap_or(Currency::USD));
    check_lists(order, currency.unwrap_or(Currency::USD));
    check_rest(order);
    let billing = order
        .object("billing_address")
        .map(|fields| address::resident(&fields));
    let shipping = order
        .object("shipping_address")
        .map(|fields| address::resident(&fields));
    let notify_url = notify_url(order, urls);
    let callbacks = callbacks::of_order(order, urls);
    let payer_email = payer
        .or_else(|| payer_email(order))
        .or_else(|| billing.as_ref().and_then(|resident| resident.email.clone()));

    let (currency, amounts) = (currency?, amounts?);
    let mut details = echoed(order.members());
    for (name, amount) in &amounts.all {
        details.insert((*name).to_owned(), Value::from(amount.minor()));
    }
    details.insert("currency".to_owned(), Value::from(currency.code()));
    for (name, resident) in [("billing_address", &billing), ("shipping_address", &shipping)] {
        echo::normalize_country(&mut details, name, resident.as_ref());
    }
    Some(OrderGiven {
        order: NewOrder {
            reference,
            numbering: Numbering::Merchant,
            order_type: order_type?.to_owned(),
            amount: amounts.total,
            store_code: store_code?.to_owned(),
            details,
            notify_url,
            callbacks,
            payer_email,
        },
        billing,
        shipping,
    })
}

struct Amounts {
    total: Amount,
    /// Every amount of the order by its name, the defaults included.
    all: Vec<(&'static str, Amount)>,
}

fn read_amounts(order: &Fields<'_>, currency: Currency) -> Option<Amounts> {
    let required = |name| order.required(name, |order, name| order.amount(name, currency));
    let (total, sub_total, items_total) = (
        required("total_amount"),
        required("sub_total"),
        required("items_total_amount"),
    );
    if total.is_some_and(Amount::is_zero) {
        order.wrong("total_amount", "must be more than zero");
    }
    let mut all: Vec<_> = AMOUNTS_BY_DEFAULT_ZERO
        .into_iter()
        .map(|name| {
            (
                name,
                order.amount(name, currency).unwrap_or(Amount::zero(currency)),
            )
        })
        .collect();
    order.amount("cash_change", currency);
    let total = total?;
    all.extend([
        ("total_amount", total),
        ("sub_total", sub_total?),
        ("items_total_amount", items_total?),
    ]);
    Some(Amounts { total, all })
}

fn check_lists(order: &Fields<'_>, currency: Currency) {
    for item in order.objects("items", ITEMS_MAX) {
        item.text_or_number("id", TEXT_MAX_CHARACTERS);
        for name in ["name", "type", "sku", "brand", "category"] {
            item.text_or_number(name, TEXT_MAX_CHARACTERS);
        }
        item.text("description", LONG_TEXT_MAX_CHARACTERS);
        item.number("quantity", 0..=QUANTITY_MAX);
        for name in ["unit_price", "total_amount", "tax_amount"] {
            money(&item, name, currency);
        }
        item.boolean("taxable");
    }
    for name in ["discounts", "gift_card"] {
        for reduction in order.objects(name, LIST_MAX) {
            reduction.amount("amount", currency);
            reduction.text_or_number("code", TEXT_MAX_CHARACTERS);
        }
    }
    for name in ["shipping_methods", "include_payment_options"] {
        order.objects(name, LIST_MAX);
    }
}

/// A `Money` object; older clients send the bare number.
fn money(fields: &Fields<'_>, name: &str, currency: Currency) {
    match fields.value(name) {
        Some(Value::Number(_)) => {
            fields.amount(name, currency);
        }
        _ => {
            if let Some(money) = fields.object(name) {
                money.amount("amount", currency);
                money.currency("currency");
            }
        }
    }
}

fn check_rest(order: &Fields<'_>) {
    for name in ["payment_method", "scheduled_at", "timezone"] {
        order.text(name, TEXT_MAX_CHARACTERS);
    }
    order.text("user_instructions", LONG_TEXT_MAX_CHARACTERS);
    for name in PLAIN_OBJECTS {
        order.object(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::{order_body, read_with};
    use serde_json::json;

    fn order(change: impl FnOnce(&mut Value)) -> Result<NewOrder, payments::Refusal> {
        let mut body = order_body();
        change(&mut body["order"]);
        read_with(body, |root| {
            let order = root.required("order", |root, name| root.object(name))?;
            read(
                &order,
                order_type(root),
                payer_email(root),
                UrlPolicy::LoopbackHttpToo,
            )
        })
        .map(|given| given.order)
    }

    #[test]
    fn an_order_is_echoed_with_its_defaults() {
        let order = order(|order| {
            order["total_amount"] = json!(1500.0);
            order["currency"] = json!("mxn");
            order["billing_address"] = json!({ "country": "MEX", "email": "ana@example.com" });
            order["loyalty"] = json!({ "points": 7 });
        })
        .unwrap();
        assert_eq!(order.amount, Amount::new(1500, Currency::MXN).unwrap());
        assert_eq!(order.details["total_amount"], json!(1500));
        assert_eq!(order.details["total_amount"].to_string(), "1500");
        assert_eq!(order.details["currency"], "MXN");
        assert_eq!(order.details["shipping_amount"], json!(0));
        assert_eq!(order.details["billing_address"]["country_code"], "MX");
        assert_eq!(order.details["loyalty"]["points"], 7);
        assert_eq!(order.payer_email.unwrap().as_str(), "ana@example.com");
    }

    #[test]
    fn members_at_fault_are_named() {
        for (path, value) in [
            ("currency", json!("QQQ")),
            ("currency", Value::Null),
            ("store_code", json!(7)),
            ("store_code", json!("x".repeat(65))),
            ("total_amount", json!(-1)),
            ("total_amount", json!(10.5)),
            ("total_amount", json!("1000")),
            ("total_amount", json!(0)),
            ("total_amount", json!(1e15)),
            ("sub_total", Value::Null),
            ("items_total_amount", json!({ "amount": 1 })),
            ("shipping_amount", json!([])),
            ("items", json!("none")),
            ("discounts", json!({ "a": 1 })),
            ("billing_address", json!("Reforma 1")),
            ("metadata", json!([])),
            ("webhook_urls", json!("https://shop.example")),
            ("redirect_url", json!("http://shop.example/back")),
            ("order_id", json!("x".repeat(129))),
        ] {
            let refusal = order(|order| order[path] = value.clone()).err().unwrap();
            assert_eq!(refusal.field, Some(format!("order.{path}")), "{value}");
        }
        for (pointer, value, field) in [
            ("/items", json!([{ "quantity": -1 }]), "order.items[0].quantity"),
            (
                "/items",
                json!([{ "unit_price": { "amount": 1.5 } }]),
                "order.items[0].unit_price.amount",
            ),
            ("/items", json!([{}, "x"]), "order.items[1]"),
            (
                "/webhook_urls",
                json!({ "notify_order": "ftp://x" }),
                "order.webhook_urls.notify_order",
            ),
            (
                "/billing_address",
                json!({ "country": "Atlantis" }),
                "order.billing_address.country",
            ),
        ] {
            let refusal = order(|order| order[pointer.trim_start_matches('/')] = value)
                .err()
                .unwrap();
            assert_eq!(refusal.field.as_deref(), Some(field));
        }
    }

    #[test]
    fn order_types_come_with_hyphens_or_underscores() {
        let read = |given: &str| {
            read_with(json!({ "order_type": given }), order_type).map_err(|refusal| refusal.field)
        };
        assert_eq!(read("DEUNA-NOW"), Ok("DEUNA_NOW"));
        assert_eq!(read("payment_link"), Ok("PAYMENT_LINK"));
        assert_eq!(read(""), Ok("DEUNA_CHECKOUT"));
        assert_eq!(read("GIFT"), Err(Some("order_type".into())));
    }
}

//! What an order and its past tell the issuer about the risk of a payment (emv-3ds sections 12.2 to 12.4).
//!
//! Only what merchants do say in an order (deuna-api.md section 3.1) is passed on, in the protocol's codes; what they do
//! not say is left out, since a guess would be taken for knowledge.

use crate::{
    order::Order,
    payment::{Authenticated, CardFacts, Terms},
};
use emv3ds::message::{AccountInfo, MerchantRiskIndicator, PriorAuthenticationInfo};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// An earlier authentication of the same card for the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorAuthentication {
    /// The ACS's id of that transaction.
    pub acs_trans_id: String,
    pub challenged: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl PriorAuthentication {
    /// The authentication of the order's last payment, if that was ours, succeeded, and was of the same card.
    pub fn of(order: &Order, card: &CardFacts) -> Option<Self> {
        let payment = order.payment.as_ref()?;
        let same = payment.card.brand == card.brand
            && payment.card.first_six == card.first_six
            && payment.card.last_four == card.last_four;
        let Authenticated { values, flow, at, .. } = payment.authentication.as_ref()?;
        let authenticated = values.trans_status.as_deref() == Some("Y");
        (same && authenticated).then_some(())?;
        Some(Self {
            acs_trans_id: values.acs_trans_id.clone()?,
            challenged: matches!(flow.as_deref()?, "challenge" | "decoupled"),
            at: *at,
        })
    }

    /// In the protocol's words.
    pub fn info(&self) -> PriorAuthenticationInfo {
        PriorAuthenticationInfo {
            three_ds_req_prior_ref: Some(self.acs_trans_id.clone()),
            three_ds_req_prior_auth_method: Some(if self.challenged { "02" } else { "01" }.to_owned()),
            three_ds_req_prior_auth_timestamp: Some(minute(self.at)),
            ..PriorAuthenticationInfo::default()
        }
    }
}

/// What the order says of how the goods reach the buyer; `None` when it says nothing of it.
pub fn merchant_risk(order: &Order, terms: &Terms, now: OffsetDateTime) -> Option<MerchantRiskIndicator> {
    let digital = is_digital(order);
    let indicator = MerchantRiskIndicator {
        ship_indicator: ship_indicator(order, terms, digital).map(str::to_owned),
        delivery_timeframe: if digital {
            Some("01".to_owned())
        } else {
            delivery_timeframe(order, now).map(str::to_owned)
        },
        delivery_email_address: terms
            .shopper
            .email
            .as_ref()
            .filter(|_| digital)
            .map(|email| email.as_str().to_owned()),
        ..MerchantRiskIndicator::default()
    };
    (indicator != MerchantRiskIndicator::default()).then_some(indicator)
}

/// What the order says of the buyer's account; `None` when it says nothing of it.
pub fn account(order: &Order, now: OffsetDateTime) -> Option<AccountInfo> {
    let first_used = text(order, &["shipping_address", "created_at"]).and_then(day);
    let info = AccountInfo {
        ship_name_indicator: same_name(order).map(|same| if same { "01" } else { "02" }.to_owned()),
        ship_address_usage: first_used.map(compact),
        ship_address_usage_ind: first_used.map(|day| usage(day, now.date()).to_owned()),
        ..AccountInfo::default()
    };
    (info != AccountInfo::default()).then_some(info)
}

fn ship_indicator(order: &Order, terms: &Terms, digital: bool) -> Option<&'static str> {
    if order.order_type == "AIRLINE_ORDER" || order.details.get("airline_information").is_some_and(is_filled)
    {
        return Some("06");
    }
    if digital {
        return Some("05");
    }
    match text(order, &["shipping_options", "type"]) {
        Some("pickup") => return Some("04"),
        Some("dine_in") => return Some("07"),
        _ => {}
    }
    let shipping = terms.shipping.as_ref()?;
    let billing = terms.billing.as_ref()?;
    Some(if shipping == billing { "01" } else { "03" })
}

/// Every item is named as virtual.
fn is_digital(order: &Order) -> bool {
    let items = order.details.get("items").and_then(Value::as_array);
    items.is_some_and(|items| {
        !items.is_empty() && items.iter().all(|item| item["type"].as_str() == Some("virtual"))
    })
}

/// From the shipping method's latest day of delivery.
fn delivery_timeframe(order: &Order, now: OffsetDateTime) -> Option<&'static str> {
    let last = text(order, &["shipping_method", "max_delivery_date"])
        .or_else(|| text(order, &["shipping_method", "min_delivery_date"]))
        .and_then(day)?;
    match (last - now.date()).whole_days() {
        ..0 => None,
        0 => Some("02"),
        1 => Some("03"),
        _ => Some("04"),
    }
}

/// Whether the goods go to the one who is billed; `None` when the order does not name both.
fn same_name(order: &Order) -> Option<bool> {
    let name = |address: &str| {
        let part = |part| {
            text(order, &[address, part])
                .unwrap_or_default()
                .trim()
                .to_lowercase()
        };
        let (first, last) = (part("first_name"), part("last_name"));
        (!first.is_empty() && !last.is_empty()).then_some((first, last))
    };
    Some(name("billing_address")? == name("shipping_address")?)
}

fn usage(first: Date, today: Date) -> &'static str {
    match (today - first).whole_days() {
        ..=0 => "01",
        1..30 => "02",
        30..=60 => "03",
        _ => "04",
    }
}

fn text<'o>(order: &'o Order, path: &[&str]) -> Option<&'o str> {
    let (first, rest) = path.split_first()?;
    let mut value = order.details.get(*first)?;
    for name in rest {
        value = value.get(name)?;
    }
    value.as_str()
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|members| !members.is_empty())
}

/// The day a timestamp or a date begins with: `2026-11-22…`.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.get(..10)?.split('-');
    let mut number = || parts.next()?.parse::<u16>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()
}

/// `YYYYMMDD`.
fn compact(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), u8::from(day.month()), day.day())
}

/// `YYYYMMDDHHMM` in UTC.
fn minute(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    format!("{}{:02}{:02}", compact(at.date()), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authentication_policy::told_by,
        decide::{AuthenticationPlan, testing},
    };
    use acquiring::Address;
    use primitives::Email;
    use serde_json::json;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn order(details: Value) -> (Order, Terms) {
        let start = testing::purchase(AuthenticationPlan::None, vec![testing::route(1)]);
        let mut order = testing::after(vec![(start, 0)]);
        order.details = details.as_object().unwrap().clone();
        let mut terms = order.payment.as_ref().unwrap().terms.clone();
        terms.shopper.email = Email::parse("ana@example.com").ok();
        (order, terms)
    }

    fn risk(details: Value) -> Option<(Option<String>, Option<String>, Option<String>)> {
        let (order, terms) = order(details);
        merchant_risk(&order, &terms, NOW).map(|risk| {
            (
                risk.ship_indicator,
                risk.delivery_timeframe,
                risk.delivery_email_address,
            )
        })
    }

    #[test]
    fn an_order_that_says_nothing_of_delivery_tells_nothing() {
        for details in [
            json!({}),
            json!({"items": []}),
            json!({"items": [{"type": "physical"}, {"type": "virtual"}], "shipping_options": {"type": "delivery"}}),
            json!({"shipping_method": {"max_delivery_date": "soon"}}),
            json!({"shipping_method": {"max_delivery_date": "2026-11-21"}}),
        ] {
            assert_eq!(risk(details.clone()), None, "{details}");
        }
        let (order, _) = order(json!({"billing_address": {"first_name": "Ana", "last_name": "Torres"}}));
        assert!(account(&order, NOW).is_none());
    }

    #[test]
    fn the_way_of_the_goods_is_told_in_codes() {
        let some = |text: &str| Some(text.to_owned());
        for (details, ship, when) in [
            (json!({"shipping_options": {"type": "pickup"}}), some("04"), None),
            (json!({"shipping_options": {"type": "dine_in"}}), some("07"), None),
            (json!({"airline_information": {"pnr": "X"}}), some("06"), None),
            (
                json!({"shipping_method": {"max_delivery_date": "2026-11-22T20:00:00Z"}}),
                None,
                some("02"),
            ),
            (
                json!({"shipping_method": {"min_delivery_date": "2026-11-23"}}),
                None,
                some("03"),
            ),
            (
                json!({"shipping_method": {"max_delivery_date": "2026-12-01"}}),
                None,
                some("04"),
            ),
        ] {
            assert_eq!(risk(details.clone()), Some((ship, when, None)), "{details}");
        }
        let digital = json!({"items": [{"type": "virtual"}]});
        assert_eq!(
            risk(digital),
            Some((some("05"), some("01"), some("ana@example.com")))
        );
    }

    #[test]
    fn goods_that_go_to_another_address_are_told_so() {
        let (order, mut terms) = order(json!({}));
        let address = |line: &str| Address {
            line1: Some(line.to_owned()),
            ..Address::default()
        };
        terms.billing = Some(address("Reforma 1"));
        for (line, code) in [("Reforma 1", "01"), ("Reforma 2", "03")] {
            terms.shipping = Some(address(line));
            let risk = merchant_risk(&order, &terms, NOW).unwrap();
            assert_eq!(risk.ship_indicator.as_deref(), Some(code));
        }
    }

    #[test]
    fn the_account_is_told_by_names_and_by_the_age_of_the_address() {
        let (order, _) = order(json!({
            "billing_address": {"first_name": "Ana", "last_name": "Torres"},
            "shipping_address": {"first_name": " ana ", "last_name": "TORRES", "created_at": "2026-10-01T08:00:00Z"},
        }));
        let info = account(&order, NOW).unwrap();
        assert_eq!(info.ship_name_indicator.as_deref(), Some("01"));
        assert_eq!(info.ship_address_usage.as_deref(), Some("20261001"));
        assert_eq!(info.ship_address_usage_ind.as_deref(), Some("03"));
    }

    #[test]
    fn an_earlier_authentication_is_pointed_to_when_it_was_of_the_same_card_and_good() {
        let (mut order, _) = order(json!({}));
        let card = order.payment.as_ref().unwrap().card.clone();
        assert_eq!(PriorAuthentication::of(&order, &card), None);
        let mut with = |status, eci| {
            order.payment.as_mut().unwrap().authentication = Some(told_by(
                &testing::result(status, eci),
                testing::mxn(10_000),
                true,
                None,
            ));
            PriorAuthentication::of(&order, &card)
        };
        assert_eq!(with("N", "07"), None);
        let prior = with("Y", "05").unwrap();
        let info = prior.info();
        assert_eq!(info.three_ds_req_prior_auth_method.as_deref(), Some("02"));
        assert_eq!(
            info.three_ds_req_prior_auth_timestamp.as_deref(),
            Some("202611221200")
        );
        let stored = serde_json::to_value(&prior).unwrap();
        assert_eq!(
            serde_json::from_value::<PriorAuthentication>(stored).unwrap(),
            prior
        );
        let other = CardFacts {
            last_four: "2000".into(),
            ..card
        };
        assert_eq!(PriorAuthentication::of(&order, &other), None);
    }
}

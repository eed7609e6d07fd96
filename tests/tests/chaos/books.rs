//! The accounts at the end: what processors really did, what the database says, and what merchants were told.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tests::system::System;

/// Whose webhooks are looked at where they arrived: the receiver forgets the oldest.
const RECEIVED_LOOKED_AT: usize = 400;
const AT_A_TIME: usize = 16;

/// Payments that something is still to happen to, and deliveries that are not out.
const OPEN: &str = "
    SELECT (SELECT count(*) FROM payments WHERE state IN ('authenticating', 'authorizing') OR look_again_at IS NOT NULL)
         + (SELECT count(*) FROM payments WHERE capturing + refunding > 0)
         + (SELECT count(*) FROM deliveries WHERE outcome IS NULL)";

/// What merchants have been told so far.
const EVENTS: &str = "SELECT count(*) FROM events";
/// How long nothing may have happened before everything counts as at rest.
const QUIET: Duration = Duration::from_secs(8);

/// Payments that should have come to rest: what a failed test shows.
const STUCK: &str = "
    SELECT p.id, p.state, p.state_data, p.look_again_at, p.leased_until, now() FROM payments p
    WHERE state IN ('authenticating', 'authorizing') OR look_again_at IS NOT NULL OR capturing + refunding > 0 LIMIT 10";

/// An order each line: what it is, its paid payment if any, its events in order, and its deliveries.
const ORDERS: &str = "
    SELECT json_build_object(
        'reference', o.reference, 'token', o.id, 'lifecycle', o.lifecycle, 'amount', o.total_amount,
        'paid', (SELECT json_build_object('authorized', p.authorized, 'captured', p.captured, 'refunded', p.refunded,
                                          'state', p.state_data)
                 FROM payments p WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id AND p.state = 'authorized'),
        'attempts', (SELECT count(*) FROM attempts a JOIN payments p ON (p.merchant_id, p.id) = (a.merchant_id, a.payment_id)
                     WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id),
        'unsettled', (SELECT count(*) FROM attempts a
                      JOIN payments p ON (p.merchant_id, p.id) = (a.merchant_id, a.payment_id)
                      WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id
                            AND a.state IN ('sending', 'unknown', 'reversing')),
        'codes', (SELECT count(*) FROM payment_cards c JOIN payments p ON (p.merchant_id, p.id) = (c.merchant_id, c.payment_id)
                  WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id AND c.sealed_security_code IS NOT NULL),
        'events', (SELECT count(*) FROM events e WHERE e.merchant_id = o.merchant_id AND e.order_id = o.id),
        'last', (SELECT json_build_array(e.document::json ->> 'status', e.payment_status) FROM events e
                 WHERE e.merchant_id = o.merchant_id AND e.order_id = o.id ORDER BY e.sequence DESC, e.id DESC LIMIT 1),
        'undelivered', (SELECT count(*) FROM deliveries d WHERE d.merchant_id = o.merchant_id AND d.order_id = o.id
                        AND d.outcome IS DISTINCT FROM 'delivered'))
    FROM orders o ORDER BY o.created_at";

/// Waits until nothing is on its way any more.
///
/// # Panics
/// When something is stuck.
pub async fn come_to_rest(system: &System, patience: Duration) {
    let deadline = tokio::time::Instant::now() + patience;
    let mut quiet_since = tokio::time::Instant::now();
    let mut events = String::new();
    // A call that its caller has given up may only now begin with its order.
    while quiet_since.elapsed() < QUIET {
        let told = system.database.ask(EVENTS);
        if system.database.ask(OPEN) != "0" || told != events {
            (quiet_since, events) = (tokio::time::Instant::now(), told);
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "past every deadline: {}",
            system.database.ask(STUCK)
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Holds every order against the ledger and the webhooks. Says what was compared.
///
/// # Panics
/// Where they disagree, with everything known of the orders concerned.
pub async fn assert_agreement(system: &System) -> String {
    let told = system.database.ask(ORDERS);
    let orders: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let newest = orders.len().saturating_sub(RECEIVED_LOOKED_AT);
    let wrong: Vec<String> = stream::iter(orders.iter().enumerate())
        .map(|(place, order)| wrong_with(system, order, place >= newest))
        .buffered(AT_A_TIME)
        .filter_map(async |wrong| wrong)
        .collect()
        .await;
    let shown: Vec<_> = wrong.iter().take(5).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} orders do not agree:\n{}",
        wrong.len(),
        shown.join("\n\n")
    );
    let paid = orders.iter().filter(|order| order["paid"].is_object()).count();
    let count = |name: &str| {
        orders
            .iter()
            .filter_map(|order| order[name].as_u64())
            .sum::<u64>()
    };
    format!(
        "{} orders, {paid} paid, {} attempts and {} events agree",
        orders.len(),
        count("attempts"),
        count("events")
    )
}

async fn wrong_with(system: &System, order: &Value, received: bool) -> Option<String> {
    let reference = order["reference"].as_str().unwrap_or_default();
    let ledger = Money::of(&system.outside.ledger(reference).await);
    let mut wrong = wrong_money(order, &ledger);
    wrong.extend(wrong_words(system, order).await);
    if received {
        let hooks = system.outside.hooks_so_far(reference).await;
        let ids: BTreeSet<&str> = hooks
            .iter()
            .filter_map(|hook| hook["headers"]["webhook-id"].as_str())
            .collect();
        if Some(ids.len() as u64) != order["events"].as_u64() {
            wrong.push(format!("{} webhooks arrived", ids.len()));
        }
    }
    if wrong.is_empty() {
        return None;
    }
    let entries = system.outside.ledger(reference).await;
    Some(format!("{wrong:?}\n  order {order}\n  ledger {entries:?}"))
}

/// What a ledger adds up to: only what was done counts.
#[derive(Debug, Default)]
struct Money {
    sales: i64,
    holds: i64,
    captured: i64,
    refunded: i64,
    taken_back: i64,
    /// Charges that were approved, less those taken back.
    alive: i64,
}

impl Money {
    fn of(entries: &[Value]) -> Self {
        let mut money = Self::default();
        for entry in entries.iter().filter(|entry| entry["approved"] == true) {
            let amount = entry["amount"].as_i64().unwrap_or_default();
            match entry["operation"].as_str().unwrap_or_default() {
                "sale" => {
                    money.sales += amount;
                    money.alive += 1;
                }
                "authorization" => {
                    money.holds += amount;
                    money.alive += 1;
                }
                "capture" => money.captured += amount,
                "refund" => money.refunded += amount,
                "void" | "reversal" => {
                    money.taken_back += amount;
                    money.alive -= 1;
                }
                _ => {}
            }
        }
        money
    }

    /// What is left with the merchant.
    fn net(&self) -> i64 {
        let taken_back = if self.sales > 0 { self.taken_back } else { 0 };
        self.sales + self.captured - self.refunded - taken_back
    }
}

fn wrong_money(order: &Value, ledger: &Money) -> Vec<String> {
    let mut wrong = Vec::new();
    let amount = order["amount"].as_i64().unwrap_or_default();
    let paid = &order["paid"];
    let of = |name: &str| paid[name].as_i64().unwrap_or_default();
    let (captured, refunded) = (of("captured"), of("refunded"));
    let voided = paid["state"]["standing"] == "voided";
    let alive = i64::from(paid.is_object() && !voided);
    if ledger.alive != alive {
        wrong.push(format!("{} charges hold money, {alive} should", ledger.alive));
    }
    if paid.is_object() && of("authorized") != amount {
        wrong.push(format!("{} of {amount} authorised", of("authorized")));
    }
    if captured > of("authorized") || refunded > captured {
        wrong.push(format!(
            "{refunded} of {captured} refunded of {} authorised",
            of("authorized")
        ));
    }
    let net = if voided { 0 } else { captured - refunded };
    if ledger.net() != net {
        wrong.push(format!(
            "{} is with the merchant, {net} should be: {ledger:?}",
            ledger.net()
        ));
    }
    if order["unsettled"] != 0 {
        wrong.push("an attempt is not settled".to_owned());
    }
    if order["codes"] != 0 {
        wrong.push("a security code is still there".to_owned());
    }
    wrong
}

/// The last thing that the merchant was told is how the order stands.
async fn wrong_words(system: &System, order: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let stands = system
        .merchant
        .read(order["token"].as_str().unwrap_or_default())
        .await;
    let words = [stands.status(), stands.payment_status()];
    let told = [0, 1].map(|place| order["last"][place].as_str().unwrap_or_default());
    let untouched = words == ["pending", ""];
    if !untouched && told != words {
        wrong.push(format!("told {told:?}, stands {words:?}"));
    }
    if order["undelivered"] != 0 {
        wrong.push("a webhook was given up".to_owned());
    }
    wrong
}

//! The accounts at the end: what processors really did, what the database says, and what merchants were told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tests::system::System;
use tokio::time::Instant;

use crate::ledger::Money;

/// How many of the last references' webhooks are looked at where they arrived: the receiver forgets the oldest.
const RECEIVED_LOOKED_AT: usize = 400;
const AT_A_TIME: usize = 16;

/// Payments that something is still to happen to, and deliveries that are not out.
const OPEN: &str = "
    SELECT (SELECT count(*) FROM payments WHERE state IN ('authenticating', 'authorizing') OR look_again_at IS NOT NULL)
         + (SELECT count(*) FROM payments WHERE capturing + refunding > 0)
         + (SELECT count(*) FROM deliveries WHERE state <> 'given_up')";

/// Whatever failed several times while its receiver did would be tried again in minutes or hours: now, then.
const HASTEN: &str = "UPDATE deliveries SET next_at = now() WHERE state = 'waiting' AND next_at > now() + interval '5 seconds'";

/// What merchants have been told so far.
const EVENTS: &str = "SELECT count(*) FROM events";
/// How long nothing may have happened before everything counts as at rest.
const QUIET: Duration = Duration::from_secs(8);
/// How long nothing may happen while something is still open. The longest that anything waits for by itself is the lease
/// of a look whose process was killed, 90 s, and twice a processor's final window of 20 s; the rest is for a slow machine.
const STUCK_AFTER: Duration = Duration::from_secs(240);

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
        'settlements', (SELECT count(*) FROM settlements s
                        WHERE s.merchant_id = o.merchant_id AND s.order_id = o.id),
        'unsettled', (SELECT count(*) FROM attempts a
                      JOIN payments p ON (p.merchant_id, p.id) = (a.merchant_id, a.payment_id)
                      WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id
                            AND a.state IN ('sending', 'unknown', 'reversing')),
        'codes', (SELECT count(*) FROM payment_cards c JOIN payments p ON (p.merchant_id, p.id) = (c.merchant_id, c.payment_id)
                  WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id AND c.sealed_security_code IS NOT NULL),
        'events', (SELECT count(*) FROM events e WHERE e.merchant_id = o.merchant_id AND e.subject_id = o.id),
        'last', (SELECT json_build_array(e.document::json ->> 'status', e.payment_status) FROM events e
                 WHERE e.merchant_id = o.merchant_id AND e.subject_id = o.id ORDER BY e.sequence DESC, e.id DESC LIMIT 1),
        'undelivered', (SELECT count(*) FROM deliveries d WHERE d.merchant_id = o.merchant_id AND d.subject_id = o.id))
    FROM orders o ORDER BY o.created_at";

/// Waits until nothing is on its way any more.
///
/// # Panics
/// When something is stuck.
pub async fn come_to_rest(system: &System) {
    let mut changed_at = Instant::now();
    let mut seen = (String::new(), String::new());
    loop {
        system.database.ask(HASTEN);
        let now = (system.database.ask(OPEN), system.database.ask(EVENTS));
        if now != seen {
            (changed_at, seen) = (Instant::now(), now);
        }
        // A call that its caller has given up may only now begin with its order.
        if seen.0 == "0" && changed_at.elapsed() >= QUIET {
            return;
        }
        assert!(
            changed_at.elapsed() < STUCK_AFTER,
            "{} are open, and nothing happens: {}",
            seen.0,
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
    let references = by_reference(told.lines().map(|line| serde_json::from_str(line).unwrap()));
    let newest = references.len().saturating_sub(RECEIVED_LOOKED_AT);
    let looks: Vec<Look> = stream::iter(references.iter().enumerate())
        .map(|(place, orders)| look_at(system, orders, place >= newest))
        .buffered(AT_A_TIME)
        .collect()
        .await;
    let wrong: Vec<&str> = looks.iter().filter_map(|look| look.wrong.as_deref()).collect();
    assert!(
        wrong.is_empty(),
        "{} references do not agree:\n{}",
        wrong.len(),
        wrong.iter().take(5).copied().collect::<Vec<_>>().join("\n\n")
    );
    let orders = || references.iter().flatten();
    let count = |name: &str| -> u64 { orders().filter_map(|order| order[name].as_u64()).sum() };
    format!(
        "{} references of {} orders, {} of them paid, with {} attempts and {} settlements; {} entries of the ledger; {} events, \
         and {} webhooks where they arrived",
        references.len(),
        orders().count(),
        orders().filter(|order| order["paid"].is_object()).count(),
        count("attempts"),
        count("settlements"),
        looks.iter().map(|look| look.entries).sum::<u64>(),
        count("events"),
        looks.iter().map(|look| look.webhooks).sum::<u64>(),
    )
}

/// The orders of each of the merchant's references, in the order in which they came about. An order that was placed again,
/// since nobody answered the first time, is another one with the same reference, which is all that a ledger knows.
fn by_reference(orders: impl Iterator<Item = Value>) -> Vec<Vec<Value>> {
    let mut places = BTreeMap::new();
    let mut references: Vec<Vec<Value>> = Vec::new();
    for order in orders {
        let reference = order["reference"].as_str().unwrap_or_default().to_owned();
        let place = *places.entry(reference).or_insert(references.len());
        match references.get_mut(place) {
            Some(known) => known.push(order),
            None => references.push(vec![order]),
        }
    }
    references
}

/// What became of looking at a reference.
struct Look {
    wrong: Option<String>,
    entries: u64,
    webhooks: u64,
}

async fn look_at(system: &System, orders: &[Value], received: bool) -> Look {
    let reference = orders[0]["reference"].as_str().unwrap_or_default();
    let entries = system.outside.ledger(reference).await;
    let mut wrong = wrong_money(orders, &Money::of(&entries));
    for order in orders {
        wrong.extend(wrong_order(order));
        wrong.extend(wrong_words(system, order).await);
    }
    let mut webhooks = 0;
    if received {
        let hooks = system.outside.hooks_so_far(reference).await;
        let ids: BTreeSet<&str> = hooks
            .iter()
            .filter_map(|hook| hook["headers"]["webhook-id"].as_str())
            .collect();
        webhooks = ids.len() as u64;
        let told: u64 = orders.iter().filter_map(|order| order["events"].as_u64()).sum();
        if webhooks != told {
            wrong.push(format!("{webhooks} webhooks arrived of {told} events"));
        }
    }
    Look {
        entries: entries.len() as u64,
        webhooks,
        wrong: (!wrong.is_empty()).then(|| format!("{wrong:?}\n  orders {orders:?}\n  ledger {entries:?}")),
    }
}

fn paid_amount(order: &Value, name: &str) -> i64 {
    order["paid"][name].as_i64().unwrap_or_default()
}

/// What the ledger says of all the orders of a reference together.
fn wrong_money(orders: &[Value], ledger: &Money) -> Vec<String> {
    let mut wrong = Vec::new();
    let paid = || orders.iter().filter(|order| order["paid"].is_object());
    let alive = paid().filter(|order| !is_voided(order)).count() as i64;
    if ledger.alive != alive {
        wrong.push(format!("{} charges hold money, {alive} should", ledger.alive));
    }
    let net: i64 = paid()
        .filter(|order| !is_voided(order))
        .map(|order| paid_amount(order, "captured") - paid_amount(order, "refunded"))
        .sum();
    if ledger.net() != net {
        wrong.push(format!(
            "{} is with the merchant, {net} should be: {ledger:?}",
            ledger.net()
        ));
    }
    wrong
}

fn is_voided(order: &Value) -> bool {
    order["paid"]["state"]["standing"] == "voided"
}

/// What an order says of itself.
fn wrong_order(order: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let [authorized, captured, refunded] =
        ["authorized", "captured", "refunded"].map(|name| paid_amount(order, name));
    if order["paid"].is_object() && Some(authorized) != order["amount"].as_i64() {
        wrong.push(format!("{authorized} of {} authorised", order["amount"]));
    }
    if captured > authorized || refunded > captured {
        wrong.push(format!(
            "{refunded} of {captured} refunded of {authorized} authorised"
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

/// Whether what happened last after the purchase is that a refund came to nothing: that is told as `denied`, once, and the
/// payment is what it was before.
fn ended_with_a_failed_refund(order: &Value) -> bool {
    let settlements = order["paid"]["state"]["settlements"].as_array();
    let last = settlements.into_iter().flatten().max_by_key(|settlement| {
        // Without the `Z`, times of different precision sort as text.
        settlement["updated_at"]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('Z')
    });
    last.is_some_and(|last| {
        last["kind"] == "refund"
            && ["lost", "refused", "not_sent"].contains(&last["state"]["state"].as_str().unwrap_or_default())
    })
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
    let of_refund = told == [words[0], "denied"] && ended_with_a_failed_refund(order);
    if !untouched && told != words && !of_refund {
        wrong.push(format!("told {told:?}, stands {words:?}"));
    }
    if order["undelivered"] != 0 {
        wrong.push("a webhook was given up".to_owned());
    }
    wrong
}

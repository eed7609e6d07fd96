//! `CAPTURE`, `VOID` and `REFUND`.

use primitives::Amount;
use serde::Deserialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::book::{Key, Order};
use super::charge_request::{amount, check_reference};
use super::reply::{Ending, Made, Refused, read_json};
use super::transaction::{Answer, keep};
use super::{Amex, NAME};
use crate::ledger::{Entry, Operation};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the operation was read before")]
struct MovementBody<'a> {
    api_operation: String,
    #[serde(borrow)]
    transaction: Movement<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Movement<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    currency: String,
    reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the operation was read before")]
struct VoidBody {
    api_operation: String,
    transaction: Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Target {
    target_transaction_id: String,
    reference: Option<String>,
}

/// What is to be done with the order.
enum Wish {
    Capture(Amount),
    Refund(Amount),
    Void(String),
}

pub fn make(
    amex: &Amex,
    key: Key,
    operation: Operation,
    body: &[u8],
    digest: [u8; 32],
) -> Result<Answer, Refused> {
    let wish = read(operation, body)?;
    let mut book = amex.book();
    let number = book.fresh_number();
    let Some(order) = book.order(&key) else {
        drop(book);
        write(amex, &key, operation, None, None, false);
        return Err(Refused::state("Unable to find the order"));
    };
    let applied = apply(order, &key, wish);
    let order = order.clone();
    drop(book);
    match applied {
        Ok((kind, amount)) => {
            write(amex, &key, operation, Some(&order), Some(amount), true);
            let made = Made {
                key: &key,
                kind,
                amount,
                ending: Ending::APPROVED,
                order_reference: order.reference.as_deref(),
                money: order.money,
                number,
            };
            keep(amex, &made, digest).map(Answer::Told)
        }
        Err(refused) => {
            write(amex, &key, operation, Some(&order), None, false);
            Err(refused)
        }
    }
}

fn read(operation: Operation, body: &[u8]) -> Result<Wish, Refused> {
    let at = "transaction.reference";
    if operation == Operation::Void {
        let body: VoidBody = read_json(body)?;
        check_reference(body.transaction.reference.as_deref(), at)?;
        return Ok(Wish::Void(body.transaction.target_transaction_id));
    }
    let body: MovementBody<'_> = read_json(body)?;
    check_reference(body.transaction.reference.as_deref(), at)?;
    let amount = amount(body.transaction.amount, &body.transaction.currency, "transaction")?;
    Ok(match operation {
        Operation::Capture => Wish::Capture(amount),
        _ => Wish::Refund(amount),
    })
}

/// Changes the order; answers what the transaction is called and how much it moved.
fn apply(order: &mut Order, key: &Key, wish: Wish) -> Result<(&'static str, Amount), Refused> {
    let currency = order.currency;
    let (kind, minor) = match wish {
        Wish::Capture(amount) | Wish::Refund(amount) if amount.currency() != currency => {
            return Err(Refused::invalid(
                "transaction.currency",
                "Not the order's currency",
            ));
        }
        Wish::Capture(amount) => order
            .capture(&key.transaction, amount.minor())
            .map(|()| ("CAPTURE", amount.minor())),
        Wish::Refund(amount) => order.refund(amount.minor()).map(|()| ("REFUND", amount.minor())),
        Wish::Void(target) => order.void(&target),
    }
    .map_err(Refused::state)?;
    let amount = Amount::new(minor, currency).map_err(|_| Refused::failed())?;
    Ok((kind, amount))
}

fn write(
    amex: &Amex,
    key: &Key,
    operation: Operation,
    order: Option<&Order>,
    amount: Option<Amount>,
    approved: bool,
) {
    amex.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: amex.processors.connections.of(NAME, &key.merchant),
        operation,
        reference: Some(key.transaction.clone()),
        order_id: order.and_then(|order| order.reference.clone()),
        idempotency_key: Some(format!("{} {}", key.order, key.transaction)),
        amount: amount.map(Amount::minor),
        currency: order.map(|order| order.currency),
        card_last4: order.map(|order| order.card_last4.clone()),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved,
        response_code: Some(if approved { "00" } else { "INVALID_REQUEST" }.to_owned()),
        at: OffsetDateTime::now_utc(),
    });
}

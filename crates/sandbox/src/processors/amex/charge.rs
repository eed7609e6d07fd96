//! `PAY` and `AUTHORIZE`.

use primitives::Amount;
use time::OffsetDateTime;

use super::book::{Key, Money, Order};
use super::charge_request::{Asked, check};
use super::reply::{Ending, Made, Refused};
use super::transaction::{Answer, keep};
use super::{Amex, NAME};
use crate::ledger::{Entry, Operation};
use crate::processors::outcome::{self, Outcome};
use primitives::Brand;

pub fn make(
    amex: &Amex,
    key: Key,
    operation: Operation,
    body: &[u8],
    digest: [u8; 32],
) -> Result<Answer, Refused> {
    let asked = check(body)?;
    if amex.book().order(&key).is_some() {
        return Err(Refused::state("The order has been paid or authorized already"));
    }
    let charge = Charge {
        amex,
        key: &key,
        operation,
        asked: &asked,
        digest,
    };
    if asked.brand != Brand::Amex {
        return charge.end(Ending::NOT_SUPPORTED, "57").map(Answer::Told);
    }
    if asked.is_expired {
        return charge.end(Ending::declined("54", true), "54").map(Answer::Told);
    }
    let fully_authenticated = asked
        .authentication
        .as_ref()
        .is_some_and(|result| result.is_full());
    let asks_for = outcome::Charge {
        amount: asked.amount,
        brand: asked.brand,
        fully_authenticated,
        order_id: asked.order_reference.as_deref(),
        connection: (NAME, &key.merchant),
    };
    match outcome::of(&asks_for, &amex.processors.cascade) {
        Outcome::Approved => charge.end(Ending::APPROVED, "00").map(Answer::Told),
        Outcome::Declined(code) => charge
            .end(Ending::declined(code, fully_authenticated), code)
            .map(Answer::Told),
        Outcome::ApprovedThenError => {
            charge.end(Ending::APPROVED, "00")?;
            Ok(Answer::UndocumentedError)
        }
        Outcome::ApprovedThenSilence => {
            charge.end(Ending::APPROVED, "00")?;
            Ok(Answer::Silence)
        }
        Outcome::Silence => {
            charge.write(false, None);
            Ok(Answer::Silence)
        }
    }
}

struct Charge<'a> {
    amex: &'a Amex,
    key: &'a Key,
    operation: Operation,
    asked: &'a Asked,
    digest: [u8; 32],
}

impl Charge<'_> {
    fn end(&self, ending: Ending, response_code: &str) -> Result<axum::body::Bytes, Refused> {
        self.write(ending.is_approved(), Some(response_code));
        let is_sale = self.operation == Operation::Sale;
        let minor = self.asked.amount.minor();
        let money = if ending.is_approved() {
            Money {
                authorized: minor,
                captured: if is_sale { minor } else { 0 },
                ..Money::default()
            }
        } else {
            Money::default()
        };
        let mut book = self.amex.book();
        let number = book.fresh_number();
        if ending.is_approved() {
            let order = Order {
                reference: self.asked.order_reference.clone(),
                currency: self.asked.amount.currency(),
                card_last4: self.asked.card_last4.clone(),
                money,
                is_sale,
                charge: self.key.transaction.clone(),
                captures: Vec::new(),
            };
            book.insert_order(self.key, order);
        }
        drop(book);
        let made = Made {
            key: self.key,
            kind: if is_sale { "PAYMENT" } else { "AUTHORIZATION" },
            amount: self.asked.amount,
            ending,
            order_reference: self.asked.order_reference.as_deref(),
            money,
            number,
        };
        keep(self.amex, &made, self.digest)
    }

    fn write(&self, approved: bool, response_code: Option<&str>) {
        let asked = self.asked;
        let authentication = asked.authentication.as_ref();
        let amount: Amount = asked.amount;
        self.amex.processors.ledger.record(Entry {
            processor: NAME,
            connection_id: self.amex.processors.connections.of(NAME, &self.key.merchant),
            operation: self.operation,
            reference: Some(self.key.transaction.clone()),
            order_id: asked.order_reference.clone(),
            idempotency_key: Some(format!("{} {}", self.key.order, self.key.transaction)),
            amount: Some(amount.minor()),
            currency: Some(amount.currency()),
            card_last4: Some(asked.card_last4.clone()),
            eci: authentication.map(|result| result.eci().to_owned()),
            authentication_value: authentication.map(|result| result.value().to_owned()),
            ds_trans_id: authentication.map(|result| result.ds_trans_id().to_owned()),
            on_file: asked.on_file.clone(),
            approved,
            response_code: response_code.map(str::to_owned),
            at: OffsetDateTime::now_utc(),
        });
    }
}

//! DirectLink's flows: a shop posts an order with its card, asks for things after it, and asks how it stands; a shopper's
//! browser comes back from the hosted page.
//!
//! Everything here is done by the flows that all other faces use; what is kept besides is the number that the protocol calls a
//! payment, `PAYID`, with the facts of the request that later answers need. How states are told is in
//! [`payments::directlink`].
//!
//! [`account`] says who calls, [`alias`] which cards its shop keeps, [`facts`] what is kept of a request, which [`payments`] has
//! since feedback needs it too. [`order`] tries to get a new order paid, unless what [`standing`] finds under its reference
//! forbids that; [`maintenance`] is what is asked afterwards, [`find`] how it stands, and [`returned`] where a browser goes that
//! comes back, and [`told`] what it may have to wait for.

mod access;
pub mod account;
pub mod alias;
mod find;
mod maintenance;
mod order;
mod returned;
mod standing;
mod told;

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod alias_tests;
#[cfg(test)]
mod feedback_tests;
#[cfg(test)]
mod maintenance_tests;
#[cfg(test)]
mod numbering_tests;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod returned_tests;
#[cfg(test)]
mod testing;

pub use payments::directlink::facts;

use acquiring::{Address, Initiator, Shopper, StoredCredential};
use alias::Alias;
use facts::{Facts, Operation};
use payments::{Browser, Market, Order, Refusal, directlink::Telling, three_ds::ThreeDs};
use primitives::{Amount, Card};
use store::directlink::payments::DirectLinkPayment;

/// A new order, checked at the door. Holds card data, so it is neither stored nor shown as a whole.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// `ORDERID`, at most 40 characters.
    pub order_id: String,
    pub amount: Amount,
    pub operation: Operation,
    pub card: Card,
    pub shopper: Shopper,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    pub three_ds: ThreeDs,
    pub browser: Option<Browser>,
    pub initiator: Initiator,
    pub market: Market,
    /// `COF_…`, or an `ECI` that says that the merchant repeats a payment.
    pub stored_credential: Option<StoredCredential>,
    /// `COM`.
    pub description: Option<String>,
    /// `LANGUAGE`, as `en_US`.
    pub language: Option<String>,
    /// How many payments may be tried under the reference, this one included, where the shopper tries again on our page; `None`:
    /// any number, as a shop posts them.
    pub tries_max: Option<u8>,
    /// `ALIAS` and `ALIASOPERATION`.
    pub alias: Option<Alias>,
    /// Without a name for the card, which comes of `alias`.
    pub facts: Facts,
}

/// What became of a new order.
#[derive(Debug)]
pub enum Ordered {
    /// It was tried: paid, refused, unknown, or waiting for the shopper.
    Tried(Box<View>),
    /// `ORDERID` is paid already, by this payment. Nothing was done.
    Paid(Box<View>),
    /// Another payment of this `ORDERID` has a charge on its way. Nothing was done.
    InFlight,
}

/// A payment as the protocol sees it.
#[derive(Debug)]
pub struct View {
    pub payment: DirectLinkPayment,
    pub facts: Facts,
    pub order: Order,
    /// The order as a whole.
    pub telling: Telling,
    /// What was asked after the payment, in the order of asking; `PAYIDSUB` 1 is the first.
    pub levels: Vec<Telling>,
    /// The hosted page, while the shopper has to go there.
    pub page_url: Option<String>,
    /// The language that the shop wants its shopper spoken to in, as `en_US`.
    pub language: Option<String>,
}

/// Which payment is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// `PAYID`.
    Number(i64),
    /// `ORDERID`: the latest of that reference.
    Reference(String),
}

/// What is asked after a payment. Amounts are as the request has them, in hundredths of the currency whatever its exponent,
/// and absent for all that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintenance {
    /// `SAL` and, closing, `SAS`.
    Capture { hundredths: Option<i64>, closing: bool },
    /// `DEL` and `DES`.
    Void,
    /// `RFD` and `RFS`.
    Refund { hundredths: Option<i64> },
}

/// What became of it.
#[derive(Debug)]
pub struct Maintained {
    pub view: View,
    /// The capture, void or refund itself, also in `view.levels`.
    pub telling: Telling,
}

/// Why nothing was asked of any processor.
#[derive(Debug)]
pub enum NotMaintained {
    /// There is no such payment of this account.
    Unknown,
    /// Not in this state, or more than is left: with the payment as it stands.
    Refused { view: Box<View>, why: Refusal },
    /// A fault of ours, or a call that cannot be answered now.
    Failed(Refusal),
}

/// Where a browser that comes back stands.
#[derive(Debug)]
pub enum Returned {
    /// It is over, or nobody knows how it will end: the shop's page is next.
    Over(Box<View>),
    /// It was refused, and the shopper may try another card: this many tries are left.
    MayRetry { view: Box<View>, left: u8 },
    /// The hosted page is not done yet.
    NotYet(Box<View>),
}

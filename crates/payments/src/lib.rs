//! The rules of payments: pure functions over orders, payments and attempts.
//!
//! Here are the state of an order and of its payment, [`decide`], which turns a state and an event into the next step
//! (the state to record, the one message to send, what to tell), the arithmetic of captured and refunded money, the
//! policy that says what an authentication is worth and where it may be carried, and the document that Get Order and
//! webhooks show. Not here: time, chance, rows, or the network; all of them are handed in or asked for by a
//! [`decide::Step`].
//!
//! Read [`order`], then [`payment`] and [`settlement`], then [`decide`].
#![deny(clippy::float_arithmetic, reason = "money is counted in integers")]

pub mod attempt;
pub mod authentication_policy;
pub mod bins;
pub mod connection;
pub mod decide;
pub mod directlink;
pub mod document;
pub mod fields;
pub mod history;
pub mod hold;
pub mod order;
pub mod payment;
pub mod purchase;
pub mod refusal;
pub mod retry_limits;
pub mod risk;
pub mod routing;
pub mod settlement;
pub mod status;
pub mod three_ds;
pub mod totals;

pub use connection::Connection;
pub use decide::{Limits, News, Outgoing, Purchased, Step, decide};
pub use document::{Addresses, OrderDocument};
pub use order::{Callbacks, Lifecycle, NewOrder, Numbering, Order};
pub use payment::{Payment, PaymentState};
pub use purchase::{Browser, Market, Purchase, PurchaseApi, PurchaseTarget};
pub use refusal::{Refusal, RefusalCode};
pub use settlement::{Settlement, SettlementNews, SettlementRecord, SettlementState, Standing};
pub use three_ds::{ThreeDs, ThreeDsMode};
pub use totals::Totals;

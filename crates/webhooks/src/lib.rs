//! Tells merchants' servers what happened to their payments.
//!
//! What is to be told is a row that the payment's own transaction wrote (`store::events`, `store::deliveries`). Here
//! those rows are leased, composed into a message, signed, sent to the merchant's URL, and tried again until the
//! merchant has it or the schedule ends. Beside them stand two other kinds of message with manners of their own: [`notices`] to
//! shops of the 3DS Server API, and [`feedback`] to those of DirectLink. Not here: when there is something to tell (`payments`), what the order document
//! says (`payments`), and where keys are kept (`orchestrator`; they arrive through [`SigningKeys`]).
//!
//! Read [`dispatcher`] first, then [`plan`], [`attempt`] and [`deliver`].

pub mod address_guard;
pub mod attempt;
pub mod deliver;
pub mod dispatcher;
pub mod ending;
mod endpoints;
mod excerpt;
pub mod feedback;
mod flights;
mod health;
pub mod message;
pub mod notices;
pub mod plan;
pub mod schedule;
pub mod settings;
pub mod sign;
mod telemetry;

pub use attempt::{SigningKeys, SigningKeysError};
pub use dispatcher::{CannotStart, Clock, Dispatcher, DispatcherHandle};
pub use feedback::{FeedbackAccount, FeedbackAccounts, FeedbackHandle, FeedbackSender, NoAccount};
pub use notices::{NoticeHandle, NoticeSender};
pub use settings::DispatcherSettings;
pub use sign::SigningKeySet;

//! The doing: decide, record, send, apply; recovery; the vault.
//!
//! [`Gateway`] is the one handle; its flows ([`flows`]) have a file each. The outside is reached through [`transport`]
//! only, and never with a transaction open. Secrets are sealed and opened by [`vault`]; who calls is known to
//! [`configuration`]; people's changes to that go through [`administration`].
//!
//! Not here: the rules (`payments`), rows (`store`), HTTP faces (`api`), webhooks on their way (`webhooks`).
//!
//! Read `flows/purchase.rs` first.

pub mod administration;
pub mod authenticator;
pub mod bins;
pub mod certificate;
pub mod clock;
pub mod configuration;
pub mod directories;
pub mod event_log;
pub mod expiry;
pub mod fault;
pub mod flows;
pub mod gateway;
pub mod health;
pub mod results_trust;
mod routing;
pub mod transport;
pub mod turns;
pub mod vault;
pub mod watch;

pub use configuration::{Caller, MerchantProfile, Processors};
pub use fault::Fault;
pub use flows::{
    idempotency::{Answer, IdempotencyKey},
    orders::Wait,
    settle::{AmountAsked, SettlementAsked},
    settled::{Settled, SettledEnd},
};
pub use gateway::{Gateway, Parts, ThreeDsSettings, WakeDeliveries};

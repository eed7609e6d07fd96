//! What the 3DS Server API keeps: its shops, their transactions, the notices of decoupled results, and cards under tokens.
//!
//! None of it refers to merchants, orders or payments: this face works without any.

pub mod card_tokens;
pub mod notices;
pub mod shops;
pub mod transactions;

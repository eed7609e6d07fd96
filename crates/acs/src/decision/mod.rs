//! What the issuer answers to an AReq, and why: pure, over facts that are handed in.
//!
//! [`Rules`] are the issuer's: first match wins. What the requestor wishes and what the card can do come after
//! ([`settle`]), since no rule can challenge somebody who is not there. [`Explanation`] says which rule it was, which
//! facts it looked at, and what changed its answer.

mod condition;
mod document;
mod facts;
mod rules;
mod settle;
mod wishes;

#[cfg(test)]
mod tests;

pub use document::BadRules;
pub use facts::{Facts, Means};
pub use rules::{Answer, Rules};
pub use settle::{Decision, Explanation, Refusal, decide, refuse};
pub(crate) use wishes::prior_references;
pub use wishes::{Prior, Wishes};

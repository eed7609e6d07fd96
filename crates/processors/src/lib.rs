//! One folder per processor: our words into its requests, its replies into our words.
//!
//! Each is an adapter behind [`acquiring::Processor`], made of pure functions: an operation is a file with a `request`, an
//! `answer` and their tests; `codes` says what its codes mean. Not here: anything that sends (`orchestrator`), and any
//! rule about what is sent where (`payments`). Only the binary's wiring calls [`all`]; everybody else sees the contract.
//!
//! Read [`kushki`] first.
#![deny(clippy::float_arithmetic, reason = "money is counted in integers")]

pub mod adyen;
pub mod amex;
pub mod cybersource;
pub mod kushki;

#[cfg(test)]
mod published;
mod reading;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod testdata;

use acquiring::Processor;

/// Every processor there is.
pub fn all() -> Vec<Box<dyn Processor>> {
    vec![
        Box::new(kushki::Kushki),
        Box::new(adyen::Adyen),
        Box::new(cybersource::Cybersource),
        Box::new(amex::Amex),
    ]
}

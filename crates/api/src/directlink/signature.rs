//! Whether a request is signed (ogone-directlink.md, section 4).
//!
//! What a shop sends is checked liberally, since its clients differ: over all parameters or only the vendor's list, sorted by
//! name with or without respect for numbers or by the whole text, over the bytes sent or over UTF-8. None of these lets
//! anybody sign without the passphrase.

use super::form::Form;
use aws_lc_rs::constant_time;
use payments::directlink::signature::{Hash, Order, Pairs, digest_of, is_listed};
use primitives::Secret;

/// The parameter that carries it.
pub const SHASIGN: &str = "SHASIGN";

/// Whether `given` signs the form.
pub fn holds(form: &Form, passphrase: &Secret<String>, hash: Hash, given: &str) -> bool {
    let given = given.trim().to_ascii_uppercase();
    let received = |listed_only| signed_of(form, listed_only, |parameter| parameter.bytes.clone());
    let in_utf8 = |listed_only| {
        signed_of(form, listed_only, |parameter| {
            parameter.value.clone().into_bytes()
        })
    };
    let mut matched = false;
    for pairs in [received(false), received(true), in_utf8(false), in_utf8(true)] {
        for order in [Order::Numbers, Order::Names, Order::Whole] {
            let made = digest_of(pairs.clone(), order, passphrase, hash);
            // Each is looked at, so that the time does not tell which one it was.
            matched |= constant_time::verify_slices_are_equal(made.as_bytes(), given.as_bytes()).is_ok();
        }
    }
    matched
}

fn signed_of(form: &Form, listed_only: bool, bytes: impl Fn(&super::form::Parameter) -> Vec<u8>) -> Pairs {
    form.parameters()
        .iter()
        .filter(|parameter| parameter.name != SHASIGN && (!listed_only || is_listed(&parameter.name)))
        .map(|parameter| (parameter.name.clone(), bytes(parameter)))
        .collect()
}

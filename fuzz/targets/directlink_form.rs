//! Any bytes as the form of a DirectLink order. The first byte chooses the character set.
//!
//! Nothing panics; what is read can be written and read again; what is refused is refused with a number and names what is wrong;
//! what is taken is within the protocol's limits.
#![no_main]

mod rewritten;

use api::directlink::{charset::Charset, complaints::Complaint, form::Form, order_request::OrderRequest};
use libfuzzer_sys::fuzz_target;
use payments::directlink::{Facts, NcError, facts::Operation};
use time::{Date, macros::date};

const TODAY: Date = date!(2026 - 11 - 22);

/// How complaints name what has another name in the vendor's words.
const VENDORS_WORDS: [&str; 6] = [
    "no orderid",
    "no card no",
    "no exp date",
    "no brand",
    "not a valid currency",
    "data entered is incorrect",
];

fuzz_target!(|input: &[u8]| {
    let Some((chosen, body)) = input.split_first() else {
        return;
    };
    let charset = rewritten::charset(*chosen);
    let form = match Form::read(body, charset) {
        Ok(form) => form,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_comes_back(&form, charset);
    match OrderRequest::read(&form, None, TODAY) {
        Ok(order) => assert_within_limits(order),
        Err(complaint) => assert_names_something(&form, &complaint),
    }
});

fn assert_comes_back(form: &Form, charset: Charset) {
    let body = rewritten::body(rewritten::pairs(form));
    let again = Form::read(&body, charset).unwrap_or_else(|error| panic!("{error}"));
    assert!(rewritten::pairs(form).eq(rewritten::pairs(&again)));
    for parameter in form.parameters() {
        assert_eq!(again.get(&parameter.name), Some(parameter.value.as_str()));
    }
}

fn assert_names_something(form: &Form, complaint: &Complaint) {
    let Complaint { error, text } = complaint;
    assert!(matches!(error.nc_status(), 3 | 5), "{error}: {text}");
    assert_ne!(*error, NcError::NONE, "{text}");
    let upper = text.to_ascii_uppercase();
    let sent = rewritten::pairs(form).any(|(name, _)| upper.contains(name));
    let known = VENDORS_WORDS.iter().any(|words| text.contains(words));
    // What is missing is no parameter of the form.
    let missing = text.contains("no ") || text.contains("mandatory");
    assert!(sent || known || missing, "{error}: {text}");
}

fn assert_within_limits(order: OrderRequest) {
    let wanted = order.wanted(Operation::Authorise);
    assert!(wanted.amount.minor() > 0);
    assert!((1..=40).contains(&wanted.order_id.chars().count()));
    let facts = serde_json::to_string(&wanted.facts).unwrap();
    assert!(facts.len() <= 65_536, "more than a row of the database takes");
    serde_json::from_str::<Facts>(&facts).unwrap();
}

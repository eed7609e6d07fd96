//! Forms written anew from what was read of them.

use api::directlink::{charset::Charset, form::Form};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

/// The character set that an input's byte chooses.
pub fn charset(chosen: u8) -> Charset {
    match chosen % 3 {
        0 => Charset::Either,
        1 => Charset::Utf8,
        _ => Charset::Windows1252,
    }
}

/// Names and values as a body.
pub fn body<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in pairs {
        body.extend(percent_encode(name.as_bytes(), NON_ALPHANUMERIC));
        body.push('=');
        body.extend(percent_encode(value, NON_ALPHANUMERIC));
        body.push('&');
    }
    body.into_bytes()
}

/// What was read of a form, as names and bytes.
pub fn pairs(form: &Form) -> impl Iterator<Item = (&str, &[u8])> {
    form.parameters()
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.bytes.as_slice()))
}

//! Any form, signed. The first byte chooses digest, order and character set, the second the parameter that is tampered with.
//!
//! The signature holds over what was signed, and over nothing else.
#![no_main]

mod rewritten;

use api::directlink::{
    charset::Charset,
    form::Form,
    signature::{SHASIGN, holds},
};
use libfuzzer_sys::fuzz_target;
use payments::directlink::signature::{Hash, Order, digest_of};
use primitives::Secret;

const HASHES: [Hash; 3] = [Hash::Sha1, Hash::Sha256, Hash::Sha512];
const ORDERS: [Order; 3] = [Order::Numbers, Order::Names, Order::Whole];

fuzz_target!(|input: &[u8]| {
    let [chosen, tampered, body @ ..] = input else {
        return;
    };
    let (chosen, tampered) = (usize::from(*chosen), usize::from(*tampered));
    let (hash, order) = (HASHES[chosen % 3], ORDERS[chosen / 3 % 3]);
    let charset = rewritten::charset((chosen / 9 % 3) as u8);
    let Ok(form) = Form::read(body, charset) else {
        return;
    };
    let signed: Vec<(String, Vec<u8>)> = rewritten::pairs(&form)
        .filter(|(name, _)| *name != SHASIGN)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if signed.is_empty() {
        return;
    }
    let passphrase = Secret::new("Mysecretsig1875!?".to_owned());
    let digest = digest_of(signed.clone(), order, &passphrase, hash);
    assert!(holds(&form, &passphrase, hash, &digest));
    assert!(holds(&form, &passphrase, hash, &digest.to_ascii_lowercase()));
    assert!(!holds(&form, &passphrase, HASHES[(chosen + 1) % 3], &digest));
    assert!(!holds(&form, &passphrase, hash, &digest[1..]));
    let other = Secret::new("mysecretsig1875!?".to_owned());
    assert!(!holds(&form, &other, hash, &digest));

    let place = tampered % signed.len();
    let mut longer = signed.clone();
    longer[place].1.push(b'x');
    assert!(!holds(&read(&longer, charset), &passphrase, hash, &digest));
    let mut fewer = signed;
    fewer.remove(place);
    assert!(!holds(&read(&fewer, charset), &passphrase, hash, &digest));
});

fn read(pairs: &[(String, Vec<u8>)], charset: Charset) -> Form {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()));
    Form::read(&rewritten::body(pairs), charset).unwrap_or_else(|error| panic!("{error}"))
}

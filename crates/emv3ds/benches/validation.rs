//! What checking costs: microseconds to read and to write an AReq, an ARes and an RReq, in each version. Prints JSON.
//!
//!     cargo bench -p emv3ds --bench validation
//!
//! Reading is everything from bytes to the checked message; writing is everything from the message to checked bytes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may panic, and its figures go to standard output"
)]

use std::{hint::black_box, time::Instant};

use emv3ds::{
    Rules, Version,
    code::Component,
    message::{AReq, ARes, RReq, Received, WireMessage},
};
use serde_json::{Value, json};

/// Enough for a steady figure, few enough for a second or two per message.
const ROUNDS: u32 = 20_000;

fn main() {
    let mut figures = Vec::new();
    for version in Version::ALL {
        let areq = in_version(include_bytes!("../testdata/areq.json"), version);
        let ares = in_version(include_bytes!("../testdata/ares.json"), version);
        let rreq = in_version(include_bytes!("../testdata/rreq.json"), version);
        figures.push(measured::<AReq>(Component::DirectoryServer, version, areq));
        figures.push(measured::<ARes>(Component::Server, version, ares));
        figures.push(measured::<RReq>(Component::Server, version, rreq));
    }
    let figures = json!({ "rounds": ROUNDS, "messages": figures });
    println!("{figures:#}");
}

/// A sample in the words of a version. The samples are of 2.2.0, and complete in 2.1.0; 2.3.1 wants some more.
fn in_version(sample: &[u8], version: Version) -> Value {
    let mut message: Value = serde_json::from_slice(sample).unwrap();
    message["messageVersion"] = json!(version.as_str());
    let elements = message.as_object_mut().unwrap();
    if version == Version::V2_3_1 {
        for (one, many) in [
            ("threeDSRequestorChallengeInd", true),
            ("threeDSRequestorAuthenticationInfo", true),
            ("threeDSRequestorPriorAuthenticationInfo", true),
            ("broadInfo", false),
        ] {
            if let Some(value) = elements.remove(one)
                && many
            {
                elements.insert(one.to_owned(), json!([value]));
            }
        }
        if elements["messageType"] == "AReq" {
            elements.insert("acceptLanguage".to_owned(), json!(["es-MX"]));
            elements.insert("acquirerCountryCode".to_owned(), json!("484"));
            elements.insert("acquirerCountryCodeSource".to_owned(), json!("01"));
        }
        if let Some(kind) = elements.remove("authenticationType") {
            elements.insert("authenticationMethod".to_owned(), json!([kind]));
        }
    }
    message
}

fn measured<M: WireMessage>(receiver: Component, version: Version, sample: Value) -> Value {
    let versions = [version];
    let rules = Rules::received_by(receiver, &versions);
    let bytes = sample.to_string().into_bytes();
    let Ok(Received::Message(message)) = rules.read_as::<M>(&bytes) else {
        panic!("{version}: {:?}", rules.read_as::<M>(&bytes).map(|_| ()));
    };
    let read = each(|| drop(black_box(rules.read_as::<M>(black_box(&bytes)))));
    let write = each(|| drop(black_box(rules.write(black_box(&message)))));
    json!({
        "message": M::TYPE.as_str(),
        "version": version.as_str(),
        "bytes": bytes.len(),
        "read_microseconds": read,
        "write_microseconds": write,
    })
}

/// Microseconds of one round, to two decimals.
fn each(mut work: impl FnMut()) -> f64 {
    for _ in 0..ROUNDS / 10 {
        work();
    }
    let began = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    let microseconds = began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    (microseconds * 100.0).round() / 100.0
}

//! The ARes of an issuer whose software is broken (scenario 17).

use serde_json::Value;

/// Takes the proof out of a good ARes and leaves an ECI nobody can read: 201 for who checks in the usual order.
///
/// Type, version and identifiers stay, so that the receiver can say in an Erro what it is about.
pub fn spoil(ares: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut elements)) = serde_json::from_slice(&ares) else {
        return ares;
    };
    elements.remove("authenticationValue");
    elements.insert("eci".to_owned(), Value::from(5));
    serde_json::to_vec(&elements).unwrap_or(ares)
}

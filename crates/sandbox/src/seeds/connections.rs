//! The connections to simulated processors that every seeded merchant has.
//!
//! All of a connection follows from the merchant's keys, so that it is the same after a restart, and so that the gateway's
//! seeds and the simulators' registry need not be told of one another.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Secret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Addresses, MerchantKeys, directlink};
use crate::processors::{Connections, Registered, adyen, amex, cybersource, kushki};

/// Whose connections are seeded, in the order in which a purchase tries them.
const SWITCHED_ON: [fn(&Derived<'_>) -> SeededConnection; 4] = [
    kushki_connection,
    adyen_connection,
    cybersource_connection,
    amex_connection,
];

/// What the connections are for.
const CURRENCIES: [&str; 3] = ["MXN", "USD", "COP"];

/// A connection to a simulated processor that the seeds make.
#[derive(Clone, Debug)]
pub struct SeededConnection {
    /// Its id in the gateway, the `connection_id` of the ledger.
    pub id: Uuid,
    /// The processor's name.
    pub processor: &'static str,
    /// The connection's own name.
    pub name: &'static str,
    /// The settings by the names that the processor's adapter gives them.
    pub credentials: BTreeMap<&'static str, Secret<String>>,
    /// Which of the credentials the simulator knows its caller by.
    known_by: &'static str,
    /// How long after sending an inquiry first finds a charge, or a notification should have come.
    pub inquiry_visible_after_seconds: u32,
    /// After how long "not found" means that nothing was charged.
    pub inquiry_final_after_seconds: u32,
    /// ISO 4217.
    pub currencies: &'static [&'static str],
}

impl SeededConnection {
    /// What the simulator knows its caller by; no processor's credential is empty.
    pub fn credential(&self) -> &str {
        self.credentials
            .get(self.known_by)
            .map_or("", |secret| secret.reveal())
    }

    /// The connection's part of the gateway's seeds, but for its 3-D Secure.
    pub(super) fn document(&self, addresses: &Addresses) -> Map<String, Value> {
        let credentials: Map<String, Value> = self
            .credentials
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.reveal().as_str().into()))
            .collect();
        let document = json!({
            "id": self.id,
            "name": self.name,
            "processor_name": self.processor,
            "operation": "purchase",
            "currencies": self.currencies,
            "countries": ["MX"],
            "base_url": format!("{}/processors/{}", addresses.sandbox, self.processor),
            "credentials": credentials,
            "inquiry_visible_after_seconds": self.inquiry_visible_after_seconds,
            "inquiry_final_after_seconds": self.inquiry_final_after_seconds,
        });
        match document {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// Tells the processor's simulator who calls with this connection's credential, and where news of it goes.
    pub fn register(&self, connections: &Connections, gateway_url: &str) {
        let credentials = self
            .credentials
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let registered = Registered {
            connection_id: self.id.to_string(),
            notification_url: Some(format!(
                "{gateway_url}/notifications/{}/{}",
                self.processor, self.id
            )),
            credentials,
        };
        connections.register_whole(self.processor, self.credential(), registered);
    }
}

/// The processors that have one, in the order in which a purchase tries them.
pub fn processors(merchant: &MerchantKeys) -> Vec<&'static str> {
    of(merchant).iter().map(|seeded| seeded.processor).collect()
}

/// A merchant's connections, in the order in which a purchase tries them.
pub fn of(merchant: &MerchantKeys) -> Vec<SeededConnection> {
    let derived = Derived { merchant };
    SWITCHED_ON.iter().map(|make| make(&derived)).collect()
}

fn kushki_connection(derived: &Derived<'_>) -> SeededConnection {
    SeededConnection {
        id: derived.connection_id(kushki::NAME),
        processor: kushki::NAME,
        name: "Kushki sandbox",
        credentials: BTreeMap::from([
            (
                "private_merchant_id",
                derived.hex::<16>("kushki private merchant id"),
            ),
            ("webhook_secret", derived.hex::<16>("kushki webhook secret")),
        ]),
        known_by: "private_merchant_id",
        // In life the list shows a charge after 90 s and all there will ever be after 30 minutes.
        inquiry_visible_after_seconds: 2,
        inquiry_final_after_seconds: 20,
        currencies: &CURRENCIES,
    }
}

/// The one connection of the merchant behind the DirectLink account.
pub(super) fn of_directlink(merchant: &MerchantKeys) -> SeededConnection {
    let mut connection = adyen_connection(&Derived { merchant });
    let account = Secret::new(adyen::documented::MERCHANT_ACCOUNT.to_owned());
    connection.credentials.insert("merchant_account", account);
    SeededConnection {
        currencies: &directlink::CURRENCIES,
        ..connection
    }
}

fn adyen_connection(derived: &Derived<'_>) -> SeededConnection {
    SeededConnection {
        id: derived.connection_id(adyen::NAME),
        processor: adyen::NAME,
        name: "Adyen sandbox",
        credentials: BTreeMap::from([
            ("api_key", derived.hex::<32>("adyen api key")),
            ("merchant_account", Secret::new("TiendaDemoECOM".to_owned())),
            ("hmac_key", derived.hex::<32>("adyen hmac key")),
        ]),
        known_by: "api_key",
        // Its news come within three seconds; what they have not told by then is taken back.
        inquiry_visible_after_seconds: 5,
        inquiry_final_after_seconds: 20,
        currencies: &CURRENCIES,
    }
}

fn cybersource_connection(derived: &Derived<'_>) -> SeededConnection {
    SeededConnection {
        id: derived.connection_id(cybersource::NAME),
        processor: cybersource::NAME,
        name: "Cybersource sandbox",
        credentials: BTreeMap::from([
            ("merchant_id", derived.hex::<8>("cybersource merchant id")),
            ("key_id", derived.uuid("cybersource key id")),
            ("shared_secret", derived.base64("cybersource shared secret")),
            ("webhook_key_id", derived.uuid("cybersource webhook key id")),
            ("webhook_key", derived.base64("cybersource webhook key")),
        ]),
        known_by: "merchant_id",
        // In life searches lag seconds to minutes behind.
        inquiry_visible_after_seconds: 2,
        inquiry_final_after_seconds: 20,
        currencies: &CURRENCIES,
    }
}

fn amex_connection(derived: &Derived<'_>) -> SeededConnection {
    let number = derived.hex::<8>("amex merchant id");
    SeededConnection {
        id: derived.connection_id(amex::NAME),
        processor: amex::NAME,
        name: "Amex sandbox",
        credentials: BTreeMap::from([
            ("merchant_id", Secret::new(format!("TEST{}", number.reveal()))),
            ("api_password", derived.hex::<16>("amex api password")),
            (
                "notification_secret",
                derived.hex::<16>("amex notification secret"),
            ),
        ]),
        known_by: "merchant_id",
        inquiry_visible_after_seconds: 1,
        inquiry_final_after_seconds: 20,
        currencies: &CURRENCIES,
    }
}

/// Makes settings out of a merchant's keys.
struct Derived<'a> {
    merchant: &'a MerchantKeys,
}

impl Derived<'_> {
    fn connection_id(&self, processor: &str) -> Uuid {
        let name = digest::digest(
            &digest::SHA256,
            format!("connection:{processor}:{}", self.merchant.id).as_bytes(),
        );
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(name.as_ref()) {
            *to = *from;
        }
        uuid::Builder::from_custom_bytes(id).into_uuid()
    }

    /// `N` bytes, at most 32, that nobody can guess who lacks the merchant's private key; another purpose gives others.
    fn bytes<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let text = format!("{purpose}:{}", self.merchant.private_key.reveal());
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        bytes
    }

    /// The same as hexadecimal digits.
    fn hex<const N: usize>(&self, purpose: &str) -> Secret<String> {
        let digits = self.bytes::<N>(purpose).map(|byte| format!("{byte:02x}"));
        Secret::new(digits.concat())
    }

    /// The same, 32 of them, as Base64.
    fn base64(&self, purpose: &str) -> Secret<String> {
        Secret::new(STANDARD.encode(self.bytes::<32>(purpose)))
    }

    /// The same as a UUID.
    fn uuid(&self, purpose: &str) -> Secret<String> {
        let id = uuid::Builder::from_custom_bytes(self.bytes::<16>(purpose)).into_uuid();
        Secret::new(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_is_registered_under_what_its_simulator_knows_it_by() {
        let merchant = MerchantKeys::random().unwrap();
        let connections = Connections::default();
        for seeded in of(&merchant) {
            assert!(!seeded.credential().is_empty(), "{}", seeded.processor);
            seeded.register(&connections, "http://127.0.0.1:8080");
            let registered = connections.find(seeded.processor, seeded.credential()).unwrap();
            assert_eq!(registered.connection_id, seeded.id.to_string());
            assert_eq!(
                registered.notification_url,
                Some(format!(
                    "http://127.0.0.1:8080/notifications/{}/{}",
                    seeded.processor, seeded.id
                ))
            );
            assert_eq!(registered.credentials.len(), seeded.credentials.len());
        }
    }

    #[test]
    fn connections_follow_from_the_merchant_and_differ_between_merchants_and_processors() {
        let (one, other) = (MerchantKeys::random().unwrap(), MerchantKeys::random().unwrap());
        let ids = |merchant: &MerchantKeys| -> Vec<_> {
            of(merchant).into_iter().map(|seeded| seeded.id).collect()
        };
        assert_eq!(ids(&one), ids(&one));
        let mut all = [ids(&one), ids(&other)].concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}

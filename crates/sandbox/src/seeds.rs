//! What `make run` puts into the gateway, and the file that tells everybody else about it.
//!
//! [`Keys`] are made once and then read back from `sandbox.json`, so that they survive restarts. From them and the
//! addresses two documents follow: [`seed_document`], which `pasarela seed` takes, and [`sandbox_document`].

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Secret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access_control::bank::{self, BankKey};
use crate::directory;

pub mod connections;
pub mod directlink;

use connections::SeededConnection;
pub use directlink::DirectLinkKeys;

/// The operator who may log in to the admin.
const OPERATOR_EMAIL: &str = "operator@sandbox.test";
/// How long the gateway waits for a directory server here, in milliseconds; scenario 08 uses all of it.
const DIRECTORY_READ_TIMEOUT_MS: u32 = 3_000;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The gateway's public address, `http://127.0.0.1:8080`.
    pub gateway: String,
    /// The admin's address.
    pub admin: String,
    /// The sandbox's address.
    pub sandbox: String,
}

/// A merchant's identity and keys.
#[derive(Clone, Debug)]
pub struct MerchantKeys {
    /// The merchant.
    pub id: Uuid,
    /// `sk_sandbox_…`: calls the orders API and signs `X-Deuna-Signature`.
    pub private_key: Secret<String>,
    /// `pk_sandbox_…`.
    pub public_key: String,
    /// `whsec_…`: signs by Standard Webhooks.
    pub webhook_secret: Secret<String>,
}

/// A shop of the 3DS Server API: its pair of keys, and that of the card vault.
#[derive(Clone, Debug)]
pub struct ShopKeys {
    /// At most 15 characters.
    pub merchant_id: String,
    /// `tk_sandbox_…`.
    pub merchant_key: Secret<String>,
    /// At most 15 characters.
    pub carat_merchant_id: String,
    /// `ck_sandbox_…`.
    pub carat_merchant_key: Secret<String>,
}

impl ShopKeys {
    /// New keys of a new shop.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> io::Result<Self> {
        Ok(Self {
            merchant_id: format!("LOJA{}", base62(8)?),
            merchant_key: Secret::new(format!("tk_sandbox_{}", base62(32)?)),
            carat_merchant_id: format!("CARAT{}", base62(8)?),
            carat_merchant_key: Secret::new(format!("ck_sandbox_{}", base62(32)?)),
        })
    }

    fn read(document: &Value) -> Option<Self> {
        let text = |name: &str| {
            let text = document.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Some(Self {
            merchant_id: text("merchant_id")?,
            merchant_key: Secret::new(text("merchant_key")?),
            carat_merchant_id: text("carat_merchant_id")?,
            carat_merchant_key: Secret::new(text("carat_merchant_key")?),
        })
    }

    fn document(&self) -> Value {
        json!({
            "merchant_id": self.merchant_id,
            "merchant_key": self.merchant_key.reveal(),
            "carat_merchant_id": self.carat_merchant_id,
            "carat_merchant_key": self.carat_merchant_key.reveal(),
        })
    }
}

/// What opens the access control server: to its issuer, and to whoever runs it.
#[derive(Clone, Debug)]
pub struct IssuerKeys {
    /// The bank's.
    pub key: BankKey,
    /// The token of the service's administration.
    pub admin_token: Secret<String>,
}

impl IssuerKeys {
    /// New keys.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> io::Result<Self> {
        Ok(Self {
            key: BankKey::random()?,
            admin_token: Secret::new(base62(32)?),
        })
    }

    fn read(document: &Value) -> Option<Self> {
        let text = |name: &str| document.get(name)?.as_str();
        let admin_token = text("admin_token").filter(|token| !token.is_empty())?;
        Some(Self {
            key: BankKey::read(text("issuer_key")?)?,
            admin_token: Secret::new(admin_token.to_owned()),
        })
    }

    fn document(&self, sandbox: &str) -> Value {
        json!({
            "url": sandbox,
            "admin_token": self.admin_token.reveal(),
            "issuer_id": bank::ISSUER_ID,
            "client_id": bank::CLIENT_ID,
            "issuer_key": self.key.reveal(),
        })
    }
}

/// Everything secret or random about the seeds.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The demo merchant, whose policies reject what is in doubt.
    pub merchant: MerchantKeys,
    /// A second merchant, whose policies proceed.
    pub proceeding_merchant: MerchantKeys,
    /// The shop of the 3DS Server API.
    pub shop: ShopKeys,
    /// The DirectLink account, and the merchant behind it.
    pub directlink: DirectLinkKeys,
    /// The bank of the registered cards.
    pub issuer: IssuerKeys,
    /// The operator's password.
    pub admin_password: Secret<String>,
}

impl MerchantKeys {
    /// New keys of a new merchant.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> io::Result<Self> {
        Ok(Self {
            id: Uuid::now_v7(),
            private_key: Secret::new(format!("sk_sandbox_{}", base62(32)?)),
            public_key: format!("pk_sandbox_{}", base62(32)?),
            webhook_secret: Secret::new(format!("whsec_{}", STANDARD.encode(bytes::<32>()?))),
        })
    }

    fn read(document: &Value) -> Option<Self> {
        let text = |name: &str| {
            document
                .get(name)?
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Some(Self {
            id: Uuid::try_parse(&text("id")?).ok()?,
            private_key: Secret::new(text("private_key").filter(|key| key.starts_with("sk_sandbox_"))?),
            public_key: text("public_key").filter(|key| key.starts_with("pk_sandbox_"))?,
            webhook_secret: Secret::new(text("webhook_secret").filter(|key| key.starts_with("whsec_"))?),
        })
    }

    fn document(&self) -> Value {
        json!({
            "id": self.id,
            "private_key": self.private_key.reveal(),
            "public_key": self.public_key,
            "webhook_secret": self.webhook_secret.reveal(),
        })
    }
}

impl Keys {
    /// The keys of an earlier run where `sandbox.json` has them, new ones for whatever it lacks.
    ///
    /// # Errors
    /// When the file is there and cannot be read, or the system has no randomness.
    pub fn load_or_create(sandbox_json: &Path) -> io::Result<Self> {
        let saved = match fs::read(sandbox_json) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Value::Null,
            Err(error) => return Err(error),
        };
        let merchant = |name: &str| match saved.get(name).and_then(MerchantKeys::read) {
            Some(keys) => Ok(keys),
            None => MerchantKeys::random(),
        };
        let password = saved
            .pointer("/admin/password")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        Ok(Self {
            merchant: merchant("merchant")?,
            proceeding_merchant: merchant("proceeding_merchant")?,
            shop: match saved.get("threeds_server").and_then(ShopKeys::read) {
                Some(keys) => keys,
                None => ShopKeys::random()?,
            },
            directlink: match DirectLinkKeys::read(&saved) {
                Some(keys) => keys,
                None => DirectLinkKeys::random()?,
            },
            issuer: match saved.get("acs").and_then(IssuerKeys::read) {
                Some(keys) => keys,
                None => IssuerKeys::random()?,
            },
            admin_password: Secret::new(match password {
                Some(password) => password.to_owned(),
                None => base62(24)?,
            }),
        })
    }

    /// Merchants whose webhooks the sandbox checks, the shop's first.
    pub fn merchants(&self) -> Vec<MerchantKeys> {
        vec![self.merchant.clone(), self.proceeding_merchant.clone()]
    }
}

/// What `pasarela seed` puts into the gateway. Seeding it twice changes nothing.
pub fn seed_document(addresses: &Addresses, keys: &Keys) -> Value {
    json!({
        "operators": [{ "email": OPERATOR_EMAIL, "password": keys.admin_password.reveal() }],
        "merchants": [
            merchant_document(addresses, &keys.merchant, "Tienda Demo", "reject"),
            merchant_document(addresses, &keys.proceeding_merchant, "Tienda Confiada", "proceed"),
            directlink::merchant_document(addresses, &keys.directlink),
        ],
        "directory_servers": directory::BRANDS.map(|brand| json!({
            "brand": brand.as_str(),
            "url": format!("{}/directory/{brand}", addresses.sandbox),
            "read_timeout_ms": DIRECTORY_READ_TIMEOUT_MS,
        })),
        "threeds_server": [shop_document(&keys.shop)],
        "bins": bins(),
    })
}

/// What is known of the test cards: Visa's are credit, Mastercard's debit, each of a bank of its own.
fn bins() -> Value {
    json!([
        {"prefix": "40000000", "brand": "visa", "card_type": "credit", "issuer_bank": "Banco de Pruebas",
            "issuer_country": "MX", "currency": "MXN"},
        {"prefix": "52000000", "brand": "mastercard", "card_type": "debit", "issuer_bank": "Banco del Ejemplo",
            "issuer_country": "MX", "currency": "MXN"},
        {"prefix": "370000", "brand": "amex", "card_type": "credit", "issuer_bank": "American Express",
            "issuer_country": "US", "currency": "USD"},
    ])
}

/// A shop that only wants 3-D Secure: it needs no merchant, order or connection.
fn shop_document(shop: &ShopKeys) -> Value {
    let mut document = shop.document();
    if let Value::Object(members) = &mut document {
        members.insert("name".to_owned(), "Loja Demo".into());
        members.insert("acquirer_country".to_owned(), "BR".into());
    }
    document
}

fn merchant_document(addresses: &Addresses, merchant: &MerchantKeys, name: &str, policy: &str) -> Value {
    let connections: Vec<_> = connections::of(merchant)
        .iter()
        .map(|connection| connection_document(addresses, connection, name, policy))
        .collect();
    json!({
        "id": merchant.id,
        "name": name,
        "country": "MX",
        "currencies": ["MXN", "USD", "COP"],
        "private_key": merchant.private_key.reveal(),
        "public_key": merchant.public_key,
        "webhook_secret": merchant.webhook_secret.reveal(),
        "notify_url": null,
        "rate_limit_rps": null,
        "connections": connections,
    })
}

fn connection_document(
    addresses: &Addresses,
    connection: &SeededConnection,
    name: &str,
    policy: &str,
) -> Map<String, Value> {
    let mut document = connection.document(addresses);
    document.insert(
        "three_ds".to_owned(),
        json!({
            "provider": "deuna",
            "on_attempted": policy,
            "on_unavailable": policy,
            "mpi": mpi_document(name),
        }),
    );
    document
}

/// What the directory servers know of the merchant: one registration, and an acquirer BIN and requestor per brand.
fn mpi_document(name: &str) -> Value {
    json!({
        "acquirer_merchant_id": "9876543210001",
        "acquirer_bin": "403005",
        "merchant_name": name,
        "mcc": "5411",
        "merchant_url": "https://tienda-demo.example",
        "merchant_country": "MX",
        "requestor_id": "SNDB-PASARELA-0001",
        "requestor_name": name,
        "brands": {
            "visa": { "acquirer_bin": "403005", "requestor_id": "SNDB-VISA-0001" },
            "mastercard": { "acquirer_bin": "520300", "requestor_id": "SNDB-MASTERCARD-0001" },
            "amex": { "acquirer_bin": "376600", "requestor_id": "SNDB-AMEX-0001" },
        },
    })
}

/// The content of `sandbox.json`.
pub fn sandbox_document(addresses: &Addresses, keys: &Keys) -> Value {
    json!({
        "gateway": addresses.gateway,
        "admin": {
            "url": addresses.admin,
            "email": OPERATOR_EMAIL,
            "password": keys.admin_password.reveal(),
        },
        "merchant": keys.merchant.document(),
        "proceeding_merchant": keys.proceeding_merchant.document(),
        "threeds_server": keys.shop.document(),
        "directlink": keys.directlink.document(),
        "directlink_merchant": keys.directlink.merchant.document(),
        "acs": keys.issuer.document(&addresses.sandbox),
        "sandbox": addresses.sandbox,
        "shop": format!("{}/shop", addresses.sandbox),
    })
}

/// Writes a document that only we may read (0600), all at once: a reader sees the old file or the new one.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_privately(path: &Path, document: &Value) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    // Left over from a run that was killed; its mode might be another.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    writeln!(file, "{document:#}")?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("the system has no randomness"))?;
    Ok(bytes)
}

fn base62(length: usize) -> io::Result<String> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // Bytes from 248 on are dropped, or the first digits would be likelier than the last.
        let fair = bytes::<32>()?.into_iter().filter(|byte| *byte < 248);
        text.extend(fair.filter_map(|byte| DIGITS.get(usize::from(byte % 62)).copied().map(char::from)));
    }
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn addresses() -> Addresses {
        Addresses {
            gateway: "http://127.0.0.1:8080".into(),
            admin: "http://127.0.0.1:8081".into(),
            sandbox: "http://127.0.0.1:8090".into(),
        }
    }

    fn folder() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("sandbox-seeds-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn keys_survive_a_restart_and_the_file_is_private() {
        let folder = folder();
        let path = folder.join("sandbox.json");
        let keys = Keys::load_or_create(&path).unwrap();
        let document = sandbox_document(&addresses(), &keys);
        write_privately(&path, &document).unwrap();
        write_privately(&path, &document).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Keys::load_or_create(&path).unwrap();
        assert_eq!(sandbox_document(&addresses(), &again), document);
        assert_eq!(
            seed_document(&addresses(), &again),
            seed_document(&addresses(), &keys)
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_no_json_or_lacks_a_part_gets_new_keys() {
        let folder = folder();
        let path = folder.join("sandbox.json");
        fs::write(&path, "{\"merchant\":{\"id\":\"\"}}").unwrap();
        let keys = Keys::load_or_create(&path).unwrap();
        assert!(keys.merchant.private_key.reveal().starts_with("sk_sandbox_"));
        fs::write(&path, "half a fi").unwrap();
        assert!(Keys::load_or_create(&path).is_ok());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn keys_have_their_form() {
        let keys = MerchantKeys::random().unwrap();
        for (key, prefix) in [
            (keys.private_key.reveal().as_str(), "sk_sandbox_"),
            (&keys.public_key, "pk_sandbox_"),
        ] {
            let random = key.strip_prefix(prefix).unwrap();
            assert_eq!(random.len(), 32);
            assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        let secret = keys.webhook_secret.reveal().strip_prefix("whsec_").unwrap();
        assert_eq!(STANDARD.decode(secret).unwrap().len(), 32);
    }

    #[test]
    fn merchants_have_their_own_connections_and_policies() {
        let keys = Keys {
            merchant: MerchantKeys::random().unwrap(),
            proceeding_merchant: MerchantKeys::random().unwrap(),
            shop: ShopKeys::random().unwrap(),
            directlink: DirectLinkKeys::random().unwrap(),
            issuer: IssuerKeys::random().unwrap(),
            admin_password: Secret::new("password".to_owned()),
        };
        let document = seed_document(&addresses(), &keys);
        let text = |pointer: &str| {
            document
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap()
                .to_owned()
        };
        assert_eq!(text("/merchants/0/connections/0/three_ds/on_attempted"), "reject");
        assert_eq!(
            text("/merchants/1/connections/0/three_ds/on_unavailable"),
            "proceed"
        );
        assert_ne!(
            text("/merchants/0/connections/0/id"),
            text("/merchants/1/connections/0/id")
        );
        assert_eq!(
            text("/merchants/2/connections/0/three_ds/on_unavailable"),
            "proceed"
        );
        assert_eq!(
            text("/merchants/2/connections/0/credentials/merchant_account"),
            "TiendaDirectLinkECOM"
        );
        assert_eq!(text("/merchants/2/directlink/0/processor"), "adyen");
        assert_eq!(
            text("/directory_servers/4/url"),
            "http://127.0.0.1:8090/directory/jcb"
        );
    }
}

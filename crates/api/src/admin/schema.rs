//! Bodies and answers of the admin as its OpenAPI document describes them. Nothing is read or written through these
//! types: bodies are read member by member in [`orchestrator::administration`], with every problem at once.

use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

mod directlink;
mod routing;
mod shops;
mod webhooks;

pub use crate::problem::Problem as ProblemBody;
pub use directlink::*;
pub use routing::*;
pub use shops::*;
pub use webhooks::*;

/// Who logs in.
#[derive(ToSchema)]
pub struct LoginBody {
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    #[schema(format = Password, max_length = 256)]
    pub password: String,
}

/// A session.
#[derive(ToSchema)]
pub struct LoginReply {
    /// Always 200.
    pub code: u16,
    #[schema(format = DateTime)]
    pub expire: String,
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
}

/// A merchant to be created.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Tienda", "country": "MX", "currencies": ["MXN", "USD"]}))]
pub struct MerchantBody {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// ISO 3166-1.
    pub country: String,
    /// ISO 4217 alphabetic codes.
    #[schema(min_items = 1, max_items = 50)]
    pub currencies: Vec<String>,
    /// Where webhooks go when an order does not say.
    #[schema(max_length = 2048)]
    pub notify_url: Option<String>,
    /// As many as the orders API gives everybody, unless told.
    #[schema(minimum = 1, maximum = 100_000)]
    pub reads_per_second: Option<u32>,
    #[schema(minimum = 1, maximum = 100_000)]
    pub writes_per_second: Option<u32>,
}

/// What is to be different.
#[derive(ToSchema)]
#[schema(example = json!({"notify_url": null}))]
pub struct MerchantChangeBody {
    pub name: Option<String>,
    pub country: Option<String>,
    pub currencies: Option<Vec<String>>,
    pub notify_url: Option<String>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
}

#[derive(ToSchema)]
pub struct MerchantReply {
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    pub country: String,
    pub currencies: Vec<String>,
    pub notify_url: Option<String>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct MerchantListReply {
    pub data: Vec<MerchantReply>,
}

/// A new merchant with what is shown only this once.
#[derive(ToSchema)]
pub struct CreatedMerchantReply {
    #[schema(inline)]
    pub application: IssuedApplicationReply,
    /// Signs webhooks by Standard Webhooks.
    pub webhook_secret: String,
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    pub country: String,
    pub currencies: Vec<String>,
    pub notify_url: Option<String>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
#[schema(example = json!({"name": "Web shop"}))]
pub struct ApplicationBody {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// A pair of keys, without the keys.
#[derive(ToSchema)]
pub struct ApplicationReply {
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    pub is_sandbox: bool,
    /// `active` or `revoked`.
    pub status: String,
    pub private_key_last_four: String,
    pub public_key_last_four: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
}

#[derive(ToSchema)]
pub struct ApplicationListReply {
    pub data: Vec<ApplicationReply>,
}

/// A pair of keys, shown this once.
#[derive(ToSchema)]
pub struct IssuedApplicationReply {
    pub private_key: String,
    pub public_key: String,
    #[schema(format = Uuid)]
    pub id: String,
    pub name: String,
    pub is_sandbox: bool,
    pub status: String,
    pub private_key_last_four: String,
    pub public_key_last_four: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
}

/// A connection to be created.
#[derive(ToSchema)]
#[schema(example = json!({
    "name": "Kushki MX", "processor_name": "kushki", "operation": "purchase", "currencies": ["MXN"], "countries": ["MX"],
    "credentials": {"private_merchant_id": "20000000100000000000000000000000"},
    "three_ds": {
        "provider": "deuna", "on_attempted": "proceed", "on_unavailable": "reject",
        "mpi": {
            "acquirer_merchant_id": "9876543210001", "acquirer_bin": "400551", "merchant_name": "Tienda", "mcc": "5999",
            "merchant_url": "https://tienda.example", "merchant_country": "MX",
            "requestor_id": "10001", "requestor_name": "Tienda",
            "brands": {"mastercard": {"acquirer_bin": "520013"}}
        }
    }
}))]
pub struct ConnectionBody {
    /// Unique within the merchant.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(example = "kushki")]
    pub processor_name: String,
    /// `purchase` (the default) or `authorization`.
    pub operation: Option<String>,
    #[schema(min_items = 1, max_items = 50)]
    pub currencies: Vec<String>,
    /// Where orders may come from; empty for anywhere.
    pub countries: Option<Vec<String>>,
    /// Where the processor is reached, when not at its usual address.
    pub base_url: Option<String>,
    #[schema(minimum = 0, maximum = 86_400)]
    pub inquiry_visible_after_seconds: Option<u32>,
    #[schema(minimum = 0, maximum = 86_400)]
    pub inquiry_final_after_seconds: Option<u32>,
    /// Lower is tried first; a new connection comes last unless told.
    #[schema(minimum = 0, maximum = 10_000)]
    pub preference: Option<i32>,
    pub three_ds: ThreeDs,
    /// What the processor asks for, by name. Never shown again.
    #[schema(write_only)]
    pub credentials: BTreeMap<String, String>,
}

/// What is to be different.
#[derive(ToSchema)]
#[schema(example = json!({"operation": "authorization"}))]
pub struct ConnectionChangeBody {
    pub name: Option<String>,
    pub operation: Option<String>,
    pub currencies: Option<Vec<String>>,
    pub countries: Option<Vec<String>>,
    pub base_url: Option<String>,
    pub inquiry_visible_after_seconds: Option<u32>,
    pub inquiry_final_after_seconds: Option<u32>,
    pub preference: Option<i32>,
    pub three_ds: Option<ThreeDs>,
    /// Only before the first activation.
    pub processor_name: Option<String>,
    /// Only before the first activation.
    #[schema(write_only)]
    pub credentials: Option<BTreeMap<String, String>>,
}

/// How cardholders are authenticated.
#[derive(ToSchema)]
pub struct ThreeDs {
    /// `none`, `deuna` (our own MPI), `remote` (a remote 3DS Server) or `processor`.
    pub provider: String,
    /// The name of the remote 3DS Server. Required when the provider is `remote`.
    #[schema(min_length = 1, max_length = 40)]
    pub remote: Option<String>,
    /// `reject` (the default) or `proceed`.
    pub on_attempted: Option<String>,
    /// `reject` (the default) or `proceed`.
    pub on_unavailable: Option<String>,
    /// What is wanted of 3-D Secure where a purchase does not say.
    pub defaults: Option<ThreeDsDefaults>,
    /// Required when the provider is `deuna` or `remote`.
    pub mpi: Option<Mpi>,
}

/// The members of a purchase's `three_ds`, for purchases that leave them out.
#[derive(ToSchema)]
#[schema(example = json!({"challenge_indicator": "02", "decoupled_max_minutes": 10}))]
pub struct ThreeDsDefaults {
    /// `off`, `auto`, `force` or `data_only`.
    pub mode: Option<String>,
    /// Two digits, `01` to `14`, or a list of two that do not conflict.
    pub challenge_indicator: Option<Value>,
    /// `low_value`, `tra_issuer`, `tra_acquirer`, `trusted_list`, `corporate`, `delayed_shipment`, `delegated`,
    /// `one_leg_out` or `anonymous_prepaid`.
    pub exemption: Option<String>,
    #[schema(minimum = 1, maximum = 10_080)]
    pub decoupled_max_minutes: Option<u16>,
}

/// What acquirer and directory servers know the merchant by.
#[derive(ToSchema)]
pub struct Mpi {
    #[schema(min_length = 1, max_length = 35)]
    pub acquirer_merchant_id: String,
    #[schema(pattern = "^[0-9]{6,11}$")]
    pub acquirer_bin: String,
    #[schema(min_length = 1, max_length = 40)]
    pub merchant_name: String,
    #[schema(pattern = "^[0-9]{4}$")]
    pub mcc: String,
    #[schema(max_length = 2048)]
    pub merchant_url: String,
    pub merchant_country: String,
    #[schema(min_length = 1, max_length = 35)]
    pub requestor_id: String,
    #[schema(min_length = 1, max_length = 40)]
    pub requestor_name: String,
    /// By brand (`visa`, `mastercard`, …), the members above that are others there.
    pub brands: Option<BTreeMap<String, Value>>,
}

#[derive(ToSchema)]
pub struct ConnectionReply {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(format = Uuid)]
    pub merchant_id: String,
    /// Always `payment_gateway`.
    pub kind: String,
    pub name: String,
    pub processor_name: String,
    /// `active`, `inactive` or `disabled`.
    pub status: String,
    pub operation: String,
    pub currencies: Vec<String>,
    pub countries: Vec<String>,
    pub base_url: Option<String>,
    pub inquiry_visible_after_seconds: Option<u32>,
    pub inquiry_final_after_seconds: Option<u32>,
    pub preference: i32,
    pub three_ds: ThreeDs,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct ConnectionListReply {
    pub data: Vec<ConnectionReply>,
}

#[derive(ToSchema)]
#[schema(example = json!({"url": "https://ds.example/visa", "read_timeout_ms": 10_000}))]
pub struct DirectoryServerBody {
    #[schema(max_length = 2048)]
    pub url: String,
    /// Tried when the first cannot be reached.
    #[schema(max_length = 2048)]
    pub backup_url: Option<String>,
    #[schema(minimum = 1, maximum = 60_000, default = 5_000)]
    pub connect_timeout_ms: Option<u32>,
    #[schema(minimum = 1, maximum = 60_000, default = 10_000)]
    pub read_timeout_ms: Option<u32>,
    /// `threeDSServerRefNumber` there, when not the usual one.
    #[schema(max_length = 32)]
    pub reference_number: Option<String>,
    /// `threeDSServerOperatorID`, where the directory server assigned one.
    #[schema(max_length = 32)]
    pub operator_id: Option<String>,
    /// Protocol versions it takes; `null`: whatever its card ranges say.
    #[schema(max_items = 10, example = json!(["2.1.0", "2.2.0"]))]
    pub versions: Option<Vec<String>>,
    /// Where it posts results, when not at the usual address: a listener may have a name and a certificate for each.
    #[schema(max_length = 2048)]
    pub results_url: Option<String>,
    /// Our certificate there and what issued it, PEM, ours first.
    pub client_certificate: Option<String>,
    /// Its private key, PEM, unencrypted. Stored sealed, never shown.
    #[schema(write_only)]
    pub client_key: Option<String>,
    /// The only roots trusted with this directory server, PEM; `null`: the system's.
    pub roots: Option<String>,
    /// DNS names of which its certificate must have one when it posts results; `null`: any certificate under its roots.
    #[schema(max_items = 10)]
    pub results_names: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub struct DirectoryServerReply {
    pub brand: String,
    pub url: String,
    pub backup_url: Option<String>,
    pub connect_timeout_ms: u32,
    pub read_timeout_ms: u32,
    pub reference_number: Option<String>,
    pub operator_id: Option<String>,
    pub versions: Option<Vec<String>>,
    pub results_url: Option<String>,
    pub client_certificate: Option<String>,
    pub roots: Option<String>,
    pub results_names: Option<Vec<String>>,
    pub certificates: DirectoryCertificates,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What the certificates say of themselves.
#[derive(ToSchema)]
pub struct DirectoryCertificates {
    pub client_certificate: Vec<CertificateFacts>,
    pub roots: Vec<CertificateFacts>,
    /// What to see to, such as a certificate that expires within 30 days.
    pub warnings: Vec<String>,
}

#[derive(ToSchema)]
pub struct CertificateFacts {
    #[schema(example = "CN=3ds.pay.example.com,O=Example")]
    pub subject: String,
    pub issuer: String,
    /// Hexadecimal.
    pub serial: String,
    #[schema(format = DateTime)]
    pub not_before: String,
    #[schema(format = DateTime)]
    pub not_after: String,
    /// The fingerprint, hexadecimal.
    pub sha256: String,
}

#[derive(ToSchema)]
#[schema(example = json!({
    "base_url": "https://3ds.example", "merchant_id": "shop-1", "merchant_key": "as-issued-there"
}))]
pub struct RemoteServerBody {
    /// What comes before `/v2/authentication`.
    #[schema(max_length = 2048)]
    pub base_url: String,
    /// Who we are there.
    #[schema(min_length = 1, max_length = 15)]
    pub merchant_id: String,
    /// Required unless one is stored. Stored sealed, never shown.
    #[schema(write_only, max_length = 80)]
    pub merchant_key: Option<String>,
    /// RSA private key, PEM, whose public key is registered there: creations are signed. Stored sealed, never shown.
    #[schema(write_only)]
    pub signing_key: Option<String>,
    #[schema(minimum = 1, maximum = 15_000, default = 10_000)]
    pub read_timeout_ms: Option<u32>,
}

#[derive(ToSchema)]
pub struct RemoteServerReply {
    pub name: String,
    pub base_url: String,
    pub merchant_id: String,
    pub read_timeout_ms: u32,
    /// Whether creations are signed.
    pub signs: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct RemoteServerListReply {
    pub data: Vec<RemoteServerReply>,
}

#[derive(ToSchema)]
pub struct DirectoryServerListReply {
    pub data: Vec<DirectoryServerReply>,
}

/// One change.
#[derive(ToSchema)]
pub struct AuditEntryReply {
    pub id: i64,
    #[schema(format = DateTime)]
    pub at: String,
    /// `operator` or `command_line`.
    pub actor: String,
    #[schema(format = Uuid)]
    pub operator_id: Option<String>,
    pub operator_email: Option<String>,
    #[schema(example = "connection.activate")]
    pub action: String,
    #[schema(format = Uuid)]
    pub merchant_id: Option<String>,
    /// What was changed.
    pub subject: String,
    /// How it looked, without secrets.
    pub before: Option<Value>,
    pub after: Option<Value>,
}

#[derive(ToSchema)]
pub struct AuditListReply {
    pub data: Vec<AuditEntryReply>,
}

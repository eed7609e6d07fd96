//! Accounts of DirectLink and who may call for them.

use utoipa::ToSchema;

/// What may be said of an account.
#[derive(ToSchema)]
#[schema(example = json!({
    "pspid": "MyPSPID", "processor": "adyen", "hash": "sha256", "sha_in": "Mysecretsig1875!?",
    "sha_out": "Mysecretsig1875?!", "operation": "RES", "allowed_addresses": ["203.0.113.0/24"]
}))]
pub struct DirectLinkAccountBody {
    /// What the shop sends as `PSPID`: letters, digits, `-`, `_` and `.`. An account needs it when it is created, and it cannot
    /// be changed.
    #[schema(min_length = 1, max_length = 30)]
    pub pspid: Option<String>,
    /// Charges go to the merchant's connections of this processor only; absent: as its routing says.
    #[schema(max_length = 64)]
    pub processor: Option<String>,
    /// The digest of both signatures: `sha1`, `sha256` (unless told) or `sha512`.
    pub hash: Option<String>,
    /// The passphrase of requests, printable ASCII. Without one they need no signature. Never read back.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    pub sha_in: Option<String>,
    /// The passphrase of feedback. Without one it has no signature. Never read back.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    pub sha_out: Option<String>,
    /// What an order without `OPERATION` does: `RES` (unless told) or `SAL`.
    pub operation: Option<String>,
    /// Addresses and networks that requests may come from; none: from anywhere.
    #[schema(max_items = 100)]
    pub allowed_addresses: Option<Vec<String>>,
    /// Where browsers go, where a request does not say.
    #[schema(max_length = 2048)]
    pub accept_url: Option<String>,
    #[schema(max_length = 2048)]
    pub decline_url: Option<String>,
    #[schema(max_length = 2048)]
    pub exception_url: Option<String>,
    #[schema(max_length = 2048)]
    pub cancel_url: Option<String>,
    /// Whether what browsers carry back says how it ended. Needs `sha_out`.
    pub feedback_on_redirect: Option<bool>,
    /// Called about what was accepted, is open or uncertain. `<PARAMVAR>` may stand in path or query.
    #[schema(max_length = 2048)]
    pub post_sale_accept_url: Option<String>,
    /// Called about what was refused or cancelled.
    #[schema(max_length = 2048)]
    pub post_sale_decline_url: Option<String>,
    /// Called about later changes.
    #[schema(max_length = 2048)]
    pub post_sale_change_url: Option<String>,
    /// `POST` (unless told) or `GET`.
    pub post_sale_method: Option<String>,
    /// When browsers go on to the shop: at once (`deferred`, unless told), or once its server was told how the payment ended, or
    /// did not listen for some seconds (`online`).
    pub post_sale_timing: Option<String>,
    /// How often a shopper may try to pay one order; ten times unless told.
    #[schema(minimum = 1, maximum = 50)]
    pub attempts_max: Option<u8>,
    /// `active` or `disabled`.
    pub status: Option<String>,
    /// Change it only at this version.
    pub version: Option<i64>,
}

#[derive(ToSchema)]
pub struct DirectLinkAccountReply {
    pub pspid: String,
    #[schema(format = Uuid)]
    pub merchant_id: String,
    pub processor: Option<String>,
    pub hash: String,
    /// Whether requests must be signed.
    pub sha_in_set: bool,
    /// Whether feedback is signed.
    pub sha_out_set: bool,
    pub operation: String,
    /// Networks, an address as one of itself.
    pub allowed_addresses: Vec<String>,
    pub accept_url: Option<String>,
    pub decline_url: Option<String>,
    pub exception_url: Option<String>,
    pub cancel_url: Option<String>,
    pub feedback_on_redirect: bool,
    pub post_sale_accept_url: Option<String>,
    pub post_sale_decline_url: Option<String>,
    pub post_sale_change_url: Option<String>,
    pub post_sale_method: String,
    pub post_sale_timing: String,
    pub attempts_max: u8,
    pub status: String,
    pub version: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct DirectLinkAccountListReply {
    pub data: Vec<DirectLinkAccountReply>,
}

/// A user's password, if it is to be a given one.
#[derive(ToSchema)]
#[schema(example = json!({"password": "at least eight"}))]
pub struct DirectLinkUserBody {
    /// Printable ASCII. Absent: we make one.
    #[schema(format = Password, min_length = 8, max_length = 64)]
    pub password: Option<String>,
}

/// A user who was just given a password.
#[derive(ToSchema)]
pub struct PutDirectLinkUserReply {
    pub userid: String,
    /// The password, this once, where we made it.
    pub password: Option<String>,
}

#[derive(ToSchema)]
pub struct DirectLinkUserReply {
    pub userid: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Five wrong passwords in a row lock a user until it is unlocked or given another password.
    pub locked: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct DirectLinkUserListReply {
    pub data: Vec<DirectLinkUserReply>,
}

/// A card that a shop pays with by a name.
#[derive(ToSchema)]
pub struct DirectLinkAliasReply {
    pub alias: String,
    /// All but the last four digits are `X`.
    pub card_number: String,
    /// As `visa`.
    pub brand: String,
    /// As `2030-12`.
    pub expiry: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When an authorised order brought the card, or its expiry, last.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct DirectLinkAliasListReply {
    pub data: Vec<DirectLinkAliasReply>,
}

/// Something that a shop's server was told, or is to be told.
#[derive(ToSchema)]
pub struct DirectLinkFeedbackReply {
    pub id: i64,
    /// The payment's number.
    pub payid: String,
    /// `end`: how the payment ended. `change`: what became of it later.
    pub occasion: String,
    /// `STATUS`, as it is told.
    pub status: u8,
    /// `NCERROR`, as it is told.
    pub ncerror: String,
    /// Which capture, void or refund it is about, from 1.
    pub payidsub: Option<u32>,
    /// `delivered`, `given_up`, `no_url` or, where a later try of the same order ended before it was told, `overtaken`; absent while
    /// it is to be sent.
    pub outcome: Option<String>,
    pub attempts: u32,
    /// When it is sent next.
    #[schema(format = DateTime)]
    pub next_at: Option<String>,
    /// What came of the last attempt, in a word.
    pub last_code: Option<String>,
    pub last_http_status: Option<u16>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct DirectLinkFeedbackListReply {
    pub data: Vec<DirectLinkFeedbackReply>,
}

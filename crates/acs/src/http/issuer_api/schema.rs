//! Bodies and answers as the OpenAPI document describes them. Nothing is read or written through these types: bodies are read
//! member by member in [`crate::registration`].
#![allow(dead_code, reason = "read by the derive only")]

use utoipa::ToSchema;

/// Why a call failed.
#[derive(ToSchema)]
#[schema(example = json!({"code": "FIELD_INVALID_FORMAT", "message": "exp must be month and year, MMYY", "field": "exp"}))]
pub(crate) struct FailureBody {
    /// `FIELD_INVALID_FORMAT`, `FIELD_MISSING`, `FIELD_UNKNOWN`, `BODY_INVALID_FORMAT`, `BODY_TOO_LARGE`, `UNAUTHORIZED`,
    /// `RESOURCE_NOT_FOUND`, …: see docs/acs.md.
    code: String,
    /// For people.
    message: String,
    /// The member, parameter or header.
    field: Option<String>,
}

/// An assertion for a token.
#[derive(ToSchema)]
pub(crate) struct TokenBody {
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`
    grant_type: String,
    /// A JWT signed with ES256.
    assertion: String,
}

/// An access token.
#[derive(ToSchema)]
pub(crate) struct TokenReply {
    access_token: String,
    /// `Bearer`
    token_type: String,
    /// 900
    expires_in: u16,
}

/// Why there is no token (RFC 6749 section 5.2).
#[derive(ToSchema)]
pub(crate) struct TokenFailure {
    /// `invalid_request`, `unsupported_grant_type`, `invalid_grant`
    error: String,
    error_description: Option<String>,
}

/// A phone in two parts.
#[derive(ToSchema)]
#[schema(example = json!({"countryCode": "+52", "phoneNumber": "5512345678"}))]
#[schema(rename_all = "camelCase")]
pub(crate) struct PhoneBody {
    country_code: String,
    phone_number: String,
}

/// Where somebody lives.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AddressBody {
    line1: Option<String>,
    line2: Option<String>,
    line3: Option<String>,
    city: Option<String>,
    state: Option<String>,
    #[schema(max_length = 16)]
    zip_code: Option<String>,
    /// ISO 3166-1.
    country_code: Option<String>,
}

/// A cardholder.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ConsumerBody {
    /// A language and a region: `es-MX`.
    language: Option<String>,
    /// Whether the bank's app is there to ask.
    app_registered: Option<bool>,
    mobile_phone_number: Option<PhoneBody>,
    #[schema(max_items = 4)]
    additional_phone_numbers: Option<Vec<PhoneBody>>,
    first_name: Option<String>,
    middle_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    #[schema(format = Date)]
    date_of_birth: Option<String>,
    residency_address: Option<AddressBody>,
}

/// A cardholder with cards.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ConsumerWithCardsBody {
    #[schema(max_items = 20)]
    cards: Vec<ListedCardBody>,
    /// A language and a region: `es-MX`.
    language: Option<String>,
    /// Whether the bank's app is there to ask.
    app_registered: Option<bool>,
    mobile_phone_number: Option<PhoneBody>,
    #[schema(max_items = 4)]
    additional_phone_numbers: Option<Vec<PhoneBody>>,
    first_name: Option<String>,
    middle_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    #[schema(format = Date)]
    date_of_birth: Option<String>,
    residency_address: Option<AddressBody>,
}

/// What the service uses of a cardholder.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ConsumerReply {
    consumer_id: String,
    language: Option<String>,
    app_registered: bool,
    /// Masked.
    phones: Vec<String>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A card within a list.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ListedCardBody {
    card_id: String,
    /// The number; or `encryptedData`.
    pan: Option<String>,
    /// MMYY.
    exp: Option<String>,
    /// A JWE (ECDH-ES, A256GCM) of `{"pan", "exp"}`, to the key of `GET /acs/banking/v2/encryption-key`.
    encrypted_data: Option<String>,
    /// Where it is there, it has to be the product whose range the number is in.
    product_id: Option<String>,
    static_password: Option<String>,
    /// `ACTIVE` (unless said otherwise) or `INACTIVE`.
    state: Option<String>,
}

/// A card.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CardBody {
    consumer_id: String,
    /// The number; or `encryptedData`.
    pan: Option<String>,
    /// MMYY.
    exp: Option<String>,
    /// A JWE (ECDH-ES, A256GCM) of `{"pan", "exp"}`, to the key of `GET /acs/banking/v2/encryption-key`.
    encrypted_data: Option<String>,
    /// Where it is there, it has to be the product whose range the number is in.
    product_id: Option<String>,
    static_password: Option<String>,
    /// `ACTIVE` (unless said otherwise) or `INACTIVE`.
    state: Option<String>,
}

/// A card that is new.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewCardBody {
    card_id: String,
    consumer_id: String,
    /// The number; or `encryptedData`.
    pan: Option<String>,
    /// MMYY.
    exp: Option<String>,
    /// A JWE (ECDH-ES, A256GCM) of `{"pan", "exp"}`, to the key of `GET /acs/banking/v2/encryption-key`.
    encrypted_data: Option<String>,
    /// Where it is there, it has to be the product whose range the number is in.
    product_id: Option<String>,
    static_password: Option<String>,
    /// `ACTIVE` (unless said otherwise) or `INACTIVE`.
    state: Option<String>,
}

/// A card as it is known.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CardReply {
    card_id: String,
    consumer_id: String,
    product_id: String,
    /// The last four digits.
    pan_suffix: String,
    exp: Option<String>,
    state: String,
    /// Whether there is one.
    static_password: bool,
    /// Whether too many failures locked it.
    locked: bool,
    /// Until when; none where only the issuer can unlock it.
    #[schema(format = DateTime)]
    locked_until: Option<String>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Another expiry date.
#[derive(ToSchema)]
pub(crate) struct RenewBody {
    /// MMYY.
    exp: String,
}

/// Another number.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ReplaceBody {
    new_card_id: Option<String>,
    pan: Option<String>,
    exp: Option<String>,
    encrypted_data: Option<String>,
}

/// Account numbers from one to another.
#[derive(ToSchema)]
pub(crate) struct RangeBody {
    /// 13 to 19 digits.
    start: String,
    /// As many digits.
    end: String,
}

/// A card product.
#[derive(ToSchema)]
pub(crate) struct ProductBody {
    /// `visa`, `mastercard`, …
    brand: String,
    name: String,
    #[schema(max_items = 200)]
    ranges: Vec<RangeBody>,
}

/// A card product as it is known.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ProductReply {
    product_id: String,
    brand: String,
    name: String,
    ranges: Vec<RangeBody>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Card products.
#[derive(ToSchema)]
pub(crate) struct ProductListReply {
    products: Vec<ProductReply>,
}

/// A secret.
#[derive(ToSchema)]
pub(crate) struct SecretBody {
    #[schema(min_length = 16, max_length = 256)]
    secret: String,
}

/// An authentication in the history of a card.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct OperationReply {
    operation_id: String,
    /// `3DS_FRICTIONLESS`, `3DS_CHALLENGE_OOB_ISSUER` or `3DS_CHALLENGE_OTP_SMS`
    operation: String,
    /// `SUCCESSFUL`, `FAILED` or, while it goes on, `PENDING`
    status: String,
    #[schema(format = DateTime)]
    start_time: String,
    consumer_id: Option<String>,
    /// `acsTransactionId`, `threeDSServerTransId`, merchant, amount, statuses.
    details: serde_json::Value,
    /// Where it failed.
    error: Option<String>,
}

/// The history of a card.
#[derive(ToSchema)]
pub(crate) struct OperationListReply {
    operations: Vec<OperationReply>,
}

/// An authentication, with its decision and its challenge.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ChallengeReply {
    acs_trans_id: String,
    consumer_id: Option<String>,
    card_id: Option<String>,
    /// Where the challenge stands; none without one.
    state: Option<String>,
    /// Whether no browser takes part.
    decoupled: bool,
    /// How it was asked, once it has ended: `code`, `password`, `password_then_code`, `app`, `decoupled`
    method: Option<String>,
    /// How it ended.
    ending: Option<String>,
    merchant_name: String,
    /// Minor units.
    purchase_amount: Option<String>,
    /// ISO 4217 numeric.
    purchase_currency: Option<String>,
    purchase_exponent: Option<String>,
    #[schema(format = DateTime)]
    start_time: String,
    /// Which rule decided, and by which facts.
    explanation: serde_json::Value,
}

/// What waits for the app.
#[derive(ToSchema)]
pub(crate) struct ChallengeListReply {
    challenges: Vec<ChallengeReply>,
}

/// What the cardholder answered in the app.
#[derive(ToSchema)]
pub(crate) struct AppAnswerBody {
    /// `approved`, `denied` or `not_me`
    result: String,
}

/// A line of an import: a card with its cardholder.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ImportRowBody {
    card_id: String,
    consumer_id: String,
    /// The number; or `encryptedData`.
    pan: Option<String>,
    /// MMYY.
    exp: Option<String>,
    encrypted_data: Option<String>,
    product_id: Option<String>,
    static_password: Option<String>,
    state: Option<String>,
    language: Option<String>,
    app_registered: Option<bool>,
    mobile_phone_number: Option<PhoneBody>,
    additional_phone_numbers: Option<Vec<PhoneBody>>,
    first_name: Option<String>,
    middle_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    date_of_birth: Option<String>,
    residency_address: Option<AddressBody>,
}

/// How far an import is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ImportReply {
    import_id: String,
    /// Whether the upload came to its end.
    complete: bool,
    lines_received: u64,
    rows_taken: u64,
    rows_refused: u64,
    /// Rows that wait to be worked off.
    rows_open: u64,
    #[schema(format = DateTime)]
    start_time: String,
    /// When the last row was worked off.
    #[schema(format = DateTime)]
    end_time: Option<String>,
}

/// A row that was refused.
#[derive(ToSchema)]
pub(crate) struct RefusalReply {
    line: u64,
    /// Empty for the row as a whole.
    field: String,
    code: String,
    message: String,
}

/// Rows that were refused.
#[derive(ToSchema)]
pub(crate) struct RefusalListReply {
    refusals: Vec<RefusalReply>,
    /// For `after` of the next page; none on the last.
    next: Option<u64>,
}

/// The key for card data, a JWK.
#[derive(ToSchema)]
pub(crate) struct EncryptionKeyReply {
    /// `EC`
    kty: String,
    /// `P-256`
    crv: String,
    x: String,
    y: String,
    kid: String,
    /// `enc`
    r#use: String,
    /// `ECDH-ES`
    alg: String,
}

/// Authentications by answer and outcome.
#[derive(ToSchema)]
pub(crate) struct OutcomeReply {
    /// What the ARes said.
    status: String,
    /// How it ended; none while it goes on.
    outcome: Option<String>,
    reason: Option<String>,
    count: u64,
}

/// Challenges of one way to ask and one end.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct EndingReply {
    method: Option<String>,
    ending: Option<String>,
    count: u64,
    median_millis: Option<u64>,
}

/// Codes that were made.
#[derive(ToSchema)]
pub(crate) struct CodesReply {
    sent: u64,
    verified: u64,
    /// That a limit kept from being sent.
    withheld: u64,
}

/// One day.
#[derive(ToSchema)]
pub(crate) struct DayReply {
    #[schema(format = Date)]
    day: String,
    authentications: u64,
    challenges: u64,
    passed: u64,
}

/// What authentications came to.
#[derive(ToSchema)]
pub(crate) struct StatisticsReply {
    authentications: Vec<OutcomeReply>,
    challenges: Vec<EndingReply>,
    codes: CodesReply,
    days: Vec<DayReply>,
}

/// How a provider does in a country.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ProviderReply {
    provider: String,
    /// The country's calling code; empty where the phone is not known.
    prefix: String,
    accepted: u64,
    refused: u64,
    not_taken: u64,
    unknown: u64,
    delivered: u64,
    undelivered: u64,
    /// On average.
    answer_millis: u64,
    delivery_millis: u64,
}

/// Providers.
#[derive(ToSchema)]
pub(crate) struct ProviderListReply {
    providers: Vec<ProviderReply>,
}

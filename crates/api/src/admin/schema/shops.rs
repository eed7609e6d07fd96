//! Bodies and answers about shops of the 3DS Server API.

use utoipa::ToSchema;

/// A shop to be created. Ids that are not given are made.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Loja", "acquirer_country": "BR"}))]
pub struct ShopBody {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(max_length = 15)]
    pub merchant_id: Option<String>,
    #[schema(max_length = 15)]
    pub carat_merchant_id: Option<String>,
    /// ISO 3166-1, where the acquirer is in another country than the shop.
    pub acquirer_country: Option<String>,
    /// PEM.
    pub public_key: Option<String>,
    #[schema(minimum = 1, maximum = 100_000)]
    pub reads_per_second: Option<u32>,
    #[schema(minimum = 1, maximum = 100_000)]
    pub writes_per_second: Option<u32>,
}

/// What is to be different.
#[derive(ToSchema)]
#[schema(example = json!({"writes_per_second": 50}))]
pub struct ShopChangeBody {
    pub name: Option<String>,
    pub acquirer_country: Option<String>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
}

#[derive(ToSchema)]
pub struct ShopReply {
    #[schema(format = Uuid)]
    pub id: String,
    /// What the shop sends in the header of this name.
    pub merchant_id: String,
    pub name: String,
    /// What it sends where it names a card by a token.
    pub carat_merchant_id: Option<String>,
    pub acquirer_country: Option<String>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    /// Whether its requests must be signed.
    pub has_public_key: bool,
    /// `active` or `disabled`.
    pub status: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct ShopListReply {
    pub data: Vec<ShopReply>,
}

/// A new shop with what is shown only this once.
#[derive(ToSchema)]
pub struct CreatedShopReply {
    pub merchant_key: String,
    pub carat_merchant_key: String,
    #[schema(format = Uuid)]
    pub id: String,
    pub merchant_id: String,
    pub name: String,
    pub carat_merchant_id: Option<String>,
    pub acquirer_country: Option<String>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    pub has_public_key: bool,
    pub status: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct ShopKeyReply {
    pub merchant_key: String,
}

#[derive(ToSchema)]
pub struct ShopCardVaultKeyReply {
    pub carat_merchant_id: String,
    pub carat_merchant_key: String,
}

#[derive(ToSchema)]
pub struct ShopPublicKeyBody {
    /// RSA, 2048 to 8192 bits, PEM.
    pub public_key: String,
}

#[derive(ToSchema)]
pub struct CardTokenBody {
    /// 13 to 19 digits. Never shown again.
    #[schema(write_only, pattern = "^[0-9]{13,19}$")]
    pub number: String,
}

/// A card under a token, without either.
#[derive(ToSchema)]
pub struct CardTokenReply {
    #[schema(format = Uuid)]
    pub id: String,
    pub last_four: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

#[derive(ToSchema)]
pub struct CardTokenListReply {
    pub data: Vec<CardTokenReply>,
}

/// A card with its token, shown this once.
#[derive(ToSchema)]
pub struct CreatedCardTokenReply {
    #[schema(min_length = 88, max_length = 88)]
    pub token: String,
    #[schema(format = Uuid)]
    pub id: String,
    pub last_four: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

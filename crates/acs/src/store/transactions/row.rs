//! A row of `acs.transactions` and what it means.

use emv3ds::code::{DeviceChannel, MessageCategory, TransStatus, TransStatusReason};
use emv3ds::{AcsTransId, DsTransId, Eci, ThreeDsServerTransId, Version};
use primitives::{Amount, Brand, Currency};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{CardOf, End, MerchantFacts, Transaction};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::store::StoreError;

#[derive(Debug)]
pub(super) struct Row {
    pub(super) acs_trans_id: Uuid,
    pub(super) three_ds_server_trans_id: Uuid,
    pub(super) ds_trans_id: Uuid,
    pub(super) brand: String,
    pub(super) message_version: String,
    pub(super) device_channel: String,
    pub(super) message_category: String,
    pub(super) issuer_id: Option<String>,
    pub(super) product_id: Option<String>,
    pub(super) card_id: Option<String>,
    pub(super) consumer_id: Option<String>,
    pub(super) last_four: Option<String>,
    pub(super) merchant_name: String,
    pub(super) merchant_id: Option<String>,
    pub(super) merchant_country: Option<String>,
    pub(super) mcc: Option<String>,
    pub(super) amount_minor: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) notification_url: Option<String>,
    pub(super) browser_language: Option<String>,
    pub(super) device_hash: Option<Vec<u8>>,
    pub(super) address_hash: Option<Vec<u8>>,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) eci: Option<String>,
    pub(super) proof: Option<Vec<u8>>,
    pub(super) decoupled_fallback: bool,
    pub(super) decoupled_minutes: Option<i32>,
    pub(super) explanation: serde_json::Value,
    pub(super) decided_at: OffsetDateTime,
    pub(super) outcome: Option<String>,
    pub(super) outcome_reason: Option<String>,
    pub(super) ended_at: Option<OffsetDateTime>,
}

impl From<&Transaction> for Row {
    fn from(of: &Transaction) -> Self {
        let card = of.card.as_ref();
        let text = |text: &str| text.to_owned();
        Self {
            acs_trans_id: of.acs_trans_id.0,
            three_ds_server_trans_id: of.three_ds_server_trans_id.0,
            ds_trans_id: of.ds_trans_id.0,
            brand: text(of.brand.as_str()),
            message_version: text(of.version.as_str()),
            device_channel: text(of.channel.as_str()),
            message_category: text(of.category.as_str()),
            issuer_id: card.map(|card| card.issuer.to_string()),
            product_id: card.map(|card| card.product.to_string()),
            card_id: card.map(|card| card.card.to_string()),
            consumer_id: card
                .and_then(|card| card.consumer.as_ref())
                .map(ToString::to_string),
            last_four: card.map(|card| card.last_four.clone()),
            merchant_name: of.merchant.name.clone(),
            merchant_id: of.merchant.id.clone(),
            merchant_country: of.merchant.country.clone(),
            mcc: of.merchant.mcc.clone(),
            amount_minor: of.amount.map(Amount::minor),
            currency: of.amount.map(|amount| text(amount.currency().code())),
            notification_url: of.notification_url.clone(),
            browser_language: of.browser_language.clone(),
            device_hash: of.device_hash.clone(),
            address_hash: of.address_hash.clone(),
            status: text(of.status.as_str()),
            reason: of.reason.map(|reason| text(reason.as_str())),
            eci: of.eci.map(|eci| text(eci.as_str())),
            proof: of.proof.clone(),
            decoupled_fallback: of.decoupled_fallback,
            decoupled_minutes: of.decoupled_minutes.map(i32::from),
            explanation: of.explanation.clone(),
            decided_at: of.decided_at,
            outcome: of.end.map(|end| text(end.status.as_str())),
            outcome_reason: of
                .end
                .and_then(|end| end.reason)
                .map(|reason| text(reason.as_str())),
            ended_at: of.end.map(|end| end.at),
        }
    }
}

impl TryFrom<Row> for Transaction {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let means_nothing = |column: &'static str| {
            let key = row.acs_trans_id.to_string();
            move || StoreError::Corrupt {
                table: "transactions",
                column,
                key,
            }
        };
        let reason = |text: &Option<String>, column| match text {
            None => Ok(None),
            Some(text) => TransStatusReason::parse(text)
                .map(Some)
                .ok_or_else(means_nothing(column)),
        };
        let card = match (&row.issuer_id, &row.product_id, &row.card_id) {
            (Some(issuer), Some(product), Some(card)) => Some(CardOf {
                issuer: IssuerId::parse(issuer).ok_or_else(means_nothing("issuer_id"))?,
                product: ProductId::parse(product).ok_or_else(means_nothing("product_id"))?,
                card: CardId::parse(card).ok_or_else(means_nothing("card_id"))?,
                consumer: match &row.consumer_id {
                    None => None,
                    Some(id) => Some(ConsumerId::parse(id).ok_or_else(means_nothing("consumer_id"))?),
                },
                last_four: row.last_four.clone().unwrap_or_default(),
            }),
            _ => None,
        };
        let amount = match (row.amount_minor, &row.currency) {
            (Some(minor), Some(currency)) => {
                let currency = Currency::parse(currency).map_err(|_| means_nothing("currency")())?;
                Some(Amount::new(minor, currency).map_err(|_| means_nothing("amount_minor")())?)
            }
            _ => None,
        };
        let end = match (&row.outcome, row.ended_at) {
            (Some(outcome), Some(at)) => Some(End {
                status: TransStatus::parse(outcome).ok_or_else(means_nothing("outcome"))?,
                reason: reason(&row.outcome_reason, "outcome_reason")?,
                at,
            }),
            _ => None,
        };
        let version = Version::parse(&row.message_version);
        let minutes = row.decoupled_minutes.map(u16::try_from).transpose();
        Ok(Self {
            acs_trans_id: AcsTransId(row.acs_trans_id),
            three_ds_server_trans_id: ThreeDsServerTransId(row.three_ds_server_trans_id),
            ds_trans_id: DsTransId(row.ds_trans_id),
            brand: Brand::parse(&row.brand).ok_or_else(means_nothing("brand"))?,
            version: version.ok_or_else(means_nothing("message_version"))?,
            channel: DeviceChannel::parse(&row.device_channel).ok_or_else(means_nothing("device_channel"))?,
            category: MessageCategory::parse(&row.message_category)
                .ok_or_else(means_nothing("message_category"))?,
            card,
            amount,
            status: TransStatus::parse(&row.status).ok_or_else(means_nothing("status"))?,
            reason: reason(&row.reason, "reason")?,
            eci: match &row.eci {
                None => None,
                Some(eci) => Some(Eci::parse(eci).ok_or_else(means_nothing("eci"))?),
            },
            end,
            decoupled_minutes: minutes.map_err(|_| means_nothing("decoupled_minutes")())?,
            merchant: MerchantFacts {
                name: row.merchant_name,
                id: row.merchant_id,
                country: row.merchant_country,
                mcc: row.mcc,
            },
            notification_url: row.notification_url,
            browser_language: row.browser_language,
            device_hash: row.device_hash,
            address_hash: row.address_hash,
            proof: row.proof,
            decoupled_fallback: row.decoupled_fallback,
            explanation: row.explanation,
            decided_at: row.decided_at,
        })
    }
}

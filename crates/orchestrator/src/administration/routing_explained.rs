//! Why payments took their routes, and which a purchase would take that nobody makes.

use super::{Administration, AdministrationError};
use crate::routing::candidates;
use acquiring::Initiator;
use payments::{
    Market, ThreeDs,
    bins::{CardType, document::brand},
    fields::{Fields, Problems, boolean, digits, integer, parsed, text, word},
    retry_limits::{COUNTED_FOR, Standing, judge},
    routing::{self, Choice, Demand, Facts},
    three_ds,
};
use primitives::{Amount, Brand, Country, Currency, Id, id::kind};
use serde_json::Value;
use store::routing_rules::StoredRouting;
use time::OffsetDateTime;

const MEMBERS: [&str; 14] = [
    "order_token",
    "payment_id",
    "amount",
    "currency",
    "bin",
    "card_brand",
    "card_type",
    "country",
    "store_code",
    "metadata",
    "installments",
    "processor_name",
    "capture",
    "three_ds",
];
/// The store of a merchant that has one only.
const ONLY_STORE: &str = "all";

/// A purchase that nobody makes.
#[derive(Debug)]
struct Imagined {
    order: Option<Id<kind::Order>>,
    /// A payment with the same card.
    payment: Option<Id<kind::Payment>>,
    amount: Amount,
    brand: Brand,
    bin: Option<String>,
    card_type: Option<CardType>,
    country: Option<Country>,
    store_code: String,
    metadata: Option<Value>,
    installments: u8,
    processor_name: Option<String>,
    capture: Option<bool>,
    three_ds: ThreeDs,
}

/// What would become of a purchase.
#[derive(Debug, Clone)]
pub struct Explained {
    /// What splits of the volume were drawn by: as given, or made up.
    pub order: Id<kind::Order>,
    pub choice: Choice,
}

impl Administration {
    /// Why each payment of an order took its routes, the latest first.
    pub async fn order_routing(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
    ) -> Result<Vec<StoredRouting>, AdministrationError> {
        let payments = self.store.order_routing(merchant, order).await?;
        payments.ok_or(AdministrationError::NotFound("order"))
    }

    /// Which routes a purchase would take now, and why. Changes nothing, and takes no probe of a connection on probation.
    pub async fn routing_explain(
        &self,
        merchant: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<Explained, AdministrationError> {
        let imagined = Imagined::read(document)?;
        let absent = AdministrationError::NotFound("merchant");
        let profile = self.configuration.profile(merchant).await?.ok_or(absent)?;
        let bins = self.configuration.bins().table().await?;
        let order = imagined.order.unwrap_or_else(|| (*self.clock).fresh_id());
        let demand = Demand {
            facts: Facts {
                order,
                amount: imagined.amount,
                brand: imagined.brand,
                bin: imagined.bin.as_deref(),
                known: imagined.bin.as_deref().and_then(|bin| bins.find(bin)),
                card_type: imagined.card_type,
                country: imagined.country.or(Some(profile.country)),
                store_code: &imagined.store_code,
                metadata: imagined.metadata.as_ref(),
                order_metadata: None,
            },
            installments: imagined.installments,
            processor_name: imagined.processor_name.as_deref(),
            capture: imagined.capture,
            three_ds: &imagined.three_ds,
            initiator: Initiator::Customer,
            market: Market::Ecommerce,
        };
        let now = self.clock.now();
        let standing = self.card_standing(merchant, &imagined, now).await?;
        let candidates = candidates(&profile, self.processors(), standing.as_ref(), |connection| {
            self.health.breaker(connection, now)
        });
        let mut choice = routing::choose(demand, &profile.rules, &candidates);
        choice.explanation.retry_limits = standing;
        Ok(Explained { order, choice })
    }

    /// How often the card of the payment that is named may still be tried; without one, a card that was never declined.
    async fn card_standing(
        &self,
        merchant: Id<kind::Merchant>,
        imagined: &Imagined,
        now: OffsetDateTime,
    ) -> Result<Option<Standing>, AdministrationError> {
        if !self.retry_limits {
            return Ok(None);
        }
        let declines = match imagined.payment {
            Some(payment) => {
                let card = self.store.card_load(merchant, payment).await?;
                let fingerprint = card.ok_or(AdministrationError::NotFound("payment"))?.fingerprint;
                let since = now - COUNTED_FOR;
                self.store.card_declines(merchant, &fingerprint, since).await?
            }
            None => Vec::new(),
        };
        Ok(Some(judge(&declines, imagined.brand, now)))
    }
}

impl Imagined {
    fn read(document: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &MEMBERS, &mut problems).and_then(|fields| {
            let found = &mut problems;
            let order = fields.take("order_token", parsed(str::parse), found);
            let payment = fields.take("payment_id", parsed(str::parse), found);
            let minor = fields.need("amount", integer(1..=primitives::amount::MAX_MINOR), found);
            let currency = fields.need("currency", parsed(Currency::parse), found);
            let bin = fields.take("bin", digits(6..=8), found);
            let brand = fields.take("card_brand", brand, found).or_else(|| {
                let told = bin.as_deref().map(Brand::of_digits);
                told.filter(|brand| *brand != Brand::Other)
            });
            if brand.is_none() && !fields.mentions("card_brand") {
                found.add(fields.at("card_brand"), "is required where bin does not tell it");
            }
            let card_type = fields.take("card_type", word(CardType::WORDS), found);
            let country = fields.take("country", parsed(Country::parse), found);
            let store_code = fields.take("store_code", text(100), found);
            let metadata = fields.take("metadata", object, found);
            let installments = fields.take("installments", integer(1..=99), found);
            let processor_name = fields.take("processor_name", text(40), found);
            let capture = fields.take("capture", boolean, found);
            let three_ds = match fields.value("three_ds") {
                Some(value) => three_ds::configured_wish(value, &fields.at("three_ds"), found),
                None => ThreeDs::default(),
            };
            let amount = minor.zip(currency).and_then(|(minor, currency)| {
                Amount::new(minor, currency)
                    .map_err(|error| found.add(fields.at("amount"), error.to_string()))
                    .ok()
            });
            Some(Self {
                order,
                payment,
                amount: amount?,
                brand: brand?,
                bin,
                card_type,
                country,
                store_code: store_code.unwrap_or_else(|| ONLY_STORE.to_owned()),
                metadata,
                installments: installments.unwrap_or(1),
                processor_name,
                capture,
                three_ds,
            })
        });
        problems.or(read)
    }
}

fn object(value: &Value) -> Result<Value, String> {
    if value.is_object() {
        Ok(value.clone())
    } else {
        Err("must be an object".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World, connection};
    use super::*;
    use payments::{
        connection::ConnectionStatus,
        routing::{explanation::LeftOut, rule::Action},
    };
    use serde_json::json;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn an_imagined_purchase_is_routed_as_a_real_one_would_be(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let administration = &world.administration;
        for name in ["One", "Two"] {
            let id = administration
                .connection_create(ACTOR, merchant, &connection(name))
                .await
                .unwrap()
                .connection
                .id;
            administration
                .connection_set_status(ACTOR, merchant, id, ConnectionStatus::Active)
                .await
                .unwrap();
        }
        let bins = json!({"bins": [{"prefix": "400000", "brand": "visa", "card_type": "debit"}]});
        administration.bins_import(ACTOR, &bins).await.unwrap();
        let rule = json!({"name": "Debit", "priority": 1,
            "when": {"all": [{"field": "card_type", "op": "eq", "value": "debit"}]},
            "then": {"action": "process", "processors": ["Two"]}});
        administration
            .routing_rule_create(ACTOR, merchant, &rule)
            .await
            .unwrap();
        let explain = async |document| {
            let explained = administration.routing_explain(merchant, &document).await;
            explained.unwrap().choice
        };
        let debit = explain(json!({"amount": 100, "currency": "MXN", "bin": "40000010"})).await;
        assert_eq!(debit.routes.len(), 1);
        let seen = &debit.explanation.connections;
        assert_eq!((seen[0].name.as_str(), seen[0].position), ("Two", Some(1)));
        assert_eq!(seen[1].left_out, [LeftOut::Rule]);
        let other = explain(json!({"amount": 100, "currency": "MXN", "card_brand": "visa"})).await;
        assert_eq!((other.routes.len(), other.explanation.rule), (2, None));
        let dollars = explain(json!({"amount": 100, "currency": "USD", "card_brand": "visa"})).await;
        assert_eq!(dollars.explanation.action, Action::Process);
        assert_eq!(dollars.explanation.connections[0].left_out, [LeftOut::Currency]);
    }

    #[test]
    fn every_problem_of_an_imagined_purchase_is_told() {
        let fields = |document: &Value| -> Vec<String> {
            let problems = Imagined::read(document).unwrap_err();
            problems.0.into_iter().map(|problem| problem.field).collect()
        };
        assert_eq!(fields(&json!({})), ["amount", "currency", "card_brand"]);
        assert_eq!(
            fields(
                &json!({"amount": 0, "currency": "MXX", "bin": "4", "card_brand": "vista", "country": 1,
                "metadata": [], "installments": 0, "three_ds": {"mode": "never"}, "pan": "4000000000001000",
                "order_token": "x"})
            ),
            [
                "pan",
                "order_token",
                "amount",
                "currency",
                "bin",
                "card_brand",
                "country",
                "metadata",
                "installments",
                "three_ds.mode"
            ]
        );
        assert!(Imagined::read(&json!({"amount": 1, "currency": "MXN", "bin": "51051051"})).is_ok());
    }
}

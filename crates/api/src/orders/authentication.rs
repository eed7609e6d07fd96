//! What a purchase says about 3-D Secure and about who is there: `secure_authentication`, `three_ds`, `initiator_type` and `market_type` (deuna-api.md sections 5.1 and 5.2).

use crate::orders::fields::Fields;
use acquiring::{CardholderAuthentication, Exemption, Initiator};
use base64::{Engine, engine::general_purpose::STANDARD};
use mpi::eci_shifts_liability;
use payments::{
    Market,
    three_ds::{self, ThreeDs},
};
use primitives::Brand;
use serde_json::Value;

const VERSION_MAX_CHARACTERS: usize = 8;
const VALUE_MAX_CHARACTERS: usize = 64;
const UUID_CHARACTERS: usize = 36;

pub fn initiator(root: &Fields<'_>) -> Initiator {
    let words = [
        ("customer", Initiator::Customer),
        ("merchant", Initiator::Merchant),
    ];
    root.choice("initiator_type", &words)
        .unwrap_or(Initiator::Customer)
}

pub fn market(root: &Fields<'_>) -> Market {
    let words = [("ecommerce", Market::Ecommerce), ("moto", Market::Moto)];
    root.choice("market_type", &words).unwrap_or(Market::Ecommerce)
}

/// What the purchase wants of 3-D Secure: an object, or the mode's word alone. `initiator` and `market` are the
/// purchase's, which an exclusion has to fit.
pub fn three_ds(root: &Fields<'_>, initiator: Initiator, market: Market) -> ThreeDs {
    if let Some(Value::String(_)) = root.value("three_ds") {
        return root
            .read("three_ds", three_ds::mode)
            .map(ThreeDs::from)
            .unwrap_or_default();
    }
    let Some(fields) = root.object("three_ds") else {
        return ThreeDs::default();
    };
    let wish = ThreeDs {
        mode: fields.read("mode", three_ds::mode),
        challenge_indicator: fields
            .read("challenge_indicator", three_ds::challenge_indicators)
            .unwrap_or_default(),
        exemption: fields.read("exemption", three_ds::exemption),
        decoupled_max_minutes: fields.read("decoupled_max_minutes", three_ds::decoupled_max_minutes),
    };
    match wish.exemption {
        Some(Exemption::Moto) if market != Market::Moto => {
            fields.wrong("exemption", "moto goes with market_type moto only");
        }
        Some(Exemption::MerchantInitiated) if initiator != Initiator::Merchant => {
            fields.wrong(
                "exemption",
                "merchant_initiated goes with initiator_type merchant only",
            );
        }
        _ => {}
    }
    if let Some(contradiction) = wish.contradiction() {
        fields.wrong(contradiction.member, contradiction.text);
    }
    wish
}

/// The result of an authentication made elsewhere. `brand` is the card's, whose rules say what the result is worth.
pub fn external(root: &Fields<'_>, brand: Option<Brand>) -> Option<CardholderAuthentication> {
    let fields = root.object("secure_authentication")?;
    let version = fields.required("version", version);
    let eci = fields.required("eci", eci);
    let value = fields.text("cavv", VALUE_MAX_CHARACTERS).filter(|text| {
        let decodes = STANDARD.decode(text).is_ok();
        if !decodes {
            fields.wrong("cavv", "must be Base64");
        }
        decodes
    });
    let ds_trans_id = fields.text("ds_transaction_id", UUID_CHARACTERS).filter(|text| {
        let parses = uuid::Uuid::try_parse(text).is_ok();
        if !parses {
            fields.wrong("ds_transaction_id", "must be a UUID");
        }
        parses
    });
    let xid = fields.text("xid", VALUE_MAX_CHARACTERS);
    let statuses = ["Y", "A", "N", "U", "R", "C", "D", "I"].map(|status| (status, status));
    let trans_status = fields.choice("trans_status", &statuses);
    let (brand, version, eci) = (brand?, version?, eci?);
    let good = matches!(trans_status, None | Some("Y" | "A"));
    Some(CardholderAuthentication {
        brand,
        liability_shift: good && value.is_some() && eci_shifts_liability(brand, &eci),
        eci: Some(eci),
        authentication_value: value.map(str::to_owned),
        ds_trans_id: ds_trans_id.map(str::to_owned),
        acs_trans_id: None,
        xid: xid.map(str::to_owned),
        version,
        trans_status: trans_status.map(str::to_owned),
        trans_status_reason: None,
        challenge_cancel: None,
        flow: None,
        authenticated_at: None,
    })
}

fn version(fields: &Fields<'_>, name: &str) -> Option<String> {
    let text = fields.text(name, VERSION_MAX_CHARACTERS)?;
    let parts: Vec<&str> = text.split('.').collect();
    let numbers = parts
        .iter()
        .all(|part| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit()));
    if numbers && (2..=3).contains(&parts.len()) {
        Some(text.to_owned())
    } else {
        fields.wrong(name, "must be a protocol version such as 2.2.0");
        None
    }
}

/// Two digits; some clients drop the zero in front.
fn eci(fields: &Fields<'_>, name: &str) -> Option<String> {
    let text = fields.text_or_number(name, 2)?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(format!("{text:0>2}"))
    } else {
        fields.wrong(name, "must be two digits");
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::read_with;
    use serde_json::json;

    fn read(body: Value, brand: Brand) -> Result<CardholderAuthentication, payments::Refusal> {
        read_with(json!({ "secure_authentication": body }), |fields| {
            external(fields, Some(brand))
        })
    }

    fn whole() -> Value {
        json!({
            "version": "2.2.0", "eci": "5", "cavv": "AAABBBEAAAAAAAAAAAAAAAAAAAA=",
            "ds_transaction_id": "f38e6948-5388-41a6-bca4-b49723c19437", "trans_status": "Y",
        })
    }

    #[test]
    fn liability_follows_eci_and_value() {
        let visa = read(whole(), Brand::Visa).unwrap();
        assert_eq!(visa.eci.as_deref(), Some("05"));
        assert!(visa.liability_shift);
        assert!(!read(whole(), Brand::Mastercard).unwrap().liability_shift);
        let mut refused = whole();
        refused["trans_status"] = json!("N");
        assert!(!read(refused, Brand::Visa).unwrap().liability_shift);
        let mut without_value = whole();
        without_value["cavv"] = Value::Null;
        assert!(!read(without_value, Brand::Visa).unwrap().liability_shift);
    }

    #[test]
    fn each_member_is_checked() {
        for (name, value) in [
            ("version", json!("two")),
            ("version", Value::Null),
            ("eci", json!("0x")),
            ("eci", Value::Null),
            ("cavv", json!("***")),
            ("ds_transaction_id", json!("7")),
            ("trans_status", json!("Q")),
        ] {
            let mut body = whole();
            body[name] = value;
            let refusal = read(body, Brand::Visa).err().unwrap();
            assert_eq!(refusal.field, Some(format!("secure_authentication.{name}")));
        }
    }

    fn wish(body: Value) -> Result<ThreeDs, payments::Refusal> {
        read_with(body, |root| Some(three_ds(root, initiator(root), market(root))))
    }

    #[test]
    fn a_wish_is_an_object_or_the_mode_s_word_alone() {
        use payments::ThreeDsMode;
        for (given, mode) in [
            (json!("force"), ThreeDsMode::Force),
            (json!("skip"), ThreeDsMode::Off),
            (json!({ "mode": "skip" }), ThreeDsMode::Off),
            (json!({ "mode": "data_only" }), ThreeDsMode::DataOnly),
            (json!({}), ThreeDsMode::Auto),
            (Value::Null, ThreeDsMode::Auto),
        ] {
            assert_eq!(
                wish(json!({ "three_ds": given })).unwrap().mode(),
                mode,
                "{given}"
            );
        }
        let whole = json!({
            "mode": "auto", "challenge_indicator": ["05", "10"], "exemption": "TRA_ACQUIRER", "decoupled_max_minutes": 30,
        });
        let read = wish(json!({ "three_ds": whole })).unwrap();
        assert_eq!(read.exemption, Some(Exemption::TraAcquirer));
        assert_eq!(
            (read.challenge_indicator.len(), read.decoupled_max_minutes),
            (2, Some(30))
        );
        let call = json!({ "three_ds": { "exemption": "moto" }, "market_type": "moto" });
        assert_eq!(wish(call).unwrap().exemption, Some(Exemption::Moto));
    }

    #[test]
    fn a_wish_that_cannot_be_meant_is_named() {
        for (given, field) in [
            (json!("always"), "three_ds"),
            (json!(7), "three_ds"),
            (json!({ "mode": 7 }), "three_ds.mode"),
            (
                json!({ "challenge_indicator": "15" }),
                "three_ds.challenge_indicator",
            ),
            (
                json!({ "challenge_indicator": ["02", "04"] }),
                "three_ds.challenge_indicator",
            ),
            (json!({ "exemption": "small" }), "three_ds.exemption"),
            (json!({ "exemption": "moto" }), "three_ds.exemption"),
            (json!({ "exemption": "merchant_initiated" }), "three_ds.exemption"),
            (
                json!({ "exemption": "low_value", "challenge_indicator": "04" }),
                "three_ds.challenge_indicator",
            ),
            (
                json!({ "mode": "off", "decoupled_max_minutes": 5 }),
                "three_ds.decoupled_max_minutes",
            ),
            (
                json!({ "decoupled_max_minutes": 10_081 }),
                "three_ds.decoupled_max_minutes",
            ),
        ] {
            let refusal = wish(json!({ "three_ds": given })).err().unwrap();
            assert_eq!(refusal.field.as_deref(), Some(field), "{given}");
        }
    }
}

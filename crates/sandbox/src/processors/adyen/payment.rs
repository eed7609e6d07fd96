//! Sales and authorisations: `POST /payments`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use primitives::Brand;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::afterwards::{self, Afterwards};
use super::book::{Payment, fresh_psp_reference};
use super::documented;
use super::idempotency::Keyed;
use super::money::AmountBody;
use super::notify::{self, Item};
use super::payment_request::{Asked, MpiData, check};
use super::refusals::{self, Refusal};
use super::reply::Refused;
use super::{Adyen, Caller, NAME, silence, undocumented_error};
use crate::ledger::{Entry, Operation};
use crate::processors::outcome::{self, Outcome};

/// The approval code of whatever is approved.
const APPROVAL_CODE: &str = "041382";
/// Who every card here was issued by.
const ISSUER: &str = "BANCO SANDBOX";

/// `POST /payments`.
pub async fn pay(State(adyen): State<Adyen>, headers: HeaderMap, body: Bytes) -> Response {
    // Everything is done before the first wait, so that a caller who hangs up changes nothing.
    let (response, outcome) = match decide(&adyen, &headers, &body) {
        Ok(decided) => decided,
        Err(refused) => return refused.into_response(),
    };
    match outcome {
        None | Some(Outcome::Approved | Outcome::Declined(_)) => response,
        Some(Outcome::ApprovedThenError) => undocumented_error(),
        Some(Outcome::ApprovedThenSilence | Outcome::Silence) => silence().await,
    }
}

fn decide(adyen: &Adyen, headers: &HeaderMap, body: &[u8]) -> Result<(Response, Option<Outcome>), Refused> {
    let caller = Caller::of(adyen, headers)?;
    let keyed = match Keyed::of(adyen, &caller, "/payments", body)? {
        Ok(keyed) => keyed,
        Err(answered_before) => return Ok((answered_before, None)),
    };
    let asked = check(body)?;
    caller.owns(&asked.merchant_account)?;
    if asked.would_authenticate {
        let reply = Reply::new(&asked).result("RedirectShopper");
        return Ok((keyed.answer(adyen, StatusCode::OK, &reply), None));
    }
    let fully_authenticated = asked
        .authentication
        .as_ref()
        .is_some_and(|result| result.is_full(asked.brand));
    if asked.authentication.as_ref().is_some_and(MpiData::has_failed) {
        let reply = refuse(adyen, &caller, &asked, refusals::NOT_AUTHENTICATED, None);
        return Ok((keyed.answer(adyen, StatusCode::OK, &reply), None));
    }
    let charge = outcome::Charge {
        amount: asked.amount,
        brand: asked.brand,
        fully_authenticated,
        order_id: asked.order_id.as_deref(),
        connection: (NAME, &caller.api_key),
    };
    let outcome =
        documented::outcome_of(&asked).unwrap_or_else(|| outcome::of(&charge, &adyen.processors.cascade));
    let reply = match outcome {
        Outcome::Approved | Outcome::ApprovedThenError | Outcome::ApprovedThenSilence => {
            approve(adyen, &caller, &asked)
        }
        Outcome::Declined(code) => {
            let refusal = refusals::of(code, asked.brand, fully_authenticated);
            refuse(adyen, &caller, &asked, refusal, Some(code))
        }
        // Lost on its way: nothing is known of it, its key included.
        Outcome::Silence => {
            write(adyen, &caller, &asked, false, None);
            return Ok((StatusCode::OK.into_response(), Some(outcome)));
        }
    };
    Ok((keyed.answer(adyen, StatusCode::OK, &reply), Some(outcome)))
}

fn approve(adyen: &Adyen, caller: &Caller, asked: &Asked) -> Value {
    write(adyen, caller, asked, true, Some("00"));
    let reply = Reply::new(asked);
    let more = reply.more(asked);
    let item = Item {
        success: true,
        reason: format!("{APPROVAL_CODE}:{}:{}", asked.pan.last_four(), asked.expiry),
        additional_data: more.clone(),
        ..reply.item(asked)
    };
    let captured = match asked.operation {
        Operation::Sale => asked.amount.minor(),
        _ => 0,
    };
    remember(adyen, caller, asked, item, true, captured);
    let mut json = reply.result("Authorised");
    json["additionalData"] = more.into();
    json["amount"] = json!(AmountBody::from(asked.amount));
    json
}

fn refuse(adyen: &Adyen, caller: &Caller, asked: &Asked, refusal: Refusal, issuer: Option<&str>) -> Value {
    write(adyen, caller, asked, false, issuer.or(Some(refusal.code)));
    let reply = Reply::new(asked);
    let mut more = Map::new();
    if let Some(raw) = refusal.issuer_raw {
        more.insert("refusalReasonRaw".into(), raw.into());
    }
    let item = Item {
        success: false,
        reason: refusal.text.into(),
        additional_data: more.clone(),
        ..reply.item(asked)
    };
    remember(adyen, caller, asked, item, false, 0);
    let mut json = reply.result("Refused");
    json["additionalData"] = more.into();
    json["refusalReason"] = refusal.text.into();
    json["refusalReasonCode"] = refusal.code.into();
    json
}

fn remember(adyen: &Adyen, caller: &Caller, asked: &Asked, told: Item, approved: bool, captured: i64) {
    notify::of_payment(adyen, caller, &told);
    let afterwards = approved.then(|| Afterwards::of(asked.amount)).flatten();
    if afterwards == Some(Afterwards::Expires) && asked.operation == Operation::Authorization {
        afterwards::expire_later(adyen, caller, &told.psp_reference);
    }
    adyen.book().insert(Payment {
        api_key: caller.api_key.clone(),
        psp_reference: told.psp_reference.clone(),
        reference: asked.reference.clone(),
        order_id: asked.order_id.clone(),
        brand: asked.brand,
        card_last4: asked.pan.last_four().to_owned(),
        authorized: asked.amount,
        approved,
        captured,
        refunded: 0,
        cancelled: false,
        expired: false,
        afterwards,
        told,
    });
}

/// What every reply to a payment says.
struct Reply {
    psp_reference: String,
    merchant_reference: String,
    method: &'static str,
}

impl Reply {
    fn new(asked: &Asked) -> Self {
        Self {
            psp_reference: fresh_psp_reference(),
            merchant_reference: asked.reference.clone(),
            method: notify::payment_method(asked.brand),
        }
    }

    fn result(&self, result_code: &str) -> Value {
        json!({
            "pspReference": self.psp_reference,
            "resultCode": result_code,
            "merchantReference": self.merchant_reference,
            "paymentMethod": { "brand": self.method, "type": "scheme" },
        })
    }

    fn item(&self, asked: &Asked) -> Item {
        Item {
            event_code: "AUTHORISATION",
            psp_reference: self.psp_reference.clone(),
            merchant_reference: self.merchant_reference.clone(),
            amount: Some(asked.amount.into()),
            payment_method: self.method,
            ..Item::default()
        }
    }

    /// What a merchant account with everything switched on is told of an approval.
    fn more(&self, asked: &Asked) -> Map<String, Value> {
        let authenticated = asked
            .authentication
            .as_ref()
            .is_some_and(|result| result.is_full(asked.brand));
        let mut more = Map::new();
        for (name, value) in [
            ("authCode", APPROVAL_CODE),
            ("cardIssuingBank", ISSUER),
            ("cardIssuingCountry", "MX"),
            ("cardSummary", asked.pan.last_four()),
            ("cvcResultRaw", "M"),
            ("liabilityShift", if authenticated { "true" } else { "false" }),
            (
                "networkTxReference",
                &network_reference(asked.brand, &self.psp_reference),
            ),
            ("refusalReasonRaw", "AUTHORISED"),
            (
                "threeDAuthenticated",
                if authenticated { "true" } else { "false" },
            ),
        ] {
            more.insert(name.into(), value.into());
        }
        more
    }
}

/// A scheme's id of the transaction: fifteen digits at Visa, letters and digits with a date elsewhere.
fn network_reference(brand: Brand, psp_reference: &str) -> String {
    match brand {
        Brand::Visa => psp_reference
            .bytes()
            .take(15)
            .map(|byte| char::from(b'0' + byte % 10))
            .collect(),
        _ => format!("MCC{}1122", psp_reference.get(..6).unwrap_or_default()),
    }
}

fn write(adyen: &Adyen, caller: &Caller, asked: &Asked, approved: bool, response_code: Option<&str>) {
    let authentication = asked.authentication.as_ref();
    adyen.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: Some(caller.connection.connection_id.clone()),
        operation: asked.operation,
        reference: Some(asked.reference.clone()),
        order_id: asked.order_id.clone(),
        idempotency_key: caller.idempotency_key.clone(),
        amount: Some(asked.amount.minor()),
        currency: Some(asked.amount.currency()),
        card_last4: Some(asked.pan.last_four().to_owned()),
        eci: authentication.and_then(|result| result.eci.clone()),
        authentication_value: authentication.and_then(|result| result.cavv.clone()),
        ds_trans_id: authentication.and_then(|result| result.ds_trans_id.clone()),
        on_file: asked.on_file.clone(),
        approved,
        response_code: response_code.map(str::to_owned),
        at: OffsetDateTime::now_utc(),
    });
}

//! `POST /faults` and `DELETE /faults`.

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use primitives::Brand;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::message::{MessageFault, MessageFaultOrder};
use super::{DEFAULT_DELAY, Fault, Faults, Kind, OTHER_TARGETS};

/// The longest wait, so that a slip of the finger does not hold connections for days.
const DELAY_MAX_MILLISECONDS: u64 = 600_000;

/// `POST /faults` and `DELETE /faults`. `processors` are the names a fault may aim at besides [`OTHER_TARGETS`].
pub fn router(faults: Faults, processors: &'static [&'static str]) -> Router {
    Router::new()
        .route("/faults", post(set).delete(clear))
        .with_state((faults, processors))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    target: String,
    fault: String,
    times: Option<u32>,
    milliseconds: Option<u64>,
    #[serde(default)]
    elements: Vec<String>,
    #[serde(default)]
    set: Map<String, Value>,
    code: Option<u16>,
    detail: Option<String>,
    card: Option<String>,
    brand: Option<String>,
}

type Levers = (Faults, &'static [&'static str]);

async fn set(State((faults, processors)): State<Levers>, Json(order): Json<Order>) -> Response {
    match take(&faults, processors, order) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong).into_response(),
    }
}

fn take(faults: &Faults, processors: &[&str], order: Order) -> Result<(), String> {
    let known = OTHER_TARGETS.iter().chain(processors);
    if !known.clone().any(|name| *name == order.target) {
        let names: Vec<&str> = known.copied().collect();
        return Err(format!("target: must be one of {}", names.join(", ")));
    }
    if order.times == Some(0) {
        return Err("times: must be at least 1".to_owned());
    }
    let delay = match order.milliseconds {
        Some(wait) if wait > DELAY_MAX_MILLISECONDS => {
            return Err(format!("milliseconds: must be at most {DELAY_MAX_MILLISECONDS}"));
        }
        wait => wait.map(Duration::from_millis),
    };
    if let Some(kind) = Kind::parse(&order.fault) {
        let delay = delay.unwrap_or(DEFAULT_DELAY);
        faults.set(&order.target, Fault { kind, delay }, order.times);
        return Ok(());
    }
    let Some(fault) = MessageFault::parse(&order.fault, &order.target) else {
        let transport = Kind::WORDS.iter().map(|(word, _)| (*word).to_owned());
        let words: Vec<String> = transport.chain(MessageFault::words(&order.target)).collect();
        return Err(format!("fault: must be one of {}", words.join(", ")));
    };
    let brand = match order.brand.as_deref() {
        None => None,
        Some(word) => Some(Brand::parse(word).ok_or("brand: is no brand")?),
    };
    let message = MessageFaultOrder {
        fault,
        elements: order.elements,
        set: order.set,
        code: order.code,
        detail: order.detail,
        card: order.card,
        brand,
        delay,
    };
    faults.set_message(&order.target, message, order.times);
    Ok(())
}

async fn clear(State((faults, _)): State<Levers>) -> StatusCode {
    faults.clear();
    StatusCode::NO_CONTENT
}

//! What operators see of messages on their way. Never a phone, a code or a text.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

use super::breaker::BreakerState;
use super::ladder::DeliveryStatus;
use super::route::Ending;
use crate::issuer_backend::CARRIER;
use crate::store::provider_health::TryOutcome;

const TRIES: &str = "pasarela_acs_sms_tries_total";
const ANSWER: &str = "pasarela_acs_sms_answer_seconds";
const BREAKER: &str = "pasarela_acs_sms_breaker";
const CODES: &str = "pasarela_acs_codes_total";
const QUEUED: &str = "pasarela_acs_code_queued_seconds";
const RECEIPTS: &str = "pasarela_acs_sms_receipts_total";
const DELIVERY: &str = "pasarela_acs_sms_delivery_seconds";
const NOTICES: &str = "pasarela_acs_notices_total";

/// Gives the metrics their help texts.
pub(crate) fn describe() {
    describe_counter!(TRIES, "Messages offered to a provider, by what came of it.");
    describe_histogram!(
        ANSWER,
        metrics::Unit::Seconds,
        "From offering a message to a provider to its answer, or to giving it up."
    );
    describe_gauge!(
        BREAKER,
        "A provider's circuit breaker: 1 for what it is, 0 for what it is not."
    );
    describe_counter!(
        CODES,
        "Codes that were to be delivered, by how handing them over ended."
    );
    describe_histogram!(
        QUEUED,
        metrics::Unit::Seconds,
        "From queuing a code to the end of handing it over."
    );
    describe_counter!(RECEIPTS, "Receipts by what they said of a message.");
    describe_histogram!(
        DELIVERY,
        metrics::Unit::Seconds,
        "From a provider's acceptance to the phone, as far as it was told."
    );
    describe_counter!(
        NOTICES,
        "Attempts to tell an issuer's backend of an authentication."
    );
}

/// How metrics name a carrier: issuers' backends all have one name.
fn label(carrier: &str) -> String {
    if carrier.starts_with(CARRIER) {
        CARRIER.to_owned()
    } else {
        carrier.to_owned()
    }
}

/// Counts a try, and shows the breaker after it.
pub(crate) fn tried(carrier: &str, outcome: TryOutcome, took: Duration, breaker: BreakerState) {
    let provider = label(carrier);
    counter!(TRIES, "provider" => provider.clone(), "outcome" => outcome.as_str()).increment(1);
    histogram!(ANSWER, "provider" => provider.clone()).record(took.as_secs_f64());
    for state in [BreakerState::Closed, BreakerState::HalfOpen, BreakerState::Open] {
        let is = if state == breaker { 1 } else { 0 };
        gauge!(BREAKER, "provider" => provider.clone(), "state" => state.as_str()).set(is);
    }
}

/// Counts a code that was handed over, or not.
pub(crate) fn ended(ending: &Ending, waited: time::Duration) {
    let (word, carrier) = match ending {
        Ending::Accepted { carrier, .. } => ("accepted", Some(carrier)),
        Ending::NotSent { .. } => ("not_sent", None),
        Ending::Unknown { carrier } => ("unknown", Some(carrier)),
    };
    let provider = carrier.map_or_else(|| "none".to_owned(), |carrier| label(carrier));
    counter!(CODES, "ending" => word, "provider" => provider).increment(1);
    histogram!(QUEUED).record(Duration::try_from(waited).unwrap_or_default().as_secs_f64());
}

/// Counts a receipt: what a message has come to, `stale` where that was known, `unclaimed` where the message was not.
pub(crate) fn heard(provider: &str, word: &'static str) {
    counter!(RECEIPTS, "provider" => provider.to_owned(), "status" => word).increment(1);
}

/// Shows how long a message was on its way.
pub(crate) fn arrived(provider: &str, status: DeliveryStatus, took: Option<time::Duration>) {
    heard(provider, status.as_str());
    if let (DeliveryStatus::Delivered, Some(took)) = (status, took) {
        let took = Duration::try_from(took).unwrap_or_default();
        histogram!(DELIVERY, "provider" => provider.to_owned()).record(took.as_secs_f64());
    }
}

/// Counts an attempt to tell an issuer's backend: `told`, `again`, `given_up`.
pub(crate) fn noticed(outcome: &'static str) {
    counter!(NOTICES, "outcome" => outcome).increment(1);
}

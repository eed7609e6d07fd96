//! What operators see of challenges and their results.

use metrics::{counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

use super::results::Sent;
use crate::challenge::{Ending, Method};

const CHALLENGES: &str = "pasarela_acs_challenges_total";
const LASTED: &str = "pasarela_acs_challenge_seconds";
const RESULTS: &str = "pasarela_acs_results_total";

/// Gives the metrics their help texts.
pub(crate) fn describe() {
    describe_counter!(
        CHALLENGES,
        "Challenges and decoupled authentications that ended, by how and by what was asked."
    );
    describe_histogram!(
        LASTED,
        metrics::Unit::Seconds,
        "From the ARes to the end of a challenge."
    );
    describe_counter!(
        RESULTS,
        "Attempts to deliver an RReq, by what the directory server made of it."
    );
}

/// A challenge ended.
pub(crate) fn ended(ending: Ending, method: Method, lasted: time::Duration) {
    counter!(CHALLENGES, "ending" => ending.name(), "method" => method.name()).increment(1);
    histogram!(LASTED, "method" => method.name()).record(Duration::try_from(lasted).unwrap_or_default());
}

/// An attempt to deliver a result is over.
pub(super) fn sent(sent: &Sent) {
    counter!(RESULTS, "outcome" => sent.outcome()).increment(1);
}

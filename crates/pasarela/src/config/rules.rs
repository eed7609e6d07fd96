//! `[payments]`: the time limits of the rules of payments; and `[retry_limits]`.

use super::read::{DAY_SECONDS, seconds, section};
use orchestrator::{administration::Environment, transport::TransportSettings};
use payments::{
    Limits,
    fields::{Fields, Problems, boolean, integer},
};
use std::time::Duration;

const PAUSE_MAX: &str = "settlement_pause_max_seconds";
const INQUIRY: &str = "settlement_inquiry_seconds";
const REPEAT: &str = "settlement_repeat_seconds";

/// Nobody's books stay open for longer.
const INQUIRY_MAX_SECONDS: u32 = 90 * DAY_SECONDS;
/// Processors remember an idempotency identity for a day at least; the hour is for clocks, and for what is on its way. A
/// request that is sent again later may be done a second time.
const REPEAT_MAX_SECONDS: u32 = DAY_SECONDS - 3_600;

/// Reads the section.
pub(super) fn limits(root: &Fields<'_>, problems: &mut Problems) -> Option<Limits> {
    let known = [
        "page_unopened_seconds",
        "page_opened_seconds",
        "charge_lease_seconds",
        "authentication_lease_seconds",
        "inquiry_pause_max_seconds",
        PAUSE_MAX,
        INQUIRY,
        REPEAT,
    ];
    let fields = section(root, "payments", &known, problems)?;
    let mut of_a_day = |name| seconds(&fields, name, problems);
    let (unopened, opened) = (of_a_day("page_unopened_seconds"), of_a_day("page_opened_seconds"));
    let charge = of_a_day("charge_lease_seconds");
    let authentication = of_a_day("authentication_lease_seconds");
    let inquiry_pause_max = of_a_day("inquiry_pause_max_seconds");
    let settlement_pause_max = of_a_day(PAUSE_MAX);
    let settlement_inquiry = fields.need(INQUIRY, integer(1..=INQUIRY_MAX_SECONDS), problems);
    let settlement_repeat = fields.need(REPEAT, integer(1..=REPEAT_MAX_SECONDS), problems);
    if let (Some(pause), Some(age)) = (settlement_pause_max, settlement_inquiry)
        && pause > age
    {
        problems.add(
            fields.at(PAUSE_MAX),
            format!("must not be more than {INQUIRY}, the age from which nobody asks any more"),
        );
    }
    Some(Limits {
        page_unopened_seconds: unopened?,
        page_opened_seconds: opened?,
        charge_lease_seconds: charge?,
        authentication_lease_seconds: authentication?,
        inquiry_pause_max_seconds: inquiry_pause_max?,
        settlement_pause_max_seconds: settlement_pause_max?,
        settlement_inquiry_seconds: settlement_inquiry?,
        settlement_repeat_seconds: settlement_repeat?,
    })
}

/// Reads `[retry_limits]`: whether they are kept. Without a word they are, except in a sandbox, whose cards are declined for as long as there are tests.
pub(super) fn retry_limits(
    root: &Fields<'_>,
    environment: Option<Environment>,
    problems: &mut Problems,
) -> Option<bool> {
    let fields = section(root, "retry_limits", &["enabled"], problems)?;
    let told = fields.take("enabled", boolean, problems);
    Some(told.unwrap_or(environment != Some(Environment::Sandbox)))
}

/// A charge under way must not count as dead.
pub(super) fn check_with_transport(limits: &Limits, transport: &TransportSettings, problems: &mut Problems) {
    let charge = transport.connect_timeout + transport.charge_timeout;
    if Duration::from_secs(limits.charge_lease_seconds.into()) <= charge {
        problems.add(
            "payments.charge_lease_seconds",
            format!(
                "must be more than {} s, the transport's time-outs together, or a charge under way is inquired about",
                charge.as_secs()
            ),
        );
    }
}

//! What is printed once the world is there.

use super::WorldSettings;
use crate::seeds;
use std::path::Path;

/// Everything that is seeded and every default, for whoever started us.
pub(super) fn lines(settings: &WorldSettings, sandbox_json: &Path) -> Vec<String> {
    let timers = &settings.timers;
    let processors = settings.merchants.first().map(seeds::connections::processors);
    let processors = processors.unwrap_or_default();
    let directlink = settings.directlink.as_ref().map(|keys| {
        format!(
            "seeded   Tienda DirectLink (EUR GBP CHF USD MXN; adyen; proceed; PSPID {} at /ncol/test/orderdirect.asp)",
            keys.pspid
        )
    });
    let mut lines = vec![
        format!("shop     {}/shop", settings.public_url),
        format!("SMS      {}/sms/inbox", settings.public_url),
        format!("bank app {}/app", settings.public_url),
        format!("keys     {}", sandbox_json.display()),
        format!(
            "seeded   Tienda Demo (MX; MXN USD COP; {}; own 3DS, attempted and unavailable: reject)",
            processors.join(" ")
        ),
        "seeded   Tienda Confiada (the same; attempted and unavailable: proceed)".to_owned(),
    ];
    lines.extend(directlink);
    lines.extend([
        format!(
            "times    first CReq {} s, challenge {} s, RRes {} s, RReq again every {} s, bank app {} s, decoupled {} s, \
             scenario 08 silent for {} s",
            timers.first_creq_timeout.as_secs(),
            timers.challenge_timeout.as_secs(),
            timers.results_read_timeout.as_secs(),
            timers.results_retry_interval.as_secs(),
            timers.app_timeout.as_secs(),
            timers.decoupled_after.as_secs(),
            timers.directory_silence.as_secs(),
        ),
        "cards    4000000000001000 frictionless, 4000000000001059 challenge by SMS; all: /shop/cards"
            .to_owned(),
    ]);
    lines
}

//! ARes and RReq: sections 5, 7.1, 11 and 12.6.

use super::{ALL, BEFORE_231, ONLY_220, ONLY_231, SINCE_220, Written, malformed, missing, taken};

const APP: &str = "ARes, app";
const BROWSER: &str = "ARes, browser";
const NOBODY: &str = "ARes, 3RI";
const RESULTS: &str = "RReq, browser";
const RESULTS_APP: &str = "RReq, app";

pub const WRITTEN: &[Written] = &[
    // A challenge: where, how, and whether it must be.
    missing(
        "emv-3ds 5",
        BROWSER,
        ALL,
        r#"{"transStatus":"C"}"#,
        "acsURL",
        &["acsURL"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        ALL,
        r#"{"transStatus":"C"}"#,
        "acsChallengeMandated",
        &["acsChallengeMandated"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        BEFORE_231,
        r#"{"transStatus":"C"}"#,
        "authenticationType",
        &["authenticationType"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        r#"{"transStatus":"C"}"#,
        "authenticationMethod",
        &["authenticationMethod"],
    ),
    missing(
        "emv-3ds 5",
        APP,
        ALL,
        r#"{"transStatus":"C"}"#,
        "acsSignedContent",
        &["acsSignedContent"],
    ),
    missing(
        "emv-3ds 5",
        APP,
        ALL,
        r#"{"transStatus":"C"}"#,
        "acsRenderingType",
        &["acsRenderingType"],
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        ALL,
        r#"{"transStatus":"C"}"#,
        &["authenticationValue"],
    ),
    // Decoupled: confirmed, with words for the cardholder.
    missing(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        r#"{"transStatus":"D"}"#,
        "acsDecConInd",
        &["acsDecConInd"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        r#"{"transStatus":"D"}"#,
        "acsChallengeMandated",
        &["acsChallengeMandated"],
    ),
    missing(
        "emv-3ds 5",
        NOBODY,
        SINCE_220,
        r#"{"transStatus":"D"}"#,
        "acsChallengeMandated",
        &["acsChallengeMandated"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        r#"{"transStatus":"D"}"#,
        "cardholderInfo",
        &["cardholderInfo"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        ONLY_220,
        r#"{"transStatus":"D"}"#,
        "authenticationType",
        &["authenticationType"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        r#"{"transStatus":"D"}"#,
        "authenticationMethod",
        &["authenticationMethod"],
    ),
    malformed(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        r#"{"transStatus":"D","acsDecConInd":"N"}"#,
        "acsDecConInd",
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        r#"{"transStatus":"D"}"#,
        &["acsURL", "authenticationValue"],
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        r#"{"acsDecConInd":"N"}"#,
        &["cardholderInfo"],
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        SINCE_220,
        "{}",
        &["acsDecConInd", "cardholderInfo"],
    ),
    // Secure payment confirmation.
    missing(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        r#"{"transStatus":"S"}"#,
        "spcTransData",
        &["spcTransData"],
    ),
    missing(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        r#"{"transStatus":"S"}"#,
        "webAuthnCredList",
        &["webAuthnCredList"],
    ),
    // What needs the one beside it.
    taken(
        "emv-3ds 5",
        BROWSER,
        ONLY_220,
        "{}",
        &["whiteListStatus", "whiteListStatusSource"],
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        "{}",
        &["trustListStatus", "trustListStatusSource"],
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        "{}",
        &["cardSecurityCodeStatus", "cardSecurityCodeStatusSource"],
    ),
    taken(
        "emv-3ds 5",
        BROWSER,
        ONLY_231,
        "{}",
        &["deviceBindingStatus", "deviceBindingStatusSource"],
    ),
    // What is no payment is the directory server's to rule.
    taken(
        "emv-3ds 5",
        BROWSER,
        ALL,
        "{}",
        &["transStatus", "authenticationValue"],
    )
    .for_no_payment(),
    taken(
        "emv-3ds 5",
        BROWSER,
        ALL,
        r#"{"transStatus":"N"}"#,
        &["transStatusReason"],
    )
    .for_no_payment(),
    // A native interface shows no HTML.
    malformed(
        "emv-3ds 12.6",
        APP,
        ALL,
        r#"{"acsRenderingType.acsInterface":"01","acsRenderingType.acsUiTemplate":"05"}"#,
        "acsRenderingType.acsUiTemplate",
    ),
    malformed(
        "emv-3ds 12.6",
        RESULTS_APP,
        ALL,
        r#"{"acsRenderingType.acsInterface":"01","acsRenderingType.acsUiTemplate":"05"}"#,
        "acsRenderingType.acsUiTemplate",
    ),
    taken(
        "emv-3ds 12.6",
        APP,
        ALL,
        r#"{"acsRenderingType.acsInterface":"01","acsRenderingType.acsUiTemplate":"04"}"#,
        &[],
    ),
    taken(
        "emv-3ds 12.6",
        RESULTS_APP,
        ALL,
        r#"{"acsRenderingType.acsInterface":"01","acsRenderingType.acsUiTemplate":"04"}"#,
        &[],
    ),
    // Results: D is for a challenge that goes on decoupled, from 2.3.1, and says which way.
    malformed(
        "emv-3ds 11.1",
        RESULTS,
        BEFORE_231,
        r#"{"transStatus":"D"}"#,
        "transStatus,transStatusReason",
    ),
    malformed(
        "emv-3ds 11.1",
        RESULTS,
        ALL,
        r#"{"transStatus":"C"}"#,
        "transStatus",
    ),
    malformed(
        "emv-3ds 11.1",
        RESULTS,
        ALL,
        r#"{"transStatus":"I"}"#,
        "transStatus",
    ),
    malformed(
        "emv-3ds 11.1",
        RESULTS,
        ALL,
        r#"{"transStatus":"S"}"#,
        "transStatus",
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"transStatus":"D","transStatusReason":"29"}"#,
        &["authenticationValue"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"transStatus":"D","transStatusReason":"30"}"#,
        &["authenticationValue"],
    ),
    malformed(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"transStatus":"D","transStatusReason":"14"}"#,
        "transStatusReason",
    ),
    missing(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"transStatus":"D"}"#,
        "transStatusReason",
        &["transStatusReason"],
    ),
    // Why a challenge ended.
    missing(
        "emv-3ds 11.7",
        RESULTS,
        ALL,
        r#"{"transStatus":"N","transStatusReason":"14"}"#,
        "challengeCancel",
        &["challengeCancel"],
    ),
    missing(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"challengeCancel":"09"}"#,
        "challengeErrorReporting",
        &["challengeErrorReporting"],
    ),
    missing(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"challengeCancel":"10"}"#,
        "challengeErrorReporting",
        &["challengeErrorReporting"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        r#"{"challengeCancel":"08"}"#,
        &["challengeErrorReporting"],
    ),
    missing(
        "emv-3ds 7.1",
        RESULTS,
        BEFORE_231,
        r#"{"transStatus":"N"}"#,
        "authenticationType",
        &["authenticationType"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        BEFORE_231,
        r#"{"transStatus":"U"}"#,
        &["authenticationType"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        BEFORE_231,
        r#"{"transStatus":"A"}"#,
        &["authenticationType"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        BEFORE_231,
        r#"{"transStatus":"R"}"#,
        &["authenticationType"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_220,
        "{}",
        &["whiteListStatus", "whiteListStatusSource"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        "{}",
        &["trustListStatus", "trustListStatusSource"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ONLY_231,
        "{}",
        &["deviceBindingStatus", "deviceBindingStatusSource"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ALL,
        r#"{"messageCategory":"02"}"#,
        &["transStatus", "authenticationValue"],
    ),
    taken(
        "emv-3ds 7.1",
        RESULTS,
        ALL,
        r#"{"messageCategory":"02","transStatus":"N"}"#,
        &["transStatusReason"],
    ),
];

/// A status as it is set, whether it needs a reason, whether a value, and in which versions of ARes and RReq it is.
type Status = (
    &'static str,
    bool,
    bool,
    &'static [&'static str],
    &'static [&'static str],
);

/// What a payment's status asks for.
const STATUS: [Status; 9] = [
    (r#"{"transStatus":"Y"}"#, false, true, ALL, ALL),
    (r#"{"transStatus":"A"}"#, false, true, ALL, ALL),
    (r#"{"transStatus":"N"}"#, true, false, ALL, ALL),
    (r#"{"transStatus":"U"}"#, true, false, ALL, ALL),
    (r#"{"transStatus":"R"}"#, true, false, ALL, ALL),
    (r#"{"transStatus":"C"}"#, false, false, ALL, &[]),
    (r#"{"transStatus":"D"}"#, false, false, SINCE_220, &[]),
    (r#"{"transStatus":"I"}"#, false, false, SINCE_220, &[]),
    (r#"{"transStatus":"S"}"#, false, false, ONLY_231, &[]),
];

const REASON: &[&str] = &["transStatusReason"];
const VALUE: &[&str] = &["authenticationValue"];

pub fn per_status() -> Vec<Written> {
    let mut written = Vec::new();
    for (set, reason, value, in_ares, in_rreq) in STATUS {
        for (of, versions) in [(BROWSER, in_ares), (RESULTS, in_rreq)] {
            for (needed, section, without) in
                [(reason, "emv-3ds 11.2", REASON), (value, "emv-3ds 16.2", VALUE)]
            {
                written.push(if needed {
                    missing(section, of, versions, set, without[0], without)
                } else {
                    taken(section, of, versions, set, without)
                });
            }
        }
    }
    written
}

//! AReq: sections 4.1 to 4.5.

use super::{ALL, BEFORE_231, ONLY_220, ONLY_231, SINCE_220, Written, malformed, missing, taken};

const BROWSER: &str = "AReq, browser";
const NOBODY: &str = "AReq, 3RI";

pub const WRITTEN: &[Written] = &[
    // The app and what the schemes define beside it are not spoken yet.
    malformed(
        "emv-3ds 4.1",
        BROWSER,
        ALL,
        r#"{"deviceChannel":"01"}"#,
        "deviceChannel",
    ),
    malformed(
        "emv-3ds 4.1",
        BROWSER,
        ALL,
        r#"{"deviceChannel":"80"}"#,
        "deviceChannel",
    ),
    // Decoupled authentication has a limit of time.
    taken(
        "emv-3ds 4.1",
        BROWSER,
        SINCE_220,
        r#"{"threeDSRequestorDecReqInd":"N"}"#,
        &["threeDSRequestorDecMaxTime"],
    ),
    taken(
        "emv-3ds 4.1",
        BROWSER,
        SINCE_220,
        "{}",
        &["threeDSRequestorDecReqInd", "threeDSRequestorDecMaxTime"],
    ),
    missing(
        "emv-3ds 4.1",
        BROWSER,
        ONLY_231,
        r#"{"threeDSRequestorDecReqInd":"F"}"#,
        "threeDSRequestorDecMaxTime",
        &["threeDSRequestorDecMaxTime"],
    ),
    missing(
        "emv-3ds 4.1",
        BROWSER,
        ONLY_231,
        r#"{"threeDSRequestorDecReqInd":"B"}"#,
        "threeDSRequestorDecMaxTime",
        &["threeDSRequestorDecMaxTime"],
    ),
    // The fallback names what it goes on from.
    missing(
        "emv-3ds 4.1",
        NOBODY,
        ONLY_231,
        r#"{"threeRIInd":"19"}"#,
        "threeDSRequestorPriorAuthenticationInfo",
        &["threeDSRequestorPriorAuthenticationInfo"],
    ),
    taken(
        "emv-3ds 4.1",
        NOBODY,
        ONLY_231,
        r#"{"threeRIInd":"11"}"#,
        &["threeDSRequestorPriorAuthenticationInfo"],
    ),
    taken(
        "emv-3ds 4.1",
        BROWSER,
        ONLY_231,
        "{}",
        &["threeDSRequestorSpcSupport", "payeeOrigin"],
    ),
    // Instalments.
    missing(
        "emv-3ds 4.3",
        BROWSER,
        ALL,
        r#"{"threeDSRequestorAuthenticationInd":"03"}"#,
        "purchaseInstalData",
        &["purchaseInstalData"],
    ),
    taken(
        "emv-3ds 4.3",
        BROWSER,
        ALL,
        r#"{"threeDSRequestorAuthenticationInd":"02"}"#,
        &["purchaseInstalData"],
    ),
    missing(
        "emv-3ds 4.3",
        NOBODY,
        SINCE_220,
        r#"{"threeRIInd":"02"}"#,
        "purchaseInstalData",
        &["purchaseInstalData"],
    ),
    taken(
        "emv-3ds 4.3",
        NOBODY,
        SINCE_220,
        r#"{"threeRIInd":"01"}"#,
        &["purchaseInstalData"],
    ),
    // Recurring payments: how long, and how often.
    missing(
        "emv-3ds 4.3",
        BROWSER,
        BEFORE_231,
        r#"{"threeDSRequestorAuthenticationInd":"02"}"#,
        "recurringExpiry",
        &["recurringExpiry"],
    ),
    missing(
        "emv-3ds 4.3",
        BROWSER,
        BEFORE_231,
        r#"{"threeDSRequestorAuthenticationInd":"03"}"#,
        "recurringFrequency",
        &["recurringFrequency"],
    ),
    missing(
        "emv-3ds 4.3",
        NOBODY,
        ONLY_220,
        r#"{"threeRIInd":"01"}"#,
        "recurringExpiry",
        &["recurringExpiry"],
    ),
    missing(
        "emv-3ds 4.3",
        NOBODY,
        ONLY_220,
        r#"{"threeRIInd":"02"}"#,
        "recurringFrequency",
        &["recurringFrequency"],
    ),
    taken(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"threeDSRequestorAuthenticationInd":"02"}"#,
        &["recurringExpiry", "recurringFrequency", "recurringDate"],
    ),
    missing(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"threeDSRequestorAuthenticationInd":"02"}"#,
        "recurringInd",
        &["recurringInd"],
    ),
    missing(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"threeDSRequestorAuthenticationInd":"03"}"#,
        "recurringInd",
        &["recurringInd"],
    ),
    missing(
        "emv-3ds 4.3",
        NOBODY,
        ONLY_231,
        r#"{"threeRIInd":"01"}"#,
        "recurringInd",
        &["recurringInd"],
    ),
    missing(
        "emv-3ds 4.3",
        NOBODY,
        ONLY_231,
        r#"{"threeRIInd":"02"}"#,
        "recurringInd",
        &["recurringInd"],
    ),
    missing(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"recurringInd.frequencyInd":"01"}"#,
        "recurringFrequency",
        &["recurringFrequency"],
    ),
    missing(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"recurringInd.frequencyInd":"01"}"#,
        "recurringDate",
        &["recurringDate"],
    ),
    missing(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"recurringInd.amountInd":"01","threeDSRequestorAuthenticationInd":"02"}"#,
        "recurringAmount",
        &["recurringAmount"],
    ),
    missing(
        "emv-3ds 4.3",
        NOBODY,
        ONLY_231,
        r#"{"recurringInd.amountInd":"01","threeRIInd":"02"}"#,
        "recurringAmount",
        &["recurringAmount"],
    ),
    taken(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"recurringInd.amountInd":"01"}"#,
        &["recurringAmount", "recurringCurrency", "recurringExponent"],
    ),
    taken(
        "emv-3ds 4.3",
        BROWSER,
        ONLY_231,
        r#"{"threeDSRequestorAuthenticationInd":"03"}"#,
        &["recurringAmount", "recurringCurrency", "recurringExponent"],
    ),
    // What needs the one beside it.
    taken(
        "emv-3ds 4.4",
        BROWSER,
        ALL,
        "{}",
        &["billAddrState", "billAddrCountry"],
    ),
    taken(
        "emv-3ds 4.4",
        BROWSER,
        ALL,
        "{}",
        &["shipAddrState", "shipAddrCountry"],
    ),
    taken(
        "emv-3ds 4.4",
        BROWSER,
        ONLY_220,
        "{}",
        &["whiteListStatus", "whiteListStatusSource"],
    ),
    taken(
        "emv-3ds 4.4",
        BROWSER,
        ONLY_231,
        "{}",
        &["trustListStatus", "trustListStatusSource"],
    ),
    taken(
        "emv-3ds 4.4",
        BROWSER,
        ONLY_231,
        "{}",
        &["cardSecurityCodeStatus", "cardSecurityCodeStatusSource"],
    ),
    taken(
        "emv-3ds 4.4",
        BROWSER,
        ONLY_231,
        "{}",
        &["deviceBindingStatus", "deviceBindingStatusSource"],
    ),
    taken(
        "emv-3ds 4.4",
        BROWSER,
        SINCE_220,
        "{}",
        &["payTokenInd", "payTokenSource"],
    ),
    // A browser without scripts.
    missing(
        "emv-3ds 4.5",
        BROWSER,
        ONLY_220,
        r#"{"browserJavascriptEnabled":false}"#,
        "browserLanguage",
        &["browserLanguage"],
    ),
    taken(
        "emv-3ds 4.5",
        BROWSER,
        ONLY_231,
        r#"{"browserJavascriptEnabled":false}"#,
        &["browserLanguage"],
    ),
    missing(
        "emv-3ds 4.5",
        BROWSER,
        ONLY_231,
        r#"{"browserJavascriptEnabled":false}"#,
        "acceptLanguage",
        &["acceptLanguage"],
    ),
];

const PURCHASE: [(&str, &[&str]); 4] = [
    ("purchaseAmount", &["purchaseAmount"]),
    ("purchaseCurrency", &["purchaseCurrency"]),
    ("purchaseExponent", &["purchaseExponent"]),
    ("purchaseDate", &["purchaseDate"]),
];
const OF_A_PAYMENT: [&[&str]; 5] = [
    &["acquirerBIN"],
    &["acquirerMerchantID"],
    &["mcc"],
    &["merchantCountryCode"],
    &["merchantName"],
];
const BY_SCRIPT: [&[&str]; 5] = [
    &["browserJavaEnabled"],
    &["browserColorDepth"],
    &["browserScreenHeight"],
    &["browserScreenWidth"],
    &["browserTZ"],
];

/// What leads to payments though it is none (section 4.3): browser, by `threeDSRequestorAuthenticationInd`.
const LEADS_TO_PAYMENTS: [(&str, &[&str], &[&str]); 10] = [
    // Indicator, versions in which the purchase must be described, versions in which it need not.
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"01"}"#,
        &[],
        ALL,
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"02"}"#,
        ALL,
        &[],
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"03"}"#,
        ALL,
        &[],
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"04"}"#,
        &[],
        ALL,
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"05"}"#,
        &[],
        ALL,
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"06"}"#,
        &[],
        ALL,
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"07"}"#,
        ONLY_231,
        ONLY_220,
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"08"}"#,
        ONLY_231,
        &[],
    ),
    (
        r#"{"messageCategory":"02","threeDSRequestorAuthenticationInd":"09"}"#,
        ONLY_231,
        &[],
    ),
    (
        r#"{"messageCategory":"80","threeDSRequestorAuthenticationInd":"02"}"#,
        &[],
        ALL,
    ),
];

/// The same with nobody present, by `threeRIInd`.
const LEADS_TO_PAYMENTS_3RI: [(&str, &[&str], &[&str]); 19] = [
    (r#"{"messageCategory":"02","threeRIInd":"01"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"02"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"03"}"#, &[], SINCE_220),
    (r#"{"messageCategory":"02","threeRIInd":"04"}"#, &[], SINCE_220),
    (r#"{"messageCategory":"02","threeRIInd":"05"}"#, &[], SINCE_220),
    (r#"{"messageCategory":"02","threeRIInd":"06"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"07"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"08"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"09"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"10"}"#, &[], SINCE_220),
    (r#"{"messageCategory":"02","threeRIInd":"11"}"#, SINCE_220, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"12"}"#, &[], SINCE_220),
    (r#"{"messageCategory":"02","threeRIInd":"13"}"#, &[], ONLY_231),
    (r#"{"messageCategory":"02","threeRIInd":"14"}"#, &[], ONLY_231),
    (r#"{"messageCategory":"02","threeRIInd":"15"}"#, ONLY_231, &[]),
    (r#"{"messageCategory":"02","threeRIInd":"16"}"#, &[], ONLY_231),
    (r#"{"messageCategory":"02","threeRIInd":"17"}"#, &[], ONLY_231),
    (r#"{"messageCategory":"02","threeRIInd":"18"}"#, &[], ONLY_231),
    (r#"{"messageCategory":"80","threeRIInd":"01"}"#, &[], SINCE_220),
];

/// One case each for the elements that are there or not for the same reason.
pub fn per_element() -> Vec<Written> {
    let mut written = Vec::new();
    let browser = LEADS_TO_PAYMENTS.iter().map(|case| (BROWSER, case));
    let nobody = LEADS_TO_PAYMENTS_3RI.iter().map(|case| (NOBODY, case));
    for (of, (set, needed, not_needed)) in browser.chain(nobody) {
        for (element, without) in PURCHASE {
            written.push(missing("emv-3ds 4.3", of, needed, set, element, without));
            written.push(taken("emv-3ds 4.3", of, not_needed, set, without));
        }
    }
    for without in OF_A_PAYMENT {
        for set in [r#"{"messageCategory":"02"}"#, r#"{"messageCategory":"80"}"#] {
            written.push(taken("emv-3ds 4.2", BROWSER, ALL, set, without));
        }
        written.push(taken(
            "emv-3ds 4.2",
            NOBODY,
            ALL,
            r#"{"messageCategory":"02"}"#,
            without,
        ));
    }
    for without in BY_SCRIPT {
        let scriptless = r#"{"browserJavascriptEnabled":false}"#;
        written.push(taken("emv-3ds 4.5", BROWSER, SINCE_220, scriptless, without));
    }
    written
}

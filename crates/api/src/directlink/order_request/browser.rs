//! What the shop saw of the shopper's browser: the eight parameters of version 2, or the two headers of version 1.

use crate::directlink::complaints::Reading;
use payments::Browser;
use payments::directlink::NcError;
use std::net::IpAddr;

/// Longer headers are cut, not refused.
const HEADER_MAX_CHARACTERS: usize = 2048;
const LANGUAGE_MAX_CHARACTERS: usize = 8;
const SCREEN_MAX: i64 = 999_999;
/// Minutes. The vendor's range is the one of JavaScript with its sign turned; both are taken.
const TIME_ZONE_MAX: i64 = 840;
const COLOR_DEPTHS: [u32; 8] = [1, 4, 8, 15, 16, 24, 32, 48];

/// Reads it, with the shopper's address; what is not there is left for our own page to collect.
pub fn read(reading: &Reading<'_>, ip_address: Option<String>) -> Browser {
    let header = |new: &str, old: &str| {
        let value = reading.get(new).or_else(|| reading.get(old))?;
        Some(value.chars().take(HEADER_MAX_CHARACTERS).collect())
    };
    let whole = |name: &str, range: std::ops::RangeInclusive<i64>| {
        let found = reading
            .get(name)?
            .trim()
            .parse()
            .ok()
            .filter(|number| range.contains(number));
        if found.is_none() {
            reading.complain(NcError::INVALID, format!("{name} not valid"));
        }
        found
    };
    let screen = |name: &str| whole(name, 0..=SCREEN_MAX).and_then(|pixels| u32::try_from(pixels).ok());
    let minutes = whole("BROWSERTIMEZONE", -TIME_ZONE_MAX..=TIME_ZONE_MAX);
    Browser {
        accept_header: header("BROWSERACCEPTHEADER", "HTTP_ACCEPT"),
        user_agent: header("BROWSERUSERAGENT", "HTTP_USER_AGENT"),
        ip_address,
        language: reading
            .get("BROWSERLANGUAGE")
            .map(|tag| tag.chars().take(LANGUAGE_MAX_CHARACTERS).collect()),
        color_depth: whole("BROWSERCOLORDEPTH", 0..=i64::from(u32::MAX)).and_then(color_depth),
        screen_height: screen("BROWSERSCREENHEIGHT"),
        screen_width: screen("BROWSERSCREENWIDTH"),
        time_zone: minutes.and_then(|minutes| i32::try_from(minutes).ok()),
        java_enabled: reading.one_of("BROWSERJAVAENABLED", yes_or_no),
        javascript_enabled: reading.one_of("BROWSERJAVASCRIPTENABLED", yes_or_no),
    }
}

/// `REMOTE_ADDR`, which may say `NONE`.
pub fn address(reading: &Reading<'_>) -> Option<String> {
    let given = reading.get("REMOTE_ADDR")?.trim();
    if given.eq_ignore_ascii_case("NONE") {
        return None;
    }
    let address = given.parse::<IpAddr>().ok();
    if address.is_none() {
        reading.complain(NcError::SHOPPER_ADDRESS, "REMOTE_ADDR is no address");
    }
    address.map(|address| address.to_string())
}

/// Screens have depths that the message has not, such as 30: the next lower one.
fn color_depth(bits: i64) -> Option<u32> {
    COLOR_DEPTHS
        .into_iter()
        .rev()
        .find(|known| i64::from(*known) <= bits)
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directlink::charset::Charset;
    use crate::directlink::complaints::Complaint;
    use crate::directlink::form::Form;

    fn browser(body: &str) -> Result<Browser, Complaint> {
        let form = Form::read(body.as_bytes(), Charset::Utf8).unwrap();
        let reading = Reading::of(&form);
        let browser = read(&reading, address(&reading));
        reading.finish(Some(browser))
    }

    #[test]
    fn a_browser_of_version_2_is_complete() {
        let browser = browser(
            "browserAcceptHeader=text/html&browserColorDepth=30&browserJavaEnabled=FALSE&browserLanguage=en-GB-oxendict&\
             browserScreenHeight=480&browserScreenWidth=320&browserTimezone=-60&browserUserAgent=Mozilla/5.0&REMOTE_ADDR=192.0.2.10",
        )
        .unwrap();
        assert!(browser.is_complete());
        assert_eq!(browser.color_depth, Some(24));
        assert_eq!(browser.language.as_deref(), Some("en-GB-ox"));
        assert_eq!(browser.time_zone, Some(-60));
        assert_eq!(browser.java_enabled, Some(false));
        assert_eq!(browser.ip_address.as_deref(), Some("192.0.2.10"));
    }

    #[test]
    fn a_browser_of_version_1_leaves_the_rest_to_our_page() {
        let browser = browser("HTTP_ACCEPT=*/*&HTTP_USER_AGENT=Mozilla&REMOTE_ADDR=NONE").unwrap();
        assert!(!browser.is_complete());
        assert_eq!(browser.user_agent.as_deref(), Some("Mozilla"));
        assert_eq!(browser.ip_address, None);
    }

    #[test]
    fn long_headers_are_cut() {
        let browser = browser(&format!("browserUserAgent={}", "a".repeat(5000))).unwrap();
        assert_eq!(browser.user_agent.unwrap().len(), HEADER_MAX_CHARACTERS);
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (body, name) in [
            ("browserTimezone=841", "BROWSERTIMEZONE"),
            ("browserScreenHeight=tall", "BROWSERSCREENHEIGHT"),
            ("browserScreenWidth=1000000", "BROWSERSCREENWIDTH"),
            ("browserColorDepth=many", "BROWSERCOLORDEPTH"),
            ("browserJavaEnabled=yes", "BROWSERJAVAENABLED"),
        ] {
            let complaint = browser(body).unwrap_err();
            assert_eq!(
                complaint,
                Complaint::new(NcError::INVALID, format!("{name} not valid")),
                "{body}"
            );
        }
        assert_eq!(
            browser("REMOTE_ADDR=here").unwrap_err().error,
            NcError::SHOPPER_ADDRESS
        );
    }
}

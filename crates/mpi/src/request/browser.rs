//! The cardholder's browser (emv-3ds section 4.5).

use emv3ds::{Version, message::AReq};
use std::net::IpAddr;

use super::text::shortened;

const HEADER_MAX: usize = 2048;
/// Before 2.3.1.
const LANGUAGE_MAX: usize = 8;
/// From 2.3.1 on.
const LANGUAGE_2_3_1_MAX: usize = 35;
/// The colour depths that exist in 2.1.0 and 2.2.0, in bits.
const COLOR_DEPTHS: [u32; 8] = [1, 4, 8, 15, 16, 24, 32, 48];
/// Two digits.
const COLOR_DEPTH_2_3_1_MAX: u32 = 99;
/// Six digits.
const PIXELS_MAX: u32 = 999_999;
/// Local time is at most 14 hours from UTC.
const TIME_ZONE_MINUTES_MAX: i32 = 14 * 60;

/// What is known of the cardholder's browser: from its HTTP request, and from a script on our page or the shop's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Browser {
    /// The Accept header as it came.
    pub accept_header: Option<String>,
    pub user_agent: Option<String>,
    /// IPv4 or IPv6.
    pub ip_address: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Bits.
    pub color_depth: Option<u32>,
    /// Pixels.
    pub screen_height: Option<u32>,
    /// Pixels.
    pub screen_width: Option<u32>,
    /// Minutes, positive when local time is behind UTC, as `Date.getTimezoneOffset` says.
    pub time_zone: Option<i32>,
    pub java_enabled: Option<bool>,
    /// Where it is not said, what only a script can tell is proof of it.
    pub javascript_enabled: Option<bool>,
}

/// Fills in the browser's elements.
///
/// Where scripts run, or in 2.1.0 always, every value has to be there: one that is unknown gets the most ordinary value.
pub(super) fn describe(browser: &Browser, areq: &mut AReq) {
    let by_script = [browser.color_depth, browser.screen_height, browser.screen_width]
        .iter()
        .any(Option::is_some)
        || browser.time_zone.is_some();
    let scripts = browser.javascript_enabled.unwrap_or(by_script);
    let all_required = scripts || areq.message_version < Version::V2_2_0;

    areq.browser_accept_header = Some(header(browser.accept_header.as_deref(), "*/*"));
    areq.browser_user_agent = Some(header(browser.user_agent.as_deref(), "unknown"));
    areq.browser_ip = browser.ip_address.as_deref().and_then(ip_address);
    let version = areq.message_version;
    let language = browser
        .language
        .as_deref()
        .and_then(|tag| language(tag, version))
        .unwrap_or_else(|| "en".to_owned());
    // The header itself is not known: what the browser's own language is comes first in it.
    areq.accept_language = Some(vec![language.clone()]);
    areq.browser_language = Some(language);
    areq.browser_javascript_enabled = Some(scripts);
    if all_required {
        areq.browser_java_enabled = Some(browser.java_enabled.unwrap_or(false));
        areq.browser_color_depth = Some(color_depth(browser.color_depth.unwrap_or(24), version).to_string());
        areq.browser_screen_height = Some(browser.screen_height.unwrap_or(0).min(PIXELS_MAX).to_string());
        areq.browser_screen_width = Some(browser.screen_width.unwrap_or(0).min(PIXELS_MAX).to_string());
        let minutes = browser
            .time_zone
            .unwrap_or(0)
            .clamp(-TIME_ZONE_MINUTES_MAX, TIME_ZONE_MINUTES_MAX);
        areq.browser_tz = Some(minutes.to_string());
    }
}

fn header(value: Option<&str>, otherwise: &str) -> String {
    let value = shortened(value.unwrap_or_default(), HEADER_MAX);
    if value.is_empty() {
        otherwise.to_owned()
    } else {
        value
    }
}

fn ip_address(text: &str) -> Option<String> {
    text.trim()
        .parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical().to_string())
}

/// The tag, or as many of its leading parts as fit: `zh-Hant-TW` is sent as `zh-Hant`.
fn language(tag: &str, version: Version) -> Option<String> {
    let longest = if version >= Version::V2_3_1 {
        LANGUAGE_2_3_1_MAX
    } else {
        LANGUAGE_MAX
    };
    let mut fitting = String::new();
    for part in tag.trim().split(['-', '_']) {
        let sound = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !sound || fitting.len() + 1 + part.len() > longest + usize::from(fitting.is_empty()) {
            break;
        }
        if !fitting.is_empty() {
            fitting.push('-');
        }
        fitting.push_str(part);
    }
    (!fitting.is_empty()).then_some(fitting)
}

/// The greatest depth that exists and is not more: 30 bits are sent as 24 before 2.3.1.
fn color_depth(bits: u32, version: Version) -> u32 {
    if version >= Version::V2_3_1 {
        return bits.clamp(1, COLOR_DEPTH_2_3_1_MAX);
    }
    COLOR_DEPTHS
        .into_iter()
        .rev()
        .find(|depth| *depth <= bits)
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_depths_are_mapped_down_to_one_that_exists() {
        for (bits, sent) in [(30, 24), (24, 24), (12, 8), (64, 48), (0, 1)] {
            assert_eq!(color_depth(bits, Version::V2_2_0), sent, "{bits}");
        }
        assert_eq!(color_depth(30, Version::V2_3_1), 30);
        assert_eq!(color_depth(100, Version::V2_3_1), 99);
    }

    #[test]
    fn a_language_keeps_the_parts_that_fit() {
        for (tag, sent) in [
            ("es-MX", Some("es-MX")),
            ("zh-Hant-TW", Some("zh-Hant")),
            ("es_MX", Some("es-MX")),
            ("pt-BR;q=0.9", Some("pt")),
            ("abcdefgh", Some("abcdefgh")),
            ("abcdefghi", None),
            ("", None),
            ("*", None),
        ] {
            assert_eq!(language(tag, Version::V2_2_0).as_deref(), sent, "{tag}");
        }
        let whole = language("zh-Hant-TW", Version::V2_3_1);
        assert_eq!(whole.as_deref(), Some("zh-Hant-TW"));
    }

    #[test]
    fn an_address_is_sent_in_its_plain_form() {
        assert_eq!(ip_address(" 203.0.113.7 ").as_deref(), Some("203.0.113.7"));
        assert_eq!(ip_address("::ffff:203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(ip_address("unknown"), None);
    }
}

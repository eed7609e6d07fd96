//! `browser_details`: what the shop saw of the cardholder's browser (deuna-api.md section 5.1). Numbers and booleans
//! come as JSON or as strings.

use crate::orders::fields::Fields;
use payments::Browser;
use std::net::IpAddr;

const HEADER_MAX_CHARACTERS: usize = 4096;
const LANGUAGE_MAX_CHARACTERS: usize = 100;
const IP_ADDRESS_MAX_CHARACTERS: usize = 45;
/// EMV 3DS gives screen sizes six digits.
const SCREEN_MAX: i64 = 999_999;
const COLOR_DEPTH_MAX: i64 = 999;
/// Minutes in a day: no offset from UTC is larger.
const TIME_ZONE_MAX: i64 = 1440;

/// What every browser accepts in the end. Shops that follow DEUNA's list of data (section 6.1) do not send the header,
/// and without one the cardholder would be shown a page only to read it.
const ACCEPT_ANYTHING: &str = "*/*";

/// Reads browser data; whatever is not there is left for our own page to collect.
pub fn read(fields: &Fields<'_>) -> Browser {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let user_agent = owned(fields.text("user_agent", HEADER_MAX_CHARACTERS));
    let accept_header = owned(fields.text("accept_header", HEADER_MAX_CHARACTERS));
    Browser {
        accept_header: accept_header.or_else(|| user_agent.as_ref().map(|_| ACCEPT_ANYTHING.to_owned())),
        user_agent,
        ip_address: ip_address(fields),
        language: owned(fields.text("language", LANGUAGE_MAX_CHARACTERS)),
        color_depth: fields.integer("color_depth", 0..=COLOR_DEPTH_MAX),
        screen_height: fields.integer("screen_height", 0..=SCREEN_MAX),
        screen_width: fields.integer("screen_width", 0..=SCREEN_MAX),
        time_zone: time_zone(fields),
        java_enabled: fields.boolean("java_enabled"),
        javascript_enabled: fields.boolean("javascript_enabled"),
    }
}

fn ip_address(fields: &Fields<'_>) -> Option<String> {
    let text = fields.text("ip_address", IP_ADDRESS_MAX_CHARACTERS)?;
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.to_string()),
        Err(_) => {
            fields.wrong("ip_address", "must be an IPv4 or IPv6 address");
            None
        }
    }
}

/// Minutes as `Date.getTimezoneOffset` gives them. A zone's name (`America/Bogota`) says less than the page can find
/// out, so it is passed over.
fn time_zone(fields: &Fields<'_>) -> Option<i32> {
    let named = fields
        .value("time_zone")
        .and_then(|value| value.as_str())
        .is_some_and(|text| {
            text.contains(|symbol: char| symbol.is_ascii_alphabetic())
                && text
                    .chars()
                    .all(|symbol| symbol.is_ascii_alphanumeric() || "/_+-:() ".contains(symbol))
        });
    if named {
        None
    } else {
        fields.integer("time_zone", -TIME_ZONE_MAX..=TIME_ZONE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::read_with;
    use serde_json::json;

    #[test]
    fn strings_and_json_values_mean_the_same() {
        let strings = json!({
            "user_agent": "Test", "language": "es-MX", "color_depth": "24", "screen_height": "800",
            "screen_width": "600", "time_zone": "360", "java_enabled": "false", "javascript_enabled": "true",
            "ip_address": "2001:db8::1",
        });
        let values = json!({
            "user_agent": "Test", "language": "es-MX", "color_depth": 24, "screen_height": 800,
            "screen_width": 600, "time_zone": 360.0, "java_enabled": false, "javascript_enabled": true,
            "ip_address": "2001:db8::1",
        });
        let read = |body| read_with(body, |fields| Some(read(fields))).unwrap();
        assert_eq!(read(strings.clone()), read(values));
        assert!(read(strings).is_complete());
    }

    #[test]
    fn a_zones_name_leaves_the_offset_to_the_page() {
        let read = |body| read_with(body, |fields| Some(read(fields)));
        assert_eq!(
            read(json!({ "time_zone": "America/Bogota" })).unwrap().time_zone,
            None
        );
        assert!(read(json!({ "time_zone": "12.5" })).is_err());
        assert!(read(json!({ "time_zone": 5000 })).is_err());
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (name, value) in [
            ("color_depth", json!("deep")),
            ("screen_width", json!(-1)),
            ("java_enabled", json!("maybe")),
            ("ip_address", json!("1.2.3")),
            ("user_agent", json!(7)),
        ] {
            let refusal = read_with(json!({ name: value }), |fields| Some(read(fields)))
                .err()
                .unwrap();
            assert_eq!(refusal.field.as_deref(), Some(name));
        }
    }
}

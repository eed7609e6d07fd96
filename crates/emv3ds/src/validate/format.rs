//! Whether a text has the format its element asks for.

use std::net::IpAddr;

use super::element::Format;
use crate::{AuthenticationValue, Eci, ProtocolVersion};

/// Checks a string element. Objects, arrays and booleans are not text and never fit here, and neither does a format that
/// the engine resolves first.
pub(super) fn text_fits(format: &Format, text: &str) -> bool {
    match format {
        Format::Text(least, most) => is_between(text.chars().count(), *least, *most),
        Format::Ascii(least, most) => {
            is_between(text.len(), *least, *most) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        }
        Format::Digits(least, most) => is_digits(text, *least, *most),
        Format::Number {
            digits: (shortest, longest),
            least,
            most,
        } => {
            is_digits(text, *shortest, *longest)
                && text
                    .parse::<u32>()
                    .is_ok_and(|number| (*least..=*most).contains(&number))
        }
        Format::OneOf(values) => values.contains(&text),
        Format::Uuid => is_uuid(text),
        Format::Url(most) => {
            text.chars().count() <= *most
                && host_of(text).is_some_and(|(scheme, host)| match scheme {
                    Scheme::Https => true,
                    Scheme::Http => is_loopback(host),
                })
        }
        Format::Website(most) => text.chars().count() <= *most && host_of(text).is_some(),
        Format::YearMonth => {
            is_digits(text, 4, 4) && two_digits(text, 2).is_some_and(|month| is_between(month, 1, 12))
        }
        Format::Day => is_digits(text, 8, 8) && is_day(text),
        Format::Minute => is_digits(text, 12, 12) && is_day(text) && is_time(text),
        Format::Second => is_digits(text, 14, 14) && is_day(text) && is_time(text) && is_below(text, 12, 60),
        Format::Country => is_digits(text, 3, 3) && number(text).is_some_and(|code| is_between(code, 1, 900)),
        Format::Currency => {
            is_digits(text, 3, 3)
                && number(text).is_some_and(|code| code > 0 && !is_between(code, 955, 964) && code != 999)
        }
        Format::Email => is_email(text),
        Format::IpAddress => text.parse::<IpAddr>().is_ok(),
        Format::Language(most) => is_language(text, *most),
        Format::TimeZone => is_time_zone(text),
        Format::AuthenticationValue => AuthenticationValue::is_of_28(text),
        Format::SchemeDefined(most) => {
            is_between(text.len(), 1, *most) && text.bytes().all(|byte| byte.is_ascii_graphic())
        }
        Format::Base64Url(least, most) => {
            is_between(text.len(), *least, *most)
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        }
        Format::Eci => Eci::parse(text).is_some(),
        Format::Version => ProtocolVersion::parse(text).is_some(),
        Format::PerVersion(_)
        | Format::When(..)
        | Format::Code(_)
        | Format::Boolean
        | Format::True
        | Format::Object(_)
        | Format::AnyObject(_)
        | Format::TextOrObject(_)
        | Format::UpTo(..)
        | Format::Array(..) => false,
    }
}

fn is_between(value: usize, least: usize, most: usize) -> bool {
    (least..=most).contains(&value)
}

fn is_digits(text: &str, least: usize, most: usize) -> bool {
    is_between(text.len(), least, most) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number a short run of digits writes.
fn number(text: &str) -> Option<usize> {
    text.parse().ok()
}

/// The number that the two digits from `at` write.
fn two_digits(text: &str, at: usize) -> Option<usize> {
    text.get(at..at + 2).and_then(number)
}

fn is_below(text: &str, at: usize, limit: usize) -> bool {
    two_digits(text, at).is_some_and(|value| value < limit)
}

/// Whether the first eight digits are a day of the Gregorian calendar.
fn is_day(text: &str) -> bool {
    let (Some(year), Some(month), Some(day)) = (
        text.get(..4).and_then(number),
        two_digits(text, 4),
        two_digits(text, 6),
    ) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && is_between(day, 1, days)
}

/// Whether hour and minute follow the day.
fn is_time(text: &str) -> bool {
    is_below(text, 8, 24) && is_below(text, 10, 60)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

enum Scheme {
    Http,
    Https,
}

/// Scheme and host of an absolute address; `None` when it is none, or names a user.
fn host_of(text: &str) -> Option<(Scheme, &str)> {
    if text
        .bytes()
        .any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\')
    {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        scheme if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
        scheme if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.contains('@') {
        return None;
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':').or(after.is_empty().then_some(""))?),
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let port_fits = port.is_empty() || port.parse::<u16>().is_ok();
    (!host.is_empty() && port_fits).then_some((scheme, host))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Good enough to catch what is no address; only delivery proves one.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    is_between(text.chars().count(), 3, 254)
        && is_between(local.chars().count(), 1, 64)
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text
            .chars()
            .any(|character| character.is_whitespace() || character.is_control())
        && !domain.contains('@')
}

fn is_language(text: &str, most: usize) -> bool {
    is_between(text.len(), 1, most)
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_time_zone(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.len() <= 5 && is_digits(digits, 1, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(format: Format, text: &str) -> bool {
        text_fits(&format, text)
    }

    #[test]
    fn protocol_addresses_are_https_or_stay_on_this_machine() {
        for text in [
            "https://acs.example/challenge?x=1",
            "HTTPS://acs.example:8443",
            "http://127.0.0.1:8090/acs",
            "http://localhost",
            "http://[::1]:80/",
            "https://[2001:db8::1]/",
        ] {
            assert!(fits(Format::Url(256), text), "{text}");
        }
        for text in [
            "",
            "acs.example",
            "https://",
            "https:///path",
            "http://acs.example",
            "http://127.0.0.1.example",
            "http://user@127.0.0.1/",
            "https://acs.example/a b",
            "https://acs.example:99999/",
            "javascript://acs.example/",
            "https://[::1",
            "https://[::1]x",
        ] {
            assert!(!fits(Format::Url(256), text), "{text}");
        }
        assert!(fits(Format::Website(2048), "http://shop.example"));
        assert!(!fits(Format::Url(20), "https://acs.example/123"));
    }

    #[test]
    fn dates_exist() {
        assert!(fits(Format::Day, "20240229"));
        assert!(fits(Format::Second, "20261122235959"));
        for text in ["20230229", "20261301", "20261100", "2026112", "2026112x"] {
            assert!(!fits(Format::Day, text), "{text}");
        }
        for text in ["20261122240000", "20261122236000", "20261122235960"] {
            assert!(!fits(Format::Second, text), "{text}");
        }
        assert!(fits(Format::YearMonth, "2912"));
        assert!(!fits(Format::YearMonth, "2913"));
    }

    #[test]
    fn reserved_countries_and_currencies_are_refused() {
        assert!(fits(Format::Country, "484"));
        assert!(!fits(Format::Country, "901"));
        assert!(!fits(Format::Country, "000"));
        assert!(fits(Format::Currency, "986"));
        for text in ["955", "964", "999", "48", "4840", "MXN"] {
            assert!(!fits(Format::Currency, text), "{text}");
        }
    }

    #[test]
    fn browser_values_have_their_own_shapes() {
        for text in ["0", "360", "-330", "+60", "+0060"] {
            assert!(fits(Format::TimeZone, text), "{text}");
        }
        for text in ["", "-", "00360 ", "+00060", "3.5"] {
            assert!(!fits(Format::TimeZone, text), "{text}");
        }
        assert!(fits(Format::Language(8), "es-MX"));
        for text in ["", "es_MX", "es-", "zh-Hant-TW"] {
            assert!(!fits(Format::Language(8), text), "{text}");
        }
        assert!(fits(Format::IpAddress, "2001:db8::1"));
        assert!(!fits(Format::IpAddress, "300.0.0.1"));
    }

    #[test]
    fn emails_have_one_part_before_and_one_after_the_at() {
        assert!(fits(Format::Email, "ana@shop.example"));
        for text in [
            "",
            "ana",
            "@shop.example",
            "ana@",
            "a b@shop.example",
            "ana@.example",
            "ana@example.",
        ] {
            assert!(!fits(Format::Email, text), "{text}");
        }
    }

    #[test]
    fn encoded_values_keep_to_their_alphabet() {
        assert!(fits(Format::Base64Url(3, 4), "-_8"));
        for text in ["-_", "-_8==", "+/8"] {
            assert!(!fits(Format::Base64Url(3, 4), text), "{text}");
        }
        assert!(fits(Format::SchemeDefined(4), "a+/="));
        for text in ["", "a b", "12345", "ñ"] {
            assert!(!fits(Format::SchemeDefined(4), text), "{text}");
        }
    }
}

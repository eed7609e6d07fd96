//! What the formats of the table mean: which texts they take, and how those go on.

use super::Leniency;
use primitives::{HttpUrl, UrlPolicy};
use serde_json::{Value, json};
use std::net::IpAddr;
use time::{
    Date, OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::well_known::Iso8601,
    macros::format_description,
};

/// The format of a field. Lengths are in characters, and at most unless two numbers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text(usize),
    /// A text that is cut to so many characters rather than refused.
    Truncated(usize),
    /// At least and at most so many digits.
    Digits(usize, usize),
    /// A number of at most so many digits within bounds.
    Number {
        digits: usize,
        least: u32,
        most: u32,
    },
    /// One of these.
    List(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// 12 to 19 digits; no check digit is asked for.
    AccountNumber,
    /// The name of a card in the card vault: 88 characters, of which clients lose some.
    Token,
    /// `YYYYMMDD`.
    Day,
    /// `YYYYMMDDHHMM`.
    Minute,
    /// `YYMM`, and what else is taken for it.
    Expiry,
    /// `YYYYMMDDHHMMSS`, and what else is taken for it.
    PurchaseDate,
    /// ISO 3166-1, numeric or alphabetic; goes on as numeric.
    Country,
    /// ISO 4217 numeric.
    Currency,
    /// An address that we, or the issuer's page, call.
    Url(usize),
    /// An address that is only shown.
    Website(usize),
    Email(usize),
    Ip,
    /// BCP 47.
    Language(usize),
    /// Bits; a depth that does not exist counts as the next smaller.
    ColorDepth,
    /// Minutes from UTC, signed or not.
    TimeZone,
    /// Up to four characters; goes on padded with zeros on the left.
    Mcc,
    /// Up to two digits; goes on as two.
    Count,
    Uuid,
    /// A JSON object of at most so many characters.
    Object(usize),
    /// Any JSON value.
    Any,
}

/// How a request is read, and when: a date that nobody can understand is now, where that is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub leniency: Leniency,
    pub now: OffsetDateTime,
}

const COLOR_DEPTHS: [u32; 8] = [1, 4, 8, 15, 16, 24, 32, 48];

impl Format {
    /// Whether it takes JSON that is no text, number or boolean.
    pub fn is_structure(self) -> bool {
        matches!(self, Self::Object(_) | Self::Any)
    }

    /// Whether a structure fits.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Object(most) => value.is_object() && value.to_string().chars().count() <= most,
            _ => false,
        }
    }

    /// A text as it goes on; `None` when it does not fit.
    pub fn read(self, text: &str, reading: Reading) -> Option<Value> {
        let written = match self {
            Self::Text(most) => at_most(text, most)?.to_owned(),
            Self::Truncated(most) => text.chars().take(most).collect(),
            Self::Digits(least, most) => digits(text, least, most)?.to_owned(),
            Self::Number {
                digits: longest,
                least,
                most,
            } => number(text, longest, least, most)?.to_string(),
            Self::List(values) => values.contains(&text).then(|| text.to_owned())?,
            Self::Flag => return flag(text).map(Value::Bool),
            Self::AccountNumber => digits(text, 12, 19)?.to_owned(),
            Self::Token => at_most(text, 88)?.to_owned(),
            Self::Day => day(text)?.to_owned(),
            Self::Minute => minute(text)?.to_owned(),
            Self::Expiry => expiry(text)?,
            Self::PurchaseDate => purchase_date(text, reading)?,
            Self::Country => country(text)?,
            Self::Currency => primitives::Currency::parse_numeric3(text).ok()?.numeric3(),
            Self::Url(most) => url(at_most(text, most)?, reading.leniency)?,
            Self::Website(most) => website(at_most(text, most)?, reading.leniency)?,
            Self::Email(most) => email(at_most(text, most)?)?.to_owned(),
            Self::Ip => at_most(text, 45)?.parse::<IpAddr>().ok()?.to_string(),
            Self::Language(most) => language(at_most(text, most)?)?.to_owned(),
            Self::ColorDepth => color_depth(digits(text, 1, 2)?)?,
            Self::TimeZone => time_zone(text)?.to_owned(),
            Self::Mcc => format!("{:0>4}", at_most(text, 4)?),
            Self::Count => format!("{:0>2}", digits(text, 1, 2)?),
            Self::Uuid => uuid(text)?,
            Self::Object(_) | Self::Any => return None,
        };
        Some(json!(written))
    }
}

fn at_most(text: &str, most: usize) -> Option<&str> {
    (text.chars().count() <= most && !text.chars().any(char::is_control)).then_some(text)
}

fn digits(text: &str, least: usize, most: usize) -> Option<&str> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(text)
}

fn number(text: &str, longest: usize, least: u32, most: u32) -> Option<u32> {
    let number = digits(text, 1, longest)?.parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn flag(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn day(text: &str) -> Option<&str> {
    let format = format_description!("[year][month][day]");
    Date::parse(digits(text, 8, 8)?, format).ok().map(|_| text)
}

fn minute(text: &str) -> Option<&str> {
    let format = format_description!("[year][month][day][hour][minute]");
    PrimitiveDateTime::parse(digits(text, 12, 12)?, format)
        .ok()
        .map(|_| text)
}

/// `YYMM`; `MMYY` where only that makes a month; `YY/MM`; `YYYYMM`.
fn expiry(text: &str) -> Option<String> {
    let is_month = |text: &str| text.parse().is_ok_and(|month: u8| (1..=12).contains(&month));
    let plain = match text.split_once('/') {
        Some((year, month)) => format!("{}{}", digits(year, 2, 2)?, digits(month, 2, 2)?),
        None if text.len() == 6 => digits(text, 6, 6)?.strip_prefix("20")?.to_owned(),
        None => digits(text, 4, 4)?.to_owned(),
    };
    let (first, second) = plain.split_at_checked(2)?;
    if is_month(second) {
        Some(plain)
    } else if is_month(first) {
        Some(format!("{second}{first}"))
    } else {
        None
    }
}

/// 14 digits, 12 without the seconds, or ISO 8601. The vendor's own samples send the word `date`.
fn purchase_date(text: &str, reading: Reading) -> Option<String> {
    let seconds = format_description!("[year][month][day][hour][minute][second]");
    let written = |at: OffsetDateTime| at.to_offset(UtcOffset::UTC).format(seconds).ok();
    let understood = if let Some(text) = digits(text, 14, 14) {
        PrimitiveDateTime::parse(text, seconds)
            .ok()
            .map(|_| text.to_owned())
    } else if let Some(text) = digits(text, 12, 12) {
        minute(text).map(|text| format!("{text}00"))
    } else if let Ok(at) = OffsetDateTime::parse(text, &Iso8601::DEFAULT) {
        written(at)
    } else {
        PrimitiveDateTime::parse(text, &Iso8601::DEFAULT)
            .ok()
            .and_then(|at| written(at.assume_utc()))
    };
    match reading.leniency {
        Leniency::Strict => understood,
        Leniency::Lenient => understood.or_else(|| written(reading.now)),
    }
}

/// Codes only: names of countries are no part of this API.
fn country(text: &str) -> Option<String> {
    let is_code = (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let country = primitives::Country::parse(text).ok().filter(|_| is_code)?;
    Some(country.numeric3())
}

fn url(text: &str, leniency: Leniency) -> Option<String> {
    let policy = match leniency {
        Leniency::Strict => UrlPolicy::HttpsOnly,
        Leniency::Lenient => UrlPolicy::LoopbackHttpToo,
    };
    HttpUrl::parse(text, policy)
        .ok()
        .map(|url| url.as_str().to_owned())
}

/// Plain http is no danger where nothing is sent. A name without a scheme is what people write.
fn website(text: &str, leniency: Leniency) -> Option<String> {
    let is_one = |text: &str| {
        (text.starts_with("https://") || text.starts_with("http://"))
            && text
                .parse::<http::Uri>()
                .is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
    };
    if is_one(text) {
        return Some(text.to_owned());
    }
    let named = format!("https://{text}");
    (leniency == Leniency::Lenient && is_one(&named)).then_some(named)
}

/// Two characters longer than an address can be are allowed here; the AReq does without such a one.
fn email(text: &str) -> Option<&str> {
    let (local, domain) = text.rsplit_once('@')?;
    let clean = !text.chars().any(char::is_whitespace) && !local.contains('@');
    let named = !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.');
    (clean && named && (1..=64).contains(&local.len())).then_some(text)
}

fn language(text: &str) -> Option<&str> {
    let sound = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.split('-').all(sound).then_some(text)
}

fn color_depth(text: &str) -> Option<String> {
    let bits: u32 = text.parse().ok()?;
    COLOR_DEPTHS
        .into_iter()
        .rev()
        .find(|depth| *depth <= bits)
        .map(|depth| depth.to_string())
}

fn time_zone(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits(unsigned, 1, 4).filter(|_| text.len() <= 5).map(|_| text)
}

fn uuid(text: &str) -> Option<String> {
    let parsed = uuid::Uuid::try_parse(text).ok()?;
    (text.len() == 36).then(|| parsed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn read(format: Format, text: &str, leniency: Leniency) -> Option<String> {
        let now = datetime!(2026-11-22 10:00 UTC);
        format
            .read(text, Reading { leniency, now })
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    fn strict(format: Format, text: &str) -> Option<String> {
        read(format, text, Leniency::Strict)
    }

    #[test]
    fn an_expiry_is_a_year_and_a_month_in_any_order_that_makes_sense() {
        for (given, sent) in [
            ("2212", Some("2212")),
            ("1222", Some("2212")),
            ("1213", Some("1312")),
            ("0110", Some("0110")),
            ("22/12", Some("2212")),
            ("12/22", Some("2212")),
            ("202212", Some("2212")),
            ("2213", None),
            ("1399", None),
            ("191212", None),
            ("22-12", None),
            ("221", None),
            ("22122", None),
        ] {
            assert_eq!(strict(Format::Expiry, given).as_deref(), sent, "{given}");
        }
    }

    #[test]
    fn a_purchase_date_is_understood_in_four_forms_and_anything_is_now_in_the_sandbox() {
        for (given, sent) in [
            ("20261122101112", Some("20261122101112")),
            ("202611221011", Some("20261122101100")),
            ("2026-11-22T10:11:12Z", Some("20261122101112")),
            ("2026-11-22T10:11:12-03:00", Some("20261122131112")),
            ("2026-11-22T10:11:12", Some("20261122101112")),
            ("20261322101112", None),
            ("date", None),
        ] {
            assert_eq!(strict(Format::PurchaseDate, given).as_deref(), sent, "{given}");
        }
        assert_eq!(
            read(Format::PurchaseDate, "date", Leniency::Lenient).as_deref(),
            Some("20261122100000")
        );
    }

    #[test]
    fn countries_go_on_as_numbers() {
        for text in ["076", "BRA", "BR", "bra"] {
            assert_eq!(strict(Format::Country, text).as_deref(), Some("076"), "{text}");
        }
        for text in ["Brasil", "76", "999", "901", "XXX", "B"] {
            assert_eq!(strict(Format::Country, text), None, "{text}");
        }
    }

    #[test]
    fn a_colour_depth_that_does_not_exist_is_the_next_smaller() {
        for (given, sent) in [
            ("30", Some("24")),
            ("24", Some("24")),
            ("99", Some("48")),
            ("5", Some("4")),
            ("0", None),
            ("x", None),
        ] {
            assert_eq!(strict(Format::ColorDepth, given).as_deref(), sent, "{given}");
        }
    }

    #[test]
    fn texts_are_padded_and_cut_where_the_reference_says_so() {
        assert_eq!(strict(Format::Mcc, "742").as_deref(), Some("0742"));
        assert_eq!(strict(Format::Mcc, "74200"), None);
        assert_eq!(strict(Format::Count, "2").as_deref(), Some("02"));
        let long = "é".repeat(3000);
        assert_eq!(
            strict(Format::Truncated(2048), &long).map(|text| text.chars().count()),
            Some(2048)
        );
    }

    #[test]
    fn addresses_that_are_called_are_https_and_those_that_are_shown_need_not_be() {
        assert!(strict(Format::Url(256), "https://shop.example/n").is_some());
        assert_eq!(strict(Format::Url(256), "http://127.0.0.1/n"), None);
        assert!(read(Format::Url(256), "http://127.0.0.1/n", Leniency::Lenient).is_some());
        assert!(strict(Format::Website(256), "http://shop.example").is_some());
        assert_eq!(strict(Format::Website(256), "www.shop.example"), None);
        assert_eq!(
            read(Format::Website(256), "www.shop.example", Leniency::Lenient).as_deref(),
            Some("https://www.shop.example")
        );
    }
}

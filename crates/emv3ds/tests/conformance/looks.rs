//! What values look like, in the words of the reference's sections 3.3 and 11, with values at and beyond every bound.

use emv3ds::Version;
use serde_json::{Value, json};

use super::sheet::Line;

/// How an element's value looks. Lengths are in characters.
#[derive(Clone, Copy)]
pub enum Looks {
    /// Text of this length.
    Text(usize, usize),
    /// Printable ASCII of this length.
    Ascii(usize, usize),
    /// Digits of this length.
    Digits(usize, usize),
    /// A number of this many digits between these two.
    Number(usize, u32, u32),
    /// One of these; anything else is malformed.
    OneOf(&'static [&'static str]),
    /// A code list: values with the version that brought them, and whether 80 to 99 are the directory servers'.
    Codes(&'static [(&'static str, &'static [&'static str])], bool),
    Uuid,
    Https(usize),
    Website(usize),
    Country,
    Currency,
    YearMonth,
    Day,
    Minute,
    Second,
    Email,
    IpAddress,
    Language(usize),
    TimeZone,
    Boolean,
    OnlyTrue,
    /// JSON false; true is for those who know the extension.
    NotCritical,
    Eci,
    Version,
    /// 28 characters of base64, and from 2.3.1 up to 4000 of what the scheme defines.
    AuthenticationValue,
    Base64Url(usize, usize),
    /// An object of any content up to this length.
    AnyObject(usize),
    /// A text or an object up to this length.
    TextOrObject(usize),
    /// An object with these elements.
    Object(&'static [Line]),
    /// That many of them.
    List(usize, usize, &'static Looks),
    /// At least one of them; no upper bound is tried.
    OneOrMore(&'static Looks),
    /// A bound of a card range, 13 to 19 digits: this one fits the other bound.
    Bound(&'static str),
    /// 1 to 99 addresses of a directory server, whose shape the sources leave open.
    Addresses,
    /// One look per version.
    PerVersion(&'static [Looks; 3]),
    /// One look in 2.1.0 and 2.2.0, another from 2.3.1.
    Since231(&'static Looks, &'static Looks),
}

/// The place of a version in the columns.
pub fn column(version: Version) -> usize {
    Version::ALL.iter().position(|one| *one == version).unwrap()
}

impl Looks {
    /// The look in this version.
    pub fn of(self, version: Version) -> Self {
        match self {
            Self::PerVersion(looks) => looks[column(version)].of(version),
            Self::Since231(before, since) => {
                if version < Version::V2_3_1 {
                    before.of(version)
                } else {
                    since.of(version)
                }
            }
            plain => plain,
        }
    }

    /// The elements of the object, or of the objects in the list.
    pub fn lines(self, version: Version) -> Option<&'static [Line]> {
        match self.of(version) {
            Self::Object(lines) => Some(lines),
            Self::List(_, _, inner) | Self::OneOrMore(inner) => inner.lines(version),
            _ => None,
        }
    }

    /// Values that fit, the first of them the most ordinary.
    pub fn good(self, version: Version) -> Vec<Value> {
        let texts = |values: &[&str]| values.iter().map(|value| json!(value)).collect();
        match self.of(version) {
            Self::Text(least, most) => vec![json!("x".repeat(least)), json!("ñ".repeat(most))],
            Self::Ascii(least, most) => vec![json!("x".repeat(least)), json!("~".repeat(most))],
            Self::Digits(least, most) => vec![json!("1".repeat(least)), json!("9".repeat(most))],
            Self::Number(digits, least, most) => {
                vec![
                    json!(format!("{least:0digits$}")),
                    json!(format!("{most:0digits$}")),
                ]
            }
            Self::OneOf(values) => texts(values),
            Self::Codes(lists, of_the_schemes) => {
                let mut values: Vec<&str> = known(lists, version).collect();
                if of_the_schemes {
                    values.extend(["80", "99"]);
                }
                texts(&values)
            }
            Self::Uuid => texts(&["f25084f0-5b16-4c0a-ae5d-b24808a95e4b"]),
            Self::Https(most) => texts(&["https://a.example", &stretched("https://a.example/", most)]),
            Self::Website(most) => texts(&["http://a.example", &stretched("https://a.example/", most)]),
            Self::Country => texts(&["484", "076", "900"]),
            Self::Currency => texts(&["484", "986", "954", "965"]),
            Self::YearMonth => texts(&["2912", "3001"]),
            Self::Day => texts(&["20261122", "20240229"]),
            Self::Minute => texts(&["202611220015", "202402292359"]),
            Self::Second => texts(&["20261122001500", "20240229235959"]),
            Self::Email => texts(&["a@b.example", &format!("{}@b.example", "x".repeat(64))]),
            Self::IpAddress => texts(&["203.0.113.7", "2001:db8::1"]),
            Self::Language(most) => texts(&["es", &"x".repeat(most)]),
            Self::TimeZone => texts(&["-60", "0", "+840"]),
            Self::Boolean => vec![json!(true), json!(false)],
            Self::OnlyTrue => vec![json!(true)],
            Self::NotCritical => vec![json!(false)],
            Self::Eci => texts(&["05", "N2"]),
            Self::Version => texts(&[version.as_str()]),
            Self::AuthenticationValue => {
                let mut values = vec![
                    "AJkBBkhgQQAAAE4gSEJydQAAAAA=".to_owned(),
                    "xgQAAABBBCCCDDDEEEFFFGGGHHHI".to_owned(),
                ];
                if version >= Version::V2_3_1 {
                    values.push("x".repeat(4000));
                }
                values.into_iter().map(Value::from).collect()
            }
            Self::Base64Url(least, most) => vec![json!("-".repeat(least)), json!("_".repeat(most))],
            Self::AnyObject(most) => vec![json!({ "any": "thing" }), of_length(most)],
            Self::TextOrObject(most) => vec![json!("x"), json!("ñ".repeat(most)), of_length(most)],
            Self::Object(lines) => vec![object(lines, version)],
            Self::List(least, most, inner) => {
                let values = inner.good(version);
                let first = values[0].clone();
                let of_two = [json!(vec![first.clone(); least]), json!(vec![first; most])];
                let each = values.into_iter().skip(1).map(|value| json!([value]));
                of_two.into_iter().chain(each).collect()
            }
            Self::OneOrMore(inner) => vec![json!([inner.good(version).remove(0)])],
            Self::Bound(fitting) => texts(&[fitting]),
            Self::Addresses => [1, 99]
                .map(|count| json!(vec![json!({ "dsUrl": "https://a.example" }); count]))
                .to_vec(),
            Self::PerVersion(_) | Self::Since231(..) => Vec::new(),
        }
    }

    /// Values that do not fit, each with the code it is refused with (section 3.2).
    pub fn bad(self, version: Version) -> Vec<(Value, u16)> {
        let texts = |values: &[&str]| values.iter().map(|value| (json!(value), 203)).collect();
        let mut bad: Vec<(Value, u16)> = match self.of(version) {
            Self::Text(least, most) => lengths(least, most, 'x'),
            Self::Ascii(least, most) => [lengths(least, most, 'x'), texts(&["Ñandú"])].concat(),
            Self::Digits(least, most) => [
                lengths(least, most, '1'),
                texts(&[&"x".repeat(least), &format!("{}-", "1".repeat(least - 1))]),
            ]
            .concat(),
            Self::Number(digits, least, most) => [
                texts(&["x", "-1"]),
                vec![(json!(format!("{:0digits$}", most + 1)), 203)],
                least
                    .checked_sub(1)
                    .map(|below| (json!(format!("{below:0digits$}")), 203))
                    .into_iter()
                    .collect(),
            ]
            .concat(),
            Self::OneOf(_) => texts(&["?", "ZZ"]),
            Self::Codes(lists, of_the_schemes) => codes_beyond(lists, of_the_schemes, version),
            Self::Uuid => texts(&[
                "f25084f05b164c0aae5db24808a95e4b",
                "f25084f0-5b16-4c0a-ae5d-b24808a95e4g",
            ]),
            Self::Https(most) => texts(&[
                "http://a.example",
                "a.example",
                &stretched("https://a.example/", most + 1),
            ]),
            Self::Website(most) => texts(&[
                "ftp://a.example",
                "a.example",
                &stretched("https://a.example/", most + 1),
            ]),
            Self::Country => texts(&["901", "999", "48", "MEX"]),
            Self::Currency => texts(&["955", "964", "999", "48", "MXN"]),
            Self::YearMonth => texts(&["2913", "2900", "291"]),
            Self::Day => texts(&["20261131", "20230229", "2026112"]),
            Self::Minute => texts(&["202611222400", "20261122001500"]),
            Self::Second => texts(&["20261122001560", "202611220015"]),
            Self::Email => texts(&["nobody", "@b.example", &format!("a@{}.example", "x".repeat(250))]),
            Self::IpAddress => texts(&["localhost", "300.0.0.1"]),
            Self::Language(most) => texts(&["es_MX", &"x".repeat(most + 1)]),
            Self::TimeZone => texts(&["3.5", "+00060"]),
            Self::Boolean | Self::NotCritical => texts(&["true", "Y"]),
            Self::OnlyTrue => vec![(json!(false), 203), (json!("true"), 203)],
            Self::Eci => texts(&["5", "005", "n2"]),
            Self::Version => texts(&["2.2", "2.2.x", "222222222"]),
            Self::AuthenticationValue if version >= Version::V2_3_1 => texts(&[&"x".repeat(4001), "a b"]),
            Self::AuthenticationValue => texts(&[&"A".repeat(27), &"A".repeat(29), &"-".repeat(28)]),
            Self::Base64Url(least, most) => {
                [lengths(least, most, 'x'), texts(&[&"+".repeat(least)])].concat()
            }
            Self::AnyObject(most) => vec![(of_length(most + 1), 203), (json!("text"), 203)],
            Self::TextOrObject(most) => {
                vec![(json!("x".repeat(most + 1)), 203), (of_length(most + 1), 203)]
            }
            Self::Object(_) => vec![(json!("text"), 203), (json!([{ "a": "b" }]), 203)],
            Self::List(_, most, inner) => {
                let fitting = inner.good(version).remove(0);
                let many = vec![fitting.clone(); most + 1];
                let mut bad = vec![(json!(many), 203), (fitting, 203)];
                if inner.lines(version).is_none() {
                    bad.extend(
                        inner
                            .bad(version)
                            .into_iter()
                            .map(|(value, code)| (json!([value]), code)),
                    );
                }
                bad
            }
            Self::OneOrMore(_) => vec![(json!([1]), 203)],
            Self::Bound(fitting) => {
                texts(&["400000000000", "40000000000000000000", &fitting.replace('4', "x")])
            }
            Self::Addresses => vec![
                (json!(vec![json!({ "dsUrl": "x" }); 100]), 203),
                (json!([1]), 203),
            ],
            Self::PerVersion(_) | Self::Since231(..) => Vec::new(),
        };
        // Present but empty or null, or of another JSON type.
        for nothing in [json!(null), json!(""), json!([]), json!({}), json!(17)] {
            bad.push((nothing, 203));
        }
        bad
    }
}

fn known(
    lists: &'static [(&'static str, &'static [&'static str])],
    version: Version,
) -> impl Iterator<Item = &'static str> {
    lists
        .iter()
        .filter(move |(since, _)| Version::parse(since).unwrap() <= version)
        .flat_map(|(_, values)| values.iter().copied())
}

/// What is not in a list: values of later versions and those reserved are 203, and 207 in 2.3.1.
fn codes_beyond(
    lists: &'static [(&'static str, &'static [&'static str])],
    of_the_schemes: bool,
    version: Version,
) -> Vec<(Value, u16)> {
    let known_now: Vec<&str> = known(lists, version).collect();
    let mut bad: Vec<(Value, u16)> = vec![(json!("?"), 203), (json!("001"), 203)];
    let later = lists.iter().flat_map(|(_, values)| values.iter().copied());
    for value in later.chain(["78"]).filter(|value| !known_now.contains(value)) {
        let reserved = of_the_schemes && value.len() == 2 && version >= Version::V2_3_1;
        bad.push((json!(value), if reserved { 207 } else { 203 }));
    }
    if !of_the_schemes {
        bad.extend([(json!("80"), 203), (json!("99"), 203)]);
    }
    bad
}

/// One character more than the most, and one less than the least where that is not nothing.
fn lengths(least: usize, most: usize, of: char) -> Vec<(Value, u16)> {
    let text = |length| (json!(of.to_string().repeat(length)), 203);
    let mut bad = vec![text(most + 1)];
    if least > 1 {
        bad.push(text(least - 1));
    }
    bad
}

fn stretched(address: &str, length: usize) -> String {
    format!("{address}{}", "x".repeat(length - address.len()))
}

/// An object that is so many characters long as compact JSON.
fn of_length(length: usize) -> Value {
    json!({ "x": "x".repeat(length - r#"{"x":""}"#.len()) })
}

/// An object with every element that the version has.
pub fn object(lines: &'static [Line], version: Version) -> Value {
    let there = lines.iter().filter(|line| line.is_there(version, 1));
    there
        .map(|line| (line.name.to_owned(), line.looks.good(version).remove(0)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

//! Reading a wish's members as people write them, for every face that takes one. The error text follows the member's name
//! and never quotes the value.

use super::{DECOUPLED_MAX_MINUTES, ThreeDs, ThreeDsMode, asks_for_challenge};
use crate::fields::{Fields, Problems};
use acquiring::Exemption;
use emv3ds::code::RequestorChallengeInd;
use serde_json::Value;

const MODES: &[(&str, ThreeDsMode)] = &[
    ("off", ThreeDsMode::Off),
    ("auto", ThreeDsMode::Auto),
    ("force", ThreeDsMode::Force),
    ("data_only", ThreeDsMode::DataOnly),
];

/// The older word for "off".
const SKIP: &str = "skip";

/// A wish that stands in a document of an operator's, who configures many purchases at once: grounds that only a single
/// purchase can give are problems. What is wrong is left out.
pub fn configured_wish(value: &Value, path: &str, problems: &mut Problems) -> ThreeDs {
    let known = [
        "mode",
        "challenge_indicator",
        "exemption",
        "decoupled_max_minutes",
    ];
    let Some(fields) = Fields::open(value, path, &known, problems) else {
        return ThreeDs::default();
    };
    let wish = ThreeDs {
        mode: fields.take("mode", mode, problems),
        challenge_indicator: fields
            .take("challenge_indicator", challenge_indicators, problems)
            .unwrap_or_default(),
        exemption: fields.take("exemption", exemption, problems),
        decoupled_max_minutes: fields.take("decoupled_max_minutes", decoupled_max_minutes, problems),
    };
    if let Some(Exemption::Moto | Exemption::MerchantInitiated) = wish.exemption {
        problems.add(
            fields.at("exemption"),
            "is a purchase's own, not a configured one",
        );
    }
    if let Some(contradiction) = wish.contradiction() {
        problems.add(fields.at(contradiction.member), contradiction.text);
    }
    wish
}

/// `off`, `auto`, `force` or `data_only`.
pub fn mode(value: &Value) -> Result<ThreeDsMode, String> {
    match value.as_str() {
        Some(text) if text.trim().eq_ignore_ascii_case(SKIP) => Ok(ThreeDsMode::Off),
        Some(_) | None => word(MODES, value),
    }
}

/// One of [`Exemption::WORDS`].
pub fn exemption(value: &Value) -> Result<Exemption, String> {
    word(Exemption::WORDS, value)
}

fn word<T: Copy>(words: &[(&str, T)], value: &Value) -> Result<T, String> {
    let given = value.as_str().map(str::trim);
    let found = given.and_then(|given| words.iter().find(|(word, _)| word.eq_ignore_ascii_case(given)));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}", known.join(", "))
    })
}

/// One indicator, as two digits or a number, or a list of one or two that do not conflict.
pub fn challenge_indicators(value: &Value) -> Result<Vec<RequestorChallengeInd>, String> {
    let indicators = match value {
        Value::Array(entries) if (1..=2).contains(&entries.len()) => {
            entries.iter().map(indicator).collect::<Result<Vec<_>, _>>()?
        }
        Value::Array(_) => return Err("must have one or two entries".to_owned()),
        one => vec![indicator(one)?],
    };
    match indicators.as_slice() {
        [one, other] if conflict(*one, *other) => Err("has two values that conflict".to_owned()),
        _ => Ok(indicators),
    }
}

fn indicator(value: &Value) -> Result<RequestorChallengeInd, String> {
    let text = match value {
        Value::String(text) => format!("{:0>2}", text.trim()),
        Value::Number(number) => format!("{number:0>2}"),
        _ => String::new(),
    };
    RequestorChallengeInd::parse(&text)
        .filter(|indicator| !matches!(indicator, RequestorChallengeInd::DirectoryServer(_)))
        .ok_or_else(|| "must be two digits from 01 to 14, or a list of two such".to_owned())
}

/// Two values stand together when both want a challenge or both want none, for different reasons. A share of data and an
/// indifference stand alone, as do preference and mandate of the same challenge.
fn conflict(one: RequestorChallengeInd, other: RequestorChallengeInd) -> bool {
    use RequestorChallengeInd::{ChallengeMandated, ChallengePreferred, NoChallengeDataOnly};
    let pair = [one, other];
    one == other
        || pair.contains(&NoChallengeDataOnly)
        || (pair.contains(&ChallengePreferred) && pair.contains(&ChallengeMandated))
        || asks_for_challenge(one).is_none()
        || asks_for_challenge(one) != asks_for_challenge(other)
}

/// 1 to [`DECOUPLED_MAX_MINUTES`], as a number or as digits.
pub fn decoupled_max_minutes(value: &Value) -> Result<u16, String> {
    let number = match value {
        Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|minutes| (1..=DECOUPLED_MAX_MINUTES).contains(minutes))
        .ok_or_else(|| format!("must be a whole number of minutes from 1 to {DECOUPLED_MAX_MINUTES}"))
}

//! Rules as JSON, read strictly: a rule that says something else than its author meant challenges nobody, or everybody.

use emv3ds::code::{DeviceChannel, MessageCategory, RequestorChallengeInd, TransStatus, TransStatusReason};
use primitives::{Country, Currency};
use serde_json::{Map, Value};

use super::condition::Condition;
use super::rules::{Answer, Rule, Rules};
use crate::identifiers::ProductId;

/// Rules of an issuer, at most.
const RULES_MAX: usize = 100;
/// Values of one condition, at most.
const VALUES_MAX: usize = 1_000;
/// How far back a rule may look, in days.
const DAYS_MAX: u64 = 365;
/// The same, in seconds.
const SECONDS_MAX: u64 = DAYS_MAX * 86_400;

/// A member of a document of rules that cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {must}")]
pub struct BadRules {
    /// Where: `rules[2].when.amount.currency`.
    pub member: String,
    /// What holds for it.
    pub must: &'static str,
}

type Read<T> = Result<T, BadRules>;

pub(super) fn read(document: &Value) -> Read<Rules> {
    if document.is_null() {
        return Ok(Rules::default());
    }
    let mut members = Members::of(document, "rules".to_owned())?;
    let rules = match members.take("rules") {
        None => Vec::new(),
        Some((value, member)) => {
            let list = value.as_array().ok_or_else(|| bad(&member, "must be a list"))?;
            if list.len() > RULES_MAX {
                return Err(bad(&member, "must be at most 100 rules"));
            }
            let rules = list.iter().enumerate();
            rules
                .map(|(index, value)| rule(value, index, format!("{member}[{index}]")))
                .collect::<Read<_>>()?
        }
    };
    let otherwise = match members.take("otherwise") {
        None => Rules::default().otherwise,
        Some((value, member)) => answer(value, member)?,
    };
    members.end()?;
    Ok(Rules { rules, otherwise })
}

fn rule(value: &Value, index: usize, member: String) -> Read<Rule> {
    let mut members = Members::of(value, member)?;
    let name = match members.take("name") {
        None => format!("rule {}", index + 1),
        Some((value, member)) => text(value, &member)?,
    };
    let conditions = match members.take("when") {
        None => Vec::new(),
        Some((value, member)) => conditions(value, member)?,
    };
    let (value, member) = members.must_take("then")?;
    let then = answer(value, member)?;
    members.end()?;
    Ok(Rule {
        name,
        conditions,
        then,
    })
}

fn answer(value: &Value, member: String) -> Read<Answer> {
    let mut members = Members::of(value, member)?;
    let (value, member) = members.must_take("answer")?;
    let status = match value.as_str().and_then(TransStatus::parse) {
        Some(
            status @ (TransStatus::Authenticated
            | TransStatus::NotAuthenticated
            | TransStatus::Rejected
            | TransStatus::Attempted
            | TransStatus::Unavailable
            | TransStatus::DecoupledChallenge
            | TransStatus::ChallengeRequired),
        ) => status,
        _ => return Err(bad(&member, "must be one of Y N R A U D C")),
    };
    let usual = match status {
        TransStatus::NotAuthenticated => Some(TransStatusReason::CardAuthenticationFailed),
        TransStatus::Rejected => Some(TransStatusReason::SuspectedFraud),
        TransStatus::Unavailable => Some(TransStatusReason::AcsTechnicalIssue),
        _ => None,
    };
    let reason = match members.take("reason") {
        None => usual,
        Some((_, member)) if usual.is_none() => {
            return Err(bad(&member, "goes with N, R and U only"));
        }
        Some((value, member)) => Some(
            value
                .as_str()
                .and_then(TransStatusReason::parse)
                .ok_or_else(|| bad(&member, "must be a transStatusReason, such as \"11\""))?,
        ),
    };
    members.end()?;
    Ok(Answer { status, reason })
}

fn conditions(value: &Value, member: String) -> Read<Vec<Condition>> {
    let mut members = Members::of(value, member)?;
    let mut conditions = Vec::new();
    if let Some((value, member)) = members.take("amount") {
        conditions.push(amount(value, member)?);
    }
    if let Some((value, member)) = members.take("merchant_name") {
        conditions.push(Condition::MerchantName(list(
            value,
            &member,
            "must be names",
            |text| (!text.trim().is_empty()).then(|| text.to_owned()),
        )?));
    }
    if let Some((value, member)) = members.take("merchant_id") {
        conditions.push(Condition::MerchantId(list(
            value,
            &member,
            "must be identifiers",
            |text| (!text.is_empty()).then(|| text.to_owned()),
        )?));
    }
    if let Some((value, member)) = members.take("mcc") {
        let must = "must be category codes of four digits";
        conditions.push(Condition::Mcc(list(value, &member, must, |text| {
            let fits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| text.to_owned())
        })?));
    }
    if let Some((value, member)) = members.take("merchant_country") {
        let must = "must be countries, such as \"MX\"";
        let read = |text: &str| Country::parse(text).ok();
        conditions.push(Condition::MerchantCountry(list(value, &member, must, read)?));
    }
    if let Some((value, member)) = members.take("channel") {
        let must = "must be \"browser\" or \"requestor_initiated\"";
        conditions.push(Condition::Channel(list(
            value,
            &member,
            must,
            |text| match text {
                "browser" => Some(DeviceChannel::Browser),
                "requestor_initiated" => Some(DeviceChannel::RequestorInitiated),
                _ => None,
            },
        )?));
    }
    if let Some((value, member)) = members.take("category") {
        let must = "must be \"payment\" or \"non_payment\"";
        conditions.push(Condition::Category(list(
            value,
            &member,
            must,
            |text| match text {
                "payment" => Some(MessageCategory::Payment),
                "non_payment" => Some(MessageCategory::NonPayment),
                _ => None,
            },
        )?));
    }
    if let Some((value, member)) = members.take("product") {
        let must = "must be product identifiers";
        conditions.push(Condition::Product(list(value, &member, must, ProductId::parse)?));
    }
    if let Some((value, member)) = members.take("requestor_challenge_ind") {
        let must = "must be values of threeDSRequestorChallengeInd, such as \"02\"";
        conditions.push(Condition::Wish(list(
            value,
            &member,
            must,
            RequestorChallengeInd::parse,
        )?));
    }
    if let Some((value, member)) = members.take("known_device") {
        conditions.push(known_device(value, member)?);
    }
    if let Some((value, member)) = members.take("transactions") {
        conditions.push(transactions(value, member)?);
    }
    members.end()?;
    Ok(conditions)
}

fn amount(value: &Value, member: String) -> Read<Condition> {
    let mut members = Members::of(value, member)?;
    let (value, member) = members.must_take("currency")?;
    let currency = value.as_str().and_then(|text| Currency::parse(text).ok());
    let currency = currency.ok_or_else(|| bad(&member, "must be a currency, such as \"EUR\""))?;
    let must = "must be minor units, a whole number from 0 on";
    let mut end = |name| match members.take(name) {
        None => Ok(None),
        Some((value, member)) => match value.as_i64().filter(|minor| *minor >= 0) {
            Some(minor) => Ok(Some(minor)),
            None => Err(bad(&member, must)),
        },
    };
    let (from, to) = (end("from")?, end("to")?);
    members.end()?;
    Ok(Condition::Amount { currency, from, to })
}

fn known_device(value: &Value, member: String) -> Read<Condition> {
    let mut members = Members::of(value, member)?;
    let (value, member) = members.must_take("days")?;
    let days = number(value, &member, 1..=DAYS_MAX, "must be 1 to 365 days")?;
    let known = match members.take("known") {
        None => true,
        Some((value, member)) => value
            .as_bool()
            .ok_or_else(|| bad(&member, "must be true or false"))?,
    };
    members.end()?;
    let days = u16::try_from(days).unwrap_or(u16::MAX);
    Ok(Condition::KnownDevice { days, known })
}

fn transactions(value: &Value, member: String) -> Read<Condition> {
    let mut members = Members::of(value, member)?;
    let (value, member) = members.must_take("seconds")?;
    let seconds = number(value, &member, 1..=SECONDS_MAX, "must be 1 second to 365 days")?;
    let must = "must be 0 to 500";
    let mut end = |name| match members.take(name) {
        None => Ok(None),
        Some((value, member)) => number(value, &member, 0..=500, must).map(|count| u32::try_from(count).ok()),
    };
    let (at_least, at_most) = (end("at_least")?, end("at_most")?);
    if at_least.is_none() && at_most.is_none() {
        return Err(bad(&members.at, "needs at_least or at_most"));
    }
    members.end()?;
    Ok(Condition::Transactions {
        seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        at_least,
        at_most,
    })
}

fn number(
    value: &Value,
    member: &str,
    within: std::ops::RangeInclusive<u64>,
    must: &'static str,
) -> Read<u64> {
    let number = value.as_u64().filter(|number| within.contains(number));
    number.ok_or_else(|| bad(member, must))
}

fn text(value: &Value, member: &str) -> Read<String> {
    let text = value
        .as_str()
        .filter(|text| (1..=100).contains(&text.chars().count()));
    text.map(str::to_owned)
        .ok_or_else(|| bad(member, "must be 1 to 100 characters"))
}

/// A list of texts, not empty; one text stands for a list of one.
fn list<T>(
    value: &Value,
    member: &str,
    must: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Read<Vec<T>> {
    let one = std::slice::from_ref(value);
    let values = value.as_array().map_or(one, Vec::as_slice);
    if values.is_empty() || values.len() > VALUES_MAX {
        return Err(bad(member, "must be 1 to 1000 values"));
    }
    let texts = values.iter().map(|value| value.as_str().and_then(&read));
    texts.collect::<Option<_>>().ok_or_else(|| bad(member, must))
}

fn bad(member: &str, must: &'static str) -> BadRules {
    BadRules {
        member: member.to_owned(),
        must,
    }
}

/// The members of an object, taken one by one; what is left over at the end is none of ours.
struct Members<'a> {
    object: &'a Map<String, Value>,
    at: String,
    known: Vec<&'static str>,
}

impl<'a> Members<'a> {
    fn of(value: &'a Value, at: String) -> Read<Self> {
        let object = value.as_object().ok_or_else(|| bad(&at, "must be an object"))?;
        Ok(Self {
            object,
            at,
            known: Vec::new(),
        })
    }

    fn take(&mut self, name: &'static str) -> Option<(&'a Value, String)> {
        self.known.push(name);
        let value = self.object.get(name)?;
        Some((value, format!("{}.{name}", self.at)))
    }

    fn must_take(&mut self, name: &'static str) -> Read<(&'a Value, String)> {
        let member = format!("{}.{name}", self.at);
        self.take(name).ok_or_else(|| bad(&member, "must be there"))
    }

    fn end(self) -> Read<()> {
        let unknown = self
            .object
            .keys()
            .find(|name| !self.known.contains(&name.as_str()));
        match unknown {
            Some(name) => Err(bad(&format!("{}.{name}", self.at), "means nothing here")),
            None => Ok(()),
        }
    }
}

//! A rule as people write it (deuna-api.md 12.2, and a split of the volume besides), read with every problem at once; and
//! written back.

use super::{
    facts::{Field, Operand},
    rule::{Action, Cascade, Condition, Op, Settings, Share, Step},
};
use crate::{
    bins::{CardType, document::brand},
    fields::{Fields, Problems, boolean, digits, integer, list, parsed, text, word},
    three_ds::{self, ThreeDs},
};
use primitives::{Country, Currency};
use serde_json::{Value, json};

const PRIORITY_MAX: i32 = 10_000;
const CONDITIONS_MAX: usize = 20;
const VALUES_MAX: usize = 1_000;
const PROCESSORS_MAX: usize = 20;
const SHARES_MAX: usize = 20;
const WEIGHT_MAX: u32 = 10_000;
const ATTEMPTS_MAX: u8 = 20;
const NAME_MAX_CHARACTERS: usize = 100;
const VALUE_MAX_CHARACTERS: usize = 200;
/// No amount is larger.
const AMOUNT_MAX: i64 = primitives::amount::MAX_MINOR;

/// Members of a rule's document; `id`, `version` and the times are shown but not taken, so that what was read can be sent
/// back.
const MEMBERS: [&str; 10] = [
    "id",
    "merchant_id",
    "version",
    "created_at",
    "updated_at",
    "name",
    "priority",
    "enabled",
    "when",
    "then",
];
const STEP_MEMBERS: [&str; 7] = [
    "action",
    "three_ds",
    CHARGE_AFTER_FAILED,
    "processors",
    "split",
    "cascade",
    "fraud",
];
const CHARGE_AFTER_FAILED: &str = "charge_after_failed_authentication";
const NOT_OFFERED: &str = "is not offered here: purchases are processed or rejected";

const NOTHING_CHARGED: &str = "has no meaning where the action is reject";

const ACTIONS: &[(&str, Action)] = &[("process", Action::Process), ("reject", Action::Reject)];

impl Settings {
    /// Reads a rule.
    pub fn read(document: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &MEMBERS, &mut problems).and_then(|fields| {
            let name = fields.need("name", text(NAME_MAX_CHARACTERS), &mut problems);
            let priority = fields.need("priority", integer(0..=PRIORITY_MAX), &mut problems);
            let enabled = fields.take("enabled", boolean, &mut problems);
            let when = match fields.value("when") {
                Some(value) => read_conditions(value, &fields.at("when"), &mut problems),
                None => Vec::new(),
            };
            let then = match fields.value("then") {
                Some(value) => read_step(value, &fields.at("then"), &mut problems),
                None => {
                    problems.add(fields.at("then"), "is required");
                    None
                }
            };
            Some(Self {
                name: name?,
                priority: priority?,
                enabled: enabled.unwrap_or(true),
                when,
                then: then?,
            })
        });
        problems.or(read)
    }

    /// Reads a change: members that are there replace those of `self`, all others stay.
    pub fn read_change(&self, document: &Value) -> Result<Self, Problems> {
        let Some(change) = document.as_object() else {
            return Err(Problems::of("", "must be an object"));
        };
        let mut whole = self.as_written();
        if let Value::Object(members) = &mut whole {
            members.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        Self::read(&whole)
    }

    /// The rule in the form in which it is read.
    pub fn as_written(&self) -> Value {
        json!({
            "name": self.name,
            "priority": self.priority,
            "enabled": self.enabled,
            "when": {"all": self.when.iter().map(Condition::as_written).collect::<Vec<_>>()},
            "then": self.then.as_written(),
        })
    }
}

impl Condition {
    fn as_written(&self) -> Value {
        let value = match (self.op, self.values.as_slice()) {
            (Op::In | Op::Between, values) => json!(values),
            (_, [value]) => json!(value),
            (_, values) => json!(values),
        };
        json!({"field": self.field.to_string(), "op": self.op.as_str(), "value": value})
    }
}

impl Step {
    fn as_written(&self) -> Value {
        let mut written = json!({
            "action": ACTIONS.iter().find(|(_, action)| *action == self.action).map(|(word, _)| *word),
            "processors": self.processors,
        });
        if !self.three_ds.is_empty() {
            written["three_ds"] = json!(self.three_ds);
        }
        if self.charge_after_failed_authentication {
            written[CHARGE_AFTER_FAILED] = json!(true);
        }
        if !self.split.is_empty() {
            let shares = self.split.iter();
            written["split"] = shares
                .map(|share| json!({"processors": share.processors, "weight": share.weight}))
                .collect();
        }
        written["cascade"] =
            json!({"enabled": self.cascade.enabled, "max_attempts": self.cascade.max_attempts});
        written
    }
}

fn read_conditions(value: &Value, path: &str, problems: &mut Problems) -> Vec<Condition> {
    let Some(fields) = Fields::open(value, path, &["all"], problems) else {
        return Vec::new();
    };
    let Some(all) = fields.value("all") else {
        return Vec::new();
    };
    let path = fields.at("all");
    entries(all, &path, CONDITIONS_MAX, problems)
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| read_condition(entry, &format!("{path}[{index}]"), problems))
        .collect()
}

/// The entries of a list that may be empty.
fn entries<'v>(value: &'v Value, path: &str, max: usize, problems: &mut Problems) -> &'v [Value] {
    match value.as_array() {
        Some(entries) if entries.len() <= max => entries,
        Some(_) => {
            problems.add(path, format!("must have at most {max} entries"));
            &[]
        }
        None => {
            problems.add(path, "must be a list");
            &[]
        }
    }
}

fn read_condition(value: &Value, path: &str, problems: &mut Problems) -> Option<Condition> {
    let fields = Fields::open(value, path, &["field", "op", "value"], problems)?;
    let field = fields.need("field", parsed_field, problems);
    let op = fields.need("op", word(Op::WORDS), problems);
    let (Some(field), Some(op)) = (field, op) else {
        if fields.value("value").is_none() {
            problems.add(fields.at("value"), "is required");
        }
        return None;
    };
    let offered = ops_of(&field);
    if !offered.contains(&op) {
        let words: Vec<_> = offered.iter().map(|op| op.as_str()).collect();
        problems.add(
            fields.at("op"),
            format!("must be one of {} for this field", words.join(", ")),
        );
        return None;
    }
    let values = fields.need("value", |value| read_values(&field, op, value), problems)?;
    Some(Condition { field, op, values })
}

fn parsed_field(value: &Value) -> Result<Field, String> {
    Field::parse(value.as_str().ok_or("must be a string")?)
}

fn ops_of(field: &Field) -> &'static [Op] {
    match field {
        Field::Amount => &[Op::Eq, Op::In, Op::Gte, Op::Lte, Op::Between],
        Field::Bin | Field::Metadata(_) => &[Op::Eq, Op::In, Op::Gte, Op::Lte, Op::Between, Op::Prefix],
        Field::CardBrand | Field::CardType | Field::IssuerCountry | Field::Currency | Field::Country => {
            &[Op::Eq, Op::In]
        }
        Field::IssuerBank | Field::StoreCode => &[Op::Eq, Op::In, Op::Prefix],
    }
}

fn read_values(field: &Field, op: Op, value: &Value) -> Result<Vec<Operand>, String> {
    let operand = |value: &Value| read_operand(field, op, value);
    match op {
        Op::Eq | Op::Gte | Op::Lte | Op::Prefix => Ok(vec![operand(value)?]),
        Op::In => list(1..=VALUES_MAX, operand)(value),
        Op::Between => {
            let ends = value.as_array().filter(|ends| ends.len() == 2);
            let ends = ends.ok_or("must be a list of two values")?;
            let ends = ends.iter().map(operand).collect::<Result<Vec<_>, _>>()?;
            match ends.as_slice() {
                [Operand::Text(from), Operand::Text(to)] if from.len() != to.len() || from > to => {
                    Err("must be two numbers of the same length, the smaller first".to_owned())
                }
                [Operand::Number(from), Operand::Number(to)] if from > to => {
                    Err("must have the smaller number first".to_owned())
                }
                _ => Ok(ends),
            }
        }
    }
}

fn read_operand(field: &Field, op: Op, value: &Value) -> Result<Operand, String> {
    let word_of = |word: &'static str| Operand::Text(word.to_owned());
    let country = || Ok(word_of(parsed(Country::parse)(value)?.alpha2()));
    match field {
        Field::Amount => Ok(Operand::Number(integer(0..=AMOUNT_MAX)(value)?)),
        Field::Bin => {
            let length = if op == Op::Prefix { 1..=8 } else { 6..=8 };
            Ok(Operand::Text(digits(length)(value)?))
        }
        Field::CardBrand => Ok(word_of(brand(value)?.as_str())),
        Field::CardType => Ok(word_of(word(CardType::WORDS)(value)?.as_str())),
        Field::IssuerCountry | Field::Country => country(),
        Field::Currency => Ok(word_of(parsed(Currency::parse)(value)?.code())),
        Field::IssuerBank | Field::StoreCode => Ok(Operand::Text(text(VALUE_MAX_CHARACTERS)(value)?)),
        Field::Metadata(_) => match op {
            Op::Gte | Op::Lte | Op::Between => Ok(Operand::Number(integer(i64::MIN..=i64::MAX)(value)?)),
            Op::Prefix => Ok(Operand::Text(text(VALUE_MAX_CHARACTERS)(value)?)),
            Op::Eq | Op::In => match value {
                Value::String(_) => Ok(Operand::Text(text(VALUE_MAX_CHARACTERS)(value)?)),
                other => Operand::of(other).ok_or_else(|| "must be a string, a number or a flag".to_owned()),
            },
        },
    }
}

fn read_step(value: &Value, path: &str, problems: &mut Problems) -> Option<Step> {
    let fields = Fields::open(value, path, &STEP_MEMBERS, problems)?;
    if fields.mentions("fraud") {
        problems.add(
            fields.at("fraud"),
            "is not offered here: say what is to be done as a step of its own",
        );
    }
    let action = fields.need("action", action, problems);
    let three_ds = match fields.value("three_ds") {
        None => ThreeDs::default(),
        Some(Value::String(_)) => fields
            .take("three_ds", three_ds::mode, problems)
            .map(ThreeDs::from)
            .unwrap_or_default(),
        Some(value) => three_ds::configured_wish(value, &fields.at("three_ds"), problems),
    };
    let charge_after_failed = fields.take(CHARGE_AFTER_FAILED, boolean, problems);
    let names = || list(0..=PROCESSORS_MAX, text(NAME_MAX_CHARACTERS));
    let processors = fields.take("processors", names(), problems);
    let split = match fields.value("split") {
        Some(value) => read_split(value, &fields.at("split"), problems),
        None => Vec::new(),
    };
    let cascade = match fields.value("cascade") {
        Some(value) => read_cascade(value, &fields.at("cascade"), problems),
        None => Cascade::default(),
    };
    let action = action?;
    if action == Action::Reject {
        for member in ["three_ds", "processors", "split"] {
            let says = fields
                .value(member)
                .is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()));
            if says {
                problems.add(fields.at(member), NOTHING_CHARGED);
            }
        }
        if charge_after_failed == Some(true) {
            problems.add(fields.at(CHARGE_AFTER_FAILED), NOTHING_CHARGED);
        }
    }
    Some(Step {
        action,
        three_ds,
        processors: processors.unwrap_or_default(),
        split,
        cascade,
        charge_after_failed_authentication: charge_after_failed.unwrap_or(false),
    })
}

fn action(value: &Value) -> Result<Action, String> {
    if value == "manual_review" {
        return Err(NOT_OFFERED.to_owned());
    }
    word(ACTIONS)(value)
}

fn read_split(value: &Value, path: &str, problems: &mut Problems) -> Vec<Share> {
    let shares = entries(value, path, SHARES_MAX, problems);
    let mut read = Vec::with_capacity(shares.len());
    for (index, share) in shares.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(fields) = Fields::open(share, &path, &["processors", "weight"], problems) else {
            continue;
        };
        let names = list(1..=PROCESSORS_MAX, text(NAME_MAX_CHARACTERS));
        let processors = fields.need("processors", names, problems);
        let weight = fields.need("weight", integer(0..=WEIGHT_MAX), problems);
        if let (Some(processors), Some(weight)) = (processors, weight) {
            read.push(Share { processors, weight });
        }
    }
    let nothing_is_drawn = read.iter().all(|share| share.weight == 0);
    if read.len() == shares.len() && !read.is_empty() && nothing_is_drawn {
        problems.add(path, "must have a share with a weight above 0");
    }
    read
}

fn read_cascade(value: &Value, path: &str, problems: &mut Problems) -> Cascade {
    if let Value::Bool(enabled) = value {
        return Cascade {
            enabled: *enabled,
            max_attempts: None,
        };
    }
    let Some(fields) = Fields::open(value, path, &["enabled", "max_attempts"], problems) else {
        return Cascade::default();
    };
    Cascade {
        enabled: fields.take("enabled", boolean, problems).unwrap_or(true),
        max_attempts: fields.take("max_attempts", integer(1..=ATTEMPTS_MAX), problems),
    }
}

#[cfg(test)]
pub(super) mod tests;

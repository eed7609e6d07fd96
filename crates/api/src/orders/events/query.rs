//! What a reader of the event log asks for.

use crate::orders::wait::{Hold, digits, pairs, refused, single};
use axum::http::HeaderMap;
use orchestrator::event_log::EventsAsked;
use payments::Refusal;
use store::events::EVENT_TYPES;

const LIMIT_MAX: u32 = 100;
const LIMIT_USUAL: u32 = 50;

/// A place has about 60 characters; what is much longer is not looked at.
const PLACE_MAX_CHARACTERS: usize = 128;

/// A query that makes sense.
pub struct EventsQuery {
    pub asked: EventsAsked,
    pub hold: Hold,
}

impl EventsQuery {
    pub fn read(query: Option<&str>, headers: &HeaderMap) -> Result<Self, Refusal> {
        let pairs = pairs(query)?;
        let limit = match single(&pairs, "limit")? {
            None => LIMIT_USUAL,
            Some(text) => digits(text)
                .and_then(|number| u32::try_from(number).ok())
                .filter(|number| (1..=LIMIT_MAX).contains(number))
                .ok_or_else(|| refused("limit", "must be a whole number from 1 to 100"))?,
        };
        let after = match single(&pairs, "after")? {
            Some(text) if text.len() > PLACE_MAX_CHARACTERS => {
                return Err(refused("after", "must be the next of an earlier answer"));
            }
            text => text.map(str::to_owned),
        };
        let hold = Hold::read(&pairs, headers)?;
        Ok(Self {
            asked: EventsAsked {
                after,
                event_types: event_types(&pairs)?,
                limit,
                wait_seconds: hold.seconds,
            },
            hold,
        })
    }
}

/// The types that are asked for, each once, however often it is named.
fn event_types(pairs: &[(String, String)]) -> Result<Vec<String>, Refusal> {
    let mut types = Vec::new();
    for (_, given) in pairs.iter().filter(|(name, _)| name == "event_type") {
        if !EVENT_TYPES.contains(&given.as_str()) {
            let text = format!("must be one of {}", EVENT_TYPES.join(", "));
            return Err(refused("event_type", &text));
        }
        if !types.contains(given) {
            types.push(given.clone());
        }
    }
    Ok(types)
}

//! The message viewer: every EMV message that the directory servers and issuers saw or sent, decoded.
//!
//! `GET /messages?authentication=<threeDSServerTransID>` answers those of one authentication, oldest first; without the
//! parameter, those of the latest ones. Account numbers are masked before anything is kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use emv3ds::ThreeDsServerTransId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// Authentications kept; the oldest is forgotten first.
const AUTHENTICATIONS_KEPT: usize = 4_096;
/// Messages kept of one authentication, and of those that name none.
const MESSAGES_PER_AUTHENTICATION: usize = 64;
/// Authentications shown when none is asked for.
const SHOWN_WITHOUT_A_QUESTION: usize = 50;
/// Longest message kept, in bytes; a longer one is only mentioned.
const MESSAGE_MAX_BYTES: usize = 32 * 1024;

/// Who talks to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The 3DS Server, that is the gateway.
    ThreeDsServer,
    /// A directory server.
    DirectoryServer,
    /// An issuer's ACS.
    Acs,
    /// The cardholder's browser.
    Browser,
}

/// One message on its way.
#[derive(Clone, Debug)]
struct Seen {
    at: OffsetDateTime,
    from: Party,
    to: Party,
    /// Masked; `None` when it was no JSON or too long.
    json: Option<Box<[u8]>>,
    length: usize,
    fault: Option<String>,
}

/// What [`MessageLog::of`] tells of a message.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When it came or left.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The sender.
    pub from: Party,
    /// The receiver.
    pub to: Party,
    /// Its `messageType`, where readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// Its elements, account number masked; a text where it was unreadable.
    pub message: Value,
    /// What the receiver found wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The messages seen lately. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct MessageLog {
    seen: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    by_authentication: HashMap<Uuid, Vec<Seen>>,
    order: VecDeque<Uuid>,
}

impl MessageLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a message, and what was found wrong with it. Without an authentication it is kept among the unreadable.
    pub fn record(
        &self,
        authentication: Option<ThreeDsServerTransId>,
        from: Party,
        to: Party,
        bytes: &[u8],
        fault: Option<String>,
    ) {
        let at = OffsetDateTime::now_utc();
        let seen = Seen {
            at,
            from,
            to,
            json: without_card_data(bytes),
            length: bytes.len(),
            fault,
        };
        let authentication = authentication.map_or(Uuid::nil(), |id| id.0);
        self.kept().put(authentication, seen);
    }

    /// The messages of one authentication, oldest first.
    pub fn of(&self, authentication: Uuid) -> Vec<Entry> {
        self.kept()
            .by_authentication
            .get(&authentication)
            .into_iter()
            .flatten()
            .map(Seen::entry)
            .collect()
    }

    fn latest(&self) -> Vec<Entry> {
        let kept = self.kept();
        let latest = kept.order.iter().rev().take(SHOWN_WITHOUT_A_QUESTION);
        let mut entries: Vec<Entry> = latest
            .filter_map(|authentication| kept.by_authentication.get(authentication))
            .flatten()
            .map(Seen::entry)
            .collect();
        entries.sort_by_key(|entry| entry.at);
        entries
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, authentication: Uuid, seen: Seen) {
        let messages = self.by_authentication.entry(authentication).or_insert_with(|| {
            self.order.push_back(authentication);
            Vec::with_capacity(4)
        });
        if messages.len() == MESSAGES_PER_AUTHENTICATION {
            messages.remove(0);
        }
        messages.push(seen);
        while self.order.len() > AUTHENTICATIONS_KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.by_authentication.remove(&oldest);
            }
        }
    }
}

impl Seen {
    fn entry(&self) -> Entry {
        let decoded = self
            .json
            .as_deref()
            .and_then(|json| serde_json::from_slice::<Value>(json).ok());
        let message = decoded.unwrap_or_else(|| Value::String(format!("{} unreadable bytes", self.length)));
        let message_type = message
            .get("messageType")
            .and_then(Value::as_str)
            .map(str::to_owned);
        Entry {
            at: self.at,
            from: self.from,
            to: self.to,
            message_type,
            message,
            fault: self.fault.clone(),
        }
    }
}

/// The message with account numbers masked and security codes gone; `None` where that cannot be promised.
fn without_card_data(bytes: &[u8]) -> Option<Box<[u8]>> {
    if bytes.len() > MESSAGE_MAX_BYTES {
        return None;
    }
    // Escapes could hide digits, and security codes have no place here at all: both are rare, so they may cost.
    let mut kept = if contains(bytes, b"\\u") || contains(bytes, b"ecurityCode") {
        let mut message: Value = serde_json::from_slice(bytes).ok()?;
        if let Value::Object(elements) = &mut message {
            elements.retain(|name, _| !name.contains("ecurityCode") || name.contains("Status"));
        }
        serde_json::to_vec(&message).ok()?
    } else {
        bytes.to_vec()
    };
    mask_account_numbers(&mut kept);
    Some(kept.into_boxed_slice())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Leaves the first six and last four of every run of digits that could be a card number of our brands. Fourteen
/// digits are none of theirs, but are what a `purchaseDate` has.
fn mask_account_numbers(bytes: &mut [u8]) {
    let mut start = 0;
    while start < bytes.len() {
        let length = bytes
            .iter()
            .skip(start)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if matches!(length, 13 | 15..=19)
            && (is_account_number(bytes.get(..start).unwrap_or_default())
                || bytes.get(start..start + length).is_some_and(luhn_holds))
            && let Some(run) = bytes.get_mut(start..start + length)
            && let Some(middle) = run.get_mut(6..length - 4)
        {
            middle.fill(b'*');
        }
        start += length + 1;
    }
}

/// Whether what follows is an `acctNumber`: certification cards need no check digit.
fn is_account_number(before: &[u8]) -> bool {
    const NAME: &[u8] = b"\"acctNumber\"";
    let name = before.strip_suffix(b"\"").unwrap_or(before).trim_ascii_end();
    name.strip_suffix(b":")
        .is_some_and(|name| name.trim_ascii_end().ends_with(NAME))
}

fn luhn_holds(digits: &[u8]) -> bool {
    let doubled = digits.iter().rev().enumerate().map(|(index, byte)| {
        let digit = u32::from(byte - b'0');
        if index % 2 == 0 {
            digit
        } else {
            digit * 2 / 10 + digit * 2 % 10
        }
    });
    doubled.sum::<u32>().is_multiple_of(10)
}

/// `/messages`.
pub fn router(log: MessageLog) -> Router {
    Router::new().route("/messages", get(list)).with_state(log)
}

#[derive(Debug, Deserialize)]
struct Which {
    authentication: Option<String>,
}

async fn list(State(log): State<MessageLog>, Query(which): Query<Which>) -> Response {
    match which.authentication {
        None => Json(log.latest()).into_response(),
        // Our own faces write a kind in front of the identifier (`tds_0190…`).
        Some(text) => match Uuid::try_parse(text.rsplit('_').next().unwrap_or_default()) {
            Ok(authentication) => Json(log.of(authentication)).into_response(),
            Err(_) => (StatusCode::BAD_REQUEST, "authentication: is no UUID\n").into_response(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(json: &str) -> String {
        String::from_utf8(without_card_data(json.as_bytes()).unwrap().into_vec()).unwrap()
    }

    #[test]
    fn account_numbers_are_masked_and_dates_stay() {
        assert_eq!(
            kept(
                r#"{"acctNumber":"4000000000001059","purchaseDate":"20261122001100","x":"370000000010506"}"#
            ),
            r#"{"acctNumber":"400000******1059","purchaseDate":"20261122001100","x":"370000*****0506"}"#
        );
    }

    #[test]
    fn an_account_number_is_masked_whatever_its_check_digit() {
        assert_eq!(
            kept(r#"{"acctNumber" : "1234123412341234","x":"1234123412341234"}"#),
            r#"{"acctNumber" : "123412******1234","x":"1234123412341234"}"#
        );
    }

    #[test]
    fn escaped_digits_are_masked_too_and_security_codes_are_dropped() {
        assert_eq!(
            kept(r#"{"acctNumber":"\u0034000000000001059"}"#),
            r#"{"acctNumber":"400000******1059"}"#
        );
        assert_eq!(kept(r#"{"cardSecurityCode":"737","a":"b"}"#), r#"{"a":"b"}"#);
        assert_eq!(
            without_card_data(br#"{"acctNumber":"\u0034000000000001059""#),
            None
        );
    }

    #[test]
    fn messages_come_back_decoded_and_in_order() {
        let log = MessageLog::new();
        let id = ThreeDsServerTransId(Uuid::from_u128(7));
        log.record(
            Some(id),
            Party::ThreeDsServer,
            Party::DirectoryServer,
            br#"{"messageType":"AReq"}"#,
            None,
        );
        let fault = Some("201 dsTransID".to_owned());
        log.record(
            Some(id),
            Party::DirectoryServer,
            Party::ThreeDsServer,
            b"no JSON",
            fault,
        );
        let entries = log.of(id.0);
        assert_eq!(entries[0].message_type.as_deref(), Some("AReq"));
        assert_eq!(entries[1].message, Value::String("7 unreadable bytes".into()));
        assert_eq!(entries[1].fault.as_deref(), Some("201 dsTransID"));
        assert!(log.of(Uuid::nil()).is_empty());
    }

    #[test]
    fn the_log_forgets_the_oldest_authentication() {
        let log = MessageLog::new();
        for number in 1..=AUTHENTICATIONS_KEPT as u128 + 1 {
            let id = ThreeDsServerTransId(Uuid::from_u128(number));
            log.record(Some(id), Party::Acs, Party::DirectoryServer, b"{}", None);
        }
        assert!(log.of(Uuid::from_u128(1)).is_empty());
        assert_eq!(log.of(Uuid::from_u128(2)).len(), 1);
    }
}

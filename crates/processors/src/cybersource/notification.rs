//! Notifications: verified over the bytes that came, then read.
//!
//! Card charges are answered at once, so that a notification only refines: the batch took a capture or refund, people
//! decided about a charge that was held back. What it says of a capture, void or refund is its outcome where it says
//! enough; a charge is always asked about, since its approval needs more than a notification tells.

use super::codes::{Context, Refusal};
use super::reply::{ErrorInformation, Processing};
use crate::reading::{lenient, shortened};
use acquiring::{
    About, Account, Notice, NotificationRefused, Reason, Says, SettlementInquiryAnswer, SettlementKind,
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use primitives::Moment;
use serde::Deserialize;
use serde_json::value::RawValue;
use time::Duration;

/// The key that signs what Cybersource sends to us, Base64.
pub const WEBHOOK_KEY: &str = "webhook_key";
/// Its id, a UUID, by which a notification names it.
pub const WEBHOOK_KEY_ID: &str = "webhook_key_id";

/// How old, or how far in the future, a notification's time may be.
const FRESH_FOR: Duration = Duration::minutes(60);

/// How much of a notification its signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// All of it.
    Body,
    /// The member `payload` alone: implementations disagree. What stands around it, the kind of event among it, could
    /// have been changed on the way.
    Payload,
}

/// `v-c-signature`: `t=…;keyId=…;sig=…`.
struct Signature<'a> {
    time: &'a str,
    key_id: &'a str,
    tag: Vec<u8>,
}

impl<'a> Signature<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (mut time, mut key_id, mut tag) = (None, None, None);
        for part in text.split(';') {
            // The tag is Base64 and may end in equals signs of its own.
            let (name, value) = part.trim().split_once('=')?;
            let place = match name {
                "t" => &mut time,
                "keyId" => &mut key_id,
                "sig" => &mut tag,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(Self {
            time: time?,
            key_id: key_id?,
            tag: STANDARD.decode(tag?).ok()?,
        })
    }
}

/// The event around what it is about. `payload` is kept as it was written, since it may be what was signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    event_type: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// Checks the signature in constant time, over the body or else over its payload, and that it is fresh.
pub fn verify(
    account: &Account,
    headers: &[(String, String)],
    body: &[u8],
    moment: Moment,
) -> Result<Signed, NotificationRefused> {
    use NotificationRefused::BadSignature;
    let credential = |name| account.credentials.get(name).ok_or(BadSignature);
    let header = headers
        .iter()
        .find(|(name, _)| name == "v-c-signature")
        .ok_or(BadSignature)?;
    let signature = Signature::parse(&header.1).ok_or(BadSignature)?;
    if signature.key_id != credential(WEBHOOK_KEY_ID)? {
        return Err(BadSignature);
    }
    let key = STANDARD
        .decode(credential(WEBHOOK_KEY)?)
        .ok()
        .filter(|key| !key.is_empty())
        .ok_or(BadSignature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let fits = |payload: &[u8]| {
        let signed = [signature.time.as_bytes(), b".", payload].concat();
        hmac::verify(&key, &signed, &signature.tag).is_ok()
    };
    let covered = if fits(body) {
        Signed::Body
    } else {
        let event: Event<'_> = serde_json::from_slice(body).map_err(|_| BadSignature)?;
        let payload = event.payload.ok_or(BadSignature)?;
        if !fits(payload.get().as_bytes()) {
            return Err(BadSignature);
        }
        Signed::Payload
    };
    let milliseconds: i64 = signature
        .time
        .parse()
        .map_err(|_| NotificationRefused::Unreadable("v-c-signature has no Unix time"))?;
    let now = moment.now.unix_timestamp().saturating_mul(1_000);
    let age = now.saturating_sub(milliseconds).unsigned_abs();
    if u128::from(age) > FRESH_FOR.whole_milliseconds().unsigned_abs() {
        return Err(NotificationRefused::Stale);
    }
    Ok(covered)
}

/// What an event is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    id: Option<String>,
    status: Option<String>,
    client_reference_information: Option<super::reply::ClientReference>,
    #[serde(default, deserialize_with = "lenient")]
    error_information: Option<ErrorInformation>,
    #[serde(default, deserialize_with = "lenient")]
    processor_information: Option<Processing>,
}

/// Reads a verified notification.
pub fn read(signed: Signed, body: &[u8]) -> Result<Notice, NotificationRefused> {
    use NotificationRefused::Unreadable;
    let event: Event<'_> = serde_json::from_slice(body).map_err(|_| Unreadable("not the documented JSON"))?;
    let name = event.event_type.ok_or(Unreadable("no eventType"))?;
    let payload = event.payload.ok_or(Unreadable("no payload"))?;
    let payload: Payload =
        serde_json::from_str(payload.get()).map_err(|_| Unreadable("not the documented payload"))?;
    let id = payload.id.clone().filter(|id| !id.is_empty());
    let reference = payload
        .client_reference_information
        .as_ref()
        .and_then(|client| client.code.clone())
        .filter(|code| !code.is_empty());
    let status = payload.status.clone().unwrap_or_default();
    let about = match (Family::of(&name), reference) {
        (Family::Charge, Some(reference)) => About::Charge {
            reference,
            says: Says::AskAgain,
        },
        (Family::Settlement(kind), reference) if reference.is_some() || id.is_some() => About::Settlement {
            kind,
            reference,
            processor_reference: id.clone(),
            says: match signed {
                Signed::Body => says(kind, &status, &payload),
                Signed::Payload => Says::AskAgain,
            },
        },
        (Family::Charge | Family::Settlement(_), _) => return Err(Unreadable("about no transaction")),
        (Family::Other, _) => About::Other(shortened(&name)),
    };
    let identity = [name, id.unwrap_or_default(), status];
    Ok(Notice {
        identity: shortened(&identity.join(" ")),
        about,
    })
}

/// What kind of thing an event tells of, by the beginning of its name.
enum Family {
    Charge,
    Settlement(SettlementKind),
    Other,
}

impl Family {
    fn of(event: &str) -> Self {
        let mut parts = event.split('.');
        if parts.next() != Some("payments") {
            return Family::Other;
        }
        match parts.next() {
            Some("payments") => Family::Charge,
            Some("capture" | "captures") => Family::Settlement(SettlementKind::Capture),
            Some("refund" | "refunds") => Family::Settlement(SettlementKind::Refund),
            Some("reversal" | "reversals" | "void" | "voids") => Family::Settlement(SettlementKind::Void),
            _ => Family::Other,
        }
    }
}

/// What the status decides by itself, as an inquiry would; anything else is to be asked. That something is pending among
/// it: told late it must not stand against what was told before.
fn says(kind: SettlementKind, status: &str, payload: &Payload) -> Says<SettlementInquiryAnswer> {
    let done = || {
        Says::Outcome(SettlementInquiryAnswer::Done {
            processor_reference: payload.id.clone(),
        })
    };
    match (status, kind) {
        ("TRANSMITTED", SettlementKind::Capture | SettlementKind::Refund) => done(),
        ("REVERSED" | "VOIDED" | "CANCELLED", SettlementKind::Void) => done(),
        ("DECLINED", _) => {
            let error = payload.error_information.as_ref();
            let refusal = Refusal {
                status,
                reason: error.and_then(|error| error.reason.as_deref()),
                message: error.and_then(|error| error.message.as_deref()),
                processing: payload.processor_information.as_ref(),
                id: payload.id.as_deref(),
                otherwise: Reason::Unknown,
            };
            refusal
                .decline(&Context::settlement())
                .map_or(Says::AskAgain, |decline| {
                    Says::Outcome(SettlementInquiryAnswer::Refused(decline))
                })
        }
        _ => Says::AskAgain,
    }
}

#[cfg(test)]
mod tests;

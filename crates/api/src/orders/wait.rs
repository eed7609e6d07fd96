//! How long Get Order and the event log may hold their answers: `Prefer: wait=N` (RFC 7240 section 4.3), `?wait=N` and `?since=H`.

use axum::{
    http::{HeaderMap, HeaderValue, header::HeaderName},
    response::Response,
};
use orchestrator::Wait;
use payments::{Refusal, RefusalCode};

/// The longest hold, in seconds.
pub const WAIT_MAX_SECONDS: u8 = 60;

/// `hash_state` is 32 hexadecimal digits.
const HASH_STATE_CHARACTERS: usize = 32;

pub const PREFER: HeaderName = HeaderName::from_static("prefer");
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What a read asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitRequest {
    /// Seconds to hold the answer while the order does not change.
    pub seconds: u8,
    /// The state the caller already knows: an order that is in another one is answered at once.
    pub since: Option<String>,
    /// The wait came as a preference, which is to be acknowledged.
    pub preferred: bool,
}

impl WaitRequest {
    /// How long the answer may be held.
    pub fn hold(&self) -> Hold {
        Hold {
            seconds: self.seconds,
            preferred: self.preferred,
        }
    }

    /// Reads query and headers. A query parameter that makes no sense is refused; a preference that makes none is
    /// ignored, and one for too long is shortened, as RFC 7240 has it. The query goes before the preference.
    pub fn read(query: Option<&str>, headers: &HeaderMap) -> Result<Self, Refusal> {
        let pairs = pairs(query)?;
        let hold = Hold::read(&pairs, headers)?;
        let since = match single(&pairs, "since")? {
            Some(text)
                if text.len() == HASH_STATE_CHARACTERS
                    && text.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                Some(text.to_ascii_lowercase())
            }
            Some(_) => return Err(refused("since", "must be the hash_state of an earlier answer")),
            None => None,
        };
        Ok(Self {
            seconds: hold.seconds,
            since,
            preferred: hold.preferred,
        })
    }
}

/// How long an answer may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub seconds: u8,
    /// It came as a preference, which is to be acknowledged.
    pub preferred: bool,
}

impl Hold {
    /// Reads `wait` of the query, else the preference.
    pub fn read(pairs: &[(String, String)], headers: &HeaderMap) -> Result<Self, Refusal> {
        let asked = match single(pairs, "wait")? {
            Some(text) => Some(
                digits(text)
                    .and_then(|number| u8::try_from(number).ok())
                    .filter(|number| *number <= WAIT_MAX_SECONDS)
                    .ok_or_else(|| refused("wait", "must be a whole number from 0 to 60"))?,
            ),
            None => None,
        };
        let preferred = match asked {
            Some(_) => None,
            None => preferred_wait(headers),
        };
        Ok(Self {
            seconds: asked.or(preferred).unwrap_or(0),
            preferred: preferred.is_some(),
        })
    }

    /// The answer with the preference acknowledged, where it was one.
    pub fn acknowledged(self, mut response: Response) -> Response {
        if self.preferred
            && let Ok(value) = HeaderValue::from_str(&format!("wait={}", self.seconds))
        {
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
        response
    }
}

/// The parameters of a query.
pub fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Refusal> {
    serde_urlencoded::from_str(query.unwrap_or_default())
        .map_err(|_| refused("query", "is not a query string"))
}

impl From<WaitRequest> for Wait {
    fn from(request: WaitRequest) -> Self {
        Self {
            seconds: request.seconds,
            since: request.since,
        }
    }
}

/// A parameter makes no sense.
pub fn refused(field: &str, description: &str) -> Refusal {
    Refusal::of_field(RefusalCode::PayloadError, field, description)
}

/// The value of a query parameter; the empty one counts as absent.
pub fn single<'a>(pairs: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = pairs
        .iter()
        .filter(|(given, _)| given == name)
        .map(|(_, value)| value.as_str());
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(refused(name, "must be given once")),
        (value, None) => Ok(value.filter(|text| !text.is_empty())),
    }
}

/// A number of digits alone.
pub fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// The first `wait` among the preferences; later ones of the same name do not count (RFC 7240 section 2).
fn preferred_wait(headers: &HeaderMap) -> Option<u8> {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|preference| {
            // Parameters after a semicolon are no part of the preference's own value.
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("wait")
                .then(|| value.trim().trim_matches('"'))
        })
        .and_then(digits)
        .map(|seconds| {
            u8::try_from(seconds)
                .unwrap_or(WAIT_MAX_SECONDS)
                .min(WAIT_MAX_SECONDS)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: Option<&str>, prefer: Option<&'static str>) -> Result<WaitRequest, Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(prefer) = prefer {
            headers.insert(PREFER, HeaderValue::from_static(prefer));
        }
        WaitRequest::read(query, &headers)
    }

    #[test]
    fn preferences_are_taken_as_far_as_they_make_sense() {
        for (prefer, seconds, preferred) in [
            ("wait=10", 10, true),
            ("respond-async, Wait = \"20\"; x=1", 20, true),
            ("wait=5, wait=7", 5, true),
            ("wait=600", 60, true),
            ("wait=99999999999999999999", 0, false),
            ("wait=-1", 0, false),
            ("wait", 0, false),
            ("return=minimal", 0, false),
        ] {
            let wait = read(None, Some(prefer)).unwrap();
            assert_eq!((wait.seconds, wait.preferred), (seconds, preferred), "{prefer}");
        }
    }

    #[test]
    fn the_query_goes_first_and_must_make_sense() {
        let hash = "0123456789ABCDEF0123456789abcdef";
        let wait = read(Some(&format!("wait=0&since={hash}")), Some("wait=9")).unwrap();
        assert_eq!(
            wait,
            WaitRequest {
                seconds: 0,
                since: Some(hash.to_lowercase()),
                preferred: false
            }
        );
        assert_eq!(read(Some("wait=&since="), None).unwrap().seconds, 0);
        for (query, field) in [
            ("wait=61", "wait"),
            ("wait=-1", "wait"),
            ("wait=1.5", "wait"),
            ("wait=abc", "wait"),
            ("wait=1&wait=2", "wait"),
            ("wait=%ff", "wait"),
            ("since=xyz", "since"),
            ("since=0123456789abcdef", "since"),
        ] {
            let refusal = read(Some(query), None).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(field), "{query}");
        }
    }
}

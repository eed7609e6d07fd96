//! Proof of who asks: a token signed with the shared secret (the default), or the older HTTP Signature. Both cover host,
//! method, path and a digest of the body's bytes, so that neither can be used for another request.

use acquiring::{Account, CannotBuild};
use aws_lc_rs::{digest, hmac};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use primitives::{HttpRequest, Method, Moment};
use serde::Serialize;
use time::{UtcOffset, format_description::FormatItem, macros::format_description};

/// The merchant's id.
pub const MERCHANT_ID: &str = "merchant_id";
/// The id of the shared secret, a UUID.
pub const KEY_ID: &str = "key_id";
/// The shared secret, Base64.
pub const SHARED_SECRET: &str = "shared_secret";
/// Which of the two proofs the connection gives: [`JWT`], also when it says nothing, or [`HTTP_SIGNATURE`].
pub const AUTHENTICATION: &str = "authentication";

const JWT: &str = "jwt";
const HTTP_SIGNATURE: &str = "http_signature";

/// How long a token is good for.
const TOKEN_SECONDS: i64 = 120;

/// `Date` of RFC 7231.
const HTTP_DATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Jwt,
    HttpSignature,
}

/// Who signs, with what.
pub struct Signer<'a> {
    merchant_id: &'a str,
    key_id: &'a str,
    key: hmac::Key,
    scheme: Scheme,
}

impl<'a> Signer<'a> {
    /// The connection's.
    pub fn of(account: &'a Account) -> Result<Self, CannotBuild> {
        let credential = |name| {
            account
                .credentials
                .get(name)
                .filter(|value| !value.is_empty())
                .ok_or(CannotBuild::MissingCredential(name))
        };
        let secret = STANDARD
            .decode(credential(SHARED_SECRET)?)
            .map_err(|_| CannotBuild::NotExpressible("a shared secret that is no Base64"))?;
        let scheme = match account.credentials.get(AUTHENTICATION) {
            None | Some(JWT) => Scheme::Jwt,
            Some(HTTP_SIGNATURE) => Scheme::HttpSignature,
            Some(_) => return Err(CannotBuild::NotExpressible("an authentication of this name")),
        };
        Ok(Self {
            merchant_id: credential(MERCHANT_ID)?,
            key_id: credential(KEY_ID)?,
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            scheme,
        })
    }
}

/// The request with its proof. Nothing of it may change afterwards.
pub fn sign(signer: &Signer<'_>, request: HttpRequest, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    match signer.scheme {
        Scheme::Jwt => with_token(signer, request, moment),
        Scheme::HttpSignature => with_http_signature(signer, request, moment),
    }
}

/// The header of a token, its members in the order in which the vendor's own client writes them.
#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

/// What a token says, likewise.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_algorithm: Option<&'static str>,
    iat: i64,
    exp: i64,
    request_host: &'a str,
    request_resource_path: &'a str,
    request_method: String,
    iss: &'a str,
    jti: String,
    v_c_jwt_version: &'static str,
    v_c_merchant_id: &'a str,
}

fn with_token(signer: &Signer<'_>, request: HttpRequest, moment: Moment) -> Result<HttpRequest, CannotBuild> {
    let digest = body_digest(&request);
    let iat = moment.now.unix_timestamp();
    let claims = Claims {
        digest_algorithm: digest.as_ref().map(|_| "SHA-256"),
        digest,
        iat,
        exp: iat + TOKEN_SECONDS,
        request_host: &host(&request)?,
        request_resource_path: &target(&request),
        request_method: request.method.as_str().to_ascii_lowercase(),
        iss: signer.merchant_id,
        jti: moment.nonce.to_string(),
        v_c_jwt_version: "2",
        v_c_merchant_id: signer.merchant_id,
    };
    let header = Header {
        typ: "JWT",
        alg: "HS256",
        kid: signer.key_id,
    };
    let signed = format!("{}.{}", part(&header)?, part(&claims)?);
    let signature = hmac::sign(&signer.key, signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    Ok(request.header("authorization", format!("Bearer {token}")))
}

fn part(value: &impl Serialize) -> Result<String, CannotBuild> {
    let json = serde_json::to_vec(value)
        .map_err(|_| CannotBuild::NotExpressible("a value that cannot be written as JSON"))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn with_http_signature(
    signer: &Signer<'_>,
    request: HttpRequest,
    moment: Moment,
) -> Result<HttpRequest, CannotBuild> {
    let date = moment
        .now
        .to_offset(UtcOffset::UTC)
        .format(HTTP_DATE)
        .map_err(|_| CannotBuild::NotExpressible("this time"))?;
    let digest = body_digest(&request).map(|digest| format!("SHA-256={digest}"));
    let method = request.method.as_str().to_ascii_lowercase();
    let mut lines = vec![
        ("host", host(&request)?),
        ("date", date.clone()),
        ("request-target", format!("{method} {}", target(&request))),
    ];
    lines.extend(digest.clone().map(|digest| ("digest", digest)));
    lines.push(("v-c-merchant-id", signer.merchant_id.to_owned()));
    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    let text: Vec<_> = lines
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let tag = hmac::sign(&signer.key, text.join("\n").as_bytes());
    let signature = format!(
        r#"keyid="{}", algorithm="HmacSHA256", headers="{}", signature="{}""#,
        signer.key_id,
        names.join(" "),
        STANDARD.encode(tag)
    );
    let mut request = request
        .header("v-c-merchant-id", signer.merchant_id)
        .header("date", date);
    if let Some(digest) = digest {
        request = request.header("digest", digest);
    }
    Ok(request.header("signature", signature))
}

/// SHA-256 of the body's bytes, Base64; none for methods that send none.
fn body_digest(request: &HttpRequest) -> Option<String> {
    match request.method {
        Method::Get | Method::Delete => None,
        Method::Post | Method::Put | Method::Patch => {
            let digest = digest::digest(&digest::SHA256, request.body.reveal());
            Some(STANDARD.encode(digest))
        }
    }
}

/// The `Host` that the transport will send: with its port where the address names one.
fn host(request: &HttpRequest) -> Result<String, CannotBuild> {
    let host = request
        .url
        .host_str()
        .ok_or(CannotBuild::NotExpressible("an address without a host"))?;
    Ok(match request.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Path and query.
fn target(request: &HttpRequest) -> String {
    match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cybersource::samples;
    use serde_json::Value;

    const VECTORS: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/specs/signature-vectors.json"
    );

    /// The vectors whose name begins so; none where the file is not there.
    fn vectors(prefix: &str) -> Vec<Value> {
        let Ok(text) = std::fs::read(VECTORS) else {
            eprintln!("SKIPPED: {VECTORS} is not there, so the signatures were compared with no vector");
            return Vec::new();
        };
        let file: Value = serde_json::from_slice(&text).unwrap();
        let found: Vec<_> = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["name"].as_str().unwrap().starts_with(prefix))
            .cloned()
            .collect();
        assert!(!found.is_empty(), "{prefix}");
        found
    }

    fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
        vector[name].as_str().unwrap_or_else(|| panic!("{name}"))
    }

    fn signed(vector: &Value, scheme: &str, moment: Moment) -> HttpRequest {
        let base = format!("https://{}", text(vector, "host"));
        let account = samples::account_at(
            &base,
            &[
                (MERCHANT_ID, text(vector, "merchant_id")),
                (KEY_ID, text(vector, "key_id")),
                (SHARED_SECRET, text(vector, "secret_base64")),
                (AUTHENTICATION, scheme),
            ],
        );
        let method = match text(vector, "method") {
            "post" => Method::Post,
            "get" => Method::Get,
            other => panic!("{other}"),
        };
        let url = format!("{base}{}", text(vector, "target")).parse().unwrap();
        let body = vector["body"].as_str().unwrap_or_default();
        let request = HttpRequest::new(method, url).body(body.as_bytes().to_vec());
        sign(&Signer::of(&account).unwrap(), request, moment).unwrap()
    }

    fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
        let found = request.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.reveal().as_str())
    }

    fn moment_at(seconds: i64, jti: &str) -> Moment {
        let now = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        Moment::new(now, uuid::Uuid::try_parse(jti).unwrap())
    }

    #[test]
    fn tokens_are_those_of_the_vendors_client() {
        for vector in vectors("cybersource.jwt_hs256") {
            let moment = moment_at(vector["iat"].as_i64().unwrap(), text(&vector, "jti"));
            let request = signed(&vector, JWT, moment);
            assert_eq!(
                header(&request, "authorization"),
                Some(format!("Bearer {}", text(&vector, "token")).as_str())
            );
        }
    }

    #[test]
    fn http_signatures_are_those_of_the_vendors_client() {
        for vector in vectors("cybersource.http_signature") {
            assert_eq!(text(&vector, "date"), "Thu, 15 Jan 2026 10:00:00 GMT");
            let moment = moment_at(1_768_471_200, "3f2504e0-4f89-41d3-9a0c-0305e82c3301");
            let request = signed(&vector, HTTP_SIGNATURE, moment);
            assert_eq!(header(&request, "date"), Some(text(&vector, "date")));
            assert_eq!(header(&request, "digest"), vector["digest_header"].as_str());
            assert_eq!(
                header(&request, "signature"),
                Some(text(&vector, "signature_header"))
            );
        }
    }

    #[test]
    fn the_host_has_its_port_where_the_address_names_one() {
        for (url, expected) in [
            ("https://api.cybersource.com/x", "api.cybersource.com"),
            ("https://api.cybersource.com:443/x", "api.cybersource.com"),
            ("http://127.0.0.1:8090/x", "127.0.0.1:8090"),
        ] {
            let request = HttpRequest::new(Method::Get, url.parse().unwrap());
            assert_eq!(host(&request).as_deref(), Ok(expected));
        }
        let request = HttpRequest::new(Method::Get, "https://a.example/b?c=d".parse().unwrap());
        assert_eq!(target(&request), "/b?c=d");
    }

    #[test]
    fn a_connection_without_its_keys_or_with_an_odd_one_signs_nothing() {
        for (name, value, fault) in [
            (MERCHANT_ID, "", CannotBuild::MissingCredential(MERCHANT_ID)),
            (KEY_ID, "", CannotBuild::MissingCredential(KEY_ID)),
            (SHARED_SECRET, "", CannotBuild::MissingCredential(SHARED_SECRET)),
            (
                SHARED_SECRET,
                "no base64!",
                CannotBuild::NotExpressible("a shared secret that is no Base64"),
            ),
            (
                AUTHENTICATION,
                "basic",
                CannotBuild::NotExpressible("an authentication of this name"),
            ),
        ] {
            let account = samples::account_with(&[(name, value)]);
            assert_eq!(Signer::of(&account).err(), Some(fault), "{name}");
        }
    }
}

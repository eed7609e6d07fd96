//! What of a DirectLink account can be said and changed, read from a document and written as one.

use super::names::Pspid;
use crate::configuration::Processors;
use payments::fields::{Fields, Problems, ascii, boolean, integer, list, parsed, word};
use primitives::{HttpUrl, Secret, UrlPolicy};
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use store::directlink::accounts::{Account, AccountUrls, PostSale};

/// What may be said of an account. What is shown with it, and cannot be changed so, may be sent back as it was read.
pub(in super::super) const MEMBERS: [&str; 25] = [
    "pspid",
    "processor",
    "hash",
    "sha_in",
    "sha_out",
    "operation",
    "allowed_addresses",
    "accept_url",
    "decline_url",
    "exception_url",
    "cancel_url",
    "feedback_on_redirect",
    "post_sale_accept_url",
    "post_sale_decline_url",
    "post_sale_change_url",
    "post_sale_method",
    "post_sale_timing",
    "attempts_max",
    "status",
    "merchant_id",
    "sha_in_set",
    "sha_out_set",
    "version",
    "created_at",
    "updated_at",
];

const HASHES: [(&str, &str); 3] = [("sha1", "sha1"), ("sha256", "sha256"), ("sha512", "sha512")];
const OPERATIONS: [(&str, &str); 2] = [("RES", "RES"), ("SAL", "SAL")];
const METHODS: [(&str, &str); 2] = [("POST", "POST"), ("GET", "GET")];
const TIMINGS: [(&str, bool); 2] = [("deferred", false), ("online", true)];
const STATUSES: [(&str, bool); 2] = [("active", false), ("disabled", true)];

const ADDRESSES_MAX: usize = 100;
const ATTEMPTS_MAX: u8 = 50;
const ATTEMPTS_DEFAULT: u8 = 10;
const PASSPHRASE_MIN_CHARACTERS: usize = 8;
const PASSPHRASE_MAX_CHARACTERS: usize = 128;
const URL_MAX_CHARACTERS: usize = 2048;

/// What a request's own parameter stands for in a post-sale URL.
const PARAMVAR: &str = "<PARAMVAR>";

/// What becomes of a passphrase.
#[derive(Debug, Clone)]
pub(in super::super) enum Passphrased {
    Kept,
    Taken,
    Given(Secret<String>),
}

impl Passphrased {
    /// Absent: as it is; `null`: none any more.
    fn of(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Self {
        let secret = secret(PASSPHRASE_MIN_CHARACTERS, PASSPHRASE_MAX_CHARACTERS);
        match fields.take(name, secret, problems) {
            Some(passphrase) => Self::Given(passphrase),
            None if fields.mentions(name) => Self::Taken,
            None => Self::Kept,
        }
    }

    fn is_set(&self, before: bool) -> bool {
        match self {
            Self::Kept => before,
            Self::Taken => false,
            Self::Given(_) => true,
        }
    }
}

/// What an account's settings are checked against.
#[derive(Clone, Copy)]
pub(in super::super) struct Rules<'a> {
    pub policy: UrlPolicy,
    pub processors: &'a Processors,
}

/// What of an account is its merchant's choice.
#[derive(Debug, Clone)]
pub(in super::super) struct Settings {
    processor: Option<String>,
    hash: &'static str,
    pub sha_in: Passphrased,
    pub sha_out: Passphrased,
    operation: &'static str,
    allowed_addresses: Vec<String>,
    urls: AccountUrls,
    feedback_on_redirect: bool,
    post_sale: PostSale,
    attempts_max: u8,
    disabled: bool,
}

impl Settings {
    /// The members of `fields` that are an account's settings; `before` is the account as it stands, if it does.
    pub(in super::super) fn of(
        fields: &Fields<'_>,
        rules: Rules<'_>,
        before: Option<&Account>,
        problems: &mut Problems,
    ) -> Self {
        let processor = fields.take("processor", ascii(64), problems);
        if processor
            .as_ref()
            .is_some_and(|name| !rules.processors.contains_key(name.as_str()))
        {
            problems.add(fields.at("processor"), "is no processor of this program");
        }
        let hash = fields.take("hash", word(&HASHES), problems);
        let sha_in = Passphrased::of(fields, "sha_in", problems);
        let sha_out = Passphrased::of(fields, "sha_out", problems);
        let operation = fields.take("operation", word(&OPERATIONS), problems);
        let addresses = fields.take("allowed_addresses", list(0..=ADDRESSES_MAX, network), problems);
        // Only browsers go there, so that these may be plain HTTP as they may in a request.
        let mut url = |name| {
            let url = fields.take(name, parsed(HttpUrl::parse_page), problems);
            url.map(|url| url.as_str().to_owned())
        };
        let urls = AccountUrls {
            accept: url("accept_url"),
            decline: url("decline_url"),
            exception: url("exception_url"),
            cancel: url("cancel_url"),
        };
        let feedback_on_redirect = fields.take("feedback_on_redirect", boolean, problems);
        if feedback_on_redirect == Some(true)
            && !sha_out.is_set(before.is_some_and(|account| account.sha_out_sealed.is_some()))
        {
            problems.add(
                fields.at("feedback_on_redirect"),
                "needs sha_out: nobody could tell what browsers carry from what they make up",
            );
        }
        let mut post_sale_url =
            |name| fields.take(name, parsed(|text| post_sale_url(text, rules.policy)), problems);
        let (accept_url, decline_url, change_url) = (
            post_sale_url("post_sale_accept_url"),
            post_sale_url("post_sale_decline_url"),
            post_sale_url("post_sale_change_url"),
        );
        let method = fields.take("post_sale_method", word(&METHODS), problems);
        let online = fields.take("post_sale_timing", word(&TIMINGS), problems);
        let attempts_max = fields.take("attempts_max", integer(1..=ATTEMPTS_MAX), problems);
        let disabled = fields.take("status", word(&STATUSES), problems);
        Self {
            processor,
            hash: hash.unwrap_or("sha256"),
            sha_in,
            sha_out,
            operation: operation.unwrap_or("RES"),
            allowed_addresses: addresses.unwrap_or_default(),
            urls,
            feedback_on_redirect: feedback_on_redirect.unwrap_or_default(),
            post_sale: PostSale {
                accept_url,
                decline_url,
                change_url,
                method: method.unwrap_or("POST").to_owned(),
                online: online.unwrap_or_default(),
            },
            attempts_max: attempts_max.unwrap_or(ATTEMPTS_DEFAULT),
            disabled: disabled.unwrap_or_default(),
        }
    }

    /// Reads a change: members that are there replace what is, `null` clears those that may be absent.
    pub(super) fn read_change(
        document: &Value,
        rules: Rules<'_>,
        account: &Account,
    ) -> Result<Self, Problems> {
        let change = document
            .as_object()
            .ok_or_else(|| Problems::of("", "must be an object"))?;
        let mut whole = members(account);
        whole.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut problems = Problems::default();
        let read = Fields::open(&Value::Object(whole), "", &MEMBERS, &mut problems)
            .map(|fields| Self::of(&fields, rules, Some(account), &mut problems));
        problems.or(read)
    }

    /// Puts everything into an account but its passphrases, which have to be sealed first.
    pub(in super::super) fn apply_to(self, account: &mut Account) {
        account.processor = self.processor;
        account.hash = self.hash.to_owned();
        account.operation = self.operation.to_owned();
        account.allowed_addresses = self.allowed_addresses;
        account.urls = self.urls;
        account.feedback_on_redirect = self.feedback_on_redirect;
        account.post_sale = self.post_sale;
        account.attempts_max = self.attempts_max;
        account.disabled = self.disabled;
    }
}

/// An account's settings in the form in which they are read, without its passphrases.
fn members(account: &Account) -> Map<String, Value> {
    [
        ("processor", json!(account.processor)),
        ("hash", json!(account.hash)),
        ("operation", json!(account.operation)),
        ("allowed_addresses", json!(account.allowed_addresses)),
        ("accept_url", json!(account.urls.accept)),
        ("decline_url", json!(account.urls.decline)),
        ("exception_url", json!(account.urls.exception)),
        ("cancel_url", json!(account.urls.cancel)),
        ("feedback_on_redirect", json!(account.feedback_on_redirect)),
        ("post_sale_accept_url", json!(account.post_sale.accept_url)),
        ("post_sale_decline_url", json!(account.post_sale.decline_url)),
        ("post_sale_change_url", json!(account.post_sale.change_url)),
        ("post_sale_method", json!(account.post_sale.method)),
        (
            "post_sale_timing",
            json!(if account.post_sale.online {
                "online"
            } else {
                "deferred"
            }),
        ),
        ("attempts_max", json!(account.attempts_max)),
        (
            "status",
            json!(if account.disabled { "disabled" } else { "active" }),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// An account as operators see it, and as the audit keeps it: of its passphrases only whether there are any.
pub(in super::super) fn as_written(account: &Account) -> Value {
    let mut shown = members(account);
    let more = [
        ("pspid", json!(account.pspid)),
        ("sha_in_set", json!(account.sha_in_sealed.is_some())),
        ("sha_out_set", json!(account.sha_out_sealed.is_some())),
    ];
    shown.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(shown)
}

/// A name as its document gives it.
pub(in super::super) fn pspid(fields: &Fields<'_>, problems: &mut Problems) -> Option<Pspid> {
    fields.need("pspid", parsed(str::parse), problems)
}

/// A passphrase or password: printable ASCII as it stands, spaces included, since shops hash or send it byte for byte.
pub(super) fn secret(least: usize, most: usize) -> impl Fn(&Value) -> Result<Secret<String>, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a string")?;
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !printable || !(least..=most).contains(&text.len()) {
            return Err(format!("must have {least} to {most} printable ASCII characters"));
        }
        Ok(Secret::new(text.to_owned()))
    }
}

/// An address or a network, as the database writes it.
fn network(value: &Value) -> Result<String, String> {
    const MUST: &str = "must be an IP address or a network such as 203.0.113.0/24";
    let text = value.as_str().ok_or(MUST)?;
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| MUST)?;
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let length = match length {
        None => width,
        Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse::<u32>().map_err(|_| MUST)?
        }
        Some(_) => return Err(MUST.to_owned()),
    };
    let host_bits = width.checked_sub(length).ok_or(MUST)?;
    let host = !u128::MAX.checked_shl(host_bits).unwrap_or(0);
    if bits & host != 0 {
        return Err("must be a network without an address inside it, such as 203.0.113.0/24".to_owned());
    }
    Ok(format!("{address}/{length}"))
}

/// A URL in whose path or query `<PARAMVAR>` may stand. Not before them: a request must not choose the server.
fn post_sale_url(text: &str, policy: UrlPolicy) -> Result<String, String> {
    let text = text.trim();
    let server = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
        .filter(|server| !server.contains(PARAMVAR));
    HttpUrl::parse(&text.replace(PARAMVAR, "x"), policy).map_err(|error| error.to_string())?;
    if server.is_none() || text.chars().count() > URL_MAX_CHARACTERS {
        return Err(format!(
            "must have at most {URL_MAX_CHARACTERS} characters, {PARAMVAR} in its path or query only"
        ));
    }
    Ok(text.to_owned())
}

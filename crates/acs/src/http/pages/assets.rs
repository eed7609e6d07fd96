//! The pages' style and scripts: compiled in, served from our own origin under names that change with their content.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

/// Where they are; `{file}` is name, fingerprint and extension.
pub(super) const PATH: &str = "/acs/3ds/assets/{file}";

struct Asset {
    name: &'static str,
    extension: &'static str,
    media_type: &'static str,
    content: &'static str,
}

const STYLE: Asset = Asset {
    name: "challenge",
    extension: "css",
    media_type: "text/css; charset=utf-8",
    content: include_str!("../../../templates/challenge/challenge.css"),
};
const SUBMIT_SCRIPT: Asset = Asset {
    name: "submit",
    extension: "js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../../templates/challenge/submit.js"),
};
const WAIT_SCRIPT: Asset = Asset {
    name: "wait",
    extension: "js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../../templates/challenge/wait.js"),
};

/// The addresses, for the documents that use them.
pub(super) struct Addresses {
    pub(super) style: String,
    pub(super) submit_script: String,
    pub(super) wait_script: String,
}

pub(super) static ADDRESSES: LazyLock<Addresses> = LazyLock::new(|| Addresses {
    style: STYLE.address(),
    submit_script: SUBMIT_SCRIPT.address(),
    wait_script: WAIT_SCRIPT.address(),
});

impl Asset {
    fn file(&self) -> String {
        let fingerprint = fingerprint(self.content.as_bytes());
        format!("{}.{fingerprint:016x}.{}", self.name, self.extension)
    }

    fn address(&self) -> String {
        PATH.replace("{file}", &self.file())
    }

    /// Whether this or another release calls the file that.
    fn is_called(&self, file: &str) -> bool {
        file.strip_prefix(self.name)
            .and_then(|rest| rest.strip_suffix(self.extension))
            .is_some_and(|rest| rest.len() > 2 && rest.starts_with('.') && rest.ends_with('.'))
    }
}

/// A style or script. Under another release's name it is this release's, not to be kept: while releases roll out, a
/// document may come from one server and its style from the next.
pub(super) async fn asset(Path(file): Path<String>) -> Response {
    let known = [STYLE, SUBMIT_SCRIPT, WAIT_SCRIPT]
        .into_iter()
        .find(|asset| asset.is_called(&file));
    let Some(asset) = known else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if file == asset.file() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, asset.content).into_response()
}

/// FNV-1a, 64 bits: tells two releases' files apart; nobody's trust rests on it.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_files_are_served() {
        assert!(STYLE.is_called(&STYLE.file()));
        assert!(STYLE.is_called("challenge.0123456789abcdef.css"));
        for file in ["challenge.css", "challenge.0.js", "../challenge.0.css", ""] {
            assert!(!STYLE.is_called(file), "{file}");
        }
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}

//! Our style, script and icon: compiled in, served from our own origin.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

struct Asset {
    extension: &'static str,
    media_type: HeaderValue,
    content: &'static str,
    fingerprint: u64,
}

impl Asset {
    const fn new(extension: &'static str, media_type: &'static str, content: &'static str) -> Self {
        let fingerprint = fingerprint(content.as_bytes());
        Self {
            extension,
            media_type: HeaderValue::from_static(media_type),
            content,
            fingerprint,
        }
    }

    fn file(&self) -> String {
        format!("{STEM}.{:016x}.{}", self.fingerprint, self.extension)
    }

    fn address(&self) -> String {
        format!("/transactions/assets/{}", self.file())
    }
}

const STEM: &str = "hosted-page";

static STYLE: Asset = Asset::new(
    "css",
    "text/css; charset=utf-8",
    include_str!("../../templates/pages/hosted-page.css"),
);
static SCRIPT: Asset = Asset::new(
    "js",
    "text/javascript; charset=utf-8",
    include_str!("../../templates/pages/hosted-page.js"),
);
static ICON: Asset = Asset::new(
    "svg",
    "image/svg+xml",
    include_str!("../../templates/pages/hosted-page.svg"),
);

/// Where the assets are, for the documents that use them.
pub(crate) struct Addresses {
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

pub(crate) static ADDRESSES: LazyLock<Addresses> = LazyLock::new(|| Addresses {
    style: STYLE.address(),
    script: SCRIPT.address(),
    icon: ICON.address(),
});

/// FNV-1a, 64 bits: tells two releases' files apart; nobody's trust rests on it.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0100_0000_01b3);
        index += 1;
    }
    hash
}

/// Get a page's style, script or icon
///
/// An address with another release's fingerprint answers this release's file, not to be kept: while releases roll out,
/// a document may come from one gateway and its style from the next.
#[utoipa::path(
    get,
    path = super::ASSET_PATH,
    tag = "Hosted pages",
    operation_id = "pageAsset",
    params(("file" = String, Path, description = "The file's name with its fingerprint.")),
    responses(
        (status = 200, description = "A style sheet, a script, or an icon."),
        (status = 304, description = "The browser has it."),
        (status = 404, description = "There is no such file."),
    )
)]
pub(crate) async fn asset(Path(file): Path<String>, request: HeaderMap) -> Response {
    let Some(asset) = [&STYLE, &SCRIPT, &ICON]
        .into_iter()
        .find(|asset| is_some_release_of(asset, &file))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let current = file == asset.file();
    let tag = format!("\"{:016x}\"", asset.fingerprint);
    let mut headers = HeaderMap::new();
    let keep = if current {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::try_from(&tag) {
        headers.insert(header::ETAG, tag);
    }
    let has_it = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if has_it {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, asset.media_type.clone());
    (headers, asset.content).into_response()
}

fn is_some_release_of(asset: &Asset, file: &str) -> bool {
    let fingerprint = file
        .strip_prefix(STEM)
        .and_then(|rest| rest.strip_suffix(asset.extension))
        .and_then(|rest| rest.strip_prefix('.')?.strip_suffix('.'));
    fingerprint.is_some_and(|text| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn only_our_own_files_are_served() {
        assert!(is_some_release_of(&STYLE, &STYLE.file()));
        assert!(is_some_release_of(&STYLE, "hosted-page.0123456789abcdef.css"));
        for file in [
            "hosted-page.css",
            "hosted-page.0123456789abcdef.js",
            "../hosted-page.0123456789abcdef.css",
            "",
        ] {
            assert!(!is_some_release_of(&STYLE, file), "{file}");
        }
    }
}

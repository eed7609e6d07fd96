//! Levers on card ranges, and the file they can be downloaded from.
//!
//! `GET /directory/{brand}/ranges` tells how many there are and under which serial number. `POST` changes them: `add`,
//! `delete` and `modify` ranges, `count` splits the largest one until there are so many, `requests_per_hour` limits
//! PReqs. `DELETE` puts everything back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use emv3ds::ProtocolVersion;
use serde::Deserialize;
use serde_json::json;

use super::card_range_service::CardRangeService;
use super::compression::{accepts_gzip, gzip};
use super::number_space::Block;
use super::ranges::{CardRange, Issuer, VERSIONS};
use super::{Directory, JSON};

/// Most ranges one brand can be given.
const COUNT_MAX: usize = 1_000_000;

/// `/directory/{brand}/ranges` and the files below it.
pub fn router(directory: Directory) -> Router {
    Router::new()
        .route("/directory/{brand}/ranges", get(tell).post(change).delete(reset))
        .route("/directory/{brand}/ranges/{file}", get(download))
        .with_state(directory)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    delete: Vec<Bounds>,
    #[serde(default)]
    add: Vec<Described>,
    #[serde(default)]
    modify: Vec<Described>,
    count: Option<usize>,
    requests_per_hour: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    start: String,
    end: String,
}

/// A range and its issuer; what is left out is as with all others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    start: String,
    end: String,
    acs_versions: Option<Vec<ProtocolVersion>>,
    ds_versions: Option<Vec<ProtocolVersion>>,
    method_url: Option<String>,
    acs_info_ind: Option<Vec<String>>,
}

impl Described {
    fn range(self) -> Result<CardRange, String> {
        let mut acs_versions = self.acs_versions.unwrap_or_else(|| VERSIONS.to_vec());
        acs_versions.sort_unstable();
        if acs_versions.is_empty() {
            return Err("acs_versions: must not be empty".to_owned());
        }
        let ds_versions = self.ds_versions.map(|mut versions| {
            versions.sort_unstable();
            versions
        });
        Ok(CardRange {
            block: block(&self.start, &self.end)?,
            issuer: Arc::new(Issuer {
                acs_versions,
                ds_versions: ds_versions.filter(|versions| !versions.is_empty()),
                method_url: self.method_url,
                info: self.acs_info_ind.unwrap_or_else(|| vec!["01".to_owned()]),
            }),
        })
    }
}

fn block(start: &str, end: &str) -> Result<Block, String> {
    let wrong =
        || format!("{start}-{end}: must be two account numbers of one length, 13 to 19 digits, in order");
    Block::between(start, end).ok_or_else(wrong)
}

async fn tell(State(directory): State<Directory>, Path(brand): Path<String>) -> Response {
    match directory.card_ranges(&brand) {
        Some(service) => summary(service),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn change(
    State(directory): State<Directory>,
    Path(brand): Path<String>,
    Json(order): Json<Order>,
) -> Response {
    let Some(service) = directory.card_ranges(&brand) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match obey(service, order) {
        Ok(()) => summary(service),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong).into_response(),
    }
}

/// Checks the whole order before anything changes, as far as that can be told beforehand.
fn obey(service: &CardRangeService, order: Order) -> Result<(), String> {
    let deleted: Vec<Block> = order
        .delete
        .iter()
        .map(|bounds| block(&bounds.start, &bounds.end))
        .collect::<Result<_, _>>()?;
    let added: Vec<CardRange> = order
        .add
        .into_iter()
        .map(Described::range)
        .collect::<Result<_, _>>()?;
    let modified: Vec<CardRange> = order
        .modify
        .into_iter()
        .map(Described::range)
        .collect::<Result<_, _>>()?;
    if order.count.is_some_and(|count| count > COUNT_MAX) {
        return Err(format!("count: must be at most {COUNT_MAX}"));
    }
    let mut ranges = service.ranges_mut();
    let mut changed = ranges.clone();
    for block in &deleted {
        changed
            .delete(block)
            .map_err(|error| format!("delete: {error}"))?;
    }
    for range in added {
        changed.add(range);
    }
    for range in modified {
        changed
            .modify(range)
            .map_err(|error| format!("modify: {error}"))?;
    }
    if let Some(count) = order.count {
        changed
            .split_to(count)
            .map_err(|error| format!("count: {error}"))?;
    }
    *ranges = changed;
    drop(ranges);
    if order.requests_per_hour.is_some() {
        service.limit_to(order.requests_per_hour);
    }
    Ok(())
}

async fn reset(State(directory): State<Directory>, Path(brand): Path<String>) -> StatusCode {
    match directory.card_ranges(&brand) {
        Some(service) => {
            service.reset();
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

fn summary(service: &CardRangeService) -> Response {
    let ranges = service.ranges();
    Json(json!({ "ranges": ranges.all().len(), "serial_number": ranges.serial_number() })).into_response()
}

/// The file of 2.3.1, whole or in parts; compressed where the caller takes that, and then parts are parts of the
/// compressed file.
async fn download(
    State(directory): State<Directory>,
    Path((brand, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let content = file.strip_suffix(".json").and_then(|serial_number| {
        let service = directory.card_ranges(&brand)?;
        Some((service.file(serial_number)?, serial_number))
    });
    let Some((content, serial_number)) = content else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let compressed = accepts_gzip(&headers);
    let content = if compressed { gzip(&content) } else { content };
    let tag = format!("\"{serial_number}{}\"", if compressed { "-gzip" } else { "" });
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let mut response = match range.map(|range| part(range, content.len())) {
        // Ranges of other units or of several parts: the whole, as HTTP has it.
        None | Some(Asked::Whole) => content.into_response(),
        Some(Asked::Part(start, end)) => {
            let part = content.get(start..=end).unwrap_or_default().to_vec();
            let content_range = format!("bytes {start}-{end}/{}", content.len());
            (
                StatusCode::PARTIAL_CONTENT,
                [(CONTENT_RANGE, content_range)],
                part,
            )
                .into_response()
        }
        Some(Asked::Nothing) => {
            let content_range = format!("bytes */{}", content.len());
            (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(CONTENT_RANGE, content_range)],
            )
                .into_response()
        }
    };
    let described = [
        (CONTENT_TYPE, JSON.to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (VARY, "accept-encoding".to_owned()),
        (ETAG, tag),
    ];
    let coding = compressed.then(|| (CONTENT_ENCODING, "gzip".to_owned()));
    for (name, value) in described.into_iter().chain(coding) {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What a `Range` header asks of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    /// First and last byte.
    Part(usize, usize),
    /// Beyond the end.
    Nothing,
}

fn part(range: &str, length: usize) -> Asked {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(start), Ok(end)) if start <= end => (start, end),
        (Ok(start), Err(_)) if last.is_empty() => (start, usize::MAX),
        (Err(_), Ok(suffix)) if first.is_empty() => (length.saturating_sub(suffix), usize::MAX),
        _ => return Asked::Whole,
    };
    if start < length {
        Asked::Part(start, end.min(length - 1))
    } else {
        Asked::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_as_http_cuts_them() {
        for (range, asked) in [
            ("bytes=0-9", Asked::Part(0, 9)),
            ("bytes=90-", Asked::Part(90, 99)),
            ("bytes=90-1000", Asked::Part(90, 99)),
            ("bytes=-5", Asked::Part(95, 99)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=9-1", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("lines=0-1", Asked::Whole),
        ] {
            assert_eq!(part(range, 100), asked, "{range}");
        }
    }
}

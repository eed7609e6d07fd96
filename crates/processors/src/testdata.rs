//! Requests and replies as files, compared byte by byte.

use primitives::{HttpRequest, Reply};
use std::{fs, path::PathBuf};

/// Set to write the files anew instead of comparing with them; then look at the difference before committing it.
const REWRITE: &str = "REWRITE_TESTDATA";

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testdata", name].iter().collect()
}

/// Compares a request, headers and body included, with `testdata/{name}`.
pub fn assert_request(name: &str, request: &HttpRequest) {
    let mut text = format!("{} {}\n", request.method.as_str(), request.url);
    for (header, value) in &request.headers {
        text += &format!("{header}: {}\n", value.reveal());
    }
    text += "\n";
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(request.body.reveal());
    let path = path(name);
    if std::env::var_os(REWRITE).is_some() {
        fs::write(&path, &bytes).unwrap();
    }
    let expected = fs::read(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        String::from_utf8_lossy(&expected),
        "{name}"
    );
}

/// The reply whose body is `testdata/{name}`.
pub fn reply(status: u16, name: &str) -> Reply {
    let path = path(name);
    let body = fs::read(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    reply_of(status, body)
}

/// A reply with that body.
pub fn reply_of(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

//! `make demo`: plays the main flows against a running `make run` and prints each step.
#![allow(clippy::unwrap_used, reason = "this is test code: it may panic")]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    tests::demo::main().await
}

//! Who authenticates a connection's cardholders: our own MPI, or a remote 3DS Server that speaks the 3DS Server API.
//!
//! Both stand behind the same three questions, which the flows ask without knowing whom: does the card take part
//! ([`Gateway::enrollment`]), authenticate it, and has the challenge a result. Our MPI answers the first from memory, has a
//! directory server for the second, and is told the third; a remote server is asked for each.
//!
//! [`Gateway::enrollment`]: crate::gateway::Gateway

use std::time::Instant;

mod configured;
mod enrollment;
mod remote;

pub use configured::Remote;
pub(crate) use configured::Secrets;
pub(crate) use remote::{LOOK_AGAIN, Look, Said};

fn count_seconds(server: &str, call: &'static str, sent_at: Instant) {
    metrics::histogram!("pasarela_remote_threeds_server_seconds", "server" => server.to_owned(), "call" => call)
        .record(sent_at.elapsed());
}

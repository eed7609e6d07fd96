//! Text messages: what they say, and who carries them.

pub mod breaker;
pub mod calling_code;
pub mod encoding;
pub mod http_provider;
pub mod ladder;
pub mod provider;
mod provider_words;
pub mod providers;
pub mod receipts;
pub mod route;
pub mod sender;
pub mod smpp;
pub(crate) mod telemetry;
pub mod text;

//! Text messages: what they say, and who carries them.

pub mod breaker;
pub mod encoding;
pub mod ladder;
pub mod provider;
pub mod route;
pub mod sender;

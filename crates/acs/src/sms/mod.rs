//! Text messages: what they say, and who carries them.

pub mod encoding;
pub mod provider;
pub mod sender;

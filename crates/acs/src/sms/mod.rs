//! Text messages: what they say, and who carries them.

pub mod provider;

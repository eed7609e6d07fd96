//! The challenge of a cardholder, as rules: what is asked, what may happen, and how it ends.
//!
//! Nothing here knows HTML, HTTP or the database, so that the app's native screens can be written from the same
//! [`view::ChallengeView`]. Read `state` first, then `decide`.

pub mod decide;
pub mod ending;
pub mod event;
pub mod state;
pub mod view;

pub use decide::{Refused, Rules, Step, decide};
pub use ending::{Ending, Method};
pub use event::{AppAnswer, Effect, Event};
pub use state::{Challenge, Means, Progress, SentCode, State};
pub use view::{ChallengeView, Notice, Pressed, Resend, Return, Screen, ViewKind};

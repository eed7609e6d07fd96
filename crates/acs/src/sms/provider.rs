//! The one contract of everybody who carries text messages.

use async_trait::async_trait;
use primitives::Secret;
use std::fmt::Debug;
use time::{Duration, OffsetDateTime};

use crate::phone::Phone;

/// One message to one phone.
#[derive(Debug, Clone)]
pub struct TextMessage {
    /// Our name for this sending, the same on every try of it: challenge and generation. Providers that know idempotency
    /// keys get it as one.
    pub delivery_id: String,
    /// To whom.
    pub to: Phone,
    /// From whom the phone shows it: letters, a long or a short code; `None` leaves it to the provider.
    pub sender: Option<String>,
    /// What it says, the code included.
    pub text: Secret<String>,
    /// How long the provider may try: what is left of the code's time.
    pub validity: Duration,
}

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The provider took it, under its own name for it (one per part, joined by commas, where it was split).
    Accepted {
        /// What its receipts will call it.
        provider_reference: String,
    },
    /// Refused for good: no other try of this provider helps.
    Refused {
        /// The provider's own code, without the text of the request.
        code: String,
        /// Whether another provider may know better (a route it lacks), as opposed to a number that nobody can reach.
        elsewhere: bool,
    },
    /// Not taken, and surely not sent: busy, throttled, not connected.
    NotTaken {
        /// The provider's own code, or what did not work.
        code: String,
    },
    /// Nobody can say: the request left and no answer came.
    Unknown,
}

/// Where a message is, as a provider tells. The order is the order of the ladder, which is climbed only upwards; the last
/// four are ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceiptStatus {
    /// Handed on to the network.
    Sent,
    /// On the phone.
    Delivered,
    /// The network could not deliver it.
    Undelivered,
    /// Its time was over.
    Expired,
    /// Refused on the way.
    Failed,
}

/// A provider's word of where a message is; comes late, twice, and out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's name in the configuration.
    pub provider: String,
    /// What the provider called the message when it took it.
    pub provider_reference: String,
    /// Where it is.
    pub status: ReceiptStatus,
    /// The provider's code for it, if any.
    pub code: Option<String>,
    /// When we heard.
    pub at: OffsetDateTime,
}

/// Somebody who carries text messages. One `hand_over` is one try: retries, time limits over several providers and
/// fallback are the route's business.
#[async_trait]
pub trait SmsProvider: Debug + Send + Sync {
    /// Its name in the configuration, in metrics and in rows.
    fn name(&self) -> &str;

    /// Whether it knows a message by its delivery id, so that handing the same one over again cannot send it twice.
    fn knows_repeats(&self) -> bool;

    /// Hands one message over, within `limit`.
    async fn hand_over(&self, message: &TextMessage, limit: std::time::Duration) -> Handed;
}

//! The log of a merchant's events, for those who read it instead of being told, or after they were not reached.

mod place;

use crate::{configuration::Caller, fault::Stopped, gateway::Gateway};
use payments::{Refusal, RefusalCode};
use primitives::{Id, id::kind};
use std::time::Duration;
use store::{
    event_log::{Cursor, EventPage},
    events::EventRecord,
};
use tokio::time::{Instant, sleep_until, timeout_at};

/// The longest a reader may wait, in seconds.
pub const EVENTS_WAIT_MAX_SECONDS: u8 = 60;

/// How often a waiting reader looks although nothing woke it: a signal of another process may be lost.
const LOOK_ANYWAY: Duration = Duration::from_secs(20);

/// The pause of a waiting reader who was woken and found nothing: the shortest, and the longest it grows to by doubling.
/// It keeps events of other types, and transactions that take long, from costing a look each.
const PAUSE_SHORTEST: Duration = Duration::from_millis(20);
const PAUSE_LONGEST: Duration = Duration::from_millis(500);

/// Which events, and how long to wait for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsAsked {
    /// Where an earlier answer said to go on; absent, from the oldest event that is kept.
    pub after: Option<String>,
    /// Only events of these types; of all where none are named.
    pub event_types: Vec<String>,
    /// At most this many.
    pub limit: u32,
    /// How long to wait while there is none, at most [`EVENTS_WAIT_MAX_SECONDS`].
    pub wait_seconds: u8,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct EventsFound {
    pub events: Vec<EventRecord>,
    /// Where to go on from, whatever was found.
    pub next: String,
    /// There may be more already.
    pub more: bool,
}

impl Gateway {
    /// Reads the merchant's log behind a place; waits for an event where there is none and the reader asks for it.
    pub async fn events(&self, caller: &Caller, asked: &EventsAsked) -> Result<EventsFound, Refusal> {
        let merchant = caller.merchant.id;
        let after = match &asked.after {
            None => None,
            Some(text) => place::read(merchant, text).ok_or_else(|| {
                let text = "must be the next of an earlier answer to this merchant";
                Refusal::of_field(RefusalCode::PayloadError, "after", text)
            })?,
        };
        let page = self.events_or_wait(merchant, after, asked).await?;
        Ok(EventsFound {
            next: place::written(merchant, page.next),
            more: page.more,
            events: page.events,
        })
    }

    /// One event of the merchant's.
    pub async fn event(
        &self,
        caller: &Caller,
        event: Id<kind::Event>,
    ) -> Result<Option<EventRecord>, Refusal> {
        let found = self.store().event_load(caller.merchant.id, event).await;
        Ok(found.map_err(Stopped::from)?)
    }

    async fn events_or_wait(
        &self,
        merchant: Id<kind::Merchant>,
        mut after: Option<Cursor>,
        asked: &EventsAsked,
    ) -> Result<EventPage, Stopped> {
        let wait = asked.wait_seconds.min(EVENTS_WAIT_MAX_SECONDS);
        let deadline = Instant::now() + Duration::from_secs(u64::from(wait));
        let watcher = self.watch().wait_for_events_of(merchant);
        let mut pause = Duration::ZERO;
        loop {
            // The place is taken before the look, so an event between look and sleep wakes us.
            let recorded = watcher.changed();
            let page = self
                .store()
                .event_log(merchant, after, &asked.event_types, asked.limit)
                .await?;
            if !page.events.is_empty() || Instant::now() >= deadline {
                return Ok(page);
            }
            after = page.next;
            if page.more {
                continue;
            }
            // What is recorded and not shown yet has told its waiters already.
            if !self.store().events_unsettled(merchant).await? {
                // Woken or not, we look.
                let look_anyway = deadline.min(Instant::now() + LOOK_ANYWAY);
                let _ = timeout_at(look_anyway, recorded).await;
            }
            sleep_until(deadline.min(Instant::now() + pause)).await;
            pause = (pause * 2).clamp(PAUSE_SHORTEST, PAUSE_LONGEST);
        }
    }
}

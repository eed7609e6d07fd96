//! Who is sent to next, and how much: the pure half of taking leases.
//!
//! A process has room for so many attempts at once. What is in each queue is not known here, only that there is
//! something; so a plan gives each queue a room, and the database answers with what it finds, at most that much.
//!
//! The rule that all of this serves: receivers that are slow, dead, unknown or many never take the room of one that
//! answers at once. Therefore
//!
//! - each queue has a limit, which is lower until it has answered well, and one while it keeps failing;
//! - all that keep failing share a quarter of the whole, and they share three quarters with the slow and the untried;
//! - an eighth is left to those that answer at once and have nothing in flight;
//! - what room there is goes to the queues that have the least in flight.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
};
use uuid::Uuid;

/// How many attempts at once a queue gets whose receiver has not accepted anything yet.
const UNTRIED_AT_ONCE: u32 = 4;

/// How a receiver has answered lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It accepts, and quickly.
    Quick,
    /// It accepts, and takes its time.
    Slow,
    /// Nothing is known, or nothing since it asked to be left alone.
    Untried,
    /// Its last answers were failures.
    Suspect,
    /// It asked to be left alone for now.
    Paused,
}

/// A queue with something in it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    pub queue: Uuid,
    /// Whose queue it is: an endpoint has one, a merchant has one for each of its own URLs.
    pub receiver: Uuid,
    pub standing: Standing,
    /// How much the receiver's rate lets through now; `None`: it has no rate.
    pub tokens: Option<u32>,
}

/// How much may be in flight.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub total: u32,
    pub per_queue: u32,
}

impl Limits {
    /// All own URLs of one merchant: half of the whole, so that a merchant that has one for each order and is dead does not
    /// take everything before that is known.
    fn per_receiver(self) -> u32 {
        (self.total / 2).max(self.per_queue)
    }
}

/// What is in flight when a plan is made.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    /// Everything that takes room in this process.
    pub all: u32,
    /// To receivers that keep failing.
    pub suspect: u32,
    /// To slow and untried ones, and to those that keep failing.
    pub unproven: u32,
    pub queues: HashMap<Uuid, u32>,
    pub receivers: HashMap<Uuid, u32>,
}

impl InFlight {
    /// Counts so many attempts more.
    pub fn add(&mut self, queue: Uuid, receiver: Uuid, standing: Standing, attempts: u32) {
        self.all += attempts;
        if standing == Standing::Suspect {
            self.suspect += attempts;
        }
        if standing != Standing::Quick {
            self.unproven += attempts;
        }
        *self.queues.entry(queue).or_default() += attempts;
        *self.receivers.entry(receiver).or_default() += attempts;
    }
}

/// How many deliveries may be leased of which queue, and what else would be if there were more room.
#[derive(Debug, Default)]
pub struct Plan {
    pub rooms: Vec<(Uuid, u32)>,
    /// Queues were left out, or cut short, for want of room in the whole.
    pub held_by_total: bool,
    /// Queues were left out, or cut short, because the slow, the untried or the failing have their share.
    pub held_by_share: bool,
    /// Receivers that have as much in flight, with this plan, as they may.
    pub full_receivers: HashSet<Uuid>,
}

/// Divides the room that is left among the candidates. Those that come first do so among equals.
pub fn plan(limits: Limits, in_flight: &InFlight, candidates: &[Candidate]) -> Plan {
    let mut planned = in_flight.clone();
    let mut plan = Plan::default();
    let mut rooms: HashMap<Uuid, u32> = HashMap::new();
    // The least loaded first, and among these the first in order.
    let mut waiting: BinaryHeap<_> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.standing != Standing::Paused)
        .map(|(place, candidate)| Reverse((load(&planned.queues, candidate.queue), place)))
        .collect();
    while let Some(Reverse((load, place))) = waiting.pop() {
        let Some(candidate) = candidates.get(place) else {
            continue;
        };
        let granted = rooms.get(&candidate.queue).copied().unwrap_or_default();
        // What holds a candidate back only tightens while a plan is made, so it need not be asked again.
        match hindrance(limits, &planned, candidate, granted) {
            None => {
                planned.add(candidate.queue, candidate.receiver, candidate.standing, 1);
                *rooms.entry(candidate.queue).or_default() += 1;
                waiting.push(Reverse((load + 1, place)));
            }
            Some(Hindrance::Total) => plan.held_by_total = true,
            Some(Hindrance::Share) => plan.held_by_share = true,
            Some(Hindrance::Receiver) => drop(plan.full_receivers.insert(candidate.receiver)),
            Some(Hindrance::Rate) => {}
        }
    }
    // In the order of the candidates, so that equal input makes an equal plan.
    plan.rooms = candidates
        .iter()
        .filter_map(|candidate| rooms.remove_entry(&candidate.queue))
        .collect();
    plan
}

/// Why a candidate gets no more.
enum Hindrance {
    Total,
    Share,
    Receiver,
    Rate,
}

fn hindrance(limits: Limits, planned: &InFlight, candidate: &Candidate, granted: u32) -> Option<Hindrance> {
    let of_queue = load(&planned.queues, candidate.queue);
    let of_receiver = load(&planned.receivers, candidate.receiver);
    let at_once = match candidate.standing {
        Standing::Quick | Standing::Slow => limits.per_queue,
        Standing::Untried => limits.per_queue.min(UNTRIED_AT_ONCE),
        Standing::Suspect => 1,
        Standing::Paused => 0,
    };
    if of_queue >= at_once || of_receiver >= limits.per_receiver() {
        return Some(Hindrance::Receiver);
    }
    if candidate.tokens.is_some_and(|tokens| granted >= tokens) {
        return Some(Hindrance::Rate);
    }
    let for_quick = limits.total / 4;
    let newcomer = candidate.standing == Standing::Quick && of_queue == 0;
    let for_newcomers = if newcomer { 0 } else { limits.total / 8 };
    if planned.all >= limits.total - for_newcomers {
        return Some(Hindrance::Total);
    }
    let shared = match candidate.standing {
        Standing::Quick => false,
        Standing::Suspect => {
            planned.suspect >= (limits.total / 4).max(1) || planned.unproven >= limits.total - for_quick
        }
        Standing::Slow | Standing::Untried | Standing::Paused => planned.unproven >= limits.total - for_quick,
    };
    shared.then_some(Hindrance::Share)
}

fn load(of: &HashMap<Uuid, u32>, id: Uuid) -> u32 {
    of.get(&id).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;

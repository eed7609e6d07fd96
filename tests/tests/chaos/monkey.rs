//! What goes wrong: one thing after the other while the shoppers shop.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::system::System;

use crate::chance::Chance;
use crate::shopper::Day;

#[derive(Clone, Copy, Debug)]
enum Mischief {
    Kill,
    CutDatabase,
    Processor(&'static str),
    Directory(&'static str),
    Receiver(&'static str),
    Notifications(&'static str),
    Peace,
}

/// What was broken, and how often.
pub type Harm = BTreeMap<String, u64>;

/// How much is done between two mischiefs, at least and at most: as often on a slow machine as on a fast one.
const OPERATIONS_BETWEEN: std::ops::RangeInclusive<u64> = 5..=60;

/// Breaks things until the day is over.
pub async fn rage(system: &mut System, day: &Day, mut chance: Chance) -> Harm {
    let mut harm = Harm::new();
    while !day.is_over() {
        let pause = chance.between(*OPERATIONS_BETWEEN.start(), *OPERATIONS_BETWEEN.end());
        day.goes_on(pause).await;
        let mischief = chance.weighed(&[
            (3, Mischief::Kill),
            (1, Mischief::CutDatabase),
            (3, Mischief::Processor("drop_reply")),
            (2, Mischief::Processor("http_500")),
            (2, Mischief::Processor("garbage")),
            (2, Mischief::Processor("refuse")),
            (3, Mischief::Processor("delay")),
            (1, Mischief::Directory("drop_reply")),
            (1, Mischief::Directory("delay")),
            (1, Mischief::Directory("duplicate")),
            (2, Mischief::Receiver("http_500")),
            (1, Mischief::Receiver("drop_reply")),
            (2, Mischief::Notifications("refuse")),
            (1, Mischief::Notifications("delay")),
            (4, Mischief::Peace),
        ]);
        let done = make(system, mischief, day, &mut chance).await;
        *harm.entry(done).or_default() += 1;
    }
    harm
}

/// Breaks one thing. Says which.
async fn make(system: &mut System, mischief: Mischief, day: &Day, chance: &mut Chance) -> String {
    let times = u32::try_from(chance.between(1, 6)).ok();
    let delay = Some(chance.between(100, 4_000));
    let (target, fault) = match mischief {
        Mischief::Kill => {
            system.kill_gateway().await;
            tokio::time::sleep(Duration::from_millis(chance.between(0, 1_000))).await;
            system.start_gateway().await;
            return "kills".to_owned();
        }
        Mischief::CutDatabase => {
            system.database.cut_connections();
            return "cuts of the database".to_owned();
        }
        Mischief::Peace => {
            system.outside.clear_faults().await;
            return "peaces".to_owned();
        }
        Mischief::Processor(fault) => (day.some_processor(chance), fault),
        Mischief::Directory(fault) => ("directory", fault),
        Mischief::Receiver(fault) => ("merchant", fault),
        Mischief::Notifications(fault) => ("notifications", fault),
    };
    let milliseconds = delay.filter(|_| fault == "delay");
    system.outside.fault(target, fault, times, milliseconds).await;
    format!("{target} {fault}")
}

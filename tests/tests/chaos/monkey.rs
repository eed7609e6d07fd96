//! What goes wrong: one thing after the other while the shoppers shop.

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
    Peace,
}

/// Breaks things until the day is over.
pub async fn rage(system: &mut System, day: &Day, mut chance: Chance) {
    let processors = system
        .database
        .ask("SELECT DISTINCT processor_name FROM connections ORDER BY 1");
    let processors: Vec<&str> = processors.lines().collect();
    while !day.is_over() {
        let pause = Duration::from_millis(chance.between(200, 1_500));
        tokio::time::sleep(pause).await;
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
            (4, Mischief::Peace),
        ]);
        make(system, mischief, &processors, &mut chance).await;
    }
    system.outside.clear_faults().await;
}

async fn make(system: &mut System, mischief: Mischief, processors: &[&str], chance: &mut Chance) {
    let times = u32::try_from(chance.between(1, 6)).ok();
    let delay = Some(chance.between(100, 4_000));
    match mischief {
        Mischief::Kill => {
            system.kill_gateway().await;
            tokio::time::sleep(Duration::from_millis(chance.between(0, 1_000))).await;
            system.start_gateway().await;
        }
        Mischief::CutDatabase => {
            system.database.cut_connections();
        }
        Mischief::Processor(fault) => {
            let index = usize::try_from(chance.below(processors.len() as u64)).unwrap_or_default();
            let target = processors[index];
            let milliseconds = delay.filter(|_| fault == "delay");
            system.outside.fault(target, fault, times, milliseconds).await;
        }
        Mischief::Directory(fault) => {
            let milliseconds = delay.filter(|_| fault == "delay");
            system
                .outside
                .fault("directory", fault, times, milliseconds)
                .await;
        }
        Mischief::Receiver(fault) => system.outside.fault("merchant", fault, times, None).await,
        Mischief::Peace => system.outside.clear_faults().await,
    }
}

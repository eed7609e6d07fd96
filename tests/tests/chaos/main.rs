//! Chaos, with the real processes: shoppers and merchants do ten thousand things while processors, directory servers and
//! webhook receivers fail, database connections break and the gateway is killed and started again. In the end, when
//! everything has come to rest, the processors' ledger, the database and what merchants were told must agree.
//!
//! What is bought, with which card, what is done with it afterwards and what goes wrong when follows from a seed, which is
//! printed; how it all interleaves is up to the machine. `PASARELA_CHAOS_OPERATIONS` and `PASARELA_CHAOS_SEED` set how
//! much, and what. [`shopper`] does things, [`monkey`] breaks things, [`books`] holds the accounts against each other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "this is test code: it may panic, and looks at the system's clock"
)]

mod books;
mod chance;
mod ledger;
mod monkey;
mod shopper;

use chance::Chance;
use shopper::{Day, shop};
use std::sync::Arc;
use std::time::Instant;
use tests::system::System;

/// So that `make test` is not held up; `make chaos` does ten thousand, beside nothing else.
const OPERATIONS: u64 = 200;
/// How many operations each shopper is to do, and how many shoppers there are at least and at most.
const OPERATIONS_EACH: u64 = 10;
const SHOPPERS: std::ops::RangeInclusive<u64> = 16..=96;

const SETTINGS: &str = "
[transport]
connect_timeout_ms = 1000
charge_timeout_ms = 2000
[payments]
charge_lease_seconds = 4
authentication_lease_seconds = 6
page_unopened_seconds = 20
page_opened_seconds = 30
inquiry_pause_max_seconds = 5
[three_ds]
directory_connect_seconds = 1
directory_read_seconds = 2
[webhooks]
attempt_timeout_ms = 2000
lease_seconds = 17
";

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().expect("a number"))
}

fn seed_of_the_day() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_chaos_ledger_database_and_webhooks_agree() {
    let operations = setting("PASARELA_CHAOS_OPERATIONS").unwrap_or(OPERATIONS);
    let seed = setting("PASARELA_CHAOS_SEED").unwrap_or_else(seed_of_the_day);
    eprintln!("chaos: {operations} operations; again: PASARELA_CHAOS_SEED={seed} make chaos");
    silence_shoppers();

    let mut system = System::start_with(SETTINGS).await;
    let processors = system
        .database
        .ask("SELECT DISTINCT processor_name FROM connections ORDER BY 1");
    let day = Arc::new(Day::new(
        operations,
        processors.lines().map(str::to_owned).collect(),
    ));
    let began = Instant::now();
    let mut chance = Chance::new(seed);
    let shoppers = (operations / OPERATIONS_EACH).clamp(*SHOPPERS.start(), *SHOPPERS.end());
    let shoppers: Vec<_> = (0..shoppers)
        .map(|_| {
            let chance = Chance::new(chance.next());
            tokio::spawn(shop(
                system.merchant.clone(),
                system.cardholder.clone(),
                Arc::clone(&day),
                chance,
            ))
        })
        .collect();
    let harm = monkey::rage(&mut system, &day, chance).await;
    for shopper in shoppers {
        shopper.await.expect("a shopper who lived");
    }
    system.outside.clear_faults().await;
    let busy = began.elapsed();
    eprintln!("chaos: {} in {} s; {harm:?}", day.summary(), busy.as_secs());

    books::come_to_rest(&system).await;
    eprintln!("chaos: at rest after {} s", began.elapsed().as_secs());
    let compared = books::assert_agreement(&system).await;
    eprintln!(
        "chaos: after {} s all of these agree: {compared}",
        began.elapsed().as_secs()
    );
    system.finish().await;
}

/// A browser whose gateway dies panics, as in any other test; here that is no news.
fn silence_shoppers() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some("tokio-rt-worker") {
            loud(info);
        }
    }));
}

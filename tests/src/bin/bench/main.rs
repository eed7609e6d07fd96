//! `make bench`: what a purchase costs and how long it takes, as JSON on standard output; progress goes to standard
//! error.
//!
//! A whole system is started, every part a process of its own, with the database that `DATABASE_URL` names; below
//! `sandbox with-postgres --durable` that is one that commits as in production. [`purchases`] makes the load, [`receiver`]
//! is the merchant's server that the webhooks reach, [`meters`] reads what everybody used, [`plain_commits`] is the
//! yardstick of the same minute, [`authentications`] the load of shops that only want 3-D Secure, [`waiting`] the crowd of
//! Get Order clients, [`webhooks`] the dispatcher by itself, [`challenges`] the access control server by itself, [`budgets`] what is
//! aimed at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement may panic, has a clock and HTTP clients of its own, and its figures go to standard output"
)]

mod authentications;
mod budgets;
mod challenges;
mod latencies;
mod meters;
mod plain_commits;
mod purchases;
mod receiver;
mod waiting;
mod webhooks;

use std::time::Duration;

use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tests::system::System;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::authentications::Requestor;
use crate::meters::Meters;
use crate::purchases::Shop;
use crate::receiver::Receiver;

/// Clients of the closed loops; the largest number is the one the budgets are about.
const CLIENTS: [usize; 3] = [1, 8, 32];
/// Purchases before anything is measured fill caches, pools and the planner's statistics.
const WARM_UP_CLIENTS: usize = 8;
/// Transactions left open to see what one takes.
const OPEN_TRANSACTIONS: u32 = 2_000;
/// The open loop's rate, of the best closed loop's.
const HALF: f64 = 0.5;

/// Measures a gateway against its budgets. Wants a quiet machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long each step measures.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How many clients wait with Get Order at the same time; 0 leaves that step out.
    #[arg(long, default_value_t = 10_000)]
    waiting: usize,
    /// Sends X-Idempotency-Key with every purchase.
    #[arg(long)]
    idempotency_keys: bool,
    /// Measures webhooks alone.
    #[arg(long)]
    webhooks_only: bool,
    /// Measures the access control server alone.
    #[arg(long)]
    acs_only: bool,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let step = Duration::from_secs(arguments.seconds.max(1));
    // Before any child is started, which inherits it.
    let files = open_files();
    if arguments.acs_only {
        say("starting database and access control server");
        let figures = json!({
            "setting": {
                "at": OffsetDateTime::now_utc().format(&Rfc3339).unwrap(),
                "cores": std::thread::available_parallelism().map_or(0, usize::from),
                "load_average": meters::load_average(),
                "seconds_per_step": arguments.seconds,
            },
            "challenges": challenges::measure(step).await,
        });
        println!("{figures:#}");
        return;
    }
    say("starting database, sandbox and gateway");
    let receiver = Receiver::open().await;
    let system = System::start_with("").await;
    let meters = Meters::of(&system);
    if arguments.webhooks_only {
        let figures = json!({
            "setting": setting(&arguments, files, &meters).await,
            "plain_commits": plain_commits::measure(&meters, CLIENTS[1], step / 4).await,
            "webhooks": webhooks::measure(&system, &meters, step).await,
            "memory_mb": meters.memory(),
        });
        println!("{figures:#}");
        return;
    }
    let shop = Shop::new(&system, &receiver, arguments.idempotency_keys);

    let memory_at_start = meters.memory();
    say("warming up");
    shop.closed_loop(WARM_UP_CLIENTS, step / 2).await;

    say("plain durable commits");
    let mut plain = Vec::new();
    for clients in CLIENTS {
        plain.push(plain_commits::measure(&meters, clients, step / 4).await);
    }

    meters.settle().await;
    let mut closed = Vec::new();
    let mut best = 0.0_f64;
    for clients in CLIENTS {
        say(&format!("purchases, {clients} at a time"));
        let run = meters.around(shop.closed_loop(clients, step)).await;
        best = best.max(run.load.per_second());
        let mut figures = run.figures();
        figures["clients"] = clients.into();
        closed.push(figures);
    }
    say(&format!("purchases, {:.0} a second", best * HALF));
    let run = meters.around(shop.open_loop(best * HALF, step)).await;
    let mut open = run.figures();
    open["per_second_asked_for"] = latencies::rounded(best * HALF).into();
    let requestor = Requestor::new(&system);
    requestor.closed_loop(WARM_UP_CLIENTS, step / 4).await;
    let mut authentications = Vec::new();
    for clients in CLIENTS {
        say(&format!("authentications, {clients} at a time"));
        let mut figures = meters
            .around(requestor.closed_loop(clients, step))
            .await
            .figures();
        figures["clients"] = clients.into();
        authentications.push(figures);
    }
    say("open transactions of the 3DS Server API");
    let open_transaction = requestor
        .bytes_per_open_transaction(&meters, OPEN_TRANSACTIONS)
        .await
        .unwrap();
    let memory_after = meters.memory();

    let waiting = if arguments.waiting == 0 {
        Value::Null
    } else {
        say(&format!("{} clients waiting with Get Order", arguments.waiting));
        waiting::measure(&system, &meters, arguments.waiting).await
    };

    let webhooks = webhooks::measure(&system, &meters, step).await;

    let mut figures = json!({
        "setting": setting(&arguments, files, &meters).await,
        "plain_commits": plain,
        "purchases": { "closed_loop": closed, "open_loop_at_half": open },
        "authentications": authentications,
        "open_transaction_bytes": open_transaction,
        "memory_mb": { "at_start": memory_at_start, "after_load": memory_after },
        "waiting_clients": waiting,
        "webhooks": webhooks,
    });
    figures["budgets"] = budgets::compare(&figures);
    println!("{figures:#}");
    // Before the database goes, and with nobody left who would be surprised by that.
    drop(meters);
    drop(system);
}

/// Where and how it was measured.
async fn setting(arguments: &Arguments, files: Option<u64>, meters: &Meters) -> Value {
    json!({
        "at": OffsetDateTime::now_utc().format(&Rfc3339).unwrap(),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "load_average": meters::load_average(),
        "open_files_limit": files,
        "seconds_per_step": arguments.seconds,
        "idempotency_keys": arguments.idempotency_keys,
        "postgres": meters.postgres_settings().await,
        "note": "every part, the load included, shares the cores; a purchase is a one-step V2 call with our own 3DS \
                 (frictionless), one charge and one webhook",
    })
}

/// Raises the limit of open files to what is allowed; answers what it then is.
fn open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

fn say(line: &str) {
    eprintln!("bench: {line}");
}

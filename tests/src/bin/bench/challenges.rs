//! The load of an access control server by itself: challenges the whole way, and a flood that must hurt nobody else.
//!
//! A challenge is an AReq, the CReq of a browser, the code that the message brings, the form with it, the CRes, and the
//! RReq that the directory server acknowledges. Directory server, phone network and browsers are in this process, so their
//! processor time is told apart from the server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::access_control::AccessControl;
use tests::access_control::bank::{Bank, Holder};
use tests::access_control::browser::Browser;
use tokio::task::JoinSet;

use crate::latencies::{Latencies, rounded};
use crate::meters::{family_cpu_ms, own_cpu_ms, resident_mb};

/// Clients of the closed loops.
const CLIENTS: [usize; 3] = [1, 8, 32];
/// Holders of the bank that floods and the others share: each of the others pays a few times at most.
const OTHERS: u32 = 200;
/// Challenges a second of the others, while there is a flood and while there is none.
const OTHERS_PER_SECOND: f64 = 10.0;
/// Browsers that flood with one card, and how long each rests between two presses: a flood of messages, and not of
/// requests, which nothing but more machines or a proxy in front helps against.
const FLOODING: usize = 8;
const REST: Duration = Duration::from_millis(100);
/// Messages that one card may have: the limit that the flood meets.
const MESSAGES_OF_ONE_CARD: u32 = 5;

/// What a load came to.
#[derive(Debug, Default)]
struct Challenges {
    completed: usize,
    failures: Vec<String>,
    took: Duration,
    /// From the AReq to the first screen.
    first_screen: Latencies,
    /// From the first screen to the message, as the cardholder waits for it.
    message: Latencies,
    /// From the AReq to the CRes, the cardholder typing at once.
    whole: Latencies,
}

/// One challenge that went well.
struct Passed {
    first_screen: Duration,
    message: Duration,
    whole: Duration,
}

/// All figures.
pub async fn measure(step: Duration) -> Value {
    let acs = Arc::new(AccessControl::start("[telemetry]\nlog = \"warn\"\n").await);
    let unlimited = json!({ "limits": {
        "sends_per_phone": [], "sends_per_card": [], "challenges_per_address": [],
    } });
    let bank = Bank::open(&acs, 1, &unlimited).await;
    let holders = Arc::new(bank.register(&acs, CLIENTS[2] as u32).await);
    crate::say("challenges: warming up");
    closed_loop(&acs, &holders, CLIENTS[1], step / 4).await;
    let mut closed = Vec::new();
    for clients in CLIENTS {
        crate::say(&format!("challenges, {clients} at a time"));
        let before = Used::now(&acs);
        let load = closed_loop(&acs, &holders, clients, step).await;
        let mut figures = Used::now(&acs).since(&before, load.completed);
        figures["clients"] = clients.into();
        merge(&mut figures, load.figures());
        closed.push(figures);
    }
    let limited = json!({
        "otp": { "resends": 5, "resend_waits_seconds": [0] },
        "limits": {
            "sends_per_phone": [],
            "sends_per_card": [{ "count": MESSAGES_OF_ONE_CARD, "seconds": 600 }],
            "challenges_per_address": [],
            "sends_per_issuer": [{ "count": 1_000_000, "seconds": 86_400 }],
        },
    });
    let bank = Bank::open(&acs, 2, &limited).await;
    let flood = flood(&acs, &bank, step).await;
    json!({
        "closed_loop": closed,
        "flood": flood,
        "memory_mb": resident_mb(acs.process_id()),
    })
}

/// That many cardholders, each with a card and a phone of their own, who pay again as soon as they have.
async fn closed_loop(
    acs: &Arc<AccessControl>,
    holders: &Arc<Vec<Holder>>,
    clients: usize,
    time: Duration,
) -> Challenges {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..clients {
        let (acs, holders) = (Arc::clone(acs), Arc::clone(holders));
        running.spawn(async move {
            let mut outcomes = Vec::new();
            while began.elapsed() < time {
                outcomes.push(pass(&acs, &holders[number]).await);
            }
            outcomes
        });
    }
    let outcomes = running.join_all().await.into_iter().flatten();
    Challenges::of(outcomes, began.elapsed())
}

/// The others' challenges alone, then beside browsers that ask for one code after the other with one card.
async fn flood(acs: &Arc<AccessControl>, bank: &Bank, step: Duration) -> Value {
    let mut holders = bank.register(acs, OTHERS + 1).await;
    let flooded = holders.pop().expect("a holder");
    let holders = Arc::new(holders);
    crate::say("others alone");
    let alone = paced(acs, &holders, 0, step).await;
    crate::say("others beside a flood of resends for one card");
    let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut flooding = JoinSet::new();
    for _ in 0..FLOODING {
        let (acs, flooded, over, asked) = (Arc::clone(acs), flooded.clone(), over.clone(), asked.clone());
        flooding.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                // Whatever comes of it, the next one is tried.
                let _ = ask_for_codes(&acs, &flooded, &asked).await;
                tokio::time::sleep(REST).await;
            }
        });
    }
    let began = Instant::now();
    let first = alone.completed + alone.failures.len();
    let beside = paced(acs, &holders, first, step).await;
    over.store(true, Ordering::Relaxed);
    flooding.join_all().await;
    let asked = asked.load(Ordering::Relaxed);
    json!({
        "codes_asked_for": asked,
        "codes_asked_for_per_second": rounded(asked as f64 / began.elapsed().as_secs_f64()),
        "messages_sent": acs.surroundings.messages(&flooded.phone),
        "messages_allowed": MESSAGES_OF_ONE_CARD,
        "others_alone": alone.figures(),
        "others_beside_it": beside.figures(),
    })
}

/// One challenge of the flood: its first code and as many more as there are.
async fn ask_for_codes(acs: &AccessControl, flooded: &Holder, asked: &AtomicUsize) -> Result<(), String> {
    let mut browser = Browser::challenged(acs, flooded).await?;
    asked.fetch_add(1, Ordering::Relaxed);
    for _ in 0..5 {
        tokio::time::sleep(REST).await;
        browser.asks_again().await?;
        asked.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// So many challenges a second, each of the next holder.
async fn paced(
    acs: &Arc<AccessControl>,
    holders: &Arc<Vec<Holder>>,
    first: usize,
    time: Duration,
) -> Challenges {
    let mut running = JoinSet::new();
    let began = Instant::now();
    let count = (time.as_secs_f64() * OTHERS_PER_SECOND) as usize;
    for number in 0..count {
        tokio::time::sleep_until((began + time.mul_f64(number as f64 / count as f64)).into()).await;
        let (acs, holders) = (Arc::clone(acs), Arc::clone(holders));
        running.spawn(async move { pass(&acs, &holders[(first + number) % holders.len()]).await });
    }
    Challenges::of(running.join_all().await, began.elapsed())
}

/// A challenge to its end, the result included.
async fn pass(acs: &AccessControl, holder: &Holder) -> Result<Passed, String> {
    let began = Instant::now();
    let mut browser = Browser::challenged(acs, holder).await?;
    let first_screen = began.elapsed();
    let code = browser.code().await?;
    let message = began.elapsed() - first_screen;
    browser.types(&code).await?;
    let whole = began.elapsed();
    if browser.trans_status().as_deref() != Some("Y") {
        return Err(format!("not passed: {}", browser.page.html));
    }
    let (result, _) = acs.surroundings.result_of(&browser.acs_trans_id).await?;
    if result["transStatus"] != "Y" {
        return Err(format!("another result: {result}"));
    }
    Ok(Passed {
        first_screen,
        message,
        whole,
    })
}

impl Challenges {
    fn of(outcomes: impl IntoIterator<Item = Result<Passed, String>>, took: Duration) -> Self {
        let mut load = Self {
            took,
            ..Self::default()
        };
        for outcome in outcomes {
            match outcome {
                Ok(passed) => {
                    load.completed += 1;
                    load.first_screen.push(passed.first_screen);
                    load.message.push(passed.message);
                    load.whole.push(passed.whole);
                }
                Err(why) => load.failures.push(why),
            }
        }
        load
    }

    fn figures(self) -> Value {
        let mut figures = json!({
            "completed": self.completed,
            "failures": self.failures.len(),
            "per_second": rounded(self.completed as f64 / self.took.as_secs_f64().max(f64::EPSILON)),
            "first_screen_ms": self.first_screen.figures(),
            "message_ms": self.message.figures(),
            "whole_ms": self.whole.figures(),
        });
        if let Some(why) = self.failures.first() {
            figures["first_failure"] = why.chars().take(1_000).collect::<String>().into();
        }
        figures
    }
}

/// Processor time so far.
struct Used {
    acs_ms: u64,
    postgres_ms: u64,
    bench_ms: u64,
}

impl Used {
    fn now(acs: &AccessControl) -> Self {
        let postgres = std::env::var("PASARELA_POSTGRES_PID")
            .ok()
            .and_then(|id| id.parse().ok());
        Self {
            acs_ms: own_cpu_ms(acs.process_id()),
            postgres_ms: postgres.map(family_cpu_ms).unwrap_or_default(),
            bench_ms: own_cpu_ms(std::process::id()),
        }
    }

    fn since(&self, before: &Self, completed: usize) -> Value {
        let each =
            |now: u64, before: u64| rounded(now.saturating_sub(before) as f64 / completed.max(1) as f64);
        json!({ "cpu_ms_each": {
            "acs": each(self.acs_ms, before.acs_ms),
            "postgres": each(self.postgres_ms, before.postgres_ms),
            "bench": each(self.bench_ms, before.bench_ms),
        } })
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

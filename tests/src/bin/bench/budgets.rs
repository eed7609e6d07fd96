//! What is aimed at, beside what was measured.

use serde_json::{Value, json};

use crate::latencies::rounded;

/// Whether more is better.
#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// Every budget that was measured with its figure and the ratio of the two: figure over goal.
pub fn compare(figures: &Value) -> Value {
    let number = |pointer: &str| figures.pointer(pointer).and_then(Value::as_f64);
    let busy = "/purchases/closed_loop/2";
    let of_busy = |name: &str| number(&format!("{busy}/{name}"));
    let half = "/purchases/open_loop_at_half";
    let simulators = number(&format!("{half}/simulators_ms_each"));
    // The simulators' mean is taken off, so that what they are slower now and then counts against us.
    let added = |name: &str| Some(number(&format!("{half}/call_ms/{name}"))? - simulators?);
    let rows = [
        (
            "writing transactions per purchase, 32 clients",
            Goal::AtMost(4.0),
            of_busy("writing_transactions_each"),
        ),
        (
            "gateway CPU ms per purchase, 32 clients",
            Goal::AtMost(0.5),
            of_busy("cpu_ms_each/gateway"),
        ),
        (
            "Postgres CPU ms per purchase, 32 clients",
            Goal::AtMost(0.6),
            of_busy("cpu_ms_each/postgres"),
        ),
        (
            "purchases per second, 32 clients",
            Goal::AtLeast(1_000.0),
            of_busy("per_second"),
        ),
        (
            "latency added at half load, p50 ms",
            Goal::AtMost(3.0),
            added("p50"),
        ),
        (
            "latency added at half load, p99 ms",
            Goal::AtMost(10.0),
            added("p99"),
        ),
        (
            "WAL bytes per purchase, 32 clients",
            Goal::AtMost(8_192.0),
            of_busy("log_bytes_each"),
        ),
        (
            "authentications per second of gateway CPU, 3DS Server API, 32 clients",
            Goal::AtLeast(2_000.0),
            number("/authentications/2/cpu_ms_each/gateway").map(|milliseconds| 1_000.0 / milliseconds),
        ),
        (
            "resident MB idle, after the load",
            Goal::AtMost(60.0),
            number("/memory_mb/after_load/gateway"),
        ),
        (
            "resident MB with waiting clients",
            Goal::AtMost(200.0),
            number("/waiting_clients/gateway_memory_mb/with_everybody_waiting"),
        ),
    ];
    rows.into_iter()
        .map(|(what, goal, measured)| {
            let (kind, goal_value) = match goal {
                Goal::AtMost(value) => ("at_most", value),
                Goal::AtLeast(value) => ("at_least", value),
            };
            json!({
                "what": what,
                kind: goal_value,
                "measured": measured.map(rounded),
                "ratio": measured.map(|it| rounded(it / goal_value)),
                "met": measured.map(|it| match goal {
                    Goal::AtMost(value) => it <= value,
                    Goal::AtLeast(value) => it >= value,
                }),
            })
        })
        .collect()
}

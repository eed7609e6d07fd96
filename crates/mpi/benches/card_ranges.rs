//! What 200,000 card ranges cost: time to load them from a PRes, memory, and the time to find a card's range. Prints JSON.
//!
//!     cargo bench -p mpi --bench card_ranges
//!
//! The PRes is made while it is read, so that what the process grows by is the cache alone.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may panic, and its figures go to standard output"
)]

use emv3ds::{ThreeDsServerTransId, Version, code::AcsInfoInd};
use mpi::{
    CardRanges, Timers,
    card_range::{
        LastPreq, Limits,
        exchange::{Outcome, answer, question},
        next_preq,
    },
    request::ServerIdentity,
};
use primitives::Pan;
use serde_json::{Value, json};
use std::{
    fs,
    hint::black_box,
    io::{self, Read},
    time::Instant,
};
use time::macros::datetime;
use uuid::Uuid;

const ENTRIES: u64 = 200_000;
/// Issuers' processors, each with a 3DS Method of its own.
const ACSS: u64 = 300;
const FIRST: u64 = 4_000_000_000_000_000;
/// Account numbers in a range, and from one range to the next.
const WIDTH: u64 = 1_000_000;
const STEP: u64 = 2_000_000;
const LOOKUPS: u64 = 2_000_000;
const ID: ThreeDsServerTransId = ThreeDsServerTransId(Uuid::from_u128(1));

/// A PRes that is made as it is read.
struct Made {
    next: u64,
    version: Version,
    piece: io::Cursor<Vec<u8>>,
    bytes: u64,
}

impl Made {
    fn new(version: Version) -> Self {
        let mut head = json!({
            "messageType": "PRes", "messageVersion": version, "threeDSServerTransID": ID,
            "dsTransID": Uuid::from_u128(2), "serialNum": "1",
        });
        if version == Version::V2_3_1 {
            head["dsProtocolVersions"] = json!(["2.1.0", "2.2.0", "2.3.1"]);
        } else {
            head["dsStartProtocolVersion"] = json!("2.1.0");
            head["dsEndProtocolVersion"] = json!("2.3.1");
        }
        let mut head = head.to_string();
        head.pop();
        Self {
            next: 0,
            version,
            piece: io::Cursor::new((head + r#","cardRangeData":["#).into_bytes()),
            bytes: 0,
        }
    }

    fn entry(&self) -> Value {
        let start = FIRST + self.next * STEP;
        let method = format!("https://acs{}.example/3ds/method", self.next % ACSS);
        let (start, end) = (start.to_string(), (start + WIDTH - 1).to_string());
        let abilities = [AcsInfoInd::AuthenticationAvailable, AcsInfoInd::AttemptsSupported];
        if self.version == Version::V2_3_1 {
            json!({
                "ranges": [{ "startRange": start, "endRange": end }], "actionInd": "A",
                "acsProtocolVersions": [
                    { "version": "2.1.0", "threeDSMethodURL": method, "acsInfoInd": abilities },
                    { "version": "2.2.0", "threeDSMethodURL": method, "acsInfoInd": abilities },
                    { "version": "2.3.1", "threeDSMethodURL": method, "acsInfoInd": abilities },
                ],
                "issuerCountryCode": "484",
            })
        } else {
            json!({
                "startRange": start, "endRange": end, "actionInd": "A", "acsStartProtocolVersion": "2.1.0",
                "acsEndProtocolVersion": "2.2.0", "threeDSMethodURL": method, "acsInfoInd": abilities,
            })
        }
    }
}

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = self.piece.read(buffer)?;
        if read == 0 && self.next <= ENTRIES {
            let text = if self.next == ENTRIES {
                "]}".to_owned()
            } else {
                let comma = if self.next == 0 { "" } else { "," };
                format!("{comma}{}", self.entry())
            };
            self.next += 1;
            self.piece = io::Cursor::new(text.into_bytes());
            read = self.piece.read(buffer)?;
        }
        self.bytes += u64::try_from(read).unwrap();
        Ok(read)
    }
}

fn load(version: Version, body: impl Read) -> CardRanges {
    let empty = CardRanges::default();
    let server = ServerIdentity {
        reference_number: "3DS_LOA_SER_1".into(),
        operator_id: None,
        results_url: "https://mpi.example/results".into(),
    };
    let next = next_preq(LastPreq::Never, &empty, &Timers::default());
    let asked = question(ID, &server, &next, &empty, &[version]).unwrap();
    let now = datetime!(2026-11-22 00:00 UTC);
    match answer(&asked, body, &empty, &Limits::default(), now).unwrap() {
        (Outcome::Applied(ranges, _), _) => *ranges,
        (other, _) => panic!("{other:?}"),
    }
}

/// Resident memory of this process, in bytes.
fn resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn measured(version: Version) -> Value {
    // How long the making takes by itself is taken off.
    let began = Instant::now();
    let mut made = Made::new(version);
    io::copy(&mut made, &mut io::sink()).unwrap();
    let (making, document_bytes) = (began.elapsed(), made.bytes);

    let before = resident_bytes();
    let began = Instant::now();
    let ranges = load(version, Made::new(version));
    let loading = began.elapsed().saturating_sub(making);
    let grown = resident_bytes().saturating_sub(before);

    let began = Instant::now();
    let chunks: Vec<_> = ranges.stored().chunks().collect();
    let again = CardRanges::from_stored(ranges.header().clone(), chunks).unwrap();
    let storing = began.elapsed();
    assert_eq!(again.len(), ranges.len());
    drop(again);

    let cards: Vec<Pan> = cards(1 << 14);
    let mut found = 0_u64;
    let began = Instant::now();
    for round in 0..LOOKUPS {
        let at = usize::try_from(round).unwrap() % cards.len();
        found += u64::from(black_box(ranges.lookup(black_box(&cards[at]))).is_some());
    }
    let looking = began.elapsed();
    assert!(found > 0 && found < LOOKUPS);

    let per_10_000 = |bytes: u64| bytes * 10_000 / ENTRIES;
    json!({
        "version": version,
        "ranges": ranges.len(),
        "combinations": ranges.combinations(),
        "document_bytes": document_bytes,
        "load_ms": loading.as_millis(),
        "lookup_ns": u64::try_from(looking.as_nanos()).unwrap() / LOOKUPS,
        "store_and_restore_ms": storing.as_millis(),
        "bytes_per_10000_ranges": {
            "by_capacity": per_10_000(u64::try_from(ranges.resident_bytes()).unwrap()),
            "by_resident_memory": per_10_000(grown),
        },
    })
}

/// Cards all over the ranges and the gaps between them, in no order.
fn cards(count: u64) -> Vec<Pan> {
    let space = ENTRIES * STEP;
    (0..count)
        .filter_map(|n| {
            let number = FIRST + n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % space;
            (0..10).find_map(|digit| Pan::parse(&(number / 10 * 10 + digit).to_string()).ok())
        })
        .collect()
}

fn main() {
    let figures: Vec<Value> = [Version::V2_3_1, Version::V2_2_0].map(measured).into();
    println!(
        "{:#}",
        json!({ "card_ranges": figures, "published_elsewhere_bytes_per_10000": 3_204 * 1024 })
    );
}

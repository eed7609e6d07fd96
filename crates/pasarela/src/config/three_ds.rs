//! `[three_ds]`: our 3DS Server, but for where its results come ([`super::results`]).

use super::{
    ThreeDs,
    read::{seconds, section},
};
use emv3ds::Version;
use mpi::{Timers, card_range::Limits as CardRangeLimits};
use orchestrator::flows::card_ranges::CardRangeSettings;
use payments::fields::{Fields, Problems, integer, list, parsed, text};
use std::time::Duration;

/// Reads the section.
pub(super) fn read(root: &Fields<'_>, problems: &mut Problems) -> Option<ThreeDs> {
    let known = [
        "reference_number",
        "versions",
        "method_seconds",
        "method_2_3_1_seconds",
        "challenge_seconds",
        "first_creq_seconds",
        "results_answer_seconds",
        "directory_connect_seconds",
        "directory_read_seconds",
        "decoupled_grace_seconds",
        "decoupled_fallback_seconds",
        "transaction_seconds",
        "card_ranges_refresh_seconds",
        "card_ranges_pause_seconds",
        "card_ranges_full_pause_seconds",
        "card_ranges_retry_seconds",
        "card_ranges_transfer_seconds",
        "card_ranges_body_max_bytes",
        "card_ranges_max",
        "results",
    ];
    let fields = section(root, "three_ds", &known, problems)?;
    let reference_number = fields.need("reference_number", text(32), problems);
    let version = parsed(|text| Version::parse(text).ok_or("must be one of 2.1.0, 2.2.0, 2.3.1"));
    let versions = fields.need("versions", list(1..=Version::ALL.len(), version), problems);
    let card_ranges = card_ranges(&fields, problems);
    let mut read = |name| seconds(&fields, name, problems);
    let timers = (
        (
            read("method_seconds"),
            read("method_2_3_1_seconds"),
            read("challenge_seconds"),
            read("first_creq_seconds"),
        ),
        (
            read("results_answer_seconds"),
            read("directory_connect_seconds"),
            read("directory_read_seconds"),
        ),
        (
            read("decoupled_grace_seconds"),
            read("decoupled_fallback_seconds"),
            read("transaction_seconds"),
        ),
        (
            read("card_ranges_refresh_seconds"),
            read("card_ranges_pause_seconds"),
            read("card_ranges_full_pause_seconds"),
            read("card_ranges_retry_seconds"),
        ),
    );
    let ((method, method_2_3_1, challenge, first_creq), exchange, (grace, fallback, whole), ranges) = timers;
    let (answer, connect, directory) = exchange;
    let timers = Timers {
        method_seconds: method?,
        method_2_3_1_seconds: method_2_3_1?,
        directory_connect_seconds: connect?,
        directory_read_seconds: directory?,
        challenge_seconds: challenge?,
        first_creq_seconds: first_creq?,
        results_answer_seconds: answer?,
        decoupled_grace_seconds: grace?,
        decoupled_fallback_seconds: fallback?,
        transaction_seconds: whole?,
        card_ranges_refresh_seconds: ranges.0?,
        card_ranges_pause_seconds: ranges.1?,
        card_ranges_full_pause_seconds: ranges.2?,
        card_ranges_retry_seconds: ranges.3?,
    };
    Some(ThreeDs {
        reference_number: reference_number?,
        versions: versions?,
        timers,
        card_ranges: card_ranges?,
    })
}

fn card_ranges(fields: &Fields<'_>, problems: &mut Problems) -> Option<CardRangeSettings> {
    let transfer_max = seconds(fields, "card_ranges_transfer_seconds", problems);
    let body_max_bytes = fields.need(
        "card_ranges_body_max_bytes",
        integer(1_024..=(1_u64 << 40)),
        problems,
    );
    let ranges_max = fields.need("card_ranges_max", integer(1..=100_000_000), problems);
    Some(CardRangeSettings {
        limits: CardRangeLimits {
            body_max_bytes: body_max_bytes?,
            ranges_max: ranges_max?,
        },
        transfer_max: Duration::from_secs(transfer_max?.into()),
    })
}

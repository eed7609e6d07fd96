//! The conformance suite on paper: messages as a peer may send them, what the reference says becomes of each, and that
//! every row of every element table is needed for it.
//!
//! Nothing here reads the tables of the crate for what it expects. The sheets ([`areq`], [`answers`], …) say in the
//! reference's words which element each message has in which version and channel and what its value looks like; from
//! each line follow cases at every bound ([`sheet`]). What hangs on other elements, on the request or on JSON itself is
//! written out case by case ([`conditions`], [`replies`], [`general`]).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "the suite prints its table of areas")]

use std::collections::BTreeMap;

mod ablation;
mod answers;
mod areq;
mod browser;
mod case;
mod conditions;
mod general;
mod looks;
mod objects;
mod preparation;
mod replies;
mod results;
mod sheet;

use case::Case;

/// Every case that is held against the tables.
fn cases() -> Vec<Case> {
    let mut cases = general::cases();
    for sheet in [
        areq::sheets(),
        answers::sheets(),
        browser::sheets(),
        results::sheets(),
        preparation::sheets(),
    ]
    .into_iter()
    .flatten()
    {
        cases.extend(sheet.cases());
    }
    cases.extend(conditions::cases());
    cases
}

#[test]
fn what_becomes_of_every_message_is_what_the_reference_says() {
    let wrong: Vec<String> = cases().iter().filter_map(|case| case.judged().err()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases().len(),
        wrong.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn every_reply_is_judged_by_its_request_as_the_reference_says() {
    for reply in replies::all() {
        reply.judge();
    }
}

#[test]
fn every_case_names_its_section_and_every_area_has_its_count() {
    let mut areas: BTreeMap<(String, &str), [usize; 4]> = BTreeMap::new();
    let paper = cases();
    let replies = replies::all();
    let columns = paper
        .iter()
        .map(|case| (case.area, case.section, case.version.as_str()))
        .chain(
            replies
                .iter()
                .map(|reply| (reply.area(), reply.section, reply.version())),
        );
    for (area, section, version) in columns {
        assert!(section.starts_with("emv-3ds "), "{area}: {section}");
        let counts = areas.entry((format!("{section:<14}"), area)).or_default();
        let column = ["2.1.0", "2.2.0", "2.3.1"]
            .iter()
            .position(|one| *one == version)
            .unwrap();
        counts[column] += 1;
        counts[3] += 1;
    }
    let mut table = format!(
        "{:<14} {:<34} {:>6} {:>6} {:>6} {:>6}\n",
        "section", "area", "2.1.0", "2.2.0", "2.3.1", "cases"
    );
    let mut total = [0; 4];
    for ((section, area), counts) in &areas {
        let [first, second, third, all] = counts;
        table += &format!("{section} {area:<34} {first:>6} {second:>6} {third:>6} {all:>6}\n");
        for (total, count) in total.iter_mut().zip(counts) {
            *total += count;
        }
    }
    let [first, second, third, all] = total;
    table += &format!(
        "{:<14} {:<34} {first:>6} {second:>6} {third:>6} {all:>6}\n",
        "", "together"
    );
    println!("{table}");
    assert!(all >= 200);
    insta::assert_snapshot!("areas", table);
}

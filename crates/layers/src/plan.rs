//! The plan of the house as data.

use std::collections::BTreeSet;

/// Which crates a crate imports. What it imports it may also use from further down that line.
pub const ARROWS: &[(&str, &[&str])] = &[
    ("primitives", &[]),
    ("emv3ds", &["primitives"]),
    ("mpi", &["emv3ds"]),
    ("acquiring", &["primitives", "mpi"]),
    ("processors", &["acquiring"]),
    ("payments", &["acquiring", "mpi"]),
    ("store", &["payments"]),
    ("webhooks", &["store"]),
    ("orchestrator", &["store"]),
    ("api", &["orchestrator"]),
    ("acs", &["emv3ds"]),
    ("pasarela", &["api", "webhooks", "processors", "acs"]),
    ("sandbox", &["emv3ds", "acs", "acquiring"]),
    // Black boxes to the gateway, of which they know the binary only. But here alone an adapter and the simulator of
    // its processor can meet, neither of which may know the other.
    ("tests", &["processors", "sandbox"]),
    ("layers", &[]),
];

/// Libraries that reach the outside world, and the only crates that may have them. Test code may, too.
pub const RESERVED: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "acs", "tests"]),
    (
        "reqwest",
        &["orchestrator", "webhooks", "acs", "sandbox", "tests"],
    ),
    ("axum", &["api", "acs", "sandbox", "tests"]),
];

/// The production binary.
pub const PRODUCTION: &str = "pasarela";

/// What the production binary must not contain, however indirectly.
pub const NEVER_IN_PRODUCTION: &[&str] = &["sandbox", "tests", "layers"];

/// The crate whose modules are the concrete processors.
pub const PROCESSORS: &str = "processors";

/// The only file outside [`PROCESSORS`] that names one of them.
pub const WIRING: (&str, &str) = (PRODUCTION, "src/wiring.rs");

/// Where the brands of cards are listed, one of which a processor may be called after.
pub const BRANDS: (&str, &str) = ("primitives", "src/card.rs");

/// The far side of the wire, which plays the processors and therefore has their names.
pub const PLAYS_PROCESSORS: &[&str] = &["sandbox", "tests"];

/// Every crate of the workspace that `name` may use, or `None` when the plan has no such crate.
pub fn may_use(name: &str) -> Option<BTreeSet<&'static str>> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&'static str> = imports(name)?.to_vec();
    while let Some(next) = ahead.pop() {
        if reached.insert(next) {
            ahead.extend(imports(next).unwrap_or_default());
        }
    }
    Some(reached)
}

fn imports(name: &str) -> Option<&'static [&'static str]> {
    ARROWS.iter().find(|(from, _)| *from == name).map(|(_, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_may_be_used_from_further_down() {
        let payments = may_use("payments").unwrap();
        assert_eq!(
            payments,
            BTreeSet::from(["acquiring", "mpi", "emv3ds", "primitives"])
        );
    }

    #[test]
    fn knowledge_flows_one_way() {
        for (from, _) in ARROWS {
            assert!(!may_use(from).unwrap().contains(from), "{from} would use itself");
        }
    }

    #[test]
    fn every_name_in_the_plan_is_a_crate_of_the_plan() {
        let known = |name: &&str| imports(name).is_some();
        assert!(ARROWS.iter().flat_map(|(_, to)| *to).all(known));
        assert!(RESERVED.iter().flat_map(|(_, by)| *by).all(known));
        assert!(NEVER_IN_PRODUCTION.iter().all(known));
    }
}

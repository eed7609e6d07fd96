//! The rules, each of which says in one line what is broken and where.

use std::collections::BTreeSet;

use crate::plan;
use crate::source;
use crate::workspace::{Room, Workspace};

/// Every broken rule, in words for whoever broke it.
pub fn broken(workspace: &Workspace) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, room) in &workspace.crates {
        arrows(workspace, name, room, &mut broken);
        reserved_libraries(name, room, &mut broken);
        processor_names(workspace, name, room, &mut broken);
    }
    production(workspace, &mut broken);
    broken
}

/// The table of who imports whom. It holds for tests as well: a crate's tests that need more than the crate belong
/// to the black-box tests.
fn arrows(workspace: &Workspace, name: &str, room: &Room, broken: &mut Vec<String>) {
    let Some(allowed) = plan::may_use(name) else {
        broken.push(format!(
            "crate `{name}` is not in the plan: add it to crates/layers/src/plan.rs and docs/ARCHITECTURE.md"
        ));
        return;
    };
    for dependency in room.dependencies.union(&room.test_dependencies) {
        if workspace.crates.contains_key(dependency) && !allowed.contains(dependency.as_str()) {
            broken.push(format!(
                "`{name}` imports `{dependency}`, which the plan does not allow"
            ));
        }
    }
}

/// Who may talk to the database, out, and in.
fn reserved_libraries(name: &str, room: &Room, broken: &mut Vec<String>) {
    for (library, holders) in plan::RESERVED {
        if !holders.contains(&name) && room.dependencies.contains(*library) {
            broken.push(format!(
                "`{name}` depends on `{library}`, which only {} may",
                holders.join(", ")
            ));
        }
        // A holder that passes its library on would make the line above worthless.
        for (path, text) in &room.sources {
            let code = source::code(text);
            let passes_on = |line: &str| {
                let line = line.trim_start();
                [
                    format!("pub use {library}"),
                    format!("pub use ::{library}"),
                    format!("pub extern crate {library}"),
                ]
                .iter()
                .any(|start| {
                    line.strip_prefix(start)
                        .is_some_and(|rest| rest.starts_with([';', ':', ' ']))
                })
            };
            for (number, _) in code.lines().enumerate().filter(|(_, line)| passes_on(line)) {
                broken.push(format!("`{name}` passes `{library}` on ({path}:{})", number + 1));
            }
        }
    }
}

/// Concrete processors are named in their own crate and where the binary is wired, nowhere else.
fn processor_names(workspace: &Workspace, name: &str, room: &Room, broken: &mut Vec<String>) {
    if name == plan::PROCESSORS || plan::PLAYS_PROCESSORS.contains(&name) || name == "layers" {
        return;
    }
    let Some(processors) = workspace.crates.get(plan::PROCESSORS) else {
        return;
    };
    let names = processors_of(processors);
    for (path, text) in &room.sources {
        let place = (name, path.as_str());
        if [plan::WIRING, plan::BRANDS].contains(&place) || source::is_test_file(path) {
            continue;
        }
        let code = source::code(text);
        for word in &names {
            for line in source::lines_with_word(&code, word) {
                broken.push(format!(
                    "`{name}` names the processor `{word}` ({path}:{line}); only the wiring may"
                ));
            }
        }
        for (number, line) in code.lines().enumerate() {
            if line.contains("processors::") {
                broken.push(format!(
                    "`{name}` names `processors::` ({path}:{}); only the wiring may",
                    number + 1
                ));
            }
        }
    }
}

/// The folders below `processors/src` are the processors.
fn processors_of(processors: &Room) -> BTreeSet<String> {
    let folder = |path: &String| {
        let (folder, _) = path.strip_prefix("src/")?.split_once('/')?;
        Some(folder.to_owned())
    };
    processors
        .sources
        .keys()
        .filter_map(folder)
        .filter(|name| name != "tests")
        .collect()
}

/// The production binary contains nothing of the far side of the wire, however indirectly.
fn production(workspace: &Workspace, broken: &mut Vec<String>) {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![(plan::PRODUCTION, plan::PRODUCTION.to_owned())];
    while let Some((name, way)) = ahead.pop() {
        if !reached.insert(name) {
            continue;
        }
        if plan::NEVER_IN_PRODUCTION.contains(&name) {
            broken.push(format!("the production binary links `{name}`: {way}"));
        }
        for next in workspace.linked.get(name).into_iter().flatten() {
            ahead.push((next, format!("{way} -> {next}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(dependencies: &[&str]) -> Room {
        Room {
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            ..Room::default()
        }
    }

    fn with_source(mut room: Room, path: &str, text: &str) -> Room {
        room.sources.insert(path.to_owned(), text.to_owned());
        room
    }

    fn workspace(crates: Vec<(&str, Room)>) -> Workspace {
        let linked = crates
            .iter()
            .map(|(name, room)| ((*name).to_owned(), room.dependencies.clone()))
            .collect();
        let crates = crates
            .into_iter()
            .map(|(name, room)| (name.to_owned(), room))
            .collect();
        Workspace { crates, linked }
    }

    fn sound() -> Vec<(&'static str, Room)> {
        vec![
            ("primitives", room(&["serde"])),
            (
                "processors",
                with_source(room(&["acquiring"]), "src/kushki/mod.rs", ""),
            ),
            ("acquiring", room(&["primitives"])),
            ("store", room(&["primitives", "sqlx"])),
            ("api", room(&["store", "axum"])),
            (
                "pasarela",
                with_source(
                    room(&["api", "processors"]),
                    "src/wiring.rs",
                    "use processors::kushki;",
                ),
            ),
            (
                "sandbox",
                with_source(
                    room(&["acquiring", "axum"]),
                    "src/processors/kushki.rs",
                    "struct Kushki;",
                ),
            ),
        ]
    }

    fn replaced(name: &'static str, by: Room) -> Workspace {
        let mut crates = sound();
        crates.retain(|(each, _)| *each != name);
        crates.push((name, by));
        workspace(crates)
    }

    #[test]
    fn a_house_as_planned_breaks_nothing() {
        assert_eq!(broken(&workspace(sound())), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_against_the_flow_is_found() {
        let broken = broken(&replaced("primitives", room(&["store"])));
        assert_eq!(
            broken,
            ["`primitives` imports `store`, which the plan does not allow"]
        );
    }

    #[test]
    fn an_arrow_of_the_tests_against_the_flow_is_found() {
        let mut acquiring = room(&["primitives"]);
        acquiring.test_dependencies.insert("processors".to_owned());
        let broken = broken(&replaced("acquiring", acquiring));
        assert_eq!(
            broken,
            ["`acquiring` imports `processors`, which the plan does not allow"]
        );
    }

    #[test]
    fn a_crate_outside_the_plan_is_found() {
        let broken = broken(&replaced("utils", room(&[])));
        assert!(
            broken.len() == 1 && broken[0].starts_with("crate `utils` is not in the plan"),
            "{broken:?}"
        );
    }

    #[test]
    fn a_library_in_the_wrong_room_is_found_but_tests_may_have_it() {
        let found = broken(&replaced("api", room(&["store", "sqlx"])));
        assert_eq!(
            found,
            ["`api` depends on `sqlx`, which only store, acs, tests may"]
        );

        let mut api = room(&["store", "axum"]);
        api.test_dependencies.insert("sqlx".to_owned());
        assert_eq!(broken(&replaced("api", api)), Vec::<String>::new());
    }

    #[test]
    fn a_library_that_is_passed_on_is_found() {
        let store = with_source(
            room(&["sqlx"]),
            "src/lib.rs",
            "// pub use sqlx;\npub use sqlx::PgPool;\nuse sqlx::query;\n",
        );
        assert_eq!(
            broken(&replaced("store", store)),
            ["`store` passes `sqlx` on (src/lib.rs:2)"]
        );
    }

    #[test]
    fn a_processor_named_outside_the_wiring_is_found() {
        let api = with_source(
            room(&["store"]),
            "src/orders/purchase.rs",
            "\nif processor == \"kushki\" {}\n",
        );
        let broken = broken(&replaced("api", api));
        assert_eq!(
            broken,
            ["`api` names the processor `kushki` (src/orders/purchase.rs:2); only the wiring may"]
        );
    }

    #[test]
    fn the_processors_crate_named_outside_the_wiring_is_found() {
        let pasarela = with_source(
            room(&["processors"]),
            "src/main.rs",
            "let all = processors::all();",
        );
        let broken = broken(&replaced("pasarela", pasarela));
        assert_eq!(
            broken,
            ["`pasarela` names `processors::` (src/main.rs:1); only the wiring may"]
        );
    }

    #[test]
    fn a_sandbox_linked_into_production_is_found_however_indirectly() {
        let mut house = workspace(sound());
        house
            .linked
            .insert("api".to_owned(), BTreeSet::from(["harmless".to_owned()]));
        house
            .linked
            .insert("harmless".to_owned(), BTreeSet::from(["sandbox".to_owned()]));
        let broken = broken(&house);
        assert_eq!(
            broken,
            ["the production binary links `sandbox`: pasarela -> api -> harmless -> sandbox"]
        );
    }
}

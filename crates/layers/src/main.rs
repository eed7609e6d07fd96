//! `make layers`: compares the workspace with the plan of `docs/ARCHITECTURE.md` and fails where they differ.
//!
//! [`plan`] is the plan itself, and the file to change when the plan changes; [`workspace`] reads what is there from
//! `cargo metadata` and the sources; [`rules`] compares the two. A crate that is not in the plan is a difference, too.

mod plan;
mod rules;
mod source;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

fn main() -> ExitCode {
    let workspace = match Workspace::read() {
        Ok(workspace) => workspace,
        Err(fault) => {
            eprintln!("layers: {fault}");
            return ExitCode::from(2);
        }
    };
    let broken = rules::broken(&workspace);
    for rule in &broken {
        eprintln!("layers: {rule}");
    }
    if broken.is_empty() {
        eprintln!(
            "layers: {} crates, every arrow as planned",
            workspace.crates.len()
        );
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! `sandbox with-postgres`: exit codes and tidying up.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod playground;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use playground::{Playground, repository_var};
use sandbox::child::{Signal, signal_process, wait_until};

fn with_postgres(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command
        .args(["with-postgres", "--var"])
        .arg(repository_var())
        .args(["--", "sh", "-c", script]);
    command
}

#[test]
fn the_command_finds_a_database_and_its_exit_code_comes_through() {
    let output = with_postgres("printf %s \"$DATABASE_URL\"; exit 7")
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(7));
    let url = String::from_utf8(output.stdout).unwrap();
    let (_, socket) = url.split_once("?host=").unwrap();
    assert!(
        !Path::new(&socket.replace("%2F", "/")).exists(),
        "the cluster is removed"
    );
}

#[test]
fn a_command_that_does_not_exist_is_said_in_one_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["with-postgres", "--var"])
        .arg(repository_var())
        .args(["--", "/no/such/program"])
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("sandbox: cannot run /no/such/program: ") && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn a_signal_reaches_the_command_and_the_cluster_is_stopped_after_it() {
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT")] {
        let ground = Playground::new(&format!("signal-{name}"));
        let said = ground.var().join("said");
        let script = format!(
            "trap 'echo last >> {said}; exit 3' {name}; \
             echo $PASARELA_POSTGRES_PID > {said}; while :; do sleep 0.05; done",
            said = said.display()
        );
        let mut run = with_postgres(&script).stdin(Stdio::null()).spawn().unwrap();
        let server = || {
            fs::read_to_string(&said)
                .ok()?
                .lines()
                .next()?
                .parse::<u32>()
                .ok()
        };
        assert!(wait_until(Duration::from_secs(60), || server().is_some()));
        let server = PathBuf::from(format!("/proc/{}", server().unwrap()));
        assert!(server.exists());

        signal_process(run.id(), signal);

        assert_eq!(run.wait().unwrap().code(), Some(3));
        assert!(fs::read_to_string(&said).unwrap().ends_with("last\n"));
        assert!(!server.exists(), "the server outlived SIG{name}");
    }
}

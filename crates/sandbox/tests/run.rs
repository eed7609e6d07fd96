//! `sandbox run` with a gateway that does nothing but be ready: this very test program, started by a script.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod playground;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use playground::{Playground, ask};
use sandbox::child::{Signal, signal_process, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test: what the script of [`World`] runs as `pasarela serve`.
#[test]
#[ignore = "the gateway that the other tests start"]
fn stand_in_gateway() {
    let Ok(listen) = std::env::var("PASARELA_LISTEN") else {
        return;
    };
    let listener = TcpListener::bind(listen).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        // A question that is cut off gets no answer, and is no reason to stop answering others.
        let _ = stream.read(&mut [0_u8; 512]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }
}

/// One working folder with three free ports and a gateway program.
struct World {
    ground: Playground,
    gateway: PathBuf,
    addresses: [String; 3],
}

impl World {
    fn new(test: &str) -> Self {
        Self::with_gateway(
            test,
            &format!(
                "#!/bin/sh\ncase $1 in migrate|keys|seed) exit 0 ;; esac\nexec {} --exact stand_in_gateway --ignored --quiet\n",
                std::env::current_exe().unwrap().display()
            ),
        )
    }

    fn with_gateway(test: &str, script: &str) -> Self {
        let ground = Playground::new(test);
        let gateway = ground.var().join("pasarela");
        fs::write(&gateway, script).unwrap();
        fs::set_permissions(&gateway, fs::Permissions::from_mode(0o755)).unwrap();
        // Held together, so that they differ; free again before anybody needs them.
        let listeners = [0; 3].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = listeners.map(|listener| listener.local_addr().unwrap().to_string());
        Self {
            ground,
            gateway,
            addresses,
        }
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .args(["run", "--var"])
            .arg(self.ground.var())
            .arg("--gateway")
            .arg(&self.gateway)
            .args([
                "--listen",
                &self.addresses[0],
                "--admin-listen",
                &self.addresses[1],
            ])
            .args(["--sandbox-listen", &self.addresses[2]])
            .args(["--sandbox-tls-listen", "127.0.0.1:0"])
            .args(["--sandbox-smpp-listen", "127.0.0.1:0"])
            .args(["--results-listen", "127.0.0.1:0"])
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run_file(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&fs::read_to_string(self.ground.var().join("run.json")).ok()?).ok()
    }

    fn wait_until_running(&self) -> serde_json::Value {
        assert!(wait_until(PATIENCE, || self.run_file().is_some()), "never ready");
        self.run_file().unwrap()
    }
}

fn process_id(run_file: &serde_json::Value, part: &str) -> u32 {
    run_file[part].as_u64().unwrap().try_into().unwrap()
}

fn lives(process_id: u32) -> bool {
    fs::read_to_string(format!("/proc/{process_id}/cmdline")).is_ok_and(|it| !it.is_empty())
}

#[test]
fn everything_starts_says_where_it_is_and_stops_on_either_signal() {
    let world = World::new("run-stop");
    for signal in [Signal::TERM, Signal::INT] {
        let run = world.start();
        let running = world.wait_until_running();
        let url = running["gateway_environment"]["DATABASE_URL"].as_str().unwrap();
        assert_eq!(ask(url, "select 1"), "1");

        signal_process(run.id(), signal);

        let output = run.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            said.contains(&world.addresses[0]) && said.contains("Ready."),
            "{said}"
        );
        assert!(!lives(process_id(&running, "gateway_pid")));
        assert!(!lives(process_id(&running, "postgres_pid")));
        assert!(world.run_file().is_none());
    }
}

#[test]
fn a_second_run_beside_the_first_says_what_is_wrong_in_one_line() {
    let world = World::new("run-second");
    let first = world.start();
    world.wait_until_running();

    let second = world.start().wait_with_output().unwrap();

    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    let expected = format!("sandbox: another run (process {}) is going in ", first.id());
    assert!(said.starts_with(&expected) && said.lines().count() == 1, "{said}");
    signal_process(first.id(), Signal::TERM);
    assert!(first.wait_with_output().unwrap().status.success());
}

#[test]
fn children_that_are_killed_are_started_again() {
    let world = World::new("run-killed");
    let run = world.start();
    let before = world.wait_until_running();

    for part in ["gateway_pid", "postgres_pid"] {
        let killed = process_id(&before, part);
        signal_process(killed, Signal::KILL);
        let is_back = || {
            world
                .run_file()
                .is_some_and(|now| process_id(&now, part) != killed)
        };
        assert!(wait_until(PATIENCE, is_back), "{part} did not come back");
    }

    let now = world.run_file().unwrap();
    assert_eq!(
        ask(
            now["gateway_environment"]["DATABASE_URL"].as_str().unwrap(),
            "select 1"
        ),
        "1"
    );
    signal_process(run.id(), Signal::TERM);
    assert!(run.wait_with_output().unwrap().status.success());
}

#[test]
fn a_killed_run_takes_its_children_with_it_and_the_next_one_starts() {
    let world = World::new("run-orphans");
    let mut run = world.start();
    let running = world.wait_until_running();

    run.kill().unwrap();
    run.wait().unwrap();
    fs::remove_file(world.ground.var().join("run.json")).unwrap();
    for part in ["gateway_pid", "postgres_pid"] {
        assert!(
            wait_until(PATIENCE, || !lives(process_id(&running, part))),
            "{part} outlived its parent"
        );
    }

    let next = world.start();
    world.wait_until_running();
    signal_process(next.id(), Signal::TERM);
    assert!(next.wait_with_output().unwrap().status.success());
}

#[test]
fn a_taken_port_is_named_before_anything_is_started() {
    let world = World::new("run-port");
    let _taken = TcpListener::bind(&world.addresses[0]).unwrap();

    let output = world.start().wait_with_output().unwrap();

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&world.addresses[0]) && said.contains("PASARELA_LISTEN"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_gateway_that_never_gets_ready_ends_the_run_with_its_reason() {
    let world = World::with_gateway(
        "run-broken",
        "#!/bin/sh\ncase $1 in migrate|keys|seed) exit 0 ;; esac\necho no such key >&2; exit 9\n",
    );

    let output = world.start().wait_with_output().unwrap();

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("no such key") && said.contains("exit status: 9"),
        "{said}"
    );
}

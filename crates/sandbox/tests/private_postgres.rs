//! The private cluster on a real PostgreSQL: started, reused, killed, recovered, refused to a second user.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod playground;

use std::fs;
use std::process::Command;
use std::time::Duration;

use playground::{Playground, ask};
use sandbox::child::{Signal, signal_process, wait_until};
use sandbox::private_postgres::{Flavour, PostgresFault, PrivatePostgres};

#[test]
fn a_durable_cluster_keeps_its_data_from_run_to_run() {
    let ground = Playground::new("reuse");

    let first = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();
    assert_eq!(
        ask(
            first.database_url(),
            "create table kept (n int); insert into kept values (41)"
        ),
        ""
    );
    let base = first.place().base().to_owned();
    first.stop();
    assert!(
        !base.join("data/postmaster.pid").exists(),
        "a clean stop removes the pid file"
    );

    let second = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();
    assert_eq!(ask(second.database_url(), "select n + 1 from kept"), "42");
    assert_eq!(ask(second.database_url(), "show fsync"), "on");
    assert_eq!(ask(second.database_url(), "show listen_addresses"), "");
}

#[test]
fn a_killed_server_is_started_again_at_once_and_has_lost_nothing() {
    let ground = Playground::new("killed");
    let mut postgres = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();
    ask(
        postgres.database_url(),
        "create table kept (n int); insert into kept values (1)",
    );

    signal_process(postgres.process_id(), Signal::KILL);
    postgres.restart().unwrap();

    assert_eq!(ask(postgres.database_url(), "select n from kept"), "1");
}

#[test]
fn a_killed_run_leaves_nothing_that_stops_the_next_one() {
    let ground = Playground::new("orphan");
    // No chance to tidy up: what stops the server is the signal it gets when its parent dies, at some later moment.
    let mut run = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["with-postgres", "--durable", "--var"])
        .arg(ground.var())
        .args(["--", "sleep", "60"])
        .spawn()
        .unwrap();
    let pid_file = ground.var().join("postgres-measured/data/postmaster.pid");
    let server = || {
        fs::read_to_string(&pid_file)
            .ok()?
            .lines()
            .next()?
            .parse::<u32>()
            .ok()
    };
    assert!(
        wait_until(Duration::from_secs(60), || server().is_some()),
        "no server at {}",
        pid_file.display()
    );
    let server = server().unwrap();
    run.kill().unwrap();
    run.wait().unwrap();

    let next = PrivatePostgres::start(Flavour::Measured, ground.var()).unwrap();

    assert_eq!(ask(next.database_url(), "select 1"), "1");
    assert_ne!(next.process_id(), server);
    let orphan_is_gone =
        || !fs::read_to_string(format!("/proc/{server}/cmdline")).is_ok_and(|it| !it.is_empty());
    assert!(
        wait_until(Duration::from_secs(30), orphan_is_gone),
        "process {server} still runs"
    );
}

#[test]
fn a_stale_pid_file_of_a_stranger_is_no_obstacle() {
    let ground = Playground::new("stale");
    let first = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();
    let pid_file = first.place().data().join("postmaster.pid");
    let content = fs::read_to_string(&pid_file).unwrap();
    first.stop();
    // As after a crash whose process number belongs to somebody else by now: to this test.
    let (_, rest) = content.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();

    let second = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();

    assert_eq!(ask(second.database_url(), "select 1"), "1");
}

#[test]
fn a_second_start_on_the_same_folder_is_refused_in_one_line() {
    let ground = Playground::new("second");
    let _first = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();

    let refused = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap_err();

    assert!(matches!(refused, PostgresFault::InUse(_)), "{refused}");
    let message = refused.to_string();
    assert!(
        message.contains(&std::process::id().to_string()) && !message.contains('\n'),
        "{message}"
    );
}

#[test]
fn a_folder_too_deep_for_a_socket_works_all_the_same() {
    let ground = Playground::new("deep");
    let var = ground.var().join("d".repeat(60)).join("e".repeat(60));
    fs::create_dir_all(&var).unwrap();

    let postgres = PrivatePostgres::start(Flavour::Durable, &var).unwrap();

    assert_eq!(ask(postgres.database_url(), "select 1"), "1");
    let socket = postgres.place().socket().to_owned();
    assert!(!socket.starts_with(&var));
    postgres.stop();
    assert!(!socket.exists(), "the socket's folder is removed");
}

#[test]
fn a_throwaway_cluster_is_fast_roomy_and_gone_afterwards() {
    let ground = Playground::new("throwaway");
    let postgres = PrivatePostgres::start(Flavour::Throwaway, ground.var()).unwrap();

    assert_eq!(ask(postgres.database_url(), "show fsync"), "off");
    assert_eq!(ask(postgres.database_url(), "show max_connections"), "200");
    let base = postgres.place().base().to_owned();
    drop(postgres);
    assert!(!base.exists());
}

#[test]
fn a_folder_the_servers_user_cannot_reach_is_replaced_and_the_note_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root runs the server as another user");
        return;
    }
    let ground = Playground::new("closed");
    fs::set_permissions(ground.var(), fs::Permissions::from_mode(0o700)).unwrap();

    let postgres = PrivatePostgres::start(Flavour::Durable, ground.var()).unwrap();

    let base = postgres.place().base().to_owned();
    assert!(base.starts_with("/var/lib/pasarela"), "{}", base.display());
    assert!(postgres.place().note().unwrap().contains(base.to_str().unwrap()));
    assert_eq!(ask(postgres.database_url(), "select 1"), "1");
    postgres.stop();
    fs::remove_dir_all(base.parent().unwrap()).unwrap();
}

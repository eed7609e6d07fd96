//! Programs of ours as child processes: they end with us however we end, and what they say goes to a file.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

/// How long a program may take to be ready, on a machine with more to do.
pub const READY_PATIENCE: Duration = Duration::from_secs(90);
/// Pause between two looks at something that has no way to tell us.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until something is so that can only be looked at.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + READY_PATIENCE;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "still not there: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A running child.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program`; standard output and error are appended to `log`.
    pub fn start<'a>(
        program: &Path,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
        log: &Path,
    ) -> Self {
        // The kernel kills it when the thread that started it ends; `setpriv` sets that and becomes the program.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(appending(log))
            .stderr(appending(log))
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Waits until `ready` says so. Panics when the process ends before, or nothing happens for a long time.
    pub async fn until(&mut self, mut ready: impl AsyncFnMut() -> bool) {
        let deadline = tokio::time::Instant::now() + READY_PATIENCE;
        while !ready().await {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("ended with {status} before it was ready:\n{}", self.said());
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "never ready:\n{}",
                self.said()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Its process id, for whoever measures it.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it has not been waited for")
    }

    /// SIGKILL: no last words, no cleaning up.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn appending(log: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(log).unwrap()
}

/// A program of this workspace, built beside the test that asks.
pub fn built(name: &str) -> PathBuf {
    let ours = std::env::current_exe().unwrap();
    let beside = ours.parent().unwrap();
    let profile = if beside.ends_with("deps") {
        beside.parent().unwrap()
    } else {
        beside
    };
    let program = profile.join(name);
    assert!(
        program.is_file(),
        "{} is missing: build it with `cargo build -p pasarela -p sandbox`",
        program.display()
    );
    program
}

//! Child processes that do not outlive us, and whose end is noticed.
//!
//! `unsafe` is forbidden here, so the parent-death signal is set by util-linux's `setpriv` on its way to the program
//! instead of by a `pre_exec` hook. That signal belongs to the *thread* that spawned: each child therefore has a
//! keeper thread that spawns it, waits for it, and lives exactly as long as it does.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tokio::sync::watch;

/// How often a waiting caller looks whether a child has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running (or ended) child process in a process group of its own, so that a Ctrl-C at the terminal reaches only
/// us and the children are stopped in the right order.
#[derive(Debug)]
pub struct Child {
    process_id: u32,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Child {
    /// Starts `command` and follows it. Build the command with [`tied`], or it may outlive us.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        command.process_group(0);
        let (started_sender, started) = mpsc::channel();
        let (ended_sender, ended) = watch::channel(None);
        thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || match command.spawn() {
                Ok(mut child) => {
                    // Whoever asked may be gone already; the child is waited for all the same.
                    let _ = started_sender.send(Ok(child.id()));
                    if let Ok(status) = child.wait() {
                        ended_sender.send_replace(Some(status));
                    }
                }
                Err(error) => {
                    let _ = started_sender.send(Err(error));
                }
            })?;
        let process_id = started
            .recv()
            .map_err(|_| io::Error::other("the keeper thread died"))??;
        Ok(Self { process_id, ended })
    }

    /// The child's process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process_id
    }

    /// How the child ended, or `None` while it runs.
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Resolves when the child has ended.
    pub async fn ended(&self) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        // An error means that the keeper could not wait, which ends the child's story just as well.
        ended
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status)
    }

    /// Sends a signal; a child that has ended is left alone, since its id may be somebody else's by now.
    pub fn signal(&self, signal: Signal) {
        if self.status().is_none() {
            signal_process(self.process_id, signal);
        }
    }

    /// Sends `signal` and waits at most `patience`; true when the child has ended.
    #[must_use]
    pub fn stop(&self, signal: Signal, patience: Duration) -> bool {
        self.signal(signal);
        wait_until(patience, || self.status().is_some())
    }
}

/// A command that runs `program` with `signal` as its parent-death signal (`INT`, `TERM`, …).
#[must_use]
pub fn tied(program: &std::path::Path, signal: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--"]).arg(program);
    command
}

/// Signals a process by id. That it is gone already is no fault: the signal wanted it to be.
pub fn signal_process(process_id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(process_id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Looks at `done` until it is true or `patience` is over; says which.
#[must_use]
pub fn wait_until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
}

//! The program as a process that serves.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A process that serves, and what it says.
pub struct Serving {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
    first: Value,
}

impl Serving {
    /// Runs a command until it says that it serves.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut lines: Box<dyn Iterator<Item = String>> = Box::new(lines);
        // What is said to people (which keys were made) comes before the log, and is no JSON.
        let mut said = lines.by_ref().filter_map(|line| serde_json::from_str(&line).ok());
        let first = said.find(|line: &Value| line["message"] == "serving").unwrap();
        Self { child, lines, first }
    }

    /// An address that it said it serves at: `public`, `admin`, `operation`.
    pub fn address(&self, name: &str) -> &str {
        self.first[name].as_str().unwrap()
    }

    /// Asks it to stop, and answers whether that went well and what it still said.
    pub fn stop(mut self, signal: Signal) -> (bool, Vec<String>) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let said = self.lines.by_ref().collect();
        (self.child.wait().unwrap().success(), said)
    }
}

impl Drop for Serving {
    /// A test that failed leaves nothing running; one that stopped it has nothing left to end.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

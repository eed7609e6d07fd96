//! What a killed run leaves behind: a server that is still leaving, or the pid file of one that is gone.
//!
//! Callers hold the cluster's lock, so whatever serves this data folder now is an orphan of ours.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::PostgresFault;
use crate::child::{Signal, signal_process, wait_until};

/// Whether the server gave up because a predecessor still holds the cluster.
pub(super) fn is_to_blame(said: &str) -> bool {
    said.contains("lock file") && said.contains("already exists")
        || said.contains("pre-existing shared memory block")
}

/// Ends an orphaned server and removes a pid file that nobody stands behind.
///
/// # Errors
/// When the pid file cannot be removed.
pub(super) fn clear(data: &Path, patience: Duration) -> Result<(), PostgresFault> {
    let pid_file = data.join("postmaster.pid");
    let Some(process_id) = fs::read_to_string(&pid_file)
        .ok()
        .and_then(|text| first_number(&text))
    else {
        return Ok(());
    };
    if state_of(process_id) == State::Serves && serves(process_id, data) {
        signal_process(process_id, Signal::INT);
        let gone = || state_of(process_id) != State::Serves || !serves(process_id, data);
        if !wait_until(patience, gone) {
            signal_process(process_id, Signal::QUIT);
            let _ = wait_until(patience, gone);
        }
    }
    // The server checks a pid file itself and starts where the process is gone, but takes a zombie or a stranger with
    // a recycled number for a living server. Its shared memory tells it about orphaned backends even without the file.
    let stale = match state_of(process_id) {
        State::Gone => false,
        State::Zombie => true,
        State::Serves => !serves(process_id, data),
    };
    if stale && pid_file.exists() {
        fs::remove_file(&pid_file).map_err(PostgresFault::file("remove", &pid_file))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// No such process.
    Gone,
    /// Dead, but its parent has not asked how it died.
    Zombie,
    /// Alive.
    Serves,
}

fn state_of(process_id: u32) -> State {
    match fs::read_to_string(format!("/proc/{process_id}/stat")) {
        Ok(stat) => parse_state(&stat),
        Err(_) => State::Gone,
    }
}

/// The third field; the second is the program's name in parentheses and may itself hold spaces and parentheses.
fn parse_state(stat: &str) -> State {
    match stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.trim_start().chars().next())
    {
        Some('Z' | 'X') => State::Zombie,
        _ => State::Serves,
    }
}

/// A server's working folder is its data folder.
fn serves(process_id: u32, data: &Path) -> bool {
    let folder = fs::read_link(format!("/proc/{process_id}/cwd"));
    matches!((folder, fs::canonicalize(data)), (Ok(folder), Ok(data)) if folder == data)
}

fn first_number(text: &str) -> Option<u32> {
    text.lines().next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zombie_is_told_from_a_living_process_whatever_its_name() {
        assert_eq!(parse_state("12 (postgres) Z 1 12 12"), State::Zombie);
        assert_eq!(parse_state("12 (odd) Z name) S 1 12 12"), State::Serves);
    }

    #[test]
    fn the_servers_own_words_for_a_predecessor_are_known() {
        assert!(is_to_blame("FATAL:  lock file \"postmaster.pid\" already exists"));
        assert!(is_to_blame(
            "FATAL:  pre-existing shared memory block (key 8, ID 3) is still in use"
        ));
        assert!(!is_to_blame("FATAL:  could not create any Unix-domain sockets"));
    }

    #[test]
    fn a_stranger_with_the_recycled_number_is_not_signalled_and_the_file_goes() {
        let data = std::env::temp_dir().join(format!("pasarela-leftover-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        let pid_file = data.join("postmaster.pid");
        fs::write(&pid_file, format!("{}\n/somewhere\n", std::process::id())).unwrap();

        clear(&data, Duration::from_secs(1)).unwrap();

        assert!(!pid_file.exists());
        fs::remove_dir_all(&data).unwrap();
    }
}

//! Programs that others publish: in a folder below the temporary one, installed once by their ecosystems' own installers at
//! the versions that a test says. Whoever uses them says so where they cannot be had, and shows nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of what `pins` says, filled by `install` if nobody has before.
///
/// # Errors
/// Why there is none, in words: the language or its registry cannot be had here.
pub fn installed(
    name: &str,
    pins: &str,
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pins.as_bytes());
    let digest: String = digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let root = std::env::temp_dir().join("pasarela-verifiers");
    let folder = root.join(format!("{name}-{digest}"));
    fs::create_dir_all(&root).map_err(|error| error.to_string())?;
    let lock = File::create(root.join(format!("{name}.lock"))).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let complete = folder.join("complete");
    if !complete.is_file() {
        // Whoever began before did not finish.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        install(&folder)?;
        File::create(complete).map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

/// Runs an installer.
///
/// # Errors
/// What it said when it failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(said(&output))
    }
}

/// How a program ended, and everything it said.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

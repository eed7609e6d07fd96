//! Where the verifier libraries that others publish are: in a folder below the temporary one, installed once by their
//! ecosystems' own installers at the versions that the files beside say.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const REQUIREMENTS: &str = include_str!("verifiers/requirements.txt");
const PACKAGE: &str = include_str!("verifiers/package.json");
const PYTHON_SCRIPT: &str = include_str!("verifiers/verify.py");
const NODE_SCRIPT: &str = include_str!("verifiers/verify.mjs");

/// What verifies a program's standard input.
#[derive(Debug)]
pub struct Verifier {
    command: Command,
}

impl Verifier {
    /// Python with its library, or why there is none.
    pub fn python() -> Result<Self, String> {
        let folder = installed("python", REQUIREMENTS, |folder| {
            let environment = folder.join("venv");
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
            fs::write(folder.join("requirements.txt"), REQUIREMENTS).map_err(|error| error.to_string())?;
            run(Command::new(environment.join("bin/pip"))
                .args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                    "--requirement",
                ])
                .arg(folder.join("requirements.txt")))
        })?;
        let mut command = Command::new(folder.join("venv/bin/python"));
        command.args(["-c", PYTHON_SCRIPT]);
        Ok(Self { command })
    }

    /// Node with its libraries, or why there is none.
    pub fn node() -> Result<Self, String> {
        let folder = installed("node", &format!("{PACKAGE}{NODE_SCRIPT}"), |folder| {
            fs::write(folder.join("package.json"), PACKAGE).map_err(|error| error.to_string())?;
            fs::write(folder.join("verify.mjs"), NODE_SCRIPT).map_err(|error| error.to_string())?;
            run(Command::new("npm")
                .args([
                    "install",
                    "--no-audit",
                    "--no-fund",
                    "--no-package-lock",
                    "--ignore-scripts",
                ])
                .current_dir(folder))
        })?;
        let mut command = Command::new("node");
        command
            .arg(folder.join("verify.mjs"))
            .arg(folder.join("package.json"));
        Ok(Self { command })
    }

    /// Has it verify, and answers what it says. Panics when it does not accept what it should, or the other way round.
    pub fn verify(mut self, deliveries: &str) -> String {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(deliveries.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// The folder of what `pins` says, filled by `install` if nobody has before.
fn installed(
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

fn run(command: &mut Command) -> Result<(), String> {
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

fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

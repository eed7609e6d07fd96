//! The verifier libraries that others publish, at the versions that the files beside say.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tests::published::{installed, run, said};

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

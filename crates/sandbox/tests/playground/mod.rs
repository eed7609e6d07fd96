//! A working folder for one test, and a way to ask a database a question.
#![allow(dead_code, reason = "each test program uses its part of it")]

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::private_postgres::installation::Installation;

/// A fresh `var`, removed with the test.
pub struct Playground {
    var: PathBuf,
}

impl Playground {
    /// A folder named after the test, that others may pass through.
    pub fn new(test: &str) -> Self {
        let var = std::env::temp_dir().join(format!("pasarela-test-{test}-{}", std::process::id()));
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&var)
            .unwrap();
        Self { var }
    }

    /// The folder.
    pub fn var(&self) -> &Path {
        &self.var
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.var);
    }
}

/// What the database answers, without decoration.
pub fn ask(database_url: &str, statement: &str) -> String {
    let installation = Installation::find(&repository_var(), Path::new("/nowhere")).unwrap();
    let mut psql = Command::new(installation.program("psql"));
    if let Some(libraries) = installation.libraries() {
        psql.env("LD_LIBRARY_PATH", libraries);
    }
    let output = psql
        .args(["-X", "-q", "-A", "-t", "-c", statement])
        .arg(database_url)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{statement}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Where an unprivileged installation of the server would be.
pub fn repository_var() -> PathBuf {
    std::env::var_os("PASARELA_VAR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../var"),
        PathBuf::from,
    )
}

//! `var/run.json`: what is running, for programs that measure it, or that start and kill the gateway themselves.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde::Serialize;

use super::{RunFault, Surroundings};

/// The file, which is there from when everything runs until it is stopped.
#[derive(Debug)]
pub(super) struct RunFile {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Serialize)]
struct Content {
    /// Process ids; absent for a part that we did not start.
    sandbox_pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres_pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_pid: Option<u32>,
    /// The gateway's program and what it needs in its environment, `DATABASE_URL` included.
    gateway_program: PathBuf,
    gateway_environment: BTreeMap<String, String>,
}

impl RunFile {
    pub(super) fn new(
        surroundings: &Surroundings,
        environment: &[(String, String)],
        postgres_pid: Option<u32>,
    ) -> Self {
        let content = Content {
            sandbox_pid: std::process::id(),
            postgres_pid,
            gateway_pid: None,
            gateway_program: surroundings.gateway_program.clone(),
            gateway_environment: environment.iter().cloned().collect(),
        };
        Self {
            path: surroundings.var.join("run.json"),
            content,
        }
    }

    pub(super) fn set_gateway(&mut self, process_id: Option<u32>) {
        self.content.gateway_pid = process_id;
    }

    pub(super) fn set_postgres(&mut self, process_id: u32) {
        self.content.postgres_pid = Some(process_id);
    }

    /// Writes the file beside its name and renames it, so that nobody reads half of it. It holds the database's
    /// password: mode 0600.
    pub(super) fn write(&self) -> Result<(), RunFault> {
        let fault = || RunFault::system(format!("write {}", self.path.display()));
        let text = serde_json::to_string_pretty(&self.content).map_err(|error| fault()(error.into()))?;
        let unfinished = self.path.with_extension("json.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(fault())?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(fault())?;
        fs::rename(&unfinished, &self.path).map_err(fault())
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        // A file that cannot be removed names processes that are gone, which its readers have to reckon with anyway.
        let _ = fs::remove_file(&self.path);
    }
}

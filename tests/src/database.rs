//! A database of one test, on the server that `DATABASE_URL` names.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use url::Url;
use uuid::Uuid;

/// Created for a test, dropped with it.
#[derive(Debug)]
pub struct Database {
    server: Url,
    name: String,
}

impl Database {
    /// Creates an empty database.
    ///
    /// # Panics
    /// Without `DATABASE_URL`: run the tests with `sandbox with-postgres -- cargo nextest run -p tests`.
    pub fn create() -> Self {
        let server = std::env::var("DATABASE_URL")
            .ok()
            .filter(|url| !url.is_empty())
            .expect("DATABASE_URL is not set: run the tests with `make test`, or below `sandbox with-postgres --`");
        Self::create_on(&server)
    }

    /// The same on the server at that URL.
    pub fn create_on(server: &str) -> Self {
        let server = Url::parse(server).expect("the URL of a database server");
        let name = format!("pasarela_e2e_{}", Uuid::new_v4().simple());
        ask(&server, &format!("CREATE DATABASE {name}"));
        Self { server, name }
    }

    /// Where it is.
    pub fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    /// What a statement answers: a line per row, columns apart by `|`.
    pub fn ask(&self, statement: &str) -> String {
        ask(&self.url(), statement)
    }

    /// Every row of every table as text: `table|row`, a line each.
    pub fn everything(&self) -> String {
        self.ask(
            "SELECT format('SELECT %L || ''|'' || t::text FROM %I.%I t', table_name, table_schema, table_name)
             FROM information_schema.tables
             WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE' \\gexec",
        )
    }

    /// Ends every connection but our own, as a restart of the server would. Answers how many there were.
    pub fn cut_connections(&self) -> usize {
        let cut = self.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        cut.parse().unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that failed has more to say than that its database could not be dropped.
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = run(&self.server, &statement);
    }
}

fn ask(database: &Url, statement: &str) -> String {
    run(database, statement).unwrap_or_else(|trouble| panic!("{statement}: {trouble}"))
}

fn run(database: &Url, statement: &str) -> Result<String, String> {
    let mut psql = Command::new(psql())
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
        .arg(database.as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("psql: {error}"))?;
    // The end of the input ends psql.
    if let Some(mut input) = psql.stdin.take() {
        writeln!(
            input,
            "{statement}{}",
            if statement.ends_with("gexec") { "" } else { ";" }
        )
        .map_err(|error| error.to_string())?;
    }
    let output = psql.wait_with_output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// On the path where Debian's client package or the Makefile puts it, else beside the server.
fn psql() -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .map(|folder| folder.join("psql"))
        .find(|program| program.is_file());
    let beside_the_server = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        versions
            .flatten()
            .map(|version| version.path().join("bin/psql"))
            .find(|program| program.is_file())
    };
    on_path
        .or_else(beside_the_server)
        .expect("psql, which comes with PostgreSQL")
}

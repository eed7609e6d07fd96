//! The binary as its operator runs it: every command, on a database of its own.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod acs;
mod serving;

use rustix::process::Signal;
use serde_json::{Value, json};
use serving::Serving;
use sqlx::{ConnectOptions, PgPool};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Output},
};

/// A folder and a database, and the program in both.
struct Machine {
    var: PathBuf,
    database_url: String,
}

impl Machine {
    fn new(pool: &PgPool) -> Self {
        let database_url = pool.connect_options().to_url_lossy().to_string();
        let database = pool.connect_options().get_database().unwrap().to_owned();
        let var = std::env::temp_dir().join(format!("pasarela-commands-{database}"));
        fs::remove_dir_all(&var).ok();
        Self { var, database_url }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pasarela"));
        command
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", &self.database_url)
            .env("PASARELA_ENVIRONMENT", "sandbox")
            .env("PASARELA_VAR", &self.var)
            .env("PASARELA_LISTEN", "127.0.0.1:0")
            .env("PASARELA_ADMIN_LISTEN", "127.0.0.1:0");
        command
    }

    /// Whether it went well, and what it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let Output { status, stderr, .. } = self.command(arguments).output().unwrap();
        (status.success(), String::from_utf8(stderr).unwrap())
    }

    fn prepared(&self) {
        for arguments in [["keys", "init"].as_slice(), &["migrate"]] {
            let (went_well, said) = self.run(arguments);
            assert!(went_well, "{said}");
        }
    }

    fn file(&self, name: &str, content: &str) -> String {
        fs::create_dir_all(&self.var).unwrap();
        let path = self.var.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.var).ok();
    }
}

/// Status and body of one request.
fn ask(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{rest}"
    )
    .unwrap();
    if rest.is_empty() {
        stream.write_all(b"\r\n").unwrap();
    }
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
    let body = reply
        .split_once("\r\n\r\n")
        .map_or("", |(_, body)| body)
        .to_owned();
    (status, body)
}

fn seeds() -> Value {
    json!({
        "merchants": [{
            "id": "01910000-0000-7000-8000-000000000001", "name": "Demo", "country": "MX", "currencies": ["MXN"],
            "private_key": "sk_sandbox_seeded", "public_key": "pk_sandbox_seeded",
            "webhook_secret": "whsec_c2VjcmV0", "notify_url": null, "rate_limit_rps": null,
            "connections": [{
                "id": "01910000-0000-7000-8000-000000000002", "name": "Kushki", "processor_name": "kushki",
                "currencies": ["MXN"], "credentials": {"private_merchant_id": "2000", "webhook_secret": "s"},
                "three_ds": {"provider": "none"}
            }]
        }]
    })
}

#[sqlx::test(migrations = false)]
async fn what_is_missing_is_said_before_anything_is_served(pool: PgPool) {
    let machine = Machine::new(&pool);
    let (went_well, said) = machine.run(&["serve"]);
    assert!(!went_well && said.contains("`pasarela keys init`"), "{said}");
    assert!(machine.run(&["keys", "init"]).0);
    let (went_well, said) = machine.run(&["serve"]);
    assert!(!went_well && said.contains("`pasarela migrate`"), "{said}");
    let (went_well, said) = machine.run(&["keys", "init"]);
    assert!(!went_well && said.contains("exists already"), "{said}");
    assert!(machine.run(&["keys", "init", "--keep"]).0);
    assert!(machine.run(&["check-config"]).0);
    let file = machine.file("wrong.toml", "[http]\nlisten = 1\n[colour]\n");
    let output = machine
        .command(&["check-config", "--config", &file])
        .env_remove("PASARELA_LISTEN")
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("http.listen") && said.contains("colour"), "{said}");
}

#[sqlx::test(migrations = false)]
async fn a_seeded_gateway_serves_until_it_is_asked_to_stop(pool: PgPool) {
    let machine = Machine::new(&pool);
    machine.prepared();
    let file = machine.file("seeds.json", &seeds().to_string());
    for _ in 0..2 {
        let (went_well, said) = machine.run(&["seed", "--file", &file]);
        assert!(went_well && said.contains("1 merchants, 1 connections"), "{said}");
    }
    for signal in [Signal::TERM, Signal::INT] {
        let serving = Serving::start(machine.command(&["serve"]));
        for address in ["public", "admin"].map(|name| serving.address(name)) {
            assert_eq!(ask(address, "GET /health/ready").0, 200);
            assert_eq!(ask(address, "GET /health/live").0, 200);
        }
        assert!(
            ask(serving.address("admin"), "GET /metrics")
                .1
                .contains("pasarela_database_connections")
        );
        let unknown = "/merchants/orders/01910000-0000-7000-8000-000000000003";
        let (status, _) = ask(
            serving.address("public"),
            &format!("GET {unknown}\nx-api-key: pk_sandbox_seeded\r\n\r\n"),
        );
        assert_eq!(status, 404, "the seeded key is known, the order is not");
        let (status, _) = ask(
            serving.address("public"),
            &format!("GET {unknown}\nx-api-key: pk_sandbox_guess\r\n\r\n"),
        );
        assert_eq!(status, 401);
        let (went_well, said) = serving.stop(signal);
        assert!(went_well, "{said:?}");
        assert!(said.last().unwrap().contains("stopped"), "{said:?}");
        assert!(
            !said
                .iter()
                .any(|line| line.contains("sk_sandbox_") || line.contains("pk_sandbox_"))
        );
    }
}

#[sqlx::test(migrations = false)]
async fn an_operator_made_on_the_command_line_logs_in(pool: PgPool) {
    let machine = Machine::new(&pool);
    machine.prepared();
    let short = machine.file("short", "short\n");
    let (went_well, said) = machine.run(&[
        "operator",
        "--email",
        "ana@example.com",
        "--password-file",
        &short,
    ]);
    assert!(
        !went_well && said.contains("password") && !said.contains("short"),
        "{said}"
    );
    let password = machine.file("password", "a long password\n");
    assert!(
        machine
            .run(&[
                "operator",
                "--email",
                "ana@example.com",
                "--password-file",
                &password
            ])
            .0
    );

    let serving = Serving::start(machine.command(&["serve"]));
    let body = json!({"email": "ana@example.com", "password": "a long password"}).to_string();
    let request = format!(
        "POST /merchants/login\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, reply) = ask(serving.address("admin"), &request);
    assert_eq!(status, 200, "{reply}");
    assert!(serving.stop(Signal::TERM).0);
}

#[sqlx::test(migrations = false)]
async fn rotated_keys_open_what_the_old_ones_sealed(pool: PgPool) {
    let machine = Machine::new(&pool);
    machine.prepared();
    let file = machine.file("seeds.json", &seeds().to_string());
    assert!(machine.run(&["seed", "--file", &file]).0);
    let (went_well, said) = machine.run(&["keys", "rotate"]);
    assert!(went_well && said.contains("version 2"), "{said}");
    let (went_well, said) = machine.run(&["keys", "rewrap"]);
    assert!(went_well && said.contains("moved 3"), "{said}");
    let (_, said) = machine.run(&["keys", "rewrap"]);
    assert!(said.contains("moved 0"), "{said}");
}

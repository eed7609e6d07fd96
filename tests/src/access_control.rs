//! An access control server by itself: `pasarela acs` as a process, and everybody it deals with played here.
//!
//! [`surroundings`] is the directory server and the phone network, [`bank`] an issuer with its cards, [`browser`] the
//! cardholder's way through a challenge.

pub mod bank;
pub mod browser;
pub mod surroundings;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use uuid::Uuid;

use crate::database::Database;
use crate::ports::Ports;
use crate::process::{Process, built};
use surroundings::Surroundings;

const ADMIN_TOKEN: &str = "administration-of-the-tests";
/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub struct AccessControl {
    /// Where everybody comes in.
    pub url: String,
    /// Where health and metrics are.
    pub operation_url: String,
    /// Who it deals with.
    pub surroundings: Surroundings,
    /// Its database.
    pub database: Database,
    /// For requests to it: connections are kept.
    pub client: Client,
    process: Process,
    folder: PathBuf,
    _ports: Ports,
}

impl AccessControl {
    /// Starts it with an empty database. `settings` is put at the end of its configuration file.
    pub async fn start(settings: &str) -> Self {
        let (database, ports) = (Database::create(), Ports::claim());
        let [listen, operation_listen, ..] = ports.addresses();
        let surroundings = Surroundings::open().await;
        let folder = std::env::temp_dir().join(format!("pasarela-acs-{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("acs.toml");
        let told = format!(
            r#"
            listen = "{listen}"
            operation_listen = "{operation_listen}"
            public_url = "http://{listen}"
            production = false
            key_file = "{folder}/acs.keys"
            admin_token = "{ADMIN_TOKEN}"
            [results_urls]
            visa = "{outside}/results"
            [[providers]]
            kind = "http"
            name = "principal"
            url = "{outside}/messages"
            key = "key-of-the-tests"
            {settings}
            "#,
            folder = folder.display(),
            outside = surroundings.url(),
        );
        fs::write(&file, told).unwrap();
        let url = database.url();
        let mut process = Process::start(
            &built("pasarela"),
            &[
                "--config",
                &file.display().to_string(),
                "acs",
                "--migrate",
                "--create-keys",
            ],
            [("DATABASE_URL", url.as_str())],
            &folder.join("acs.log"),
        );
        let client = client();
        let ready = format!("http://{operation_listen}/health/ready");
        process
            .until(async || {
                let answer = client.get(&ready).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            })
            .await;
        Self {
            url: format!("http://{listen}"),
            operation_url: format!("http://{operation_listen}"),
            surroundings,
            database,
            client,
            process,
            folder,
            _ports: ports,
        }
    }

    /// Its process id.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("acs.log")).unwrap_or_default()
    }

    /// What it measured so far.
    pub async fn metrics(&self) -> String {
        let answer = self.client.get(format!("{}/metrics", self.operation_url));
        answer.send().await.unwrap().text().await.unwrap()
    }

    /// Asks its administration.
    async fn administer(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/acs/admin{path}", self.url);
        send_json(&self.client, method, &url, ADMIN_TOKEN, body).await
    }
}

impl Drop for AccessControl {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines.len().saturating_sub(40);
            eprintln!("--- the server's last words\n{}\n---", lines[last..].join("\n"));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn client() -> Client {
    Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

/// Sends a document and wants a success.
async fn send_json(client: &Client, method: Method, url: &str, token: &str, body: &Value) -> Value {
    let request = client
        .request(method, url)
        .bearer_auth(token)
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{url}: HTTP {status}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

//! A whole system for a test: a database, the sandbox's world, and a gateway that can be killed and started again.
//!
//! Everything is a process of its own, on ports and in a folder of its own. [`System::finish`] looks for secrets in all
//! that was written, so every test that uses a system also shows that its card numbers and codes went nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cardholder::Cardholder;
use crate::database::Database;
use crate::directlink::{Account, Shop};
use crate::http::{Answer, Http};
use crate::merchant::{Keys, Merchant};
use crate::outside::Outside;
use crate::ports::Ports;
use crate::process::{Process, built};
use crate::requestor::Requestor;
use crate::secrets::{self, Secrets};
use crate::story::Story;

/// Lines of the gateway's log that a failed test shows.
const LOG_LINES_SHOWN: usize = 60;

/// Everything that the access control server would ever log, and of the rest what matters.
const SANDBOX_LOG: &str = "info,acs=trace";

/// The gateway's configuration file, in the system's folder.
const SETTINGS_FILE: &str = "pasarela.toml";

/// Settings for most tests: a processor that never answers is given up soon, so that nobody waits for half a minute.
pub const PATIENT: &str = "
[transport]
connect_timeout_ms = 1000
charge_timeout_ms = 4000
[payments]
charge_lease_seconds = 6
";

/// A running system.
#[derive(Debug)]
pub struct System {
    /// Its public address.
    pub gateway_url: String,
    /// The merchant whose connection rejects what is in doubt.
    pub merchant: Merchant,
    /// The merchant whose connection proceeds.
    pub proceeding: Merchant,
    /// What the sandbox tells, and lets happen.
    pub outside: Outside,
    /// A cardholder of the sandbox's issuers.
    pub cardholder: Cardholder,
    /// The gateway's database.
    pub database: Database,
    /// What was used and must be nowhere.
    pub secrets: Secrets,
    /// For whatever has no place elsewhere.
    pub http: Http,
    /// What `sandbox.json` says.
    pub sandbox_json: Value,
    gateway: Option<Process>,
    gateway_environment: BTreeMap<String, String>,
    folder: Folder,
    world: Process,
    _ports: Ports,
}

/// A second process of the gateway beside the first.
#[derive(Debug)]
pub struct AnotherGateway {
    /// Where it listens.
    pub url: String,
    /// Where its admin listens, which has its metrics.
    pub admin_url: String,
    /// To kill it.
    pub process: Process,
    _ports: Ports,
}

impl System {
    /// Starts everything, and waits until the gateway is ready.
    pub async fn start() -> Self {
        Self::start_with(PATIENT).await
    }

    /// The same, with the gateway's settings as they would be in its configuration file.
    pub async fn start_with(settings: &str) -> Self {
        Self::start_on(Database::create(), settings).await
    }

    /// The same, in a database that was made for it.
    pub async fn start_on(database: Database, settings: &str) -> Self {
        let ports = Ports::claim();
        let [listen, _, sandbox_listen, ..] = ports.addresses();
        let folder = Folder::create();
        let mut world = start_world(folder.path(), &database, &ports);
        let run_json = folder.path().join("run.json");
        world.until(async || run_json.is_file()).await;

        let read = |name: &str| -> Value {
            serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap()
        };
        let (run, sandbox_json) = (read("run.json"), read("sandbox.json"));
        let gateway_environment: BTreeMap<String, String> =
            serde_json::from_value(run["gateway_environment"].clone()).unwrap();
        fs::write(folder.path().join(SETTINGS_FILE), settings).unwrap();

        let (http, story, secrets) = (Http::default(), Story::default(), Secrets::default());
        let gateway_url = format!("http://{listen}");
        let outside = Outside::new(http.clone(), format!("http://{sandbox_listen}"), story);
        let merchant = |name: &str| {
            let keys = Keys::read(&sandbox_json[name]);
            Merchant::new(
                http.clone(),
                &gateway_url,
                keys,
                outside.clone(),
                secrets.clone(),
                story,
            )
        };
        let mut system = Self {
            merchant: merchant("merchant"),
            proceeding: merchant("proceeding_merchant"),
            cardholder: Cardholder::new(http.clone(), outside.clone(), secrets.clone(), story),
            gateway_url,
            outside,
            database,
            secrets,
            http,
            sandbox_json,
            gateway: None,
            gateway_environment,
            folder,
            world,
            _ports: ports,
        };
        system.start_gateway().await;
        system
    }

    /// Starts the gateway and waits until it is ready.
    pub async fn start_gateway(&mut self) {
        let gateway = self.gateway_process(&self.gateway_url, &[]).await;
        self.gateway = Some(gateway);
    }

    /// Starts another process of the same gateway: the same database and public address, an address of its own.
    pub async fn start_another_gateway(&self) -> AnotherGateway {
        let ports = Ports::claim();
        let [listen, admin_listen, results_listen, ..] = ports.addresses().map(|address| address.to_string());
        let url = format!("http://{listen}");
        let results_url = self.sandbox_json["tls"]["results"].as_str().unwrap();
        let environment = [
            ("PASARELA_LISTEN", listen.as_str()),
            ("PASARELA_ADMIN_LISTEN", &admin_listen),
            ("PASARELA_PUBLIC_URL", &self.gateway_url),
            ("PASARELA_RESULTS_LISTEN", &results_listen),
            ("PASARELA_RESULTS_URL", results_url),
        ];
        let process = self.gateway_process(&url, &environment).await;
        AnotherGateway {
            url,
            admin_url: format!("http://{admin_listen}"),
            process,
            _ports: ports,
        }
    }

    async fn gateway_process(&self, url: &str, more: &[(&str, &str)]) -> Process {
        let settings = self.folder.path().join(SETTINGS_FILE).display().to_string();
        let environment = self
            .gateway_environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(more.iter().copied());
        let mut gateway = Process::start(
            &built("pasarela"),
            &["serve", "--config", &settings],
            environment,
            &self.folder.path().join("gateway.log"),
        );
        let ready = format!("{url}/health/ready");
        let http = self.http.clone();
        gateway
            .until(async || {
                let answer = http.send(reqwest::Method::GET, &ready, &[], None).await;
                answer.is_ok_and(|answer| answer.status == 200)
            })
            .await;
        gateway
    }

    /// Whoever has this certificate of the sandbox (`directory-visa`, `gateway`), and trusts its authority.
    pub fn certified(&self, name: &str) -> Http {
        Http::with_certificates(&self.tls_file("authority"), Some(&self.tls_file(name)))
    }

    /// A PEM file among the sandbox's certificates.
    pub fn tls_file(&self, name: &str) -> String {
        let folder = Path::new(self.sandbox_json["tls"]["folder"].as_str().unwrap());
        fs::read_to_string(folder.join(format!("{name}.pem"))).unwrap()
    }

    /// Where directory servers post results.
    pub fn results_url(&self) -> String {
        format!(
            "{}/3ds/results",
            self.sandbox_json["tls"]["results"].as_str().unwrap()
        )
    }

    /// Posts to the results receiver as the directory server of a brand does.
    pub async fn post_results_as(&self, brand: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/json; charset=utf-8")];
        self.certified(&format!("directory-{brand}"))
            .send(Method::POST, &self.results_url(), &headers, Some(body.to_owned()))
            .await
            .unwrap()
    }

    /// SIGKILL to the gateway.
    pub async fn kill_gateway(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            gateway.kill().await;
        }
    }

    /// The variables that the gateway, and its commands in a shell, are started with.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.gateway_environment.clone().into_iter().collect()
    }

    /// The demo shop of the 3DS Server API.
    pub fn requestor(&self) -> Requestor {
        Requestor::new(
            self.http.clone(),
            &self.gateway_url,
            self.sandbox_json["threeds_server"].clone(),
            self.outside.clone(),
            self.secrets.clone(),
        )
    }

    /// The shop on the form-encoded gateway. Its password and passphrases may be nowhere.
    pub fn directlink(&self) -> Shop {
        let account = Account::read(&self.sandbox_json["directlink"]);
        account.is_secret(&self.secrets);
        Shop::new(
            self.http.clone(),
            &self.gateway_url,
            account,
            self.secrets.clone(),
        )
    }

    /// Configures, as an operator would, where a brand's 3-D Secure messages go.
    pub async fn set_directory_server(&self, brand: &str, url: &str) {
        let admin = &self.sandbox_json["admin"];
        let address = |path: &str| format!("{}{path}", admin["url"].as_str().unwrap());
        let login = json!({ "email": admin["email"], "password": admin["password"] });
        let session = self.http.post_json(&address("/merchants/login"), &login).await;
        let bearer = format!("Bearer {}", session.json()["token"].as_str().expect("a session"));
        let answer = self
            .http
            .send(
                Method::PUT,
                &address(&format!("/directory-servers/{brand}")),
                &[("authorization", &bearer), ("content-type", "application/json")],
                Some(json!({ "url": url }).to_string()),
            )
            .await
            .expect("an answer from the admin");
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Posts what Visa's directory server would to the results receiver, and answers what it says, if anything.
    pub async fn post_results(&self, body: &str) -> Option<Value> {
        let answer = self.post_results_as("visa", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        (!answer.text.is_empty()).then(|| answer.json())
    }

    /// The process ids of gateway and sandbox, for whoever measures them.
    pub fn process_ids(&self) -> (u32, u32) {
        let gateway = self.gateway.as_ref().expect("the gateway runs");
        (gateway.id(), self.world.id())
    }

    /// What the gateway said so far.
    pub fn gateway_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("gateway.log")).unwrap_or_default()
    }

    /// What the sandbox logged so far, and with it the access control server of its issuers, spans with all their fields
    /// included. Its banner, which names the cards of every test, is left out.
    pub fn sandbox_log(&self) -> String {
        let said = fs::read_to_string(self.folder.path().join("sandbox.log")).unwrap_or_default();
        let lines: Vec<_> = said.lines().filter(|line| line.starts_with('{')).collect();
        lines.join("\n")
    }

    /// What is secret and was found in the database, a log, the gateway's metrics or a webhook. Every message that arrived at
    /// any phone counts, whether the test looked at it or not.
    pub async fn secrets_found(&self) -> Vec<String> {
        for message in self.outside.all_sms().await {
            let text = |name: &str| message[name].as_str().unwrap_or_default();
            self.secrets.used_message(text("phone"), text("text"));
        }
        let mut found = self.secrets.found_in("database", &self.database.everything());
        found.extend(self.secrets.found_in("gateway's log", &self.gateway_log()));
        found.extend(self.secrets.found_in("sandbox's log", &self.sandbox_log()));
        let metrics = format!(
            "{}/metrics",
            self.sandbox_json["admin"]["url"].as_str().unwrap_or_default()
        );
        // Some tests end with the gateway stopped, and have nothing to measure then.
        if let Ok(metrics) = self.http.send(Method::GET, &metrics, &[], None).await {
            found.extend(self.secrets.found_in("gateway's metrics", &metrics.text));
        }
        let events = self.database.ask("SELECT document FROM events");
        let references: Vec<String> = events
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|document| document["order_id"].as_str().map(str::to_owned))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        for reference in references {
            for webhook in self.outside.hooks_so_far(&reference).await {
                found.extend(
                    self.secrets
                        .found_in("webhook", webhook["raw_body"].as_str().unwrap_or_default()),
                );
            }
        }
        found
    }

    /// Ends a test: what was secret is in no table, log or webhook, and nothing was called an internal error.
    pub async fn finish(self) {
        secrets::assert_none(&self.secrets_found().await);
        let log = self.gateway_log();
        assert!(!log.contains("panicked at"), "the gateway panicked:\n{log}");
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.gateway_log();
            let interesting =
                |line: &&str| !line.contains("request answered") && !line.contains("card ranges received");
            let lines: Vec<&str> = log.lines().filter(interesting).collect();
            let shown = lines
                .get(lines.len().saturating_sub(LOG_LINES_SHOWN)..)
                .unwrap_or_default();
            eprintln!("--- the gateway's last words\n{}\n---", shown.join("\n"));
        }
    }
}

/// A folder that goes with its test, however that ends.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn create() -> Self {
        let path = std::env::temp_dir().join(format!("pasarela-e2e-{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start_world(folder: &Path, database: &Database, ports: &Ports) -> Process {
    let [
        listen,
        admin_listen,
        sandbox_listen,
        sandbox_tls_listen,
        results_listen,
        sandbox_smpp_listen,
        ..,
    ] = ports.addresses().map(|address| address.to_string());
    let gateway = built("pasarela").display().to_string();
    let var = folder.display().to_string();
    let arguments = [
        "run",
        "--no-gateway",
        "--var",
        &var,
        "--listen",
        &listen,
        "--admin-listen",
        &admin_listen,
        "--sandbox-listen",
        &sandbox_listen,
        "--sandbox-tls-listen",
        &sandbox_tls_listen,
        "--sandbox-smpp-listen",
        &sandbox_smpp_listen,
        "--results-listen",
        &results_listen,
        "--gateway",
        &gateway,
    ];
    let url = database.url();
    Process::start(
        &built("sandbox"),
        &arguments,
        [
            ("DATABASE_URL", url.as_str()),
            ("PASARELA_SANDBOX_LOG", SANDBOX_LOG),
        ],
        &folder.join("sandbox.log"),
    )
}

//! Debian's Chromium, through its WebDriver.
//!
//! Both are processes of this test, in a folder of its own, and end with it. Names other than 127.0.0.1 lead nowhere.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::process::{LOOK_EVERY, Process};
use uuid::Uuid;

use crate::webdriver::Session;
use crate::window::Window;

/// What the driver says once it listens; a port follows.
const LISTENS: &str = "started successfully on port ";

/// How often the driver's folder is tried to be removed.
const REMOVALS_MAX: u32 = 50;

/// A running WebDriver.
#[derive(Debug)]
pub struct Driver {
    address: String,
    chromium: PathBuf,
    // Before the folder, so that nobody writes there any more when it is removed.
    _process: Process,
    folder: Folder,
}

/// Whose browser it is.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The language it asks for.
    pub language: &'static str,
    /// Whether it runs scripts.
    pub scripts: bool,
    /// Whether it is a phone.
    pub phone: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            language: "es-MX",
            scripts: true,
            phone: false,
        }
    }
}

impl Driver {
    /// Starts the driver on a port that the system chooses.
    pub async fn start() -> Self {
        let folder = Folder::create();
        let home = folder.0.display().to_string();
        // Chromium keeps some things outside its profile; a home of its own holds all of them.
        let environment =
            ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"].map(|name| (name, home.as_str()));
        let log = folder.0.join("chromedriver.log");
        let mut process = Process::start(&installed("chromedriver"), &["--port=0"], environment, &log);
        let mut port = None;
        process
            .until(async || {
                port = fs::read_to_string(&log).ok().and_then(|said| port_in(&said));
                port.is_some()
            })
            .await;
        Self {
            address: format!("http://127.0.0.1:{}", port.unwrap()),
            chromium: tied_chromium(&folder.0),
            _process: process,
            folder,
        }
    }

    /// Opens a browser that has never been anywhere.
    pub async fn opens(&self, habits: Habits) -> Window {
        let profile = self.folder.0.join(Uuid::new_v4().simple().to_string());
        let capabilities = self.capabilities(habits, &profile);
        Window::new(Session::start(&self.address, &capabilities).await)
    }

    fn capabilities(&self, habits: Habits, profile: &Path) -> Value {
        let mut options = json!({
            "binary": self.chromium,
            "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--disable-breakpad",
                "--disable-crash-reporter",
                "--no-proxy-server",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--screen-info={1440x900}",
                "--window-size=1280,800",
                format!("--user-data-dir={}", profile.display()),
            ],
            "prefs": {
                "intl.accept_languages": habits.language,
                "profile.managed_default_content_settings.javascript": if habits.scripts { 1 } else { 2 },
            },
        });
        if habits.phone {
            options["mobileEmulation"] = json!({ "deviceMetrics": { "width": 360, "height": 640, "pixelRatio": 2, "mobile": true, "touch": true } });
        }
        json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        })
    }
}

fn port_in(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once(LISTENS)?;
    let digits = rest.split(|symbol: char| !symbol.is_ascii_digit()).next()?;
    // Without what follows, the number may not be all there yet.
    (digits.len() < rest.len()).then(|| digits.parse().ok())?
}

/// A script that is Chromium, but ends with the driver, however the driver ends.
fn tied_chromium(folder: &Path) -> PathBuf {
    let script = folder.join("chromium");
    let line = format!(
        "#!/bin/sh\nexec setpriv --pdeathsig KILL -- '{}' \"$@\"\n",
        installed("chromium").display()
    );
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o700)
        .open(&script)
        .unwrap();
    file.write_all(line.as_bytes()).unwrap();
    script
}

/// A program on the path, where Debian puts it, or where `make browser` unpacks it for those who may not install.
fn installed(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let var = env::var_os("PASARELA_VAR").map_or_else(|| workspace.join("var"), PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin"), var.join("browser-dist/bin")])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is missing, and without it no browser test runs: `make browser` installs it")
        })
}

/// A folder that goes with the test.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn create() -> Self {
        let folder = env::temp_dir().join(format!("pasarela-browser-{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A browser that is killed takes a moment to be gone, and may write until then.
        for _ in 0..REMOVALS_MAX {
            let removed = fs::remove_dir_all(&self.0);
            if removed.is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

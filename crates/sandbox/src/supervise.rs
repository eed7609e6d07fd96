//! `sandbox run`: a database, the outside world and the gateway, started in this order and stopped in reverse.
//!
//! The world runs in this process, PostgreSQL and the gateway are children. A child that dies by itself is started
//! again a few times; when we die, however that happens, both are told to stop by the kernel ([`crate::child`]).
//! [`gateway`] starts and watches the gateway, [`run_file`] tells other programs what is running.

mod deaths;
mod fault;
mod gateway;
mod run_file;

use std::error::Error;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use self::deaths::Deaths;
pub use self::fault::RunFault;
use self::gateway::Gateway;
use self::run_file::RunFile;
use crate::certificates::GatewayFiles;
use crate::lock::{CannotLock, Lock};
use crate::private_postgres::{Flavour, PrivatePostgres};

/// What to run, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Working folder for data, keys and what the parts tell each other.
    pub var: PathBuf,
    /// An existing database; without one a private cluster is started.
    pub database_url: Option<String>,
    /// Where the gateway takes the merchants' requests.
    pub listen: SocketAddr,
    /// Where the gateway takes the operators' requests.
    pub admin_listen: SocketAddr,
    /// Where the sandbox listens.
    pub sandbox_listen: SocketAddr,
    /// Where its directory servers listen, with TLS.
    pub sandbox_tls_listen: SocketAddr,
    /// Where its short message centre listens.
    pub sandbox_smpp_listen: SocketAddr,
    /// Where the gateway takes results from directory servers.
    pub results_listen: SocketAddr,
    /// The gateway's program; without one, `pasarela` beside our own.
    pub gateway_program: Option<PathBuf>,
    /// False leaves starting the gateway to somebody else, such as a test that kills it on purpose.
    pub start_gateway: bool,
}

/// What the world may use when it opens: the database is migrated, the gateway not yet started.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Working folder, as an absolute path.
    pub var: PathBuf,
    /// The gateway's database.
    pub database_url: String,
    /// Where the gateway will listen.
    pub listen: SocketAddr,
    /// Where the gateway's admin side will listen.
    pub admin_listen: SocketAddr,
    /// Where the world is to listen.
    pub sandbox_listen: SocketAddr,
    /// Where its directory servers are to listen, with TLS.
    pub sandbox_tls_listen: SocketAddr,
    /// Where its short message centre is to listen.
    pub sandbox_smpp_listen: SocketAddr,
    /// Where the gateway will take results.
    pub results_listen: SocketAddr,
    gateway_program: PathBuf,
}

/// What the world answers when it is open.
#[derive(Debug, Default)]
pub struct Opened {
    /// Settings for the gateway, such as the directory servers' addresses.
    pub gateway_environment: Vec<(String, String)>,
    /// Lines to show once the gateway is ready.
    pub lines: Vec<String>,
}

impl Surroundings {
    /// A subcommand of the gateway's program, with the settings that `serve` will get from us.
    #[must_use]
    pub fn gateway_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.gateway_program);
        command
            .args(arguments)
            .envs(self.gateway_environment())
            .kill_on_drop(true);
        command
    }

    fn gateway_environment(&self) -> Vec<(String, String)> {
        let results = GatewayFiles::below(&self.var);
        [
            ("PASARELA_ENVIRONMENT", "sandbox".to_owned()),
            ("DATABASE_URL", self.database_url.clone()),
            ("PASARELA_LISTEN", self.listen.to_string()),
            ("PASARELA_ADMIN_LISTEN", self.admin_listen.to_string()),
            ("PASARELA_VAR", self.var.display().to_string()),
            ("PASARELA_RESULTS_LISTEN", self.results_listen.to_string()),
            (
                "PASARELA_RESULTS_CERTIFICATE_FILE",
                results.certificate.display().to_string(),
            ),
            ("PASARELA_RESULTS_KEY_FILE", results.key.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// Runs everything until SIGINT or SIGTERM, which are answered by an orderly stop and `Ok`. `open_world` starts the
/// sandbox's servers and returns; they go on in tasks of their own.
///
/// # Errors
/// See [`RunFault`]; nothing is left running in any case.
pub async fn run<World>(settings: Settings, open_world: World) -> Result<(), RunFault>
where
    World: AsyncFnOnce(&Surroundings) -> Result<Opened, Box<dyn Error + Send + Sync>>,
{
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunFault::system("listen for signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunFault::system("listen for signals"))?;
    let mut parts = Parts::default();
    let outcome = tokio::select! {
        outcome = start_and_watch(&settings, open_world, &mut parts) => outcome,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    parts.stop();
    outcome
}

/// What is running, in the order in which it was started.
#[derive(Debug, Default)]
struct Parts {
    lock: Option<Lock>,
    postgres: Option<PrivatePostgres>,
    run_file: Option<RunFile>,
    gateway: Option<Gateway>,
}

impl Parts {
    /// Stops the gateway while database and world still answer it, then the database.
    fn stop(self) {
        let Self {
            lock,
            postgres,
            run_file,
            gateway,
        } = self;
        if let Some(gateway) = gateway {
            say("stopping the gateway");
            gateway.stop();
        }
        drop(run_file);
        if let Some(postgres) = postgres {
            say("stopping PostgreSQL");
            postgres.stop();
        }
        drop(lock);
    }
}

async fn start_and_watch<World>(
    settings: &Settings,
    open_world: World,
    parts: &mut Parts,
) -> Result<(), RunFault>
where
    World: AsyncFnOnce(&Surroundings) -> Result<Opened, Box<dyn Error + Send + Sync>>,
{
    let var = lock_var(&settings.var, parts)?;
    addresses_are_free(settings)?;
    let gateway_program = find_gateway(settings)?;
    let database_url = match &settings.database_url {
        Some(url) => url.clone(),
        None => start_postgres(&var, parts).await?,
    };
    let surroundings = Surroundings {
        var,
        database_url,
        listen: settings.listen,
        admin_listen: settings.admin_listen,
        sandbox_listen: settings.sandbox_listen,
        sandbox_tls_listen: settings.sandbox_tls_listen,
        sandbox_smpp_listen: settings.sandbox_smpp_listen,
        results_listen: settings.results_listen,
        gateway_program: gateway_program.clone(),
    };
    migrate(&surroundings).await?;
    make_keys(&surroundings).await?;
    let opened = open_world(&surroundings).await.map_err(RunFault::World)?;

    let mut environment = surroundings.gateway_environment();
    environment.extend(opened.gateway_environment);
    let postgres_pid = parts.postgres.as_ref().map(PrivatePostgres::process_id);
    let run_file = parts
        .run_file
        .insert(RunFile::new(&surroundings, &environment, postgres_pid));
    if settings.start_gateway {
        let gateway = Gateway::start(&gateway_program, &environment, settings.listen)?;
        let gateway = parts.gateway.insert(gateway);
        gateway.ready().await?;
        run_file.set_gateway(Some(gateway.process_id()));
    }
    run_file.write()?;
    show(&surroundings, settings.start_gateway, &opened.lines)?;
    watch(parts).await
}

fn lock_var(var: &Path, parts: &mut Parts) -> Result<PathBuf, RunFault> {
    let folder = || format!("use the working folder {}", var.display());
    // Others may pass through, so that the database's user reaches its data; what is secret in it is closed itself.
    DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(var)
        .map_err(RunFault::system(folder()))?;
    let var = var.canonicalize().map_err(RunFault::system(folder()))?;
    match Lock::take(&var.join("run.lock")) {
        Ok(lock) => {
            parts.lock = Some(lock);
            Ok(var)
        }
        Err(CannotLock::Held { holder, .. }) => Err(RunFault::AlreadyRunning { holder, var }),
        Err(fault @ CannotLock::File { .. }) => Err(RunFault::Lock(fault)),
    }
}

/// Said before anything is started, since each part would say it in its own way and after a while.
fn addresses_are_free(settings: &Settings) -> Result<(), RunFault> {
    let mut addresses = vec![
        (settings.sandbox_listen, "PASARELA_SANDBOX_LISTEN"),
        (settings.sandbox_tls_listen, "PASARELA_SANDBOX_TLS_LISTEN"),
        (settings.sandbox_smpp_listen, "PASARELA_SANDBOX_SMPP_LISTEN"),
    ];
    if settings.start_gateway {
        addresses.push((settings.listen, "PASARELA_LISTEN"));
        addresses.push((settings.admin_listen, "PASARELA_ADMIN_LISTEN"));
        addresses.push((settings.results_listen, "PASARELA_RESULTS_LISTEN"));
    }
    for (address, variable) in addresses {
        TcpListener::bind(address).map_err(|source| RunFault::Address {
            address,
            variable,
            source,
        })?;
    }
    Ok(())
}

fn find_gateway(settings: &Settings) -> Result<PathBuf, RunFault> {
    let program = match &settings.gateway_program {
        Some(program) => program.clone(),
        None => {
            let ours = std::env::current_exe().map_err(RunFault::system("find our own program"))?;
            ours.with_file_name("pasarela")
        }
    };
    if program.is_file() {
        Ok(program)
    } else {
        Err(RunFault::NoGateway(program))
    }
}

async fn start_postgres(var: &Path, parts: &mut Parts) -> Result<String, RunFault> {
    say("starting PostgreSQL");
    let folder = var.to_owned();
    // Blocks for a second or, after a crash, longer; a signal meanwhile must find us listening.
    let started =
        tokio::task::spawn_blocking(move || PrivatePostgres::start(Flavour::Durable, &folder)).await;
    let postgres =
        started.map_err(|error| RunFault::system("start PostgreSQL")(io::Error::other(error)))??;
    if let Some(note) = postgres.place().note() {
        say(note);
    }
    Ok(parts.postgres.insert(postgres).database_url().to_owned())
}

/// Where the gateway looks for its vault's keys when it is not told otherwise.
const KEY_FILE: &str = "vault.keys";

async fn migrate(surroundings: &Surroundings) -> Result<(), RunFault> {
    say("migrating the database");
    prepare(surroundings, &["migrate"]).await
}

/// The vault's keys are made once; what is sealed in the database opens with no others.
async fn make_keys(surroundings: &Surroundings) -> Result<(), RunFault> {
    if surroundings.var.join(KEY_FILE).exists() {
        return Ok(());
    }
    prepare(surroundings, &["keys", "init"]).await
}

async fn prepare(surroundings: &Surroundings, arguments: &[&str]) -> Result<(), RunFault> {
    let mut command = surroundings.gateway_command(arguments);
    let status = command
        .status()
        .await
        .map_err(RunFault::system("run `pasarela`"))?;
    if status.success() {
        return Ok(());
    }
    Err(RunFault::Preparation {
        what: arguments.join(" "),
        status,
    })
}

/// Keeps the children alive; returns only when that is hopeless.
async fn watch(parts: &mut Parts) -> Result<(), RunFault> {
    let mut gateway_deaths = Deaths::default();
    let mut postgres_deaths = Deaths::default();
    loop {
        let gateway = parts.gateway.as_ref();
        let postgres = parts.postgres.as_ref();
        let died = tokio::select! {
            how = ended(gateway.map(Gateway::ended)) => Died::Gateway(how),
            how = ended(postgres.map(PrivatePostgres::ended)) => Died::Postgres(how),
        };
        match died {
            Died::Gateway(how) => {
                let pause = gateway_deaths
                    .another()
                    .ok_or(RunFault::DiesAgainAndAgain("the gateway"))?;
                say(&format!("the gateway ended by itself ({how}); starting it again"));
                tokio::time::sleep(pause).await;
                if let Some(gateway) = &mut parts.gateway {
                    gateway.start_again()?;
                    let process_id = gateway.process_id();
                    if let Some(run_file) = &mut parts.run_file {
                        run_file.set_gateway(Some(process_id));
                        run_file.write()?;
                    }
                }
            }
            Died::Postgres(how) => {
                let pause = postgres_deaths
                    .another()
                    .ok_or(RunFault::DiesAgainAndAgain("PostgreSQL"))?;
                say(&format!("PostgreSQL ended by itself ({how}); starting it again"));
                tokio::time::sleep(pause).await;
                if let Some(postgres) = &mut parts.postgres {
                    tokio::task::block_in_place(|| postgres.restart())?;
                    let process_id = postgres.process_id();
                    if let Some(run_file) = &mut parts.run_file {
                        run_file.set_postgres(process_id);
                        run_file.write()?;
                    }
                }
            }
        }
    }
}

enum Died {
    Gateway(String),
    Postgres(String),
}

/// How a child ended, once it has; never, where there is no child.
async fn ended(child: Option<impl Future<Output = Option<std::process::ExitStatus>>>) -> String {
    match child {
        Some(child) => child
            .await
            .map_or_else(|| "nobody knows how".to_owned(), |status| status.to_string()),
        None => std::future::pending().await,
    }
}

fn show(surroundings: &Surroundings, gateway: bool, lines: &[String]) -> Result<(), RunFault> {
    let mut text = String::from("\n");
    if gateway {
        text += &format!("gateway  http://{}\n", surroundings.listen);
        text += &format!("admin    http://{}\n", surroundings.admin_listen);
    }
    text += &format!("sandbox  http://{}\n", surroundings.sandbox_listen);
    for line in lines {
        text += line;
        text.push('\n');
    }
    text += "\nReady. Ctrl-C stops everything.\n";
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(RunFault::system("write to the terminal"))
}

/// Progress goes to standard error, in step with what the children write there.
fn say(line: &str) {
    eprintln!("sandbox: {line}");
}

//! The gateway as a child process.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::RunFault;
use crate::child::{Child, Signal, tied};

/// How long the gateway may take from start to ready.
const READY_PATIENCE: Duration = Duration::from_secs(60);
/// How long one question for readiness may take.
const ASK_PATIENCE: Duration = Duration::from_secs(2);
/// Pause between two questions.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// What the gateway may take to finish what it is doing.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// What a killed process may take to be gone.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// `pasarela serve`, running.
#[derive(Debug)]
pub(super) struct Gateway {
    program: PathBuf,
    environment: Vec<(String, String)>,
    listen: SocketAddr,
    child: Child,
}

impl Gateway {
    /// Starts the gateway; [`Gateway::ready`] tells when it is of use.
    pub(super) fn start(
        program: &Path,
        environment: &[(String, String)],
        listen: SocketAddr,
    ) -> Result<Self, RunFault> {
        super::say("starting the gateway");
        let child = spawn(program, environment)?;
        Ok(Self {
            program: program.to_owned(),
            environment: environment.to_vec(),
            listen,
            child,
        })
    }

    /// Starts the gateway after it ended.
    pub(super) fn start_again(&mut self) -> Result<(), RunFault> {
        self.child = spawn(&self.program, &self.environment)?;
        Ok(())
    }

    pub(super) fn process_id(&self) -> u32 {
        self.child.process_id()
    }

    /// Resolves when the gateway has ended.
    pub(super) async fn ended(&self) -> Option<ExitStatus> {
        self.child.ended().await
    }

    /// Waits until the gateway says that it is ready.
    pub(super) async fn ready(&self) -> Result<(), RunFault> {
        let address = reachable(self.listen);
        let asking = async {
            while !is_ready(address).await {
                sleep(ASK_EVERY).await;
            }
        };
        tokio::select! {
            outcome = timeout(READY_PATIENCE, asking) => outcome.map_err(|_| RunFault::GatewayNotReady(READY_PATIENCE)),
            status = self.ended() => {
                let how = status.map_or_else(|| "nobody knows how".to_owned(), |status| status.to_string());
                Err(RunFault::GatewayDied(how))
            }
        }
    }

    /// Lets the gateway finish what it is doing and waits until it is gone.
    pub(super) fn stop(self) {
        drop(self);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if !self.child.stop(Signal::TERM, STOP_PATIENCE) {
            let _ = self.child.stop(Signal::KILL, KILL_PATIENCE);
        }
    }
}

fn spawn(program: &Path, environment: &[(String, String)]) -> Result<Child, RunFault> {
    let mut command = tied(program, "TERM");
    command
        .arg("serve")
        .envs(environment.iter().map(|(name, value)| (name, value)));
    Child::spawn(command).map_err(RunFault::system(format!("start {}", program.display())))
}

/// Asks `/health/ready` in so many bytes: an HTTP client with its pool and its TLS would be for nothing here.
async fn is_ready(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut status_line = [0_u8; 12];
        stream.read_exact(&mut status_line).await?;
        std::io::Result::Ok(status_line)
    };
    matches!(timeout(ASK_PATIENCE, ask).await, Ok(Ok(status_line)) if status_line == *b"HTTP/1.1 200")
}

/// Where a server that listens on every address can be asked.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_listens_everywhere_is_asked_on_loopback() {
        let asked = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(asked("[::]:8080"), "[::1]:8080");
        assert_eq!(asked("192.0.2.7:80"), "192.0.2.7:80");
    }
}

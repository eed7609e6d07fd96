//! `[http]`: where we listen, and how we are reached.

use super::{Http, read::section};
use orchestrator::administration::Environment;
use payments::fields::{Fields, Problems, boolean, integer, parsed};
use primitives::HttpUrl;
use std::{net::SocketAddr, time::Duration};

/// The longest address that directory servers and ACSs take for notifications (emv-3ds.md: 256 characters), less the
/// longest path we add.
const PUBLIC_URL_MAX_CHARACTERS: usize = 200;

/// Reads the section.
pub(super) fn read(
    root: &Fields<'_>,
    environment: Option<Environment>,
    problems: &mut Problems,
) -> Option<Http> {
    let known = [
        "listen",
        "admin_listen",
        "public_url",
        "trust_forwarded_for",
        "shutdown_seconds",
    ];
    let fields = section(root, "http", &known, problems)?;
    let address = |text: &str| {
        text.parse::<SocketAddr>()
            .map_err(|_| "must be an IP address and a port")
    };
    let listen = fields.need("listen", parsed(address), problems);
    let admin_listen = fields.need("admin_listen", parsed(address), problems);
    // Port 0 is a port of the system's choice, another one each time.
    if listen == admin_listen && listen.is_some_and(|address| address.port() != 0) {
        problems.add("http.admin_listen", "must not be http.listen");
    }
    let policy = environment.unwrap_or(Environment::Production).url_policy();
    let url = |text: &str| match HttpUrl::parse(text, policy) {
        Ok(url) if text.len() <= PUBLIC_URL_MAX_CHARACTERS => {
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        Ok(_) => Err(format!(
            "must have at most {PUBLIC_URL_MAX_CHARACTERS} characters"
        )),
        Err(error) => Err(error.to_string()),
    };
    let public_url = match (fields.take("public_url", parsed(url), problems), environment) {
        (Some(url), _) => Some(url),
        (None, Some(Environment::Sandbox)) => listen.map(|address| format!("http://{address}")),
        (None, Some(Environment::Production) | None) => {
            if fields.value("public_url").is_none() {
                problems.add("http.public_url", "is required in production");
            }
            None
        }
    };
    let trust_forwarded_for = fields.need("trust_forwarded_for", boolean, problems);
    let shutdown = fields.need("shutdown_seconds", integer(0..=600u32), problems);
    Some(Http {
        listen: listen?,
        admin_listen: admin_listen?,
        public_url: public_url?,
        trust_forwarded_for: trust_forwarded_for?,
        shutdown: Duration::from_secs(shutdown?.into()),
    })
}

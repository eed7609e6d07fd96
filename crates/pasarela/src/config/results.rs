//! `[three_ds.results]`: where directory servers post results.

use super::{Results, ResultsListener};
use api::results::served::{CertificateFiles, TlsFiles};
use orchestrator::administration::Environment;
use payments::fields::{Fields, Problems, boolean, parsed, text};
use primitives::{HttpUrl, UrlPolicy};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

const PATH: &str = "three_ds.results";
const PATH_MAX_CHARACTERS: usize = 4_096;
const CERTIFICATES_MAX: usize = 20;

/// Reads the section; file names are relative to `var`.
pub(super) fn read(
    root: &Fields<'_>,
    environment: Option<Environment>,
    var: Option<&Path>,
    problems: &mut Problems,
) -> Option<Results> {
    let known = [
        "behind_proxy",
        "listen",
        "public_url",
        "certificate_file",
        "key_file",
        "client_roots_file",
        "more_certificates",
    ];
    let section = root.value("three_ds")?.get("results")?;
    let fields = Fields::open(section, PATH, &known, problems)?;
    let behind_proxy = fields.need("behind_proxy", boolean, problems);
    let of_listener = known.iter().skip(1);
    let Some(given) = of_listener.into_iter().find(|name| fields.value(name).is_some()) else {
        return match (behind_proxy?, environment?) {
            (true, _) | (false, Environment::Sandbox) => Some(Results::Public),
            (false, Environment::Production) => Some(Results::Nowhere),
        };
    };
    if behind_proxy == Some(true) {
        problems.add(
            format!("{PATH}.{given}"),
            "must not be given where behind_proxy is true: there is one receiver only",
        );
        return None;
    }
    let address = |text: &str| {
        text.parse::<SocketAddr>()
            .map_err(|_| "must be an IP address and a port")
    };
    let listen = fields.need("listen", parsed(address), problems);
    let url = |text: &str| {
        HttpUrl::parse(text, UrlPolicy::HttpsOnly).map(|url| url.as_str().trim_end_matches('/').to_owned())
    };
    let public_url = fields.take("public_url", parsed(url), problems);
    let everywhere = listen.is_some_and(|address| address.ip().is_unspecified());
    if fields.value("public_url").is_none()
        && (everywhere || environment.is_none_or(|environment| environment == Environment::Production))
    {
        problems.add(
            format!("{PATH}.public_url"),
            "is required: directory servers are told where to post",
        );
    }
    let own = pair(&fields, var, problems);
    let client_roots = fields.take("client_roots_file", text(PATH_MAX_CHARACTERS), problems);
    let more = more(&fields, var, problems);
    Some(Results::Listener(ResultsListener {
        listen: listen?,
        public_url,
        files: TlsFiles {
            certificates: [vec![own?], more?].concat(),
            client_roots: client_roots.map(|file| below(var, file)),
        },
    }))
}

fn pair(fields: &Fields<'_>, var: Option<&Path>, problems: &mut Problems) -> Option<CertificateFiles> {
    let certificate = fields.need("certificate_file", text(PATH_MAX_CHARACTERS), problems);
    let key = fields.need("key_file", text(PATH_MAX_CHARACTERS), problems);
    Some(CertificateFiles {
        certificate: below(var, certificate?),
        key: below(var, key?),
    })
}

fn more(fields: &Fields<'_>, var: Option<&Path>, problems: &mut Problems) -> Option<Vec<CertificateFiles>> {
    let Some(value) = fields.value("more_certificates") else {
        return Some(Vec::new());
    };
    let at = fields.at("more_certificates");
    let Value::Array(entries) = value else {
        problems.add(at, "must be a list");
        return None;
    };
    if entries.len() > CERTIFICATES_MAX {
        problems.add(at, format!("must have at most {CERTIFICATES_MAX} entries"));
        return None;
    }
    let mut pairs = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let known = ["certificate_file", "key_file"];
        let entry = Fields::open(entry, &format!("{at}.{index}"), &known, problems)?;
        pairs.push(pair(&entry, var, problems)?);
    }
    Some(pairs)
}

fn below(var: Option<&Path>, file: String) -> PathBuf {
    var.map_or_else(|| PathBuf::from(&file), |var| var.join(&file))
}

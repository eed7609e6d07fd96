//! The main flows, played from the terminal against a running `make run`: what is sent, what comes back, and what the
//! ledger says in the end.

mod after_purchase;
mod directlink;
mod flows;

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use crate::cardholder::Cardholder;
use crate::directlink::{Account, Shop};
use crate::http::Http;
use crate::merchant::{Keys, Merchant};
use crate::outside::Outside;
use crate::secrets::Secrets;
use crate::story::Story;

/// The parties of a flow. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Parties {
    /// The merchant whose connection rejects what is in doubt.
    pub merchant: Merchant,
    /// The merchant whose connection proceeds.
    pub proceeding: Merchant,
    /// The shop on the form-encoded gateway.
    pub directlink: Shop,
    /// The sandbox.
    pub outside: Outside,
    /// The cardholder.
    pub cardholder: Cardholder,
}

/// Plays every flow and tells which passed.
pub async fn main() -> ExitCode {
    let story = Story::aloud();
    let parties = match parties(story).await {
        Ok(parties) => parties,
        Err(trouble) => {
            eprintln!("demo: {trouble}");
            return ExitCode::FAILURE;
        }
    };
    // What is wrong is a line of the story, not a stack trace.
    std::panic::set_hook(Box::new(move |panic| {
        let what = panic.payload_as_str().unwrap_or("something is wrong");
        story.tell("✗", || what.replace('\n', "\n                "));
    }));
    let mut results = Vec::new();
    for flow in flows::ALL {
        story.headline(&format!("\n── {}", flow.name));
        let passed = tokio::spawn((flow.play)(parties.clone())).await.is_ok();
        results.push((flow.name, passed));
    }
    let _ = std::panic::take_hook();
    story.headline("\n── Summary");
    for (name, passed) in &results {
        story.headline(&format!(
            "  {}  {name}",
            if *passed { "passed" } else { "FAILED" }
        ));
    }
    if results.iter().all(|(_, passed)| *passed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn parties(story: Story) -> Result<Parties, String> {
    let var = std::env::var_os("PASARELA_VAR").map_or_else(|| PathBuf::from("var"), PathBuf::from);
    let path = var.join("sandbox.json");
    let advice = "start `make run` in another terminal first";
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}: {advice}", path.display()))?;
    let document: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = |name: &str| {
        let found = document[name].as_str().map(str::to_owned);
        found.ok_or_else(|| format!("{} names no {name}", path.display()))
    };
    let (gateway, sandbox) = (text("gateway")?, text("sandbox")?);
    let http = Http::default();
    let ready = format!("{gateway}/health/ready");
    match http.send(reqwest::Method::GET, &ready, &[], None).await {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) => {
            return Err(format!(
                "the gateway at {gateway} is not ready (HTTP {})",
                answer.status
            ));
        }
        Err(_) => return Err(format!("there is no gateway at {gateway}: {advice}")),
    }
    let secrets = Secrets::default();
    let outside = Outside::new(http.clone(), sandbox, story);
    let merchant = |name: &str| {
        let keys = Keys::read(&document[name]);
        Merchant::new(
            http.clone(),
            &gateway,
            keys,
            outside.clone(),
            secrets.clone(),
            story,
        )
    };
    let account = Account::read(&document["directlink"]);
    Ok(Parties {
        directlink: Shop::new(http.clone(), &gateway, account, secrets.clone()),
        merchant: merchant("merchant"),
        proceeding: merchant("proceeding_merchant"),
        cardholder: Cardholder::new(http.clone(), outside.clone(), secrets.clone(), story),
        outside,
    })
}

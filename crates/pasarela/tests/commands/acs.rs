//! `pasarela acs`: the access control server as a process of its own, with nothing of the gateway.

use super::{Machine, ask, serving::Serving};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{SystemTime, UNIX_EPOCH};

const ADMIN_TOKEN: &str = "administration-of-this-test";

/// Settings of a sandbox on a loopback address.
fn prepared(machine: &Machine) -> String {
    let token = machine.file("admin-token", ADMIN_TOKEN);
    let key_file = machine.var.join("acs.keys").display().to_string();
    let settings = format!(
        "public_url = \"http://127.0.0.1:8085\"\nproduction = false\nlisten = \"127.0.0.1:0\"\n\
         operation_listen = \"127.0.0.1:0\"\nkey_file = {key_file:?}\nadmin_token_file = {token:?}\n"
    );
    machine.file("acs.toml", &settings)
}

fn arguments<'a>(settings: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--config", settings, "acs"];
    arguments.extend(rest);
    arguments
}

/// Runs a command that has to go well, and answers its standard output.
fn run(machine: &Machine, settings: &str, rest: &[&str]) -> String {
    let output = machine.command(&arguments(settings, rest)).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{rest:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A call of the issuer API: status and body.
fn call(serving: &Serving, line: &str, token: &str, content_type: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!(
        "{line}\nauthorization: Bearer {token}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let (status, reply) = ask(serving.address("public"), &request);
    (status, serde_json::from_str(&reply).unwrap_or_default())
}

/// An assertion of the client that this private key was made for.
fn assertion(jwk: &Value) -> String {
    let bytes = |name: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(jwk[name].as_str().unwrap())
            .unwrap()
    };
    let point = [vec![4], bytes("x"), bytes("y")].concat();
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes("d"), &point)
            .unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "the other process reads the system's clock too"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": "core", "exp": now + 300, "jti": "1"});
    let signed = format!("{}.{}", part(json!({"alg": "ES256"})), part(claims));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

#[sqlx::test(migrations = false)]
async fn the_access_control_server_stands_alone(pool: PgPool) {
    let machine = Machine::new(&pool);
    let settings = prepared(&machine);
    let refused = machine.run(&arguments(&settings, &["issuer", "list"]));
    assert!(!refused.0 && refused.1.contains("acs.keys"), "{}", refused.1);
    run(&machine, &settings, &["migrate"]);
    let serving = Serving::start(machine.command(&arguments(&settings, &["--migrate", "--create-keys"])));
    for path in ["live", "ready"] {
        assert_eq!(
            ask(serving.address("operation"), &format!("GET /health/{path}")).0,
            204
        );
    }

    run(
        &machine,
        &settings,
        &["issuer", "add", "banco-0001", "Banco de Ejemplo"],
    );
    let again = machine.run(&arguments(&settings, &["issuer", "add", "banco-0001", "Otra"]));
    assert!(!again.0 && again.1.contains("there is an issuer"), "{}", again.1);
    assert!(run(&machine, &settings, &["issuer", "list"]).contains("banco-0001  Banco de Ejemplo"));
    let private = run(&machine, &settings, &["client", "add", "banco-0001", "core"]);
    let private: Value = serde_json::from_str(&private).unwrap();

    let product = json!({"brand": "visa", "name": "Clásica", "ranges": [{"start": "4000000000000000", "end": "4000000000009999"}]});
    let path = "/acs/admin/issuers/banco-0001/products/clasica";
    let made = call(
        &serving,
        &format!("PUT {path}"),
        ADMIN_TOKEN,
        "application/json",
        &product.to_string(),
    );
    assert_eq!(made.0, 201, "{}", made.1);

    let form = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
        assertion(&private)
    );
    let (status, token) = call(
        &serving,
        "POST /acs/oauth2/token",
        "",
        "application/x-www-form-urlencoded",
        &form,
    );
    assert_eq!(status, 200, "{token}");
    let token = token["access_token"].as_str().unwrap();
    let body =
        json!({"language": "es-MX", "cards": [{"cardId": "one", "pan": "4000000000000002", "exp": "1230"}]});
    let base = "/acs/banking/v2/issuers/banco-0001";
    let line = format!("PUT {base}/consumers/ana/cards");
    let (status, reply) = call(&serving, &line, token, "application/json", &body.to_string());
    assert_eq!(status, 204, "{reply}");
    let (status, card) = call(
        &serving,
        &format!("GET {base}/cards/one"),
        token,
        "application/json",
        "",
    );
    assert_eq!((status, &card["panSuffix"]), (200, &json!("0002")));
    run(&machine, &settings, &["unlock", "banco-0001", "one"]);
    run(&machine, &settings, &["client", "disable", "banco-0001", "core"]);
    let (status, _) = call(
        &serving,
        &format!("GET {base}/cards/one"),
        token,
        "application/json",
        "",
    );
    assert_eq!(status, 401);

    let (went_well, said) = serving.stop(Signal::TERM);
    assert!(went_well, "{said:?}");
    assert!(said.last().unwrap().contains("stopped"), "{said:?}");
    for secret in ["4000000000000002", ADMIN_TOKEN, token] {
        assert!(!said.iter().any(|line| line.contains(secret)));
    }
}

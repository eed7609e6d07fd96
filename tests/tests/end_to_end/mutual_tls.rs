//! Directory servers and gateway know each other by certificate, in both directions.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::http::Http;
use tests::system::System;

use crate::results_message::{areq_of_amount, ids_of_amount, passed, post_accepted};

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

fn directory_url(system: &System, brand: &str) -> String {
    let base = system.sandbox_json["tls"]["directory"].as_str().unwrap();
    format!("{base}/directory/{brand}")
}

async fn post(http: &Http, url: &str, message: &Value) -> Result<Value, String> {
    let answer = http
        .send(Method::POST, url, &[JSON], Some(message.to_string()))
        .await?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Ok(answer.json())
}

#[tokio::test]
async fn a_purchase_with_a_challenge_runs_over_mutual_tls_both_ways() {
    let system = System::start().await;
    let order = system.merchant.buy(42_100, &Card::visa(5)).await;
    let asked = areq_of_amount(&system, 42_100).await;
    assert_eq!(asked["threeDSServerURL"], system.results_url());
    assert!(system.results_url().starts_with("https://"));
    system
        .cardholder
        .authenticates(order.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    assert_eq!(
        system.merchant.settled(order.token()).await.payment_status(),
        "processed"
    );
    system.outside.only_charge(order.reference()).await;
    let log = system.gateway_log();
    assert!(
        log.contains("connections to the directory server are set up") && !log.contains("TLS failed"),
        "{log}"
    );
    system.finish().await;
}

#[tokio::test]
async fn results_are_taken_from_the_brand_s_own_directory_server_only() {
    let system = System::start().await;
    let order = system.merchant.buy(42_200, &Card::visa(5)).await;
    let rreq = passed(&ids_of_amount(&system, 42_200).await);
    let url = system.results_url();

    // Another brand's directory server, of the same authority.
    let answer = system.post_results_as("mastercard", &rreq.to_string()).await;
    let erro = answer.json();
    assert_eq!(
        (&erro["messageType"], &erro["errorCode"], &erro["errorComponent"]),
        (&json!("Erro"), &json!("303"), &json!("S")),
        "{erro}"
    );
    assert!(
        system
            .gateway_log()
            .contains("results from a certificate of another brand")
    );

    // The gateway's own certificate is not for this: it gets no handshake as a client, or speaks for nobody.
    match post(&system.certified("gateway"), &url, &rreq).await {
        Ok(erro) => assert_eq!(erro["errorCode"], "303", "{erro}"),
        Err(refused) => assert!(!refused.is_empty()),
    }
    // No certificate.
    let stranger = Http::with_certificates(&system.tls_file("authority"), None);
    assert!(post(&stranger, &url, &rreq).await.is_err());
    // Who does not know the authority does not speak to us.
    assert!(post(&system.http, &url, &rreq).await.is_err());

    // Plain HTTP, at this door and at the one that is there without the listener.
    let address = url.trim_start_matches("https://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = rreq.to_string();
    let length = body.len();
    write!(
        stream,
        "POST /3ds/results HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let public = format!("{}/3ds/results", system.gateway_url);
    let answer = system.http.post_json(&public, &rreq).await;
    assert_eq!(answer.status, 404, "{}", answer.text);

    let read = system.merchant.read(order.token()).await;
    assert_eq!(
        read.hash_state(),
        order.hash_state(),
        "nothing of all this changed it"
    );
    system.outside.no_charge(order.reference()).await;

    post_accepted(&system, &rreq).await;
    assert_eq!(
        system.merchant.settled(order.token()).await.payment_status(),
        "processed"
    );
    system.finish().await;
}

#[tokio::test]
async fn directory_servers_speak_with_the_gateway_only() {
    let system = System::start().await;
    system.merchant.buy(42_300, &Card::visa(0)).await;
    let mut asked = areq_of_amount(&system, 42_300).await;
    asked["threeDSServerTransID"] = json!(uuid::Uuid::new_v4());
    // The log of messages shows no card number whole.
    asked["acctNumber"] = json!("4000000000001000");
    let url = directory_url(&system, "visa");
    let erro = post(&system.certified("directory-visa"), &url, &asked)
        .await
        .unwrap();
    assert_eq!(
        (&erro["messageType"], &erro["errorCode"], &erro["errorComponent"]),
        (&json!("Erro"), &json!("303"), &json!("D")),
        "{erro}"
    );
    let stranger = Http::with_certificates(&system.tls_file("authority"), None);
    assert!(post(&stranger, &url, &asked).await.is_err());
    let answer = post(&system.certified("gateway"), &url, &asked).await.unwrap();
    assert_ne!(answer["errorCode"], "303", "{answer}");
    system.finish().await;
}

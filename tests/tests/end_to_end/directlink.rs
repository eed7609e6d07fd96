//! Shops on the form-encoded gateway: signed forms in, one `ncresponse` out, and what comes of it at the processors.

mod aliases;
mod authentication;
mod cards;
mod duplicates;
mod forms;
mod later;
mod letting_in;
mod published;
mod recorded;
mod several_accounts;
mod unknown;

use reqwest::Method;
use serde_json::{Value, json};
use tests::directlink::answer::NcResponse;
use tests::directlink::signature::Hash;
use tests::directlink::{Account, Shop};
use tests::operator::Operator;
use tests::process::eventually;
use tests::system::System;

/// Where an operator has the accounts of the merchant whose shop speaks the protocol.
fn accounts(system: &System) -> String {
    let merchant = system.sandbox_json["directlink_merchant"]["id"].as_str();
    format!("/merchants/{}/directlink-accounts", merchant.expect("a merchant"))
}

/// Has an operator open an account at the processor that the seeded one uses, with whatever else is `said` of it, and one user.
async fn opened(system: &System, account: Account, said: Value) -> Shop {
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let mut document = json!({
        "pspid": account.pspid,
        "processor": "adyen",
        "hash": match account.hash { Hash::Sha1 => "sha1", Hash::Sha256 => "sha256", Hash::Sha512 => "sha512" },
    });
    for (name, passphrase) in [("sha_in", &account.sha_in), ("sha_out", &account.sha_out)] {
        if !passphrase.is_empty() {
            document[name] = json!(passphrase);
        }
    }
    for (name, value) in said.as_object().expect("members") {
        document[name] = value.clone();
    }
    operator.post(&accounts(system), &document).await;
    let user = format!("{}/{}/users/{}", accounts(system), account.pspid, account.userid);
    let password = json!({ "password": account.pswd });
    let put = operator.call(Method::PUT, &user, Some(&password)).await;
    assert!(matches!(put.status, 200 | 201 | 204), "{}", put.text);
    system.directlink().with_account(account)
}

/// An account of that name with secrets of its own.
fn account(system: &System, pspid: &str, hash: Hash) -> Account {
    let secret = |what: &str| format!("{what}-{}", uuid::Uuid::new_v4().simple());
    let account = Account {
        pspid: pspid.to_owned(),
        userid: "api-user".to_owned(),
        pswd: secret("pswd"),
        sha_in: secret("in"),
        sha_out: secret("out"),
        hash,
    };
    account.is_secret(&system.secrets);
    account
}

/// Asks until a payment, or a level of it, has that status.
async fn until(shop: &Shop, which: &[(&str, &str)], status: &str) -> NcResponse {
    let mut answer = shop.asks(which).await;
    eventually(&format!("STATUS {status}"), async || {
        answer = shop.asks(which).await;
        answer.status() == status
    })
    .await;
    answer
}

//! Who is let in: account, user, password, address, signature, in this order.

use reqwest::Method;
use serde_json::json;
use tests::cards::Card;
use tests::directlink::signature::Hash;
use tests::directlink::{Account, MAINTENANCE, ORDER, QUERY, Request};
use tests::operator::Operator;
use tests::system::System;

use super::{account, accounts, opened};

#[tokio::test]
async fn only_who_knows_the_passphrase_is_let_in() {
    let system = System::start().await;
    for (pspid, hash) in [
        ("one", Hash::Sha1),
        ("two", Hash::Sha256),
        ("three", Hash::Sha512),
    ] {
        let shop = opened(&system, account(&system, pspid, hash), json!({})).await;
        let order = shop.order(19_000, &Card::visa(0));
        assert_eq!(shop.pays(&order).await.told(), ("5", "0"), "{hash:?}");

        let guessing = |change: fn(&mut Account)| {
            let mut account = shop.account.clone();
            change(&mut account);
            shop.with_account(account)
        };
        let unsigned = guessing(|account| account.sha_in.clear());
        let others = guessing(|account| account.sha_in.push('x'));
        let other_hash = guessing(|account| {
            account.hash = match account.hash {
                Hash::Sha256 => Hash::Sha512,
                Hash::Sha1 | Hash::Sha512 => Hash::Sha256,
            };
        });
        let request = shop.order(19_100, &Card::visa(0)).with("PAYID", "3000000001");
        for page in [ORDER, MAINTENANCE, QUERY] {
            let answer = unsigned.posts(page, &request).await;
            answer.assert_complains("50001111", "unknown order/0/s/");
            for shop in [&others, &other_hash] {
                let answer = shop.posts(page, &request).await;
                answer.assert_complains("50001111", "unknown order/1/s/");
            }
        }
        // A value that was changed on the way.
        let changed = shop
            .signed(&request)
            .with("AMOUNT", 1)
            .body(tests::directlink::Charset::Latin1);
        let answer = shop
            .sends(ORDER, "application/x-www-form-urlencoded", changed)
            .await;
        let answer = tests::directlink::answer::NcResponse::of(&answer.unwrap());
        answer.assert_complains("50001111", "unknown order/1/s/");
        system.outside.no_charge(request.value("ORDERID")).await;
    }
    // Without a passphrase there is nothing to sign with, and what is sent all the same is not looked at.
    let mut free = account(&system, "free", Hash::Sha256);
    free.sha_in.clear();
    let shop = opened(&system, free, json!({})).await;
    let order = shop.order(19_200, &Card::visa(0)).with("SHASIGN", "AB");
    assert_eq!(shop.pays(&order).await.told(), ("5", "0"));
    system.finish().await;
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_user() {
    let system = System::start().await;
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let shop = opened(&system, account(&system, "locked", Hash::Sha256), json!({})).await;
    let with = |change: &dyn Fn(&mut Account)| {
        let mut account = shop.account.clone();
        change(&mut account);
        shop.with_account(account)
    };
    let order = |cents| shop.order(cents, &Card::visa(0));

    let unknown = with(&|account| account.pspid = "nobody".to_owned());
    unknown
        .pays(&order(20_000))
        .await
        .assert_complains("50001118", "PSPID");
    let stranger = with(&|account| account.userid = "somebody".to_owned());
    let answer = stranger.pays(&order(20_000)).await;
    answer.assert_complains("50001111", "not allowed for this user");
    let itself = with(&|account| account.userid = account.pspid.clone());
    let answer = itself.pays(&order(20_000)).await;
    answer.assert_complains("50001111", "not allowed for this user");
    for (name, words) in [
        ("PSPID", "no PSPID"),
        ("USERID", "no USERID"),
        ("PSWD", "no PSWD"),
    ] {
        let body = shop
            .signed(&order(20_000))
            .without(name)
            .body(tests::directlink::Charset::Latin1);
        let answer = shop.sends(ORDER, "application/x-www-form-urlencoded", body).await;
        let answer = tests::directlink::answer::NcResponse::of(&answer.unwrap());
        answer.assert_complains("50001111", words);
    }

    // Four in a row are forgiven.
    let guessing = with(&|account| account.pswd.push('x'));
    let wrong = async |times: usize| {
        for _ in 0..times {
            let answer = guessing.asks(&[("ORDERID", "x")]).await;
            assert_eq!(answer.error(), "50001119", "{answer:?}");
        }
    };
    wrong(4).await;
    assert_eq!(shop.pays(&order(20_100)).await.told(), ("5", "0"));
    wrong(5).await;
    let locked = shop.pays(&order(20_200)).await;
    assert_eq!(locked.told(), ("0", "50001119"), "{locked:?}");

    let user = format!("{}/locked/users/api-user", accounts(&system));
    let password = json!({ "password": shop.account.pswd });
    let put = operator.call(Method::PUT, &user, Some(&password)).await;
    assert!(matches!(put.status, 200 | 201 | 204), "{}", put.text);
    assert_eq!(shop.pays(&order(20_300)).await.told(), ("5", "0"));

    // An account that is disabled is as one that there is not.
    let path = format!("{}/locked", accounts(&system));
    let disabled = operator
        .call(Method::PATCH, &path, Some(&json!({ "status": "disabled" })))
        .await;
    assert_eq!(disabled.status, 200, "{}", disabled.text);
    let answer = shop.asks(&[("ORDERID", "x")]).await;
    assert_eq!(answer.error(), "50001118", "{answer:?}");
    system.finish().await;
}

#[tokio::test]
async fn only_addresses_on_the_list_are_let_in() {
    let system = System::start().await;
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    let said = json!({ "allowed_addresses": ["203.0.113.0/24", "2001:db8::/32"] });
    let shop = opened(&system, account(&system, "listed", Hash::Sha256), said).await;
    let request = Request::of(&[("ORDERID", "x")]);
    let refused = shop.posts(QUERY, &request).await;
    refused.assert_complains("50001116", "unknown order/1/i/127.0.0.1");
    // The password comes first: who does not know it learns nothing of the list.
    let mut account = shop.account.clone();
    account.pswd.push('x');
    let guessing = shop.with_account(account);
    assert_eq!(guessing.posts(QUERY, &request).await.error(), "50001119");

    let path = format!("{}/listed", accounts(&system));
    let said = json!({ "allowed_addresses": ["203.0.113.0/24", "127.0.0.0/8"] });
    let changed = operator.call(Method::PATCH, &path, Some(&said)).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let order = shop.order(21_000, &Card::visa(0));
    assert_eq!(shop.pays(&order).await.told(), ("5", "0"));
    system.finish().await;
}

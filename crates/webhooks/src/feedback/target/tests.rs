use super::*;
use payments::directlink::{NcError, Telling, signature::Hash};
use primitives::{Amount, Currency, Id, Secret};
use store::directlink::payments::DirectLinkPayment;
use time::macros::datetime;
use uuid::Uuid;

fn account(method: &str) -> FeedbackAccount {
    let at = |path: &str| Some(format!("https://shop.example/{path}"));
    FeedbackAccount {
        post_sale: PostSale {
            accept_url: at("accept?shop=1"),
            decline_url: at("decline"),
            change_url: at("change"),
            method: method.to_owned(),
            online: false,
        },
        hash: Hash::Sha1,
        sha_out: Some(Secret::new("Mysecretsig1875!?".to_owned())),
    }
}

fn leased(occasion: Occasion, status: u8, level: Option<u32>) -> LeasedFeedback {
    LeasedFeedback {
        id: 1,
        payment: DirectLinkPayment {
            payid: 3_000_000_001,
            pspid: "shop".to_owned(),
            reference: "A 1&2".to_owned(),
            merchant: Id::from_uuid(Uuid::from_u128(1)),
            order: Id::from_uuid(Uuid::from_u128(2)),
            operation: "SAL".to_owned(),
            facts: serde_json::Value::Null,
            return_token: String::new(),
            created_at: datetime!(2026-03-02 10:00 UTC),
        },
        occasion,
        telling: Telling {
            status,
            error: NcError::NONE,
            amount: Amount::new(1_500, Currency::EUR).unwrap(),
            acceptance: None,
            eci: None,
            brand: None,
            card_number: None,
            level,
        },
        attempt: 1,
        created_at: datetime!(2026-03-02 10:01 UTC),
    }
}

fn path(account: &FeedbackAccount, leased: &LeasedFeedback) -> Result<String, NoRequest> {
    request(account, leased, &Facts::default()).map(|request| match request {
        Request::Get(url) | Request::Post(url, _) => url.path().to_owned(),
    })
}

#[test]
fn ends_go_where_their_status_says_and_changes_to_their_own_address() {
    let account = account("POST");
    for (status, expected) in [
        (5, "/accept"),
        (9, "/accept"),
        (51, "/accept"),
        (91, "/accept"),
        (52, "/accept"),
        (92, "/accept"),
        (0, "/decline"),
        (1, "/decline"),
        (2, "/decline"),
        (93, "/decline"),
    ] {
        let end = leased(Occasion::End, status, None);
        assert_eq!(path(&account, &end).as_deref(), Ok(expected), "{status}");
    }
    for (status, level) in [(8, Some(1)), (93, Some(1)), (5, None), (6, None)] {
        let change = leased(Occasion::Change, status, level);
        assert_eq!(path(&account, &change).as_deref(), Ok("/change"), "{status}");
    }
}

#[test]
fn without_an_address_there_is_no_request() {
    let mut account = account("POST");
    account.post_sale.change_url = None;
    account.post_sale.decline_url = Some(String::new());
    let no_url = Err(NoRequest::NoUrl);
    assert_eq!(path(&account, &leased(Occasion::End, 2, None)), no_url);
    assert_eq!(path(&account, &leased(Occasion::Change, 9, Some(1))), no_url);
    assert_eq!(path(&account, &leased(Occasion::Change, 6, None)), no_url);
    // How an uncertain payment ended is told all the same.
    assert_eq!(
        path(&account, &leased(Occasion::Change, 5, None)).as_deref(),
        Ok("/accept")
    );
}

#[test]
fn a_query_of_the_address_stays_and_the_parameters_follow() {
    let end = leased(Occasion::End, 9, None);
    let made = request(&account("GET"), &end, &Facts::default());
    let Ok(Request::Get(url)) = made else {
        panic!("{made:?}")
    };
    let query = url.query().unwrap();
    assert!(
        query.starts_with("shop=1&orderID=A+1%262&currency=EUR&amount=15&"),
        "{query}"
    );
    assert!(
        query.contains("&TRXDATE=03%2F02%2F26&PAYID=3000000001&"),
        "{query}"
    );
    assert!(query.contains("&SHASIGN="), "{query}");
}

#[test]
fn a_form_leaves_the_address_alone_and_is_unsigned_without_a_passphrase() {
    let account = FeedbackAccount {
        sha_out: None,
        ..account("POST")
    };
    let made = request(&account, &leased(Occasion::End, 9, None), &Facts::default());
    let Ok(Request::Post(url, form)) = made else {
        panic!("{made:?}")
    };
    assert_eq!(url.as_str(), "https://shop.example/accept?shop=1");
    assert!(
        form.starts_with("orderID=A+1%262&") && !form.contains("SHASIGN"),
        "{form}"
    );
}

#[test]
fn paramvar_is_filled_in_escaped_however_the_address_has_been_written() {
    let facts = Facts {
        param_var: Some("mx/../é?".to_owned()),
        ..Facts::default()
    };
    for written in [
        "https://shop.example/<PARAMVAR>/a?v=<PARAMVAR>",
        "https://shop.example/%3CPARAMVAR%3E/a?v=%3CPARAMVAR%3E",
    ] {
        let mut account = account("POST");
        account.post_sale.accept_url = Some(written.to_owned());
        let end = leased(Occasion::End, 9, None);
        let made = request(&account, &end, &facts);
        let Ok(Request::Post(url, _)) = made else {
            panic!("{made:?}")
        };
        let escaped = "mx%2F..%2F%C3%A9%3F";
        assert_eq!(
            url.as_str(),
            format!("https://shop.example/{escaped}/a?v={escaped}")
        );
        // A request without one leaves the place empty.
        let Ok(Request::Post(url, _)) = request(&account, &end, &Facts::default()) else {
            panic!("no request")
        };
        assert_eq!(url.as_str(), "https://shop.example//a?v=");
    }
}

#[test]
fn a_payment_is_not_shown() {
    let made = request(
        &account("GET"),
        &leased(Occasion::End, 9, None),
        &Facts::default(),
    );
    assert_eq!(format!("{made:?}"), "Ok(Get)");
}

#[test]
fn what_is_no_address_is_said_to_be_none() {
    let mut account = account("POST");
    account.post_sale.accept_url = Some("shop.example/accept".to_owned());
    assert_eq!(
        path(&account, &leased(Occasion::End, 9, None)),
        Err(NoRequest::UnusableUrl)
    );
}

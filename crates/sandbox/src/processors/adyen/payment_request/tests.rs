use super::*;
use serde_json::{Value, json};

fn fine() -> Value {
    json!({
        "merchantAccount": "ShopMX",
        "amount": { "value": 10_000, "currency": "MXN" },
        "reference": "att-1",
        "paymentMethod": {
            "type": "scheme", "number": "4000000000001000", "expiryMonth": "11", "expiryYear": "2039",
            "cvc": "737", "holderName": "ANA PEREZ",
        },
        "returnUrl": "https://shop.example/return",
        "captureDelayHours": 0,
        "authenticationData": { "attemptAuthentication": "never" },
        "mpiData": {
            "directoryResponse": "Y", "cavv": "AAABBoVBaZKAR3BkdkFpELpWIiE=", "eci": "05",
            "dsTransID": "f639774c-8e7c-4966-8eba-b8bae060a6ce", "threeDSVersion": "2.2.0",
        },
    })
}

fn refused(change: impl Fn(&mut Value)) -> &'static str {
    let mut body = fine();
    change(&mut body);
    match check(body.to_string().as_bytes()) {
        Ok(_) => "taken",
        Err(refused) => refused.code(),
    }
}

#[test]
fn a_payment_in_order_is_taken() {
    let asked = check(fine().to_string().as_bytes()).unwrap();
    assert_eq!(asked.operation, Operation::Sale);
    assert!(asked.authentication.unwrap().is_full(Brand::Visa));
    assert!(!asked.would_authenticate);
    let mut held = fine();
    held["additionalData"] = json!({ "manualCapture": "true" });
    held.as_object_mut().unwrap().remove("captureDelayHours");
    let asked = check(held.to_string().as_bytes()).unwrap();
    assert_eq!(asked.operation, Operation::Authorization);
}

#[test]
fn each_fault_has_its_code() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 17] = [
        (|body| body["amounts"] = json!(1), "702"),
        (|body| body["paymentMethod"]["cvv"] = json!("1"), "702"),
        (|body| body["mpiData"]["dsTransId"] = json!("x"), "702"),
        (
            |body| body["additionalData"] = json!({ "manualcapture": "true" }),
            "702",
        ),
        (|body| body["amount"]["value"] = json!(0), "137"),
        (|body| body["amount"]["value"] = json!("10000"), "702"),
        (
            |body| body["amount"] = json!({ "value": 199_001, "currency": "CLP" }),
            "137",
        ),
        (|body| body["amount"]["currency"] = json!("???"), "138"),
        (|body| body["reference"] = json!(""), "130"),
        (|body| body["returnUrl"] = json!(null), "14_030"),
        (
            |body| body["paymentMethod"]["number"] = json!("4000000000001001"),
            "101",
        ),
        (|body| body["paymentMethod"]["expiryYear"] = json!("2020"), "129"),
        (|body| body["paymentMethod"]["expiryYear"] = json!("39"), "129"),
        (|body| body["paymentMethod"]["cvc"] = json!("7373"), "103"),
        (|body| body["shopperInteraction"] = json!("ContAuth"), "702"),
        (
            |body| body["additionalData"] = json!({ "scaExemption": "low" }),
            "702",
        ),
        (
            |body| body["additionalData"] = json!({ "manualCapture": "true" }),
            "702",
        ),
    ];
    for (index, (change, code)) in cases.into_iter().enumerate() {
        assert_eq!(refused(change), code, "{index}");
    }
    assert_eq!(check(b"{").err().map(|refused| refused.code()), Some("702"));
}

#[test]
fn three_d_secure_data_are_checked() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 10] = [
        (|data| data["cavv"] = json!("AAAA"), "702"),
        (|data| data["eci"] = json!("5"), "702"),
        (|data| data["directoryResponse"] = json!("X"), "702"),
        (|data| data["authenticationResponse"] = json!("Y"), "702"),
        (|data| data["directoryResponse"] = json!("C"), "702"),
        (|data| data["dsTransID"] = json!(null), "702"),
        (|data| data["threeDSVersion"] = json!(null), "702"),
        (|data| data["xid"] = json!("MDAwMDAwMDAwMDAwMDAwMDAwMDA="), "702"),
        (|data| data["challengeCancel"] = json!("99"), "702"),
        (
            |data| {
                data["directoryResponse"] = json!("C");
                data["authenticationResponse"] = json!("Y");
            },
            "taken",
        ),
    ];
    for (index, (change, code)) in cases.into_iter().enumerate() {
        assert_eq!(refused(|body| change(&mut body["mpiData"])), code, "{index}");
    }
}

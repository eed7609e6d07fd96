//! Every processor against the rules that can be checked on paper, and the rules against one that breaks them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use acquiring::conformance::{
    Subject,
    paper::{self, Samples},
    wire::Received,
};
use acquiring::{
    About, Account, Approval, Authorization, AuthorizationAnswer, CannotBuild, Capabilities, Capture,
    ChargeKind, CredentialField, Credentials, Inquiry, InquiryAnswer, Notice, NotificationRefused, Processor,
    Recovery, Refund, Reversal, ReversalAnswer, Says, SettlementAnswer, SettlementInquiry,
    SettlementInquiryAnswer, Void,
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use primitives::{Exchange, Id, Moment, Reply, Secret};
use processors::kushki::Kushki;
use std::sync::LazyLock;
use time::macros::datetime;

/// What signs notifications here.
const SECRET: &str = "conformance-notification-secret";
/// The same at Adyen, in hexadecimal digits.
const HMAC_KEY: &str = "b7336b2370b271edcb2d74332a3668fd";

/// The same at Cybersource, in Base64, and its id.
const WEBHOOK_KEY: &str = "EpvKt6ZIXPpkJYGP7vOVs/ahPQ8ZUp5IBBiLZPToXZQ=";
const WEBHOOK_KEY_ID: &str = "a1b2c3d4-0000-4000-8000-000000000001";

fn moment() -> Moment {
    let nonce = uuid::Uuid::from_u128(0x0190_c0de_0000_7000_8000_0000_0000_0042);
    Moment::new(datetime!(2026-11-22 10:30:15 UTC), nonce)
}

fn account(base: &str, credentials: &[(&str, &str)]) -> Account {
    let credentials = credentials
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned())))
        .collect();
    Account {
        connection: Id::from_uuid(uuid::Uuid::from_u128(1)),
        base_url: base.parse().unwrap(),
        credentials: Credentials::new(credentials),
        inquiry_visible_after: None,
        inquiry_final_after: None,
    }
}

fn json(status: u16, body: &serde_json::Value) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

fn kushki_approval(order: &Authorization) -> Reply {
    let amount = serde_json::from_str::<serde_json::Value>(&order.amount.to_decimal()).unwrap();
    let transaction_type = match order.kind {
        ChargeKind::Sale => "SALE",
        ChargeKind::Authorization => "PREAUTHORIZATION",
    };
    let body = serde_json::json!({
        "ticketNumber": "182343532700123456",
        "transactionReference": "7b2b1c0e-6a30-4b0e-9d55-5a0a7b3f1e11",
        "details": {
            "approvedTransactionAmount": amount, "requestAmount": amount,
            "externalReferenceId": order.reference, "responseCode": "000",
            "transactionStatus": "APPROVAL", "transactionType": transaction_type,
        },
    });
    json(201, &body)
}

fn kushki_decline(order: &Authorization) -> Reply {
    let body = serde_json::json!({
        "code": "021", "message": "Fondos insuficientes", "externalReferenceId": order.reference,
        "details": { "isoErrorCode": "51" },
    });
    json(400, &body)
}

fn adyen_approval(order: &Authorization) -> Reply {
    let body = serde_json::json!({
        "resultCode": "Authorised",
        "pspReference": "NC6HT9CRT65ZGN82",
        "merchantReference": order.reference,
        "amount": { "value": order.amount.minor(), "currency": order.amount.currency() },
    });
    json(200, &body)
}

fn adyen_decline(order: &Authorization) -> Reply {
    let body = serde_json::json!({
        "resultCode": "Refused",
        "pspReference": "NC6HT9CRT65ZGN83",
        "merchantReference": order.reference,
        "refusalReason": "Not enough balance",
        "refusalReasonCode": "12",
    });
    json(200, &body)
}

fn kushki_notification(order: &Authorization, moment: Moment) -> Received {
    let amount = serde_json::from_str::<serde_json::Value>(&order.amount.to_decimal()).unwrap();
    let body = serde_json::json!({
        "ticket_number": "182343532700123456", "transaction_type": "SALE", "transaction_status": "APPROVAL",
        "response_code": "000", "approved_transaction_amount": amount, "currency_code": order.amount.currency().code(),
        "external_reference_id": order.reference,
    })
    .to_string();
    let id = moment.now.unix_timestamp();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{body}.{id}").as_bytes());
    let signature = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Received {
        headers: vec![
            ("x-kushki-id".into(), id.to_string()),
            ("x-kushki-signature".into(), signature),
        ],
        body: body.into_bytes(),
    }
}

fn adyen_notification(order: &Authorization, _: Moment) -> Received {
    let signed = format!(
        "NC6HT9CRT65ZGN82::ConformanceShop:{}:{}:{}:AUTHORISATION:true",
        order.reference,
        order.amount.minor(),
        order.amount.currency()
    );
    let key: Vec<u8> = (0..HMAC_KEY.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&HMAC_KEY[start..start + 2], 16).unwrap())
        .collect();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
    let item = serde_json::json!({
        "eventCode": "AUTHORISATION", "success": "true", "pspReference": "NC6HT9CRT65ZGN82",
        "merchantAccountCode": "ConformanceShop", "merchantReference": order.reference,
        "amount": { "value": order.amount.minor(), "currency": order.amount.currency().code() },
        "additionalData": { "hmacSignature": STANDARD.encode(tag) },
    });
    let body =
        serde_json::json!({ "live": "false", "notificationItems": [{ "NotificationRequestItem": item }] });
    Received {
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

fn amex_notification(order: &Authorization, _: Moment) -> Received {
    Received {
        headers: vec![
            ("x-notification-secret".into(), SECRET.into()),
            (
                "x-notification-id".into(),
                "7d9a6f0a-0d3c-4f9b-9a51-8d8f4d3a2b11".into(),
            ),
        ],
        body: amex_approval(order).body,
    }
}

fn cybersource_approval(order: &Authorization) -> Reply {
    let body = serde_json::json!({
        "id": "7012345678901234567890",
        "status": "AUTHORIZED",
        "clientReferenceInformation": { "code": order.reference },
        "orderInformation": { "amountDetails": {
            "authorizedAmount": order.amount.to_decimal(), "currency": order.amount.currency(),
        } },
    });
    json(201, &body)
}

fn cybersource_decline(order: &Authorization) -> Reply {
    let body = serde_json::json!({
        "id": "7012345678901234567891",
        "status": "DECLINED",
        "errorInformation": { "reason": "INSUFFICIENT_FUND", "message": "Insufficient funds" },
        "clientReferenceInformation": { "code": order.reference },
    });
    json(201, &body)
}

fn cybersource_notification(order: &Authorization, moment: Moment) -> Received {
    let body = serde_json::json!({
        "notificationId": "n-1",
        "eventType": "payments.payments.accept",
        "payload": {
            "id": "7012345678901234567890",
            "status": "AUTHORIZED",
            "clientReferenceInformation": { "code": order.reference },
        },
    })
    .to_string();
    let time = moment.now.unix_timestamp() * 1_000;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(WEBHOOK_KEY).unwrap());
    let tag = STANDARD.encode(hmac::sign(&key, format!("{time}.{body}").as_bytes()));
    let signature = format!("t={time};keyId={WEBHOOK_KEY_ID};sig={tag}");
    Received {
        headers: vec![("v-c-signature".into(), signature)],
        body: body.into_bytes(),
    }
}

fn amex_reply(order: &Authorization, result: &str, code: &str, acquirer: &str) -> Reply {
    let amount = serde_json::from_str::<serde_json::Value>(&order.amount.to_decimal()).unwrap();
    let kind = match order.kind {
        ChargeKind::Sale => "PAYMENT",
        ChargeKind::Authorization => "AUTHORIZATION",
    };
    let body = serde_json::json!({
        "result": result,
        "response": { "gatewayCode": code, "acquirerCode": acquirer },
        "order": { "id": order.reference, "currency": order.amount.currency().code() },
        "transaction": { "id": order.reference, "type": kind, "amount": amount },
    });
    json(201, &body)
}

fn amex_approval(order: &Authorization) -> Reply {
    amex_reply(order, "SUCCESS", "APPROVED", "000")
}

fn amex_decline(order: &Authorization) -> Reply {
    amex_reply(order, "FAILURE", "INSUFFICIENT_FUNDS", "116")
}

#[test]
fn every_processor_keeps_the_rules_on_paper() {
    for processor in processors::all() {
        let (credentials, samples): (&[(&str, &str)], _) = match processor.name() {
            "kushki" => (
                &[
                    ("private_merchant_id", "conformance-private-merchant-id"),
                    ("webhook_secret", SECRET),
                ],
                Samples {
                    approval: &kushki_approval,
                    decline: &kushki_decline,
                    approval_repeats_reference: true,
                    notification: Some(&kushki_notification),
                },
            ),
            "adyen" => (
                &[
                    ("api_key", "conformance-api-key"),
                    ("merchant_account", "ConformanceShop"),
                    ("hmac_key", HMAC_KEY),
                ],
                Samples {
                    approval: &adyen_approval,
                    decline: &adyen_decline,
                    approval_repeats_reference: true,
                    notification: Some(&adyen_notification),
                },
            ),
            "cybersource" => (
                &[
                    ("merchant_id", "testmid"),
                    ("key_id", "00000000-1111-4222-8333-444444444444"),
                    ("shared_secret", "P6ZCIb+M9+nz9c9Yl+8F95+sjycEPqoWqF7Gq7HQXoU="),
                    ("webhook_key_id", WEBHOOK_KEY_ID),
                    ("webhook_key", WEBHOOK_KEY),
                ],
                Samples {
                    approval: &cybersource_approval,
                    decline: &cybersource_decline,
                    approval_repeats_reference: true,
                    notification: Some(&cybersource_notification),
                },
            ),
            "amex" => (
                &[
                    // No secret: it stands in every address, and is too short to be searched for.
                    ("merchant_id", "TEST0001"),
                    ("api_password", "conformance-api-password"),
                    ("notification_secret", SECRET),
                ],
                Samples {
                    approval: &amex_approval,
                    decline: &amex_decline,
                    approval_repeats_reference: true,
                    notification: Some(&amex_notification),
                },
            ),
            new => panic!("{new} has no samples here"),
        };
        let account = account(processor.default_base_url(), credentials);
        let subject = Subject {
            processor: processor.as_ref(),
            account: &account,
        };
        let breaches = paper::check(&subject, &samples, moment());
        assert!(breaches.is_empty(), "{}: {breaches:#?}", processor.name());
    }
}

/// Kushki with declarations nobody can keep, a reader that believes everything, charges that keep their exemption to themselves, inquiries that find nothing, and refunds it says it does not offer.
struct Careless;

impl Processor for Careless {
    fn name(&self) -> &'static str {
        "Careless"
    }

    fn capabilities(&self) -> &'static Capabilities {
        static CAPABILITIES: LazyLock<Capabilities> = LazyLock::new(|| Capabilities {
            reversals: true,
            lost_charge: Recovery::Repeat,
            lost_void: Recovery::Reverse,
            ..*Kushki.capabilities()
        });
        &CAPABILITIES
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        Kushki.credential_fields()
    }

    fn default_base_url(&self) -> &'static str {
        "http://kushki.example"
    }

    fn authorize(
        &self,
        account: &Account,
        order: &Authorization,
        moment: Moment,
    ) -> Result<Exchange<AuthorizationAnswer>, CannotBuild> {
        let mut unexempted = order.clone();
        unexempted.exemption = None;
        let (request, _) = Kushki.authorize(account, &unexempted, moment)?.split();
        let amount = order.amount;
        Ok(Exchange::new(request, move |_| {
            Ok(AuthorizationAnswer::Approved(Approval {
                processor_reference: String::new(),
                approval_code: None,
                response_code: None,
                amount,
                network_transaction_id: None,
                issuer_bank: None,
                issuer_country: None,
            }))
        }))
    }

    fn capture(
        &self,
        account: &Account,
        order: &Capture,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Kushki.capture(account, order, moment)
    }

    fn void(
        &self,
        account: &Account,
        order: &Void,
        moment: Moment,
    ) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Kushki.void(account, order, moment)
    }

    fn refund(&self, _: &Account, _: &Refund, _: Moment) -> Result<Exchange<SettlementAnswer>, CannotBuild> {
        Err(CannotBuild::NotOffered("refunds"))
    }

    fn inquire(
        &self,
        account: &Account,
        order: &Inquiry,
        moment: Moment,
    ) -> Result<Exchange<InquiryAnswer>, CannotBuild> {
        let (request, _) = Kushki.inquire(account, order, moment)?.split();
        Ok(Exchange::new(request, |_| Ok(InquiryAnswer::NotFound)))
    }

    fn inquire_settlement(
        &self,
        account: &Account,
        order: &SettlementInquiry,
        moment: Moment,
    ) -> Result<Exchange<SettlementInquiryAnswer>, CannotBuild> {
        let (request, _) = Kushki.inquire_settlement(account, order, moment)?.split();
        Ok(Exchange::new(request, |_| Ok(SettlementInquiryAnswer::NotFound)))
    }

    fn reverse(
        &self,
        account: &Account,
        order: &Reversal,
        moment: Moment,
    ) -> Result<Exchange<ReversalAnswer>, CannotBuild> {
        Kushki.reverse(account, order, moment)
    }

    fn notification_receipt(&self) -> &'static str {
        ""
    }

    fn notification(
        &self,
        _: &Account,
        _: &[(String, String)],
        _: &[u8],
        _: Moment,
    ) -> Result<Vec<Notice>, NotificationRefused> {
        Ok(vec![Notice {
            identity: String::new(),
            about: About::Charge {
                reference: String::new(),
                says: Says::Outcome(InquiryAnswer::Pending),
            },
        }])
    }
}

#[test]
fn a_processor_that_breaks_the_rules_is_found_out() {
    let account = account(
        "https://kushki.example",
        &[("private_merchant_id", "conformance-private-merchant-id")],
    );
    let subject = Subject {
        processor: &Careless,
        account: &account,
    };
    let samples = Samples {
        approval: &kushki_approval,
        decline: &kushki_decline,
        approval_repeats_reference: true,
        notification: Some(&kushki_notification),
    };
    let breaches = paper::check(&subject, &samples, moment());
    for rule in [
        "the name is lower-case letters and underscores",
        "the default address is an https URL",
        "an approval has the amount asked and the processor's reference",
        "an approval of another amount is none",
        "an approval of another reference is none",
        "an approval under a failing status is none",
        "an approval cut short is unreadable",
        "a decline is read as one",
        "junk is unreadable",
        "a charge gives exactly the exemptions that are listed",
        "what is offered is built",
        "an unsigned notification is refused",
        "a forged notification is refused",
        "a notification is verified and read",
        "a lost charge is not repeated",
        "only a charge is taken back",
    ] {
        assert!(
            breaches.iter().any(|breach| breach.rule == rule),
            "{rule}: {breaches:#?}"
        );
    }
}

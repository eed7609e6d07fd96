#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use super::*;
use crate::testing;
use emv3ds::{Rules, code::Component, message::Received};
use primitives::Currency;
use proptest::prelude::*;
use time::macros::datetime;

fn server() -> ServerIdentity {
    ServerIdentity {
        reference_number: "3DS_LOA_SER_PASA_020200_00001".into(),
        operator_id: Some("pasarela-1".into()),
        results_url: "https://mpi.example/results".into(),
    }
}

fn merchant() -> Merchant {
    Merchant {
        requestor_id: "requestor-1".into(),
        requestor_name: "Tienda de Prueba".into(),
        url: "https://tienda.example".into(),
        acquirer_bin: "400551".into(),
        acquirer_merchant_id: "9876543210001".into(),
        name: "Tienda de Prueba".into(),
        mcc: "5411".into(),
        country: Country::parse("MX").unwrap(),
    }
}

fn browser() -> Browser {
    Browser {
        accept_header: Some("text/html".into()),
        user_agent: Some("Mozilla/5.0".into()),
        ip_address: Some("203.0.113.7".into()),
        language: Some("es-MX".into()),
        color_depth: Some(30),
        screen_height: Some(1080),
        screen_width: Some(1920),
        time_zone: Some(360),
        java_enabled: Some(false),
        javascript_enabled: Some(true),
    }
}

struct Case {
    version: Version,
    server: ServerIdentity,
    merchant: Merchant,
    pan: Pan,
    amount: Amount,
    browser: Browser,
    holder: String,
    phone: String,
    state: String,
    line: String,
}

fn case() -> Case {
    Case {
        version: Version::V2_2_0,
        server: server(),
        merchant: merchant(),
        pan: Pan::parse("4000000000001000").unwrap(),
        amount: Amount::new(12_300, Currency::MXN).unwrap(),
        browser: browser(),
        holder: "Ana Prueba".into(),
        phone: "+52 55 1234 5678".into(),
        state: "CMX".into(),
        line: "Calle Uno 1".into(),
    }
}

impl Case {
    fn prepare(&self) -> Result<Prepared, CannotRequest> {
        self.prepare_with(|_| {})
    }

    /// The AReq as the directory server reads it, of a request that says something else besides.
    fn sent_with(&self, change: impl FnOnce(&mut AuthenticationRequest<'_>)) -> AReq {
        read(&self.prepare_with(change).unwrap())
    }

    fn prepare_with(
        &self,
        change: impl FnOnce(&mut AuthenticationRequest<'_>),
    ) -> Result<Prepared, CannotRequest> {
        let email = Email::parse("ana@tienda.example").unwrap();
        let address = PostalAddress {
            line1: Some(&self.line),
            city: Some(&self.line),
            state: Some(&self.state),
            post_code: Some(&self.line),
            country: Country::parse("MX").ok(),
            ..PostalAddress::default()
        };
        let mut request = AuthenticationRequest {
            id: testing::transaction_id(),
            version: self.version,
            channel: Channel::Browser {
                completion: CompletionIndicator::Unavailable,
                notification_url: "https://mpi.example/challenge",
                browser: &self.browser,
            },
            category: MessageCategory::Payment,
            authentication_ind: RequestorAuthenticationInd::Payment,
            server: &self.server,
            merchant: &self.merchant,
            agreement: None,
            amount: self.amount,
            at: datetime!(2026-11-22 00:15:00 UTC),
            pan: &self.pan,
            expiry: ExpiryDate::parse("12", "29").ok(),
            holder: Some(&self.holder),
            email: Some(&email),
            phone: Some(&self.phone),
            billing: Some(address),
            shipping: Some(address),
            challenge: &[],
            decoupled_minutes: None,
            authentication_info: None,
            prior: None,
            account_info: None,
            risk: None,
            extensions: &[],
        };
        change(&mut request);
        prepare(&request)
    }

    fn sent(&self) -> AReq {
        read(&self.prepare().unwrap())
    }
}

fn read(prepared: &Prepared) -> AReq {
    let directory = Rules::received_by(Component::DirectoryServer, &Version::ALL);
    match directory.read_as::<AReq>(&prepared.body).unwrap() {
        Received::Message(areq) => areq,
        Received::Erro(erro) => panic!("{erro:?}"),
    }
}

mod channels;

#[test]
fn a_payment_s_data_become_an_areq_that_a_directory_server_takes() {
    let areq = case().sent();
    assert_eq!(areq.acct_number.reveal(), "4000000000001000");
    assert_eq!(areq.purchase_amount.as_deref(), Some("12300"));
    assert_eq!(areq.purchase_currency.as_deref(), Some("484"));
    assert_eq!(areq.purchase_exponent.as_deref(), Some("2"));
    assert_eq!(areq.purchase_date.as_deref(), Some("20261122001500"));
    assert_eq!(areq.card_expiry_date.as_deref(), Some("2912"));
    assert_eq!(areq.browser_color_depth.as_deref(), Some("24"));
    assert_eq!(areq.bill_addr_state.as_deref(), Some("CMX"));
    assert_eq!(areq.addr_match, Some(YesNo::Yes));
    assert_eq!(areq.three_ds_comp_ind, Some(CompletionIndicator::Unavailable));
    assert_eq!(case().prepare().unwrap().asked, testing::asked());
}

#[test]
fn the_exponent_is_the_currency_s() {
    let clp = Currency::parse("CLP").unwrap();
    let areq = Case {
        amount: Amount::new(5000, clp).unwrap(),
        ..case()
    }
    .sent();
    assert_eq!(
        (areq.purchase_exponent.as_deref(), areq.purchase_amount.as_deref()),
        (Some("0"), Some("5000"))
    );
}

#[test]
fn optional_data_that_does_not_fit_is_mapped_shortened_or_left_out() {
    let areq = Case {
        holder: "José Ñandú".into(),
        phone: "55 1234 5678".into(),
        state: "Ciudad de México".into(),
        line: "Avenida ".repeat(20),
        ..case()
    }
    .sent();
    assert_eq!(areq.cardholder_name.as_deref(), Some("Jose Nandu"));
    assert!(areq.mobile_phone.is_none());
    assert_eq!(areq.bill_addr_state, None);
    assert_eq!(
        areq.bill_addr_line1.map(|line| line.chars().count() <= 50),
        Some(true)
    );
    assert_eq!(areq.bill_addr_post_code, None);
}

#[test]
fn a_browser_without_scripts_says_so() {
    let quiet = Browser {
        javascript_enabled: Some(false),
        color_depth: None,
        screen_height: None,
        screen_width: None,
        time_zone: None,
        java_enabled: None,
        ..browser()
    };
    let areq = Case {
        browser: quiet.clone(),
        ..case()
    }
    .sent();
    assert_eq!(
        (areq.browser_javascript_enabled, areq.browser_tz.as_deref()),
        (Some(false), None)
    );
    // 2.1.0 knows no such browser.
    let areq = Case {
        browser: quiet,
        version: Version::V2_1_0,
        ..case()
    }
    .sent();
    assert_eq!(
        (areq.browser_javascript_enabled, areq.browser_tz.as_deref()),
        (None, Some("0"))
    );
}

#[test]
fn a_browser_of_which_nothing_is_known_is_still_authenticated() {
    let areq = Case {
        browser: Browser::default(),
        ..case()
    }
    .sent();
    assert_eq!(areq.browser_accept_header.as_deref(), Some("*/*"));
    assert_eq!(areq.browser_language.as_deref(), Some("en"));
}

#[test]
fn a_configuration_that_no_directory_server_takes_is_named() {
    let merchant = Merchant {
        mcc: "54".into(),
        ..merchant()
    };
    let CannotRequest(fault) = Case { merchant, ..case() }.prepare().unwrap_err();
    assert_eq!(fault.names().collect::<Vec<_>>(), ["mcc"]);
}

#[test]
fn the_card_number_does_not_show_in_debug() {
    assert!(!format!("{:?}", case().prepare().unwrap()).contains("4000000000001000"));
}

proptest! {
    #[test]
    fn no_optional_data_keeps_an_areq_from_being_made(
        holder in "\\PC{0,60}",
        phone in "[+0-9 ()-]{0,24}",
        state in "\\PC{0,8}",
        line in "\\PC{0,80}",
        ip in "\\PC{0,50}",
        language in "\\PC{0,12}",
        agent in "\\PC{0,3000}",
        depth: Option<u32>,
        width: Option<u32>,
        zone: Option<i32>,
        script: Option<bool>,
        version in proptest::sample::select(Version::ALL.to_vec()),
    ) {
        let browser = Browser {
            ip_address: Some(ip),
            language: Some(language),
            user_agent: Some(agent),
            color_depth: depth,
            screen_width: width,
            time_zone: zone,
            javascript_enabled: script,
            ..browser()
        };
        let case = Case { holder, phone, state, line, browser, version, ..case() };
        prop_assert!(case.prepare().is_ok(), "{:?}", case.prepare());
    }
}

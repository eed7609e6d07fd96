//! AReqs of every version, channel and category.

use super::*;
use emv3ds::{
    code::{DecoupledRequestInd, RequestorChallengeInd, ThreeRiInd},
    message::{AccountInfo, MerchantRiskIndicator, PriorAuthenticationInfo},
};
use time::macros::date;

fn in_version(version: Version) -> Case {
    Case { version, ..case() }
}

#[test]
fn each_version_says_what_it_has_and_nothing_else() {
    for version in Version::ALL {
        let prepared = in_version(version).prepare().unwrap();
        let wire: serde_json::Value = serde_json::from_slice(&prepared.body).unwrap();
        let newest = version == Version::V2_3_1;
        assert_eq!(wire["messageVersion"], version.as_str());
        for name in [
            "acceptLanguage",
            "acquirerCountryCode",
            "acquirerCountryCodeSource",
        ] {
            assert_eq!(wire.get(name).is_some(), newest, "{name} {version}");
        }
        assert_eq!(
            wire.get("browserJavascriptEnabled").is_some(),
            version > Version::V2_1_0
        );
        let depth = if newest { "30" } else { "24" };
        assert_eq!(wire["browserColorDepth"], depth);
        if newest {
            assert_eq!(wire["acceptLanguage"], serde_json::json!(["es-MX"]));
        }
    }
}

#[test]
fn with_nobody_present_the_request_says_why_and_nothing_of_a_browser() {
    for version in [Version::V2_2_0, Version::V2_3_1] {
        let areq = in_version(version).sent_with(|request| {
            request.channel = Channel::RequestorInitiated(ThreeRiInd::OtherPayment);
            request.prior = Some(PriorAuthenticationInfo {
                three_ds_req_prior_ref: Some("a".repeat(36)),
                ..PriorAuthenticationInfo::default()
            });
        });
        assert_eq!(areq.device_channel, DeviceChannel::RequestorInitiated);
        assert_eq!(areq.three_ri_ind, Some(ThreeRiInd::OtherPayment));
        assert!(areq.three_ds_requestor_prior_authentication_info.is_some());
        assert_eq!(areq.purchase_amount.as_deref(), Some("12300"));
        assert!(areq.three_ds_comp_ind.is_none() && areq.browser_user_agent.is_none());
        assert!(areq.three_ds_requestor_authentication_ind.is_none() && areq.notification_url.is_none());
    }
    // In 2.1.0 nothing is paid without the cardholder.
    let CannotRequest(fault) = in_version(Version::V2_1_0)
        .prepare_with(|request| request.channel = Channel::RequestorInitiated(ThreeRiInd::Recurring))
        .unwrap_err();
    assert_eq!(fault.names().collect::<Vec<_>>(), ["messageCategory"]);
    let checked = in_version(Version::V2_1_0).sent_with(|request| {
        request.channel = Channel::RequestorInitiated(ThreeRiInd::AccountVerification);
        request.category = MessageCategory::NonPayment;
    });
    assert_eq!(checked.message_category, MessageCategory::NonPayment);
}

#[test]
fn what_is_no_payment_names_an_amount_only_where_it_leads_to_one() {
    for (purpose, amount) in [
        (RequestorAuthenticationInd::AddCard, None),
        (RequestorAuthenticationInd::MaintainCard, None),
        (RequestorAuthenticationInd::Recurring, Some("12300")),
    ] {
        for version in Version::ALL {
            let areq = in_version(version).sent_with(|request| {
                request.category = MessageCategory::NonPayment;
                request.authentication_ind = purpose;
                request.agreement =
                    (purpose == RequestorAuthenticationInd::Recurring).then(Agreement::default);
            });
            assert_eq!(areq.message_category, MessageCategory::NonPayment);
            assert_eq!(areq.three_ds_requestor_authentication_ind, Some(purpose));
            assert_eq!(areq.purchase_amount.as_deref(), amount, "{purpose} {version}");
        }
    }
}

#[test]
fn data_only_is_asked_for_in_each_brand_s_way() {
    let wish = [RequestorChallengeInd::NoChallengeDataOnly];
    let visa = case()
        .prepare_with(|request| {
            let wishes: &'static [RequestorChallengeInd] = &[RequestorChallengeInd::NoChallengeDataOnly];
            request.challenge = wishes;
        })
        .unwrap();
    assert!(visa.asked.challenge_inds.contains(wish[0]));
    let mastercard = case().sent_with(|request| {
        request.category = MessageCategory::parse("80").unwrap();
    });
    assert_eq!(mastercard.message_category.as_str(), "80");
    assert_eq!(mastercard.purchase_amount.as_deref(), Some("12300"));
}

#[test]
fn a_decoupled_authentication_is_offered_as_the_version_and_the_channel_can() {
    let both = Some(DecoupledRequestInd::Both);
    let yes = Some(DecoupledRequestInd::Yes);
    for (version, browser, without) in [
        (Version::V2_1_0, None, None),
        (Version::V2_2_0, yes, yes),
        (Version::V2_3_1, both, yes),
    ] {
        let prepared = in_version(version)
            .prepare_with(|request| request.decoupled_minutes = Some(90))
            .unwrap();
        let areq = read(&prepared);
        assert_eq!(areq.three_ds_requestor_dec_req_ind, browser);
        assert_eq!(prepared.decoupled_minutes, browser.map(|_| 90));
        assert_eq!(
            areq.three_ds_requestor_dec_max_time.as_deref(),
            browser.map(|_| "00090")
        );
        if version > Version::V2_1_0 {
            let areq = in_version(version).sent_with(|request| {
                request.channel = Channel::RequestorInitiated(ThreeRiInd::OtherPayment);
                request.decoupled_minutes = Some(20_000);
            });
            assert_eq!(areq.three_ds_requestor_dec_req_ind, without);
            assert_eq!(areq.three_ds_requestor_dec_max_time.as_deref(), Some("10080"));
        }
    }
}

#[test]
fn an_agreement_is_said_as_the_version_wants_it() {
    let agreed = Agreement {
        instalments_max: Some(6),
        ends_on: Some(date!(2027 - 05 - 31)),
        days_between: Some(30),
        amount: Amount::new(2_050, Currency::MXN).ok(),
        next_on: Some(date!(2026 - 12 - 22)),
    };
    let sent = |version, agreement| {
        in_version(version).sent_with(|request| {
            request.authentication_ind = RequestorAuthenticationInd::Instalment;
            request.agreement = Some(Agreement {
                instalments_max: Some(6),
                ..agreement
            });
        })
    };
    let older = sent(Version::V2_2_0, agreed);
    assert_eq!(older.purchase_instal_data.as_deref(), Some("6"));
    assert_eq!(older.recurring_expiry.as_deref(), Some("20270531"));
    assert_eq!(older.recurring_frequency.as_deref(), Some("30"));
    assert!(older.recurring_ind.is_none());
    let vague = sent(Version::V2_1_0, Agreement::default());
    assert_eq!(
        (
            vague.recurring_expiry.as_deref(),
            vague.recurring_frequency.as_deref()
        ),
        (Some("99991231"), Some("1"))
    );
    let newest = sent(Version::V2_3_1, agreed);
    assert_eq!(newest.recurring_amount.as_deref(), Some("2050"));
    assert_eq!(newest.recurring_date.as_deref(), Some("20261222"));
    let fixed = newest.recurring_ind.unwrap();
    assert_eq!(
        (fixed.amount_ind.as_str(), fixed.frequency_ind.as_str()),
        ("01", "01")
    );
    let vague = sent(Version::V2_3_1, Agreement::default());
    let variable = vague.recurring_ind.unwrap();
    assert_eq!(
        (variable.amount_ind.as_str(), variable.frequency_ind.as_str()),
        ("02", "02")
    );
    assert!(vague.recurring_expiry.is_none() && vague.recurring_frequency.is_none());
}

#[test]
fn objects_that_do_not_fit_are_left_out_whole() {
    for version in Version::ALL {
        let areq = in_version(version).sent_with(|request| {
            request.account_info = Some(AccountInfo {
                ch_acc_age_ind: Some("never".into()),
                ..AccountInfo::default()
            });
            request.risk = Some(MerchantRiskIndicator {
                ship_indicator: Some("01".into()),
                ..MerchantRiskIndicator::default()
            });
        });
        assert!(areq.acct_info.is_none());
        assert!(areq.merchant_risk_indicator.is_some());
    }
}

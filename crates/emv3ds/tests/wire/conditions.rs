//! What depends on the version, the receiver, the category or another element.

use super::*;

#[test]
fn critical_extensions_must_be_known_and_others_pass_through() {
    let (_, areq) = sample(MessageType::AReq);
    let mut critical = areq.clone();
    critical["messageExtension"][0]["criticalityIndicator"] = json!(true);
    assert_eq!(fault(D, &critical), (202, "A000000802-004".to_owned()));
    let known = Rules::received_by(D, BOTH).extensions(&["A000000802-004"]);
    assert!(known.read(critical.to_string().as_bytes()).is_ok());
    let Ok(Message::AReq(read)) = read(D, &areq) else {
        panic!("an AReq")
    };
    assert_eq!(read.message_extension.unwrap().len(), 1);
}

#[test]
fn unknown_elements_and_those_of_a_newer_version_are_ignored() {
    let (_, areq) = sample(MessageType::AReq);
    let odd = with(areq.clone(), "somethingNew", json!({ "deep": [1, null] }));
    assert!(read(D, &odd).is_ok());
    // 2.2.0's own elements mean nothing in 2.1.0, whatever they hold.
    let mut older = with(areq, "messageVersion", json!("2.1.0"));
    older = with(older, "whiteListStatus", json!(17));
    older = with(older, "browserJavascriptEnabled", json!("maybe"));
    let Ok(Message::AReq(read)) = read(D, &older) else {
        panic!("an AReq")
    };
    assert_eq!(
        (read.trust_list_status, read.browser_javascript_enabled),
        (None, None)
    );
}

#[test]
fn an_object_of_unknown_elements_only_is_unknown_itself() {
    let (_, areq) = sample(MessageType::AReq);
    let odd = with(areq, "acctInfo", json!({ "chAccFavouriteColour": "07" }));
    let Ok(Message::AReq(read)) = read(D, &odd) else {
        panic!("an AReq")
    };
    assert!(read.acct_info.is_none());
}

#[test]
fn an_areq_of_2_1_0_needs_every_browser_value_and_of_2_2_0_only_with_a_script() {
    let (_, areq) = sample(MessageType::AReq);
    let scriptless = with(areq, "browserJavascriptEnabled", json!(false));
    let scriptless = without(without(scriptless, "browserTZ"), "browserJavaEnabled");
    assert!(read(D, &scriptless).is_ok());
    let older = with(scriptless, "messageVersion", json!("2.1.0"));
    assert_eq!(fault(D, &older), (201, "browserJavaEnabled,browserTZ".to_owned()));
}

#[test]
fn an_acs_also_wants_what_the_directory_server_adds() {
    let (_, areq) = sample(MessageType::AReq);
    assert_eq!(fault(A, &areq), (201, "dsReferenceNumber,dsTransID".to_owned()));
    let forwarded = with(areq, "dsReferenceNumber", json!("3DS_LOA_DIS_1"));
    let forwarded = with(
        forwarded,
        "dsTransID",
        json!("f25084f0-5b16-4c0a-ae5d-b24808a95e4b"),
    );
    assert!(read(A, &forwarded).is_ok());
}

#[test]
fn a_status_brings_its_own_conditions() {
    let (_, ares) = sample(MessageType::ARes);
    let bare = without(without(ares.clone(), "authenticationValue"), "eci");
    for (status, missing) in [
        ("Y", "authenticationValue"),
        ("A", "authenticationValue"),
        ("N", "transStatusReason"),
        ("U", "transStatusReason"),
        ("R", "transStatusReason"),
        ("C", "acsChallengeMandated,acsURL,authenticationType"),
        ("D", "acsChallengeMandated,authenticationType,acsDecConInd"),
    ] {
        let message = with(bare.clone(), "transStatus", json!(status));
        assert_eq!(fault(S, &message), (201, missing.to_owned()), "{status}");
    }
    assert!(read(S, &with(bare.clone(), "transStatus", json!("I"))).is_ok());
    let older = with(
        with(bare, "transStatus", json!("I")),
        "messageVersion",
        json!("2.1.0"),
    );
    assert_eq!(fault(S, &older), (203, "transStatus".to_owned()));
}

#[test]
fn a_reply_to_what_is_no_payment_may_lack_its_value() {
    let (_, ares) = sample(MessageType::ARes);
    let bare = without(without(ares, "authenticationValue"), "transStatus");
    let rules = Rules::received_by(S, BOTH);
    assert!(rules.read(bare.to_string().as_bytes()).is_err());
    assert!(
        rules
            .category(MessageCategory::NonPayment)
            .read(bare.to_string().as_bytes())
            .is_ok()
    );
    // The ARes itself has no say in it.
    assert_eq!(fault(S, &with(bare, "messageCategory", json!("02"))).0, 201);
}

#[test]
fn an_rreq_that_timed_out_says_whether_the_challenge_had_begun() {
    let (_, rreq) = sample(MessageType::RReq);
    let timed_out = with(
        with(rreq, "transStatus", json!("N")),
        "transStatusReason",
        json!("14"),
    );
    assert_eq!(fault(S, &timed_out), (201, "challengeCancel".to_owned()));
    let never = with(timed_out, "challengeCancel", json!("05"));
    let Ok(Message::RReq(rreq)) = read(S, &never) else {
        panic!("an RReq")
    };
    assert!(rreq.challenge_never_started());
}

#[test]
fn card_ranges_are_read_one_by_one_and_judged_together() {
    let (_, mut pres) = sample(MessageType::PRes);
    let Ok(Message::PRes(read)) = read(S, &pres) else {
        panic!("a PRes")
    };
    assert_eq!(read.card_range_data.unwrap().len(), 2);
    pres["cardRangeData"][0]["endRange"] = json!("3999999999999999");
    pres["cardRangeData"][1]["endRange"] = json!("40000199999999990");
    assert_eq!(fault(S, &pres), (203, "cardRangeData.endRange".to_owned()));
    for odd in [json!({}), json!(1), json!([]), json!([1])] {
        assert_eq!(
            fault(S, &with(pres.clone(), "cardRangeData", odd)),
            (203, "cardRangeData".to_owned())
        );
    }
}

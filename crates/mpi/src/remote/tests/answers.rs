//! What answers mean.

use super::*;

fn created(reply: &Reply) -> Result<Creation, primitives::Unreadable> {
    create(&server(), &pan(), moment()).unwrap().read(reply)
}

fn enrolled(version: Version, method_url: Option<&str>) -> Creation {
    Creation::Enrolled(Enrolled {
        id: transaction_id(),
        version,
        method_url: method_url.map(str::to_owned),
    })
}

/// A documented answer with a member changed, or taken out where `value` is null.
fn changed(name: &str, path: &str, value: Value) -> Reply {
    let mut body: Value = serde_json::from_slice(&documented(name).body).unwrap();
    let (object, member) = path.rsplit_once('/').unwrap();
    let object = body.pointer_mut(object).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        object.remove(member);
    } else {
        object.insert(member.to_owned(), value);
    }
    reply(200, &body)
}

fn error(status: u16, code: &str, component: &str) -> Reply {
    reply(
        status,
        &json!({ "error": { "code": code, "component": component, "description": "…" } }),
    )
}

fn challenged() -> Transaction {
    answered(awaiting(&prepared()), &documented("challenge.json"))
        .step
        .transaction
}

#[test]
fn a_creation_names_transaction_version_and_method() {
    assert_eq!(
        created(&documented("created.json")),
        Ok(enrolled(Version::V2_2_0, Some("https://acs.example/method")))
    );
    assert_eq!(
        created(&changed("created.json", "/three_ds_method_url", Value::Null)),
        Ok(enrolled(Version::V2_2_0, None))
    );
    // No browser is sent anywhere but to a web address.
    assert_eq!(
        created(&changed(
            "created.json",
            "/three_ds_method_url",
            json!("javascript:alert(1)")
        )),
        Ok(enrolled(Version::V2_2_0, None))
    );
}

#[test]
fn the_oldest_edition_names_no_version_but_what_both_ends_speak() {
    let body = |acs: (&str, &str), ds: (&str, &str)| {
        reply(
            200,
            &json!({
                "three_ds_server": { "trans_id": ID, "status": "NEW" },
                "acs": { "protocol_version": { "start": acs.0, "end": acs.1 } },
                "ds": { "protocol_version": { "start": ds.0, "end": ds.1 } },
            }),
        )
    };
    for (acs, ds, expected) in [
        (
            ("2.1.0", "2.2.0"),
            ("2.1.0", "2.2.0"),
            enrolled(Version::V2_2_0, None),
        ),
        (
            ("2.1.0", "2.1.0"),
            ("2.1.0", "2.2.0"),
            enrolled(Version::V2_1_0, None),
        ),
        (("2.1.0", "2.1.0"), ("2.2.0", "2.2.0"), Creation::NotEnrolled),
    ] {
        assert_eq!(created(&body(acs, ds)), Ok(expected));
    }
}

#[test]
fn a_creation_that_fails_says_whose_fault_it_is() {
    for (reply, expected) in [
        (error(422, "305", "S"), Creation::NotEnrolled),
        (
            error(401, "1", "S"),
            Creation::Failed(Failure::DirectoryErro { code: 303 }),
        ),
        (
            error(400, "203", "S"),
            Creation::Failed(Failure::DirectoryErro { code: 203 }),
        ),
        (
            error(500, "404", "S"),
            Creation::Failed(Failure::DirectoryErro { code: 404 }),
        ),
        (
            error(504, "402", "S"),
            Creation::Failed(Failure::DirectoryTimeout),
        ),
        (
            error(500, "what", "S"),
            Creation::Failed(Failure::DirectoryErro { code: 404 }),
        ),
    ] {
        assert_eq!(created(&reply), Ok(expected));
    }
    for reply in [
        reply(503, &json!({})),
        reply(200, &json!([])),
        reply(200, &json!({})),
        changed("created.json", "/three_ds_server/trans_id", json!("1")),
        changed("created.json", "/message_version", json!("9.9.9")),
    ] {
        assert!(created(&reply).is_err());
    }
}

#[test]
fn a_frictionless_answer_is_a_result_that_says_who_made_it() {
    let taken = answered(awaiting(&prepared()), &documented("frictionless.json"));
    assert_eq!((taken.step.effect, taken.flaw), (Effect::Moved, None));
    let result = result_of(&taken.step.transaction);
    assert_eq!(result.made_by(), Some("certified"));
    assert_eq!(result.trans_status(), TransStatus::Authenticated);
    assert_eq!(
        (result.flow(), result.liability_shift()),
        (Flow::SemiFrictionless, true)
    );
    assert_eq!(result.eci().unwrap().as_str(), "05");
    assert_eq!(
        result.ds_trans_id().to_string(),
        "00000000-0000-0000-0000-000000000003"
    );
    assert_eq!(
        result.authentication_value().unwrap().as_str(),
        "AJkBBkhgQQAAAE4gSEJydQAAAAA="
    );
}

#[test]
fn values_are_read_whichever_way_they_are_written() {
    let body = json!({
        "three_ds_server": { "trans_id": ID, "status": "AUR" },
        "acs": { "trans_id": "00000000-0000-0000-0000-000000000002" },
        "ds": { "trans_id": "00000000-0000-0000-0000-000000000003" },
        "transaction": { "status": "R", "status_reason": 11 },
        "something": { "new": [1, 2] },
    });
    let taken = answered(awaiting(&prepared()), &reply(200, &body));
    let result = result_of(&taken.step.transaction);
    assert_eq!(result.trans_status(), TransStatus::Rejected);
    assert_eq!(result.trans_status_reason().unwrap().as_str(), "11");
}

#[test]
fn a_challenge_s_creq_is_ours_to_build() {
    let Transaction::AwaitingResults(waiting) = challenged() else {
        panic!("a challenge")
    };
    assert_eq!(
        waiting.challenge,
        Challenge::InBrowser {
            acs_url: "https://acs.example/challenge".into(),
            opened: false
        }
    );
    let creq = challenge::creq(&waiting.challenged, ChallengeWindowSize::W500H600).unwrap();
    let creq: Value = serde_json::from_slice(&emv3ds::encoding::from_base64url(&creq).unwrap()).unwrap();
    assert_eq!(creq["threeDSServerTransID"], ID);
    assert_eq!(creq["acsTransID"], "00000000-0000-0000-0000-000000000002");
    assert_eq!(creq["messageVersion"], "2.2.0");
}

#[test]
fn decoupled_is_taken_where_it_was_offered_and_nowhere_else() {
    let offered = prepared_with(Version::V2_2_0, "Ana Prueba", &browser(), Some(10));
    let taken = answered(awaiting(&offered), &documented("decoupled.json"));
    let Transaction::AwaitingResults(waiting) = taken.step.transaction else {
        panic!("a decoupled authentication")
    };
    let until = NOW + Duration::minutes(10);
    assert_eq!(waiting.challenge, Challenge::Decoupled { until });
    assert!(waiting.cardholder_info.is_some());

    let taken = answered(awaiting(&prepared()), &documented("decoupled.json"));
    assert_eq!(failure_of(&taken.step.transaction), Failure::UnusableAnswer);
    assert!(taken.flaw.is_some());
}

#[test]
fn an_answer_that_contradicts_itself_or_the_question_is_unusable() {
    let other = json!("00000000-0000-0000-0000-0000000000ff");
    for reply in [
        changed("frictionless.json", "/three_ds_server/trans_id", other),
        changed("frictionless.json", "/three_ds_server/trans_id", Value::Null),
        changed("frictionless.json", "/three_ds_server/status", json!("AUN")),
        changed("frictionless.json", "/three_ds_server/status", json!("NEW")),
        changed("frictionless.json", "/three_ds_server/status", Value::Null),
        changed("frictionless.json", "/message_version", json!("2.1.0")),
        changed("frictionless.json", "/transaction/status", json!("A")),
        changed("frictionless.json", "/transaction/status", json!("Q")),
        changed("frictionless.json", "/authentication/value", Value::Null),
        changed("frictionless.json", "/authentication/value", json!("short")),
        changed("frictionless.json", "/eci", json!("5")),
        changed("frictionless.json", "/ds/trans_id", Value::Null),
        changed("frictionless.json", "/acs/trans_id", json!("not an id")),
        changed("challenge.json", "/acs/url", Value::Null),
        changed("challenge.json", "/acs/url", json!("javascript:alert(1)")),
    ] {
        let taken = answered(awaiting(&prepared()), &reply);
        assert_eq!(failure_of(&taken.step.transaction), Failure::UnusableAnswer);
        assert!(taken.flaw.is_some());
    }
}

#[test]
fn trouble_is_put_down_to_whom_it_speaks_of() {
    let status = |status: &str| {
        reply(
            200,
            &json!({ "three_ds_server": { "trans_id": ID, "status": status } }),
        )
    };
    for (reply, expected) in [
        (error(504, "402", "S"), Failure::DirectoryTimeout),
        (error(502, "405", "S"), Failure::DirectoryUnreachable),
        (error(502, "405", "A"), Failure::AcsErro { code: 405 }),
        (error(400, "201", "S"), Failure::DirectoryErro { code: 201 }),
        (error(404, "2", "S"), Failure::DirectoryErro { code: 301 }),
        (status("ERR"), Failure::DirectoryUnreachable),
        (status("ERM"), Failure::DirectoryErro { code: 404 }),
        (status("INV"), Failure::DirectoryErro { code: 203 }),
        (status("EXP"), Failure::TimeExpired),
    ] {
        let taken = answered(awaiting(&prepared()), &reply);
        assert_eq!(failure_of(&taken.step.transaction), expected);
    }
}

#[test]
fn an_authentication_that_was_asked_for_before_is_settled_by_a_report() {
    let taken = answered(awaiting(&prepared()), &error(409, "3", "S"));
    assert_eq!(taken.step.effect, Effect::Unchanged);
    let taken = reported(taken.step.transaction, &documented("frictionless.json"));
    assert_eq!(result_of(&taken.step.transaction).made_by(), Some("certified"));
}

#[test]
fn a_report_settles_a_lost_answer_only_with_everything_that_the_answer_had() {
    for (reply, flawed) in [
        (
            reply(
                200,
                &json!({ "three_ds_server": { "trans_id": ID, "status": "NEW" } }),
            ),
            false,
        ),
        (error(404, "2", "S"), false),
        (documented("report.json"), true),
    ] {
        let taken = reported(awaiting(&prepared()), &reply);
        assert_eq!(
            (taken.step.effect, taken.flaw.is_some()),
            (Effect::Unchanged, flawed)
        );
    }
    let taken = reported(awaiting(&prepared()), &documented("challenge.json"));
    assert!(matches!(taken.step.transaction, Transaction::AwaitingResults(_)));
}

#[test]
fn a_challenge_s_result_comes_by_report() {
    for waiting in ["AUC", "AUD", "NEW", "ERR"] {
        let body = json!({ "three_ds_server": { "trans_id": ID, "status": waiting } });
        let taken = reported(challenged(), &reply(200, &body));
        assert_eq!((taken.step.effect, taken.flaw), (Effect::Unchanged, None));
    }
    let taken = reported(challenged(), &documented("report.json"));
    let result = result_of(&taken.step.transaction);
    assert_eq!((result.flow(), result.liability_shift()), (Flow::Challenge, true));
    assert_eq!(result.made_by(), Some("certified"));
    assert_eq!(
        result.ds_trans_id().to_string(),
        "00000000-0000-0000-0000-000000000003"
    );
}

#[test]
fn a_cancelled_challenge_says_so() {
    let body = json!({ "three_ds_server": { "trans_id": ID, "status": "AUN" }, "challenge_cancel": "01" });
    let taken = reported(challenged(), &reply(200, &body));
    let result = result_of(&taken.step.transaction);
    assert_eq!(result.trans_status(), TransStatus::NotAuthenticated);
    assert_eq!(result.challenge_cancel().unwrap().as_str(), "01");
    assert_eq!(result.authentication_value(), None);
}

#[test]
fn a_report_that_is_not_about_this_challenge_changes_nothing() {
    let other = json!("00000000-0000-0000-0000-0000000000ff");
    for reply in [
        changed("report.json", "/three_ds_server/trans_id", other.clone()),
        changed("report.json", "/message_version", json!("2.1.0")),
        changed("report.json", "/authentication/value", Value::Null),
        changed("frictionless.json", "/ds/trans_id", other.clone()),
        changed("frictionless.json", "/acs/trans_id", other),
    ] {
        let before = challenged();
        let taken = reported(before.clone(), &reply);
        assert_eq!(
            (taken.step.transaction, taken.step.effect),
            (before, Effect::Unchanged)
        );
        assert!(taken.flaw.is_some());
    }
}

#[test]
fn a_report_after_the_end_changes_nothing() {
    let over = challenged().apply(News::DeadlinePassed, NOW).unwrap().transaction;
    let taken = reported(over.clone(), &documented("report.json"));
    assert_eq!(
        (taken.step.transaction, taken.step.effect),
        (over, Effect::Unchanged)
    );
}

#[test]
fn an_answer_does_not_show_its_proof_in_debug() {
    let answer = authenticate(&server(), transaction_id(), &prepared())
        .read(&documented("frictionless.json"))
        .unwrap();
    assert!(!format!("{answer:?}").contains("AJkBBkhg"));
}

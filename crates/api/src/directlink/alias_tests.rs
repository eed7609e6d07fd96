//! Cards under a name, as requests speak of them.

use super::testing::*;
use acquiring::{Agreement, Initiator};
use orchestrator::flows::directlink::{Wanted, alias::Alias};
use payments::directlink::NcError;

/// An order that is paid with the card of that name.
fn paid_with<'a>(alias: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let bare = with(ORDER, &[("CARDNO", ""), ("ED", ""), ("CN", ""), ("ALIAS", alias)]);
    with(&bare, changes)
}

async fn wanted(form: &[(&str, &str)]) -> Wanted {
    let (face, fake) = face();
    let answer = ask(&face, "orderdirect.asp", form).await;
    assert_eq!(answer.get("NCERROR"), "0", "{answer:?}");
    fake.wanted()
}

async fn told(form: &[(&str, &str)]) -> (String, String) {
    let (face, fake) = face();
    let answer = ask(&face, "orderdirect.asp", form).await;
    assert!(fake.asked().is_empty());
    assert_eq!((answer.get("STATUS"), answer.has("ALIAS")), ("0", false));
    let (error, text) = answer.error();
    (error.to_owned(), text.replace("&quot;", "\""))
}

#[tokio::test]
async fn a_card_is_to_be_kept_under_the_shops_name_or_under_one_of_ours() {
    for (changes, expected) in [
        (&[][..], None),
        (&[("ALIASOPERATION", "BYMERCHANT")], None),
        (&[("ALIAS", "ana_1-B")], Some(Alias::Keeps("ana_1-B".into()))),
        (
            &[("ALIAS", "ana"), ("ALIASOPERATION", "bymerchant")],
            Some(Alias::Keeps("ana".into())),
        ),
        (&[("ALIASOPERATION", "BYPSP")], Some(Alias::KeepsUnderOurs)),
        (
            &[("ALIAS", "ana"), ("ALIASOPERATION", "BYPSP")],
            Some(Alias::KeepsUnderOurs),
        ),
    ] {
        let wanted = wanted(&with(ORDER, changes)).await;
        assert_eq!(wanted.alias, expected, "{changes:?}");
        let stored = wanted.stored_credential;
        assert_eq!(
            stored.is_some_and(|stored| stored.is_first),
            wanted.alias.is_some()
        );
    }
}

#[tokio::test]
async fn a_name_stands_for_the_card_and_not_for_its_security_code() {
    let paid = wanted(&paid_with(KEPT, &[])).await;
    assert_eq!(paid.card.pan.last_four(), "1111");
    assert_eq!(
        (paid.card.holder.as_str(), paid.facts.expiry.as_deref()),
        ("Berta Ruiz", Some("1230"))
    );
    assert_eq!(paid.card.security_code.unwrap().reveal(), "123");
    assert_eq!(paid.alias, Some(Alias::Used(KEPT.into())));
    let stored = paid.stored_credential.unwrap();
    assert_eq!(
        (stored.agreement, stored.is_first),
        (Agreement::Unscheduled, false)
    );
    assert_eq!(stored.network_transaction_id.as_deref(), Some("016150703802094"));

    // Its own holder counts, and so does its own month, which is kept from then on.
    let renewed = wanted(&paid_with(KEPT, &[("CN", "Ana Ruiz"), ("ED", "01/33")])).await;
    assert_eq!(renewed.card.holder, "Ana Ruiz");
    assert_eq!(renewed.card.expiry.yymm(), "3301");
    assert_eq!(renewed.alias, Some(Alias::Keeps(KEPT.into())));
    let same = wanted(&paid_with(KEPT, &[("ED", "1230"), ("ALIASOPERATION", "BYPSP")])).await;
    assert_eq!(same.alias, Some(Alias::Used(KEPT.into())));
    let late = wanted(&paid_with(KEPT_TOO_LONG, &[("ED", "01/33")])).await;
    assert_eq!(late.alias, Some(Alias::Keeps(KEPT_TOO_LONG.into())));

    // Without the cardholder nobody knows the code.
    for eci in ["1", "2", "9"] {
        let paid = wanted(&paid_with(KEPT, &[("CVC", ""), ("ECI", eci)])).await;
        assert!(paid.card.security_code.is_none());
        let by_merchant = paid.initiator == Initiator::Merchant;
        assert_eq!(by_merchant, eci != "1");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_name_or_its_card_is_told() {
    let long = "a".repeat(51);
    let code = |error: NcError| error.to_string();
    for (form, error, text) in [
        (
            paid_with("ana_1", &[]),
            NcError::INVALID,
            "Alias \"ana_1\" not Found",
        ),
        // Another account's.
        (
            paid_with(KEPT, &[("PSPID", FENCED)]),
            NcError::INVALID,
            "Alias \"kept\" not Found",
        ),
        (paid_with(&long, &[]), NcError::INVALID, "ALIAS too long"),
        (paid_with("señora", &[]), NcError::INVALID, "ALIAS not valid"),
        (paid_with(" kept", &[]), NcError::INVALID, "ALIAS not valid"),
        (
            paid_with(KEPT, &[("CVC", "")]),
            NcError::CVC_MISSING,
            "CVC is mandatory for this card",
        ),
        (
            paid_with(KEPT_WITH_LONG_CODE, &[]),
            NcError::CVC_FORMAT,
            "CVC has not the length of this card's",
        ),
        (
            paid_with(KEPT_TOO_LONG, &[]),
            NcError::EXPIRED,
            "the card of ALIAS has expired: ED must be in the future",
        ),
        (
            paid_with(KEPT, &[("ED", "12/20")]),
            NcError::EXPIRED,
            "ED must be in the future",
        ),
        (
            paid_with(KEPT, &[("ED", "13/30")]),
            NcError::EXPIRY_MONTH,
            "ED has no such month",
        ),
        (
            paid_with(KEPT, &[("EXCLPMLIST", "VISA")]),
            NcError::CARD_EXCLUDED,
            "EXCLPMLIST excludes this card",
        ),
        (
            paid_with(KEPT, &[("BRAND", "MasterCard")]),
            NcError::BRAND_MISMATCH,
            "BRAND is not the card's",
        ),
        (
            paid_with(KEPT, &[("CREDITDEBIT", "D")]),
            NcError::WRONG_METHOD,
            "Wrong brand/Payment method was chosen: CREDITDEBIT is not the card's",
        ),
        (
            with(ORDER, &[("ALIAS", "4111111111111111")]),
            NcError::ALIAS_IS_CARD,
            "ALIAS must not be the card number",
        ),
        (
            with(ORDER, &[("ALIAS", "ana-4111-1111-1111-1111")]),
            NcError::ALIAS_IS_CARD,
            "ALIAS must not be the card number",
        ),
        (
            with(ORDER, &[("CARDNO", ""), ("ALIASOPERATION", "BYPSP")]),
            NcError::INVALID,
            "no card no",
        ),
    ] {
        let told = told(&form).await;
        assert_eq!(
            (told.0, told.1.replace("&apos;", "'")),
            (code(error), text.to_owned()),
            "{form:?}"
        );
    }
    let broken = told(&paid_with(BROKEN, &[])).await;
    assert_eq!(broken.0, code(NcError::TECHNICAL));
    assert!(!broken.1.contains("database"), "{}", broken.1);
    let mut twice = paid_with(KEPT, &[]);
    twice.push(("alias", KEPT));
    assert_eq!(
        told(&twice).await,
        (code(NcError::INVALID), "ALIAS sent twice".into())
    );
}

#[tokio::test]
async fn the_name_is_in_every_answer_about_the_payment() {
    let named = |reference: &str| {
        let mut view = view(reference, 5, NcError::NONE);
        view.facts.alias = Some("ana_1".to_owned());
        view
    };
    let (face, fake) = face();
    *fake.view.lock().unwrap() = Some(named("A1"));
    let queried = ask(&face, "querydirect.asp", QUERY).await;
    assert_eq!(queried.get("ALIAS"), "ana_1");
    let answer = ask(&face, "querydirect.asp", QUERY).await;
    assert!(!answer.has("ALIAS"), "{answer:?}");
    let form = super::form::Form::default();
    for answer in [
        super::answer::tried(&form, &named("A1")),
        super::answer::paid_before(&form, &named("A1")),
    ] {
        assert!(answer.has("ALIAS"), "{answer:?}");
    }
}

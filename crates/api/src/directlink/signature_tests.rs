//! The vendor's vectors, and what open clients were recorded sending (ogone-directlink.md, sections 4 and 9.4).

use super::charset::Charset;
use super::form::Form;
use super::signature::holds;
use payments::directlink::signature::{Hash, sign};
use primitives::Secret;

const VENDORS: &str = "Mysecretsig1875!?";

fn form(pairs: &[(&str, &str)]) -> Form {
    let body = serde_urlencoded::to_string(pairs).unwrap();
    Form::read(body.as_bytes(), Charset::Either).unwrap()
}

fn secret(passphrase: &str) -> Secret<String> {
    passphrase.to_owned().into()
}

#[test]
fn the_vendors_vectors_hold() {
    let order = form(&[
        ("AMOUNT", "1500"),
        ("CARDNO", "4111111111111111"),
        ("CURRENCY", "EUR"),
        ("OPERATION", "RES"),
        ("ORDERID", "1234"),
        ("PSPID", "MyPSPID"),
    ]);
    for (hash, given) in [
        (Hash::Sha1, "2B459D4D3AF0C678695AE77EE5BF0C83CA6F0AD8"),
        (
            Hash::Sha256,
            "A529A95039C77565E6E943C671010202A49C76708B53485522E84B38372CA7DB",
        ),
        (
            Hash::Sha512,
            "BDD00813375BC55B84745D734F6FC162CFDCB2594E3F060A799FBB2A9EC8F731\
             10F23AA11882EE4C09749E1E5F3A1A22F59EF2A435EB8E324E0276B79509CC1A",
        ),
    ] {
        assert!(holds(&order, &secret(VENDORS), hash, given), "{hash:?}");
        assert!(
            holds(&order, &secret(VENDORS), hash, &given.to_ascii_lowercase()),
            "{hash:?}"
        );
        assert!(
            !holds(&order, &secret("Mysecretsig1875!"), hash, given),
            "{hash:?}"
        );
        for other in Hash::ALL.into_iter().filter(|other| *other != hash) {
            assert!(
                !holds(&order, &secret(VENDORS), other, given),
                "{hash:?} as {other:?}"
            );
        }
    }
    let page = form(&[
        ("AMOUNT", "1500"),
        ("CURRENCY", "EUR"),
        ("LANGUAGE", "en_US"),
        ("ORDERID", "1234"),
        ("PSPID", "MyPSPID"),
    ]);
    assert!(holds(
        &page,
        &secret(VENDORS),
        Hash::Sha1,
        "F4CC376CD7A834D997B91598FA747825A238BE0A"
    ));
    let rates = form(&[
        ("AMOUNT", "150"),
        ("BIN", "411111"),
        ("CURRENCY", "EUR"),
        ("ORDERID", "order00001"),
        ("PSPID", "MyPSPID"),
        ("PSWD", "MySecretPswd51"),
        ("USERID", "MyAPIUser"),
    ]);
    let given = "EFA8DD0C297CBA45DD7ADBEAF7CA4699C8F3C19B";
    assert!(holds(&rates, &secret("MySecretSig1875!?"), Hash::Sha1, given));
}

/// What the recorded client always sends, and what it adds.
fn recorded(more: &[(&'static str, &'static str)], digest: &str) {
    let always = [
        ("PSPID", "merchant-id"),
        ("PSWD", "password"),
        ("USERID", "username"),
    ];
    let pairs: Vec<(&str, &str)> = always.iter().chain(more).copied().collect();
    let form = form(&pairs);
    assert!(
        holds(&form, &secret("sha-passphrase"), Hash::Sha512, digest),
        "{more:?}"
    );
}

const ORDER: [(&str, &str); 12] = [
    ("AMOUNT", "500"),
    ("CARDNO", "5555444433331111"),
    ("CN", "Mr. Payment"),
    ("CURRENCY", "GBP"),
    ("CVC", "737"),
    ("ED", "08/18"),
    ("OPERATION", "RES"),
    ("ORDERID", "mq4ht90j2oir6am585afk58kml"),
    ("OWNERADDRESS", "41, Scala Street"),
    ("OWNERCTY", "GB"),
    ("OWNERTOWN", "London"),
    ("OWNERZIP", "EC2A 1AE"),
];

#[test]
fn recorded_requests_of_clients_hold() {
    recorded(
        &[("PAYID", "payId"), ("OPERATION", "SAS")],
        "bd85df99ecdbfb5f16daf676a7d4471cc02a1447f948c781b982634c56d1bb93\
         602881712d06fe292d353e4c9eaba717bf2799b6504ca3549be3f634c2563dd6",
    );
    recorded(
        &[("PAYID", "payId"), ("OPERATION", "RFD"), ("AMOUNT", "400")],
        "e43114c5930ed6afa556725c35a1098bc7ae37b336e03492a0ae6894ee3bd31a\
         af3cbe81e21350d0b2bf89d1853734706a815da52b972f81f322ba8ca13f0be3",
    );
    recorded(
        &[("PAYID", "payId"), ("OPERATION", "DES")],
        "175e166b6f1609673674f54a4cb07c593d2c988fd2c9da90dbd4477be4ea885c\
         b82770675ae5662b94ff851d4827f72bd78b2f9ede2ec1248270f6833d8f9d0e",
    );
    recorded(
        &[("ORDERID", "mq4ht90j2oir6am585afk58kml")],
        "7efa9dc08b00a5248420a68630b94e84299e3934152ade38277b90b8961e2e18\
         42fe6f830a0a45286eb93350e5b3015afe04e572bb59c66d61924b928bd13e39",
    );
    recorded(
        &ORDER,
        "c3a3319c82384602ae2bed51a65b9683f5f9ac90dfde72563b478116080016cd\
         b669b050164bca7d10d2fff7ba2064dd451174286d2fa7c1f309a3b6ac19e4b9",
    );
    let authenticated = [
        ("FLAG3D", "Y"),
        ("WIN3DS", "MAINW"),
        ("LANGUAGE", "en_GB"),
        ("HTTP_ACCEPT", "text/html"),
        ("HTTP_USER_AGENT", "Mozilla/5.0"),
        ("ECOM_BILLTO_POSTAL_CITY", "London"),
        ("ECOM_BILLTO_POSTAL_COUNTRYCODE", "GB"),
        ("ECOM_BILLTO_POSTAL_POSTALCODE", "EC2A 1AE"),
        ("ECOM_BILLTO_POSTAL_STREET_LINE1", "41"),
        ("ECOM_BILLTO_POSTAL_STREET_LINE2", "Scala Street"),
        ("browserAcceptHeader", "text/html"),
        ("browserColorDepth", "24"),
        ("browserJavaEnabled", "false"),
        ("browserLanguage", "en-GB"),
        ("browserScreenHeight", "480"),
        ("browserScreenWidth", "320"),
        ("browserTimezone", "0"),
        ("browserUserAgent", "Mozilla/5.0"),
        (
            "ACCEPTURL",
            "http://www.frontend.example.com/card_details/mq4ht90j2oir6am585afk58kml/3ds_required_in/epdq",
        ),
        (
            "DECLINEURL",
            "http://www.frontend.example.com/card_details/mq4ht90j2oir6am585afk58kml/3ds_required_in/epdq?status=declined",
        ),
        (
            "EXCEPTIONURL",
            "http://www.frontend.example.com/card_details/mq4ht90j2oir6am585afk58kml/3ds_required_in/epdq?status=error",
        ),
    ];
    let pairs: Vec<_> = ORDER.into_iter().chain(authenticated).collect();
    recorded(
        &pairs,
        "30f59c6d516cf0e756eba2f5c088859249af1abe73d578ba5baf3f582f06514e\
         feec491f77bf6d9727c5c3805b7fea453a442d0bb5b86a76da21b6d4a9cee58a",
    );
}

#[test]
fn one_changed_value_breaks_a_signature() {
    let given = "2B459D4D3AF0C678695AE77EE5BF0C83CA6F0AD8";
    let changed = form(&[
        ("AMOUNT", "1501"),
        ("CARDNO", "4111111111111111"),
        ("CURRENCY", "EUR"),
        ("OPERATION", "RES"),
        ("ORDERID", "1234"),
        ("PSPID", "MyPSPID"),
    ]);
    assert!(!holds(&changed, &secret(VENDORS), Hash::Sha1, given));
}

#[test]
fn numbered_parameters_are_taken_in_any_of_three_orders() {
    // Made by hand: `printf 'ITEMNAME1=apsITEMNAME2=bpsITEMNAME10=cps' | sha1sum` and its two other orders.
    let items = form(&[("ITEMNAME10", "c"), ("ITEMNAME2", "b"), ("ITEMNAME1", "a")]);
    let signs = |text: &str| {
        let made = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        made.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    for text in [
        "ITEMNAME1=apsITEMNAME2=bpsITEMNAME10=cps",
        "ITEMNAME1=apsITEMNAME10=cpsITEMNAME2=bps",
    ] {
        assert!(holds(&items, &secret("ps"), Hash::Sha1, &signs(text)), "{text}");
    }
    let owner = form(&[("OWNERADDRESS", "x"), ("OWNERADDRESS2", "y")]);
    for text in [
        "OWNERADDRESS=xpsOWNERADDRESS2=yps",
        "OWNERADDRESS2=ypsOWNERADDRESS=xps",
    ] {
        assert!(holds(&owner, &secret("ps"), Hash::Sha1, &signs(text)), "{text}");
    }
    let unlisted = form(&[("ORDERID", "1"), ("MYOWN", "2")]);
    for text in ["MYOWN=2psORDERID=1ps", "ORDERID=1ps"] {
        assert!(
            holds(&unlisted, &secret("ps"), Hash::Sha1, &signs(text)),
            "{text}"
        );
    }
}

#[test]
fn a_client_that_posts_windows_1252_and_hashes_utf8_is_understood() {
    let form = Form::read(b"CN=Jos%E9", Charset::Either).unwrap();
    let signs = |bytes: &[u8]| {
        let made = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        made.as_ref()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<String>()
    };
    assert!(holds(
        &form,
        &secret("ps"),
        Hash::Sha256,
        &signs("CN=Joséps".as_bytes())
    ));
    assert!(holds(&form, &secret("ps"), Hash::Sha256, &signs(b"CN=Jos\xE9ps")));
}

#[test]
fn what_we_sign_is_what_the_vendor_would() {
    let short = [
        ("ACCEPTANCE", "1234"),
        ("AMOUNT", "15"),
        ("BRAND", "VISA"),
        ("CARDNO", "XXXXXXXXXXXX1111"),
        ("CURRENCY", "EUR"),
        ("NCERROR", "0"),
        ("ORDERID", "12"),
        ("PAYID", "32100123"),
        ("PM", "CreditCard"),
        ("STATUS", "9"),
        // A pair of PARAMPLUS: sent, and not signed.
        ("SESSION", "abc"),
    ];
    assert_eq!(
        sign(&short, &secret(VENDORS), Hash::Sha1),
        "209113288F93A9AB8E474EA78D899AFDBB874355"
    );
    assert_eq!(
        sign(&short, &secret(VENDORS), Hash::Sha256),
        "C1500A19AC0A18216073A8B9952A54919C8A5C7B06F0ADAD6A59FC3EC7472A49"
    );
    assert_eq!(
        sign(&short, &secret(VENDORS), Hash::Sha512),
        "C1F832D7620282B07E199F25A9C6AD94EAE264359012C5374B9A33D5A9C2C9C7\
         104A0FE600EB3401E95CE3050E684BEF040DAAE5877FAFA312C63B9556F68878"
    );
    let long = [
        ("orderID", "A1001"),
        ("currency", "CHF"),
        ("amount", "1.5"),
        ("PM", "CreditCard"),
        ("ACCEPTANCE", "test123"),
        ("STATUS", "5"),
        ("CARDNO", "XXXXXXXXXXXX1111"),
        ("ALIAS", "1987839941297952"),
        ("ED", "1230"),
        ("CN", "Test Person"),
        ("TRXDATE", "03/02/26"),
        ("PAYID", "3032448131"),
        ("NCERROR", "0"),
        ("BRAND", "VISA"),
        ("IPCTY", "CH"),
        ("CCCTY", "99"),
        ("ECI", "7"),
        ("CVCCheck", "NO"),
        ("AAVCheck", "NO"),
        ("VC", ""),
        ("AAVADDRESS", "NO"),
        ("IP", "192.0.2.10"),
    ];
    assert_eq!(
        sign(&long, &secret(VENDORS), Hash::Sha256),
        "D9B48F9EF6F4997D9B0E51A992C81B70BE62AE88EAF801821EEEC19A5979EE77"
    );
}

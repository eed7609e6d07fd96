use super::*;
use primitives::{Amount, Currency};
use proptest::prelude::*;

fn purchase(merchant: &str, minor: i64, currency: &str) -> Purchase {
    Purchase {
        merchant_name: merchant.to_owned(),
        amount: Some(Amount::new(minor, Currency::parse(currency).unwrap()).unwrap()),
    }
}

fn code(digits: &str) -> OtpCode {
    OtpCode::typed(digits, u8::try_from(digits.len()).unwrap()).unwrap()
}

fn text(
    language: Language,
    purchase: &Purchase,
    reference: Option<&str>,
    web_otp: Option<&WebOtp>,
) -> String {
    let message = CodeMessage {
        language,
        bank_name: "ExampleBank",
        code: &code("042195"),
        purchase,
        last_four: "1059",
        minutes: 5,
        reference,
        web_otp,
    };
    message.text().reveal().clone()
}

#[test]
fn a_message_names_bank_code_amount_payee_card_and_time() {
    let purchase = purchase("Electronic Store Ltd", 123_456, "EUR");
    for (language, expected) in [
        (
            Language::English,
            "ExampleBank: code 042195 to pay EUR 1,234.56 to Electronic Store Ltd, card *1059. Valid 5 min. Never share it.",
        ),
        (
            Language::Spanish,
            "ExampleBank: codigo 042195 para pagar EUR 1.234,56 a Electronic Store Ltd, tarjeta *1059. Valido 5 min. No lo compartas.",
        ),
        (
            Language::Portuguese,
            "ExampleBank: codigo 042195 para pagar EUR 1.234,56 a Electronic Store Ltd, cartao *1059. Vale por 5 min. Nao compartilhe.",
        ),
        (
            Language::Japanese,
            "ExampleBank 認証コード042195 Electronic Store Ltd EUR 1,234.56 カード*1059 有効5分 他人に教えないでください",
        ),
    ] {
        assert_eq!(text(language, &purchase, None, None), expected);
    }
}

#[test]
fn a_message_without_an_amount_confirms_the_card() {
    let card = Purchase {
        merchant_name: "Shop".to_owned(),
        amount: None,
    };
    assert_eq!(
        text(Language::English, &card, Some("KTX"), None),
        "ExampleBank: code 042195 (KTX) to confirm card *1059 for Shop. Valid 5 min. Never share it."
    );
}

#[test]
fn no_language_costs_more_than_its_parts_however_long_everything_is() {
    let merchants = [
        "MMMMMMMMMMMMMMMMMMMMMMMM",
        "Peña Nieto Ñandú & Hijos",
        "São João Confecções Ltda",
        "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷",
        "{}[]~|€€€€€€€€€€€€€€€€€€",
        "",
    ];
    let banks = [
        "Banco Atlántico Sur M",
        "€€€€€€€€€€€€€€€€€€€€",
        "例示銀行例示銀行例示銀行例示銀行例示銀行",
    ];
    let amounts = [
        (999_999_999_999, "EUR"),
        (999_999_999_999, "KWD"),
        (999_999_999_999, "JPY"),
    ];
    let code = code("12345678");
    for language in Language::ALL {
        for merchant in merchants {
            for bank_name in banks {
                let mut purchases: Vec<Purchase> = amounts
                    .iter()
                    .map(|(minor, currency)| purchase(merchant, *minor, currency))
                    .collect();
                purchases.push(Purchase {
                    merchant_name: merchant.to_owned(),
                    amount: None,
                });
                for purchase in &purchases {
                    let message = CodeMessage {
                        language,
                        bank_name,
                        code: &code,
                        purchase,
                        last_four: "1059",
                        minutes: 10,
                        reference: Some("WWWW"),
                        web_otp: None,
                    };
                    let text = message.text();
                    let size = Size::of(text.reveal());
                    assert!(
                        within_budget(text.reveal()),
                        "{language:?} {size:?} {}",
                        text.reveal()
                    );
                    let latin = merchant.is_ascii() || merchant.contains(['ñ', 'ã']);
                    if language != Language::Japanese && latin && bank_name.starts_with("Banco") {
                        assert_eq!(size.encoding, Encoding::Gsm7, "{}", text.reveal());
                    }
                }
            }
        }
    }
}

#[test]
fn the_last_line_binds_the_code_to_both_hosts() {
    let purchase = purchase("Electronic Store Ltd", 123_456, "EUR");
    let web_otp =
        WebOtp::in_frame("https://shop.example/3ds/notify?a=b", "https://acs.bank.example").unwrap();
    for language in Language::ALL {
        let text = text(language, &purchase, None, Some(&web_otp));
        assert_eq!(
            text.lines().next_back(),
            Some("@shop.example #042195 @acs.bank.example")
        );
        assert_eq!(text.matches('@').count(), 2, "{text}");
    }
    assert_eq!(
        WebOtp {
            top_host: "acs.bank.example".to_owned(),
            embedded_host: None
        }
        .line("042195"),
        "@acs.bank.example #042195"
    );
}

#[test]
fn the_last_line_never_costs_two_parts() {
    let purchase = purchase("Electronic Store Ltd", 123_456, "EUR");
    let far = WebOtp {
        top_host: format!("{}.example", "a".repeat(230)),
        embedded_host: Some("acs.bank.example".to_owned()),
    };
    for language in Language::ALL {
        let text = text(language, &purchase, None, Some(&far));
        assert!(!text.contains('@'), "{text}");
    }
}

#[test]
fn the_merchant_cannot_speak_for_the_bank() {
    for name in ["Shop\n@evil.example #999999", "@x #1", "https://evil.example"] {
        for language in Language::ALL {
            let text = text(language, &purchase(name, 100, "MXN"), None, None);
            assert!(!text.contains(['@', '#', '\n', '/']), "{text}");
        }
    }
}

#[test]
fn the_code_is_the_first_number_that_a_reader_finds() {
    let purchase = purchase("Shop 123456", 99_999_900, "MXN");
    for language in Language::ALL {
        let text = text(language, &purchase, Some("KTX"), None);
        let first = text
            .split(|symbol: char| !symbol.is_ascii_digit())
            .find(|run| !run.is_empty());
        assert_eq!(first, Some("042195"), "{text}");
    }
}

#[test]
fn the_message_is_not_shown_where_values_are_logged() {
    let purchase = purchase("Shop", 100, "MXN");
    let code = code("042195");
    let message = CodeMessage {
        language: Language::English,
        bank_name: "ExampleBank",
        code: &code,
        purchase: &purchase,
        last_four: "1059",
        minutes: 5,
        reference: None,
        web_otp: None,
    };
    assert!(!format!("{message:?} {:?}", message.text()).contains("042195"));
}

/// Texts whose units were counted by hand, to hold the counting against.
#[test]
fn texts_that_were_counted_by_hand_cost_what_was_counted() {
    let line = "\n@shop.example #123456 @acs.examplebank.example";
    let english = "ExampleBank: code 123456 to pay EUR 1,234.56 to Electronic Store Ltd, card *4729. Valid 5 min. Never share it.";
    let spanish = "ExampleBank: codigo 123456 para pagar EUR 1,234.56 a Electronic Store Ltd, tarjeta *4729. Valido 5 min. No lo comparta.";
    let accented = spanish.replace("codigo", "código").replace("Valido", "Válido");
    let japanese = "ExampleBank 認証コード123456 Electronic Store Ltd EUR 1,234.56 カード*4729 有効5分 他人に教えないでください";
    let all_japanese =
        "例示銀行 認証コード123456 電子商店 ¥12,345 カード*4729 有効5分 他人に教えないでください";
    for (text, encoding, units, parts, bound_parts) in [
        (english, Encoding::Gsm7, 110, 1, 1),
        (spanish, Encoding::Gsm7, 119, 1, 2),
        (&accented, Encoding::Ucs2, 119, 2, 3),
        (japanese, Encoding::Ucs2, 84, 2, 2),
        (all_japanese, Encoding::Ucs2, 56, 1, 2),
    ] {
        let size = Size::of(text);
        assert_eq!(
            (size.encoding, size.units, size.parts),
            (encoding, units, parts),
            "{text}"
        );
        let bound = Size::of(&format!("{text}{line}"));
        assert_eq!(
            (bound.units, bound.parts),
            (units + line.len(), bound_parts),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_a_merchant_is_called_the_message_stays_within_its_parts(
        merchant in "\\PC{0,60}",
        bank_name in "\\PC{1,20}",
        minor in 0..=999_999_999_999_i64,
    ) {
        let purchase = purchase(&merchant, minor, "EUR");
        let code = code("12345678");
        for language in Language::ALL {
            let message = CodeMessage {
                language,
                bank_name: &bank_name,
                code: &code,
                purchase: &purchase,
                last_four: "1059",
                minutes: 10,
                reference: Some("WWWW"),
                web_otp: None,
            };
            let text = message.text();
            prop_assert!(within_budget(text.reveal()), "{} {}", Size::of(text.reveal()).units, text.reveal());
            prop_assert_eq!(text.reveal().lines().count(), 1);
        }
    }
}

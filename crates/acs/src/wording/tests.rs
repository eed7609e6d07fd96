use super::*;
use primitives::{Amount, Currency};

/// Characters that native screens have room for.
const LABEL_MAX: usize = 45;
const TEXT_MAX: usize = 350;
const EXPANDED_MAX: usize = 256;

/// The longest of everything that a text may be filled with.
fn worst() -> Vec<(&'static str, String)> {
    vec![
        ("bank", "B".repeat(20)),
        ("phone", "•••• 5678".to_owned()),
        ("amount", "KWD 999,999,999.999".to_owned()),
        ("merchant", "M".repeat(merchant_name::SCREEN_MAX)),
        ("last_four", "1059".to_owned()),
        ("count", "600".to_owned()),
        ("reference", "WWWW".to_owned()),
    ]
}

fn filled(text: &str) -> String {
    let worst = worst();
    let values: Vec<(&str, &str)> = worst
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let filled = fill(text, &values);
    assert!(!filled.contains(['{', '}']), "{filled}");
    filled
}

fn length(text: &str) -> usize {
    filled(text).chars().count()
}

#[test]
fn every_label_has_room_on_a_native_screen() {
    for language in Language::ALL {
        let words = words(language);
        let Buttons {
            submit,
            resend,
            send,
            confirmed,
            code_instead,
            app_instead,
            later,
            cancel,
        } = words.buttons;
        for label in [
            words.header,
            words.code_label,
            words.password_label,
            words.app_link,
            words.phone_choice,
            words.why.label,
            words.help.label,
            submit,
            resend,
            send,
            confirmed,
            code_instead,
            app_instead,
            later,
            cancel,
        ] {
            assert!(
                (1..=LABEL_MAX).contains(&length(label)),
                "{language:?}: {label:?} has {} characters",
                length(label)
            );
        }
    }
}

#[test]
fn every_text_has_room_on_a_native_screen_with_the_purchase_and_a_notice() {
    for language in Language::ALL {
        let words = words(language);
        let notices = &words.notices;
        let told = [
            notices.wrong,
            notices.wrong_once_more,
            notices.wrong_password,
            notices.wrong_password_once_more,
            notices.expired,
            notices.resent,
            notices.too_early,
            notices.no_more_codes,
            notices.sent_anew,
            notices.app_pending,
            notices.app_silent,
            notices.nothing_typed,
        ];
        let asked = [
            format!(
                "{} {} {}",
                words.code_sent, words.code_good_for, words.code_reference
            ),
            words.code_sent_by_bank.to_owned(),
            words.password_asked.to_owned(),
            words.app_asked.to_owned(),
            words.phone_asked.to_owned(),
        ];
        for notice in told {
            for asked in &asked {
                for purchase in [words.payment, words.confirmation] {
                    let text = format!("{notice}\n{asked}\n{purchase}");
                    assert!(
                        length(&text) <= TEXT_MAX,
                        "{language:?}: {} characters: {text}",
                        length(&text)
                    );
                }
            }
        }
        for expander in [&words.why, &words.help] {
            assert!(length(expander.text) <= EXPANDED_MAX, "{}", expander.text);
        }
    }
}

#[test]
fn every_language_names_what_the_others_name() {
    let names = |text: &str| {
        let mut names: Vec<String> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.sort_unstable();
        names
    };
    let all = |words: &Words| {
        let notices = &words.notices;
        [
            words.payment,
            words.confirmation,
            words.code_sent,
            words.code_good_for,
            words.code_reference,
            words.code_form,
            words.app_asked,
            words.phone_choice,
            words.help.text,
            words.resend_in,
            words.problem.code,
            notices.wrong,
            notices.wrong_password,
            notices.too_early,
        ]
        .map(names)
    };
    let known: Vec<&str> = worst().iter().map(|(name, _)| *name).collect();
    let english = all(words(Language::English));
    for language in Language::ALL {
        assert_eq!(all(words(language)), english, "{language:?}");
    }
    assert!(
        english
            .iter()
            .flatten()
            .all(|name| known.contains(&name.as_str()))
    );
}

#[test]
fn a_value_is_never_taken_for_a_name() {
    assert_eq!(
        fill("{bank}: {code}!", &[("bank", "{code} {bank"), ("code", "123456")]),
        "{code} {bank: 123456!"
    );
    assert_eq!(fill("a {unknown} b {", &[]), "a  b ");
}

#[test]
fn amount_and_payee_stand_on_every_screen() {
    let purchase = Purchase {
        merchant_name: "Shop\u{202e} 😀".to_owned(),
        amount: Some(Amount::new(34_900, Currency::MXN).unwrap()),
    };
    assert_eq!(
        words(Language::English).purchase(Language::English, &purchase, "1059"),
        "Payment of MXN 349.00 to Shop with the card ending in 1059."
    );
    let nameless = Purchase {
        merchant_name: "😀".to_owned(),
        amount: None,
    };
    assert_eq!(
        words(Language::Spanish).purchase(Language::Spanish, &nameless, "1059"),
        "Confirmación para un comercio en línea de la tarjeta terminada en 1059."
    );
}

use super::*;
use crate::keys::{Keys, KeysError};
use primitives::{Amount, Currency};
use proptest::prelude::*;

fn purchase(merchant_name: &str, minor: i64, currency: &str) -> Purchase {
    Purchase {
        merchant_name: merchant_name.to_owned(),
        amount: Amount::new(minor, Currency::parse(currency).unwrap()).ok(),
    }
}

fn context(purchase: &Purchase) -> CodeContext<'_> {
    CodeContext {
        acs_trans_id: AcsTransId(uuid::Uuid::from_u128(7)),
        generation: 1,
        purchase,
    }
}

fn code(digits: &str) -> OtpCode {
    OtpCode::typed(digits, digits.len() as u8).unwrap()
}

#[test]
fn a_million_codes_are_spread_evenly_and_begin_with_zeros_as_often_as_with_nines() {
    const CODES: u32 = 1_000_000;
    let mut counts = [[0_u32; 10]; 6];
    for _ in 0..CODES {
        let code = OtpCode::make(6).unwrap();
        assert_eq!(code.reveal().len(), 6);
        for (place, digit) in code.reveal().bytes().enumerate() {
            counts[place][usize::from(digit - b'0')] += 1;
        }
    }
    for (place, digits) in counts.iter().enumerate() {
        // Chi-squared with nine degrees of freedom: beyond 50 once in ten million runs, for each of the six places.
        let expected = u64::from(CODES / 10);
        let deviation: u64 = digits
            .iter()
            .map(|count| u64::from(*count).abs_diff(expected).pow(2))
            .sum();
        assert!(deviation < 50 * expected, "place {place}: {digits:?}");
    }
}

#[test]
fn numbers_below_a_bound_leave_no_remainder_of_the_draw_behind() {
    // 3 does not divide 2^32; with the remainder the first number would come up more often, if only a little.
    let mut counts = [0_u32; 3];
    for _ in 0..300_000 {
        counts[below(3).unwrap() as usize] += 1;
    }
    assert!(
        counts.iter().all(|count| count.abs_diff(100_000) < 2_000),
        "{counts:?}"
    );
    assert_eq!(below(1), Ok(0));
}

#[test]
fn a_code_has_six_to_eight_digits_whatever_is_asked_for() {
    for (asked, made) in [(0, 6), (4, 6), (6, 6), (7, 7), (8, 8), (9, 8), (255, 8)] {
        assert_eq!(OtpCode::make(asked).unwrap().reveal().len(), made, "{asked}");
    }
}

#[test]
fn an_entry_is_read_as_cardholders_write_it() {
    for entry in [
        "012345",
        " 012 345 ",
        "012-345",
        "０１２３４５",
        "０1２-3４ 5",
        "０１２　３４５",
        "012\u{2011}345\n",
        "012\u{a0}345",
    ] {
        assert_eq!(OtpCode::typed(entry, 6).unwrap().reveal(), "012345", "{entry}");
    }
    for entry in [
        "",
        "12345",
        "0123456",
        "01234a",
        "01234.5",
        "٠١٢٣٤٥",
        "+12345",
        "012345@",
        "１２３４５",
        "①②③④⑤⑥",
        "012345 or 1=1",
    ] {
        assert!(OtpCode::typed(entry, 6).is_none(), "{entry}");
    }
    let padded = format!("{}012345", " ".repeat(40));
    assert!(
        OtpCode::typed(&padded, 6).is_none(),
        "an entry beyond the longest is not read"
    );
}

#[test]
fn a_code_does_not_show_in_debug() {
    assert_eq!(format!("{:?}", code("012345")), "OtpCode(••)");
}

#[test]
fn a_code_holds_for_its_challenge_its_generation_its_amount_and_its_payee_only() {
    let keys = Keys::for_tests_with_versions(2);
    let paid = purchase("Tienda", 1_050, "MXN");
    let right = context(&paid);
    let kept = keys.code_mac(2, &right, &code("012345")).unwrap();
    assert!(same_mac(
        &kept,
        &keys.code_mac(2, &right, &code("012345")).unwrap()
    ));

    let dearer = purchase("Tienda", 10_050, "MXN");
    let dollars = purchase("Tienda", 1_050, "USD");
    let elsewhere = purchase("Tiend4", 1_050, "MXN");
    let no_payment = Purchase {
        amount: None,
        ..paid.clone()
    };
    let other_challenge = CodeContext {
        acs_trans_id: AcsTransId(uuid::Uuid::from_u128(8)),
        ..right
    };
    let resent = CodeContext {
        generation: 2,
        ..right
    };
    for wrong in [
        context(&dearer),
        context(&dollars),
        context(&elsewhere),
        context(&no_payment),
        other_challenge,
        resent,
    ] {
        let made = keys.code_mac(2, &wrong, &code("012345")).unwrap();
        assert!(!same_mac(&kept, &made), "{wrong:?}");
    }
    for wrong in ["012346", "0123450", "12345"] {
        assert!(!same_mac(&kept, &keys.code_mac(2, &right, &code(wrong)).unwrap()));
    }
    let old_key = keys.code_mac(1, &right, &code("012345")).unwrap();
    assert!(!same_mac(&kept, &old_key));
    assert_eq!(
        keys.code_mac(3, &right, &code("012345")),
        Err(KeysError::UnknownVersion(3))
    );
}

#[test]
fn no_payment_and_a_payment_of_nothing_are_two_things() {
    let keys = Keys::for_tests();
    let nothing = purchase("Tienda", 0, "MXN");
    let none = Purchase {
        amount: None,
        ..nothing.clone()
    };
    assert_ne!(
        keys.code_mac(1, &context(&nothing), &code("012345")),
        keys.code_mac(1, &context(&none), &code("012345"))
    );
}

#[test]
fn a_mac_cut_short_matches_nothing() {
    assert!(same_mac(&[3; 32], &[3; 32]));
    for kept in [&[3_u8; 31][..], &[], &[3; 33]] {
        assert!(!same_mac(kept, &[3; 32]));
    }
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_as_digits_or_not_at_all(entry: String, digits in 6..=8_u8) {
        if let Some(code) = OtpCode::typed(&entry, digits) {
            prop_assert_eq!(code.reveal().len(), usize::from(digits));
            prop_assert!(code.reveal().bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn a_made_code_is_read_back_however_it_is_spaced(digits in 6..=8_u8, gap in 1..6_usize, wide: bool) {
        let made = OtpCode::make(digits).unwrap();
        let mut entry = made.reveal().to_owned();
        entry.insert(gap, '-');
        if wide {
            entry = entry
                .chars()
                .map(|digit| digit.to_digit(10).map_or(digit, |value| char::from_u32(0xff10 + value).unwrap()))
                .collect();
        }
        let typed = OtpCode::typed(&entry, digits).unwrap();
        prop_assert_eq!(typed.reveal(), made.reveal());
    }
}

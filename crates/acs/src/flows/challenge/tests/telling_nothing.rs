//! What cardholders, and those who only pretend to be, can tell from screens: nothing of limits, of cards and of challenges
//! that are not theirs.

use super::*;
use crate::challenge::ChallengeView;

/// A view without what differs from challenge to challenge, and from one look to the next.
fn alike(view: ChallengeView) -> String {
    let id = view.acs_trans_id.to_string();
    let token = view.token.to_string();
    format!("{view:?}")
        .replace(&id, "acsTransID")
        .replace(&token, "token")
}

/// What a cardholder sees who has the first screen, types wrong, asks for another code, types wrong again, and once more.
async fn seen(bank: &Bank, number: u128) -> Vec<String> {
    let id = bank.challenged(number, V2_2, phones(1)).await;
    let mut seen = vec![alike(bank.opens(id).await)];
    let mut pressed = async |pressed: Pressed| match bank.presses(id, pressed).await {
        Screen::Challenge(view) => seen.push(alike(*view)),
        back => seen.push(format!("{:?}", status_of_cres(back))),
    };
    let wrong = || Pressed::Submit("x12345".to_owned().into());
    pressed(wrong()).await;
    pressed(Pressed::Resend).await;
    pressed(wrong()).await;
    pressed(Pressed::Submit(String::new().into())).await;
    pressed(wrong()).await;
    let spent: i64 = bank
        .tells("SELECT sum(attempts) FROM acs.codes WHERE acs_trans_id = $1", id)
        .await;
    seen.push(format!("{spent} attempts spent"));
    seen
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_challenge_whose_codes_are_withheld_looks_like_any_other_from_its_beginning_to_its_end(
    pool: PgPool,
) {
    let mut policy = Policy::default();
    policy.otp.resend_waits_seconds = vec![0];
    policy.limits.failures_to_lock = 0;
    policy.limits.failures_to_lock_for_good = 0;
    policy.limits.sends_per_phone = vec![Limit {
        count: 2,
        seconds: 600,
    }];
    let bank = Bank::open(pool, policy).await;
    // Given one whose two codes are sent
    let sent = seen(&bank, 1).await;
    // When another of the same phone follows, which is over the limit
    let withheld = seen(&bank, 2).await;
    // Then nobody can tell the two apart, and entries cost the same
    assert_eq!(sent, withheld);
    let withheld: i64 = sqlx::query_scalar("SELECT count(*) FROM acs.codes WHERE withheld_by = 'phone'")
        .fetch_one(bank.pool())
        .await
        .unwrap();
    assert_eq!(withheld, 2);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_challenge_that_does_not_exist_and_one_that_is_not_open_are_the_same_to_whoever_guesses(
    pool: PgPool,
) {
    let bank = Bank::open(pool, Policy::default()).await;
    let not_open = bank.challenged(1, V2_2, phones(1)).await.to_string();
    let unknown = "00000000-0000-4000-8000-00000000ffff";
    let token = "00000000-0000-4000-8000-000000000001";
    let entry = || Pressed::Submit("012345".to_owned().into());
    let pressed = [
        bank.acs.press(&not_open, token, entry()).await.unwrap(),
        bank.acs.press(unknown, token, entry()).await.unwrap(),
        bank.acs.press("nonsense", token, entry()).await.unwrap(),
        bank.acs.challenge_page(&not_open).await.unwrap(),
        bank.acs.challenge_page(unknown).await.unwrap(),
    ];
    for screen in &pressed {
        assert_eq!(screen, &pressed[0]);
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_right_code_typed_many_times_at_once_counts_once(pool: PgPool) {
    let bank = Arc::new(Bank::open(pool, Policy::default()).await);
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let token = bank.opens(id).await.token.to_string();
    let code = bank.code().await;
    let mut typing = JoinSet::new();
    for _ in 0..20 {
        let (bank, token, code) = (Arc::clone(&bank), token.clone(), code.clone());
        typing.spawn(async move {
            let entry = Pressed::Submit(code.into());
            bank.acs.press(&id.to_string(), &token, entry).await.unwrap()
        });
    }
    typing.join_all().await;
    assert_eq!(bank.directory.received().len(), 1);
    let (attempts, interactions): (i32, i32) = sqlx::query_as(
        "SELECT o.attempts::int, c.interactions::int FROM acs.codes o JOIN acs.challenges c USING (acs_trans_id)",
    )
    .fetch_one(bank.pool())
    .await
    .unwrap();
    assert_eq!((attempts, interactions), (1, 1));
    // And a further one finds the challenge ended
    let entry = Pressed::Submit(code.into());
    let screen = bank.acs.press(&id.to_string(), &token, entry).await.unwrap();
    assert!(!matches!(screen, Screen::Challenge(_)), "{screen:?}");
    assert_eq!(bank.directory.received().len(), 1);
}

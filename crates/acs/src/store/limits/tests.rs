use super::*;
use crate::phone::Phone;
use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

fn issuer() -> IssuerId {
    IssuerId::parse("banco-0001").unwrap()
}

fn card(name: &str) -> CardId {
    CardId::parse(name).unwrap()
}

fn phone(last: &str) -> Phone {
    Phone::parse(&format!("+52551234{last}")).unwrap()
}

fn noon() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_750_000_000).unwrap()
}

fn limit(count: u32, seconds: u32) -> Limit {
    Limit { count, seconds }
}

/// No limits but those that a test sets.
fn free() -> LimitPolicy {
    LimitPolicy {
        sends_per_phone: Vec::new(),
        sends_per_card: Vec::new(),
        challenges_per_address: Vec::new(),
        sends_per_issuer: Vec::new(),
        ..LimitPolicy::default()
    }
}

/// Asks as the flow does, in a transaction of its own.
async fn send(
    pool: &PgPool,
    policy: &LimitPolicy,
    card: &CardId,
    phone: &Phone,
    now: OffsetDateTime,
) -> Verdict {
    let (issuer, keys) = (issuer(), Keys::for_tests());
    let sending = Sending {
        issuer: &issuer,
        card,
        phone: Some(phone),
    };
    let mut transaction = pool.begin().await.unwrap();
    let verdict = may_send_in(&mut transaction, &keys, policy, &sending, now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    verdict
}

async fn counted(pool: &PgPool, scope: &str) -> i64 {
    sqlx::query_scalar("SELECT COALESCE(sum(n), 0)::bigint FROM acs.rate_counters WHERE scope = $1")
        .bind(scope)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn of_fifty_sends_at_once_only_the_allowed_number_passes(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_phone: vec![limit(3, 600), limit(10, 86_400)],
        sends_per_card: vec![limit(5, 600)],
        sends_per_issuer: vec![limit(1_000, 86_400)],
        ..LimitPolicy::default()
    };
    let (card, phone) = (card("card-1"), phone("5678"));
    let verdicts = join_all((0..50).map(|_| send(&pool, &policy, &card, &phone, noon()))).await;
    let passed = verdicts
        .iter()
        .filter(|verdict| **verdict == Verdict::Within)
        .count();
    assert_eq!(passed, 3);
    assert!(
        verdicts
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Within | Verdict::Over(Limited::Phone)))
    );
    assert_eq!(counted(&pool, "issuer").await, 3);
    assert_eq!(counted(&pool, "card").await, 3);
    assert_eq!(counted(&pool, "phone").await, 6, "two windows");
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_flood_for_one_card_costs_others_nothing(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_card: vec![limit(2, 600)],
        sends_per_issuer: vec![limit(5, 600)],
        ..free()
    };
    let (flooded, other) = (card("flooded"), card("other"));
    for _ in 0..20 {
        send(&pool, &policy, &flooded, &phone("0001"), noon()).await;
    }
    for _ in 0..2 {
        assert_eq!(
            send(&pool, &policy, &other, &phone("0002"), noon()).await,
            Verdict::Within
        );
    }
    assert_eq!(
        counted(&pool, "issuer").await,
        4,
        "what was withheld is not counted"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_is_over_its_own_limit_waits_for_nobody_of_its_issuer(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_card: vec![limit(1, 600)],
        sends_per_issuer: vec![limit(100, 600)],
        ..free()
    };
    let (flooded, slow) = (card("flooded"), card("slow"));
    send(&pool, &policy, &flooded, &phone("0001"), noon()).await;
    // Somebody of the same issuer is in the middle of a transaction that has counted.
    let (issuer, keys, phone) = (issuer(), Keys::for_tests(), phone("0002"));
    let sending = Sending {
        issuer: &issuer,
        card: &slow,
        phone: Some(&phone),
    };
    let mut open = pool.begin().await.unwrap();
    may_send_in(&mut open, &keys, &policy, &sending, noon())
        .await
        .unwrap();
    let withheld = send(&pool, &policy, &flooded, &phone, noon());
    let verdict = tokio::time::timeout(std::time::Duration::from_secs(5), withheld).await;
    assert_eq!(verdict.unwrap(), Verdict::Over(Limited::Card));
    open.commit().await.unwrap();
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn many_cards_at_once_with_phones_in_common_do_not_wait_for_each_other(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_phone: vec![limit(100, 600)],
        sends_per_card: vec![limit(100, 600)],
        sends_per_issuer: vec![limit(60, 600)],
        ..free()
    };
    let cards = ["a", "b", "c", "d"].map(card);
    let phones = ["0001", "0002", "0003"].map(phone);
    let sends = (0..80).map(|n| send(&pool, &policy, &cards[n % 4], &phones[n % 3], noon()));
    let verdicts = join_all(sends).await;
    let passed = verdicts
        .iter()
        .filter(|verdict| **verdict == Verdict::Within)
        .count();
    assert_eq!(passed, 60);
    assert_eq!(counted(&pool, "card").await, 60);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_first_limit_that_is_spent_is_named_card_before_phone_before_issuer(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_phone: vec![limit(2, 600)],
        sends_per_card: vec![limit(1, 600)],
        sends_per_issuer: vec![limit(3, 600)],
        allowed_prefixes: vec!["52".to_owned()],
        ..free()
    };
    let (one, two, three, four) = (card("one"), card("two"), card("three"), card("four"));
    let (a, b) = (phone("0001"), phone("0002"));
    let abroad = Phone::parse("+34600123456").unwrap();
    for (card, phone, verdict) in [
        (&one, &abroad, Verdict::Over(Limited::Country)),
        (&one, &a, Verdict::Within),
        (&one, &a, Verdict::Over(Limited::Card)),
        (&two, &a, Verdict::Within),
        (&three, &a, Verdict::Over(Limited::Phone)),
        (&three, &b, Verdict::Within),
        (&four, &b, Verdict::Over(Limited::Issuer)),
        (&one, &b, Verdict::Over(Limited::Card)),
    ] {
        assert_eq!(
            send(&pool, &policy, card, phone, noon()).await,
            verdict,
            "{card} {phone:?}"
        );
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn room_comes_back_when_the_window_has_slid_on(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_phone: vec![limit(2, 600), limit(3, 86_400)],
        ..free()
    };
    let (card, phone) = (card("card-1"), phone("5678"));
    let send_at = |seconds| send(&pool, &policy, &card, &phone, noon() + Duration::seconds(seconds));
    assert_eq!(send_at(0).await, Verdict::Within);
    assert_eq!(send_at(300).await, Verdict::Within);
    assert_eq!(send_at(599).await, Verdict::Over(Limited::Phone));
    assert_eq!(
        send_at(620).await,
        Verdict::Within,
        "the first is out of the window"
    );
    assert_eq!(
        send_at(3_600).await,
        Verdict::Over(Limited::Phone),
        "three in a day"
    );
    assert_eq!(
        send_at(86_400 + 3_600).await,
        Verdict::Within,
        "another day, another message"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn challenges_are_counted_by_address_an_ipv6_network_as_one(pool: PgPool) {
    let policy = LimitPolicy {
        challenges_per_address: vec![limit(2, 60)],
        ..free()
    };
    let (store, keys, issuer) = (Store::from_pool(pool), Keys::for_tests(), issuer());
    for (address, verdict) in [
        ("2001:db8:1:2::1", Verdict::Within),
        ("2001:db8:1:2::2", Verdict::Within),
        ("2001:db8:1:2:3::", Verdict::Over(Limited::Address)),
        ("2001:db8:1:3::1", Verdict::Within),
        ("192.0.2.1", Verdict::Within),
        ("192.0.2.2", Verdict::Within),
    ] {
        let address = address.parse().unwrap();
        assert_eq!(
            may_challenge(&store, &keys, &policy, &issuer, address, noon())
                .await
                .unwrap(),
            verdict,
            "{address}"
        );
    }
    let elsewhere = IssuerId::parse("banco-0002").unwrap();
    let address = "2001:db8:1:2::1".parse().unwrap();
    let verdict = may_challenge(&store, &keys, &policy, &elsewhere, address, noon()).await;
    assert_eq!(
        verdict.unwrap(),
        Verdict::Within,
        "another issuer counts by itself"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn counters_say_nothing_of_phones_and_addresses(pool: PgPool) {
    let policy = LimitPolicy::default();
    send(&pool, &policy, &card("card-1"), &phone("5678"), noon()).await;
    let (store, keys) = (Store::from_pool(pool.clone()), Keys::for_tests());
    let address = "192.0.2.77".parse().unwrap();
    may_challenge(&store, &keys, &policy, &issuer(), address, noon())
        .await
        .unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT c::text || encode(key, 'escape') FROM acs.rate_counters c")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(rows.len(), 6, "two windows each of card, phone and address");
    assert!(
        rows.iter()
            .all(|row| !row.contains("12345678") && !row.contains("192.0.2"))
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn old_counters_go_and_current_ones_stay(pool: PgPool) {
    let policy = LimitPolicy {
        sends_per_phone: vec![limit(3, 600), limit(10, 86_400)],
        ..free()
    };
    send(&pool, &policy, &card("card-1"), &phone("5678"), noon()).await;
    let store = Store::from_pool(pool.clone());
    let prune_at = |later: Duration| prune(&store, noon() + later);
    assert_eq!(prune_at(Duration::minutes(5)).await.unwrap(), 0);
    assert_eq!(
        prune_at(Duration::hours(1)).await.unwrap(),
        1,
        "the shorter window is over"
    );
    assert_eq!(counted(&pool, "phone").await, 1);
    assert_eq!(prune_at(Duration::days(2)).await.unwrap(), 1);
}

/// Fails once, as the flow does.
async fn fail(pool: &PgPool, policy: &LimitPolicy, now: OffsetDateTime) -> Standing {
    let mut transaction = pool.begin().await.unwrap();
    let standing = failed_in(&mut transaction, policy, &issuer(), &card("card-1"), now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    standing
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn five_failures_lock_a_card_for_a_time_and_ten_for_good(pool: PgPool) {
    let policy = LimitPolicy::default();
    let store = Store::from_pool(pool.clone());
    for failures in 1..=4 {
        assert_eq!(
            fail(&pool, &policy, noon()).await,
            Standing { failures, lock: None }
        );
    }
    let until = noon() + Duration::minutes(30);
    let locked = Some(Lock::Until(until));
    assert_eq!(
        fail(&pool, &policy, noon()).await,
        Standing {
            failures: 5,
            lock: locked
        }
    );
    let lock_at = |now| {
        let store = &store;
        async move { lock_of(store, &issuer(), &card("card-1"), now).await.unwrap() }
    };
    assert_eq!(lock_at(until - Duration::seconds(1)).await, locked);
    assert_eq!(lock_at(until).await, None, "a lock ends by itself");
    for failures in 6..=9 {
        assert_eq!(
            fail(&pool, &policy, until).await,
            Standing { failures, lock: None }
        );
    }
    assert_eq!(fail(&pool, &policy, until).await.lock, Some(Lock::ForGood));
    assert_eq!(lock_at(until + Duration::weeks(500)).await, Some(Lock::ForGood));

    assert!(unlock(&store, &issuer(), &card("card-1")).await.unwrap());
    assert_eq!(lock_at(until).await, None);
    assert!(!unlock(&store, &issuer(), &card("card-1")).await.unwrap());
    assert_eq!(
        fail(&pool, &policy, until).await.failures,
        1,
        "counting begins anew"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_success_forgets_the_failures_and_opens_no_lock(pool: PgPool) {
    let policy = LimitPolicy::default();
    let store = Store::from_pool(pool.clone());
    let pass = || async {
        let mut transaction = pool.begin().await.unwrap();
        passed_in(&mut transaction, &issuer(), &card("card-1"), noon())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    };
    for _ in 0..4 {
        fail(&pool, &policy, noon()).await;
    }
    pass().await;
    assert_eq!(fail(&pool, &policy, noon()).await.failures, 1);

    for _ in 0..4 {
        fail(&pool, &policy, noon()).await;
    }
    pass().await;
    let lock = lock_of(&store, &issuer(), &card("card-1"), noon()).await.unwrap();
    assert!(
        matches!(lock, Some(Lock::Until(_))),
        "a challenge that was under way: {lock:?}"
    );
    for _ in 0..10 {
        fail(&pool, &policy, noon()).await;
    }
    pass().await;
    let lock = lock_of(&store, &issuer(), &card("card-1"), noon()).await.unwrap();
    assert_eq!(lock, Some(Lock::ForGood));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn of_fifty_failures_at_once_none_is_lost(pool: PgPool) {
    let policy = LimitPolicy {
        failures_to_lock: 0,
        failures_to_lock_for_good: 50,
        ..LimitPolicy::default()
    };
    let standings = join_all((0..50).map(|_| fail(&pool, &policy, noon()))).await;
    let mut failures: Vec<_> = standings.iter().map(|standing| standing.failures).collect();
    failures.sort_unstable();
    assert_eq!(failures, (1..=50).collect::<Vec<_>>());
    let locked: Vec<_> = standings
        .iter()
        .filter(|standing| standing.lock.is_some())
        .collect();
    assert_eq!(locked.len(), 1);
    assert_eq!(locked[0].failures, 50);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn an_issuer_may_lock_at_the_first_failure_or_never(pool: PgPool) {
    let strict = LimitPolicy {
        failures_to_lock: 1,
        lock_seconds: 60,
        ..LimitPolicy::default()
    };
    let locked = fail(&pool, &strict, noon()).await.lock;
    assert_eq!(locked, Some(Lock::Until(noon() + Duration::minutes(1))));

    unlock(&Store::from_pool(pool.clone()), &issuer(), &card("card-1"))
        .await
        .unwrap();
    let never = LimitPolicy {
        failures_to_lock: 0,
        failures_to_lock_for_good: 0,
        ..LimitPolicy::default()
    };
    for _ in 0..30 {
        assert_eq!(fail(&pool, &never, noon()).await.lock, None);
    }
}

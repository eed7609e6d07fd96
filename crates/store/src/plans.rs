//! Which way the planner goes where it knows nothing yet.

use sqlx::{PgPool, Row};

/// How what is prepared finds its rows, line by line, in a database that was analysed while it was empty. A plan is kept by
/// its connection, so one made while there was nothing must do when there is much. The connection is set up as
/// [`crate::Store::connect`] does it.
pub(crate) async fn plan_of(pool: &PgPool, prepare: &'static str, execute: &'static str) -> Vec<String> {
    let mut connection = pool.acquire().await.unwrap();
    for statement in [
        "ANALYZE",
        "SET enable_seqscan = off",
        "SET enable_bitmapscan = off",
        "SET plan_cache_mode = force_generic_plan",
        prepare,
    ] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
    let plan = sqlx::raw_sql(execute).fetch_all(&mut *connection).await.unwrap();
    plan.iter().map(|line| line.get(0)).collect()
}

/// Asserts that every index that is used is entered by these columns.
///
/// # Panics
/// When one is entered otherwise, or none is used.
pub(crate) fn assert_entered_by(columns: &str, plan: &[String]) {
    let conditions: Vec<_> = plan.iter().filter(|line| line.contains("Index Cond")).collect();
    assert!(!conditions.is_empty(), "{plan:#?}");
    for condition in conditions {
        assert!(condition.contains(columns), "{plan:#?}");
    }
}

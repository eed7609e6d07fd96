//! The bank's app: asked, silent, and by itself.

use super::*;

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_apps_answer_takes_the_waiting_browser_back(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, app_and_phone()).await;
    let shown = bank.opens(id).await;
    assert_eq!(shown.kind, ViewKind::App { code_instead: true });
    // While the app has not answered, pressing the button proves nothing
    let shown = view(bank.presses(id, Pressed::Continue).await);
    assert_eq!(shown.notice, Some(Notice::NotConfirmedYet));
    bank.acs.app_answered(id, AppAnswer::Approved).await.unwrap();
    assert_eq!(status_of_cres(bank.looks(id).await), TransStatus::Authenticated);
    let [rreq] = &bank.directory.received()[..] else {
        panic!("one RReq")
    };
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::OutOfBand));
    // A second answer is none.
    let again = bank.acs.app_answered(id, AppAnswer::Denied).await;
    assert!(matches!(again, Err(FlowError::Refused(Refused::Ended))));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_follows_when_the_app_is_silent(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, app_and_phone()).await;
    bank.opens(id).await;
    bank.pass(60);
    assert_eq!(bank.acs.let_time_pass().await.unwrap(), 1);
    let shown = view(bank.looks(id).await);
    assert_eq!(shown.notice, Some(Notice::AppSilent));
    assert!(matches!(
        shown.kind,
        ViewKind::Code {
            digits: 6,
            good_for_seconds: 300,
            resend: Resend::In(30),
            app_instead: true,
            ..
        }
    ));
    let code = bank.code().await;
    assert_eq!(
        status_of_cres(bank.types(id, &code).await),
        TransStatus::Authenticated
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_decoupled_authentication_ends_by_the_app_or_by_its_time(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let patience = time::Duration::minutes(5);
    let way = Way::Decoupled { patience };
    let answered = bank.begun(1, V2_2, app_and_phone(), way).await;
    let ignored = bank.begun(2, V2_2, app_and_phone(), way).await;
    // No browser has a part in it.
    assert_eq!(
        code_of_erro(bank.brings(answered, V2_2).await),
        ErrorCode::TransactionDataInvalid
    );
    assert!(matches!(
        bank.looks(answered).await,
        Screen::Problem { code: 301, .. }
    ));
    bank.acs.app_answered(answered, AppAnswer::NotMe).await.unwrap();
    assert_eq!(bank.results(1).await.len(), 1);
    bank.pass(300);
    bank.acs.let_time_pass().await.unwrap();
    for rreq in bank.results(2).await {
        assert_eq!(rreq.interaction_counter, None);
        let told = (rreq.trans_status_reason, rreq.challenge_cancel);
        if rreq.acs_trans_id == answered {
            assert_eq!(told, (Some(TransStatusReason::SuspectedFraud), None));
        } else {
            assert_eq!(rreq.acs_trans_id, ignored);
            let timed_out = ChallengeCancel::DecoupledTimedOut;
            assert_eq!(
                told,
                (Some(TransStatusReason::DecoupledTimeExceeded), Some(timed_out))
            );
        }
    }
}

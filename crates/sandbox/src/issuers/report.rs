//! A session's life beside the browser: its timers, and the RReq that tells how it ended.
//!
//! One task per session, so that a result leaves even when the browser is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use emv3ds::code::TransStatus;
use emv3ds::message::RReq;
use tokio::time::{sleep, timeout};

use super::decision::Course;
use super::session::{Outcome, Phase, Session};
use super::{Issuers, challenge};
use crate::directory::BRANDS;
use crate::directory::results::{Addressee, Forwarded};
use crate::faults::message::MessageFault;
use crate::spoil;

/// How late a late RReq is where the lever does not say.
const LATE: Duration = Duration::from_secs(2);
/// How long after a final ARes an RReq comes that nobody asked for.
const UNASKED_AFTER: Duration = Duration::from_millis(200);

/// Follows a session until it may be forgotten.
pub async fn follow(issuers: Issuers, session: Arc<Session>) {
    until_ended(&issuers, &session).await;
    if let Some(order) = session.facts.fault(MessageFault::RReqLate) {
        session.reported();
        sleep(order.delay.unwrap_or(LATE)).await;
    }
    deliver(&issuers, &session).await;
    session.reported();
    sleep(issuers.0.settings.session_linger).await;
    issuers.forget(session.facts.acs_trans_id);
}

/// RReqs that have no business to come now, by levers: before the ARes, or after one that was `settled`.
pub async fn ahead_of_the_ares(issuers: &Issuers, session: &Arc<Session>, settled: bool) {
    if session.facts.fault(MessageFault::RReqEarly).is_some() {
        once(issuers, session).await;
    }
    if settled && session.facts.fault(MessageFault::RReqUnasked).is_some() {
        let (issuers, session) = (issuers.clone(), Arc::clone(session));
        tokio::spawn(async move {
            sleep(UNASKED_AFTER).await;
            once(&issuers, &session).await;
        });
    }
}

/// Sends an RReq that nobody waits for.
async fn once(issuers: &Issuers, session: &Session) {
    let rreq = session.rreq(&authenticated(session));
    issuers.0.results.forward(&rreq, &addressee(session)).await;
}

/// Whom the RReq of a session is for.
fn addressee(session: &Session) -> Addressee<'_> {
    let facts = &session.facts;
    Addressee {
        brand: facts.circumstances.brand,
        channel: facts.circumstances.channel(),
        three_ds_server_url: &facts.three_ds_server_url,
    }
}

/// The outcome a cardholder would wish for.
fn authenticated(session: &Session) -> Outcome {
    Outcome {
        verdict: session
            .facts
            .circumstances
            .verdict(TransStatus::Authenticated, None),
        cancel: None,
        interactions: 1,
        credential: session.facts.way.credential(),
    }
}

/// Returns once the session has an outcome, of its own or because its time is over.
async fn until_ended(issuers: &Issuers, session: &Session) {
    let settings = &issuers.0.settings;
    let mut phase = session.phase();
    loop {
        let now = *phase.borrow_and_update();
        let app_left = app_time_left(issuers, session);
        let left = match now {
            Phase::AwaitingCreq => settings.first_creq_timeout,
            Phase::Shown(at) => settings.challenge_timeout.saturating_sub(at.elapsed()),
            Phase::AwaitingHolder => answer_after(issuers, session),
            Phase::Ended | Phase::Reported => return,
        };
        let wait = app_left.map_or(left, |app_left| app_left.min(left));
        if timeout(wait, phase.changed()).await.is_ok() {
            continue;
        }
        if app_left.is_some_and(|app_left| app_left <= left)
            && let Some(code) = session.fall_back_to_code()
        {
            challenge::send_code(issuers, session, &code);
        } else if now == Phase::AwaitingHolder {
            answer_decoupled(session);
        } else {
            session.time_out();
        }
    }
}

/// How long the bank's app still has before a code is sent; `None` when no page waits for it.
fn app_time_left(issuers: &Issuers, session: &Session) -> Option<Duration> {
    let since = session.asks_the_app()??;
    Some(issuers.0.settings.app_timeout.saturating_sub(since.elapsed()))
}

fn answer_after(issuers: &Issuers, session: &Session) -> Duration {
    let order = session.facts.fault(MessageFault::DecoupledTimeout);
    let order = order.or_else(|| session.facts.fault(MessageFault::DecoupledDenied));
    order
        .and_then(|order| order.delay)
        .unwrap_or(issuers.0.settings.decoupled_after)
}

/// The cardholder who has not touched the app says yes by himself, unless a lever says otherwise.
fn answer_decoupled(session: &Session) {
    if session.facts.fault(MessageFault::DecoupledTimeout).is_some() {
        session.time_out();
    } else {
        session.answer_in_app(session.facts.fault(MessageFault::DecoupledDenied).is_none());
    }
}

/// Sends the RReq, and whatever levers send beside it.
async fn deliver(issuers: &Issuers, session: &Session) {
    let facts = &session.facts;
    let Some(outcome) = session.outcome() else { return };
    let rreq = session.rreq(&outcome);
    let (results, to) = (&issuers.0.results, addressee(session));
    if facts.fault(MessageFault::RReqByOtherBrand).is_some()
        && let Some(other) = BRANDS.into_iter().find(|other| *other != to.brand)
    {
        results.forward(&rreq, &Addressee { brand: other, ..to }).await;
    }
    for order in &facts.faults {
        if let MessageFault::RReq(fault) = order.fault {
            let spoiled = |bytes| spoil::spoil(bytes, fault, order);
            results.forward_altered(&rreq, &to, spoiled).await;
        }
    }
    if facts.fault(MessageFault::RReqMissing).is_some() || !send(issuers, session, &rreq).await {
        return;
    }
    let again =
        facts.way.course() == Course::ReportedTwice || facts.fault(MessageFault::RReqRepeated).is_some();
    if again {
        results.forward(&rreq, &to).await;
    }
    if facts.fault(MessageFault::RReqContradicted).is_some() {
        results.forward_altered(&rreq, &to, spoil::contradict).await;
    }
}

/// Sends an RReq until it is delivered: again at once when no connection can be made, then at intervals. False when it
/// never was.
///
/// Only failed connections are tried again. After a read time-out the 3DS Server may have the result already, and a
/// second RReq would be a duplicate. An Erro is an answer: to a repeat it says that the first one came.
async fn send(issuers: &Issuers, session: &Session, rreq: &RReq) -> bool {
    let settings = &issuers.0.settings;
    let (to, began) = (addressee(session), Instant::now());
    loop {
        match issuers.0.results.forward(rreq, &to).await {
            Forwarded::Unreachable if began.elapsed() < settings.results_give_up_after => {
                sleep(settings.results_retry_interval).await;
            }
            Forwarded::Unreachable => {
                tracing::warn!(authentication = %rreq.three_ds_server_trans_id, "gave up delivering a result");
                return false;
            }
            Forwarded::Received(_) | Forwarded::Refused(_) | Forwarded::Faulty | Forwarded::TimedOut => {
                return true;
            }
        }
    }
}

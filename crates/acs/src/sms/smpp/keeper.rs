//! Keeps a provider bound: opens a session, and the next one when it ends.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::SmppSettings;
use super::receipt::DeliveryReceipt;
use super::session::{Session, SessionEnded};
use super::submission::Submission;
use crate::clock::Clock;
use crate::sms::provider::Receipt;

/// The pause before the first attempt to connect again.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Whoever wants to submit right after a session was lost waits for the next one, if that comes so soon: sooner than a try is
/// given up.
const HELD_MAX: Duration = Duration::from_secs(2);
/// A session that lasted so long was a good one: the next pause is the shortest again.
const GOOD_SESSION: Duration = Duration::from_secs(10);
/// Receipts on their way from the session to whoever applies them.
const RECEIPTS_WAITING_MAX: usize = 16;

/// Runs until the provider is dropped.
pub(super) async fn keep(
    settings: SmppSettings,
    clock: Arc<dyn Clock>,
    mut submissions: mpsc::Receiver<Submission>,
    receipts: mpsc::Sender<Receipt>,
) {
    let (read, to_name) = mpsc::channel(RECEIPTS_WAITING_MAX);
    tokio::spawn(name_receipts(
        settings.name.clone(),
        Arc::clone(&clock),
        to_name,
        receipts,
    ));
    let provider = settings.name.as_str();
    let mut pause = PAUSE_MIN;
    loop {
        let began = Instant::now();
        let (was_bound, ended) = match Session::open(&settings).await {
            Ok(session) => {
                tracing::info!(provider, "bound to the short message centre");
                (true, session.run(&mut submissions, &read).await)
            }
            Err(ended) => (false, ended),
        };
        if matches!(ended, SessionEnded::NotNeeded) {
            return;
        }
        tracing::warn!(provider, cause = %ended, "not bound to the short message centre");
        if began.elapsed() >= GOOD_SESSION {
            pause = PAUSE_MIN;
        }
        let wait = jittered(pause, clock.as_ref());
        if was_bound && wait <= HELD_MAX {
            // A centre that only cut the connection is back at once. What waits meanwhile is given up by whoever waits for it.
            sleep(wait).await;
        } else if !turn_away(&mut submissions, wait).await {
            return;
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Tells whoever wants to submit meanwhile that nobody is there. False when nobody ever will again.
async fn turn_away(submissions: &mut mpsc::Receiver<Submission>, pause: Duration) -> bool {
    let over = sleep(pause);
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return true,
            submission = submissions.recv() => match submission {
                Some(submission) => submission.give_back("not_connected"),
                None => return false,
            },
        }
    }
}

/// Half of the pause to all of it, so that many clients of a centre that was away do not come back at once.
fn jittered(pause: Duration, clock: &dyn Clock) -> Duration {
    let [chance, ..] = *clock.unguessable().as_bytes();
    pause / 2 + pause * u32::from(chance) / 512
}

/// Says whose receipts they are and when they came.
async fn name_receipts(
    provider: String,
    clock: Arc<dyn Clock>,
    mut read: mpsc::Receiver<DeliveryReceipt>,
    receipts: mpsc::Sender<Receipt>,
) {
    while let Some(receipt) = read.recv().await {
        let Some(status) = receipt.status else { continue };
        let receipt = Receipt {
            provider: provider.clone(),
            provider_reference: receipt.message_id,
            status,
            code: receipt.code,
            at: clock.now(),
        };
        if receipts.send(receipt).await.is_err() {
            return;
        }
    }
}
